"""A bound at given values: one threshold, a span with several ends, or never, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.arithmetic import COMPARE
from symroof.algebra.bind import Given
from symroof.algebra.claims import stacks
from symroof.algebra.evaluate import worth
from symroof.algebra.operands import rational
from symroof.algebra.quantity import show_number
from symroof.algebra.roots import PositiveRoot, PowerOfTwo
from symroof.algebra.value import INF, START, STOP, End, Ends, Span, Value, as_span
from symroof.errors import InputError
from symroof.solver.numeric.thresholds import exactly, swept
from symroof.solver.pieces import Piece
from symroof.solver.steps import Solved


def decided(bound: Solved, given: Given) -> Value | Span:
    """A Value for one threshold (arrays broadcast), else a Span; certified numerically where there is no closed form."""
    arrays = any(hasattr(v, "shape") for v in given.numbers.values())
    if not bound.closed:
        if arrays:
            raise InputError(f"{bound.symbol} has no closed form here; evaluate it one set of values at a time")
        return _certified(bound, given)
    if arrays:
        return _array(bound, given)
    falling = _falling(bound)
    if any(_on_edge(p, given) for p in bound.pieces):
        known = bound.condition.at({s: given.numbers.get(s, Fraction(1)) for s in bound.free_symbols})
        if isinstance(known, bool):
            note = f"{'always' if known else 'never'}: {bound.symbol} drops out"
            return Span(bound.symbol, ((START, STOP),) if known else ()).answer(note)
        bound, given = bound.put(given), Given({}, {}, given.sheets)  # a coefficient vanishes: solve with the numbers
        falling = _falling(bound) if bound.pieces else falling
    if any(_rounds_roots(e) for p in bound.pieces for e in (p.low, p.high) if e is not None):
        return _certified(bound, given)  # a root that is rounded has to be known to the last digit
    span = Span(bound.symbol, _ends(bound.pieces, given, bound.condition.strict))
    note = ""
    if not span.ends:
        note = f"never: {_denial(bound, given)}"
    elif span.ends == ((START, STOP),):
        note = f"always: {bound.reason or f'at these values every {bound.symbol} will do'}"
    return span.answer(note, falling)


def _falling(bound: Solved) -> bool:
    return bool(bound.pieces) and all(p.low is None and p.high is not None for p in bound.pieces)


def _ends(pieces: tuple[Piece, ...], given: Given, strict: bool) -> Ends:
    """The intervals of the pieces whose conditions hold, merged and in order."""
    found = []
    for piece in pieces:
        if all(_holds(rel, given) for rel in piece.when):
            out, off = piece.strict or (strict and piece.low is not None, strict and piece.high is not None)
            low = 0 if piece.low is None else max(worth(piece.low, given.numbers), 0)
            high = INF if piece.high is None else worth(piece.high, given.numbers)
            if high > 0 and (low < high or (low == high and not (out or off))):
                found.append((low, out, high, not off))
    merged: list[tuple[Any, bool, Any, bool]] = []
    for low, out, high, on in sorted(found):
        if merged and (low < merged[-1][2] or (low == merged[-1][2] and (merged[-1][3] or not out))):
            before = merged.pop()
            high, on = max((before[2], before[3]), (high, on))
            low, out = before[:2]
        merged.append((low, out, high, on))
    ends = ((End(low, None, out) if low > 0 else START, End(high, None, not on) if high < INF else STOP) for low, out, high, on in merged)
    return tuple(ends)


def _rounds_roots(expr: sp.Expr) -> bool:
    """Whether a ceiling or a floor stands around what is known as a float only."""
    inside = [a.args[0] for a in expr.atoms(sp.ceiling, sp.floor, PowerOfTwo)]
    roots = (PositiveRoot, sp.sinh, sp.log, sp.exp)
    return any(e.has(*roots) or any(not p.exp.is_Integer for p in e.atoms(sp.Pow)) for e in inside)


def _holds(rel: sp.Rel, given: Given) -> Any:
    return COMPARE[rel.rel_op](*(worth(side, given.numbers) for side in rel.args))


def _on_edge(piece: Piece, given: Given) -> bool:
    """Whether the first of its conditions that does not clearly hold is an equality."""
    sides = (tuple(worth(side, given.numbers) for side in rel.args) for rel in piece.when)
    left, right = next(((a, b) for a, b in sides if a <= b), (1, 0))
    return bool(left == right)


def _denial(bound: Solved, given: Given) -> str:
    """Which condition fails, and by how much."""
    at = f"at {', '.join(given.sheets)} " if given.sheets else ""
    for piece in bound.pieces:
        for rel in piece.when:
            if not _holds(rel, given):
                left, needed = (float(worth(side, given.numbers)) for side in rel.args)
                short = f"is {show_number(left / needed, 3)} of what it needs" if needed else "is not positive"
                return f"{at}the left side of {show.text(rel)} {short}"
    return at + (bound.reason or f"no {bound.symbol} is left")


def _array(bound: Solved, given: Given) -> Value:
    """Thresholds for arrays of values: inf (or 0) where the condition of no piece holds."""
    import numpy as np

    lows = all(p.low is not None and p.high is None for p in bound.pieces)
    if not (lows or _falling(bound)) or not bound.pieces:
        raise InputError(f"{bound!r} has no single threshold for arrays; evaluate it one set of values at a time")
    best: Any = None
    for piece in bound.pieces:
        ends = np.asarray(worth(piece.low if lows else piece.high, given.numbers, strict=False), dtype=np.float64)
        inside = np.array(True)
        for rel in piece.when:
            inside = inside & np.asarray(_holds(rel, given))
        ends = np.maximum(np.where(inside, ends, INF if lows else 0.0), 0.0)
        best = ends if best is None else (np.minimum if lows else np.maximum)(best, ends)
    return Value(best, bound.unit, bound.symbol.name)


# -- without a closed form
def _certified(bound: Solved, given: Given) -> Value | Span:
    """Thresholds that are proven: exact roots of polynomials, or intervals halved to a bracket of 1e-12."""
    condition, x = bound.condition, bound.symbol
    exact = {s: rational(given.numbers.get(s, 1)) for s in bound.free_symbols}  # what has no number cancels
    greater, lesser = (side.map(lambda e: e.xreplace(exact)).expr for side in condition.ordered)
    found = exactly(greater, lesser, condition.strict, x)
    among = f"{x}" if found else f"{x} between 1e-15 and 1e25"
    found = found or swept(greater, lesser, condition.strict, x)
    at = f"at {', '.join(given.sheets)} " if given.sheets else ""
    note = ""
    if found.ends == ((START, STOP),):
        note = f"always: {at}every {among} will do"
    elif not found.ends:
        why = f"; {found.doubt}" if found.doubt else _nearest_miss(greater, lesser, x)
        note = f"never{', as far as it was proven' if found.doubt else ''}: {at}no {among} will do{why}"
    return found.answer(note)


def _nearest_miss(above: sp.Expr, below: sp.Expr, x: sp.Symbol) -> str:
    """How far the greater side stays below the lesser at best, as sampled."""
    best, where = 0.0, 0.0
    for i in range(-60, 101):
        at = Fraction(10) ** (i // 4) * (1, 2, 3, 6)[i % 4]
        try:
            greater, lesser = (float(worth(side, {x: at})) for side in (above, below))
        except (InputError, OverflowError, TypeError):
            continue
        if lesser > 0 and greater / lesser > best:
            best, where = greater / lesser, float(at)
    if not best:
        return ""
    return f"; the side that has to be larger is at most about {show_number(best, 3)} of the other (near {x} = {show_number(where, 3)})"


Range = tuple[Any, Any, str]


def spanned(x: sp.Symbol, sheets: Iterable[Any], named: Mapping[str, Any]) -> Range | None:
    """The least and the largest number that a letter can be in the model of a sheet, and words for it; None where all are."""
    for sheet in (s for s in sheets if stacks([s])):
        low, high = sheet.stack.span(x, {s: named.get(s.name, v) for s, v in sheet.values.items()})
        if low or high < INF:
            ends = [f"from {float(low):g}"] * bool(low) + [f"up to {float(high):g}"] * (high < INF)
            return low, high, f"{x} {' '.join(ends)}"
    return None


def within(x: sp.Symbol, found: Any, given: Range | None) -> Any:
    """A threshold of x or a span, less what lies outside of a range."""
    if given is None or not isinstance(found, (Value, Span)) or (isinstance(found, Value) and (found.is_array or found.note)):
        return found
    low, high, words = given
    span = as_span(x, found)
    inside = [(a, b) for a, b in span.ends if a.number <= high and b.number >= low]
    cut = Span(x, tuple((START if a.number <= low else a, STOP if b.number >= high else b) for a, b in inside), span.doubt)
    if cut == span:
        return found
    if not cut.ends:
        return cut.answer(f"never: no {words} will do")
    if cut.ends[0] == (START, STOP):
        return Span(x, cut.ends[:1], span.doubt).answer(f"always: every {words} will do")
    return cut.answer()
