r"""Expressions, numbers and units as LaTeX: words spaced as words, units upright behind a thin space; ``810\,\mathrm{GB/s}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.quantity import show_quantity
from symroof.algebra.roots import under_one_root
from symroof.algebra.units import ONE, Unit

_WORD = re.compile(r"^\\(?:mathrm|text)(?={[A-Za-z]{2,}})")
_QUANTITY = re.compile(r"(?P<dollar>\$?)(?P<number>-?\d[\d,]*(?:\.\d+)?)(?:e(?P<power>-?\d+))?(?P<unit>.*)", re.DOTALL)
_PIECE = re.compile(r"\^(?:\((-?\d+/\d+)\)|(-?\d+))|[A-Za-z/]+|.")
_SIGNS = {"µ": r"\mu", "μ": r"\mu", "*": r" \cdot ", " ": r"\ ", "%": r"\,\%"}


# -- expressions
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
    return _written(expr, put) if put else _plain(expr)


def _written(expr: Any, put: Mapping[Any, str]) -> str:
    return str(_Written(put).doprint(under_one_root(expr))).replace(r"\geq", r"\ge").replace(r"\leq", r"\le")


@lru_cache(maxsize=4096)
def _plain(expr: Any) -> str:
    return _written(expr, {})


def name(words: str) -> str:
    """A name in math mode."""
    return rf"\text{{{show.escape(words)}}}"


# -- numbers and units
def quantity(value: Any, unit: Unit = ONE, digits: int = 4) -> str:
    r"""A number in SI units as a reader expects it, in math mode: ``8.758\,\mathrm{ms}``, ``7.055 \times 10^{10}``."""
    number = float(value)
    if number != number or abs(number) == float("inf"):
        return r"\text{not a number}" if number != number else "-" * (number < 0) + r"\infty"
    return from_text(show_quantity(number, unit, digits))


def texts(numbers: Mapping[Any, Any]) -> dict[Any, str]:
    """Values as they are put into a formula: with a unit where it is measured (s, byte, USD, J), else as numbers."""
    units = {s: getattr(s, "unit", ONE) for s in numbers}
    return {s: quantity(value, units[s] if units[s].measured.powers else ONE) for s, value in numbers.items()}


def from_text(text: str) -> str:
    """A quantity that is written already, such as ``16 GB`` or ``$1.2/h``, in math mode; what is none becomes text."""
    match = _QUANTITY.fullmatch(text.strip())
    if not match:
        return name(text)
    number = match["number"].replace(",", "{,}") + (rf" \times 10^{{{int(match['power'])}}}" if match["power"] else "")
    space = "" if not match["unit"].strip() or match["unit"].startswith(("/", "%")) else r"\,"
    return ("\\$" if match["dollar"] else "") + number + space + unit(match["unit"].strip())


def unit(of: Unit | str) -> str:
    r"""A unit in math mode: ``\mathrm{GB/s}``; nothing for a pure number.

    >>> print(unit("us"), unit(Unit.of("s^2/byte")))
    \mu\mathrm{s} \mathrm{s}^{2}/\mathrm{byte}
    """
    text = "" if str(of) == "1" else str(of)
    if not re.fullmatch(r"[A-Za-zµμ/^*()\d %-]*", text):
        return name(text)
    text = re.sub(r"(?<![A-Za-z])u(?=s(?![A-Za-z]))", "µ", text)
    return _PIECE.sub(_piece, text)


def _piece(found: re.Match[str]) -> str:
    power, word = found[1] or found[2], found[0].lstrip("/")
    upright = "/" * (len(found[0]) - len(word)) + (rf"\mathrm{{{word}}}" if word else "")
    return rf"^{{{power}}}" if power else _SIGNS.get(found[0], upright)
