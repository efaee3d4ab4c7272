"""The borders of regions in a window as branches that run from left to right, and the rings that they make.

contourpy finds where each curve runs; a root step then puts every vertex on its curve. Between two columns no branch begins,
ends or meets another, so the cells of a strip are trapezoids: they cover the window once, and each is the region's that wins
in its middle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import isfinite
from typing import Any

import numpy as np

from symroof.errors import InputError
from symroof.plane.sides import Point, Side

ACCURACY = 1e-3
_GRID = 161  # lines of the grid on which curves are looked for, each way
_COLUMNS = 32
_DEPTH = 14
_NEAR = 1e-9
Window = tuple[Point, Point]  # lower left and upper right
Ring = list[Point]


@dataclass(frozen=True, eq=False)
class Branch:
    """A piece of a border (None: an edge of the window) over which v is a function of u, as the points of a rough polyline."""

    side: Side | None
    us: Any
    vs: Any

    def at(self, u: Any) -> Any:
        """Its v in the columns u; NaN beyond its ends."""
        reach = 1e-12 * (1 + abs(self.us[[0, -1]]))
        v = np.where((u >= self.us[0] - reach[0]) & (u <= self.us[-1] + reach[1]), np.interp(u, self.us, self.vs), np.nan)
        inside = np.isfinite(v)
        if self.side is not None and inside.any():
            v[inside] = _settled(self.side.value, u[inside], v[inside])
        return v


def rings(sides: Sequence[Side], window: Window, points: Iterable[Point], winner: Callable[[Any, Any], Any]) -> Iterator[tuple[int, Ring]]:
    """The rings in which one region wins, each with its number; ``winner`` says whose places are.

    The grid is finer around ``points``, so that what is small there is found.
    """
    (u0, v0), (u1, v1) = window
    across, up = (_lines(*ends, [p[i] for p in points]) for i, ends in enumerate(((u0, u1), (v0, v1))))
    edges = [Branch(None, np.array([u0, u1]), np.array([v, v])) for v in (v0, v1)]
    branches = [*edges, *(b for side in sides if not side.upright for b in _branches(side, across, up))]
    uprights = [u for side in sides if side.upright for u in _changes(_upright(side), across)]
    columns = _columns(branches, [*uprights, *(u for b in branches for u in b.us[[0, -1]])], window)
    yield from _joined(_cells(branches, columns, window, winner))


def _lines(low: float, high: float, places: Iterable[float]) -> Any:
    """The lines of the grid: a little beyond the window, and closer and closer around places."""
    wide = (high - low) / (_GRID - 1)
    near = [p + s * wide * 0.5**k for p in places for k in range(10) for s in (-1, 0, 1)]
    found = np.unique([*np.linspace(low - wide, high + wide, _GRID), *near])
    return found[np.diff(found, prepend=-np.inf) > 1e-9 * wide]


# -- branches
def _branches(side: Side, across: Any, up: Any) -> Iterator[Branch]:
    """A curve cut where it turns back, so that each piece goes from left to right; a line as it is."""
    if side.straight:
        ends = across[[0, -1]]
        start, rise = side.value(ends, 0.0 * ends), side.value(ends, 0.0 * ends + 1)
        yield Branch(side, ends, start / (start - rise))
        return
    for rough in _contours(across, up, side.value(across[None, :], up[:, None])):
        line = _onto(side, rough)
        if (line[0] == line[-1]).all():  # a loop begins where it is leftmost
            first = int(np.argmin(line[:-1, 0]))
            line = np.concatenate([line[first:-1], line[: first + 1]])
        ways = np.sign(np.diff(line[:, 0]))
        cuts = [0, *(np.flatnonzero(ways[1:] != ways[:-1]) + 1), len(line) - 1]
        turned = {k: _turn(side, line, k) for k in cuts}
        for a, b in pairwise(cuts):
            piece = np.array([turned[a], *line[a + 1 : b], turned[b]])
            piece = piece if piece[0, 0] < piece[-1, 0] else piece[::-1]
            piece = piece[np.diff(np.maximum.accumulate(piece[:, 0]), prepend=-np.inf) > 0]
            if len(piece) > 1:
                yield Branch(side, piece[:, 0], piece[:, 1])


def _contours(across: Any, up: Any, values: Any) -> list[Any]:
    try:
        from contourpy import contour_generator
    except ImportError:
        raise InputError("curves are traced by contourpy, which is not installed; run: pip install 'symroof[figures]'") from None
    return list(contour_generator(across, up, values).lines(0.0))


def _onto(side: Side, line: Any) -> Any:
    """The vertices of a polyline put on their curve, each along the axis on which the curve is less steep."""
    u, v = line.T
    upward = abs(side.value(u, v + 1e-6) - side.value(u, v - 1e-6)) >= abs(side.value(u + 1e-6, v) - side.value(u - 1e-6, v))
    moved = line.copy()
    moved[upward, 1] = _settled(side.value, u[upward], v[upward])
    moved[~upward, 0] = _settled(lambda v, u: side.value(u, v), v[~upward], u[~upward])
    return moved


def _turn(side: Side, line: Any, k: int) -> Any:
    """The vertex of a polyline, on its curve and where it turns back exactly where the curve does."""
    loop = (line[0] == line[-1]).all()
    before, after = (line[k - 1], line[k + 1]) if 0 < k < len(line) - 1 else (line[-2], line[1])
    if not loop and k in (0, len(line) - 1):
        return line[k]

    def u(v: Any) -> Any:
        return _settled(lambda v, u: side.value(u, v), v, line[k : k + 1, 0])

    def steep(v: Any) -> Any:
        return side.value(u(v), v + 1e-6) - side.value(u(v), v - 1e-6)

    low, high = before[1:], after[1:]
    if (steep(low) > 0) == (steep(high) > 0):
        return line[k]
    v = _between(steep, low, high)
    return np.array([u(v)[0], v[0]])


def _settled(f: Callable[[Any, Any], Any], u: Any, v: Any) -> Any:
    """The root of ``f(u, .)`` near v, for arrays: Newton's steps, and where they do not arrive a bisection downhill."""
    start, h = v, 1e-6
    for _ in range(8):
        now = f(u, v)
        if not (abs(now) > 1e-14).any():
            break
        with np.errstate(all="ignore"):
            step = 2 * h * now / (f(u, v + h) - f(u, v - h))
        v = np.where(np.isfinite(step) & (abs(now) > 1e-14), v - np.clip(step, -0.3, 0.3), v)
    lost = (abs(f(u, v)) > 1e-12) | (abs(v - start) > 0.5)
    if lost.any():
        v[lost] = _bisected(lambda w: f(u[lost], w), start[lost])
    return v


