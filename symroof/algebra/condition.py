"""A Condition: a comparison of two costs, a question for :func:`symroof.solve`, or true or false at values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.arithmetic import COMPARE
from symroof.algebra.bind import Given, bind
from symroof.algebra.claims import Claims, together
from symroof.algebra.operands import same_unit
from symroof.algebra.operators import lifts
from symroof.algebra.value import Value
from symroof.errors import InputError


@dataclass(frozen=True, eq=False, repr=False)
class Condition(show.Shown):
    """``left >= right`` between two costs of one unit: a question for ``solve``, or true or false ``.at`` values."""

    left: Any
    relation: str
    right: Any

    def __post_init__(self) -> None:
        same_unit(self.left, self.right, "compared")
        together(self.left.of, self.right.of)

    @property
    def free_symbols(self) -> set[sp.Symbol]:
        """The symbols of both sides."""
        free: set[sp.Symbol] = self.left.free_symbols | self.right.free_symbols
        return free

    @property
    def of(self) -> Claims:
        """What both sides assume of the model."""
        return together(self.left.of, self.right.of)

    @property
    def ordered(self) -> tuple[Any, Any]:
        """The side that has to be larger, and the other."""
        return (self.left, self.right) if self.relation[0] == ">" else (self.right, self.left)

    @property
    def strict(self) -> bool:
        """Whether equality does not do."""
        return len(self.relation) == 1

    @property
    def expr(self) -> sp.Rel:
        """The condition as an unevaluated sympy relation."""
        return sp.Rel(self.left.expr, self.right.expr, self.relation, evaluate=False)

    def at(self, *sheets: Any, **values: Any) -> Any:
        """True or False (an array of them for arrays); a Condition again as long as symbols are left."""
        given = bind(self.free_symbols, sheets, values, self.of)
        left, right = self.left.put(given), self.right.put(given)
        if isinstance(left, Value) and isinstance(right, Value):
            return COMPARE[self.relation](left, right)
        return self.between(left, right)

    def expand(self, *letters: sp.Symbol) -> Condition:
        """The same with the aggregate letters of a model written out, those that ``letters`` are part of; see ``Cost.expand``."""
        return Condition(self.left.expand(*letters), self.relation, self.right.expand(*letters))

    def put(self, given: Given) -> Condition:
        """The same with checked values put in."""
        return self.between(self.left.put(given), self.right.put(given))

    def between(self, left: Any, right: Any) -> Condition:
        """The same relation between other sides, each a Cost or a Value."""
        return Condition(lifts[-1](left), self.relation, lifts[-1](right))

    def __bool__(self) -> bool:
        raise InputError(f"whether {self!r} holds depends on values; ask condition.at(...), or solve(condition, symbol)")
