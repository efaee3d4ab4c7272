"""Thresholds without a closed form at given values: certified brackets, and how far off a condition is that never holds."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy as sp

from symroof.algebra.bind import Given
from symroof.algebra.evaluate import tape
from symroof.algebra.operands import rational
from symroof.algebra.quantity import show_number
from symroof.algebra.span import Span
from symroof.algebra.value import Value
from symroof.errors import InputError
from symroof.solver.certify import START, STOP, Certified, End, exactly
from symroof.solver.sweep import swept

_INF = float("inf")


def numerically(bound: Any, given: Given) -> Any:
    """Thresholds without a closed form, proven: exact roots of polynomials, or intervals halved to a bracket of 1e-12."""
    if any(hasattr(v, "shape") for v in given.numbers.values()):
        raise InputError(f"{bound.symbol} has no closed form here; evaluate it one set of values at a time")
    condition, x = bound.condition, bound.symbol
    exact = {s: sp.Integer(1) for s in bound.free_symbols}  # what has no number cancels
    exact |= {s: rational(v) for s, v in given.numbers.items()}
    left, right = (side.map(lambda e: e.xreplace(exact)).expr for side in (condition.left, condition.right))
    found = exactly(left, right, condition.relation, x)
    among = f"{x}" if found else f"{x} between 1e-15 and 1e25"
    found = found or swept(left, right, condition.relation, x)
    at = f"at {', '.join(given.sheets)} " if given.sheets else ""
    if not found.intervals and not found.doubt:
        return _certified(bound, found, f"never: {at}no {among} will do{_nearest_miss(left, right, condition.relation, x)}")
    if found.intervals == ((START, STOP),):
        return _certified(bound, found, f"always: {at}every {among} will do")
    if not found.intervals:
        return _certified(bound, found, f"never, as far as it was proven: {at}no {among} will do; {found.doubt}")
    return _certified(bound, found, "")


def settled(bound: Any, values: Mapping[Any, Any]) -> Any:
    """The threshold as a number, or an array of them where values are arrays; None as long as symbols are left.

    A condition that never holds has its threshold at 0.
    """
    arrays = {s: v for s, v in values.items() if hasattr(v, "shape")}
    left = bound.at({s: v for s, v in values.items() if s not in arrays})
    if isinstance(left, Value):
        return Fraction(0) if left.note.startswith("never") else left.number
    if isinstance(left, Span):
        raise InputError(f"{bound.symbol} has more than one threshold at these values; ask the condition, with solve(...).at(...)")
    free = left.free_symbols
    return _each(left, {s: arrays[s] for s in free}) if free and free <= arrays.keys() else None


def _each(bound: Any, arrays: Mapping[Any, Any]) -> Any:
    """The thresholds at every value of arrays, which broadcast."""
    import numpy as np

    rows = np.broadcast_arrays(*arrays.values())
    points = zip(*(row.ravel().tolist() for row in rows), strict=True)
    found = [settled(bound, {s: rational(x) for s, x in zip(arrays, point, strict=True)}) for point in points]
    return np.array(found, dtype=float).reshape(rows[0].shape)


def _certified(bound: Any, found: Certified, note: str) -> Any:
    """One number with its bracket if there is one end (or none), else a Span with all of them."""
    intervals = found.intervals
    if len(intervals) > 1 or (intervals and intervals[0][0] != START and intervals[0][1] != STOP):
        numbers = tuple((low.number, high.number) for low, high in intervals)
        brackets = tuple((low.bracket, high.bracket) for low, high in intervals)
        return Span(bound.symbol, numbers, bound.unit, brackets, tuple((low.open, high.open) for low, high in intervals), found.doubt)
    low, high = intervals[0] if intervals else (STOP, STOP)
    down = high != STOP
    end: End = high if down else low
    bracket = None if note else end.bracket
    out = end.open and end.number != _INF
    return Value(end.number, bound.unit, bound.symbol.name, "", (), note, down, bracket, out, found.doubt)


def _nearest_miss(left: sp.Expr, right: sp.Expr, relation: str, x: sp.Symbol) -> str:
    """How far the greater side stays below the lesser at best, as sampled."""
    sides = [tape(side) for side in ((left, right) if relation[0] == ">" else (right, left))]
    best, where = 0.0, 0.0
    for i in range(-60, 101):
        at = Fraction(10) ** (i // 4) * (1, 2, 3, 6)[i % 4]
        try:
            greater, lesser = (float(t.run([at] * len(t.inputs))[t.slots[0]]) for t in sides)
        except (InputError, OverflowError, TypeError):
            continue
        if lesser > 0 and greater / lesser > best:
            best, where = greater / lesser, float(at)
    if not best:
        return ""
    return f"; the side that has to be larger is at most about {show_number(best, 3)} of the other (near {x} = {show_number(where, 3)})"
