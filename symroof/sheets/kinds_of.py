"""The layer kinds of a ``config.json``: a word of its pattern, and the sizes that its keys give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from symroof.errors import SheetError, short
from symroof.sheets.architecture import Architecture
from symroof.sheets.keys import Keys
from symroof.transformer import layers as kinds
from symroof.transformer.kind import Kind


def kind_of(word: str, keys: Keys, i: int, count: int) -> list[Kind]:
    """The kinds of one word of layer ``i`` of ``count``; a norm more where a class has one around each.

    Raises SheetError for a key that is missing or wrong, InputError for sizes that contradict each other.
    """
    name, _, what = word.partition(":")
    return _MADE[name](keys, i, count, what)


def _around(keys: Keys) -> dict[str, Any]:
    return {"norms": keys.of.norms, "layer_norm": keys.of.layer_norm}


# -- attention
def _heads(keys: Keys) -> tuple[int, int, int]:
    """Query heads, KV heads and their size: K = N and H = D/N where the file is silent."""
    n = keys.count("N")
    return n, keys.maybe("K") or n, _size(keys, n)


def _size(keys: Keys, n: int) -> int:
    size = keys.maybe("H")
    if size is None:
        width = keys.count("D")
        if width % n:
            raise SheetError(
                f"key {keys.said('N')!r} is {n}, which does not divide {keys.said('D')} = {width}; give the size of a head as head_dim"
            )
        size = width // n
    return size


def _options(keys: Keys) -> dict[str, Any]:
    of = keys.of
    normed = of.qk_norm if not of.qk_norm_key or keys.flag("qk_norm") else ""
    gate = of.gate
    if gate == "full" and not keys.flag("output_gate", True):
        gate = ""
    if gate == "full" and keys.flag(of.qkv_bias):
        raise SheetError("key 'attention_bias' is true, and a gate of the result with a bias is not understood")
    return {"qkv_bias": keys.flag(of.qkv_bias), "out_bias": keys.flag(of.out_bias), "qk_norm": normed, "gate": gate, **_around(keys)}


def _full(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    if keys.of.pattern == "blocks":
        return _searched(keys, what)
    if keys.of.pattern in ("gemma3n", "gemma4"):
        return _gemma4(keys, i, count, window=None)
    n, k, h = _heads(keys)
    if keys.of.square and n * h != keys.count("D"):
        raise SheetError(f"{n} heads of {h} do not make up {keys.said('D')} = {keys.count('D')}, as they do in this class; correct one")
    options = _options(keys) | {"sinks": keys.of.sinks or keys.flag("sinks_full")}
    if keys.raw("sinks_win") is None:
        keys.ignore("window", "chunk")
    biases = [kinds.Weights(2 * h, of="norm")] if keys.of.qk_norm_bias and options["qk_norm"] else []
    return [kinds.Attention(n, k, h, _value(keys, h), **options), *biases]


def _value(keys: Keys, h: int, meaning: str = "H_v") -> int | None:
    found = keys.maybe(meaning)
    return None if found in (None, h) else found


def _window(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    window = keys.count("window")
    if keys.of.pattern in ("gemma3n", "gemma4"):
        return _gemma4(keys, i, count, window)
    n, k, h = _heads(keys)
    other = keys.table("attention_other_setting").get("num_attention_heads")
    n, k, size = other or keys.maybe("N_win") or n, keys.maybe("K_win") or k, keys.maybe("H_win") or h
    value = _value(keys, size, "H_v_win") if keys.maybe("H_v_win") else _value(keys, size)
    options = _options(keys) | {"sinks": keys.of.sinks or keys.flag("sinks_win")}
    return [kinds.Attention(n, k, size, value, window=window, **options)]


def _chunk(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    n, k, h = _heads(keys)
    return [kinds.Attention(n, k, h, chunk=keys.count("chunk"), **_options(keys))]


def _gemma4(keys: Keys, i: int, count: int, window: int | None) -> list[Kind]:
    """Global layers have heads of their own, keys may be values, and the last layers take the cache of an earlier one."""
    n, k, h = keys.count("N"), keys.maybe("K") or keys.count("N"), keys.count("H")
    own = _own(keys, i)
    equal, size, h, k = keys.flag("k_eq_v"), own.maybe("H") or keys.count("H_global", h), own.maybe("H") or h, own.maybe("K") or k
    own.refuse_unread()
    fewer, lent = keys.maybe("K_global"), i >= count - (keys.maybe("shared_kv") or 0)
    options = _options(keys) | {"lent": lent}
    if equal and options["qkv_bias"]:
        raise SheetError("key 'attention_bias' is true, and values that are keys with a bias are not understood; correct it")
    if window is not None:
        return [kinds.Attention(n, k, h, window=window, **options)]
    return [kinds.Attention(n, (fewer or k) if equal else k, size, v_from_k=equal and not lent, **options)]


def _own(keys: Keys, i: int) -> Keys:
    """What a file says of one layer: ``per_layer_config``, by the number of the layer."""
    tables = keys.table("per_layer_config")
    found: Any = next((table for key, table in tables.items() if key.isdecimal() and int(key) == i), {})
    if not isinstance(found, Mapping) or not all(key.isdecimal() for key in tables):
        raise SheetError("key 'per_layer_config' is no table with a table for the number of a layer; correct it")
    return Keys(found, {}, Architecture())


def _searched(keys: Keys, what: str) -> list[Kind]:
    n = keys.count("N")
    keys.ignore("K", "F")
    share = (keys.listed("block_configs") or ())[int(what)]["attention"].get("n_heads_in_group")
    if not isinstance(share, int) or share < 1 or n % share:
        raise SheetError(f"key 'block_configs[{what}].attention.n_heads_in_group' is {short(share)}, which does not divide the {n} heads")
    return [kinds.Attention(n, n // share, _size(keys, n), **_options(keys))]


def _sparse(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    n, k, h = _heads(keys)
    own = Keys(keys.table("sparse_attention_config") or keys.tower, {}, keys.of)
    heads, size, block, blocks = (own.count(name) for name in ("N_ix", "H_ix", "block", "blocks"))
    keys.ignore("N_ix", "H_ix", "block", "blocks")
    return [kinds.Attention(n, k, h, top=block * blocks, N_ix=heads, H_ix=size, **_options(keys))]


def _latent(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    return [kinds.LatentAttention(**_latents(keys))]


def _sparse_latent(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    indexer: dict[str, Any] = {"N_ix": keys.count("N_ix"), "H_ix": keys.count("H_ix")} if _indexed(keys, i, count) else {}
    keys.ignore("N_ix", "H_ix")
    return [kinds.LatentAttention(**_latents(keys), top=keys.count("top", 2048), **indexer)]


def _latents(keys: Keys) -> dict[str, Any]:
    keys.ignore("K", "H")
    sizes = {"R_kv": keys.count("R_kv", 512), "H_nope": keys.count("H_nope", 128), "H_rope": keys.count("H_rope", 64)}
    sizes |= {"N": keys.count("N"), "H_v": keys.count("H_v", 128)}
    options = {"bias": keys.flag("attention_bias"), "gate": keys.flag("latent_gate")}
    return {**sizes, "R_q": keys.maybe("R_q"), **options, **_around(keys)}


def _indexed(keys: Keys, i: int, count: int) -> bool:
    """Whether a layer picks tokens itself, or takes what the last one that did has picked."""
    types, pattern = keys.listed("indexer_types", count), keys.listed("index_topk_pattern", count)
    if types is not None:
        return bool(types[i] == "full")
    if pattern is not None:
        return bool(pattern[i] == "F")
    every, skip = keys.count("index_topk_freq", 1), keys.count("index_skip_topk_offset", 2, 0)
    return bool(max(i - skip + 1, 0) % every == 0)


def _compressed(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    every = int(what) or None
    if dict(keys.table("compress_rates")) not in ({}, _RATES):
        raise SheetError(
            f"key 'compress_rates' is {short(keys.table('compress_rates'))}, and only 4 and 128 tokens an entry are understood"
        )
    keys.ignore("K", "H_rope")
    heads, size, top = keys.count("N_ix"), keys.count("H_ix"), keys.count("top", 512)
    own: dict[str, Any] = {name: keys.count(name) for name in ("N", "H", "R_q", "G_o", "R_o", "window")}
    own |= {"top": top, "N_ix": heads, "H_ix": size} if every == 4 else {}
    return [kinds.HyperConnection(keys.count("n_res")), kinds.CompressedAttention(**own, every=every)]


_RATES = {"compressed_sparse_attention": 4, "heavily_compressed_attention": 128}


# -- states
def _delta(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    sizes: dict[str, Any] = {name: keys.count(name) for name in ("N_kl", "N_vl", "H_kl", "H_vl")}
    return [kinds.GatedDeltaNet(**sizes, w_conv=keys.count("w_conv", 4), chunk=64, **_around(keys))]


def _kimi(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    table = keys.table("linear_attn_config")
    own = Keys(table or keys.tower, {}, keys.of)
    keys.read |= {"linear_num_heads", "linear_head_dim", "use_full_rank_gate", "linear_conv_kernel_dim"}
    n, h = own.count("num_heads" if table else "linear_num_heads"), own.count("head_dim" if table else "linear_head_dim")
    w, gate = own.count("w_conv", 4), own.flag("use_full_rank_gate")
    decays = h if keys.maybe("residuals") else 0
    return [kinds.KimiDeltaAttention(n, h, w, chunk=64, full_gate=gate, decays=decays, **_around(keys))]


def _lightning(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    n = keys.count("N")
    return [kinds.LightningAttention(n, _size(keys, n), chunk=keys.count("block_size", 256), **_around(keys))]


def _mamba1(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    width = keys.count("D")
    inner = keys.maybe("intermediate_size") if not keys.of.mlp else None
    keys.ignore("expand")
    rank = keys.raw("R_dt", "auto")
    for ignored in ("ssm_bias", "bias"):
        if keys.flag(ignored):
            raise SheetError(f"key {keys.said(ignored)!r} is true, and Mamba-1 with biases is not understood")
    return [
        kinds.Mamba1(
            inner or keys.count("expand", 2) * width,
            keys.count("D_st", 16),
            -(-width // 16) if rank == "auto" else keys.count("R_dt"),
            keys.count("w_conv", 4),
            conv_bias=keys.flag("conv_bias", True),
            inner_norms=keys.of.pattern == "jamba",
            **_around(keys),
        )
    ]


def _mamba2(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    return [_state_space(keys, **_around(keys))]


def _beside_states(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    """States beside attention, on one norm."""
    if keys.flag("projectors_bias"):
        raise SheetError("key 'projectors_bias' is true, and states with biases are not understood")
    states = _state_space(keys, **_around(keys) | {"norms": 0}, gated_norm=keys.flag("mamba_rms_norm"))
    inner = keys.maybe("mamba_d_ssm")
    if inner is not None and inner != keys.count("N_ssm") * keys.count("H_ssm"):
        raise SheetError(f"key 'mamba_d_ssm' is {inner}, not heads times their size, {states.N_ssm} x {states.H_ssm}; correct one")
    return [*_full(keys, i, count, what), states]


def _state_space(keys: Keys, **around: Any) -> kinds.Mamba2:
    heads = keys.maybe("N_ssm") or keys.count("N")
    wide = keys.count("expand", 2) * keys.count("D") if "auto" in (keys.raw("H_ssm"), keys.raw("H")) else 0
    size = wide // heads if wide else keys.maybe("H_ssm") or keys.count("H")
    keys.ignore("expand", "R_dt", "H_ssm")
    for ignored in ("ssm_bias", "bias"):
        if keys.flag(ignored):
            raise SheetError(f"key {keys.said(ignored)!r} is true, and Mamba-2 with biases is not understood")
    sizes = heads, size, keys.count("G_ssm"), keys.count("D_st"), keys.count("w_conv", 4), keys.count("ssm_chunk", 128)
    return kinds.Mamba2(*sizes, conv_bias=keys.flag("conv_bias", True), **around)


# -- MLPs and experts
def _mlp(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    gated, bias, parallel = _gated(keys), keys.flag(keys.of.mlp_bias), keys.of.parallel
    around = _beside(keys)
    if keys.of.pattern == "blocks":
        factor = (keys.listed("block_configs") or ())[int(what)]["ffn"].get("ffn_mult")
        if not isinstance(factor, (int, float)):
            raise SheetError(f"key 'block_configs[{what}].ffn.ffn_mult' is {short(factor)}, no number; correct it")
        wide = -(-int(2 * factor * keys.count("D") / 3) // 256) * 256
        return [kinds.Mlp(wide, gated=gated, bias=bias, **around)]
    dense = keys.maybe("F_dense")
    learned = [kinds.Weights(keys.of.scalars, of="mlp")] if keys.of.scalars else []
    return [kinds.Mlp(dense or _width(keys), gated=gated, parallel=parallel, bias=bias, **around), *learned]


def _beside(keys: Keys) -> dict[str, Any]:
    """The norms of an MLP: none of its own where it is parallel to attention, unless its class says so."""
    own = keys.of.norms_mlp
    return _around(keys) | ({"norms": 0} if keys.of.parallel else {}) | ({} if own is None else {"norms": own})


def _width(keys: Keys) -> int:
    return 4 * keys.count("D") if keys.raw("F") == "4D" else keys.count("F")


def _gated(keys: Keys) -> bool:
    act = keys.raw("mlp_hidden_act")
    return keys.of.gated if act is None else act != "relu2"


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
        gated=_gated(keys),
        bias=of.expert_bias,
        correction=of.correction is True and what != "hashed",
        hashed=keys.count("V") if what == "hashed" else None,
        shared_gate=of.shared_gate and bool(wide),
        latent=keys.maybe("latent"),
        latent_norm=keys.flag("latent_norm") and keys.maybe("latent") is not None,
        **_beside(keys),
    )
    if of.correction == "parameter":
        return [made, kinds.Weights(e, of="router")]
    return [kinds.HyperConnection(keys.count("n_res")), made] if keys.of.mixer == "compressed" else [made]


def _gemma4_mlp(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    """A dense MLP, and experts beside it where the file turns them on; twice as wide where the cache is another layer's."""
    shared = keys.maybe("shared_kv") or 0
    width = keys.count("F") * (2 if keys.flag("double_wide") and i >= count - shared else 1)
    found: list[Kind] = [kinds.Mlp(width, **_around(keys)), kinds.Weights(1, of="buffer")]
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
    found: list[Kind] = [kinds.Mlp(width, **_around(keys)), kinds.AltUp(keys.count("n_res"), keys.count("R_lau"))]
    return [*found, kinds.PerLayerInput(keys.count("D_ple"))]


_Made = Callable[[Keys, int, int, str], list[Kind]]
_MADE: Mapping[str, _Made] = {
    "full": _full,
    "window": _window,
    "chunk": _chunk,
    "sparse": _sparse,
    "latent": _latent,
    "sparse latent": _sparse_latent,
    "compressed": _compressed,
    "delta": _delta,
    "kimi": _kimi,
    "lightning": _lightning,
    "mamba-1": _mamba1,
    "mamba-2": _mamba2,
    "beside states": _beside_states,
    "mlp": _mlp,
    "experts": _experts,
    "gemma3n": _gemma3n_mlp,
    "gemma4": _gemma4_mlp,
    "linear": lambda keys, i, count, what: [kinds.Linear(**_around(keys))],
    "skip": lambda keys, i, count, what: [kinds.Skip()],
}
