"""The last stage of ``solve``: where a polynomial is positive, in the lines of the textbook.

A sign, one root, or the roots of a quadratic; higher degrees by how often their coefficients change sign (Descartes): no
change, no positive root; one change, one root; two changes, none or two. A polynomial ``f`` with two changes dips below zero
between its roots or not at all, and where it dips deepest is one root again: that of the derivative of ``f/y**j``, whose
coefficients change sign once if j is the highest of the lowest powers of one sign. A cubic with three changes has one root or
three, as its discriminant says.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product
from math import comb

import sympy as sp

from symroof.algebra.roots import PositiveRoot
from symroof.errors import NoClosedForm
from symroof.solver.pieces import ALWAYS, NEVER, Piece, Pieces, guarded, settled, strictly, union
from symroof.solver.polynomial import Polynomial, expand, front, sign_of_given, split, tidy
from symroof.solver.steps import Answer, Step, Why, answered


def collected(poly: Polynomial, why: str, kind: str = "exact") -> Step:
    """The polynomial with positive terms on either side; a linear one with the unknown alone on the left."""
    xs = [poly.x ** (poly.power * i) for i in range(poly.degree + 1)]
    if poly.degree == 1:
        c0, c1 = map(tidy, poly.coeffs)
        if sign_of_given(poly.coeffs[1]) == -1 or (sign_of_given(poly.coeffs[1]) is None and sign_of_given(poly.coeffs[0]) == 1):
            return Step(why, tidy(-c1) * xs[1], "<=", c0, poly.x, kind)
        return Step(why, c1 * xs[1], ">=", -c0, poly.x, kind)
    above, below = (sp.Add(*[split(c)[side] * y for c, y in zip(poly.coeffs, xs, strict=True)]) for side in (0, 1))
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
        return f"divide by {{}}, which is positive{' in the domain' if sign_of_given(lead) is None else sure}", by
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
    if sign_of_given(c0) is None and poly.power != 1:  # no root of a negative number
        rising = guarded(rising, -c0) + guarded(ALWAYS, c0)
    elif sign_of_given(c0) == 1:
        rising = ALWAYS
    falling = guarded((Piece(high=high),), c0)
    return by_sign(c1, rising, falling)


def _quadratic(poly: Polynomial) -> Pieces:
    c0, c1, c2 = poly.coeffs
    inside = front(tidy(c1**2 - 4 * c0 * c2))
    root = sp.sqrt(inside)
    larger = _ratio(-2 * c0, c1, root) if sign_of_given(c1) == 1 else _root(-c1, root, c2)  # whichever cancels nothing
    smaller = _ratio(2 * c0, -c1, root)
    upper: Pieces = (Piece(low=poly.unknown(larger)),)
    lower: Pieces = (Piece(high=poly.unknown(smaller)),)
    opening: Pieces
    if sign_of_given(c0) == -1:
        opening = upper
    elif sign_of_given(c1) in (0, 1):  # of two roots one is never positive
        opening = guarded(upper, -c0) + guarded(ALWAYS, c0)
    else:
        both = guarded(upper + lower, inside, c0, -c1)
        opening = guarded(upper, -c0) + both + guarded(ALWAYS, -inside) + guarded(ALWAYS, c0, c1)
    low_end = poly.unknown(_ratio(-2 * c0, c1, root))
    high_end = poly.unknown(_ratio(2 * c0, -c1, root) if sign_of_given(c1) == -1 else _root(c1, root, -c2))
    closing = guarded((Piece(high=high_end),), c0) + guarded((Piece(low_end, high_end, apart=True),), -c0, c1, inside)
    return by_sign(c2, opening, closing)


def _ratio(above: sp.Expr, below: sp.Expr, root: sp.Expr = 0) -> sp.Expr:
    return tidy(above) / front(tidy(below) + root)


def _root(first: sp.Expr, second: sp.Expr, leading: sp.Expr) -> sp.Expr:
    """``(first + second) / (2*leading)``, a common factor taken out."""
    return front(tidy(first) + second) / (2 * tidy(leading))


def by_sign(leading: sp.Expr, positive: Pieces, negative: Pieces) -> Pieces:
    """One or the other, as the leading coefficient is positive or negative."""
    known = sign_of_given(leading)
    if known is not None:
        return positive if known > 0 else negative
    return guarded(positive, leading) + guarded(negative, -leading)


Signs = tuple[int, ...]
Coeffs = list[sp.Expr]
_MOST_UNKNOWN = 3  # coefficients whose sign depends on the values
_MOST_TERMS = 60  # of a discriminant that is written out


def higher(poly: Polynomial) -> Pieces:
    """Where ``poly >= 0`` for positive x, case by case of the signs of its coefficients.

    Raises NoClosedForm if the signs leave three roots or more (of a cubic: four).
    """
    unknown = [i for i, s in enumerate(poly.signs) if s is None]
    if len(unknown) > _MOST_UNKNOWN:
        raise NoClosedForm(f"{len(unknown)} coefficients of a polynomial of degree {poly.degree} in {poly.x} may have either sign")
    cases = list(product((1, -1), repeat=len(unknown)))
    every = [tuple(dict(zip(unknown, case, strict=True)).get(i, s) or 0 for i, s in enumerate(poly.signs)) for case in cases]
    if all(changes(signs) == 1 for signs in every) and len({signs[-1] for signs in every}) == 1:
        return _one(poly, every[0][-1])
    found = []
    for case, signs in zip(cases, every, strict=True):
        pieces = settled(_known(poly, signs))
        found.append(guarded(pieces, *[poly.coeffs[i] * s for i, s in zip(unknown, case, strict=True)]))
    return union(found)


def changes(signs: Sequence[int | None]) -> int:
    """How often coefficients change sign."""
    return sum(a != b for a, b in pairwise(s for s in signs if s))


def _known(poly: Polynomial, signs: Signs) -> Pieces:
    flips = changes(signs)
    outward = [s for s in signs if s][-1]
    if flips == 0:
        return ALWAYS if outward > 0 else NEVER
    if flips == 1:
        return _one(poly, outward)
    coeffs = [outward * c for c in poly.coeffs]
    if flips == 2:
        return _two(poly, coeffs, tuple(outward * s for s in signs), outward)
    if flips == 3 and poly.degree == 3:
        return _three(poly, coeffs, outward)
    raise NoClosedForm(
        f"a polynomial of degree {poly.degree} in {poly.x} whose coefficients change sign {flips} times has no closed form here"
    )


def _one(poly: Polynomial, rising: int) -> Pieces:
    """One change of sign, one root."""
    c = [rising * c for c in poly.coeffs]
    root = _sinh_root(c) if poly.degree == 3 and c[2] == 0 and sign_of_given(c[1]) == 1 else PositiveRoot(*map(tidy, c[::-1]))
    return (Piece(low=poly.unknown(root)) if rising > 0 else Piece(high=poly.unknown(root)),)


def _sinh_root(coeffs: Coeffs) -> sp.Expr:
    """The positive root of ``a*y**3 + b*y - c``, a, b, c > 0: Cardano's, in the form that cancels nothing."""
    slope, target = tidy(coeffs[1]) / tidy(coeffs[3]), tidy(-coeffs[0]) / tidy(coeffs[3])
    return 2 * sp.sqrt(slope / 3) * sp.sinh(sp.asinh(3 * target / (2 * slope) * sp.sqrt(3 / slope)) / 3)


