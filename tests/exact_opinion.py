"""An evaluator of our own that knows ties: fractions where they stay fractions, 110 digits of mpmath elsewhere.

Two numbers that agree to 90 digits are the same. Nothing here uses symroof to evaluate.
"""

from __future__ import annotations

import math
from fractions import Fraction as Q
from functools import reduce

import mpmath
import sympy as sp

mp = mpmath.mp.clone()
mp.dps = 110
_SAME = mp.mpf(10) ** -90
INF = float("inf")


def real(v):
    """A number of mpmath."""
    if isinstance(v, Q):
        return mp.mpf(v.numerator) / v.denominator
    return v if isinstance(v, mp.mpf) else mp.mpf(v)


def compare(a, b) -> int:
    """The sign of a - b."""
    if isinstance(a, Q) and isinstance(b, Q):
        return (a > b) - (a < b)
    a, b = real(a), real(b)
    return 0 if abs(a - b) <= _SAME * max(abs(a), abs(b)) else 1 if a > b else -1


def _root_of_whole(n: int, k: int) -> int | None:
    near = int(mp.nint(mp.root(n, k))) if n > 1 else n
    return near if near**k == n else None


def _power(base, exponent):
    if exponent.denominator == 1:
        return base ** int(exponent)
    if isinstance(base, Q) and base >= 0:
        p, q = (_root_of_whole(n, exponent.denominator) for n in (base.numerator, base.denominator))
        if p is not None and q:
            return Q(p, q) ** exponent.numerator
    if base < 0:
        raise ValueError("a root of a negative number")
    return mp.exp(real(exponent) * mp.log(real(base))) if base else Q(0)


def _raised(base, exponent):
    return _power(base, exponent) if isinstance(exponent, Q) else mp.exp(exponent * mp.log(real(base)))


def _added(a, b):
    if isinstance(a, Q) and isinstance(b, Q):
        return a + b
    a, b = real(a), real(b)
    return Q(0) if abs(a + b) <= _SAME * max(abs(a), abs(b)) else a + b


def _multiplied(a, b):
    if isinstance(a, Q) and isinstance(b, Q):
        return a * b
    return real(a) * real(b) if a and b else Q(0)


def _rounded(v, way):
    near = v if isinstance(v, Q) else Q(int(mp.nint(v)))
    exact = isinstance(v, Q) or abs(v - int(near)) <= mp.mpf(10) ** -80 * max(1, abs(v))
    return Q(way(near)) if exact else Q(int((mp.floor if way is math.floor else mp.ceil)(v)))


def _polynomial_root(*coeffs):
    """The only positive root: halved in logarithms, then narrowed."""
    rising, coeffs = (1 if coeffs[0] > 0 else -1), [real(c) for c in coeffs]

    def f(y):
        return rising * reduce(lambda total, c: total * y + c, coeffs)

    low = high = mp.mpf(1)
    while f(low) > 0:
        low /= 4
    while f(high) < 0:
        high *= 4
    for _ in range(40):
        middle = mp.sqrt(low * high)
        low, high = (low, middle) if f(middle) >= 0 else (middle, high)
    return mp.findroot(f, (low, high), solver="illinois", tol=mp.mpf(10) ** -200, maxsteps=200, verify=False)


def _power_of_two(v):
    i = 0
    while compare(Q(2) ** i, v) < 0:
        i += 1
    return Q(2) ** i


def _log(v):
    if v <= 0:
        raise ValueError("a logarithm of what is not positive")
    return Q(0) if v == 1 else mp.log(real(v))


_BY_NAME = {
    "Add": lambda *a: reduce(_added, a),
    "Mul": lambda *a: reduce(_multiplied, a),
    "Pow": _raised,
    "exp": lambda v: mp.exp(real(v)) if v else Q(1),
    "log": _log,
    "Max": lambda *a: reduce(lambda p, q: p if compare(p, q) >= 0 else q, a),
    "Min": lambda *a: reduce(lambda p, q: p if compare(p, q) <= 0 else q, a),
    "ceiling": lambda v: _rounded(v, math.ceil),
    "floor": lambda v: _rounded(v, math.floor),
    "PowerOfTwo": _power_of_two,
    "sinh": lambda v: mp.sinh(real(v)),
    "asinh": lambda v: mp.asinh(real(v)),
    "PositiveRoot": _polynomial_root,
}


def worth(expr: sp.Expr, values: dict):
    """What an expression is worth: a Fraction where every step leaves one, else a number of mpmath."""
    if expr.is_Symbol:
        return values[expr]
    if expr.is_Rational:
        return Q(int(expr.p), int(expr.q))
    if expr is sp.E:
        return mp.e + 0
    return _BY_NAME[expr.func.__name__](*(worth(a, values) for a in expr.args))


def holds(rel: str, left: sp.Expr, right: sp.Expr, values: dict) -> bool:
    """Whether ``left rel right``; not where a side is not defined."""
    try:
        sign = compare(worth(left, values), worth(right, values))
    except (ValueError, ZeroDivisionError):
        return False
    return {">=": sign >= 0, ">": sign > 0, "<=": sign <= 0, "<": sign < 0}[rel]


def true(rel: sp.Rel, values: dict) -> bool:
    """Whether a relation of sympy holds."""
    return holds(rel.rel_op, rel.lhs, rel.rhs, values)
