"""The optimum of a cost in several unknowns as a geometric program, with a certified gap.

In the logs of the unknowns the program is convex, so the point that the solver finds is the global optimum, and the
multipliers that come with it prove it: they give a lower bound that no values of the unknowns can beat. What cannot be solved is
said in sentences: limits that contradict each other (by what factor, from the certificate of the smallest relaxation), and
objectives that fall for ever (along which unknowns).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from symroof.algebra.show import text
from symroof.errors import InputError, SolveError
from symroof.geometric.posynomial import Array, Certificate, GeometricProgram, Rows, Term, matrix, program
from symroof.geometric.whole import Allowed, Box, NoValues, WholeOptimum, holds, numbers, winner, worth

_THIN = 1e-8  # by how much, in log, limits may be missed
_EXACT = 1e-10  # an error that is small enough


def _cvxpy() -> Any:
    try:
        import cvxpy
    except ImportError:
        raise InputError('several unknowns at once need cvxpy; install it with pip install "symroof[optimize]"') from None
    return cvxpy


@dataclass(frozen=True)
class Solution:
    """A point in logs, the weights of its terms, its certificate, and the indices of variables that it does not decide.

    ``error`` is what the certificate leaves open and the limits are missed by, in log.
    """

    y: Array
    weights: Array
    certificate: Certificate
    error: float
    free: tuple[int, ...] = ()


class Convex:
    """Rows as cvxpy takes them, compiled once: other logs of the same terms are solved without compiling again.

    Solved around a centre, for a solver knows small numbers best: what is not exact enough is solved again around what was found.
    """

    def __init__(self, rows: Rows) -> None:
        cp = _cvxpy()
        self.step, top = cp.Variable(rows.A.shape[1]), cp.Variable()
        self.logs, self.off = cp.Parameter(len(rows.terms)), cp.Parameter(max(len(rows.equal), 1))
        v = rows.A @ self.step + self.logs - np.where(rows.owner == 0, 1.0, 0.0) * top
        alone = np.flatnonzero(np.array(rows.sizes)[rows.owner] == 1)
        many = np.flatnonzero(np.array(rows.sizes)[rows.owner] > 1)
        self.weighing = []
        limits = []
        if len(many):
            share = cp.Variable(len(many))
            member = np.unique(rows.owner[many])[:, None] == rows.owner[many]
            cone = cp.ExpCone(v[many], np.ones(len(many)), share)
            limits += [member.astype(float) @ share <= 1, cone]
            self.weighing += [(many, cone.dual_variables[0])]
        if len(alone):
            limits += [v[alone] <= 0]
            self.weighing += [(alone, limits[-1].dual_variables[0])]
        equal = [rows.G @ self.step + self.off == 0] if rows.equal else []
        self.problem = cp.Problem(cp.Minimize(top), [*limits, *equal])
        self.relaxation: Convex | None = None

    def solved(self, rows: Rows) -> Solution | None:
        """A certified optimum; None if there is none, or none was found."""
        best, y = None, np.zeros(rows.A.shape[1])
        for _ in range(3):
            self.logs.value = rows.A @ y + rows.b - np.where(rows.owner == 0, rows.values(y)[0][0], 0.0)
            self.off.value = rows.off(y) if rows.equal else [0.0]
            if not _run(self.problem):
                break
            y, weights = y + self.step.value, np.zeros(len(rows.terms))
            for places, dual in self.weighing:
                weights[places] = np.abs(dual.value)
            proof, missed = rows.certificate(y, weights), max([*rows.values(y)[0][1:], *np.abs(rows.off(y)), 0.0])
            if proof is not None and missed <= _THIN:
                found = Solution(y, weights, proof, abs(proof.gap) + missed)
                best = found if best is None or found.error < best.error else best
                if best.error <= _EXACT:
                    break
        return best

    def excess(self, rows: Rows) -> tuple[float, Solution | None]:
        """By what factor, in log, all limits must at least be relaxed (0 where that is not proven), and the proof."""
        zero, one = Fraction(0), Fraction(1)
        goal = (*[zero] * len(rows.terms[0][0]), one)
        limits = [((*a, -one), b) for a, b in rows.terms[rows.sizes[0] :]]
        floor = (tuple(-a for a in goal), -1.0)
        relaxed = Rows(((goal, 0.0), *limits, floor), (1, *rows.sizes[1:], 1), tuple(((*a, zero), b) for a, b in rows.equal))
        self.relaxation = self.relaxation or Convex(relaxed)
        found = self.relaxation.solved(relaxed)
        least = 0.0 if found is None else float(found.y[-1]) - found.certificate.gap
        return (least if least > _THIN else 0.0), found


def _run(problem: Any) -> bool:
    """Whether a problem has a solution. How good it is, the certificate says."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            problem.solve(solver="CLARABEL", tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11)
        except _cvxpy().SolverError:
            return False
    return all(v.value is not None for v in problem.variables())


