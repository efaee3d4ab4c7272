"""The sharding notation of the book as an input language: text -> statements -> FLOPs, traffic, collectives, memory.

The package carries the name of its one function, so it can be called like it: ``symroof.program("A[B, D] ...")`` works
whether Python finds the function or the package under that name.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    """A package that is called like its function."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from symroof.program.program import program

        return program(*args, **kwargs)


sys.modules[__name__].__class__ = _Callable
