"""Layouts: how groups of chips lie on the axes of a torus, what links they share, and which part of an axis each has then.

Groups are laid out innermost first. A group takes whole physical axes or parts of them. A part goes round only if its chips go
round the whole ring; chips that are ``stride`` apart share the links between them with ``stride`` - 1 other groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import prod


@dataclass(frozen=True)
class Axis:
    """A physical axis: so many chips, with or without a link from the last to the first."""

    size: int
    ring: bool


@dataclass(frozen=True)
class Part:
    """What a group has of the physical axis number ``place``: ``size`` chips that are ``stride`` apart."""

    place: int
    axis: Axis
    size: int
    stride: Fraction

    @property
    def ring(self) -> bool:
        """Whether its chips go round a whole ring."""
        return self.axis.ring and self.size * self.stride == self.axis.size

    @property
    def share(self) -> Fraction:
        """What it has of both directions of the axis: all of a ring, half of a line, shared with the groups in between."""
        return (Fraction(1) if self.ring else Fraction(1, 2)) / self.stride


Layout = tuple[tuple[Part, ...], ...]


def divisors(number: int) -> tuple[int, ...]:
    """All divisors, the smallest first.

    >>> divisors(12)
    (1, 2, 3, 4, 6, 12)
    """
    small = [d for d in range(1, int(number**0.5) + 1) if number % d == 0]
    return tuple(dict.fromkeys((*small, *(number // d for d in reversed(small)))))


def layouts(axes: Sequence[Axis], groups: Sequence[int | tuple[int, ...]]) -> Iterator[Layout]:
    """Every way to lay out groups, one around the other; a group is a number of chips, or how many along each axis.

    >>> for layout in layouts((Axis(4, False), Axis(4, False)), (4, (2, 2))):
    ...     print([[part.size for part in group] for group in layout])
    [[2, 2], [2, 2]]
    """
    return _around(tuple(axes), (1,) * len(axes), tuple(groups))


@lru_cache(maxsize=4096)
def best(axes: tuple[Axis, ...], groups: tuple[int | tuple[int, ...], ...]) -> Layout | None:
    """The layout in which the groups together gather fastest, then send all to all fastest; None if there is none."""
    return min(
        layouts(axes, groups), key=lambda found: tuple(sum(1 / of(group) for group in found) for of in (gather, all_to_all)), default=None
    )


def gather(group: Sequence[Part]) -> Fraction:
    """Over how many axes a group gathers, as if each were a whole ring of its own; 1 for a chip by itself."""
    return sum((part.share for part in group), Fraction(0)) or Fraction(1)


def all_to_all(group: Sequence[Part]) -> Fraction:
    """The same for what goes from all to all: each byte crosses a quarter of a ring, and the slowest axis decides."""
    if not group:
        return Fraction(1)
    chips = prod(part.size for part in group)
    slowest = min(part.share * 4 / (part.size - Fraction(1, part.size) if part.size % 2 else part.size) for part in group)
    return slowest * (chips - 1) / chips


def joined(groups: Sequence[Part]) -> tuple[Part, ...]:
    """The parts that several groups have together: on one axis they are one part, its chips as far apart as the way they span."""
    found: dict[int, Part] = {}
    for part in groups:
        other = found.get(part.place)
        if other is None:
            found[part.place] = part
            continue
        size, span = other.size * part.size, max(other.size * other.stride, part.size * part.stride)
        found[part.place] = Part(part.place, part.axis, size, span / size)
    return tuple(found.values())


def _around(axes: tuple[Axis, ...], strides: tuple[int, ...], groups: tuple[int | tuple[int, ...], ...]) -> Iterator[Layout]:
    if not groups:
        yield ()
        return
    left = tuple(axis.size // s for axis, s in zip(axes, strides, strict=True))
    for way in _ways(left, groups[0]):
        parts = tuple(Part(i, axes[i], f, Fraction(s)) for i, (f, s) in enumerate(zip(way, strides, strict=True)) if f > 1)
        for rest in _around(axes, tuple(s * f for s, f in zip(strides, way, strict=True)), groups[1:]):
            yield (parts, *rest)


def _ways(left: tuple[int, ...], group: int | tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """The ways to take a group from what is left of each axis."""
    if isinstance(group, tuple):
        if len(group) == len(left) and all(n % f == 0 for n, f in zip(left, group, strict=True)):
            yield group
        return
    if not left:
        if group == 1:
            yield ()
        return
    for f in divisors(left[0]):
        if group % f == 0:
            for rest in _ways(left[1:], group // f):
                yield (f, *rest)
