"""Multi-head latent attention (DeepSeek): one compressed cache for all heads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from symroof.algebra.symbols import H_nope, H_rope, H_v, N, R_kv, R_q, S_top
from symroof.transformer import indexer
from symroof.transformer.kind import Kind, Pass, Sharding, Size
from symroof.transformer.view import ALL, View

_RANKED = """
    weight attention: W_dq, W_uq, W_qr; weight norm: g_q
    In[B~d, T~t, D]      W_dq[D~f, R]      -> Lq[B~d, T~t, R]
    Lq[B~d, T~t, R]      W_uq[R, N~m~c, A] -> Que[B~d, T~t, N~m~c, A]
    Lq[B~d, T~t, R]      W_qr[R, N~m~c, J] -> Turn[B~d, T~t, N~m~c, J]
    g_q[R]
"""
_DIRECT = """
    weight attention: W_uq, W_qr
    In[B~d, T~t, D]      W_uq[D~f, N~m~c, A] -> Que[B~d, T~t, N~m~c, A]
    In[B~d, T~t, D]      W_qr[D~f, N~m~c, J] -> Turn[B~d, T~t, N~m~c, J]
"""
_KEYS = """
    weight attention: W_dkv, W_kr, W_uk, W_uv, W_o; weight norm: g_kv; cache: Latents, Ropes; on chip: Scores, Turned
    In[B~d, T~t, D]      W_dkv[D~f, M]     -> Latent[B~d, T~t, M]
    In[B~d, T~t, D]      W_kr[D~f, J]      -> Rope[B~d, T~t, J]
    g_kv[M]
"""
#: ``Read`` are the latents again: they are on chip from the scores.
_ABSORBED = """
    on chip: Read
    Que[B~d, T~t, N~m, A]     W_uk[A, N~m, M]        -> Own[B~d, T~t, N~m, M]
    Own[B~d, T~t, N~m, M]     Latents[B~d, S~s~t, M] -> Scores[B~d, T~t, S~s, N~m] {seen}
    Turn[B~d, T~t, N~m, J]    Ropes[B~d, S~s~t, J]   -> Turned[B~d, T~t, S~s, N~m] {seen}
    Scores[B~d, T~t, S~s, N~m] Read[B~d, S~s, M]     -> Mixed[B~d, T~t, N~m, M]    {seen}
    Mixed[B~d, T~t, N~m, M]   W_uv[M, N~m, I]        -> Att[B~d, T~t, N~m, I]
    Att[B~d, T~t, N~m, I]     W_o[N~m, I, D~f]       -> Out[B~d, T~t, D]
"""
_BY_BATCH = """
    on chip: Read
    Que[B~d, T, N~m~c, A]     W_uk[A, N~m~c, M]      -> Own[B~d, T, N~m~c, M]
    Own[B~d, T, N~m~c, M]                            -> Owns[B~d~c, T, N~m, M]
    Turn[B~d, T, N~m~c, J]                           -> Turns[B~d~c, T, N~m, J]
    Owns[B~d~c, T, N~m, M]    Latents[B~d~c, S, M]   -> Scores[B~d~c, T, S, N~m] {seen}
    Turns[B~d~c, T, N~m, J]   Ropes[B~d~c, S, J]     -> Turned[B~d~c, T, S, N~m] {seen}
    Scores[B~d~c, T, S, N~m]  Read[B~d~c, S, M]      -> Mixes[B~d~c, T, N~m, M]  {seen}
    Mixes[B~d~c, T, N~m, M]                          -> Mixed[B~d, T, N~m~c, M]
    Mixed[B~d, T, N~m~c, M]   W_uv[M, N~m~c, I]      -> Att[B~d, T, N~m~c, I]
    Att[B~d, T, N~m~c, I]     W_o[N~m~c, I, D~f]     -> Out[B~d, T, D]
"""
_EXPANDED = """
    Latents[B~d, S~s~t, M]     W_uk[A, N~m~c, M]          -> Ups[B~d, S~s~t, N~m~c, A]
    Latents[B~d, S~s~t, M]     W_uv[M, N~m~c, I]          -> Vals[B~d, S~s~t, N~m~c, I]
    Que[B~d, T~t, N~m~c, A]    Ups[B~d, S~s~t, N~m~c, A]  -> Scores[B~d, T~t, S~s, N~m~c] {seen}
    Turn[B~d, T~t, N~m~c, J]   Ropes[B~d, S~s~t, J]       -> Turned[B~d, T~t, S~s, N~m~c] {seen}
    Scores[B~d, T~t, S~s, N~m~c] Vals[B~d, S~s~t, N~m~c, I] -> Att[B~d, T~t, N~m~c, I]    {seen}
    Att[B~d, T~t, N~m~c, I]    W_o[N~m~c, I, D~f]         -> Out[B~d, T~t, D]
