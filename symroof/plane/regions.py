"""``regimes(cost, along=B)`` and ``regimes(cost, over=(B, S))``: what binds where, along one symbol or in the plane of two.

Regions are bounded by lines and curves in log-log space; as polygons they are exact where lines bound them, traced where curves do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import bind
from symroof.algebra.cost import Cost
from symroof.analysis.regimes import along_one, known_symbol, putting, relations
from symroof.analysis.walk import facts_of
from symroof.errors import InputError, SolveError, UnknownName, nearest, short
from symroof.plane.borders import Boundary, Corner, Region
from symroof.plane.sides import Point, Side, witness
from symroof.solver.extremes import ways, won

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
    points = (
        [p for i, p in enumerate(ring) if any(abs(a - b) > 1e-12 * (1 + abs(a)) for a, b in zip(p, ring[i - 1], strict=True))]
        if len(ring) > 1
        else []
    )
    kept = [q for p, q, r in zip([*points[-1:], *points[:-1]], points, [*points[1:], *points[:1]], strict=True) if _bends(p, q, r)]
    return kept if len(kept) > 2 else []


def _bends(p: Point, q: Point, r: Point) -> bool:
    across = (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
    return abs(across) > 1e-13 * (1 + max(map(abs, (*p, *q, *r)))) * (abs(r[0] - p[0]) + abs(r[1] - p[1]) + abs(q[0] - p[0]))


_MOST = 128
_EVERYWHERE = ((log(1e-15), log(1e-15)), (log(1e25), log(1e25)))


@dataclass(frozen=True, repr=False)
class Regions(show.Shown):
    """The regions of a cost over two symbols; ``never`` names the parts that bind nowhere.

    >>> from symroof import regimes, sharding
    >>> from symroof.symbols import B, Y
    >>> found = regimes(sharding.sharded_matmul(), over=(B, Y)); found
    regimes of sharded matmul over B, Y
      Y >= F*W_ici*n_axes*p_w/(B*W_hbm*p_a) and Y >= 2*F*W_ici*n_axes/(C*p_a)   ici    B*D*p_a/(W_ici*n_axes)
      Y <= F*W_ici*n_axes*p_w/(B*W_hbm*p_a) and B <= C*p_w/(2*W_hbm)            hbm    D*F*p_w/(W_hbm*Y)
      Y <= 2*F*W_ici*n_axes/(C*p_a) and B >= C*p_w/(2*W_hbm)                    math   2*B*D*F/(C*Y)
    >>> found.corners
    ((C*p_w/(2*W_hbm), 2*F*W_ici*n_axes/(C*p_a)),)

    Where the ways the maxima can fall are too many, ``reason`` says so and ``.at(...)`` with all other values still answers.
    """

    cost: Cost
    symbols: tuple[sp.Symbol, sp.Symbol]
    regions: tuple[Region, ...]
    given: tuple[sp.Rel, ...] = ()
    dominance: bool = True
    never: tuple[str, ...] = ()
    reason: str = ""

    def __iter__(self) -> Iterator[Region]:
        return iter(self.regions)

    def __len__(self) -> int:
        return len(self.regions)

    @property
    def corners(self) -> tuple[Corner, ...]:
        """Where lines meet, over all regions."""
        return tuple(dict.fromkeys(c for r in self.regions for c in r.corners))

    def at(self, *sheets: Any, **values: Any) -> Any:
        """The regions at these values, symbols left staying symbols; with values for both symbols too, the region there."""
        asked = {s.name: values.pop(s.name) for s in self.symbols if s.name in values}
        if len(asked) == 1:
            (fixed,) = asked
            free = next(s for s in self.symbols if s.name != fixed)
            raise InputError(
                f"{fixed} is one of the two symbols of the plane; for one {fixed} ask regimes(cost, along={free}).at({fixed}=...)"
            )
        put = putting(self.cost.free_symbols, self.cost.of, self.symbols, "regions are", sheets, values)
        found = _found(self.cost.map(put), self.symbols, tuple(map(put, self.given)), self.dominance)
        return found.which(**asked) if asked else found

    def which(self, **values: Any) -> Any:
        """The region at a place, ``which(B=64, S=8192)``; for arrays, which broadcast, an array of the names of regions."""
        import numpy as np

        self._ready()
        if set(values) != {s.name for s in self.symbols}:
            raise self._unknown(values, "a value", "which({0}=64, {1}=8192)")
        points = bind(set(self.symbols), (), values).numbers
        u, v = (log(points[s]) if not hasattr(points[s], "shape") else np.log(points[s]) for s in self.symbols)
        won = self._winner(u, v)
        return np.array([r.name for r in self.regions])[won] if np.ndim(won) else self.regions[int(won)]

    def _winner(self, u: Any, v: Any) -> Any:
        """The number of the region at places given by their logarithms: the one whose boundaries hold by most."""
        import numpy as np

        u, v = np.broadcast_arrays(u, v)
        return np.argmax([np.min([s.value(u, v) for s in r.sides], axis=0) if r.sides else np.zeros(u.shape) for r in self.regions], axis=0)

    def polygons(self, **window: Any) -> tuple[Polygon, ...]:
        """The regions inside a window, ``polygons(B=(1, 4096), S=(128, 1e6))``, as polygons; a region in pieces has several."""
        self._ready()
        if set(window) != {s.name for s in self.symbols}:
            raise self._unknown(window, "a pair of ends", "polygons({0}=(1, 4096), {1}=(128, 1e6))")
        ends = [_ends(s, window[s.name]) for s in self.symbols]
        return tuple(polygons(self.regions, self._winner, *ends))

    def _ready(self) -> None:
        if self.reason:
            raise SolveError(f"{self.reason}; give the other values to .at(...)")
        free = {s for r in self.regions for b in r.boundaries for s in b.free_symbols}
        missing = sorted(s.name for s in free - set(self.symbols))
        if missing:
            raise SolveError(f"where the regions lie depends on {', '.join(missing)}; give values to .at(...) first")

    def _unknown(self, got: Any, what: str, example: str) -> Exception:
        names = [s.name for s in self.symbols]
        odd = next((name for name in got if name not in names), None)
        if odd is not None:
            return UnknownName(f"{short(odd)} is neither of the two symbols of the plane; {nearest(odd, names)}")
        return InputError(f"give {what} for each of {' and '.join(names)}, e.g. {example.format(*names)}")


def over_two(cost: Cost, over: Any, given: Sequence[Any], dominance: bool) -> Regions:
    """``regimes(cost, over=(x, y))`` after the cost is known to be one. Raises InputError unless x and y are two symbols of it."""
    if not isinstance(over, (tuple, list)) or len(over) != 2:
        raise InputError(f"{short(over)} is no pair of symbols; give e.g. over=(B, S) with B and S from symroof.symbols")
    x, y = (known_symbol(cost, s) for s in over)
    if x == y:
        raise InputError(f"{x} is given twice; a plane needs two different symbols, and for one there is regimes(cost, along={x})")
    return _found(cost, (x, y), tuple(relations(given)), dominance)


def _found(cost: Cost, symbols: tuple[sp.Symbol, sp.Symbol], given: tuple[sp.Rel, ...], dominance: bool) -> Regions:
    facts = facts_of(given)
    try:
        fallen = ways(cost, facts, symbols if dominance else (), _MOST)
    except SolveError as problem:
        if cost.free_symbols <= set(symbols):
            raise
        return Regions(cost, symbols, (), given, dominance, reason=str(problem))
    regions: dict[Region, set[tuple[str, str]]] = {}
    every: set[tuple[str, str]] = set()
    for way in fallen:
        dominant = next((e.called(i) for e, i in way.made.items() if e.heaviest), "")
        winners = won(cost, way.made)
        boundaries = tuple(Boundary(*compared, symbols) for compared in way.when)
        regions[Region(symbols, winners, dominant, way.cost, boundaries, given)] = set(winners)
        maxima = [e for e in way.made if not e.heaviest]
        every |= {("" if e.expr == cost.expr else e.name, e.called(i)) for e in maxima for i in range(len(e.parts))}
    kept = _somewhere(list(regions))
    never = {": ".join(filter(None, pair)) for pair in every.difference(*(regions[r] for r in kept))}
    return Regions(cost, symbols, tuple(kept), given, dominance, tuple(sorted(never)))


def _somewhere(regions: list[Region]) -> list[Region]:
    """The regions less those bounded by curves of which it is proven that numbers leave nothing between 1e-15 and 1e25."""
    free = {s for r in regions for b in r.boundaries for s in b.free_symbols}
    if not regions or not free <= set(regions[0].symbols):
        return regions
    return [r for r in regions if all(b.line for b in r.boundaries) or witness(r.sides, _EVERYWHERE) is not False]


def _ends(s: sp.Symbol, ends: Any) -> tuple[float, float]:
    """The logarithms of the two ends of a window."""
    if not isinstance(ends, (tuple, list)) or len(ends) != 2:
        raise InputError(f"{short(ends)} is no pair of ends; give e.g. {s}=(1, 4096)")
    low, high = (bind({s}, (), {s.name: end}).numbers[s] for end in ends)
    if hasattr(low, "shape") or hasattr(high, "shape") or not low < high:
        raise InputError(f"{short(ends)} is no window for {s}; give the lower end first, e.g. {s}=(1, 4096)")
    return float(low), float(high)


def regimes(cost: Any, along: Any = None, over: Any = None, given: Sequence[Any] = (), dominance: bool = True) -> Any:
    """What binds where: along one symbol (breakpoints), or over two (polygons in log-log space).

    ``given`` are conditions that are known to hold; ``dominance=False`` leaves out which summand weighs most.

    >>> from symroof import decode
    >>> from symroof.symbols import B
    >>> regimes(decode.step()["MLP"], along=B)
    regimes of MLP along B
      B <= C*p_w/(2*W_hbm)   weights   P*p_w/(W_hbm*n)
      B >= C*p_w/(2*W_hbm)   math      2*B*P/(C*n)

    Raises InputError for what is no cost or no symbol of it, SolveError for conditions that contradict each other.
    """
    if not isinstance(cost, Cost):
        raise InputError(f"{short(cost)} is no cost; give e.g. decode.step()")
    if (along is None) == (over is None):
        raise InputError("say along which symbol, e.g. along=B, or over which two, e.g. over=(B, S)")
    cost = cost.expand(*(over if isinstance(over, (tuple, list)) else (along,)))
    if along is not None:
        return along_one(cost, known_symbol(cost, along), tuple(relations(given)), dominance)
    return over_two(cost, over, given, dominance)
