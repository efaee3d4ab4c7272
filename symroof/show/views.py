"""What is to be seen of an object: one function a class, found by the name of the class, so that no room above is imported."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any, TypeVar, cast

import sympy as sp

from symroof.errors import InputError
from symroof.show.document import Block, Document, Formula
from symroof.show.maths import math

Seen = Callable[[Any], Iterable[Block]]
_Made = TypeVar("_Made", bound=Callable[..., Iterable[Block]])

#: The files of this room in which the functions are.
_FILES = ("formulas", "bounds", "optima", "grids", "sheets", "derivations")
_VIEWS: dict[str, Seen] = {}


def view(*classes: str) -> Callable[[_Made], _Made]:
    """Make a function the view of classes, named by room, file and class: ``@view("algebra.cost.Cost")``."""

    def put(function: _Made) -> _Made:
        _VIEWS.update(dict.fromkeys((f"symroof.{name}" for name in classes), function))
        return function

    return put


def see(thing: Any) -> Document:
    """The document of an object; a subclass is seen as its base, a sympy expression as a formula.

    Raises InputError for what has no view.
    """
    if isinstance(thing, Document):
        return thing
    function = _found(cast(Hashable, type(thing)))
    if function is None and isinstance(thing, sp.Basic):
        return Document((Formula(math(thing)),))
    if function is None:
        raise InputError(f"a {type(thing).__name__} cannot be shown; give a cost, a bound, a value, regimes, a sheet or a search result")
    made = function(thing)
    return made if isinstance(made, Document) else Document(tuple(made))


@lru_cache(maxsize=1)
def views() -> Mapping[str, Seen]:
    """Every class that has a view, by its full name, and the function that makes it."""
    for name in _FILES:
        import_module(f"symroof.show.{name}")
    return _VIEWS


@lru_cache(maxsize=256)
def _found(kind: Hashable) -> Seen | None:
    known = views()
    named = (known.get(f"{base.__module__}.{base.__qualname__}") for base in (kind.__mro__ if isinstance(kind, type) else ()))
    return next(filter(None, named), None)
