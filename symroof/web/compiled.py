"""A page's costs and bounds as JavaScript of the engine's own export, and everything else the browser needs as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.cost import Cost
from symroof.algebra.symbols import Symbol
from symroof.algebra.units import ONE, Unit
from symroof.errors import InputError, short
from symroof.export.export import arguments, export
from symroof.solver.bound import Bound
from symroof.web.mathml import broken, letters, numbers
from symroof.web.spec import Choice, Mark, Option, Range, Spec, View, whole
from symroof.web.thresholds import Row, rows, ties
from symroof.web.units import written

_NAME = "page_f"
#: What the document shows and its program does not need.
SHOWN = ("letters", "numbers", "first", "joined")


@dataclass
class Code:
    """The functions of a page, each source once."""

    sources: dict[str, str] = field(default_factory=dict)

    def add(self, formula: Cost | Bound, parts: bool = False) -> dict[str, Any]:
        """The place of a formula: its function's name and the letters it takes."""
        name = self.sources.setdefault(export(formula, "javascript", _NAME, parts=parts), f"f{len(self.sources)}")
        return {"fn": name, "args": [s.name for s in arguments(formula)]}

    @property
    def text(self) -> str:
        """All functions as one object, each in a scope of its own."""
        entries = (f"{name}: (function () {{\n{source}\nreturn {_NAME};\n}})()" for source, name in self.sources.items())
        return "const FUNCTIONS = {\n" + ",\n".join(entries) + "\n};\n"


def compiled(spec: Spec) -> tuple[dict[str, Any], str]:
    """The data of a page and the source of its functions.

    Raises InputError naming the letters that nothing on the page gives a value.
    """
    lacking = spec.missing()
    if lacking:
        cure = f"give {lacking[0]}=..., a sheet, or sliders=({lacking[0]!r},)"
        raise InputError(f"{', '.join(lacking)} {'has' if len(lacking) == 1 else 'have'} no value on the page; {cure}")
    code = Code()
    axes = (spec.along.symbol, spec.sliders[0].symbol if spec.kind == "map" else None)
    views = {family: _view(view, axes, code) for family, view in spec.views.items()}
    symbols = {s for v in spec.views.values() for s in v.free_symbols} | {r.symbol for r in (spec.along, *spec.sliders)}
    units = {c.unit for v in spec.views.values() for c in v.costs} | {_unit(s) for s in symbols}
    data = {
        "title": [{"choice": piece.key} if isinstance(piece, Choice) else {"text": piece} for piece in spec.title],
        "kind": spec.kind,
        "along": _range(spec.along) | {"points": spec.along.points},
        "sliders": [_range(r) for r in spec.sliders],
        "choices": [_choice(c) for c in spec.choices],
        "fixed": {s.name: float(v) for s, v in spec.fixed.items()},
        "views": views,
        "units": {str(unit): written(unit) for unit in sorted(units, key=str)},
        "unit_of": {s.name: str(_unit(s)) for s in sorted(symbols, key=str)},
    }
    return data, code.text


def _view(view: View, axes: tuple[sp.Symbol, sp.Symbol | None], code: Code) -> dict[str, Any]:
    marked = {_sides(m.bound) for m in view.marks}
    return {"costs": [_cost(c, axes, marked, code) for c in view.costs], "marks": [_mark(m, axes[0], code) for m in view.marks]}


def _cost(cost: Cost, axes: tuple[sp.Symbol, sp.Symbol | None], marked: set[Any], code: Code) -> dict[str, Any]:
    tree, (x, y) = rows(cost), axes
    found = [("x", t) for t in ties(cost, x) if _sides(t.bound) not in marked]
    found += [("y", t) for t in ties(cost, y)] if y is not None else []
    return {
        **code.add(cost, parts=bool(cost.parts)),
        "name": cost.name or "cost",
        "unit": str(cost.unit),
        "latex": cost.latex(),
        "placed": _placed(cost).latex(),
        "rows": [_row(r, tree) for r in tree],
        "ties": [_bound(t.bound, code) | {"label": t.label, "along": way, "node": t.node, "pair": [t.first, t.second]} for way, t in found],
    }


