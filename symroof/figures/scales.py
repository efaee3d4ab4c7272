"""Axes: logarithmic scales with ticks a reader expects, ``1 ms`` and ``10 ms``, powers of two for counts, units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor, log2, log10
from typing import Any

from symroof.algebra.quantity import show_quantity
from symroof.algebra.units import ONE, Unit
from symroof.figures.words import library, meaning, plain, symbol

_COUNTS = {"token", "chip", "param", "sequence"}
_TWOS = 14  # as many doublings still have an axis in powers of two


def along(axis: Any, s: Any, low: float, high: float) -> None:
    """A logarithmic axis over a symbol between two ends: its meaning, its letter, its unit."""
    unit = getattr(s, "unit", ONE)
    what, (wide, tall) = meaning(s), axis.axes.figure.get_size_inches()
    between = " " if len(what) + 10 < (wide if axis.axis_name == "x" else tall * 0.75) * 13 else "\n"
    measured(axis, f"{what}{between}{symbol(s)}" if what else symbol(s), unit, low, high)
    if counted(unit) and log2(low) % 1 == 0 and log2(high / low) <= _TWOS:
        first, last, ticker = ceil(log2(low)), floor(log2(high)), library("matplotlib.ticker")
        step = ceil((last - first + 1) / max(_room(axis), 2))
        axis.set_major_locator(ticker.FixedLocator([2.0**i for i in range(first, last + 1, max(step, 1))]))
        axis.set_major_formatter(ticker.FuncFormatter(lambda v, _: binary(v)))


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
    axis.set_major_formatter(ticker.FuncFormatter(lambda v, _: shown(v)))
    axis.set_label_text(f"{name} [{plain(behind)}]" if behind else name)
    axes.grid(True, which="major", color="#D0D0D0", linewidth=0.5)


def counted(unit: Unit) -> bool:
    """Whether a unit only counts: tokens, chips, parameters, or nothing."""
    powers = dict(unit.powers)
    return unit == ONE or (len(powers) == 1 and set(powers) <= _COUNTS and 1 in powers.values())


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


def bytes_from_zero(axis: Any, high: float, unit: Unit) -> None:
    """A linear axis from 0 to a little beyond ``high``, in a quantity that is written with prefixes."""
    ticker = library("matplotlib.ticker")
    axis.axes.set_xlim(0, high)
    axis.set_major_formatter(ticker.FuncFormatter(lambda v, _: "0" if v == 0 else plain(show_quantity(v, unit, 3).partition("/")[0])))
    rest = str(unit).partition("/")[2]
    axis.set_label_text(f"memory per {rest}" if rest else "memory")


def bars(axes: Any, names: Sequence[str]) -> None:
    """An upright axis of bars, the first on top, each with its name."""
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(True, axis="x", color="#D0D0D0", linewidth=0.5)
