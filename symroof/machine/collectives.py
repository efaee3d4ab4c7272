"""Collectives: the kinds of them, what each costs over rings and through switches, and beside it a simulation that really does it.

A kind is a class: formulas for :meth:`~Exchange.on_rings` and :meth:`~Exchange.on_switch` with their hops, and :meth:`~Exchange.runs`,
the same exchange played on a :class:`~symroof.machine.simulation.Fabric` chip by chip. A word in the table at the end makes it known.
A test holds every kind it finds there against its simulation. What a user binds an axis to is in :mod:`symroof.machine.links`.
Source of the formulas, and of the notation ``AllGather_Y(In)``: How to Scale Your Model, part 3 (rings) and part 12 (switches).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import sympy as sp

from symroof.algebra import show
from symroof.algebra.cost import Cost, largest, quantity
from symroof.algebra.units import Unit
from symroof.errors import InputError, UnitError, UnknownName, nearest, short
from symroof.machine.simulation import Chip, Fabric, Holding, Run, Send, Wires

BYTE, RATE, SECOND = Unit.of("byte"), Unit.of("byte/s"), Unit.of("s")


@dataclass(frozen=True)
class Lane:
    """``count`` alike physical axes of ``size`` chips: ``bandwidth`` [byte/s] is both directions of one, ``hop`` [s] a link's latency."""

    count: sp.Expr
    size: sp.Expr
    bandwidth: Cost
    wrap: bool
    hop: Cost

    @property
    def usable(self) -> Cost:
        """What one axis carries [byte/s]: both directions, but half of it where the end of a line has one link only."""
        return self.bandwidth if self.wrap else self.bandwidth / 2

    def crossing(self, exact: bool) -> sp.Expr:
        """What an AllToAll asks of one axis: a mean way of size/4 hops round a ring, (size - 1/size)/4 if it is odd."""
        odd = exact and self.size.is_Integer and self.size % 2
        return (self.size - 1 / self.size) / 4 if odd else self.size / 4

    def hops(self, exact: bool) -> sp.Expr:
        """Hops to the farthest chip: size/2 each way round a ring, size - 1 along a line."""
        if not self.wrap:
            return self.count * (self.size - 1)
        return self.count * (sp.floor(self.size / 2) if exact and self.size.is_Integer else self.size / 2)


class Exchange(ABC):
    """A kind of exchange of a volume V [byte]; of rings the axes work together, on every level of a network its chips do.

    ``exact`` keeps factors such as (N - 1)/N, of what is a chip's own already.
    """

    name: ClassVar[str] = ""
    #: Whether every chip sends every other something of its own, so that bytes take several hops where they cannot go directly.
    by_pairs: ClassVar[bool] = False

    @abstractmethod
    def runs(self, fabric: Fabric, sharp: bool = False) -> tuple[Run, ...]:
        """The exchange played on a fabric: the least busy of the runs has the bandwidth of the formula, the shortest its hops."""

    def passes(self, sharp: bool = False) -> int:
        """How often the volume passes; ``sharp``: switches add up what goes through them."""
        return 1

    def on_rings(self, volume: Cost, lanes: tuple[Lane, ...], exact: bool) -> Cost:
        """V / (axes W) [s]: all axes carry their share at once."""
        rate = quantity(sp.Add(*[lane.count * lane.usable.expr for lane in lanes]), RATE)
        return scaled(volume / rate, self.passes() * others(sp.Mul(*[lane.size**lane.count for lane in lanes]), exact))

    def ring_hops(self, lanes: tuple[Lane, ...], exact: bool) -> Cost:
        """The latency [s]: the hops to the farthest chip."""
        return self.passes() * quantity(sp.Add(*[lane.hop.expr * lane.hops(exact) for lane in lanes]), SECOND)

    def on_switch(self, volume: Cost, ways: sp.Expr, rate: Cost, sharp: bool, exact: bool) -> Cost:
        """V/W [s], as each of so many ways sends and receives its share."""
        return scaled(volume / rate, self.passes(sharp) * others(ways, exact))

    def on_level(self, volume: Cost, ways: sp.Expr, units: sp.Expr) -> Cost:
        """What a child of a tree's level moves, of so many ``ways`` that are ``units`` with the levels further out."""
        return volume

    def beyond(self, inner: sp.Expr, size: sp.Expr, chips: sp.Expr) -> sp.Expr:
        """What V is divided by on an axis of ``size`` of ``chips``, where each chip has a bandwidth of its own: the ``inner`` ones."""
        return inner

    def torus_time(self, volume: Cost, lanes: tuple[Lane, ...], exact: bool = False, latency: bool = False) -> Cost:
        """The time [s] over all lanes together; zero over none."""
        if not lanes:
            return quantity(sp.Integer(0), SECOND)
        took = self.on_rings(volume, lanes, exact)
        return self.ring_hops(lanes, exact).named("latency") | took.named("bandwidth") if latency else took


