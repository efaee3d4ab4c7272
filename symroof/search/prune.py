"""What a search need not look at: an axis along which the best point of every line stands where the constraints begin.

If a cost only rises along an axis, and every constraint only rises or only falls along it, then on each line of the grid
the best feasible point is the first one that the opposing constraints allow. A bisection finds it for all lines at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
import sympy as sp

from symroof.algebra.roots import PowerOfTwo
from symroof.solver.polynomial import over, sign

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
    if expr.is_Mul:
        return _of_product(expr, x)
    if expr.is_Pow:
        return _of_power(expr, x)
    if expr.is_Add or isinstance(expr, _RISING):
        return joined(_by_form(a, x) for a in expr.args)
    return None


def joined(ways: Iterable[int | None]) -> int | None:
    """The direction that all share; those that stay do not count."""
    found = set(ways) - {0}
    return found.pop() if len(found) == 1 else None if found else 0


def _of_product(expr: sp.Expr, x: sp.Symbol) -> int | None:
    fixed, moved = expr.as_independent(x, as_Add=False)
    factors = sp.Mul.make_args(moved)
    outside = sign(fixed)
    way = joined(_by_form(f, x) for f in factors)
    if way is None or outside is None or (len(factors) > 1 and not all(f.is_nonnegative for f in factors)):
        return None
    return way * outside


def _of_power(expr: sp.Expr, x: sp.Symbol) -> int | None:
    base, exponent = expr.as_base_exp()
    way = _by_form(base, x)
    if way is None or not exponent.is_Rational:
        return None
    odd = exponent.is_Integer and exponent > 0 and exponent % 2 == 1
    return way * (1 if exponent > 0 else -1) if base.is_nonnegative or odd else None


def _by_slope(expr: sp.Expr, x: sp.Symbol) -> int | None:
    """By the sign of the derivative on every branch of the maxima: what is continuous and rises on each, rises."""
    if expr.has(*_ROUNDED) or sp.count_ops(expr) > _LONGEST:
        return None
    ways = set()
    for smooth in _branches(expr):
        top, bottom = over(sp.diff(smooth, x))
        above, below = sign(top), sign(bottom)
        if above is None or not below:
            return None
        ways.add(above * below)
    return joined(ways) if ways else None


def _branches(expr: sp.Expr) -> list[sp.Expr]:
    done = [expr]
    while any(e.has(sp.Max, sp.Min) for e in done):
        new = []
        for e in done:
            extremes = [m for m in e.atoms(sp.Max, sp.Min) if not any(a.has(sp.Max, sp.Min) for a in m.args)]
            choices = product(*[m.args for m in extremes])
            new += [e.xreplace(dict(zip(extremes, picked, strict=True))) for picked in choices]
            if len(new) > _MOST:
                return []
        done = new
    return done


@dataclass(frozen=True, eq=False)
class Lines:
    """The lines along one axis: its indices in the ``order`` in which the cost rises, and the conditions that forbid the start."""

    axis: int
    symbol: sp.Symbol
    order: Any = field(repr=False)
    blockers: tuple[int, ...] = ()


def lines(
    cost: sp.Expr, slacks: Sequence[tuple[sp.Expr, sp.Expr]], values: Mapping[sp.Symbol, Any], shape: tuple[int, ...]
) -> Lines | None:
    """The longest axis along which the cost and the room of every condition (``large - small``) go one way; None if there is none."""
    for axis in sorted(range(len(shape)), key=lambda i: -shape[i]):
        symbol = _alone(axis, values, shape)
        if shape[axis] < 2 or symbol is None:
            continue
        way = direction(cost, symbol)
        room = [difference(large, small, symbol) for large, small in slacks] if way else []
        if not way or None in room:
            continue
        numbers = np.asarray(values[symbol]).ravel()
        order = np.argsort(numbers if way > 0 else -numbers, kind="stable")
        return Lines(axis, symbol, order, tuple(i for i, r in enumerate(room) if r == way))
    return None


@lru_cache(maxsize=4096)
def difference(large: sp.Expr, small: sp.Expr, x: sp.Symbol) -> int | None:
    """The direction of ``large - small``."""
    up, down = direction(large, x), direction(small, x)
    plain = None if up is None or down is None else joined([up, -down])
    return plain if plain is not None else _by_slope(large - small, x)


def _alone(axis: int, values: Mapping[sp.Symbol, Any], shape: tuple[int, ...]) -> sp.Symbol | None:
    """The only symbol that differs along an axis, if it differs along no other."""
    found = []
    for symbol, value in values.items():
        own = (1,) * (len(shape) - np.ndim(value)) + np.shape(value)
        if own[axis] > 1:
            found.append((symbol, np.size(value) == shape[axis]))
    return found[0][0] if len(found) == 1 and found[0][1] else None
