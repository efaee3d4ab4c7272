"""The best points seen so far, in a form that does not depend on the order in which they were seen.

Floats only decide what is clearly better or clearly allowed; what lies within rounding is kept and decided exactly, and
equal points stand in the order of the grid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

CLOSE = 1e-12  # two floats that differ less are compared exactly
MANY = 256  # points beyond the best k that are kept because they may be as good
_LAYERS = 3  # fronts that are kept for that reason, each of points that those before equal or beat, but by no more than rounding
_PAIRS = 1 << 11  # comparisons that are made one by one


@dataclass(frozen=True, eq=False)
class Points:
    """Points of the grid: one row of ``costs`` each, their numbers in the grid, and whether they are allowed for sure."""

    costs: Any
    index: Any
    sure: Any

    def __len__(self) -> int:
        return len(self.index)

    def only(self, which: Any) -> Points:
        """Some of them."""
        return Points(self.costs[which], self.index[which], self.sure[which])


def no_points(costs: int) -> Points:
    """None yet."""
    return Points(np.empty((0, costs)), np.empty(0, np.int64), np.empty(0, bool))


def together(a: Points, b: Points) -> Points:
    """Those of both, each once."""
    costs, index, sure = (np.concatenate(pair) for pair in ((a.costs, b.costs), (a.index, b.index), (a.sure, b.sure)))
    _, first = np.unique(index, return_index=True)
    return Points(costs[first], index[first], sure[first])


def level(points: Points, best: int) -> float:
    """The cost that the next point must not exceed: that of the k-th that is allowed for sure."""
    sure = points.costs[points.sure, 0]
    return float(np.partition(sure, best - 1)[best - 1]) if len(sure) >= best else float("inf")


def within(costs: Any, limit: float) -> Any:
    """Where costs are not clearly above a limit."""
    return costs <= limit + CLOSE * abs(limit) if np.isfinite(limit) else np.ones(np.shape(costs), bool)


def beaten(points: Points, best: int, least: Any) -> Any:
    """Where costs that are nowhere below a column of ``least`` are clearly worse than the k-th best, or than a point of the front."""
    if len(least) == 1:
        return ~within(least[0], level(points, best))
    return below(points.costs[points.sure], (least - CLOSE * np.abs(least)).T)


def kept(points: Points, best: int) -> Points:
    """Those that can still be among the best k, in the order of cost and grid."""
    points = points.only(within(points.costs[:, 0], level(points, best)))
    points = points.only(np.lexsort((points.index, points.costs[:, 0])))
    ahead = np.concatenate([[0], np.cumsum(points.sure)])
    same = np.searchsorted(points.costs[:, 0], points.costs[:, 0])
    rank = ahead[:-1] - ahead[same]  # of those with the very same cost, how many come before
    return points.only((rank < best) | points.sure & (rank < best + MANY))


def below(points: Any, limits: Any) -> Any:
    """Which rows of ``limits`` have a row of ``points`` that is smaller in every column."""
    if not len(points) or not len(limits):
        return np.zeros(len(limits), bool)
    if limits.shape[1] == 1:
        return limits[:, 0] > points[:, 0].min()
    if len(points) * len(limits) <= _PAIRS:
        return (points < limits[:, None]).all(axis=2).any(axis=1)
    if limits.shape[1] == 2:
        order = np.argsort(points[:, 0])
        smaller = np.searchsorted(points[order, 0], limits[:, 0])
        least = np.minimum.accumulate(points[order, 1])
        return (smaller > 0) & (least[smaller - 1] < limits[:, 1])
    middle = np.partition(points[:, 0], len(points) // 2)[len(points) // 2]
    after = limits[:, 0] > middle
    found = np.zeros(len(limits), bool)
    found[after] = below(points[points[:, 0] <= middle, 1:], limits[after, 1:])
    for some, side in ((points[:, 0] > middle, after), (points[:, 0] < middle, ~after)):
        open_ = np.flatnonzero(side & ~found)
        found[open_] = below(points[some], limits[open_])
    return found


def outdone(costs: Any, index: Any, sure: Any) -> Any:
    """Which points another one, allowed for sure, equals or beats in every cost; of equals all but the first in the grid."""
    place = np.empty(len(index))
    place[np.lexsort((index, *costs.T[::-1]))] = np.arange(len(index))  # none before is larger in the first cost
    points, limits = (np.column_stack([place, c]) for c in (costs[:, 1:], np.nextafter(costs[:, 1:], np.inf)))
    return below(points[sure], limits)


def front(points: Points) -> Points:
    """Those that no other point, allowed for sure, clearly beats in every cost, as far as they may be on the front."""
    points = points.only(~below(points.costs[points.sure], points.costs - CLOSE * np.abs(points.costs)))
    if len(points) <= MANY:
        return points
    done, left = np.zeros(len(points), bool), np.arange(len(points))
    for _ in range(_LAYERS):
        behind = outdone(points.costs[left], points.index[left], points.sure[left])
        done[left[~behind]] = True
        left = left[behind]
    return points.only(done)


def settled(points: Points, best: int, allowed: Callable[[int], bool], single: bool = True) -> Points:
    """The points with those that may be allowed decided one by one, the cheapest first, as far as the best k need it."""
    points = points.only(np.lexsort((points.index, points.costs[:, 0])))
    sure, drop = points.sure.copy(), np.zeros(len(points), bool)
    count, here, limit = 0, 0, np.inf
    for i in range(len(points)):
        if single and not within(points.costs[i, 0], limit):
            break
        here = here if i and points.costs[i, 0] == points.costs[i - 1, 0] else 0
        if not sure[i]:
            sure[i] = (not single or here < best) and allowed(int(points.index[i]))
            drop[i] = not sure[i]
        count, here = count + bool(sure[i]), here + bool(sure[i])
        limit = points.costs[i, 0] if count == best and sure[i] else limit
    left = Points(points.costs, points.index, sure).only(~drop)
    return kept(left, best) if single else front(left)
