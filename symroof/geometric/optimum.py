"""The optimum of a cost in several unknowns as a geometric program, with a certified gap.

In the logs of the unknowns the program is convex, so the point that the solver finds is the global optimum, and the
multipliers that come with it prove it: they give a lower bound that no values of the unknowns can beat.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import sympy as sp

from symroof.algebra.show import text
from symroof.errors import SolveError
from symroof.geometric.convex import Convex, Solution, optimum
from symroof.geometric.posynomial import program
from symroof.geometric.rows import Rows, Term
from symroof.geometric.whole import Allowed, Box, NoValues, WholeOptimum, holds, numbers, winner, worth

_TIE = 1e-9


@dataclass(frozen=True)
class NumericOptimum:
    """The optimum of a geometric program: ``value`` is at most ``gap`` (a fraction) above what is possible, ``lower``.

    A condition's multiplier is the percent by which the optimum falls per percent that the condition's larger side grows
    (for ``==``: its right side). Unknowns in ``free`` are not decided: other values are as good.
    """

    point: Mapping[sp.Symbol, float]
    value: float
    lower: float
    gap: float
    multipliers: tuple[float, ...]
    binds: tuple[bool, ...]
    free: tuple[sp.Symbol, ...]


def geometric(objective: sp.Expr, over: Iterable[sp.Symbol], subject_to: Iterable[sp.Basic] = ()) -> NumericOptimum:
    """The smallest value of an objective over positive unknowns, under relations ``<=``, ``>=`` and ``==``.

    >>> from symroof.symbols import X, Y
    >>> found = geometric(2*X + 3*Y + 36/(X*Y), (X, Y))
    >>> round(found.value, 6), round(found.point[X], 6), found.gap < 1e-8
    (18.0, 3.0, True)

    Raises SolveError if it is no geometric program or falls without end, NoValues if nothing satisfies the conditions,
    InputError if cvxpy is not installed.
    """
    over, subject_to = tuple(over), tuple(subject_to)
    form = program(objective, over, subject_to)
    found = optimum(form)
    proof, heights = found.certificate, form.rows.values(found.y)[0]
    point = {x: math.exp(float(v)) for x, v in zip(over, found.y, strict=False)}
    value, lower = float(worth(objective, point)), math.exp(heights[0] - proof.gap)
    multipliers = [0.0] * len(form.called)
    for i, weight in zip((*form.limits, *form.equalities), (*proof.limits, *proof.equalities), strict=True):
        multipliers[i] += weight
    pressed = zip(form.limits, proof.limits, heights[1:], strict=True)
    tight = {*form.equalities, *(i for i, weight, height in pressed if weight > 1e-5 or height > -1e-6)}
    binds = tuple(i in tight for i in range(len(subject_to)))
    free = tuple(over[j] for j in found.free if j < len(over))
    return NumericOptimum(point, value, lower, value / lower - 1, tuple(multipliers[:-1]), binds, free)


# -- in whole numbers
def integers(
    objective: sp.Expr,
    over: Iterable[sp.Symbol],
    subject_to: Iterable[sp.Basic] = (),
    allowed: Mapping[sp.Symbol, Allowed] | None = None,
) -> WholeOptimum:
    """The smallest value of a geometric program over whole numbers, to nine digits.

    >>> from symroof.symbols import X, Y
    >>> found = integers(2*X + 3*Y + 50/(X*Y), (X, Y), allowed={X: "powers of two", Y: 12})
    >>> found.point[X], found.point[Y], found.proven
    (4, 2, True)

    Raises SolveError if it is no geometric program or falls without end, NoValues if no allowed numbers satisfy the conditions,
    InputError if cvxpy is not installed.
    """
    over, subject_to = tuple(over), tuple(subject_to)
    unknown = [s for s in allowed or {} if s not in over]
    if unknown:
        raise SolveError(f"{unknown[0]} is not minimized over; name it in over=, or leave it out of what is allowed")
    choices = {x: numbers((allowed or {}).get(x), x) for x in over}
    at_least = (*subject_to, *(sp.Ge(x, c[0], evaluate=False) for x, c in choices.items()))
    bounds = _Bounds(program(objective, over, subject_to).rows, optimum(program(objective, over, at_least)))
    try:
        return winner(choices, bounds, partial(_judged, objective, subject_to))
    except NoValues:
        raise NoValues(f"no allowed whole numbers satisfy {' and '.join(text(c) for c in subject_to) or text(sp.true)}") from None


class _Bounds:
    """What no numbers in a range can beat, and the real optimum there; of the whole range it is known."""

    def __init__(self, rows: Rows, real: Solution) -> None:
        self.rows, self.known = rows, [real]
        self.convex: Convex | None = None

    def __call__(self, box: Box) -> tuple[float, tuple[float, ...]]:
        found = self.known.pop() if self.known else self._optimum(self.rows.limited(self._bounds(box)))
        if found is None:
            return -math.inf, tuple(math.sqrt(low * high) for low, high in box)
        lower = float(self.rows.values(found.y)[0][0]) - found.certificate.gap
        return math.exp(lower + _TIE), tuple(_snapped(math.exp(v)) for v, _ in zip(found.y, box, strict=False))

    def _optimum(self, rows: Rows) -> Solution | None:
        self.convex = self.convex or Convex(rows)
        found = self.convex.solved(rows)
        if found is None and self.convex.excess(rows)[0]:
            raise NoValues
        return found

    def _bounds(self, box: Box) -> Iterator[Term]:
        """``low/x <= 1`` and ``x/high <= 1`` of every unknown."""
        width = len(self.rows.terms[0][0])
        for i, (low, high) in enumerate(box):
            unit = tuple(Fraction(j == i) for j in range(width))
            yield tuple(-a for a in unit), math.log(low)
            yield unit, -math.log(high)


def _snapped(v: float) -> float:
    """A whole number that is as near as the solver knows, else the value."""
    return round(v) if abs(v - round(v)) <= 1e-7 * v else v


def _judged(objective: sp.Expr, conditions: tuple[sp.Basic, ...], point: Mapping[sp.Symbol, Fraction]) -> Any:
    """The exact value at these numbers; None where a condition fails."""
    return worth(objective, point) if all(holds(c, point) for c in conditions) else None
