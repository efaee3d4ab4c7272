"""Layouts: how the chips of a slice become mesh axes, and which bandwidth each axis has then.

Groups are laid out innermost first. On a torus a group takes whole physical axes or parts of them; a part has no
wrap-around link, and groups that are strided along an axis share its links. Behind a switch a group has the links of a
chip; across nodes it has the network of those of its chips that are in one node, if that is slower.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import prod
from typing import Any

from symroof.algebra.symbols import W_dcn, W_ici
from symroof.sheets.chips import Chip, Slice

HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Rate:
    """What a chip reaches in a collective over a group [byte/s]: gathering and reducing, and all to all."""

    gather: Fraction
    all_to_all: Fraction


def divisors(number: int) -> tuple[int, ...]:
    """All divisors, the smallest first.

    >>> divisors(12)
    (1, 2, 3, 4, 6, 12)
    """
    return tuple(d for d in range(1, number + 1) if number % d == 0)


def rates(chip: Chip, where: Slice, groups: tuple[int, ...]) -> tuple[Rate, ...] | None:
    """The rates of groups that together fill a slice, innermost first; None if the chip has no network and needs one."""
    if W_ici not in chip.values:
        return None
    return _switched(chip, groups) if _switch(chip) else _torus(chip.values[W_ici], where, groups)


def _switch(chip: Chip) -> bool:
    return "switch" in chip.links


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
    for way in _factors(tuple(n // s for (n, _), s in zip(lanes, strides, strict=True)), groups[0]):
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
