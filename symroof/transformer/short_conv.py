"""A short convolution between two gates (LFM2): what a token sees is the few before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symroof.algebra.operands import plain
from symroof.algebra.symbols import D, w_conv
from symroof.errors import InputError
from symroof.transformer.kind import Kind, Pass, Sharding, Size

_TEXT = """
    weight short convolution: W_b, W_c, W_x, conv, W_o; tail: Tail
    In[B~d, T, D~m]  W_b[D~f, I~m] -> Bs[B~d, T, I~m]
    In[B~d, T, D~m]  W_c[D~f, I~m] -> Cs[B~d, T, I~m]
    In[B~d, T, D~m]  W_x[D~f, I~m] -> Xs[B~d, T, I~m]
    Tail[B~d, Y, I~m]
    conv[Taps, I~m]
    Cs[B~d, T, I~m]  W_o[I~m, D~f] -> Out[B~d, T, D~m]
"""


@dataclass(frozen=True)
class ShortConvolution(Kind):
    """A convolution of w_conv taps in every channel, gated before and behind: W_b, W_c, W_x, W_o [D, D], [w_conv, D].

    8 D^2 FLOPs a token. A sequence keeps D (w_conv - 1) numbers of p_conv bytes (2: bf16), however long it is. ``bias`` adds 5 [D].

    >>> ShortConvolution().program(at=Pass(new=1)).flops
    8*B*D**2  [FLOP]

    Source: reference implementation of LFM2; arXiv:2511.23404.
    """

    w_conv: Size = w_conv
    bias: bool = False

    word = "short convolution"
    meets = True
    label = "conv"

    def text(self, at: Pass, how: Sharding) -> str:
        """The same for a step and for a prompt."""
        bias = "weight short convolution: b_in, b_conv, b_o\n b_in[Three, I~m]\n b_conv[I~m]\n b_o[D]\n"
        return _TEXT + (bias if self.bias else "")

    def sizes(self, at: Pass) -> dict[str, Any]:
        """I are D channels, Y of the taps are kept."""
        return {"I": D, "Three": 3, "Y": plain(self.w_conv) - 1, "Taps": self.w_conv}

    def check(self) -> None:
        """A convolution has two taps at least."""
        if isinstance(self.w_conv, int) and self.w_conv < 2:
            raise InputError(f"{self.word}: a convolution of w_conv = {self.w_conv} keeps nothing; give 2 taps or more")
