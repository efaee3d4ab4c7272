"""Kimi delta attention: a gated delta net whose state decays channel by channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symroof.algebra.operands import plain
from symroof.algebra.symbols import H_kl, N_kl, S_chunk, w_conv
from symroof.errors import InputError
from symroof.transformer.delta_net import MARKS, OUT, SCAN, STEP, chunks
from symroof.transformer.kind import Kind, Pass, Sharding, Size

_IN = """
    weight linear attention: W_q, W_k, W_v, W_fa, W_fb, W_b, conv, a, dt, W_o; weight norm: g; tail: Tail
    In[B~d, T, D~m]  W_q[D~f, G~m, P]    -> Qs[B~d, T, G~m, P]
    In[B~d, T, D~m]  W_k[D~f, G~m, P]    -> Ks[B~d, T, G~m, P]
    In[B~d, T, D~m]  W_v[D~f, G~m, R, I] -> Vs[B~d, T, G~m, R, I]
    In[B~d, T, D~m]  W_fa[D~f, J]        -> Fs[B~d, T, J]
    Fs[B~d, T, J]    W_fb[J, G~m, P]     -> As[B~d, T, G~m, P]
    In[B~d, T, D~m]  W_b[D~f, G~m, R]    -> Bs[B~d, T, G~m, R]
    Tail[B~d, Y, Q~m]
    conv[Taps, Q~m]
    a[Decays]
    dt[G~m, P]
    g[I]
"""
_LOW_GATE = """
    weight linear attention: W_ga, W_gb
    In[B~d, T, D~m]  W_ga[D~f, J]        -> Ls[B~d, T, J]
    Ls[B~d, T, J]    W_gb[J, G~m, R, I]  -> Zs[B~d, T, G~m, R, I]
"""
_FULL_GATE = """
    weight linear attention: W_z
    In[B~d, T, D~m]  W_z[D~f, G~m, R, I] -> Zs[B~d, T, G~m, R, I]
"""


@dataclass(frozen=True)
class KimiDeltaAttention(Kind):
    """N_kl heads of H_kl, each with a state of H_kl x H_kl that decays by channel; the decay through a rank of H_kl, and so the gate.

    With P = N_kl H_kl: W_q, W_k, W_v [D, P], decay [D, H_kl] and [H_kl, P], write strength [D, N_kl], gate [D, H_kl] and [H_kl, P] or, if
    ``full_gate``, [D, P], convolution [w_conv, 3 P], [P] and [N_kl] of decay (``decays`` where a checkpoint has another number),
    norm [H_kl], W_o [P, D]. A sequence keeps N_kl H_kl^2 numbers of p_st bytes and 3 P (w_conv - 1) of p_conv. A step takes 7 H_kl^2 FLOPs
    a head, a prompt 8 S_chunk H_kl + 6 H_kl^2 a token and head.

    >>> KimiDeltaAttention().program(at=Pass(new=1))["St'"].flops
    2*B*H_kl**2*N_kl  [FLOP]

    Source: arXiv:2510.26692.
    """

    N_kl: Size = N_kl
    H_kl: Size = H_kl
    w_conv: Size = w_conv
    chunk: Size = S_chunk
    full_gate: bool = False
    decays: int = 0

    word = "kimi delta attention"
    meets = True
    label = "lin"
    widths = ("N_kl",)
    options = ("decays",)

    def text(self, at: Pass, how: Sharding) -> str:
        """One step of the recurrence, or chunks; the decay is one for each channel of a key."""
        step = STEP.replace("As[B~d, T, G~m, R]", "As[B~d, T, G~m, P]")
        return _IN + (_FULL_GATE if self.full_gate else _LOW_GATE) + (step if at.decoding else SCAN) + OUT

    def sizes(self, at: Pass) -> dict[str, Any]:
        """G heads with one head of values each, of P = I; J the rank of decay and gate."""
        width = {"G": self.N_kl, "R": 1, "P": self.H_kl, "I": self.H_kl, "J": self.H_kl}
        conv = {"Q": 3 * plain(self.N_kl) * self.H_kl, "Y": plain(self.w_conv) - 1, "Taps": self.w_conv}
        return {**width, **conv, "Decays": self.decays or self.N_kl, **chunks(at, self.chunk)}

    def marks(self, at: Pass) -> dict[str, Any]:
        """Of the update and of the triangular system."""
        return MARKS

    def check(self) -> None:
        """A convolution has two taps at least."""
        if isinstance(self.w_conv, int) and self.w_conv < 2:
            raise InputError(f"{self.word}: a convolution of w_conv = {self.w_conv} keeps nothing; give 2 taps or more")
