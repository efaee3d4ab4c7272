"""Layers as programs in the sharding notation; every sharding is an argument, so one text serves all schemes.

``data`` axes shard the batch, ``model`` axes the heads or d_ff, ``fsdp`` axes the weights where they rest. Weights are
stored in p_w bytes, the KV cache in p_kv, activations in p_a. Norms, softmax and activation functions are left out.
Source: How to Scale Your Model, parts 4, 5 and 7.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from symroof.algebra.symbols import B, E, F, H_nope, H_rope, H_v, K, N, R_kv, R_q, S, T, k, p_a, p_kv, p_w
from symroof.errors import ProgramError, short
from symroof.program.program import Program, program


@dataclass(frozen=True)
class Sharding:
    """The mesh axes of the batch, of heads and d_ff, of weights at rest, of experts, and of the KV cache beyond its heads.

    Each is a text such as "X" or "XZ"; ``cache`` axes shard its batch, ``sequence`` axes its context. ``context`` axes
    shard the new tokens and their keys and values (context parallelism), which are gathered for the scores.
    """

    data: str = ""
    model: str = ""
    fsdp: str = ""
    experts: str = ""
    cache: str = ""
    sequence: str = ""
    context: str = ""

    def text(self, template: str) -> str:
        """A template with its marks (``~d`` for data, ``~m~c`` for model and cache) replaced by ``_X`` and the like."""
        axes = {"d": self.data, "m": self.model, "f": self.fsdp, "e": self.experts, "c": self.cache, "s": self.sequence}
        axes |= {"t": self.context, "h": "".join(a for a in self.data if a not in self.experts)}
        axes["u"] = axes["h"] + self.experts

        def subscript(match: re.Match[str]) -> str:
            letters = "".join(axes[mark] for mark in match.group().split("~")[1:])
            return f"_{letters}" if letters else ""

        return re.sub(r"(?:~[dmfecsthu])+", subscript, template)


REPLICATED = Sharding()
CACHES = ("Keys", "Values", "Latents", "Ropes")
_UNGATED = """
    In[B~d, D~m]  W_in[D~f, F~m]  -> Tmp[B~d, F~m]
    Tmp[B~d, F~m] W_out[F~m, D~f] -> Out[B~d, D~m]
"""
_GATED = """
    In[B~d, D~m]   W_in[D~f, F~m]   -> Up[B~d, F~m]
    In[B~d, D~m]   W_gate[D~f, F~m] -> Gate[B~d, F~m]
    Up[B~d, F~m]   Gate[B~d, F~m]   -> Tmp[B~d, F~m]
    Tmp[B~d, F~m]  W_out[F~m, D~f]  -> Out[B~d, D~m]
"""


def mlp(sharding: Sharding = REPLICATED, gated: bool = True, tokens: Any = B, width: Any = F) -> Program:
    """``[B, D] -> [B, D]`` through d_ff F: two matrices, or three if gated; B are ``tokens``, F the ``width``.

    >>> mlp(gated=False).flops
    4*B*D*F  [FLOP]
    """
    return _program(_text(sharding, _GATED if gated else _UNGATED), B=tokens, F=width)


_PROJECTIONS = """
    In[B~d, T~t, D~m~c] W_q[D~f, K~m, Q~c, H] -> Que[B~d, T~t, K~m, Q~c, H]
    In[B~d, T~t, D~m~c] W_k[D~f, K~m, H]      -> Key[B~d, T~t, K~m, H]
    In[B~d, T~t, D~m~c] W_v[D~f, K~m, H]      -> Val[B~d, T~t, K~m, H]
"""
_BY_HEADS = """
    Que[B~d, T~t, K~m, Q, H]      Keys[B~d, S~s~t, K~m, H]   -> Scores[B~d, T~t, S~s, K~m, Q]
    Scores[B~d, T~t, S~s, K~m, Q] Values[B~d, S~s~t, K~m, H] -> Att[B~d, T~t, K~m, Q, H]
    Att[B~d, T~t, K~m, Q, H]      W_o[K~m, Q, H, D~f]        -> Out[B~d, T~t, D~m]
"""
_BY_BATCH = """
    Que[B~d, T, K~m, Q~c, H]                             -> Turned[B~d~c, T, K~m, Q, H]
    Turned[B~d~c, T, K~m, Q, H]   Keys[B~d~c, S, K~m, H]   -> Scores[B~d~c, T, S, K~m, Q]
    Scores[B~d~c, T, S, K~m, Q]   Values[B~d~c, S, K~m, H] -> Mixed[B~d~c, T, K~m, Q, H]
    Mixed[B~d~c, T, K~m, Q, H]                             -> Att[B~d, T, K~m, Q~c, H]
    Att[B~d, T, K~m, Q~c, H]      W_o[K~m, Q~c, H, D~f]    -> Out[B~d, T, D~m~c]
