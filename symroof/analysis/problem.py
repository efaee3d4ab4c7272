"""An optimisation problem as it is asked: a cost, the unknowns, equations that eliminate some of them, and limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.claims import together, wholes
from symroof.algebra.cost import Condition, Cost
from symroof.algebra.operands import plain
from symroof.algebra.roots import PowerOfTwo
from symroof.analysis.regimes import known_symbol
from symroof.analysis.walk import Line, Walk, where
from symroof.errors import InputError, SolveError, short
from symroof.solver.extremes import EXTREMES, smooth
from symroof.solver.facts import Facts
from symroof.solver.pieces import relation
from symroof.solver.polynomial import expand, sign, split

_EXAMPLE = "write subject_to=sympy.Eq(X*Y, n), or {Y: n/X}, or a comparison of costs such as step <= '15 ms'"


@dataclass(frozen=True)
class Problem:
    """What is to be least (or, with ``sense`` -1, most): the cost after ``put`` eliminated what the equations determine.

    ``limits`` are the conditions that are left, in the unknowns ``over``, and ``called`` is how they were written;
    ``equations`` are those that eliminated something; what is in ``whole`` must come out as a whole number.
    """

    asked: Cost
    cost: Cost
    over: tuple[sp.Symbol, ...]
    limits: tuple[sp.Rel, ...]
    put: tuple[tuple[sp.Symbol, sp.Expr], ...] = ()
    equations: tuple[sp.Eq, ...] = ()
    sense: int = 1
    called: tuple[str, ...] = ()
    whole: tuple[sp.Expr, ...] = ()

    @property
    def free_symbols(self) -> set[sp.Symbol]:
        """The symbols that need a value: all but the unknowns."""
        others = (*self.limits, *(e for _, e in self.put), *self.whole)
        return set().union(self.cost.free_symbols, *(e.free_symbols for e in others)) - set(self.over)

    @property
    def word(self) -> str:
        """minimize or maximize."""
        return "minimize" if self.sense > 0 else "maximize"


def problem(cost: Any, over: Any, subject_to: Any, sense: int) -> Problem:
    """Check what is asked and eliminate what the equations determine.

    Raises InputError for what is no cost, no unknown of it or no condition, SolveError for an equation that cannot be
    solved for one symbol.
    """
    if not isinstance(cost, Cost):
        raise InputError(f"{short(cost)} is no cost; give e.g. serving.dollars_per_token()")
    unknowns = tuple(over) if isinstance(over, Iterable) and not isinstance(over, (str, sp.Basic)) else (over,)
    cost = cost.expand(*unknowns)
    asked = [c.expand(*unknowns) if isinstance(c, Condition) else c for c in each(subject_to)]
    cost = cost.claiming(together(cost.of, *(c.of for c in asked if isinstance(c, Condition))))
    conditions = [rel for c in asked for rel in _relations(c)]
    known = cost.free_symbols.union(*(c.free_symbols for c in conditions))
    for x in unknowns:
        if not isinstance(x, sp.Symbol) or x not in known:
            known_symbol(cost, x)
    if not unknowns or len(set(unknowns)) < len(unknowns):
        raise InputError("name each unknown once, e.g. over=X or over=(X, Y)")
    equations = tuple(c for c in conditions if isinstance(c, sp.Eq))
    counts = {c: e for c in conditions if (e := _count(c)) is not None}
    limits = [c for c in conditions if not isinstance(c, sp.Eq) and c not in counts]
    put: dict[sp.Symbol, sp.Expr] = {}
    for equation in equations:
        gone = _eliminated(equation.xreplace(put), unknowns, cost, put)
        found, positive = _solved(equation.xreplace(put), gone)
        put = {s: e.xreplace({gone: found}) for s, e in put.items()} | {gone: found}
        limits += positive
    left = tuple(x for x in unknowns if x not in put)
    if not left:
        raise InputError(f"the conditions leave no unknown: {', '.join(f'{s} = {show.text(e)}' for s, e in put.items())}")
    replaced = cost.map(lambda e: e.xreplace(put))
    written = tuple(map(show.text, limits))
    claimed = (e for e in wholes(cost.of) if e.free_symbols <= cost.free_symbols)
    whole = tuple(dict.fromkeys(e.xreplace(put) for e in (*put.values(), *counts.values(), *claimed)))
    return Problem(cost, replaced, left, tuple(c.xreplace(put) for c in limits), tuple(put.items()), equations, sense, written, whole)


def _count(condition: sp.Rel) -> sp.Expr | None:
    """What must be whole, of a condition that says just that, such as n/X <= floor(n/X)."""
    if not isinstance(condition, (sp.Le, sp.Ge)):
        return None
    low, high = condition.lts, condition.gts
    if isinstance(high, sp.floor):
        return low if high.args[0] == low else None
    return high if isinstance(low, sp.ceiling) and low.args[0] == high else None


def each(given: Any) -> Iterable[Any]:
    """Conditions one by one."""
    if isinstance(given, Iterable) and not isinstance(given, (str, Cost, Mapping, sp.Basic)):
        for one in given:
            yield from each(one)
    else:
        yield given


def _relations(given: Any) -> Iterable[sp.Rel]:
    """A condition, an equation or a mapping as sympy relations."""
    if isinstance(given, Mapping):
        for s, e in given.items():
            if not isinstance(s, sp.Symbol):  # sympy would run a text
                raise InputError(f"{short(s)} is no symbol; {_EXAMPLE}")
            yield sp.Eq(s, plain(e), evaluate=False)
    elif isinstance(given, Condition):
        yield given.expr
    elif isinstance(given, bool) or given in (sp.true, sp.false):
        raise InputError(f"subject_to is {given}: Python has compared two expressions and found them not the same; {_EXAMPLE}")
    elif isinstance(given, sp.Rel) and not isinstance(given, sp.Ne):
        yield given
    else:
        raise InputError(f"{short(given)} is no condition; {_EXAMPLE}")


def _eliminated(equation: sp.Eq, over: tuple[sp.Symbol, ...], cost: Cost, put: Mapping[sp.Symbol, sp.Expr]) -> sp.Symbol:
    """The symbol that an equation determines: the last of several unknowns, else the only other symbol of the cost in it."""
    inside = equation.free_symbols
    unknowns = [x for x in over if x in inside and x not in put]
    if len(unknowns) > 1:
        return unknowns[-1]
    others = sorted((inside & cost.map(lambda e: e.xreplace(dict(put))).free_symbols) - set(over), key=lambda s: s.name)
    if len(others) == 1:
        return others[0]
    if not others and unknowns and len(over) > 1:
        return unknowns[0]
    names = ", ".join(s.name for s in others or sorted(inside, key=lambda s: s.name))
    raise InputError(f"which symbol does {show.text(equation)} determine, of {names}? Say so with a mapping, e.g. {{Y: n/X}}")


def _solved(equation: sp.Eq, gone: sp.Symbol) -> tuple[sp.Expr, list[sp.Rel]]:
    """An equation solved for one symbol, and the conditions under which that is positive."""
    if equation.lhs == gone and gone not in equation.rhs.free_symbols:
        found = equation.rhs
    else:
        pieces = where(equation.lhs, equation.rhs, gone)
        ends = {e for piece in pieces for e in (piece.low, piece.high) if e is not None}
        if len(ends) != 1:
            raise SolveError(f"{show.text(equation)} does not determine {gone} by itself; give it as a mapping, e.g. {{{gone}: ...}}")
        found = ends.pop()
    if found.is_positive:
        return found, []
    condition = relation(found, sp.Integer(0))
    return found, [] if condition.rhs == 0 else [sp.Gt(condition.lhs, condition.rhs, evaluate=False)]


class SeveralValleys(SolveError):
    """A cost that falls again after it has risen: what is least in one valley says nothing of the other."""


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
def _steepness(expr: sp.Expr, x: sp.Symbol) -> sp.Expr:
    """x times the derivative by x: of a sum of monomials a sum of the same monomials. Raises SolveError for what jumps."""
    for jump in sorted((f for f in expr.atoms(sp.ceiling, sp.floor, PowerOfTwo) if f.has(x)), key=str):
        raise SolveError(f"{short(jump)} jumps along {x}, so no slope says where the cost is least; sweep {x}, or leave the rounding out")
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
    if expr.has(*EXTREMES):
        return False
    for term in sp.Add.make_args(expand(expr)):
        base, exponent = term.as_independent(x, as_Add=False)[1].as_base_exp()
        if not (base == x or base == 1) or not exponent.is_Rational:
            return False
    return True


def lowest(problem: Problem, facts: Facts) -> Lowest:
    """The walk, in one case: down to the first piece that no longer falls, and on if a second valley may follow.

    A sum or maximum of monomials with positive coefficients is convex in the logarithm of the unknown, so the first place
    where it stops falling is the least there is. Anything else is walked to its end, and must fall once and rise once.
    Raises SeveralValleys if one does.
    """
    line = Line(problem.over[0], facts)
    ends = _room(line, problem)
    if ends is None:
        return Lowest("impossible", *[sp.Integer(0)] * 5)
    pieces, seen = _pieces(line, problem, *ends), list[_Piece]()
    found: Lowest | None = None
    at = 0
    for piece in pieces:
        seen.append(piece)
        if piece.way < 0:
            if any(p.way > 0 for p in seen):
                raise SeveralValleys(f"{problem.cost.name or 'the cost'} has more than one valley along {line.x}")
            found = None
        elif found is None:
            at, below = len(seen), seen[-2:][0]
            found = Lowest("plateau" if piece.way == 0 else piece.kind, piece.low, piece.low, below.smooth, below.slope, piece.smooth)
        if found is not None and convex(problem):
            break
    if found is None:
        last = seen[-1]
        return Lowest("none" if ends[1] is sp.oo else "limit", ends[1], ends[1], last.smooth, last.slope, last.smooth)
    if found.kind == "plateau":
        after = next(iter(seen[at:]), None) or next(pieces, None)
        return replace(found, until=after.low if after else ends[1])
    return found


def _room(line: Line, problem: Problem) -> tuple[sp.Expr, sp.Expr] | None:
    """The interval that the conditions leave; None if they leave nothing."""
    low, high = sp.Integer(0), sp.oo
    strict: list[sp.Expr | None] = []
    for rel in problem.limits:
        excluded = isinstance(rel, (sp.Gt, sp.Lt))
        counting = line.counting(where(rel.gts, rel.lts, line.x), points=not excluded)
        if not counting:
            return None
        if len(counting) > 1:
            raise SolveError(f"{rel} leaves several intervals of {line.x}; ask for each by itself")
        begin, end = line.positive(counting[0].low), counting[0].high
        low = begin if begin is not None and (low == 0 or line.order(begin, low) > 0) else low
        high = end if end is not None and (high is sp.oo or line.order(end, high) < 0) else high
        strict += [begin, end] * excluded
    if low == 0 or high is sp.oo:
        return low, high
    above = line.order(high, low)
    return None if above < 0 or (above == 0 and (low in strict or high in strict)) else (low, high)


@dataclass(frozen=True)
class _Piece:
    """From ``low`` on the cost falls (``way`` -1), stays (0) or rises (1); ``kind`` is what changed there."""

    low: sp.Expr
    way: int
    kind: str
    smooth: sp.Expr
    slope: sp.Expr


def _pieces(line: Line, problem: Problem, low: sp.Expr, high: sp.Expr) -> Iterator[_Piece]:
    """Piece by piece up to ``high``; where the next one begins is worked out only when it is asked for."""
    walk, kind = Walk(line, problem.cost, low), "limit" if low != 0 else "none"
    while True:
        walk.settle()
        expr = smooth(problem.cost, walk.made).expr
        slope = problem.sense * _steepness(expr, line.x)
        way, turned = _way(line, slope, walk.place), True
        while turned:
            yield _Piece(walk.place, way, kind, expr, slope)
            turn, change = _turn(line, slope, way, walk.place), walk.ahead()
            ahead = [at for at in (turn, change) if at is not None and at is not sp.oo]
            stop = line.least(ahead) if ahead else sp.oo
            if stop is sp.oo or (high is not sp.oo and line.order(high, stop) <= 0):
                return
            turned = stop == turn
            if turned:
                walk.place, way, kind = stop, 1 if way < 0 else -1, "stationary"
            else:
                kind = "kink"
                walk.go(stop)


def _way(line: Line, slope: sp.Expr, place: sp.Expr) -> int:
    """1 if the cost rises just above the place, -1 if it falls, 0 if it stays."""
    known = sign(slope) if slope.is_number or _monomials(slope, line.x) else None
    if known is not None:
        return known
    rise, fall = _sides(slope)
    return 1 if line.wins(rise, fall, place) else -1


def _turn(line: Line, slope: sp.Expr, way: int, place: sp.Expr) -> sp.Expr | None:
    """Where the slope changes its sign, as long as the choices stay."""
    rise, fall = _sides(slope)
    if way == 0 or rise.is_zero or fall.is_zero:
        return None
    return line.first(rise, fall, place) if way < 0 else line.first(fall, rise, place)


def _sides(slope: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """The positive and the negative terms of a slope, over a denominator that is positive."""
    top, bottom = sp.fraction(sp.together(slope))
    if sign(bottom) == -1:
        top, bottom = -top, -bottom
    plus, minus = split(top)
    return plus, minus
