"""What an architecture search puts in the place of a sublayer: one matrix, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symroof.algebra.symbols import D
from symroof.transformer.kind import Kind, Pass, Sharding


@dataclass(frozen=True)
class Linear(Kind):
    """One matrix [D, D] in the place of attention or of an MLP: 2 D^2 FLOPs a token.

    >>> Linear().program(at=Pass(new=1)).flops
    2*B*D**2  [FLOP]

    Source: arXiv:2411.19146 (Puzzle).
    """

    word = "linear"

    def text(self, at: Pass, how: Sharding) -> str:
        """One matmul, its output split as its input."""
        return "weight linear: W\n In[A~d, D~m] W[D~f, Do~m] -> Out[A~d, Do~m]\n"

    def sizes(self, at: Pass) -> dict[str, Any]:
        """A are all new tokens, Do is D again."""
        return {"A": at.tokens, "Do": D}


@dataclass(frozen=True)
class Skip(Kind):
    """No sublayer at all: the layer counts among L, and costs and stores nothing, not even a norm."""

    word = "skip"

    usual_norms = 0

    def text(self, at: Pass, how: Sharding) -> str:
        """Nothing."""
        return ""
