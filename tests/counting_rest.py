"""Counters of short convolutions, gated recurrences, matrix memories, adapters, idle experts and routed attention; see ``counting``.

The facts are those of the papers (arXiv:2402.19427 RG-LRU, 2405.04517 mLSTM, 2106.09685 adapters, 2509.01322 idle experts, 2404.07413
attention with experts) and of the reference implementations of LFM2, RecurrentGemma, xLSTM, Zamba2, LongCat-Flash and JetMoE.
"""

from __future__ import annotations

from fractions import Fraction

from counting import COUNTERS, Counter, ExpertsCounter, Held, norms, times, vector, weight


class ShortConvolutionCounter(Counter):
    @staticmethod
    def stored(kind, d):
        of, channels = "short convolution", (d, "model")
        found = {name: weight(of, (d, "fsdp"), channels) for name in ("W_b", "W_c", "W_x")}
        found |= {"W_o": weight(of, channels, (d, "fsdp")), "conv": vector(of, (kind.w_conv, ""), channels)}
        if kind.bias:
            found |= {"b_in": vector(of, (3, ""), channels), "b_conv": vector(of, channels), "b_o": vector(of, (d, ""))}
        return found | norms(kind, d)

    @staticmethod
    def work(kind, run):
        return {"in": (3 * times(run.tokens, run.d, run.d), "data model"), "out": (times(run.tokens, run.d, run.d), "data model")}

    @staticmethod
    def kept(kind, run):
        return {"Tail": Held("tail", ((run.batch, "data"), (kind.w_conv - 1, ""), (run.d, "model")), width="p_conv")}


