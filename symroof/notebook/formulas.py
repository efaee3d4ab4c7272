"""Formulas: costs with their parts, conditions, limits, bounds with domain and steps, proofs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from symroof.algebra import show
from symroof.algebra.condition import Condition
from symroof.algebra.cost import Cost
from symroof.algebra.span import Span
from symroof.notebook.markup import div, folded, indented, readable, source, table, tag, title, words
from symroof.notebook.mathml import formula, math
from symroof.solver.bound import Bound
from symroof.solver.limits import Limit
from symroof.solver.proof.proof import Proof
from symroof.solver.steps import Step


def cost(c: Cost) -> str:
    """The formula, its parts by name, and what its letters mean."""
    about = f"[{words(c.unit)}]"
    head = title(c.name, about) if c.name else tag("div", tag("span", about, "sr-dim"), "sr-title")
    said = div(words("source: "), source(c.source), kind="sr-note") if c.source else ""
    return head + whole(c) + parts(c) + said + letters(c.free_symbols)


def whole(c: Cost) -> str:
    """The whole formula on a line of its own."""
    plain = c.map(readable)
    return div(math(show.tree_latex(plain, braces=False), show.text(plain.expr)), kind="sr-formula")


def parts(c: Cost) -> str:
    """The named parts as a tree; nothing for a single expression."""
    return table((), _branches(c, 0)) if c.join else ""


def _branches(c: Cost, depth: int) -> Iterator[tuple[str, str]]:
    if not depth:
        yield tag("span", words(_JOINED[c.join]), "sr-note"), ""
    for part in c.parts:
        name = words(part.name) or "\u2013"
        yield indented(name, depth + 1), tag("span", words(_JOINED[part.join]), "sr-note") if part.join else formula(readable(part.expr))
        if part.join:
            yield from _branches(part, depth + 1)


_JOINED = {"sum": "sum of", "max": "max of"}


def letters(symbols: Iterable[Any]) -> str:
    """The letters of a formula with units and meanings, folded."""
    rows = [
        (formula(s), words(getattr(s, "unit", "")).removeprefix("1"), words(getattr(s, "meaning", ""))) for s in sorted(symbols, key=str)
    ]
    return folded("1 letter" if len(rows) == 1 else f"{len(rows)} letters", table(("", "unit", "meaning"), rows) if rows else "")


def condition(c: Condition) -> str:
    """The relation, both sides by their formulas."""
    return _asked(c) + letters(c.free_symbols)


def _asked(c: Condition) -> str:
    left, right = (show.tree_latex(side.map(readable), braces=False) for side in (c.left, c.right))
    return div(math(show.relation_latex(left, c.relation, right), repr(c)), kind="sr-formula")


def limit(found: Limit) -> str:
    """What the cost comes to, and what was taken as large or small."""
    grown = " and ".join(f"{'large' if w > 0 else 'small'} {s}" for s, w in found.weights)
    exact = folded("the exact cost", whole(found.exact) + parts(found.exact))
    return title(found.cost.name or "limit", words(f"[{found.unit}]  for {grown}")) + whole(found.cost) + parts(found.cost) + exact


def bound(b: Bound) -> str:
    """Where the condition holds, under which domain, with which approximations; the steps and the letters folded."""
    return _answer(b) + _steps(b.steps) + letters(b.free_symbols | {b.symbol})


def _answer(b: Bound) -> str:
    if b.kind in ("never", "always"):
        return title(b.kind, words(b.reason))
    if b.kind == "numeric":
        ends = [(b.sufficient, "sufficient"), (b.necessary, "necessary")]
        around = [(words(word), _pieces(end)) for end, word in ends if end is not None]
        why = div(words(f"has no closed form for {b.symbol}: {b.reason}; evaluated numerically by .at(...)"), kind="sr-note")
        return _asked(b.condition) + why + (table((), around) if around else "")
    taken = b._limits("for ", ", ")
    return _pieces(b) + (div(words(taken), kind="sr-note") if taken else "")


def _pieces(b: Bound) -> str:
    """Every piece with the domain in which it holds."""
    if b.kind != "bound":
        return words(repr(b))
    rows = []
    for i, piece in enumerate(b.pieces):
        alone = replace(piece, when=())
        where = tag("span", words("when "), "sr-note") + joined(piece.when) if piece.when else ""
        said = math(b._piece(alone, show.latex), b._piece(alone, show.text))
        rows.append(div(tag("span", words("or "), "sr-note") if i else "", said, tag("span", where, "sr-dim") if where else ""))
    return div(*rows, kind="sr-formula")


def joined(relations: Iterable[Any]) -> str:
    """Relations, all of which hold."""
    return words(" and ").join(formula(readable(rel)) for rel in relations)


def _steps(steps: tuple[Step, ...]) -> str:
    count = "1 step" if len(steps) == 1 else f"{len(steps)} steps"
    return folded(count, table((), [_line(s) for s in steps]) if steps else "")


def _line(s: Step) -> tuple[str, str]:
    """The relation of a step, and why it follows."""
    related = show.relation_latex(show.latex(s.left), s.relation, show.latex(s.right))
    shown = words(s.says) if s.says else math(related, show.relation_text(show.text(s.left), s.relation, show.text(s.right)))
    before, mark, after = s.why.partition("{}")
    about = formula(s.about) if mark and s.about is not None else words(mark)
    return indented(shown, s.part.count(".") + 1 if s.part else 0), tag("span", words(before) + about + words(after), "sr-note")


def step(s: Step) -> str:
    """One line of a derivation."""
    return table((), [_line(s)])


def proof(p: Proof) -> str:
    """The derivation, the check of every line, and of the whole."""
    rows = [(*_line(line.step), words(line.mark)) for line in p.lines]
    wrong = [i for i, line in enumerate(p.lines) if not line.holds]
    end = "" if p.whole.points else "; nothing is proved"
    return table(("", "", "check"), rows, marked=wrong) + div(words(f"the bound against its condition: {p.whole!r}{end}"), kind="sr-note")


def span(s: Span) -> str:
    """Where the unknown may lie."""
    return tag("span", words(repr(s)), "sr-big")
