"""Mamba-1 (selective state spaces): every channel a small state of its own; a prompt is a scan of the same arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symroof.algebra.operands import plain
from symroof.algebra.symbols import D_in, D_st, R_dt, w_conv
from symroof.errors import InputError
from symroof.transformer.kind import Kind, Pass, Sharding, Size

_TEXT = """
    weight state space: W_x, W_z, conv, W_dbc, W_dt, dt, a, skip, W_o; state: St; tail: Tail; on chip: Kept, Now
    In[B~d, T, D~m]      W_x[D~f, I~m]     -> Xs[B~d, T, I~m]
    In[B~d, T, D~m]      W_z[D~f, I~m]     -> Zs[B~d, T, I~m]
    Xs[B~d, T, I~m]      W_dbc[I~m, J]     -> Sel[B~d, T, J]
    Low[B~d, T, R]       W_dt[R, I~m]      -> Dt[B~d, T, I~m]
    Tail[B~d, Y, I~m]
    conv[Taps, I~m]
    dt[I~m]
    a[I~m, M]
    skip[I~m]
    Dt[B~d, T, I~m]      St[B~d, I~m, M]   -> Kept[B~d, T, I~m, M] {decay}
    Xs[B~d, T, I~m]      Bs[B~d, T, M]     -> St'[B~d, T, I~m, M] {update}
    Now[B~d, T, I~m, M]  Cs[B~d, T, M]     -> Ys[B~d, T, I~m]
    Zs[B~d, T, I~m]      W_o[I~m, D~f]     -> Out[B~d, T, D~m]
"""


@dataclass(frozen=True)
class Mamba1(Kind):
    """D_in channels with a state of D_st each, what they forget and take chosen through a rank R_dt, a convolution of w_conv taps.

    W_in [D, 2 D_in], convolution [w_conv, D_in] (and [D_in]), [D_in, R_dt + 2 D_st], [R_dt, D_in] and [D_in], A [D_in, D_st], skip [D_in],
    W_o [D_in, D]; with ``inner_norms`` (Jamba) [R_dt] and 2 [D_st], with ``bias`` 2 [D_in] and [D].
    A sequence keeps D_in D_st numbers of p_st bytes (4: fp32) and D_in (w_conv - 1) of p_conv (2: bf16). A token takes 7 D_in D_st
    FLOPs, whether decoding or in a prompt.

    >>> Mamba1().program(at=Pass(new=1))["St'"].flops
    2*B*D_in*D_st  [FLOP]

    Source: arXiv:2312.00752; arXiv:2403.19887 (Jamba).
    """

    D_in: Size = D_in
    D_st: Size = D_st
    R_dt: Size = R_dt
    w_conv: Size = w_conv
    conv_bias: bool = True
    inner_norms: bool = False
    bias: bool = False

    word = "mamba-1"
    meets = True
    label = "ssm"
    widths = ("D_in",)

    def text(self, at: Pass, how: Sharding) -> str:
        """The same for a step and for a prompt."""
        text = _TEXT
        if self.conv_bias:
            text += "weight state space: b_conv\n b_conv[I~m]\n"
        if self.inner_norms:
            text += "weight norm: g_dt, g_b, g_c\n g_dt[R]\n g_b[M]\n g_c[M]\n"
        if self.bias:
            text += "weight state space: b_x, b_z, b_o\n b_x[I~m]\n b_z[I~m]\n b_o[D]\n"
        return text

    def sizes(self, at: Pass) -> dict[str, Any]:
        """I channels with a state of M; J what is chosen for them, Y kept taps."""
        chosen = plain(self.R_dt) + 2 * plain(self.D_st)
        return {"I": self.D_in, "M": self.D_st, "R": self.R_dt, "J": chosen, "Y": plain(self.w_conv) - 1, "Taps": self.w_conv}

    def marks(self, at: Pass) -> dict[str, Any]:
        """The decay is a product, an exponential and a product; the update a product and a sum."""
        return {"decay": 3, "update": 2}

    def check(self) -> None:
        """A convolution has two taps at least."""
        if isinstance(self.w_conv, int) and self.w_conv < 2:
            raise InputError(f"mamba-1: a convolution of w_conv = {self.w_conv} keeps nothing; give 2 taps or more")
