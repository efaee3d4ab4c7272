"""Views of what ``solve`` answers: bounds with their domain, the steps that lead there, proofs, spans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from symroof.algebra.value import INF, End, Span, certainty
from symroof.show.document import DEEPER, Block, Column, Document, Formula, Note, Table, Words, counted, inlines, letters, table
from symroof.show.formulas import approximation, asked
from symroof.show.maths import Math, beside, joined, math, measured, ranged, related, said, when
from symroof.show.tex.layout import Box, Split
from symroof.show.tex.writer import write
from symroof.show.views import view
from symroof.solver.bound import Bound
from symroof.solver.proof.proof import Proof
from symroof.solver.steps import Step

_MOST = 8  # intervals that are listed


@view("solver.bound.Bound")
def bound(b: Bound) -> Iterator[Block]:
    """Where the condition holds, under which domain, with which approximations; the steps and the letters folded."""
    yield Formula(answer(b))
    yield steps(b.steps, counted(len(b.steps), "step"))
    yield letters(b.free_symbols | {b.symbol})


def derived(b: Bound) -> Document:
    """A bound with its derivation before it."""
    return Document((*([steps(b.steps)] if b.steps else []), Formula(answer(b))))


def answer(b: Bound) -> Math:
    """A bound with its domain and its approximation; what never or always holds, and what has no closed form, in words."""
    if b.kind in ("never", "always"):
        return said(f"{b.kind}: {b.reason}")
    if b.kind == "numeric":
        return _numeric(b)
    shown = joined([piece(b, p) for p in b.pieces], "or", between="\nor ")
    return beside(shown, approximation(b.weights)) if b.weights else shown


def _numeric(b: Bound) -> Math:
    """What has no closed form: the condition, why, and what is necessary or suffices."""
    why = f"has no closed form for {b.symbol}: {b.reason}"
    ends = [(word, answer(end)) for word, end in (("sufficient", b.sufficient), ("necessary", b.necessary)) if end is not None]

    def text() -> str:
        around = f"; between {' and '.join(f'{end.text} ({word})' for word, end in ends)}" if ends else ""
        return f"{asked(b.condition).text}   {why}{around}; evaluated numerically by .at(...)"

    def boxed() -> Box:
        boxes = (asked(b.condition).box, said(why).box, *(end.box for _, end in ends))
        return Box("M" * 10_000, lambda: Split(boxes, ("", "", *(rf"\text{{{word}: }}" for word, _ in ends))))

    return Math(text, boxed)


# -- the pieces
def signs(b: Bound, p: Any) -> tuple[str, str]:
    """``>=`` or ``>`` of the lower end, ``<=`` or ``<`` of the upper one."""
    low, high = p.strict or (len(b.condition.relation) == 1,) * 2
    return ">" + "=" * (not low), "<" + "=" * (not high)


def piece(b: Bound, p: Any) -> Math:
    """One piece of a bound with the condition under which it counts."""
    x, low, high = math(b.symbol), *(None if end is None else math(end) for end in (p.low, p.high))
    shown = related(x, "=", low) if low and p.low == p.high else ranged(x, low, high, signs(b, p))
    return beside(shown, when(p.when)) if p.when else shown


# -- derivations
def steps(found: tuple[Step, ...], fold: str | None = None) -> Table:
    """The lines of a derivation, each with the reason why it follows."""
    return table(("", Column("", said="({})")), [line(s) for s in found], headed=False, fold=fold, name="steps")


def line(s: Step) -> tuple[Words, Words]:
    """The relation of a step, and why it follows."""
    shown: Words = s.says or related(math(s.left), s.relation, math(s.right))
    deep = DEEPER * (s.part.count(".") + 1 if s.part else 0)
    before, mark, after = s.why.partition("{}")
    why = (before, *((math(s.about),) if mark and s.about is not None else (mark,)), after)
    return (deep, *inlines(shown)) if deep else shown, tuple(w for w in why if w != "")


@view("solver.steps.Step")
def step(s: Step) -> Iterator[Block]:
    """One line of a derivation."""
    yield replace(steps((s,)), level=0)


@view("solver.proof.proof.Proof")
def proof(p: Proof) -> Iterator[Block]:
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
    none, sure = f"no {s.symbol}", certainty(every, s.doubt)

    def boxed() -> Box:
        return Box(r" \;\text{ or }\; ".join(m.tex for m in some) or rf"\text{{no }} {write(s.symbol)}")

    return Math(lambda: (" or ".join(m.text for m in some) + more or none) + sure, boxed, plain=True)


def _interval(s: Span, low: End, high: End) -> Math:
    x, first, last = math(s.symbol), measured(low.number, s.unit), measured(high.number, s.unit)
    if low.number == high.number:
        return related(x, "=", first)
    signs = (">" + "=" * (not low.open), "<" + "=" * (not high.open))
    return ranged(x, first if low.number > 0 else None, last if high.number < INF else None, signs)
