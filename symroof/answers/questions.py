"""``symroof solve`` and ``formulas``: a condition solved for a letter, as a formula and at values; the formulas by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.claims import thresholds
from symroof.algebra.cost import Cost
from symroof.algebra.symbols import ALPHABET, DERATES, MFU, r_pre
from symroof.algebra.units import ONE
from symroof.algebra.value import Span, Value, paths
from symroof.answers.said import Grown, at_values, free_letters, given, remarks
from symroof.ask.grammar import read
from symroof.ask.known import Known, missing
from symroof.ask.names import by_name, formulas, needing, options, summary, unit_of
from symroof.ask.names import thresholds as thresholds_by_name
from symroof.ask.question import Question
from symroof.sheets.sheet import Sheet
from symroof.show.bounds import answer, steps
from symroof.show.document import Block, Document, Formula, Note, Text, Title, letters, table
from symroof.show.formulas import named
from symroof.show.views import see
from symroof.solver.bound import Bound
from symroof.solver.numeric.at import spanned, within
from symroof.solver.solve import solve

_FRACTIONS = {*DERATES, MFU, r_pre}
STEPS, PROOF = "steps", "proof"


def solved(text: str, unknown: str, known: Known, than: str = "", limits: Grown | None = None, detail: str = "") -> Document:
    """Where a condition holds; it fails if it never does.

    ``than`` names another chip, on which the right side is evaluated; ``detail`` is STEPS or PROOF for the derivation.
    """
    question = Question.whether(text, known, unknown, than)
    sheet, (x,) = question.sheet, question.xs
    bound = solve(question.of, x, **(limits or Grown()).among(question.free))
    found = within(x, question.at(bound), spanned(x, [known.model], {s.name: v for s, v in sheet.values.items()}))
    blocks: list[Block] = [Title(f"{text}{f' (right side on {than})' if than else ''}, solved for {x}"), Formula(answer(bound))]
    blocks += see(bound.proof()).deeper() if detail == PROOF else [steps(bound.steps)] if detail == STEPS else []
    if found is not None:
        blocks += [*_at(bound, found, sheet), *remarks(question, still=False)]
    record = _record(text, bound, found, sheet) | _derived(bound, detail)
    return Document(tuple(blocks), record, _never(x, bound if found is None else found))


def _at(bound: Bound, found: Any, sheet: Sheet) -> Iterator[Block]:
    """The answer at values, how far a limit is off, and which letters are still free."""
    if isinstance(found, Bound):
        yield Text(f"at {sheet.name}:")
        yield Formula(answer(found))
    elif isinstance(found, Value):
        said = worth(bound.symbol, found)
        yield Text(f"at {sheet.name}:" if not found.note else "at these values:")
        yield Text(said)
        if found.error is not None and not found.error.matters:
            yield Note(f"the limit is {found.error!r}")
    else:
        yield from at_values(sheet, found)
    free = _left(bound, found, sheet)
    if free and isinstance(found, Bound):
        yield Note(f"still free: {free_letters(free)}")


def _left(bound: Bound, found: Any, sheet: Sheet) -> list[str]:
    """The letters that an answer is still in: those without a value, of what depends on a letter that was solved for itself."""
    gone = thresholds(bound.of)
    inside = found.free_symbols & bound.free_symbols & sheet.values.keys() if gone and isinstance(found, Bound) else set()
    return sorted({*missing(bound.free_symbols, sheet, [bound.symbol, *gone]), *(s.name for s in inside)})


def worth(x: sp.Symbol, found: Value) -> str:
    """A threshold at values on one line: ``B <= 92.27 tokens, so 92``."""
    if found.note:
        return found.shown
    if beyond(x, found):
        return f"never: it takes {x} >= {found.shown}, and {x} is a fraction of a peak, at most 1"
    relation = ("<" if found.round_down else ">") + ("" if found.open else "=")
    shown = replace(found, open=False).shown
    if not counted(x) or found.number == float("inf") or found.number == round(found.number):
        return f"{x} {relation} {shown}"
    return f"{x} {relation} {shown}, so {found.whole or f'no whole {x} will do'}"


def beyond(x: sp.Symbol, found: Value) -> bool:
    """Whether an efficiency would have to be above 1."""
    return bool(x in _FRACTIONS and x != r_pre and not found.round_down and found.number > 1)


def counted(x: sp.Symbol) -> bool:
    """Whether only whole numbers of a letter make sense."""
    unit = getattr(x, "unit", ONE)
    return bool(unit.measured == ONE and x not in _FRACTIONS and (unit.counted != ONE or x in ALPHABET.values()))


def _never(x: sp.Symbol, found: Any) -> bool:
    """Whether nothing satisfies a condition: not at all, or no whole number where only those make sense."""
    if isinstance(found, Bound):
        return found.kind == "never"
    if isinstance(found, Span):
        return not found.intervals
    if found.note:
        return bool(found.number == (0 if found.round_down else float("inf")))
    return beyond(x, found) or bool(counted(x) and found.round_down and found.whole == 0)


def _record(text: str, bound: Bound, found: Any, sheet: Sheet) -> dict[str, Any]:
    about = {"question": text, "for": bound.symbol.name, "formula": repr(bound), "kind": bound.kind}
    record: dict[str, Any] = about | {"given": given(sheet), "unit": str(bound.unit)}
    if isinstance(found, Bound):
        record |= {"at": repr(found), "kind": found.kind, "free": _left(bound, found, sheet)}
    elif isinstance(found, Span):
        record |= {"intervals": found.intervals, "shown": repr(found)}
    elif found is not None:
        record |= {"value": found.number, "shown": worth(bound.symbol, found), "note": found.note}
        record |= {"relation": ("<" if found.round_down else ">") + "=" * (not found.open)}
        record |= {"whole": found.whole} if counted(bound.symbol) and abs(found.number) != float("inf") else {}
        record |= {"error": repr(found.error)} if found.error is not None else {}
    return record


def _derived(bound: Bound, detail: str) -> dict[str, Any]:
    record: dict[str, Any] = {"steps": [str(step) for step in bound.steps]} if detail else {}
    if detail == PROOF:
        proof = bound.proof()
        record["proof"] = {"holds": bool(proof), "lines": [line.mark for line in proof.lines]}
    return record


# -- the formulas by name
def listing(m: Any) -> Document:
    """All formulas and thresholds with their unit and what they are."""
    costs, bounds = ([(name, unit_of(name, m), summary(name)) for name in names()] for names in (formulas, thresholds_by_name))
    costs += [(f"{name}({', '.join(required)}=...)", "", summary(name)) for name, required in needing().items()]
    rows = [(*row, kind) for kind, found in (("formula", costs), ("threshold", bounds)) for row in found]
    head = ("name", "unit", "meaning")
    blocks: list[Block] = [
        Title("Formulas; `symroof formulas NAME` shows one and its options, and its parts are NAME/PART"),
        table(head, costs),
        Title("Thresholds, solved already; `symroof formulas NAME` shows one, and its number at values"),
        table(head, bounds),
    ]
    return Document(tuple(blocks), [{"name": name, "unit": unit, "meaning": meaning, "kind": kind} for name, unit, meaning, kind in rows])


def one(path: str, known: Known) -> Document:
    """One formula with its parts and letters, or a threshold, and what it is worth at values."""
    told = _told(path)
    if isinstance(read(path, known.m), Bound):
        found = solved(path, "", known)
        return replace(found, blocks=(*found, *told))
    question = Question.about(path, known)
    cost, at = question.of, question.at(question.of)
    about = {s.name: {"unit": str(s.unit), "meaning": s.meaning} for s in sorted(cost.free_symbols, key=lambda s: s.name)}
    record = {"name": path, "formula": show.text(cost.expr), "unit": str(cost.unit), "source": cost.source, "letters": about}
    record |= {"parts": {where: show.text(part.expr) for where, part in paths(cost)}, "given": given(question.sheet)}
    if isinstance(at, Value):
        record |= {"value": at.number, "at_parts": {where: part.number for where, part in paths(at)}}
    elif isinstance(at, Cost):
        record["at"] = show.text(at.expr)
    seen = (named(cost), *told, replace(letters(cost.free_symbols), fold=None), *at_values(question.sheet, at), *remarks(question))
    return Document(seen, record)


def _told(path: str) -> list[Block]:
    """The options of a formula that is asked for by name, as they are unless they are said."""
    name = path.partition("(")[0].strip()
    takes = {} if name not in by_name() else {o: p.default for o, p in options(name).items() if isinstance(p.default, (bool, str))}
    words = [f"{o}={x if isinstance(x, str) else 'yes' if x else 'no'}" for o, x in takes.items()]
    return [Note(f"Options: {', '.join(words)}; write {name}({words[0].partition('=')[0]}=...)")] if words else []
