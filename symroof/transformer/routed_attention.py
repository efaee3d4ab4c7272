"""Attention whose query and output projections are experts (JetMoE): a token's k experts are its query heads for each KV head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import sympy as sp

from symroof.algebra.operands import plain
from symroof.algebra.symbols import B, E, E_hit, H, K, Symbol, k
from symroof.errors import InputError
from symroof.transformer.kind import Kind, Pass, Sharding, Size

_IN = """
    weight router: W_r; weight attention experts: W_q, W_o; weight attention: W_k, W_v; cache: Keys, Values; on chip: Scores
    Flat[A~d, D~m]       W_r[D, E]               -> Router[A~d, E]
    Sent[E, C~d, D]      W_q[E:Hit, D~f, K~m, H] -> Asked[E, C~d, K~m, H]
    In[B~d, T~t, D~m]    W_k[D~f, K~m, H]        -> Key[B~d, T~t, K~m, H]
    In[B~d, T~t, D~m]    W_v[D~f, K~m, H]        -> Val[B~d, T~t, K~m, H]
"""
_SCORES = """
    Que[B~d, T~t, K~m, Q, H]      Keys[B~d, S~s~t, K~m, H]   -> Scores[B~d, T~t, S~s, K~m, Q] {seen}
    Scores[B~d, T~t, S~s, K~m, Q] Values[B~d, S~s~t, K~m, H] -> Att[B~d, T~t, K~m, Q, H]      {seen}
"""
_BY_BATCH = """
    Que[B~d, T, K~m, Q, H]                                   -> Turned[B~d~c, T, K~m, Q, H]
    Turned[B~d~c, T, K~m, Q, H]   Keys[B~d~c, S, K~m, H]     -> Scores[B~d~c, T, S, K~m, Q] {seen}
    Scores[B~d~c, T, S, K~m, Q]   Values[B~d~c, S, K~m, H]   -> Mixed[B~d~c, T, K~m, Q, H]  {seen}
    Mixed[B~d~c, T, K~m, Q, H]                               -> Att[B~d, T, K~m, Q, H]
"""
_OUT = """
    Back[E, C~d, K~m, H] W_o[E:Hit, K~m, H, D~f] -> Made[E, C~d, D]{U~m}
    Mixes[A~d, D]{U~m}                           -> Out[A~d, D~m]
"""


@dataclass(frozen=True)
class RoutedAttention(Kind):
    """``[B, T, D] -> [B, T, D]`` over K KV heads of H; each of E experts has queries [D, K H] and an output [K H, D], a token uses k.

    Router [D, E], W_k, W_v [D, K H]; 2 K H elements of cache a token; 4 k K H FLOPs for a token and a token it sees. A step reads the
    experts that are hit. Model parallelism splits the KV heads, and so the queries of every expert.

    >>> RoutedAttention().program(at=Pass(new=1))["Scores"].flops
    2*B*H*K*S*k  [FLOP]

    Raises InputError if k is more than E. Source: arXiv:2404.07413, section 2.3.
    """

    E: Size = E
    k: Size = k
    K: Size = K
    H: Size = H
    hit: Size = E_hit

    word = "routed attention"
    meets = True
    label = "moa"
    split = "attention"
    follows = ("hit",)
    parts: ClassVar = {"queries": "K", "heads": "K", "experts": "E"}
    orders = (("k", "E"), ("k", "hit"), ("hit", "E"))

    def text(self, at: Pass, how: Sharding) -> str:
        """Each head of the cache with the queries of a token's experts."""
        return _IN + (_BY_BATCH if how.cache else _SCORES) + _OUT

    def sizes(self, at: Pass) -> dict[str, Any]:
        """C new tokens go to an expert; Q query heads for a KV head."""
        return {"C": at.tokens * plain(self.k) / plain(self.E), "Hit": self.hit, "Q": self.k}

    def defined(self) -> Mapping[Symbol, sp.Expr]:
        """E(1-(1-k/E)^B) experts are hit by B tokens, on average, if routing is even."""
        hit = plain(self.E) * (1 - (1 - plain(self.k) / plain(self.E)) ** B)
        return {self.hit: hit} if isinstance(self.hit, Symbol) else {}

    def check(self) -> None:
        """A token uses at most all experts."""
        if isinstance(self.k, int) and isinstance(self.E, int) and self.k > self.E:
            raise InputError(f"{self.word}: a token cannot use k = {self.k} of E = {self.E} experts; k is 1 to E")
