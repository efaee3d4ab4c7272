"""Classes whose own keys say more than a row can: what a file changes in the row of its class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from symroof.errors import SheetError, short
from symroof.sheets.architecture import Architecture
from symroof.sheets.keys import Keys


def adapted(name: str, keys: Keys) -> Architecture:
    """The row of a class as its file has it.

    Raises SheetError for a value that is not understood.
    """
    return replace(keys.of, **_CLASSES[name](keys)) if name in _CLASSES else keys.of


def _only(keys: Keys, key: str, *values: Any) -> None:
    """Raise SheetError for a value that nothing here knows the meaning of."""
    found = keys.raw(key)
    if found is not None and found not in values:
        raise SheetError(f"key {key!r} is {short(found)}, and only {' and '.join(map(str, values))} is understood")


def _falcon(keys: Keys) -> dict[str, Any]:
    """Falcon-7B: one KV head, and one norm for both sublayers; 40B and later: KV heads in groups, a norm for each."""
    new, single, parallel = keys.flag("new_decoder_architecture"), keys.flag("multi_query", True), keys.flag("parallel_attn", True)
    heads, norms = keys.maybe("K") or keys.count("N"), keys.maybe("num_ln_in_parallel_attn") or (2 if new else 1)
    kept = heads if new else 1 if single else keys.count("N")
    return {"parallel": parallel, "norms_mlp": 1 if parallel and norms == 2 else None, "fixed": {"K": kept}}


def _mpt(keys: Keys) -> dict[str, Any]:
    """No biases whatever the file says, four times D, and no learned positions beside ALiBi."""
    table = Keys(keys.table("attn_config"), {}, keys.of)
    for key, value in (("attn_type", "multihead_attention"), ("qk_ln", False), ("prefix_lm", False), ("alibi", True)):
        _only(table, key, value)
    _only(keys, "expansion_ratio", 4)
    _only(keys, "no_bias", True)
    keys.ignore("learned_pos_emb")
    return {}


def _dbrx(keys: Keys) -> dict[str, Any]:
    """Sizes of attention and of experts stand in tables of their own."""
    attention, experts = (Keys(keys.table(name), {}, keys.of) for name in ("attn_config", "ffn_config"))
    found = {name: experts.count(name) for name in ("E", "k")} | {"F_expert": experts.count("F"), "K": attention.count("kv_n_heads", 1)}
    return {"fixed": found}


def _hybrid(keys: Keys) -> dict[str, Any]:
    """Granite 4: without experts the shared one is the MLP."""
    few = {} if keys.maybe("E") else {"mlp": "mlp", "fixed": {"F": keys.count("F_shared")}}
    keys.ignore("F", "E", "k", "F_shared", "N", "K")
    return few


def _bamba(keys: Keys) -> dict[str, Any]:
    """Layers with attention may be none."""
    keys.ignore("N", "K")
    return {}


def _opt(keys: Keys) -> dict[str, Any]:
    """The norm before the unembedding goes with those before the sublayers."""
    _only(keys, "layer_norm_elementwise_affine", True)
    return {"final_norm": keys.flag("do_layer_norm_before", True) and not keys.flag("_remove_final_layer_norm")}


def _shared_without_bias(keys: Keys) -> dict[str, Any]:
    """Biases that only some of the experts would have."""
    _only(keys, "use_bias", False)
    _only(keys, "mlp_bias", False)
    if keys.raw("n_shared") == 0:
        raise SheetError(f"key {keys.said('n_shared')!r} is 0, and layers of this class without a shared expert are not understood")
    return {}


def _nemotron(keys: Keys) -> dict[str, Any]:
    """One shared expert of a width of its own."""
    if keys.maybe("E") and keys.raw("F_shared") == 0:
        raise SheetError(f"key {keys.said('F_shared')!r} is 0, and its class takes another width then; give the width of the shared expert")
    if keys.maybe("F_shared"):
        _only(keys, "mlp_bias", False)
        _only(keys, "n_shared_experts", 1)
    return {}


_GATES: Mapping[Any, str] = {True: "head", "per-head": "head", "per_head": "head", "per-element": "full", "per_element": "full"}


def _laguna(keys: Keys) -> dict[str, Any]:
    """A gate of the result, for a head or for each of its numbers, the same in all layers."""
    said = [keys.raw("gating", True), *(keys.listed("gating_types", keys.count("L")) or ())]
    if any(not isinstance(word, (bool, str)) or word not in _GATES for word in said) or len({_GATES[word] for word in said}) > 1:
        raise SheetError("keys 'gating' and 'gating_types' are not one gate of all layers, per-head or per-element; correct them")
    _only(keys, "moe_apply_router_weight_on_input", False)
    return {"gate": _GATES[said[0]]}


def _multiplied(keys: Keys) -> dict[str, Any]:
    _only(keys, "intermediate_multiple_size", 4)
    return {}


def _lfm(keys: Keys) -> dict[str, Any]:
    """Widths of blocks and of convolutions are D; buffers and gates are there where the file says so."""
    for key in ("block_dim", "conv_dim", "conv_dim_out"):
        _only(keys, key, keys.count("D"))
    _only(keys, "block_use_swiglu", True)
    keys.ignore("w_conv", "conv_bias")
    _only(keys, "num_heads", keys.raw("num_attention_heads"))
    return {}


def _lfm3(keys: Keys) -> dict[str, Any]:
    gate, norms = keys.flag("use_attention_gate", True), keys.flag("use_sandwich_norm", True)
    return _lfm(keys) | {"gate": "head" if gate else "", "norms": 2 if norms else 1}


def _xlstm(keys: Keys) -> dict[str, Any]:
    _only(keys, "use_bias", False)
    _only(keys, "add_out_norm", True)
    _only(keys, "weight_mode", "single", "fused")
    _only(keys, "head_dim", int(keys.part("v_dim_factor", 1.0) * keys.count("D")) // keys.count("N"))
    return {}


def _bailing(keys: Keys) -> dict[str, Any]:
    """Shared experts as wide as the others; a buffer that routing adds where the file says so."""
    _only(keys, "moe_shared_expert_intermediate_size", keys.count("F_expert"))
    return {"correction": keys.flag("moe_router_enable_expert_bias", True)}


def _jetmoe(keys: Keys) -> dict[str, Any]:
    """Gated experts with a bias of all together."""
    for key, value in (("glu", True), ("bias", True), ("moe_type", "moe")):
        _only(keys, key, value)
    keys.ignore("N")  # as many as a token's experts have
    return {}


def _arctic(keys: Keys) -> dict[str, Any]:
    """Experts beside a dense MLP in every layer."""
    for key, value in (("use_residual", True), ("parallel_attn_mlp_res", True), ("moe_layer_frequency", 1)):
        _only(keys, key, value)
    return {}


def _zamba(keys: Keys) -> dict[str, Any]:
    _only(keys, "attention_hidden_size", 2 * keys.count("D"))
    _only(keys, "tie_word_embeddings", True)
    keys.ignore("N_ssm")
    return {}


def _zamba2(keys: Keys) -> dict[str, Any]:
    """Heads of states, and of attention, follow from D."""
    heads, width = keys.count("N_ssm", 8), keys.count("D")
    size, left = divmod(int(keys.part("expand", 2) * width), heads)
    if left:
        raise SheetError(f"key {keys.said('N_ssm')!r} is {heads}, which does not divide the channels of states; correct it")
    _zamba(keys)
    _only(keys, "attention_head_dim", 2 * width // keys.count("N"))
    _only(keys, "mamba_headdim", size)
    keys.ignore("kv_channels", "num_query_groups", "use_mem_rope", "use_long_context")
    fixed = {"H_ssm": size, "H": None, "conv_bias": True}
    return {"fixed": fixed, "missing": {**keys.of.missing, "N_ssm": heads, "D_st": 64, "G_ssm": 1, "ssm_chunk": 256}}


def _one_shared(keys: Keys) -> dict[str, Any]:
    _only(keys, "n_shared_experts", 1)
    return {"fixed": {"n_shared": 1}}


_CLASSES: Mapping[str, Callable[[Keys], dict[str, Any]]] = {
    "falcon": _falcon,
    "RefinedWeb": _falcon,
    "RefinedWebModel": _falcon,
    "bailing_moe_v2": _bailing,
    "mpt": _mpt,
    "dbrx": _dbrx,
    "granitemoehybrid": _hybrid,
    "bamba": _bamba,
    "opt": _opt,
    "ernie4_5_moe": _shared_without_bias,
    "hy_v3": _shared_without_bias,
    "nemotron_h": _nemotron,
    "deepseek_v4": _one_shared,
    "mimo_v2_flash": lambda keys: {"missing": {**keys.of.missing, "K_win": 2 * (keys.maybe("K") or keys.count("N"))}},
    "stablelm": lambda keys: {"parallel": keys.flag("use_parallel_residual")},
    "gpt_bigcode": lambda keys: {"fixed": {"K": 1 if keys.flag("multi_query", True) else keys.count("N")}},
    "hyperclovax": lambda keys: {"norms": 2 if keys.flag("use_post_norm", True) else 1},
    "hunyuan_v1_moe": _one_shared,
    "laguna": _laguna,
    "lfm2": _lfm,
    "lfm2_moe": lambda keys: _lfm(keys) | {"correction": keys.flag("use_expert_bias", True)},
    "lfm3": _lfm3,
    "xlstm": _xlstm,
    "jetmoe": _jetmoe,
    "arctic": _arctic,
    "zamba": _zamba,
    "zamba2": _zamba2,
    "gpt_neox_japanese": _multiplied,
}
