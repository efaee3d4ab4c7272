"""Thresholds of a condition that is no polynomial: intervals of the unknown, halved until each is decided.

From 1e-15 to 1e25 every interval is proven to hold, proven not to hold, or narrowed to a relative width of 1e-12,
where it is the bracket of a threshold. What is left when the effort is spent is named, and counts as not holding.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby, pairwise
from math import ceil, floor, sqrt

import sympy as sp

from symroof.solver.boxes import Box
from symroof.solver.certify import START, STOP, Certified, End, runs, simplest

LOW, HIGH = 1e-15, 1e25
_DECADES = 40
_NARROW = 1 + 4e-13  # two neighbours make a bracket of 1e-12
_EFFORT = 30_000  # steps of a tape, about a second


@dataclass(frozen=True)
class _Stretch:
    """An interval of the unknown and whether the condition holds there (None: not decided)."""

    low: float
    high: float
    true: bool | None


def swept(left: sp.Expr, right: sp.Expr, relation: str, x: sp.Symbol) -> Certified:
    """Where a condition in x alone holds between 1e-15 and 1e25, every end with a bracket."""
    box = Box(left, right, relation)
    stretches = _stretches(box)
    doubts = [_unproven(s, x) for s in stretches if s.true is None and _wide(s)]
    points = {i: _threshold(box, s) for i, s in enumerate(stretches) if s.true is None}
    holds = [bool(s.true) for s in stretches]
    for i in (i for i in points if not _wide(stretches[i])):
        before, after = (stretches[j].true if 0 <= j < len(stretches) else None for j in (i - 1, i + 1))
        at = box.at(Fraction(points[i].number))
        if before == after and (at is None or type(points[i].number) is float):
            doubts.append(f"the sides touch at {x} = {_short(float(points[i].number))}, to within 1e-12")
        holds[i] = at if at is not None else before is not False and after is not False
    for i in (i for i in points if type(points[i].number) is float and not _wide(stretches[i])):
        points[i] = replace(points[i], open=box.strict)
    intervals = tuple(_interval(len(stretches), points, first, last) for first, last in runs(holds))
    more = f", and {len(doubts) - 3} more places" if len(doubts) > 3 else ""
    return Certified(intervals, "; ".join(doubts[:3]) + more)


def _stretches(box: Box) -> list[_Stretch]:
    """All of the range, neighbours of one kind merged."""
    marks = [LOW * 10.0**i for i in range(_DECADES)] + [HIGH]
    queue = deque(pairwise(marks))
    done: list[_Stretch] = []
    budget = _EFFORT // (4 + sum(len(side.steps) for side in box.sides))
    while queue:
        low, high = queue.popleft()
        true = box.holds(low, high)
        budget -= 1
        if true is not None or high <= low * _NARROW or budget < 0:
            done.append(_Stretch(low, high, true))
        else:
            middle = sqrt(low) * sqrt(high)
            queue += [(low, middle), (middle, high)]
    done.sort(key=lambda s: s.low)
    merged = []
    for true, group in groupby(done, key=lambda s: s.true):
        same = list(group)
        merged.append(_Stretch(same[0].low, same[-1].high, true))
    return merged


def _wide(stretch: _Stretch) -> bool:
    return stretch.high > stretch.low * (1 + 1e-11)


def _unproven(stretch: _Stretch, x: sp.Symbol) -> str:
    return f"not certified for {x} between {_short(stretch.low)} and {_short(stretch.high)}"


def _short(number: float) -> str:
    return f"{number:.10g}"


def _threshold(box: Box, stretch: _Stretch) -> End:
    """The number that stands for an undecided stretch: a whole one or a short fraction if there is one, else its middle."""
    low, high = Fraction(stretch.low), Fraction(stretch.high)
    if _wide(stretch):
        return End(sqrt(stretch.low) * sqrt(stretch.high), (low, high))
    if ceil(low) <= floor(high):
        return End(Fraction(_last_before(box, ceil(low), floor(high))), (low, high))
    short = simplest(low, high)
    number = short if short.denominator < 10**4 else float((low + high) / 2)
    return End(number, (low, high))


def _last_before(box: Box, low: int, high: int) -> int:
    """Of the whole numbers in a bracket the one where the truth changes, as seen from below."""
    first = box.at(Fraction(low))
    if first == box.at(Fraction(high)):
        return low
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if box.at(Fraction(middle)) == first else (low, middle)
    return high


def _interval(count: int, points: dict[int, End], first: int, last: int) -> tuple[End, End]:
    """One run of truth: from a threshold (left out, or held) to the next."""
    low, high = START, STOP
    if first:
        low = points[first] if first in points else _left_out(points[first - 1], 1)
    if last < count - 1:
        high = points[last] if last in points else _left_out(points[last + 1], 0)
    return low, high


def _left_out(end: End, side: int) -> End:
    """An end that does not hold itself; of a wide bracket its certain side."""
    wide = end.bracket[1] > end.bracket[0] * (1 + Fraction(1, 10**11))
    if type(end.number) is float:
        return replace(end, number=float(end.bracket[side])) if wide else end
    return replace(end, open=True)
