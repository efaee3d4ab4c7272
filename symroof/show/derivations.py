"""Views of the book: a question with its formulas, their steps, and the answers beside what is printed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from symroof.algebra.cost import Cost
from symroof.errors import SymroofError
from symroof.show.bounds import answer as bound_math
from symroof.show.bounds import steps
from symroof.show.document import Block, Column, Document, Formula, Note, Table, Text, Title, Words, plain, table
from symroof.show.formulas import named
from symroof.show.maths import costly
from symroof.show.views import view
from symroof.solver.bound import Bound


@view("book.question.Question")
def question(q: Any) -> Document:
    """The question in words, its formulas with their steps, and its answers beside print."""
    head: list[Block] = [Title(f"{q.id} \u00b7 {q.title}", q.chapter), *([Text(q.text)] if q.text else [])]
    try:
        answers = q.answers()
    except SymroofError as problem:
        return Document((*head, Note(str(problem))))
    data = {"id": q.id, "title": q.title, "chapter": q.chapter, "text": q.text, "answers": [_record(a) for a in answers]}
    return Document((*head, *_formulas(answers), _answers(answers)), data)


@view("book.question.Answer")
def answer(a: Any) -> Document:
    """One answer."""
    return Document((_answers([a]),), _record(a))


def _formulas(answers: Iterable[Any]) -> Iterator[Block]:
    """Each formula once, a bound with its derivation."""
    for f in {repr(a.formula): a.formula for a in answers if isinstance(a.formula, (Bound, Cost))}.values():
        if isinstance(f, Bound):
            yield Formula(bound_math(f))
            yield steps(f.steps)
        else:
            yield named(f)


def _answers(answers: Iterable[Any]) -> Table:
    rows = [(str(a.asked), a.shown(a.ours), a.shown(a.printed), a.remark) for a in answers]
    return table(("answer", Column("ours", True), Column("book", True), ""), rows)


def formula(f: Any) -> Words:
    """A formula within a line; what is none, as text."""
    if isinstance(f, Bound):
        return bound_math(f)
    return costly(f, braces=False) if isinstance(f, Cost) else str(f)


def _record(a: Any) -> dict[str, Any]:
    about = {"id": a.id, "asked": a.asked, "formula": plain(formula(a.formula)).replace("\n", " ")}
    said = {"ours": a.ours, "printed": a.printed, "unit": str(a.unit), "verdict": a.verdict, "why": a.why, "reproduced": a.reproduced}
    return about | said
