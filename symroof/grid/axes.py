"""The axes of a sweep: numbers for a symbol, or categories that are sheets; and what every symbol is worth along them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, is_dataclass, replace
from fractions import Fraction
from itertools import product
from typing import Any, Protocol, runtime_checkable

import numpy as np
import sympy as sp

from symroof.algebra.bind import bind, check
from symroof.algebra.claims import NONE, Claims
from symroof.algebra.quantity import parse_quantity, show_quantity
from symroof.algebra.spread import Uncertain
from symroof.algebra.symbols import ALPHABET
from symroof.algebra.units import ONE, Unit
from symroof.errors import InputError, UnknownName, nearest, short


@runtime_checkable
class _Sheet(Protocol):
    """What is a sheet: values of symbols, and what holds unless another sheet says otherwise."""

    values: Mapping[sp.Symbol, Any]
    defaults: Mapping[sp.Symbol, Any]


@dataclass(frozen=True, eq=False)
class Axis:
    """A name and its labels: numbers in SI units (``unit``), texts with their ``numbers``, or names of ``sheets``."""

    name: str
    labels: Any
    numbers: Any = None
    sheets: tuple[Any, ...] = ()
    unit: Unit = ONE

    def __len__(self) -> int:
        return len(self.labels)

    def index(self, label: Any) -> int:
        """Where a label stands.

        Raises UnknownName with the nearest label.
        """
        for i, known in enumerate(self.labels):
            if known is label or (type(known) is str and known == getattr(label, "name", label)):
                return i
        if self.numbers is None:
            raise UnknownName(f"{self.name} has no {short(getattr(label, 'name', label))}; {nearest(str(label), self.labels)}")
        wanted = float(parse_quantity(label, self.unit)[0] if isinstance(label, str) else label)
        close = np.flatnonzero(np.isclose(self.numbers, wanted, rtol=1e-12, atol=0))
        if not len(close):
            near = "it is empty" if not len(self) else f"the nearest is {self.numbers[np.abs(self.numbers - wanted).argmin()]:.6g}"
            raise UnknownName(f"{self.name} has no {short(label)}; {near}")
        return int(close[0])

    def only(self, indices: Any) -> Axis:
        """The axis at some of its labels."""
        labels = self.labels[indices] if isinstance(self.labels, np.ndarray) else tuple(self.labels[i] for i in indices)
        numbers = None if self.numbers is None else self.numbers[indices]
        return Axis(self.name, labels, numbers, tuple(self.sheets[i] for i in indices) if self.sheets else (), self.unit)

    def __str__(self) -> str:
        """One line: how many, and from where to where."""
        if not len(self):
            return "empty"
        if self.numbers is None or len(self) <= 4:
            shown = [str(label) for label in self.labels[:6]]
            return ", ".join(shown) + (f", ... ({len(self)})" if len(self) > 6 else "")
        low, high = (show_quantity(float(f()), self.unit) for f in (self.numbers.min, self.numbers.max))
        return f"{len(self)} values, {low} to {high}"


def is_axis(value: Any) -> bool:
    """Whether a keyword spans an axis."""
    return isinstance(value, (list, tuple, range)) or getattr(value, "ndim", 0) > 0


def axis(name: str, values: Any, symbols: Mapping[str, sp.Symbol]) -> Axis:
    """An axis from a list, a range or an array.

    Raises InputError if its entries are neither numbers nor quantities in texts nor sheets, or it has several dimensions.
    """
    if isinstance(values, range) and values and max(abs(values[0]), abs(values[-1])) < 1 << 53:
        values = np.arange(values.start, values.stop, values.step)
    entries = values if hasattr(values, "ndim") else list(values)
    if not len(entries) and name not in symbols:
        return Axis(name, ())
    if not hasattr(values, "ndim") and len(entries) and all(isinstance(v, (Mapping, _Sheet)) for v in entries):
        return Axis(name, _names(entries), sheets=tuple(entries))
    symbol = symbols.get(name)
    unit: Unit = getattr(symbol, "unit", ONE)
    if not hasattr(values, "ndim") and any(isinstance(v, str) for v in entries):
        if symbol is None:
            raise UnknownName(f"{short(name)} is not a symbol of this formula; {nearest(name, symbols)}")
        checked = [check(symbol, v) for v in entries]
        sheets = tuple({symbol: v} for v in checked) if "USD" in dict(unit.powers) else ()
        return Axis(name, tuple(entries), np.array([float(v) for v in checked]), sheets, unit)
    try:
        numbers = np.asarray(values)
    except ValueError:
        numbers = np.empty((0, 0))
    if numbers.ndim != 1:
        raise InputError(f"{name} must be a list of numbers, of texts or of sheets, in one dimension; axes are multiplied out")
    if len(numbers) and numbers.dtype.kind not in "iuf":
        raise InputError(f"{name} mixes what is no number with others; give numbers, texts such as '8 Ki', or only sheets")
    return Axis(name, numbers, numbers.astype(np.float64) if symbol is None else check(symbol, numbers), unit=unit)


def _names(sheets: Sequence[Any]) -> tuple[str, ...]:
    """What to call each sheet: its name; with its title, or a number, where several have one name."""
    plain = [getattr(s, "name", "") or ", ".join(f"{k}={v}" for k, v in s.items()) for s in sheets]
    titled = [f"{p} ({getattr(s, 'title', '')})" if Counter(plain)[p] > 1 else p for p, s in zip(plain, sheets, strict=True)]
    return tuple(f"{t} #{i + 1}" if Counter(titled)[t] > 1 else t for i, t in enumerate(titled))


def symbols_of(free: Iterable[sp.Symbol], sheets: Iterable[Any]) -> dict[str, sp.Symbol]:
    """The symbols that an axis may be named after: of the alphabet, of the sheets and of the formula."""
    tables = [sheet.values if isinstance(sheet, _Sheet) else sheet for sheet in sheets if isinstance(sheet, (Mapping, _Sheet))]
    said = [s for table in tables for v in table.values() if isinstance(v, sp.Expr) for s in v.free_symbols]
    return {**ALPHABET, **{s.name: s for s in said}, **{s.name: s for s in free}}


def laid_out(
    free: set[sp.Symbol], sheets: Sequence[Any], named: Mapping[str, Any], of: Claims = NONE
) -> tuple[tuple[Axis, ...], dict[sp.Symbol, Any]]:
    """The axes that keywords span, and what every symbol is worth along them.

    Raises InputError or UnknownName naming what lacks a value or cannot be used.
    """
    symbols = symbols_of(free, sheets)
    scale = tuple(axis(name, values, symbols) for name, values in named.items() if is_axis(values))
    return scale, worth(free, sheets, scale, {name: value for name, value in named.items() if not is_axis(value)}, of)


def labels_at(scale: Sequence[Axis], index: int) -> dict[str, Any]:
    """The labels of a point by the names of the axes, by its number in the grid."""
    places = np.unravel_index(index, tuple(len(a) for a in scale))
    found = {a.name: a.labels[int(i)] for a, i in zip(scale, places, strict=True)}
    return {name: label.item() if isinstance(label, np.generic) else label for name, label in found.items()}


def labelled(at: Mapping[str, Any]) -> str:
    """Labels as ``B=59, n=32``."""
    return ", ".join(f"{k}={v:g}" if isinstance(v, float) else f"{k}={v}" for k, v in at.items())


def worth(
    free: set[sp.Symbol], sheets: Sequence[Any], axes: Sequence[Axis], fixed: Mapping[str, Any], of: Claims = NONE
) -> dict[sp.Symbol, Any]:
    """Every symbol as a number, or as an array with the axes it depends on; what is claimed of models must hold for all of them.

    Raises InputError naming the symbols, and the categories, that lack a value.
    """
    if any(not len(a) for a in axes):
        return dict.fromkeys(free, 1.0)
    spans = [tuple(-1 if i == j else 1 for j in range(len(axes))) for i in range(len(axes))]
    shaped = {a.name: a.numbers.reshape(span) for a, span in zip(axes, spans, strict=True) if not a.sheets}
    apart = any(isinstance(s, Uncertain) for s in sheets)  # it gives something else beside every category
    tables = [None if apart else _columns(a, span) for a, span in zip(axes, spans, strict=True)]
    cases = [i for i, a in enumerate(axes) if a.sheets and tables[i] is None]
    found: dict[sp.Symbol, dict[tuple[int, ...], Any]] = {s: {} for s in free}
    for combo in product(*(range(len(axes[i])) for i in cases)):
        chosen = [(axes[i], axes[i].sheets[k]) for i, k in zip(cases, combo, strict=True)]
        prices = {a.name: v for a, s in chosen if a.numbers is not None for v in s.values()}  # which are never bare numbers
        known = [*sheets, *(t for t in tables if t is not None), *(s for a, s in chosen if a.numbers is None)]
        given = bind(free, known, {**fixed, **shaped, **prices}, of)
        _refuse_missing(free, given.numbers, [str(axes[i].labels[k]) for i, k in zip(cases, combo, strict=True)])
        for s in free:
            found[s][combo] = _same(found[s], given.numbers[s])
    return {s: _stacked(values, axes, cases) for s, values in found.items()}


def _columns(axis: Axis, span: tuple[int, ...]) -> Any:
    """The categories of an axis as one sheet of arrays, where they give nothing but numbers, of the same symbols; else None."""
    if (
        not axis.sheets
        or axis.numbers is not None
        or any(type(s) is not type(axis.sheets[0]) or isinstance(s, Uncertain) or hasattr(s, "stack") for s in axis.sheets)
    ):
        return None
    first = axis.sheets[0]
    rows = [s.values if isinstance(s, _Sheet) else s for s in axis.sheets]
    if (isinstance(first, _Sheet) and any(s.defaults != first.defaults for s in axis.sheets)) or any(
        r.keys() != rows[0].keys() for r in rows
    ):
        return None
    table = {}
    for symbol, value in rows[0].items():
        column = [row[symbol] for row in rows]
        if all(v is value or v == value for v in column):
            table[symbol] = value
        elif "USD" in dict(getattr(symbol, "unit", ONE).powers) or not all(type(v) in (int, Fraction) and v < 1 << 999 for v in column):
            return None
        else:
            table[symbol] = np.array([float(v) for v in column]).reshape(span)
    return replace(first, values=table) if isinstance(first, _Sheet) and is_dataclass(first) else table


def _same(before: Mapping[tuple[int, ...], Any], value: Any) -> Any:
    """The value found first, if this one equals it, so that a long array is not kept once for every category."""
    array = np.asarray(value if hasattr(value, "shape") else float(value))
    first = next(iter(before.values()), None)
    return first if first is not None and np.array_equal(first, array) else array


def _refuse_missing(free: set[sp.Symbol], numbers: Mapping[Any, Any], chosen: Sequence[str]) -> None:
    missing = sorted(s.name for s in free if s not in numbers)
    if missing:
        where = f" with {', '.join(chosen)}" if chosen else ""
        raise InputError(f"every symbol needs a value; missing{short(where, 100).strip(chr(39))}: {', '.join(missing)}")


def _stacked(values: Mapping[tuple[int, ...], Any], axes: Sequence[Axis], cases: Sequence[int]) -> Any:
    arrays = list(values.values())
    if all(a is arrays[0] for a in arrays):
        return arrays[0] if arrays[0].ndim else float(arrays[0])
    shape = list(np.broadcast_shapes(*[a.shape for a in arrays], (1,) * len(axes)))
    for i in cases:
        shape[i] = len(axes[i])
    whole = np.empty(shape)
    for combo, array in values.items():
        at: list[Any] = [slice(None)] * len(axes)
        for i, k in zip(cases, combo, strict=True):
            at[i] = slice(k, k + 1)
        whole[tuple(at)] = array
    for i in cases:
        first = whole.take([0], axis=i)
        whole = first if np.array_equal(np.broadcast_to(first, whole.shape), whole) else whole
    return whole
