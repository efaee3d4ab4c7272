"""What is done in every block: a few operations on buffers that are used again, and where their operands lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symroof.grid.graph import Graph, function
from symroof.grid.layout import LONG, Layout, Place
from symroof.grid.product import Product, product

_NARROW = 8  # columns up to which a column is copied at a time


class Source:
    """A value that is there before the blocks are: its part of a block is looked up, spread and cast where needed.

    Beside a ``full`` result a short row is written out once, as far as there is room: NumPy is slow along short axes.
    """

    def __init__(self, graph: Graph, node: int, dtype: Any, full: bool) -> None:
        cut, mask = graph.cut, graph.nodes[node].mask
        array = graph.nodes[node].value
        self.cut, self.dtype, self.tiled = cut, dtype, full and 1 < cut.inner < LONG
        self.by_row, along = cut.tail(mask)
        self.narrow = self.tiled and self.by_row and not along and cut.inner <= _NARROW
        if (self.by_row or along) and self.tiled and graph.keeps(cut.length(mask | _tail_mask(cut))):
            array, self.by_row, along, self.narrow = _spread(array, cut, cut.pivot), cut.shape[cut.pivot] > 1, True, False
        elif along and graph.keeps(cut.length(mask | _tail_mask(cut) & ~(1 << cut.pivot))):
            array = _spread(array, cut, cut.pivot + 1)
        lead = array.shape[: cut.pivot]
        self.picks = tuple(n > 1 for n in lead)
        self.whole = not along or array.shape[cut.pivot + 1 :] == cut.inner_shape
        width = cut.inner if along else 1
        flat = self.whole and (not along or array.flags.c_contiguous)
        self.array = array.reshape(*lead, array.shape[cut.pivot], width) if flat else array
        self.along = along
        if graph.nodes[node].mask == 0 or self.array.size <= 1 << 20:
            self.array = self.array.astype(dtype)
        self.constant = self._constant() if not (self.by_row or any(self.picks)) else None

    def _constant(self) -> Any:
        """What is the same in every block, as one number or as a table of a block's size."""
        row = self._table(self.array[(0,) * self.cut.pivot])
        if row.size == 1:
            return float(row[0, 0])
        return np.broadcast_to(row, (self.cut.rows, row.shape[1])).copy() if self.tiled else row

    def at(self, place: Place) -> Any:
        """Its part of a block, to be broadcast against (rows, inner)."""
        if self.constant is not None:
            fixed = self.constant
            return fixed[: place.stop - place.start] if isinstance(fixed, np.ndarray) and len(fixed) > 1 else fixed
        found = self.array[tuple(i if pick else 0 for i, pick in zip(place.outer, self.picks, strict=True))]
        if self.by_row:
            found = found[place.start : place.stop]
        elif found.size == 1:
            return float(found.flat[0])
        return self._table(found)

    def _table(self, found: Any) -> Any:
        if found.ndim != 2 or (self.along and found.shape[1] != self.cut.inner):
            spread = np.broadcast_to(found, (len(found), *self.cut.inner_shape)) if self.along else found
            found = spread.reshape(len(found), -1)
        if self.narrow:
            wide = np.empty((len(found), self.cut.inner), self.dtype)
            for j in range(self.cut.inner):
                wide[:, j] = found[:, 0]
            return wide
        return found if found.dtype == self.dtype else found.astype(self.dtype)


def _tail_mask(cut: Layout) -> int:
    return sum(1 << i for i in range(cut.pivot, len(cut.shape)) if cut.shape[i] > 1)


def _spread(array: Any, cut: Layout, start: int) -> Any:
    """The array with all axes from ``start`` on at full length."""
    return np.ascontiguousarray(np.broadcast_to(array, (*array.shape[:start], *cut.shape[start:])))


@dataclass(frozen=True)
class Step:
    """One operation: operands are ("source" | "buffer" | "out", number), the result goes to a buffer or an output.

    The function is one of NumPy or of the table, or a matrix product with operands of its own.
    """

    function: Any
    args: tuple[tuple[str, int], ...]
    to: tuple[str, int]


