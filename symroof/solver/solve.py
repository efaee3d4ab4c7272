"""``solve(condition, symbol)``: a closed form with its domain, the approximations made, and the steps that lead there.

All symbols are positive and costs are sums of monomials, so after clearing denominators the signs of the coefficients
say where the condition holds (Descartes' rule of signs). Maxima and minima fall apart into unions and intersections.

    condition ──▶ maxima ──▶ function ──▶ positive ──▶ bound        (each stage hands on where an inequality holds, and its steps)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from typing import Any

import sympy as sp

from symroof.algebra.cost import Condition, Cost
from symroof.algebra.operands import measured_unit
from symroof.algebra.symbols import Symbol
from symroof.algebra.units import ONE
from symroof.errors import NoClosedForm, SolveError, short
from symroof.solver.bound import Bound
from symroof.solver.extremes import branches
from symroof.solver.function import smooth
from symroof.solver.limits import check_letters, weighed
from symroof.solver.pieces import Pieces
from symroof.solver.polynomial import fronted, sides
from symroof.solver.rounded import rounded
from symroof.solver.steps import FLIP, Answer, Inequality, Step, Weights, facing, together


def solve(condition: Condition, symbol: sp.Symbol, large: Iterable[sp.Symbol] = (), small: Iterable[sp.Symbol] = ()) -> Bound:
    """Where a condition holds, as a bound on one of its symbols.

    ``large`` (and ``small``) name symbols that grow without bound (vanish): only the terms that then matter are kept,
    and the bound says so. Conditions on maxima, on either side, give unions and intersections. A condition that always
    or never holds gives a bound that says why; one without a closed form a bound that is evaluated numerically.
    A ceiling, floor or power of two of the symbol is undone exactly, or bounded from both sides. In a formula of a model,
    aggregate letters that the symbol is part of are written out.

    Raises SolveError if the symbol does not occur in the condition, is itself called large or small, or if a symbol of
    the condition is not positive.
    """
    weights = weighed(large, small)
    condition = _checked(condition, symbol, weights)
    start = Step("the condition", condition.left.expr, condition.relation, condition.right.expr, kind="start")
    question = Bound(symbol, condition, (), weights, (start,), closed=False, again=solve)
    greater, lesser = (fronted(side.expr) for side in condition.ordered)
    asked = Inequality(greater, lesser, symbol, weights, condition.strict)
    try:
        pieces, steps = held(asked)
    except NoClosedForm as problem:
        return rounded(replace(question, reason=str(problem)))
    return replace(question, pieces=pieces, steps=facing((start, *steps), condition.relation), reason=_reason(pieces, asked), closed=True)


def _checked(condition: Any, symbol: Any, weights: Weights) -> Condition:
    """The condition, the aggregate letters that a symbol is part of written out, if it can be solved for that symbol."""
    if isinstance(condition, sp.Rel) and condition.rel_op in FLIP:
        unit = measured_unit(condition.lhs) or ONE
        condition = Condition(Cost(condition.lhs, unit), condition.rel_op, Cost(condition.rhs, unit))
    if not isinstance(condition, Condition):
        raise SolveError(f"{short(condition)} is no condition; compare two costs, e.g. solve(t['math'] >= t['hbm'], B)")
    asked = condition.expand(symbol, *(s for s, _ in weights))
    if not isinstance(symbol, sp.Symbol):
        raise SolveError(f"{short(symbol)} is no symbol; solve for one, e.g. solve(condition, B) with B from symroof.symbols")
    known = asked.free_symbols
    if symbol not in known:
        twin = next((s for s in known if s.name == symbol.name and isinstance(s, Symbol)), None)
        other = f" (there is another {symbol} in {twin.unit}, yours is in {getattr(symbol, 'unit', '1')})" if twin else ""
        letters = ", ".join(sorted(s.name for s in known)) or "none"
        raise SolveError(f"{symbol} does not occur in {short(asked)}{other}; solve for one of {letters}")
    if any(s == symbol for s, _ in weights):
        raise SolveError(f"{symbol} cannot be the unknown and large or small at once; leave it out of large= and small=")
    check_letters(weights, known, short(asked))
    return asked


# -- the second stage
def held(asked: Inequality) -> Answer:
    """Where an inequality holds: the union over branches of one side of the intersection over branches of the other."""
    moving = frozenset((asked.x, *(s for s, _ in asked.weights)))
    above, below = branches(asked.greater, moving), branches(asked.lesser, moving)
    if len(above) == len(above[0]) == len(below) == len(below[0]) == 1:
        return smooth(asked)
    rows = [[[asked.between(a, b) for b in column] for a, column in product(row, below)] for row in above]
    words = []
    if len(above) > 1 or len(below[0]) > 1:
        words.append("one part of the larger side suffices")
    if len(above[0]) > 1 or len(below) > 1:
        words.append("the larger side has to exceed every part of the smaller one")
    return together(asked, rows, f"take the maxima apart: {' and '.join(words)}", smooth)


def _reason(pieces: Pieces, asked: Inequality) -> str:
    """Why a condition always or never holds."""
    if pieces and not any(p.everything for p in pieces):
        return ""
    x = asked.x
    if asked.greater.has(sp.Max, sp.Min) or asked.lesser.has(sp.Max, sp.Min):
        return f"at every {x} one part of the maxima decides it" if pieces else f"for no {x}, whichever part of the maxima decides"
    above, below = sides(asked.greater, asked.lesser) or (sp.Integer(1), sp.Integer(1))
    if above == below == 0:
        return "both sides are the same" + ("" if pieces else ", so neither is larger")
    if pieces:
        return f"for every {x}, whatever the other values" + ("" if below else ": the difference of the sides has positive terms only")
    return f"for no {x}, whatever the other values" + ("" if above else ": the difference of the sides has negative terms only")
