"""Gated delta net: linear attention whose state forgets and corrects itself; read and written every step, whatever the context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symroof.algebra.operands import plain
from symroof.algebra.symbols import H_kl, H_vl, N_kl, N_vl, S_chunk, w_conv
from symroof.errors import InputError
from symroof.transformer.kind import Kind, Pass, Sharding, Size, ratio

_IN = """
    weight linear attention: W_q, W_k, W_v, W_z, W_b, W_a, conv, a, dt, W_o; weight norm: g; tail: Tail
    In[B~d, T, D~m] W_q[D~f, G~m, P]     -> Qs[B~d, T, G~m, P]
    In[B~d, T, D~m] W_k[D~f, G~m, P]     -> Ks[B~d, T, G~m, P]
    In[B~d, T, D~m] W_v[D~f, G~m, R, I]  -> Vs[B~d, T, G~m, R, I]
    In[B~d, T, D~m] W_z[D~f, G~m, R, I]  -> Zs[B~d, T, G~m, R, I]
    In[B~d, T, D~m] W_b[D~f, G~m, R]     -> Bs[B~d, T, G~m, R]
    In[B~d, T, D~m] W_a[D~f, G~m, R]     -> As[B~d, T, G~m, R]
    Tail[B~d, Y, Q~m]
    conv[Taps, Q~m]
    a[G~m, R]
    dt[G~m, R]
    g[I]
"""
#: One token: the state decays, is asked for the key, takes the correction, and is asked for the query. ``Now`` is the new state again.
STEP = """
    state: St; on chip: Kept, Asked, Now
    St[B~d, G~m, R, P, I]      As[B~d, T, G~m, R]     -> Kept[B~d, T, G~m, R, P, I]
    Kept[B~d, T, G~m, R, P, I] Ks[B~d, T, G~m, P]     -> Asked[B~d, T, G~m, R, I]
    Vs[B~d, T, G~m, R, I]      Ks[B~d, T, G~m, P]     -> St'[B~d, T, G~m, R, P, I] {update}
    Now[B~d, T, G~m, R, P, I]  Qs[B~d, T, G~m, P]     -> Ys[B~d, T, G~m, R, I]
"""
#: A chunk: scores of keys and of queries, a triangular system of half a chunk on average for keys and values, and the state.
SCAN = """
    state: St; on chip: Qc, Kc, Kd, Vc, Was, Own, Sc, Wk, Wv, Gone, Read, Made, Mix
    Kc[B~d, U, X1, G~m, R, P]  Kd[B~d, U, X2, G~m, P]     -> Own[B~d, U, X1, X2, G~m, R]
    Qc[B~d, U, X1, G~m, R, P]  Kd[B~d, U, X2, G~m, P]     -> Sc[B~d, U, X1, X2, G~m, R]
    Own[B~d, U, X1, X2, G~m, R] Kd[B~d, U, X2, G~m, P]    -> Wk[B~d, U, X1, G~m, R, P] {solved}
    Own[B~d, U, X1, X2, G~m, R] Vc[B~d, U, X2, G~m, R, I] -> Wv[B~d, U, X1, G~m, R, I] {solved}
    Wk[B~d, U, X1, G~m, R, P]  Was[B~d, U, G~m, R, P, I]  -> Gone[B~d, U, X1, G~m, R, I]
    Qc[B~d, U, X1, G~m, R, P]  Was[B~d, U, G~m, R, P, I]  -> Read[B~d, U, X1, G~m, R, I]
    Wk[B~d, U, X1, G~m, R, P]  Wv[B~d, U, X1, G~m, R, I]  -> Made[B~d, U, G~m, R, P, I]
    Sc[B~d, U, X1, X2, G~m, R] Vc[B~d, U, X2, G~m, R, I]  -> Mix[B~d, U, X1, G~m, R, I]
    St[B~d, G~m, R, P, I]
"""
OUT = """
    Zs[B~d, T, G~m, R, I]      W_o[G~m, R, I, D~f]    -> Out[B~d, T, D~m]
"""


def chunks(at: Pass, chunk: Size) -> dict[str, Any]:
    """U chunks of so many tokens."""
    return {"X1": chunk, "X2": chunk, "U": plain(at.new) / chunk}


#: The update is a product and a sum; a triangular system takes half the products of a full one.
MARKS = {"update": 2, "solved": plain(1) / 2}


@dataclass(frozen=True)
class GatedDeltaNet(Kind):
    """N_kl heads of queries and keys of H_kl, N_vl of values and gates of H_vl, Q = 2 N_kl H_kl + N_vl H_vl channels in a convolution.

    W [D, Q + N_vl H_vl + 2 N_vl] in, convolution [w_conv, Q], 2 [N_vl], norm [H_vl], W_o [N_vl H_vl, D]. A sequence keeps N_vl H_kl H_vl
    numbers of p_st bytes (4: fp32) and Q (w_conv - 1) of p_conv (2: bf16). A step takes 7 H_kl H_vl FLOPs a value head; a prompt is
    taken in chunks of S_chunk tokens, S_chunk (5 H_kl + 3 H_vl) + 6 H_kl H_vl FLOPs a token and value head.

    >>> GatedDeltaNet().program(at=Pass(new=1))["St'"].flops
    2*B*H_kl*H_vl*N_vl  [FLOP]

    Raises InputError if the heads of keys do not divide those of values. Source: arXiv:2412.06464.
    """

    N_kl: Size = N_kl
    N_vl: Size = N_vl
    H_kl: Size = H_kl
    H_vl: Size = H_vl
    w_conv: Size = w_conv
    chunk: Size = S_chunk

    word = "gated delta net"
    meets = True
    label = "lin"
    widths = ("N_kl",)
    shares = (("N_kl", "N_vl", "key heads", "value heads"),)

    def text(self, at: Pass, how: Sharding) -> str:
        """One step of the recurrence, or chunks."""
        return _IN + (STEP if at.decoding else SCAN) + OUT

    def sizes(self, at: Pass) -> dict[str, Any]:
        """G key heads, R value heads to each, of P and I; Q channels with Y kept taps."""
        channels = 2 * plain(self.N_kl) * self.H_kl + plain(self.N_vl) * self.H_vl
        heads = {"G": self.N_kl, "R": ratio(self.N_vl, self.N_kl), "P": self.H_kl, "I": self.H_vl}
        return {**heads, "Q": channels, "Y": plain(self.w_conv) - 1, "Taps": self.w_conv, **chunks(at, self.chunk)}

    def marks(self, at: Pass) -> dict[str, Any]:
        """Of the update and of the triangular system."""
        return MARKS

    def check(self) -> None:
        """A convolution has two taps at least."""
        if isinstance(self.w_conv, int) and self.w_conv < 2:
            raise InputError(f"{self.word}: a convolution of w_conv = {self.w_conv} keeps nothing; give 2 taps or more")