class Program:
    """The steps of a block, the sources they read and the shapes of the buffers they write."""

    def __init__(self, graph: Graph, wanted: Sequence[int], dtype: Any) -> None:
        self.cut, self.dtype = graph.cut, np.dtype(dtype)
        self.sources: list[Source] = []
        self.buffers: list[tuple[bool, bool]] = []
        self.steps: list[Step] = []
        self.products: dict[int, Product] = {}
        self._where: dict[int, tuple[str, int]] = {}
        self._read: dict[tuple[int, bool], int] = {}
        self._write(graph, wanted)

    def _write(self, graph: Graph, wanted: Sequence[int]) -> None:
        needed = self._needed(graph, wanted)
        made_of = {node: () if node in self.products else graph.nodes[node].args for node in needed}
        last = {arg: node for node in needed for arg in made_of[node]}
        last |= {node: len(graph.nodes) for node in wanted}  # what is copied out at the end must stay
        shapes = {node: graph.cut.tail(graph.nodes[node].mask) for node in needed}
        full = graph.cut.tail(_tail_mask(graph.cut))
        final = {node: i for i, node in reversed(list(enumerate(wanted))) if shapes.get(node) == full}
        due = {i: node for node, i in final.items()}
        free: dict[tuple[bool, bool], list[tuple[str, int]]] = {full: [("out", i) for i in due]}
        for node in needed:
            args = tuple(self._operand(graph, i, shapes[node] == full) for i in made_of[node])
            for i in {i for i in made_of[node] if last[i] == node and i in shapes and i not in final}:
                free.setdefault(shapes[i], []).append(self._where[i])
            to = ("out", final[node]) if node in final else self._buffer(free.get(shapes[node], []), shapes[node], last[node], due)
            self._where[node] = to
            self.steps.append(Step(self.products.get(node) or function(graph.nodes[node].name), args, to))
            free[full] = [place for place in free[full] if place != to]
        for i, node in enumerate(wanted):
            place = self._operand(graph, node, True)
            if place != ("out", i):
                self.steps.append(Step(np.positive, (place,), ("out", i)))

    def _buffer(self, free: list[tuple[str, int]], shape: tuple[bool, bool], last: int, due: dict[int, int]) -> tuple[str, int]:
        """A place for an intermediate result: an output that is not yet due, a buffer that is done with, or a new one."""
        for place in free:
            if place[0] == "buffer" or last <= due[place[1]]:
                free.remove(place)
                return place
        self.buffers.append(shape)
        return "buffer", len(self.buffers) - 1

    def _needed(self, graph: Graph, wanted: Sequence[int]) -> list[int]:
        """The nodes that are run in blocks for the wanted ones, in order; what is one matrix product needs no others."""
        found: set[int] = set()
        front = list(wanted)
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

    def _operand(self, graph: Graph, node: int, full: bool) -> tuple[str, int]:
        if node in self._where:
            return self._where[node]
        if (node, full) not in self._read:
            self._read[node, full] = len(self.sources)
            self.sources.append(Source(graph, node, self.dtype, full))
        return "source", self._read[node, full]

    @property
    def weight(self) -> int:
        """The bytes a worker needs, about."""
        tables = sum(len(fused.along) for fused in self.products.values()) * self.cut.inner
        return ((len(self.buffers) + 2) * self.cut.rows * self.cut.inner + tables) * int(self.dtype.itemsize)

    def space(self) -> list[Any]:
        """Fresh buffers, for one worker."""
        buffers = [np.empty((self.cut.rows if row else 1, self.cut.inner if along else 1), self.dtype) for row, along in self.buffers]
        return [buffers, {fused: fused.space() for fused in self.products.values()}]

    def run(self, place: Place, space: list[Any], outs: Sequence[Any]) -> None:
        """Evaluate one block into tables of (rows, inner)."""
        rows = place.stop - place.start
        have = {
            "source": [s.at(place) for s in self.sources],
            "buffer": [b[:rows] if len(b) > rows else b for b in space[0]],
            "out": outs,
        }
        for step in self.steps:
            args = [have[kind][i] for kind, i in step.args]
            to = have[step.to[0]][step.to[1]]
            if isinstance(step.function, Product):
                step.function.run(place, space[1][step.function], to)
            elif isinstance(step.function, np.ufunc):
                step.function(*args, out=to)
            else:
                np.copyto(to, step.function(*[np.asarray(a) for a in args]))
