"""How a grid is cut into blocks: leading axes one by one, one axis in runs of rows, trailing axes whole.

A block is a table of ``rows`` by ``inner`` elements that stays in the cache. Trailing axes are taken together until a row
is long enough for NumPy to be fast; the axis before them, of any length, is cut into runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

LONG = 8192  # elements of a row from which NumPy runs at full speed
ROW = 1 << 16  # the longest row
BLOCK = 1 << 17  # elements of a block: 1 MiB of float64


class Place(NamedTuple):
    """One block: the indices of the leading axes, and the first and last row."""

    outer: tuple[int, ...]
    start: int
    stop: int


@dataclass(frozen=True)
class Layout:
    """``shape`` is that of the grid with an axis of length one in front, so that there always is an axis to cut."""

    shape: tuple[int, ...]
    pivot: int
    rows: int  # of a block

    @cached_property
    def inner_shape(self) -> tuple[int, ...]:
        """The trailing axes."""
        return self.shape[self.pivot + 1 :]

    @cached_property
    def inner(self) -> int:
        """The elements of a row."""
        return math.prod(self.inner_shape)

    @cached_property
    def size(self) -> int:
        """The points of the grid."""
        return math.prod(self.shape)

    @cached_property
    def runs(self) -> int:
        """The blocks along the axis that is cut."""
        return -(-self.shape[self.pivot] // self.rows)

    @cached_property
    def count(self) -> int:
        """The blocks of the grid."""
        return math.prod(self.shape[: self.pivot]) * self.runs if self.size else 0

    def place(self, index: int) -> Place:
        """Where a block lies."""
        index, run = divmod(index, self.runs)
        outer = []
        for length in reversed(self.shape[: self.pivot]):
            index, i = divmod(index, length)
            outer.append(i)
        start = run * self.rows
        return Place(tuple(reversed(outer)), start, min(start + self.rows, self.shape[self.pivot]))

    def slices(self, place: Place) -> tuple[slice, ...]:
        """A block as slices of the grid, one per axis (without the one in front)."""
        leading = tuple(slice(i, i + 1) for i in place.outer)
        return (*leading, slice(place.start, place.stop), *map(slice, self.inner_shape))[1:]

    def tail(self, mask: int) -> tuple[bool, bool]:
        """Whether what depends on these axes differs from row to row, and along a row."""
        return bool(mask >> self.pivot & 1), bool(mask >> (self.pivot + 1))

    def length(self, mask: int) -> int:
        """The elements of what depends on these axes only."""
        return math.prod(n for i, n in enumerate(self.shape) if mask >> i & 1)


def layout(shape: tuple[int, ...]) -> Layout:
    """The blocks for a grid of this shape.

    >>> cut = layout((100, 100, 20, 5, 100))
    >>> cut.inner, cut.rows, cut.count
    (10000, 13, 800)
    """
    shape = (1, *shape)
    pivot, inner = len(shape) - 1, 1
    while pivot > 0 and inner < LONG and inner * shape[pivot] <= ROW:
        inner *= shape[pivot]
        pivot -= 1
    return Layout(shape, pivot, max(1, min(shape[pivot], BLOCK // max(1, inner))))
