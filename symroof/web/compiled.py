"""A page as data: its costs and bounds as JavaScript of the engine's own export, and everything else the browser needs.

Where one part of a cost overtakes another is a Bound of ``solve``, for every pair that is joined.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import combinations
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.cost import Cost
from symroof.algebra.quantity import TIMES, show_quantity
from symroof.algebra.symbols import Symbol
from symroof.algebra.units import ONE, Unit
from symroof.errors import InputError, SymroofError, short
from symroof.export.export import arguments, export
from symroof.show.mathml import mathml
from symroof.solver.bound import Bound
from symroof.solver.solve import solve
from symroof.web.mathml import broken, numbers
from symroof.web.spec import Choice, Mark, Range, Spec, whole

_NAME = "page_f"
_MOST = 24  # pairs of parts that are solved for
_NUMBER = re.compile(r"-?[\d.,]+(?:e-?\d+)?")
#: What the document shows and its program does not need.
SHOWN = ("letters", "numbers", "first", "joined")


# -- the parts of a cost
@dataclass(frozen=True)
class Row:
    """A part of a cost in the order of its tree: its depth, its parent's row (-1 for the whole) and the rows of its parts."""

    cost: Cost
    depth: int
    parent: int
    above: str = ""  # the names of the parts that it is in, each with a slash behind it
    children: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """What it is called."""
        return self.cost.name or ("a part" if self.depth else "the whole")


@dataclass(frozen=True)
class Tie:
    """Two parts of one join that are equal where ``bound`` begins or ends; rows are those of :func:`rows`."""

    node: int
    first: int
    second: int
    bound: Bound

    @property
    def label(self) -> str:
        """What changes there."""
        return " = ".join(side.name or "a part" for side in (self.bound.condition.left, self.bound.condition.right))


def rows(cost: Cost) -> list[Row]:
    """The whole and its parts at any depth, the outer ones first."""
    found: list[Row] = []

    def walk(node: Cost, depth: int, parent: int, above: str) -> int:
        here = len(found)
        found.append(Row(node, depth, parent, above))
        inside = f"{above}{node.name}/" if depth else ""
        found[here] = replace(found[here], children=tuple(walk(part, depth + 1, here, inside) for part in node.parts))
        return here

    walk(cost, 0, -1, "")
    return found


def ties(cost: Cost, x: sp.Symbol) -> Iterator[Tie]:
    """Where a maximum changes its winner, or the outermost sum its largest part, along x; what has no closed form is left out."""
    tree, tried = rows(cost), 0
    for i, row in enumerate(tree):
        for a, b in combinations(row.children, 2) if row.cost.join == "max" or row.parent < 0 else ():
            first, second = tree[a].cost, tree[b].cost
            if x not in first.free_symbols | second.free_symbols or tried >= _MOST:
                continue
            tried += 1
            try:
                bound = solve(first >= second, x)
            except SymroofError:
                continue
            if bound.kind == "bound":
                yield Tie(i, a, b, bound)


# -- how quantities are written
def written(unit: Unit) -> dict[str, Any]:
    """From which number on one is multiplied by what, the texts around it; 1; the factor of an axis, and its unit.

    All of it is taken from ``show_quantity``, so that the browser writes what Python does. Seconds and bytes stand at the ticks.
    """
    decades: list[list[Any]] = []
    for least in sorted({*(10.0**power for power in range(-18, 25)), *(size for _, size in TIMES)}):
        text = show_quantity(value := 1.01 * least, unit)
        match = _NUMBER.search(text)
        if match:
            scale = float(match[0].replace(",", "")) / value
            how = [float(f"{scale:.12g}"), text[: match.start()], text[match.end() :].replace(" us", " µs")]
            if not decades or decades[-1][1:] != how:
                decades.append([least, *how])
    powers, factor, axis = dict(unit.powers), 1.0, str(unit)
    if powers.get("USD") == 1 and powers.get("token") == -1:
        factor, axis = 1e6, "USD/Mtoken"
    elif powers.get("USD") == 1 and powers.get("s") == -1:
        factor, axis = 3600.0, axis.replace("/s", "/h", 1)
    else:
        axis = {"s": "", "byte": "", "1": "", "token": "tokens"}.get(axis, axis)
    return {"decades": decades, "one": show_quantity(1.0, unit), "factor": factor, "axis": axis}


