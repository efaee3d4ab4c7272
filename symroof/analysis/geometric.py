"""The optimum of a cost in several unknowns as a geometric program, with a certified gap.

In the logs of the unknowns the program is convex, so the point that a barrier method finds is the global optimum, and the
multipliers it ends with prove it: they give a lower bound that no values of the unknowns can beat.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from symroof.algebra.evaluate import tape
from symroof.algebra.show import text
from symroof.analysis.barrier import Array
from symroof.analysis.dual import Rows
from symroof.analysis.logspace import Task, solved
from symroof.analysis.posynomial import Posynomial, Program, program
from symroof.errors import short


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
    violation: float
    free: tuple[sp.Symbol, ...]
    iterations: int


def geometric(objective: sp.Expr, over: Iterable[sp.Symbol], subject_to: Iterable[sp.Basic] = ()) -> NumericOptimum:
    """The smallest value of an objective over positive unknowns, under relations ``<=``, ``>=`` and ``==``.

    >>> from symroof.symbols import X, Y
    >>> found = geometric(2*X + 3*Y + 36/(X*Y), (X, Y))
    >>> round(found.value, 6), round(found.point[X], 6), found.gap < 1e-8
    (18.0, 3.0, True)

    Raises SolveError if it is no geometric program or falls without end, NoValues if nothing satisfies the conditions.
    """
    over, subject_to = tuple(over), tuple(subject_to)
    form = program(objective, over, subject_to)
    task = task_of(form, subject_to)
    found = solved(task)
    point = {x: math.exp(float(v)) for x, v in zip(form.unknowns, found.y, strict=False)}
    value = float(worth(objective, point))
    multipliers = [0.0] * len(subject_to)
    binds = [how(c) == "==" for c in subject_to]
    for (i, limit), weight in zip(form.limits, found.certificate.limits, strict=True):
        if i >= 0:
            multipliers[i] += weight
            binds[i] = binds[i] or weight > 1e-5 or _log_value(limit, found.y) > -1e-6
    for (i, _), weight in zip(form.equalities, found.certificate.equalities, strict=True):
        multipliers[i] += weight
    return NumericOptimum(
        point,
        value,
        value * math.exp(-found.certificate.gap),
        math.expm1(found.certificate.gap),
        tuple(multipliers),
        tuple(binds),
        max((float(violation(c, point)) for c in subject_to), default=0.0),
        tuple(form.unknowns[j] for j in found.free if j < len(over)),
        found.steps,
    )


# -- from expressions to rows
def task_of(form: Program, conditions: tuple[sp.Basic, ...]) -> Task:
    """The rows of a program."""
    sums = [form.objective, *(limit for _, limit in form.limits)]
    rows = Rows(
        tuple(row for s in sums for row in _exponents(s)),
        tuple(_log(c) for s in sums for c in s.coefficients),
        tuple(len(s.coefficients) for s in sums),
        tuple(_exponents(s)[0] for _, s in form.equalities),
        tuple(_log(s.coefficients[0]) for _, s in form.equalities),
    )
    called = [short(text(c)).strip("'") for c in conditions] + [""]
    return Task(
        rows, tuple(x.name for x in form.variables), tuple(called[i] for i, _ in form.limits), tuple(called[i] for i, _ in form.equalities)
    )


def _exponents(s: Posynomial) -> list[tuple[Fraction, ...]]:
    return [tuple(Fraction(int(a.p), int(a.q)) for a in row) for row in s.exponents]


def _log(number: sp.Expr) -> float:
    return math.log(int(number.p)) - math.log(int(number.q)) if number.is_Rational else float(sp.log(number).evalf())


def _log_value(s: Posynomial, y: Array) -> float:
    logs = [
        _log(c) + sum(float(a) * float(v) for a, v in zip(row, y, strict=True)) for c, row in zip(s.coefficients, s.exponents, strict=True)
    ]
    return max(logs) + math.log(sum(math.exp(v - max(logs)) for v in logs))


# -- evaluating
def worth(expr: sp.Expr, point: Mapping[sp.Symbol, Any]) -> Any:
    """An expression at a point, exact for fractions."""
    compiled = tape(expr)
    return compiled.run([point[s] for s in compiled.inputs])[compiled.slots[0]]


def how(condition: sp.Basic) -> str:
    """The sign of a relation; empty for one that is simply true."""
    return str(getattr(condition, "rel_op", ""))


def violation(condition: sp.Basic, point: Mapping[sp.Symbol, Any]) -> Any:
    """By what fraction of its sides a condition is missed; 0 where it holds."""
    if not how(condition):
        return 0
    left, right = worth(condition.lhs, point), worth(condition.rhs, point)
    off = {"<": left - right, ">": right - left, "=": abs(left - right)}[how(condition)[0]]
    return max(0, off / max(abs(left), abs(right))) if off else 0
