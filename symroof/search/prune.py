"""What a search need not look at: an axis along which the best point of every line stands where the constraints begin.

If a cost only rises along an axis, and every constraint only rises or only falls along it, then on each line of the grid
the best feasible point is the first one that the opposing constraints allow. A bisection finds it for all lines at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy as sp

from symroof.solver.monotony import difference, direction


@dataclass(frozen=True, eq=False)
class Lines:
    """The lines along one axis: its indices in the ``order`` in which the cost rises, and the conditions that forbid the start."""

    axis: int
    symbol: sp.Symbol
    order: Any = field(repr=False)
    blockers: tuple[int, ...] = ()


def lines(
    cost: sp.Expr, slacks: Sequence[tuple[sp.Expr, sp.Expr]], values: Mapping[sp.Symbol, Any], shape: tuple[int, ...]
) -> Lines | None:
    """The longest axis along which the cost and the room of every condition (``large - small``) go one way; None if there is none."""
    for axis in sorted(range(len(shape)), key=lambda i: -shape[i]):
        symbol = _alone(axis, values, shape)
        if shape[axis] < 2 or symbol is None:
            continue
        way = direction(cost, symbol)
        room = [difference(large, small, symbol) for large, small in slacks] if way else []
        if not way or None in room:
            continue
        numbers = np.asarray(values[symbol]).ravel()
        order = np.argsort(numbers if way > 0 else -numbers, kind="stable")
        return Lines(axis, symbol, order, tuple(i for i, r in enumerate(room) if r == way))
    return None


def _alone(axis: int, values: Mapping[sp.Symbol, Any], shape: tuple[int, ...]) -> sp.Symbol | None:
    """The only symbol that differs along an axis, if it differs along no other."""
    found = []
    for symbol, value in values.items():
        own = (1,) * (len(shape) - np.ndim(value)) + np.shape(value)
        if own[axis] > 1:
            found.append((symbol, np.size(value) == shape[axis]))
    return found[0][0] if len(found) == 1 and found[0][1] else None