class AllGather(Exchange):
    """Every chip gets what every other has; V is the gathered array."""

    name = "AllGather"

    def runs(self, fabric: Fabric, sharp: bool = False) -> tuple[Run, ...]:
        """Every chip's part goes to all others, along axes in orders that keep all of them busy."""
        sends, parts = self._sent(fabric)
        start = [(part[0], part, frozenset({part[0]})) for part in parts]
        wanted = [(chip, part, frozenset({part[0]})) for part in parts for chip in fabric.chips]
        return (fabric.run(sends, start, wanted),)

    @staticmethod
    def _sent(fabric: Fabric) -> tuple[list[Send], list[tuple[Chip, int]]]:
        """What is sent, and the parts of it by owner and way: every order of axes in two halves."""
        chips, found, parts = fabric.chips, list[Send](), list[tuple[Chip, int]]()
        for way, (order, share, half) in enumerate((order, share, half) for order, share in fabric.balanced() for half in (0, 1)):
            for owner in chips:
                parts.append((owner, way))
                found += fabric.sent((owner, way), share / (2 * len(chips)), owner, chips, order, half)
        return found, parts


class ReduceScatter(AllGather):
    """Every chip gets the sum of its part; V is the array to be reduced. An AllGather played backwards."""

    name = "ReduceScatter"

    def runs(self, fabric: Fabric, sharp: bool = False) -> tuple[Run, ...]:
        """Partial sums walk back the ways of the gather, adding what they pass."""
        sends, parts = self._sent(fabric)
        steps, everyone = max((send.step for send in sends), default=0), frozenset(fabric.chips)
        start = [(chip, part, frozenset({chip})) for part in parts for chip in everyone]
        wanted = [(part[0], part, everyone) for part in parts]
        return (fabric.run([send.back(steps) for send in sends], start, wanted),)


class AllReduce(Exchange):
    """Every chip gets the sum of all; V is the array to be reduced. A ReduceScatter and an AllGather, or sums in the switches."""

    name = "AllReduce"

    def passes(self, sharp: bool = False) -> int:
        """Twice, unless the switches add up."""
        return 1 if sharp else 2

    def on_switch(self, volume: Cost, ways: sp.Expr, rate: Cost, sharp: bool, exact: bool) -> Cost:
        """2 V/W [s]; V/W, a chip's own part too, if the switch adds up."""
        return volume / rate if sharp else super().on_switch(volume, ways, rate, sharp, exact)

    def runs(self, fabric: Fabric, sharp: bool = False) -> tuple[Run, ...]:
        """A scatter and then a gather; with ``sharp`` every child sends its sum into its switch once, and gets that of all once."""
        if not sharp:
            return (ReduceScatter().runs(fabric)[0] + AllGather().runs(fabric)[0],)
        sums, busiest = {chip: frozenset({chip}) for chip in fabric.chips}, []
        for _ in fabric.axes:  # up through the levels
            sent: dict[Chip, list[frozenset[Chip]]] = {}
            for child, what in sums.items():
                sent.setdefault(child[1:], []).append(what)
            busiest.append(Fraction(len(sums), sum(map(len, sent.values()))))
            sums = {switch: frozenset().union(*parts) for switch, parts in sent.items()}
        if sums != {(): frozenset(fabric.chips)}:
            raise ArithmeticError("the switches did not add up all chips")
        return (Run(len(fabric.axes), tuple(busiest)),)


