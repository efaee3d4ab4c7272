"""A tensor as the notation writes it: dimensions, each sharded over mesh axes, and partial sums that are not yet added."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import prod

import sympy as sp

from symroof.algebra.cost import Cost, quantity
from symroof.algebra.symbols import ALPHABET, symbol
from symroof.algebra.units import Unit

_BYTE = Unit.of("byte")


def ways(axes: Iterable[str]) -> sp.Expr:
    """The chips along mesh axes: X, Y, Z of the alphabet, or a symbol of that letter."""
    found = [ALPHABET[a] if a in "XYZ" else symbol(a, "1", f"size of mesh axis {a}") for a in axes]
    return prod(found, start=sp.Integer(1))


@dataclass(frozen=True)
class Dim:
    """A dimension: its name, its size, the mesh axes that shard it, and how much of it a pass touches (by default all).

    ``E:hit`` is a dimension E of which a pass reads as much as ``hit``: the experts that some token uses.
    """

    name: str
    size: sp.Expr
    axes: tuple[str, ...] = ()
    touched: sp.Expr | None = None
    mark: str = ""

    def __str__(self) -> str:
        return self.name + (f"_{''.join(self.axes)}" if self.axes else "") + (f":{self.mark}" if self.mark else "")


@dataclass(frozen=True)
class Tensor:
    """``In[B_X, D_Y]``; ``partial`` are the axes of ``{U_Z}``, ``width`` the bytes per element."""

    name: str
    dims: tuple[Dim, ...]
    width: sp.Expr
    partial: tuple[str, ...] = ()

    def __str__(self) -> str:
        sums = f"{{U_{''.join(self.partial)}}}" if self.partial else ""
        return f"{self.name}[{', '.join(map(str, self.dims))}]{sums}"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its dimensions, in order."""
        return tuple(d.name for d in self.dims)

    @property
    def axes(self) -> tuple[str, ...]:
        """All mesh axes that shard it."""
        return tuple(a for d in self.dims for a in d.axes)

    def axes_of(self, name: str) -> tuple[str, ...]:
        """The axes that shard one dimension; none if the tensor does not have it."""
        return next((d.axes for d in self.dims if d.name == name), ())

    def sharded(self, axes: dict[str, tuple[str, ...]]) -> Tensor:
        """The same tensor with other axes on its dimensions."""
        return replace(self, dims=tuple(replace(d, axes=axes.get(d.name, ())) for d in self.dims), partial=())

    def called(self, name: str) -> Tensor:
        """The same tensor under another name, without partial sums."""
        return replace(self, name=name, partial=())

    def bytes(self, over: Iterable[str] | None = None) -> Cost:
        """Bytes per chip when it is split over its own axes, or over the given ones [byte]."""
        return quantity(self.width * self.elements / ways(self.axes if over is None else over), _BYTE, self.name)

    @property
    def elements(self) -> sp.Expr:
        """How many elements it holds, on all chips together."""
        return prod((d.size for d in self.dims), start=sp.Integer(1))

    @property
    def touched(self) -> sp.Expr:
        """How many elements of it a pass reads."""
        return prod((d.size if d.touched is None else d.touched for d in self.dims), start=sp.Integer(1))