"""


@dataclass(frozen=True)
class LatentAttention(Kind):
    """Latent attention: R_kv + H_rope elements of cache a token, whatever the N heads; queries through a rank R_q, or none.

    Decoding it is *absorbed*: the up-projections of keys and values are applied to queries and results, 2 N (2 R_kv + H_rope)
    FLOPs for a token and a token it sees. Reading prompts and training it is *expanded*: they are applied once to every key,
    2 N (H_nope + H_rope + H_v) FLOPs a pair, which is less from T = R_kv(H_nope+H_v) / (2 R_kv - H_nope - H_v) new tokens on.
    Model parallelism splits the heads and copies the cache; ``cache`` axes shard its batch while decoding (and the heads of
    a prompt), ``sequence`` axes its context, ``context`` axes the new tokens, for which keys and values are gathered.
    With ``top`` (DeepSeek sparse attention) a token sees so many tokens, those that an indexer of N_ix heads of H_ix scores highest, or
    (without heads) those that another layer's has picked: the cache is kept whole, and read in part. ``gate``: [D, N H_v] on the result;
    ``bias``: of the projections from and to D.

    >>> LatentAttention().program(at=Pass(new=1))["Scores"].flops
    2*B*N*R_kv*S  [FLOP]

    Source: arXiv:2405.04434, section 2.1; arXiv:2412.19437; arXiv:2512.02556 (sparse).
    """

    N: Size = N
    R_q: Size | None = R_q  # 0 or None: no rank, one matrix
    R_kv: Size = R_kv
    H_nope: Size = H_nope
    H_rope: Size = H_rope
    H_v: Size = H_v
    top: Size | None = None
    N_ix: Size | None = None
    H_ix: Size | None = None
    gate: bool = False
    bias: bool = False

    word = "latent attention"
    label = "full"
    split = "attention"
    meets = True
    parts: ClassVar = {"queries": "N"}
    optional = ("R_q",)
    letters: ClassVar = {"top": S_top}

    def __post_init__(self) -> None:
        if self.R_q == 0:
            object.__setattr__(self, "R_q", None)
        super().__post_init__()

    def text(self, at: Pass, how: Sharding) -> str:
        """Absorbed or expanded; the batch of the latents can be sharded while decoding."""
        queries = _RANKED if self.R_q else _DIRECT
        rest = (_BY_BATCH if how.cache else _ABSORBED) if at.absorbs else _EXPANDED
        text = queries + _KEYS + rest
        if self.N_ix is not None:
            source, width = ("Lq[B~d, T~t, R]", "R") if self.R_q else ("In[B~d, T~t, D]", "D~f")
            text += indexer.text(source, width, "In[B~d, T~t, D]", how, weighed=True) + "weight norm: g_ik\n g_ik[Two, Hx]\n"
        if self.gate:
            text += "weight attention: W_g\n In[B~d, T~t, D] W_g[D~f, N~m~c, I] -> Gate[B~d, T~t, N~m~c, I]\n"
        if self.bias:
            text += "weight attention: b_dkv, b_kr, b_o\n b_dkv[M]\n b_kr[J]\n b_o[D]\n"
            text += "weight attention: b_dq\n b_dq[R]\n" if self.R_q else ""
        return text

    def sizes(self, at: Pass) -> dict[str, Any]:
        """R, M ranks of queries and latents; A, J, I sizes of heads without and with position, and of values."""
        own = {"M": self.R_kv, "A": self.H_nope, "J": self.H_rope, "I": self.H_v}
        return {**own, **({"R": self.R_q} if self.R_q else {}), "Two": 2, **indexer.sizes(at, self.N_ix, self.H_ix)}

    def sees(self) -> View:
        """All, or the best."""
        return View(top=self.top)

    def views(self) -> tuple[View, ...]:
        """An indexer sees all."""
        return (self.sees(),) if self.N_ix is None else (self.sees(), ALL)

    def check(self) -> None:
        """An indexer has heads, their size, and what it picks."""
        indexer.check(self.word, self.top, self.N_ix, self.H_ix)

    def marks(self, at: Pass) -> dict[str, Any]:
        """What an indexer scores."""
        return indexer.marks(at)
