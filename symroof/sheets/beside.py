"""What a checkpoint stores beside its language model: a vision tower, and layers that draft further tokens. In none of the totals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sympy as sp

from symroof.algebra.symbols import D, Symbol, symbol
from symroof.errors import SheetError
from symroof.sheets.apart import Beside, apart
from symroof.sheets.architecture import Architecture
from symroof.sheets.keys import Keys
from symroof.sheets.kinds_of import kind_of
from symroof.sheets.patterns import MIXERS, letters
from symroof.transformer.draft import Draft
from symroof.transformer.facts import facts
from symroof.transformer.kind import Kind
from symroof.transformer.streams import HyperConnection
from symroof.transformer.weights import Weights

DRAFTS, VISION = "multi-token prediction", "vision"

L_mtp = symbol("L_mtp", "1", "layers that draft further tokens, one after the other", r"L_\text{mtp}")
D_vis = symbol("D_vis", "1", "width of a vision tower", r"D_\text{vis}")
F_vis = symbol("F_vis", "1", "width of the MLPs of a vision tower", r"F_\text{vis}")
L_vis = symbol("L_vis", "1", "layers of a vision tower", r"L_\text{vis}")
L_deep = symbol("L_deep", "1", "layers of a vision tower whose results enter the language model too", r"L_\text{deep}")
H_vis = symbol("H_vis", "1", "size of a head of a vision tower", r"H_\text{vis}")
D_att = symbol("D_att", "1", "width of the heads of a vision tower together", r"D_\text{att}")
N_px = symbol("N_px", "1", "numbers of a patch of an image", r"N_\text{px}")
N_at = symbol("N_at", "1", "learned positions of a vision tower", r"N_\text{at}")
n_mrg = symbol("n_mrg", "1", "patches that become one token", r"n_\text{mrg}")
D_prj = symbol("D_prj", "1", "width of the projector between a vision tower and a language model", r"D_\text{prj}")


def drafted(keys: Keys, last: tuple[Kind, ...]) -> tuple[int, tuple[Kind, ...]]:
    """How many layers draft further tokens, and what stands in each: what the last layer of the model has, or a pattern of their own.

    None for a model without, a class whose own are others, or one of which none are published.
    """
    if keys.of.drafts in ("others", "unpublished"):
        return 0, ()
    count = keys.maybe("drafts") or 0
    if keys.of.drafts == "own":
        last = _own(keys, count)
    if keys.of.pattern == "compressed":  # a window alone, experts that are not hashed, and what brings its streams together
        last = (*kind_of("compressed:0", keys, 0, 1), *kind_of("experts", keys, 0, 1), HyperConnection(keys.count("n_res"), end=True))
    if keys.of.pattern == "letters":
        words = letters(keys, "mtp_hybrid_override_pattern", "mtp_layers_block_type")
        last = tuple(kind for word in words for kind in kind_of(word, keys, 0, 1)) if count else ()
    return (0, ()) if not count or not last else (count, last)


def _own(keys: Keys, count: int) -> tuple[Kind, ...]:
    """Of Step: attention as ``layer_types`` says behind the last layer, a dense MLP, an unembedding. Nothing where it says none, or two.

    Source: github.com/vllm-project/vllm, model_executor/models/step3p5_mtp.py.
    """
    depth = keys.count("L")
    named = set((keys.listed("layer_types") or ())[depth : depth + count])
    word = MIXERS.get(str(*named)) if len(named) == 1 else None
    if word is None or len(keys.listed("layer_types") or ()) < depth + count:
        return ()
    made = (kind for each in (word, "mlp") for kind in kind_of(each, keys, depth, depth + count))
    return (*made, Weights(keys.count("V") * keys.count("D"), of="unembedding"))


def drafts(count: int, kinds: Iterable[Kind], values: Mapping[Symbol, int]) -> Beside:
    """Layers that draft: each two norms, a matrix [2 D, D], its kinds, and a norm. Embedding and unembedding are the model's.

    Source: arXiv:2412.19437, section 2.2.
    """
    each = sum(sp.Add(*facts(kind).stored.values()) for kind in (Draft(), *kinds))
    return apart(DRAFTS, sp.expand(L_mtp * each), {**values, L_mtp: count})


def vision(file: Mapping[str, Any], width: int) -> Beside | None:
    """A vision tower with what brings its results into a language model of a width; None for none, or one that is not understood."""
    table = file.get("vision_config")
    rule = _TOWERS.get(str(file.get("model_type", "")))
    if rule is None or not isinstance(table, Mapping):
        return None
    try:
        formula, values = rule(Keys(table, {}, Architecture()), Keys(file, {}, Architecture()))
        if table.get("out_hidden_size") not in (None, width) or table.get("text_hidden_size") not in (None, width):
            return None  # it does not fit the language model beside it
    except SheetError:
        return None  # what a tower lacks is no trouble of the language model's
    return apart(VISION, formula, {**values, D: width})


def _size(keys: Keys, *names: str) -> int:
    """The first of several keys."""
    return keys.count(next((name for name in names if keys.raw(name) is not None), names[0]))


def _merged(keys: Keys) -> tuple[int, int]:
    """Rows and columns of patches that become one token."""
    found = keys.numbers("merge_kernel_size") or [2, 2]
    if len(found) != 2 or not all(found):
        raise SheetError("key 'merge_kernel_size' is no pair of sizes; correct it")
    return found[0], found[1]


_SIZES = {L_vis: "num_hidden_layers", D_vis: "hidden_size", F_vis: "intermediate_size"}
#: A layer with four matrices of attention and two of an MLP, all with biases, and two layer norms.
_BLOCK = 4 * D_vis + 4 * (D_vis**2 + D_vis) + 2 * D_vis * F_vis + F_vis + D_vis


def _merger(norm: sp.Expr) -> sp.Expr:
    """Several patches become one token of the language model: a layer norm and two matrices with biases."""
    wide = n_mrg * D_vis
    return 2 * norm + wide**2 + wide + wide * D + D


def _qwen(keys: Keys, outer: Keys) -> tuple[sp.Expr, dict[Symbol, int]]:
    """Qwen3-VL and 3.5."""
    deep, merged = keys.listed("deepstack_visual_indexes") or (), _size(keys, "spatial_merge_size") ** 2
    pixels = _size(keys, "in_channels") * _size(keys, "temporal_patch_size") * _size(keys, "patch_size") ** 2
    values = {L_vis: _size(keys, "depth"), L_deep: len(deep), n_mrg: merged, N_px: pixels, N_at: _size(keys, "num_position_embeddings")}
    formula = L_vis * _BLOCK + N_px * D_vis + D_vis + N_at * D_vis + _merger(D_vis) + (L_deep * _merger(n_mrg * D_vis) if deep else 0)
    return formula, values | {D_vis: _size(keys, "hidden_size"), F_vis: _size(keys, "intermediate_size")}


def _kimi(keys: Keys, outer: Keys) -> tuple[sp.Expr, dict[Symbol, int]]:
    """Kimi K2.5 and Kimi-VL."""
    height, wide = _merged(keys)
    at = _size(keys, "init_pos_emb_height", "pos_emb_height") * _size(keys, "init_pos_emb_width", "pos_emb_width")
    values = {n_mrg: height * wide, N_px: 3 * _size(keys, "patch_size") ** 2, N_at: at}
    formula = L_vis * _BLOCK + N_px * D_vis + D_vis + N_at * D_vis + 2 * D_vis + _merger(D_vis)
    return formula, values | {name: _size(keys, f"vt_{key}", key) for name, key in _SIZES.items()}


def _kimi_k3(keys: Keys, outer: Keys) -> tuple[sp.Expr, dict[Symbol, int]]:
    """Kimi K3: RMS norms, no biases, attention wider than the tower, and a norm behind the projector."""
    odd = [key for key in ("attn_bias", "linear_bias", "patch_embed_proj_bias") if keys.flag(key)]
    if odd or keys.raw("norm_type") != "rmsnorm" or keys.raw("mlp_type") != "mlp2":
        raise SheetError("a tower with biases, or other norms")
    height, wide = _merged(keys)
    at = _size(keys, "init_pos_emb_height") * _size(keys, "init_pos_emb_width")
    values = {n_mrg: height * wide, N_px: 3 * _size(keys, "patch_size") ** 2, N_at: at, D_att: _size(keys, "qkv_hidden_size")}
    formula = L_vis * (4 * D_vis * D_att + 2 * D_vis * F_vis + 2 * D_vis) + (N_px + N_at + 1) * D_vis
    formula += (n_mrg * D_vis) ** 2 + n_mrg * D_vis * D + D
    return formula, values | {name: _size(keys, f"vt_{key}") for name, key in _SIZES.items()}


def _pixtral(keys: Keys, outer: Keys) -> tuple[sp.Expr, dict[Symbol, int]]:
    """Mistral 3: layers without biases, gated MLPs, and three matrices behind."""
    values = {n_mrg: _size(outer, "spatial_merge_size") ** 2, N_px: 3 * _size(keys, "patch_size") ** 2}
    if outer.flag("multimodal_projector_bias"):
        raise SheetError("a projector with biases")
    block = 4 * D_vis**2 + 3 * D_vis * F_vis + 2 * D_vis
    formula = L_vis * block + N_px * D_vis + D_vis + D_vis + n_mrg * D_vis**2 + D_vis * D + D**2
    return formula, values | {name: _size(keys, key) for name, key in _SIZES.items()}


def _siglip(keys: Keys) -> tuple[sp.Expr, dict[Symbol, int]]:
    """SigLIP: a convolution with a bias, learned positions, a norm behind, and a head that pools unless it is left out."""
    patch = _size(keys, "patch_size")
    values = {N_px: 3 * patch**2, N_at: (_size(keys, "image_size") // patch) ** 2}
    pooled = D_vis + 4 * (D_vis**2 + D_vis) + 2 * D_vis + 2 * D_vis * F_vis + F_vis + D_vis if keys.flag("vision_use_head", True) else 0
    formula = L_vis * _BLOCK + N_px * D_vis + D_vis + N_at * D_vis + 2 * D_vis + pooled
    return formula, values | {name: _size(keys, key) for name, key in _SIZES.items()}


def _gemma3(keys: Keys, outer: Keys) -> tuple[sp.Expr, dict[Symbol, int]]:
    """SigLIP, and one matrix with a norm."""
    formula, values = _siglip(keys)
    return formula + D_vis + D_vis * D, values


def _llava(keys: Keys, outer: Keys) -> tuple[sp.Expr, dict[Symbol, int]]:
    """SigLIP, two matrices with biases from what several of its layers make, and a vector that ends a row of an image."""
    if keys.raw("model_type") != "siglip_vision_model":
        raise SheetError("another tower")
    formula, values = _siglip(keys)
    taken = len(layers) if isinstance(layers := outer.raw("vision_feature_layer"), list) else 1
    return formula + taken * D_vis * D + D + D**2 + D + D, values


def _gemma4(keys: Keys, outer: Keys) -> tuple[sp.Expr, dict[Symbol, int]]:
    """Layers as those of the language model, without biases; positions of rows and of columns."""
    heads, size = _size(keys, "num_attention_heads"), _size(keys, "head_dim")
    if heads * size != _size(keys, "hidden_size") or _size(keys, "num_key_value_heads") != heads:
        raise SheetError("another shape of heads")
    values = {H_vis: size, N_px: 3 * _size(keys, "patch_size") ** 2, N_at: _size(keys, "position_embedding_size")}
    block = 4 * D_vis**2 + 2 * H_vis + 3 * D_vis * F_vis + 4 * D_vis
    formula = L_vis * block + 2 * N_at * D_vis + N_px * D_vis + D_vis * D
    return formula, values | {name: _size(keys, key) for name, key in _SIZES.items()}


def _llama4(keys: Keys, outer: Keys) -> tuple[sp.Expr, dict[Symbol, int]]:
    """Llama 4: a token of its own among the positions, norms before and behind, patches put together, and three matrices."""
    patch, wide = _size(keys, "patch_size"), _size(keys, "projector_output_dim")
    if wide != _size(keys, "projector_input_dim") or wide != _size(keys, "vision_output_dim"):
        raise SheetError("widths of a projector that differ")
    values = {N_px: 3 * patch**2, N_at: (_size(keys, "image_size") // patch) ** 2 + 1, D_prj: wide}
    formula = L_vis * _BLOCK + N_px * D_vis + D_vis + N_at * D_vis + 4 * D_vis + F_vis * D_prj + D_prj**2 + D_prj * D
    return formula, values | {name: _size(keys, key) for name, key in _SIZES.items()}


def _minimax(keys: Keys, outer: Keys) -> tuple[sp.Expr, dict[Symbol, int]]:
    """MiniMax-M3: a projector for every patch, and one for those that become one token."""
    merged = keys.table("img_token_compression_config")
    within = Keys(merged, {}, Architecture()) if merged else keys
    pixels = 3 * _size(within, "temporal_patch_size") * _size(keys, "patch_size") ** 2
    values = {N_px: pixels, n_mrg: _size(within, "spatial_merge_size") ** 2, D_prj: _size(outer, "projector_hidden_size")}
    formula = L_vis * _BLOCK + N_px * D_vis + 2 * D_vis + D_vis * D_prj + D_prj + D_prj * D + D + n_mrg * D * D_prj + D_prj + D_prj * D + D
    return formula, values | {name: _size(keys, key) for name, key in _SIZES.items()}


def _glm(keys: Keys, outer: Keys) -> tuple[sp.Expr, dict[Symbol, int]]:
    """GLM-4V: layers without biases, MLPs as wide as the language model; four patches put together, a matrix and a gated MLP behind."""
    if keys.flag("attention_bias"):
        raise SheetError("a tower with biases")
    merged, patch = _size(keys, "spatial_merge_size") ** 2, _size(keys, "patch_size")
    values = {L_vis: _size(keys, "depth"), n_mrg: merged, N_px: _size(keys, "in_channels") * _size(keys, "temporal_patch_size") * patch**2}
    values |= {N_at: (_size(keys, "image_size") // patch) ** 2, D_vis: _size(keys, "hidden_size"), F_vis: _size(keys, "intermediate_size")}
    formula = L_vis * (4 * D_vis**2 + 3 * D_vis * D + 2 * D_vis) + N_px * D_vis + D_vis + N_at * D_vis + 2 * D_vis
    return formula + n_mrg * D_vis * D + D + D**2 + 2 * D + 3 * D * F_vis, values


_TOWERS: Mapping[str, Callable[[Keys, Keys], tuple[sp.Expr, dict[Symbol, int]]]] = {
    **dict.fromkeys(("qwen3_vl", "qwen3_vl_moe", "qwen3_5", "qwen3_5_moe"), _qwen),
    **dict.fromkeys(("kimi_k25", "kimi_vl"), _kimi),
    "kimi_k3": _kimi_k3,
    **dict.fromkeys(("glm4v", "glm4v_moe"), _glm),
    "llava_next": _llava,
    "mistral3": _pixtral,
    "gemma3": _gemma3,
    "gemma4": _gemma4,
    "llama4": _llama4,
    "minimax_m3_vl": _minimax,
}
