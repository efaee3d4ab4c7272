"""Full and windowed attention: MHA (K = N), GQA, MQA (K = 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from symroof.algebra.symbols import H, K, N, S_win
from symroof.errors import InputError, short
from symroof.transformer.kind import Kind, Pass, Sharding, Size, ratio

_PROJECTIONS = """
    weight attention: W_q, W_k, W_v, W_o; cache: Keys, Values; on chip: Scores
    In[B~d, T~t, D~m~c] W_q[D~f, K~m, Q~c, H] -> Que[B~d, T~t, K~m, Q~c, H]
    In[B~d, T~t, D~m~c] W_k[D~f, K~m, H]      -> Key[B~d, T~t, K~m, H]
    In[B~d, T~t, D~m~c] W_v[D~f, K~m, J]      -> Val[B~d, T~t, K~m, J]
"""
_BY_HEADS = """
    Que[B~d, T~t, K~m, Q, H]      Keys[B~d, S~s~t, K~m, H]   -> Scores[B~d, T~t, S~s, K~m, Q] {seen}
    Scores[B~d, T~t, S~s, K~m, Q] Values[B~d, S~s~t, K~m, J] -> Att[B~d, T~t, K~m, Q, J]      {seen}
    Att[B~d, T~t, K~m, Q, J]      W_o[K~m, Q, J, D~f]        -> Out[B~d, T~t, D~m]
"""
_BY_BATCH = """
    Que[B~d, T, K~m, Q~c, H]                             -> Turned[B~d~c, T, K~m, Q, H]
    Turned[B~d~c, T, K~m, Q, H]   Keys[B~d~c, S, K~m, H]   -> Scores[B~d~c, T, S, K~m, Q] {seen}
    Scores[B~d~c, T, S, K~m, Q]   Values[B~d~c, S, K~m, J] -> Mixed[B~d~c, T, K~m, Q, J]  {seen}
    Mixed[B~d~c, T, K~m, Q, J]                             -> Att[B~d, T, K~m, Q~c, J]
    Att[B~d, T, K~m, Q~c, J]      W_o[K~m, Q~c, J, D~f]    -> Out[B~d, T, D~m~c]
"""


@dataclass(frozen=True)
class Attention(Kind):
    """``[B, T, D] -> [B, T, D]``: B sequences of T new tokens over a KV cache of S; N/K query heads share each of K KV heads.

    W_q [D, N H], W_k [D, K H], W_v [D, K H_v], W_o [N H_v, D]; K (H + H_v) elements of cache a token; 2 N (H + H_v) FLOPs for a
    token and a token it sees. With a ``window`` a token sees itself and the window - 1 before it, and no more is cached.
    Options: ``qkv_bias``, ``out_bias``, norms of queries and keys per "head" or "layer", a sink per head, the norms [D] around it.
    Beyond its heads (``model``) the cache is sharded over the batch (``cache``, with its two AllToAlls of queries and
    results) or over the context (``sequence``, with an AllReduce of the results). Context parallelism (``context``) gathers
    keys and values: ring attention, whose steps together move what an AllGather moves. The T x S scores stay on chip.

    >>> Attention().program(at=Pass(causal=False))["Scores"].flops
    2*B*H*N*S*T  [FLOP]

    Raises InputError if K does not divide N, or for another norm. Source: How to Scale Your Model, part 4; arXiv:2305.13245.
    """

    N: Size = N
    K: Size = K
    H: Size = H
    H_v: Size | None = None
    window: Size | None = None
    qkv_bias: bool = False
    out_bias: bool = False
    qk_norm: Literal["", "head", "layer"] = ""
    sinks: bool = False

    word = "attention"
    label = "full"
    split = "attention"
    dense = True
    letters: ClassVar = {"window": S_win}
    parts: ClassVar = {"window": "window", "queries": "N", "heads": "K"}
    orders = (("K", "N"),)
    shares = (("K", "N", "KV heads", "query heads"),)

    def text(self, at: Pass, how: Sharding) -> str:
        """By heads, or with the cache sharded over its batch too; stored beside it what options add."""
        lines = [_PROJECTIONS, _BY_BATCH if how.cache else _BY_HEADS]
        if self.qkv_bias:
            lines.append("weight attention: b_q, b_k, b_v\n b_q[K~m, Q, H]\n b_k[K~m, H]\n b_v[K~m, J]")
        if self.out_bias:
            lines.append("weight attention: b_o\n b_o[D]")
        if self.sinks:
            lines.append("weight attention: Sinks\n Sinks[K~m, Q]")
        if self.qk_norm:
            queries, keys = {"head": ("H", "H"), "layer": ("K, Q, H", "K, H")}[self.qk_norm]
            lines.append(f"weight norm: g_q, g_k\n g_q[{queries}]\n g_k[{keys}]")
        return "\n".join(lines)

    def sizes(self, at: Pass) -> dict[str, Any]:
        """Q query heads for each KV head, J the size of a value head."""
        return {"Q": ratio(self.N, self.K), "J": self.H if self.H_v is None else self.H_v}

    def check(self) -> None:
        """Norms of queries and keys are per head or per layer."""
        if self.qk_norm not in ("", "head", "layer"):
            raise InputError(f"attention: qk_norm = {short(self.qk_norm)} is no norm; write 'head' or 'layer', or leave it out")
