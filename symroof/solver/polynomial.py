"""A smooth condition ``f(x) >= 0`` as polynomials in x whose coefficients have known signs.

Costs are sums of monomials in positive symbols. Clearing denominators and factoring leaves polynomials; a coefficient
whose monomials all have one sign has that sign for all values, and Descartes' rule of signs counts positive roots.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import pairwise
from math import gcd, lcm

import sympy as sp

from symroof.errors import short
from symroof.solver.branches import NoClosedForm

_PRIMES = tuple(map(sp.Integer, (10007, 20011, 30011, 40009, 50021, 60013, 70001, 80021, 90001)))


@dataclass(frozen=True)
class Polynomial:
    """``sum(c * y**i for i, c in enumerate(coeffs))`` with ``y = x**power``; coefficients never share a factor."""

    x: sp.Symbol
    power: sp.Rational
    coeffs: tuple[sp.Expr, ...]

    @property
    def degree(self) -> int:
        """The degree in y."""
        return len(self.coeffs) - 1

    @property
    def signs(self) -> tuple[int | None, ...]:
        """Of every coefficient: 1, 0, -1, or None where it depends on the values."""
        return tuple(sign(c) for c in self.coeffs)

    @property
    def expr(self) -> sp.Expr:
        """The polynomial as an expression in x, each coefficient's positive terms first."""
        return sp.Add(*[tidy(c) * self.x ** (self.power * i) for i, c in enumerate(self.coeffs)])


@lru_cache(maxsize=8192)
def sign(expr: sp.Expr) -> int | None:
    """1, 0 or -1 if the sign is the same for all positive values of the symbols, else None."""
    expr = expand(expr)
    if expr == 0:  # the assumptions of sympy would isolate the roots of a long sum
        return 0
    terms = sp.Add.make_args(expr)
    found = {_monomial_sign(t) for t in terms}
    if len(found) > 1 and expr.is_number:
        return _number_sign(terms)
    return found.pop() if len(found) == 1 else None


def _number_sign(terms: tuple[sp.Expr, ...]) -> int | None:
    """The sign of a sum of numbers, some with roots; 0 if they differ by what a float rounds off."""
    worth = [t.evalf(40) for t in terms]
    if not all(w.is_Float or w.is_Rational for w in worth):
        return None
    total, most = sum(worth), max(map(abs, worth))
    return 0 if abs(total) <= most * sp.Float("1e-15") else 1 if total > 0 else -1


@lru_cache(maxsize=8192)
def expand(expr: sp.Expr) -> sp.Expr:
    """A sum of monomials."""
    return sp.expand(expr, power_base=False, power_exp=False, log=False)


def _monomial_sign(term: sp.Expr) -> int | None:
    if term.is_positive:
        return 1
    return -1 if term.is_negative else None


@lru_cache(maxsize=8192)
def tidy(expr: sp.Expr) -> sp.Expr:
    """Positive terms and negative terms, each with its common factors in front: ``2*D*F*W - p*C*(D + F)``."""
    above, below = split(expr)
    return above - below if above and below else above or -below


