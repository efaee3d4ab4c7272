"""What is done in every block: a few operations, into buffers that are used again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from symroof.grid.cut import Slices, part
from symroof.grid.graph import SMALL, Graph, function
from symroof.grid.product import Product, product

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