def _bisected(f: Callable[[Any], Any], start: Any) -> Any:
    """The nearest root downhill of each start; a start again where there is none nearby."""
    here = f(start)
    downhill = -np.sign(here) * np.where(f(start + 1e-6) >= f(start - 1e-6), 1, -1)
    end = start + downhill * 1e-9
    for _ in range(30):
        end = np.where(np.sign(f(end)) == np.sign(here), start + 2 * (end - start), end)
    found = (np.sign(f(end)) != np.sign(here)) & (abs(end - start) < 2)
    return np.where(found, _between(f, start, end), start)


def _between(f: Callable[[Any], Any], low: Any, high: Any) -> Any:
    """Where f changes its sign between low and high, to the last bits, for arrays."""
    first = f(low) > 0
    for _ in range(64):
        middle = (low + high) / 2
        same = (f(middle) > 0) == first
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return (low + high) / 2


# -- columns
def _columns(branches: Sequence[Branch], places: Iterable[float], window: Window) -> Any:
    """Columns through all ends, turns and meetings of branches, and as many more as chords need to lie on their curves."""
    (u0, v0), (u1, v1) = window
    columns = _within([*places, *np.linspace(u0, u1, _COLUMNS + 1)], u0, u1)
    heights = [b.at(columns) for b in branches]
    met = []
    for (a, mine), (b, other) in combinations(zip(branches, heights, strict=True), 2):
        met += _changes(_apart(a, b), columns, mine - other)
    columns = _within([*columns, *met], u0, u1)
    curves = [b for b in branches if b.side is not None and not b.side.straight]
    for _ in range(_DEPTH):
        middles = (columns[1:] + columns[:-1]) / 2
        bent = np.zeros(len(middles), dtype=bool)
        for b in curves:
            ends, middle = b.at(columns), b.at(middles)
            left, right = ends[:-1], ends[1:]
            seen = (np.maximum(left, right) > v0) & (np.minimum(left, right) < v1)
            steep = np.maximum(1.0, abs(right - left) / np.diff(columns))
            bent |= seen & (abs(middle - (left + right) / 2) > ACCURACY / 2 * steep)
        if not bent.any():
            break
        columns = _within([*columns, *middles[bent]], u0, u1)
    return columns


