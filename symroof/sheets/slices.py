"""Slices: how many chips one gets and how they lie: boxes of a torus as they are sold, any number behind switches."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

from symroof.errors import UnknownName, short
from symroof.machine.layouts import Axis, divisors

_THOUSANDS = re.compile(r" *\d{1,3}(,\d{3})+ *")
#: More chips than anybody has.
MOST = 1 << 24


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

    @property
    def physical(self) -> tuple[Axis, ...]:
        """Its physical axes that are longer than one chip."""
        return tuple(Axis(size, ring) for size, ring in zip(self.shape, self.rings, strict=True) if size > 1)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Switched:
    """Chips behind switches: any number; ``domain`` of them see each other at the speed of their links (0: all).

    ``listed`` are the counts that a search looks at: by default powers of two in a domain, the domain, and powers of two of it.
    """

    domain: int = 0
    listed: tuple[int, ...] = ()

    def usual(self, most: float = 1024) -> tuple[Slice, ...]:
        """The counts that are looked at when none is said, up to so many chips, and that many too if it is a whole number."""
        inside = self.domain or 8
        counts = {*self.listed} or {2**i for i in range(inside.bit_length())} | {inside}
        last = max(counts)
        while last * 2 <= min(most, MOST):
            last *= 2
            counts.add(last)
        exact = {int(most)} if most != 1024 and 1 <= most <= MOST and most == int(most) else set()
        return tuple(self.of(n) for n in sorted(counts | exact) if n <= most)

    def find(self, wanted: tuple[int, ...]) -> Slice | None:
        """Any number of chips; a shape (2x3) is as many."""
        return self.of(prod(wanted)) if wanted and all(wanted) and prod(wanted) <= MOST else None

    def smallest(self, chips: float) -> Slice | None:
        """The smallest usual count with at least that many."""
        return next((s for s in self.usual(max(1024, 2 * chips)) if s.chips >= chips), None) if chips <= MOST / 2 else None

    @staticmethod
    def of(chips: int) -> Slice:
        """So many chips."""
        return Slice(str(chips), (chips,), (True,))

    @property
    def said(self) -> str:
        """What there is, for a message."""
        return f"any whole number of chips up to {MOST}, e.g. 6, 12 or 2x8"


@dataclass(frozen=True)
class Sold:
    """Slices of a torus that are sold: the ``listed`` ones and, with ``cube``, boxes of whole cubes of that side up to ``most`` chips."""

    listed: tuple[Slice, ...]
    cube: int = 0
    most: int = 0

    def usual(self, most: float = float("inf")) -> tuple[Slice, ...]:
        """The listed ones of at most so many chips, the smallest first."""
        return tuple(s for s in self.listed if s.chips <= most)

    def find(self, wanted: tuple[int, ...]) -> Slice | None:
        """The slice of a shape, in any order of axes, or of a number of chips: of several boxes the roundest."""
        fitting = [s for s in self.listed if sorted(s.shape) == sorted(wanted) or wanted == (s.chips,)]
        if fitting:
            return next((s for s in fitting if s.shape == wanted), fitting[0])
        boxes = [wanted] if len(wanted) == 3 else [*self._boxes(wanted[0])] if len(wanted) == 1 else []
        legal = [box for box in boxes if self.cube and all(n and n % self.cube == 0 for n in box) and prod(box) <= self.most]
        found = min(legal, key=max, default=None)
        return Slice("x".join(map(str, found)), found, (True,) * len(found)) if found else None

    def smallest(self, chips: float) -> Slice | None:
        """The smallest listed one with at least that many."""
        return next((s for s in self.listed if s.chips >= chips), None)

    def _boxes(self, chips: int) -> Iterator[tuple[int, ...]]:
        """The boxes of whole cubes with so many chips, their sides in order."""
        cubes, rest = divmod(chips, self.cube**3) if self.cube and 0 < chips <= self.most else (0, 1)
        for a in divisors(cubes) if not rest else ():
            yield from (tuple(n * self.cube for n in (a, b, cubes // a // b)) for b in divisors(cubes // a) if a <= b <= cubes // a // b)

    @property
    def said(self) -> str:
        """What there is, for a message."""
        more = f", and boxes of whole {self.cube}x{self.cube}x{self.cube} up to {self.most} chips" if self.cube else ""
        return ", ".join(s.name for s in self.listed) + more


def wanted(shape: object) -> tuple[int, ...]:
    """``"4x8"``, 32 or ``"16,384"`` as numbers; what is none is 0."""
    text = str(shape)[:24].lower()
    text = text.replace(",", "") if _THOUSANDS.fullmatch(text) else text
    return tuple(int(size) if size.strip().isdecimal() and size.isascii() else 0 for size in text.split("x"))


def found(of: Switched | Sold, shape: object, name: str) -> Slice:
    """The slice of a shape or number.

    Raises UnknownName with what there is.
    """
    slice_ = None if isinstance(shape, bool) else of.find(wanted(shape))
    if slice_ is None:
        raise UnknownName(f"{name} has no slice {short(shape)}; there is {of.said}")
    return slice_


def smallest(of: Switched | Sold, chips: float, name: str) -> Slice:
    """The smallest usual slice with at least that many chips.

    Raises UnknownName if the largest is too small.
    """
    slice_ = of.smallest(chips)
    if slice_ is None:
        last: Sequence[Slice] = of.usual()
        largest = f"the largest slice of {name}, {last[-1].name} = {last[-1].chips}" if isinstance(of, Sold) else "anybody has"
        raise UnknownName(f"{float(chips):.4g} chips are more than {largest}")
    return slice_
