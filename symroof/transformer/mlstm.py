"""Matrix memories (mLSTM, xLSTM): heads with a matrix of state that gates keep and add to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symroof.algebra.operands import plain
from symroof.algebra.symbols import H_kl, H_vl, N_kl, S_chunk
from symroof.transformer.kind import Kind, Pass, Sharding, Size

_IN = """
    weight linear attention: W_q, W_k, W_v, W_z, W_i, W_f, b_i, b_f, W_o; weight norm: g; state: St, Norms, Most
    In[B~d, T, D~m] W_q[D~f, N~m, P]  -> Qs[B~d, T, N~m, P]
    In[B~d, T, D~m] W_k[D~f, N~m, P]  -> Ks[B~d, T, N~m, P]
    In[B~d, T, D~m] W_v[D~f, N~m, I]  -> Vs[B~d, T, N~m, I]
    In[B~d, T, D~m] W_z[D~f, N~m, I]  -> Zs[B~d, T, N~m, I]
    In[B~d, T, D~m] W_i[D~f, N~m]     -> Is[B~d, T, N~m]
    In[B~d, T, D~m] W_f[D~f, N~m]     -> Fs[B~d, T, N~m]
    b_i[N~m]
    b_f[N~m]
    g[N~m, I]
"""
#: ``Now`` and ``Nn`` are the new states again: they are on chip.
_STEP = """
    on chip: Kept, Now, Kn, Nn
    Norms[B~d, N~m, P]        Fs[B~d, T, N~m]     -> Kn[B~d, T, N~m, P]
    Is[B~d, T, N~m]           Ks[B~d, T, N~m, P]  -> Norms'[B~d, T, N~m, P] {update}
    Nn[B~d, T, N~m, P]        Qs[B~d, T, N~m, P]  -> Sums[B~d, T, N~m]
    Most[B~d, N~m]            Is[B~d, T, N~m]     -> Most'[B~d, T, N~m]
    St[B~d, N~m, P, I]        Fs[B~d, T, N~m]     -> Kept[B~d, T, N~m, P, I]
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
    Norms[B~d, N~m, P]
    Most[B~d, N~m]
"""
_OUT = """
    Zs[B~d, T, N~m, I]        W_o[N~m, I, D~f]        -> Out[B~d, T, D~m]
"""


@dataclass(frozen=True)
class MatrixMemory(Kind):
    """N_kl heads with keys of H_kl, values of H_vl and a state of H_kl x H_vl, which a gate of the head keeps and another adds to.

    W_q, W_k [D, N_kl H_kl], W_v, gate of the result [D, N_kl H_vl], two gates [D, N_kl] with biases, norm [N_kl H_vl], W_o [N_kl H_vl, D].
    A sequence keeps N_kl (H_kl H_vl + H_kl + 1) numbers of p_st bytes: the matrix, what its results are divided by, and the largest gate.
    A step takes 5 H_kl (H_vl + 1) + 1 FLOPs a head; a prompt, in chunks of S_chunk tokens, 2 S_chunk (H_kl + H_vl) + 4 H_kl H_vl a token.

    >>> MatrixMemory().program(at=Pass(new=1))["St'"].flops
    2*B*H_kl*H_vl*N_kl  [FLOP]

    Source: arXiv:2405.04517, section 2.3; arXiv:2503.13427.
    """

    N_kl: Size = N_kl
    H_kl: Size = H_kl
    H_vl: Size = H_vl
    chunk: Size = S_chunk

    word = "matrix memory"
    meets = True
    label = "lin"
    widths = ("N_kl",)

    def text(self, at: Pass, how: Sharding) -> str:
        """One step of the recurrence, or chunks."""
        return _IN + (_STEP if at.decoding else _SCAN) + _OUT

    def sizes(self, at: Pass) -> dict[str, Any]:
        """P and I are the sizes of keys and values; U chunks."""
        heads = {"N": self.N_kl, "P": self.H_kl, "I": self.H_vl}
        return {**heads, "X1": self.chunk, "X2": self.chunk, "U": plain(at.new) / self.chunk}

    def marks(self, at: Pass) -> dict[str, Any]:
        """The update is a product and a sum."""
        return {"update": 2}
