"""Lightning attention (MiniMax-01): linear attention in blocks, a decaying state for each head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symroof.algebra.operands import plain
from symroof.algebra.symbols import H, N, S_chunk
from symroof.transformer.kind import Kind, Pass, Sharding, Size

_IN = """
    weight linear attention: W_q, W_k, W_v, W_z, W_o; weight norm: g; buffer: slope; state: St
    In[B~d, T, D~m] W_q[D~f, N~m, P]  -> Qs[B~d, T, N~m, P]
    In[B~d, T, D~m] W_k[D~f, N~m, P]  -> Ks[B~d, T, N~m, P]
    In[B~d, T, D~m] W_v[D~f, N~m, I]  -> Vs[B~d, T, N~m, I]
    In[B~d, T, D~m] W_z[D~f, N~m, I]  -> Zs[B~d, T, N~m, I]
    g[N~m, I]
    slope[N~m]
"""
#: ``Now`` is the new state again: it is on chip.
_STEP = """
    on chip: Kept, Now
    St[B~d, N~m, P, I]        slope[N~m]          -> Kept[B~d, N~m, P, I]
    Vs[B~d, T, N~m, I]        Ks[B~d, T, N~m, P]  -> St'[B~d, T, N~m, P, I] {update}
    Now[B~d, T, N~m, P, I]    Qs[B~d, T, N~m, P]  -> Ys[B~d, T, N~m, I]
"""
_SCAN = """
    on chip: Qc, Kc, Vc, Was, Sc, Mix, Made, Read
    Qc[B~d, U, X1, N~m, P]    Kc[B~d, U, X2, N~m, P]  -> Sc[B~d, U, X1, X2, N~m]
    Sc[B~d, U, X1, X2, N~m]   Vc[B~d, U, X2, N~m, I]  -> Mix[B~d, U, X1, N~m, I]
    Kc[B~d, U, X2, N~m, P]    Vc[B~d, U, X2, N~m, I]  -> Made[B~d, U, N~m, P, I]
    Qc[B~d, U, X1, N~m, P]    Was[B~d, U, N~m, P, I]  -> Read[B~d, U, X1, N~m, I]
    St[B~d, N~m, P, I]
"""
_OUT = """
    Zs[B~d, T, N~m, I]        W_o[N~m, I, D~f]        -> Out[B~d, T, D~m]
"""


@dataclass(frozen=True)
class LightningAttention(Kind):
    """N heads with keys and values of H and a state of H x H that decays by a slope of its head; a gate and a norm over all heads.

    W_q, W_k, W_v, gate [D, N H], norm [N H], W_o [N H, D]; slopes [N] are a buffer. A sequence keeps N H^2 numbers of p_st bytes. A step
    takes 5 H^2 FLOPs a head; a prompt, in blocks of S_chunk tokens, 4 S_chunk H + 4 H^2 a token and head.

    >>> LightningAttention().program(at=Pass(new=1))["St'"].flops
    2*B*H**2*N  [FLOP]

    Source: arXiv:2501.08313, section 2.2.
    """

    N: Size = N
    H: Size = H
    chunk: Size = S_chunk

    word = "lightning attention"
    meets = True
    label = "lin"
    widths = ("N",)

    def text(self, at: Pass, how: Sharding) -> str:
        """One step of the recurrence, or blocks."""
        return _IN + (_STEP if at.decoding else _SCAN) + _OUT

    def sizes(self, at: Pass) -> dict[str, Any]:
        """P and I are the sizes of keys and values; U blocks."""
        return {"N": self.N, "P": self.H, "I": self.H, "X1": self.chunk, "X2": self.chunk, "U": plain(at.new) / self.chunk}

    def marks(self, at: Pass) -> dict[str, Any]:
        """The update is a product and a sum."""
        return {"update": 2}
