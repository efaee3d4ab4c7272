"""Views of what ``solve`` answers: bounds with their domain, the steps that lead there, proofs, spans."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from symroof.algebra import show
from symroof.algebra.quantity import show_quantity
from symroof.algebra.value import INF, End, Span, certainty
from symroof.show.document import DEEPER, Block, Column, Document, Formula, Math, Note, Table, Words, letters, math, table, when
from symroof.show.formulas import approximation, asked
from symroof.show.tex.layout import Box, Split, box, listed, related, sentence
from symroof.show.tex.quantities import quantity
from symroof.show.tex.writer import write
from symroof.show.views import view
from symroof.solver.bound import Bound
from symroof.solver.steps import Step

_SIDES = {"low": ">", "high": "<"}
_MIRRORED = {">=": "<=", ">": "<"}
_MOST = 8  # intervals that are listed


@view("solver.bound.Bound")
def bound(b: Bound) -> Iterator[Block]:
    """Where the condition holds, under which domain, with which approximations; the steps and the letters folded."""
    yield Formula(answer(b))
    yield steps(b.steps, "1 step" if len(b.steps) == 1 else f"{len(b.steps)} steps")
    yield letters(b.free_symbols | {b.symbol})


def derived(b: Bound) -> Document:
    """A bound with its derivation before it."""
    return Document((*([steps(b.steps)] if b.steps else []), Formula(answer(b))))


def answer(b: Bound) -> Math:
    """A bound with its domain and its approximation; what never or always holds, and what has no closed form, in words."""
    if b.kind in ("never", "always"):
        return _sentence(f"{b.kind}: {b.reason}")
    if b.kind == "numeric":
        return _numeric(b)
    pieces = [piece(b, p) for p in b.pieces]
    parts = [approximation(b.weights, "for ")] if b.weights else []

    def boxed() -> Box:
        shown = pieces[0].box if len(pieces) == 1 else listed([p.box for p in pieces], ["", *[r"\text{or }"] * (len(pieces) - 1)])
        return listed([shown, parts[0].box], ["", ""]) if parts else shown

    return Math(lambda: "   ".join(["\nor ".join(p.text for p in pieces), *(p.text for p in parts)]), boxed)


def _sentence(text: str) -> Math:
    return Math(lambda: text, lambda: sentence([text]))


def _numeric(b: Bound) -> Math:
    """What has no closed form: the condition, why, and what is necessary or suffices."""
    why = f"has no closed form for {b.symbol}: {b.reason}"
    ends = [(word, answer(end)) for word, end in (("sufficient", b.sufficient), ("necessary", b.necessary)) if end is not None]

    def text() -> str:
        around = f"; between {' and '.join(f'{end.text} ({word})' for word, end in ends)}" if ends else ""
        return f"{asked(b.condition).text}   {why}{around}; evaluated numerically by .at(...)"

    def boxed() -> Box:
        boxes = (asked(b.condition).box, sentence([why]), *(end.box for _, end in ends))
        return Box("M" * 10_000, lambda: Split(boxes, ("", "", *(rf"\text{{{word}: }}" for word, _ in ends))))

    return Math(text, boxed)


# -- the pieces
def relation_of(b: Bound, p: Any, side: str) -> str:
    """``>=`` or ``>`` of the lower end, ``<=`` or ``<`` of the upper one."""
    strict = len(b.condition.relation) == 1 if p.strict is None else p.strict[side == "high"]
    return _SIDES[side] + "=" * (not strict)


def piece(b: Bound, p: Any) -> Math:
    """One piece of a bound with the condition under which it counts."""
    shown = _ends(b, p)
    if not p.when:
        return shown
    domain = when(p.when)
    return Math(lambda: f"{shown.text}   {domain.text}", lambda: listed([shown.box, domain.box], ["", ""]))


def _ends(b: Bound, p: Any) -> Math:
    x = b.symbol
    if p.low is not None and p.low == p.high:
        return compared(x, "=", p.low)
    sides = [compared(x, relation_of(b, p, side), end) for side, end in (("low", p.low), ("high", p.high)) if end is not None]
    if not sides:
        return Math(lambda: f"any {x}", lambda: Box(rf"\text{{any }} {write(x)}"))
    return sides[0] if len(sides) == 1 else between(sides, p.low, _MIRRORED[relation_of(b, p, "low")])


def compared(x: Any, relation: str, end: Any) -> Math:
    """``x >= end``."""
    return Math(lambda: f"{show.text(x)} {relation} {show.text(end)}", lambda: related(box(x), show.RELATIONS.get(relation, "="), box(end)))


def between(sides: list[Math], low: Any, relation: str) -> Math:
    """``low <= x <= high``, in LaTeX on two lines where it is too long for one."""
    below, above = sides

    def boxed() -> Box:
        one = f"{write(low)} {show.RELATIONS[relation]} {above.tex}"
        return Box(one, lambda: Split((below.box, above.box), ("", r"\text{and } ")))

    return Math(lambda: f"{show.text(low)} {relation} {above.text}", boxed)


# -- derivations
def steps(found: tuple[Step, ...], fold: str | None = None) -> Table:
    """The lines of a derivation, each with the reason why it follows."""
    return table(("", Column("", said="({})")), [line(s) for s in found], headed=False, fold=fold, name="steps")


def line(s: Step) -> tuple[Words, Words]:
    """The relation of a step, and why it follows."""
    shown: Words = s.says or Math(
        lambda: f"{show.text(s.left)} {s.relation} {show.text(s.right)}",
        lambda: related(box(s.left), show.RELATIONS[s.relation], box(s.right)),
    )
    deep = DEEPER * (s.part.count(".") + 1 if s.part else 0)
    before, mark, after = s.why.partition("{}")
    why = (before, *((math(s.about),) if mark and s.about is not None else (mark,)), after)
    return ((deep, shown) if deep else shown), tuple(w for w in why if w != "")  # type: ignore[return-value]


@view("solver.steps.Step")
def step(s: Step) -> Iterator[Block]:
    """One line of a derivation."""
    yield replace(steps((s,)), level=0)


@view("solver.proof.proof.Proof")
def proof(p: Any) -> Iterator[Block]:
    """The derivation, the check of every line, and of the whole."""
    columns = ("", Column("", said="({})"), "")
    wrong = tuple(i for i, checked in enumerate(p.lines) if not checked.holds)
    yield table(columns, [(*line(checked.step), checked.mark) for checked in p.lines], marked=wrong, headed=False, level=0)
    end = "" if p.whole.points else "; nothing is proved"
    yield Note(f"the bound against its condition: {p.whole!r}{end}")


# -- where an unknown may lie
@view("algebra.value.Span")
def span(s: Span) -> Iterator[Block]:
    """Its intervals, the ends with their units."""
    yield Formula(lying(s))


def lying(s: Span) -> Math:
    """``1 token <= B <= 4 tokens``, or several of them."""
    each = [_interval(s, low, high) for low, high in s.ends]
    some = each if len(each) <= _MOST else each[:6]
    more = f" or ... {len(each) - len(some)} more, see .intervals" * (len(some) < len(each))
    every = None if s.brackets is None else tuple(b for pair in s.brackets for b in pair if b[0] and b[1] != INF)
    none = f"no {s.symbol}"

    def boxed() -> Box:
        return Box(r" \;\text{ or }\; ".join(m.tex for m in some) or rf"\text{{no }} {write(s.symbol)}")

    return Math(lambda: (" or ".join(m.text for m in some) + more or none) + certainty(every, s.doubt), boxed, plain=True)


def _interval(s: Span, low: End, high: End) -> Math:
    def said(form: Callable[..., str], signs: Mapping[str, str], x: str) -> str:
        first, last = (form(float(end.number), s.unit) for end in (low, high))
        if low.number == high.number:
            return f"{x} = {first}"
        above = f" {signs['<' if high.open else '<=']} {last}" if high.number < INF else ""
        if low.number > 0 and not above:
            return f"{x} {signs['>' if low.open else '>=']} {first}"
        return (f"{first} {signs['<' if low.open else '<=']} " if low.number > 0 else "") + f"{x}{above}"

    plain = {sign: sign for sign in show.RELATIONS}
    return Math(lambda: said(show_quantity, plain, s.symbol.name), lambda: Box(said(quantity, show.RELATIONS, write(s.symbol))))
