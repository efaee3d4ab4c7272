"""A condition on whole intervals of its unknown: true everywhere in one, false everywhere, or not decided.

Interval arithmetic runs a tape on intervals rounded outwards, together with the derivative, so that sides that lie
close together over a long stretch are still told apart (the mean value form).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import sympy as sp

from symroof.algebra.evaluate import Tape, compared, tape
from symroof.algebra.intervals import INTERVALS, ONE, ZERO, Dual, Interval, Undecided, Undefined, add, hull, interval, mul, sign, sub
from symroof.errors import InputError


class Box:
    """``greater >= lesser`` (``>`` if strict) in x alone, to be asked about intervals and points."""

    def __init__(self, greater: sp.Expr, lesser: sp.Expr, strict: bool) -> None:
        self.exprs, self.strict = (greater, lesser), strict
        self.free = greater.free_symbols | lesser.free_symbols
        self.sides = (tape(greater), tape(lesser))
        self.constants = [[(interval(c), ZERO) for c in side.constants] for side in self.sides]

    def holds(self, low: Any, high: Any) -> bool | None:
        """True or False if that is so for every x from low to high, None if not decided."""
        wide = hull(low, high)
        try:
            value, slope = self._difference((wide, ONE))
            known = self._known(value)
            if known is None and slope is not None and low < high:
                if slope == ZERO:  # a plateau, where the sides may be equal
                    return self.at((Fraction(low) + Fraction(high)) / 2)
                middle = interval(low / 2 + high / 2)
                known = self._known(add(self._difference((middle, None))[0], mul(slope, sub(wide, middle))))
            return known
        except Undefined:
            return False
        except Undecided:
            return None

    def at(self, x: Fraction) -> bool:
        """Whether it holds at a point, to as many digits as it takes."""
        try:
            return compared(*self.exprs, dict.fromkeys(self.free, x)) >= self.strict
        except InputError:
            return False

    def _known(self, difference: Interval) -> bool | None:
        known = sign(difference)
        if known is None:
            low, high = (sign((end, end)) for end in difference)
            known = 1 if low == 0 and not self.strict else -1 if high == 0 and self.strict else None
        return None if known is None else known >= self.strict

    def _difference(self, x: Dual) -> Dual:
        (greater, up), (lesser, down) = (run(side, x, c) for side, c in zip(self.sides, self.constants, strict=True))
        return sub(greater, lesser), None if up is None or down is None else sub(up, down)


def run(side: Tape, x: Dual, constants: Sequence[Dual]) -> Dual:
    """The value of a tape on an interval, every input being the unknown."""
    slots: list[Dual] = [x] * len(side.inputs) + list(constants)
    for kind, places in side.steps:
        slots.append(INTERVALS[kind](*[slots[i] for i in places]))
    value: Dual = slots[side.slots[0]]
    return value
