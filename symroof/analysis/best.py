"""An optimum in numbers: the real one, and the whole numbers that really win once sizes have to divide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import Given
from symroof.algebra.cost import Cost
from symroof.algebra.units import ONE, Unit
from symroof.algebra.value import Value
from symroof.analysis.descent import Lowest
from symroof.analysis.problem import Problem
from symroof.errors import SolveError
from symroof.geometric.whole import Box, NoValues, WholeOptimum, holds, numbers, winner, worth

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
    binds = tuple(n for n, r in zip(ask.called, ask.limits, strict=True) if found.kind == "limit" and _tight(r, {x: at}))
    flat = found.kind == "plateau" and found.x != 0 and found.until is not sp.oo
    until = Value(worth(found.until, {}), _unit(x), x.name) if flat else None

    def judged(point: Mapping[sp.Symbol, Any]) -> Any:
        """The cost of a whole number that satisfies the conditions and leaves the eliminated symbols whole and positive."""
        left = [worth(e, point) for _, e in ask.put]
        possible = all(holds(r, point) for r in ask.limits) and all(v > 0 and v == int(v) for v in left)
        return ask.sense * worth(ask.cost.expr, point) if possible else None

    def bound(box: Box) -> tuple[Any, tuple[Any, ...]]:
        """In one valley what is nearest is best; and the conditions leave one interval."""
        nearest = min(max(at, Fraction(box[0][0])), Fraction(box[0][1]))
        if nearest != at and not all(holds(r, {x: nearest}) for r in ask.limits):
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
    """Unknowns that must divide a whole number: those of an equation ``Y = n/X`` with a whole n."""
    found: dict[sp.Symbol, int] = {}
    for _, e in ask.put:
        coefficient, rest = e.as_coeff_Mul()
        for x in ask.over:
            if coefficient.is_Integer and coefficient > 0 and rest.as_powers_dict().get(x, 0) == -1 and rest.free_symbols <= set(ask.over):
                found[x] = int(coefficient)
    return found


def _point(ask: Problem, at: Mapping[sp.Symbol, Any]) -> dict[sp.Symbol, Any]:
    return {**at, **{s: worth(e, at) for s, e in ask.put}}


def _unit(s: sp.Symbol) -> Unit:
    unit: Unit = getattr(s, "unit", ONE)
    return unit


def _value(cost: Cost, at: Mapping[sp.Symbol, Any]) -> Value:
    value: Value = cost.put(Given(dict(at)))
    return value


def _tight(rel: sp.Rel, at: Mapping[sp.Symbol, Any]) -> bool:
    left, right = float(worth(rel.lhs, at)), float(worth(rel.rhs, at))
    return abs(left - right) <= 1e-9 * max(abs(left), abs(right))
