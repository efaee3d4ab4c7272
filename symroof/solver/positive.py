"""The last stage of ``solve``: where a polynomial is positive, in the lines of the textbook.

A sign, one root, or the roots of a quadratic; higher degrees by their changes of sign.
"""

from __future__ import annotations

import sympy as sp

from symroof.solver.higher import changes, higher
from symroof.solver.parts import Answer
from symroof.solver.pieces import ALWAYS, NEVER, Piece, Pieces, guarded, strictly
from symroof.solver.polynomial import Polynomial, front, sign, split, tidy
from symroof.solver.steps import Step, Why, answered


def collected(poly: Polynomial, why: str, kind: str = "exact") -> Step:
    """The polynomial with positive terms on either side; a linear one with the unknown alone on the left."""
    xs = [poly.x ** (poly.power * i) for i in range(poly.degree + 1)]
    if poly.degree == 1:
        c0, c1 = map(tidy, poly.coeffs)
        if sign(poly.coeffs[1]) == -1 or (sign(poly.coeffs[1]) is None and sign(poly.coeffs[0]) == 1):
            return Step(why, tidy(-c1) * xs[1], "<=", c0, poly.x, kind)
        return Step(why, c1 * xs[1], ">=", -c0, poly.x, kind)
    above = sp.Add(*[split(c)[0] * y for c, y in zip(poly.coeffs, xs, strict=True)])
    below = sp.Add(*[split(c)[1] * y for c, y in zip(poly.coeffs, xs, strict=True)])
    return Step(why, above, ">=", below, poly.x, kind)


def rooted(poly: Polynomial, strict: bool) -> Answer:
    """Where ``poly >= 0`` (``> 0`` if strict), and the last lines: divide, take the root, and name the domain."""
    pieces = where_positive(poly)
    pieces = strictly(pieces) if strict and not poly.degree else pieces
    words = {1: "", 2: "take the square root", 3: "take the cube root"}
    root = words.get(poly.power, f"take the power {1 / poly.power}") + " (both sides are positive)" * (poly.power != 1)
    if poly.degree == 1 and root and len(pieces) == 1 and (pieces[0].low is not None or pieces[0].high is not None):
        (piece,) = pieces
        why, by = _found(poly, piece)
        relation, end = ("<=", piece.high) if piece.low is None else (">=", piece.low)
        first = Step(why, poly.x**poly.power, relation, end**poly.power, by, inside=piece.when)
        return pieces, (*(first,) * (by != 1), *answered(poly.x, pieces, root))

    def why_so(piece: Piece) -> Why:
        why, about = _found(poly, piece)
        return f"{why}, and {root}" if root else why, about

    return pieces, answered(poly.x, pieces, why_so)


def _found(poly: Polynomial, piece: Piece) -> Why:
    """Why an end of a piece is one, in the power of the unknown."""
    if poly.degree == 1:
        lead = poly.coeffs[1]
        by = tidy(lead if piece.low is not None else -lead)
        sure = ": all its terms are" if lead.is_Add else ""
        return f"divide by {{}}, which is positive{' in the domain' if sign(lead) is None else sure}", by
    signs = poly.signs
    if poly.degree == 2:
        one = {signs[0], signs[2]} == {1, -1}
        which = "one root of the quadratic is positive (Descartes)" if one else "the roots of the quadratic"
        return f"{which}, with the discriminant {{}}", sp.factor_terms(tidy(poly.coeffs[1] ** 2 - 4 * poly.coeffs[0] * poly.coeffs[2]))
    if None in signs or changes(signs) > 1:
        return "the signs of the coefficients tell how many roots are positive (Descartes)", None
    return "the signs of the coefficients change once, so one root is positive (Descartes)", None


# -- the pieces
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
    low = poly.unknown(_ratio(-c0, c1))
    high = poly.unknown(_ratio(c0, -c1))
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
    upper: Pieces = (Piece(low=poly.unknown(larger)),)
    lower: Pieces = (Piece(high=poly.unknown(smaller)),)
    opening: Pieces
    if sign(c0) == -1:
        opening = upper
    elif sign(c1) in (0, 1):  # of two roots one is never positive
        opening = guarded(upper, -c0) + guarded(ALWAYS, c0)
    else:
        both = guarded(upper + lower, inside, c0, -c1)
        opening = guarded(upper, -c0) + both + guarded(ALWAYS, -inside) + guarded(ALWAYS, c0, c1)
    low_end = poly.unknown(_ratio(-2 * c0, c1, root))
    high_end = poly.unknown(_ratio(2 * c0, -c1, root) if sign(c1) == -1 else _root(c1, root, -c2))
    closing = guarded((Piece(high=high_end),), c0) + guarded((Piece(low_end, high_end),), -c0, c1, inside)
    return by_sign(c2, opening, closing)


def _ratio(above: sp.Expr, below: sp.Expr, root: sp.Expr = 0) -> sp.Expr:
    return tidy(above) / front(tidy(below) + root)


def _root(first: sp.Expr, second: sp.Expr, leading: sp.Expr) -> sp.Expr:
    """``(first + second) / (2*leading)``, a common factor taken out."""
    return front(tidy(first) + second) / (2 * tidy(leading))


def by_sign(leading: sp.Expr, positive: Pieces, negative: Pieces) -> Pieces:
    """One or the other, as the leading coefficient is positive or negative."""
    known = sign(leading)
    if known is not None:
        return positive if known > 0 else negative
    return guarded(positive, leading) + guarded(negative, -leading)
