"""The whole numbers that really win: branch and bound, every candidate evaluated exactly.

Whoever asks says what a range of numbers is worth at best, and where; between bounds on its unknowns a geometric program is
again one, and its certified lower bound shows which ranges cannot hold the best numbers. What is left over when no range is,
is the best there is; rounding the real optimum need not be.
"""

from __future__ import annotations

import heapq
import math
import operator
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import count, product
from typing import Any

import sympy as sp

from symroof.algebra.evaluate import tape
from symroof.errors import InputError, SolveError, short

_COMPARED = {"<=": operator.le, "<": operator.lt, ">=": operator.ge, ">": operator.gt, "==": operator.eq}
_LARGEST = 10**30  # of all whole numbers that are looked at

#: What an unknown may be: None for any whole number, "powers of two", a number it must divide, or the numbers themselves.
Allowed = None | str | int | Iterable[int]
Range = tuple[int, int]
Box = tuple[Range, ...]
Real = float | Fraction


class NoValues(SolveError):
    """No values satisfy the conditions."""


# -- what an unknown may be
@dataclass(frozen=True)
class Numbers:
    """The numbers an unknown may be: listed, or (with none listed) every whole number, or every power of two."""

    listed: tuple[int, ...] = ()
    doubling: bool = False

    @classmethod
    def of(cls, allowed: Allowed, x: sp.Symbol) -> Numbers:
        """What an unknown may be, checked.

        Raises InputError if that is no whole numbers.
        """
        if allowed is None:
            return cls()
        if isinstance(allowed, str):
            if allowed != "powers of two":
                cure = "write 'powers of two', a number it divides, or a list of numbers"
                raise InputError(f"{short(allowed)} says not what {x} may be; {cure}")
            return cls(doubling=True)
        if isinstance(allowed, (int, sp.Integer)):
            if allowed < 1 or isinstance(allowed, bool):
                raise InputError(f"{x} cannot divide {allowed}; give a positive whole number")
            return cls(tuple(map(int, sp.divisors(allowed))))
        listed = tuple(allowed) if isinstance(allowed, Iterable) else ()
        if not listed or not all(isinstance(v, (int, sp.Integer)) and v >= 1 for v in listed):
            raise InputError(f"{short(allowed)} says not what {x} may be; list positive whole numbers")
        return cls(tuple(sorted({int(v) for v in listed})))

    @property
    def whole(self) -> Range:
        """From the smallest to the largest."""
        return (self.listed[0], self.listed[-1]) if self.listed else (1, 1 << 99 if self.doubling else _LARGEST)

    def below(self, v: Real) -> int:
        """The largest that is at most v, 0 if there is none."""
        if self.listed:
            place = bisect_right(self.listed, v)
            return self.listed[place - 1] if place else 0
        v = math.floor(v)
        return (1 << v.bit_length() - 1) if self.doubling and v >= 1 else max(v, 0)

    def above(self, v: Real) -> int:
        """The smallest that is at least v; beyond the largest if there is none."""
        if self.listed:
            place = bisect_left(self.listed, v)
            return self.listed[place] if place < len(self.listed) else self.listed[-1] + 1
        v = max(math.ceil(v), 1)
        return 1 << (v - 1).bit_length() if self.doubling else v

    def near(self, v: Real, within: Range) -> Range:
        """Those on either side of v within a range; the same one twice where v is one."""
        low, high = within
        a = min(max(self.below(v), low), high)
        b = max(min(self.above(v), high), low)
        return (a, b) if a < b else (b, b)


# -- branch and bound
@dataclass(frozen=True)
class WholeOptimum:
    """The best whole numbers, their exact value, and how many candidates and ranges it took.

    ``proven`` says that no allowed numbers are better (by more than what was told of the ranges); if not, ``lower`` is what
    none can beat.
    """

    point: Mapping[sp.Symbol, int]
    value: Any
    lower: float
    proven: bool
    tried: int
    ranges: int


