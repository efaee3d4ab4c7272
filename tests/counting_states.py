"""Counters of the layers that keep a state in place of a cache, and of what stands in the place of a sublayer; see ``counting``.

The facts are those of the papers (arXiv:2412.06464 gated delta net, 2510.26692 Kimi delta attention, 2501.08313 lightning attention,
2312.00752 Mamba, 2403.19887 Jamba, 2411.19146 linear layers and none) and of the reference implementations in transformers.
"""

from __future__ import annotations

from counting import COUNTERS, Counter, Held, norms, times, vector, weight

OF = "linear attention"


def delta_rule(run, key: int, value: int, chunk: int) -> int:
    """FLOPs of the states of one value head, for all tokens."""
    found = 0
    for _sequence in range(run.batch):
        if run.new == 1:
            for _element in range(key * value):
                found += 1  # decays
                found += 2  # what the state says to the key
                found += 2  # a product and a sum correct it
                found += 2  # it is multiplied with the query and summed
        else:
            assert run.new % chunk == 0
            for _chunk in range(run.new // chunk):
                for _one in range(chunk):
                    for _other in range(chunk):
                        found += 2 * key  # keys with keys
                        found += 2 * key  # queries with keys
                        found += key + value  # a triangular system for keys and values: half of all products
                        found += 2 * value  # values mixed by scores
                    found += 2 * key * value  # what the state says to the keys
                    found += 2 * key * value  # what it says to the queries
                    found += 2 * key * value  # what the chunk adds to it
    return found


class DeltaCounter(Counter):
    @staticmethod
    def stored(kind, d):
        g, r, k, v = kind.N_kl, kind.N_vl // kind.N_kl, kind.H_kl, kind.H_vl
        matrix, groups, heads = (d, "fsdp"), (g, "model"), ((g, "model"), (r, ""))
        return {
            "W_q": weight(OF, matrix, groups, (k, "")),
            "W_k": weight(OF, matrix, groups, (k, "")),
            "W_v": weight(OF, matrix, *heads, (v, "")),
            "W_z": weight(OF, matrix, *heads, (v, "")),
            "W_b": weight(OF, matrix, *heads),
            "W_a": weight(OF, matrix, *heads),
            "W_o": weight(OF, *heads, (v, ""), matrix),
            "conv": vector(OF, (kind.w_conv, ""), (2 * g * k + kind.N_vl * v, "model")),
            "a": vector(OF, *heads),
            "dt": vector(OF, *heads),
            "g": vector("norm", (v, "")),
        } | norms(kind, d)

    @staticmethod
    def work(kind, run):
        key, value = kind.N_kl * kind.H_kl, kind.N_vl * kind.H_vl
        return {
            "in": (times(run.tokens, run.d, 2 * key + 2 * value + 2 * kind.N_vl), "data model"),
            "states": (kind.N_vl * delta_rule(run, kind.H_kl, kind.H_vl, kind.chunk), "data model"),
            "out": (times(run.tokens, value, run.d), "data model"),
        }

    @staticmethod
    def kept(kind, run):
        g, r = kind.N_kl, kind.N_vl // kind.N_kl
        channels = 2 * g * kind.H_kl + kind.N_vl * kind.H_vl
        return {
            "St": Held("state", ((run.batch, "data"), (g, "model"), (r, ""), (kind.H_kl, ""), (kind.H_vl, "")), width="p_st"),
            "Tail": Held("tail", ((run.batch, "data"), (kind.w_conv - 1, ""), (channels, "model")), width="p_conv"),
        }


class KimiCounter(Counter):
    @staticmethod
    def stored(kind, d):
        n, h = (kind.N_kl, "model"), (kind.H_kl, "")
        matrix, low = (d, "fsdp"), (kind.H_kl, "")
        found = {
            "W_q": weight(OF, matrix, n, h),
            "W_k": weight(OF, matrix, n, h),
            "W_v": weight(OF, matrix, n, h),
            "W_fa": weight(OF, matrix, low),
            "W_fb": weight(OF, low, n, h),
            "W_b": weight(OF, matrix, n),
            "W_o": weight(OF, n, h, matrix),
            "conv": vector(OF, (kind.w_conv, ""), (3 * kind.N_kl * kind.H_kl, "model")),
            "a": vector(OF, (kind.decays or kind.N_kl, "")),
            "dt": vector(OF, n, h),
            "g": vector("norm", h),
        }
        if kind.full_gate:
            found["W_z"] = weight(OF, matrix, n, h)
        else:
            found |= {"W_ga": weight(OF, matrix, low), "W_gb": weight(OF, low, n, h)}
        return found | norms(kind, d)

    @staticmethod
    def work(kind, run):
        width = kind.N_kl * kind.H_kl
        gate = times(run.tokens, run.d, width) if kind.full_gate else 0
        low, ranks = ("decay",) if kind.full_gate else ("decay", "gate"), kind.H_kl
        found = {
            "in": (times(run.tokens, run.d, 3 * width + kind.N_kl) + gate, "data model"),
            "states": (kind.N_kl * delta_rule(run, kind.H_kl, kind.H_kl, kind.chunk), "data model"),
            "out": (times(run.tokens, width, run.d), "data model"),
        }
        for name in low:
            found[f"{name} down"] = (times(run.tokens, run.d, ranks), "data")
            found[f"{name} up"] = (times(run.tokens, ranks, width), "data model")
        return found

    @staticmethod
    def kept(kind, run):
        n, h, batch = (kind.N_kl, "model"), (kind.H_kl, ""), (run.batch, "data")
        return {
            "St": Held("state", (batch, n, h, h), width="p_st"),
            "Tail": Held("tail", (batch, (kind.w_conv - 1, ""), (3 * kind.N_kl * kind.H_kl, "model")), width="p_conv"),
        }


class LightningCounter(Counter):
    @staticmethod
    def stored(kind, d):
        n, h, matrix = (kind.N, "model"), (kind.H, ""), (d, "fsdp")
        found = {name: weight(OF, matrix, n, h) for name in ("W_q", "W_k", "W_v", "W_z")}
        return found | {"W_o": weight(OF, n, h, matrix), "g": vector("norm", n, h), "slope": vector("buffer", n)} | norms(kind, d)

    @staticmethod
    def work(kind, run):
        states = 0
        for _sequence in range(run.batch):
            for _head in range(kind.N):
                if run.new == 1:
                    for _element in range(kind.H * kind.H):
                        states += 1 + 2 + 2  # decays, is brought up to date, is multiplied with the query and summed
                else:
                    for _block in range(run.new // kind.chunk):
                        for _pair in range(kind.chunk * kind.chunk):
                            states += 2 * kind.H + 2 * kind.H  # scores, and what they mix
                        for _token in range(kind.chunk):
                            states += 2 * kind.H * kind.H + 2 * kind.H * kind.H  # to the state, and from it
        return {
            "in": (times(run.tokens, run.d, 4 * kind.N * kind.H), "data model"),
            "states": (states, "data model"),
            "out": (times(run.tokens, kind.N * kind.H, run.d), "data model"),
        }

    @staticmethod
    def kept(kind, run):
        return {"St": Held("state", ((run.batch, "data"), (kind.N, "model"), (kind.H, ""), (kind.H, "")), width="p_st")}


class MambaCounter(Counter):
    @staticmethod
    def stored(kind, d):
        of, inner, matrix = "state space", (kind.D_in, "model"), (d, "fsdp")
        found = {
            "W_x": weight(of, matrix, inner),
            "W_z": weight(of, matrix, inner),
            "W_dbc": weight(of, inner, (kind.R_dt + 2 * kind.D_st, "")),
            "W_dt": weight(of, (kind.R_dt, ""), inner),
            "W_o": weight(of, inner, matrix),
            "conv": vector(of, (kind.w_conv, ""), inner),
            "dt": vector(of, inner),
            "a": vector(of, inner, (kind.D_st, "")),
            "skip": vector(of, inner),
        }
        if kind.conv_bias:
            found["b_conv"] = vector(of, inner)
        if kind.inner_norms:
            found |= {
                "g_dt": vector("norm", (kind.R_dt, "")),
                "g_b": vector("norm", (kind.D_st, "")),
                "g_c": vector("norm", (kind.D_st, "")),
            }
        if kind.bias:
            found |= {"b_x": vector(of, inner), "b_z": vector(of, inner), "b_o": vector(of, (d, ""))}
        return found | norms(kind, d)

    @staticmethod
    def work(kind, run):
        states = 0
        for _token in range(run.tokens):
            for _element in range(kind.D_in * kind.D_st):
                states += 3  # time step times decay, its exponential, times the state
                states += 2  # the input is added
                states += 2  # it is multiplied with C and summed
        return {
            "in": (times(run.tokens, run.d, 2 * kind.D_in), "data model"),
            "choice": (times(run.tokens, kind.D_in, kind.R_dt + 2 * kind.D_st), "data model"),
            "time steps": (times(run.tokens, kind.R_dt, kind.D_in), "data model"),
            "states": (states, "data model"),
            "out": (times(run.tokens, kind.D_in, run.d), "data model"),
        }

    @staticmethod
    def kept(kind, run):
        inner, batch = (kind.D_in, "model"), (run.batch, "data")
        return {
            "St": Held("state", (batch, inner, (kind.D_st, "")), width="p_st"),
            "Tail": Held("tail", (batch, (kind.w_conv - 1, ""), inner), width="p_conv"),
        }


class LinearCounter(Counter):
    @staticmethod
    def stored(kind, d):
        return {"W": weight("linear", (d, "fsdp"), (d, "model"))} | norms(kind, d)

    @staticmethod
    def work(kind, run):
        return {"matrix": (times(run.tokens, run.d, run.d), "data model")}


class SkipCounter(Counter):
    @staticmethod
    def stored(kind, d):
        return norms(kind, d)


COUNTERS |= {
    "gated delta net": DeltaCounter,
    "kimi delta attention": KimiCounter,
    "lightning attention": LightningCounter,
    "mamba-1": MambaCounter,
    "linear": LinearCounter,
    "skip": SkipCounter,
}
