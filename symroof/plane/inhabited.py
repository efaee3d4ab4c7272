"""Whether anything lies on the right side of lines and curves at once: a point that does, a proof that none does, or neither.

Boxes of the log-log plane are halved, the most promising first. The logarithm of a sum of monomials is convex, so it
lies above its tangent in the middle of a box, and its excess over a plane is largest at a corner: that bounds how far
above may exceed below.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import count
from math import exp, inf

from symroof.plane.sides import Monomial, Point, Side, level

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
