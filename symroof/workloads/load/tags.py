"""How good a formula of a load is: exact under what it assumes, approximate with its error, or a bound; part of its docstring, and data.

Errors are those against a simulation of a server, step by step, over random settings: the median and what 90 % of them stay below.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Tag:
    """``kind`` of a formula, and ``where`` it is that; ``error`` is how far off an approximation is, median and 90th percentile.

    It marks a function: ``@Tag("exact", "any arrivals")`` adds itself to its docstring and to ``TAGS``.
    """

    kind: Literal["exact", "approximate", "bound"]
    where: str
    error: tuple[float, float] | None = None

    def __str__(self) -> str:
        off = f", {100 * self.error[0]:g} % off at the median and {100 * self.error[1]:g} % at the 90th percentile" if self.error else ""
        return f"{self.kind.capitalize()}{off}: {self.where}."

    def __call__(self, f: F) -> F:
        """The function, marked."""
        head, _, tail = (f.__doc__ or "").partition("\n")
        f.__doc__ = f"{head}\n\n    {self}\n{tail}"
        TAGS[f"{f.__module__.rpartition('.')[2]}.{f.__name__}"] = self
        return f


#: The tags of formulas, by ``module.name``.
TAGS: dict[str, Tag] = {}
