"""What a page is made of: views of costs with their marks, an axis, sliders, choices between sheets, fixed values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, log2
from typing import Any

import sympy as sp

from symroof.algebra.cost import Cost
from symroof.algebra.units import ONE
from symroof.errors import InputError, short
from symroof.solver.bound import Bound

_PER_OCTAVE = 4
_WHOLE = {"token", "chip", "1", "param", "sequence"}  # of the alphabet: what is counted
_RANGES = {"B": (1, 4096), "S": (128, 2**20), "T": (128, 2**17), "G": (1, 2**15), "n": (1, 4096)}
_RANGES |= {"X": (1, 4096), "Y": (1, 256), "L": (1, 256)}
_STARTS = {"B": 32, "S": 8192, "T": 8192, "G": 512, "n": 16}
_BROKEN = {"MFU", "p", "p_w", "p_kv", "p_a"}


@dataclass(frozen=True)
class Mark:
    """A bound of the axis to mark; ``shade`` says what lies beyond it: "" nothing, "grey" no room, "tint" another regime."""

    label: str
    bound: Bound
    shade: str = ""


@dataclass(frozen=True)
class View:
    """The costs that can be looked at, and the bounds to mark; one view for each family of formulas."""

    costs: tuple[Cost, ...]
    marks: tuple[Mark, ...] = ()

    @property
    def free_symbols(self) -> set[sp.Symbol]:
        """Every symbol that needs a value."""
        return set().union(*(c.free_symbols for c in self.costs), *(m.bound.free_symbols for m in self.marks))


@dataclass(frozen=True)
class Range:
    """The values of a symbol that a slider stops at, and the one it starts from; ``points`` are those a curve is drawn through."""

    symbol: sp.Symbol
    stops: tuple[float, ...]
    start: float
    points: tuple[float, ...] = ()

    @staticmethod
    def of(symbol: sp.Symbol, given: Any = None, start: float | None = None) -> Range:
        """From stops (a list), a pair of ends, or nothing; ends are joined by four stops per octave.

        Raises InputError for what is neither.
        """
        ends: Any = given
        if given is None:
            ends = _RANGES.get(symbol.name, (start / 100, start * 100) if start else (1, 10**6))
        if not isinstance(ends, (tuple, list)) or len(ends) < 2 or not all(_positive(e) for e in ends):
            raise InputError(f"{short(given)} is no range for {symbol}; give its ends, e.g. (1, 4096), or a list of stops")
        stops = tuple(sorted({float(e) for e in ends}))
        if isinstance(ends, tuple) and len(ends) == 2:
            if not ends[0] < ends[1]:
                raise InputError(f"{short(given)} is no range for {symbol}; give the lower end first, e.g. (1, 4096)")
            low, high = stops
            steps = [low * 2 ** (i / _PER_OCTAVE) for i in range(ceil(_PER_OCTAVE * log2(0.999 * high / low)))]
            stops = tuple(sorted({*((float(round(x)) if whole(symbol) else float(f"{x:.4g}")) for x in steps), high}))
        usual = _STARTS.get(symbol.name, 0)
        first = float(start or (usual if stops[0] <= usual <= stops[-1] else stops[len(stops) // 2]))
        return Range(symbol, stops, first, _between(stops[0], stops[-1], whole(symbol)))


@dataclass(frozen=True)
class Option:
    """A sheet among others; ``within`` names the option of the choice before it that it belongs to, ``family`` its formulas."""

    name: str
    title: str
    values: Mapping[sp.Symbol, Any] = field(default_factory=dict)
    defaults: Mapping[sp.Symbol, Any] = field(default_factory=dict)
    within: str = ""
    family: str = ""


@dataclass(frozen=True)
class Choice:
    """A select of options, or a slider over them."""

    key: str
    label: str
    options: tuple[Option, ...]
    slider: bool = False
    start: str = ""

    @property
    def first(self) -> Option:
        """The option to begin with."""
        return next((o for o in self.options if o.name == self.start), self.options[0])


@dataclass(frozen=True)
class Spec:
    """A whole page; ``kind`` is "lines" (parts along the axis), "frontier" (second cost over the first) or "map" (over two).

    The title is a list of texts, and of choices for what is chosen there.
    """

    title: Sequence[str | Choice]
    views: Mapping[str, View]
    along: Range
    sliders: tuple[Range, ...] = ()
    choices: tuple[Choice, ...] = ()
    fixed: Mapping[sp.Symbol, float] = field(default_factory=dict)
    kind: str = "lines"
    note: str = ""

    @property
    def called(self) -> str:
        """The title at the start."""
        return "".join(p if isinstance(p, str) else p.first.title or p.first.name for p in self.title)

    def missing(self) -> list[str]:
        """The symbols that nothing on the page gives a value."""
        have: set[Any] = {self.along.symbol, *(s.symbol for s in self.sliders), *self.fixed}
        for option in (o for c in self.choices for o in c.options):
            have |= {*option.values, *option.defaults}
        free = set().union(*(v.free_symbols for v in self.views.values()))
        return sorted(s.name for s in free - have)


def whole(symbol: sp.Symbol) -> bool:
    """Whether a symbol only takes whole numbers."""
    return str(getattr(symbol, "unit", ONE)) in _WHOLE and symbol.name not in _BROKEN and not symbol.name.startswith("eta")


def _positive(x: Any) -> bool:
    try:
        return 0 < float(x) < float("inf")
    except (TypeError, ValueError):
        return False


def _between(low: float, high: float, counted: bool, most: int = 512) -> tuple[float, ...]:
    """The points of a curve: every whole number if they are few, else evenly spaced on a log axis."""
    if counted and high - low <= most:
        return tuple(float(x) for x in range(int(low), int(high) + 1))
    points = [low * (high / low) ** (i / 320) for i in range(321)]
    return tuple(sorted({*((float(round(x)) for x in points) if counted else points), low, high}))
