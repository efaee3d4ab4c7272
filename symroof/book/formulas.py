"""A formula in its pieces, as LaTeX: what both the site and the document set, each in its own way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from symroof.algebra import show
from symroof.algebra.cost import Cost
from symroof.solver.bound import Bound
from symroof.solver.pieces import Piece
from symroof.solver.steps import Step

_WORD = re.compile(r"(?<!_)\\mathrm(?=\{[A-Za-z]{2,}\})")


@dataclass(frozen=True)
class Line:
    """A part of a cost: how deep it stands, its name, and its LaTeX or how its own parts are joined."""

    depth: int
    name: str
    latex: str
    joined: str = ""


@dataclass(frozen=True)
class Reason:
    """A line of a derivation: its LaTeX (or ``says`` in words), and why it follows, with the formula it speaks of."""

    latex: str
    says: str
    before: str
    about: str
    after: str
    depth: int


def latex(formula: Any) -> str:
    """A formula on one line, without braces under its parts; nothing for what is no formula."""
    if isinstance(formula, Cost):
        return spaced(show.tree_latex(formula, braces=False))
    return spaced(str(formula.latex())) if hasattr(formula, "latex") else ""


def spaced(tex: str) -> str:
    r"""LaTeX in which a letter that is a word keeps its distance: ``C \operatorname{MFU} n``."""
    return _WORD.sub(r"\\operatorname", tex)


def _tex(expr: Any) -> str:
    return spaced(show.latex(expr))


def named_parts(formula: Any) -> list[Line]:
    """The parts of a cost that have names, as lines; nothing where a part has none."""
    if not isinstance(formula, Cost) or not formula.join or not all(part.name for part in formula.parts):
        return []
    return list(_lines(formula, 0))


def joined(formula: Any) -> str:
    """``sum of`` or ``largest of``."""
    return "largest of" if getattr(formula, "join", "") == "max" else "sum of"


def _lines(cost: Cost, depth: int) -> Iterator[Line]:
    for part in cost.parts:
        deeper = bool(part.join) and all(inner.name for inner in part.parts)
        yield Line(depth, part.name, "" if deeper else latex(part), joined(part) if deeper else "")
        if deeper:
            yield from _lines(part, depth + 1)


def pieces(bound: Bound) -> list[tuple[str, list[str]]]:
    """Each piece of a bound: its inequality, and the conditions under which it holds."""
    if bound.kind != "bound":
        return [(bound.latex(), [])]
    return [(_ends(bound, p), [_tex(w) for w in p.when]) for p in bound.pieces]


def _ends(bound: Bound, piece: Piece) -> str:
    if piece.low is None and piece.high is None:
        return rf"\text{{any }} {_tex(bound.symbol)}"
    return spaced(replace(bound, pieces=(replace(piece, when=()),), weights=()).latex())


def limits(bound: Bound) -> list[str]:
    """What was taken as large or small: ``D \\to \\infty``."""
    ends = {1: r"\to \infty", -1: r"\to 0"}
    return [f"{_tex(s)} {ends[w]}" for s, w in bound.weights]


def reasons(formula: Any) -> list[Reason]:
    """The steps of a Bound; none for a Cost."""
    return [_reason(step) for step in getattr(formula, "steps", ())]


def _reason(step: Step) -> Reason:
    before, mark, after = step.why.partition("{}")
    about = _tex(step.about) if mark and step.about is not None else ""
    shown = "" if step.says else show.relation_latex(_tex(step.left), step.relation, _tex(step.right))
    return Reason(shown, step.says, before.strip(), about, after.strip(), step.part.count(".") + 1 if step.part else 0)
