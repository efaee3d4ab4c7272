"""The regions of a plane inside a window, as polygons: exact where lines bound them, traced where curves do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import exp, log

from symroof.plane.borders import Region
from symroof.plane.clip import ACCURACY, Plane, area, clipped
from symroof.plane.halves import Point
from symroof.plane.inhabited import witness


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


def polygons(regions: tuple[Region, ...], across: Point, up: Point) -> Iterator[Polygon]:
    """Every region between two ends of x and two of y; those of which nothing is inside are left out."""
    named = [{log(end): end for end in ends} for ends in (across, up)]  # so that the ends of the window stay what they are
    (u0, u1), (v0, v1) = named
    plane = _plane(regions, ((u0, v0), (u1, v1)))
    for region in regions:
        straight = all(h.straight for h in region.halves)
        rings = (clipped(region.halves, plane.window),) if straight else plane.rings(region.halves)
        for ring in rings:
            if ring and (size := area(ring)) > 1e-12 * (u1 - u0) * (v1 - v0):
                vertices = tuple((named[0].get(u, exp(u)), named[1].get(v, exp(v))) for u, v in ring)
                yield Polygon(region, vertices, straight, size, 0.0 if straight else ACCURACY)


def _plane(regions: Iterable[Region], window: tuple[Point, Point]) -> Plane:
    """The boundaries of regions in a window; columns go through a point of every region, so that none is missed."""
    curved = [r for r in regions if not all(h.straight for h in r.halves)]
    inside = [witness(r.halves, window) for r in curved]
    sides = tuple({h.key: h for r in regions for h in r.halves}.values()) if curved else ()
    return Plane(sides, window, tuple(point[0] for point in inside if not isinstance(point, bool)))
