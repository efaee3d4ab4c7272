"""``symroof document``: formulas and conditions as a LaTeX document, with numbers, derivations and nomenclature."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, cast

import sympy as sp

from symroof.algebra.condition import Condition
from symroof.algebra.cost import Cost
from symroof.algebra.symbols import Symbol
from symroof.ask.grammar import Asked, asked, formula, read
from symroof.ask.known import Known
from symroof.ask.letters import alphabet, find
from symroof.ask.names import formulas, summary
from symroof.errors import InputError, short
from symroof.latex import Paper, document, fragment, nomenclature, numbers, section
from symroof.sheets.sheet import Sheet
from symroof.solver.solve import solve


def written(questions: Iterable[str], known: Known, title: str = "", steps: bool = True) -> Paper:
    """The document of all questions: a formula, or a condition and behind ``@`` the letter it is solved for.

    Raises UnknownName for a formula or letter that does not exist, InputError for a condition without a letter.
    """
    pieces: list[Any] = []
    answers: list[Any] = []
    questions = tuple(map(str, questions))
    read = [_read(question, known) for question in questions]
    _refuse_asked(read, known)
    also = {s for one in read for s in one.of.free_symbols}
    used: dict[Any, Any] = {}
    for question, one in zip(questions, read, strict=True):
        shown, answer, sheet = _formula(question, one, known, also) if one.unknown is None else _condition(one, known, steps, also)
        pieces += [section(*_heading(question)), *shown]
        answers += answer
        used |= sheet.values
    if not answers:
        raise InputError("nothing is asked; write e.g. symroof document decode.step")
    if known.called:
        pieces.insert(0, f"At {known.called}.")
    sheets = [_sourced(used, known)] if used else []
    pieces += [section("Nomenclature"), nomenclature(*answers, sheets=sheets)]
    return document(*pieces, title=title or [piece for i, q in enumerate(questions) for piece in ("; " * (i > 0), *_heading(q))])


def _heading(question: str) -> list[str | sp.Symbol]:
    """A question as it is asked, its signs and its letters as in a formula."""
    text, at, unknown = question.partition("@")
    for sign, printed in (("<=", "≤"), (">=", "≥"), ("*", " · ")):
        text = text.replace(sign, printed)
    said = f"{text.strip()}, solved for {unknown.strip()}" if at else text.strip()
    return [alphabet().get(word, word) for word in re.split(r"(?<![\w.])([A-Za-z]\w*)(?![\w.])", said)]


@dataclass(frozen=True)
class _Question:
    """A formula, or a condition and the letter it is solved for."""

    of: Cost | Condition
    unknown: sp.Symbol | None = None


def _read(question: str, known: Known) -> _Question:
    text, at, unknown = question.partition("@")
    if not isinstance(read(text.strip(), known.m), Asked):
        return _Question(known.derated(formula(question.strip(), known.m)))
    if not at or not unknown.strip():
        raise InputError(f"{short(question.strip())} does not say for which letter it is solved; write e.g. 'decode.step <= 15 ms @ B'")
    condition: Condition = known.written_out(known.condition(asked(text, known.m), [unknown.strip()]).condition, [unknown])
    return _Question(condition, find(unknown, condition.free_symbols))


def _refuse_asked(read: Iterable[_Question], known: Known) -> None:
    """Refuse a letter that is given and that every question with it is solved for."""
    for x in {one.unknown for one in read} - {None}:
        if x is not None and x.name in known.letters and all(one.unknown == x for one in read if x in one.of.free_symbols):
            raise InputError(f"{x} is asked for and given; drop --set {x}=...")


def _formula(question: str, one: _Question, known: Known, also: set[sp.Symbol]) -> tuple[list[Any], list[Any], Sheet]:
    path, cost = question.strip(), one.of
    sheet = known.sheet(cost.free_symbols, also=also, of=cost.of)
    about = [summary(path)] if path in formulas() else []
    return [*about, numbers(cost, sheet) if sheet.values else fragment(cost)], [cost], sheet


def _condition(one: _Question, known: Known, steps: bool, also: set[sp.Symbol]) -> tuple[list[Any], list[Any], Sheet]:
    x, condition = one.unknown, one.of
    bound: Any = solve(cast(Condition, condition), x)
    given = replace(known, letters={k: v for k, v in known.letters.items() if k != str(x)})
    sheet = given.sheet(condition.free_symbols, [x] if x is not None else [], also, condition.of)
    shown: list[Any] = [fragment(bound, steps)]
    if sheet.values:
        shown += ["With numbers:", numbers(bound, sheet)]
    return shown, [bound, condition] if steps else [bound], sheet


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
        said = place and place.sources.get(other if isinstance(other, sp.Symbol) else s, "")
        sources[s] = said if said and place and said != known.shape else place.name if place else f"format {known.formats[0]}".strip()
    return Sheet("", "", values, sources=sources)
