"""Letters that are given must change something: one that no formula of an answer needs is refused, not ignored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy as sp

from symroof.algebra.symbols import DERATES, Symbol
from symroof.errors import UnknownName, nearest


def needed(formulas: Iterable[Any], sheets: Iterable[Any]) -> set[sp.Symbol]:
    """The letters that formulas depend on: their own, those that stand for them in sheets, and those of definitions."""
    found = set().union(*(f.free_symbols for f in formulas))
    tables = [t for sheet in sheets for t in (getattr(sheet, "definitions", {}), sheet.values, sheet.defaults)]
    front = found
    while front:
        front = {x for s in front for t in tables if isinstance(t.get(s), sp.Expr) for x in t[s].free_symbols} - found
        found = found | front
    return found | {eta for eta, rates in DERATES.items() if found & set(rates)}


def refuse_unused(given: Iterable[Symbol], formulas: Iterable[Any], sheets: Iterable[Any], also: Iterable[Symbol] = ()) -> None:
    """Raise UnknownName for a letter that was given and that nothing depends on."""
    known = needed(formulas, sheets) | set(also)
    for s in sorted(given, key=lambda s: s.name):
        if s not in known:
            names = [k.name for k in known if isinstance(k, Symbol)]
            raise UnknownName(f"{s.name} changes nothing here; {nearest(s.name, names)}, or leave it out")
