"""Where a condition holds: a union of intervals of the unknown, each with the condition under which it counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise, product

import sympy as sp

from symroof.algebra.branches import NoClosedForm
from symroof.algebra.facts import NOTHING
from symroof.algebra.polynomial import Polynomial, sign, split, tidy
from symroof.algebra.roots import PositiveRoot

_MOST = 256


@dataclass(frozen=True)
class Piece:
    """``low <= x <= high`` (None for no bound) as long as every relation in ``when`` holds.

    ``strict`` says which of the ends are left out where rounding decides that; None: as the condition does.
    """

    low: sp.Expr | None = None
    high: sp.Expr | None = None
    when: tuple[sp.Rel, ...] = ()
    strict: tuple[bool, bool] | None = None

    @property
    def everything(self) -> bool:
        """Whether no bound and no condition is left."""
        return self.low is None and self.high is None and not self.when


Pieces = tuple[Piece, ...]
ALWAYS: Pieces = (Piece(),)
NEVER: Pieces = ()


def where_positive(poly: Polynomial) -> Pieces:
    """Where ``poly >= 0`` for positive x: linear, monomial and quadratic in closed form, others by their one root.

    Raises NoClosedForm for a higher degree with more than one change of sign.
    """
    signs = [s for s in poly.signs if s != 0]
    if all(s == 1 for s in signs):
        return ALWAYS
    if all(s == -1 for s in signs):
        return NEVER
    if poly.degree == 0:
        return _guarded(ALWAYS, poly.coeffs[0])
    if poly.degree == 1:
        return _linear(poly)
    if poly.degree == 2:
        return _quadratic(poly)
    return _higher(poly, signs)


def _linear(poly: Polynomial) -> Pieces:
    c0, c1 = poly.coeffs
    low = _back(poly, _ratio(-c0, c1))
    high = _back(poly, _ratio(c0, -c1))
    rising: Pieces = (Piece(low=low),)
    if sign(c0) is None and poly.power != 1:  # no root of a negative number
        rising = _guarded(rising, -c0) + _guarded(ALWAYS, c0)
    elif sign(c0) == 1:
        rising = ALWAYS
    falling = _guarded((Piece(high=high),), c0)
    return _by_sign(c1, rising, falling)


def _quadratic(poly: Polynomial) -> Pieces:
    c0, c1, c2 = poly.coeffs
    inside = sp.factor_terms(tidy(c1**2 - 4 * c0 * c2))
    root = sp.sqrt(inside)
    larger = _ratio(-2 * c0, c1, root) if sign(c1) == 1 else _root(-c1, root, c2)  # whichever cancels nothing
    smaller = _ratio(2 * c0, -c1, root)
    upper: Pieces = (Piece(low=_back(poly, larger)),)
    lower: Pieces = (Piece(high=_back(poly, smaller)),)
    opening: Pieces
    if sign(c0) == -1:
        opening = upper
    elif sign(c1) in (0, 1):  # of two roots one is never positive
        opening = _guarded(upper, -c0) + _guarded(ALWAYS, c0)
    else:
        both = _guarded(upper + lower, inside, c0, -c1)
        opening = _guarded(upper, -c0) + both + _guarded(ALWAYS, -inside) + _guarded(ALWAYS, c0, c1)
    low_end = _back(poly, _ratio(-2 * c0, c1, root))
    high_end = _back(poly, _ratio(2 * c0, -c1, root) if sign(c1) == -1 else _root(c1, root, -c2))
    closing = _guarded((Piece(high=high_end),), c0) + _guarded((Piece(low_end, high_end),), -c0, c1, inside)
    return _by_sign(c2, opening, closing)


def _higher(poly: Polynomial, signs: list[int | None]) -> Pieces:
    changes = sum(a != b for a, b in pairwise(signs))
    if None in signs or changes != 1:
        raise NoClosedForm(
            f"a polynomial of degree {poly.degree} in {poly.x} whose coefficients change sign"
            f" {'an unknown number of' if None in signs else changes} times has no closed form here"
        )
    rising = signs[-1] == 1
    coeffs = [c if rising else -c for c in poly.coeffs]
    root = _sinh_root(coeffs) if poly.degree == 3 and coeffs[2] == 0 and sign(coeffs[1]) == 1 else PositiveRoot(*map(tidy, coeffs[::-1]))
    return (Piece(low=_back(poly, root)) if rising else Piece(high=_back(poly, root)),)


def _sinh_root(coeffs: list[sp.Expr]) -> sp.Expr:
    """The positive root of ``a*y**3 + b*y - c``, a, b, c > 0: Cardano's, in the form that cancels nothing."""
    slope, target = _ratio(coeffs[1], coeffs[3]), _ratio(-coeffs[0], coeffs[3])
    return 2 * sp.sqrt(slope / 3) * sp.sinh(sp.asinh(3 * target / (2 * slope) * sp.sqrt(3 / slope)) / 3)


def _ratio(above: sp.Expr, below: sp.Expr, root: sp.Expr = 0) -> sp.Expr:
    return tidy(above) / sp.factor_terms(tidy(below) + root)


def _root(first: sp.Expr, second: sp.Expr, leading: sp.Expr) -> sp.Expr:
    """``(first + second) / (2*leading)``, a common factor taken out."""
    return sp.factor_terms(tidy(first) + second) / (2 * tidy(leading))


def _back(poly: Polynomial, y: sp.Expr) -> sp.Expr:
    return y ** (1 / poly.power)


