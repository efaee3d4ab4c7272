"""What is to be seen of an object: one function a class, found by the name of the class, so that no room above is imported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import import_module
from typing import Any, TypeVar

import sympy as sp

from symroof.errors import InputError
from symroof.show.document import Block, Document, Formula
from symroof.show.maths import math

Seen = Callable[[Any], Iterable[Block]]
_Made = TypeVar("_Made", bound=Callable[..., Iterable[Block]])

#: The files of this room in which the functions are.
_FILES = ("formulas", "bounds", "optima", "grids", "loads", "sheets", "calibrations", "derivations")
_VIEWS: dict[str, Seen] = {}


def view(name: str) -> Callable[[_Made], _Made]:
    """Make a function the view of a class, named by room, file and class: ``@view("algebra.cost.Cost")``."""

    def put(function: _Made) -> _Made:
        _VIEWS[f"symroof.{name}"] = function
        return function

    return put


def see(thing: Any) -> Document:
    """The document of an object; a subclass is seen as its base, a sympy expression as a formula.

    Raises InputError for what has no view.
    """
    if isinstance(thing, Document):
        return thing
    names = [f"{base.__module__}.{base.__qualname__}" for base in type(thing).__mro__]
    function = next((views()[name] for name in names if name in views()), None)
    if function is None and isinstance(thing, sp.Basic):
        return Document((Formula(math(thing)),))
    if function is None:
        raise InputError(f"a {type(thing).__name__} cannot be shown; give a cost, a bound, a value, regimes, a sheet or a search result")
    made = function(thing)
    return made if isinstance(made, Document) else Document(tuple(made))


@cache
def views() -> Mapping[str, Seen]:
    """Every class that has a view, by its full name, and the function that makes it."""
    for name in _FILES:
        import_module(f"symroof.show.{name}")
    return _VIEWS
