"""Per-layer embeddings: a second table that holds a small vector for every token and layer, and what brings it into a layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symroof.algebra.operands import plain
from symroof.algebra.symbols import D_ple, L, V_ple
from symroof.transformer.kind import Kind, Pass, Sharding, Size


@dataclass(frozen=True)
class PerLayerTable(Kind):
    """A table [V_ple, L D_ple] of which a token reads one row, a projection [D, L D_ple] of its embedding, and a norm [D_ple].

    Source: reference implementation of Gemma 3n.
    """

    V_ple: Size = V_ple
    D_ple: Size = D_ple

    word = "per-layer table"
    around = True

    usual_norms = 0

    def text(self, at: Pass, how: Sharding) -> str:
        """A lookup and a matmul."""
        return """
            weight per layer embedding: W_ple; weight per layer projection: W_pp; weight norm: g_p; on chip: Hot
            Hot[A~d, Vp]   W_ple[Vp:A, W] -> Rows[A~d, W] {lookup}
            In[A~d, D~m]   W_pp[D~f, W]   -> Lifted[A~d, W]
            g_p[Q]
        """

    def sizes(self, at: Pass) -> dict[str, Any]:
        """W are the vectors of all layers, Q one of them."""
        return {"A": at.tokens, "Vp": self.V_ple, "W": L * plain(self.D_ple), "Q": self.D_ple}


@dataclass(frozen=True)
class PerLayerInput(Kind):
    """What a layer takes of them: a gate [D, D_ple], a projection [D_ple, D] and a norm.

    >>> PerLayerInput().program(at=Pass(new=1)).flops
    4*B*D*D_ple  [FLOP]

    Source: reference implementation of Gemma 3n.
    """

    D_ple: Size = D_ple

    word = "per-layer input"

    def text(self, at: Pass, how: Sharding) -> str:
        """Two matmuls."""
        return """
            weight per layer projection: W_pg, W_pu
            In[A~d, D~m]  W_pg[D~f, Q] -> Low[A~d, Q]
            Low[A~d, Q]   W_pu[Q, D~f] -> Out[A~d, D]
        """

    def sizes(self, at: Pass) -> dict[str, Any]:
        """Q is the size of a vector of one layer."""
        return {"A": at.tokens, "Q": self.D_ple}
