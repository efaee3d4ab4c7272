"""``plan(tape, values, shape)``: a formula over a grid, to run as a whole on all cores or block by block.

Also what ``cost.at(..., B=array)`` uses once the result is large; and where a formula has no value, the operation that fails first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np

from symroof.algebra.evaluate import TABLE, Tape
from symroof.errors import InputError, short
from symroof.grid.cut import Cut, Slices, blocks, padded, part
from symroof.grid.graph import Graph, Trouble
from symroof.grid.kernel import Kernel

_WORDS = {"Pow": "division by zero or overflow", "log": "the logarithm of what is not positive"}


def explained(tape: Tape, values: Mapping[Any, Any], slices: Slices, dtype: Any) -> InputError:
    """The error for a part of the grid in which something has no finite value: names the symbols with their values there."""
    most = float(np.finfo(dtype).max)
    slots: list[Any] = [part(padded(values.get(s, 1.0), len(slices)), slices) for s in tape.inputs] + [
        np.asarray(float(c)) for c in tape.constants
    ]
    uses: list[set[int]] = [{i} if i < len(tape.inputs) else set() for i in range(len(slots))]
    kinds: list[type] = [object] * len(slots)
    with np.errstate(all="ignore"):
        for kind, places in tape.steps:  # what the wanted do not need is worked out at 1, and passed over
            slots.append(_tried(kind, [slots[i] for i in places]))
            uses.append(set().union(*(uses[i] for i in places)))
            kinds.append(kind)
        for found, used, kind in zip(slots, uses, kinds, strict=True):
            bad = ~(np.abs(found) <= most)
            if bad.any() and all(tape.inputs[i] in values for i in used):
                return _sentence(tape, slots, used, kind, np.broadcast_to(found, np.broadcast_shapes(*map(np.shape, slots))), most)
    given = ", ".join(s.name for s in tape.inputs)
    return InputError(f"cannot be evaluated: a value is beyond what {np.dtype(dtype)} can hold, for some {short(given, 120)}")


def _tried(kind: type, args: list[Any]) -> Any:
    try:
        return np.asarray(TABLE[kind][1](*args))
    except (ArithmeticError, ValueError):
        return np.full(np.broadcast_shapes(*map(np.shape, args)), np.nan)


def _sentence(tape: Tape, slots: list[Any], used: set[int], kind: type, found: Any, most: float) -> InputError:
    at = tuple(np.argwhere(~(np.abs(found) <= most))[0])
    number = float(found[at])
    numbers = {i: float(np.broadcast_to(slots[i], found.shape)[at]) for i in used}
    given = ", ".join(f"{tape.inputs[i]} = {v:.6g}" for i, v in sorted(numbers.items()))
    if np.isfinite(number):
        why = f"{number:.3g} is beyond what float32 can hold (about 3.4e38); use float64"
    elif np.isnan(number):
        why = "invalid value, neither finite nor infinite"
    else:
        why = _WORDS.get(kind.__name__, "overflow")
    return InputError(f"cannot be evaluated: {why} (with {short(given, 300)[1:-1]})")


_AT_ONCE = 8  # blocks that are worked out together where there is nothing to keep in the cache
_ROOM = 24 << 20  # bytes that the buffers of all workers may take
_PROBLEMS = (FloatingPointError, ZeroDivisionError, OverflowError)


class Tile(NamedTuple):
    """A part of the grid, as one slice per axis, and what is wanted there: ``whole[tile.slices] = tile.arrays[0]``."""

    slices: Slices
    arrays: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class GridPlan:
    """A tape over a grid, made ready; ``run`` fills whole arrays, ``block(i)`` evaluates one block and nothing else.

    It is worked out with terms and factors regrouped, and in the order of the tape where that leaves the range of a float.
    A plan can be pickled: it is sent as its inputs and its cut, so that block i is the same block where it arrives.
    """

    tape: Tape = field(repr=False)
    values: Mapping[Any, Any] = field(repr=False)
    shape: tuple[int, ...]
    wanted: tuple[int, ...]
    dtype: Any
    cut: Cut = field(repr=False)

    def __reduce__(self) -> Any:
        return GridPlan, (self.tape, self.values, self.shape, self.wanted, self.dtype, self.cut)

    @cached_property
    def kernel(self) -> Kernel | None:
        """The steps of a block, regrouped; None where that leaves the range of a float before the blocks begin."""
        try:
            return self._kernel(True)
        except _PROBLEMS:
            return None

    @cached_property
    def _ordered(self) -> Kernel:
        try:
            return self._kernel(False)
        except _PROBLEMS as problem:
            axes = problem.mask if isinstance(problem, Trouble) else 0
            raise self._explained(tuple(slice(None) if axes >> i & 1 else slice(0, 1) for i in range(len(self.cut.shape)))) from None

    def _kernel(self, grouped: bool) -> Kernel:
        with _watched(grouped):
            graph = Graph(self.tape, [self.values.get(s) for s in self.tape.inputs], self.cut, grouped)
            return Kernel(graph, [graph.slots[w] for w in self.wanted], self.dtype)

    def _explained(self, slices: Slices) -> InputError:
        return explained(self.tape, self.values, slices, self.dtype)

    # -- block by block
    def blocks(self) -> range:
        """The numbers of the blocks."""
        return range(self.cut.count)

    def block(self, index: int) -> Tile:
        """Evaluate one block.

        Raises InputError naming the symbols and their values where a division by zero, an overflow or the like occurs.
        """
        slices = self.cut.slices(index)
        shape = tuple(s.stop - s.start for s in slices)
        outs = [np.empty(shape, self.dtype) for _ in self.wanted]
        with _watched(True):
            self._into(slices, ({}, {}), outs)
        return Tile(slices[1:], tuple(o.reshape(shape[1:]) for o in outs))

    def _into(self, slices: Slices, kept: tuple[dict[Any, Any], dict[Any, Any]], outs: Sequence[Any]) -> None:
        """One block into its parts of the grid; once more in the order of the tape if that fails."""
        if self.kernel is not None:
            try:
                return self.kernel.run(slices, kept[0], outs)
            except _PROBLEMS:
                pass
        try:
            with _watched(False):
                self._ordered.run(slices, kept[1], outs)
        except _PROBLEMS:
            raise self._explained(slices) from None

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
        most = max(1, _ROOM // max(1, (self.kernel or self._ordered).weight))
        cut = self.cut.times(_AT_ONCE) if self.kernel is not None and self.kernel.direct else self.cut
        spread(cut.count, partial(self._fill, cut, [a.reshape(cut.shape) for a in whole]), workers or min(cores(), most))
        return whole

    def _fill(self, cut: Cut, whole: Sequence[Any], numbers: Iterable[int]) -> None:
        kept: tuple[dict[Any, Any], dict[Any, Any]] = {}, {}
        with _watched(True):
            for i in numbers:
                slices = cut.slices(i)
                self._into(slices, kept, [a[slices] for a in whole])


def _watched(grouped: bool) -> Any:
    """What NumPy is to raise."""
    return np.errstate(divide="raise", over="raise", invalid="raise", under="raise" if grouped else "ignore")


def plan(
    tape: Tape,
    values: Mapping[Any, Any],
    shape: tuple[int, ...] | None = None,
    wanted: Sequence[int] | None = None,
    dtype: Any = np.float64,
) -> GridPlan:
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
    return GridPlan(tape, used, tuple(shape), slots, np.dtype(dtype), blocks(tuple(shape), bytes_each=np.dtype(dtype).itemsize))


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
    return len(own) <= len(shape) and all(a in (1, b) for a, b in zip(own[::-1], shape[::-1], strict=False))


def spread(count: int, work: Callable[[Iterable[int]], None], workers: int | None = None) -> None:
    """Run ``work`` on runs of the numbers below ``count``, one per thread at a time; none is begun after an error."""
    workers = min(workers or cores(), count)
    if workers <= 1:
        work(range(count))
        return
    length = -(-count // (workers * 8))
    with ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(work, (range(i, min(i + length, count)) for i in range(0, count, length))):
            pass


def cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def slots(tape: Tape, values: Sequence[Any]) -> list[Any]:
    """The slots that the tape's shape names, as ``tape.run`` gives them; the others are None.

    Raises InputError naming the symbols where something has no finite value, or whose arrays do not broadcast.
    """
    given = dict(zip(tape.inputs, values, strict=True))
    found: list[Any] = [None] * (len(values) + len(tape.constants) + len(tape.steps))
    together: dict[tuple[int, ...], list[int]] = {}
    for place in dict.fromkeys(_named(tape.slots)):
        arrays = {s: np.shape(given[s]) for s in inputs(tape, [place]) if hasattr(given[s], "shape")}
        try:
            together.setdefault(np.broadcast_shapes(*arrays.values()), []).append(place)
        except ValueError:
            shown = ", ".join(f"{s} {shape}" for s, shape in arrays.items())
            raise InputError(f"the shapes of the arrays do not broadcast: {shown}; give each its own axis, e.g. S[:, None]") from None
    for shape, places in together.items():
        for place, array in zip(places, plan(tape, given, shape, places).run(), strict=True):
            found[place] = array if shape else float(array)
    return found


def _named(tree: Any) -> Iterator[int]:
    yield tree[0]
    for below in tree[1]:
        yield from _named(below)
