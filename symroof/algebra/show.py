"""Text and LaTeX of anything with a name, a unit and parts. It only shows; nothing here computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from symroof.algebra.radicals import under_one_root
from symroof.algebra.units import Unit

RELATIONS = {">=": r"\ge", ">": ">", "<=": r"\le", "<": "<"}

_CHARACTERS = {c: f"\\{c}" for c in "_%&#${}"} | {
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
_LETTERS = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿ"  # what every LaTeX prints


class Node(Protocol):
    """What a tree of named parts looks like; a Cost is one."""

    @property
    def name(self) -> str:
        """Its name, or nothing."""
        ...

    @property
    def unit(self) -> Unit:
        """Its unit."""
        ...

    @property
    def join(self) -> str:
        """How the parts are joined."""
        ...

    @property
    def parts(self) -> tuple[Any, ...]:
        """The parts that are joined."""
        ...

    @property
    def expr(self) -> sp.Expr:
        """The whole as one expression."""
        ...


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


def text(expr: Any) -> str:
    """An expression or a relation as text that sympy and a reader understand."""
    return str(_Text({"order": None}).doprint(under_one_root(expr)))


def latex(expr: Any) -> str:
    """An expression or a relation as LaTeX, with the symbols' own names."""
    return str(Latex({"mul_symbol": None}).doprint(under_one_root(expr))).replace(r"\geq", r"\ge").replace(r"\leq", r"\le")


def readable(expr: sp.Expr) -> sp.Expr:
    """The same with its long fractions as decimals of four digits, for showing only."""
    return expr.xreplace({r: sp.Float(float(r), 4) for r in expr.atoms(sp.Rational) if max(abs(r.p), r.q**2) > 10**8})


def tree(node: Node) -> str:
    """A cost at one glance: ``expr  [unit]``, or its name, its unit and one line per part."""
    title = f"{node.name}  [{node.unit}]" if node.name else f"[{node.unit}]"
    if not node.join:
        return f"{text(node.expr)}  [{node.unit}]"
    return "\n".join([f"{title}  = {node.join} of", *_branches(node, "  ")])


def _branches(node: Node, indent: str) -> Iterator[str]:
    width = max(len(part.name) for part in node.parts)
    for part in node.parts:
        label = f"{part.name:<{width}}  " if width else ""
        if part.join:
            yield f"{indent}{label}{part.join} of"
            yield from _branches(part, indent + "  ")
        else:
            yield f"{indent}{label}{text(part.expr)}"


def tree_latex(node: Node, braces: bool = True) -> str:
    r"""The formula with its named parts under braces, as in ``\underbrace{...}_{\text{attention}} + ...``.

    What a maximum inside a sum compares stays without braces, as in print.
    """
    if not node.join:
        return latex(node.expr)
    shown = [_braced(part, node.join, braces) for part in node.parts]
    if node.join == "max":
        return rf"\max\left({', '.join(shown)}\right)"
    signs = ["-" if _subtracted(part) else "+" for part in node.parts]
    return " ".join(f"{sign} {term}" for sign, term in zip(signs, shown, strict=True)).removeprefix("+ ")


def _subtracted(part: Node) -> bool:
    """Whether a part stands in its sum with a minus sign."""
    return not part.join and bool(part.expr.could_extract_minus_sign())


def _braced(part: Node, join: str, braces: bool) -> str:
    inner = latex(-part.expr) if join == "sum" and _subtracted(part) else tree_latex(part, braces=False)
    if not (part.name and braces):
        return rf"\left({inner}\right)" if part.join == "sum" and join == "sum" else inner
    return rf"\underbrace{{{inner}}}_{{\text{{{escape(part.name)}}}}}"


def escape(name: str) -> str:
    """A name inside LaTeX text: whatever it holds, it is printed and never executed."""
    return "".join(
        _CHARACTERS.get(c) or (c if " " <= c <= "~" or c in _LETTERS else rf"\{{U+{ord(c):04X}\}}")
        for c in str(name).replace("--", "-\u2060-")
    )


def relation_text(left: str, relation: str, right: str) -> str:
    """``left >= right``."""
    return f"{left} {relation} {right}"


def relation_latex(left: str, relation: str, right: str) -> str:
    r"""``left \ge right``."""
    return f"{left} {RELATIONS[relation]} {right}"


#: Makes HTML of whatever has a view, and pages of costs; the package puts them there, for the algebra knows neither.
views: list[Callable[[Any], str]] = []
pages: list[Callable[..., Any]] = []


def html(thing: Any) -> str:
    """A thing as HTML for a notebook."""
    return views[-1](thing)
