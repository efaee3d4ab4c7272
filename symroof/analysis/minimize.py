"""``minimize(cost, over=X, subject_to=...)``: the best value of a symbol, in closed form, with the reason why it is best.

One unknown is walked down to where the cost stops falling; several are a geometric program, solved once the other symbols
have values (see :mod:`symroof.geometric`). ``maximize`` is the same for a rate such as a throughput.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from math import gcd, isclose
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import Given
from symroof.algebra.cost import Cost, changed
from symroof.algebra.units import ONE, Unit
from symroof.algebra.value import Value
from symroof.analysis.problem import Lowest, Problem, SeveralValleys, convex, each, lowest, problem
from symroof.analysis.regimes import putting, relations
from symroof.analysis.walk import Case, Decided, cases
from symroof.errors import SolveError
from symroof.geometric.whole import Box, NoValues, WholeOptimum, holds, numbers, winner, worth
from symroof.solver.facts import Facts
from symroof.solver.polynomial import expand

_STEPS = 20_000


@dataclass(frozen=True, repr=False)
class Best(show.Shown):
    """The best point: ``point`` by symbol, ``value`` there; ``whole`` and ``whole_value`` the best whole numbers, if any.

    ``gap`` bounds how much better anything else could be (0 for a closed form, else certified), ``kind`` says what stops
    it, ``binds`` which conditions do. On a plateau everything from the point ``until`` there costs the same.
    """

    point: Mapping[sp.Symbol, Value]
    value: Value
    kind: str
    gap: float = 0.0
    whole: Mapping[sp.Symbol, int] | None = None
    whole_value: Value | None = None
    why_whole: str = ""
    binds: tuple[str, ...] = ()
    until: Value | None = None

    def __getitem__(self, symbol: sp.Symbol) -> Value:
        return self.point[symbol]

    @property
    def excess(self) -> float:
        """How much worse the best whole numbers are than the real optimum, as a fraction."""
        if self.whole_value is None:
            return float("inf")
        return abs(float(self.whole_value) / float(self.value) - 1)


def best(ask: Problem, found: Lowest) -> Best:
    """The numbers of one unknown.

    Raises SolveError where nothing satisfies the conditions or the cost has no optimum.
    """
    x = ask.over[0]
    if found.kind == "impossible":
        raise SolveError(f"no {x} satisfies {' and '.join(ask.called)}; relax one of them")
    if found.kind == "none":
        better, which = ("falls", "rises")[ask.sense < 0], ("small", "large")[found.x is sp.oo]
        raise SolveError(f"there is no best {x}: the cost {better} without end as {x} grows {which}; add a limit to subject_to")
    at = worth(found.until if found.x == 0 else found.x, {})
    binds = tuple(
        n
        for n, r in zip(ask.called, ask.limits, strict=True)
        if found.kind == "limit" and isclose(worth(r.lhs, {x: at}), worth(r.rhs, {x: at}), rel_tol=1e-9)
    )
    flat = found.kind == "plateau" and found.x != 0 and found.until is not sp.oo
    until = Value(worth(found.until, {}), _unit(x), x.name) if flat else None
    closed = [sp.Ge(r.gts, r.lts, evaluate=False) for r in ask.limits]

    def judged(point: Mapping[sp.Symbol, Any]) -> Any:
        """The cost of a whole number that satisfies the conditions and leaves the eliminated symbols whole and positive."""
        left = [worth(e, point) for e in ask.whole]
        possible = all(holds(r, point) for r in ask.limits) and all(v > 0 and v == int(v) for v in left)
        return ask.sense * worth(ask.cost.expr, point) if possible else None

    def bound(box: Box) -> tuple[Any, tuple[Any, ...]]:
        """In one valley what is nearest is best; and the conditions leave one interval, but for numbers that a strict one excludes."""
        nearest = min(max(at, Fraction(box[0][0])), Fraction(box[0][1]))
        if nearest != at and not all(holds(r, {x: nearest}) for r in closed):
            raise NoValues
        return ask.sense * worth(ask.cost.expr, {x: nearest}), (nearest,)

    return _best(
        ask,
        {x: at},
        Best({}, _value(ask.cost, {x: at}), found.kind, binds=binds, until=until),
        lambda: winner({x: numbers(_divisors(ask).get(x), x)}, bound, judged, _STEPS),
    )


def several(ask: Problem) -> Best:
    """The numbers of several unknowns: a geometric program, with its certified gap.

    Raises InputError if cvxpy is not installed.
    """
    from symroof.geometric.optimum import geometric, integers

    expr = ask.cost.expr if ask.sense > 0 else 1 / ask.cost.expr
    found = geometric(expr, ask.over, ask.limits)
    binds = tuple(n for n, tight in zip(ask.called, found.binds, strict=True) if tight)
    real = Best({}, _value(ask.cost, found.point), "geometric program", found.gap, binds=binds)
    return _best(ask, found.point, real, lambda: integers(expr, ask.over, ask.limits, _divisors(ask)))


def _best(ask: Problem, at: Mapping[sp.Symbol, Any], real: Best, search: Callable[[], WholeOptimum]) -> Best:
    """The real optimum with the whole numbers that win."""
    real = replace(real, point={s: Value(v, _unit(s), s.name) for s, v in _point(ask, at).items()})
    if any(_unit(s).measured != ONE for s in ask.over):
        return real  # no number of bytes a second, seconds or dollars is whole
    try:
        found = search()
    except SolveError as problem:
        why = "no whole numbers satisfy the conditions" if isinstance(problem, NoValues) else str(problem)
        return replace(real, why_whole=why)
    at = {s: Fraction(v) for s, v in found.point.items()}
    sizes = {s: int(v) for s, v in _point(ask, at).items() if v == int(v)}
    why = "the best there are" if found.proven else "the best found"
    return replace(real, whole=sizes, whole_value=_value(ask.cost, at), why_whole=why)


def _divisors(ask: Problem) -> dict[sp.Symbol, int]:
    """Unknowns that must divide a whole number: those of a count n/X with a whole n."""
    found: dict[sp.Symbol, int] = {}
    for e in ask.whole:
        coefficient, rest = e.as_coeff_Mul()
        for x in ask.over:
            if coefficient.is_Integer and coefficient > 0 and rest.as_powers_dict().get(x, 0) == -1 and rest.free_symbols <= set(ask.over):
                found[x] = gcd(found.get(x, 0), int(coefficient))
    return found


def _point(ask: Problem, at: Mapping[sp.Symbol, Any]) -> dict[sp.Symbol, Any]:
    return {**at, **{s: worth(e, at) for s, e in ask.put}}


def _unit(s: sp.Symbol) -> Unit:
    unit: Unit = getattr(s, "unit", ONE)
    return unit


def _value(cost: Cost, at: Mapping[sp.Symbol, Any]) -> Value:
    value: Value = cost.put(Given(dict(at)))
    return value


_KINDS = {
    "stationary": "the derivative vanishes there",
    "kink": "two parts of the maximum cross there, one falling, one rising",
    "limit": "the condition allows no more",
    "plateau": "any value in between costs the same",
}


@dataclass(frozen=True, repr=False)
class Minimum(Decided[Lowest], show.Shown):
    """Where a cost is least (or most): ``x``, ``value`` and ``kind`` in the only case, or ``cases`` with what decides.

    ``put`` are the symbols that equations eliminated. ``.at(...)`` gives numbers and the whole numbers that really win;
    where there is no closed form ``reason`` says why, and ``.at(...)`` still answers.
    """

    problem: Problem
    cases: tuple[Case[Lowest], ...] = ()
    given: tuple[sp.Rel, ...] = ()
    reason: str = ""

    @property
    def symbol(self) -> sp.Symbol:
        """The unknown; of several the first."""
        return self.problem.over[0]

    @property
    def put(self) -> dict[sp.Symbol, sp.Expr]:
        """What the equations say about the other symbols."""
        return dict(self.problem.put)

    @property
    def free_symbols(self) -> set[sp.Symbol]:
        """The symbols that ``.at`` needs."""
        return self.problem.free_symbols

    @property
    def kind(self) -> str:
        """ "stationary", "kink", "limit", "plateau", "none" or "impossible"."""
        return self.only.kind

    @property
    def x(self) -> sp.Expr:
        """The best value of the unknown."""
        return _x(self.only)

    @property
    def value(self) -> Cost:
        """The cost there, maxima gone."""
        return self.worth(self.only)

    def worth(self, found: Lowest) -> Cost:
        """The cost at the best value of a case. Raises SolveError where there is none."""
        if found.kind in ("none", "impossible"):
            raise SolveError(self.none(found))
        smooth = sp.powsimp(expand(found.smooth.xreplace({self.symbol: _x(found)})))
        cost = self.problem.cost
        return changed(cost, leaf=sp.factor_terms(sp.together(smooth)), parts=(), join="")

    def at(self, *sheets: Any, **values: Any) -> Any:
        """The best point at these values, a :class:`Best`; with symbols left a Minimum in those.

        Raises SolveError where nothing satisfies the conditions or the cost falls without end.
        """
        ask = self.problem
        put = putting(self.free_symbols, ask.asked.of, ask.over, "an optimum is", sheets, values)
        limits, eliminated = tuple(map(put, ask.limits)), tuple((s, put(e)) for s, e in ask.put)
        whole = tuple(map(put, ask.whole))
        now = replace(ask, asked=ask.asked.map(put), cost=ask.cost.map(put), limits=limits, put=eliminated, whole=whole)
        if now.free_symbols:
            return _found(now, tuple(map(put, self.given)))
        return several(now) if len(now.over) > 1 else best(now, cases(partial(lowest, now), Facts())[0].result)

    @property
    def steps(self) -> tuple[str, ...]:
        """Why it is the best, line by line."""
        return self.reasons(self.only)

    def reasons(self, found: Lowest) -> tuple[str, ...]:
        """Why the answer of a case is the best, line by line."""
        return tuple(_steps(self, found))

    def none(self, found: Lowest) -> str:
        """Why a case has no optimum; nothing if it has one."""
        if found.kind == "impossible":
            return "nothing satisfies the conditions"
        if found.kind != "none":
            return ""
        better = "falls" if self.problem.sense > 0 else "rises"
        which = "large" if found.x is sp.oo else "small"
        return f"no best {self.symbol}: it {better} without end as {self.symbol} grows {which}; add a limit to subject_to"

    def begin(self, found: Lowest) -> sp.Expr:
        """The best value of a case, of a plateau the smaller end."""
        return found.x if found.kind == "plateau" else _x(found)

    def others(self, found: Lowest) -> tuple[tuple[sp.Symbol, sp.Expr], ...]:
        """The symbols that equations eliminated, at the best value of a case."""
        return tuple((s, sp.powsimp(e.xreplace({self.symbol: _x(found)}))) for s, e in self.problem.put)


def minimize(cost: Any, over: Any, subject_to: Any = (), given: Any = ()) -> Minimum:
    """The value of a symbol at which a cost is least, with the conditions it is subject to.

    ``subject_to`` takes comparisons of costs, equations (``sympy.Eq(X*Y, n)``) or a mapping (``{Y: n/X}``): an equation
    eliminates a symbol. ``given`` are conditions on the other symbols that are known to hold.

    >>> from symroof import training
    >>> from symroof.symbols import X
    >>> minimize(training.mixed()["comms"], over=X)
    minimize comms over X
      X = sqrt(B*M_X*n*p_a/(F*M_Y*p_w))   the derivative vanishes there
      4*D*sqrt(B*F*p_a*p_w/(M_X*M_Y*n))/W_ici  [s]

    Raises InputError for a question without sense, SolveError for one with more than one valley.
    """
    return _found(problem(cost, over, subject_to, 1), tuple(relations(each(given))))


def maximize(cost: Any, over: Any, subject_to: Any = (), given: Any = ()) -> Minimum:
    """The value of a symbol at which a rate (a throughput, an intensity) is largest; otherwise like :func:`minimize`."""
    return _found(problem(cost, over, subject_to, -1), tuple(relations(each(given))))


def _found(ask: Problem, given: tuple[sp.Rel, ...]) -> Minimum:
    if len(ask.over) > 1:
        return Minimum(ask, (), given, "several unknowns have no closed form here: a geometric program")
    try:
        return Minimum(ask, cases(partial(lowest, ask), Facts.of(given)), given)
    except SolveError as problem:
        if isinstance(problem, SeveralValleys) or not ask.free_symbols:
            raise
        return Minimum(ask, (), given, str(problem))


def _x(found: Lowest) -> sp.Expr:
    """The best value; of a plateau from 0 its other end."""
    return found.until if found.x == 0 and found.kind == "plateau" else found.x


def _steps(minimum: Minimum, found: Lowest) -> Iterator[str]:
    ask, x = minimum.problem, minimum.symbol
    least = "least" if ask.sense > 0 else "most"
    yield f"{show.text(ask.asked.expr)}   ({ask.word} over {', '.join(s.name for s in ask.over)})"
    for s, e in ask.put:
        yield f"{s} = {show.text(e)}   (from {', '.join(show.text(eq.lhs) + ' = ' + show.text(eq.rhs) for eq in ask.equations)})"
    for rel in ask.limits:
        yield f"{show.text(rel)}   (must hold)"
    for e in ask.whole:
        if all(e != put for _, put in ask.put):
            yield f"{show.text(e)}   (must be whole, of whole numbers)"
    if convex(ask):
        inverse = "" if ask.sense > 0 else "its inverse is "
        yield f"{inverse}convex in log {x}: sums and maxima of monomials with positive coefficients; one valley only"
    else:
        yield f"it {'falls, then rises' if ask.sense > 0 else 'rises, then falls'}: the sign of its derivative, regime by regime"
    if found.kind in ("none", "impossible"):
        yield minimum.none(found)
        return
    yield f"{show.text(found.slope)}   ({x} times the derivative, just below)"
    yield f"{x} = {show.text(_x(found))}   ({_KINDS[found.kind]})"
    yield f"{show.text(minimum.worth(found).expr)}   ({least}, in {ask.cost.unit})"
