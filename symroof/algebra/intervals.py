"""Intervals of real numbers, rounded outwards to any number of bits, each with the interval of a derivative.

A tape that runs on them bounds its value, and its slope, over whole ranges of its inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import reduce
from math import ceil, floor
from typing import Any

import sympy as sp
from mpmath import mp
from mpmath.libmp import fhalf, finf, from_float, from_int, from_rational, fzero, mpf_cmp, mpf_sign, to_rational
from mpmath.libmp import libmpi as mpi

from symroof.algebra.roots import Log1p, PositiveRoot, PowerOfTwo, close_root, power_of_two

#: Both ends, each a binary number of any length.
Interval = tuple[Any, Any]
#: An interval, and the interval of its derivative (None: it has none, or none is known).
Dual = tuple[Interval, Interval | None]
ZERO, ONE = mpi.mpi_zero, mpi.mpi_one
_HUGE = from_int(10**30)  # the largest argument of exp
_FAR = 1 << 16  # bits of what is taken for a fraction
_LONG = 1000  # bits of what is rounded
_bits = [140]


class Undefined(Exception):
    """Nowhere in the interval is there a value: the logarithm or the root of a negative number."""


class Undecided(Exception):
    """In a part of the interval there may be no finite value."""


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Intervals are worked out to so many bits in here."""
    _bits.append(bits)
    try:
        yield
    finally:
        _bits.pop()


class Irrational(float):
    """A constant such as pi: a float that knows the number it stands for."""

    expr: sp.Expr

    def __new__(cls, expr: sp.Expr) -> Irrational:
        """The float that is nearest."""
        new = super().__new__(cls, float(expr))
        new.expr = expr
        return new


# -- arithmetic
def interval(number: Any) -> Interval:
    """The interval around a number."""
    if isinstance(number, Fraction):
        return (
            from_rational(number.numerator, number.denominator, _bits[-1], "f"),
            from_rational(number.numerator, number.denominator, _bits[-1], "c"),
        )
    if isinstance(number, Irrational):
        digits = _bits[-1] // 3 + 5
        near, share = Fraction(str(number.expr.evalf(digits))), Fraction(1, 10 ** (digits - 2))
        return hull(*sorted((near * (1 - share), near * (1 + share))))
    end = from_float(number) if isinstance(number, float) else from_int(number)
    return end, end


def hull(low: Any, high: Any) -> Interval:
    """From one number to another."""
    return interval(low)[0], interval(high)[1]


def add(a: Interval, b: Interval) -> Interval:
    """The sum."""
    total: Interval = mpi.mpi_add(a, b, _bits[-1])
    return total


def sub(a: Interval, b: Interval) -> Interval:
    """The difference."""
    left: Interval = mpi.mpi_sub(a, b, _bits[-1])
    return left


def mul(a: Interval, b: Interval) -> Interval:
    """The product."""
    product: Interval = mpi.mpi_mul(a, b, _bits[-1])
    return product


def sign(a: Interval) -> int | None:
    """1, 0 or -1 if all of an interval is positive, zero or negative; None otherwise."""
    low, high = mpf_sign(a[0]), mpf_sign(a[1])
    return 1 if low > 0 else -1 if high < 0 else 0 if low == high else None


def ends(a: Interval) -> tuple[Fraction, Fraction]:
    """Both ends, exactly, what is next to nothing rounded outwards.

    Raises Undecided if they are not finite, OverflowError if they are far beyond what a float holds.
    """
    if finf in (a[1], mpi.mpf_neg(a[0])):
        raise Undecided
    if max(end[2] + end[3] for end in a) > _FAR:
        raise OverflowError
    least = Fraction(1, 1 << _FAR)
    tiny = [end[1] and end[2] + end[3] < -_FAR for end in a]
    low = (-least if mpf_sign(a[0]) < 0 else Fraction(0)) if tiny[0] else Fraction(*map(int, to_rational(a[0])))
    high = (least if mpf_sign(a[1]) > 0 else Fraction(0)) if tiny[1] else Fraction(*map(int, to_rational(a[1])))
    return low, high


