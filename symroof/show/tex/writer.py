"""Expressions as LaTeX, with words spaced as words, or with numbers in the place of letters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.roots import under_one_root
from symroof.algebra.units import ONE
from symroof.show.tex.quantities import quantity

_WORD = re.compile(r"^\\(?:mathrm|text)(?={[A-Za-z]{2,}})")


class _Written(show.Latex):
    """LaTeX with the texts in ``put`` in the place of their symbols, in brackets under a power."""

    def __init__(self, put: Mapping[Any, str]) -> None:
        super().__init__({"mul_symbol": "dot" if put else None})
        self.put = put

    def _print(self, expr: Any, **kwargs: Any) -> str:
        if isinstance(expr, sp.Symbol):
            return self.put.get(expr) or _WORD.sub(r"\\operatorname", str(super()._print(expr, **kwargs)), 1)
        return str(super()._print(expr, **kwargs))

    def _helper_print_standard_power(self, expr: Any, template: str) -> str:
        number = self.put.get(expr.base, "") if isinstance(expr.base, sp.Symbol) else ""
        if not re.search(r"\\|/", number):
            return str(super()._helper_print_standard_power(expr, template))
        return str(template % (rf"\left({number}\right)", self._print(expr.exp)))


def write(expr: Any, put: Mapping[Any, str] | None = None) -> str:
    r"""An expression, a symbol or a relation in math mode.

    ``put`` are texts in the place of symbols. A letter that is a word keeps its distance: ``C \operatorname{MFU} n``.
    """
    return _plain(expr) if not put else _written(expr, put)


@lru_cache(maxsize=4096)
def _plain(expr: Any) -> str:
    return _written(expr, {})


def _written(expr: Any, put: Mapping[Any, str]) -> str:
    return str(_Written(put).doprint(under_one_root(expr))).replace(r"\geq", r"\ge").replace(r"\leq", r"\le")


def texts(numbers: Mapping[Any, Any]) -> dict[Any, str]:
    """Values as they are put into a formula: with a unit where it is measured (s, byte, USD, J), else as numbers."""
    return {s: _text(s, v) for s, v in numbers.items()}


def _text(s: Any, value: Any) -> str:
    unit = getattr(s, "unit", ONE)
    return quantity(value, unit if unit.measured.powers else ONE)


def name(words: str) -> str:
    """A name in math mode."""
    return rf"\text{{{show.escape(words)}}}"


def joined(symbols: Iterable[Any]) -> str:
    """``D, F`` in math mode."""
    return ", ".join(write(s) for s in symbols)
