"""What multi-token prediction adds before its layer: the embedding of the next token beside the state of this one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symroof.algebra.symbols import D
from symroof.transformer.kind import Kind, Pass, Sharding


@dataclass(frozen=True)
class Draft(Kind):
    """Two norms [D], a matrix [2 D, D], and a norm behind: 4 D^2 FLOPs a token. Embedding and unembedding are the model's.

    >>> Draft().program(at=Pass(new=1)).flops
    4*B*D**2  [FLOP]

    Source: arXiv:2412.19437, section 2.2.
    """

    word = "draft"

    usual_norms = 3

    def text(self, at: Pass, how: Sharding) -> str:
        """One matmul."""
        return "weight draft: W_d\n Both[A~d, Two, D~m] W_d[Two, D~f, Do~m] -> Out[A~d, Do~m]\n"

    def sizes(self, at: Pass) -> dict[str, Any]:
        """Two sides, Do is D again."""
        return {"A": at.tokens, "Two": 2, "Do": D}
