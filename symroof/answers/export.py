"""``symroof export``: a formula, or a condition solved for a letter, as a function in another language."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symroof.algebra.cost import Cost
from symroof.ask.grammar import Asked, asked, formula, read
from symroof.ask.known import Known
from symroof.ask.letters import find
from symroof.errors import InputError, short
from symroof.export.export import export
from symroof.solver.bound import Bound
from symroof.solver.solve import solve


@dataclass(frozen=True)
class Wanted:
    """The language, the name of the function (empty: that of the formula), and whether the parts are returned too."""

    to: str
    name: str = ""
    parts: bool = False


def exported(text: str, unknown: str, known: Known, wanted: Wanted) -> str:
    """The source of a formula, or of a condition solved for ``unknown``; letters with a value become numbers in it."""
    is_condition = isinstance(read(text, known.m), Asked)
    if is_condition and not unknown:
        raise InputError(f"{short(text)} is a condition; say for which letter it is solved, e.g. --for B")
    if unknown and not is_condition:
        raise InputError(f"{short(text)} is a formula, which is not solved for a letter; leave out --for, or write a condition")
    found = _bound(text, unknown, known) if is_condition else _cost(text, known)
    if not isinstance(found, (Cost, Bound)):
        raise InputError(f"every letter of {short(text)} has a value, so there is no function to export; leave one free")
    return export(found, wanted.to, wanted.name, wanted.parts)


def _cost(text: str, known: Known) -> Any:
    cost = known.derated(formula(text, known.m))
    sheet = known.sheet(cost.free_symbols, of=cost.of)
    return cost.at(sheet) if sheet.values else cost


def _bound(text: str, unknown: str, known: Known) -> Any:
    condition = known.written_out(known.condition(asked(text, known.m), [unknown]).condition, [unknown])
    x = find(unknown, condition.free_symbols)
    sheet = known.sheet(condition.free_symbols, [x], of=condition.of)
    bound = solve(condition, x)
    return bound.at(sheet) if sheet.values else bound


def saved(source: str, path: str) -> None:
    """Write the source to a file.

    Raises InputError if that is not possible.
    """
    try:
        Path(path).write_text(source, encoding="utf-8", newline="\n")
    except OSError as problem:
        raise InputError(f"{short(path)} cannot be written: {problem.strerror or problem}; give another path with -o") from None
