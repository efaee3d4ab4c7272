"""The layers of a model file: written out, a table for each, or in the short form of usual models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from itertools import pairwise
from typing import Any

import sympy as sp

from symroof.errors import SheetError, SymroofError, nearest, short
from symroof.sheets.schema import Dims, LlmFile, ModelTable
from symroof.transformer.build import Around, Group, layered, refuse_second
from symroof.transformer.kind import Kind
from symroof.transformer.layers import KINDS, Attention, Experts, LatentAttention, Mlp, kind

_LARGEST = 2**40


def in_short(file: LlmFile, dims: Dims) -> tuple[list[Group], Around]:
    """The layers of a file in the short form: one table of dimensions, and what most models add to it."""
    moe, mla, window = file.moe, file.mla, file.window
    if file.layers or file.blocks:
        raise SheetError("[layers] and [[blocks]] need [model], not [dims]; see models/README.md")
    if moe and moe.dense_layers == dims.L:
        raise SheetError(f"key 'moe.dense_layers' is {dims.L}, all layers dims.L, so that none has experts; leave [moe] out, or give less")
    plain, windows = moe.dense_layers if moe else dims.L, window.layers if window else 0
    for count, what in ((plain if moe else 0, "moe.dense_layers"), (windows, "window.layers")):
        if count > dims.L:
            raise SheetError(f"key {what!r} is {count}, more than the {dims.L} layers dims.L")
    if mla and window:
        raise SheetError("[mla] and [window] together are no short form; write the layers out, see models/README.md")
    every: Kind = Attention(dims.N, dims.K, dims.H)
    if mla:
        every = LatentAttention(dims.N, mla.q_rank, mla.kv_rank, mla.nope, mla.rope, mla.v)
    windowed = Attention(dims.N, dims.K, dims.H, window=window.size) if window else every
    dense: Kind = Mlp(dims.F, gated=dims.gated)
    routed = Experts(moe.E, moe.k, moe.F, shared=moe.F * moe.shared or None, gated=dims.gated) if moe else dense
    ends = pairwise(sorted({0, windows, plain, dims.L}))
    return [(b - a, [windowed if a < windows else every, dense if a < plain else routed]) for a, b in ends], Around(dims.V, dims.tied)


def written_out(file: LlmFile, m: ModelTable) -> tuple[list[Group], Around]:
    """The layers of a file that writes them out."""
    if file.moe or file.mla or file.window:
        raise SheetError("[moe], [mla] and [window] belong to the short form [dims]; beside [model] write the layers out")
    for table in file.layers.values():
        if table.get("kind") in KINDS:
            refuse_second(KINDS[str(table["kind"])], file.name, m.tied)
    lacking = [found for name, given in file.layers.items() for found in _lacking(f"layers.{name}", given)]
    if len(lacking) > 1:
        raise SheetError(f"keys {', '.join(f'{key!r} ({meaning})' for key, meaning in lacking)} are missing; see models/README.md")
    kinds = {name: kind_of(f"layers.{name}", given) for name, given in file.layers.items()}
    used = [*(name for block in file.blocks for name in block.layers), *m.before, *m.after]
    for name in used:
        if name not in kinds:
            raise SheetError(f"key 'blocks.layers': there is no [layers.{short(name)}]; {nearest(name, kinds)}")
    for name in kinds:
        if name not in used:
            raise SheetError(f"[layers.{name}] stands in no block; add it to a [[blocks]], or leave it out")
    blocks: list[Group] = [(block.count, [kinds[name] for name in block.layers]) for block in file.blocks]
    if sum(count for count, _ in blocks) != m.L:  # else a group is a layer, whatever stands in it
        blocks = layered(blocks)
    before, after = (tuple(kinds[name] for name in names) for names in (m.before, m.after))
    return blocks, Around(m.V, m.tied, m.positions, m.norm, m.layer_norm, m.head_bias, m.D_emb, before, after)


def kind_of(where: str, given: Mapping[str, Any]) -> Kind:
    """A layer of a file, from its table at a place such as ``layers.mlp``.

    Raises SheetError naming file and key.
    """
    if "kind" not in given:
        raise SheetError(f"key '{where}.kind' is missing; give e.g. kind = \"attention\"")
    try:
        of = kind(str(given["kind"]))
        known = {f.name: f for f in fields(of)}
        for key in given:
            if key != "kind" and key not in known:
                raise SheetError(f"unknown key {key!r}; {nearest(key, [*known, 'kind'])}")
            if isinstance(given[key], int) and given[key] > _LARGEST:
                raise SheetError(f"{key} = {short(given[key], 20)} is no size; give at most {_LARGEST}")
        missing = next(_lacking("", given), None)
        if missing:
            raise SheetError(f"key {missing[0]!r} is missing: {missing[1]}")
        return of(**{key: v for key, v in given.items() if key != "kind"})
    except SymroofError as problem:
        raise SheetError(f"[{where}]: {problem}") from None


def _lacking(where: str, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The keys that the table of a layer lacks, with what they mean."""
    before = f"{where}." if where else ""
    named = given.get("kind")
    if named is None:
        yield f"{before}kind", 'e.g. kind = "attention"'
    of = KINDS.get(named) if isinstance(named, str) else None
    for f in fields(of) if of else ():
        if of and isinstance(f.default, sp.Expr) and f.name not in given and f.name not in of.follows:
            yield f"{before}{f.name}", getattr(f.default, "meaning", "a size")
