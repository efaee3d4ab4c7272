"""MLPs and experts of a ``config.json``: a word of its pattern, and the sizes that its keys give."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from symroof.errors import SheetError, short
from symroof.sheets.attention_of import Made, around
from symroof.sheets.keys import Keys
from symroof.transformer import layers as kinds
from symroof.transformer.kind import Kind


def _mlp(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    gated, bias, parallel = keys.of.gated, keys.flag(keys.of.mlp_bias), keys.of.parallel
    around = _beside(keys)
    if keys.of.pattern == "blocks":
        factor = (keys.listed("block_configs") or ())[int(what)]["ffn"].get("ffn_mult")
        if not isinstance(factor, (int, float)):
            raise SheetError(f"key 'block_configs[{what}].ffn.ffn_mult' is {short(factor)}, no number; correct it")
        wide = -(-int(2 * factor * keys.count("D") / 3) // 256) * 256
        return [kinds.Mlp(wide, gated=gated, bias=bias, **around)]
    dense = keys.maybe("F_dense")
    width = dense or _width(keys)
    learned = [kinds.Weights(keys.of.scalars, of="mlp")] if keys.of.scalars else []
    learned += [kinds.Weights(width, of="norm")] if keys.of.inner_norms else []
    return [kinds.Mlp(width, gated=gated, parallel=parallel, bias=bias, **around), *learned]


def _beside(keys: Keys) -> dict[str, Any]:
    """The norms of an MLP: none of its own where it is parallel to attention, unless its class says so."""
    own = keys.of.norms_mlp
    return around(keys) | ({"norms": 0} if keys.of.parallel else {}) | ({} if own is None else {"norms": own})


def _width(keys: Keys) -> int:
    return _WIDTHS[keys.of.width](keys)


def _rounded(keys: Keys) -> int:
    """Two thirds of what the file says, times a factor, rounded up (LFM2)."""
    width = keys.count("F")
    if not keys.flag("block_auto_adjust_ff_dim", True):
        keys.ignore("block_ffn_dim_multiplier", "block_multiple_of")
        return width
    many = keys.count("block_multiple_of", 256)
    return -(-int(keys.part("block_ffn_dim_multiplier", 1.0) * int(2 * width / 3)) // many) * many


def _factor(keys: Keys) -> int:
    """D times a factor, rounded up (xLSTM)."""
    many = keys.count("ffn_round_up_to_multiple_of", 64)
    return math.ceil(keys.count("D") * keys.part("ffn_proj_factor", 2.667) / many) * many


def _halved(keys: Keys) -> int:
    """The file says the width of both halves."""
    return keys.count("F") // 2


_WIDTHS: Mapping[str, Callable[[Keys], int]] = {
    "": lambda keys: 4 * keys.count("D") if keys.raw("F") == "4D" else keys.count("F"),
    "rounded": _rounded,
    "factor": _factor,
    "halved": _halved,
}


def _experts(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    of, e, k = keys.of, keys.count("E"), keys.count("k")
    width = keys.maybe("F_expert") if of.expert_width == "F_expert" else keys.count("F")
    keys.ignore("F", "F_expert", "F_dense")
    shared, own = keys.maybe("n_shared"), keys.maybe("F_shared")
    if of.shared == "F":
        shared, own = 1, keys.count("F")
    if of.shared_gate and keys.raw("F_shared") == 0:
        raise SheetError(f"key {keys.said('F_shared')!r} is 0, and the gate of a shared expert that is none is not understood; correct it")
    wide = own * (shared or 1) if own and of.pattern == "letters" else own or (width or 0) * (shared or 0)
    made = kinds.Experts(
        e,
        k,
        width or keys.count("F_expert"),
        shared=wide or None,
        gated=keys.of.gated,
        bias=of.expert_bias,
        correction=of.correction is True and what != "hashed",
        hashed=keys.count("V") if what == "hashed" else None,
        shared_gate=of.shared_gate and bool(wide),
        latent=keys.maybe("latent"),
        latent_norm=keys.flag("latent_norm") and keys.maybe("latent") is not None,
        **_beside(keys) | ({} if of.norms_experts is None else {"norms": of.norms_experts}),
    )
    if of.correction == "parameter":
        return [made, kinds.Weights(e, of="router")]
    return [kinds.HyperConnection(keys.count("n_res")), made] if keys.of.mixer == "compressed" else [made]


def _idle(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    """Experts of which some compute nothing, on a norm of another sublayer."""
    e, k, idle = keys.count("E"), keys.count("k"), keys.maybe("zero_expert_num")
    _refuse_biased_router(keys)
    of: dict[str, Any] = {"correction": True, "norms": 0}
    width = keys.count("F_expert")
    return [kinds.IdleExperts(e, k, width, idle=idle, **of) if idle else kinds.Experts(e, k, width, **of)]


def _refuse_biased_router(keys: Keys) -> None:
    if keys.flag("router_bias"):
        raise SheetError("key 'router_bias' is true, and a router with a bias is not understood in this class; correct it")


def _beside_experts(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    """A dense MLP as wide as the model, and experts beside it (Arctic)."""
    return [kinds.Mlp(keys.count("D"), **around(keys)), *_experts(keys, i, count, what)]


def _gemma4_mlp(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    """A dense MLP, and experts beside it where the file turns them on; twice as wide where the cache is another layer's."""
    shared = keys.maybe("shared_kv") or 0
    width = keys.count("F") * (2 if keys.flag("double_wide") and i >= count - shared else 1)
    found: list[Kind] = [kinds.Mlp(width, **around(keys)), kinds.Weights(1, of="buffer")]
    keys.ignore("E", "k", "F_expert")
    if keys.flag("moe_block"):
        found.append(kinds.Experts(keys.count("E"), keys.count("k"), keys.count("F_expert"), scales=True, norms=3))
    if keys.maybe("D_ple"):
        found.append(kinds.PerLayerInput(keys.count("D_ple")))
    return found


def _gemma3n_mlp(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    """An MLP whose width may be one for every layer, with alternating updates and per-layer embeddings."""
    widths = keys.raw("F")
    listed = keys.listed("intermediate_size", count) if isinstance(widths, (list, tuple)) else None
    width = keys.count("F") if listed is None else listed[i]
    found: list[Kind] = [kinds.Mlp(width, **around(keys)), kinds.AltUp(keys.count("n_res"), keys.count("R_lau"))]
    return [*found, kinds.PerLayerInput(keys.count("D_ple"))]


MLPS: Mapping[str, Made] = {
    "mlp": _mlp,
    "experts": _experts,
    "idle": _idle,
    "gemma3n": _gemma3n_mlp,
    "gemma4": _gemma4_mlp,
    "experts and bias": lambda keys, i, count, what: [*_experts(keys, i, count, what), kinds.Weights(keys.count("D"), of="experts")],
    "experts beside": _beside_experts,
    "linear": lambda keys, i, count, what: [kinds.Linear(**around(keys))],
    "skip": lambda keys, i, count, what: [kinds.Skip()],
}
