"""The short form of a model's file: one table of dimensions, and what most models add to it, instead of a table for each layer."""

from __future__ import annotations

from typing import Any

from symroof.errors import InputError
from symroof.sheets.schema import Dims, Mla, Moe, Window
from symroof.transformer.build import Around, Group
from symroof.transformer.layers import Attention, Experts, Kind, LatentAttention, Mlp


def groups(dims: Dims, moe: Moe | None, mla: Mla | None, window: Window | None) -> tuple[list[Group], Around]:
    """The blocks of layers that a short form stands for.

    Raises InputError for more dense or windowed layers than layers, for experts in none, and windows beside latent attention.
    """
    if moe and moe.dense_layers == dims.L:
        raise InputError(f"key 'moe.dense_layers' is {dims.L}, all layers dims.L, so that none has experts; leave [moe] out, or give less")
    for count, what in ((moe.dense_layers if moe else 0, "moe.dense_layers"), (window.layers if window else 0, "window.layers")):
        if count > dims.L:
            raise InputError(f"key {what!r} is {count}, more than the {dims.L} layers dims.L")
    if mla and window:
        raise InputError("[mla] and [window] together are no short form; write the layers out, see models/README.md")
    every = _attention(dims, mla)
    windowed = Attention(dims.N, dims.K, dims.H, window=window.size) if window else every
    dense = Mlp(dims.F, gated=dims.gated)
    routed = Experts(moe.E, moe.k, moe.F, shared=moe.F * moe.shared or None, gated=dims.gated) if moe else dense
    mixers = [windowed] * (window.layers if window else 0) + [every] * (dims.L - (window.layers if window else 0))
    others = [dense] * (moe.dense_layers if moe else 0) + [routed] * (dims.L - (moe.dense_layers if moe else 0))
    found: list[Any] = []
    for pair in zip(mixers, others, strict=True):
        if found and found[-1][1] == list(pair):
            found[-1] = (found[-1][0] + 1, list(pair))
        else:
            found.append((1, list(pair)))
    return found, Around(dims.V, dims.tied)


def _attention(dims: Dims, mla: Mla | None) -> Kind:
    if mla is None:
        return Attention(dims.N, dims.K, dims.H)
    return LatentAttention(dims.N, mla.q_rank, mla.kv_rank, mla.nope, mla.rope, mla.v)
