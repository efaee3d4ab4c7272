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
from symroof.show.bounds import answer, lying, signs
from symroof.show.formulas import asked
from symroof.show.tex.layout import Box, box, chain, display, result, suffixed, tree_box
from symroof.show.tex.tabular import Fragment
from symroof.show.tex.writer import name, quantity, texts, unit, write
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
    sides = [("=" if called else "", tree_box(cost)), *_put(cost, given)]
    worth = cost.put(given)
    if isinstance(worth, Value) and len(worth.parts) > 1:
        sides.append(("=", tree_box(worth)))
    if isinstance(worth, Cost) and given.exprs and sides[-1][1].tex == write(readable(worth.expr)):
        sides.pop()  # it says the same
    return called, [*sides, ("=", _left(worth) if isinstance(worth, Cost) else result(worth))]


def _left(worth: Cost) -> Box:
    left = box(readable(worth.expr))
    return suffixed(left, rf" \quad [{unit(worth.unit)}]") if worth.unit.powers else left


def _put(formula: Any, given: Given) -> Iterator[tuple[str, Box]]:
    """A cost or an expression in what its letters stand for, if any stand for others, and with the numbers put in."""

    def written(put: Mapping[Any, str] | None) -> Box:
        return tree_box(formula, put, False) if isinstance(formula, Cost) else box(formula, put)

    if given.exprs:
        there = dict(given.exprs)
        formula = formula.map(lambda e: e.xreplace(there)) if isinstance(formula, Cost) else formula.xreplace(there)
        yield "=", written(None)
    if formula.free_symbols & given.numbers.keys():
        yield "=", written(texts(given.numbers))


# -- bounds
def _bound(bound: Bound, given: Given, found: Any) -> str:
    x, worth = write(bound.symbol), _worth(bound, found)
    decided = next((b for b in (found, bound) if isinstance(b, Bound) and b.kind in ("always", "never")), None)
    if decided is not None:
        return display(answer(decided).box)
    never = isinstance(found, Value) and found.note
    if bound.kind == "numeric" and not never:
        return "\n".join(map(display, [asked(bound.condition).box, *[worth] * (not isinstance(found, Bound))]))
    piece = _holding(bound, given.numbers)
    ends = [(RELATIONS[s], e) for s, e in zip(signs(bound, piece), (piece.low, piece.high), strict=True) if e is not None] if piece else []
    chains = [[(sign, box(end)), *_put(end, given)] for sign, end in ends]
    if len(ends) == 2 and isinstance(found, Span) and len(found.intervals) == 1:
        values = [Box(quantity(end, found.unit)) for end in found.intervals[0]]
        return "\n".join(chain(x, [*sides, ("=", value)]) for sides, value in zip(chains, values, strict=True))
    if len(ends) != 1 or never:
        return "\n".join([display(answer(bound).box), display(worth)])
    if isinstance(found, Value):
        return chain(x, [*chains[0], ("=", result(found))])
    return "\n".join([chain(x, chains[0]), display(worth)])


def _worth(bound: Bound, found: Any) -> Box:
    """What a bound is worth on a line of its own."""
    if isinstance(found, Bound):
        return answer(found).box
    if isinstance(found, Span):
        return lying(found).box
    sign = RELATIONS["<=" if found.round_down else ">="]
    return result(found) if found.note else Box(f"{write(bound.symbol)} {sign} {result(found).tex}")


def _holding(bound: Bound, values: Mapping[Any, Any]) -> Any:
    """The only piece, or the only one that holds at these values."""
    put = {s: rational(v) for s, v in values.items()}
    held = [p for p in bound.pieces if all(w.func(w.lhs.xreplace(put), w.rhs.xreplace(put)) == sp.true for w in p.when)]
    return bound.pieces[0] if len(bound.pieces) == 1 else held[0] if len(held) == 1 else None
