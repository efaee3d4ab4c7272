"""A Sheet: symbols with exact values and, for each, where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import check
from symroof.algebra.quantity import show_quantity
from symroof.algebra.symbols import ALPHABET, Symbol
from symroof.algebra.units import ONE
from symroof.algebra.value import Value
from symroof.errors import UnknownName, nearest, short


@dataclass(frozen=True, repr=False)
class Sheet(show.Shown):
    """``values`` hold, ``defaults`` hold unless another sheet says otherwise; ``sources`` say who says so."""

    name: str
    title: str = ""
    values: Mapping[Symbol, Fraction | sp.Expr] = field(default_factory=dict)
    defaults: Mapping[Symbol, Fraction | sp.Expr] = field(default_factory=dict)
    sources: Mapping[Symbol, str] = field(default_factory=dict, repr=False)

    def __getitem__(self, letter: Symbol | str) -> Any:
        """What a letter is worth, by symbol or by name, as a Value; an expression as long as it is not known in numbers.

        >>> from symroof import chip
        >>> chip("tpu-v5p")["C"] / chip("tpu-v5p")["W_hbm"]
        163.9 FLOP/byte

        Raises UnknownName with what the sheet does give.
        """
        tables = {**self.defaults, **self.values}
        named = {s.name: s for s in tables}
        symbol = letter if isinstance(letter, sp.Symbol) else named.get(getattr(letter, "name", letter))
        found: Any = None if symbol is None else tables.get(symbol)
        if symbol is None or found is None:
            raise UnknownName(f"{self.name} does not give {short(letter)}; {nearest(str(letter)[:40], named)}")
        while isinstance(found, sp.Symbol) and found in tables:  # C stands for C_bf16
            found = tables[found]
        return found if isinstance(found, sp.Expr) else Value(found, symbol.unit, symbol.name)

    def __getattr__(self, name: str) -> Any:
        """Say where letters are, which are no attributes."""
        known = (*self.__dict__.get("values", ()), *self.__dict__.get("defaults", ()))
        cure = f"; its letters are entries: write [{name!r}]" if any(str(s) == name for s in known) else ""
        raise AttributeError(f"a {type(self).__name__} has no attribute {name!r}{cure}")

    def source(self, symbol: Symbol) -> str:
        """Who says what a symbol is worth; nothing if nobody is named."""
        return self.sources.get(symbol, "")

    def rows(self) -> Iterator[tuple[str, str, str, str]]:
        """Symbol, value, meaning and source of every entry."""
        for s, v in {**self.values, **self.defaults}.items():
            yield s.name, shown(s, v), s.meaning, self.source(s)


def shown(symbol: Symbol, value: Fraction | sp.Expr) -> str:
    """A value of a sheet as a reader expects it."""
    if isinstance(value, Fraction):
        exact = value.denominator == 1 and value < (10**9 if symbol.unit.measured != ONE else 10**12)
        return show_quantity(float(value), symbol.unit, digits=12 if exact else 4)
    return str(value)


def sheet(name: str = "sheet", /, **values: Any) -> Sheet:
    """Your own values under a name, to pass to ``.at()``; what a formula does not need is ignored.

    >>> sheet("chat", B=32, S=8192)
    chat
      B  32 tokens    batch: tokens per step; when decoding, sequences
      S  8192 tokens  context held in the KV cache, per sequence

    Raises UnknownName for a letter that is not in the alphabet.
    """
    checked = {}
    for key, value in values.items():
        if key not in ALPHABET:
            raise UnknownName(f"{short(key)} is not in the alphabet; {nearest(key, ALPHABET)}")
        checked[ALPHABET[key]] = check(ALPHABET[key], value)
    return Sheet(name, "", checked, sources=dict.fromkeys(checked, "given"))
