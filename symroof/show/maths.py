"""Formulas within a line: as text, and as LaTeX that can be split; each is made of others, both forms at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.cost import Cost
from symroof.algebra.quantity import show_quantity
from symroof.algebra.units import Unit
from symroof.show.tex import layout
from symroof.show.tex.layout import Box
from symroof.show.tex.writer import name, quantity

_MIRRORED = {">=": "<=", ">": "<"}


@dataclass(frozen=True, eq=False)
class Math:
    """A formula as text and as a box that LaTeX can split, both made when they are first asked for.

    A ``plain`` one is mostly numbers with their units, which HTML sets as words.
    """

    _text: Callable[[], str]
    _box: Callable[[], Box]
    plain: bool = False

    @cached_property
    def text(self) -> str:
        """As a terminal shows it."""
        return self._text()

    @cached_property
    def box(self) -> Box:
        """As LaTeX, with the places where it may be split."""
        return self._box()

    @property
    def tex(self) -> str:
        """As LaTeX on one line."""
        return self.box.tex


# -- what formulas are made of
def math(expr: Any) -> Math:
    """An expression or a relation."""
    if isinstance(expr, sp.Rel):
        return replace(related(math(expr.lhs), expr.rel_op, math(expr.rhs)), _text=lambda: show.text(expr))
    return Math(lambda: show.text(expr), lambda: layout.box(expr))


def readable(expr: Any) -> Any:
    """An expression with its long fractions as decimals, where a float can hold them."""
    try:
        return show.readable(expr)
    except OverflowError:
        return expr


def short(expr: Any) -> Math:
    """The same as a formula."""
    return math(readable(expr))


def costly(c: Cost, braces: bool = True) -> Math:
    """A cost, in LaTeX with its named parts under braces."""
    return Math(lambda: show.text(c.expr), lambda: layout.tree_box(c, braces=braces))


def measured(number: Any, unit: Unit) -> Math:
    """A number with its unit."""
    return Math(lambda: show_quantity(float(number), unit), lambda: Box(quantity(number, unit)), plain=True)


def said(text: str) -> Math:
    """Words."""
    return Math(lambda: text, lambda: layout.sentence([text]))


def starred(x: Any) -> Math:
    """A letter, in LaTeX with a star: the best one."""
    return Math(lambda: str(x), lambda: Box(math(x).tex + "^*"))


# -- and how they are put together
def related(left: Math, sign: str, right: Math) -> Math:
    """``left >= right``."""
    tex = show.RELATIONS.get(sign, sign)
    return Math(lambda: f"{left.text} {sign} {right.text}", lambda: layout.related(left.box, tex, right.box), left.plain or right.plain)


def ranged(x: Math, low: Math | None, high: Math | None, signs: tuple[str, str] = (">=", "<=")) -> Math:
    """``low <= x <= high`` or one of both, in LaTeX on two lines where it is too long for one; or ``any x``."""
    below, above = (end and related(x, sign, end) for end, sign in ((low, signs[0]), (high, signs[1])))
    if low is None or below is None or above is None:
        return below or above or Math(lambda: f"any {x.text}", lambda: Box(rf"\text{{any }} {x.tex}"))
    sign, both = _MIRRORED[signs[0]], (below, above)

    def boxed() -> Box:
        one = f"{low.tex} {show.RELATIONS[sign]} {both[1].tex}"
        return Box(one, lambda: layout.Split((both[0].box, both[1].box), ("", r"\text{and } ")))

    return Math(lambda: f"{low.text} {sign} {both[1].text}", boxed, below.plain or above.plain)


def joined(maths: Sequence[Math], word: str = "and", first: str = "", between: str = "") -> Math:
    """Formulas with a word between them (in a text what is ``between``), each on a line of its own where they do not fit on one."""
    if len(maths) == 1 and not first:
        return maths[0]
    tex = [name(f"{first} ") if first else "", *[name(f"{word} ")] * (len(maths) - 1)]
    return Math(
        lambda: f"{first} " * bool(first) + (between or f" {word} ").join(m.text for m in maths),
        lambda: layout.listed([m.box for m in maths], tex),
        any(m.plain for m in maths),
    )


def when(conditions: Sequence[Any]) -> Math:
    """``when a >= b and c >= d``."""
    return joined([math(c) for c in conditions], "and", "when")


def beside(*maths: Math) -> Math:
    """Formulas some way apart."""
    return Math(lambda: "   ".join(m.text for m in maths), lambda: layout.listed([m.box for m in maths]))


def followed(first: Math, text: str, tex: str = "") -> Math:
    """A formula with something behind it, in a text and (if it is said there) in LaTeX."""
    return Math(lambda: first.text + text, lambda: Box(first.tex + tex) if tex else first.box, first.plain)
