"""A sweep as a table of another library, if that is installed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from symroof.errors import InputError

if TYPE_CHECKING:
    from symroof.grid.sweep import Sweep


def to_pandas(made: Sweep) -> Any:
    """A Series with one level of its index per axis."""
    pd = _library("pandas")
    if not made.scale:
        return pd.Series([float(made.values)], name=_called(made))
    index = pd.MultiIndex.from_product([list(labels) for labels in made.axes.values()], names=list(made.axes))
    return pd.Series(made.values.ravel(), index=index, name=_called(made))


def to_xarray(made: Sweep) -> Any:
    """A DataArray with the labels as coordinates."""
    xr = _library("xarray")
    coordinates = {name: np.asarray(labels) for name, labels in made.axes.items()}
    return xr.DataArray(made.values, coords=coordinates, dims=list(coordinates), name=_called(made), attrs={"unit": str(made.unit)})


def to_arrow(made: Sweep) -> Any:
    """A table with a column per axis (dictionary-encoded) and one for the values."""
    pa = _library("pyarrow")
    columns = {}
    for i, (name, labels) in enumerate(made.axes.items()):
        codes = np.arange(len(labels), dtype=np.int32).reshape([-1 if i == j else 1 for j in range(len(made.shape))])
        column = np.broadcast_to(codes, made.shape).ravel()
        columns[name] = pa.DictionaryArray.from_arrays(pa.array(column), pa.array(np.asarray(labels).tolist()))
    columns[_called(made)] = pa.array(made.values.ravel())
    return pa.table(columns).replace_schema_metadata({"unit": str(made.unit)})


def _called(made: Sweep) -> str:
    return made.name or "value"


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise InputError(f"{name} is not installed; run 'pip install {name}', or use .to_numpy() and .axes") from None
