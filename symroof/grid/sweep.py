"""``sweep(cost, *sheets, B=..., S=..., chip=[...])``: a cost over the outer product of named axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, partial
from typing import Any

import numpy as np
import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import Given
from symroof.algebra.cost import Cost
from symroof.algebra.evaluate import tape
from symroof.algebra.units import Unit
from symroof.algebra.value import Value, find_part
from symroof.errors import InputError, UnknownName, nearest, short
from symroof.grid.axes import Axis, is_axis, labels_at, laid_out
from symroof.grid.estimated import interval, uncertain
from symroof.grid.plan import GridPlan, plan, spread
from symroof.grid.tables import columns, library

_PRECISIONS = {"float64": np.dtype(np.float64), "float32": np.dtype(np.float32)}


@dataclass(frozen=True)
class Binding:
    """Which part binds at every point: ``codes`` are numbers into ``names``; ``labels`` writes them out."""

    codes: Any
    names: tuple[str, ...]

    @property
    def labels(self) -> Any:
        """The names themselves, one per point."""
        return np.asarray(self.names, dtype=object)[self.codes]

    def share(self) -> dict[str, float]:
        """The fraction of the points at which each part binds."""
        counts = np.bincount(self.codes.ravel(), minlength=len(self.names)) if self.codes.size else np.zeros(len(self.names))
        return {name: float(c / max(1, self.codes.size)) for name, c in zip(self.names, counts, strict=True)}


@dataclass(frozen=True, repr=False)
class Spot(show.Shown):
    """One point of a sweep: its labels, and the Value there with its parts."""

    at: Mapping[str, Any]
    value: Value


@dataclass(frozen=True, eq=False, repr=False)
class Sweep(show.Shown):
    """A cost over a grid with named axes; values, parts and what binds are worked out when they are first asked for."""

    cost: Cost
    scale: tuple[Axis, ...]
    given: Mapping[sp.Symbol, Any] = field(repr=False)
    dtype: Any = np.float64
    ends: Callable[[], Any] | None = field(default=None, repr=False)  # of an estimate: how its interval is found

    # -- what it is
    @property
    def axes(self) -> dict[str, Any]:
        """The labels of every axis, by name."""
        return {a.name: a.labels for a in self.scale}

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of every axis."""
        return tuple(len(a) for a in self.scale)

    @property
    def size(self) -> int:
        """The points of the grid."""
        return int(np.prod(self.shape, dtype=object))

    @property
    def unit(self) -> Unit:
        """The unit of the values."""
        return self.cost.unit

    @property
    def name(self) -> str:
        """The name of the cost."""
        return self.cost.name

    @cached_property
    def values(self) -> Any:
        """The numbers, in SI units, one dimension per axis."""
        return self.plan().run()[0]

    @cached_property
    def interval(self) -> tuple[Any, Any] | None:
        """Of an estimate both ends of its interval of 80 %, one dimension per axis; None without a calibration."""
        return None if self.ends is None else self.ends()

    @cached_property
    def parts(self) -> tuple[Sweep, ...]:
        """The parts of the cost over the same grid."""
        return tuple(replace(self, cost=part, ends=None) for part in self.cost.parts)

    def __getitem__(self, name: str) -> Sweep:
        part: Sweep = find_part(self, name)
        return part

    @cached_property
    def binding(self) -> Binding | None:
        """The part that binds, point by point, without an array of numbers per part; None for a cost without parts."""
        if not self.cost.parts:
            return None
        compiled = tape(self.cost.shape)
        made = plan(compiled, self.given, self.shape, [place[0] for place in compiled.slots[1]], self.dtype)
        codes = np.empty(self.shape, np.uint8 if len(self.cost.parts) < 256 else np.uint16)

        def work(blocks: Any) -> None:
            for i in blocks:
                block = made.block(i)
                most, code = block.arrays[0], np.zeros(block.arrays[0].shape, codes.dtype)
                for k, part in enumerate(block.arrays[1:], 1):
                    np.copyto(code, k, where=part > most)
                    np.maximum(most, part, out=most)
                codes[block.slices] = code

        spread(made.cut.count, work)
        return Binding(codes, tuple(part.name for part in self.cost.parts))

    def plan(self) -> GridPlan:
        """The evaluation behind it, to be run block by block."""
        return plan(tape(self.cost.shape), self.given, self.shape, dtype=self.dtype)

    # -- points of it
    def sel(self, **labels: Any) -> Any:
        """The sweep at these labels (one, or a list of them); a Value once every axis has been given one.

        Raises UnknownName with the nearest label or axis.
        """
        picked: list[Any] = [slice(None)] * len(self.scale)
        kept: list[Axis | None] = list(self.scale)
        for name, label in labels.items():
            place = self._place(name)
            if is_axis(label):
                picked[place] = [self.scale[place].index(one) for one in label]
                kept[place] = self.scale[place].only(picked[place])
            else:
                picked[place], kept[place] = self.scale[place].index(label), None
        given = {s: self._picked(v, picked) for s, v in self.given.items()}
        rest = tuple(a for a in kept if a is not None)
        left = replace(self, scale=rest, given=given, ends=self.ends and partial(self._cut, picked))
        return left if rest else left._value()

    def _cut(self, picked: list[Any]) -> tuple[Any, Any] | None:
        """The interval at the chosen indices."""
        return self.interval and (self._picked(self.interval[0], picked), self._picked(self.interval[1], picked))

    def _value(self) -> Value:
        """The exact Value at the only point."""
        found: Value = self.cost.put(Given({s: Fraction(repr(float(v))) for s, v in self.given.items()}))
        return replace(found, interval=self.interval and (float(self.interval[0]), float(self.interval[1])))

    def _place(self, name: str) -> int:
        names = [a.name for a in self.scale]
        if name not in names:
            raise UnknownName(f"there is no axis {short(name)}; {nearest(name, names)}")
        return names.index(name)

    def _picked(self, value: Any, picked: list[Any]) -> Any:
        """An input at the chosen indices; one axis at a time, from the last, so that a list keeps its place."""
        if not getattr(value, "ndim", 0):
            return value
        for i in reversed(range(len(picked))):
            if not isinstance(picked[i], slice):
                index = picked[i] if value.shape[i] > 1 else 0 if isinstance(picked[i], int) else [0]
                value = value.take(index, axis=i)
        return value

    @property
    def argmin(self) -> dict[str, Any]:
        """The labels where the value is least."""
        return labels_at(self.scale, int(self._filled().argmin()))

    @property
    def argmax(self) -> dict[str, Any]:
        """The labels where the value is largest."""
        return labels_at(self.scale, int(self._filled().argmax()))

    def best(self, largest: bool = False) -> Spot:
        """The point with the least (or the largest) value, with the exact Value and its parts there."""
        at = self.argmax if largest else self.argmin
        return Spot(at, self.sel(**at) if at else self._value())

    def _filled(self) -> Any:
        if not self.size:
            raise InputError(f"the sweep is empty: {', '.join(a.name for a in self.scale if not len(a))} has no values; give it some")
        return self.values

    # -- what it becomes
    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array(self.values, dtype=dtype, copy=copy)

    def to_numpy(self) -> Any:
        """The values as an array."""
        return self.values

    def to_pandas(self) -> Any:
        """A pandas Series, indexed by the axes. Raises InputError if pandas is not installed."""
        pd, axes = library("pandas"), self.axes
        index = pd.MultiIndex.from_product([list(labels) for labels in axes.values()], names=list(axes)) if axes else None
        return pd.Series(np.ravel(self.values), index=index, name=self._column)

    def to_xarray(self) -> Any:
        """An xarray DataArray with the axes as coordinates. Raises InputError if xarray is not installed."""
        coordinates = {of: np.asarray(labels) for of, labels in self.axes.items()}
        named = {"name": self._column, "attrs": {"unit": str(self.unit)}}
        return library("xarray").DataArray(self.values, coords=coordinates, dims=list(coordinates), **named)

    def to_arrow(self) -> Any:
        """An Arrow table, one row per point, its labels dictionary-encoded. Raises InputError if pyarrow is not installed."""
        pa, found = library("pyarrow"), {}
        for (of, labels), place in zip(self.axes.items(), np.indices(self.shape, dtype=np.int32, sparse=True), strict=True):
            codes = pa.array(np.broadcast_to(place, self.shape).ravel())
            found[of] = pa.DictionaryArray.from_arrays(codes, pa.array(np.asarray(labels).tolist()))
        found[self._column] = pa.array(self.values.ravel())
        return pa.table(found).replace_schema_metadata({"unit": str(self.unit)})

    @property
    def _column(self) -> str:
        return columns(self.axes, [self.name or "value"])[0]


