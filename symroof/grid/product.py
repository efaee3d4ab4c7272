"""A sum of products, each of what differs from row to row and what differs along a row, as one matrix product per block.

``a[i]*u[j] + b[i]*v[j] + ...`` over a block is ``[a b ...] @ [u; v; ...]``: the block is written once, whatever the number
of terms, where one operation after the other would go over it twice per term. It is done only where all factors are
positive and known beforehand, so that nothing is cancelled, overflows or underflows, whatever the order of operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symroof.grid.cut import Slices, part
from symroof.grid.graph import Graph

ROWS, LENGTH = 4, 256  # of a block, from which on it is worth it
MOST = 64  # terms
SMALL = 10**6  # multiplications up to which a matrix product is one of its own thread, not one that is spread over all cores


@dataclass(frozen=True, eq=False)
class Product:
    """The factors of every term: arrays that differ from row to row, and along a row; None for a factor of one."""

    pivot: int
    down: tuple[Any, ...]
    along: tuple[Any, ...]

    def run(self, slices: Slices, kept: dict[Any, Any], out: Any) -> None:
        """One block into its part of the grid; ``kept`` holds what is the same for all rows at the leading indices."""
        outer, first = slices[: self.pivot], slices[self.pivot].start
        if self not in kept or kept[self][0] != outer:
            along = kept[self][1] if self in kept else np.ones((len(self.along), *out.shape[self.pivot + 1 :]), out.dtype)
            for row, array in zip(along, self.along, strict=True):
                np.copyto(row, 1.0 if array is None else part(array, slices)[(0,) * (self.pivot + 1)], casting="same_kind")
            columns = [array if array is None else _column(array, outer) for array in self.down]
            kept[self] = outer, along, columns
        _, along, columns = kept[self]
        along, down = along.reshape(len(along), -1), np.ones((out.shape[self.pivot], len(columns)), out.dtype)
        for k, column in enumerate(columns):
            if column is not None:
                down[:, k] = column[first : first + len(down)] if len(column) > 1 else column
        table, rows = out.reshape(len(down), -1), max(1, SMALL // along.size)
        for i in range(0, len(down), rows):
            np.matmul(down[i : i + rows], along, out=table[i : i + rows])


def _column(array: Any, outer: Slices) -> Any:
    """What differs from row to row, at the leading indices."""
    return array[tuple(s.start if n > 1 else 0 for s, n in zip(outer, array.shape, strict=False))].ravel()


def product(graph: Graph, node: int, dtype: Any) -> Product | None:
    """A node as such a product, if it is one: at least two terms, one of them with two factors, in a block that is large."""
    cut, made = graph.cut, graph.nodes[node]
    if not graph.grouped or made.name != "add" or cut.rows < ROWS or cut.inner < LENGTH:
        return None
    if not (made.mask >> cut.pivot & 1 and made.mask & cut.along):
        return None
    pairs = [_factors(graph, term) for term in _terms(graph, node)]
    known = [pair for pair in pairs if pair is not None]
    if not len(known) == len(pairs) <= MOST or all(a is None or b is None for a, b in known) or not _safe(known, dtype):
        return None
    down, along = zip(*known, strict=True)
    return Product(cut.pivot, down, along)


def _terms(graph: Graph, node: int) -> Iterator[int]:
    made = graph.nodes[node]
    if made.name == "add" and made.value is None:
        for i in made.args:
            yield from _terms(graph, i)
    else:
        yield node


def _factors(graph: Graph, node: int) -> tuple[Any, Any] | None:
    """What differs from row to row and what differs along a row (None if it is one), if that is all of a term."""
    cut, made = graph.cut, graph.nodes[node]
    args = [made] if made.value is not None else [graph.nodes[i] for i in made.args] if made.name == "multiply" else []
    if not args or any(a.value is None for a in args):
        return None
    by_row, along = (any(a.mask & axes for a in args) for axes in (1 << cut.pivot, cut.along))
    if len(args) == 1:
        return None if by_row and along else (None, made.value) if along else (made.value, None)
    for a, b in (args, args[::-1]):
        if not a.mask & cut.along and not b.mask >> cut.pivot & 1:
            return a.value, b.value
    return None


def _safe(terms: Sequence[tuple[Any, Any]], dtype: Any) -> bool:
    """Whether every product of these factors is a normal number of this precision, and their sum is finite."""
    limits, whole = np.finfo(dtype), 0.0
    with np.errstate(all="ignore"):
        for factors in terms:
            least, most = ([float(getattr(v, edge)()) for v in factors if v is not None] for edge in ("min", "max"))
            whole += float(np.prod(most))
            if not (min(*least, np.prod(least)) > limits.tiny and max(most) < limits.max and whole < limits.max / 2):
                return False
    return True
