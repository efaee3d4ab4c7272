"""Layers of a ``config.json`` that keep a state: a word of its pattern, and the sizes that its keys give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symroof.errors import SheetError
from symroof.sheets.attention_of import Made, around, full, size_of
from symroof.sheets.keys import Keys
from symroof.transformer import layers as kinds
from symroof.transformer.kind import Kind


def _delta(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    sizes: dict[str, Any] = {name: keys.count(name) for name in ("N_kl", "N_vl", "H_kl", "H_vl")}
    return [kinds.GatedDeltaNet(**sizes, w_conv=keys.count("w_conv", 4), chunk=64, **around(keys))]


def _kimi(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    table = keys.table("linear_attn_config")
    own = Keys(table or keys.tower, {}, keys.of)
    keys.read |= {"linear_num_heads", "linear_head_dim", "use_full_rank_gate", "linear_conv_kernel_dim"}
    n, h = own.count("num_heads" if table else "linear_num_heads"), own.count("head_dim" if table else "linear_head_dim")
    w, gate = own.count("w_conv", 4), own.flag("use_full_rank_gate")
    decays = h if keys.maybe("residuals") else 0
    return [kinds.KimiDeltaAttention(n, h, w, chunk=64, full_gate=gate, decays=decays, **around(keys))]


def _lightning(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    n = keys.count("N")
    return [kinds.LightningAttention(n, size_of(keys, n), chunk=keys.count("block_size", 256), **around(keys))]


def _mamba1(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    width = keys.count("D")
    inner = keys.maybe("intermediate_size") if not keys.of.mlp else None
    keys.ignore("expand")
    rank = keys.raw("R_dt", "auto")
    return [
        kinds.Mamba1(
            inner or keys.count("expand", 2) * width,
            keys.count("D_st", 16),
            -(-width // 16) if rank == "auto" else keys.count("R_dt"),
            keys.count("w_conv", 4),
            conv_bias=keys.flag("conv_bias", True),
            inner_norms=keys.of.pattern == "jamba",
            bias=_biased(keys),
            **around(keys),
        )
    ]


def _mamba2(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    return [_state_space(keys, **around(keys))]


def _beside_states(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    """States beside attention, on one norm."""
    states = _state_space(keys, **around(keys) | {"norms": 0}, gated_norm=keys.flag("mamba_rms_norm"))
    inner = keys.maybe("mamba_d_ssm")
    if inner is not None and inner != keys.count("N_ssm") * keys.count("H_ssm"):
        raise SheetError(f"key 'mamba_d_ssm' is {inner}, not heads times their size, {states.N_ssm} x {states.H_ssm}; correct one")
    return [*full(keys, i, count, what), states]


def _state_space(keys: Keys, **around: Any) -> kinds.Mamba2:
    number, size_ = ("N_ssm", "H_ssm") if keys.of.mlp or keys.of.pattern == "letters" else ("N", "H")  # nothing else has heads there
    heads = keys.count(number)
    size = keys.count("expand", 2) * keys.count("D") // heads if keys.raw("mamba_d_head") == "auto" else keys.count(size_)
    keys.ignore("expand", "R_dt", "H_ssm")
    sizes = heads, size, keys.count("G_ssm"), keys.count("D_st"), keys.count("w_conv", 4), keys.count("ssm_chunk", 128)
    return kinds.Mamba2(*sizes, conv_bias=keys.flag("conv_bias", True), bias=_biased(keys), **around)


def _biased(keys: Keys) -> bool:
    """Whether what leads into states, and out of them, has biases.

    Raises SheetError for one of both alone.
    """
    own = keys.of.ssm_bias.split()
    both = {keys.flag(meaning) for meaning in own}
    if len(both) > 1:
        said = " and ".join(repr(keys.said(meaning)) for meaning in own)
        raise SheetError(f"keys {said} are not alike, and states with biases on one side only are not understood; correct one")
    for other in {"ssm_bias", "bias"} - set(own):
        if keys.flag(other):
            raise SheetError(f"key {keys.said(other)!r} is true, which this class does not read; leave it out")
    return True in both


def _conv(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    return [kinds.ShortConvolution(keys.count("w_conv", 3), bias=keys.flag("conv_bias"), **around(keys))]


def _recurrence(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    width = keys.count("lru_width", keys.count("D"))
    return [kinds.LinearRecurrence(keys.count("N"), width, keys.count("w_conv", 4), **around(keys))]


def _memory(keys: Keys, i: int, count: int, what: str) -> list[Kind]:
    """Sizes of keys and values are parts of D, rounded up to 64."""
    n, width = keys.count("N"), keys.count("D")
    key, value = (-(-int(width * keys.part(name, usual)) // 64) * 64 for name, usual in (("qk_dim_factor", 0.5), ("v_dim_factor", 1.0)))
    if key % n or value % n:
        raise SheetError(f"key {keys.said('N')!r} is {n}, which does not divide keys of {key} and values of {value}; correct one")
    return [kinds.MatrixMemory(n, key // n, value // n, keys.count("ssm_chunk", 64), **around(keys))]


STATES: Mapping[str, Made] = {
    "delta": _delta,
    "kimi": _kimi,
    "lightning": _lightning,
    "mamba-1": _mamba1,
    "mamba-2": _mamba2,
    "beside states": _beside_states,
    "conv": _conv,
    "recurrence": _recurrence,
    "memory": _memory,
}
