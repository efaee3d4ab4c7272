"""``solve(condition, symbol)``: a closed form with its domain, the approximations made, and the steps that lead there.

All symbols are positive and costs are sums of monomials, so after clearing denominators the signs of the coefficients
say where the condition holds (Descartes' rule of signs). Maxima and minima fall apart into unions and intersections.

    condition ──▶ maxima ──▶ function ──▶ positive ──▶ bound        (each stage hands on where a claim holds, and its steps)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import sympy as sp

from symroof.algebra.condition import Condition
from symroof.errors import NoClosedForm
from symroof.solver.bound import Bound
from symroof.solver.condition import asked, claimed
from symroof.solver.maxima import held
from symroof.solver.parts import Claim
from symroof.solver.pieces import Pieces
from symroof.solver.polynomial import sides
from symroof.solver.rounded import rounded
from symroof.solver.steps import facing


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
    question = replace(asked(condition, symbol, large, small), again=solve)
    claim = claimed(question)
    try:
        pieces, steps = held(claim)
    except NoClosedForm as problem:
        return rounded(replace(question, reason=str(problem)))
    steps = facing((*question.steps, *steps), question.condition.relation)
    return replace(question, pieces=pieces, steps=steps, reason=_reason(pieces, claim), closed=True)


def _reason(pieces: Pieces, claim: Claim) -> str:
    """Why a condition always or never holds."""
    if pieces and not any(p.everything for p in pieces):
        return ""
    x = claim.x
    if claim.greater.has(sp.Max, sp.Min) or claim.lesser.has(sp.Max, sp.Min):
        return f"at every {x} one part of the maxima decides it" if pieces else f"for no {x}, whichever part of the maxima decides"
    above, below = sides(claim.greater, claim.lesser) or (sp.Integer(1), sp.Integer(1))
    if above == below == 0:
        return "both sides are the same" + ("" if pieces else ", so neither is larger")
    if pieces:
        return f"for every {x}, whatever the other values" + ("" if below else ": the difference of the sides has positive terms only")
    return f"for no {x}, whatever the other values" + ("" if above else ": the difference of the sides has negative terms only")
