"""``fragment(anything)``: every object of symroof as LaTeX to ``\\input``."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symroof.algebra.condition import Condition
from symroof.algebra.cost import Cost
from symroof.algebra.span import Span
from symroof.algebra.value import Value
from symroof.analysis.elasticity import Elasticity
from symroof.analysis.minimize import Minimum
from symroof.analysis.regimes import Regimes
from symroof.errors import InputError, short
from symroof.latex import answers, sheets
from symroof.latex.bounds import approximation, bound_box, condition_box, derivation, relation_box
from symroof.latex.layout import Box, box, chain, display, listed
from symroof.latex.piece import Fragment
from symroof.latex.substituted import span
from symroof.latex.trees import cost_box
from symroof.latex.writer import name
from symroof.plane.regions import Regions
from symroof.solver.bound import Bound
from symroof.solver.limits import Limit
from symroof.solver.steps import Step


def fragment(of: Any, steps: bool = False) -> Fragment:
    r"""A cost (parts under braces), bound, value, regimes, optimum, sheet, search result or expression as LaTeX.

    With ``steps`` a bound comes with its derivation. What does not fit on a line of an article is split.

    >>> from symroof import decode
    >>> print(fragment(decode.weight_time()))
    \[
    \text{weights} = \frac{P p_w}{W_\text{hbm} n}
    \]

    Raises InputError for what has no LaTeX, such as arrays.
    """
    if isinstance(of, Fragment):
        return of
    if isinstance(of, Bound):
        shown = Fragment(display(bound_box(of)))
        return Fragment(derivation(of.steps)) + shown if steps and of.steps else shown
    for kind, make in _KINDS.items():
        if isinstance(of, kind):
            made: Fragment = make(of)
            return made
    return _by_shape(of)


def _by_shape(of: Any) -> Fragment:
    """What other rooms make: sheets have rows, searches have points."""
    if callable(getattr(of, "rows", None)) and hasattr(of, "values"):
        return sheets.sheet(of)
    if hasattr(of, "points") and hasattr(of, "limits"):
        return sheets.found(of)
    if isinstance(getattr(of, "rows", None), tuple) and hasattr(of, "best"):
        return sheets.choices(of)
    if hasattr(of, "whole") and hasattr(of, "lines"):  # a proof
        return Fragment(derivation(line.step for line in of.lines))
    if hasattr(of, "point") and hasattr(of, "value"):
        return answers.best(of)
    raise InputError(f"{short(of)} has no LaTeX; give a cost, a bound, a value, regimes, a sheet or a search result")


def _cost(of: Cost) -> Fragment:
    called = name(of.name) if of.name else ""
    return Fragment(chain(called, [("=", cost_box(of))]) if called else display(cost_box(of)))


def _limit(of: Limit) -> Fragment:
    return Fragment(display(listed([cost_box(of.cost), Box(approximation(of))], ["", ""])))


def _value(of: Value) -> Fragment:
    if of.is_array:
        raise InputError(f"{of.name or 'the value'} is an array; show one of its values, or rows of them with latex.table")
    return answers.value(of)


def _expr(of: Any) -> Fragment:
    return Fragment(display(relation_box(of) if isinstance(of, sp.Rel) else box(of)))


_KINDS: dict[Any, Any] = {
    Cost: _cost,
    Condition: lambda of: Fragment(display(condition_box(of))),
    Limit: _limit,
    Value: _value,
    Span: lambda of: Fragment(display(span(of))),
    Step: lambda of: Fragment(derivation([of])),
    Regimes: answers.regimes,
    Regions: answers.regions,
    Minimum: answers.minimum,
    Elasticity: answers.elasticity,
    sp.Basic: _expr,
}
