"""``symroof regimes``: what binds a formula where, along one letter or over two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.claims import thresholds
from symroof.analysis.regimes import Regimes
from symroof.ask.grammar import asked, formula
from symroof.ask.known import Known, only
from symroof.ask.letters import find
from symroof.pages.questions import given, stands_on, still_free
from symroof.plane.regimes import regimes
from symroof.present.tables import as_json, printed


def binding(path: str, letters: Sequence[str], known: Known, facts: Sequence[str], form: str) -> int:
    """Print the regimes of a formula along one letter, or over two; ``facts`` are conditions that are known to hold."""
    cost = known.written_out(known.derated(formula(path, known.m)), letters)
    xs = [find(x, cost.free_symbols) for x in letters]
    held = [known.written_out(known.condition(asked(f, known.m)).condition, letters) for f in facts]
    sheet = known.sheet(cost.free_symbols.union(*(c.free_symbols for c in held)), xs, of=cost.of)
    found = regimes(cost, along=xs[0], given=held) if len(xs) == 1 else regimes(cost, over=tuple(xs), given=held)
    here = only(sheet, cost.free_symbols)
    at = found.at(here) if here.values else None
    if form == "json":
        print(as_json({"formula": path, "regimes": _record(found), "given": given(here), "at": None if at is None else _record(at)}))
        return 0
    title = f"{path}, {'along' if len(xs) == 1 else 'over'} {', '.join(letters)}"
    for answer, where in ((found, ""), (at, f", at {sheet.name}")):
        if answer is not None and form == "latex":
            print(rf"\[ {answer.latex()} \]")
        elif answer is not None:
            _text(answer, title + where)
    if form == "text":
        still_free(cost.free_symbols, here, (*xs, *thresholds(cost.of)))
        stands_on(known, cost.free_symbols, here)
    return 0


def _text(found: Any, title: str) -> None:
    if found.reason:
        print(f"{title}: {found.reason}; give values for the other letters.")
        return
    for when, rows in _tables(found):
        head = ["where", "binds", "mostly", f"cost [{found.cost.unit}]"]
        used = [i for i, name in enumerate(head) if any(row[i] for row in rows)]
        table = [[row[i] for i in used] for row in rows]
        printed(title + (f", when {when}" if when else ""), [head[i] for i in used], table, left=4)
    if getattr(found, "never", ()):
        print(f"Nowhere: {', '.join(found.never)}.")


def _tables(found: Any) -> Iterator[tuple[str, list[list[str]]]]:
    """The cases of regimes, or the regions: under which comparisons, and rows of what binds where."""
    if isinstance(found, Regimes):
        for case in found.cases:
            yield " and ".join(map(show.text, case.when)), [[r.interval, *_row(r)] for r in case.result]
    else:
        yield "", [[r.where, *_row(r)] for r in found.regions]


def _row(r: Any) -> list[str]:
    return [r.binds, r.dominant, show.text(show.readable(r.cost.expr))]


def _record(found: Any) -> Any:
    if found.reason:
        return found.reason
    if isinstance(found, Regimes):
        return [
            {
                "when": [*map(show.text, case.when)],
                "regimes": [{"low": _json(r.low), "high": _json(r.high), **_about(r)} for r in case.result],
            }
            for case in found.cases
        ]
    return [{"where": r.where, **_about(r)} for r in found.regions]


def _about(r: Any) -> dict[str, Any]:
    return {"binds": dict(r.winners), "dominant": r.dominant, "cost": show.text(r.cost.expr)}


def _json(end: Any) -> Any:
    """An end of an interval: a number, or its formula; none for no end."""
    return (None if end is sp.oo else float(end)) if end.is_number else show.text(end)
