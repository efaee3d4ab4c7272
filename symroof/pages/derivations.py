"""``symroof derive``: the questions of the book, and one question with its formulas, steps and comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symroof.present import book
from symroof.present.derivation import Question
from symroof.present.tables import as_json, latex_table, printed


def listing(form: str) -> None:
    """All questions, with how many of their answers agree with print."""
    found = [(q, [a.verdict for a in q.answers()]) for q in book.questions()]
    if form == "json":
        print(as_json([{"id": q.id, "title": q.title, "chapter": q.chapter, "verdicts": v} for q, v in found]))
        return
    rows = [[q.id, q.title, *[str(v.count(word)) for word in ("agrees", "differs", "ours")]] for q, v in found]
    head = ["question", "", "agree", "differ", "ours only"]
    if form == "latex":
        print(latex_table(head, rows))
    else:
        printed("Questions; `symroof derive QUESTION` derives one", head, rows, left=2)


def questions(found: Sequence[Question], form: str) -> None:
    """The answers of some questions."""
    if form == "json":
        print(as_json([_record(q) for q in found]))
    for q in found:
        if form == "latex":
            print("\n\n".join(_latex(q)))
        elif form == "text":
            _text(q)


def _text(q: Question) -> None:
    print(f"{q.id} · {q.title}   ({q.chapter})\n\n{q.text}\n")
    answers = q.answers()
    formulas = {repr(f): f for f in (a.formula for a in answers) if hasattr(f, "condition") or hasattr(f, "expr")}
    for shown, formula in formulas.items():
        print(shown)
        if hasattr(formula, "steps"):
            print("\n".join(f"    {step}" for step in formula.steps))
    rows = [[a.asked, a.shown(a.ours), a.shown(a.printed), book.remark(a)] for a in answers]
    printed("", ["answer", "ours", "book", "why"], rows)


def _latex(q: Question) -> list[str]:
    lines = [rf"\section*{{{q.id}: {q.title}}}", q.text]
    for formula in {repr(a.formula): a.formula for a in q.answers() if hasattr(a.formula, "latex")}.values():
        lines.append(formula.latex(steps=True) if hasattr(formula, "steps") and formula.steps else f"\\[ {formula.latex()} \\]")
    rows = [[a.asked, a.shown(a.ours), a.shown(a.printed), book.remark(a)] for a in q.answers()]
    return [*lines, latex_table(["answer", "ours", "book", "why"], rows)]


def _record(q: Question) -> dict[str, Any]:
    answers = [
        {
            "id": a.id,
            "asked": a.asked,
            "formula": book.formula_text(a.formula),
            "ours": a.ours,
            "printed": a.printed,
            "unit": str(a.unit),
            "verdict": a.verdict,
            "why": a.why,
            "reproduced": a.reproduced,
        }
        for a in q.answers()
    ]
    return {"id": q.id, "title": q.title, "chapter": q.chapter, "text": q.text, "answers": answers}
