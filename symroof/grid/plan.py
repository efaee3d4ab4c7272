"""``plan(tape, values, shape)``: a formula over a grid, to run as a whole on all cores or block by block."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from symroof.algebra.evaluate import Tape
from symroof.errors import InputError
from symroof.grid.graph import Graph, Trouble
from symroof.grid.layout import Layout, Place, layout
from symroof.grid.program import Program
from symroof.grid.trouble import explained

_ROOM = 24 << 20  # bytes that the buffers of all workers may take
_PROBLEMS = (FloatingPointError, ZeroDivisionError, OverflowError)


@dataclass(frozen=True)
class Block:
    """A part of the grid, as one slice per axis, and what is wanted there: ``whole[block.slices] = block.arrays[0]``."""

    slices: tuple[slice, ...]
    arrays: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Plan:
    """A tape over a grid, made ready; ``run`` fills whole arrays, ``block(i)`` evaluates one block and nothing else.

    A plan can be pickled: it is sent as its inputs and its cut, so that block i is the same block where it arrives.
    """

    tape: Tape = field(repr=False)
    values: Mapping[Any, Any] = field(repr=False)
    shape: tuple[int, ...]
    wanted: tuple[int, ...]
    dtype: Any
    cut: Layout = field(repr=False)
    grouped: bool = True
    program: Program = field(init=False, repr=False)

    def __post_init__(self) -> None:
        try:
            self.__dict__["program"] = self._program(self.grouped)
        except _PROBLEMS:
            self._in_order()

    def _program(self, grouped: bool) -> Program:
        with np.errstate(divide="raise", over="raise", invalid="raise", under="raise" if grouped else "ignore"):
            graph = Graph(self.tape, [self.values.get(s) for s in self.tape.inputs], self.cut, grouped)
            return Program(graph, [graph.slots[w] for w in self.wanted], self.dtype)

    def _in_order(self) -> None:
        """Give up regrouping, which can leave the range of a float where the order of the tape does not."""
        try:
            self.__dict__["program"] = self._program(False)
        except Trouble as trouble:
            parts = tuple(slice(None) if trouble.mask >> i & 1 else slice(0, 1) for i in range(1, len(self.cut.shape)))
            raise explained(self.tape, self.values, self.shape, parts, self.dtype) from None
        except _PROBLEMS:
            raise explained(self.tape, self.values, self.shape, (slice(0, 1),) * len(self.shape), self.dtype) from None
        self.__dict__["grouped"] = False

    def __reduce__(self) -> Any:
        return Plan, (self.tape, self.values, self.shape, self.wanted, self.dtype, self.cut, self.grouped)

    # -- block by block
    def blocks(self) -> range:
        """The numbers of the blocks."""
        return range(self.cut.count)

    def block(self, index: int) -> Block:
        """Evaluate one block.

        Raises InputError naming the symbols and their values where a division by zero, an overflow or the like occurs.
        """
        place = self.cut.place(index)
        slices = self.cut.slices(place)
        outs = [np.empty((place.stop - place.start, self.cut.inner), self.dtype) for _ in self.wanted]
        with self._watch():
            self._checked(place, self.program.space(), outs)
        shape = tuple(len(range(*s.indices(n))) for s, n in zip(slices, self.shape, strict=True))
        return Block(slices, tuple(o.reshape(shape) for o in outs))

    def _watch(self) -> Any:
        """What NumPy is to raise."""
        return np.errstate(divide="raise", over="raise", invalid="raise", under="raise" if self.grouped else "ignore")

    def _checked(self, place: Place, space: list[Any], outs: Sequence[Any]) -> None:
        """One block into tables, watched; once more in the order of the tape if that fails."""
        try:
            self.program.run(place, space, outs)
        except _PROBLEMS:
            if not self.grouped:
                raise explained(self.tape, self.values, self.shape, self.cut.slices(place), self.dtype) from None
            again = self._ungrouped()
            with again._watch():
                again._checked(place, again.program.space(), outs)

    def _ungrouped(self) -> Plan:
        if "ungrouped" not in self.__dict__:
            self.__dict__["ungrouped"] = Plan(self.tape, self.values, self.shape, self.wanted, self.dtype, self.cut, False)
        found: Plan = self.__dict__["ungrouped"]
        return found

    # -- as a whole
    def run(self, out: Sequence[Any] | None = None, workers: int | None = None) -> tuple[Any, ...]:
        """The wanted arrays over the whole grid, written into ``out`` if that is given, on ``workers`` threads (all cores).

        Raises InputError as ``block`` does, and for an ``out`` of another shape or dtype.
        """
        whole = tuple(np.empty(self.shape, self.dtype) for _ in self.wanted) if out is None else tuple(out)
        for array in whole:
            if array.shape != self.shape or array.dtype != self.dtype or not array.flags.c_contiguous:
                raise InputError(f"out must be a C-contiguous array of shape {self.shape} and {np.dtype(self.dtype)}, one per result")
        if len(whole) != len(self.wanted):
            raise InputError(f"out holds {len(whole)} arrays for {len(self.wanted)} results; give one for each")
        lead = self.cut.shape[: self.cut.pivot]
        tables = [a.reshape(*lead, self.cut.shape[self.cut.pivot], self.cut.inner) for a in whole]
        most = max(1, _ROOM // max(1, self.program.weight))
        spread(self.cut.count, partial(self._fill, tables), workers or min(cores(), most))
        return whole

    def _fill(self, tables: Sequence[Any], blocks: Iterator[int]) -> None:
        space = self.program.space()
        with self._watch():
            for i in blocks:
                place = self.cut.place(i)
                self._checked(place, space, [t[place.outer][place.start : place.stop] for t in tables])


def plan(
    tape: Tape,
    values: Mapping[Any, Any],
    shape: tuple[int, ...] | None = None,
    wanted: Sequence[int] | None = None,
    dtype: Any = np.float64,
) -> Plan:
    """Make a tape ready for a grid: ``values`` are numbers and arrays by symbol that broadcast to ``shape``.

    ``wanted`` are slots of the tape, by default that of the whole. Raises InputError naming a symbol that has no value
    or whose array does not fit the grid.
    """
    slots = (tape.slots[0],) if wanted is None else tuple(wanted)
    needed = inputs(tape, slots)
    missing = [s.name for s in needed if s not in values]
    if missing:
        raise InputError(f"every symbol needs a value; missing: {', '.join(missing)}")
    if np.dtype(dtype) not in (np.float64, np.float32):
        raise InputError(f"a grid is evaluated in float64 or float32, not in {np.dtype(dtype)}")
    used = {s: np.asarray(values[s]) if hasattr(values[s], "shape") else float(values[s]) for s in needed}
    if shape is None:
        shape = np.broadcast_shapes(*[np.shape(v) for v in used.values()])
    for s, v in used.items():
        if not _fits(np.shape(v), shape):
            raise InputError(f"{s} is an array of shape {np.shape(v)}, which does not broadcast to the grid {shape}")
    return Plan(tape, used, tuple(shape), slots, np.dtype(dtype), layout(tuple(shape)))


def inputs(tape: Tape, wanted: Sequence[int]) -> list[Any]:
    """The symbols that some slots of a tape depend on."""
    first = len(tape.inputs) + len(tape.constants)
    front, found = list(wanted), set(wanted)
    while front:
        below = set(tape.steps[slot - first][1]) - found if (slot := front.pop()) >= first else set()
        found |= below
        front += below
    return [s for i, s in enumerate(tape.inputs) if i in found]


def _fits(own: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    padded = (1,) * (len(shape) - len(own)) + own
    return len(own) <= len(shape) and all(a in (1, b) for a, b in zip(padded, shape, strict=True))


def spread(count: int, work: Any, workers: int | None = None) -> None:
    """Run ``work`` on iterators over the numbers below ``count``, one iterator per thread at a time; stop at the first error."""
    workers = min(workers or cores(), count)
    if workers <= 1:
        work(iter(range(count)))
        return
    stop: list[bool] = []
    length = -(-count // (workers * 8))

    def part(start: int) -> None:
        def numbers() -> Iterator[int]:
            for i in range(start, min(start + length, count)):
                if stop:
                    return
                yield i

        try:
            work(numbers())
        except BaseException:
            stop.append(True)
            raise

    with ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(part, range(0, count, length)):
            pass


def cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
