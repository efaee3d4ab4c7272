"""Polygons of the log-log plane: half planes clipped exactly, and curves traced between columns at which everything is exact.

Points are pairs of logarithms. A traced boundary lies on its curve at every vertex, and no more than about ACCURACY off it
(relative, in x or in y) between two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, pairwise
from typing import Any

from symroof.plane.expsum import crossing
from symroof.plane.halves import Half, Point, Sampled

ACCURACY = 1e-3
_COLUMNS = 32
_DEPTH = 14
_NEAR = 1e-9
Side = Half | Sampled
Window = tuple[Point, Point]  # lower left and upper right
Ring = tuple[Point, ...]


def area(ring: Ring) -> float:
    """The area inside a ring of points."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, (*ring[1:], *ring[:1]), strict=True))) / 2


def clipped(halves: Iterable[Side], window: Window) -> Ring:
    """The part of a window that lies in all of these half planes; empty if they leave none."""
    (u0, v0), (u1, v1) = window
    ring = [(u0, v0), (u1, v0), (u1, v1), (u0, v1)]
    for h in halves:
        values = [h.value(*p) for p in ring]
        kept: list[Point] = []
        for (p, f), (q, g) in pairwise([*zip(ring, values, strict=True), (ring[0], values[0])] if ring else []):
            if f >= 0:
                kept.append(p)
            if (f > 0 > g) or (f < 0 < g):
                t = f / (f - g)
                kept.append((p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])))
        ring = kept
    return tidied(ring)


def tidied(ring: Sequence[Point]) -> Ring:
    """A ring without repeated points and points on a straight line between their neighbours."""
    points = [p for i, p in enumerate(ring) if _apart(p, ring[i - 1])] if len(ring) > 1 else []
    kept = [q for p, q, r in zip([*points[-1:], *points[:-1]], points, [*points[1:], *points[:1]], strict=True) if _bends(p, q, r)]
    return tuple(kept) if len(kept) > 2 else ()


def _apart(p: Point, q: Point) -> bool:
    return abs(p[0] - q[0]) > 1e-12 * (1 + abs(p[0])) or abs(p[1] - q[1]) > 1e-12 * (1 + abs(p[1]))


