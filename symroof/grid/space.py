"""``space(*sheets, B=..., n=..., chip=[...])``: the configurations among which a search looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from symroof.grid.axes import Axis, axis, is_axis, symbols_of, worth


@dataclass(frozen=True, eq=False, repr=False)
class Space:
    """Sheets, axes and fixed values, as ``sweep`` takes them; laid out once it is known which symbols are asked for."""

    sheets: tuple[Any, ...]
    named: Mapping[str, Any]

    def over(self, free: set[sp.Symbol]) -> tuple[tuple[Axis, ...], dict[sp.Symbol, Any]]:
        """The axes, and what every symbol is worth along them.

        Raises InputError or UnknownName naming what lacks a value or cannot be used.
        """
        symbols = symbols_of(free, self.sheets)
        scale = tuple(axis(name, values, symbols) for name, values in self.named.items() if is_axis(values))
        fixed = {name: value for name, value in self.named.items() if not is_axis(value)}
        return scale, worth(free, self.sheets, scale, fixed)

    def __repr__(self) -> str:
        lengths = {name: len(values) for name, values in self.named.items() if is_axis(values)}
        points = 1
        for n in lengths.values():
            points *= n
        return f"space of {points:,} points: {' x '.join(f'{name} {n:,}' for name, n in lengths.items()) or 'no axes'}"


def space(*sheets: Any, **named: Any) -> Space:
    """The outer product of axes (lists, ranges and arrays of numbers, texts or sheets) with everything else fixed.

    >>> from symroof import chip
    >>> space(chip("tpu-v5e"), B=range(1, 1001), n=[1, 2, 4, 8])
    space of 4,000 points: B 1,000 x n 4
    """
    return Space(sheets, named)
