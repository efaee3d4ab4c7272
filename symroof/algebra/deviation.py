"""How far a limit is from the exact answer at given values, in words: ``3.8 % low at D = 8192, F = 28672``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.quantity import show_number, show_quantity
from symroof.algebra.value import Value
from symroof.errors import InputError

_WORTH_SAYING = 0.05
_INF = float("inf")


@dataclass(frozen=True, repr=False)
class Deviation(show.Shown):
    """The relative error of a limit, ``relative = limit/exact - 1``, ``at`` the values of what was large or small.

    ``relative`` is exact where the values are. It is None where one of the two has no threshold; ``words`` says so then.
    """

    relative: Fraction | float | None
    exact: Value = field(compare=False)
    at: tuple[tuple[sp.Symbol, Any], ...] = ()
    words: str = ""

    def __float__(self) -> float:
        if self.relative is None:
            raise InputError(f"{self!r}, so there is no relative error; look at .exact")
        return float(self.relative)

    @property
    def where(self) -> str:
        """The values of the symbols that were taken as large or small: ``D = 8192, F = 28672``."""
        return ", ".join(f"{s} = {_plain(v)}" for s, v in self.at)

    @property
    def matters(self) -> bool:
        """Whether the limit is off by more than 5 %, or says something that is not so."""
        return self.relative is None or abs(float(self.relative)) > _WORTH_SAYING

    @property
    def warning(self) -> str:
        """What stands behind a value whose error matters: ``(7.2 % low: 262.1 tokens at D = 4096, F = 14336)``."""
        if not self.matters:
            return ""
        if self.relative is None:
            return f"   ({self!r})"
        exact = show_quantity(float(self.exact), self.exact.unit)
        return f"   ({self._size()}: {exact}{self._place})"

    def _size(self) -> str:
        percent = float(self.relative or 0) * 100
        return f"{show_number(abs(percent), 2 if abs(percent) < 100 else 3)} % {'low' if percent < 0 else 'high'}"

    @property
    def said(self) -> str:
        """What it is, in words."""
        if self.relative is None:
            return f"{self.words}{self._place}"
        return f"{self._size()}{self._place}" if self.relative else f"exact{self._place}"

    @property
    def _place(self) -> str:
        return f" at {self.where}" if self.at else ""


def deviation(limit: Value, exact: Value, at: Iterable[tuple[sp.Symbol, Any]]) -> Deviation:
    """Compare a limit with the exact value, each a threshold or a cost."""
    found = tuple(at)
    words = _words(limit, exact)
    if words:
        return Deviation(None, exact, found, words)
    a, b = limit.number, exact.number
    exactly = isinstance(a, (int, Fraction)) and isinstance(b, (int, Fraction))
    return Deviation(Fraction(a) / Fraction(b) - 1 if exactly else float(a) / float(b) - 1, exact, found)


def _words(limit: Value, exact: Value) -> str:
    """What to say where one of the two is no number to compare."""
    kinds = [_kind(v) for v in (limit, exact)]
    if kinds == ["", ""]:
        return ""
    if kinds[0] == kinds[1]:
        return f"the limit and the exact condition both {kinds[0]} hold"
    exactly = f"{kinds[1]} holds" if kinds[1] else f"has {show_quantity(float(exact), exact.unit)}"
    return f"the exact condition {exactly}" + (f", the limit {kinds[0]} holds" if kinds[0] else "")


def _kind(value: Value) -> str:
    if value.always:
        return "always"
    return "" if 0 < abs(value.number) < _INF else "never"


def values_of(symbols: Iterable[sp.Symbol], numbers: Mapping[Any, Any]) -> tuple[tuple[sp.Symbol, Any], ...]:
    """The symbols with their values."""
    return tuple((s, numbers[s]) for s in symbols)


def _plain(value: Any) -> str:
    number = float(value)
    return str(int(number)) if number == int(number) and abs(number) < 1e9 else show_number(number)
