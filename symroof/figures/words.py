"""Texts in a figure: users' words as they are, formulas as mathtext (the part of LaTeX that matplotlib sets itself)."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module
from typing import Any

from symroof.algebra import show
from symroof.algebra.quantity import show_quantity
from symroof.algebra.units import ONE, Unit
from symroof.errors import InputError

_TEXT = re.compile(r"\\text\{([^{}]*)\}")


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