def optimum(form: GeometricProgram) -> Solution:
    """The optimum of a program in log space, with its certificate; of equally good points the one where what may grow is smallest.

    Raises NoValues if nothing satisfies the conditions, SolveError if the objective falls without end.
    """
    rows = form.rows
    _consistent(form)
    convex = Convex(rows)
    found = convex.solved(rows)
    if found is None:
        _refuse(form, *convex.excess(rows))
    moves, falls = _falling(rows)
    if any(falls[: rows.sizes[0]]):
        end = "without end" if all(falls[: rows.sizes[0]]) else "towards a value that it never reaches"
        raise SolveError(f"the objective falls {end} as {_going(form, moves)}; bound that with subject_to=")
    if found is None:
        raise SolveError("the optimum cannot be certified: the unknowns spread over too many decades; bound them with subject_to=")
    free = tuple(j for j, flat in enumerate(_flat(rows)) if flat or (any(falls) and moves[j]))
    return replace(_settled(form, found, moves) if any(falls) else found, free=free)


def _consistent(form: GeometricProgram) -> None:
    """Raises NoValues if the equalities contradict each other."""
    equal = form.rows.equal
    for row in matrix(a for a, _ in equal).transpose().nullspace().to_Matrix().tolist() if equal else ():
        off = abs(sum(float(e) * b for e, (_, b) in zip(row, equal, strict=True)))
        if off > 1e-9:
            told = [form.called[i] for i, e in zip(form.equalities, row, strict=True) if e]
            raise NoValues(f"no values satisfy {_listed(told)}; they contradict each other by a factor of {_factor(off)}")


def _refuse(form: GeometricProgram, least: float, relaxed: Solution | None) -> None:
    """Raises NoValues naming the conditions that contradict each other, those with a multiplier, if they are proven to."""
    if relaxed is not None and least:
        proof = relaxed.certificate
        told = [form.called[i] for i, weight in zip(form.limits, proof.limits, strict=False) if weight > 1e-4]
        told += [form.called[i] for i, weight in zip(form.equalities, proof.equalities, strict=True) if abs(weight) > 1e-4]
        raise NoValues(f"no values satisfy {_listed(told)}; the limits are off by a factor of at least {_factor(least)}")
    if relaxed is None or relaxed.y[-1] > 1e-6:
        raise SolveError("no values within the limits were found, and no proof that there are none; bound the unknowns more tightly")


def _falling(rows: Rows) -> tuple[Array, list[bool]]:
    """A direction along which no term rises and as many as can be fall, and which do: where the program has no end."""
    cp = _cvxpy()
    d, fall = cp.Variable(rows.A.shape[1]), cp.Variable(len(rows.terms))
    limits = [rows.A @ d + fall <= 0, fall >= 0, fall <= 1] + ([rows.G @ d == 0] if rows.equal else [])
    if not _run(cp.Problem(cp.Maximize(cp.sum(fall) - 1e-4 * cp.norm1(d)), limits)):
        return np.zeros(rows.A.shape[1]), [False] * len(rows.terms)
    moves = np.asarray(d.value)
    return np.where(np.abs(moves) > 1e-3 * np.max(np.abs(moves)), moves, 0.0), [bool(s > 0.5) for s in fall.value]


def _flat(rows: Rows) -> list[bool]:
    """Which variables can change without any term changing."""
    _, s, V = np.linalg.svd(np.vstack([rows.A, rows.G]))
    still = V[int(np.sum(s > 1e-10 * max(s[0], 1e-300))) :]
    return [bool(np.any(np.abs(column) > 1e-9)) for column in still.T]


def _settled(form: GeometricProgram, found: Solution, moves: Array) -> Solution:
    """Of equally good points the one where what may grow is smallest, and what may shrink largest."""
    rows, first = form.rows, form.rows.sizes[0]
    goal = tuple(Fraction(int(m > 0) - int(m < 0) if j < len(form.unknowns) else 0) for j, m in enumerate(moves))
    best = rows.values(found.y)[0][0] + 1e-8
    terms = ((goal, 0.0), *((a, b - best) for a, b in rows.terms[:first]), *rows.terms[first:])
    again = replace(rows, terms=terms, sizes=(1, *rows.sizes))
    settled = Convex(again).solved(again)
    proof = settled and rows.certificate(settled.y, found.weights)
    return Solution(settled.y, found.weights, proof, settled.error) if settled and proof else found


# -- words
def _going(form: GeometricProgram, moves: Array) -> str:
    words = [f"{x.name} {'grows' if m > 0 else 'shrinks'}" for x, m in zip(form.unknowns, moves, strict=False) if m]
    return " and ".join(words) or "all of them shrink"


def _listed(conditions: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(c for c in conditions if c)) or "the conditions"


def _factor(log: float) -> str:
    factor = math.exp(min(log, 700.0))
    digits = 2 if factor > 1.05 else 2 - math.floor(math.log10(factor - 1))
    return f"{math.floor(factor * 10**digits) / 10**digits:.{digits}f}" if factor < 1e4 else f"{factor:.1e}"


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
        return winner(choices, bounds, lambda point: worth(objective, point) if all(holds(c, point) for c in subject_to) else None)
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
        real = [math.exp(v) for v, _ in zip(found.y, box, strict=False)]
        whole = (round(v) if math.isclose(v, round(v), rel_tol=1e-7) else v for v in real)  # as near as the solver knows
        return math.exp(lower + _TIE), tuple(whole)

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
