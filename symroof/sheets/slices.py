"""Legal slices: which shapes of a chip one can get, and which of their axes wrap around."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True)
class Slice:
    """A shape such as ``4x4``; ``rings`` says of each axis whether it has wrap-around links (a switch has no axes)."""

    name: str
    shape: tuple[int, ...]
    rings: tuple[bool, ...]

    @property
    def chips(self) -> int:
        """How many chips."""
        return prod(self.shape)

    @property
    def axes(self) -> int:
        """The axes a collective can run over: those longer than one chip, at least one."""
        return max(sum(size > 1 for size in self.shape), 1)

    @property
    def wrapped(self) -> bool:
        """Whether every axis that is longer than one chip is a ring."""
        return all(ring for ring, size in zip(self.rings, self.shape, strict=True) if size > 1)

    def __str__(self) -> str:
        return self.name


def parse_shape(name: str) -> tuple[int, ...]:
    """``4x8`` as (4, 8)."""
    return tuple(int(size) for size in name.lower().split("x"))


def same_shape(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Whether two shapes are one, in any order of their axes: 2x4 is 4x2."""
    return sorted(a) == sorted(b)


def rings(shape: tuple[int, ...], wrap: int | None, axes: int) -> tuple[bool, ...]:
    """Which axes are rings: with a switch (no ``wrap``) all; on a 2-D torus those that are multiples of ``wrap``.

    On a 3-D torus a slice has rings only if it consists of whole cubes, so every axis must be a multiple.
    """
    if wrap is None:
        return (True,) * len(shape)
    fits = tuple(size % wrap == 0 for size in shape)
    return fits if axes < 3 else (all(fits),) * len(shape)
