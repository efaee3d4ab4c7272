"""The third stage of ``solve``: an inequality without maxima, cleared of denominators and factored, as one polynomial or one function.

A product is positive where an even number of its factors is negative, so its factors are parts of it. An unknown that stands
once inside an exponential, a logarithm or a power is solved for from the outside in: ``a*exp(b*x) + c >= d`` is linear in
``k = exp(b*x)``; each end of k is an end of what stands inside, for the function is monotonic, and that is a condition of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from math import lcm

import sympy as sp

from symroof.errors import NoClosedForm, short
from symroof.solver.limits import grown, leading
from symroof.solver.pieces import ALWAYS, NEVER, Piece, Pieces, guarded, intersection, union
from symroof.solver.polynomial import expand, front, linear, over, polynomial, sides, sign, split, tidy
from symroof.solver.positive import by_sign, collected, rooted
from symroof.solver.steps import Answer, Inequality, Step, answered, together

When = tuple[sp.Rel, ...]
Where = Callable[[sp.Expr], Pieces]  # where an expression in the unknown is positive


@dataclass(frozen=True)
class _Function:
    """A monotonic function of ``inside``: ``base`` to that power, that to a ``power``, or with neither its logarithm."""

    whole: sp.Expr
    inside: sp.Expr
    base: sp.Expr | None = None
    power: sp.Expr | None = None


def inverted(expr: sp.Expr, asked: Inequality) -> Pieces:
    """Where ``expr >= 0`` (``> 0`` if that is asked) if x stands in it through one function only.

    Raises NoClosedForm if it does not, or where the function is not known to be monotonic.
    """
    x, k = asked.x, sp.Dummy("k", positive=True)

    def where(inner: sp.Expr) -> Pieces:
        return smooth(Inequality(inner, sp.Integer(0), x, strict=asked.strict))[0]

    terms = sp.Add.make_args(expand(expr))
    factors = list(dict.fromkeys(f for t in terms for f in sp.Mul.make_args(t) if f.has(x)))
    inside = [f for f in factors if not (f.as_base_exp()[0] == x and f.as_base_exp()[1].is_Rational)]
    if len(inside) < len(factors):
        raise NoClosedForm(f"{x} stands inside {short(inside[0])} and outside of it")
    taken = {f: _taken(f, x) for f in inside}
    found = {function.whole: function for function, _ in taken.values()}
    if len(found) != 1:
        raise NoClosedForm(f"{x} stands inside {' and '.join(short(f) for f in found)}")
    (function,) = found.values()
    powers = [sp.Mul(*[k ** taken[f][1] if f in taken else f for f in sp.Mul.make_args(t)]) for t in terms]
    whole = sp.Add(*powers)
    if function.base is None and function.power is None:  # it may be negative, and stands in no power of its own
        slope = whole.coeff(k, 1)
        end = tidy(-whole.coeff(k, 0)) / tidy(slope)
        return union([_undone(piece, function, where) for piece in by_sign(slope, (Piece(low=end),), (Piece(high=end),))])
    inner = smooth(Inequality(whole, sp.Integer(0), k, strict=asked.strict))[0]
    return union([_undone(piece, function, where) for piece in inner])


def _taken(factor: sp.Expr, x: sp.Symbol) -> tuple[_Function, sp.Expr]:
    """A factor as a rational power of a function."""
    if isinstance(factor, sp.exp):
        times, inside = factor.args[0].as_coeff_Mul()
        return _Function(sp.exp(inside), inside, base=sp.E), times
    base, exponent = factor.as_base_exp()
    if isinstance(base, sp.log) and exponent == 1:
        return _positive(_Function(base, base.args[0]), x), exponent
    if exponent.has(x) and not base.has(x) and base.is_positive:
        times, inside = exponent.as_coeff_Mul()
        return _Function(base**inside, inside, base=base), times
    if base.has(x) and not exponent.has(x) and exponent != 1 and not isinstance(base, sp.log):
        times, power = exponent.as_coeff_Mul()
        return _positive(_Function(base**power, base, power=power), x), times
    raise NoClosedForm(f"{x} stands inside {short(factor)}")


def _positive(function: _Function, x: sp.Symbol) -> _Function:
    if sign(function.inside) != 1:
        raise NoClosedForm(f"{x} stands inside {short(function.whole)}, which is not defined everywhere")
    return function


def _undone(piece: Piece, function: _Function, where: Where) -> Pieces:
    """Where the function lies in a piece."""
    sides = [(end, up) for end, up in ((piece.low, True), (piece.high, False)) if end is not None]
    parts = [_side(function, end, up, where, piece.when) for end, up in sides]
    guard = (Piece(when=piece.when),)
    return tuple(Piece(p.low, p.high, tuple(dict.fromkeys((*piece.when, *p.when)))) for p in (intersection(parts) if parts else guard))


def _side(function: _Function, end: sp.Expr, up: bool, where: Where, when: When) -> Pieces:
    """``function >= end`` (or ``<=``), whatever the sign of the end."""
    inside, one = function.inside, sp.Integer(1)
    if function.base is not None:
        above, target = _like(end - 1, when), sp.log(end) / sp.log(function.base)
        rising, falling = (_reaches(inside, target, s * above, up == (s > 0), where) for s in (1, -1))
        found = by_sign(function.base - 1, rising, falling)
    elif function.power is not None:
        rising, falling = (_reaches(inside, end ** (1 / function.power), one, way, where) for way in (up, not up))
        found = by_sign(function.power, rising, falling)
    else:
        return _reaches(inside, sp.exp(end), one, up, where)
    positive = _like(end, when)
    return union([guarded(found, positive), guarded(ALWAYS, -positive) if up else NEVER])


def _like(expr: sp.Expr, when: When) -> sp.Expr:
    """An expression of the same sign, without what is positive under the conditions of a piece."""
    left = sp.Integer(1)
    for side in over(expr):
        for factor in sp.Mul.make_args(front(side)):
            base, power = factor.as_base_exp()
            known = _known(base, when)
            if known is None:
                left *= base if power.is_odd else factor
            elif known < 0 and not power.is_even:
                left = -left
    return left


def _known(base: sp.Expr, when: When) -> int | None:
    """The sign of a factor, from its terms or from a condition that says it; a root is not negative where it is defined."""
    terms = sp.Add.make_args(base)
    roots = [t for t in terms if any(f.is_Pow and f.exp.is_Rational and not f.exp.is_Integer for f in sp.Mul.make_args(t))]
    plain = sp.Add(*[t for t in terms if t not in roots])
    found = sign(base) if base.is_number else sign(plain)
    if roots and found == 1 and not any(t.could_extract_minus_sign() for t in roots):
        return 1
    if found is not None and (base.is_number or not roots):
        return found
    said = guarded((Piece(low=sp.Integer(1)),), base)
    mine = said[0].when[0]
    if mine in when:
        return 1
    return -1 if any((w.lhs, w.rhs) == (mine.rhs, mine.lhs) for w in when) else None


def _reaches(inside: sp.Expr, target: sp.Expr, positive: sp.Expr, up: bool, where: Where) -> Pieces:
    """``inside >= target`` (or ``<=``) where the target is positive if ``positive`` is."""
    if target.is_zero:
        return where(inside if up else -inside)
    d = sp.Dummy("d", positive=True)
    found = where(inside - d if up else d - inside)
    put = tuple(_put(p, d, target) for p in found)
    if sign(positive) == 1:
        return put
    if sign(inside) == 1:
        straight = up and all(p.high is None and not p.when and p.low is not None and linear(p.low, d) for p in found)  # no end, no x
        return put if straight else guarded(put, positive) + (guarded(ALWAYS, -positive) if up else NEVER)
    below = where(inside + d if up else -d - inside)
    mirrored = tuple(_put(p, d, -target) for p in below)
    return guarded(put, positive) + guarded(mirrored, -positive)


def _put(piece: Piece, d: sp.Symbol, target: sp.Expr) -> Piece:
    """The piece with the target in place of the number that stood for it."""
    put = piece.put(d, target)
    return replace(put, when=tuple(w for w in map(_logarithmic, put.when) if w is not None))


def _logarithmic(rel: sp.Rel) -> sp.Rel | None:
    """``exp(e) > 1`` as ``e > 0``; None if that is always so."""
    e = rel.lhs.args[0] if isinstance(rel.lhs, sp.exp) and rel.rhs == 1 else None
    if e is None:
        return rel
    (piece,) = guarded((Piece(low=sp.Integer(1)),), e) or (None,)
    return rel if piece is None else piece.when[0] if piece.when else None


_PRIMES = tuple(map(sp.Integer, (10007, 20011, 30011, 40009, 50021, 60013, 70001, 80021, 90001)))


@lru_cache(maxsize=2048)
def smooth(asked: Inequality) -> Answer:
    """Where an inequality without maxima holds: a sign, or one polynomial, or a product whose factors must agree."""
    x, strict = asked.x, asked.strict
    overall, bases, positive = factors(asked.greater - asked.lesser, x)
    odd = [base for base, power in bases if power % 2]
    even = [(base, power) for base, power in bases if power % 2 == 0]
    apart = [base for base, power in even if power < 0 or strict or x not in base.free_symbols]  # what must not vanish
    touch = [base for base, power in even if power > 0 and not strict and x in base.free_symbols]  # what makes it hold where it does
    signs = [s for s in product((1, -1), repeat=len(odd)) if overall * sp.prod(s) > 0]
    if not (apart and signs) and not odd and (signs or not touch):
        return ALWAYS if signs or (overall == 0 and not strict) else NEVER, (_settled(asked),)
    lines = _cleared(asked, positive)
    if len(bases) > 1 or bases[0][1] != 1:
        shown = overall * sp.Mul(*[tidy(base) ** power for base, power in bases], evaluate=False)
        lines = (*lines, Step("bring all terms to one side and factor", shown, ">=", sp.Integer(0)))
    if len(odd) == 1 and not (apart or touch):
        pieces, inner = _alone(expand(overall * odd[0]), asked)
        return pieces, (*lines, *inner)

    def part(expr: sp.Expr) -> Inequality:
        return asked.between(*split(expr))

    rows = [[*([part(s * base)] for base, s in zip(odd, of, strict=True)), *([part(b), part(-b)] for b in apart)] for of in signs]
    rows += [[[part(base)], [part(-base)]] for base in touch]
    whole = asked.between(lines[-1].left, lines[-1].right)
    why = (
        "take the product apart: an even number of its factors may be negative"
        if odd
        else "a square is 0 at its root, and positive elsewhere"
    )
    pieces, inner = together(whole, rows, why, lambda part: _alone(part.greater - part.lesser, part))
    return pieces, (*lines, *inner)


def _alone(expr: sp.Expr, asked: Inequality) -> Answer:
    """Where ``expr >= 0``, as a polynomial in the unknown or through the one function that it stands in."""
    x = asked.x
    try:
        poly = polynomial(expr, x)
    except NoClosedForm:
        if asked.weights:
            raise
        pieces = inverted(expr, asked)
        return pieces, answered(x, pieces, f"undo, from the outside in, what {x} stands in; every function is monotonic")
    lines = [collected(poly, "collect {}" if poly.degree else "leave out what is positive")]
    limit = leading(poly, dict(asked.weights)) if asked.weights else poly
    if limit.coeffs != poly.coeffs:
        words = " and ".join(grown(asked.weights))
        terms, kept = ({*sp.Add.make_args(expand(p.expr))} for p in (poly, limit))
        shared = "" if kept <= terms else "; cancel what they share"
        lines.append(collected(limit, f"keep the terms that matter for {words}{shared}", "limit"))
    pieces, inner = rooted(limit, asked.strict)
    return pieces, (*lines, *inner)


# -- without denominators, as factors
def factors(f: sp.Expr, x: sp.Symbol) -> tuple[int, list[tuple[sp.Expr, int]], sp.Expr]:
    """f as a sign times factors that may have either sign, each with its power, and the positive rest.

    The condition f >= 0 is then one about the signs of the factors. What is a polynomial in a root of x is factored as one.
    """
    q = lcm(*(int(p.exp.q) for p in f.atoms(sp.Pow) if p.base == x and p.exp.is_Rational))
    if q > 1:
        y = sp.Dummy("y", positive=True)
        overall, found, positive = factors(f.xreplace({x: y**q}), y)
        back = {y: x ** sp.Rational(1, q)}
        return overall, [(base.xreplace(back), power) for base, power in found], positive.xreplace(back)
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


def _cleared(asked: Inequality, positive: sp.Expr) -> tuple[Step, ...]:
    """Both sides without denominators and without what they share; ``positive`` is the positive factor of their difference."""
    greater, lesser = asked.greater, asked.lesser
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


def _settled(asked: Inequality) -> Step:
    """A difference that has the same sign everywhere: always, or never."""
    zero = sp.Integer(0)
    above, below = sides(asked.greater, asked.lesser) or split(over(asked.greater - asked.lesser)[0])
    if above == below == 0:
        return Step("both sides are the same" + (", so none is larger" if asked.strict else ""), zero, ">=", zero)
    if below == 0:
        return Step("subtract the smaller side; only positive terms are left, so it always holds", above, ">=", zero)
    if above == 0:
        return Step("subtract the larger side; only positive terms are left, so it never holds", zero, ">=", below)
    return Step("a square is never negative", sp.factor(above - below), ">=", zero)
