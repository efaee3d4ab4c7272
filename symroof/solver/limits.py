"""``limit(cost, large=(D, F))``: what a cost comes to as symbols grow without bound or vanish, and how far off that is.

Of a sum the terms of fastest growth are kept, of a ratio those of its numerator and of its denominator, of a maximum
the parts that grow fastest. Symbols that are named together grow together, at the same rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import bind
from symroof.algebra.claims import together
from symroof.algebra.cost import Cost, changed
from symroof.algebra.deviation import Deviation, deviation, values_of
from symroof.algebra.units import Unit
from symroof.algebra.value import Value
from symroof.errors import InputError, SolveError, short
from symroof.solver.condition import check_letters, weighed
from symroof.solver.growth import adding, growth, ordered


@dataclass(frozen=True, repr=False)
class Limit(show.Shown):
    """What a cost comes to (``cost``), beside the exact one it stands for; ``.at`` says where it is more than 5 % off."""

    cost: Cost
    exact: Cost
    weights: tuple[tuple[sp.Symbol, int], ...]

    @property
    def unit(self) -> Unit:
        """The unit of the cost."""
        return self.cost.unit

    def at(self, *sheets: Any, **values: Any) -> Any:
        """The Value of the limit, with its ``error`` if every symbol has a value; a Limit again as long as symbols are left."""
        given = bind(self.exact.free_symbols | self.cost.free_symbols, sheets, values, together(self.exact.of, self.cost.of))
        found = self.cost.put(given)
        if not isinstance(found, Value):
            exact = self.exact.put(given)
            return Limit(found, exact, tuple((s, w) for s, w in self.weights if s in exact.free_symbols))
        if found.is_array or given.exprs or self.exact.free_symbols - given.numbers.keys():
            return found
        exact = self.exact.put(given)
        at = values_of((s for s, _ in self.weights), given.numbers)
        return found if exact.is_array else replace(found, error=deviation(found, exact, at))

    def error(self, *sheets: Any, **values: Any) -> Deviation:
        """The exact relative error of the limit at values for all symbols.

        Raises InputError if a symbol has no value, and for arrays.
        """
        found = self.at(*sheets, **values)
        if isinstance(found, Value) and isinstance(found.error, Deviation):
            return found.error
        given = bind(self.exact.free_symbols, sheets, values, self.exact.of)
        missing = sorted(s.name for s in self.exact.free_symbols - given.numbers.keys())
        cure = f"missing: {', '.join(missing)}" if missing else "give one set of values at a time"
        raise InputError(f"the error of a limit needs a number for every symbol; {cure}")


def limit(cost: Cost, large: Iterable[sp.Symbol] = (), small: Iterable[sp.Symbol] = ()) -> Limit:
    """The leading behaviour of a cost as the ``large`` symbols grow and the ``small`` ones vanish, part by part.

    >>> from symroof import matmul
    >>> from symroof.symbols import B, D, F
    >>> mm = matmul(B, D, F)
    >>> limit(mm.flops / mm.traffic, large=(D, F)).cost.expr
    2*B/p

    Raises SolveError where there is no such limit: terms that cancel, a ceiling of what stays finite, other functions.
    """
    if not isinstance(cost, Cost):
        raise SolveError(f"{short(cost)} is no cost; write limit(cost, large=(D, F)), and for a bound solve(condition, x, large=(D, F))")
    weights = weighed(large, small)
    if not weights:
        raise SolveError("a limit needs to know what grows or vanishes; write limit(cost, large=(D, F)) or limit(cost, small=...)")
    cost = cost.expand(*(s for s, _ in weights))
    check_letters(weights, cost.free_symbols, "the cost")
    return Limit(_cost(cost, dict(weights))[0], cost, weights)


# -- costs
def _cost(cost: Cost, weights: Mapping[sp.Symbol, int]) -> tuple[Cost, sp.Rational]:
    """What is left of a cost, part by part, and how fast it grows."""
    if cost.leaf is not None:
        expr, power = growth(cost.leaf, weights)
        return changed(cost, leaf=expr), power
    found = [_cost(part, weights) for part in cost.parts]
    power = max(p for _, p in found)
    parts = [part for part, p in found if p == power]
    if cost.join == "max":
        ordered([part.expr for part in parts], cost.expr)
    else:
        adding([part.expr for part in parts], cost.expr)
    if len(parts) == 1:
        return changed(parts[0], name=cost.name or parts[0].name, source=cost.source or parts[0].source), power
    return changed(cost, parts=tuple(parts)), power
