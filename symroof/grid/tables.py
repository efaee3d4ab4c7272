"""A sweep, or what a search found, as a table of another library, if that is installed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from symroof.errors import InputError

if TYPE_CHECKING:
    from symroof.grid.sweep import Sweep


def to_pandas(made: Sweep) -> Any:
    """A Series with one level of its index per axis."""
    pd = library("pandas")
    if not made.scale:
        return pd.Series(np.atleast_1d(made.values), name=_called(made))
    index = pd.MultiIndex.from_product([list(labels) for labels in made.axes.values()], names=list(made.axes))
    return pd.Series(made.values.ravel(), index=index, name=_called(made))


def to_xarray(made: Sweep) -> Any:
    """A DataArray with the labels as coordinates."""
    xr = library("xarray")
    coordinates = {name: np.asarray(labels) for name, labels in made.axes.items()}
    return xr.DataArray(made.values, coords=coordinates, dims=list(coordinates), name=_called(made), attrs={"unit": str(made.unit)})


def to_arrow(made: Sweep) -> Any:
    """A table with a column per axis (dictionary-encoded) and one for the values."""
    pa = library("pyarrow")
    made_of = {}
    for i, (name, labels) in enumerate(made.axes.items()):
        codes = np.arange(len(labels), dtype=np.int32).reshape([-1 if i == j else 1 for j in range(len(made.shape))])
        column = np.broadcast_to(codes, made.shape).ravel()
        made_of[name] = pa.DictionaryArray.from_arrays(pa.array(column), pa.array(np.asarray(labels).tolist()))
    made_of[_called(made)] = pa.array(made.values.ravel())
    return pa.table(made_of).replace_schema_metadata({"unit": str(made.unit)})


def _called(made: Sweep) -> str:
    return columns(made.axes, [made.name or "value"])[0]


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
