"""Results as tables of other libraries, which are loaded when they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from itertools import count
from typing import Any

from symroof.errors import InputError


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


def frame(rows: Sequence[Mapping[str, Any]], instead: str) -> Any:
    """Rows as a pandas DataFrame. Raises InputError if pandas is not installed."""
    return library("pandas", instead).DataFrame(rows)


def arrow(rows: Sequence[Mapping[str, Any]], instead: str) -> Any:
    """Rows as an Arrow table, with a column for whatever any of them has. Raises InputError if pyarrow is not installed."""
    names = dict.fromkeys(name for row in rows for name in row)
    return library("pyarrow", instead).table({name: [row.get(name) for row in rows] for name in names})
