"""The interactive page of regimes: which part of a formula binds where over two letters, and along the first of them."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from symroof.algebra.cost import Cost
from symroof.ask.grammar import formula
from symroof.ask.known import Known, missing
from symroof.errors import InputError
from symroof.pages.questions import find
from symroof.web.page import Page, shown
from symroof.web.spec import Range, Spec, View


def page(path: str, letters: Sequence[str], known: Known, sliders: Sequence[str] = ()) -> Page:
    """A formula's map over two letters, with sliders for others.

    Raises InputError unless two letters are given, or naming the letters that have no value.
    """
    if len(letters) != 2 or letters[0] == letters[1]:
        raise InputError("a map is drawn over two letters; write e.g. --over B,S")
    asked = (*letters, *sliders)
    cost: Cost = known.written_out(known.derated(formula(path, known.m)), asked)
    symbols = [find(x, cost.free_symbols) for x in dict.fromkeys(asked)]
    sheet = known.sheet(cost.free_symbols)
    derived = {s: v for s, v in sheet.values.items() if isinstance(v, sp.Expr) and v.free_symbols}  # the experts hit, by batch
    cost = cost.map(lambda e: e.xreplace(derived))
    lacking = missing(cost.free_symbols, sheet, symbols)
    if lacking:
        cure = f"add e.g. --on tpu-v5e --slice 4x4 --model llama3-70b --formats int8, or --slider {lacking[0]}"
        raise InputError(f"{', '.join(lacking)} still need a value; {cure}")
    values = {s: float(v) for s, v in sheet.values.items() if s not in symbols and s not in derived}
    first, *others = [Range.of(s, None, float(sheet.values[s]) if s in sheet.values else None) for s in symbols]
    fixed = values | dict.fromkeys(cost.free_symbols - set(symbols) - values.keys(), 1.0)
    title = f"What binds {path}, over {letters[0]} and {letters[1]}"
    return shown(Spec([title], {"": View((cost,))}, first, tuple(others), (), fixed, "map", f"At {known.called}." if known.called else ""))