class AllToAll(Exchange):
    """Every chip sends every other something of its own; V is the whole array over the chips that take part."""

    name = "AllToAll"
    by_pairs = True

    def on_rings(self, volume: Cost, lanes: tuple[Lane, ...], exact: bool) -> Cost:
        """V max(sizes) / (4 N W) [s]: each chip sends V/N over the mean way, with the bandwidth of one axis."""
        chips = sp.Mul(*[lane.size**lane.count for lane in lanes])
        return either(volume / lane.usable * (lane.crossing(exact) / chips) for lane in lanes)

    def on_switch(self, volume: Cost, ways: sp.Expr, rate: Cost, sharp: bool, exact: bool) -> Cost:
        """V / (N W) [s]."""
        return scaled(volume / rate, 1 / ways * others(ways, exact))

    def on_level(self, volume: Cost, ways: sp.Expr, units: sp.Expr) -> Cost:
        """What a child sends to its siblings, of what it sends to all."""
        return scaled(volume, ways / units)

    def beyond(self, inner: sp.Expr, size: sp.Expr, chips: sp.Expr) -> sp.Expr:
        """All that go elsewhere."""
        return chips / size

    def runs(self, fabric: Fabric, sharp: bool = False) -> tuple[Run, ...]:
        """From every chip to every other, axis by axis along shortest ways."""
        chips = fabric.chips
        parts = [(a, b, half) for a in chips for b in chips for half in (0, 1)]
        size = Fraction(1, 2 * len(chips) ** 2)
        sends = [s for a, b, half in parts for s in fabric.sent((a, b, half), size, a, [b], range(len(fabric.axes)), half)]
        start, wanted = [(p[0], p, frozenset({p[0]})) for p in parts], [(p[1], p, frozenset({p[0]})) for p in parts]
        return (fabric.run(sends, start, wanted),)


class Permute(Exchange):
    """Every chip sends V to its neighbour."""

    name = "Permute"

    def on_rings(self, volume: Cost, lanes: tuple[Lane, ...], exact: bool) -> Cost:
        """2 V/W [s], one direction of one axis; exact 1/size of it goes the long way round a ring."""
        return either(volume / lane.bandwidth * (2 * others(lane.size, exact and lane.wrap)) for lane in lanes)

    def ring_hops(self, lanes: tuple[Lane, ...], exact: bool) -> Cost:
        """One hop."""
        return either(lane.hop for lane in lanes)

    def on_switch(self, volume: Cost, ways: sp.Expr, rate: Cost, sharp: bool, exact: bool) -> Cost:
        """V/W [s]."""
        return volume / rate

    def beyond(self, inner: sp.Expr, size: sp.Expr, chips: sp.Expr) -> sp.Expr:
        """Nothing: all of it crosses."""
        return sp.Integer(1)

    def runs(self, fabric: Fabric, sharp: bool = False) -> tuple[Run, ...]:
        """Straight to the next, of rings and lines along every axis by itself; or 1/size of it round the other side of a ring."""
        if fabric.axes[0].how == "switch":
            return (self._straight(fabric),)
        alone = [(self._straight(Fabric((axis,))), self._both_ways(axis)) for axis in fabric.axes]
        return tuple(Run(max(run.steps for run in found), tuple(run.busiest[0] for run in found)) for found in zip(*alone, strict=True))

    @staticmethod
    def _straight(fabric: Fabric) -> Run:
        chips = sorted(fabric.chips, key=lambda chip: chip[::-1])
        pairs = list(zip(chips, [*chips[1:], chips[0]], strict=True))[: -1 if fabric.axes[0].how == "line" else None]
        sends = [s for chip, to in pairs for s in fabric.sent(chip, Fraction(1), chip, [to], range(len(fabric.axes)), 0)]
        start, wanted = ([(at, chip, frozenset({chip})) for chip, at in ends] for ends in ([(c, c) for c, _ in pairs], pairs))
        return fabric.run(sends, start, wanted)

    def _both_ways(self, axis: Wires) -> Run:
        fabric, size, long = Fabric((axis,)), axis.size, Fraction(1, axis.size)
        if axis.how == "line":
            return self._straight(fabric)
        sends, start, wanted = list[Send](), list[Holding](), list[Holding]()
        for c in range(size):
            sends.append(Send(1, (c, "short"), 1 - long, 0, 1, (c,), ((c + 1) % size,)))
            sends += [Send(i, (c, "long"), long, 0, -1, ((c - i + 1) % size,), ((c - i) % size,)) for i in range(1, size)]
            for at, ends in ((c, start), ((c + 1) % size, wanted)):
                ends += [((at,), (c, way), frozenset({(c,)})) for way in ("short", "long")]
        return fabric.run(sends, start, wanted)


