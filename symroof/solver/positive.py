"""Where a polynomial is positive: a sign, one root, or the roots of a quadratic; higher degrees by their changes of sign."""

from __future__ import annotations

import sympy as sp

from symroof.solver.higher import higher
from symroof.solver.pieces import ALWAYS, NEVER, Piece, Pieces, guarded
from symroof.solver.polynomial import Polynomial, front, sign, tidy


def where_positive(poly: Polynomial) -> Pieces:
    """Where ``poly >= 0`` for positive x: linear, monomial and quadratic in radicals, others by the roots that their signs leave.

    Raises NoClosedForm where the signs leave too many roots.
    """
    signs = [s for s in poly.signs if s != 0]
    if all(s == 1 for s in signs):
        return ALWAYS
    if all(s == -1 for s in signs):
        return NEVER
    if poly.degree == 0:
        return guarded(ALWAYS, poly.coeffs[0])
    if poly.degree == 1:
        return _linear(poly)
    if poly.degree == 2:
        return _quadratic(poly)
    return higher(poly)


def _linear(poly: Polynomial) -> Pieces:
    c0, c1 = poly.coeffs
    low = _back(poly, _ratio(-c0, c1))
    high = _back(poly, _ratio(c0, -c1))
    rising: Pieces = (Piece(low=low),)
    if sign(c0) is None and poly.power != 1:  # no root of a negative number
        rising = guarded(rising, -c0) + guarded(ALWAYS, c0)
    elif sign(c0) == 1:
        rising = ALWAYS
    falling = guarded((Piece(high=high),), c0)
    return by_sign(c1, rising, falling)


def _quadratic(poly: Polynomial) -> Pieces:
    c0, c1, c2 = poly.coeffs
    inside = front(tidy(c1**2 - 4 * c0 * c2))
    root = sp.sqrt(inside)
    larger = _ratio(-2 * c0, c1, root) if sign(c1) == 1 else _root(-c1, root, c2)  # whichever cancels nothing
    smaller = _ratio(2 * c0, -c1, root)
    upper: Pieces = (Piece(low=_back(poly, larger)),)
    lower: Pieces = (Piece(high=_back(poly, smaller)),)
    opening: Pieces
    if sign(c0) == -1:
        opening = upper
    elif sign(c1) in (0, 1):  # of two roots one is never positive
        opening = guarded(upper, -c0) + guarded(ALWAYS, c0)
    else:
        both = guarded(upper + lower, inside, c0, -c1)
        opening = guarded(upper, -c0) + both + guarded(ALWAYS, -inside) + guarded(ALWAYS, c0, c1)
    low_end = _back(poly, _ratio(-2 * c0, c1, root))
    high_end = _back(poly, _ratio(2 * c0, -c1, root) if sign(c1) == -1 else _root(c1, root, -c2))
    closing = guarded((Piece(high=high_end),), c0) + guarded((Piece(low_end, high_end),), -c0, c1, inside)
    return by_sign(c2, opening, closing)


def _ratio(above: sp.Expr, below: sp.Expr, root: sp.Expr = 0) -> sp.Expr:
    return tidy(above) / front(tidy(below) + root)


def _root(first: sp.Expr, second: sp.Expr, leading: sp.Expr) -> sp.Expr:
    """``(first + second) / (2*leading)``, a common factor taken out."""
    return front(tidy(first) + second) / (2 * tidy(leading))


def _back(poly: Polynomial, y: sp.Expr) -> sp.Expr:
    return y ** (1 / poly.power)


def by_sign(leading: sp.Expr, positive: Pieces, negative: Pieces) -> Pieces:
    """One or the other, as the leading coefficient is positive or negative."""
    known = sign(leading)
    if known is not None:
        return positive if known > 0 else negative
    return guarded(positive, leading) + guarded(negative, -leading)