def sweep(cost: Cost, /, *sheets: Any, precision: str = "float64", **named: Any) -> Sweep:
    """A cost over the outer product of its axes, in the order they are named; single values are fixed.

    An axis is a list, range or array of numbers or of texts (``S=["8 Ki", "32 Ki"]``) for a symbol, or a list of sheets
    under any name (``chip=[...]``, ``llm=[...]``). A symbol that is named wins over what a sheet says about it.
    ``precision="float32"`` halves the memory.

    >>> from symroof import chip, decode, dtype, llm
    >>> chips = [chip("tpu-v5e"), chip("tpu-v5p")]
    >>> grid = sweep(decode.step(), llm("llama3-70b"), dtype("int8", math="bf16"), n=16, B=[1, 64], S=["8 Ki", "32 Ki"], chip=chips); grid
    decode step  [s]  8 points, 1.605 ms to 31.96 ms
      B     1, 64
      S     8 Ki, 32 Ki
      chip  tpu-v5e, tpu-v5p
      least at B=1, S=8 Ki, chip=tpu-v5p
    >>> grid.sel(B=64, S="8 Ki", chip="tpu-v5e")
    12.07 ms   attention 6.628 ms | MLP 5.444 ms (math 2.865 ms | weights 5.444 ms  <- bound)

    Raises InputError or UnknownName naming the symbol, and the category, that lacks a value or cannot be used.
    """
    if not isinstance(cost, Cost):
        raise InputError(f"{short(cost)} is no cost; sweep a cost such as decode.step()")
    if precision not in _PRECISIONS:
        raise InputError(f"precision is 'float64' or 'float32', not {short(precision)}")
    scale, given = laid_out(cost.free_symbols, sheets, named, cost.of)
    ends = partial(interval, cost, sheets, scale, named) if uncertain(sheets, scale) else None
    made = Sweep(cost, scale, given, _PRECISIONS[precision], ends)
    made.values  # noqa: B018  what cannot be evaluated is said now
    return made
