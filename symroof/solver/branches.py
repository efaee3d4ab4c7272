"""Maxima and minima taken apart: an expression as the maximum of minima of smooth expressions.

``max(a, b) >= c`` holds where ``a >= c`` or ``b >= c`` does, ``c >= max(a, b)`` where both do. Sums, products with
positive factors and powers carry maxima along, so every cost becomes a union of intersections of smooth conditions.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, product

import sympy as sp

from symroof.errors import SolveError, short

#: The maximum, over the rows, of the minimum within a row.
Rows = list[list[sp.Expr]]
_MOST = 256


class NoClosedForm(SolveError):
    """The condition has no closed form that this solver knows; the message says why."""


def branches(expr: sp.Expr, xs: frozenset[sp.Symbol]) -> Rows:
    """The expression as a maximum of minima of expressions in which none of ``xs`` stands in a Max or Min.

    Maxima of other symbols stay whole: to the unknown they are positive numbers.

    Raises NoClosedForm if a maximum stands inside another function, beside a factor of unknown sign, or if the
    parts are too many.
    """
    if not _splits(expr, xs):
        return [[expr]]
    if isinstance(expr, sp.Max):
        return _few([row for arg in expr.args for row in branches(arg, xs)])
    if isinstance(expr, sp.Min):
        return _few([list(chain(*rows)) for rows in product(*[branches(a, xs) for a in expr.args])])
    if isinstance(expr, sp.Add):
        return _pairwise(list(expr.args), xs, lambda a, b: a + b)
    if isinstance(expr, sp.Mul):
        return _product(expr, xs)
    if isinstance(expr, sp.Pow) and expr.exp.is_Rational and expr.base.is_nonnegative:
        rows = [[e**expr.exp for e in row] for row in branches(expr.base, xs)]
        return rows if expr.exp > 0 else _flipped(rows)
    raise NoClosedForm(f"a maximum stands inside {short(expr)}")


def _product(expr: sp.Mul, xs: frozenset[sp.Symbol]) -> Rows:
    plain = [a for a in expr.args if not _splits(a, xs)]
    others = [a for a in expr.args if _splits(a, xs)]
    factor = sp.Mul(*plain)
    if not all(a.is_nonnegative for a in others) and len(others) > 1:
        raise NoClosedForm(f"two factors of {short(expr)} hold maxima and may be negative")
    rows = _pairwise(others, xs, lambda a, b: a * b)
    if factor.is_nonnegative:
        return [[factor * e for e in row] for row in rows]
    if factor.is_nonpositive:
        return _flipped([[factor * e for e in row] for row in rows])
    raise NoClosedForm(f"{short(factor)} scales a maximum and may have either sign")


def _pairwise(args: list[sp.Expr], xs: frozenset[sp.Symbol], join: Callable[[sp.Expr, sp.Expr], sp.Expr]) -> Rows:
    found = branches(args[0], xs)
    for arg in args[1:]:
        found = _few([[join(a, b) for a in left for b in right] for left in found for right in branches(arg, xs)])
    return found


def _splits(expr: sp.Expr, xs: frozenset[sp.Symbol]) -> bool:
    return any(m.free_symbols & xs for m in expr.atoms(sp.Max, sp.Min))


def _flipped(rows: Rows) -> Rows:
    """A minimum of maxima (the rows, negated or inverted) as a maximum of minima."""
    return _few([list(choice) for choice in product(*rows)])


def _few(rows: Rows) -> Rows:
    if len(rows) > _MOST:
        raise NoClosedForm(f"its maxima make more than {_MOST} branches")
    return [list(dict.fromkeys(row)) for row in rows]
