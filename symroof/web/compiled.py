"""A page's costs and bounds as JavaScript of the engine's own export, and everything else the browser needs as plain data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.cost import Cost
from symroof.algebra.symbols import Symbol
from symroof.algebra.units import ONE, Unit
from symroof.errors import InputError, short
from symroof.export.export import export
from symroof.solver.bound import Bound
from symroof.web.mathml import letters, numbers
from symroof.web.spec import Choice, Mark, Range, Spec, View, whole
from symroof.web.thresholds import Row, Tie, rows, ties
from symroof.web.units import written

_NAME = "page_f"


@dataclass
class Code:
    """The functions of a page: each source once, and the names of its arguments in order."""

    sources: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, list[str]] = field(default_factory=dict)

    def add(self, formula: Cost | Bound, parts: bool = False) -> dict[str, Any]:
        """The place of a formula: its function's name and the letters it takes."""
        source = export(formula, "javascript", _NAME, parts=parts)
        name = self.sources.setdefault(source, f"f{len(self.sources)}")
        if name not in self.arguments:
            match = re.search(rf"^function {_NAME}\(([^)]*)\)", source, re.MULTILINE)
            listed = match[1].split(", ") if match and match[1] else []
            known = {s.name for s in formula.free_symbols}
            self.arguments[name] = [a if a in known else a[:-1] for a in listed]
        return {"fn": name, "args": self.arguments[name]}

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
    second = spec.sliders[0].symbol if spec.kind == "map" else None
    views = {family: _view(view, spec.along.symbol, second, code) for family, view in spec.views.items()}
    units = {str(c.unit): written(c.unit) for v in spec.views.values() for c in v.costs}
    ranges = (spec.along, *spec.sliders)
    units |= {str(_unit(r.symbol)): written(_unit(r.symbol)) for r in ranges}
    data = {
        "title": spec.title,
        "kind": spec.kind,
        "along": _range(spec.along) | {"points": spec.along.points},
        "sliders": [_range(r) for r in spec.sliders],
        "choices": [_choice(c) for c in spec.choices],
        "fixed": {s.name: float(v) for s, v in spec.fixed.items()},
        "views": views,
        "units": units,
    }
    return data, code.text


def _view(view: View, x: sp.Symbol, y: sp.Symbol | None, code: Code) -> dict[str, Any]:
    marked = {_sides(m.bound) for m in view.marks}
    costs = [_cost(c, (x, y), marked, code) for c in view.costs]
    marks = [_mark(mark, x, code) for mark in view.marks]
    return {"costs": costs, "marks": marks}


def _cost(cost: Cost, axes: tuple[sp.Symbol, sp.Symbol | None], marked: set[Any], code: Code) -> dict[str, Any]:
    tree, (x, y) = rows(cost), axes
    found = [("x", t) for t in ties(cost, x) if _sides(t.bound) not in marked]
    found += [("y", t) for t in ties(cost, y)] if y is not None else []
    return {
        **code.add(cost, parts=bool(cost.parts)),
        "name": cost.name or "cost",
        "unit": str(cost.unit),
        "latex": cost.latex(),
        "numbers": _placed(cost).latex(),
        "rows": [_row(r) for r in tree],
        "ties": [_tie(tie, way, code) for way, tie in found],
    }


def _placed(cost: Cost) -> Cost:
    """The cost with ``@B@`` in LaTeX for each letter; names stay in their order, as ``!`` stands before every other character."""
    places = {s: Symbol(f"{s.name}!", _unit(s), "", rf"\cdot @{s.name}@") for s in cost.free_symbols}
    return cost.map(lambda e: e.xreplace(places))


def _sides(bound: Bound) -> frozenset[sp.Expr]:
    """What a bound compares, either way round."""
    return frozenset((bound.condition.left.expr, bound.condition.right.expr))


def _row(row: Row) -> dict[str, Any]:
    formula = {"join_of": _joined(row)} if row.children else _formula(row.cost)
    return {
        "name": row.cost.name or ("the whole" if row.parent < 0 else "a part"),
        "depth": row.depth,
        "parent": row.parent,
        "join": row.cost.join,
        "children": row.children,
        **formula,
    }


def _formula(cost: Cost) -> dict[str, str]:
    latex = show.latex(show.readable(cost.expr))
    return {"letters": letters(latex), "numbers": numbers(latex, cost.free_symbols)}


def _joined(row: Row) -> str:
    """How the parts of a row are joined, as text: the parts have rows of their own."""
    names = [part.name or "a part" for part in row.cost.parts]
    return f"max({', '.join(names)})" if row.cost.join == "max" else " + ".join(names)


def _tie(tie: Tie, way: str, code: Code) -> dict[str, Any]:
    return {**_bound(tie.bound, code), "label": tie.label, "along": way, "node": tie.node, "pair": [tie.first, tie.second]}


def _mark(mark: Mark, x: sp.Symbol, code: Code) -> dict[str, Any]:
    if mark.bound.symbol != x:
        raise InputError(f"the mark {short(mark.label)} is a bound of {mark.bound.symbol}, but the axis is {x}; solve it for {x}")
    return {**_bound(mark.bound, code), "label": mark.label, "shade": mark.shade}


def _bound(bound: Bound, code: Code) -> dict[str, Any]:
    """A bound as a function, with its formula.

    Raises SolveError for one without a closed form.
    """
    place = code.add(bound)
    latex = bound.latex()
    return {**place, "latex": latex, "letters": letters(latex), "numbers": numbers(latex, bound.free_symbols)}


def _range(r: Range) -> dict[str, Any]:
    s = r.symbol
    said = {"name": s.name, "meaning": getattr(s, "meaning", ""), "unit": str(_unit(s)), "letter": letters(show.latex(s))}
    return {**said, "stops": r.stops, "start": r.start, "whole": whole(s)}


def _choice(choice: Choice) -> dict[str, Any]:
    options = [
        {
            "name": o.name,
            "title": o.title or o.name,
            "within": o.within,
            "family": o.family,
            "values": _values(o.values, o.name),
            "defaults": _values(o.defaults, o.name),
        }
        for o in choice.options
    ]
    said = {"key": choice.key, "label": choice.label, "slider": choice.slider}
    return {**said, "start": choice.start or options[0]["name"], "options": options}


def _values(table: Mapping[sp.Symbol, Any], of: str) -> dict[str, Any]:
    return {s.name: _number(s, v, of) for s, v in table.items()}


def _number(s: sp.Symbol, value: Any, of: str) -> Any:
    """A number, or the name of the letter that it stands for."""
    if isinstance(value, sp.Symbol):
        return value.name
    if isinstance(value, (int, float, Fraction)) or getattr(value, "is_number", False):
        return float(value)
    raise InputError(f"{of} gives {s} as {short(value)}; on a page a sheet gives numbers, or one letter for another")


def _unit(s: sp.Symbol) -> Unit:
    return s.unit if isinstance(s, Symbol) else ONE


def symbols_of(views: Iterable[View]) -> dict[str, sp.Symbol]:
    """Every symbol of some views, by name."""
    return {s.name: s for v in views for s in v.free_symbols}
