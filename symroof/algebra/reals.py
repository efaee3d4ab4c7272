"""Numbers that are exact, or known to as many bits as it takes: a tape on fractions and, where roots or functions leave them, on intervals.

Two numbers that still agree to two thousand bits count as equal.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

import sympy as sp

from symroof.algebra.intervals import INTERVALS, ZERO, Interval, Undecided, Undefined, ends, interval, precision, sign, sub
from symroof.algebra.roots import Log1p, PositiveRoot, PowerOfTwo, power_of_two

#: A fraction, or an interval.
Real = Any
Steps = Sequence[tuple[type, tuple[int, ...]]]
_BITS = (80, 240, 640, 1600)
_SMALL = 40  # of the bits, how many an exact zero may be off by
_NARROW = 1 << 60  # a number is known if its interval is this much narrower than it is far from 0
_NOTHING = Fraction(1, 1 << 1100)  # less than any float
_LARGE = 1 << 17  # bits up to which the power of a fraction is exact


# -- exactly, as long as fractions stay fractions
def power(base: Fraction, exponent: Fraction) -> Fraction | None:
    """A power of a fraction, if it is a fraction of a size that can be written out."""
    if exponent.denominator == 1:
        if abs(exponent) * max(base.numerator.bit_length(), base.denominator.bit_length()) > _LARGE:
            return None
        return base ** int(exponent)
    if base < 0:
        return None
    top, bottom = (whole_root(n, exponent.denominator) for n in (base.numerator, base.denominator))
    return power(Fraction(top, bottom), Fraction(exponent.numerator)) if top is not None and bottom else None


def whole_root(n: int, degree: int) -> int | None:
    """The root of a whole number, if it is whole."""
    if n < 2 or degree == 1:
        return n
    if n.bit_length() <= degree:
        return None
    if degree == 2:
        root = math.isqrt(n)
    else:
        root = 1 << -(-n.bit_length() // degree)  # from above, by Newton's steps
        while (lower := ((degree - 1) * root + n // root ** (degree - 1)) // degree) < root:
            root = lower
    return root if root**degree == n else None


def _where(known: int, value: int) -> Callable[[Fraction], Fraction | None]:
    return lambda a: Fraction(value) if a == known else None


#: What a fraction (or several) is exactly; None where that is no fraction.
EXACT: dict[type, Callable[..., Fraction | None]] = {
    sp.Add: lambda *a: reduce(operator.add, a),
    sp.Mul: lambda *a: reduce(operator.mul, a),
    sp.Pow: power,
    sp.Max: max,
    sp.Min: min,
    sp.ceiling: lambda a: Fraction(math.ceil(a)),
    sp.floor: lambda a: Fraction(math.floor(a)),
    sp.Abs: abs,
    sp.log: _where(1, 0),
    Log1p: _where(0, 0),
    sp.exp: _where(0, 1),
    sp.sinh: _where(0, 0),
    sp.asinh: _where(0, 0),
    PositiveRoot: lambda *a: None,
    PowerOfTwo: power_of_two,
}


# -- to as many bits as it takes
def refined(steps: Steps, slots: Sequence[Any], enough: Callable[[list[Real]], bool]) -> list[Real]:
    """What fills every slot, to as many bits as it takes to be ``enough``; numbers are taken as they are, floats too.

    Raises ZeroDivisionError or ValueError where something is not defined.
    """
    for bits in _BITS:
        last = bits == _BITS[-1]
        with precision(bits):
            try:
                found = _run(steps, slots, bits if last else 0)
                if last or enough(found):
                    return found
            except Undefined:
                raise ValueError("the root or the logarithm of a negative number") from None
            except Undecided:
                if last:
                    raise ValueError("a value that is no finite number") from None
    raise AssertionError


def _run(steps: Steps, slots: Sequence[Any], last: int) -> list[Real]:
    """One pass; in the ``last`` one what is as good as 0, or as a whole number, is taken for it."""
    found = [_given(v) for v in slots]
    for kind, places in steps:
        args = [found[i] for i in places]
        known = EXACT[kind](*args) if all(isinstance(a, Fraction) for a in args) else _clearly(kind, args)
        found.append(known if known is not None else _about(kind, args, last))
    return found


def _given(value: Any) -> Real:
    if isinstance(value, (Fraction, int)):
        return Fraction(value)
    return Fraction(value) if type(value) is float else interval(value)


def _wide(real: Real) -> Interval:
    return interval(real) if isinstance(real, Fraction) else real


def _clearly(kind: type, args: list[Real]) -> Real:
    """The largest (or smallest) where one clearly is, so that an exact one stays exact; None otherwise."""
    if kind not in (sp.Max, sp.Min):
        return None
    sense = 1 if kind is sp.Max else -1
    best = args[0]
    for a in args[1:]:
        order = order_of(a, best)
        if order is None:
            return None
        best = a if order == sense else best
    return best


def _about(kind: type, args: list[Real], last: int) -> Real:
    wide = [_wide(a) for a in args]
    if kind in (sp.ceiling, sp.floor, PowerOfTwo):
        low, high = ends(wide[0])
        if last and low <= math.floor(high) and high - low < Fraction(1, 1 << last // 2):
            low = high = Fraction(math.floor(high))
        first, other = EXACT[kind](low), EXACT[kind](high)
        if first != other:
            raise Undecided
        return first
    value = INTERVALS[kind](*[(w, ZERO if isinstance(a, Fraction) else None) for w, a in zip(wide, args, strict=True)])[0]
    if kind is sp.Add and last and sign(value) is None:
        most = max(max(map(abs, ends(w))) for w in wide)
        low, high = ends(value)
        return Fraction(0) if (high - low) * (1 << last - _SMALL) < most else value
    return value


def order_of(a: Real, b: Real) -> int | None:
    """1, 0 or -1 as a is larger, equal or smaller; None where they are not known well enough."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return (a > b) - (a < b)
    return sign(sub(_wide(a), _wide(b))) or None


def number(real: Real) -> Fraction | float:
    """The fraction itself, a whole number that cannot be told apart, or the nearest float on the same side of whole numbers."""
    if isinstance(real, Fraction):
        return real
    low, high = ends(real)
    if max(-low, high) < _NOTHING:
        return 0.0
    whole = math.floor(high)
    if whole >= low and high - low < Fraction(1, _NARROW):
        return Fraction(whole)
    if (high - low) * (1 << 50) > max(abs(low), abs(high)):
        raise ValueError("a value whose digits cancel")
    near = float((low + high) / 2)
    if near == int(near) and abs(near) < 1 << 53:
        near = math.nextafter(near, -math.inf if high < near else math.inf)
    return near


def known(real: Real) -> bool:
    """Whether a number is known to the last bit of a float, and on which side of whole numbers it is."""
    if isinstance(real, Fraction):
        return True
    low, high = ends(real)
    if max(-low, high) < _NOTHING:
        return True
    if low <= 0 <= high or (high - low) * _NARROW > min(abs(low), abs(high)):
        return False
    return math.floor(high) < low
