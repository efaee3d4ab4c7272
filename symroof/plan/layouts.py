"""Which meshes a model can be split over on a slice, each with the bandwidths that :mod:`symroof.sheets.placed` says it has there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from symroof.algebra.symbols import A_X, A_Z, W_X, W_Y, D, L, Symbol, X, Y, Z, microbatches, n
from symroof.machine.layouts import divisors
from symroof.sheets.chips import Chip
from symroof.sheets.llms import Llm
from symroof.sheets.sheet import Sheet
from symroof.sheets.slices import Slice


def serving_meshes(model: Llm, where: Chip, of: Slice) -> Iterator[Sheet]:
    """Every legal mesh of a slice: X divides the experts, Y Z the widths, Y the KV heads, or is a multiple of them: then they are copied.

    Z divides the query heads that share a KV head on a chip, or pads them by at most a third, as PaLM's 48 to 64; the time of
    padding is left out.
    """
    placed = where.on(of)
    for y in reversed(divisors(of.chips)):
        for z in divisors(of.chips // y):
            x = of.chips // (y * z)
            if not _servable(model, x, y, z):
                continue
            outer, inner = placed.rates((y * z, x)), placed.rates((z, y, x))
            if outer and inner:
                known = {W_Y: outer[0].gather, A_Z: inner[0].all_to_all, W_X: outer[1].gather, A_X: outer[1].all_to_all}
                yield _mesh(where, of, {X: x, Y: y, Z: z}, known)


def training_meshes(model: Llm, where: Chip, of: Slice, sequences: int) -> Iterator[Sheet]:
    """Every legal mesh: Y divides the KV heads and the widths, X the experts and, times microbatches, the sequences.

    Z stages of the pipeline need not be of one length, but none is empty: 126 layers are 4 stages of 32, 32, 32 and 30.
    """
    placed, deep = where.on(of), int(model[L])
    for z in divisors(of.chips):
        for y in divisors(of.chips // z):
            x = of.chips // (y * z)
            if z > deep or -(-deep // -(-deep // z)) != z or sequences % x or not _trainable(model, x, y):
                continue
            if found := placed.rates((y, x, z)):
                known = {W_Y: found[0].gather, W_X: found[1].gather, A_X: found[1].all_to_all}
                yield from (_mesh(where, of, {X: x, Y: y, Z: z, microbatches: m}, known) for m in divisors(sequences // x))


def _mesh(where: Chip, of: Slice, ways: Mapping[Symbol, int], known: Mapping[Symbol, Fraction]) -> Sheet:
    """A chip with the axes of a mesh and the rates along them."""
    name = " ".join([of.name, *(f"{'m' if axis == microbatches else axis}{count}" for axis, count in ways.items())])
    values = {**where.values, **known, n: Fraction(of.chips), **{axis: Fraction(count) for axis, count in ways.items()}}
    return Sheet(name, "", values, where.defaults)


def _size(model: Llm, letter: Any) -> int:
    return int(model[letter])


def _servable(model: Llm, x: int, y: int, z: int) -> bool:
    """Whether every layer can be split so to serve."""
    for kind, _ in model.stack.structure:
        experts, queries, shared = (part and _size(model, part) for part in map(kind.part, ("experts", "queries", "heads")))
        if experts is not None and experts % x:
            return False
        if queries is not None:
            groups = queries if shared is None else shared
            left = queries // (y if shared is None else max(y, groups))
            padded = -(-left // z) * z
            if (groups % y and y % groups) or queries % y or left < 1 or 3 * padded > 4 * left:
                return False
        if any(_size(model, width) % (y * z) for width in kind.even()):
            return False
    return _size(model, D) % (y * z) == 0


def _trainable(model: Llm, x: int, y: int) -> bool:
    """Whether every layer can be split so to train."""
    split: set[Any] = {D}
    for kind, _ in model.stack.structure:
        heads, experts = kind.part("heads") or kind.part("queries"), kind.part("experts")
        if experts is not None and _size(model, experts) % x:
            return False
        split |= {*kind.even(), *([] if heads is None else [heads])}
    return all(_size(model, letter) % y == 0 for letter in split)
