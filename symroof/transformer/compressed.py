"""Compressed attention (DeepSeek-V4): a window of whole tokens, and entries that stand for several tokens each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from symroof.algebra.operands import plain
from symroof.algebra.symbols import G_o, H, N, R_o, R_q, S_cmp, S_top, S_win
from symroof.errors import InputError
from symroof.transformer import indexer
from symroof.transformer.kind import Kind, Pass, Sharding, Size, ratio
from symroof.transformer.view import View

_IN = """
    weight attention: W_dq, W_uq, W_kv, W_oa, W_ob, Sinks; weight norm: g_q, g_kv; cache: Recent; on chip: Scores, Again
    In[B~d, T~t, D]         W_dq[D~f, R]              -> Lq[B~d, T~t, R]
    Lq[B~d, T~t, R]         W_uq[R, G~m, Q~c, H]      -> Que[B~d, T~t, G~m, Q~c, H]
    In[B~d, T~t, D]         W_kv[D~f, H]              -> Own[B~d, T~t, H]
    Sinks[G~m, Q]
    g_q[R]
    g_kv[H]
"""
_OUT = """
    Att[B~d, T~t, G~m, Q~c, H] W_oa[G~m, Q~c, H, J]   -> Grp[B~d, T~t, G~m, J]
    Grp[B~d, T~t, G~m, J]      W_ob[G~m, J, D~f]      -> Out[B~d, T~t, D]
"""
_BY_HEADS = """
    Que[B~d, T~t, G~m, Q, H]       Recent[B~d, S~s~t, H]  -> Scores[B~d, T~t, S~s, G~m, Q] {seen}
    Scores[B~d, T~t, S~s, G~m, Q]  Again[B~d, S~s, H]     -> Att[B~d, T~t, G~m, Q, H] {seen}
"""
_FAR_BY_HEADS = """
    Que[B~d, T~t, G~m, Q, H]       Entries[B~d, E~s~t, H] -> Far[B~d, T~t, E~s, G~m, Q] {compressed}
    Far[B~d, T~t, E~s, G~m, Q]     Twice[B~d, E~s, H]     -> Wide[B~d, T~t, G~m, Q, H] {compressed}
"""
_BY_BATCH = """
    Que[B~d, T, G~m, Q~c, H]                              -> Turned[B~d~c, T, G~m, Q, H]
    Turned[B~d~c, T, G~m, Q, H]    Recent[B~d~c, S, H]    -> Scores[B~d~c, T, S, G~m, Q] {seen}
    Scores[B~d~c, T, S, G~m, Q]    Again[B~d~c, S, H]     -> Mixed[B~d~c, T, G~m, Q, H] {seen}
    Mixed[B~d~c, T, G~m, Q, H]                            -> Att[B~d, T, G~m, Q~c, H]
"""
_FAR_BY_BATCH = """
    Turned[B~d~c, T, G~m, Q, H]    Entries[B~d~c, E, H]   -> Far[B~d~c, T, E, G~m, Q] {compressed}
    Far[B~d~c, T, E, G~m, Q]       Twice[B~d~c, E, H]     -> Wide[B~d~c, T, G~m, Q, H] {compressed}
"""
#: Keys (which are the values) and gates of entries, in one series, or two that overlap; what is not an entry yet is kept.
_COMPRESSOR = """
    weight compressor: W_ck, W_cg, places; weight norm: g_c; cache: Entries; pending: Open; on chip: Far, Twice
    In[B~d, T~t, D]         W_ck[D~f, C]              -> Ck[B~d, T~t, C]
    In[B~d, T~t, D]         W_cg[D~f, C]              -> Cg[B~d, T~t, C]
    places[M, C]
    g_c[H]
    Open[B~d, P]
"""
_INDEXER = """
    weight indexer: W_iq, W_iw, W_ik, W_ig, iplaces; weight norm: g_i; cache: Index; pending: Iopen; on chip: Picks, Picked
    Lq[B~d, T~t, R]         W_iq[R, Nx, Hx]           -> Iq[B~d, T~t, Nx, Hx]
    In[B~d, T~t, D]         W_iw[D~f, Nx]             -> Iw[B~d, T~t, Nx]
    In[B~d, T~t, D]         W_ik[D~f, Cx]             -> Ik[B~d, T~t, Cx]
    In[B~d, T~t, D]         W_ig[D~f, Cx]             -> Ig[B~d, T~t, Cx]
    iplaces[M, Cx]
    g_i[Hx]
    Iopen[B~d, Px]