# -- two roots, or none
def _two(poly: Polynomial, c: Coeffs, signs: Signs, outward: int) -> Pieces:
    """Signs ``+ - +``: below zero between two roots, if anywhere."""
    n = poly.degree
    if n == 3:
        at: list[sp.Expr] = []
        above, below = _highest(c, signs[2]), 1 / _highest(c[::-1], signs[1])
    else:
        lowest = next(i for i, s in enumerate(signs) if s < 0)
        deepest = _deepest(c, max(i for i, s in enumerate(signs[:lowest]) if s > 0))
        at = [tidy(k) * deepest**i for i, k in enumerate(c)]
        above, below = deepest * (1 + _beyond(at)), deepest / (1 + _beyond(at[::-1]))
    dips, stays = _dips(c, at, signs, n)
    low, high = poly.unknown(below), poly.unknown(above)
    if outward > 0:
        return Piece(high=low, when=(dips,)), Piece(low=high, when=(dips,)), Piece(when=(stays,))
    return (Piece(low, high, (dips,), apart=True),)


def _deepest(c: Coeffs, block: int) -> sp.Expr:
    """Where ``f/y**block`` is smallest: the one root of its derivative, in radicals where two terms are left."""
    slopes = [(i - block) * k for i, k in enumerate(c)]
    left = [i for i, k in enumerate(slopes) if k != 0]
    if len(left) == 2:
        low, high = left
        return (tidy(-slopes[low]) / tidy(slopes[high])) ** sp.Rational(1, high - low)
    return PositiveRoot(*[tidy(k) for k in slopes[left[0] :][::-1]])


