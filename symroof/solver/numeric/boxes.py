"""A condition on whole intervals of its unknown: true everywhere in one, false everywhere, or not decided.

Interval arithmetic runs a tape on intervals rounded outwards, together with the derivative, so that sides that lie
close together over a long stretch are still told apart (the mean value form).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from math import ceil, floor
from typing import Any

import sympy as sp
from mpmath.ctx_iv import MPIntervalContext
from mpmath.libmp import to_rational

from symroof.algebra.evaluate import Tape, tape
from symroof.algebra.roots import PositiveRoot, PowerOfTwo, power_of_two
from symroof.errors import InputError

_IV = MPIntervalContext()
_IV.prec = 140
_ZERO, _ONE = _IV.mpf(0), _IV.mpf(1)
_ABOUT = _IV.mpf(["0.9999999999999997", "1.0000000000000003"])  # what a float constant may be off by
_HUGE = 10**30  # the largest argument of exp, and of what is rounded
#: an interval, and the interval of its derivative (None: it has none, or none is known)
Dual = tuple[Any, Any]


class Undefined(Exception):
    """Nowhere in the interval is there a value: the logarithm or the root of a negative number."""


class Undecided(Exception):
    """In a part of the interval there may be no finite value."""


class Box:
    """``greater >= lesser`` (``>`` if strict) in x alone, to be asked about intervals and points."""

    def __init__(self, greater: sp.Expr, lesser: sp.Expr, strict: bool) -> None:
        self.sides = (tape(greater), tape(lesser))
        self.strict = strict
        exact = [[interval(c) if isinstance(c, Fraction) else interval(c) * _ABOUT for c in side.constants] for side in self.sides]
        self.constants = [[(c, _ZERO) for c in side] for side in exact]
        self.rational = all(_is_rational(side) for side in self.sides)

    def holds(self, low: Any, high: Any) -> bool | None:
        """True or False if that is so for every x from low to high, None if not decided."""
        wide = interval(low, high)
        try:
            value, slope = self._difference((wide, _ONE))
            known = self._known(value)
            if known is None and slope is not None and low < high:
                if self.rational and slope.a == slope.b == 0:  # a plateau, where the sides may be equal
                    return self.at((Fraction(low) + Fraction(high)) / 2)
                middle = interval(low / 2 + high / 2)
                known = self._known(self._difference((middle, None))[0] + slope * (wide - middle))
            return known
        except Undefined:
            return False
        except Undecided:
            return None

    def at(self, x: Fraction) -> bool | None:
        """Whether it holds at a point: exactly where only fractions are met on the way, None if the sides are too close."""
        if not self.rational:
            return self.holds(x, x)
        try:
            greater, lesser = (side.run([x] * len(side.inputs))[side.slots[0]] for side in self.sides)
        except InputError:
            return False
        return bool(greater > lesser if self.strict else greater >= lesser)

    def _known(self, difference: Any) -> bool | None:
        if difference.a > 0 or (difference.a >= 0 and not self.strict):
            return True
        return False if difference.b < 0 or (difference.b <= 0 and self.strict) else None

    def _difference(self, x: Dual) -> Dual:
        (greater, up), (lesser, down) = (run(side, x, c) for side, c in zip(self.sides, self.constants, strict=True))
        return greater - lesser, None if up is None or down is None else up - down


def run(side: Tape, x: Dual, constants: Sequence[Dual]) -> Dual:
    """The value of a tape on an interval, every input being the unknown."""
    slots: list[Dual] = [x] * len(side.inputs) + list(constants)
    for kind, places in side.steps:
        slots.append(INTERVALS[kind](*[slots[i] for i in places]))
    value: Dual = slots[side.slots[0]]
    return value


def interval(low: Any, high: Any = None) -> Any:
    """An interval around one number, or from one to another."""
    if high is not None and high != low:
        return _IV.mpf([interval(low).a, interval(high).b])
    if isinstance(low, Fraction):
        return _IV.mpf(low.numerator) / _IV.mpf(low.denominator)
    return _IV.mpf(low)


def _is_rational(side: Tape) -> bool:
    """Whether fractions stay fractions all the way."""
    first = len(side.inputs)
    whole = {first + i for i, c in enumerate(side.constants) if isinstance(c, Fraction) and c.denominator == 1}
    smooth = (sp.log, sp.exp, sp.sinh, sp.asinh, PositiveRoot)
    powers = [places[1] for kind, places in side.steps if kind is sp.Pow]
    return (
        all(isinstance(c, Fraction) for c in side.constants)
        and all(p in whole for p in powers)
        and not any(kind in smooth for kind, _ in side.steps)
    )


# -- one row for every operation of a tape
def _sum(*args: Dual) -> Dual:
    return reduce(lambda a, b: (a[0] + b[0], _both(a, b, lambda s, t: s + t)), args)


def _product(*args: Dual) -> Dual:
    return reduce(lambda a, b: (a[0] * b[0], _both(a, b, lambda s, t: s * b[0] + t * a[0])), args)


def _both(a: Dual, b: Dual, join: Callable[[Any, Any], Any]) -> Any:
    return None if a[1] is None or b[1] is None else join(a[1], b[1])


def _power(base: Dual, exponent: Dual) -> Dual:
    b, e = base[0], exponent[0]
    if exponent[1] is not None and e.a == e.b and e.a == int(e.a) and abs(e.a) < 10**6:
        power = int(e.a)
        if power < 0 and b.a <= 0 <= b.b:
            raise Undefined if b.a == b.b else Undecided
        return b**power, None if base[1] is None else power * b ** (power - 1) * base[1]
    if b.b < 0:
        raise Undefined
    if b.a <= 0:
        if e.a > 0 and b.a == 0 < b.b:
            return _IV.mpf([0, _power((_IV.mpf(b.b), None), exponent)[0].b]), None
        raise Undecided
    return _exp(_product(exponent, _log(base)))


def _log(arg: Dual) -> Dual:
    if arg[0].b <= 0:
        raise Undefined
    if arg[0].a <= 0:
        raise Undecided
    return _IV.log(arg[0]), None if arg[1] is None else arg[1] / arg[0]


def _exp(arg: Dual) -> Dual:
    if not -_HUGE < arg[0].a <= arg[0].b < _HUGE:
        return (_IV.mpf([0, _IV.exp(_IV.mpf(-_HUGE)).b]) if arg[0].b <= -_HUGE else _overflow(arg[0])), None
    value = _IV.exp(arg[0])
    return value, None if arg[1] is None else arg[1] * value


def _overflow(x: Any) -> Any:
    low = max(x.a, -_HUGE) if x.a < _HUGE else _HUGE
    return _IV.mpf([_IV.exp(_IV.mpf(low)).a if low > -_HUGE else 0, "inf"])


def _monotone(f: Callable[[Any], Any], slope: Callable[[Any], Any], arg: Dual) -> Dual:
    """A rising function, from its values at both ends."""
    return _IV.mpf([f(_IV.mpf(arg[0].a)).a, f(_IV.mpf(arg[0].b)).b]), None if arg[1] is None else arg[1] * slope(arg[0])


def _sinh(arg: Dual) -> Dual:
    if abs(arg[0]).b > _HUGE:
        raise Undecided
    return _monotone(lambda x: (_IV.exp(x) - _IV.exp(-x)) / 2, lambda x: (_IV.exp(x) + _IV.exp(-x)) / 2, arg)


def _asinh(arg: Dual) -> Dual:
    def f(x: Any) -> Any:
        return _IV.log(x + _IV.sqrt(x * x + 1)) if x.a >= 0 else -_IV.log(-x + _IV.sqrt(x * x + 1))

    return _monotone(f, lambda x: 1 / _IV.sqrt(x**2 + 1), arg)


def _extreme(sense: int) -> Callable[..., Dual]:
    """The largest (or smallest), with its derivative where one argument clearly is."""

    def row(a: Dual, b: Dual) -> Dual:
        (first, second) = (a, b) if sense > 0 else (b, a)
        if first[0].a > second[0].b:
            return a
        if second[0].a > first[0].b:
            return b
        pick = max if sense > 0 else min
        return _IV.mpf([pick(a[0].a, b[0].a), pick(a[0].b, b[0].b)]), None

    return lambda *args: reduce(row, args)


def _absolute(arg: Dual) -> Dual:
    if arg[0].a >= 0:
        return arg
    return (-arg[0], None if arg[1] is None else -arg[1]) if arg[0].b <= 0 else (abs(arg[0]), None)


def _rounded(how: Callable[[Fraction], Any], widest: Any) -> Callable[[Dual], Dual]:
    """A step function: constant where both ends agree."""

    def row(arg: Dual) -> Dual:
        if arg[0].b > 2**1000 or arg[0].a < -(2**1000):
            return widest(arg[0]), None
        low, high = (how(Fraction(*map(int, to_rational(end)))) for end in arg[0]._mpi_)
        return (interval(Fraction(low)), _ZERO) if low == high else (interval(Fraction(low), Fraction(high)), None)

    return row


def _positive_root(*coeffs: Dual) -> Dual:
    """Between the roots of the polynomials with the largest and the smallest coefficients (of a rising one)."""
    values = [c[0] for c in coeffs]
    if values[0].b < 0:
        values = [-v for v in values]
    if values[0].a <= 0:
        raise Undecided

    def at(y: Any) -> Any:
        return reduce(lambda total, c: total * y + c, values, _ZERO)

    def first(good: Callable[[Any], bool], step: float) -> Any:
        return next((y for i in range(2000) if good(y := _IV.mpf(step) ** i)), None)

    def climbed(good: Any, bad: Any, is_good: Callable[[Any], bool]) -> Any:
        """The last point, on the way from a good to a bad one, that is good."""
        for _ in range(100):
            middle = _IV.mpf(((good + bad) / 2).a)
            good, bad = (middle, bad) if is_good(middle) else (good, middle)
        return good

    below, above = (lambda y: at(y).b < 0), (lambda y: at(y).a > 0)
    low, high = first(below, 0.5), first(above, 2)
    if low is None or high is None:
        raise Undecided
    return _IV.mpf([climbed(low, high, below).a, climbed(high, low, above).b]), None


INTERVALS: dict[type, Callable[..., Dual]] = {
    sp.Add: _sum,
    sp.Mul: _product,
    sp.Pow: _power,
    sp.Max: _extreme(1),
    sp.Min: _extreme(-1),
    sp.ceiling: _rounded(ceil, lambda v: v + _IV.mpf([0, 1])),
    sp.floor: _rounded(floor, lambda v: v - _IV.mpf([0, 1])),
    sp.Abs: _absolute,
    sp.log: _log,
    sp.exp: _exp,
    sp.sinh: _sinh,
    sp.asinh: _asinh,
    PositiveRoot: _positive_root,
    PowerOfTwo: _rounded(power_of_two, lambda v: v * _IV.mpf([1, 2])),
}
