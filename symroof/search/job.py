"""What is done for some blocks of a search, wherever they are sent: nothing but the points that may win comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

from symroof.algebra.evaluate import Tape, tape
from symroof.grid.cut import BLOCK, Cut, blocks, padded
from symroof.grid.plan import GridPlan, plan
from symroof.search.boxes import Boxes, Corners, Ways
from symroof.search.pool import CLOSE, MANY, Points, beaten, front, kept, level, settled, together, within

LEAF = 256  # points of a box that is looked at point by point
_LEAVES = 256  # such boxes that are looked at together
_BOXES, _FEW = 1 << 12, 16  # boxes that are halved together, and before halving pays
_ROOM = 1 << 14  # points of boxes that are evaluated before it is asked whether halving pays
_RUNS = 256  # blocks of a space in which boxes are passed over
_RELATED = {">=": lambda a, b: a >= b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, "<": lambda a, b: a < b}


class Outcome(NamedTuple):
    """What some blocks gave: points that may win, how many were evaluated (at most all), how many each condition excluded."""

    points: Points
    evaluated: int
    excluded: Any


@dataclass(frozen=True, eq=False)
class Job:
    """The costs (all to be made small), conditions and values of a search, and how each goes with every symbol, if it prunes."""

    costs: tuple[Any, ...]  # shapes
    conditions: tuple[tuple[Any, str, Any], ...] = field(repr=False)  # shape, relation, shape
    values: Mapping[sp.Symbol, Any] = field(repr=False)
    shape: tuple[int, ...]
    best: int
    ways: tuple[Ways, ...] = ()  # of every cost and of the room of every condition

    def __getstate__(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in self.__dataclass_fields__}

    # -- how it is cut and compiled
    @cached_property
    def cut(self) -> Cut:
        """The blocks of the space, large ones where boxes in them are passed over."""
        return blocks(self.shape, max(BLOCK, prod(self.shape) // _RUNS) if self.ways else 0)

    @cached_property
    def _strides(self) -> Any:
        return np.array([prod(self.shape[i + 1 :]) for i in range(len(self.shape))], dtype=np.int64)

    @cached_property
    def _tape(self) -> Tape:
        return tape(("sum", (*self.costs, *(side for c in self.conditions for side in (c[0], c[2])))))

    @cached_property
    def _sides(self) -> tuple[Tape, ...]:
        return tuple(tape(("sum", sides)) for sides in (*((c,) for c in self.costs), *((c[0], c[2]) for c in self.conditions)))

    @cached_property
    def _corners(self) -> Corners:
        return Corners(self.values, self.shape)

    @cached_property
    def _first(self) -> Any:
        """The axes along which boxes are halved before others: where it is not known how a cost or a condition goes."""
        unknown = {s for way in self.ways for s, goes in way.items() if goes is None}
        return np.array([any(i in self._corners.own[s] for s in unknown) for i in range(len(self.shape))])

    @cached_property
    def _plan(self) -> GridPlan:
        slots = [place[0] for place in self._tape.slots[1]][: len(self.costs) + 2 * len(self.conditions)]
        return plan(self._tape, self.values, self.shape, slots)

    # -- one point, exactly
    def exact(self, index: int) -> dict[sp.Symbol, Fraction]:
        """What every symbol is worth at a point."""
        at = np.unravel_index(index, self.shape)
        return {s: Fraction(repr(float(_picked(v, at)))) for s, v in self.values.items()}

    def allowed(self, index: int) -> bool:
        """Whether a point fulfils the conditions, decided on fractions."""
        given = self.exact(index)
        return all(_RELATED[how](worth(left, given), worth(right, given)) for left, how, right in self.conditions)

    # -- some blocks
    def run(self, start: int, stop: int, before: Points) -> Outcome:
        """Blocks ``start`` to ``stop``, with the points that are already there to beat."""
        excluded = np.zeros(len(self.conditions), np.int64)
        if self.ways:
            return self._halved([self.cut.slices(i)[1:] for i in range(start, stop)], before, excluded)
        found, evaluated = before, 0
        for i in range(start, stop):
            tile = self._plan.block(i)
            at = np.ix_(*(np.arange(s.start, s.stop) for s in tile.slices))
            found = self._with(found, [a.ravel() for a in tile.arrays], at, tile.arrays[0].shape, excluded)
            evaluated += tile.arrays[0].size
        return Outcome(found, evaluated, excluded)

    def merged(self, a: Points, b: Points) -> Points:
        """The points of both that may win."""
        if not len(b):
            return a
        both = self._few(together(a, b))
        return both if np.count_nonzero(~both.sure) <= MANY else settled(both, self.best, self.allowed, len(self.costs) == 1)

    def _few(self, points: Points) -> Points:
        return kept(points, self.best) if len(self.costs) == 1 else front(points)

    def _with(self, found: Points, arrays: Sequence[Any], at: Sequence[Any], shape: tuple[int, ...], excluded: Any) -> Points:
        """The points that may win beside those of a shape with these costs and sides of the conditions; ``at`` spans it.

        Counts what each condition excludes.
        """
        count, size = len(self.costs), len(arrays[0])
        which = np.flatnonzero(within(arrays[0], level(found, self.best))) if count == 1 else np.arange(size)
        if not len(which):
            return found
        picked = arrays if len(which) == size else [a[which] for a in arrays]
        possible, sure = np.ones(len(which), bool), np.ones(len(which), bool)
        for i, (_, how, _) in enumerate(self.conditions):
            left, right = picked[count + 2 * i : count + 2 * i + 2]
            may, surely = _may(left, how, right), _may(left, how, right, -CLOSE)
            excluded[i] += np.count_nonzero(~may)
            possible, sure = possible & may, sure & surely
        places = np.unravel_index(which[possible], shape) if shape else ()
        index = np.zeros(np.count_nonzero(possible), np.int64)
        for a, stride in zip(at, self._strides, strict=True):
            index += np.broadcast_to(a, shape)[places] * stride
        return self.merged(found, self._few(Points(np.stack([a[possible] for a in picked[:count]], axis=1), index, sure[possible])))

    # -- boxes that are halved
    def _halved(self, parts: Sequence[tuple[slice, ...]], found: Points, excluded: Any) -> Outcome:
        """The points of boxes that are small and may win; others are halved, the most promising first.

        Where halving does not pay, because hardly any box is passed over, boxes of the size of a block are small.
        """
        low, high = (np.array([[getattr(s, end) for s in p] for p in parts], np.int64).reshape(len(parts), -1) for end in ("start", "stop"))
        waiting, evaluated, passed = [Boxes(low, high)], 0, 0
        while waiting:
            every = waiting.pop()
            boxes, promise = self._hopeful(every, found, excluded)
            sizes = boxes.sizes
            passed += int(every.sizes.sum() - sizes.sum())
            small = sizes <= (LEAF if evaluated <= max(_ROOM, passed // 8) else BLOCK)
            tiny = small & (sizes <= LEAF)
            groups = np.split(np.flatnonzero(tiny), range(_LEAVES, np.count_nonzero(tiny), _LEAVES))
            for group in (*(g for g in groups if len(g)), *([i] for i in np.flatnonzero(small & ~tiny))):
                leaves = boxes.only(group)
                at = [order[place] for order, place in zip(self._corners.order, leaves.places(), strict=True)]
                shape = np.broadcast_shapes(*(a.shape for a in at))
                found = self._with(found, self._values(at, shape), at, shape, excluded)
                evaluated += int(sizes[group].sum())
            rest = boxes.only(np.flatnonzero(~small)[np.argsort(promise[~small], kind="stable")])
            if len(rest):
                halves = rest.halved(self._first)
                width = _BOXES if np.count_nonzero(found.sure) >= self.best and passed // 8 > evaluated else _FEW
                waiting += [halves.only(slice(i, i + width)) for i in reversed(range(0, len(halves), width))]
        return Outcome(found, evaluated, excluded)

    def _hopeful(self, boxes: Boxes, found: Points, excluded: Any) -> tuple[Boxes, Any]:
        """The boxes in which a corner leaves room for a point that is allowed and as good as those there are; with the least cost."""
        alive, count = np.ones(len(boxes), bool), len(self.costs)
        for i, (_, how, _) in enumerate(self.conditions):
            (left, right), known = self._corners.of(boxes, self._sides[count + i], self.ways[count + i], -1)
            never = alive & known & ~_may(left, how, right)
            excluded[i] += boxes.sizes[never].sum()
            alive &= ~never
        least = np.empty((len(boxes), count))
        for i in range(count):
            (cost,), known = self._corners.of(boxes, self._sides[i], self.ways[i], 1)
            least[:, i] = np.where(known, cost, -np.inf)
        alive &= ~beaten(found, self.best, least)
        return boxes.only(alive), least[alive, 0]

    def _values(self, at: Sequence[Any], shape: tuple[int, ...]) -> list[Any]:
        """The costs and sides of the conditions at some points, flat."""
        given = [_picked(self.values[s], at) for s in self._tape.inputs]
        slots = self._tape.run(given)
        return [np.broadcast_to(np.asarray(slots[place[0]], dtype=float), shape).ravel() for place in self._tape.slots[1]]


def _may(left: Any, how: str, right: Any, close: float = CLOSE) -> Any:
    """Where ``left how right`` holds, or could but for rounding; with less than nothing for ``close``, where it holds for sure."""
    margin = close * np.abs(right)
    if close < 0:
        return left < right + margin if how[0] == "<" else left > right - margin
    return left <= right + margin if how[0] == "<" else left >= right - margin


def _picked(value: Any, at: Sequence[Any]) -> Any:
    """An input at points of the grid."""
    array = padded(value, len(at))
    return array[tuple(a if n > 1 else 0 for a, n in zip(at, array.shape, strict=True))]


def worth(shape: Any, given: Mapping[sp.Symbol, Fraction]) -> Any:
    """A cost at exact values."""
    compiled = tape(shape)
    return compiled.run([given[s] for s in compiled.inputs])[compiled.slots[0]]