# -- one row for every operation of a tape
def _sum(*args: Dual) -> Dual:
    return reduce(lambda a, b: (add(a[0], b[0]), _both(a, b, add)), args)


def _product(*args: Dual) -> Dual:
    return reduce(lambda a, b: (mul(a[0], b[0]), _both(a, b, lambda s, t: add(mul(s, b[0]), mul(t, a[0])))), args)


def _both(a: Dual, b: Dual, join: Callable[[Interval, Interval], Interval]) -> Interval | None:
    return None if a[1] is None or b[1] is None else join(a[1], b[1])


def _scaled(slope: Interval | None, by: Interval) -> Interval | None:
    return None if slope is None else mul(slope, by)


def _power(base: Dual, exponent: Dual) -> Dual:
    (b, along), (e, known) = base, exponent
    constant = e[0] if known == ZERO and e[0] == e[1] else None
    if constant is not None and constant[2] >= 0 and constant[2] + constant[3] < 20:
        return _whole_power(b, along, int(to_rational(constant)[0]))
    if sign(b) == -1:
        raise Undefined
    if constant == fhalf and mpf_sign(b[0]) >= 0:
        root = mpi.mpi_sqrt(b, _bits[-1])
        return root, None if along is None or sign(b) != 1 else mpi.mpi_div(along, add(root, root), _bits[-1])
    if sign(b) != 1:
        if sign(e) == 1 and b[0] == fzero != b[1]:
            return (fzero, _power(((b[1], b[1]), None), exponent)[0][1]), None
        raise Undecided
    return _exp(_product(exponent, _log(base)))


def _whole_power(b: Interval, along: Interval | None, n: int) -> Dual:
    if n < 0 and sign(b) in (0, None):
        raise Undefined if sign(b) == 0 else Undecided
    slope = None if along is None else mul(mul(interval(n), mpi.mpi_pow_int(b, n - 1, _bits[-1])), along) if sign(b) or n > 0 else None
    return mpi.mpi_pow_int(b, n, _bits[-1]), slope


def _log(arg: Dual) -> Dual:
    value, along = arg
    if sign(value) in (-1, 0):
        raise Undefined
    if sign(value) is None:
        raise Undecided
    return mpi.mpi_log(value, _bits[-1]), None if along is None else mpi.mpi_div(along, value, _bits[-1])


def _exp(arg: Dual) -> Dual:
    (low, high), along = arg
    if mpf_cmp(low, mpi.mpf_neg(_HUGE)) > 0 and mpf_cmp(high, _HUGE) < 0:
        value = mpi.mpi_exp((low, high), _bits[-1])
        return value, _scaled(along, value)
    over, under = mpf_cmp(high, _HUGE) >= 0, mpf_cmp(low, mpi.mpf_neg(_HUGE)) <= 0
    within = (low if mpf_cmp(low, _HUGE) < 0 else _HUGE, high if mpf_cmp(high, mpi.mpf_neg(_HUGE)) > 0 else mpi.mpf_neg(_HUGE))
    return (
        fzero if under else mpi.mpi_exp(within[:1] * 2, _bits[-1])[0],
        finf if over else mpi.mpi_exp(within[1:] * 2, _bits[-1])[1],
    ), None


def _monotone(f: Callable[[Interval], Interval], slope: Callable[[Interval], Interval]) -> Callable[[Dual], Dual]:
    """A rising function, from its values at both ends."""

    def row(arg: Dual) -> Dual:
        (low, high), along = arg
        return (f((low, low))[0], f((high, high))[1]), None if along is None else _scaled(along, slope((low, high)))

    return row


def _halves(x: Interval, join: Callable[[Interval, Interval], Interval]) -> Interval:
    """The exponentials of x and -x joined, halved."""
    if max(mpf_cmp(mpi.mpf_abs(end), _HUGE) for end in x) >= 0:
        raise Undecided
    return mul(join(mpi.mpi_exp(x, _bits[-1]), mpi.mpi_exp(mpi.mpi_neg(x), _bits[-1])), interval(0.5))


