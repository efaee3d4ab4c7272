"""How a grid is cut into blocks: leading axes one by one, one axis in runs of rows, trailing axes whole.

A block is a table of ``rows`` by ``inner`` elements that stays in the cache. Trailing axes are taken together until a row
is long enough for NumPy to be fast; the axis before them, of any length, is cut into runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

LONG = 8192  # elements of a row from which NumPy runs at full speed
ROW = 1 << 16  # the longest row
BLOCK = 1 << 17  # elements of a block: 1 MiB of float64

Slices = tuple[slice, ...]


@dataclass(frozen=True)
class Cut:
    """``shape`` is that of the grid with an axis of length one in front, so that there always is an axis to cut."""

    shape: tuple[int, ...]
    pivot: int
    rows: int  # of a block

    @cached_property
    def inner(self) -> int:
        """The elements of a row."""
        return math.prod(self.shape[self.pivot + 1 :])

    @cached_property
    def size(self) -> int:
        """The points of the grid."""
        return math.prod(self.shape)

    @cached_property
    def _places(self) -> tuple[int, ...]:
        return *self.shape[: self.pivot], -(-self.shape[self.pivot] // self.rows)

    @cached_property
    def count(self) -> int:
        """The blocks of the grid."""
        return math.prod(self._places) if self.size else 0

    def slices(self, index: int) -> Slices:
        """A block as slices of the grid, one per axis, with that in front."""
        found: list[int] = []
        for length in reversed(self._places):
            index, i = divmod(index, length)
            found.insert(0, i)
        *outer, run = found
        rows = slice(run * self.rows, min((run + 1) * self.rows, self.shape[self.pivot]))
        return (*(slice(i, i + 1) for i in outer), rows, *(slice(0, n) for n in self.shape[self.pivot + 1 :]))

    def points(self, index: int) -> int:
        """The points of a block."""
        return math.prod(s.stop - s.start for s in self.slices(index))

    def times(self, many: int) -> Cut:
        """The same with so many times the rows in a block, as far as the axis goes."""
        return replace(self, rows=min(self.rows * many, max(1, self.shape[self.pivot])))

    @cached_property
    def along(self) -> int:
        """The axes along a row, a bit each."""
        return self.mask(self.pivot + 1, len(self.shape))

    def mask(self, start: int, stop: int) -> int:
        """The axes from one to before another that are longer than one, a bit each."""
        return sum(1 << i for i in range(start, stop) if self.shape[i] > 1)

    def length(self, mask: int) -> int:
        """The elements of what depends on these axes only."""
        return math.prod(n for i, n in enumerate(self.shape) if mask >> i & 1)


def blocks(shape: tuple[int, ...], size: int = 0, bytes_each: int = 8) -> Cut:
    """The blocks for a grid of this shape; of ``size`` elements at most if that is given.

    >>> cut = blocks((100, 100, 20, 5, 100))
    >>> cut.inner, cut.rows, cut.count
    (10000, 13, 800)
    """
    shape, pivot, inner = (1, *shape), len(shape), 1
    while pivot > 0 and inner < (size or LONG) and inner * shape[pivot] <= (size or ROW):
        inner *= shape[pivot]
        pivot -= 1
    return Cut(shape, pivot, max(1, min(shape[pivot], (size or BLOCK * 8 // bytes_each) // max(1, inner))))


def padded(value: Any, dimensions: int) -> Any:
    """A number or an array, with axes of length one in front."""
    array = np.asarray(value if hasattr(value, "shape") else float(value))
    return array.reshape((1,) * (dimensions - array.ndim) + array.shape)


def part(array: Any, slices: Slices) -> Any:
    """An array, which has length one along the axes that it does not depend on, at a part of the grid."""
    return array[tuple(s if n > 1 else slice(None) for s, n in zip(slices, array.shape, strict=True))]
