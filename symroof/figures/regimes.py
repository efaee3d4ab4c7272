"""A regime map: which part binds where over two symbols, every region filled and hatched, formulas on the lines between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import atan2, degrees, log
from typing import Any

from symroof.algebra import show
from symroof.algebra.cost import quantity
from symroof.algebra.units import ONE
from symroof.errors import InputError, short
from symroof.figures import ink, labels, points, scales
from symroof.figures.canvas import Look, blank, legend, style
from symroof.figures.words import formula, library, words
from symroof.plane.borders import Boundary, Region
from symroof.plane.polygons import Polygon
from symroof.plane.regions import Regions

_TOUCHES = 2e-2  # of curves, which are traced; lines are exact
_MARGIN = 1e-9


@dataclass(frozen=True)
class _Edge:
    """A piece of a border inside the window: its ends, and the comparison that is an equation on it."""

    start: tuple[float, float]
    end: tuple[float, float]
    boundary: Boundary


def regime_map(regions: Regions, *sheets: Any, look: Look | None = None, **window: Any) -> Any:
    """The regions of ``regimes(cost, over=(B, S))`` at these sheets, in a window ``B=(1, 4096), S=(128, 1e6)``, on log axes.

    On every line stands its formula in letters, as far as the regions were given in letters; one that is longer than its
    line stands below the map, under a letter.

    Raises InputError for what are no regions, or where values are missing.
    """
    if not isinstance(regions, Regions):
        raise InputError(f"{short(regions)} are no regions; give regimes(cost, over=(B, S))")
    look = look or Look()
    at = regions.at(*sheets) if sheets else regions
    x, y = regions.symbols
    polygons = at.polygons(**window)
    (_, *across), (_, *up) = (points.window((s, *window[s.name])) for s in (x, y))
    with style():
        order = list(dict.fromkeys(p.region for p in polygons))
        figure, axes = blank(look, 1.2 * look.rows(len(order)))
        scales.along(axes.xaxis, x, *across)
        scales.along(axes.yaxis, y, *up)
        axes.grid(False)
        shape = library("matplotlib.patches").Polygon
        patches: dict[Region, Any] = {}
        for p in polygons:
            drawn = shape(p.vertices, closed=True, label=words(p.region.name), **ink.fill(order.index(p.region), 0.62))
            patches.setdefault(p.region, axes.add_patch(drawn))
        legend(figure, look, handles=[patches[region] for region in order], handleheight=1.1)
        edges = list(_edges(polygons, (across, up)))
        for e in edges:
            axes.plot(*zip(e.start, e.end, strict=True), color="black", linewidth=1.1, solid_capstyle="round", label="_border")
        longest = _by_formula(edges, regions, sheets)
        below = _formulas(axes, longest)
        if below:
            if look.height is None:
                figure.set_size_inches(figure.get_figwidth(), figure.get_figheight() + 0.24 * len(below))
            axes.set_xlabel(axes.get_xlabel() + "\n" + "\n".join(below))
            _formulas(axes, longest)
    return figure


def _edges(polygons: Sequence[Polygon], window: Any) -> Iterator[_Edge]:
    """The edges of all polygons that are no edges of the window, each with the comparison that holds as an equation on it."""
    for p in polygons:
        ring = [*p.vertices, p.vertices[0]]
        for start, end in pairwise(ring):
            if any(_same(start[i], w) and _same(end[i], w) for i in (0, 1) for w in window[i]):
                continue
            middle = (start[0] * end[0]) ** 0.5, (start[1] * end[1]) ** 0.5
            on = min(p.region.boundaries, key=lambda b: _off(b, middle, ()), default=None)
            if on is not None and _off(on, middle, ()) < _TOUCHES:
                yield _Edge(start, end, on)


def _same(a: float, b: float) -> bool:
    return abs(a - b) <= _MARGIN * abs(b)


def _off(boundary: Boundary, place: tuple[float, float], sheets: Sequence[Any]) -> float:
    """How far the two sides of a comparison are apart at a place, as a logarithm."""
    x, y = boundary.symbols
    ratio = quantity(boundary.above / boundary.below, ONE)
    own = {s.name: v for s, v in ((x, place[0]), (y, place[1])) if s in ratio.free_symbols}
    found = ratio.at(*sheets, **own)
    if hasattr(found, "free_symbols"):
        return float("inf")
    worth = float(found)
    return abs(log(worth)) if worth > 0 else float("inf")


def _by_formula(edges: Sequence[_Edge], regions: Regions, sheets: Sequence[Any]) -> list[tuple[str, _Edge]]:
    """Every formula once, with the longest straight piece (on the log plane) that it stands for."""
    symbolic = list(dict.fromkeys(b for r in regions.regions for b in r.boundaries)) if sheets else []
    found: dict[str, _Edge] = {}
    for e in edges:
        middle = (e.start[0] * e.end[0]) ** 0.5, (e.start[1] * e.end[1]) ** 0.5
        boundary = min(symbolic, key=lambda b: _off(b, middle, sheets), default=e.boundary)
        if _off(boundary, middle, sheets) > _TOUCHES:
            boundary = e.boundary
        text = _equation(boundary)
        if text not in found or _length(e) > _length(found[text]):
            found[text] = e
    return list(found.items())


def _length(e: _Edge) -> float:
    return float(log(e.end[0] / e.start[0]) ** 2 + log(e.end[1] / e.start[1]) ** 2)


def _equation(boundary: Boundary) -> str:
    """A boundary as an equation in mathtext: a line solved for one symbol, a curve as it is compared, its shorter side first."""
    if boundary.line:
        line = boundary.shown
        return formula(f"{show.latex(line.lhs)} = {show.latex(line.rhs)}", f"{show.text(line.lhs)} = {show.text(line.rhs)}")
    sides = sorted((show.readable(boundary.above), show.readable(boundary.below)), key=lambda e: (len(show.text(e)), show.text(e)))
    return formula(" = ".join(map(show.latex, sides)), words(" = ".join(map(show.text, sides)), 90))


def _formulas(axes: Any, longest: Sequence[tuple[str, _Edge]]) -> list[str]:
    """Write each formula along its line, or a letter there; returns the lines of text that explain the letters."""
    for old in [t for t in axes.texts if t.get_gid() == "formula"]:
        old.remove()
    place = labels.Labels(axes)
    below: list[str] = []
    for text, e in longest:
        if not _on(place, text, e, along=True):
            letter = f"({'abcdefghijkl'[len(below) % 12]})"
            _on(place, letter, e, along=False)
            below.append(f"{letter} {text}")
    return below


def _on(place: labels.Labels, text: str, e: _Edge, along: bool) -> bool:
    """A text on its line where it covers no other; ``along`` it, unless it is longer, or upright, wherever that is."""
    axes = place.axes
    a, b = axes.transData.transform([e.start, e.end])
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.2, "alpha": 0.9}
    how = {"ha": "center", "va": "center", "rotation_mode": "anchor", "in_layout": False}
    artist = axes.text(*e.start, text, fontsize=9, bbox=box, gid="formula", zorder=7, **how)
    fits = not along or artist.get_window_extent(place.renderer).width <= 0.92 * float(((b - a) ** 2).sum()) ** 0.5
    if along:
        angle = degrees(atan2(b[1] - a[1], b[0] - a[0]))
        artist.set_rotation(angle - 180 if angle > 90 else angle + 180 if angle <= -89.5 else angle)
    for share in (0.5, 0.6, 0.4, 0.7, 0.3) if fits else ():
        artist.set_position(axes.transData.inverted().transform(a + (b - a) * share))
        box_of = artist.get_window_extent(place.renderer)
        if place.free(box_of) and box_of.x1 < axes.bbox.x1 and box_of.y1 < axes.bbox.y1:
            place.taken.append(box_of)
            return True
    if along:
        artist.remove()
    return False
