"""Formulas as source text of other languages: any Cost or Bound as a NumPy, Python, JavaScript or C function.

The package carries the name of its one function, so it can be called like it: ``symroof.export(cost, "c")`` works
whether Python finds the function or the package under that name.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    """A package that is called like its function."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from symroof.export.export import export

        return export(*args, **kwargs)


sys.modules[__name__].__class__ = _Callable
