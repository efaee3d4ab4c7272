"""Axes: logarithmic scales with ticks a reader expects, ``1 ms`` and ``10 ms``, powers of two for counts, units."""

from __future__ import annotations

from math import log2, log10
from typing import Any

from symroof.algebra.quantity import show_quantity
from symroof.algebra.units import ONE, Unit
from symroof.figures.library import library
from symroof.figures.words import meaning, plain, symbol

_PREFIXES = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
_COUNTS = {"token", "chip", "param", "sequence"}
_BINARY = ((2**40, "Ti"), (2**30, "Gi"), (2**20, "Mi"), (2**10, "Ki"))
_TWOS = 14  # as many doublings still have an axis in powers of two


def along(axis: Any, s: Any, low: float, high: float) -> None:
    """An axis over a symbol between two ends: its meaning, its letter, its unit."""
    unit = getattr(s, "unit", ONE)
    what, (wide, tall) = meaning(s), axis.axes.figure.get_size_inches()
    between = " " if len(what) + 10 < (wide if axis.axis_name == "x" else tall * 0.75) * 13 else "\n"
    _axis(axis, f"{what}{between}{symbol(s)}" if what else symbol(s), unit, low, high)
    if counted(unit) and log2(low) % 1 == 0 and log2(high / low) <= _TWOS:
        ticker = library("matplotlib.ticker")
        axis.set_major_locator(ticker.FixedLocator(_powers_of_two(low, high, _room(axis))))
        axis.set_major_formatter(ticker.FuncFormatter(lambda v, _: _two(v)))
    _ends(axis, low, high)


def measured(axis: Any, name: str, unit: Unit, low: float, high: float) -> None:
    """An axis for a quantity, its name ready to be set, between two ends."""
    _axis(axis, name, unit, low, high)
    _ends(axis, low, high)


def counted(unit: Unit) -> bool:
    """Whether a unit only counts: tokens, chips, parameters, or nothing."""
    powers = dict(unit.powers)
    return unit == ONE or (len(powers) == 1 and set(powers) <= _COUNTS and 1 in powers.values())


def _ends(axis: Any, low: float, high: float) -> None:
    setter = axis.axes.set_xlim if axis.axis_name == "x" else axis.axes.set_ylim
    setter(low, high)


def _axis(axis: Any, name: str, unit: Unit, low: float, high: float) -> None:
    ticker = library("matplotlib.ticker")
    setter = axis.axes.set_xscale if axis.axis_name == "x" else axis.axes.set_yscale
    setter("log")
    decades = log10(high / low)
    subs = (1, 2, 3, 5, 7) if decades <= 0.75 else (1, 2, 5) if decades <= (1.7 if _room(axis) < 8 else 2.2) else (1,)
    axis.set_major_locator(ticker.LogLocator(10, subs=subs, numticks=max(4, _room(axis))))
    axis.set_minor_locator(ticker.LogLocator(10, subs=tuple(range(2, 10)), numticks=99) if decades <= 8 else ticker.NullLocator())
    axis.set_minor_formatter(ticker.NullFormatter())
    carried, shown = ticks(unit)
    axis.set_major_formatter(ticker.FuncFormatter(lambda v, _: shown(v)))
    axis.set_label_text(name if carried else f"{name} [{plain(unit_name(unit))}]" if unit != ONE else name)


def _room(axis: Any) -> int:
    """How many ticks with texts an axis has room for."""
    wide, high = axis.axes.figure.get_size_inches()
    return int(wide * 1.9) if axis.axis_name == "x" else int(high * 3)


def ticks(unit: Unit) -> tuple[bool, Any]:
    """Whether the ticks carry the unit (seconds, bytes), and how a tick is written."""
    powers = dict(unit.powers)
    if powers in ({"s": 1}, {"byte": 1}):
        return True, lambda v: plain(show_quantity(v, unit, 3).replace(" us", " µs"))
    if powers.get("USD"):
        scale = 1e6 if powers.get("token") == -1 else 3600.0 if powers.get("s") == -1 else 1.0
        return False, lambda v: f"{v * scale:.3g}"
    return False, engineering


def unit_name(unit: Unit) -> str:
    """The unit behind a name, as prices and rates are usually written."""
    powers = dict(unit.powers)
    if powers.get("USD") == 1 and powers.get("token") == -1:
        return "USD/Mtoken"
    return str(unit).replace("USD/s", "USD/h") if powers.get("USD") == 1 else str(unit)


def engineering(v: float) -> str:
    """``0.01``, ``5``, ``10 k``, ``1 T``."""
    if abs(v) < 1e4:
        return f"{v:.4g}" if abs(v) >= 1e-4 or v == 0 else f"{v:.0e}".replace("e-0", "e-")
    size, prefix = next((s, p) for s, p in _PREFIXES if abs(v) >= s * 0.9995)
    return f"{v / size:.4g} {prefix}" if v < 1e18 else f"{v:.0e}".replace("e+", "e")


def _powers_of_two(low: float, high: float, room: int) -> list[float]:
    first, last = int(-(-log2(low) // 1)), int(log2(high) // 1)
    step = max(1, -(-(last - first + 1) // max(room, 2)))
    return [2.0**i for i in range(first, last + 1, step)]


def _two(v: float) -> str:
    """A power of two: ``512``, ``8 Ki``."""
    if v < 1024:
        return f"{v:g}"
    size, prefix = next(((s, p) for s, p in _BINARY if v >= s), (1, ""))
    return f"{v / size:g} {prefix}"


def binary(v: float) -> str:
    """A power of two as ``512`` or ``8 Ki``; nothing for another number."""
    return _two(v) if v >= 1 and log2(v) == int(log2(v)) else ""


def bytes_from_zero(axis: Any, high: float, unit: Unit) -> None:
    """A linear axis from 0 to a little beyond ``high``, in a quantity that is written with prefixes."""
    ticker = library("matplotlib.ticker")
    axis.axes.set_xlim(0, high)
    axis.set_major_formatter(ticker.FuncFormatter(lambda v, _: "0" if v == 0 else plain(show_quantity(v, unit, 3).partition("/")[0])))
    rest = str(unit).partition("/")[2]
    axis.set_label_text(f"memory per {rest}" if rest else "memory")
