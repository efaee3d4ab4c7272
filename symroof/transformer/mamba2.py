"""Mamba-2 (state-space duality): a state in place of a cache, read and written every step, whatever the context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symroof.algebra.operands import plain
from symroof.algebra.symbols import D_st, G_ssm, H_ssm, N_ssm, S_chunk, w_conv
from symroof.errors import InputError
from symroof.transformer.kind import Kind, Pass, Sharding, Size, ratio

_IN = """
    weight state space: W_z, W_x, W_b, W_c, W_dt, conv, a, dt, skip, W_o; state: St; tail: Tail
    In[B~d, T, D~m] W_z[D~f, G~m, R, P]  -> Zs[B~d, T, G~m, R, P]
    In[B~d, T, D~m] W_x[D~f, G~m, R, P]  -> Xs[B~d, T, G~m, R, P]
    In[B~d, T, D~m] W_b[D~f, G~m, M]     -> Bs[B~d, T, G~m, M]
    In[B~d, T, D~m] W_c[D~f, G~m, M]     -> Cs[B~d, T, G~m, M]
    In[B~d, T, D~m] W_dt[D~f, G~m, R]    -> Dt[B~d, T, G~m, R]
    Tail[B~d, Y, Q~m]
    conv[Taps, Q~m]
    a[G~m, R]
    dt[G~m, R]
    skip[G~m, R]
"""
#: ``Now`` is the new state again: it is on chip.
_STEP = """
    on chip: Kept, Now
    St[B~d, G~m, R, P, M]       Dt[B~d, T, G~m, R]   -> Kept[B~d, T, G~m, R, P, M]
    Xs[B~d, T, G~m, R, P]            Bs[B~d, T, G~m, M]   -> St'[B~d, T, G~m, R, P, M] {update}
    Now[B~d, T, G~m, R, P, M]   Cs[B~d, T, G~m, M]   -> Ys[B~d, T, G~m, R, P]
"""
_SCAN = """
    on chip: Sc, Made, Xc, Bc, Cc
    Cc[B~d, U, I, G~m, R, M]    Bc[B~d, U, J, G~m, R, M]  -> Sc[B~d, U, I, J, G~m, R]
    Sc[B~d, U, I, J, G~m, R]    Xc[B~d, U, J, G~m, R, P]  -> Mix[B~d, U, I, G~m, R, P]
    Xc[B~d, U, J, G~m, R, P]    Bc[B~d, U, J, G~m, R, M]  -> Made[B~d, U, G~m, R, P, M]
    Made[B~d, U, G~m, R, P, M]  Cc[B~d, U, I, G~m, R, M]  -> Read[B~d, U, I, G~m, R, P]
    St[B~d, G~m, R, P, M]
"""
_OUT = """
    Zs[B~d, T, G~m, R, P]       W_o[G~m, R, P, D~f]       -> Out[B~d, T, D~m]
"""


@dataclass(frozen=True)
class Mamba2(Kind):
    """A state-space layer: N_ssm heads of H_ssm, G_ssm groups, a state of D_st for each channel, a convolution of w_conv taps.

    I = N_ssm H_ssm, Q = I + 2 G_ssm D_st. W [D, I + Q + N_ssm] in, convolution [w_conv, Q] (and [Q]), 3 [N_ssm], norm [I], W_o [I, D];
    with ``bias`` [I + Q + N_ssm] and [D].
    A sequence keeps I D_st numbers of p_st bytes (4: fp32) and Q (w_conv - 1) of p_conv (2: bf16). A step takes 5 H_ssm D_st
    FLOPs a head; a prompt is taken in chunks of S_chunk tokens, 2 S_chunk (D_st + H_ssm) + 4 H_ssm D_st FLOPs a token and head,
    as the reference computes them.

    >>> Mamba2().program(at=Pass(new=1))["St'"].flops
    2*B*D_st*H_ssm*N_ssm  [FLOP]

    Raises InputError if the groups do not divide the heads. Source: arXiv:2405.21060.
    """

    N_ssm: Size = N_ssm
    H_ssm: Size = H_ssm
    G_ssm: Size = G_ssm
    D_st: Size = D_st
    w_conv: Size = w_conv
    chunk: Size = S_chunk
    conv_bias: bool = True
    gated_norm: bool = True
    bias: bool = False

    word = "mamba-2"
    meets = True
    label = "ssm"
    widths = ("N_ssm",)
    shares = (("G_ssm", "N_ssm", "groups", "heads"),)

    def text(self, at: Pass, how: Sharding) -> str:
        """One step of the recurrence, or a scan in chunks."""
        text = _IN + (_STEP if at.decoding else _SCAN) + _OUT
        if self.conv_bias:
            text += "weight state space: b_conv\n b_conv[Q~m]\n"
        if self.gated_norm:
            text += "weight norm: g\n g[G~m, R, P]\n"
        if self.bias:
            text += "weight state space: b_in, b_o\n b_in[Wide]\n b_o[D]\n"
        return text

    def sizes(self, at: Pass) -> dict[str, Any]:
        """G groups of R heads of P, a state of M; Q channels with Y kept taps; U chunks of I (or J) tokens."""
        channels = plain(self.N_ssm) * self.H_ssm + 2 * plain(self.G_ssm) * self.D_st
        heads = {"G": self.G_ssm, "R": ratio(self.N_ssm, self.G_ssm), "P": self.H_ssm, "M": self.D_st}
        conv = {"Q": channels, "Y": plain(self.w_conv) - 1, "Taps": self.w_conv}
        chunks = {"I": self.chunk, "J": self.chunk, "U": plain(at.new) / self.chunk}
        return {**heads, **conv, **chunks, "Wide": channels + plain(self.N_ssm) * self.H_ssm + plain(self.N_ssm)}

    def marks(self, at: Pass) -> dict[str, Any]:
        """The update is a product and a sum."""
        return {"update": 2}

    def check(self) -> None:
        """A convolution has two taps at least."""
        if isinstance(self.w_conv, int) and self.w_conv < 2:
            raise InputError(f"mamba-2: a convolution of w_conv = {self.w_conv} keeps nothing; give 2 taps or more")
