"""What ``solve`` found: where a condition holds, with its domain, its approximations and its steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Self

import sympy as sp

from symroof.algebra.bind import Given
from symroof.algebra.claims import Claims
from symroof.algebra.cost import Condition, quantity
from symroof.algebra.units import ONE, Unit
from symroof.errors import SolveError
from symroof.solver.pieces import Piece
from symroof.solver.steps import Step, Weights, substituted


@dataclass(frozen=True, eq=False)
class Solved:
    """Where a condition holds: ``symbol`` in one of the ``pieces``, each ``low <= symbol <= high`` under its ``when``.

    ``kind`` is "bound", "always", "never" or, where no closed form exists, "numeric"; ``reason`` says why.
    """

    symbol: sp.Symbol
    condition: Condition
    pieces: tuple[Piece, ...]
    weights: Weights = ()
    steps: tuple[Step, ...] = ()
    reason: str = ""
    closed: bool = True
    again: Callable[..., Any] | None = field(default=None, repr=False)  # how it was solved
    necessary: Self | None = None  # without a closed form: what must hold, and what suffices
    sufficient: Self | None = None

    @property
    def kind(self) -> str:
        """ "bound", "always", "never" or "numeric"."""
        if not self.closed:
            return "numeric"
        if not self.pieces:
            return "never"
        return "always" if any(p.everything for p in self.pieces) else "bound"

    @property
    def large(self) -> tuple[sp.Symbol, ...]:
        """The symbols that were taken as large."""
        return tuple(s for s, w in self.weights if w > 0)

    @property
    def small(self) -> tuple[sp.Symbol, ...]:
        """The symbols that were taken as small."""
        return tuple(s for s, w in self.weights if w < 0)

    @property
    def approximations(self) -> tuple[str, ...]:
        """What was assumed beyond the condition: ``("large D", "large F")``."""
        return tuple(f"{'large' if w > 0 else 'small'} {s}" for s, w in self.weights)

    @property
    def unit(self) -> Unit:
        """The unit of the unknown."""
        unit: Unit = getattr(self.symbol, "unit", ONE)
        return unit

    @property
    def of(self) -> Claims:
        """What the condition assumes of the model."""
        return self.condition.of

    @property
    def free_symbols(self) -> set[sp.Symbol]:
        """The symbols that ``.at`` may be given: those of the condition but the unknown."""
        return self.condition.free_symbols - {self.symbol}

    @property
    def exact(self) -> Self:
        """The bound without its approximations."""
        return self.solved_again(self.condition)

    def solved_again(self, condition: Condition, x: sp.Symbol | None = None, weights: Weights = ()) -> Self:
        """Another condition solved in the same way, for the same symbol or for x."""
        if self.again is None:
            raise SolveError(f"{self!r} was not made by solve(...), so it cannot be solved again")
        found: Self = self.again(condition, x or self.symbol, [s for s, w in weights if w > 0], [s for s, w in weights if w < 0])
        return found

    def of_condition(self, condition: Condition) -> Self:
        """The same question about another condition, to be solved when ``.at`` is asked."""
        return replace(self, condition=condition, pieces=(), steps=(), closed=False)

    def put(self, given: Given) -> Self:
        """The bound with values put into its condition, solved again."""
        condition = self.condition.put(given)
        found = self.solved_again(condition, weights=tuple((s, w) for s, w in self.weights if s in condition.free_symbols))
        return replace(found, steps=substituted(self.steps, found.steps, given))


def bare(left: sp.Expr, relation: str, right: sp.Expr) -> Condition:
    """A condition between expressions whose units no longer matter."""
    return Condition(quantity(left, ONE), relation, quantity(right, ONE))