def _by_sign(leading: sp.Expr, positive: Pieces, negative: Pieces) -> Pieces:
    known = sign(leading)
    if known is not None:
        return positive if known > 0 else negative
    return _guarded(positive, leading) + _guarded(negative, -leading)


def _guarded(pieces: Pieces, *positive: sp.Expr) -> Pieces:
    """The pieces where all these expressions are positive."""
    for expr in positive:
        known = sign(expr)
        if known is not None:
            pieces = pieces if known > 0 else NEVER
            continue
        above, below = split(sp.factor_terms(expr))
        common = _common(above, below)
        kind = sp.Ge if all(p.low is None and p.high is None for p in pieces) else sp.Gt
        rel = kind(above / common, below / common, evaluate=False)
        pieces = tuple(Piece(p.low, p.high, (*p.when, rel)) for p in pieces if not _denied(rel, p.when))
    return pieces


def _common(above: sp.Expr, below: sp.Expr) -> sp.Expr:
    """The monomial that both sides share; an expression that only has positive factors."""
    mine = {b: e for b, e in above.as_powers_dict().items() if b.is_positive}
    other = below.as_powers_dict()
    return sp.Mul(
        *[b ** min(e, other[b]) for b, e in mine.items() if b in other and e.is_Rational and other[b].is_Rational and min(e, other[b]) > 0]
    )


def _denied(rel: sp.Rel, when: tuple[sp.Rel, ...]) -> bool:
    return any(rel.lhs == w.rhs and rel.rhs == w.lhs for w in when)


def union(parts: Iterable[Pieces]) -> Pieces:
    """Where at least one holds; pieces of the same kind with the same condition are merged."""
    pieces = list(dict.fromkeys(p for part in parts for p in part))
    if any(p.everything for p in pieces):
        return ALWAYS
    merged: list[Piece] = []
    for when in dict.fromkeys(p.when for p in pieces):
        same = [p for p in pieces if p.when == when]
        lows = [p.low for p in same if p.high is None and p.low is not None]
        highs = [p.high for p in same if p.low is None and p.high is not None]
        whole = [p for p in same if p.low is None and p.high is None]
        if whole:
            merged += whole
            continue
        merged += [Piece(low=_extreme(lows, sp.Min), when=when)] if lows else []
        merged += [Piece(high=_extreme(highs, sp.Max), when=when)] if highs else []
        merged += [p for p in same if p.low is not None and p.high is not None]
    return tuple(merged)


def intersection(parts: Iterable[Pieces]) -> Pieces:
    """Where all hold.

    A piece with two ends says when the lower one is the lower. Raises NoClosedForm if that makes too many pieces.
    """
    found: list[Piece] = []
    for choice in product(*parts):
        if len(found) > _MOST:
            raise NoClosedForm(f"the condition falls into more than {_MOST} pieces")
        when = tuple(dict.fromkeys(w for p in choice for w in p.when))
        if any(_denied(w, when) for w in when):
            continue
        lows = [p.low for p in choice if p.low is not None]
        highs = [p.high for p in choice if p.high is not None]
        low = _extreme(lows, sp.Max) if lows else None
        high = _extreme(highs, sp.Min) if highs else None
        if low is not None and high is not None:
            if any(_order(a, b) == 1 for a in lows for b in highs):
                continue
            when = (*when, *(rel for a in lows for b in highs for rel in _in_order(a, b)))
        found.append(Piece(low, high, NOTHING.without_implied(when) if len(when) > 1 else when))
    return union([tuple(found)])


def _in_order(low: sp.Expr, high: sp.Expr) -> tuple[sp.Rel, ...]:
    """The condition under which two ends leave something between them; none if they always do, or where roots hide it."""
    if _rooted(low) or _rooted(high) or NOTHING.order(high, low) in (0, 1):
        return ()
    return (relation(high, low),)


def relation(above: sp.Expr, below: sp.Expr) -> sp.Rel:
    """``above >= below`` for two positive quantities, cleared of denominators and common factors where they have no roots."""
    if _rooted(above) or _rooted(below):
        return sp.Ge(above, below, evaluate=False)
    plus, minus = split(sp.factor_terms(sp.fraction(sp.together(above - below))[0]))
    common = _common(plus, minus)
    return sp.Ge(plus / common, minus / common, evaluate=False)


def _rooted(expr: sp.Expr) -> bool:
    """Whether roots of sums, functions or maxima stand in an expression."""
    return any(
        not (a.is_Pow and (a.exp.is_Integer or a.base.is_Symbol or a.base.is_number))
        for a in expr.atoms(sp.Pow, sp.Function, sp.Max, sp.Min)
    )


def _extreme(exprs: list[sp.Expr], kind: type) -> sp.Expr:
    """The maximum (or minimum), left out what is never it."""
    wanted = 1 if kind is sp.Max else -1
    kept: list[sp.Expr] = []
    for e in dict.fromkeys(exprs):
        if any(_order(k, e) in (wanted, 0) for k in kept):
            continue
        kept = [k for k in kept if _order(e, k) != wanted] + [e]
    return kept[0] if len(kept) == 1 else kind(*kept, evaluate=False)


def _order(a: sp.Expr, b: sp.Expr) -> int | None:
    """The sign of a - b if it is the same for all values."""
    if a == b:
        return 0
    if a.has(sp.Max, sp.Min, sp.Function) or b.has(sp.Max, sp.Min, sp.Function):
        return None
    top, bottom = sp.fraction(sp.together(a - b))
    above, below = sign(top), sign(bottom)
    return None if above is None or not below else above * below
