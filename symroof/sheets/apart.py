"""What a checkpoint stores beside its language model, as a sheet of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from symroof.algebra.cost import Cost
from symroof.algebra.operands import rational
from symroof.sheets.sheet import Sheet

_NONE = Cost(0, "param")


@dataclass(frozen=True, repr=False)
class Beside(Sheet):
    """One of these: ``parameters`` [param] as a formula in its letters, whose values it holds; ``int()`` counts them."""

    parameters: Cost = _NONE

    def __int__(self) -> int:
        return int(self.parameters.expr.xreplace({s: rational(v) for s, v in self.values.items()}))


def apart(name: str, parameters: sp.Expr, values: Mapping[Any, int], source: str = "") -> Beside:
    """Parameters of a name, by a formula, and the values of its letters."""
    own = {s: Fraction(v) for s, v in values.items() if s in parameters.free_symbols}
    return Beside(name, "", own, sources=dict.fromkeys(own, source), parameters=Cost(parameters, "param", name))
