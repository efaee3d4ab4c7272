"""Layouts: how the chips of a slice become mesh axes, which bandwidth each axis has then, and which meshes a model can be split over.

Groups are laid out innermost first. On a torus a group takes whole physical axes or parts of them; a part has no
wrap-around link, and groups that are strided along an axis share its links. Behind a switch a group has the links of a
chip; across nodes it has the network of those of its chips that are in one node, if that is slower.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import prod
from typing import Any

from sympy import divisors

from symroof.algebra.symbols import A_X, A_Z, W_X, W_Y, D, L, Symbol, W_dcn, W_ici, X, Y, Z, n
from symroof.sheets.chips import Chip, Slice
from symroof.sheets.llms import Llm
from symroof.sheets.sheet import Sheet
from symroof.workloads.training_memory import microbatches

HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Rate:
    """What a chip reaches in a collective over a group [byte/s]: gathering and reducing, and all to all."""

    gather: Fraction
    all_to_all: Fraction


def rates(chip: Chip, where: Slice, groups: tuple[int, ...]) -> tuple[Rate, ...] | None:
    """The rates of groups that together fill a slice, innermost first; None if the chip has no network and needs one."""
    if W_ici not in chip.values:
        return None
    return _switched(chip, groups) if "switch" in chip.links else _torus(chip.values[W_ici], where, groups)


def _switched(chip: Chip, groups: tuple[int, ...]) -> tuple[Rate, ...] | None:
    link, stride, found = Fraction(chip.values[W_ici]), 1, []
    for size in groups:
        inside = not chip.domain or size * stride <= chip.domain or size == 1
        if not inside and W_dcn not in chip.values:
            return None
        network = link if inside else Fraction(chip.values[W_dcn])
        found.append(Rate(min(link, network * (1 if inside else max(1, chip.domain // stride))), min(link, network)))
        stride *= size
    return tuple(found)


# -- tori
def _torus(link: Fraction, where: Slice, groups: tuple[int, ...]) -> tuple[Rate, ...] | None:
    lanes = tuple((size, ring) for size, ring in zip(where.shape, where.rings, strict=True) if size > 1)
    return tuple(Rate(g * link, a * link) for g, a in _best(lanes, groups)) if lanes or prod(groups) == 1 else None


@lru_cache(maxsize=4096)
def _best(lanes: tuple[tuple[int, bool], ...], groups: tuple[int, ...]) -> tuple[tuple[Fraction, Fraction], ...]:
    """The shares of one axis' bandwidth that every group gets, where together they gather fastest."""
    return min(_laid(lanes, (1,) * len(lanes), groups), key=lambda found: tuple(sum(1 / share[i] for share in found) for i in (0, 1)))


def _laid(lanes: tuple[tuple[int, bool], ...], strides: tuple[int, ...], groups: tuple[int, ...]) -> Iterator[tuple[Any, ...]]:
    """The shares of every way to lay out groups, one around the other."""
    if not groups:
        yield ()
        return
    for way in _factors(tuple(size // s for (size, _), s in zip(lanes, strides, strict=True)), groups[0]):
        around = tuple(s * f for s, f in zip(strides, way, strict=True))
        for rest in _laid(lanes, around, groups[1:]):
            yield (_shares(lanes, strides, way), *rest)


def _factors(left: tuple[int, ...], size: int) -> Iterator[tuple[int, ...]]:
    """The ways to take ``size`` chips from what is left of each physical axis."""
    if not left:
        if size == 1:
            yield ()
        return
    for f in divisors(left[0]):
        if size % f == 0:
            for rest in _factors(left[1:], size // f):
                yield (f, *rest)


def _shares(lanes: tuple[tuple[int, bool], ...], strides: tuple[int, ...], way: tuple[int, ...]) -> tuple[Fraction, Fraction]:
    """Of a group: the axes it gathers over, as if each were whole, and the same for what goes from all to all."""
    usable = [(f, (Fraction(1) if ring and f == n else HALF) / s) for (n, ring), s, f in zip(lanes, strides, way, strict=True) if f > 1]
    if not usable:
        return Fraction(1), Fraction(1)
    chips = prod(f for f, _ in usable)
    slowest = min(share * 4 / (f - Fraction(1, f) if f % 2 else f) for f, share in usable)
    return sum((share for _, share in usable), Fraction(0)), slowest * (chips - 1) / chips


# -- legal meshes
def serving_meshes(model: Llm, where: Chip, of: Slice) -> Iterator[Sheet]:
    """Every legal mesh of a slice: X divides the experts, Y Z the widths, Y the KV heads, or is a multiple of them: then they are copied.

    Z divides the query heads that share a KV head on a chip, or pads them by at most a third, as PaLM's 48 to 64; the time of
    padding is left out.
    """
    for y in reversed(divisors(of.chips)):
        for z in divisors(of.chips // y):
            x = of.chips // (y * z)
            if not _servable(model, x, y, z):
                continue
            outer, inner = rates(where, of, (y * z, x)), rates(where, of, (z, y, x))
            if outer and inner:
                known = {W_Y: outer[0].gather, A_Z: inner[0].all_to_all, W_X: outer[1].gather, A_X: outer[1].all_to_all}
                yield _mesh(where, of, {X: x, Y: y, Z: z}, known)


def training_meshes(model: Llm, where: Chip, of: Slice, sequences: int) -> Iterator[Sheet]:
    """Every legal mesh: Y divides the KV heads and the widths, Z the layers, X the experts and, times microbatches, the sequences."""
    for z in divisors(of.chips):
        for y in divisors(of.chips // z):
            x = of.chips // (y * z)
            if int(model[L]) % z or sequences % x or not _trainable(model, x, y):
                continue
            if found := rates(where, of, (y, x, z)):
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