def _bends(p: Point, q: Point, r: Point) -> bool:
    across = (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
    return abs(across) > 1e-13 * (1 + max(map(abs, (*p, *q, *r)))) * (abs(r[0] - p[0]) + abs(r[1] - p[1]) + abs(q[0] - p[0]))


@dataclass(frozen=True, eq=False)
class Plane:
    """A window, the boundaries that cross it, and columns between which none of them meet, turn or leave."""

    sides: tuple[Side, ...]
    window: Window
    through: tuple[float, ...] = ()
    known: dict[Any, tuple[float, ...]] = field(default_factory=dict)

    def roots(self, side: Side, u: float) -> tuple[float, ...]:
        """Where a column meets a boundary, in order."""
        key = (side.key, u)
        if key not in self.known:
            self.known[key] = () if side.upright else tuple(side.crossings((u, 0.0), (0.0, 1.0)))
        return self.known[key]

    @cached_property
    def columns(self) -> tuple[float, ...]:
        """The columns, from left to right."""
        (u0, v0), (u1, v1) = self.window
        found = [*self.through, *(u0 + (u1 - u0) * i / _COLUMNS for i in range(_COLUMNS + 1))]
        for side in self.sides:
            found += [t for v in (v0, v1) for t in side.crossings((0.0, v), (1.0, 0.0))]
        for a, b in combinations(self.sides, 2):
            found += self._straight_meetings(a, b)
        places = _within(found, u0, u1)
        places = _within([*places, *(u for side in self.sides for u in self._turns(side, places))], u0, u1)
        bent = [s for s in self.sides if not s.straight and not s.upright]
        places = _within([*places, *(u for a, b in combinations(bent, 2) for u in self._meetings(a, b, places))], u0, u1)
        return tuple(_within([*places, *(u for side in bent for pair in pairwise(places) for u in self._refined(side, *pair, 0))], u0, u1))

    def _straight_meetings(self, a: Side, b: Side) -> list[float]:
        """Where two boundaries meet of which one is straight: a line put into the other."""
        line, other = (a, b) if a.straight else (b, a)
        if not line.straight or line.upright or not isinstance(line, Half):
            return []
        (v,), (w,) = line.crossings((0.0, 0.0), (0.0, 1.0)), line.crossings((1.0, 0.0), (0.0, 1.0))
        return other.crossings((0.0, v), (1.0, w - v))

    def _turns(self, side: Side, places: Sequence[float]) -> Iterator[float]:
        """Where two roots of a boundary become none."""
        for a, b in pairwise(places):
            few, many = sorted((a, b), key=lambda u: len(self.roots(side, u)))
            if (goal := len(self.roots(side, many))) > len(self.roots(side, few)):
                while abs(many - few) > 1e-13 * (1 + abs(many)):
                    middle = (few + many) / 2
                    if middle in (few, many):
                        break
                    few, many = (few, middle) if len(self.roots(side, middle)) == goal else (middle, many)
                yield many

    def _meetings(self, a: Side, b: Side, places: Sequence[float]) -> Iterator[float]:
        """Where two curves meet: their distance changes its sign between two columns."""
        for left, right in pairwise(places):
            ends = [(len(self.roots(a, u)), len(self.roots(b, u))) for u in (left, right)]
            if ends[0] != ends[1]:
                continue
            for i in range(ends[0][0]):
                for j in range(ends[0][1]):

                    def apart(u: float, i: int = i, j: int = j) -> float:
                        mine, other = self.roots(a, u), self.roots(b, u)
                        return mine[min(i, len(mine) - 1)] - other[min(j, len(other) - 1)] if mine and other else 0.0

                    if (apart(left) > 0) != (apart(right) > 0):
                        yield crossing(apart, left, right)

    def _refined(self, side: Side, left: float, right: float, depth: int) -> Iterator[float]:
        """Columns between two, until chords lie within the accuracy of the curve."""
        middle = (left + right) / 2
        rows = [self.roots(side, u) for u in (left, middle, right)]
        if not any(rows):
            return
        if len({len(row) for row in rows}) == 1 and not any(self._bent(right - left, *ys) for ys in zip(*rows, strict=True)):
            return
        yield middle
        if depth < _DEPTH:
            yield from self._refined(side, left, middle, depth + 1)
            yield from self._refined(side, middle, right, depth + 1)

    def _bent(self, width: float, left: float, middle: float, right: float) -> bool:
        """Whether a curve that the window shows is further from its chord than the accuracy, in x or in y."""
        (_, v0), (_, v1) = self.window
        if max(left, middle, right) < v0 or min(left, middle, right) > v1:
            return False
        return abs(middle - (left + right) / 2) > ACCURACY / 2 * max(1.0, abs(right - left) / width)

    def rings(self, sides: Sequence[Side]) -> tuple[Ring, ...]:
        """What lies on the right side of all these boundaries, as rings."""
        strips: list[_Strip] = []
        done: list[_Strip] = []
        for left, right in pairwise(self.columns):
            going: list[_Strip] = []
            for low, high in self._cells(sides, left, right):
                before = next((s for s in strips if s.continues(low[0], high[0])), None)
                if before is None:
                    going.append(_Strip([(left, low[0]), (right, low[1])], [(left, high[0]), (right, high[1])]))
                else:
                    strips.remove(before)
                    going.append(before.longer((right, low[1]), (right, high[1])))
            done += strips
            strips = going
        return tuple(ring for s in (*done, *strips) if (ring := tidied([*s.low, *s.high[::-1]])))

    def _cells(self, sides: Sequence[Side], left: float, right: float) -> Iterator[tuple[Point, Point]]:
        """Between two columns: the lower and the upper end of every cell at both of them."""
        (_, v0), (_, v1) = self.window
        middle = (left + right) / 2
        cuts = sorted([(v, side) for side in sides for v in self.roots(side, middle) if v0 < v < v1], key=lambda cut: cut[0])
        ends: list[tuple[float, Side | None]] = [(v0, None), *cuts, (v1, None)]
        open_: tuple[float, Side | None] | None = None
        for low, high in pairwise(ends):
            inside = high[0] > low[0] and all(side.value(middle, (low[0] + high[0]) / 2) >= 0 for side in sides)
            open_ = open_ or (low if inside else None)
            if open_ and (not inside or high[1] is None):
                last = high if inside else low
                yield self._ends(open_, left, right), self._ends(last, left, right)
                open_ = None

    def _ends(self, at: tuple[float, Side | None], left: float, right: float) -> Point:
        v, side = at
        return v if side is None else self._nearest(side, left, v), v if side is None else self._nearest(side, right, v)

    def _nearest(self, side: Side, u: float, v: float) -> float:
        """The root of a boundary in a column that belongs to one half a column further."""
        (_, v0), (_, v1) = self.window
        return min(max(min(self.roots(side, u), key=lambda w: abs(w - v), default=v), v0), v1)


@dataclass(frozen=True)
class _Strip:
    low: list[Point]
    high: list[Point]

    def continues(self, low: float, high: float) -> bool:
        near = _NEAR * (1 + abs(low) + abs(high))
        return abs(self.low[-1][1] - low) <= near and abs(self.high[-1][1] - high) <= near and high - low > near

    def longer(self, low: Point, high: Point) -> _Strip:
        return _Strip([*self.low, low], [*self.high, high])


def _within(places: Iterable[float], low: float, high: float) -> list[float]:
    """Places between two ends, in order, each once."""
    found = [low]
    for place in sorted(places):
        if found[-1] + 1e-12 * (1 + abs(place)) < place < high - 1e-12 * (1 + abs(high)):
            found.append(place)
    return [*found, high]
