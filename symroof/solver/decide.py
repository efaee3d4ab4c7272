"""A bound at given values: one threshold, a span with several ends, or never, with the reason."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import Given
from symroof.algebra.evaluate import tape
from symroof.algebra.quantity import show_number
from symroof.algebra.roots import PositiveRoot, PowerOfTwo
from symroof.algebra.span import Intervals, Opens, Span
from symroof.algebra.value import Value
from symroof.errors import InputError
from symroof.solver.pieces import Piece

_INF = float("inf")


def decided(bound: Any, given: Given) -> Any:
    """A Value for one threshold (arrays broadcast), else a Span."""
    if any(hasattr(v, "shape") for v in given.numbers.values()):
        return _array(bound, given)
    ends = bound.pieces
    if any(_on_edge(p, given) for p in ends):
        known = bound.condition.at({s: given.numbers.get(s, Fraction(1)) for s in bound.free_symbols})
        if isinstance(known, bool):  # the unknown vanishes
            return _answer(
                bound,
                ((0, _INF),) if known else (),
                False,
                f"{'always' if known else 'never'}: {bound.symbol} drops out",
                ((False, False),),
            )
        bound, given = bound._partly(given), Given({}, {}, given.sheets)  # a coefficient vanishes: solve with the numbers
    if any(_rounds_roots(e) for p in bound.pieces for e in (p.low, p.high) if e is not None):
        from symroof.solver.numeric import numerically

        return numerically(bound, given)  # a root that is rounded has to be known to the last digit
    intervals, opens = intervals_at(bound.pieces, given, len(bound.condition.relation) == 1)
    ends = bound.pieces or ends
    upward = bool(ends) and all(p.low is None and p.high is not None for p in ends)
    note = ""
    if not intervals:
        note = f"never: {_denial(bound, given)}"
    elif intervals == ((0, _INF),):
        note = f"always: {bound.reason or 'at these values every ' + str(bound.symbol) + ' will do'}"
    return _answer(bound, intervals, upward, note, opens)


def _answer(bound: Any, intervals: Intervals, upward: bool, note: str, opens: Opens) -> Any:
    """One number if there is one end (or none), else a Span."""
    out = False
    if not intervals:
        number: Any = 0 if upward else _INF
    elif len(intervals) > 1 or (intervals[0][0] > 0 and intervals[0][1] < _INF):
        return Span(bound.symbol, intervals, bound.unit, opens=opens)
    else:
        low, high = intervals[0]
        down = bool(high < _INF or (upward and low == 0))
        number, out = (high if down else low), opens[0][down] and not note
        upward = upward or high < _INF
    return Value(number, bound.unit, bound.symbol.name, note=note, round_down=upward, open=out)


def intervals_at(pieces: tuple[Piece, ...], given: Given, strict: bool = False) -> tuple[Intervals, Opens]:
    """The intervals of the pieces whose conditions hold, merged and in order, and which of their ends are left out."""
    found = []
    for piece in pieces:
        if all(_holds(rel, given) for rel in piece.when):
            out, off = piece.strict or (strict and piece.low is not None, strict and piece.high is not None)
            low = 0 if piece.low is None else max(number(piece.low, given), 0)
            high = _INF if piece.high is None else number(piece.high, given)
            if high > 0 and (low < high or (low == high and not (out or off))):
                found.append((low, out, high, not off))
    merged: list[tuple[Any, bool, Any, bool]] = []
    for low, out, high, on in sorted(found):
        if merged and (low < merged[-1][2] or (low == merged[-1][2] and (merged[-1][3] or not out))):
            before = merged.pop()
            high, on = max((before[2], before[3]), (high, on))
            low, out = before[:2]
        merged.append((low, out, high, on))
    return tuple((low, high) for low, _, high, _ in merged), tuple((out, not on) for _, out, _, on in merged)


def _rounds_roots(expr: sp.Expr) -> bool:
    """Whether a ceiling or a floor stands around what is known as a float only."""
    inside = [a.args[0] for a in expr.atoms(sp.ceiling, sp.floor, PowerOfTwo)]
    roots = (PositiveRoot, sp.sinh, sp.log, sp.exp)
    return any(e.has(*roots) or any(not p.exp.is_Integer for p in e.atoms(sp.Pow)) for e in inside)


def number(expr: sp.Expr, given: Given, strict: bool = True) -> Any:
    """An expression at given numbers; arrays that are not run strictly may hold inf and NaN."""
    compiled = tape(expr)
    return compiled.run([given.numbers[s] for s in compiled.inputs], strict)[compiled.slots[0]]


def _holds(rel: sp.Rel, given: Given) -> Any:
    left, right = number(rel.lhs, given), number(rel.rhs, given)
    return left >= right if isinstance(rel, sp.Ge) else left > right


def _on_edge(piece: Piece, given: Given) -> bool:
    """Whether the first of its conditions that does not clearly hold is an equality."""
    for rel in piece.when:
        left, right = number(rel.lhs, given), number(rel.rhs, given)
        if left <= right:
            return bool(left == right)
    return False


def _denial(bound: Any, given: Given) -> str:
    """Which condition fails, and by how much."""
    at = f"at {', '.join(given.sheets)} " if given.sheets else ""
    for piece in bound.pieces:
        for rel in piece.when:
            if not _holds(rel, given):
                needed = float(number(rel.rhs, given))
                short = f"is {show_number(float(number(rel.lhs, given)) / needed, 3)} of what it needs" if needed else "is not positive"
                return f"{at}the left side of {show.text(rel)} {short}"
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
        ends = np.asarray(number(piece.low if lows else piece.high, given, strict=False), dtype=np.float64)
        inside = np.array(True)
        for rel in piece.when:
            inside = inside & np.asarray(_holds(rel, given))
        ends = np.maximum(np.where(inside, ends, _INF if lows else 0.0), 0.0)
        best = ends if best is None else (np.minimum if lows else np.maximum)(best, ends)
    return Value(best, bound.unit, bound.symbol.name)
