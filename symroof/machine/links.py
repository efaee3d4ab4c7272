"""What an axis of the mesh runs over, and how long a collective takes there [s].

V is the volume of the collective [byte] (see :class:`~symroof.machine.collectives.Collective`), N the chips of the axis, W
a bandwidth [byte/s]. ``exact=False`` leaves out factors that tend to 1 as N grows; ``latency=True`` takes the
larger of bandwidth and hops. Every time is a lower bound: links fully used, the arithmetic of reductions free.

========================  ===========================================  ===========  ============================
..                        Torus                                        Switch       Tree of levels (D_i, W_i)
========================  ===========================================  ===========  ============================
AllGather, ReduceScatter  V / (axes W)                                 V / W        max_i V/W_i
AllReduce                 2 V / (axes W)                               2 V / W      max_i 2 V/W_i
AllReduce with ``sharp``                                               V / W        max_i V/W_i
AllToAll                  V max(sizes) / (4 N W), on one axis V/(4 W)  V / (N W)    max_i V/(D_i D_i+1 ... W_i)
Permute                   2 V / W, one direction of one axis           V / W        max_i V/W_i
exact                     (N - 1)/N; AllToAll odd: 1 - 1/size^2;       (N - 1)/N,   (D_i - 1)/D_i, but for
..                        Permute on a ring: (size - 1)/size           not Permute  Permute and ``sharp``
========================  ===========================================  ===========  ============================

Source: How to Scale Your Model, part 3 (tori) and part 12 (switches and trees).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import sympy as sp

from symroof.algebra import show
from symroof.algebra.cost import Cost, largest, lifted, quantity
from symroof.algebra.operands import beside, plain
from symroof.algebra.symbols import W_dcn, W_ici, eta_link, t_coll, t_hop
from symroof.algebra.units import Unit
from symroof.errors import InputError, UnitError, short
from symroof.machine.collectives import RATE, SECOND, Exchange, Lane, check_volume, exchange
from symroof.machine.layouts import Part, joined

_UNITS = {"bandwidth": RATE, "hop": SECOND}


@dataclass(frozen=True, repr=False)
class Link(ABC):
    """What an axis runs over: checked bandwidth and latency, a repr of what differs from the defaults."""

    rank: ClassVar[int] = 0

    @property
    def size(self) -> sp.Expr | None:
        """The chips that it joins, where it knows them by itself."""
        return None

    def __post_init__(self) -> None:
        for f in fields(self):
            given, of = getattr(self, f.name), f"of a {type(self).__name__}"
            if isinstance(f.default, bool) and not isinstance(given, bool):
                raise InputError(f"{f.name}={short(given)} {of} is neither True nor False; give one of them")
            if f.name in _UNITS:
                self.__dict__[f.name] = _measured(given, _UNITS[f.name], f"the {f.name} {of}")

    def time(self, kind: str, volume: Cost, size: Any = None, exact: bool = False, latency: bool = False) -> Cost:
        """The time [s] of a collective over ``size`` chips; of a tree over all of them, and of its slowest level."""
        how = exchange(kind)
        check_volume(kind, volume)
        return self._time(how, volume, self.agreed(size), exact, latency)

    def estimate(self, kind: str, volume: Cost, size: Any = None) -> Cost:
        """The time of a collective as programs run it [s]: ``t_coll``, and its bytes at ``eta_link`` of the bandwidth; 0 on one chip."""
        took = self.time(kind, volume, size, exact=True)
        if took.expr == 0:
            return took
        return (Cost(t_coll, "s", "latency") + took.map(lambda e: e / eta_link).named("bytes")).named(kind)

    def agreed(self, size: Any) -> sp.Expr:
        """How many chips an axis has: what is given, or what its link says by itself; both only if they are the same."""
        own, of = self.size, f"a {type(self).__name__}"
        if size is None and own is None:
            raise InputError(f"{of} does not know how many chips it joins; give size=, e.g. 16 or X")
        found = own if size is None else extent(size, of)
        if own is not None and found != own:
            raise InputError(f"{self} joins {own} chips, not {found}; leave size out, or change the link")
        return found

    @abstractmethod
    def _time(self, how: Exchange, volume: Cost, size: sp.Expr, exact: bool, latency: bool) -> Cost: ...

    def __repr__(self) -> str:
        values = {f.name: (_shown(getattr(self, f.name)), _shown(f.default)) for f in fields(self)}
        return f"{type(self).__name__}({', '.join(f'{name}={now}' for name, (now, usual) in values.items() if now != usual)})"


@dataclass(frozen=True, repr=False)
class Torus(Link):
    """ICI: ``axes`` physical axes of rings. ``bandwidth`` [byte/s] is both directions of one axis; without ``wrap`` half counts.

    Hops are half of the sum of ``sizes`` (without wrap, of ``size - 1``), twice in an AllReduce. ``sizes`` are those of the
    physical axes, N^(1/axes) each unless given.

    >>> from symroof.symbols import B, D, X, p
    >>> Torus(axes=2).time("AllGather", Cost(p*B*D, "byte"), X)
    B*D*p/(2*W_ici)  [s]
    >>> Torus(wrap=False).time("AllGather", Cost(p*B*D, "byte"), X, latency=True)
    [s]  = max of
      latency    t_hop*(X - 1)
      bandwidth  2*B*D*p/W_ici

    Raises InputError if the sizes do not fit the axes or N, UnitError if a bandwidth is none.
    """

    axes: Any = 1
    wrap: bool = True
    bandwidth: Any = W_ici
    hop: Any = t_hop
    sizes: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.sizes, tuple):
            raise InputError(f"{short(self.sizes)} are no sizes of a torus; give a tuple with one per physical axis, e.g. sizes=(4, 8)")
        if self.sizes and self.axes not in (1, len(self.sizes)):
            raise InputError(f"a torus of {self.axes} axes has {len(self.sizes)} sizes; leave axes out, or give as many sizes")
        self.__dict__["sizes"] = tuple(extent(size, "a physical axis") for size in self.sizes)
        self.__dict__["axes"] = len(self.sizes) or extent(self.axes, "the number of axes")

    @property
    def size(self) -> sp.Expr | None:
        """The chips that the sizes make together, if there are any."""
        return sp.Mul(*self.sizes) if self.sizes else None

    def lanes(self, size: Any = None) -> tuple[Lane, ...]:
        """The physical axes of ``size`` chips; those of one chip carry nothing."""
        total = self.agreed(size)
        sizes = [(sp.Integer(1), s) for s in self.sizes] or [(plain(self.axes), total ** (1 / plain(self.axes)))]
        return tuple(Lane(count, s, self.bandwidth, self.wrap, self.hop) for count, s in sizes if s != 1)

    def _time(self, how: Exchange, volume: Cost, size: sp.Expr, exact: bool, latency: bool) -> Cost:
        return how.torus_time(volume, self.lanes(size), exact, latency)


@dataclass(frozen=True, repr=False)
class Wired(Torus):
    """The ``parts`` that an axis of the mesh has of the physical axes of a slice; what goes together over several axes is joined.

    >>> from symroof.machine.layouts import Axis, best
    >>> [Wired(parts=group) for group in best((Axis(4, ring=True), Axis(4, ring=True)), (2, 8))]
    [Wired(2 of 4), Wired(4 of 4 in a ring, 2 of 4 in steps of 2 in a ring)]
    """

    parts: tuple[Part, ...] = ()

    @property
    def size(self) -> sp.Expr:
        """The chips of its parts."""
        return sp.Mul(*[part.size for part in self.parts])

    def lanes(self, size: Any = None) -> tuple[Lane, ...]:
        """Its parts, each with its share of the links."""
        self.agreed(size)
        return self.together((self,))

    @staticmethod
    def together(links: Sequence[Wired]) -> tuple[Lane, ...]:
        """The lanes of several axes at once: parts of one physical axis are one."""
        lanes, first = list[Lane](), links[0]
        for part in joined([part for link in links for part in link.parts]):
            share = sp.Rational(part.stride.numerator, part.stride.denominator)
            lanes.append(Lane(sp.Integer(1), sp.Integer(part.size), first.bandwidth / share, part.ring, first.hop * share))
        return tuple(lanes)

    def __repr__(self) -> str:
        rings = {True: " in a ring", False: ""}
        apart = {part: f" in steps of {part.stride}" if part.stride != 1 else "" for part in self.parts}
        return f"Wired({', '.join(f'{part.size} of {part.axis.size}{apart[part]}{rings[part.ring]}' for part in self.parts) or 'one chip'})"


@dataclass(frozen=True, repr=False)
class Switch(Link):
    """NVLink: every chip reaches every other; ``bandwidth`` [byte/s] is what one chip sends (and, meanwhile, receives).

    One hop, twice in an AllReduce without ``sharp``, with which the switch adds up.

    >>> from symroof.symbols import B, D, Y, p
    >>> Switch("450 GB/s").time("AllGather", Cost(p*B*D, "byte"), Y, exact=True)
    B*D*p*(Y - 1)/(450000000000*Y)  [s]
    """

    bandwidth: Any = W_ici
    sharp: bool = False
    hop: Any = t_hop
    rank: ClassVar[int] = 1

    def _time(self, how: Exchange, volume: Cost, size: sp.Expr, exact: bool, latency: bool) -> Cost:
        if size == 1:
            return quantity(sp.Integer(0), SECOND)
        took = how.on_switch(volume, size, self.bandwidth, self.sharp, exact)
        return ((self.hop * how.passes(self.sharp)).named("latency") | took.named("bandwidth")) if latency else took


@dataclass(frozen=True, repr=False)
class Network(Switch):
    """The data-centre network or InfiniBand, ``bandwidth`` [byte/s] one way per chip: the formulas of a Switch.

    Outside of whatever else a collective runs over.
    """

    bandwidth: Any = W_dcn
    rank: ClassVar[int] = 3


@dataclass(frozen=True, repr=False)
class Tree(Link):
    """A hierarchical fat tree: ``levels`` are (D_i, W_i) from the inside out: D_i children, each sending W_i [byte/s].

    Assumes that each level has wires of its own and all are busy at once; one hop per level. In a mesh the children of the first
    level are what the axes further in make together, a node of Y chips, which share what it sends. Of a level of Y/8 children, as many
    as there are of it; with letters on both sides (Z/g) there is at least one.

    >>> from symroof.symbols import B, D, p
    >>> superpod = Tree(levels=((8, "450 GB/s"), (32, "400 GB/s"), (4, "12.8 TB/s")))
    >>> superpod.time("AllGather", Cost(p*B*D, "byte"), exact=True).at(p=2, B=8192, D=8192)
    325.1 us   level 1 261 us | level 2 325.1 us  <- bound | level 3 7.864 us
    """

    levels: tuple[tuple[Any, Any], ...]
    sharp: bool = False
    hop: Any = t_hop
    rank: ClassVar[int] = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.levels, tuple) or not self.levels or not all(isinstance(x, tuple) and len(x) == 2 for x in self.levels):
            raise InputError(f"{short(self.levels)} are no levels; give pairs (children, bandwidth), e.g. ((8, '450 GB/s'), (32, W_dcn))")
        of = "a level of a Tree"
        self.__dict__["levels"] = tuple((extent(ways, of), _measured(rate, RATE, of)) for ways, rate in self.levels)

    @property
    def size(self) -> sp.Expr:
        """The chips of the tree: the product of the children of its levels."""
        return sp.Mul(*[ways for ways, _ in self.levels])

    def _time(self, how: Exchange, volume: Cost, size: sp.Expr, exact: bool, latency: bool) -> Cost:
        units, levels = size, []
        # Y/8 children may be less than one: then the chips are fewer than the levels inside have room for
        broken = any(not (w.is_Symbol or w.is_number) and len(w.free_symbols) == 1 for w, _ in self.levels)
        for i, (children, rate) in enumerate(self.levels, start=1):
            ways = sp.Min(children, sp.Max(units, 1, evaluate=False), evaluate=False) if broken and children.is_number else children
            ways = sp.Max(ways, 1, evaluate=False) if broken and not children.is_number else ways
            if ways != 1:
                share = how.on_level(volume, ways, units)
                levels.append(how.on_switch(share, ways, rate, self.sharp, exact).named(f"level {i}"))
            units = units / children
        if not levels:
            return quantity(sp.Integer(0), SECOND)
        took = largest(levels)
        return ((self.hop * (how.passes(self.sharp) * len(levels))).named("latency") | took) if latency else took


def extent(size: Any, of: str) -> sp.Expr:
    """A size: a symbol or expression, or a whole number from 1; anything else is an InputError."""
    found = sp.Integer(0) if isinstance(size, (str, bool)) or size is None else plain(size)
    if found.is_number and not (found.is_Integer and found >= 1):
        raise InputError(f"{of} cannot have size {short(size)}; give a whole number from 1, or a symbol")
    return found


def _measured(value: Any, unit: Unit, of: str) -> Cost:
    value = lifted(value)
    expr, given = (value.expr, value.unit) if isinstance(value, Cost) else beside(value, unit, of)
    if given.measured != unit.measured:
        raise UnitError(f"{of} is given in {given}; give it in {unit}, e.g. {'450 GB/s' if unit == RATE else '1 us'!r}")
    if expr.is_number and not expr.is_positive:
        raise InputError(f"{of} cannot be {short(value)}; give something positive")
    return quantity(expr, unit)


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_shown, value))}{',' * (len(value) == 1)})"
    return show.text(value.expr) if isinstance(value, Cost) else str(value)
