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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count, product
from typing import Any

import sympy as sp

from symroof.algebra.evaluate import tape
from symroof.errors import InputError, SolveError, short

_COMPARED = {"<=": operator.le, "<": operator.lt, ">=": operator.ge, ">": operator.gt, "==": operator.eq}
_ALL = range(1, 10**18 + 1)
_DOUBLING = tuple(1 << i for i in range(60))

#: What an unknown may be: None for any whole number, "powers of two", a number it must divide, or the numbers themselves.
Allowed = None | str | int | Iterable[int]
#: Of every unknown the first and last number of a range.
Box = tuple[tuple[int, int], ...]
Real = float | Fraction


class NoValues(SolveError):
    """No values satisfy the conditions."""


def numbers(allowed: Allowed, x: sp.Symbol) -> Sequence[int]:
    """The numbers an unknown may be, in order.

    Raises InputError if those are no whole numbers.
    """
    if allowed is None:
        return _ALL
    if isinstance(allowed, str):
        if allowed != "powers of two":
            raise InputError(f"{short(allowed)} says not what {x} may be; write 'powers of two', a number it divides, or a list of numbers")
        return _DOUBLING
    if isinstance(allowed, (int, sp.Integer)):
        if allowed < 1 or isinstance(allowed, bool):
            raise InputError(f"{x} cannot divide {allowed}; give a positive whole number")
        return tuple(map(int, sp.divisors(allowed)))
    listed = tuple(allowed) if isinstance(allowed, Iterable) else ()
    if not listed or not all(isinstance(v, (int, sp.Integer)) and v >= 1 for v in listed):
        raise InputError(f"{short(allowed)} says not what {x} may be; list positive whole numbers")
    return tuple(sorted({int(v) for v in listed}))


# -- branch and bound
@dataclass(frozen=True)
class WholeOptimum:
    """The best whole numbers and their exact value.

    ``proven`` says that no allowed numbers are better (by more than what was told of the ranges); if not, ``lower`` is what
    none can beat.
    """

    point: Mapping[sp.Symbol, int]
    value: Any
    lower: float
    proven: bool


def winner(
    allowed: Mapping[sp.Symbol, Sequence[int]],
    bound: Callable[[Box], tuple[Any, tuple[Real, ...]]],
    judge: Callable[[Mapping[sp.Symbol, Fraction]], Any],
    most: int = 3000,
) -> WholeOptimum:
    """The whole numbers of the smallest value; the range with the lowest bound is looked at next, at most so many.

    ``bound`` says of a range what no numbers in it can beat, and where numbers are good (or raises NoValues); ``judge`` what
    numbers are worth, None if they are not possible.

    Raises NoValues if no numbers are possible, SolveError if none were found.
    """
    listed = tuple(allowed.values())
    tried: set[tuple[int, ...]] = set()
    best: tuple[Any, dict[sp.Symbol, int]] = (None, {})

    def attempt(places: Iterable[int]) -> None:
        nonlocal best
        if (key := tuple(places)) not in tried:
            tried.add(key)
            point = {x: mine[i] for (x, mine), i in zip(allowed.items(), key, strict=True)}
            value = judge({x: Fraction(v) for x, v in point.items()})
            if value is not None and (best[0] is None or value < best[0]):
                best = value, point

    def hopeless(lower: Any) -> bool:
        return best[0] is not None and bool(lower >= best[0])

    open_: list[tuple[Any, int, Box]] = [(-math.inf, 0, tuple((0, len(mine) - 1) for mine in listed))]
    order, ranges = count(1), 0
    while open_ and ranges < most and not hopeless(open_[0][0]):
        lower, _, box = heapq.heappop(open_)
        ranges += 1
        try:
            least, point = bound(tuple((mine[i], mine[j]) for mine, (i, j) in zip(listed, box, strict=True)))
        except NoValues:
            continue
        near = [_near(mine, v, *ends) for mine, v, ends in zip(listed, point, box, strict=True)]
        for places in product(*map(dict.fromkeys, near)):
            attempt(places)
        lower = max(lower, least)
        for child in () if hopeless(lower) else _parts(listed, box, point, near):
            if all(i == j for i, j in child):
                attempt(i for i, _ in child)
            else:
                heapq.heappush(open_, (lower, next(order), child))
    value, proven = best[0], not open_ or hopeless(open_[0][0])
    if value is None and not proven:
        raise SolveError(f"no whole numbers were found in {most} ranges; bound the unknowns, or list what they may be")
    if value is None:
        raise NoValues("no whole numbers satisfy the conditions")
    return WholeOptimum(best[1], value, float(value if proven else open_[0][0]), proven)


def _near(listed: Sequence[int], v: Real, first: int, last: int) -> tuple[int, int]:
    """The places on either side of v within a range; the same one twice where v is one."""
    return max(bisect_right(listed, v, first, last + 1) - 1, first), min(bisect_left(listed, v, first, last + 1), last)


def _parts(listed: tuple[Sequence[int], ...], box: Box, point: tuple[Real, ...], near: list[tuple[int, int]]) -> Iterator[Box]:
    """A range in two, apart where the point is furthest from whole; around the point where it is whole."""
    apart = [float(min(v / mine[a], mine[b] / v)) if a < b else 1 for mine, v, (a, b) in zip(listed, point, near, strict=True)]
    i = max(range(len(box)), key=lambda i: apart[i])
    if apart[i] > 1:
        parts = [(box[i][0], near[i][0]), (near[i][1], box[i][1])]
    else:
        i = next((i for i, (first, last) in enumerate(box) if first != last), 0)
        (first, last), at = box[i], near[i][0]
        parts = [(at, at), (first, at - 1), (at + 1, last)]
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
