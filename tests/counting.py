"""Layers counted one token, head and expert at a time, in plain Python; nothing here uses symroof to count.

Every layer kind has a counter: what it stores, what a pass multiplies, what a sequence keeps. The facts are those of the papers
(arXiv:1706.03762 attention, 2305.13245 grouped queries, 2405.04434 latent attention, 2405.21060 Mamba-2, 2101.03961 experts) and of the
reference implementations in transformers. ``ways`` name the fields of a Sharding whose axes split a dimension or a product.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod


@dataclass(frozen=True)
class Held:
    """A stored or cached tensor: its class or role, its dimensions as (size, ways), and whether tokens are multiplied with it."""

    of: str
    dims: tuple[tuple[int, str], ...]
    multiplied: bool = False
    width: str = "p_w"

    @property
    def elements(self) -> int:
        return prod(size for size, _ in self.dims)


@dataclass(frozen=True)
class Run:
    """A pass of ``new`` tokens of each of ``batch`` sequences, ``context`` tokens with them; d is the width of the model."""

    d: int
    batch: int
    new: int
    context: int
    causal: bool = True
    last: bool = False
    absorbed: bool | None = None

    @property
    def tokens(self) -> int:
        return self.batch * self.new

    def pairs(self, window: int | None = None, chunk: int | None = None, top: int | None = None) -> Fraction:
        """Pairs of a new token and a token that it sees, of all sequences, one by one; not causal, it sees all that is cached.

        Inside a chunk a step sees (C+1)/2 tokens on average, once the context is longer; of a prompt tokens are counted one by one.
        """
        seen = Fraction(0)
        for _sequence in range(self.batch):
            for at in range(self.context - self.new, self.context):
                before = self.context if not self.causal else at + 1
                if chunk is not None and (self.new == 1 or not self.causal):
                    seen += min(Fraction(before), Fraction(chunk + 1, 2))
                    continue
                mine = 0
                for other in range(before):
                    mine += (window is None or before - other <= window) and (chunk is None or at // chunk == other // chunk)
                seen += mine if top is None else min(mine, top)
        return seen


def times(*sizes: int) -> int:
    """FLOPs of a product: a multiplication and an addition for every combination of indices."""
    flops = 0
    for _index in product(*map(range, sizes)):
        flops += 2
    return flops


def weight(of: str, *dims: tuple[int, str], multiplied: bool = True) -> Held:
    return Held(of, dims, multiplied)


def vector(of: str, *dims: tuple[int, str]) -> Held:
    return Held(of, dims)


def norms(kind, d: int) -> dict[str, Held]:
    """The norms around a layer: a vector of d each, two of a layer norm (its scale and its bias)."""
    vectors = kind.norms * (2 if kind.layer_norm else 1)
    return {"Norm": vector("norm", (vectors, ""), (d, ""))} if vectors else {}


class Counter:
    """``stored`` are tensors by name, ``work`` FLOPs and ways by product, ``kept`` what a batch keeps, ``read`` what a step reads."""

    window = staticmethod(lambda kind: None)

    @staticmethod
    def stored(kind, d: int) -> dict[str, Held]:
        return {}

    @staticmethod
    def work(kind, run: Run) -> dict[str, tuple[int, str]]:
        return {}

    @staticmethod
    def kept(kind, run: Run) -> dict[str, Held]:
        return {}

    @classmethod
    def looked(cls, kind, run: Run) -> dict[str, Held]:
        """What a step reads of what a batch keeps, or another layer: all of it, unless it is a choice."""
        return cls.kept(kind, run)

    @classmethod
    def read(cls, kind, run: Run, hit: int) -> int:
        """Parameters that a step reads: each once."""
        return sum(t.elements for t in cls.stored(kind, run.d).values() if t.of != "buffer")

    @classmethod
    def active(cls, kind, d: int) -> int:
        """Parameters that one token is multiplied with."""
        return sum(t.elements for t in cls.stored(kind, d).values() if t.multiplied)

    @staticmethod
    def vector_flops(kind, run: Run) -> int:
        return 0


def index_stored(kind, width, source) -> dict[str, Held]:
    """An indexer: queries from a tensor of a width, keys from the input."""
    return {
        "W_iq": weight("indexer", source, (kind.N_ix, ""), (kind.H_ix, "")),
        "W_ik": weight("indexer", (width, "fsdp"), (kind.H_ix, "")),
    }


def index_work(kind, run: Run, source: int, weighed: bool) -> dict[str, tuple[int, str]]:
    """It scores every token, whatever is read in the end."""
    scored = run.pairs() * kind.N_ix * (2 * kind.H_ix + (2 if weighed else 0))
    found = {
        "index queries": (times(run.tokens, source, kind.N_ix, kind.H_ix), "data context"),
        "index keys": (times(run.tokens, run.d, kind.H_ix), "data context"),
        "index scores": (scored, "data context cache sequence"),
    }
    return found | ({"index heads": (times(run.tokens, run.d, kind.N_ix), "data context")} if weighed else {})


def index_kept(kind, run: Run) -> dict[str, Held]:
    if kind.N_ix is None:
        return {}
    return {"Index": Held("cache", ((run.batch, "data cache"), (run.context, "sequence context"), (kind.H_ix, "")), width="p_kv")}


class AttentionCounter(Counter):
    window = staticmethod(lambda kind: kind.window)

    @staticmethod
    def stored(kind, d):
        n, h, v = kind.N, kind.H, kind.H if kind.H_v is None else kind.H_v
        shared = n // kind.K
        heads, group = (kind.K, "model"), (shared, "cache")
        ins = ((2, ""), (d, "fsdp")) if kind.wide else ((d, "fsdp"),)
        found = {
            "W_q": weight("attention", *ins, heads, group, (h, "")),
            "W_k": weight("attention", *ins, heads, (h, "")),
            "W_v": weight("attention", *ins, heads, (v, "")),
            "W_o": weight("attention", heads, group, (v, ""), (d, "fsdp")),
        }
        if kind.lent or kind.v_from_k:
            del found["W_v"]
        if kind.lent:
            del found["W_k"]
        if kind.gate:
            found["W_g"] = weight("attention", *ins, heads, group, *[(v, "")] * (kind.gate == "full"))
        if kind.N_ix is not None:
            found |= index_stored(kind, d, (d, "fsdp"))
            found |= {"g_iq": vector("norm", (kind.H_ix, "")), "g_ik": vector("norm", (kind.H_ix, ""))}
        if kind.qkv_bias:
            found["b_q"] = vector("attention", heads, (shared * h, ""))
            if not kind.lent:
                found["b_k"] = vector("attention", heads, (h, ""))
                found["b_v"] = vector("attention", heads, (v, ""))
        if kind.out_bias:
            found["b_o"] = vector("attention", (d, ""))
        found |= {"g_w": vector("norm", (2, ""), (d, ""))} if kind.wide else {}
        found |= {"Lam": vector("attention", (4, ""), (h, ""))} if kind.differential else {}
        if kind.sinks:
            found["Sinks"] = vector("attention", heads, (shared, ""))
        if kind.qk_norm == "head":  # one vector for all heads
            found |= {"g_q": vector("norm", (h, ""))} | ({} if kind.lent else {"g_k": vector("norm", (h, ""))})
        if kind.qk_norm == "layer":
            found |= {"g_q": vector("norm", (n * h, ""))} | ({} if kind.lent else {"g_k": vector("norm", (kind.K * h, ""))})
        return found | norms(kind, d)

    @staticmethod
    def work(kind, run):
        v = kind.H if kind.H_v is None else kind.H_v
        pairs = run.pairs(kind.window, kind.chunk, kind.top)
        by_heads, scores = "data context model cache", "data context model cache sequence"
        wide = run.d * (2 if kind.wide else 1)
        found = {
            "queries": (times(run.tokens, wide, kind.N, kind.H), by_heads),
            "keys": (times(run.tokens, wide, kind.K, kind.H), "data context model"),
            "values": (times(run.tokens, wide, kind.K, v), "data context model"),
            "scores": (pairs * times(kind.N, kind.H), scores),
            "mix": (pairs * times(kind.N, v) * (2 if kind.differential else 1), scores),
            "out": (times(run.tokens, kind.N, v, run.d), by_heads),
        }
        if kind.lent or kind.v_from_k:
            del found["values"]
        if kind.lent:
            del found["keys"]
        if kind.gate:
            found["gate"] = (times(run.tokens, wide, kind.N, *[v] * (kind.gate == "full")), by_heads)
        return found | (index_work(kind, run, run.d, weighed=False) if kind.N_ix is not None else {})

    @staticmethod
    def entries(kind, tokens):
        v = kind.H if kind.H_v is None else kind.H_v
        sequence = ((kind.K, "model"),)
        return {
            "Keys": Held("cache", (*tokens, *sequence, (kind.H, "")), width="p_kv"),
            "Values": Held("cache", (*tokens, *sequence, (v, "")), width="p_kv"),
        }

    @classmethod
    def kept(cls, kind, run):
        if kind.lent:
            return {}
        limits = [limit for limit in (kind.window, kind.chunk) if limit is not None]
        tokens = 0
        for at in range(run.context):
            tokens += all(run.context - at <= limit for limit in limits)
        return cls.entries(kind, ((run.batch, "data cache"), (tokens, "sequence context"))) | index_kept(kind, run)

    @classmethod
    def looked(cls, kind, run):
        seen = Run(run.d, 1, 1, run.context).pairs(kind.window, kind.chunk, kind.top)
        return cls.entries(kind, ((run.batch, "data cache"), (seen, "sequence context"))) | index_kept(kind, run)


class LatentCounter(Counter):
    @staticmethod
    def stored(kind, d):
        heads, a, j, v, r = (kind.N, "model cache"), kind.H_nope, kind.H_rope, kind.H_v, kind.R_kv
        if kind.R_q:
            found = {
                "W_dq": weight("attention", (d, "fsdp"), (kind.R_q, "")),
                "W_uq": weight("attention", (kind.R_q, ""), heads, (a, "")),
                "W_qr": weight("attention", (kind.R_q, ""), heads, (j, "")),
                "g_q": vector("norm", (kind.R_q, "")),
            }
        else:
            found = {
                "W_uq": weight("attention", (d, "fsdp"), heads, (a, "")),
                "W_qr": weight("attention", (d, "fsdp"), heads, (j, "")),
            }
        found |= {
            "W_dkv": weight("attention", (d, "fsdp"), (r, "")),
            "W_kr": weight("attention", (d, "fsdp"), (j, "")),
            "W_uk": weight("attention", (a, ""), heads, (r, "")),
            "W_uv": weight("attention", (r, ""), heads, (v, "")),
            "W_o": weight("attention", heads, (v, ""), (d, "fsdp")),
            "g_kv": vector("norm", (r, "")),
        }
        if kind.N_ix is not None:
            found |= index_stored(kind, d, (kind.R_q, "") if kind.R_q else (d, "fsdp"))
            found |= {"W_iw": weight("indexer", (d, "fsdp"), (kind.N_ix, "")), "g_ik": vector("norm", (2, ""), (kind.H_ix, ""))}
        if kind.gate:
            found["W_g"] = weight("attention", (d, "fsdp"), heads, (v, ""))
        if kind.bias:
            found |= {"b_dkv": vector("attention", (r, "")), "b_kr": vector("attention", (j, "")), "b_o": vector("attention", (d, ""))}
            found |= {"b_dq": vector("attention", (kind.R_q, ""))} if kind.R_q else {}
        return found | norms(kind, d)

    @staticmethod
    def work(kind, run):
        n, a, j, v, r = kind.N, kind.H_nope, kind.H_rope, kind.H_v, kind.R_kv
        absorbed = run.new == 1 if run.absorbed is None else run.absorbed
        copied, heads, scores = "data context", "data context model cache", "data context model cache sequence"
        found = {
            "latents": (times(run.tokens, run.d, r), copied),
            "positions": (times(run.tokens, run.d, j), copied),
            "out": (times(run.tokens, n, v, run.d), heads),
        }
        if kind.R_q:
            found["down"] = (times(run.tokens, run.d, kind.R_q), copied)
            found["queries"] = (times(run.tokens, kind.R_q, n, a + j), heads)
        else:
            found["queries"] = (times(run.tokens, run.d, n, a + j), heads)
        if kind.gate:
            found["gate"] = (times(run.tokens, run.d, n, v), heads)
        if kind.N_ix is not None:
            found |= index_work(kind, run, kind.R_q or run.d, weighed=True)
        pairs = run.pairs(top=kind.top)
        if absorbed:  # queries into the space of latents, results out of it
            found["into"] = (times(run.tokens, n, a, r), heads)
            found["scores"] = (pairs * times(n, r + j), scores)
            found["mix"] = (pairs * times(n, r), scores)
            found["out of"] = (times(run.tokens, n, r, v), heads)
        else:  # keys and values of every cached token and head, in a step of those that are read
            seen = min(run.context, kind.top) if run.new == 1 and kind.top is not None else run.context
            found["expand"] = (times(run.batch * seen, n, r, a + v), scores)
            found["scores"] = (pairs * times(n, a + j), scores)
            found["mix"] = (pairs * times(n, v), scores)
        return found

    @staticmethod
    def entries(kind, run, tokens):
        batch = "data cache" if run.new == 1 else "data"
        sequence = ((run.batch, batch), (tokens, "sequence context"))
        return {
            "Latents": Held("cache", (*sequence, (kind.R_kv, "")), width="p_kv"),
            "Ropes": Held("cache", (*sequence, (kind.H_rope, "")), width="p_kv"),
        }

    @classmethod
    def kept(cls, kind, run):
        return cls.entries(kind, run, run.context) | index_kept(kind, run)

    @classmethod
    def looked(cls, kind, run):
        return cls.entries(kind, run, Run(run.d, 1, 1, run.context).pairs(top=kind.top)) | index_kept(kind, run)


class MlpCounter(Counter):
    @staticmethod
    def stored(kind, d):
        names = ("W_in", "W_gate") if kind.gated else ("W_in",)
        found = {name: weight("mlp", (d, "fsdp"), (kind.F, "model")) for name in names}
        found["W_out"] = weight("mlp", (kind.F, "model"), (d, "fsdp"))
        if kind.bias:
            found |= {"b_in": vector("mlp", (len(names), ""), (kind.F, "model")), "b_out": vector("mlp", (d, ""))}
        return found | norms(kind, d)

    @staticmethod
    def work(kind, run):
        matrices = 3 if kind.gated else 2
        return {f"matrix {i}": (times(run.tokens, run.d, kind.F), "data model") for i in range(matrices)}

    @staticmethod
    def vector_flops(kind, run):
        return run.tokens * kind.F if kind.gated else 0


class ExpertsCounter(Counter):
    @staticmethod
    def stored(kind, d):
        names = ("W_in", "W_gate") if kind.gated else ("W_in",)
        experts, width = (kind.E, "experts"), (d if kind.latent is None else kind.latent, "fsdp")
        found = {"W_r": weight("router", (d, ""), (kind.E, ""))}
        found |= {name: weight("experts", experts, width, (kind.F, "model")) for name in names}
        found["W_out"] = weight("experts", experts, (kind.F, "model"), width)
        if kind.shared is not None:
            found |= {name.replace("W_", "W_s"): weight("shared", (d, "fsdp"), (kind.shared, "model")) for name in names}
            found["W_sout"] = weight("shared", (kind.shared, "model"), (d, "fsdp"))
        if kind.bias:
            found["b_r"] = vector("router", (kind.E, ""))
            found["b_in"] = vector("experts", experts, (len(names), ""), (kind.F, "model"))
            found["b_out"] = vector("experts", experts, (width[0], ""))
        if kind.hashed is not None:
            found["table"] = vector("buffer", (kind.hashed, ""), (kind.k, ""))
        if kind.scales:
            found |= {"s_d": vector("router", (d, "")), "s_e": vector("router", (kind.E, ""))}
        if kind.shared_gate:
            found["W_sg"] = weight("shared", (d, ""), (1, ""))
        if kind.latent is not None:
            low = (kind.latent, "")
            found |= {"W_down": weight("experts in", (d, "fsdp"), low), "W_up": weight("experts in", low, (d, "fsdp"))}
            found |= {"g_l": vector("norm", low)} if kind.latent_norm else {}
        if kind.correction:
            found["b_e"] = vector("buffer", (kind.E, ""))
        return found | norms(kind, d)

    @staticmethod
    def work(kind, run):
        matrices = 3 if kind.gated else 2
        routed = 0
        for _token in range(run.tokens):
            for _expert in range(kind.k):
                for _matrix in range(matrices):
                    routed += times(kind.latent or run.d, kind.F)
        found = {"router": (times(run.tokens, run.d, kind.E), "data"), "routed": (routed, "data experts model")}
        if kind.shared is not None:
            found["shared"] = (matrices * times(run.tokens, run.d, kind.shared), "data model")
        if kind.shared_gate:
            found["gate"] = (times(run.tokens, run.d), "data")
        if kind.latent is not None:
            found["latents"] = (2 * times(run.tokens, run.d, kind.latent), "data")
        return found

    @classmethod
    def read(cls, kind, run, hit):
        found = 0
        for t in cls.stored(kind, run.d).values():
            found += {"experts": t.elements // kind.E * hit, "buffer": 0}.get(t.of, t.elements)
        return found

    @classmethod
    def active(cls, kind, d):
        return sum(t.elements * kind.k // kind.E if t.of == "experts" else t.elements for t in cls.stored(kind, d).values() if t.multiplied)

    @staticmethod
    def vector_flops(kind, run):
        return run.tokens * (kind.k * kind.F + (kind.shared or 0)) if kind.gated else 0


class Mamba2Counter(Counter):
    @staticmethod
    def stored(kind, d):
        heads, groups = ((kind.G_ssm, "model"), (kind.N_ssm // kind.G_ssm, "")), (kind.G_ssm, "model")
        inner = (*heads, (kind.H_ssm, ""))
        channels = kind.N_ssm * kind.H_ssm + 2 * kind.G_ssm * kind.D_st
        of, matrix = "state space", (d, "fsdp")
        found = {
            "W_z": weight(of, matrix, *inner),
            "W_x": weight(of, matrix, *inner),
            "W_b": weight(of, matrix, groups, (kind.D_st, "")),
            "W_c": weight(of, matrix, groups, (kind.D_st, "")),
            "W_dt": weight(of, matrix, *heads),
            "W_o": weight(of, *inner, matrix),
            "conv": vector(of, (kind.w_conv, ""), (channels, "model")),
            "a": vector(of, *heads),
            "dt": vector(of, *heads),
            "skip": vector(of, *heads),
        }
        if kind.conv_bias:
            found["b_conv"] = vector(of, (channels, "model"))
        if kind.gated_norm:
            found["g"] = vector("norm", *inner)
        if kind.bias:
            found |= {"b_in": vector(of, (kind.N_ssm * kind.H_ssm + channels + kind.N_ssm, "")), "b_o": vector(of, (d, ""))}
        return found | norms(kind, d)

    @staticmethod
    def work(kind, run):
        inner, states = kind.N_ssm * kind.H_ssm, 0
        for _sequence in range(run.batch):
            for _head in range(kind.N_ssm):
                if run.new == 1:
                    for _element in range(kind.H_ssm * kind.D_st):
                        states += 1  # decays
                        states += 2  # a product and a sum bring it up to date
                        states += 2  # it is multiplied with C and summed
                else:
                    assert run.new % kind.chunk == 0
                    for _chunk in range(run.new // kind.chunk):
                        for _query, _key in product(range(kind.chunk), range(kind.chunk)):
                            states += 2 * kind.D_st + 2 * kind.H_ssm  # scores C B, and what they mix
                        for _token in range(kind.chunk):
                            states += 2 * kind.H_ssm * kind.D_st  # what the chunk adds to the state
                            states += 2 * kind.H_ssm * kind.D_st  # what the state adds to the chunk
        return {
            "in": (times(run.tokens, run.d, 2 * inner + 2 * kind.G_ssm * kind.D_st + kind.N_ssm), "data model"),
            "states": (states, "data model"),
            "out": (times(run.tokens, inner, run.d), "data model"),
        }

    @staticmethod
    def kept(kind, run):
        channels = kind.N_ssm * kind.H_ssm + 2 * kind.G_ssm * kind.D_st
        inner = ((kind.G_ssm, "model"), (kind.N_ssm // kind.G_ssm, ""), (kind.H_ssm, ""), (kind.D_st, ""))
        return {
            "St": Held("state", ((run.batch, "data"), *inner), width="p_st"),
            "Tail": Held("tail", ((run.batch, "data"), (kind.w_conv - 1, ""), (channels, "model")), width="p_conv"),
        }


class EmbeddingCounter(Counter):
    @staticmethod
    def stored(kind, d):
        found = {"W_e": weight("embedding", (kind.V, ""), (d, "model"), multiplied=False)}
        if kind.width is not None:
            found = {"W_e": weight("embedding", (kind.V, ""), (kind.width, ""), multiplied=False)}
            found["W_p"] = weight("embedding projection", (kind.width, ""), (d, "model"))
        if kind.positions is not None:
            found["W_pos"] = vector("embedding", (kind.positions, ""), (d, "model"))
        return found | norms(kind, d)

    @classmethod
    def read(cls, kind, run, hit):
        rows = 0
        for _token in range(run.tokens):  # a lookup takes a row, and multiplies nothing
            rows += (kind.width or run.d) + run.d * (kind.positions is not None)
        return rows + (kind.width or 0) * run.d + sum(t.elements for t in norms(kind, run.d).values())

    @staticmethod
    def work(kind, run):
        return {} if kind.width is None else {"widened": (times(run.tokens, kind.width, run.d), "data model")}


class UnembeddingCounter(Counter):
    @staticmethod
    def stored(kind, d):
        ins = (d, "fsdp") if kind.width is None else (kind.width, "")
        found = {} if kind.tied else {"W_u": weight("unembedding", ins, (kind.V, "model"))}
        found |= {} if kind.width is None else {"W_p": weight("embedding projection", (d, "fsdp"), ins)}
        return found | ({"b_u": vector("unembedding", (kind.V, "model"))} if kind.bias else {}) | norms(kind, d)

    @staticmethod
    def work(kind, run):
        tokens, narrow = run.batch if run.last else run.tokens, kind.width
        found = {"logits": (times(tokens, narrow or run.d, kind.V), "data model")}
        return found if narrow is None else found | {"narrowed": (times(tokens, run.d, narrow), "data")}

    @classmethod
    def read(cls, kind, run, hit):
        held = sum(t.elements for t in norms(kind, run.d).values())
        return cls.active(kind, run.d) + (kind.V if kind.bias else 0) + held  # tied or not

    @classmethod
    def active(cls, kind, d):
        return d * kind.V if kind.width is None else d * kind.width + kind.width * kind.V


class NormCounter(Counter):
    @staticmethod
    def stored(kind, d):
        return norms(kind, d)


#: A counter for every kind, by its word: a kind without one fails the tests.
COUNTERS: dict[str, type[Counter]] = {
    "attention": AttentionCounter,
    "latent attention": LatentCounter,
    "mlp": MlpCounter,
    "experts": ExpertsCounter,
    "mamba-2": Mamba2Counter,
    "embedding": EmbeddingCounter,
    "unembedding": UnembeddingCounter,
    "norm": NormCounter,
}
