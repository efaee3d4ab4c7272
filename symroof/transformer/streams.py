"""More than one residual stream: what is learned to mix them, before every sublayer and at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symroof.algebra.operands import plain
from symroof.algebra.symbols import D, R_lau, n_res
from symroof.transformer.kind import Kind, Pass, Sharding, Size


@dataclass(frozen=True)
class _Mixing(Kind):
    """Without a norm of its own."""

    usual_norms = 0


@dataclass(frozen=True)
class HyperConnection(_Mixing):
    """n residual streams of D that a sublayer reads one mix of, and whose others are mixed; the weights of all mixes follow from them.

    [(2+n) n, n D], (2+n) n biases and 3 scales: 2 (2+n) n^2 D FLOPs a token, and 2 n^2 D for the mixes. At the ``end`` the one that is
    left: [n, n D], n biases and a scale. Every chip of a model-parallel group does all of it.

    >>> HyperConnection().program(at=Pass(new=1)).flops
    2*B*D*n_res**2*(n_res + 2)  [FLOP]

    Source: arXiv:2409.19606; arXiv:2512.24880 (manifold-constrained).
    """

    n_res: Size = n_res
    end: bool = False

    word = "hyper-connection"

    def text(self, at: Pass, how: Sharding) -> str:
        """The weights of the mixes, and the mixes."""
        text = """
            weight streams: W_h, b_h, s_h
            Wide[A~d, M, D] W_h[M, D, P]   -> Mix[A~d, P]
            b_h[P]
            s_h[Q]
        """
        return text if self.end else text + "Ways[A~d, M, N2] Wide[A~d, M, D] -> Next[A~d, N2, D] {vector}\n"

    def sizes(self, at: Pass) -> dict[str, Any]:
        """M streams, N2 of them after the mix, P weights of mixes, Q scales."""
        n = plain(self.n_res)
        mixes = {"P": n, "Q": 1} if self.end else {"P": (2 + n) * n, "Q": 3}
        return {"A": at.tokens, "M": n, "N2": n, **mixes}


@dataclass(frozen=True)
class AltUp(_Mixing):
    """n streams of which a layer computes one and predicts the others, and a side path through a rank (LAuReL).

    Router [n, D] with its norm, prediction [n^2, n], correction [n, n], scale [D], side path [D, R_lau], [R_lau, D] with its norm.
    At the ``ends`` of the model 2 (n-1) matrices [D, D] instead, which make the streams and bring them together.

    Source: arXiv:2301.13310 (AltUp); arXiv:2411.07501 (LAuReL); reference implementation of Gemma 3n.
    """

    n_res: Size = n_res
    R_lau: Size = R_lau
    ends: bool = False

    word = "alternating updates"

    def text(self, at: Pass, how: Sharding) -> str:
        """One layer's, or the matrices at both ends."""
        if self.ends:
            return "weight streams: W_ends\n In[A~d, D~m] W_ends[D, K, D2] -> Ends[A~d, K, D2]\n"
        return """
            weight streams: W_r, W_p, W_c, c_out, W_la, W_lb; weight norm: g_r, g_l
            In[A~d, D]  W_r[D, M]     -> Which[A~d, M]
            In[A~d, D]  W_la[D, J]    -> Low[A~d, J]
            Low[A~d, J] W_lb[J, D2]   -> Side[A~d, D2]
            W_p[M, M2, M3]
            W_c[M, M2]
            c_out[D]
            g_r[D]
            g_l[D]
        """

    def sizes(self, at: Pass) -> dict[str, Any]:
        """M streams, D2 the width again, J the rank of the side path, K the matrices at the ends."""

        n = plain(self.n_res)
        return {"A": at.tokens, "M": n, "M2": n, "M3": n, "J": self.R_lau, "D2": D, "K": 2 * (n - 1)}


@dataclass(frozen=True)
class ResidualAttention(Kind):
    """A token chooses among residuals of earlier blocks of layers: a norm [D] and a vector [D, 1] for each choice.

    Source: Kimi K3 (2026), model card and reference implementation.
    """

    word = "residual attention"

    def text(self, at: Pass, how: Sharding) -> str:
        """One product with a vector."""
        return "weight streams: W_res\n In[A~d, D~m] W_res[D, One] -> Score[A~d, One]\n"

    def sizes(self, at: Pass) -> dict[str, Any]:
        """A are all new tokens."""
        return {"A": at.tokens, "One": 1}
