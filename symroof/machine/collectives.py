"""Collectives: what chips exchange, over which axes of the mesh and how many bytes; and how long rings and switches take.

V is a volume [byte], W a bandwidth [byte/s]. Source of the notation, ``AllGather_Y(In)``, and of the formulas: How to Scale
Your Model, part 3 (rings) and part 12 (switches). What a user binds an axis to is in :mod:`symroof.machine.links`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce

import sympy as sp

from symroof.algebra import show
from symroof.algebra.cost import Cost, quantity
from symroof.algebra.units import Unit
from symroof.errors import InputError, UnitError, UnknownName, nearest, short

#: Each kind of collective and its transpose: what the backward pass does where the forward pass does this.
KINDS = {
    "AllGather": "ReduceScatter",
    "ReduceScatter": "AllGather",
    "AllReduce": "AllReduce",
    "AllToAll": "AllToAll",
    "Permute": "Permute",
}
BYTE, RATE, SECOND = Unit.of("byte"), Unit.of("byte/s"), Unit.of("s")


@dataclass(frozen=True, repr=False)
class Collective:
    """A ``kind`` of exchange of one ``tensor`` over named ``axes`` of the mesh; ``volume`` V [byte] says how much.

    V is what one slice of the *other* axes holds: for AllGather the gathered array, for ReduceScatter and AllReduce the
    array to be reduced, for AllToAll the whole array over the chips that take part, for Permute what each chip sends.

    >>> from symroof.symbols import B, D, X, p
    >>> gather = Collective("AllGather", ("Y",), "In", Cost(p*B*D/X, "byte")); gather
    AllGather_Y(In)  B*D*p/X  [byte]
    >>> gather.transposed
    ReduceScatter_Y(In)  B*D*p/X  [byte]

    Raises UnknownName for another kind, InputError unless the axes are a tuple of different names, UnitError unless the
    volume is a Cost in byte.
    """

    kind: str
    axes: tuple[str, ...]
    tensor: str
    volume: Cost

    def __post_init__(self) -> None:
        check_kind(self.kind)
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

    @property
    def transposed(self) -> Collective:
        """The collective of the backward pass: AllGather and ReduceScatter swap, the others are their own transposes."""
        return replace(self, kind=KINDS[self.kind])

    def __repr__(self) -> str:
        return f"{self.name}  {show.text(self.volume.expr)}  [{self.volume.unit}]"

    def _repr_html_(self) -> str:
        return show.html(self)


def check_kind(kind: str) -> None:
    """Raise UnknownName unless this is a kind of collective."""
    if not isinstance(kind, str) or kind not in KINDS:
        raise UnknownName(f"{short(kind)} is no collective; {nearest(str(kind), KINDS)}")


def check_volume(kind: str, volume: Cost) -> None:
    """Raise UnitError unless a volume is a Cost in byte."""
    if not isinstance(volume, Cost):
        raise UnitError(f"the volume of {kind} is {short(volume)}, which has no unit; give a cost, e.g. Cost(p*B*D, 'byte')")
    if volume.unit != BYTE:
        cure = "declare it in byte" if volume.unit.measured == BYTE else "multiply elements by bytes per element, e.g. Cost(p*B*D, 'byte')"
        raise UnitError(f"the volume of {kind} is in {volume.unit}, not in byte; {cure}")


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
        half: Cost = self.bandwidth / 2
        return self.bandwidth if self.wrap else half

    def crossing(self, exact: bool) -> sp.Expr:
        """What an AllToAll asks of one axis: a mean way of size/4 hops round a ring, (size - 1/size)/4 if it is odd."""
        odd = exact and self.size.is_Integer and self.size % 2
        return (self.size - 1 / self.size) / 4 if odd else self.size / 4

    def hops(self, exact: bool) -> sp.Expr:
        """Hops to the farthest chip: size/2 each way round a ring, size - 1 along a line."""
        if not self.wrap:
            return self.count * (self.size - 1)
        return self.count * (sp.floor(self.size / 2) if exact and self.size.is_Integer else self.size / 2)


def torus_time(kind: str, volume: Cost, lanes: tuple[Lane, ...], exact: bool = False, latency: bool = False) -> Cost:
    """The time [s] of a collective over all lanes together; zero over none. Source: How to Scale Your Model, part 3."""
    if not lanes:
        return quantity(sp.Integer(0), SECOND)
    took = _bandwidth(kind, volume, lanes, exact)
    if not latency:
        return took
    if kind == "Permute":
        waiting = _either(lane.hop for lane in lanes)
    else:
        waiting = quantity(sp.Add(*[lane.hop.expr * lane.hops(exact) for lane in lanes]), SECOND)
    return (2 * waiting if kind == "AllReduce" else waiting).named("latency") | took.named("bandwidth")


def _bandwidth(kind: str, volume: Cost, lanes: tuple[Lane, ...], exact: bool) -> Cost:
    chips = sp.Mul(*[lane.size**lane.count for lane in lanes])
    if kind == "AllToAll":  # each chip sends V/chips over the mean way; each chip of a ring has the bandwidth of one axis
        return _either(volume / lane.usable * (lane.crossing(exact) / chips) for lane in lanes)
    if kind == "Permute":  # one direction; exact: 1/size of it goes the long way round
        return _either(volume / lane.bandwidth * (2 * _others(lane.size, exact and lane.wrap)) for lane in lanes)
    rate = quantity(sp.Add(*[lane.count * lane.usable.expr for lane in lanes]), RATE)
    took: Cost = volume / rate * ((2 if kind == "AllReduce" else 1) * _others(chips, exact))
    return took


def _others(chips: sp.Expr, exact: bool) -> sp.Expr:
    """The part that comes from other chips: (chips - 1)/chips, about 1."""
    return (chips - 1) / chips if exact else sp.Integer(1)


def _either(times: Iterable[Cost]) -> Cost:
    """The largest of several times, alike ones once, each named after its axis."""
    several = tuple(dict.fromkeys(times))
    named = [time.named(f"axis {i}") for i, time in enumerate(several, start=1)] if len(several) > 1 else several
    return reduce(lambda a, b: a | b, named)


def switch_time(kind: str, volume: Cost, ways: sp.Expr, rate: Cost, sharp: bool, exact: bool) -> Cost:
    """V/W; times 2 if it goes twice, over ``ways`` if every chip sends only its share, (ways - 1)/ways as one's own part stays."""
    once: Cost = volume / rate
    if kind == "Permute" or (kind == "AllReduce" and sharp):
        return once
    share = {"AllReduce": sp.Integer(2), "AllToAll": 1 / ways}.get(kind, sp.Integer(1))
    took: Cost = once * (share * _others(ways, exact))
    return took


def switch_wait(kind: str, hops: int, hop: Cost, sharp: bool) -> Cost:
    """The latency [s] of so many hops through switches, twice in an AllReduce that the switches do not do themselves."""
    return (hop * (2 * hops if kind == "AllReduce" and not sharp else hops)).named("latency")
