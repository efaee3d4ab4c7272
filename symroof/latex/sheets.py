"""Sheets and what a search found, as tables; by their shape, whatever room they come from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symroof.algebra.quantity import show_quantity
from symroof.algebra.show import escape
from symroof.latex.piece import Fragment
from symroof.latex.quantities import unit
from symroof.latex.tabular import Math, Notes, Raw, breakable, tabular
from symroof.latex.writer import write


def sheet(of: Any) -> Fragment:
    """Symbol, value, meaning of every entry, with numbered sources below the table."""
    notes, values = Notes(), {**of.values, **of.defaults}
    rows = []
    for (symbol, value), (_, shown, meaning, source) in zip(values.items(), of.rows(), strict=True):
        text = Math(write(value)) if getattr(value, "free_symbols", ()) else shown
        rows.append([Math(write(symbol)), text, meaning, notes.mark(source)])
    made = tabular(["", "value", "meaning", ""], rows, ["", "", r"p{0.44\linewidth}", ""])
    return Fragment(notes.below(made.code), made.needs)


def found(of: Any) -> Fragment:
    """The points of a search, the best first: where they are, and what every cost is there."""
    points = of.points
    axes = list(dict.fromkeys(name for point in points for name in point.at))
    names = [v.name or f"cost {i + 1}" for i, v in enumerate(points[0].values)] if points else []
    rows = [[*(_plain(p.at.get(a)) for a in axes), *(show_quantity(float(v), v.unit) for v in p.values)] for p in points]
    return tabular([*axes, *names], rows)


def choices(of: Any) -> Fragment:
    """The best configuration of every slice that can; below the table why the others cannot."""
    able, notes = [r for r in of.rows if r.found], [r for r in of.rows if not r.found]
    names = list(dict.fromkeys(name for row in able for name in row.values))
    columns = [[show_quantity(float(r.values[name]), r.values[name].unit) for r in able] for name in names]
    shared = [_common(column) for column in columns]
    head = ["chip", "slice", "option", "mesh", "batch", *(_over(n, u) for n, u in zip(names, shared, strict=True)), "stopped by"]
    worth = [[cell.removesuffix(u) if u else cell for cell in column] for column, u in zip(columns, shared, strict=True)]
    rows = [
        [r.chip, r.slice.name, r.option, r.ways, str(r.batch or ""), *(column[i] for column in worth), r.stopped_by]
        for i, r in enumerate(able)
    ]
    same = {i for i in (0, 2) if len({row[i] for row in rows}) == 1}
    kept = [i for i in range(len(head)) if i not in same]
    wide = ["p{0.12\\linewidth}" if head[i] == "stopped by" else "" for i in kept]
    made = tabular([head[i] for i in kept], [[row[i] for i in kept] for row in rows], wide)
    below = r" \\ ".join(breakable(f"{r.chip} {r.slice.name}, {r.option}: none; {r.stopped_by}") for r in notes)
    small = rf"{{\footnotesize\setlength{{\tabcolsep}}{{2.2pt}}{made.code}\par}}"
    return Fragment(small + (rf"\par{{\footnotesize\raggedright {below}\par}}" if below else ""), made.needs)


def _common(cells: Sequence[str]) -> str:
    """The unit that stands behind every number, if it is the same."""
    units = {re.sub(r"^[-+]?\$?[\d.,]+(?:e-?\d+)?", "", cell) for cell in cells}
    return units.pop() if len(units) == 1 else ""


def _over(name: str, of: str) -> Any:
    """A head of two lines: the name, and the unit of all that stands below."""
    return Raw(rf"\shortstack{{{escape(name)}\\ $\scriptstyle {unit(of.strip())}$}}") if of.strip() else name


def _plain(label: Any) -> str:
    return f"{label:g}" if isinstance(label, float) else str(label)