@lru_cache(maxsize=8192)
def split(expr: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """The positive terms of a sum and, made positive, its negative ones."""
    terms = sp.Add.make_args(expand(expr))
    minus = [t for t in terms if t.could_extract_minus_sign()]
    above = sp.Add(*[t for t in terms if not t.could_extract_minus_sign()])
    return front(above), front(-sp.Add(*minus))


@lru_cache(maxsize=8192)
def front(expr: sp.Expr) -> sp.Expr:
    """The expression with what its terms share in front; no negative powers are left behind it."""
    terms = sp.Add.make_args(expr)
    found = [m for m in map(_monomial, terms) if m is not None]
    if len(terms) < 2 or len(found) < len(terms):
        return sp.factor_terms(expr)
    least: dict[sp.Symbol, sp.Rational] = {}
    for s in dict.fromkeys(s for _, powers in found for s in powers):
        least[s] = min(powers.get(s, sp.Integer(0)) for _, powers in found)
    number = sp.gcd_list([c for c, _ in found])
    content = number * sp.Mul(*[s**e for s, e in least.items()])
    rest = [c / number * sp.Mul(*[s ** (powers.get(s, 0) - e) for s, e in least.items()]) for c, powers in found]
    inner = sp.Add(*rest)
    return sp.Mul(content, inner, evaluate=False) if content.is_Rational and content != 1 else content * inner


def _monomial(term: sp.Expr) -> tuple[sp.Rational, dict[sp.Symbol, sp.Rational]] | None:
    """The number and the powers of a monomial; None if it is none."""
    number, rest = term.as_coeff_Mul()
    powers = [f.as_base_exp() for f in sp.Mul.make_args(rest) if f != 1]
    if number.is_Rational and all(b.is_Symbol and e.is_Rational for b, e in powers):
        return number, dict(powers)
    return None


@lru_cache(maxsize=8192)
def over(expr: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Numerator and denominator, neither of them with fractions in it."""
    if expr.is_Add and all(_monomial(t) is not None for t in expr.args):
        top, bottom = sp.fraction(front(expr))
        return top, bottom
    top, bottom = sp.fraction(sp.together(expr))
    return top, bottom


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


def polynomial(expr: sp.Expr, x: sp.Symbol) -> Polynomial:
    """A sum of monomials as a polynomial in a power of x.

    Raises NoClosedForm if x stands anywhere but in powers with rational exponents.
    """
    by_power = _by_power(expr, x)
    lowest = min(by_power)
    shifted = {e - lowest: c for e, c in by_power.items()}
    q = reduce(lcm, (int(e.q) for e in shifted), 1)
    step = reduce(gcd, (int(e * q) for e in shifted), 0) or 1
    power = sp.Rational(step, q)
    degree = int(max(shifted) / power)
    coeffs = [shifted.get(power * i, sp.Integer(0)) for i in range(degree + 1)]
    return Polynomial(x, power, tuple(coeffs))


def _by_power(expr: sp.Expr, x: sp.Symbol) -> dict[sp.Rational, sp.Expr]:
    found: dict[sp.Rational, list[sp.Expr]] = {}
    for term in sp.Add.make_args(expand(expr)):
        coeff, rest = term.as_independent(x, as_Add=False)
        base, exponent = rest.as_base_exp()
        if rest != 1 and not (base == x and exponent.is_Rational):
            raise NoClosedForm(f"{x} stands inside {short(rest)}")
        found.setdefault(exponent if rest != 1 else sp.Integer(0), []).append(coeff)
    return {e: sp.Add(*cs) for e, cs in found.items()}


def leading(poly: Polynomial, weights: Mapping[sp.Symbol, int]) -> Polynomial:
    """What is left of a polynomial when symbols grow without bound (weight 1) or vanish (weight -1).

    Every coefficient keeps its fastest terms; of the coefficients those on the upper hull of (power, growth) matter,
    and, where one change of sign is left, only the edge that holds it (Newton's polygon).
    """
    kept: dict[int, tuple[sp.Expr, sp.Rational]] = {}
    for i, c in enumerate(poly.coeffs):
        if c != 0:
            kept[i] = _fastest(c, weights)
    hull = _upper_hull([(i, growth) for i, (_, growth) in kept.items()])
    known = {i: sign(kept[i][0]) for i in hull}
    changes = [(a, b) for a, b in pairwise(hull) if known[a] != known[b]]
    if len(changes) == 1 and None not in known.values():
        a, b = changes[0]
        slope = (kept[b][1] - kept[a][1]) / (b - a)
        hull = [i for i in hull if kept[i][1] == kept[a][1] + slope * (i - a)]
    coeffs = [kept[i][0] if i in hull else sp.Integer(0) for i in range(poly.degree + 1)]
    expr = sp.Add(*[c * poly.x ** (poly.power * i) for i, c in enumerate(coeffs)])
    content = sp.Mul(*[f for f in sp.Mul.make_args(sp.factor_terms(expr)) if not f.is_Add and not f.has(poly.x) and f.is_positive])
    return polynomial(expr / content, poly.x)


def _fastest(coeff: sp.Expr, weights: Mapping[sp.Symbol, int]) -> tuple[sp.Expr, sp.Rational]:
    rates: dict[sp.Rational, list[sp.Expr]] = {}
    for term in sp.Add.make_args(expand(coeff)):
        powers = term.as_powers_dict()
        for base in powers:
            if not base.is_Symbol and base.free_symbols & weights.keys():
                raise NoClosedForm(f"the limit of {short(base)} is not known")
        rates.setdefault(sum((powers[s] * w for s, w in weights.items()), sp.Integer(0)), []).append(term)
    fastest = max(rates)
    return sp.Add(*rates[fastest]), fastest


def _upper_hull(points: list[tuple[int, sp.Rational]]) -> list[int]:
    """The indices on the upper hull, those on its edges included."""
    hull: list[tuple[int, sp.Rational]] = []
    for x, y in sorted(points):
        while len(hull) > 1 and (y - hull[-2][1]) * (hull[-1][0] - hull[-2][0]) > (hull[-1][1] - hull[-2][1]) * (x - hull[-2][0]):
            hull.pop()
        hull.append((x, y))
    return [x for x, _ in hull]