def _asinh(x: Interval) -> Interval:
    if mpf_sign(x[0]) < 0:
        negated: Interval = mpi.mpi_neg(_asinh(mpi.mpi_neg(x)))
        return negated
    return _log((add(x, mpi.mpi_sqrt(add(mul(x, x), ONE), _bits[-1])), None))[0]


def _extreme(sense: int) -> Callable[..., Dual]:
    """The largest (or smallest), with its derivative where one argument clearly is."""

    def row(a: Dual, b: Dual) -> Dual:
        order = sign(sub(a[0], b[0]))
        if order is not None and order != 0:
            return a if order == sense else b
        low, high = (a[0][i] if mpf_cmp(a[0][i], b[0][i]) * sense >= 0 else b[0][i] for i in (0, 1))
        return (low, high), None

    return lambda *args: reduce(row, args)


def _absolute(arg: Dual) -> Dual:
    known = sign(arg[0])
    if known is None:
        return mpi.mpi_abs(arg[0]), None
    return arg if known >= 0 else (mpi.mpi_neg(arg[0]), None if arg[1] is None else mpi.mpi_neg(arg[1]))


def _rounded(how: Callable[[Fraction], Any], widest: Callable[[Interval], Interval]) -> Callable[[Dual], Dual]:
    """A step function: constant where both ends agree."""

    def row(arg: Dual) -> Dual:
        if max(end[2] + end[3] for end in arg[0]) > _LONG or finf in arg[0]:
            return widest(arg[0]), None
        low, high = map(how, ends(arg[0]))
        return hull(int(low), int(high)), ZERO if low == high else None

    return row


def _positive_root(*coeffs: Dual) -> Dual:
    """The root at the middles of the coefficients, and as far around it as all polynomials in between have theirs."""
    values = [c[0] for c in coeffs]
    if sign(values[0]) == -1:
        values = [mpi.mpi_neg(v) for v in values]
    if sign(values[0]) != 1 or sign(values[-1]) != -1:
        raise Undecided

    def at(y: Any) -> int | None:
        return sign(reduce(lambda total, c: add(mul(total, (y, y)), c), values, ZERO))

    about = close_root([mp.make_mpf(mpi.mpi_mid(v, _bits[-1])) for v in values], _bits[-1])
    for bits in (_bits[-1] - 12, _bits[-1] // 2, _bits[-1] // 4, 20, 8, 2):
        with mp.workprec(_bits[-1] + 10):
            low, high = (about * (1 + side * mp.ldexp(1, -bits)) for side in (-1, 1))
        if at(low._mpf_) == -1 and at(high._mpf_) == 1:
            return (low._mpf_, high._mpf_), None
    raise Undecided


INTERVALS: dict[type, Callable[..., Dual]] = {
    sp.Add: _sum,
    sp.Mul: _product,
    sp.Pow: _power,
    sp.Max: _extreme(1),
    sp.Min: _extreme(-1),
    sp.ceiling: _rounded(ceil, lambda v: add(v, hull(0, 1))),
    sp.floor: _rounded(floor, lambda v: sub(v, hull(0, 1))),
    sp.Abs: _absolute,
    sp.log: _log,
    Log1p: lambda arg: _log((add(arg[0], ONE), arg[1])),
    sp.exp: _exp,
    sp.sinh: _monotone(lambda x: _halves(x, sub), lambda x: _halves(x, add)),
    sp.asinh: _monotone(_asinh, lambda x: mpi.mpi_div(ONE, mpi.mpi_sqrt(add(mul(x, x), ONE), _bits[-1]), _bits[-1])),
    PositiveRoot: _positive_root,
    PowerOfTwo: _rounded(power_of_two, lambda v: mul(v, hull(1, 2))),
}
