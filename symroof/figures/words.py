"""Texts and axes: users' words as they are, formulas as mathtext (the part of LaTeX that matplotlib sets), ticks a reader expects."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from math import ceil, floor, log2, log10
from typing import Any

from symroof.algebra import show
from symroof.algebra.quantity import show_quantity
from symroof.algebra.units import ONE, Unit
from symroof.errors import InputError

_TEXT = re.compile(r"\\text\{([^{}]*)\}")
_COUNTS = {"token", "chip", "param", "sequence"}  # units that only count
_TWOS = 14  # as many doublings still have an axis in powers of two
GRID = {"color": "#D0D0D0", "linewidth": 0.5}


def library(name: str = "matplotlib") -> Any:
    """A module of matplotlib. Raises InputError with the cure if it is not installed."""
    try:
        return import_module("matplotlib") and import_module(name)
    except ImportError:
        raise InputError("figures are drawn by matplotlib, which is not installed; run: pip install 'symroof[figures]'") from None


def plain(text: Any, math: bool = True) -> str:
    """A user's text on one line; where formulas are read too, its dollars are no formulas."""
    shown = "".join(c if c.isprintable() else " " for c in " ".join(str(text).split()))
    return shown.replace("$", r"\$") if math else shown


def words(text: Any, limit: int = 60) -> str:
    """A user's text for a label: on one line, not longer than ``limit``, its dollars no formulas."""
    shown = plain(text, math=False)
    cut = plain(shown if len(shown) <= limit else shown[: limit - 1] + "…")
    return f" {cut}" if cut.startswith("_") else cut  # a legend leaves out what starts with an underscore


def formula(latex: str, instead: Any = "") -> str:
    r"""Our LaTeX as mathtext between dollars, ``\text{hbm}`` as ``\mathrm{hbm}``; what mathtext cannot set, as ``instead``.

    >>> formula(r"\frac{C p_w}{2 W_\text{hbm}}")
    '$\\frac{C p_w}{2 W_{\\mathrm{hbm}}}$'
    """
    if any(word in latex for word in (r"\begin", r"\underbrace", "$")):
        return plain(instead or latex)
    set_ = _TEXT.sub(lambda m: r"{\mathrm{" + m[1].replace(" ", r"\ ").replace("_", r"\_").replace(r"\\_", r"\_") + "}}", latex)
    set_ = re.sub(r"\\([gl])e(?![a-zA-Z])", r"\\\1eq", set_.replace(r"\displaystyle", "")).strip()
    return f"${set_}$" if readable(set_) else plain(instead or latex)


@lru_cache(maxsize=1024)
def readable(latex: str) -> bool:
    """Whether matplotlib sets it."""
    try:
        library("matplotlib.mathtext").MathTextParser("path").parse(f"${latex}$")
    except ValueError:
        return False
    return True


def symbol(s: Any) -> str:
    """A symbol as mathtext."""
    return formula(show.latex(s), s.name)


def amount(value: float, unit: Unit = ONE, digits: int = 4) -> str:
    """A number with its unit: a micro as µ, five digits and more with commas."""
    shown = show_quantity(value, unit, digits).replace(" us", " µs")
    return plain(re.sub(r"^\d{5,}(?![.\d])", lambda m: f"{int(m[0]):,}", shown))


def meaning(s: Any) -> str:
    """What a symbol means, in a few words."""
    return plain(re.split(r"[,:;(]", getattr(s, "meaning", "") or "")[0].strip())


# -- axes
def along(axis: Any, s: Any, low: float, high: float) -> None:
    """A logarithmic axis over a symbol between two ends: its meaning, its letter, its unit."""
    unit = getattr(s, "unit", ONE)
    what, (wide, tall) = meaning(s), axis.axes.figure.get_size_inches()
    between = " " if len(what) + 10 < (wide if axis.axis_name == "x" else tall * 0.75) * 13 else "\n"
    measured(axis, f"{what}{between}{symbol(s)}" if what else symbol(s), unit, low, high)
    powers = dict(unit.powers)
    counted = unit == ONE or (len(powers) == 1 and set(powers) <= _COUNTS and 1 in powers.values())
    if counted and log2(low) % 1 == 0 and log2(high / low) <= _TWOS:
        first, last = ceil(log2(low)), floor(log2(high))
        step = ceil((last - first + 1) / max(_room(axis), 2))
        axis.set_major_locator(library("matplotlib.ticker").FixedLocator([2.0**i for i in range(first, last + 1, max(step, 1))]))
        axis.set_major_formatter(lambda v, _: binary(v))


def measured(axis: Any, name: str, unit: Unit, low: float, high: float) -> None:
    """A logarithmic axis for a quantity, its name ready to be set, between two ends."""
    axes, ticker = axis.axes, library("matplotlib.ticker")
    axes.set(**{f"{axis.axis_name}scale": "log", f"{axis.axis_name}lim": (low, high)})
    decades, room = log10(high / low), _room(axis)
    subs = (1, 2, 3, 5, 7) if decades <= 0.75 else (1, 2, 5) if decades <= (1.7 if room < 8 else 2.2) else (1,)
    axis.set_major_locator(ticker.LogLocator(10, subs=subs, numticks=max(4, room)))
    axis.set_minor_locator(ticker.LogLocator(10, subs=tuple(range(2, 10)), numticks=99) if decades <= 8 else ticker.NullLocator())
    axis.set_minor_formatter(ticker.NullFormatter())
    behind, shown = ticks(unit)
    axis.set_major_formatter(lambda v, _: shown(v))
    axis.set_label_text(f"{name} [{plain(behind)}]" if behind else name)
    axes.grid(True, which="major", **GRID)


def _room(axis: Any) -> int:
    """How many ticks with texts an axis has room for."""
    wide, high = axis.axes.figure.get_size_inches()
    return int(wide * 1.9) if axis.axis_name == "x" else int(high * 3)


def ticks(unit: Unit) -> tuple[str, Callable[[float], str]]:
    """The unit behind the name of an axis (none where the ticks carry it: seconds, bytes), and how a tick is written."""
    powers = dict(unit.powers)
    if powers in ({"s": 1}, {"byte": 1}):
        return "", lambda v: plain(show_quantity(v, unit, 3).replace(" us", " µs"))
    if powers.get("USD") == 1 and powers.get("token") == -1:
        return "USD/Mtoken", lambda v: f"{v * 1e6:.3g}"
    if powers.get("USD"):
        by = 3600.0 if powers.get("s") == -1 else 1.0
        return str(unit).replace("USD/s", "USD/h"), lambda v: f"{v * by:.3g}"
    return "" if unit == ONE else str(unit), engineering


def engineering(v: float) -> str:
    """``0.01``, ``5``, ``10 k``, ``1 T``."""
    if 1e4 <= abs(v) < 1e18:
        return str(library("matplotlib.ticker").EngFormatter(sep=" ").format_eng(v))
    return f"{v:.4g}" if 1e-4 <= abs(v) < 1e4 or v == 0 else f"{v:.0e}".replace("e-0", "e-").replace("e+", "e")


def binary(v: float) -> str:
    """A power of two as ``512`` or ``8 Ki``; nothing for another number."""
    if v < 1 or log2(v) % 1:
        return ""
    step = min(int(log2(v)) // 10, 4)
    return f"{v / 1024**step:g} {('', 'Ki', 'Mi', 'Gi', 'Ti')[step]}".strip()
