"""``symroof document``: formulas and conditions as a LaTeX document, with numbers, derivations and nomenclature."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import sympy as sp

from symroof.algebra.condition import Condition
from symroof.algebra.symbols import Symbol
from symroof.errors import InputError, short
from symroof.latex import Document, document, fragment, nomenclature, numbers, section
from symroof.pages.questions import find
from symroof.plan.formulas import asked, formula, formulas, summary
from symroof.plan.known import Known
from symroof.sheets.sheet import Sheet
from symroof.solver.solve import solve

_RELATIONS = "<>=≤≥"


def written(questions: Iterable[str], known: Known, title: str = "", steps: bool = True) -> Document:
    """The document of all questions: a formula, or a condition and behind ``@`` the letter it is solved for.

    Raises UnknownName for a formula or letter that does not exist, InputError for a condition without a letter.
    """
    pieces: list[Any] = []
    answers: list[Any] = []
    questions = tuple(questions)
    used: dict[Any, Any] = {}
    for question in questions:
        made = _condition(question, known, steps) if any(r in question for r in _RELATIONS) else _formula(question, known)
        shown, answer, sheet = made
        pieces += [section(_heading(question)), *shown]
        answers += answer
        used |= sheet.values
    if not answers:
        raise InputError("nothing is asked; write e.g. symroof document decode.step")
    if known.called:
        pieces.insert(0, f"At {known.called}.")
    sheets = [_sourced(used, known)] if used else []
    pieces += [section("Nomenclature"), nomenclature(*answers, sheets=sheets)]
    return document(*pieces, title=title or "; ".join(map(_heading, questions)))


def _heading(question: str) -> str:
    text, at, unknown = question.partition("@")
    return f"{text.strip()}, solved for {unknown.strip()}" if at else text.strip()


def _formula(question: str, known: Known) -> tuple[list[Any], list[Any], Sheet]:
    path = question.strip()
    cost = known.derated(formula(path, known.m))
    sheet = known.sheet(cost.free_symbols)
    about = [summary(path)] if path in formulas() else []
    return [*about, numbers(cost, sheet) if sheet.values else fragment(cost)], [cost], sheet


def _condition(question: str, known: Known, steps: bool) -> tuple[list[Any], list[Any], Sheet]:
    text, at, unknown = question.partition("@")
    if not at or not unknown.strip():
        raise InputError(f"{short(question.strip())} does not say for which letter it is solved; write e.g. 'decode.step <= 15 ms @ B'")
    condition: Condition = known.condition(asked(text, known.m), [unknown.strip()]).condition
    x = find(unknown, condition.free_symbols)
    bound = solve(condition, x)
    given = replace(known, letters={k: v for k, v in known.letters.items() if k != x.name})
    sheet = given.sheet(condition.free_symbols, [x])
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