def _upright(side: Side) -> Callable[[Any], Any]:
    return lambda u: side.value(u, 0.0 * u)


def _apart(one: Branch, other: Branch) -> Callable[[Any], Any]:
    return lambda u: one.at(u) - other.at(u)


def _changes(f: Callable[[Any], Any], places: Any, values: Any = None) -> list[float]:
    """Where a function changes its sign between two places that stand next to each other."""
    values = f(places) if values is None else values
    turns = np.flatnonzero(((values[:-1] > 0) != (values[1:] > 0)) & np.isfinite(values[:-1]) & np.isfinite(values[1:]))
    return list(_between(f, places[turns], places[turns + 1])) if len(turns) else []


def _within(places: Iterable[float], low: float, high: float) -> Any:
    """Places between two ends, in order, each once."""
    found = [low]
    for place in sorted(places):
        if found[-1] + 1e-12 * (1 + abs(place)) < place < high - 1e-12 * (1 + abs(high)):
            found.append(place)
    return np.array([*found, high])


# -- cells
@dataclass(frozen=True)
class _Cell:
    """What one region has between two columns: its lower and its upper end at both of them."""

    region: int
    columns: Point
    low: Point
    high: Point


def _cells(branches: Sequence[Branch], columns: Any, window: Window, winner: Callable[[Any, Any], Any]) -> Iterator[list[_Cell]]:
    """The cells between every two columns, from the bottom up; neighbours of the same region are one."""
    (_, v0), (_, v1) = window
    middles = (columns[1:] + columns[:-1]) / 2
    ends = np.array([b.at(columns) for b in branches])
    order = np.array([b.at(middles) for b in branches])
    order[(order < v0) | (order > v1)] = np.nan
    for i, middle in enumerate(middles):
        present = [k for k in np.argsort(order[:, i]) if isfinite(order[k, i]) and np.isfinite(ends[k, i : i + 2]).all()]
        heights = order[present, i]
        whose = winner(np.full(len(present) - 1, middle), (heights[1:] + heights[:-1]) / 2)
        row: list[_Cell] = []
        for (below, above), region in zip(pairwise(present), whose, strict=True):
            low, high = (tuple(np.clip(ends[k, i : i + 2], v0, v1).tolist()) for k in (below, above))
            if row and row[-1].region == region:
                low = row.pop().low
            row.append(_Cell(int(region), (columns[i], columns[i + 1]), low, high))
        yield row


def _joined(rows: Iterable[list[_Cell]]) -> Iterator[tuple[int, Ring]]:
    """Cells that go on in the next strip, as rings."""
    growing: list[list[_Cell]] = []
    for row in rows:
        going = []
        for cell in row:
            before = next((strip for strip in growing if _continues(strip[-1], cell)), None)
            if before is not None:
                growing.remove(before)
            going.append([*(before or []), cell])
        yield from map(_ring, growing)
        growing = going
    yield from map(_ring, growing)


def _continues(before: _Cell, cell: _Cell) -> bool:
    (low, high), (mine, top) = (before.low[1], before.high[1]), (cell.low[0], cell.high[0])
    near = _NEAR * (1 + abs(low) + abs(high))
    return before.region == cell.region and abs(low - mine) <= near and abs(high - top) <= near and high - low > near


def _ring(strip: list[_Cell]) -> tuple[int, Ring]:
    low = [(strip[0].columns[0], strip[0].low[0]), *((c.columns[1], c.low[1]) for c in strip)]
    high = [(strip[0].columns[0], strip[0].high[0]), *((c.columns[1], c.high[1]) for c in strip)]
    return strip[0].region, [*low, *high[::-1]]