"""
_PICKED = """
    Iq[B~d, T~t, Nx, Hx]    Index[B~d, Ex~s~t, Hx]    -> Picks[B~d, T~t, Ex~s, Nx] {picked}
    Picks[B~d, T~t, Ex~s, Nx] Iw[B~d, T~t, Nx]        -> Picked[B~d, T~t, Ex~s] {picked}
"""
_PICKED_BY_BATCH = """
    Iqs[B~d~c, T, Nx, Hx]   Index[B~d~c, Ex, Hx]      -> Picks[B~d~c, T, Ex, Nx] {picked}
    Picks[B~d~c, T, Ex, Nx] Iws[B~d~c, T, Nx]         -> Picked[B~d~c, T, Ex] {picked}
"""


@dataclass(frozen=True)
class CompressedAttention(Kind):
    """N query heads of H over one key head whose keys are its values: the last S_win tokens, and one entry for every S_cmp tokens.

    Queries through a rank R_q: [D, R_q], [R_q, N H]; keys [D, H]; results in G_o groups of heads to R_o each, [N H, R_o], and
    [G_o R_o, D]; a sink a head. Entries come from a compressor: keys and gates 2 [D, s H], [S_cmp, s H] and a norm [H], in s = 1 series,
    or 2 where an indexer (N_ix heads of H_ix, with a compressor of its own) picks the ``top`` ones. 4 N H FLOPs for a token and an entry
    or token it sees. Of the cache H a token inside the window and H (and H_ix) an entry; what is not an entry yet stays in fp32.

    Source: DeepSeek-V4 (2026), model card and reference implementation.
    """

    N: Size = N
    H: Size = H
    R_q: Size = R_q
    G_o: Size = G_o
    R_o: Size = R_o
    window: Size = S_win
    every: Size | None = None
    top: Size | None = None
    N_ix: Size | None = None
    H_ix: Size | None = None

    word = "compressed attention"
    label = "cmp"
    split = "attention"
    meets = True
    letters: ClassVar = {"every": S_cmp, "top": S_top}
    parts: ClassVar = {"queries": "G_o"}
    shares = (("G_o", "N", "groups", "query heads"),)

    def text(self, at: Pass, how: Sharding) -> str:
        """The window, and entries and their choice where there are any."""
        text = _IN + (_BY_BATCH if how.cache else _BY_HEADS)
        if self.every is not None:
            text += _COMPRESSOR + (_FAR_BY_BATCH if how.cache else _FAR_BY_HEADS)
        if self.N_ix is not None:
            text += _INDEXER + (_PICKED_BY_BATCH if how.cache else _PICKED)
        return text + _OUT

    def sees(self) -> View:
        """The window."""
        return View(window=self.window)

    def sight(self) -> str:
        """Nothing: every such layer has a window."""
        return ""

    def views(self) -> tuple[View, ...]:
        """The window, the entries, and those that the indexer scores."""
        entries = [View(every=self.every, top=self.top)] if self.every is not None else []
        return (self.sees(), *entries, *[View(every=self.every)] * (self.N_ix is not None))

    def sizes(self, at: Pass) -> dict[str, Any]:
        """G groups of Q heads, R and J ranks of queries and results, C and Cx the series of both compressors."""
        own = {"G": self.G_o, "Q": ratio(self.N, self.G_o), "H": self.H, "R": self.R_q, "J": self.R_o, "S": at.read(self.sees())}
        if self.every is None:
            return own
        series = 1 if self.N_ix is None else 2
        own |= {"E": at.read(self.views()[1]), "C": series * plain(self.H), "M": self.every, "P": self._pending(plain(self.H))}
        if self.N_ix is None:
            return own
        both = {"Nx": self.N_ix, "Hx": self.H_ix, "Cx": series * plain(self.H_ix), "Px": self._pending(plain(self.H_ix))}
        return own | both | {"Ex": at.read(self.views()[2])}

    def _pending(self, width: Any) -> Any:
        """Keys and gates of the tokens of an entry that is not complete; of two series also half of the entry before."""
        return 2 * plain(self.every) * width * (1 if self.N_ix is None else 3)

    def marks(self, at: Pass) -> dict[str, Any]:
        """Of all products only those of tokens and entries that are seen."""
        names = ("seen", "compressed", "picked")
        return {name: at.pairs(view) / (at.new * at.read(view)) for name, view in zip(names, self.views(), strict=False)}

    def check(self) -> None:
        """An indexer picks among entries, and has heads and their size."""
        indexer.check(self.word, self.top, self.N_ix, self.H_ix)
        if self.every is None and self.top is not None:
            raise InputError(f"{self.word}: top = {self.top} picks entries, and there are none; give every, the tokens of one")
