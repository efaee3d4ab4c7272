"""``space(*sheets, B=..., n=..., chip=[...])``: the configurations among which a search looks; ``divides`` says which are whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.claims import NONE, Claims
from symroof.algebra.cost import Condition, quantity
from symroof.algebra.operands import full_unit, plain
from symroof.grid.axes import Axis, is_axis, laid_out


@dataclass(frozen=True, eq=False, repr=False)
class Space(show.Shown):
    """Sheets, axes and fixed values, as ``sweep`` takes them; laid out once it is known which symbols are asked for."""

    sheets: tuple[Any, ...]
    named: Mapping[str, Any]

    def over(self, free: set[sp.Symbol], of: Claims = NONE) -> tuple[tuple[Axis, ...], dict[sp.Symbol, Any]]:
        """The axes, and what every symbol is worth along them.

        Raises InputError or UnknownName naming what lacks a value or cannot be used.
        """
        return laid_out(free, self.sheets, self.named, of)

    @property
    def lengths(self) -> dict[str, int]:
        """How many places every axis has."""
        return {name: len(values) for name, values in self.named.items() if is_axis(values)}


def space(*sheets: Any, **named: Any) -> Space:
    """The outer product of axes (lists, ranges and arrays of numbers, texts or sheets) with everything else fixed.

    >>> from symroof import chip
    >>> space(chip("tpu-v5e"), B=range(1, 1001), n=[1, 2, 4, 8])
    space of 4,000 points: B 1,000 x n 4
    >>> space(slice=chip("tpu-v5e").each(), B=range(1, 1001))           # the legal slices
    space of 8,000 points: slice 8 x B 1,000
    """
    return Space(sheets, named)


def divides(a: Any, b: Any) -> Condition:
    """The condition that one symbol, or product of symbols, divides another: ``b/a`` is whole, ``b/a <= floor(b/a)``.

    >>> from symroof.symbols import K, X, Y, n
    >>> divides(Y, K)
    K/Y <= floor(K/Y)
    >>> divides(X*Y, n).left.name
    'n/(X*Y)'
    """
    share = plain(b) / plain(a)
    unit = full_unit(share)
    return quantity(share, unit, show.text(share)) <= quantity(sp.floor(share), unit, "a whole number")
