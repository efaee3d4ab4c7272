"""A regime map: which part binds where over two symbols, every region filled and hatched, formulas on the lines between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import atan2, degrees, hypot, inf, isclose, log, sqrt
from typing import Any

from symroof.algebra import show
from symroof.algebra.cost import quantity
from symroof.algebra.units import ONE
from symroof.errors import InputError, short
from symroof.figures import canvas, labels, points
from symroof.figures.canvas import PLAIN, Look
from symroof.figures.words import along, formula, library, words
from symroof.plane.borders import Boundary, Region
from symroof.plane.regions import Polygon, Regions

_TOUCHES = 2e-2  # of curves, which are traced; lines are exact


@dataclass(frozen=True)
class _Edge:
    """A piece of a border inside the window: its ends, and the comparison that is an equation on it."""

    start: tuple[float, float]
    end: tuple[float, float]
    boundary: Boundary

    @property
    def length(self) -> float:
        """How long it is on the log plane."""
        return hypot(log(self.end[0] / self.start[0]), log(self.end[1] / self.start[1]))


def regime_map(regions: Regions, *sheets: Any, look: Look = PLAIN, **window: Any) -> Any:
    """The regions of ``regimes(cost, over=(B, S))`` at these sheets, in a window ``B=(1, 4096), S=(128, 1e6)``, on log axes.

    On every line stands its formula in letters, as far as the regions were given in letters; one that is longer than its
    line stands below the map, under a letter.

    Raises InputError for what are no regions, or where values are missing.
    """
    if not isinstance(regions, Regions):
        raise InputError(f"{short(regions)} are no regions; give regimes(cost, over=(B, S))")
    polygons = (regions.at(*sheets) if sheets else regions).polygons(**window)
    ends = [points.window((s, *window[s.name]))[1:] for s in regions.symbols]
    order = list(dict.fromkeys(p.region for p in polygons))
    with canvas.drawing(look, 1.2 * look.rows(len(order))) as (figure, axes):
        for axis, s, (low, high) in zip((axes.xaxis, axes.yaxis), regions.symbols, ends, strict=True):
            along(axis, s, low, high)
        axes.grid(False)
        shape = library("matplotlib.patches").Polygon
        patches: dict[Region, Any] = {}
        for p in polygons:
            drawn = shape(p.vertices, closed=True, label=words(p.region.name), **canvas.fill(order.index(p.region), 0.62))
            patches.setdefault(p.region, axes.add_patch(drawn))
        canvas.legend(figure, look, handles=[patches[region] for region in order], handleheight=1.1)
        edges = list(_edges(polygons, ends))
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
        for start, end in pairwise([*p.vertices, p.vertices[0]]):
            if any(isclose(start[i], w) and isclose(end[i], w) for i in (0, 1) for w in window[i]):
                continue
            on, off = _closest(p.region.boundaries, start, end, ())
            if on is not None and off < _TOUCHES:
                yield _Edge(start, end, on)


def _closest(boundaries: Sequence[Boundary], start: Any, end: Any, sheets: Sequence[Any]) -> tuple[Boundary | None, float]:
    """The comparison whose sides are closest between two places, and how far they are apart there, as a logarithm."""
    middle = [sqrt(a * b) for a, b in zip(start, end, strict=True)]

    def off(boundary: Boundary) -> float:
        ratio = quantity(boundary.above / boundary.below, ONE)
        found = ratio.at(*sheets, **{s.name: v for s, v in zip(boundary.symbols, middle, strict=True) if s in ratio.free_symbols})
        return inf if hasattr(found, "free_symbols") or float(found) <= 0 else abs(log(float(found)))

    return min(((b, off(b)) for b in boundaries), key=lambda pair: pair[1], default=(None, inf))


def _by_formula(edges: Sequence[_Edge], regions: Regions, sheets: Sequence[Any]) -> list[tuple[str, _Edge]]:
    """Every formula once, with the longest straight piece (on the log plane) that it stands for."""
    symbolic = list(dict.fromkeys(b for r in regions.regions for b in r.boundaries)) if sheets else []
    found: dict[str, _Edge] = {}
    for e in edges:
        boundary, off = _closest(symbolic, e.start, e.end, sheets)
        text = _equation(boundary if boundary is not None and off <= _TOUCHES else e.boundary)
        if text not in found or e.length > found[text].length:
            found[text] = e
    return list(found.items())


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
    fits = not along or artist.get_window_extent(place.renderer).width <= 0.92 * hypot(*(b - a))
    if along:
        angle = degrees(atan2(b[1] - a[1], b[0] - a[0]))
        artist.set_rotation((angle + 89.5) % 180 - 89.5)  # never head over, and what is upright reads upwards
    for share in (0.5, 0.6, 0.4, 0.7, 0.3) if fits else ():
        artist.set_position(axes.transData.inverted().transform(a + (b - a) * share))
        box_of = artist.get_window_extent(place.renderer)
        if place.free(box_of) and box_of.x1 < axes.bbox.x1 and box_of.y1 < axes.bbox.y1:
            place.taken.append(box_of)
            return True
    if along:
        artist.remove()
    return False
