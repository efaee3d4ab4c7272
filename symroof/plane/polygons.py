"""The regions of a plane inside a window, as polygons: exact where lines bound them, traced where curves do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log
from typing import Any

from symroof.plane.borders import Region
from symroof.plane.sides import Point, Side, witness

Window = tuple[Point, Point]  # lower left and upper right, in logarithms
Ring = list[Point]


@dataclass(frozen=True)
class Polygon:
    """A region, or a piece of one, inside a window: vertices ``(x, y)`` in SI units, counter-clockwise.

    ``exact`` says that straight lines (in log-log space) bound the region. Where curves do, the vertices lie on them,
    and between two vertices the polygon is about ``accuracy`` off, in x or in y. ``area`` is that in the log-log plane.
    """

    region: Region
    vertices: tuple[Point, ...]
    exact: bool
    area: float
    accuracy: float = 0.0

    def __repr__(self) -> str:
        how = "exact" if self.exact else f"to {100 * self.accuracy:g} %"
        return f"{self.region.name}: {len(self.vertices)} vertices, {how}"


def polygons(regions: Sequence[Region], winner: Callable[[Any, Any], Any], across: Point, up: Point) -> Iterator[Polygon]:
    """Every region between two ends of x and two of y; those of which nothing is inside are left out.

    Raises InputError if curves bound them and contourpy is not installed.
    """
    named = [{log(end): end for end in ends} for ends in (across, up)]  # so that the ends of the window stay what they are
    (u0, u1), (v0, v1) = named
    window = ((u0, v0), (u1, v1))
    straight = [all(side.straight for side in r.sides) for r in regions]
    found: dict[int, list[Ring]] = {i: [_clipped(r.sides, window)] for i, r in enumerate(regions) if straight[i]}
    accuracy = 0.0
    if not all(straight):
        from symroof.plane.tracing import ACCURACY, rings

        accuracy = ACCURACY
        inside = [witness(r.sides, window) for r, plain in zip(regions, straight, strict=True) if not plain]
        borders = {side.border: side for r in regions for side in r.sides}
        for i, ring in rings(list(borders.values()), window, [p for p in inside if not isinstance(p, bool)], winner):
            if not straight[i]:
                found.setdefault(i, []).append(ring)
    for i, region in enumerate(regions):
        for ring in map(_tidied, found.get(i, [])):
            size = abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, (*ring[1:], *ring[:1]), strict=True))) / 2
            if size > 1e-12 * (u1 - u0) * (v1 - v0):
                vertices = tuple((named[0].get(u, exp(u)), named[1].get(v, exp(v))) for u, v in ring)
                yield Polygon(region, vertices, straight[i], size, 0.0 if straight[i] else accuracy)


def _clipped(sides: Sequence[Side], window: Window) -> Ring:
    """The part of a window that lies in all of these half planes; empty if they leave none."""
    (u0, v0), (u1, v1) = window
    ring: Ring = [(u0, v0), (u1, v0), (u1, v1), (u0, v1)]
    for side in sides:
        values = [side.value(*p) for p in ring]
        kept: list[Point] = []
        for (p, f), (q, g) in pairwise([*zip(ring, values, strict=True), (ring[0], values[0])] if ring else []):
            if f >= 0:
                kept.append(p)
            if (f > 0 > g) or (f < 0 < g):
                t = f / (f - g)
                kept.append((p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])))
        ring = kept
    return ring


def _tidied(ring: Ring) -> Ring:
    """A ring without repeated points and points on a straight line between their neighbours."""
    points = [p for i, p in enumerate(ring) if _apart(p, ring[i - 1])] if len(ring) > 1 else []
    kept = [q for p, q, r in zip([*points[-1:], *points[:-1]], points, [*points[1:], *points[:1]], strict=True) if _bends(p, q, r)]
    return kept if len(kept) > 2 else []


def _apart(p: Point, q: Point) -> bool:
    return abs(p[0] - q[0]) > 1e-12 * (1 + abs(p[0])) or abs(p[1] - q[1]) > 1e-12 * (1 + abs(p[1]))


def _bends(p: Point, q: Point, r: Point) -> bool:
    across = (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
    return abs(across) > 1e-13 * (1 + max(map(abs, (*p, *q, *r)))) * (abs(r[0] - p[0]) + abs(r[1] - p[1]) + abs(q[0] - p[0]))
