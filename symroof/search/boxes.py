"""Boxes that cannot win: what only rises with every symbol is least where all are least, so that one corner bounds a box.

The symbols need not be independent: the corner of the values in a box may not be a point of it, but is never above one.
A box that may win is halved, until it is small enough to be looked at point by point or its corner tells that it cannot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from symroof.algebra.cost import Condition
from symroof.algebra.evaluate import Tape
from symroof.grid.cut import Slices, padded
from symroof.solver.monotony import difference, direction

SHORT = 4096  # values along an axis up to which those of a box are looked through, where they are in no order

Ways = Mapping[sp.Symbol, int | None]


def ways(costs: Sequence[sp.Expr], conditions: Sequence[Condition], values: Mapping[sp.Symbol, Any]) -> tuple[Ways, ...]:
    """How every cost, then the room that every condition leaves, goes with each symbol that differs over the space."""
    moving = [s for s, v in values.items() if np.size(v) > 1]
    rooms = [(c.right.expr, c.left.expr) if c.relation[0] == "<" else (c.left.expr, c.right.expr) for c in conditions]
    of_costs = [{s: direction(cost, s) for s in moving if cost.has(s)} for cost in costs]
    return *of_costs, *({s: difference(large, small, s) for s in moving if large.has(s) or small.has(s)} for large, small in rooms)


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes of a space, one a column: where each begins and ends along every axis, with its labels in order; the least costs in it."""

    low: Any
    high: Any
    least: Any

    @classmethod
    def of(cls, parts: Sequence[Slices], apart: Any, costs: int) -> Boxes:
        """Parts of a space as boxes, taken apart along some axes; nothing is known yet of the costs in them."""
        low, high = (
            np.array([[getattr(s, end) for s in p] for p in parts], np.int64).reshape(len(parts), -1).T for end in ("start", "stop")
        )
        for axis in np.flatnonzero(apart):
            lengths = high[axis] - low[axis]
            low, high = np.repeat(low, lengths, axis=1), np.repeat(high, lengths, axis=1)
            low[axis] += np.arange(low.shape[1]) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            high[axis] = low[axis] + 1
        return cls(low, high, np.full((costs, low.shape[1]), -np.inf))

    def __len__(self) -> int:
        return int(self.low.shape[1])

    @cached_property
    def sizes(self) -> Any:
        """The points of each."""
        return np.prod(self.high - self.low, axis=0)

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

    def halved(self, first: Any) -> Boxes:
        """Both halves of each, along the axis with most labels, and along those that come ``first`` before others."""
        lengths = self.high - self.low
        axis = np.argmax((lengths - 1) * np.where(first, 1 << 31, 1)[:, None], axis=0)
        cut = np.arange(len(lengths))[:, None] == axis
        middle = (self.low + self.high) // 2
        ends = (self.low, np.where(cut, middle, self.low)), (np.where(cut, middle, self.high), self.high)
        low, high = (np.stack(pair, axis=2).reshape(len(lengths), -1) for pair in ends)
        return Boxes(low, high, np.repeat(self.least, 2, axis=1))

    def places(self) -> Sequence[Any]:
        """All points of all boxes: where each stands along every axis; of a single box as arrays that span it."""
        if len(self) == 1:
            return np.ix_(*map(np.arange, self.low[:, 0], self.high[:, 0]))
        sizes = self.sizes
        left, found = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes), []
        for low, length in zip(self.low[::-1], (self.high - self.low)[::-1], strict=True):
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

    def of(self, boxes: Boxes, compiled: Tape, way: Ways, side: int) -> tuple[list[Any], Any]:
        """What a tape's parts are worth where all is least (``side`` 1) or largest (-1) in each box, and whether that is known."""
        known, given = np.ones(len(boxes), bool), []
        for symbol in compiled.inputs:
            least, most = self._span(symbol, boxes)
            goes = way.get(symbol, 0)
            known &= (goes is not None) | (least == most)
            given.append(least if side * (goes or 0) >= 0 else most)
        slots = compiled.run([np.broadcast_to(v, len(boxes)) for v in given[:1]] + given[1:], strict=False)
        found = [np.broadcast_to(np.asarray(slots[place[0]], dtype=float), len(boxes)) for place in compiled.slots[1]]
        return found, known & np.isfinite(found).all(axis=0)

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
