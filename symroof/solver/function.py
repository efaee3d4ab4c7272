"""The third stage of ``solve``: a claim without maxima, cleared of denominators and factored, as one polynomial or one function.

A product is positive where an even number of its factors is negative, so its factors are parts of it.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product

import sympy as sp

from symroof.errors import NoClosedForm
from symroof.solver.growth import grown, leading
from symroof.solver.inverse import inverted
from symroof.solver.parts import Answer, Claim, together
from symroof.solver.pieces import ALWAYS, NEVER, intersection, union
from symroof.solver.polynomial import expand, front, over, polynomial, sides, sign, split, tidy
from symroof.solver.positive import collected, rooted
from symroof.solver.steps import Step, answered

_PRIMES = tuple(map(sp.Integer, (10007, 20011, 30011, 40009, 50021, 60013, 70001, 80021, 90001)))


@lru_cache(maxsize=2048)
def smooth(claim: Claim) -> Answer:
    """Where a claim without maxima holds: a sign, or one polynomial, or a product whose factors must agree."""
    x, strict = claim.x, claim.strict
    overall, bases, positive = factors(claim.greater - claim.lesser, x)
    odd = [base for base, power in bases if power % 2]
    even = [base for base, power in bases if power % 2 == 0 and x in base.free_symbols]
    if even and not odd and (overall > 0) == strict:  # a square, which is 0 at its roots and nowhere else
        roots = [[_alone(expand(s * base), claim)[0] for s in (1, -1)] for base in even]
        pieces = intersection(map(union, roots)) if strict else union(map(intersection, roots))
        return pieces, answered(x, pieces, "a square is 0 at its root, and positive elsewhere")
    if not odd:
        holds = overall > 0 or (overall == 0 and not strict)
        return ALWAYS if holds else NEVER, (_settled(claim),)
    lines = _cleared(claim, positive)
    if len(bases) > 1 or bases[0][1] != 1:
        shown = overall * sp.Mul(*[tidy(base) ** power for base, power in bases], evaluate=False)
        lines = (*lines, Step("bring all terms to one side and factor", shown, ">=", sp.Integer(0)))
    if len(odd) == 1:
        pieces, inner = _alone(expand(overall * odd[0]), claim)
        return pieces, (*lines, *inner)
    rows = [
        [[claim.between(*split(s * base))] for base, s in zip(odd, signs, strict=True)]
        for signs in product((1, -1), repeat=len(odd))
        if overall * sp.prod(signs) > 0
    ]
    whole = claim.between(lines[-1].left, lines[-1].right)
    why = "take the product apart: an even number of its factors may be negative"
    pieces, inner = together(whole, rows, why, lambda part: _alone(part.greater - part.lesser, part))
    return pieces, (*lines, *inner)


def _alone(expr: sp.Expr, claim: Claim) -> Answer:
    """Where ``expr >= 0``, as a polynomial in the unknown or through the one function that it stands in."""
    x = claim.x
    try:
        poly = polynomial(expr, x)
    except NoClosedForm:
        if claim.weights:
            raise
        pieces = inverted(expr, x, lambda inner: smooth(Claim(inner, sp.Integer(0), x))[0])
        return pieces, answered(x, pieces, f"undo, from the outside in, what {x} stands in; every function is monotonic")
    lines = [collected(poly, "collect {}" if poly.degree else "leave out what is positive")]
    limit = leading(poly, dict(claim.weights)) if claim.weights else poly
    if limit.coeffs != poly.coeffs:
        words = " and ".join(grown(claim.weights))
        terms, kept = ({*sp.Add.make_args(expand(p.expr))} for p in (poly, limit))
        shared = "" if kept <= terms else "; cancel what they share"
        lines.append(collected(limit, f"keep the terms that matter for {words}{shared}", "limit"))
    pieces, inner = rooted(limit, claim.strict)
    return pieces, (*lines, *inner)


# -- without denominators, as factors
def factors(f: sp.Expr, x: sp.Symbol) -> tuple[int, list[tuple[sp.Expr, int]], sp.Expr]:
    """f as a sign times factors that may have either sign, each with its power, and the positive rest.

    The condition f >= 0 is then one about the signs of the factors.
    """
    top, bottom = over(f)
    overall, found, positive = 1, [], sp.Integer(1)
    for side, direction in ((top, 1), (bottom, -1)):
        for base, power in _factored(expand(side), x):
            known = sign(base)
            if known == 0:
                return 0, [], sp.Integer(1)
            if known is None:
                found.append((base, power * direction))
            else:
                positive *= (known * base) ** (power * direction)
                overall *= known if power % 2 else 1
    return overall, found, positive


def _factored(expr: sp.Expr, x: sp.Symbol) -> list[tuple[sp.Expr, int]]:
    """The factors of a sum of monomials: its common monomial and, from the second degree in x on, its polynomial factors."""
    common = front(expr)
    pieces: list[tuple[sp.Expr, int]] = []
    for factor in sp.Mul.make_args(common):
        base, power = factor.as_base_exp()
        if not (power.is_Integer and power > 0):
            base, power = factor, sp.Integer(1)
        degree = sp.degree(base, x) if base.is_polynomial(x) and base.has(x) else 0
        if degree >= 2 and base.is_polynomial(*base.free_symbols) and not _prime(base, x):
            constant, listed = sp.factor_list(base)
            pieces += [(constant, 1)] * (constant != 1)
            pieces += [(b, int(n) * int(power)) for b, n in listed]
        else:
            pieces.append((base, int(power)))
    return pieces


def _prime(base: sp.Expr, x: sp.Symbol) -> bool:
    """Whether it has no factors even with numbers for all other symbols; False if that is not known."""
    others = sorted(base.free_symbols - {x}, key=str)
    if len(others) > len(_PRIMES):
        return False
    content, listed = sp.Poly(base.xreplace(dict(zip(others, _PRIMES, strict=False))), x).factor_list()
    return abs(content) == 1 and len(listed) == 1 and listed[0][1] == 1


def _cleared(claim: Claim, positive: sp.Expr) -> tuple[Step, ...]:
    """Both sides without denominators and without what they share; ``positive`` is the positive factor of their difference."""
    greater, lesser = claim.greater, claim.lesser
    content, multiplier = sp.fraction(positive)
    shared = sp.Mul(*[f for f in sp.Mul.make_args(content) if not f.has(sp.Add)])
    lines = []
    if multiplier != 1:
        greater, lesser = _scaled(greater, multiplier), _scaled(lesser, multiplier)
        lines.append(Step("multiply both sides by {}, which is positive", greater, ">=", lesser, multiplier, "clear"))
    if shared != 1:
        greater, lesser = _scaled(greater, 1 / shared), _scaled(lesser, 1 / shared)
        lines.append(Step("cancel the common factor {}", greater, ">=", lesser, shared, "clear"))
    return tuple(lines)


def _scaled(side: sp.Expr, by: sp.Expr) -> sp.Expr:
    made = expand(side * by)
    if sp.fraction(made)[1].has(sp.Add):
        made = sp.cancel(sp.together(side * by))
    if sp.fraction(sp.together(made))[1] != 1:
        return sp.factor_terms(made)
    return tidy(made)


def _settled(claim: Claim) -> Step:
    """A difference that has the same sign everywhere: always, or never."""
    zero = sp.Integer(0)
    above, below = sides(claim.greater, claim.lesser) or split(over(claim.greater - claim.lesser)[0])
    if above == below == 0:
        return Step("both sides are the same" + (", so none is larger" if claim.strict else ""), zero, ">=", zero)
    if below == 0:
        return Step("subtract the smaller side; only positive terms are left, so it always holds", above, ">=", zero)
    if above == 0:
        return Step("subtract the larger side; only positive terms are left, so it never holds", zero, ">=", below)
    return Step("a square is never negative", sp.factor(above - below), ">=", zero)
