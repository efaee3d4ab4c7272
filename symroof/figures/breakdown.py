"""A cost by its parts over one symbol on log axes, the range in which a condition holds shaded from its threshold."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

from symroof.algebra.cost import Cost
from symroof.errors import InputError, short
from symroof.figures import ink, labels, points
from symroof.figures.canvas import Look, blank, legend, style
from symroof.figures.curves import ground
from symroof.figures.words import amount, library, words
from symroof.solver.bound import Bound


def breakdown(cost: Cost, *sheets: Any, along: points.Along, shade: Mapping[str, Bound] | None = None, look: Look | None = None) -> Any:
    """A cost and its smallest parts over the symbol of ``along=(B, 1, 512)``; where ``shade`` holds the ground is grey.

    ``shade={"compute-bound": bound}`` names it; above the axes stands where that is, as formula and number.

    Raises InputError for what is no cost, or for symbols without a value.
    """
    if not isinstance(cost, Cost):
        raise InputError(f"{short(cost)} is no cost; give e.g. decode.step()")
    look = look or Look()
    s, low, high = points.window(along)
    name, bound = _one(shade)
    marks = points.ends(bound, sheets) if bound is not None else ()
    xs = points.samples(low, high, marks)
    parts = _named(cost)
    with style():
        figure, axes = blank(look, 1.5 * (bound is not None))
        ys = [points.values(part, sheets, s, xs) for _, part in parts]
        ground(axes, s, xs, ys, (cost.name, cost))
        drawn = []
        for i, ((called, part), y) in enumerate(zip(parts, ys, strict=True)):
            how = {"color": ink.BLACK, "linestyle": "-", "linewidth": 2.0} if part is cost else ink.line(i)
            axes.plot(xs, y, label=words(called), marker=ink.marker(i) if len(xs) == 1 else "", **how)
            drawn += [(words(called, 28), float(y[-1]), how)] if y[-1] > 0 else []
        if bound is not None:
            legend(figure, look, handles=[_shaded(axes, name, bound, marks)], loc="outside upper left")
        labels.beside_ends(axes, drawn)
    return figure


def _one(shade: Mapping[str, Bound] | None) -> tuple[str, Bound | None]:
    if not shade:
        return "", None
    if not isinstance(shade, Mapping) or len(shade) != 1:
        raise InputError(
            f"{short(shade)} is no ground to shade; give one name and its bound, e.g. {{'compute-bound': decode.critical_batch()}}"
        )
    return next(iter(shade.items()))


def _named(cost: Cost) -> list[tuple[str, Cost]]:
    """The parts and the whole, every name once."""
    found: dict[str, Cost] = {}
    for name, part in points.leaves(cost):
        free = (name or "part") if (name or "part") not in found else next(f"{name} {i}" for i in count(2) if f"{name} {i}" not in found)
        found[free] = part
    return [*found.items(), *([] if len(found) == 1 else [("total", cost)])]


def _shaded(axes: Any, name: str, shade: Bound, marks: tuple[float, ...]) -> Any:
    """The ground where the bound holds, its ends marked; returns its entry of a legend."""
    low, high = axes.get_xlim()
    inside = [x for x in marks if low < x < high]
    if len(marks) == 1:
        span = (max(marks[0], low), high) if points.holds_above(shade) else (low, min(marks[0], high))
    else:
        span = (marks[0], marks[-1]) if marks else (low, high) if shade.kind == "always" else (high, high)
    said = " to ".join(amount(x, shade.unit) for x in inside)
    if len(marks) == 1 and inside:
        said = f"{points.rule(shade, True)} = {said}"
    grey = {"facecolor": ink.SHADE, "edgecolor": "#BBBBBB", "hatch": "...", "linewidth": 0, "zorder": 0}
    if span[0] < span[1]:
        axes.axvspan(*span, **grey)
    for x in inside:
        axes.axvline(x, color="#555555", linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
    where = said or ("everywhere" if span[0] < span[1] else "nowhere")
    return library("matplotlib.patches").Patch(**grey, label=f"{words(name)}: {where}")
