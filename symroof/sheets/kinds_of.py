"""The layer kinds of a ``config.json``: a word of its pattern, and the sizes that its keys give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from symroof.errors import SheetError, short
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
    many = keys.of.missing.get("K") if keys.raw("multi_query") and not keys.raw("K") else None
    k = many or keys.maybe("K") or n
    return n, k, _size(keys, n)


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
    keys.raw("qk_norm"), keys.raw("qk_norm_type")
    found = {"qkv_bias": keys.flag(of.qkv_bias), "out_bias": keys.flag(of.out_bias), "qk_norm": normed, "gate": gate, **_around(keys)}
    keys.raw("attention_bias"), keys.raw("mlp_bias"), keys.raw("bias")
    return found


def _full(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    if keys.of.pattern == "blocks":
        return _searched(keys, what)
    if keys.of.pattern == "gemma4":
        return _gemma4(keys, i, count, window=None)
    n, k, h = _heads(keys)
    options = _options(keys) | {"sinks": keys.of.sinks or keys.flag("sinks_full")}
    if keys.raw("sinks_win") is None:
        keys.raw("window"), keys.raw("chunk")
    return [kinds.Attention(n, k, h, _value(keys, h), **options)]


def _value(keys: Keys, h: int, meaning: str = "H_v") -> int | None:
    found = keys.maybe(meaning)
    return None if found in (None, h) else found


def _window(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    window = keys.count("window")
    if keys.of.pattern == "gemma4":
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
    equal, size = keys.flag("k_eq_v"), keys.count("H_global")
    fewer, lent = keys.maybe("K_global"), i >= count - (keys.maybe("shared_kv") or 0)
    options = _options(keys) | {"lent": lent}
    if window is not None:
        return [kinds.Attention(n, k, h, window=window, **options)]
    return [kinds.Attention(n, (fewer or k) if equal else k, size, v_from_k=equal and not lent, **options)]


def _searched(keys: Keys, what: str) -> list[Kind]:
    n = keys.count("N")
    keys.raw("K"), keys.raw("F")
    share = (keys.listed("block_configs") or ())[int(what)]["attention"].get("n_heads_in_group")
    if not isinstance(share, int) or share < 1 or n % share:
        raise SheetError(f"key 'block_configs[{what}].attention.n_heads_in_group' is {short(share)}, which does not divide the {n} heads")
    return [kinds.Attention(n, n // share, _size(keys, n), **_options(keys))]


def _sparse(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    n, k, h = _heads(keys)
    table = keys.table("sparse_attention_config")
    heads, size, block, blocks = (_of(table, *names) for names in _SPARSE)
    return [kinds.Attention(n, k, h, top=block * blocks, N_ix=heads, H_ix=size, **_options(keys))]


_SPARSE = (
    ("sparse_num_index_heads", "index_n_heads", "num_index_heads"),
    ("sparse_index_dim", "index_head_dim"),
    ("sparse_block_size", "block_size"),
    ("sparse_topk_blocks", "topk_blocks"),
)


def _of(table: Mapping[str, Any], *names: str) -> int:
    found = next((table[name] for name in names if name in table), None)
    if not isinstance(found, int):
        raise SheetError(f"key 'sparse_attention_config.{names[0]}' is missing; add it")
    return found


def _latent(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    return [kinds.LatentAttention(**_latents(keys))]


def _sparse_latent(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    indexer: dict[str, Any] = {"N_ix": keys.count("N_ix"), "H_ix": keys.count("H_ix")} if _indexed(keys, i, count) else {}
    keys.raw("N_ix"), keys.raw("H_ix")
    return [kinds.LatentAttention(**_latents(keys), top=keys.count("top", 2048), **indexer)]


def _latents(keys: Keys) -> dict[str, Any]:
    for ignored in ("K", "H"):
        keys.raw(ignored)
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
    for ignored in ("K", "H_rope"):
        keys.raw(ignored)
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
    keys.raw("expand")
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
    heads, size = keys.count("N_ssm"), keys.count("H_ssm")
    for name in ("expand", "R_dt"):
        keys.raw(name)
    for ignored in ("ssm_bias", "bias"):
        if keys.flag(ignored):
            raise SheetError(f"key {keys.said(ignored)!r} is true, and Mamba-2 with biases is not understood")
    sizes = heads, size, keys.count("G_ssm"), keys.count("D_st"), keys.count("w_conv", 4), keys.count("ssm_chunk", 128)
    return [kinds.Mamba2(*sizes, conv_bias=keys.flag("conv_bias", True), **_around(keys))]


# -- MLPs and experts
def _mlp(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    gated, bias, parallel = _gated(keys), keys.flag(keys.of.mlp_bias), keys.of.parallel
    around = _around(keys) | ({"norms": 0} if parallel else {})
    if keys.of.pattern == "blocks":
        factor = (keys.listed("block_configs") or ())[int(what)]["ffn"].get("ffn_mult")
        if not isinstance(factor, (int, float)):
            raise SheetError(f"key 'block_configs[{what}].ffn.ffn_mult' is {short(factor)}, no number; correct it")
        wide = -(-int(2 * factor * keys.count("D") / 3) // 256) * 256
        return [kinds.Mlp(wide, gated=gated, bias=bias, **around)]
    dense = keys.maybe("F_dense")
    return [kinds.Mlp(dense or _width(keys), gated=gated, parallel=parallel, bias=bias, **around)]


def _width(keys: Keys) -> int:
    return 4 * keys.count("D") if keys.raw("F") == "4D" else keys.count("F")


def _gated(keys: Keys) -> bool:
    act = keys.raw("mlp_hidden_act")
    return keys.of.gated if act is None else act != "relu2"


def _experts(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    of, e, k = keys.of, keys.count("E"), keys.count("k")
    width = keys.maybe("F_expert") if of.expert_width == "F_expert" else keys.count("F")
    keys.raw("F"), keys.raw("F_expert"), keys.raw("F_dense")
    shared, own = keys.maybe("n_shared"), keys.maybe("F_shared")
    if of.shared == "F":
        shared, own = 1, keys.count("F")
    wide = own * (shared or 1) if own and of.pattern == "letters" else own or (width or 0) * (shared or 0)
    made = kinds.Experts(
        e,
        k,
        width or keys.count("F_expert"),
        shared=wide or None,
        gated=_gated(keys),
        bias=of.expert_bias,
        correction=of.correction and what != "hashed",
        hashed=keys.count("V") if what == "hashed" else None,
        shared_gate=of.shared_gate and bool(wide),
        latent=keys.maybe("latent"),
        latent_norm=keys.flag("latent_norm") and keys.maybe("latent") is not None,
        **_around(keys),
    )
    return [kinds.HyperConnection(keys.count("n_res")), made] if keys.of.mixer == "compressed" else [made]


def _gemma4_mlp(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    """A dense MLP, and experts beside it where the file turns them on; twice as wide where the cache is another layer's."""
    shared = keys.maybe("shared_kv") or 0
    width = keys.count("F") * (2 if keys.flag("double_wide") and i >= count - shared else 1)
    found: list[Kind] = [kinds.Mlp(width, **_around(keys)), kinds.Weights(1, of="buffer")]
    for name in ("E", "k", "F_expert"):
        keys.raw(name)
    if keys.flag("moe_block"):
        found.append(kinds.Experts(keys.count("E"), keys.count("k"), keys.count("F_expert"), scales=True, norms=3))
    if keys.maybe("D_ple"):
        found.append(kinds.PerLayerInput(keys.count("D_ple")))
    return found


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
    "mlp": _mlp,
    "experts": _experts,
    "gemma4": _gemma4_mlp,
    "linear": lambda keys, i, count, what: [kinds.Linear(**_around(keys))],
    "skip": lambda keys, i, count, what: [kinds.Skip()],
}