class RecurrenceCounter(Counter):
    @staticmethod
    def stored(kind, d):
        of, each = "recurrence", kind.D_rec // kind.N
        channels = ((kind.N, "model"), (each, ""))
        found = {name: weight(of, (d, "fsdp"), *channels) for name in ("W_x", "W_y")}
        found |= {name: weight(of, *channels, (each, "")) for name in ("W_i", "W_r")}
        found |= {name: vector(of, *channels) for name in ("a", "b_x", "b_y", "b_conv", "b_i", "b_r")}
        found |= {"W_o": weight(of, *channels, (d, "fsdp")), "b_o": vector(of, (d, ""))}
        return found | {"conv": vector(of, (kind.w_conv, ""), *channels)} | norms(kind, d)

    @staticmethod
    def work(kind, run):
        gates, states = 0, 0
        for _token in range(run.tokens):
            for _block in range(kind.N):
                gates += 2 * times(kind.D_rec // kind.N, kind.D_rec // kind.N)
            for _channel in range(kind.D_rec):
                states += 1 + 1  # it decays, and the input is added
        return {
            "in": (2 * times(run.tokens, run.d, kind.D_rec), "data model"),
            "gates": (gates, "data model"),
            "states": (states, "data model"),
            "out": (times(run.tokens, kind.D_rec, run.d), "data model"),
        }

    @staticmethod
    def kept(kind, run):
        channels = ((kind.N, "model"), (kind.D_rec // kind.N, ""))
        return {
            "St": Held("state", ((run.batch, "data"), *channels), width="p_st"),
            "Tail": Held("tail", ((run.batch, "data"), (kind.w_conv - 1, ""), *channels), width="p_conv"),
        }


class MemoryCounter(Counter):
    @staticmethod
    def stored(kind, d):
        of, n, matrix = "linear attention", (kind.N_kl, "model"), (d, "fsdp")
        key, value = (kind.H_kl, ""), (kind.H_vl, "")
        found = {name: weight(of, matrix, n, key) for name in ("W_q", "W_k")}
        found |= {name: weight(of, matrix, n, value) for name in ("W_v", "W_z")}
        found |= {name: weight(of, matrix, n) for name in ("W_i", "W_f")}
        found |= {"b_i": vector(of, n), "b_f": vector(of, n), "g": vector("norm", n, value), "W_o": weight(of, n, value, matrix)}
        return found | norms(kind, d)

    @staticmethod
    def work(kind, run):
        key, value, states = kind.H_kl, kind.H_vl, 0
        for _sequence in range(run.batch):
            for _head in range(kind.N_kl):
                if run.new == 1:
                    for _element in range(key * value):
                        states += 1 + 2 + 2  # it decays, is added to, is multiplied with the query and summed
                    for _element in range(key):
                        states += 1 + 2 + 2  # and so does what results are divided by
                    states += 1  # the largest gate so far
                else:
                    for _chunk in range(run.new // kind.chunk):
                        for _pair in range(kind.chunk * kind.chunk):
                            states += 2 * key + 2 * value  # scores, and what they mix
                        for _token in range(kind.chunk):
                            states += 2 * key * value + 2 * key * value  # to the state, and from it
        return {
            "in": (times(run.tokens, run.d, kind.N_kl * (2 * key + 2 * value + 2)), "data model"),
            "states": (states, "data model"),
            "out": (times(run.tokens, kind.N_kl * value, run.d), "data model"),
        }

    @staticmethod
    def kept(kind, run):
        heads = ((run.batch, "data"), (kind.N_kl, "model"))
        return {
            "St": Held("state", (*heads, (kind.H_kl, ""), (kind.H_vl, "")), width="p_st"),
            "Norms": Held("state", (*heads, (kind.H_kl, "")), width="p_st"),
            "Most": Held("state", heads, width="p_st"),
        }


class AdapterCounter(Counter):
    @staticmethod
    def stored(kind, d):
        ins = ((2, ""), (d, "fsdp")) if kind.wide else ((d, "fsdp"),)
        rank = (kind.R_ad, "")
        return {"W_da": weight("adapter", *ins, rank), "W_ua": weight("adapter", rank, (kind.F, "model"))} | norms(kind, d)

    @staticmethod
    def work(kind, run):
        wide = run.d * (2 if kind.wide else 1)
        return {"down": (times(run.tokens, wide, kind.R_ad), "data"), "up": (times(run.tokens, kind.R_ad, kind.F), "data model")}


class IdleExpertsCounter(ExpertsCounter):
    """Some of the experts that a router chooses among compute nothing, and take nothing but their place in the router."""

    @staticmethod
    def stored(kind, d):
        ways = ((kind.E + kind.idle, ""),)
        found = ExpertsCounter.stored(kind, d)
        found["W_r"] = weight("router", (d, ""), *ways)
        for name in {"b_r", "b_e", "s_e"} & set(found):
            found[name] = vector(found[name].of, *ways)
        return found

    @staticmethod
    def work(kind, run):
        found = ExpertsCounter.work(kind, run)
        flops, ways = found["routed"]
        found["router"] = (times(run.tokens, run.d, kind.E + kind.idle), "data")
        found["routed"] = (Fraction(flops * kind.E, kind.E + kind.idle), ways)  # of all choices so many compute
        return found

    @classmethod
    def active(cls, kind, d):
        idle = ExpertsCounter.active(kind, d) - ExpertsCounter.stored(kind, d)["W_r"].elements
        one = sum(t.elements for t in ExpertsCounter.stored(kind, d).values() if t.of == "experts" and t.multiplied) // kind.E
        return idle - kind.k * one + Fraction(kind.k * kind.E * one, kind.E + kind.idle) + d * (kind.E + kind.idle)

    @staticmethod
    def vector_flops(kind, run):
        shared = run.tokens * (kind.shared or 0) if kind.gated else 0
        return shared + Fraction((ExpertsCounter.vector_flops(kind, run) - shared) * kind.E, kind.E + kind.idle)


class RoutedAttentionCounter(Counter):
    @staticmethod
    def stored(kind, d):
        expert, heads = (kind.E, ""), ((kind.K, "model"), (kind.H, ""))
        return {
            "W_r": weight("router", (d, ""), expert),
            "W_q": weight("attention experts", expert, (d, "fsdp"), *heads),
            "W_o": weight("attention experts", expert, *heads, (d, "fsdp")),
            "W_k": weight("attention", (d, "fsdp"), *heads),
            "W_v": weight("attention", (d, "fsdp"), *heads),
        } | norms(kind, d)

    @staticmethod
    def work(kind, run):
        size, scores = kind.K * kind.H, "data context model cache sequence"
        return {
            "router": (times(run.tokens, run.d, kind.E), "data"),
            "routed": (kind.k * 2 * times(run.tokens, run.d, size), "data model"),
            "keys and values": (2 * times(run.tokens, run.d, size), "data context model"),
            "scores": (run.pairs() * times(kind.k, size), scores),
            "mix": (run.pairs() * times(kind.k, size), scores),
        }

    @staticmethod
    def kept(kind, run):
        tokens = ((run.batch, "data cache"), (run.context, "sequence context"))
        return {name: Held("cache", (*tokens, (kind.K, "model"), (kind.H, "")), width="p_kv") for name in ("Keys", "Values")}

    @classmethod
    def read(cls, kind, run, hit):
        stored = cls.stored(kind, run.d)
        routed = sum(t.elements for t in stored.values() if t.of == "attention experts")
        return sum(t.elements for t in stored.values()) - routed + hit * routed // kind.E

    @classmethod
    def active(cls, kind, d):
        stored = cls.stored(kind, d)
        routed = sum(t.elements for t in stored.values() if t.of == "attention experts")
        return sum(t.elements for t in stored.values() if t.multiplied) - routed + kind.k * routed // kind.E


COUNTERS |= {
    "short convolution": ShortConvolutionCounter,
    "linear recurrence": RecurrenceCounter,
    "matrix memory": MemoryCounter,
    "adapter": AdapterCounter,
    "idle experts": IdleExpertsCounter,
    "routed attention": RoutedAttentionCounter,
}
