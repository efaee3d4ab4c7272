"""Blocks that cannot win: what only rises with every symbol is least where all are least, so that one corner bounds a block.

The symbols need not be independent: the corner of the box around a block may not be a point of it, but is never above one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from symroof.algebra.condition import Condition
from symroof.algebra.evaluate import Tape
from symroof.errors import InputError
from symroof.solver.monotony import difference, direction

Ways = Mapping[sp.Symbol, int | None]


def ways(costs: Sequence[sp.Expr], conditions: Sequence[Condition], values: Mapping[sp.Symbol, Any]) -> tuple[Ways, ...]:
    """How every cost, then the room that every condition leaves, goes with each symbol that differs over the space."""
    moving = [s for s, v in values.items() if np.size(v) > 1]
    rooms = [(c.right.expr, c.left.expr) if c.relation[0] == "<" else (c.left.expr, c.right.expr) for c in conditions]
    of_costs = [{s: direction(cost, s) for s in moving if cost.has(s)} for cost in costs]
    return *of_costs, *({s: difference(large, small, s) for s in moving if large.has(s) or small.has(s)} for large, small in rooms)


@dataclass(frozen=True, eq=False)
class Box:
    """The least and the largest value of every input on a part of the space."""

    values: Mapping[sp.Symbol, Any]
    whole: Mapping[sp.Symbol, tuple[float, float]]
    part: tuple[slice, ...]

    def corner(self, compiled: Tape, way: Ways, side: int) -> list[Any] | None:
        """What a tape's parts are worth where all is least (``side`` 1) or largest (-1); None if no corner is known to be that."""
        given = []
        for symbol in compiled.inputs:
            low, high = self._span(symbol)
            goes = way.get(symbol, 0)
            if goes is None and low != high:
                return None
            given.append(np.array([low if side * (goes or 0) >= 0 else high]))
        try:
            slots = compiled.run(given)
        except InputError:
            return None
        return [np.ravel(slots[place[0]])[0] for place in compiled.slots[1]]

    def _span(self, symbol: sp.Symbol) -> tuple[float, float]:
        value = self.values[symbol]
        if np.size(value) == 1:
            return self.whole[symbol]
        own = value.reshape((1,) * (len(self.part) - value.ndim) + value.shape)
        cut = own[tuple(s if n > 1 else slice(None) for s, n in zip(self.part, own.shape, strict=True))]
        return self.whole[symbol] if cut.size == own.size else (float(cut.min()), float(cut.max()))
