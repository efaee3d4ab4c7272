"""A chip on a slice: its sheet with the number of chips, and the mesh axes that these chips can become, with their bandwidths."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod
from typing import Any

from symroof.algebra.cost import Cost
from symroof.algebra.operands import rational
from symroof.algebra.symbols import W_dcn, W_ici, W_link
from symroof.errors import InputError, short
from symroof.machine.layouts import all_to_all, best, gather
from symroof.machine.links import Link, Network, Switch, Tree, Wired
from symroof.machine.mesh import Mesh, mesh
from symroof.sheets.sheet import Sheet
from symroof.sheets.slices import Slice, wanted

_ALONE = Slice("1", (1,), (True,))


@dataclass(frozen=True)
class Rate:
    """What a chip reaches in a collective over a group [byte/s]: gathering and reducing, and all to all."""

    gather: Fraction
    all_to_all: Fraction


@dataclass(frozen=True, repr=False)
class Placed(Sheet):
    """The letters of a chip with n and n_axes of a slice; ``domain`` are the chips behind one switch, 0 on a torus or for all."""

    slice: Slice = field(default=_ALONE)
    torus: bool = False
    domain: int = 0

    @property
    def nodes(self) -> int:
        """How many nodes (NVLink domains) the chips fill; 1 on a torus, whose slice is one network."""
        return -(-self.slice.chips // self.domain) if self.domain else 1

    def mesh(self, **axes: int | str) -> Mesh:
        """The chips as a mesh with named axes, innermost first, on the links they really have: ``mesh(Y=8, X=4)``.

        On a torus an axis takes whole physical axes or parts of them, where together they gather fastest; ``Y="2x2"`` says how many
        chips of each physical axis it takes. Parts that are no whole ring have half the bandwidth, and strided ones share their
        links. Behind switches an axis has the links of its chips inside a node (NVLink domain), and beyond it the network of those
        of its chips that are in one node. Its times are at letters of the chip: ``.time(collective).at(chip)``.

        >>> from symroof.sheets.chips import chip
        >>> chip("h100").on(16).mesh(Y=8, X=2)
        mesh of 16 chips
          Y  Switch(bandwidth=W_link) of 8
          X  Network() of 2
        >>> v5e = chip("tpu-v5e"); both = v5e.on("4x4").mesh(X="4x1", Y="1x4"); both
        mesh of 16 chips
          X  Wired(4 of 4) of 4
          Y  Wired(4 of 4) of 4
        >>> both.rate("X"), both.rate("X", "Y").at(v5e)
        (W_ici/2  [byte/s], 90 GB/s)

        Raises InputError for sizes that are not together the slice, or that do not lie on its axes.
        """
        sizes = {name: self._size(name, size) for name, size in axes.items()}
        counts = [size if isinstance(size, int) else prod(size) for size in sizes.values()]
        if not sizes or prod(counts) != self.slice.chips:
            made = "x".join(map(str, counts)) or "no axis"
            raise InputError(f"{made} is not {self.slice.name}, which has {self.slice.chips} chips; give sizes whose product is that")
        links = self._wired(list(sizes.values())) if self.torus else self._switched(counts)
        found = mesh(**dict(zip(sizes, links, strict=True)))
        return found.sized(**{name: n for name, n, link in zip(sizes, counts, links, strict=True) if link.size is None})

    def rates(self, groups: tuple[int, ...]) -> tuple[Rate, ...] | None:
        """The bandwidths of groups that together fill the slice, innermost first; None if there is no network and one is needed."""
        if prod(groups) == 1:
            return (Rate(Fraction(1), Fraction(1)),) * len(groups)  # nothing is sent, at whatever rate
        if W_ici not in self.values and W_link not in self.values:
            return None
        if self.torus:
            layout, link = best(self.slice.physical, groups), Fraction(self.values[W_ici])
            return None if layout is None else tuple(Rate(gather(group) * link, all_to_all(group) * link) for group in layout)
        found, stride, link = list[Rate](), 1, Fraction(self.values[W_link])
        for size in groups:
            if size == 1 or in_domain(size, stride, self.domain):
                found.append(Rate(link, link))
            elif W_dcn not in self.values:
                return None
            else:
                network = Fraction(self.values[W_dcn])
                found.append(Rate(min(link, network * in_node(size, stride, self.domain)), min(link, network)))
            stride *= size
        return tuple(found)

    def _size(self, name: str, size: Any) -> int | tuple[int, ...]:
        """The chips of an axis, or how many along each physical axis that is longer than one chip."""
        shape = wanted(size)
        if isinstance(size, (bool, float)) or not all(shape):
            raise InputError(f"{name}={short(size)} is no number of chips; give a whole number" + (", or e.g. '2x2'" if self.torus else ""))
        long = [n > 1 for n in self.slice.shape]
        if len(shape) == 1 or not self.torus:
            return prod(shape)
        if len(shape) != len(long) or any(n > 1 and not more for n, more in zip(shape, long, strict=True)):
            raise InputError(f"{name}={short(size)} does not lie on {self.slice.name}; say how many chips of each of its axes")
        return tuple(n for n, more in zip(shape, long, strict=True) if more)

    def _wired(self, groups: list[int | tuple[int, ...]]) -> list[Link]:
        layout = best(self.slice.physical, tuple(groups))
        if layout is None:
            said = ", ".join("x".join(map(str, g)) if isinstance(g, tuple) else str(g) for g in groups)
            raise InputError(f"axes of {said} cannot lie on {self.slice.name} one around the other; each takes a divisor of what is left")
        return [Wired(parts=group) for group in layout]

    def _switched(self, counts: Iterable[int]) -> list[Link]:
        found, stride = list[Link](), 1
        for size in counts:
            found.append(self._through(size, stride))
            stride *= size
        return found

    def _through(self, size: int, stride: int) -> Link:
        """What so many chips, so far apart, run over."""
        if size > 1 and W_link not in self.values:
            raise InputError(f"the sheet of {self.name} says nothing of links between chips; give [link], or use one chip")
        if size == 1 or in_domain(size, stride, self.domain):
            return Switch(W_link)
        if W_dcn not in self.values:
            raise InputError(f"{self.slice.name} is more than one node of {self.domain}, and the sheet says nothing of the network between")
        inner = rational(in_node(size, stride, self.domain))
        if inner == 1:
            return Network()
        if not inner.is_Integer or size % inner:
            return Network(Cost(W_dcn * inner, "byte/s"))
        return Tree(tuple((children, Cost(rate * stride, "byte/s")) for children, rate in ((inner, W_link), (size / inner, W_dcn * inner))))


def in_domain(size: int, stride: int, domain: int) -> bool:
    """Whether chips that are so far apart are all behind one switch; nodes may be filled in part so that they are."""
    return not domain or size * stride <= domain


def in_node(size: int, stride: int, domain: int) -> Fraction:
    """How many chips of a group that is spread over nodes are in one, the same in all of them: 12 over nodes of 8 are 6 and 6."""
    most = max(1, domain // stride)
    return Fraction(size, -(-size // most))
