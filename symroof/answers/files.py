"""``symroof export`` and ``document``: a formula, or a condition solved for a letter, as a function and in a LaTeX document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sympy as sp

import symroof.latex as latex
from symroof.algebra.cost import Cost
from symroof.algebra.symbols import ALPHABET, Symbol
from symroof.ask.known import Known
from symroof.ask.names import formulas, summary
from symroof.ask.question import Question
from symroof.errors import InputError, short, told
from symroof.export.export import export
from symroof.sheets.sheet import Sheet
from symroof.solver.bound import Bound
from symroof.solver.solve import solve


# -- a function in another language
@dataclass(frozen=True)
class Wanted:
    """The language, the name of the function (empty: that of the formula), and whether the parts are returned too."""

    to: str
    name: str = ""
    parts: bool = False


def exported(text: str, unknown: str, known: Known, wanted: Wanted) -> str:
    """The source of a formula, or of a condition solved for ``unknown``; letters with a value become numbers in it."""
    question = Question.either(text, known, unknown, "--for B")
    found = solve(question.of, question.xs[0]) if unknown else question.of
    found = found.at(question.sheet) if question.sheet.values else found
    if not isinstance(found, (Cost, Bound)):
        raise InputError(f"every letter of {short(text)} has a value, so there is no function to export; leave one free")
    return export(found, wanted.to, wanted.name, wanted.parts)


def saved(source: str, path: str) -> None:
    """Write the source to a file.

    Raises InputError if that is not possible.
    """
    with told(path, cure="give another path with -o"):
        Path(path).write_text(source, encoding="utf-8", newline="\n")


# -- a document
def paper(questions: Iterable[str], known: Known, title: str = "", steps: bool = True) -> latex.Paper:
    """The document of all questions: a formula, or a condition and behind ``@`` the letter it is solved for.

    Raises UnknownName for a formula or letter that does not exist, InputError for a condition without a letter.
    """
    asked = [_asked(str(question), known) for question in questions]
    if not asked:
        raise InputError("nothing is asked; write e.g. symroof document decode.step")
    for x in {x for one in asked for x in one.xs}:
        if x.name in known.letters and all(x in one.xs for one in asked if x in one.free):
            raise InputError(f"{x} is asked for and given; drop --set {x}=...")
    free = {s for one in asked for s in one.free}
    pieces: list[Any] = [f"At {known.called}."] if known.called else []
    answers: list[Any] = []
    used: dict[Any, Any] = {}
    for one in asked:
        answer = solve(one.of, one.xs[0]) if one.xs else one.of
        sheet = one.valued(free)
        pieces += [latex.section(*_heading(one)), *_answered(one, answer, sheet, steps)]
        answers += [answer, one.of] if steps and one.xs else [answer]
        used |= sheet.values
    sheets = [_sourced(used, known)] if used else []
    pieces += [latex.section("Nomenclature"), latex.nomenclature(*answers, sheets=sheets)]
    return latex.document(*pieces, title=title or [piece for i, one in enumerate(asked) for piece in ("; " * (i > 0), *_heading(one))])


def _asked(question: str, known: Known) -> Question:
    """A formula, or a condition and behind @ the letter; a letter that is given is free where it is asked for."""
    text, at, unknown = (part.strip() for part in question.partition("@"))
    if at:
        known = replace(known, letters={k: v for k, v in known.letters.items() if k != unknown})
    return Question.either(text, known, unknown, "'decode.step <= 15 ms @ B'")


def _answered(one: Question, answer: Any, sheet: Sheet, steps: bool) -> Iterator[Any]:
    if one.xs:
        yield latex.fragment(answer, steps)
        yield from ("With numbers:", latex.numbers(answer, sheet)) if sheet.values else ()
    else:
        yield from [summary(one.text)] if one.text in formulas() else []
        yield latex.numbers(answer, sheet) if sheet.values else latex.fragment(answer)


def _heading(question: Question) -> list[str | sp.Symbol]:
    """A question as it is asked, its signs and its letters as in a formula."""
    text = question.text
    for sign, printed in (("<=", "≤"), (">=", "≥"), ("*", " · ")):
        text = text.replace(sign, printed)
    said = f"{text}, solved for {question.xs[0]}" if question.xs else text
    return [ALPHABET.get(word, word) for word in re.split(r"(?<![\w.])([A-Za-z]\w*)(?![\w.])", said)]


def _sourced(values: dict[Any, Any], known: Known) -> Sheet:
    """The values that were used with where they come from."""
    held = known.chip.on(known.shape) if known.chip and known.shape else known.chip
    sources: dict[Symbol, str] = {}
    for s in values:
        if s.name in known.letters:
            sources[s] = "given"
            continue
        place: Any = next((t for t in (held, known.model) if t is not None and (s in t.values or s in t.defaults)), None)
        other = place and {**place.defaults, **place.values}[s]
        said = place and place.source(other if isinstance(other, sp.Symbol) else s)
        sources[s] = said if said and place and said != known.shape else place.name if place else f"format {known.formats[0]}".strip()
    return Sheet("", "", values, sources=sources)
