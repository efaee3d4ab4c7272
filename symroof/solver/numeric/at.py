"""A bound at given values: one threshold, a span with several ends, or never, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cmp_to_key
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.arithmetic import COMPARE
from symroof.algebra.bind import Given
from symroof.algebra.claims import stacks
from symroof.algebra.evaluate import compared, pinned, worth
from symroof.algebra.operands import rational
from symroof.algebra.quantity import show_number
from symroof.algebra.value import INF, START, STOP, End, Ends, Span, Value, as_span
from symroof.errors import InputError
from symroof.solver.numeric.boxes import Box
from symroof.solver.numeric.plateaus import joined, roundings, stepped
from symroof.solver.numeric.thresholds import exactly, swept
from symroof.solver.pieces import Piece
from symroof.solver.steps import Solved, bare


def decided(bound: Solved, given: Given) -> Value | Span:
    """A Value for one threshold (arrays broadcast), else a Span; certified numerically where there is no closed form."""
    arrays = any(hasattr(v, "shape") for v in given.numbers.values())
    if not bound.closed:
        if arrays:
            raise InputError(f"{bound.symbol} has no closed form here; evaluate it one set of values at a time")
        return _certified(bound, given)
    if arrays:
        return _array(bound, given)
    if any(_on_edge(p, given) for p in bound.pieces):
        known = bound.condition.at({s: given.numbers.get(s, Fraction(1)) for s in bound.free_symbols})
        if isinstance(known, bool):
            note = f"{'always' if known else 'never'}: {bound.symbol} drops out"
            return Span(bound.symbol, ((START, STOP),) if known else ()).answer(note, bound.falls)
        bound, given = bound.put(given), Given({}, {}, given.sheets)  # a coefficient vanishes, or roots meet: solve with the numbers
        if not bound.closed:
            return _certified(bound, given)
    span = Span(bound.symbol, _ends(bound.pieces, given, bound.condition.strict))
    note = ""
    if not span.ends:
        note = f"never: {_denial(bound, given)}"
    elif span.ends == ((START, STOP),):
        note = f"always: {bound.reason or f'at these values every {bound.symbol} will do'}"
    return span.answer(note, bound.falls)


@dataclass(frozen=True)
class _Place:
    """An end of a piece at values: its number, and what it stands for, to be compared to the last digit."""

    number: Any
    expr: sp.Expr
    given: Given

    def order(self, other: _Place) -> int:
        """1, 0 or -1 as it is larger than another, equal or smaller."""
        a, b = self.number, other.number
        if (type(a) is type(b) is Fraction) or INF in (a, b) or abs(a - b) > _NEAR * max(a, b):
            return int(a > b) - int(a < b)
        return compared(self.expr, other.expr, self.given.numbers)


_NEAR = Fraction(1, 10**9)


def _place(expr: sp.Expr | None, otherwise: End, given: Given) -> _Place:
    """An end, not below 0; another one where there is none."""
    number = otherwise.number if expr is None else pinned(expr, given.numbers)
    return _Place(number, expr, given) if expr is not None and number > 0 else _Place(max(number, START.number), sp.Integer(0), given)


#: An interval: where it begins, whether that is left out, where it ends, and whether that is in it.
_Held = tuple[_Place, bool, _Place, bool]


def _before(a: _Held, b: _Held) -> int:
    return a[0].order(b[0]) or a[1] - b[1]


def _ends(pieces: tuple[Piece, ...], given: Given, strict: bool) -> Ends:
    """The intervals of the pieces whose conditions hold, merged and in order."""
    found: list[_Held] = []
    for piece in pieces:
        if all(_holds(rel, given) for rel in piece.when):
            out, off = piece.strict or (strict and piece.low is not None, strict and piece.high is not None)
            begin, end = _place(piece.low, START, given), _place(piece.high, STOP, given)
            if end.number > 0 and begin.order(end) < (not (out or off)):
                found.append((begin, out, end, not off))
    found.sort(key=cmp_to_key(_before))
    merged: list[_Held] = []
    for begin, out, end, on in found:
        if merged:
            first, left_out, last, included = merged[-1]
            met = begin.order(last)
            if met < 0 or (met == 0 and (included or not out)):
                further = last.order(end)
                on = included if further > 0 else on if further < 0 else on or included
                merged[-1] = (first, left_out, last if further > 0 else end, on)
                continue
        merged.append((begin, out, end, on))
    return tuple(
        (End(a.number, None, out) if a.number > 0 else START, End(b.number, None, not on) if b.number < INF else STOP)
        for a, out, b, on in merged
    )


def _holds(rel: sp.Rel, given: Given) -> bool:
    order = compared(rel.lhs, rel.rhs, given.numbers)
    return bool(COMPARE[rel.rel_op](order, 0))


def _on_edge(piece: Piece, given: Given) -> bool:
    """Whether the first of its conditions that does not clearly hold is an equality."""
    orders = (compared(rel.gts, rel.lts, given.numbers) for rel in piece.when)
    return next((order for order in orders if order <= 0), 1) == 0


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
    if not (lows or all(p.low is None and p.high is not None for p in bound.pieces)) or not bound.pieces:
        raise InputError(f"{bound!r} has no single threshold for arrays; evaluate it one set of values at a time")
    best: Any = None
    for piece in bound.pieces:
        ends = np.asarray(worth(piece.low if lows else piece.high, given.numbers, strict=False), dtype=np.float64)
        inside = np.array(True)
        for rel in piece.when:
            inside = inside & np.asarray(COMPARE[rel.rel_op](*(worth(side, given.numbers, strict=False) for side in rel.args)))
        ends = np.maximum(np.where(inside, ends, INF if lows else 0.0), 0.0)
        best = ends if best is None else (np.minimum if lows else np.maximum)(best, ends)
    return Value(best, bound.unit, bound.symbol.name)


# -- without a closed form
def _certified(bound: Solved, given: Given) -> Value | Span:
    """Thresholds that are proven: exact roots of polynomials, or intervals halved to a bracket of 1e-12."""
    condition, x = bound.condition, bound.symbol
    exact = {s: rational(given.numbers.get(s, 1)) for s in bound.free_symbols}  # what has no number cancels
    greater, lesser = (side.map(lambda e: e.xreplace(exact)).expr for side in condition.ordered)
    roots = exactly(greater, lesser, condition.strict, x)
    among = f"{x}" if roots else f"{x} between 1e-15 and 1e25"
    found, every = (roots, True) if roots else _stepped(bound, given, greater, lesser) or (Span(x, ()), False)
    if not every:
        proven = swept(greater, lesser, condition.strict, x)
        found = replace(proven, ends=joined([*found.ends, *proven.ends])) if found.ends else proven
    at = f"at {', '.join(given.sheets)} " if given.sheets else ""
    note = ""
    if found.ends == ((START, STOP),):
        note = f"always: {at}every {among} will do"
    elif not found.ends:
        why = f"; {found.doubt}" if found.doubt else _nearest_miss(greater, lesser, x)
        note = f"never{', as far as it was proven' if found.doubt else ''}: {at}no {among} will do{why}"
    return found.answer(note, bound.falls)


def _stepped(bound: Solved, given: Given, greater: sp.Expr, lesser: sp.Expr) -> tuple[Span, bool] | None:
    """From jump to jump of what is rounded, where neither what is necessary nor what suffices decides."""
    x, strict = bound.symbol, bound.condition.strict
    atoms = {
        atom: sp.Symbol(f"k{i}", positive=True) for i, atom in enumerate(sorted(roundings(greater - lesser, x), key=sp.default_sort_key))
    }
    if not atoms:
        return None
    between = [side.xreplace(atoms) for side in (greater, lesser)]
    depends = x in between[0].free_symbols | between[1].free_symbols
    smooth = bound.solved_again(bare(between[0], ">" if strict else ">=", between[1])) if depends else None

    def asked(values: dict[sp.Expr, Fraction]) -> Ends:
        if smooth is not None and smooth.closed and all(values.values()):
            return as_span(x, decided(smooth, Given({atoms[a]: v for a, v in values.items() if atoms[a] in smooth.free_symbols}))).ends
        put = {k: rational(values[a]) for a, k in atoms.items()}
        above, below = (side.xreplace(put) for side in between)
        return (exactly(above, below, strict, x) or swept(above, below, strict, x)).ends

    def around(outer: Solved | None, otherwise: Ends) -> Ends:
        return otherwise if outer is None else as_span(x, decided(outer, given)).ends

    possible, sure = around(bound.necessary, ((START, STOP),)), around(bound.sufficient, ())
    return stepped(Box(greater, lesser, strict), x, asked, possible, sure)


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
