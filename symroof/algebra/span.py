"""A Span: where an unknown may lie, one interval or several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.quantity import show_quantity
from symroof.algebra.units import Unit
from symroof.algebra.value import certainty
from symroof.errors import InputError

_INF = float("inf")
Intervals = tuple[tuple[Any, Any], ...]
Opens = tuple[tuple[bool, bool], ...]


@dataclass(frozen=True, repr=False)
class Span:
    """Where an unknown may lie: intervals ``(low, high)`` in SI units, 0 and inf for no end; ``x in span`` asks.

    Ends that were found numerically lie in their ``brackets``; ``opens`` tells which ends do not hold themselves.
    """

    symbol: sp.Symbol
    intervals: Intervals
    unit: Unit
    brackets: Intervals | None = None
    opens: Opens = ()
    doubt: str = ""

    def __contains__(self, x: float) -> bool:
        opens = self.opens or ((False, False),) * len(self.intervals)
        return any(
            (low < x or (low == x and not out)) and (x < high or (x == high and not off))
            for (low, high), (out, off) in zip(self.intervals, opens, strict=True)
        )

    def __float__(self) -> float:
        raise InputError(f"{self!r} is no single number; look at .intervals")

    def __repr__(self) -> str:
        opens = self.opens or ((False, False),) * len(self.intervals)
        each = [self._one(*ends, *out) for ends, out in zip(self.intervals, opens, strict=True)]
        shown = " or ".join(each if len(each) < 9 else [*each[:6], f"... {len(each) - 6} more, see .intervals"])
        every = None if self.brackets is None else tuple(b for pair in self.brackets for b in pair if b[0] and b[1] != _INF)
        return (shown or f"no {self.symbol}") + certainty(every, self.doubt)

    def _repr_html_(self) -> str:
        return show.html(self)

    def _one(self, low: Any, high: Any, out: bool, off: bool) -> str:
        if low == high:
            return f"{self.symbol} = {show_quantity(float(low), self.unit)}"
        below = f"{show_quantity(float(low), self.unit)} {'<' if out else '<='} " if low > 0 else ""
        above = f" {'<' if off else '<='} {show_quantity(float(high), self.unit)}" if high < _INF else ""
        if below and not above:
            return f"{self.symbol} {'>' if out else '>='} {show_quantity(float(low), self.unit)}"
        return f"{below}{self.symbol}{above}"
