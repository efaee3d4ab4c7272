"""Boxes that cannot win: what only rises with every symbol is least where all are least, so that one corner bounds a box.

The symbols need not be independent: the corner of the values in a box may not be a point of it, but is never above one.
A box that may win is halved, until it is small enough to be looked at point by point or its corner tells that it cannot.
Along a line on which the one cost rises and no condition turns, a box begins where its corner first leaves room: by bisection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

from symroof.algebra.cost import Condition
from symroof.algebra.evaluate import Tape
from symroof.grid.cut import Slices, padded
from symroof.search.pool import CLOSE
from symroof.solver.monotony import difference, direction

SHORT = 4096  # values along an axis up to which those of a box are looked through, where they are in no order

Ways = Mapping[sp.Symbol, int | None]


def ways(costs: Sequence[sp.Expr], conditions: Sequence[Condition], values: Mapping[sp.Symbol, Any]) -> tuple[Ways, ...]:
    """How every cost, then the room that every condition leaves, goes with each symbol that differs over the space."""
    moving = [s for s, v in values.items() if np.size(v) > 1]
    rooms = [(c.right.expr, c.left.expr) if c.relation[0] == "<" else (c.left.expr, c.right.expr) for c in conditions]
    of_costs = [{s: direction(cost, s) for s in moving if cost.has(s)} for cost in costs]
    return *of_costs, *({s: difference(large, small, s) for s in moving if large.has(s) or small.has(s)} for large, small in rooms)


class Line(NamedTuple):
    """An axis of a space along which one symbol differs, and the one cost rises with it (``goes`` 1) or falls (-1)."""

    axis: int
    symbol: sp.Symbol
    goes: int


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes of a space, one a column: where each begins and ends along every axis, with its labels in order; the least costs in it."""

    low: Any
    high: Any
    least: Any

    @classmethod
    def of(cls, parts: Sequence[Slices], costs: int) -> Boxes:
        """Parts of a space as boxes; nothing is known yet of the costs in them."""
        low, high = (
            np.array([[getattr(s, end) for s in p] for p in parts], np.int64).reshape(len(parts), -1).T for end in ("start", "stop")
        )
        return cls(low, high, np.full((costs, len(parts)), -np.inf))

    def __len__(self) -> int:
        return int(self.low.shape[1])

    @cached_property
    def lengths(self) -> Any:
        """The labels of each along every axis."""
        return self.high - self.low

    @cached_property
    def sizes(self) -> Any:
        """The points of each."""
        return np.prod(self.lengths, axis=0)

    def only(self, which: Any) -> Boxes:
        """Some of them."""
        if isinstance(which, slice):
            return Boxes(self.low[:, which], self.high[:, which], self.least[:, which])
        return Boxes(*(a.take(which, axis=1) for a in (self.low, self.high, self.least)))

    def beside(self, other: Boxes) -> Boxes:
        """Those of both."""
        pairs = (self.low, other.low), (self.high, other.high), (self.least, other.least)
        return Boxes(*(np.concatenate(pair, axis=1) for pair in pairs))

    def where(self, alive: Any) -> Boxes:
        """Those that are alive."""
        return self if alive.all() else self.only(np.flatnonzero(alive))

    def apart(self, axes: Any) -> Boxes:
        """Each taken apart along some axes."""
        low, high, least = self.low, self.high, self.least
        for axis in np.flatnonzero(axes):
            lengths = high[axis] - low[axis]
            low, high, least = (np.repeat(a, lengths, axis=1) for a in (low, high, least))
            low[axis] += np.arange(low.shape[1]) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            high[axis] = low[axis] + 1
        return Boxes(low, high, least)

    def begun(self, line: Line, places: Any) -> tuple[Boxes, Boxes]:
        """The first places of each along a line, and the others."""
        low, high = self.low.copy(), self.high.copy()
        middle = low[line.axis] + places if line.goes > 0 else high[line.axis] - places
        high[line.axis] = low[line.axis] = middle
        parts = Boxes(self.low, high, self.least), Boxes(low, self.high, self.least)
        return parts if line.goes > 0 else parts[::-1]

    def halved(self, first: Any) -> Boxes:
        """Both halves of each, if there are two, along the axis with most labels, and along those that come ``first`` before others."""
        lengths = self.lengths
        axis = np.argmax((lengths - 1) * np.where(first, 1 << 31, 1)[:, None], axis=0)
        cut = np.arange(len(lengths))[:, None] == axis
        middle = (self.low + self.high) // 2
        ends = (self.low, np.where(cut, middle, self.low)), (np.where(cut, middle, self.high), self.high)
        low, high = (np.stack(pair, axis=2).reshape(len(lengths), -1) for pair in ends)
        halves = Boxes(low, high, np.repeat(self.least, 2, axis=1))
        return halves.where(halves.sizes > 0)

    def places(self) -> Sequence[Any]:
        """All points of all boxes: where each stands along every axis; of a single box as arrays that span it."""
        if len(self) == 1:
            return np.ix_(*map(np.arange, self.low[:, 0], self.high[:, 0]))
        sizes = self.sizes
        if (sizes == 1).all():
            return list(self.low)
        left, found = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes), []
        for low, length in zip(self.low[::-1], self.lengths[::-1], strict=True):
            many = np.repeat(length, sizes)
            found.append(np.repeat(low, sizes) + left % many)
            left //= many
        return found[::-1]


