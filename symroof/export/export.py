"""``export(cost_or_bound, "c")``: a formula as the text of a source file that stands alone."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symroof.algebra.cost import Cost
from symroof.algebra.evaluate import tape
from symroof.algebra.value import Value
from symroof.errors import InputError, short
from symroof.export.bounds import bound_source, bound_tape
from symroof.export.costs import cost_source
from symroof.export.languages import dialect
from symroof.export.names import derived_name, function_name
from symroof.solver.bound import Bound


def export(formula: Cost | Bound, to: str = "python", name: str = "", parts: bool = False) -> str:
    """A Cost or Bound as a function of its symbols: ``"numpy"``, ``"python"``, ``"javascript"`` or ``"c"``.

    All numbers are in SI units. Of a Cost the value; with ``parts`` those of its parts too and which part binds. Of a
    Bound the threshold, infinite (or 0 for ``<=``) where it is never reached; with several ends a list of intervals.
    Operations are those of ``.at`` on arrays, in the same order; arguments are not checked.

    >>> from symroof import decode
    >>> print(export(decode.weight_time(), "javascript"))
    "use strict";
    <BLANKLINE>
    /*
     * weights [s], exported by symroof.
     *
     * P*p_w/(W_hbm*n)  [s]
     *
     * Arguments, positive numbers in SI units:
     *   P      [param] parameters
     *   W_hbm  [byte/s] HBM bandwidth of a chip
     *   n      [chip] chips
     *   p_w    [byte] bytes per weight
     */
    function weights(P, W_hbm, n, p_w) {
      const per_W_hbm = 1 / W_hbm;
      const per_n = 1 / n;
      return P * p_w * per_W_hbm * per_n;
    }
    <BLANKLINE>
    if (typeof module !== "undefined") module.exports = { weights };
    <BLANKLINE>

    Raises UnknownName for another language, InputError for a name that the language does not allow or a function that
    has no counterpart, SolveError for a Bound without a closed form.
    """
    to_dialect = dialect(to)
    if isinstance(formula, Value) or not isinstance(formula, (Cost, Bound)):
        raise InputError(f"{short(formula)} is no formula; export a Cost or a Bound, with a letter left free")
    called = formula.name or "cost" if isinstance(formula, Cost) else f"{formula.symbol.name} bound"
    otherwise = "cost" if isinstance(formula, Cost) else "bound"
    checked: Any = function_name(name, to_dialect.name) if name else derived_name(called, to_dialect.name, otherwise)
    if isinstance(formula, Cost):
        return cost_source(formula, to_dialect, checked, parts)
    if parts:
        raise InputError("a bound has no parts; export it without them")
    return bound_source(formula, to_dialect, checked)


def arguments(formula: Cost | Bound) -> tuple[sp.Symbol, ...]:
    """The symbols that the exported function takes, in its order."""
    return tuple((tape(formula.shape) if isinstance(formula, Cost) else bound_tape(formula)).inputs)
