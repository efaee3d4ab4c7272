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
    lower = least - CLOSE * np.abs(least)
    return (points.costs[points.sure][:, :, None] < lower).all(axis=1).any(axis=0)


def kept(points: Points, best: int) -> Points:
    """Those that can still be among the best k, in the order of cost and grid."""
    points = points.only(within(points.costs[:, 0], level(points, best)))
    points = points.only(np.lexsort((points.index, points.costs[:, 0])))
    ahead = np.concatenate([[0], np.cumsum(points.sure)])
    same = np.searchsorted(points.costs[:, 0], points.costs[:, 0])
    rank = ahead[:-1] - ahead[same]  # of those with the very same cost, how many come before
    return points.only((rank < best) | points.sure & (rank < best + MANY))


def front(points: Points) -> Points:
    """Those that no other point, allowed for sure, equals or beats in every cost; of equals the first in the grid."""
    order = np.lexsort((points.index, *points.costs.T[::-1]))
    points = points.only(order)
    left = np.arange(len(points))
    done: list[int] = []
    while len(left):
        one, left = left[0], left[1:]
        done.append(one)
        if points.sure[one]:
            left = left[(points.costs[left] < points.costs[one]).any(axis=1)]
    return points.only(np.array(done, dtype=np.int64))


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
