"""A sum of products, each of what differs from row to row and what differs along a row, as one matrix product per block.

``a[i]*u[j] + b[i]*v[j] + ...`` over a block is ``[a b ...] @ [u; v; ...]``: the block is written once, whatever the number
of terms, where one operation after the other would go over it twice per term. It is done only where all factors are
positive and known beforehand, so that nothing is cancelled, overflows or underflows, whatever the order of operations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symroof.grid.graph import Graph
from symroof.grid.layout import Layout, Place

ROWS, LENGTH = 4, 256  # of a block, from which on it is worth it
MOST = 64  # terms
SMALL = 10**6  # multiplications up to which a matrix product is one of its own thread, not one that is spread over all cores


@dataclass(eq=False)
class Space:
    """Rows by terms, terms by inner, the columns that differ from block to block, and the leading indices this is for."""

    down: Any
    along: Any
    columns: list[tuple[int, Any]] = field(default_factory=list)
    outer: tuple[int, ...] | None = None


@dataclass(frozen=True, eq=False)
class Product:
    """The factors of every term: arrays that differ from row to row, and along a row; None for a factor of one."""

    cut: Layout
    dtype: Any
    down: tuple[Any, ...]
    along: tuple[Any, ...]

    def space(self) -> Space:
        """Fresh tables for one worker."""
        down = np.ones((self.cut.rows, len(self.down)), self.dtype)
        return Space(down, np.ones((len(self.along), self.cut.inner), self.dtype))

    def run(self, place: Place, space: Space, out: Any) -> None:
        """One block into a table of (rows, inner)."""
        if space.outer != place.outer:
            self._fill(place.outer, space)
        down = space.down[: len(out)]
        for k, column in space.columns:
            down[:, k] = column[place.start : place.stop]
        rows = max(1, SMALL // space.along.size)
        for i in range(0, len(out), rows):
            np.matmul(down[i : i + rows], space.along, out=out[i : i + rows])

    def _fill(self, outer: tuple[int, ...], space: Space) -> None:
        """What is the same for all blocks at these leading indices."""
        found = [(k, _at(array, outer).ravel()) for k, array in enumerate(self.down) if array is not None]
        space.columns = [(k, column) for k, column in found if len(column) > 1]
        for k, column in found:
            if len(column) == 1:
                space.down[:, k] = column
        for k, array in enumerate(self.along):
            if array is not None:
                np.copyto(space.along[k].reshape(self.cut.inner_shape), _at(array, outer)[0])
        space.outer = outer


def _at(array: Any, outer: tuple[int, ...]) -> Any:
    """The part at the leading indices."""
    return array[tuple(i if n > 1 else 0 for i, n in zip(outer, array.shape, strict=False))]


def product(graph: Graph, node: int, dtype: Any) -> Product | None:
    """A node as such a product, if it is one: at least two terms, one of them with two factors, in a block that is large."""
    cut = graph.cut
    if not graph.grouped or graph.nodes[node].name != "add" or cut.rows < ROWS or cut.inner < LENGTH:
        return None
    if cut.tail(graph.nodes[node].mask) != (True, True):
        return None
    pairs = [_factors(graph, term) for term in _terms(graph, node)]
    if len(pairs) > MOST or None in pairs or not any(pair and None not in pair for pair in pairs):
        return None
    if not _safe(graph, [[i for i in pair or () if i is not None] for pair in pairs], dtype):
        return None
    down, along = ([None if i is None else graph.nodes[i].value for i in side] for side in zip(*filter(None, pairs), strict=True))
    return Product(cut, dtype, tuple(down), tuple(along))


def _terms(graph: Graph, node: int) -> Iterator[int]:
    made = graph.nodes[node]
    if made.name == "add" and made.value is None:
        for i in made.args:
            yield from _terms(graph, i)
    else:
        yield node


def _factors(graph: Graph, node: int) -> tuple[int | None, int | None] | None:
    """The node that differs from row to row and the one that differs along a row (None if it is one); None if there are others."""
    made = graph.nodes[node]
    args = [node] if made.value is not None else list(made.args) if made.name == "multiply" else []
    if not args or any(graph.nodes[i].value is None for i in args):
        return None
    shapes = [graph.cut.tail(graph.nodes[i].mask) for i in args]
    if len(args) == 1:
        return None if shapes[0] == (True, True) else (None, args[0]) if shapes[0][1] else (args[0], None)
    for a, b in ((0, 1), (1, 0)):
        if not shapes[a][1] and not shapes[b][0]:
            return args[a], args[b]
    return None


def _safe(graph: Graph, terms: list[list[int]], dtype: Any) -> bool:
    """Whether every product of these factors is a normal number of this precision, and their sum is finite."""
    limits, whole = np.finfo(dtype), 0.0
    with np.errstate(all="ignore"):
        for factors in terms:
            values = [graph.nodes[i].value for i in factors]
            least = [float(v.min()) for v in values]
            most = [float(v.max()) for v in values]
            whole += float(np.prod(most))
            if not (min(*least, np.prod(least)) > limits.tiny and max(most) < limits.max and whole < limits.max / 2):
                return False
    return True