def _placed(cost: Cost) -> Cost:
    """The cost with ``@B@`` in LaTeX for each letter; names stay in their order, as ``!`` stands before every other character."""
    places = {s: Symbol(f"{s.name}!", _unit(s), "", rf"\cdot @{s.name}@") for s in cost.free_symbols}
    return cost.map(lambda e: e.xreplace(places))


def _sides(bound: Bound) -> frozenset[sp.Expr]:
    """What a bound compares, either way round."""
    return frozenset((bound.condition.left.expr, bound.condition.right.expr))


def _row(row: Row, tree: list[Row]) -> dict[str, Any]:
    """A part: its name, its path, how its own parts are joined, or its formula."""
    name = row.cost.name or ("the whole" if row.parent < 0 else "a part")
    path, above = name, row.parent
    while above > 0:
        path, above = f"{tree[above].cost.name}/{path}", tree[above].parent
    said = {"name": name, "path": path, "depth": row.depth, "parent": row.parent, "join": row.cost.join, "children": row.children}
    if not row.children:
        return said | _formula(show.latex(show.readable(row.cost.expr)), row.cost.free_symbols)
    names = [part.name or "a part" for part in row.cost.parts]
    return said | {"joined": f"max({', '.join(names)})" if row.cost.join == "max" else " + ".join(names)}


def _formula(latex: str, symbols: set[sp.Symbol], one: bool = True) -> dict[str, Any]:
    """A formula in letters and in numbers; behind the element ``first`` of the numbers stands what they come to."""
    phrases = broken(numbers(latex, symbols))
    plain, filled = ([m for phrase in found for m in phrase] for found in (broken(letters(latex)), phrases))
    return {"letters": plain, "numbers": filled, "first": len(phrases[0] if one else filled) - 1}


def _mark(mark: Mark, x: sp.Symbol, code: Code) -> dict[str, Any]:
    if mark.bound.symbol != x:
        raise InputError(f"the mark {short(mark.label)} is a bound of {mark.bound.symbol}, but the axis is {x}; solve it for {x}")
    return _bound(mark.bound, code) | {"label": mark.label, "shade": mark.shade}


def _bound(bound: Bound, code: Code) -> dict[str, Any]:
    """A bound as a function, with its formula.

    Raises SolveError for one without a closed form.
    """
    place, latex = code.add(bound), bound.latex()
    return place | {"latex": latex} | _formula(latex, bound.free_symbols, len(bound.pieces) == 1)


def _range(r: Range) -> dict[str, Any]:
    s = r.symbol
    said = {"name": s.name, "meaning": getattr(s, "meaning", ""), "unit": str(_unit(s)), "letter": letters(show.latex(s))}
    return said | {"stops": r.stops, "start": r.start, "whole": whole(s)}


def _choice(choice: Choice) -> dict[str, Any]:
    options = [_option(o) for o in choice.options]
    return {"key": choice.key, "label": choice.label, "slider": choice.slider, "start": choice.first.name, "options": options}


def _option(o: Option) -> dict[str, Any]:
    tables = {"values": o.values, "defaults": o.defaults}
    numbers = {kind: {s.name: _number(s, v, o.name) for s, v in table.items()} for kind, table in tables.items()}
    return {"name": o.name, "title": o.title or o.name, "within": o.within, "family": o.family, **numbers}


def _number(s: sp.Symbol, value: Any, of: str) -> Any:
    """A number, or the name of the letter that it stands for."""
    if isinstance(value, sp.Symbol):
        return value.name
    if isinstance(value, (int, float, Fraction)) or getattr(value, "is_number", False):
        return float(value)
    raise InputError(f"{of} gives {s} as {short(value)}; on a page a sheet gives numbers, or one letter for another")


def _unit(s: sp.Symbol) -> Unit:
    return s.unit if isinstance(s, Symbol) else ONE
