"""An optimisation problem as it is asked: a cost, the unknowns, equations that eliminate some of them, and limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.claims import together
from symroof.algebra.cost import Condition, Cost
from symroof.algebra.operands import plain
from symroof.analysis.regimes import known_symbol
from symroof.analysis.walk import where
from symroof.errors import InputError, SolveError, short
from symroof.solver.pieces import relation

_EXAMPLE = "write subject_to=sympy.Eq(X*Y, n), or {Y: n/X}, or a comparison of costs such as step <= '15 ms'"


@dataclass(frozen=True)
class Problem:
    """What is to be least (or, with ``sense`` -1, most): the cost after ``put`` eliminated what the equations determine.

    ``limits`` are the conditions that are left, in the unknowns ``over``, and ``called`` is how they were written;
    ``equations`` are those that eliminated something.
    """

    asked: Cost
    cost: Cost
    over: tuple[sp.Symbol, ...]
    limits: tuple[sp.Rel, ...]
    put: tuple[tuple[sp.Symbol, sp.Expr], ...] = ()
    equations: tuple[sp.Eq, ...] = ()
    sense: int = 1
    called: tuple[str, ...] = ()

    @property
    def free_symbols(self) -> set[sp.Symbol]:
        """The symbols that need a value: all but the unknowns."""
        free = set().union(self.cost.free_symbols, *(rel.free_symbols for rel in self.limits), *(e.free_symbols for _, e in self.put))
        return free - set(self.over)

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
    limits = [c for c in conditions if not isinstance(c, sp.Eq)]
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
    return Problem(cost, replaced, left, tuple(c.xreplace(put) for c in limits), tuple(put.items()), equations, sense, written)


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
        yield from (sp.Eq(s, plain(e), evaluate=False) for s, e in given.items())
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