#: Every kind by its name.
EXCHANGES: dict[str, Exchange] = {kind.name: kind for kind in (AllGather(), ReduceScatter(), AllReduce(), AllToAll(), Permute())}


def exchange(name: str) -> Exchange:
    """A kind by its name.

    Raises UnknownName with the nearest.
    """
    if not isinstance(name, str) or name not in EXCHANGES:
        raise UnknownName(f"{short(name)} is no collective; {nearest(str(name), EXCHANGES)}")
    return EXCHANGES[name]


@dataclass(frozen=True, repr=False)
class Collective(show.Shown):
    """A ``kind`` of exchange of one ``tensor`` over named ``axes`` of the mesh; ``volume`` V [byte] says how much.

    V is what one slice of the *other* axes holds: for AllGather the gathered array, for ReduceScatter and AllReduce the
    array to be reduced, for AllToAll the whole array over the chips that take part, for Permute what each chip sends.

    Raises UnknownName for another kind, InputError unless the axes are a tuple of different names, UnitError unless the
    volume is a Cost in byte.
    """

    kind: str
    axes: tuple[str, ...]
    tensor: str
    volume: Cost

    def __post_init__(self) -> None:
        exchange(self.kind)
        check_volume(self.kind, self.volume)
        if not isinstance(self.axes, tuple) or not self.axes or not all(isinstance(a, str) and a for a in self.axes):
            raise InputError(f"{short(self.axes)} are no axes for {self.kind}; give a tuple of names, e.g. axes=('X',)")
        if len(set(self.axes)) < len(self.axes):
            raise InputError(f"{self.kind} runs twice over one of {short(', '.join(self.axes))}; name each axis once")

    @property
    def name(self) -> str:
        """``AllGather_Y(In)``; several axes are ``_YZ`` if each is a letter, ``_data,model`` otherwise."""
        between = "" if all(len(axis) == 1 for axis in self.axes) else ","
        return f"{self.kind}_{between.join(self.axes)}({self.tensor})"


def check_volume(kind: str, volume: Cost) -> None:
    """Raise UnitError unless a volume is a Cost in byte."""
    if not isinstance(volume, Cost):
        raise UnitError(f"the volume of {kind} is {short(volume)}, which has no unit; give a cost, e.g. Cost(p*B*D, 'byte')")
    if volume.unit != BYTE:
        cure = "declare it in byte" if volume.unit.measured == BYTE else "multiply elements by bytes per element, e.g. Cost(p*B*D, 'byte')"
        raise UnitError(f"the volume of {kind} is in {volume.unit}, not in byte; {cure}")


def others(chips: sp.Expr, exact: bool) -> sp.Expr:
    """The part that comes from other chips: (chips - 1)/chips, about 1."""
    return (chips - 1) / chips if exact else sp.Integer(1)


def scaled(cost: Cost, times: sp.Expr) -> Cost:
    """A cost so many times."""
    return cost.map(lambda e: e * times)


def either(times: Iterable[Cost]) -> Cost:
    """The largest of several times, alike ones once, each named after its axis."""
    several = tuple(dict.fromkeys(times))
    named = [time.named(f"axis {i}") for i, time in enumerate(several, start=1)] if len(several) > 1 else several
    return largest(named)
