"""What is done for some blocks of a search, wherever they are sent: nothing but the points that may win comes back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

from symroof.algebra.evaluate import Tape, tape
from symroof.grid.cut import BLOCK, Cut, Slices, blocks, padded, part
from symroof.grid.plan import GridPlan, Tile, plan
from symroof.search.boxes import Boxes, Corners, Line, Ways, never
from symroof.search.pool import CLOSE, MANY, Points, beaten, front, kept, level, settled, together, within

LEAF = 4  # points of a box that is looked at point by point
_POINTS = 1 << 12  # points of boxes that are looked at together
_BOXES, _FEW = 1 << 14, 16  # boxes that are looked at together, and at first when there is nothing to beat
_LINES = 1 << 14  # boxes that a block begins with
_SHORTEST = 4  # labels of an axis along which boxes begin where the conditions allow it
_LINED = 1 << 12  # lines that boxes are taken apart into at once
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
        return blocks(tuple(np.where(self._spanned, 1, self.shape).tolist()), _LINES if self.length > 1 else size)

    @cached_property
    def length(self) -> int:
        """The points of the space that every place of a block stands for."""
        return prod(n for n, spanned in zip(self.shape, self._spanned, strict=True) if spanned)

    @cached_property
    def _spanned(self) -> Any:
        """The axes that every block spans: that of lines, or those along which it is known how the costs go."""
        if self._line is not None:
            return np.arange(len(self.shape)) == self._line.axis
        length = prod(n for n, apart in zip(self.shape, self._apart, strict=True) if not apart)
        return ~self._apart & bool(self._apart.any() and length >= 2 * _BOUND)

    @cached_property
    def _line(self) -> Line | None:
        """The axis along which boxes begin where the conditions allow it, if it is long."""
        line = self._corners.line(self.ways[0], self.ways[1:]) if self.ways and len(self.costs) == 1 else None
        return line if line is not None and self.shape[line.axis] >= _SHORTEST else None

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
        """The axes along which boxes are halved before others: all but that of lines, or where something goes in an unknown way."""
        return self._blind(self.ways) if self._line is None else ~self._spanned

    @cached_property
    def _plan(self) -> GridPlan:
        return self._planned(self.values, self.shape)

    def _planned(self, values: Mapping[sp.Symbol, Any], shape: tuple[int, ...]) -> GridPlan:
        return plan(self._tape, values, shape, [place[0] for place in self._tape.slots[1]][: len(self.costs) + 2 * len(self.conditions)])

    # -- one point, exactly
    def exact(self, index: int, symbols: Iterable[sp.Symbol] | None = None) -> dict[sp.Symbol, Fraction]:
        """What every symbol, or some, is worth at a point."""
        at = np.unravel_index(index, self.shape)
        asked = self.values if symbols is None else symbols
        return {s: self._fixed[s] if s in self._fixed else _fraction(float(_picked(self.values[s], at))) for s in asked}

    @cached_property
    def _fixed(self) -> dict[sp.Symbol, Fraction]:
        """What every symbol is worth that does not differ over the space."""
        return {s: _fraction(float(np.ravel(v)[0])) for s, v in self.values.items() if np.size(v) == 1}

    def worth(self, cost: int, index: int, known: dict[tuple[Fraction, ...], Any]) -> Any:
        """What a cost is worth at a point; equal values of its symbols are looked up in what is ``known``."""
        compiled = tape(self.costs[cost])
        values = tuple(self.exact(index, compiled.inputs).values())
        if values not in known:
            known[values] = compiled.run(values)[compiled.slots[0]]
        return known[values]

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
        return tuple(slice(0, n) if spanned else s for s, n, spanned in zip(slices, self.shape, self._spanned, strict=True))

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
        fresh = Boxes.of(parts, len(self.costs))
        short = self._line is not None and fresh.sizes.sum() <= _LINED * self.length
        fresh = fresh.apart(~self._spanned if short else self._apart & (self.length > 1))
        waiting, evaluated, excluded = [fresh], 0, np.zeros(len(self.conditions), np.int64)
        credit, width = int(fresh.sizes.sum()) // 2, _FEW
        while waiting:
            every = waiting.pop()
            most = _BOXES if every.least[0, 0] == -np.inf or np.count_nonzero(found.sure) >= self.best else width
            width = min(2 * width, _BOXES)
            while waiting and len(every) < most:
                every = every.beside(waiting.pop())
            if len(every) > most:
                waiting.append(every.only(slice(most, None)))
                every = every.only(slice(most))
            boxes = self._hopeful(every, found, excluded)
            leaves, rest = self._leaves(boxes)
            credit += int(every.sizes.sum() - boxes.sizes.sum()) - _BOUND * len(every)
            if credit < 0:
                return None
            step = max(1, _POINTS // int(leaves.sizes.max(initial=1)))
            for start in range(0, len(leaves), step):
                few = leaves.only(slice(start, start + step))
                at = [order[place] for order, place in zip(self._corners.order, few.places(), strict=True)]
                shape = np.broadcast_shapes(*(a.shape for a in at))
                found = self._with(found, self._values(at, shape), at, shape, excluded)
            evaluated += int(leaves.sizes.sum())
            waiting += [boxes for boxes in self._next(rest, found) if len(boxes)]
        return Outcome(found, evaluated, excluded)

    def _leaves(self, boxes: Boxes) -> tuple[Boxes, Boxes]:
        """What is looked at point by point: boxes that are small, or the first point of every line; and what is left."""
        sizes = boxes.sizes
        if self._line is None:
            small = sizes <= (LEAF if sizes.sum() > _POINTS else BLOCK)
            return boxes.where(small), boxes.where(~small)
        single = sizes == boxes.lengths[self._line.axis]
        first, later = boxes.where(single).begun(self._line, 1)
        return first, later.where(later.sizes > 0).beside(boxes.where(~single))

    def _next(self, rest: Boxes, found: Points) -> list[Boxes]:
        """What is left, halved; the most promising, last, taken apart into lines."""
        if self._line is None:
            return [rest.only(np.argsort(rest.least[0], kind="stable")).halved(self._first)]
        rest = self._cheap(rest, found)
        rest = rest.only(np.argsort(rest.least[0], kind="stable"))
        lines = rest.sizes // rest.lengths[self._line.axis]
        near = (lines > 1) & (np.cumsum(lines) <= _LINED)
        return [rest.where(~near).halved(self._first), rest.where(near).apart(self._first)]

    def _cheap(self, boxes: Boxes, found: Points) -> Boxes:
        """The boxes in which a corner is as good as the points that there are; with the least cost."""
        boxes = boxes.where(~beaten(found, self.best, boxes.least))
        for i in range(len(self.costs)):
            (cost,), known = self._corners.of(boxes, self._sides[i], self.ways[i], 1)
            boxes.least[i] = np.where(known, cost, -np.inf)
        return boxes.where(~beaten(found, self.best, boxes.least))

    def _hopeful(self, boxes: Boxes, found: Points, excluded: Any) -> Boxes:
        """The boxes in which corners leave room for a point that is allowed and as good as those there are, from where it is allowed."""
        count, line = len(self.costs), self._line
        rooms = [(i, how, self._sides[count + i], self.ways[count + i]) for i, (_, how, _) in enumerate(self.conditions)]
        later = [room for room in rooms if line is not None and room[-1].get(line.symbol) == line.goes]
        if len(found) or not later:
            boxes = self._cheap(boxes, found)
        if line is not None and later:
            for i, how, compiled, way in later:
                forbidden = self._corners.drawn(boxes, line, compiled, way, how)
                excluded[i] += (forbidden * (boxes.sizes // boxes.lengths[line.axis])).sum()
                boxes = boxes.begun(line, forbidden)[1]
                boxes = boxes.where(boxes.lengths[line.axis] > 0)
            boxes = self._cheap(boxes, found)
        for i, how, compiled, way in rooms:
            (left, right), known = self._corners.of(boxes, compiled, way, -1)
            closed = known & never(left, how, right)
            excluded[i] += boxes.sizes[closed].sum()
            boxes = boxes.where(~closed)
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


@lru_cache(maxsize=1 << 14)
def _fraction(value: float) -> Fraction:
    return Fraction(repr(value))


def worth(shape: Any, given: Mapping[sp.Symbol, Fraction]) -> Any:
    """A cost at exact values."""
    compiled = tape(shape)
    return compiled.run([given[s] for s in compiled.inputs])[compiled.slots[0]]
