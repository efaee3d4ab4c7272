"""MLP: two matrices, or three if gated; after attention, or beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symroof.algebra.symbols import F
from symroof.transformer.kind import Kind, Pass, Sharding, Size

_UNGATED = """
    weight mlp: W_in, W_out
    In[A~d, D~m]  W_in[D~f, F~m]  -> Tmp[A~d, F~m]
    Tmp[A~d, F~m] W_out[F~m, D~f] -> Out[A~d, D~m]
"""
_GATED = """
    weight mlp: W_in, W_gate, W_out
    In[A~d, D~m]   W_in[D~f, F~m]   -> Up[A~d, F~m]
    In[A~d, D~m]   W_gate[D~f, F~m] -> Gate[A~d, F~m]
    Up[A~d, F~m]   Gate[A~d, F~m]   -> Tmp[A~d, F~m] {vector}
    Tmp[A~d, F~m]  W_out[F~m, D~f]  -> Out[A~d, D~m]
"""


@dataclass(frozen=True)
class Mlp(Kind):
    """``[B T, D] -> [B T, D]`` through d_ff F: W_in [D, F], W_out [F, D], and W_gate [D, F] if ``gated``.

    2 FLOPs a parameter and token. ``parallel`` to attention it reads the same norm and adds to the same sum, so that a layer has
    one norm, and one collective each way instead of two. ``bias`` adds F (2F if gated) and D.

    >>> Mlp(gated=False).program(at=Pass(new=1)).flops
    4*B*D*F  [FLOP]

    Source: How to Scale Your Model, part 4.
    """

    F: Size = F
    gated: bool = True
    parallel: bool = False
    bias: bool = False

    word = "mlp"
    label = "dense"
    dense = True

    def beside(self) -> bool:
        """If parallel."""
        return self.parallel

    def text(self, at: Pass, how: Sharding) -> str:
        """The matrices; beside attention with the input gathered and the output as partial sums."""
        text = _GATED if self.gated else _UNGATED
        if self.parallel:
            text = text.replace("In[A~d, D~m]", "In[A~d, D]").replace("Out[A~d, D~m]", "Out[A~d, D]{U~m}")
        if self.bias:
            text += "weight mlp: b_in, b_out\n b_in[J, F~m]\n b_out[D]\n"
        return text

    def sizes(self, at: Pass) -> dict[str, Any]:
        """J biases of F."""
        return {"J": 2 if self.gated else 1}
