"""A mesh: named axes of chips, each bound to the links it runs over; it tells how long a collective takes.

>>> from symroof.algebra.cost import Cost
>>> from symroof.machine.collectives import Collective
>>> from symroof.machine.links import Network
>>> from symroof.symbols import B, D, p
>>> pod = mesh(X=Torus(), Y=Torus(axes=2), Z=Network()); pod
mesh of X*Y*Z chips
  X  Torus()
  Y  Torus(axes=2)
  Z  Network()
>>> pod.time(Collective("AllGather", ("X", "Y"), "In", Cost(p*B*D, "byte")))
B*D*p/(3*W_ici)  [s]
>>> pod.time(Collective("AllReduce", ("X", "Z"), "W", Cost(p*D*D, "byte")))
AllReduce_XZ(W)  [s]  = max of
  X  2*D**2*p/W_ici
  Z  2*D**2*p/(W_dcn*X)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.claims import SETTLED, Claim
from symroof.algebra.cost import Cost, largest, quantity
from symroof.algebra.symbols import ALPHABET, symbol
from symroof.errors import InputError, UnknownName, nearest, short
from symroof.machine.collectives import BYTE, SECOND, Collective, exchange
from symroof.machine.links import Link, Torus, Tree, Wired


@dataclass(frozen=True, repr=False)
class Mesh(show.Shown):
    """Named axes with what they run over (``links``) and how many chips each has (``extents``); made by :func:`mesh`."""

    axes: tuple[str, ...]
    links: tuple[Link, ...]
    extents: tuple[sp.Expr, ...]

    @property
    def sizes(self) -> Mapping[str, sp.Expr]:
        """The chips along each axis, by its name."""
        return MappingProxyType(dict(zip(self.axes, self.extents, strict=True)))

    @property
    def chips(self) -> sp.Expr:
        """All chips: the product of the sizes."""
        return sp.Mul(*self.extents)

    def link(self, axis: str) -> Link:
        """What an axis runs over; UnknownName, with the nearest, if there is no such axis."""
        return self.links[self._place(axis)]

    def sized(self, **sizes: Any) -> Mesh:
        """The same mesh with other sizes: whole numbers or expressions.

        Raises UnknownName for an axis that is not there, InputError for what is no size or contradicts the link.
        """
        extents = list(self.extents)
        for axis, size in sizes.items():
            extents[self._place(axis)] = self.link(axis).agreed(size)
        return replace(self, extents=tuple(extents))

    def time(self, collective: Collective, exact: bool = False, latency: bool = False) -> Cost:
        """The time of a collective [s], named like ``AllGather_Y(In)``.

        All torus axes it runs over work together: V/((n_1 + n_2) W). Over several kinds of links it is hierarchical, all
        levels busy at once: V (D_i - 1)/(D_i inner W_i), the largest, where ``inner`` are the chips of the levels further
        in (tori, then switches, trees, networks). Of a tree W_i is what a child sends, all chips further in together.
        Source: How to Scale Your Model, parts 3 and 12.
        """
        if not isinstance(collective, Collective):
            example = 'Collective("AllGather", ("X",), "W", Cost(p*D*F, "byte"))'
            raise InputError(f"{short(collective)} is no collective; give one of a program (program.collectives), or {example}")
        levels: dict[Any, list[str]] = {}  # from the inside out; all tori are one, as are axes through the same switch
        for axis in sorted(collective.axes, key=self._depth):
            link = self.link(axis)
            levels.setdefault("tori" if isinstance(link, Torus) else (axis, link) if isinstance(link, Tree) else link, []).append(axis)
        sizes, volume = self.sizes, self.settle(collective.volume)
        stack = [(axes, size) for axes in levels.values() if (size := sp.Mul(*[sizes[a] for a in axes])) != 1]
        how, chips, inner, times = exchange(collective.kind), sp.Mul(*[size for _, size in stack]), sp.Integer(1), []
        for axes, size in stack:
            away, links = how.beyond(inner, size, chips), [(self.link(axis), sizes[axis]) for axis in axes]
            if isinstance(links[0][0], Tree):  # what a child sends is shared by the chips of the axes further in
                away = away / sp.Mul(*[sizes[a] for a in self.axes if self._depth(a) < self._depth(axes[0])])
            sent = volume / away if away != 1 else volume
            wired = [link for link, _ in links if isinstance(link, Wired)]
            lanes = [lane for link, each in links if isinstance(link, Torus) and link not in wired for lane in link.lanes(each)]
            lanes += Wired.together(wired) if wired else ()
            one = how.torus_time(sent, tuple(lanes), exact, latency) if lanes else links[0][0].time(how.name, sent, size, exact, latency)
            times.append(one.named(",".join(axes)))
            inner = inner * size
        found = largest(times).named(collective.name) if times else quantity(sp.Integer(0), SECOND, collective.name)
        return self.settle(found)

    def settle(self, cost: Cost) -> Cost:
        """A cost in which the numbers of chips that the mesh has stand for its axes; another number for one is refused from then on."""
        known = {named(axis): size for axis, size in self.sizes.items() if size.is_number}
        claims = cost.of | {Claim(SETTLED, pair) for pair in known.items()}
        return (cost.map(lambda e: e.xreplace(known)) if cost.free_symbols & known.keys() else cost).claiming(claims)

    def rate(self, *axes: str) -> Cost:
        """The bandwidth [byte/s] that a chip has in a gather or scatter over axes together: V / the time of V bytes.

        >>> mesh(X=Torus(axes=1), Y=Torus(axes=2)).rate("X", "Y")
        3*W_ici  [byte/s]

        Raises UnknownName for an axis that is not there, InputError without one or for one of a single chip.
        """
        one = quantity(sp.Integer(1), BYTE)
        time = self.time(Collective("AllGather", axes, "", one))
        if time.expr == 0:
            raise InputError(f"{', '.join(axes)} has one chip, which sends nothing; ask for an axis of several")
        return (one / time).named(f"bandwidth over {', '.join(axes)}")

    def _depth(self, axis: str) -> tuple[int, int]:
        """How far in an axis is: by what it runs over, then in order."""
        return self.link(axis).rank, self._place(axis)

    def _place(self, axis: str) -> int:
        if axis not in self.axes:
            raise UnknownName(f"the mesh has no axis {short(axis)}; {nearest(str(axis), self.axes)}")
        return self.axes.index(axis)


def mesh(**links: Link) -> Mesh:
    """A mesh with an axis per keyword: ``mesh(X=Torus(axes=1), Y=Torus(axes=2), Z=Network())``.

    Its sizes are the symbols X, Y and Z, or new symbols named like the axis; a torus with ``sizes`` and a tree know their
    own. :meth:`Mesh.sized` gives numbers.

    Raises InputError if there is no axis, if what an axis runs over is no link, or if its name is another letter's.
    """
    if not links:
        raise InputError("a mesh needs an axis; write e.g. mesh(X=Torus())")
    for axis, link in links.items():
        if not isinstance(link, Link):
            raise InputError(f"axis {axis} runs over {short(link)}, which is no link; give it Torus(), Switch(), Network() or Tree(levels)")
    return Mesh(tuple(links), tuple(links.values()), tuple(_extent(axis, link) for axis, link in links.items()))


def named(axis: str) -> sp.Symbol:
    """The letter for the chips along an axis."""
    return ALPHABET.get(axis) or symbol(axis, "1", f"chips along the mesh axis {axis}")


def _extent(axis: str, link: Link) -> sp.Expr:
    if link.size is not None:
        return link.size
    if axis not in ALPHABET or axis in ("X", "Y", "Z"):
        return named(axis)
    raise InputError(f"an axis cannot be called {axis}, which is {ALPHABET[axis].meaning}; call it X, Y, Z or a word of your own")
