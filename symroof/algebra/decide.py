"""A bound at given values: one threshold, a span with several ends, or never, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import Given
from symroof.algebra.evaluate import tape
from symroof.algebra.pieces import Piece
from symroof.algebra.quantity import show_number, show_quantity
from symroof.algebra.roots import crossings
from symroof.algebra.units import Unit
from symroof.algebra.value import Value
from symroof.errors import InputError

_INF = float("inf")
Intervals = tuple[tuple[Any, Any], ...]


@dataclass(frozen=True, repr=False)
class Span:
    """Where an unknown may lie: intervals ``(low, high)`` in SI units, 0 and inf for no end; ``x in span`` asks."""

    symbol: sp.Symbol
    intervals: Intervals
    unit: Unit

    def __contains__(self, x: float) -> bool:
        return any(low <= x <= high for low, high in self.intervals)

    def __float__(self) -> float:
        raise InputError(f"{self!r} is no single number; look at .intervals")

    def __repr__(self) -> str:
        return " or ".join(self._one(low, high) for low, high in self.intervals) or f"no {self.symbol}"

    def _one(self, low: Any, high: Any) -> str:
        below = f"{show_quantity(float(low), self.unit)} <= " if low > 0 else ""
        above = f" <= {show_quantity(float(high), self.unit)}" if high < _INF else ""
        if below and not above:
            return f"{self.symbol} >= {show_quantity(float(low), self.unit)}"
        return f"{below}{self.symbol}{above}"


def decided(bound: Any, given: Given) -> Any:
    """A Value for one threshold (arrays broadcast), else a Span."""
    if any(hasattr(v, "shape") for v in given.numbers.values()):
        return _array(bound, given)
    if any(_on_edge(rel, given) for p in bound.pieces for rel in p.when):
        bound, given = bound._partly(given), Given({}, {}, given.sheets)  # a coefficient vanishes: solve with the numbers
    intervals = intervals_at(bound.pieces, given)
    upward = bool(bound.pieces) and all(p.low is None and p.high is not None for p in bound.pieces)
    note = ""
    if not intervals:
        note = f"never: {_denial(bound, given)}"
    elif intervals == ((0, _INF),):
        note = f"always: {bound.reason or 'at these values every ' + str(bound.symbol) + ' will do'}"
    return _answer(bound, intervals, upward, note)


def _answer(bound: Any, intervals: Intervals, upward: bool, note: str = "") -> Any:
    """One number if there is one end (or none), else a Span."""
    if not intervals:
        number: Any = 0 if upward else _INF
    elif len(intervals) > 1 or (intervals[0][0] > 0 and intervals[0][1] < _INF):
        return Span(bound.symbol, intervals, bound.unit)
    else:
        low, high = intervals[0]
        number = high if high < _INF or (upward and low == 0) else low
        upward = upward or high < _INF
    return Value(number, bound.unit, bound.symbol.name, note=note, round_down=upward)


def intervals_at(pieces: tuple[Piece, ...], given: Given) -> Intervals:
    """The intervals of the pieces whose conditions hold, merged and in order."""
    found = []
    for piece in pieces:
        if all(_holds(rel, given) for rel in piece.when):
            low = 0 if piece.low is None else max(number(piece.low, given), 0)
            high = _INF if piece.high is None else number(piece.high, given)
            if low <= high and high > 0:
                found.append((low, high))
    merged: list[tuple[Any, Any]] = []
    for low, high in sorted(found):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def number(expr: sp.Expr, given: Given) -> Any:
    """An expression at given numbers."""
    compiled = tape(expr)
    return compiled.run([given.numbers[s] for s in compiled.inputs])[compiled.slots[0]]


def _holds(rel: sp.Rel, given: Given) -> Any:
    left, right = number(rel.lhs, given), number(rel.rhs, given)
    return left >= right if isinstance(rel, sp.Ge) else left > right


def _on_edge(rel: sp.Rel, given: Given) -> bool:
    return bool(number(rel.lhs, given) == number(rel.rhs, given))


def _denial(bound: Any, given: Given) -> str:
    """Which condition fails, and by how much."""
    at = f"at {', '.join(given.sheets)} " if given.sheets else ""
    for piece in bound.pieces:
        for rel in piece.when:
            if not _holds(rel, given):
                ratio = float(number(rel.lhs, given)) / float(number(rel.rhs, given))
                return f"{at}the left side of {show.text(rel)} is {show_number(ratio, 3)} of what it needs"
    return at + (bound.reason or f"no {bound.symbol} is left")


def _array(bound: Any, given: Given) -> Value:
    """Thresholds for arrays of values: inf (or 0) where the condition of no piece holds."""
    import numpy as np

    lows = all(p.low is not None and p.high is None for p in bound.pieces)
    highs = all(p.high is not None and p.low is None for p in bound.pieces)
    if not (lows or highs) or not bound.pieces:
        raise InputError(f"{bound!r} has no single threshold for arrays; evaluate it one set of values at a time")
    best: Any = None
    for piece in bound.pieces:
        ends = np.asarray(number(piece.low if lows else piece.high, given), dtype=np.float64)
        inside = np.array(True)
        for rel in piece.when:
            inside = inside & np.asarray(_holds(rel, given))
        ends = np.maximum(np.where(inside, ends, _INF if lows else 0.0), 0.0)
        best = ends if best is None else (np.minimum if lows else np.maximum)(best, ends)
    return Value(best, bound.unit, bound.symbol.name)


def numerically(bound: Any, given: Given) -> Any:
    """Thresholds without a closed form: the condition on a fine logarithmic grid, its crossings bisected."""
    if any(hasattr(v, "shape") for v in given.numbers.values()):
        raise InputError(f"{bound.symbol} has no closed form here; evaluate it one set of values at a time")
    condition = bound.condition
    sides = (tape(condition.left.shape), tape(condition.right.shape))
    greater = condition.relation[0] == ">"

    def holds(x: Any) -> Any:
        values = {**given.numbers, bound.symbol: x}
        left, right = (t.run([values[s] for s in t.inputs], strict=False)[t.slots[0]] for t in sides)
        return x == x if left is right else (left >= right if greater else left <= right) & (x == x)

    note = "" if (intervals := tuple(crossings(holds))) else f"never: no {bound.symbol} between 1e-15 and 1e25 will do"
    return _answer(bound, intervals, upward=False, note=note)