# -- the data
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
    """The data of a page and the source of its functions. Raises InputError naming the letters that nothing on the page gives a value."""
    lacking = spec.missing()
    if lacking:
        cure = f"give {lacking[0]}=..., a sheet, or sliders=({lacking[0]!r},)"
        raise InputError(f"{', '.join(lacking)} {'has' if len(lacking) == 1 else 'have'} no value on the page; {cure}")
    code = Code()
    axes = (spec.along.symbol, spec.sliders[0].symbol if spec.kind == "map" else None)
    views = {}
    for family, view in spec.views.items():
        marked = {_sides(m.bound) for m in view.marks}
        costs, marks = [_cost(c, axes, marked, code) for c in view.costs], [_mark(m, axes[0], code) for m in view.marks]
        views[family] = {"costs": costs, "marks": marks}
    symbols = {s for v in spec.views.values() for s in v.free_symbols} | {r.symbol for r in (spec.along, *spec.sliders)}
    units = {c.unit for v in spec.views.values() for c in v.costs} | {_unit(s) for s in symbols}
    data = {
        "title": [{"choice": piece.key} if isinstance(piece, Choice) else {"text": piece} for piece in spec.title],
        "kind": spec.kind,
        "along": _range(spec.along) | {"points": spec.along.points},
        "sliders": [_range(r) for r in spec.sliders],
        "choices": [_choice(c) for c in spec.choices],
        "fixed": {s.name: float(v) for s, v in sorted(spec.fixed.items(), key=lambda item: item[0].name)},
        "views": views,
        "units": {str(unit): written(unit) for unit in sorted(units, key=str)},
        "unit_of": {s.name: str(_unit(s)) for s in sorted(symbols, key=str)},
    }
    return data, code.text


def _cost(cost: Cost, axes: tuple[sp.Symbol, sp.Symbol | None], marked: set[Any], code: Code) -> dict[str, Any]:
    x, y = axes
    # ``@B@`` in LaTeX for each letter; names stay in their order, as ``!`` stands before every other character
    places = {s: Symbol(f"{s.name}!", _unit(s), "", rf"\cdot @{s.name}@") for s in cost.free_symbols}
    found = [("x", t) for t in ties(cost, x) if _sides(t.bound) not in marked]
    found += [("y", t) for t in ties(cost, y)] if y is not None else []
    return {
        **code.add(cost, parts=bool(cost.parts)),
        "name": cost.name or "cost",
        "unit": str(cost.unit),
        "latex": cost.latex(),
        "placed": cost.map(lambda e: e.xreplace(places)).latex(),
        "rows": [_row(r) for r in rows(cost)],
        "ties": [_bound(t.bound, code) | {"label": t.label, "along": way, "node": t.node, "pair": [t.first, t.second]} for way, t in found],
    }


def _sides(bound: Bound) -> frozenset[sp.Expr]:
    """What a bound compares, either way round."""
    return frozenset((bound.condition.left.expr, bound.condition.right.expr))


def _row(row: Row) -> dict[str, Any]:
    """A part: its name, its path, how its own parts are joined, or its formula."""
    said = {"name": row.name, "path": row.above + row.name, "depth": row.depth, "parent": row.parent}
    said |= {"join": row.cost.join, "children": row.children}
    if not row.children:
        return said | _formula(show.latex(show.readable(row.cost.expr)), row.cost.free_symbols)
    names = [part.name or "a part" for part in row.cost.parts]
    return said | {"joined": f"max({', '.join(names)})" if row.cost.join == "max" else " + ".join(names)}


def _formula(latex: str, symbols: set[sp.Symbol], one: bool = True) -> dict[str, Any]:
    """A formula in letters and in numbers; behind the element ``first`` of the numbers stands what they come to."""
    phrases = broken(numbers(latex, symbols))
    plain, filled = ([m for phrase in found for m in phrase] for found in (broken(mathml(latex)), phrases))
    return {"letters": plain, "numbers": filled, "first": len(phrases[0] if one else filled) - 1}


def _mark(mark: Mark, x: sp.Symbol, code: Code) -> dict[str, Any]:
    if mark.bound.symbol != x:
        raise InputError(f"the mark {short(mark.label)} is a bound of {mark.bound.symbol}, but the axis is {x}; solve it for {x}")
    return _bound(mark.bound, code) | {"label": mark.label, "shade": mark.shade}


def _bound(bound: Bound, code: Code) -> dict[str, Any]:
    """A bound as a function, with its formula. Raises SolveError for one without a closed form."""
    place, latex = code.add(bound), bound.latex()
    return place | {"latex": latex} | _formula(latex, bound.free_symbols, len(bound.pieces) == 1)


def _range(r: Range) -> dict[str, Any]:
    s = r.symbol
    said = {"name": s.name, "meaning": getattr(s, "meaning", ""), "unit": str(_unit(s)), "letter": mathml(show.latex(s))}
    return said | {"stops": r.stops, "start": r.start, "whole": whole(s)}


def _choice(choice: Choice) -> dict[str, Any]:
    options = []
    for o in choice.options:
        about = {"name": o.name, "title": o.title or o.name, "within": o.within, "family": o.family}
        options.append(about | {"values": _numbers(o.values, o.name), "defaults": _numbers(o.defaults, o.name)})
    return {"key": choice.key, "label": choice.label, "slider": choice.slider, "start": choice.first.name, "options": options}


def _numbers(table: Mapping[sp.Symbol, Any], of: str) -> dict[str, Any]:
    """Each letter as a number, or as the name of the letter that it stands for."""
    for s, v in table.items():
        if not isinstance(v, (int, float, Fraction, sp.Symbol)) and not getattr(v, "is_number", False):
            raise InputError(f"{of} gives {s} as {short(v)}; on a page a sheet gives numbers, or one letter for another")
    return {s.name: v.name if isinstance(v, sp.Symbol) else float(v) for s, v in table.items()}


def _unit(s: sp.Symbol) -> Unit:
    return s.unit if isinstance(s, Symbol) else ONE
