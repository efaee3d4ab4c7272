"""``symroof minimize``, ``maximize``, ``elasticity``, ``regimes`` and ``limit``: what is best, what binds, what would help."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import followed
from symroof.algebra.cost import Cost
from symroof.algebra.symbols import Symbol
from symroof.algebra.value import Value
from symroof.analysis.elasticity import degree, elasticity
from symroof.analysis.minimize import Minimum, maximize, minimize
from symroof.analysis.sensitivity import sensitivities
from symroof.answers.said import Grown, at_values, given, remarks
from symroof.ask.known import Known, numbers, only
from symroof.ask.letters import find
from symroof.ask.question import Question
from symroof.errors import SolveError
from symroof.plane.regions import regimes
from symroof.sheets.sheet import Sheet
from symroof.show.document import Block, Document, Note, Text, Title, Words, table
from symroof.show.maths import joined, math, readable
from symroof.show.optima import slope
from symroof.show.views import see
from symroof.solver.limits import limit


# -- what is best
def optimum(path: str, over: Sequence[str], conditions: Sequence[str], known: Known, sense: int) -> Document:
    """The best value of some letters under conditions; it fails if there is none."""
    question = Question.about(path, known, over, conditions)
    limits, xs = question.under, question.xs
    found = (minimize if sense > 0 else maximize)(question.of, over=xs, subject_to=[a.constraint for a in limits])
    found = _called(found, [a.text for a in limits if a.relation != "="])
    here = only(question.sheet, found.free_symbols)
    at, failed = None, ""
    try:
        at = found.at(here) if here.values or not found.free_symbols else None
    except SolveError as problem:
        failed = str(problem)
    under = f" subject to {' and '.join(a.text for a in limits)}" if limits else ""
    blocks: list[Block] = [Title(f"{found.problem.word} {path} over {', '.join(x.name for x in xs)}{under}")]
    blocks += [Text(found.reason)] if found.reason else _untitled(_deciding(found, here, at))
    if failed:
        blocks += [Text(f"at {here.name}:"), Text(f"never: {failed}")]
    elif at is not None:
        blocks += [Text(f"at {here.name}:"), *_untitled(at)]
    blocks += remarks(question, found.free_symbols)
    record: dict[str, Any] = {"formula": path, "asked": found.problem.word, "subject_to": list(conditions), "answer": repr(found)}
    record |= {"given": given(here)} | ({"never": failed} if failed else {})
    if at is not None:
        record |= {"at": repr(at)} if isinstance(at, Minimum) else {"best": see(at).record}
    hopeless = _hopeless(found) or (isinstance(at, Minimum) and _hopeless(at))
    return Document(tuple(blocks), record, bool(failed) or hopeless)


def _called(found: Minimum, names: Sequence[str]) -> Minimum:
    """The same, its conditions called as they were asked."""
    ask = found.problem
    return replace(found, problem=replace(ask, called=(*names, *ask.called[len(names) :])))


def _hopeless(found: Minimum) -> bool:
    return bool(found.cases) and all(found.none(c.result) for c in found.cases)


def _untitled(found: Any) -> Iterator[Block]:
    return (block for block in see(found) if not isinstance(block, Title))


def _deciding(found: Minimum, sheet: Sheet, at: Any) -> Minimum:
    """The formula with the one case that holds at these values, if all have one."""
    if at is None or isinstance(at, Minimum) or len(found.cases) < 2:
        return found
    put = numbers(sheet)
    held = [c for c in found.cases if all(w.func(w.lhs.xreplace(put), w.rhs.xreplace(put)) == sp.true for w in c.when)]
    return replace(found, cases=tuple(held[:1])) if held else found


# -- what binds
def binding(path: str, letters: Sequence[str], known: Known, facts: Sequence[str]) -> Document:
    """The regimes of a formula along one letter, or over two; ``facts`` are conditions that are known to hold."""
    question = Question.about(path, known, letters, facts)
    cost, xs, held = question.of, question.xs, [a.condition for a in question.under]
    found = regimes(cost, along=xs[0], given=held) if len(xs) == 1 else regimes(cost, over=xs, given=held)
    here = only(question.sheet, cost.free_symbols)
    at = found.at(here) if here.values else None
    title = f"{path}, {'along' if len(xs) == 1 else 'over'} {', '.join(letters)}"
    blocks: list[Block] = [Title(title), *_untitled(found)]
    blocks += at_values(question.sheet, None if at is None else Document(tuple(_untitled(at))))
    record = {"formula": path, "regimes": see(found).record, "given": given(here), "at": None if at is None else see(at).record}
    return Document((*blocks, *remarks(question)), record)


# -- what it comes to
def coming(path: str, limits: Grown, known: Known) -> Document:
    """The limit of a formula, and at values its relative error."""
    question = Question.about(path, known)
    found = limit(question.of, **limits.among(question.free))
    at = question.at(found)
    record = {"formula": path, "limit": show.text(found.cost.expr), "unit": str(found.unit), "given": given(question.sheet)}
    said: list[Block] = []
    if isinstance(at, Value):
        record["value"] = at.number
        if at.error is not None:
            record |= {"error": at.error.relative, "exact": at.error.exact.number}
            said += [] if at.error.matters else [Note(f"the limit is {at.error!r}")]
    elif at is not None:
        record["at"] = repr(at)
    return Document((*see(found), *at_values(question.sheet, at), *said, *remarks(question)), record)


# -- what would help
@dataclass(frozen=True, repr=False)
class _Moving(Sheet):
    """What is known, and what the model derives from letters that are asked about."""

    definitions: Mapping[Symbol, sp.Expr] = field(default_factory=dict)


def _moving(question: Question, xs: Iterable[sp.Symbol]) -> Sheet:
    known, free = question.known, question.free
    defined = known.model.definitions if known.model else {}
    moving = {s: defined[s] for x in xs for s in followed(free, x, [_Moving("", definitions=defined)], known.letters)}
    if not moving:
        return question.sheet
    behind = set().union(*(e.free_symbols for e in moving.values()))
    return _Moving(question.sheet.name, "", known.sheet(free | behind, of=question.of.of).values, definitions=moving)


def helping(path: str, of: Sequence[str], known: Known) -> Document:
    """The elasticities of a formula: with values for all letters the ranking of what would help most."""
    question = replace(Question.about(path, known, of), xs=())  # the letters have values too
    cost, letters = question.of, [find(x, question.free) for x in of] or sorted(question.free, key=lambda s: s.name)
    sheet = _moving(question, letters)
    if not question.left(question.free, sheet):
        return see(sensitivities(cost, among=letters).at(sheet))
    found = {x: elasticity(cost, x).at(sheet) if sheet.values else elasticity(cost, x) for x in letters}
    rows = [row for x, e in found.items() for row in _slopes(x, e)]
    blocks: list[Block] = [Title(f"{path}: percent of change per percent of a letter")]
    blocks += [table(("letter", "elasticity", "binds", "when", "meaning"), rows)]
    blocks += [] if of else _total(cost)
    record = {"formula": path, "given": given(sheet), "elasticity": {x.name: slope(e) for x, e in found.items()}}
    return Document((*blocks, *remarks(question)), record)


def _slopes(x: Any, e: Any) -> Iterator[tuple[Words, ...]]:
    """An elasticity, one case a line."""
    cases = getattr(e, "cases", ())
    if not cases:
        yield math(x), repr(e), "", "", x.meaning
    for i, c in enumerate(cases):
        when: Words = joined([math(readable(w)) for w in c.when]) if c.when else ""
        yield "" if i else math(x), math(readable(c.expr)), c.name, when, "" if i else x.meaning


def _total(cost: Cost) -> list[Block]:
    try:
        return [Note(f"They sum to {degree(cost)}, the degree of homogeneity.")]
    except SolveError:
        return []
