"""Full and windowed attention: MHA (K = N), GQA, MQA (K = 1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from symroof.algebra.symbols import H, K, N, S_chk, S_top, S_win
from symroof.errors import InputError, short
from symroof.transformer import indexer
from symroof.transformer.kind import Kind, Pass, Sharding, Size, ratio
from symroof.transformer.view import ALL, View

#: Where values are mixed, in the second of two products with a cache.
_MIXES = re.compile(r"(?<=J\])( +)\{seen\}")
_INPUT = "In[B~d, T~t, D~m~c]"
_QUERIES = """
    weight attention: W_q, W_o; on chip: Scores
    In[B~d, T~t, D~m~c] W_q[D~f, K~m, Q~c, H] -> Que[B~d, T~t, K~m, Q~c, H]
"""
_KEYS = """
    weight attention: W_k; cache: Keys, Values
    In[B~d, T~t, D~m~c] W_k[D~f, K~m, H]      -> Key[B~d, T~t, K~m, H]
"""
_VALUES = """
    weight attention: W_v
    In[B~d, T~t, D~m~c] W_v[D~f, K~m, J]      -> Val[B~d, T~t, K~m, J]
"""
_GATES = {
    "full": "weight attention: W_g\n In[B~d, T~t, D~m~c] W_g[D~f, K~m, Q~c, J] -> Gate[B~d, T~t, K~m, Q~c, J]",
    "head": "weight attention: W_g\n In[B~d, T~t, D~m~c] W_g[D~f, K~m, Q~c] -> Gate[B~d, T~t, K~m, Q~c]",
}
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
    Inside a ``chunk`` it sees that much of it which is there. With ``top`` it sees so many tokens, those that an indexer of N_ix heads
    of H_ix scores highest, or (without heads) those that another layer's has picked: the cache is kept whole, and read in part.
    Options: ``qkv_bias``, ``out_bias``, norms of queries and keys per "head" or "layer", a sink per head, the norms [D] around it,
    a ``gate`` of the result, "full" [D, N H_v] or per "head" [D, N]; values that are the keys (no W_v, both are cached); ``lent`` keys and
    values, those of another layer, which keeps them (no W_k, no W_v: the cache is read, not kept); ``wide`` inputs, the state and the
    embedding of a token side by side, with a norm of both (W_q [2 D, N H] and so on, W_o [N H_v, D]); ``differential`` heads, which mix the
    values of two heads each, 2 N (H + 2 H_v) FLOPs a pair, and are subtracted in pairs, with 4 [H] learned numbers.
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
    chunk: Size | None = None
    top: Size | None = None
    N_ix: Size | None = None
    H_ix: Size | None = None
    gate: Literal["", "full", "head"] = ""
    v_from_k: bool = False
    lent: bool = False
    wide: bool = False
    differential: bool = False

    word = "attention"
    label = "full"
    split = "attention"
    meets = True
    dense = True
    letters: ClassVar = {"window": S_win, "chunk": S_chk, "top": S_top}
    parts: ClassVar = {"queries": "N", "heads": "K"}
    orders = (("K", "N"),)
    shares = (("K", "N", "KV heads", "query heads"),)

    def text(self, at: Pass, how: Sharding) -> str:
        """By heads, or with the cache sharded over its batch too; stored beside it what options add."""
        lines = [_QUERIES, "lent: Keys, Values" if self.lent else _KEYS, "" if self.lent or self.v_from_k else _VALUES]
        lines += [_GATES.get(self.gate, ""), _BY_BATCH if how.cache else _BY_HEADS]
        if self.N_ix is not None:
            lines += [indexer.text(_INPUT, "D~f", _INPUT, how, weighed=False), "weight norm: g_iq, g_ik\n g_iq[Hx]\n g_ik[Hx]"]
        if self.qkv_bias:
            lines.append("weight attention: b_q\n b_q[K~m, Q, H]")
            lines += [] if self.lent else ["weight attention: b_k, b_v\n b_k[K~m, H]\n b_v[K~m, J]"]
        if self.out_bias:
            lines.append("weight attention: b_o\n b_o[D]")
        if self.sinks:
            lines.append("weight attention: Sinks\n Sinks[K~m, Q]")
        if self.qk_norm:
            queries, keys = {"head": ("H", "H"), "layer": ("K, Q, H", "K, H")}[self.qk_norm]
            lines.append(f"weight norm: g_q\n g_q[{queries}]")
            lines += [] if self.lent else [f"weight norm: g_k\n g_k[{keys}]"]
        if self.wide:
            lines = [line.replace(_INPUT, "Both[B~d, T~t, Two, D~m~c]").replace("[D~f, K~m", "[Two, D~f, K~m") for line in lines]
            lines.append("weight norm: g_w\n g_w[Two, D]")
        if self.differential:
            lines = [_MIXES.sub(" {both}", line) for line in lines] + ["weight attention: Lam\n Lam[Four, H]"]
        return "\n".join(lines)

    def sizes(self, at: Pass) -> dict[str, Any]:
        """Q query heads for each KV head, J the size of a value head."""
        own = {"Q": ratio(self.N, self.K), "J": self.H if self.H_v is None else self.H_v, "Two": 2, "Four": 4}
        return {**own, **indexer.sizes(at, self.N_ix, self.H_ix)}

    def sees(self) -> View:
        """A window, a chunk, a choice, or all."""
        return View(window=self.window, chunk=self.chunk, top=self.top)

    def views(self) -> tuple[View, ...]:
        """An indexer sees all."""
        return (self.sees(),) if self.N_ix is None else (self.sees(), ALL)

    def marks(self, at: Pass) -> dict[str, Any]:
        """What an indexer scores, and values of two heads."""
        both = {"both": 2 * at.pairs(self.sees()) / (at.new * at.read(self.sees()))} if self.differential else {}
        return {**indexer.marks(at), **both}

    def check(self) -> None:
        """Norms and gates are of a kind there is; a token has one reach, and an indexer its heads, their size and top."""
        if self.gate not in ("", *_GATES):
            raise InputError(f"attention: gate = {short(self.gate)} is no gate; write 'full' or 'head', or leave it out")
        reaches = [name for name in ("window", "chunk", "top") if getattr(self, name) is not None]
        if len(reaches) > 1:
            raise InputError(f"attention: {' and '.join(reaches)} both say what a token sees; give one")
        indexer.check(self.word, self.top, self.N_ix, self.H_ix)
        if self.wide and self.N_ix is not None:
            raise InputError("attention: wide = True beside an indexer is not understood; leave one out")
        if self.qk_norm not in ("", "head", "layer"):
            raise InputError(f"attention: qk_norm = {short(self.qk_norm)} is no norm; write 'head' or 'layer', or leave it out")
