"""The first stage of ``solve``: what is asked, checked, as a claim that one side is at least the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy as sp

from symroof.algebra.balance import measured_unit
from symroof.algebra.condition import Condition
from symroof.algebra.cost import Cost
from symroof.algebra.symbols import Symbol
from symroof.algebra.units import ONE
from symroof.errors import SolveError, short
from symroof.solver.bound import Bound
from symroof.solver.parts import Claim
from symroof.solver.steps import FLIP, Step, Weights


def asked(condition: Condition, symbol: sp.Symbol, large: Iterable[sp.Symbol], small: Iterable[sp.Symbol]) -> Bound:
    """The question as a bound without an answer; the aggregate letters that a symbol is part of are written out.

    Raises SolveError if the symbol does not occur in the condition, is itself called large or small, or if a symbol of
    the condition is not positive.
    """
    weights = weighed(large, small)
    condition = _as_condition(condition).expand(symbol, *(s for s, _ in weights))
    if not isinstance(symbol, sp.Symbol):
        raise SolveError(f"{short(symbol)} is no symbol; solve for one, e.g. solve(condition, B) with B from symroof.symbols")
    known = condition.free_symbols
    if symbol not in known:
        raise SolveError(
            f"{symbol} does not occur in {short(condition)}{_twin(symbol, known)}; "
            f"solve for one of {', '.join(sorted(s.name for s in known)) or 'none'}"
        )
    if any(s == symbol for s, _ in weights):
        raise SolveError(f"{symbol} cannot be the unknown and large or small at once; leave it out of large= and small=")
    check_letters(weights, known, short(condition))
    start = Step("the condition", condition.left.expr, condition.relation, condition.right.expr, kind="start")
    return Bound(symbol, condition, (), weights, (start,), closed=False)


def weighed(large: Iterable[sp.Symbol] | sp.Symbol, small: Iterable[sp.Symbol] | sp.Symbol) -> Weights:
    """What is called large with the weight 1, what is called small with -1."""
    listed = (tuple(side) if isinstance(side, Iterable) else (side,) for side in (large, small))
    return tuple((s, w) for side, w in zip(listed, (1, -1), strict=True) for s in side)


def check_letters(weights: Weights, known: set[sp.Symbol], where: str) -> None:
    """Raise SolveError for what cannot grow or vanish, and for letters that may be negative; ``where`` names what they stand in."""
    for s, _ in weights:
        if not isinstance(s, sp.Symbol):
            raise SolveError(f"{short(s)} is no symbol; write large=(D, F) with D and F from symroof.symbols")
        if s not in known:
            raise SolveError(
                f"{s} is called large or small but does not occur in {where}; it has {', '.join(sorted(x.name for x in known)) or 'none'}"
            )
    loose = sorted(s.name for s in known if not s.is_positive)
    if loose:
        raise SolveError(f"{loose[0]} may be negative or complex; declare it with symbol({loose[0]!r}, unit), which is positive")
    if len({s for s, _ in weights}) < len(weights):
        raise SolveError(f"{weights[-1][0]} is named twice in large= and small=; name it once")


def claimed(question: Bound) -> Claim:
    """That the side which has to be larger is at least the other; maxima of numbers worked out, common factors in front of the rest."""
    left, right = (_tightened(side.expr) for side in (question.condition.left, question.condition.right))
    relation = question.condition.relation
    greater, lesser = (left, right) if relation[0] == ">" else (right, left)
    return Claim(greater, lesser, question.symbol, question.weights, len(relation) == 1)


def _as_condition(condition: Any) -> Condition:
    if isinstance(condition, Condition):
        return condition
    if isinstance(condition, sp.Rel) and condition.rel_op in FLIP:
        unit = measured_unit(condition.lhs) or ONE
        return Condition(Cost(condition.lhs, unit), condition.rel_op, Cost(condition.rhs, unit))
    raise SolveError(f"{short(condition)} is no condition; compare two costs, e.g. solve(t['math'] >= t['hbm'], B)")


def _twin(symbol: sp.Symbol, known: set[sp.Symbol]) -> str:
    """That there is a letter of that name in another unit."""
    twin = next((s for s in known if s.name == symbol.name and isinstance(s, Symbol)), None)
    return "" if twin is None else f" (there is another {symbol} in {twin.unit}, yours is in {getattr(symbol, 'unit', '1')})"


def _tightened(expr: sp.Expr) -> sp.Expr:
    """``max(a*c, b*c)`` as ``c*max(a, b)``, and the maximum of numbers as a number."""
    if not expr.has(sp.Max, sp.Min):
        return expr
    return expr.replace(lambda e: isinstance(e, (sp.Max, sp.Min)), _fronted)


def _fronted(extreme: sp.Expr) -> sp.Expr:
    if extreme.is_number:
        return extreme.func(*extreme.args)
    powers = [a.as_powers_dict() for a in extreme.args]
    common = sp.Integer(1)
    for base, exponent in powers[0].items():
        others = [p.get(base, sp.Integer(0)) for p in powers]
        if base.is_positive and not base.is_number and all(e.is_Rational and e * exponent > 0 for e in others):
            common *= base ** (min(others) if exponent > 0 else max(others))
    if common == 1:
        return extreme
    rest = [a / common for a in extreme.args]
    return common * extreme.func(*rest, evaluate=all(a.is_number for a in rest))
