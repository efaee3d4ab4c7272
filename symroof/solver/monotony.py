"""Monotony: whether an expression rises or falls with a symbol, whatever the values of the others; the one place that knows.

Sums and maxima of what rises rise, products of what rises and is positive do; where the form does not say, the sign of the
derivative does, on every branch of the maxima.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

import sympy as sp

from symroof.algebra.roots import PowerOfTwo
from symroof.solver.extremes import picks
from symroof.solver.polynomial import cleared_sign, sign

_RISING = (sp.Max, sp.Min, sp.ceiling, sp.floor, sp.log, sp.exp, sp.sinh, sp.asinh, PowerOfTwo)
_ROUNDED = (sp.ceiling, sp.floor, sp.Abs, PowerOfTwo)
_MOST = 32  # branches of maxima that are looked at
_LONGEST = 200  # operations of an expression whose slope is worked out


@lru_cache(maxsize=4096)
def direction(expr: sp.Expr, x: sp.Symbol) -> int | None:
    """1, 0 or -1 if an expression never falls, stays or never rises as x grows, whatever the others; None if unknown."""
    known = _by_form(expr, x)
    return known if known is not None else _by_slope(expr, x)


def _by_form(expr: sp.Expr, x: sp.Symbol) -> int | None:
    if not expr.has(x):
        return 0
    if expr == x:
        return 1
    if expr.is_Add or isinstance(expr, _RISING):
        return _joined(_by_form(a, x) for a in expr.args)
    if expr.is_Mul:
        fixed, moved = expr.as_independent(x, as_Add=False)
        factors = sp.Mul.make_args(moved)
        outside, way = sign(fixed), _joined(_by_form(f, x) for f in factors)
        if way is None or outside is None or (len(factors) > 1 and not all(f.is_nonnegative for f in factors)):
            return None
        return way * outside
    if expr.is_Pow and expr.exp.is_Rational:
        way = _by_form(expr.base, x)
        odd = expr.exp.is_Integer and expr.exp > 0 and expr.exp % 2 == 1
        return way * (1 if expr.exp > 0 else -1) if way is not None and (expr.base.is_nonnegative or odd) else None
    return None


def _joined(ways: Iterable[int | None]) -> int | None:
    """The direction that all share; those that stay do not count."""
    found = set(ways) - {0}
    return found.pop() if len(found) == 1 else None if found else 0


def _by_slope(expr: sp.Expr, x: sp.Symbol) -> int | None:
    """By the sign of the derivative on every branch of the maxima: what is continuous and rises on each, rises."""
    if any(a.has(x) for a in expr.atoms(*_ROUNDED)) or sp.count_ops(expr) > _LONGEST:
        return None
    ways = set()
    for i, smooth in enumerate(islice(picks(expr), _MOST + 1)):
        if i == _MOST:
            return None
        way = cleared_sign(sp.diff(smooth, x))
        if way is None:
            return None
        ways.add(way)
    return _joined(ways)


@lru_cache(maxsize=4096)
def difference(large: sp.Expr, small: sp.Expr, x: sp.Symbol) -> int | None:
    """The direction of ``large - small``: 1 if more of x makes ``large >= small`` easier, -1 if harder."""
    up, down = direction(large, x), direction(small, x)
    plain = None if up is None or down is None else _joined([up, -down])
    return plain if plain is not None else _by_slope(large - small, x)
