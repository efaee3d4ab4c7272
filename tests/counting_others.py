"""Counters of compressed attention, residual streams, per-layer embeddings, drafts and mere weights; see ``counting``.

The facts are those of the papers (arXiv:2409.19606 hyper-connections, 2301.13310 AltUp, 2411.07501 LAuReL, 2412.19437 drafts) and of the
reference implementations of DeepSeek-V4, Gemma 3n and Kimi K3.
"""

from __future__ import annotations

from fractions import Fraction

from counting import COUNTERS, Counter, Held, Run, norms, times, vector, weight


def share(tokens: int, every: int) -> int | Fraction:
    """Entries, the last one in part."""
    return tokens // every if tokens % every == 0 else Fraction(tokens, every)


class CompressedCounter(Counter):
    """The last tokens one by one, and an entry for several of those before; of those the best, where something picks."""

    @staticmethod
    def stored(kind, d):
        g, q, h, r = (kind.G_o, "model"), (kind.N // kind.G_o, "cache"), (kind.H, ""), (kind.R_q, "")
        found = {
            "W_dq": weight("attention", (d, "fsdp"), r),
            "W_uq": weight("attention", r, g, q, h),
            "W_kv": weight("attention", (d, "fsdp"), h),
            "W_oa": weight("attention", g, q, h, (kind.R_o, "")),
            "W_ob": weight("attention", g, (kind.R_o, ""), (d, "fsdp")),
            "Sinks": vector("attention", g, (kind.N // kind.G_o, "")),
            "g_q": vector("norm", r),
            "g_kv": vector("norm", h),
        }
        series = 1 if kind.N_ix is None else 2
        if kind.every is not None:
            wide = (series * kind.H, "")
            found |= {name: weight("compressor", (d, "fsdp"), wide) for name in ("W_ck", "W_cg")}
            found |= {"places": vector("compressor", (kind.every, ""), wide), "g_c": vector("norm", h)}
        if kind.N_ix is not None:
            wide, size = (series * kind.H_ix, ""), (kind.H_ix, "")
            found |= {name: weight("indexer", (d, "fsdp"), wide) for name in ("W_ik", "W_ig")}
            found |= {"W_iq": weight("indexer", r, (kind.N_ix, ""), size), "W_iw": weight("indexer", (d, "fsdp"), (kind.N_ix, ""))}
            found |= {"iplaces": vector("indexer", (kind.every, ""), wide), "g_i": vector("norm", size)}
        return found | norms(kind, d)

    @staticmethod
    def entries(kind, run: Run, chosen: bool = True) -> Fraction:
        """Entries that the new tokens see together: of t tokens t/m, and at most the best."""
        found = Fraction(0)
        for at in range(run.context - run.new, run.context):
            mine = Fraction(at + 1 if run.causal else run.context, kind.every)
            found += mine if kind.top is None or not chosen else min(mine, kind.top)
        return found * run.batch

    @classmethod
    def work(cls, kind, run):
        series = 1 if kind.N_ix is None else 2
        copied, heads, scores = "data context", "data context model cache", "data context model cache sequence"
        found = {
            "down": (times(run.tokens, run.d, kind.R_q), copied),
            "queries": (times(run.tokens, kind.R_q, kind.N, kind.H), heads),
            "keys": (times(run.tokens, run.d, kind.H), copied),
            "window": (2 * run.pairs(kind.window) * times(kind.N, kind.H), scores),
            "results": (times(run.tokens, kind.N, kind.H, kind.R_o), heads),
            "out": (times(run.tokens, kind.G_o, kind.R_o, run.d), "data context model"),
        }
        if kind.every is not None:
            found["compressor"] = (2 * times(run.tokens, run.d, series * kind.H), copied)
            found["far"] = (2 * cls.entries(kind, run) * times(kind.N, kind.H), scores)
        if kind.N_ix is not None:
            found["index compressor"] = (2 * times(run.tokens, run.d, series * kind.H_ix), copied)
            found["index queries"] = (times(run.tokens, kind.R_q, kind.N_ix, kind.H_ix), copied)
            found["index heads"] = (times(run.tokens, run.d, kind.N_ix), copied)
            found["index scores"] = (cls.entries(kind, run, False) * kind.N_ix * (2 * kind.H_ix + 2), "data context cache sequence")
        return found

    @classmethod
    def kept(cls, kind, run):
        tokens = sum(run.context - at <= kind.window for at in range(run.context))
        return cls.caches(kind, run, tokens, share(run.context, kind.every or 1)) | cls.pending(kind, run)

    @staticmethod
    def pending(kind, run):
        found = {}
        shares = 2 if kind.N_ix is None else 6  # keys and gates of an entry; of two series, and half of the one before
        if kind.every is not None:
            found["Open"] = Held("pending", ((run.batch, "data"), (shares * kind.every * kind.H, "")), width="p_st")
        if kind.N_ix is not None:
            found["Iopen"] = Held("pending", ((run.batch, "data"), (shares * kind.every * kind.H_ix, "")), width="p_st")
        return found

    @staticmethod
    def caches(kind, run, tokens, entries):
        batch, along = (run.batch, "data cache"), "sequence context"
        found = {"Recent": Held("cache", (batch, (tokens, along), (kind.H, "")), width="p_kv")}
        if kind.every is not None:
            found["Entries"] = Held("cache", (batch, (entries, along), (kind.H, "")), width="p_kv")
        if kind.N_ix is not None:
            index = share(run.context, kind.every)
            found["Index"] = Held("cache", (batch, (index, along), (kind.H_ix, "")), width="p_kv")
        return found

    @classmethod
    def looked(cls, kind, run):
        one = Run(run.d, 1, 1, run.context)
        return cls.caches(kind, run, one.pairs(kind.window), cls.entries(kind, one) if kind.every else 0)


class HyperCounter(Counter):
    @staticmethod
    def stored(kind, d):
        n = kind.n_res
        mixes, scales = (n, 1) if kind.end else ((2 + n) * n, 3)
        return {
            "W_h": weight("streams", (n, ""), (d, ""), (mixes, "")),
            "b_h": vector("streams", (mixes, "")),
            "s_h": vector("streams", (scales, "")),
        } | norms(kind, d)

    @staticmethod
    def work(kind, run):
        mixes = kind.n_res if kind.end else (2 + kind.n_res) * kind.n_res
        return {"mixes": (times(run.tokens, kind.n_res, run.d, mixes), "data")}


class AltUpCounter(Counter):
    @staticmethod
    def stored(kind, d):
        n, wide = (kind.n_res, ""), (d, "")
        if kind.ends:
            return {"W_ends": weight("streams", wide, (2 * (kind.n_res - 1), ""), wide)} | norms(kind, d)
        return {
            "W_r": weight("streams", wide, n),
            "W_la": weight("streams", wide, (kind.R_lau, "")),
            "W_lb": weight("streams", (kind.R_lau, ""), wide),
            "W_p": vector("streams", n, n, n),
            "W_c": vector("streams", n, n),
            "c_out": vector("streams", wide),
            "g_r": vector("norm", wide),
            "g_l": vector("norm", wide),
        } | norms(kind, d)

    @staticmethod
    def work(kind, run):
        if kind.ends:
            return {"ends": (2 * (kind.n_res - 1) * times(run.tokens, run.d, run.d), "data")}
        return {"router": (times(run.tokens, run.d, kind.n_res), "data"), "side": (2 * times(run.tokens, run.d, kind.R_lau), "data")}


class ResidualCounter(Counter):
    @staticmethod
    def stored(kind, d):
        return {"W_res": weight("streams", (d, ""), (1, ""))} | norms(kind, d)

    @staticmethod
    def work(kind, run):
        return {"score": (times(run.tokens, run.d), "data")}


class TableCounter(Counter):
    """L is 5 here: the letter has no other value in a layer alone."""

    layers = 5

    @classmethod
    def stored(cls, kind, d):
        rows = cls.layers * kind.D_ple
        return {
            "W_ple": weight("per layer embedding", (kind.V_ple, ""), (rows, ""), multiplied=False),
            "W_pp": weight("per layer projection", (d, "fsdp"), (rows, "")),
            "g_p": vector("norm", (kind.D_ple, "")),
        } | norms(kind, d)

    @classmethod
    def work(cls, kind, run):
        return {"projection": (times(run.tokens, run.d, cls.layers * kind.D_ple), "data")}

    @classmethod
    def read(cls, kind, run, hit):
        held = cls.stored(kind, run.d)
        rows = run.tokens * cls.layers * kind.D_ple
        return rows + sum(t.elements for name, t in held.items() if name != "W_ple")


class InputCounter(Counter):
    @staticmethod
    def stored(kind, d):
        own = (kind.D_ple, "")
        return {
            "W_pg": weight("per layer projection", (d, "fsdp"), own),
            "W_pu": weight("per layer projection", own, (d, "fsdp")),
        } | norms(kind, d)

    @staticmethod
    def work(kind, run):
        return {"both": (2 * times(run.tokens, run.d, kind.D_ple), "data")}


class DraftCounter(Counter):
    @staticmethod
    def stored(kind, d):
        return {"W_d": weight("draft", (2, ""), (d, "fsdp"), (d, "model"))} | norms(kind, d)

    @staticmethod
    def work(kind, run):
        return {"both": (2 * times(run.tokens, run.d, run.d), "data model")}


class WeightsCounter(Counter):
    @staticmethod
    def stored(kind, d):
        return ({"W": vector(kind.of, (kind.stored, ""))} if kind.stored else {}) | norms(kind, d)


COUNTERS |= {
    "compressed attention": CompressedCounter,
    "hyper-connection": HyperCounter,
    "alternating updates": AltUpCounter,
    "residual attention": ResidualCounter,
    "per-layer table": TableCounter,
    "per-layer input": InputCounter,
    "draft": DraftCounter,
    "weights": WeightsCounter,
}
