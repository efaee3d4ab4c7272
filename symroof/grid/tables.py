"""What a sweep or a search found as a table of another library, if that is installed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from itertools import count
from typing import Any

import numpy as np

from symroof.algebra.units import Unit
from symroof.errors import InputError

Axes = Mapping[str, Any]  # the labels of every axis by its name


def to_pandas(axes: Axes, values: Any, name: str) -> Any:
    """A Series with one level of its index per axis."""
    pd = library("pandas")
    index = pd.MultiIndex.from_product([list(labels) for labels in axes.values()], names=list(axes)) if axes else None
    return pd.Series(np.ravel(values), index=index, name=_called(axes, name))


def to_xarray(axes: Axes, values: Any, name: str, unit: Unit) -> Any:
    """A DataArray with the labels as coordinates."""
    coordinates = {of: np.asarray(labels) for of, labels in axes.items()}
    named = {"name": _called(axes, name), "attrs": {"unit": str(unit)}}
    return library("xarray").DataArray(values, coords=coordinates, dims=list(coordinates), **named)


def to_arrow(axes: Axes, values: Any, name: str, unit: Unit) -> Any:
    """A table with a column per axis (dictionary-encoded) and one for the values."""
    pa = library("pyarrow")
    places = np.indices(values.shape, dtype=np.int32, sparse=True)
    columns_of = {}
    for (of, labels), place in zip(axes.items(), places, strict=True):
        codes = pa.array(np.broadcast_to(place, values.shape).ravel())
        columns_of[of] = pa.DictionaryArray.from_arrays(codes, pa.array(np.asarray(labels).tolist()))
    columns_of[_called(axes, name)] = pa.array(values.ravel())
    return pa.table(columns_of).replace_schema_metadata({"unit": str(unit)})


def _called(axes: Axes, name: str) -> str:
    return columns(axes, [name or "value"])[0]


def columns(taken: Iterable[str], names: Sequence[str]) -> list[str]:
    """The names of columns beside those that are taken: a name that is there already gets a number."""
    have, found = set(taken), []
    for name in names:
        free = (f"{name} {i}" if i > 1 else name for i in count(1))
        found.append(next(f for f in free if f not in have))
        have.add(found[-1])
    return found


def library(name: str, instead: str = ".to_numpy() and .axes") -> Any:
    """A library that is not required. Raises InputError with the cure if it is not installed."""
    try:
        return import_module(name)
    except ImportError:
        raise InputError(f"{name} is not installed; run 'pip install {name}', or use {instead}") from None
