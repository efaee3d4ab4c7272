"""``minimize(cost, over=X, subject_to=...)``: the best value of a symbol, in closed form, with the reason why it is best.

One unknown is walked down to where the cost stops falling; several are a geometric program, solved once the other symbols
have values (see :mod:`symroof.geometric`). ``maximize`` is the same for a rate such as a throughput.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import bind
from symroof.algebra.cost import Cost, changed
from symroof.algebra.operands import rational
from symroof.analysis.best import best, several
from symroof.analysis.descent import Lowest, SeveralValleys, convex, lowest
from symroof.analysis.problem import Problem, each, problem
from symroof.analysis.regimes import relations
from symroof.analysis.walk import Case, cases
from symroof.errors import InputError, SolveError
from symroof.solver.facts import Facts
from symroof.solver.polynomial import expand

_KINDS = {
    "stationary": "the derivative vanishes there",
    "kink": "two parts of the maximum cross there, one falling, one rising",
    "limit": "the condition allows no more",
    "plateau": "any value in between costs the same",
}


@dataclass(frozen=True, repr=False)
class Minimum(show.Shown):
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
    def only(self) -> Lowest:
        """The answer of the only case.

        Raises SolveError if there is no closed form, or if comparisons decide between several.
        """
        if self.reason:
            raise SolveError(f"{self.reason}; give the other values to .at(...)")
        if len(self.cases) != 1:
            every = dict.fromkeys(show.text(rel) for case in self.cases for rel in case.when)
            raise SolveError(f"which it is depends on {' and '.join(every)}; add it to given=[...], or give values to .at(...)")
        return self.cases[0].result

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
        given = bind(self.free_symbols, sheets, values, self.problem.asked.of, self.problem.over)
        array = next((s for s, v in given.numbers.items() if hasattr(v, "shape")), None)
        if array is not None:
            raise InputError(f"{array} is an array; an optimum is found for one set of values at a time")
        numbers = {s: rational(v) for s, v in given.numbers.items()}
        ask = self.problem

        def put(expr: Any) -> Any:
            return expr.xreplace(dict(given.exprs)).xreplace(numbers)

        now = Problem(
            ask.asked.map(put),
            ask.cost.map(put),
            ask.over,
            tuple(r.func(put(r.lhs), put(r.rhs), evaluate=False) for r in ask.limits),
            tuple((s, put(e)) for s, e in ask.put),
            ask.equations,
            ask.sense,
            ask.called,
        )
        if not now.free_symbols:
            return several(now) if len(now.over) > 1 else best(now, _only(now))
        return _found(now, tuple(r.func(put(r.lhs), put(r.rhs), evaluate=False) for r in self.given))

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


def _only(ask: Problem) -> Lowest:
    """The answer at numbers, where there is one case only."""
    found = cases(partial(lowest, ask), Facts())
    return found[0].result


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