@dataclass(frozen=True, eq=False)
class Corners:
    """The values of a space, and the order of the labels of every axis in which its first symbol rises."""

    values: Mapping[sp.Symbol, Any]
    shape: tuple[int, ...]

    @cached_property
    def own(self) -> dict[sp.Symbol, tuple[int, ...]]:
        """The axes along which every symbol differs."""
        return {s: tuple(i for i, n in enumerate(padded(v, len(self.shape)).shape) if n > 1) for s, v in self.values.items()}

    @cached_property
    def order(self) -> list[Any]:
        """The labels of every axis, by their number, in order."""
        alone = {axes[0]: np.ravel(self.values[s]) for s, axes in reversed(self.own.items()) if len(axes) == 1}
        return [np.argsort(alone[i], kind="stable") if i in alone else np.arange(n) for i, n in enumerate(self.shape)]

    @cached_property
    def _along(self) -> dict[sp.Symbol, tuple[int, Any, int]]:
        """Of a symbol that differs along one axis: the axis, its values in order, and whether they rise (1), fall (-1) or neither."""
        found = {}
        for s, axes in self.own.items():
            if len(axes) == 1:
                line = np.ravel(self.values[s])[self.order[axes[0]]]
                step = np.diff(line)
                found[s] = axes[0], line, 1 if (step >= 0).all() else -1 if (step <= 0).all() else 0
        return found

    @cached_property
    def _whole(self) -> dict[sp.Symbol, tuple[float, float]]:
        return {s: (float(np.min(v)), float(np.max(v))) for s, v in self.values.items()}

    def line(self, cost: Ways, rooms: Sequence[Ways]) -> Line | None:
        """The longest axis on which the best point of every line is the first that the conditions allow; None if there is none."""
        for axis in sorted(range(len(self.shape)), key=lambda i: -self.shape[i]):
            moving = [s for s, axes in self.own.items() if axis in axes]
            goes = cost.get(moving[0], 0) if len(moving) == 1 and len(self.own[moving[0]]) == 1 else 0
            if goes and all(room.get(moving[0], 0) is not None for room in rooms):
                return Line(axis, moving[0], goes)
        return None

    def of(self, boxes: Boxes, compiled: Tape, way: Ways, side: int) -> tuple[list[Any], Any]:
        """What a tape's parts are worth where all is least (``side`` 1) or largest (-1) in each box, and whether that is known."""
        given, known = self._given(boxes, compiled, way, side)
        found = _worth(compiled, given, len(boxes))
        return found, known & np.isfinite(found).all(axis=0)

    def drawn(self, boxes: Boxes, line: Line, compiled: Tape, way: Ways, how: str) -> Any:
        """How many places at the beginning of each box a condition forbids, whose room grows along the line."""
        given, known = self._given(boxes, compiled, way, -1)
        values, symbol = self._along[line.symbol][1], compiled.inputs.index(line.symbol)
        near, length = boxes.low[line.axis], boxes.high[line.axis] - boxes.low[line.axis]
        near = near if line.goes > 0 else near + length - 1
        first, stop = np.zeros_like(length), np.where(known, length, 0)
        while (first < stop).any():
            middle = (first + stop) // 2
            given[symbol] = values.take(near + line.goes * middle, mode="clip")
            left, right = _worth(compiled, given, len(boxes))
            closed = never(left, how, right)
            first, stop = np.where(closed, np.minimum(middle + 1, stop), first), np.where(closed, stop, middle)
        return first

    def _given(self, boxes: Boxes, compiled: Tape, way: Ways, side: int) -> tuple[list[Any], Any]:
        """The inputs of a tape at that corner of each box, and whether it is known to be one."""
        known, given = np.ones(len(boxes), bool), []
        for symbol in compiled.inputs:
            least, most = self._span(symbol, boxes)
            goes = way.get(symbol, 0)
            if goes is None:
                known &= least == most
            given.append(least if side * (goes or 0) >= 0 else most)
        return given, known

    def _span(self, symbol: sp.Symbol, boxes: Boxes) -> tuple[Any, Any]:
        """The least and the largest value of a symbol in every box, or in the whole space."""
        if symbol not in self._along:
            return self._whole[symbol]
        axis, line, goes = self._along[symbol]
        low, high = boxes.low[axis], boxes.high[axis]
        if goes:
            return (line[low], line[high - 1])[::goes]
        if len(line) > SHORT:
            return self._whole[symbol]
        ends, closed = np.stack([low, high], axis=1).ravel(), np.append(line, line[-1])
        return np.minimum.reduceat(closed, ends)[::2], np.maximum.reduceat(closed, ends)[::2]


def _worth(compiled: Tape, given: Sequence[Any], count: int) -> list[Any]:
    """What a tape's parts are worth at some corners."""
    slots = compiled.run([_spread(v, count) for v in given[:1]] + list(given[1:]), strict=False)
    return [_spread(slots[place[0]], count) for place in compiled.slots[1]]


def _spread(value: Any, count: int) -> Any:
    array = np.asarray(value, dtype=float)
    return array if array.shape == (count,) else np.broadcast_to(array, count)


def never(left: Any, how: str, right: Any) -> Any:
    """Where ``left how right`` does not hold, whatever is rounded; not where one of them is no finite number."""
    margin = CLOSE * np.abs(right)
    return (left > right + margin) & (left < np.inf) if how[0] == "<" else (left < right - margin) & (left > -np.inf)
