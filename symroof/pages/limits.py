"""``symroof limit``: what a formula comes to as letters grow or vanish, and how far off that is at values."""

from __future__ import annotations

from typing import Any

from symroof.algebra import show
from symroof.algebra.claims import thresholds
from symroof.algebra.value import Value
from symroof.ask.grammar import formula
from symroof.ask.known import Known
from symroof.pages.questions import Limits, given, still_free
from symroof.present.tables import as_json
from symroof.solver.limits import Limit, limit


def coming(path: str, limits: Limits, known: Known, form: str) -> int:
    """Print the limit of a formula, and at values its relative error."""
    cost = known.derated(formula(path, known.m))
    found = limit(cost, **limits.among(cost.free_symbols))
    sheet = known.sheet(cost.free_symbols, of=cost.of)
    at = found.at(sheet) if sheet.values else None
    if form == "json":
        record = {"formula": path, "limit": show.text(found.cost.expr), "unit": str(found.unit), "given": given(sheet)}
        print(as_json(record | _record(at)))
    elif form == "latex":
        print(rf"\[ {found.latex()} \]")
        if isinstance(at, Limit):
            print(rf"\[ {at.latex()} \]")
        elif at is not None:
            print(show.escape(f"At {sheet.name}: {_worth(at)}"))
    else:
        print(found)
        if at is not None:
            print(f"\nat {sheet.name}:\n{_worth(at)}")
        still_free(cost.free_symbols, sheet, thresholds(cost.of))
    return 0


def _worth(at: Any) -> str:
    if not isinstance(at, Value) or at.error is None or at.error.matters:
        return repr(at)
    return f"{at!r}   ({at.error!r})"


def _record(at: Any) -> dict[str, Any]:
    if not isinstance(at, Value):
        return {} if at is None else {"at": repr(at)}
    error = {} if at.error is None else {"error": at.error.relative, "exact": at.error.exact.number}
    return {"value": at.number, **error}
