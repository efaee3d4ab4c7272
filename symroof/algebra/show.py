"""Expressions as text and as LaTeX, and what every result is shown by. It only shows; nothing here computes."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from symroof.algebra.roots import under_one_root

RELATIONS = {">=": r"\ge", ">": ">", "<=": r"\le", "<": "<"}

_CHARACTERS = (
    {"\u2003": r"\quad{}"}
    | {c: f"\\{c}" for c in "_%&#${}"}
    | {
        "\u2060": "{}",  # nothing, between two hyphens that are no dash
        "\\": r"\textbackslash{}",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "\n": " ",
        "\t": " ",
        "≤": r"$\le$",
        "≥": r"$\ge$",
        "µ": r"$\mu$",
        "μ": r"$\mu$",
        "·": r"$\cdot$",
        "×": r"$\times$",
        "→": r"$\to$",
        "←": r"$\leftarrow$",
        "↓": r"$\downarrow$",
        "∞": r"$\infty$",
        "…": r"\ldots{}",
        "’": "'",
        "‘": "`",
        "“": "``",
        "”": "''",
        "–": "--",
        "—": "---",
        "\u00a0": " ",
        "²": "$^2$",
        "³": "$^3$",
    }
)
_LETTERS = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿ"  # what every LaTeX prints


class _PlusFirst:
    """Sums are written with their positive terms first: ``2*D*F - p``, never ``-p + 2*D*F``."""

    def _as_ordered_terms(self, expr: sp.Expr, order: str | None = None) -> list[sp.Expr]:
        terms: list[sp.Expr] = super()._as_ordered_terms(expr, order=order)  # type: ignore[misc]
        return sorted(terms, key=lambda t: bool(t.could_extract_minus_sign()))


class _Text(_PlusFirst, StrPrinter):  # type: ignore[misc]
    pass


class Latex(_PlusFirst, LatexPrinter):  # type: ignore[misc]
    """sympy's LaTeX, sums with their positive terms first; a foreign symbol's name is never taken as LaTeX."""

    def _print_Symbol(self, expr: sp.Symbol, style: str = "plain") -> str:
        plain = expr.name.replace("_", "a").isalnum() and expr.name.isascii()
        return str(super()._print_Symbol(expr, style)) if plain else rf"\text{{{escape(expr.name)}}}"


@lru_cache(maxsize=4096)
def text(expr: Any) -> str:
    """An expression or a relation as text that sympy and a reader understand."""
    return str(_Text({"order": None}).doprint(under_one_root(expr)))


@lru_cache(maxsize=4096)
def latex(expr: Any) -> str:
    """An expression or a relation as LaTeX, with the symbols' own names."""
    return str(Latex({"mul_symbol": None}).doprint(under_one_root(expr))).replace(r"\geq", r"\ge").replace(r"\leq", r"\le")


def readable(expr: sp.Expr) -> sp.Expr:
    """The same with its long fractions as decimals of four digits, for showing only."""
    return expr.xreplace({r: sp.Float(float(r), 4) for r in expr.atoms(sp.Rational) if max(abs(r.p), r.q**2) > 10**8})


def escape(name: str) -> str:
    """A name inside LaTeX text: whatever it holds, it is printed and never executed."""
    return "".join(
        _CHARACTERS.get(c) or (c if " " <= c <= "~" or c in _LETTERS else rf"\{{U+{ord(c):04X}\}}")
        for c in str(name).replace("--", "-\u2060-")
    )


#: What makes a text of a thing in a form ("text", "html", "latex"), and what makes a page of costs; the package puts them
#: there, for the algebra knows neither.
render: list[Callable[[Any, str], str | None]] = []
pages: list[Callable[..., Any]] = []


#: What says how letters get their values, in Python; the package puts it there, for the algebra knows no sheets.
givers: list[Callable[[Any], str]] = []


def lacking(letters: Any) -> str:
    """The letters that have no value, each with what would give it one: ``n: say .on("4x4") or n=16``."""
    return givers[-1](letters)


class Shown:
    """What has a view in :mod:`symroof.show`: its ``repr``, HTML for a notebook, LaTeX for a paper."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(render[-1](self, "text"))

    __str__ = __repr__

    def latex(self) -> str:
        """LaTeX: of a formula what stands in math mode, of anything else a table or lines."""
        return str(render[-1](self, "latex"))

    def _latex(self, printer: object) -> str:  # for sympy.latex
        return self.latex()

    def _repr_html_(self) -> str:
        return str(render[-1](self, "html"))

    def _repr_latex_(self) -> str | None:
        return render[-1](self, "displayed")
