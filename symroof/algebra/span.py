"""A Span: where an unknown may lie, one interval or several, every end with what is known of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.units import ONE, Unit
from symroof.algebra.value import Value
from symroof.errors import InputError

INF = float("inf")
Pairs = tuple[tuple[Any, Any], ...]


@dataclass(frozen=True)
class End:
    """One end of an interval: its number (a Fraction if exact), two numbers around it if it was found, and whether it is left out."""

    number: Any
    bracket: tuple[Any, Any] | None = None
    open: bool = False


#: No lower end, and no upper one.
START, STOP = End(0, (0, 0)), End(INF, (INF, INF))
Ends = tuple[tuple[End, End], ...]


@dataclass(frozen=True, repr=False)
class Span(show.Shown):
    """Where an unknown may lie: intervals in SI units from one end to another, START and STOP for none; ``x in span`` asks.

    ``doubt`` says what could not be proven.
    """

    symbol: sp.Symbol
    ends: Ends
    doubt: str = ""

    @property
    def unit(self) -> Unit:
        """The unit of the unknown."""
        unit: Unit = getattr(self.symbol, "unit", ONE)
        return unit

    @property
    def intervals(self) -> Pairs:
        """The numbers alone, ``(low, high)``, with 0 and inf for no end."""
        return tuple((low.number, high.number) for low, high in self.ends)

    @property
    def brackets(self) -> Pairs | None:
        """Two numbers around every end, ``(around low, around high)``; None if the ends come from a closed form."""
        every = tuple((low.bracket, high.bracket) for low, high in self.ends)
        return None if any(None in pair for pair in every) else every

    def __contains__(self, x: float) -> bool:
        return any(
            (low.number < x or (low.number == x and not low.open)) and (x < high.number or (x == high.number and not high.open))
            for low, high in self.ends
        )

    def __float__(self) -> float:
        raise InputError(f"{self!r} is no single number; look at .intervals")

    def answer(self, note: str = "", falling: bool = False) -> Value | Span:
        """One number where there is one end or none (``falling``: then all below it will do), else the span."""
        if len(self.ends) > 1 or (self.ends and self.ends[0][0] != START and self.ends[0][1] != STOP):
            return self
        low, high = self.ends[0] if self.ends else (STOP, START)
        down = falling or bool(self.ends and high != STOP)
        end = high if down else low
        bracket, out = (None, False) if note else (end.bracket, end.open)
        return Value(end.number, self.unit, self.symbol.name, "", (), note, down, bracket, out, self.doubt)


def half_line(x: sp.Symbol, found: Value) -> Span:
    """What one threshold stands for: all below it, or all above; nothing where it is never reached."""
    end = End(found.number, found.bracket, found.open)
    low, high = (START, end) if found.round_down else (end, STOP)
    return Span(x, ((low, high),) if low.number < high.number else (), found.doubt)


def _left_out(end: End, side: int) -> End:
    return replace(end, open=True)


def runs(true: Sequence[bool], ends: Mapping[int, End], left_out: Callable[[End, int], End] = _left_out) -> Ends:
    """Runs of True as intervals; ``ends`` says at which of the places an end stands.

    The end of a run at a place that is False is ``left_out``, which also hears on which side of that end the run is (0 below, 1 above).
    """
    found = []
    firsts = [i for i, t in enumerate(true) if t and not (i and true[i - 1])]
    lasts = [i for i, t in enumerate(true) if t and not (i + 1 < len(true) and true[i + 1])]
    for first, last in zip(firsts, lasts, strict=True):
        low = START if first == 0 else ends[first] if first in ends else left_out(ends[first - 1], 1)
        high = STOP if last == len(true) - 1 else ends[last] if last in ends else left_out(ends[last + 1], 0)
        found.append((low, high))
    return tuple(found)