"""


def attention(sharding: Sharding = REPLICATED, fused: bool = True, context: Any = S, new: Any = T) -> Program:
    """``[B, T, D] -> [B, T, D]``: B sequences of T ``new`` tokens over a KV cache of S; N/K query heads share a KV head.

    MHA is K = N, MQA K = 1; a sliding window is ``context=sympy.Min(S, S_win)``. Beyond its heads (``model``) the cache
    is sharded over the batch (``cache``, with its two AllToAlls of queries and results) or over the context
    (``sequence``, with an AllReduce of the results). Context parallelism (``context``) shards the new tokens and gathers
    keys and values: ring attention, whose steps together move what an AllGather moves. ``fused`` keeps the T x S scores on chip.

    >>> attention()["Scores"].flops
    2*B*H*N*S*T  [FLOP]
    >>> [c.kind for c in attention(Sharding(model="Y", cache="Z")).collectives if c.axes == ("Z",)]
    ['AllToAll', 'AllToAll']

    Raises ProgramError if more than one of ``cache``, ``sequence`` and ``context`` axes are given.
    """
    if sum(map(bool, (sharding.cache, sharding.sequence, sharding.context))) > 1:
        raise ProgramError(
            "the KV cache is sharded over its batch (cache=), its context (sequence=) or with the tokens (context=); give one"
        )
    text = _PROJECTIONS + (_BY_BATCH if sharding.cache else _BY_HEADS)
    return _program(_text(sharding, text), on_chip=("Scores",) if fused else (), Q=N / K, S=context, T=new)


_LATENT = """
    In[B~d, T, D]        W_dq[D~f, R]           -> Lq[B~d, T, R]
    Lq[B~d, T, R]        W_uq[R, N~m, A]        -> Que[B~d, T, N~m, A]
    Lq[B~d, T, R]        W_qr[R, N~m, J]        -> Turn[B~d, T, N~m, J]
    In[B~d, T, D]        W_dkv[D~f, M]          -> Latent[B~d, T, M]
    In[B~d, T, D]        W_kr[D~f, J]           -> Rope[B~d, T, J]
    Que[B~d, T, N~m, A]  W_uk[A, N~m, M]        -> Absorbed[B~d, T, N~m, M]
    Absorbed[B~d, T, N~m, M]  Latents[B~d, S, M] -> Scores[B~d, T, S, N~m]
    Turn[B~d, T, N~m, J]      Ropes[B~d, S, J]   -> Turned[B~d, T, S, N~m]
    Scores[B~d, T, S, N~m]    Latents[B~d, S, M] -> Mixed[B~d, T, N~m, M]
    Mixed[B~d, T, N~m, M]     W_uv[M, N~m, H]    -> Att[B~d, T, N~m, H]
    Att[B~d, T, N~m, H]       W_o[N~m, H, D~f]   -> Out[B~d, T, D]
"""


def latent_attention(sharding: Sharding = REPLICATED, fused: bool = True, new: Any = T) -> Program:
    """Multi-head latent attention (DeepSeek) as it decodes, up-projections absorbed into queries and result.

    The cache holds R_kv + H_rope elements a token for all heads together, so model parallelism copies it.
    """
    sizes = {"R": R_q, "A": H_nope, "J": H_rope, "M": R_kv, "H": H_v, "T": new}
    return _program(_text(sharding, _LATENT), on_chip=("Scores", "Turned") if fused else (), **sizes)


_EXPERTS = """
    In[B~d, D]          W_r[D, E]             -> Router[B~d, E]
    Sent[E, A~u, D]                           -> Held[E~e, A~h, D]
    Held[E~e, A~h, D]   W_in[E~e, D~f, F~m]   -> Up[E~e, A~h, F~m]
    Held[E~e, A~h, D]   W_gate[E~e, D~f, F~m] -> Gate[E~e, A~h, F~m]
    Up[E~e, A~h, F~m]   Gate[E~e, A~h, F~m]   -> Tmp[E~e, A~h, F~m]
    Tmp[E~e, A~h, F~m]  W_out[E~e, F~m, D~f]  -> Made[E~e, A~h, D]
    Made[E~e, A~h, D]                         -> Back[E, A~u, D]
"""


def experts(sharding: Sharding = REPLICATED, tokens: Any = B) -> Program:
    """A mixture of experts for B ``tokens``, B k / E of them for each of E experts; over ``experts`` axes two AllToAlls move them.

    With the same axes for ``data`` and ``experts`` the chips that split the batch hold different experts. Routing is taken as
    even, and every expert as hit (B k > E).
    """
    return _program(_text(sharding, _EXPERTS), A=tokens * k / E, B=tokens)


def unembedding(sharding: Sharding = REPLICATED, tokens: Any = B) -> Program:
    """``[B, D] -> [B, V]``: a matmul; the embedding is a lookup of B rows and costs no FLOPs."""
    return _program(_text(sharding, "In[B~d, D~m] W_u[D~f, V~m] -> Logits[B~d, V~m]"), B=tokens)


def _text(sharding: Sharding, template: str) -> str:
    if not isinstance(sharding, Sharding):
        raise ProgramError(f"{short(sharding)} is no sharding; write e.g. Sharding(data='X', model='Y')")
    return sharding.text(template)


def _program(text: str, on_chip: tuple[str, ...] = (), **sizes: object) -> Program:
    """A program whose weights (W...) are stored in p_w, caches in p_kv, and the rest in p_a bytes an element."""
    caches = {name: p_kv for name in CACHES if f"{name}[" in text}
    weights = dict.fromkeys(re.findall(r"\b(W_\w+)\[", text), p_w)
    return program(text, formats={**weights, **caches}, width=p_a, on_chip=on_chip, **sizes)
