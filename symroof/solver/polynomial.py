"""A smooth condition ``f(x) >= 0`` as polynomials in x whose coefficients have known signs.

Costs are sums of monomials in positive symbols. Clearing denominators and factoring leaves polynomials; a coefficient
whose monomials all have one sign has that sign for all values, and Descartes' rule of signs counts positive roots.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import gcd, lcm

import sympy as sp

from symroof.algebra.evaluate import compared
from symroof.errors import InputError, NoClosedForm, short


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
        return tuple(sign_of_given(c) for c in self.coeffs)

    def unknown(self, y: sp.Expr) -> sp.Expr:
        """What x is where y is this."""
        return y ** (1 / self.power)

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
    if expr.is_number:
        return number_sign(expr)
    found = {1 if t.is_positive else -1 if t.is_negative else None for t in sp.Add.make_args(expr)}
    return found.pop() if len(found) == 1 else None


@lru_cache(maxsize=8192)
def sign_of_given(expr: sp.Expr) -> int | None:
    """The same of what the unknown does not stand in: every count is 1 or more, so that ``Y*Z*a - a + b`` is positive."""
    known = sign(expr)
    return _counted(expand(expr)) if known is None else known


def _counted(expr: sp.Expr) -> int | None:
    """The sign of a sum of monomials, some with counts in them: with ``1 + s`` for each of them its terms may have one sign."""
    counts = {s: s + 1 for s in expr.free_symbols if s.is_integer}
    found: dict[sp.Expr, sp.Expr] = {}
    for term in sp.Add.make_args(expr) if counts else ():
        number, rest = term.as_coeff_Mul()
        powers = rest.as_powers_dict()
        counted = sp.Mul(*[s ** powers[s] for s in counts if powers.get(s, sp.Integer(-1)).is_nonnegative and powers[s].is_Integer])
        others = rest / counted
        if not others.is_positive:
            return None
        found[others] = found.get(others, sp.Integer(0)) + number * counted
    least = {sp.sign(of.xreplace(dict.fromkeys(counts, sp.Integer(1)))) for of in found.values()} - {0}
    if len(least) != 1:
        return None
    (first,) = least  # of what is left where all are 1; the rest must not go the other way
    rest = (t for of in found.values() for t in sp.Add.make_args(expand(of.xreplace(counts))) if of.free_symbols)
    return int(first) if all(t.is_zero or t.as_coeff_Mul()[0] * first > 0 for t in rest) else None


def cleared_sign(expr: sp.Expr) -> int | None:
    """The sign of a quotient: of its numerator and of its denominator."""
    above, below = map(sign, over(expr))
    return None if above is None or not below else above * below


def number_sign(number: sp.Expr) -> int | None:
    """The sign of a number, to as many digits as it takes; None where it has none."""
    if number.is_Rational:
        return int(sp.sign(number))
    try:
        return compared(number, sp.Integer(0), {})
    except InputError:
        return None


@lru_cache(maxsize=8192)
def expand(expr: sp.Expr) -> sp.Expr:
    """A sum of monomials."""
    return sp.expand(expr, power_base=False, power_exp=False, log=False)


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


def shared(exprs: Iterable[sp.Expr]) -> sp.Expr:
    """The monomial that expressions share: a number, and powers of what is positive."""
    parts = [e.as_coeff_Mul() for e in exprs]
    numbers, powers = [c for c, _ in parts], [rest.as_powers_dict() for _, rest in parts]
    found = sp.gcd_list(numbers) if all(c.is_Rational and c > 0 for c in numbers) else sp.Integer(1)
    for base, exponent in powers[0].items():
        every = [p.get(base, sp.Integer(0)) for p in powers]
        if base.is_positive and not base.is_Rational and all(e.is_Rational and e * exponent > 0 for e in every):
            found *= base ** (min(every) if exponent > 0 else max(every))
    return found


def fronted(expr: sp.Expr) -> sp.Expr:
    """``max(2*a*c, 4*b*c)`` as ``2*c*max(a, 2*b)``, and the maximum of numbers as a number."""
    return expr.replace(lambda e: isinstance(e, (sp.Max, sp.Min)), _fronted) if expr.has(sp.Max, sp.Min) else expr


def _fronted(extreme: sp.Expr) -> sp.Expr:
    if extreme.is_number:
        return extreme.func(*extreme.args)
    common = shared(extreme.args)
    rest = [a / common for a in extreme.args]
    return extreme if common == 1 else common * extreme.func(*rest, evaluate=all(a.is_number for a in rest))


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
    monomials = expr.is_Add and all(_monomial(t) is not None for t in expr.args)
    top, bottom = sp.fraction(front(expr) if monomials else sp.together(expr))
    return top, bottom


@lru_cache(maxsize=8192)
def sides(above: sp.Expr, below: sp.Expr) -> tuple[sp.Expr, sp.Expr] | None:
    """``above - below`` without denominators: its terms on the side where they are positive; None if a denominator may be negative."""
    top, bottom = over(above - below)
    known = sign(bottom)
    return split(known * top) if known else None


def linear(expr: sp.Expr, x: sp.Symbol) -> bool:
    """Whether an expression is a constant and a multiple of x."""
    return bool(expr.is_polynomial(x) and sp.degree(expr, x) <= 1)


def polynomial(expr: sp.Expr, x: sp.Symbol) -> Polynomial:
    """A sum of monomials as a polynomial in a power of x.

    Raises NoClosedForm if x stands anywhere but in powers with rational exponents.
    """
    by_power: dict[sp.Rational, list[sp.Expr]] = {}
    for term in sp.Add.make_args(expand(expr)):
        coeff, rest = term.as_independent(x, as_Add=False)
        base, exponent = rest.as_base_exp()
        if rest != 1 and not (base == x and exponent.is_Rational):
            raise NoClosedForm(f"{x} stands inside {short(rest)}")
        by_power.setdefault(exponent if rest != 1 else sp.Integer(0), []).append(coeff)
    lowest = min(by_power)
    shifted = {e - lowest: sp.Add(*cs) for e, cs in by_power.items()}
    q = lcm(*(int(e.q) for e in shifted))
    step = gcd(*(int(e * q) for e in shifted)) or 1
    power = sp.Rational(step, q)
    degree = int(max(shifted) / power)
    coeffs = [shifted.get(power * i, sp.Integer(0)) for i in range(degree + 1)]
    return Polynomial(x, power, tuple(coeffs))
