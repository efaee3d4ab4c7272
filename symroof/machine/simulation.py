"""Chips that really send parts of a volume to each other, hop by hop: what the formulas of collectives are held against.

A chip is a tuple of digits, one for every axis of its fabric; sizes are exact shares of the volume V. Nothing here knows a formula.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

Chip = tuple[int, ...]
#: A chip that holds a part, and whose numbers are added up in it.
Holding = tuple[Chip, Hashable, frozenset[Chip]]


@dataclass(frozen=True)
class Wires:
    """``size`` chips "ring" or "line" long, or so many children of a "switch", whose inner axes share what a child sends."""

    how: str
    size: int

    def way(self, a: int, b: int, half: int) -> list[tuple[int, int]]:
        """The hops from a to b as (digit, direction), the shortest way; of two alike one for each ``half``."""
        if self.how == "switch":
            return [(b, 0)] * (a != b)
        right = (b - a) % self.size
        turned = 2 * right + half > self.size if self.how == "ring" else b < a
        hops = self.size - right if turned else right
        step = -1 if turned else 1
        return [((a + step * i) % self.size, step) for i in range(1, hops + 1)]


@dataclass(frozen=True)
class Send:
    """A ``part`` of so much of V crosses from chip to chip along one axis in a step."""

    step: int
    part: Hashable
    size: Fraction
    axis: int
    direction: int
    source: Chip
    target: Chip

    def back(self, steps: int) -> Send:
        """The same crossing the other way, when so many steps are played backwards."""
        return replace(self, step=steps + 1 - self.step, direction=-self.direction, source=self.target, target=self.source)


@dataclass(frozen=True)
class Run:
    """What a simulation took: how many ``steps``, and of each axis the share of V on its ``busiest`` link."""

    steps: int
    busiest: tuple[Fraction, ...]

    def __add__(self, other: Run) -> Run:
        """One after the other."""
        return Run(self.steps + other.steps, tuple(a + b for a, b in zip(self.busiest, other.busiest, strict=True)))


@dataclass(frozen=True)
class Fabric:
    """Chips along axes, the innermost first."""

    axes: tuple[Wires, ...]

    @property
    def chips(self) -> list[Chip]:
        """All of them."""
        return list(itertools.product(*(range(axis.size) for axis in self.axes)))

    def route(self, source: Chip, target: Chip, order: Iterable[int], half: int) -> Iterator[tuple[int, int, Chip, Chip]]:
        """The hops from chip to chip, one axis after the other in an order: (axis, direction, from, to)."""
        at = source
        for i in order:
            for digit, direction in self.axes[i].way(at[i], target[i], half):
                to = (*at[:i], digit, *at[i + 1 :])
                yield i, direction, at, to
                at = to

    def sent(self, part: Hashable, size: Fraction, source: Chip, targets: Iterable[Chip], order: Iterable[int], half: int) -> list[Send]:
        """A part on its way to several chips; where their ways are one it is sent once."""
        order, found = tuple(order), set()
        for target in targets:
            found |= {Send(step, part, size, *hop) for step, hop in enumerate(self.route(source, target, order, half), start=1)}
        return sorted(found, key=lambda s: s.step)

    def balanced(self) -> list[tuple[tuple[int, ...], Fraction]]:
        """Orders of axes, each with a share of what is gathered, so that all axes are equally busy; of levels the outermost is first.

        With two axes a share of ``r`` goes along the first axis and then the second, 1 - r the other way round; more are alike.
        """
        axes = range(len(self.axes))
        if self.axes[0].how == "switch":
            return [(tuple(reversed(axes)), Fraction(1))]
        orders = [(*axes[i:], *axes[:i]) for i in axes]
        if len(orders) != 2:
            return [(order, Fraction(1, len(orders))) for order in orders]
        a, b = (axis.size for axis in self.axes)
        first = Fraction(b - Fraction(a * b - 1, 2 * (a - 1)), b - 1)
        return [(orders[0], first), (orders[1], 1 - first)]

    def run(self, sends: Iterable[Send], start: Iterable[Holding], wanted: Iterable[Holding]) -> Run:
        """Play what is sent, step by step.

        Raises ArithmeticError if a chip sends what it does not hold, adds a number twice, or lacks in the end what is wanted.
        """
        held: dict[tuple[Chip, Hashable], frozenset[Chip]] = {(chip, part): what for chip, part, what in start}
        steps: dict[int, list[Send]] = {}
        for send in sends:
            steps.setdefault(send.step, []).append(send)
        busy: dict[tuple[int, Hashable], Fraction] = {}
        for _, group in sorted(steps.items()):
            arriving = [(send, held.get((send.source, send.part), frozenset())) for send in group]
            for send, what in arriving:
                here = (send.target, send.part)
                if not what or what & held.get(here, frozenset()):
                    raise ArithmeticError(f"{send.source} sends {send.part} to {send.target}, and has none of it or it is there already")
                held[here] = held.get(here, frozenset()) | what
                for link in self._links(send):
                    busy[send.axis, link] = busy.get((send.axis, link), Fraction(0)) + send.size
        if any(held.get((chip, part)) != what for chip, part, what in wanted):
            raise ArithmeticError("a chip lacks in the end what it should hold")
        busiest = [max((size for (at, _), size in busy.items() if at == i), default=Fraction(0)) for i in range(len(self.axes))]
        return Run(max(steps, default=0), tuple(busiest))

    def _links(self, send: Send) -> list[Hashable]:
        """What a crossing keeps busy: a link in one direction; of a switch the way out of one child and into another."""
        if self.axes[send.axis].how == "switch":
            return [("out", send.source[send.axis :]), ("in", send.target[send.axis :])]
        return [(send.source, send.direction)]
