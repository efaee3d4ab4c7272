"""Down into the valley: where a cost of one unknown stops falling, walked regime by regime within its limits.

A sum or maximum of monomials with positive coefficients is convex in the logarithm of the unknown, so the first place
where it stops falling is the least there is. Anything else is walked to its end, and must fall once and rise once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import sympy as sp

from symroof.analysis.choices import Choice, smooth
from symroof.analysis.envelope import rivals, settle
from symroof.analysis.problem import Problem
from symroof.analysis.walk import Impossible, Line, where
from symroof.errors import SolveError
from symroof.solver.facts import Facts
from symroof.solver.polynomial import expand, sign, split

_MOST = 64


@dataclass(frozen=True)
class Lowest:
    """Where the cost is least: at ``x`` (up to ``until`` on a plateau), by ``kind``.

    ``kind`` is "stationary" (the derivative vanishes), "kink" (two parts cross), "limit" (a condition stops it),
    "plateau", "none" (it falls without end, towards ``x`` = 0 or oo) or "impossible" (nothing satisfies the conditions).
    ``slope`` is the derivative by log x there, ``smooth`` the cost without maxima just below.
    """

    kind: str
    x: sp.Expr
    until: sp.Expr
    smooth: sp.Expr
    slope: sp.Expr
    after: sp.Expr


@lru_cache(maxsize=1024)
def log_slope(expr: sp.Expr, x: sp.Symbol) -> sp.Expr:
    """x times the derivative by x: of a sum of monomials a sum of the same monomials."""
    whole = sp.together(x * sp.diff(expr, x)) if expr.has(x) and not _monomials(expr, x) else expand(x * sp.diff(expr, x))
    return sp.factor_terms(whole)


def convex(problem: Problem) -> bool:
    """Whether the cost is convex in the logarithm of the unknown by its form alone: positive monomials, sums, maxima."""
    expr = problem.cost.expr if problem.sense > 0 else 1 / problem.cost.expr
    return _convex(expr, problem.over[0])


def _convex(expr: sp.Expr, x: sp.Symbol) -> bool:
    if x not in expr.free_symbols or _monomials(expr, x):
        return bool(expr.is_positive) or sign(expr) == 1
    if isinstance(expr, (sp.Max, sp.Add)):
        return all(_convex(a, x) for a in expr.args)
    if expr.is_Mul:  # logarithms add: at most one factor that is no monomial is always safe, and so are several convex ones
        return all(_convex(a, x) for a in expr.args)
    if expr.is_Pow and expr.exp.is_Rational and expr.exp > 0:
        return _convex(expr.base, x)
    return False


def _monomials(expr: sp.Expr, x: sp.Symbol) -> bool:
    """Whether x only stands in powers, in a sum of monomials."""
    if expr.has(sp.Max, sp.Min):
        return False
    for term in sp.Add.make_args(expand(expr)):
        base, exponent = term.as_independent(x, as_Add=False)[1].as_base_exp()
        if not (base == x or base == 1) or not exponent.is_Rational:
            return False
    return True


def lowest(problem: Problem, facts: Facts) -> Lowest:
    """The walk, in one case."""
    line = Line(problem.over[0], facts)
    ends = _room(line, problem)
    if ends is None:
        zero = sp.Integer(0)
        return Lowest("impossible", zero, zero, zero, zero, zero)
    return _Descent(line, problem, *ends).run()


def _room(line: Line, problem: Problem) -> tuple[sp.Expr, sp.Expr] | None:
    """The interval that the conditions leave; None if they leave nothing."""
    low, high = sp.Integer(0), sp.oo
    for rel in problem.limits:
        above, below = (rel.lhs, rel.rhs) if isinstance(rel, (sp.Ge, sp.Gt)) else (rel.rhs, rel.lhs)
        counting = line.counting(where(above, below, line.x))
        if not counting:
            return None
        if len(counting) > 1:
            raise SolveError(f"{rel} leaves several intervals of {line.x}; ask for each by itself")
        begin, end = line.positive(counting[0].low), counting[0].high
        low = begin if begin is not None and (low == 0 or line.order(begin, low) > 0) else low
        high = end if end is not None and (high is sp.oo or line.order(end, high) < 0) else high
    if low != 0 and high is not sp.oo and line.order(low, high) > 0:
        return None
    return low, high


class _Descent:
    """The state of one walk: the place, the choices made there, and where the cost turned."""

    def __init__(self, line: Line, problem: Problem, low: sp.Expr, high: sp.Expr) -> None:
        self.line, self.problem, self.low, self.high = line, problem, low, high
        self.cost, self.x = problem.cost, line.x
        self.made: dict[Choice, int] = {}
        self.place = low
        self.before: tuple[sp.Expr, sp.Expr] = (sp.Integer(0), sp.Integer(0))

    def run(self) -> Lowest:
        found: list[Lowest] = []
        direction = self._direction()
        if direction > 0:
            found.append(self._here("limit" if self.low != 0 else "none", self.low))
        elif direction == 0:
            found.append(self._here("plateau", self.low))
        for _ in range(_MOST):
            if found and convex(self.problem):
                return self._plateau(found[0])
            turn, end = self._turn(direction), self._change()
            ahead = [at for at in (turn, end) if at is not None]
            stop = self.line.least(ahead) if ahead else sp.oo
            if self.high is not sp.oo and (stop is sp.oo or self.line.order(self.high, stop) <= 0):
                return self._chosen([*found, self._here("limit", self.high)] if direction < 0 else found)
            if stop is sp.oo:
                return self._chosen([*found, self._here("none", sp.oo)] if direction < 0 and not found else found)
            last, was = direction, self._smooth()
            self.place = stop
            if turn is not None and stop == turn:
                direction = 1 if direction < 0 else -1
                kind = "stationary"
            else:
                self._switch(stop)
                direction, kind = self._direction(), "kink"
            if last < 0 <= direction:
                self.before = was
                found.append(self._here("plateau" if direction == 0 else kind, stop, was))
            elif last >= 0 > direction and not (last == 0 and len(found) < 2):
                raise SolveError(f"{self.problem.cost.name or 'the cost'} has more than one valley along {self.x}")
        raise Impossible

    # -- what is ahead
    def _smooth(self) -> tuple[sp.Expr, sp.Expr]:
        expr = smooth(self.cost, self.made).expr
        return expr, self.problem.sense * log_slope(expr, self.x)

    def _direction(self) -> int:
        """1 if the cost rises just above the place, -1 if it falls, 0 if it stays."""
        settle(self.line, self.cost, self.made, self.place)
        slope = self._smooth()[1]
        known = sign(slope) if slope.is_number or _monomials(slope, self.x) else None
        if known is not None:
            return known
        rise, fall = _sides(slope)
        return 1 if self.line.wins(rise, fall, self.place) else -1

    def _turn(self, direction: int) -> sp.Expr | None:
        """Where the slope changes its sign, as long as the choices stay."""
        rise, fall = _sides(self._smooth()[1])
        if direction == 0 or rise.is_zero or fall.is_zero:
            return None
        return self.line.overtaken(fall, rise, self.place) if direction < 0 else self.line.overtaken(rise, fall, self.place)

    def _change(self) -> sp.Expr | None:
        """Where the next choice changes."""
        self.events = list(rivals(self.line, self.cost, self.made, self.place))
        return self.line.least([at for *_, at in self.events]) if self.events else None

    def _switch(self, place: sp.Expr) -> None:
        choice, rival, _ = next(e for e in self.events if e[2] == place)
        self.made = {**self.made, choice: rival}

    # -- the answer
    def _here(self, kind: str, x: sp.Expr, below: tuple[sp.Expr, sp.Expr] | None = None) -> Lowest:
        expr, slope = below or self._smooth()
        after = self._smooth()[0]
        return Lowest(kind, x, x, expr, slope, after)

    def _plateau(self, found: Lowest) -> Lowest:
        """How far a plateau reaches."""
        if found.kind != "plateau":
            return found
        end = self._change()
        stop = sp.oo if end is None else end
        if self.high is not sp.oo and (stop is sp.oo or self.line.order(self.high, stop) < 0):
            stop = self.high
        return Lowest(found.kind, found.x, stop, found.smooth, found.slope, found.after)

    def _chosen(self, found: list[Lowest]) -> Lowest:
        if len(found) != 1:
            raise SolveError(f"{self.problem.cost.name or 'the cost'} has more than one valley along {self.x}")
        return self._plateau(found[0])


def _sides(slope: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """The positive and the negative terms of a slope, over a denominator that is positive."""
    top, bottom = sp.fraction(sp.together(slope))
    if sign(bottom) == -1:
        top, bottom = -top, -bottom
    plus, minus = split(top)
    return plus, minus
