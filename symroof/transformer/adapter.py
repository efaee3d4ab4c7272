"""What a layer that shares its weights has of its own: two matrices of a low rank beside one of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symroof.algebra.symbols import F, R_ad
from symroof.transformer.kind import Kind, Pass, Sharding, Size


@dataclass(frozen=True)
class Adapter(Kind):
    """``[B, T, D] -> [B, T, F]`` through a rank: [D, R_ad], [R_ad, F], and 2 D inputs if ``wide``; added to what a matrix of others makes.

    >>> Adapter().program(at=Pass(new=1)).flops
    2*B*D*R_ad + 2*B*F*R_ad  [FLOP]

    Source: arXiv:2106.09685; arXiv:2411.15242 (Zamba2).
    """

    R_ad: Size = R_ad
    F: Size = F
    wide: bool = False

    word = "adapter"
    label = "ad"
    widths = ("F",)

    usual_norms = 0

    def text(self, at: Pass, how: Sharding) -> str:
        """Two matmuls."""
        ins, both = ("Two, ", "Both[A~d, Two, D~m]") if self.wide else ("", "In[A~d, D~m]")
        return f"""
            weight adapter: W_da, W_ua
            {both} W_da[{ins}D~f, R] -> Low[A~d, R]
            Low[A~d, R] W_ua[R, F~m] -> Up[A~d, F~m]
        """

    def sizes(self, at: Pass) -> dict[str, Any]:
        """R is the rank."""
        return {"R": self.R_ad, "Two": 2}
