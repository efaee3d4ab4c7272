"""An evaluator of our own, in plain Python with 120 decimal digits, and strategies for random costs.

Nothing here uses symroof to evaluate: what the tests compare symroof with must not be symroof.
"""

from __future__ import annotations

import os
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, Decimal, getcontext
from fractions import Fraction
from functools import reduce
from operator import add, mul

import sympy as sp
from hypothesis import strategies as st

from symroof import Cost
from symroof.symbols import B, C, D, F, W_hbm, p, t_hop

THOROUGH = float(os.environ.get("SYMROOF_TESTS", "0.4"))
getcontext().prec, getcontext().Emax, getcontext().Emin = 120, MAX_EMAX, MIN_EMIN
LETTERS = (B, D, F)
SYMBOLS = (B, D, F, C, W_hbm, p, t_hop)


def some(examples: int) -> int:
    """How many examples a law is tried on: two fifths of the number by default, all with SYMROOF_TESTS=1 (or ten times with 10)."""
    return max(5, round(examples * THOROUGH))


def counting(s, value):
    """A random value as a symbol may have it: of a count 1 or more."""
    return max(value, 1 / value) if s.is_integer else value


def decimal(number) -> Decimal:
    """A number as a Decimal; fractions and sympy Rationals to 120 digits."""
    if isinstance(number, Decimal):
        return number
    if isinstance(number, (int, float)):
        return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)
    top, bottom = (number.numerator, number.denominator) if isinstance(number, Fraction) else (int(number.p), int(number.q))
    return Decimal(top) / Decimal(bottom)


def worth(expr: sp.Expr, values: dict) -> Decimal:
    """What an expression is worth, by walking its tree."""
    if expr.is_Symbol:
        return decimal(values[expr])
    if expr.is_Rational:
        return decimal(expr)
    if expr.is_number and not expr.args:
        return Decimal(str(expr.evalf(110)))
    args = [worth(a, values) for a in expr.args]
    name = expr.func.__name__
    if isinstance(expr, sp.exp):
        return args[0].exp()
    if expr.is_Pow:
        return args[0] ** int(expr.exp) if expr.exp.is_Integer else _power(args[0], expr.exp, args[1])
    return _BY_NAME[name](*args)


def _power(base: Decimal, exponent: sp.Expr, value: Decimal) -> Decimal:
    if exponent.is_Rational and exponent.q == 2:
        return base.sqrt() ** int(exponent.p)
    return (base.ln() * value).exp() if base > 0 else Decimal(0)


def _sinh(x: Decimal) -> Decimal:
    return (x.exp() - (-x).exp()) / 2


def _root(*coeffs: Decimal) -> Decimal:
    """The positive root of a polynomial with one change of sign, bisected."""
    rising = 1 if coeffs[0] > 0 else -1

    def f(y: Decimal) -> Decimal:
        return rising * reduce(lambda total, c: total * y + c, coeffs, Decimal(0))

    low = high = Decimal(1)
    while f(low) > 0:
        low /= 2
    while f(high) < 0:
        high *= 2
    for _ in range(180):
        middle = (low + high) / 2
        low, high = (low, middle) if f(middle) >= 0 else (middle, high)
    return high


_BY_NAME = {
    "Add": lambda *a: reduce(add, a),
    "Mul": lambda *a: reduce(mul, a),
    "Max": max,
    "Min": min,
    "ceiling": lambda a: a.to_integral_value(ROUND_CEILING),
    "floor": lambda a: a.to_integral_value(ROUND_FLOOR),
    "Abs": abs,
    "log": lambda a: a.ln(),
    "sinh": _sinh,
    "asinh": lambda a: (a + (a * a + 1).sqrt()).ln(),
    "PositiveRoot": _root,
    "PowerOfTwo": lambda a: next(Decimal(2) ** i for i in range(400) if Decimal(2) ** i >= a),
}


def holds(relation: str, left: Decimal, right: Decimal) -> bool:
    """Whether ``left relation right``."""
    return {">=": left >= right, ">": left > right, "<=": left <= right, "<": left < right}[relation]


def close(a, b, relative: float = 1e-12) -> bool:
    """Whether two numbers agree."""
    a, b = decimal(a), decimal(b)
    return abs(a - b) <= Decimal(repr(relative)) * max(abs(a), abs(b))


#: positive coefficients, and positive values over eight decades, both with few digits
coefficients = st.fractions(min_value=Fraction(1, 12), max_value=50, max_denominator=12).map(
    lambda f: sp.Rational(f.numerator, f.denominator)
)
positives = st.builds(lambda m, e: Fraction(m) * Fraction(10) ** e, st.integers(11, 989), st.integers(-5, 3))


def points(symbols=SYMBOLS):
    """A value for every symbol."""
    return st.fixed_dictionaries(dict.fromkeys(symbols, positives))


def seconds(exponents=(0, 0, 1, 2, -1)):
    """A monomial in seconds: letters to small powers, over a rate or as a latency."""
    letters = st.tuples(*[st.sampled_from(exponents) for _ in LETTERS])
    base = st.sampled_from((1 / C, p / W_hbm, t_hop))
    return st.builds(lambda c, es, b: c * sp.Mul(*[s**e for s, e in zip(LETTERS, es, strict=True)]) * b, coefficients, letters, base)


def leaves(exponents=(0, 0, 1, 2, -1)):
    """A monomial as a named cost."""
    return st.builds(lambda e, name: Cost(e, "s", name), seconds(exponents), st.sampled_from(("math", "hbm", "ici", "hop")))


def costs(exponents=(0, 0, 1, 2, -1), max_leaves: int = 5):
    """Sums and maxima of monomials in seconds, nested."""
    join = lambda inner: st.builds(lambda a, b, overlap: (a | b) if overlap else (a + b), inner, inner, st.booleans())  # noqa: E731
    return st.recursive(leaves(exponents), join, max_leaves=max_leaves)