def _beyond(at: Sequence[sp.Expr]) -> sp.Expr:
    """How far beyond the deepest point (as a share of it) the next root lies, from the terms at that point."""
    n = len(at) - 1
    return PositiveRoot(*[sp.Add(*[comb(i, k) * a for i, a in enumerate(at) if a != 0 and i >= k]) for k in range(n, -1, -1)])


def _dips(c: Coeffs, at: Sequence[sp.Expr], signs: Signs, n: int) -> tuple[sp.Rel, sp.Rel]:
    """That ``f`` is negative where it is smallest, and that it is not; by the discriminant where that is short."""
    terms = [i for i, s in enumerate(signs) if s]
    if len(terms) == 3:
        low, k, high = terms
        n, k = high - low, k - low
        low_c, mid_c, high_c = c[low], -c[terms[1]], c[high]
        if all(len(sp.Add.make_args(expand(e))) <= 2 for e in (low_c, mid_c, high_c)) and n <= 6:
            more = expand((n - k) ** (n - k) * k**k * mid_c**n - n**n * high_c**k * low_c ** (n - k))
            return _told(more)
    if not at:
        return _told(_discriminant(c))
    plus = sp.Add(*[a for a, s in zip(at, signs, strict=True) if s > 0])
    minus = sp.Add(*[-a for a, s in zip(at, signs, strict=True) if s < 0])
    return sp.Gt(minus, plus, evaluate=False), sp.Ge(plus, minus, evaluate=False)


def _told(more: sp.Expr) -> tuple[sp.Rel, sp.Rel]:
    """``more > 0`` and ``more <= 0``, with positive terms on both sides."""
    plus, minus = split(front(more))
    return sp.Gt(plus, minus, evaluate=False), sp.Ge(minus, plus, evaluate=False)


def _discriminant(c: Sequence[sp.Expr]) -> sp.Expr:
    """Of a cubic, the lowest coefficient first: positive for three real roots, negative for one."""
    d, k, b, a = c
    found = expand(b**2 * k**2 - 4 * a * k**3 - 4 * b**3 * d + 18 * a * b * k * d - 27 * a**2 * d**2)
    if len(sp.Add.make_args(found)) > _MOST_TERMS:
        raise NoClosedForm(f"how many roots a cubic has takes a discriminant of more than {_MOST_TERMS} terms here")
    return found


# -- one root or three
def _three(poly: Polynomial, c: Coeffs, outward: int) -> Pieces:
    """A cubic with signs ``+ - + -``."""
    inside = _discriminant(c)
    highest = _highest(c, -1)
    lowest = 1 / _highest([-k for k in c[::-1]], -1)
    middle = tidy(-c[0]) / (tidy(c[3]) * highest * lowest)
    first, second, third = (poly.unknown(y) for y in (lowest, middle, highest))
    only = _one(poly, outward)
    if outward > 0:
        return guarded((Piece(first, second, apart=True), Piece(low=third)), inside) + guarded(only, -inside)
    return guarded((Piece(high=first), Piece(second, third, apart=True)), inside) + guarded(only, -inside)


def _highest(c: Sequence[sp.Expr], second: int) -> sp.Expr:
    """The highest of three roots, from the point where the cubic is deepest; ``second`` is the sign of its second coefficient."""
    d, k, b, a = c
    width = sp.sqrt(front(tidy(b**2 - 3 * a * k)))
    depth = tidy(2 * b**3 - 9 * a * b * k + 27 * a**2 * d) - 2 * width**3
    further = PositiveRoot(sp.Integer(1), 3 * width, sp.Integer(0), depth) / (3 * tidy(a))
    return further + (tidy(-k) / (tidy(b) + width) if second > 0 else (tidy(-b) + width) / (3 * tidy(a)))
