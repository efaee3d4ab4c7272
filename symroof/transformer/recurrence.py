"""A gated linear recurrence (RG-LRU, Griffin): a state of one number for each channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symroof.algebra.operands import plain
from symroof.algebra.symbols import D_rec, N, w_conv
from symroof.errors import InputError
from symroof.transformer.kind import Kind, Pass, Sharding, Size, ratio

_TEXT = """
    weight recurrence: W_x, W_y, conv, W_i, W_r, a, W_o, b_x, b_y, b_conv, b_i, b_r, b_o; state: St; tail: Tail; on chip: Kept
    In[B~d, T, D~m]      W_x[D~f, N~m, R]   -> Xs[B~d, T, N~m, R]
    In[B~d, T, D~m]      W_y[D~f, N~m, R]   -> Ys[B~d, T, N~m, R]
    Xs[B~d, T, N~m, R]   W_i[N~m, R, R2]    -> Is[B~d, T, N~m, R2]
    Xs[B~d, T, N~m, R]   W_r[N~m, R, R2]    -> Rs[B~d, T, N~m, R2]
    Tail[B~d, Y, N~m, R]
    conv[Taps, N~m, R]
    a[N~m, R]
    b_x[N~m, R]
    b_y[N~m, R]
    b_conv[N~m, R]
    b_i[N~m, R]
    b_r[N~m, R]
    b_o[D]
    Rs[B~d, T, N~m, R2]  St[B~d, N~m, R2]   -> Kept[B~d, T, N~m, R2] {once}
    Is[B~d, T, N~m, R2]  Xr[B~d, T, N~m, R2] -> St'[B~d, T, N~m, R2] {once}
    Ys[B~d, T, N~m, R]   W_o[N~m, R, D~f]   -> Out[B~d, T, D~m]
"""


@dataclass(frozen=True)
class LinearRecurrence(Kind):
    """D_rec channels, each with one number of state that a gate keeps and a gate adds to; the gates of N blocks are of their own inputs.

    W_x, W_y [D, D_rec], convolution [w_conv, D_rec], gates 2 N [D_rec/N, D_rec/N], decay [D_rec], W_o [D_rec, D], and a bias of each:
    5 [D_rec] and [D]. A sequence keeps D_rec numbers of p_st bytes (4: fp32) and D_rec (w_conv - 1) of p_conv (2: bf16). A state takes
    2 FLOPs a channel and token, whether decoding or in a prompt.

    >>> LinearRecurrence().program(at=Pass(new=1))["St'"].flops
    B*D_rec  [FLOP]

    Raises InputError if the blocks do not divide the channels. Source: arXiv:2402.19427, section 2.4.
    """

    N: Size = N
    D_rec: Size = D_rec
    w_conv: Size = w_conv

    word = "linear recurrence"
    meets = True
    label = "rec"
    widths = ("N",)
    shares = (("N", "D_rec", "blocks", "channels"),)

    def text(self, at: Pass, how: Sharding) -> str:
        """The same for a step and for a prompt."""
        return _TEXT

    def sizes(self, at: Pass) -> dict[str, Any]:
        """N blocks of R channels, Y kept taps."""
        each = ratio(self.D_rec, self.N)
        return {"R": each, "R2": each, "Y": plain(self.w_conv) - 1, "Taps": self.w_conv}

    def marks(self, at: Pass) -> dict[str, Any]:
        """What is kept is a product, what is added a sum."""
        return {"once": 1}

    def check(self) -> None:
        """A convolution has two taps at least."""
        if isinstance(self.w_conv, int) and self.w_conv < 2:
            raise InputError(f"{self.word}: a convolution of w_conv = {self.w_conv} keeps nothing; give 2 taps or more")
