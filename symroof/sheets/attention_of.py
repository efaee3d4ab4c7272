"""Attention of a ``config.json``: a word of its pattern, and the sizes that its keys give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from symroof.errors import SheetError, short
from symroof.sheets.architecture import Architecture
from symroof.sheets.keys import Keys, whole
from symroof.transformer import layers as kinds
from symroof.transformer.kind import Kind

#: What makes the kinds of a word: the keys, the number of the layer and of all, and what follows the word.
Made = Callable[[Keys, int, int, str], list[Kind]]


def around(keys: Keys) -> dict[str, Any]:
    """The norms around a layer."""
    return {"norms": keys.of.norms, "layer_norm": keys.of.layer_norm}


# -- attention
def heads_of(keys: Keys, i: int, count: int) -> tuple[int, int, int]:
    """Query heads, KV heads and their size: K = N and H = D/N where the file is silent."""
    n, each = keys.count("N"), keys.listed("num_attention_heads_per_layer", count)
    if each is not None:
        n = whole(each[i], "num_attention_heads_per_layer")
    return n, keys.maybe("K") or n, size_of(keys, n)


def size_of(keys: Keys, n: int) -> int:
    """The size of a head.

    Raises SheetError where the file has none and heads do not make up D.
    """
    size = keys.maybe("H")
    if size is None:
        width = keys.count("D")
        if width % n:
            raise SheetError(
                f"key {keys.said('N')!r} is {n}, which does not divide {keys.said('D')} = {width}; give the size of a head as head_dim"
            )
        size = width // n
    return size


def options_of(keys: Keys) -> dict[str, Any]:
    """The options of attention.

    Raises SheetError for a gate with a bias.
    """
    of = keys.of
    normed = of.qk_norm if not of.qk_norm_key or keys.flag("qk_norm") else ""
    gate = of.gate
    if gate == "full" and not keys.flag("output_gate", True):
        gate = ""
    if gate == "full" and keys.flag(of.qkv_bias):
        raise SheetError("key 'attention_bias' is true, and a gate of the result with a bias is not understood")
    found: dict[str, Any] = {"qkv_bias": keys.flag(of.qkv_bias), "out_bias": keys.flag(of.out_bias), "qk_norm": normed, "gate": gate}
    return {**found, "differential": of.differential, **around(keys)}


def full(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    """Attention that sees all.

    Raises SheetError for heads that do not make up D where they must.
    """
    if keys.of.pattern == "blocks":
        return _searched(keys, what)
    if keys.of.pattern in ("gemma3n", "gemma4"):
        return _gemma4(keys, i, count, window=None)
    n, k, h = heads_of(keys, i, count)
    if keys.of.square and n * h != keys.count("D"):
        raise SheetError(f"{n} heads of {h} do not make up {keys.said('D')} = {keys.count('D')}, as they do in this class; correct one")
    options = options_of(keys) | {"sinks": keys.of.sinks or keys.flag("sinks_full")}
    if keys.raw("sinks_win") is None:
        keys.ignore("window", "chunk")
    return [kinds.Attention(n, k, h, _value(keys, h), **options), *_besides(keys, n, h)]


def _besides(keys: Keys, n: int, h: int) -> list[Kind]:
    """Vectors of attention that few classes have."""
    of = keys.of
    found = [kinds.Weights(2 * h, of="norm")] if of.qk_norm_bias and (not of.qk_norm_key or keys.flag("qk_norm")) else []
    found += [kinds.Weights(n, of="attention")] if of.gate_bias else []
    return [*found, *([kinds.Weights(n * h, of="norm")] if of.inner_norms else [])]


def _value(keys: Keys, h: int, meaning: str = "H_v") -> int | None:
    found = keys.maybe(meaning)
    return None if found in (None, h) else found


def _window(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    window = keys.count("window")
    if keys.of.pattern in ("gemma3n", "gemma4"):
        return _gemma4(keys, i, count, window)
    n, k, h = heads_of(keys, i, count)
    other = keys.table("attention_other_setting").get("num_attention_heads")
    n, k, size = other or keys.maybe("N_win") or n, keys.maybe("K_win") or k, keys.maybe("H_win") or h
    value = _value(keys, size, "H_v_win") if keys.maybe("H_v_win") else _value(keys, size)
    options = options_of(keys) | {"sinks": keys.of.sinks or keys.flag("sinks_win")}
    return [kinds.Attention(n, k, size, value, window=window, **options), *_besides(keys, n, size)]


def _chunk(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    n, k, h = heads_of(keys, i, count)
    return [kinds.Attention(n, k, h, chunk=keys.count("chunk"), **options_of(keys))]


def _gemma4(keys: Keys, i: int, count: int, window: int | None) -> list[Kind]:
    """Global layers have heads of their own, keys may be values, and the last layers take the cache of an earlier one."""
    n, k, h = keys.count("N"), keys.maybe("K") or keys.count("N"), keys.count("H")
    own = _own(keys, i)
    equal, size, h, k = keys.flag("k_eq_v"), own.maybe("H") or keys.count("H_global", h), own.maybe("H") or h, own.maybe("K") or k
    own.refuse_unread()
    fewer, lent = keys.maybe("K_global"), i >= count - (keys.maybe("shared_kv") or 0)
    options = options_of(keys) | {"lent": lent}
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
    return [kinds.Attention(n, n // share, size_of(keys, n), **options_of(keys))]


def _sparse(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    n, k, h = heads_of(keys, i, count)
    own = Keys(keys.table("sparse_attention_config") or keys.tower, {}, keys.of)
    heads, size, block, blocks = (own.count(name) for name in ("N_ix", "H_ix", "block", "blocks"))
    keys.ignore("N_ix", "H_ix", "block", "blocks")
    return [kinds.Attention(n, k, h, top=block * blocks, N_ix=heads, H_ix=size, **options_of(keys))]


def _latent(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    return [kinds.LatentAttention(**_latents(keys))]


def _sparse_latent(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    indexer: dict[str, Any] = {"N_ix": keys.count("N_ix"), "H_ix": keys.count("H_ix")} if _indexed(keys, i, count) else {}
    keys.ignore("N_ix", "H_ix")
    return [kinds.LatentAttention(**_latents(keys), top=keys.count("top", 2048), **indexer)]


def _shared(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    """Attention over the state and the embedding of a token, whose weights several layers share; ``what`` is its number."""
    n = keys.count("N")
    of: dict[str, Any] = {"wide": True, "norms": 0, "again": int(what) >= keys.count("num_mem_blocks", 1)}
    wide = 2 * keys.count("D")
    size = wide // n if keys.of.pattern == "zamba2" else keys.count("H", wide // n)
    found: list[Kind] = [kinds.Attention(n, keys.maybe("K") or n, size, **of)]
    rank = keys.count("adapter_rank", 128) if keys.of.pattern == "zamba2" else 0
    if rank and keys.flag("use_shared_attention_adapter"):
        found += [kinds.Adapter(rank, wide, wide=True) for _ in "qkv"]
    width = keys.count("F", 4 * keys.count("D"))
    found.append(kinds.Mlp(width, bias=keys.flag(keys.of.mlp_bias), again=of["again"], **around(keys)))
    return [*found, *([kinds.Adapter(rank, 2 * width)] if rank else []), kinds.Linear(norms=0)]


def _routed(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    """Attention with experts: query heads are those of a token's experts, each with as many as there are KV heads."""
    e, k, heads = keys.count("E"), keys.count("k"), keys.count("K")
    return [kinds.RoutedAttention(e, k, heads, keys.count("H"), **around(keys)), _bias(keys)]


def _bias(keys: Keys) -> Kind:
    """[D] of all experts together."""
    return kinds.Weights(keys.count("D"), of="experts")


def _latents(keys: Keys) -> dict[str, Any]:
    keys.ignore("K", "H")
    sizes = {"R_kv": keys.count("R_kv", 512), "H_nope": keys.count("H_nope", 128), "H_rope": keys.count("H_rope", 64)}
    sizes |= {"N": keys.count("N"), "H_v": keys.count("H_v", 128)}
    options = {"bias": keys.flag("attention_bias"), "gate": keys.flag("latent_gate")}
    return {**sizes, "R_q": keys.maybe("R_q"), **options, **around(keys)}


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


ATTENTION: Mapping[str, Made] = {
    "full": full,
    "window": _window,
    "chunk": _chunk,
    "sparse": _sparse,
    "latent": _latent,
    "sparse latent": _sparse_latent,
    "compressed": _compressed,
    "shared": _shared,
    "routed": _routed,
}
