"""What a package shows of itself: rooms that carry the name of their one function, and what completion and ``help`` list of a module.

``symroof.search`` and ``symroof.search.search`` are called alike.

Python binds a package to its name in the package above it as soon as one of its files is imported, in place of the function
that stands there; so a room of this kind hands a call on to its function.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    """A package that is called like its function."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        name = self.__name__.rpartition(".")[2]
        return getattr(import_module(f"{self.__name__}.{name}"), name)(*args, **kwargs)


def callable_room(name: str) -> None:
    """Make the package of this name callable: a call goes to the function of that name in its file of that name."""
    sys.modules[name].__class__ = _Room


def public(module: dict[str, Any], *others: str, names: Iterable[str] = ()) -> list[str]:
    """What a module offers, for its ``__all__`` and for completion, which then lists nothing else.

    That is the functions and classes that it defines itself or takes from ``others``, or just the ``names``.
    """
    places = {module["__name__"], *others}
    own = (name for name, thing in module.items() if callable(thing) and getattr(thing, "__module__", None) in places)
    found = sorted(names or (name for name in own if not name.startswith("_")))
    module["__dir__"] = lambda: found
    return found