def winner(
    allowed: Mapping[sp.Symbol, Numbers],
    bound: Callable[[Box], tuple[Any, tuple[Real, ...]]],
    judge: Callable[[Mapping[sp.Symbol, Fraction]], Any],
    most: int = 3000,
) -> WholeOptimum:
    """The whole numbers of the smallest value; the range with the lowest bound is looked at next, at most so many.

    ``bound`` says of a range what no numbers in it can beat, and where numbers are good (or raises NoValues); ``judge`` what
    numbers are worth, None if they are not possible.

    Raises NoValues if no numbers are possible, SolveError if none were found.
    """
    choices = tuple(allowed.values())
    tried: dict[tuple[int, ...], Any] = {}
    won: tuple[Any, tuple[int, ...]] = (None, ())

    def attempt(numbers: tuple[int, ...]) -> None:
        nonlocal won
        if numbers not in tried:
            value = tried[numbers] = judge(dict(zip(allowed, map(Fraction, numbers), strict=True)))
            if value is not None and (won[0] is None or value < won[0]):
                won = value, numbers

    def hopeless(lower: Any) -> bool:
        return won[0] is not None and bool(lower >= won[0])

    open_: list[tuple[Any, int, Box]] = [(-math.inf, 0, tuple(c.whole for c in choices))]
    order, ranges = count(1), 0
    while open_ and ranges < most and not hopeless(open_[0][0]):
        lower, _, box = heapq.heappop(open_)
        ranges += 1
        try:
            least, point = bound(box)
        except NoValues:
            continue
        near = [c.near(v, r) for c, v, r in zip(choices, point, box, strict=True)]
        for numbers in product(*map(dict.fromkeys, near)):
            attempt(numbers)
        lower = max(lower, least)
        for child in () if hopeless(lower) else _parts(choices, box, point, near):
            if all(low == high for low, high in child):
                attempt(tuple(low for low, _ in child))
            else:
                heapq.heappush(open_, (lower, next(order), child))
    proven = not open_ or hopeless(open_[0][0])
    value, numbers = won
    if value is None and not proven:
        raise SolveError(f"no whole numbers were found in {most} ranges; bound the unknowns, or list what they may be")
    if value is None:
        raise NoValues("no whole numbers satisfy the conditions")
    lower = float(value if proven else open_[0][0])
    return WholeOptimum(dict(zip(allowed, numbers, strict=True)), value, lower, proven, len(tried), ranges)


def _parts(choices: tuple[Numbers, ...], box: Box, point: tuple[Real, ...], near: list[Range]) -> Iterator[Box]:
    """A range in two, apart where the point is furthest from whole; around the point where it is whole."""
    apart = [float(min(v / a, b / v)) if a < b else 1 for v, (a, b) in zip(point, near, strict=True)]
    i = max(range(len(box)), key=lambda i: apart[i])
    if apart[i] > 1:
        parts: list[Range] = [(box[i][0], near[i][0]), (near[i][1], box[i][1])]
    else:
        i = next((i for i, (low, high) in enumerate(box) if low != high), 0)
        (low, high), at = box[i], near[i][0]
        parts = [(at, at), (low, choices[i].below(at - 1)), (choices[i].above(at + 1), high)]
    return ((*box[:i], part, *box[i + 1 :]) for part in parts if part[0] <= part[1])


# -- evaluating
def worth(expr: sp.Expr, point: Mapping[sp.Symbol, Any]) -> Any:
    """An expression at a point, exact for fractions."""
    compiled = tape(expr)
    return compiled.run([point[s] for s in compiled.inputs])[compiled.slots[0]]


def holds(condition: sp.Basic, point: Mapping[sp.Symbol, Any]) -> bool:
    """Whether a relation holds, exactly; what an irrational power leaves in the last digits of a float counts as equal."""
    if not isinstance(condition, sp.Rel):
        return bool(condition)
    left, right = worth(condition.lhs, point), worth(condition.rhs, point)
    if isinstance(left - right, float) and abs(left - right) <= 1e-13 * max(abs(left), abs(right)):
        left = right
    return bool(_COMPARED[condition.rel_op](left, right))
