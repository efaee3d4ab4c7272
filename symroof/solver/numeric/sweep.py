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

from symroof.algebra.span import End, Span, runs
from symroof.solver.numeric.boxes import Box
from symroof.solver.numeric.roots import simplest

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

    @property
    def wide(self) -> bool:
        """Whether it is too wide to stand for one threshold."""
        return self.high > self.low * (1 + 1e-11)


def swept(left: sp.Expr, right: sp.Expr, relation: str, x: sp.Symbol) -> Span:
    """Where a condition in x alone holds between 1e-15 and 1e25, every end with a bracket."""
    box = Box(left, right, relation)
    stretches = _stretches(box)
    open_places = {i: s for i, s in enumerate(stretches) if s.true is None}
    ends = {i: _threshold(box, s) for i, s in open_places.items()}
    doubts = [f"not certified for {x} between {s.low:.10g} and {s.high:.10g}" for s in open_places.values() if s.wide]
    holds = [bool(s.true) for s in stretches]
    for i in (i for i, s in open_places.items() if not s.wide):
        before, after = (stretches[j].true if 0 <= j < len(stretches) else None for j in (i - 1, i + 1))
        at = box.at(Fraction(ends[i].number))
        rounded = type(ends[i].number) is float
        if before == after and (at is None or rounded):
            doubts.append(f"the sides touch at {x} = {float(ends[i].number):.10g}, to within 1e-12")
        holds[i] = at if at is not None else before is not False and after is not False
        ends[i] = replace(ends[i], open=box.strict and rounded)
    more = f", and {len(doubts) - 3} more places" if len(doubts) > 3 else ""
    return Span(x, runs(holds, ends, _left_out), "; ".join(doubts[:3]) + more)


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


def _threshold(box: Box, stretch: _Stretch) -> End:
    """The number that stands for an undecided stretch: a whole one or a short fraction if there is one, else its middle."""
    low, high = Fraction(stretch.low), Fraction(stretch.high)
    if stretch.wide:
        return End(sqrt(stretch.low) * sqrt(stretch.high), (low, high))
    if ceil(low) <= floor(high):
        return End(Fraction(_last_before(box, ceil(low), floor(high))), (low, high))
    short = simplest(low, high)
    return End(short if short.denominator < 10**4 else float((low + high) / 2), (low, high))


def _last_before(box: Box, low: int, high: int) -> int:
    """Of the whole numbers in a bracket the one where the truth changes, as seen from below."""
    first = box.at(Fraction(low))
    if first == box.at(Fraction(high)):
        return low
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if box.at(Fraction(middle)) == first else (low, middle)
    return high


def _left_out(end: End, side: int) -> End:
    """An end that does not hold itself; of a wide bracket its certain side."""
    if type(end.number) is not float:
        return replace(end, open=True)
    low, high = end.bracket or (end.number, end.number)
    return replace(end, number=float((low, high)[side])) if high > low * (1 + Fraction(1, 10**11)) else end
