"""What is done in every block: a few operations, into buffers that are used again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from symroof.grid.cut import Slices, part
from symroof.grid.graph import SMALL, Graph, function

ROWS, LENGTH = 4, 256  # of a block, from which on it is worth it
MOST = 64  # terms
_ROWS = 24  # of a matrix product, at most: taller ones are packed first, which takes longer than the product
ALONE = 10**6  # multiplications up to which a matrix product is one of its own thread, not one that is spread over all cores


@dataclass(frozen=True, eq=False)
class Product:
    """A sum of products, each of what differs from row to row and what differs along a row, as one matrix product per block.

    ``a[i]*u[j] + b[i]*v[j] + ...`` over a block is ``[a b ...] @ [u; v; ...]``: it is written once, whatever the number of terms. It
    is done only where all factors are positive and known beforehand, so that nothing is cancelled, overflows or underflows, whatever
    the order. The factors of every term are arrays; None for a factor of one.
    """

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
        table, rows = out.reshape(len(down), -1), max(1, min(_ROWS, ALONE // along.size))
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


_SHORT = 64  # elements of a row up to which buffers run down the columns: NumPy is slow along short axes
_NARROW = 8  # elements of a row up to which results are worked out in such buffers too, and copied column by column


class Operation(NamedTuple):
    """One operation: the node that it makes, of which nodes, and those that nobody needs behind it."""

    node: int
    function: Any  # of NumPy or of the table, or a matrix product with operands of its own
    args: tuple[int, ...]
    done: tuple[int, ...]


class Kernel:
    """The steps of a block, the sources that they read, and the outputs in which intermediate results may lie."""

    def __init__(self, graph: Graph, wanted: Sequence[int], dtype: Any) -> None:
        self.cut, self.wanted, self.dtype = graph.cut, tuple(wanted), np.dtype(dtype)
        self.products: dict[int, Product] = {}
        needed = self._needed(graph)
        made_of = {node: () if node in self.products else graph.nodes[node].args for node in needed}
        whole = self.cut.along | self.cut.mask(self.cut.pivot, self.cut.pivot + 1)
        tails = {node: graph.nodes[node].mask & whole for node in needed}
        self.shapes = {node: tuple(tail >> i & 1 for i in range(len(self.cut.shape))) for node, tail in tails.items()}
        last = {i: node for node in needed for i in made_of[node]} | dict.fromkeys(wanted, len(graph.nodes))
        self.narrow = 1 < self.cut.inner <= _NARROW
        self.place = {node: i for i, node in reversed(list(enumerate(wanted))) if tails.get(node) == whole and not self.narrow}
        due, live, self.most = {i: node for node, i in self.place.items()}, 0, 0
        idle = set(due)
        self.steps = []
        for node in needed:
            done = {i for i in made_of[node] if last[i] == node and i in tails}
            idle |= {self.place[i] for i in done if i in self.place}
            borrowed = [i for i in sorted(idle) if last[node] <= due[i]]
            if borrowed and node not in self.place and tails[node] == whole:
                self.place[node] = borrowed[0]
            idle -= {self.place.get(node)}
            live += node not in self.place
            self.most, live = max(self.most, live), live - len(done - self.place.keys())
            make = self.products.get(node) or function(graph.nodes[node].name)
            self.steps.append(Operation(node, make, made_of[node], tuple(done - self.place.keys())))
        wide = dict.fromkeys(wanted, self.cut.along)  # the axes along a row that all who read a node have
        for node, args in made_of.items():
            wide |= {i: wide.get(i, self.cut.along) & tails[node] for i in args}
        sources = {i: self._source(graph, i, wide[i]) for i in sorted(wide.keys() - tails.keys())}
        self.fixed = {i: a for i, a in sources.items() if not graph.nodes[i].mask & ~self.cut.along}
        self.moving = {i: a for i, a in sources.items() if i not in self.fixed}

    def _needed(self, graph: Graph) -> list[int]:
        """The nodes that are run in blocks for the wanted ones, in order; what is one matrix product needs no others."""
        found: set[int] = set()
        front = list(self.wanted)
        while front:
            node = front.pop()
            if graph.nodes[node].value is None and node not in found:
                found.add(node)
                fused = product(graph, node, self.dtype)
                if fused is not None:
                    self.products[node] = fused
                else:
                    front += graph.nodes[node].args
        return sorted(found)

    def _source(self, graph: Graph, node: int, wide: int) -> Any:
        """A value that is there before the blocks are; along a row it is written out once, as far as its readers go and there is room."""
        array, cut, mask = graph.nodes[node].value, self.cut, graph.nodes[node].mask
        if mask & cut.along not in (0, wide) and graph.keeps(cut.length(mask | wide)):
            array = np.ascontiguousarray(np.broadcast_to(array, [cut.shape[i] if wide >> i & 1 else n for i, n in enumerate(array.shape)]))
        return array.astype(self.dtype, copy=False) if array.size <= SMALL else array

    @property
    def direct(self) -> bool:
        """Whether every result is written by one matrix product: nothing lies between that has to stay in the cache."""
        return all(isinstance(step.function, Product) for step in self.steps) and not self.narrow

    @property
    def weight(self) -> int:
        """The bytes a worker needs, about."""
        tables = sum(len(fused.along) for fused in self.products.values()) * self.cut.inner
        return ((self.most + 2) * self.cut.rows * self.cut.inner + tables) * int(self.dtype.itemsize)

    def run(self, slices: Slices, kept: dict[Any, Any], outs: Sequence[Any]) -> None:
        """Evaluate one block into parts of the grid; ``kept`` is a worker's own, for buffers and tables."""
        have = self.fixed | {i: part(a, slices).astype(self.dtype, copy=False) for i, a in self.moving.items()}
        for node, make, args, done in self.steps:
            operands = [have[i] for i in args]
            for i in done:
                kept.setdefault(have[i].shape, []).append(have.pop(i))
            to = outs[self.place[node]] if node in self.place else self._buffer(node, slices, kept)
            if isinstance(make, np.ufunc):
                make(*operands, out=to)
            elif isinstance(make, Product):
                make.run(slices, kept, to)
            else:
                np.copyto(to, make(*operands))
            have[node] = to
        for i, node in enumerate(self.wanted):
            if self.narrow:
                wide = np.broadcast_to(have[node], outs[i].shape)
                for column in np.ndindex(self.cut.shape[self.cut.pivot + 1 :]):
                    outs[i][(..., *column)] = wide[(..., *column)]
            elif have[node] is not outs[i]:
                np.copyto(outs[i], have[node])

    def _buffer(self, node: int, slices: Slices, kept: dict[Any, Any]) -> Any:
        """A place for an intermediate result: one that is done with, or a new one."""
        shape = tuple(s.stop - s.start if longer else 1 for s, longer in zip(slices, self.shapes[node], strict=True))
        free = kept.get(shape)
        return free.pop() if free else np.empty(shape, self.dtype, "F" if self.cut.inner <= _SHORT else "C")
