"""What is done for some blocks of a search, wherever they are sent: nothing but the points that may win comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
import sympy as sp

from symroof.algebra.evaluate import Tape, tape
from symroof.grid.cut import Cut, blocks
from symroof.grid.plan import GridPlan, plan
from symroof.search.bounds import Box, Ways
from symroof.search.pool import CLOSE, MANY, Points, beaten, front, kept, level, no_points, settled, together, within
from symroof.search.prune import Lines

_ROOM = 1 << 17  # points that are evaluated at once
_LINES = 1 << 13  # lines of a block
_RELATED = {">=": lambda a, b: a >= b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, "<": lambda a, b: a < b}


@dataclass(frozen=True, eq=False)
class Part:
    """What some blocks gave: points that may win, how many were evaluated (at most all), how many each condition excluded."""

    points: Points
    evaluated: int
    excluded: Any


@dataclass(frozen=True, eq=False)
class Job:
    """The costs (all to be made small), conditions and values of a search, and the lines it goes along if it prunes."""

    costs: tuple[Any, ...]  # shapes
    conditions: tuple[tuple[Any, str, Any], ...] = field(repr=False)  # shape, relation, shape
    values: Mapping[sp.Symbol, Any] = field(repr=False)
    shape: tuple[int, ...]
    best: int
    lines: Lines | None = None
    ways: tuple[Ways, ...] = ()  # of every cost and condition, if blocks that cannot win are passed over

    def __getstate__(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in self.__dataclass_fields__}

    # -- how it is cut and compiled
    @cached_property
    def cut(self) -> Cut:
        """The blocks: of the grid, or of the lines."""
        return blocks(self.shape) if self.lines is None else blocks(self._reduced, _LINES)

    @property
    def length(self) -> int:
        """The points of the space that one point of the blocks stands for: those of its line."""
        return 1 if self.lines is None else self.shape[self.lines.axis]

    @property
    def _reduced(self) -> tuple[int, ...]:
        at = self.lines.axis if self.lines else -1
        return tuple(1 if i == at else n for i, n in enumerate(self.shape))

    @cached_property
    def _strides(self) -> Any:
        return np.array([prod(self.shape[i + 1 :]) for i in range(len(self.shape))], dtype=np.int64)

    @cached_property
    def _tape(self) -> Tape:
        return tape(("sum", (*self.costs, *(side for c in self.conditions for side in (c[0], c[2])))))

    @cached_property
    def _blockers(self) -> tuple[Tape, ...]:
        picked = [self.conditions[i] for i in self.lines.blockers] if self.lines else []
        return tuple(tape(("sum", (c[0], c[2]))) for c in picked)

    @cached_property
    def _corners(self) -> tuple[Tape, ...]:
        return tuple(tape(("sum", sides)) for sides in (*((c,) for c in self.costs), *((c[0], c[2]) for c in self.conditions)))

    @cached_property
    def _spans(self) -> dict[sp.Symbol, tuple[float, float]]:
        return {s: (float(np.min(v)), float(np.max(v))) for s, v in self.values.items()}

    @cached_property
    def _plan(self) -> GridPlan:
        slots = [place[0] for place in self._tape.slots[1]][: len(self.costs) + 2 * len(self.conditions)]
        return plan(self._tape, self.values, self.shape, slots)

    # -- one point, exactly
    def exact(self, index: int) -> dict[sp.Symbol, Fraction]:
        """What every symbol is worth at a point."""
        at = np.unravel_index(index, self.shape)
        return {s: Fraction(repr(float(_picked(v, at, self.shape)))) for s, v in self.values.items()}

    def allowed(self, index: int) -> bool:
        """Whether a point fulfils the conditions, decided on fractions."""
        given = self.exact(index)
        return all(_RELATED[how](worth(left, given), worth(right, given)) for left, how, right in self.conditions)

    # -- some blocks
    def run(self, start: int, stop: int, before: Points) -> Part:
        """Blocks ``start`` to ``stop``, with the points that are already there to beat."""
        found, evaluated, excluded = before, 0, np.zeros(len(self.conditions), np.int64)
        for i in range(start, stop):
            if self.ways and self._hopeless(i, found, excluded):
                continue
            part = self._along(i, found) if self.lines is not None else self._everywhere(i, found)
            found = self.merged(found, part.points)
            evaluated, excluded = evaluated + part.evaluated, excluded + part.excluded
        return Part(found, evaluated, excluded)

    def _hopeless(self, block: int, found: Points, excluded: Any) -> bool:
        """Whether a corner shows that a block breaks a condition everywhere, or has nothing as good as what is there."""
        slices = self.cut.slices(block)[1:]
        at = self.lines.axis if self.lines else -1
        box = Box(self.values, self._spans, tuple(slice(None) if i == at else s for i, s in enumerate(slices)))
        count = len(self.costs)
        for i, (_, how, _) in enumerate(self.conditions):
            sides = box.corner(self._corners[count + i], self.ways[count + i], -1)
            if sides and not _may(sides[0], how, sides[1]):
                excluded[i] += prod(len(range(*s.indices(n))) for s, n in zip(box.part, self.shape, strict=True))
                return True
        if len(found) < self.best:
            return False
        least = [box.corner(compiled, way, 1) for compiled, way in zip(self._corners[:count], self.ways, strict=False)]
        return all(least) and beaten(found, self.best, np.array([side[0] for side in least if side]))

    def merged(self, a: Points, b: Points) -> Points:
        """The points of both that may win."""
        if not len(b):
            return a
        both = self._few(together(a, b))
        return both if np.count_nonzero(~both.sure) <= MANY else settled(both, self.best, self.allowed, len(self.costs) == 1)

    def _everywhere(self, block: int, found: Points) -> Part:
        """Every point of a block of the grid."""
        made = self._plan.block(block)
        arrays = [a.ravel() for a in made.arrays]
        count = len(self.costs)
        wins = within(arrays[0], level(found, self.best)) if count == 1 else np.ones(arrays[0].shape, bool)
        excluded = np.zeros(len(self.conditions), np.int64)
        which = np.flatnonzero(wins)
        if not len(which):
            return Part(no_points(count), arrays[0].size, excluded)
        picked = arrays if len(which) == arrays[0].size else [a[which] for a in arrays]
        possible, sure = self._judged(picked[count:], len(which), excluded)
        which, sure = which[possible], sure[possible]
        shape = made.arrays[0].shape
        at = np.unravel_index(which, shape)
        index = sum(
            ((a + (s.start or 0)) * n for a, s, n in zip(at, made.slices, self._strides, strict=True)), np.zeros(len(which), np.int64)
        )
        costs = np.stack([a[possible] for a in picked[:count]], axis=1)
        return Part(self._few(Points(costs, index, sure)), arrays[0].size, excluded)

    def _few(self, points: Points) -> Points:
        return kept(points, self.best) if len(self.costs) == 1 else front(points)

    def _judged(self, sides: Sequence[Any], size: int, excluded: Any) -> tuple[Any, Any]:
        """Where all conditions may hold, and where they hold for sure; counts what each excludes."""
        possible, sure = np.ones(size, bool), np.ones(size, bool)
        for i, (_, how, _) in enumerate(self.conditions):
            may, surely = _compared(sides[2 * i], how, sides[2 * i + 1])
            excluded[i] += np.count_nonzero(~may)
            possible, sure = possible & may, sure & surely
        return possible, sure

    # -- along lines
    def _along(self, block: int, found: Points) -> Part:
        """The lines of a block: the first point that the conditions allow, and those after it as long as they may win."""
        slices = self.cut.slices(block)[1:]
        ranges = [range(*s.indices(n)) for s, n in zip(slices, self._reduced, strict=True)]
        at = [a.ravel() for a in np.meshgrid(*[np.arange(r.start, r.stop) for r in ranges], indexing="ij", copy=False)]
        length = len(self._lines.order)
        excluded = np.zeros(len(self.conditions), np.int64)
        first, looked = self._first(at, excluded)
        open_, place, width, fresh = np.flatnonzero(first < length), first, 1, no_points(len(self.costs))
        while len(open_):
            points, possible = self._stretch([a[open_] for a in at], place[open_], width, excluded)
            looked[open_] += width
            fresh = self.merged(fresh, self._few(points.only(possible)))
            last = possible.reshape(len(open_), -1)[:, -1] & within(
                points.costs[width - 1 :: width, 0], level(together(found, fresh), self.best)
            )
            place[open_] += width
            open_ = open_[last & (place[open_] < length)]
            width = max(1, min(2 * width, _ROOM // max(1, len(open_))))
        return Part(fresh, int(np.minimum(looked, length).sum()), excluded)

    @property
    def _lines(self) -> Lines:
        if self.lines is None:
            raise RuntimeError("a search that does not prune has no lines")
        return self.lines

    def _first(self, at: Sequence[Any], excluded: Any) -> tuple[Any, Any]:
        """For every line the first place that the opposing conditions may allow, by bisection; and how many points this took."""
        low, looked = np.zeros((2, len(at[0])), np.int64)
        length = len(self._lines.order)
        for i, compiled in zip(self._lines.blockers, self._blockers, strict=True):
            given = self._given(compiled, at)
            high = np.full(len(low), length)
            left, right = self._run(compiled, given, np.full(len(low), self._lines.order[-1]))
            never = ~_may(left, self.conditions[i][1], right)
            excluded[i] += np.count_nonzero(never)
            low[never] = length
            looked += 1
            while (low < high).any():
                looked += low < high
                middle = (low + high) // 2
                left, right = self._run(compiled, given, self._lines.order[np.minimum(middle, length - 1)])
                may = _may(left, self.conditions[i][1], right) & (middle < length)
                high, low = np.where(may, middle, high), np.where(may | (low >= high), low, middle + 1)
        return low, looked

    def _stretch(self, at: Sequence[Any], place: Any, width: int, excluded: Any) -> tuple[Points, Any]:
        """Some places of some lines, and where they are possible; a place beyond the end is none."""
        length, axis, count = len(self._lines.order), self._lines.axis, len(self.costs)
        places = (place[:, None] + np.arange(width)).ravel()
        along = self._lines.order[np.minimum(places, length - 1)]
        many = [np.repeat(a, width) for a in at]
        found = self._run(self._tape, self._given(self._tape, many), along)
        possible, sure = self._judged(found[count:], len(along), excluded)
        index = sum((along if i == axis else many[i]) * n for i, n in enumerate(self._strides))
        return Points(np.stack(found[:count], axis=1), np.asarray(index), sure), possible & (places < length)

    def _given(self, compiled: Tape, at: Sequence[Any]) -> list[Any]:
        return [None if s == self._lines.symbol else _picked(self.values[s], at, self.shape) for s in compiled.inputs]

    def _run(self, compiled: Tape, given: Sequence[Any], along: Any) -> list[Any]:
        """The named slots for lines at these indices of the axis."""
        x = np.asarray(self.values[self._lines.symbol]).ravel()[along]
        slots = compiled.run([x if g is None else g for g in given])
        return [np.broadcast_to(slots[place[0]], x.shape) for place in compiled.slots[1]]


def _may(left: Any, how: str, right: Any) -> Any:
    """Where ``left how right`` holds, or could but for rounding."""
    margin = CLOSE * np.abs(right)
    return left <= right + margin if how[0] == "<" else left >= right - margin


def _compared(left: Any, how: str, right: Any) -> tuple[Any, Any]:
    """Where ``left how right`` may hold, and where it holds beyond rounding."""
    margin = CLOSE * np.abs(right)
    beyond = left < right - margin if how[0] == "<" else left > right + margin
    return _may(left, how, right), beyond


def _picked(value: Any, at: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """An input at points of the grid."""
    if not np.ndim(value):
        return float(value)
    own = (1,) * (len(shape) - np.ndim(value)) + np.shape(value)
    return np.asarray(value).reshape(own)[tuple(a if n > 1 else 0 for a, n in zip(at, own, strict=True))]


def worth(shape: Any, given: Mapping[sp.Symbol, Fraction]) -> Any:
    """A cost at exact values."""
    compiled = tape(shape)
    return compiled.run([given[s] for s in compiled.inputs])[compiled.slots[0]]
