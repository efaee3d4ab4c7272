"""The nomenclature: the letters that are used, with their units, what they mean, and the values they have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy as sp

from symroof.algebra.bind import bind
from symroof.algebra.claims import NONE, Claims, together
from symroof.algebra.quantity import show_quantity
from symroof.errors import InputError, short
from symroof.show.tex.piece import Fragment
from symroof.show.tex.quantities import unit
from symroof.show.tex.tabular import Notes, Tex, columns, long_table
from symroof.show.tex.writer import write


def nomenclature(*objects: Any, sheets: Iterable[Any] = (), **values: Any) -> Fragment:
    """The letters of costs, conditions, bounds and expressions as a ``longtable``; with sheets also value and source.

    Raises InputError for what has no letters.
    """
    free = {s for o in objects for s in used(o)}
    letters = sorted(free, key=lambda s: (s.name.lower(), s.name, write(s)))
    sheets, notes = tuple(sheets), Notes()
    head, rows = ["symbol", "unit", "meaning"], [[Tex(write(s)), Tex(unit(s.unit)) if _measured(s) else "", _meaning(s)] for s in letters]
    widths = ["", "", r"p{0.55\linewidth}"]
    if sheets or values:
        known = _values(free, sheets, values, together(*(getattr(o, "of", NONE) for o in objects if not callable(getattr(o, "of", NONE)))))
        head, widths = [*head, "value", ""], ["", "", r"p{0.32\linewidth}"]
        worth = [known.get(s, ("", "")) for s in letters]
        rows = [[*row, value, notes.mark(source)] for row, (value, source) in zip(rows, worth, strict=True)]
    made = long_table(columns(head, rows, widths))
    return Fragment(notes.below(made.code), made.needs)


def used(of: Any) -> set[Any]:
    """The letters of an object; of a bound the unknown, and those of its ends and domain."""
    if isinstance(of, sp.Symbol):
        return {of}
    if hasattr(of, "condition") and hasattr(of, "symbol"):
        shown = [e for p in of.pieces for e in (p.low, p.high, *p.when) if e is not None]
        limits = {s for s, _ in of.weights}
        return {of.symbol, *limits}.union(*(e.free_symbols for e in shown), () if of.pieces else of.condition.free_symbols)
    if hasattr(of, "problem"):
        return {*of.problem.asked.free_symbols, *of.problem.over, *of.free_symbols}
    if hasattr(of, "free_symbols"):
        return set(of.free_symbols)
    if hasattr(of, "cost"):
        return set(of.cost.free_symbols)
    raise InputError(f"{short(of)} has no letters; give costs, bounds, conditions or expressions")


def _measured(s: Any) -> bool:
    return bool(getattr(s, "unit", None) and s.unit.powers)


def _meaning(s: Any) -> str:
    return str(getattr(s, "meaning", ""))


def _values(free: set[Any], sheets: tuple[Any, ...], named: dict[str, Any], of: Claims) -> dict[Any, tuple[str, str]]:
    """The value and the source of every letter that has one."""
    given = bind(free, sheets, named, of)
    found = {}
    for s in free:
        if s not in given.numbers and s not in given.exprs:
            continue
        number: Any = given.numbers.get(s)
        if hasattr(number, "shape"):
            shown: Any = "array"
        else:
            shown = Tex(write(given.exprs[s])) if s in given.exprs else show_quantity(float(number), s.unit)
        found[s] = (shown, "given" if s.name in named else _source(s, sheets))
    return found


def _source(s: Any, sheets: tuple[Any, ...]) -> str:
    """Who says so: what the sheet cites, or its name."""
    for sheet in sheets:
        for table in (getattr(sheet, "values", {}), getattr(sheet, "defaults", {})):
            if callable(table) or s not in table:
                continue
            said = getattr(sheet, "sources", {}).get(s, "")
            name = str(getattr(sheet, "name", ""))
            other = table[s]
            if isinstance(other, sp.Symbol) and other in sheet.values and other != s:
                said = getattr(sheet, "sources", {}).get(other, "")
            return f"{name}: {said}" if name and said and said not in ("given", name) else said or name
    return ""
