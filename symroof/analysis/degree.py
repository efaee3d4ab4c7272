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
from symroof.analysis.slopes import ROUNDING, log_slope, slopes
from symroof.errors import InputError, NoClosedForm, SolveError
from symroof.solver.extremes import ways


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
    check(cost)
    listed = tuple(cost.free_symbols) if symbols is None else tuple(symbols) if isinstance(symbols, Iterable) else (symbols,)
    check(cost, *listed)
    scale = sp.Dummy("k", positive=True)
    scaled = cost.map(lambda e: e.xreplace({s: s * scale for s in listed}))
    found = _power(scaled.expr, scale)
    if found is None:
        found = _power_of_each(scaled, scale)
    if found is None:
        raise SolveError(_why_not(cost, frozenset(listed)))
    return found


def _power(expr: sp.Expr, scale: sp.Symbol) -> sp.Rational | None:
    """The power of the scale that an expression grows with, if it is one and the form says so."""
    if any(a.has(scale) for a in expr.atoms(*ROUNDING)):
        return None
    found = sp.cancel(log_slope(expr, scale))
    return found if found.is_Rational else None


def _power_of_each(scaled: Cost, scale: sp.Symbol) -> sp.Rational | None:
    """The power that the cost grows with whichever parts win."""
    try:
        each = {_power(way.cost.expr, scale) for way in ways(scaled)}
    except NoClosedForm:
        return None
    return each.pop() if len(each) == 1 else None


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
