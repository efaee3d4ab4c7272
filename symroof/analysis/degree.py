"""``degree(cost, (C, W_hbm))``: by which power of a common factor a cost grows when these symbols all do."""

from __future__ import annotations

import random
from collections.abc import Iterable
from fractions import Fraction

import sympy as sp

from symroof.algebra import show
from symroof.algebra.cost import Cost
from symroof.algebra.operands import called as name_of
from symroof.algebra.quantity import show_number
from symroof.analysis.elasticity import check
from symroof.analysis.slopes import slopes
from symroof.errors import InputError, NoClosedForm, SolveError
from symroof.solver.extremes import ways
from symroof.solver.polynomial import expand

_LEVEL = (sp.Max, sp.Min, sp.Abs)


def degree(cost: Cost, symbols: Iterable[sp.Symbol] | sp.Symbol | None = None) -> sp.Rational:
    """The degree of homogeneity in these symbols, all of the cost by default: the elasticities by them sum to it.

    >>> from symroof.algebra.symbols import B, C, D, F, W_hbm, p
    >>> step = Cost(2*B*D*F/C, "s", "math") | Cost(p*D*F/W_hbm, "s", "hbm")
    >>> degree(step, (C, W_hbm))
    -1
    >>> degree(step, B)
    Traceback (most recent call last):
    symroof.errors.SolveError: Max(2*B*D*F/C, D*F*p/W_hbm) is not homogeneous in B: its degree is 0 at one place and 1 at another

    Raises SolveError, with two places where the degree differs, for a cost that is not homogeneous in them.
    """
    asked = _asked(cost, symbols)
    found = _by_structure(cost.expr, asked)
    if found is None:
        found = _by_ways(cost, asked)
    if found is not None:
        return found
    raise SolveError(_why_not(cost, asked))


def _asked(cost: Cost, symbols: Iterable[sp.Symbol] | sp.Symbol | None) -> frozenset[sp.Symbol]:
    check(cost)
    if symbols is None:
        return frozenset(cost.free_symbols)
    listed = tuple(symbols) if isinstance(symbols, Iterable) else (symbols,)
    check(cost, *listed)
    return frozenset(listed)


def _by_structure(expr: sp.Expr, asked: frozenset[sp.Symbol]) -> sp.Rational | None:
    """The degree where every node has one."""
    if not expr.free_symbols & asked:
        return sp.Integer(0)
    if expr.is_Symbol:
        return sp.Integer(1)
    each = [_by_structure(a, asked) for a in expr.args]
    if None in each:
        return None
    if expr.is_Mul:
        return sp.Add(*each)
    if expr.is_Pow:
        return each[0] * expr.exp if expr.exp.is_Rational else sp.Integer(0) if each == [0, 0] else None
    if expr.is_Add or isinstance(expr, _LEVEL):
        return each[0] if len(set(each)) == 1 else None
    return sp.Integer(0) if not any(each) else None


def _by_ways(cost: Cost, asked: frozenset[sp.Symbol]) -> sp.Rational | None:
    """The degree that the cost has whichever parts win, as a ratio of sums of monomials."""
    try:
        each = {_of_ratio(way.cost.expr, asked) for way in ways(cost)}
    except NoClosedForm:
        return None
    return each.pop() if len(each) == 1 else None


def _of_ratio(expr: sp.Expr, asked: frozenset[sp.Symbol]) -> sp.Rational | None:
    for form in (sp.together, sp.cancel):
        top, bottom = (_by_structure(expand(side), asked) for side in sp.fraction(form(expr)))
        if top is not None and bottom is not None:
            return top - bottom
    return None


def _why_not(cost: Cost, asked: frozenset[sp.Symbol]) -> str:
    """Two places where the degree differs, if a few random ones show it."""
    names = ", ".join(sorted(show.text(s) for s in asked))
    chance = random.Random(0)
    seen: list[float] = []
    for _ in range(60):
        values = {s: Fraction(10) ** chance.randint(-6, 6) * chance.randint(1, 9) for s in cost.free_symbols}
        values = dict(sorted(values.items(), key=lambda item: str(item[0])))
        try:
            found = slopes(cost.expr, asked, values)
        except InputError:
            continue
        if found.value and not found.kink:
            seen.append(round(float(found.above), 6) + 0.0)
    low, high = (show_number(f(seen, default=0.0), 3) for f in (min, max))
    if low != high:
        return f"{name_of(cost)} is not homogeneous in {names}: its degree is {low} at one place and {high} at another"
    return f"whether {name_of(cost)} is homogeneous in {names} could not be shown; ask elasticity(...).at(...) for each symbol"
