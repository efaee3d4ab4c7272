"""What is done for some blocks of a search, wherever they are sent: nothing but the points that may win comes back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

from symroof.algebra.evaluate import Tape, tape
from symroof.grid.cut import BLOCK, Cut, Slices, blocks, padded, part
from symroof.grid.plan import GridPlan, Tile, plan
from symroof.search.boxes import Boxes, Corners, Ways
from symroof.search.pool import CLOSE, MANY, Points, beaten, front, kept, level, settled, together, within

LEAF = 4  # points of a box that is looked at point by point
_LEAVES = 1024  # such boxes that are looked at together
_BOXES, _FEW = 1 << 14, 16  # boxes that are halved together, and before there is anything to beat
_LINES = 1 << 14  # boxes that a block begins with
_BOUND = 16  # points that could be evaluated in a grid while a corner is
_RUNS, _LONGEST = 16, 1 << 24  # blocks of a space in which boxes are passed over, and the points of one at most
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
        """The blocks of the space, large ones where boxes in them are passed over; every place stands for ``length`` points."""
        if not self.ways:
            return blocks(self.shape)
        size = max(8 * BLOCK, min(_LONGEST, prod(self.shape) // _RUNS))
        return blocks(self.shape, size) if self.length == 1 else blocks(tuple(np.where(self._apart, self.shape, 1).tolist()), _LINES)

    @cached_property
    def length(self) -> int:
        """The points of what a block is taken apart into at once: of a box that spans the axes along which it is known how the costs go."""
        length = prod(n for n, apart in zip(self.shape, self._apart, strict=True) if not apart)
        return length if self._apart.any() and length >= 2 * _BOUND else 1

    @cached_property
    def _apart(self) -> Any:
        """The axes along which it is not known how a cost goes: a box that is longer than one there has no bound."""
        return self._blind(self.ways[: len(self.costs)])

    def _blind(self, ways: Sequence[Ways]) -> Any:
        unknown = {s for way in ways for s, goes in way.items() if goes is None}
        return np.array([any(i in self._corners.own[s] for s in unknown) for i in range(len(self.shape))], bool)

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
        return self._blind(self.ways)

    @cached_property
    def _plan(self) -> GridPlan:
        return self._planned(self.values, self.shape)

    def _planned(self, values: Mapping[sp.Symbol, Any], shape: tuple[int, ...]) -> GridPlan:
        return plan(self._tape, values, shape, [place[0] for place in self._tape.slots[1]][: len(self.costs) + 2 * len(self.conditions)])

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
        found, evaluated, excluded = before, 0, np.zeros(len(self.conditions), np.int64)
        parts = [self._part(i) for i in range(start, stop)]
        if self.ways:
            outcome = self._halved(parts, before)
            if outcome is not None:
                return outcome
        for i, whole in zip(range(start, stop), parts, strict=True):
            for tile in self._tiles(i, whole):
                at = np.ix_(*(np.arange(w.start + s.start, w.start + s.stop) for w, s in zip(whole, tile.slices, strict=True)))
                found = self._with(found, [a.ravel() for a in tile.arrays], at, tile.arrays[0].shape, excluded)
                evaluated += tile.arrays[0].size
        return Outcome(found, evaluated, excluded)

    def _part(self, block: int) -> Slices:
        """A block as slices of the space."""
        slices = self.cut.slices(block)[1:]
        if self.length == 1:
            return slices
        return tuple(s if apart else slice(0, n) for s, n, apart in zip(slices, self.shape, self._apart, strict=True))

    def _tiles(self, block: int, whole: Slices) -> Iterator[Tile]:
        """A block, evaluated point by point."""
        if self.ways:
            values = {s: part(padded(v, len(whole)), whole) for s, v in self.values.items()}
            made = self._planned(values, tuple(s.stop - s.start for s in whole))
            yield from map(made.block, made.blocks())
        else:
            tile = self._plan.block(block)
            yield Tile(tuple(slice(0, s.stop - s.start) for s in tile.slices), tile.arrays)

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
    def _halved(self, parts: Sequence[Slices], found: Points) -> Outcome | None:
        """The points of boxes that are small and may win; others are halved, the most promising first.

        None where that does not pay, because hardly any box is passed over.
        """
        fresh = Boxes.of(parts, self._apart & (self.length > 1), len(self.costs))
        waiting, evaluated, excluded = [fresh], 0, np.zeros(len(self.conditions), np.int64)
        credit = int(fresh.sizes.sum()) // 2
        while waiting:
            every = waiting.pop()
            width = _BOXES if every.least[0, 0] == -np.inf or np.count_nonzero(found.sure) >= self.best else _FEW
            while waiting and len(every) < width:
                every = every.beside(waiting.pop())
            if len(every) > width:
                waiting.append(every.only(slice(width, None)))
                every = every.only(slice(width))
            boxes = self._hopeful(every, found, excluded)
            sizes = boxes.sizes
            credit += int(every.sizes.sum() - sizes.sum()) - _BOUND * len(every)
            if credit < 0:
                return None
            small = sizes <= (LEAF if sizes.sum() > LEAF * _LEAVES else BLOCK)
            for group in np.split(np.flatnonzero(small), range(_LEAVES, np.count_nonzero(small), _LEAVES)):
                leaves = boxes.only(group)
                at = [order[place] for order, place in zip(self._corners.order, leaves.places(), strict=True)]
                shape = np.broadcast_shapes(*(a.shape for a in at))
                found = self._with(found, self._values(at, shape), at, shape, excluded)
                evaluated += int(sizes[group].sum())
            rest = boxes.only(np.flatnonzero(~small)[np.argsort(boxes.least[0][~small], kind="stable")])
            if len(rest):
                waiting.append(rest.halved(self._first))
        return Outcome(found, evaluated, excluded)

    def _hopeful(self, boxes: Boxes, found: Points, excluded: Any) -> Boxes:
        """The boxes in which a corner leaves room for a point that is allowed and as good as those there are; with the least cost."""
        boxes, count = boxes.where(~beaten(found, self.best, boxes.least)), len(self.costs)
        for i in range(count):
            (cost,), known = self._corners.of(boxes, self._sides[i], self.ways[i], 1)
            boxes.least[i] = np.where(known, cost, -np.inf)
        boxes = boxes.where(~beaten(found, self.best, boxes.least))
        for i, (_, how, _) in enumerate(self.conditions):
            (left, right), known = self._corners.of(boxes, self._sides[count + i], self.ways[count + i], -1)
            never = known & ~_may(left, how, right)
            excluded[i] += boxes.sizes[never].sum()
            boxes = boxes.where(~never)
        return boxes

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
