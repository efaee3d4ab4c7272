"""A comparison in two symbols as numbers: which side of a line or a curve a point of the log-log plane is on, and how far.

Whether anything is on the right side of several at once is found by halving boxes, the most promising first. The logarithm of a
sum of monomials is convex, so it lies above its tangent in the middle of a box, and its excess over a plane is largest at a
corner: that bounds how far above may exceed below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush
from itertools import count
from math import exp, inf, log
from typing import Any

import sympy as sp

from symroof.algebra.evaluate import tape
from symroof.solver.polynomial import expand

_FAR = 700.0  # the logarithm of what is no number
Point = tuple[float, float]
#: ``exp(size) * x**a * y**b`` as (size, a, b).
Monomial = tuple[float, float, float]


@dataclass(frozen=True)
class Side:
    """``above >= below`` over the plane of ``(log x, log y)``: a half plane, or what lies on one side of a curve."""

    above: sp.Expr
    below: sp.Expr
    symbols: tuple[sp.Symbol, sp.Symbol]

    @cached_property
    def monomials(self) -> tuple[tuple[Monomial, ...], tuple[Monomial, ...]] | None:
        """The terms of both sides; None if one is no sum of monomials with positive coefficients."""
        above, below = (_monomials(side, self.symbols) for side in (self.above, self.below))
        return (above, below) if above and below else None

    @property
    def straight(self) -> bool:
        """Whether it is a half plane."""
        return self.monomials is not None and len(self.monomials[0]) == len(self.monomials[1]) == 1

    @cached_property
    def upright(self) -> bool:
        """Whether y plays no part."""
        if self.monomials is None:
            return self.symbols[1] not in self.above.free_symbols | self.below.free_symbols
        return len({b for side in self.monomials for _, _, b in side}) == 1

    @property
    def border(self) -> frozenset[sp.Expr]:
        """Where both are equal, whichever side of it is meant."""
        return frozenset((self.above, self.below))

    def value(self, u: Any, v: Any) -> Any:
        """The logarithm of above over below, of numbers or (elementwise) of arrays."""
        if self.monomials is not None:
            above, below = (level(side, u, v) for side in self.monomials)
            return above - below
        import numpy as np

        put = dict(zip(self.symbols, np.exp(np.broadcast_arrays(np.atleast_1d(u), v)), strict=True))
        with np.errstate(all="ignore"):
            runs = [(t, t.run([put[s] for s in t.inputs], strict=False)) for t in (tape(self.above), tape(self.below))]
            above, below = (np.log(np.asarray(slots[t.slots[0]], dtype=float)) for t, slots in runs)
            found = np.nan_to_num(above - below, nan=-_FAR, posinf=_FAR, neginf=-_FAR)
        return np.broadcast_to(found, put[self.symbols[0]].shape).reshape(np.broadcast_shapes(np.shape(u), np.shape(v)))


def level(terms: tuple[Monomial, ...], u: Any, v: Any) -> Any:
    """The logarithm of a sum of monomials."""
    logs = [size + a * u + b * v for size, a, b in terms]
    if len(logs) == 1:
        return logs[0]
    if hasattr(logs[0], "shape"):
        import numpy as np

        return np.logaddexp.reduce(np.broadcast_arrays(*logs))
    most = max(logs)
    return most + log(sum(exp(x - most) for x in logs))


def _monomials(side: sp.Expr, symbols: tuple[sp.Symbol, sp.Symbol]) -> tuple[Monomial, ...]:
    """The terms of a sum of monomials with positive coefficients; none if it is something else."""
    found: dict[tuple[float, float], list[Monomial]] = {}
    for term in sp.Add.make_args(expand(side)):
        coeff, rest = term.as_independent(*symbols, as_Add=False)
        powers = {s: sp.Integer(0) for s in symbols} | rest.as_powers_dict()
        powers.pop(sp.Integer(1), None)
        if set(powers) - set(symbols) or not all(e.is_Rational for e in powers.values()) or not coeff.is_positive:
            return ()
        size = log(int(coeff.p)) - log(int(coeff.q)) if coeff.is_Rational else log(float(coeff))
        found.setdefault((float(powers[symbols[0]]), float(powers[symbols[1]])), []).append((size, 0.0, 0.0))
    return tuple((float(level(tuple(sizes), 0.0, 0.0)), *ab) for ab, sizes in found.items())


_BUDGET = 3000
Window = tuple[Point, Point]


def witness(sides: Sequence[Side], window: Window) -> Point | bool:
    """A point of the window inside all boundaries; False if it is proven that there is none, True if neither was found."""
    order = count()
    boxes: list[tuple[float, int, Window]] = [(-_most(sides, window), next(order), window)]
    for _ in range(_BUDGET):
        bound, _, ((u0, v0), (u1, v1)) = heappop(boxes)
        if bound >= 0:
            return False
        u, v = (u0 + u1) / 2, (v0 + v1) / 2
        if all(side.value(u, v) > 0 for side in sides):
            return u, v
        wide = u1 - u0 > v1 - v0
        for box in (((u0, v0), (u, v1)), ((u, v0), (u1, v1))) if wide else (((u0, v0), (u1, v)), ((u0, v), (u1, v1))):
            heappush(boxes, (-_most(sides, box), next(order), box))
    return True


def _most(sides: Sequence[Side], box: Window) -> float:
    """An upper bound, over a box, of how far the tightest comparison holds."""
    return min((_over(*side.monomials, box) if side.monomials else _size(box) for side in sides), default=inf)


def _over(above: tuple[Monomial, ...], below: tuple[Monomial, ...], box: Window) -> float:
    """The excess of above over the tangent of below in the middle, at the corner where it is largest."""
    (u0, v0), (u1, v1) = box
    u, v = (u0 + u1) / 2, (v0 + v1) / 2
    middle = level(below, u, v)
    shares = [(exp(size + a * u + b * v - middle), a, b) for size, a, b in below]
    across, up = sum(w * a for w, a, _ in shares), sum(w * b for w, _, b in shares)
    corners = ((s, t) for s in (u0, u1) for t in (v0, v1))
    return float(max(level(above, s, t) - across * (s - u) - up * (t - v) for s, t in corners) - middle)


def _size(box: Window) -> float:
    """Of what is no sum of monomials nothing is known: the larger boxes first."""
    (u0, v0), (u1, v1) = box
    return 1e-9 + (u1 - u0) * (v1 - v0)
