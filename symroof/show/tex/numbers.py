"""``formula = numbers put in = result with its unit``, of a cost or of a bound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sympy as sp

from symroof.algebra.bind import Given, bind
from symroof.algebra.cost import Cost
from symroof.algebra.operands import rational
from symroof.algebra.show import RELATIONS, readable
from symroof.algebra.value import Span, Value
from symroof.errors import InputError, short
from symroof.show.bounds import answer, lying, relation_of
from symroof.show.formulas import asked
from symroof.show.tex.layout import Box, box, chain, display, sentence, suffixed
from symroof.show.tex.piece import Fragment
from symroof.show.tex.quantities import quantity, unit
from symroof.show.tex.trees import cost_box, value_box
from symroof.show.tex.trees import result as value_result
from symroof.show.tex.writer import name, texts, write
from symroof.solver.bound import Bound

Sides = list[tuple[str, Box]]


def numbers(formula: Any, /, *sheets: Any, **values: Any) -> Fragment:
    r"""A cost or a bound in letters, with the numbers put in, and its value with the unit; letters without a value stay.

    >>> from symroof import chip, decode
    >>> print(numbers(decode.full_hbm_time(), chip("tpu-v5e")))
    \[
    \text{full HBM} = \frac{M_\text{hbm}}{W_\text{hbm}} = \frac{16\,\mathrm{GB}}{810\,\mathrm{GB/s}} = 19.75\,\mathrm{ms}
    \]

    Raises InputError for what is neither, and for arrays.
    """
    if not isinstance(formula, (Cost, Bound)):
        raise InputError(f"{short(formula)} is neither a cost nor a bound; give e.g. decode.step() or decode.critical_batch()")
    given = bind(formula.free_symbols, sheets, values, formula.of)
    array = next((s for s, v in given.numbers.items() if hasattr(v, "shape")), None)
    if array is not None:
        raise InputError(f"{array} is an array; numbers are put in one set at a time: see latex.table for many")
    if formula.free_symbols and not (given.numbers or given.exprs):
        raise InputError(f"no letter of {short(formula)} has a value; give sheets or values, or take latex.fragment")
    if isinstance(formula, Cost):
        return Fragment(chain(*_cost(formula, given)))
    return Fragment(_bound(formula, given, formula.at(*sheets, **values)))


def _cost(cost: Cost, given: Given) -> tuple[str, Sides]:
    called = name(cost.name) if cost.name else ""
    sides = [("=" if called else "", cost_box(cost)), *_put(cost, given)]
    worth = cost.put(given)
    if isinstance(worth, Value) and len(worth.parts) > 1:
        sides.append(("=", value_box(worth)))
    last = result(worth)
    if isinstance(worth, Cost) and given.exprs and sides[-1][1].tex == write(readable(worth.expr)):
        sides.pop()  # it says the same
    return called, [*sides, ("=", last)]


def _put(cost: Cost, given: Given) -> Iterator[tuple[str, Box]]:
    """The cost in what its letters stand for, if any stand for others, and with the numbers put in."""
    if given.exprs:
        cost = cost.map(lambda e: e.xreplace(dict(given.exprs)))
        yield "=", cost_box(cost, None, False)
    if given.numbers and cost.free_symbols & given.numbers.keys():
        yield "=", cost_box(cost, texts(given.numbers), False)


def result(worth: Any) -> Box:
    """What a formula is worth: a quantity, a range, or what is left in letters with its unit."""
    if isinstance(worth, Cost):
        left = box(readable(worth.expr))
        return suffixed(left, rf" \quad [{unit(worth.unit)}]") if worth.unit.powers else left
    if isinstance(worth, Span):
        return lying(worth).box
    return value_result(worth)


# -- bounds
def _bound(bound: Bound, given: Given, found: Any) -> str:
    if bound.kind in ("always", "never") or (isinstance(found, Bound) and found.kind in ("always", "never")):
        return display(answer(found if isinstance(found, Bound) else bound).box)
    if isinstance(found, Value) and found.note:
        return "\n".join([display(answer(bound).box), display(sentence([found.note]))])
    if bound.kind == "numeric":
        if not isinstance(found, Value):
            return display(asked(bound.condition).box if isinstance(found, Bound) else lying(found).box)
        sign = r"\le" if found.round_down else r"\ge"
        return "\n".join([display(asked(bound.condition).box), display(Box(f"{write(bound.symbol)} {sign} {result(found).tex}"))])
    piece = _holding(bound, given.numbers)
    ends = [(side, e) for side, e in (("low", piece.low), ("high", piece.high)) if e is not None] if piece else []
    if len(ends) == 2 and isinstance(found, Span) and len(found.intervals) == 1:
        worth = [Box(quantity(end, found.unit)) for end in found.intervals[0]]
        both = [
            [(RELATIONS[relation_of(bound, piece, s)], box(e)), *_substitution(e, given), ("=", w)]
            for (s, e), w in zip(ends, worth, strict=True)
        ]
        return "\n".join(chain(write(bound.symbol), sides) for sides in both)
    if piece is None or len(ends) != 1:
        shown = [display(answer(bound).box), display(answer(found).box if isinstance(found, Bound) else _worth(bound, found))]
        return "\n".join(shown)
    side, end = ends[0]
    sides = [(RELATIONS[relation_of(bound, piece, side)], box(end))]
    sides += _substitution(end, given)
    if isinstance(found, Bound):
        return "\n".join([chain(write(bound.symbol), sides), display(answer(found).box)])
    if isinstance(found, Value):
        return chain(write(bound.symbol), [*sides, ("=", result(found))])
    return "\n".join([chain(write(bound.symbol), sides), display(lying(found).box)])


def _substitution(end: sp.Expr, given: Given) -> Iterator[tuple[str, Box]]:
    end = end.xreplace(dict(given.exprs)) if given.exprs else end
    if given.exprs:
        yield "=", box(end)
    if end.free_symbols & given.numbers.keys():
        yield "=", box(end, texts(given.numbers))


def _worth(bound: Bound, found: Any) -> Box:
    if isinstance(found, Span):
        return lying(found).box
    sign = r"\le" if found.round_down else r"\ge"
    return Box(f"{write(bound.symbol)} {sign} {result(found).tex}")


def _holding(bound: Bound, values: Mapping[Any, Any]) -> Any:
    """The only piece, or the only one that holds at these values."""
    put = {s: rational(v) for s, v in values.items()}
    held = [p for p in bound.pieces if all(w.func(w.lhs.xreplace(put), w.rhs.xreplace(put)) == sp.true for w in p.when)]
    return bound.pieces[0] if len(bound.pieces) == 1 else held[0] if len(held) == 1 else None
