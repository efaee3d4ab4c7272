"""``chip("tpu-v5e")``: a chip as a Sheet, with the slices one can get."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import Any

from symroof.algebra.quantity import show_number
from symroof.algebra.symbols import (
    C_FORMAT,
    FORMAT_OF,
    INSIDE,
    C,
    M_hbm,
    M_seen,
    M_sold,
    Symbol,
    W_dcn,
    W_hbm,
    W_ici,
    W_link,
    W_read,
    n,
    n_axes,
    n_host,
    power,
    price,
    t_hop,
    t_node,
)
from symroof.errors import SheetError, UnknownName, nearest, short
from symroof.sheets.files import cited, entry, listed, read, resolve
from symroof.sheets.placed import Placed, in_node
from symroof.sheets.schema import Amount, ChipFile, Many
from symroof.sheets.sheet import Sheet
from symroof.sheets.slices import Slice, Sold, Switched, found, smallest


@dataclass(frozen=True)
class Offer:
    """What a chip costs somewhere [USD/s], and who says so."""

    price: Fraction
    source: str
    seller: str


@dataclass(frozen=True, repr=False)
class Chip(Sheet):
    """A chip: FLOP/s per format, HBM, links, price; ``sold`` are the slices one can get.

    ``C`` stands for the bf16 (else fp16) rate unless a format sheet (``dtype``) says what the arithmetic is done in. ``prices`` are
    those of others than the one that ``price`` is of.
    """

    kind: str = "gpu"
    sold: Switched | Sold = field(default=Switched(), repr=False)
    host: str = ""
    links: str = field(default="", repr=False)
    seller: str = field(default="its sheet", repr=False)  # who says what it costs
    prices: Mapping[str, Offer] = field(default_factory=dict, repr=False)

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats it has a rate for."""
        return tuple(f for f, s in C_FORMAT.items() if s in self.values)

    @property
    def arithmetic(self) -> str:
        """The format whose rate C stands for, unless another is named."""
        return FORMAT_OF[self.defaults[C]]

    @property
    def priced(self) -> str:
        """The price of a chip an hour and who says so, for a note: ``$1.2/h (a source)``."""
        return f"${show_number(float(self.values[price]) * 3600)}/h ({self.seller})"

    def bought(self, name: str) -> Chip:
        """The chip at the price of another seller, one of ``prices``; ``chip("h100@lambda")`` is the same.

        Raises UnknownName with those there are.
        """
        offer = self.prices.get(name.strip().lower()) if isinstance(name, str) else None
        if offer is None:
            there = nearest(str(name)[:40], self.prices) if self.prices else "the sheet has no price by name; give price, e.g. '$2/h'"
            raise UnknownName(f"{self.name} has no price at {short(name)}; {there}")
        values, sources = {**self.values, price: offer.price}, {**self.sources, price: offer.source}
        return replace(self, name=f"{self.name}@{name.strip().lower()}", values=values, sources=sources, seller=offer.seller)

    # -- slices
    @property
    def domain(self) -> int:
        """Chips behind one switch; 0 for a torus, and where all are behind one."""
        return self.sold.domain if isinstance(self.sold, Switched) else 0

    @property
    def slices(self) -> tuple[Slice, ...]:
        """The usual slices, the smallest first: those of a torus that are listed, behind switches powers of two up to 1024."""
        return self.sold.usual()

    def up_to(self, chips: float) -> tuple[Slice, ...]:
        """The usual slices of at most so many chips; behind switches that very number too."""
        return self.sold.usual(chips)

    def slice(self, shape: str | int) -> Slice:
        """The slice of a shape (``"4x4"``, in any order of axes) or of a number of chips, which a switch joins in any number.

        Raises UnknownName with what there is.
        """
        return found(self.sold, shape, self.name)

    def smallest_slice(self, chips: float) -> Slice:
        """The smallest usual slice with at least that many chips.

        Raises UnknownName if the largest is too small.
        """
        return smallest(self.sold, chips, self.name)

    def each(self) -> tuple[Placed, ...]:
        """The chip on each of its usual slices, the smallest first: an axis of a sweep or of a space."""
        return tuple(self.on(s) for s in self.slices)

    def on(self, shape: str | int | Slice) -> Placed:
        """The chip together with the number of chips and axes of a slice, as one Sheet; ``.mesh(...)`` makes axes of it.

        Chips are spread evenly over as few nodes (NVLink domains) as hold them. Beyond one, W_ici is what all chips of a node send
        into the network, if that is slower than the links; W_link stays the links.
        """
        s = shape if isinstance(shape, Slice) else self.slice(shape)
        values = {**self.values, n: Fraction(s.chips), n_axes: Fraction(s.axes)}
        sources = {**self.sources, n: s.name, n_axes: s.name}
        torus = isinstance(self.sold, Sold)
        links = values.get(W_ici) if torus or values.get(W_link) == W_ici else values.get(W_link)
        if links is not None and not torus:
            values[W_link] = links
        if links is not None and self.domain and s.chips > self.domain:
            values.pop(W_ici, None)
            together = in_node(s.chips, 1, self.domain)
            if W_dcn in self.values:
                values[W_ici] = min(links, self.values[W_dcn] * together)
                each = show_number(float(together))
                sources[W_ici] = f"across nodes: the network of {each} chips together, derived from W_dcn; or the links if slower"
        defaults = {k: v for k, v in self.defaults.items() if k != n_axes}
        return Placed(f"{self.name} {s.name}", self.title, values, defaults, sources, slice=s, torus=torus, domain=self.domain)


def chip(name: str) -> Chip:
    """A chip by name, alias or path of a TOML file; ``NAME@SELLER`` at the price of another seller.

    >>> chip("tpu-v5e").slice("2x4").chips
    8
    >>> chip("h100@lambda")["price"]
    $3.99/h

    Raises UnknownName with the nearest name, SheetError naming file and key if the file is wrong.
    """
    if not isinstance(name, str):
        raise UnknownName(f"{short(name)} is no name of a chip; write e.g. chip('tpu-v5e')")
    plain, at, seller = (name, "", "") if name.endswith(".toml") else name.partition("@")
    made = _load(resolve("chips", plain))
    return made.bought(seller) if at else made


def chips() -> tuple[str, ...]:
    """The names of all chips."""
    return tuple(sorted(listed("chips")))


def _load(path: Path) -> Chip:
    file = read(path, ChipFile)
    if not file.flops:
        raise SheetError(f"{path.name}: [flops] is empty; give at least one format, e.g. bf16")
    if file.link and (file.link.axes is None) == (file.link.links is None):
        raise SheetError(f"{path.name}: [link] needs either axes (a torus) or links (a switch)")
    known = {s: entry(path, key, s, amount, file.sources) for s, key, amount in _written(file)}
    values: dict[Symbol, Any] = {s: number for s, (number, _) in known.items()}
    sources = {s: source for s, (_, source) in known.items()}
    of = M_seen if M_seen in values and file.hbm.formulas == "usable" else M_sold
    values[M_hbm], sources[M_hbm] = values[of], sources[of]
    host = str(file.slices.host or "")
    if host:
        values[n_host] = Fraction(prod(_shape(host)))
        sources[n_host] = cited(path, "slices", file.slices.source, file.sources) if file.slices.source else path.name
    if file.link:
        links = file.link.links
        values[W_ici] *= links or 2
        both = "both directions of one axis, derived from the one-way link of "
        sources[W_ici] = (f"{links} links one way, derived from the link of " if links else both) + sources[W_ici]
        if links:
            values[W_link], sources[W_link] = W_ici, "derived: the links, as long as W_ici is theirs"
    axes = file.link.axes if file.link else None
    first = next((C_FORMAT[f] for f in ("bf16", "fp16") if f in file.flops), next(iter(values)))
    prices = {name: _offer(path, file, f"price.others.{name}", amount) for name, amount in file.price.others.items()} if file.price else {}
    return Chip(
        *(file.name, file.title or file.name, values, {C: first, n_axes: Fraction(axes or 1)}, sources),
        kind=file.kind,
        sold=_sold(path, file),
        host=host,
        links=f"{axes}-D torus" if axes else f"switch, {file.link.links} links" if file.link else "none",
        seller=_offer(path, file, "price.hour", file.price.hour).seller if file.price else Chip.seller,
        prices=prices,
    )


def _written(file: ChipFile) -> Iterator[tuple[Symbol, str, Many]]:
    """Every letter that a file gives, its key and what is written there."""
    rates = [(C_FORMAT[f], f"flops.{f}", file.flops[f]) for f in C_FORMAT if f in file.flops]
    tables: list[tuple[str, Any, dict[str, Symbol]]] = [
        ("hbm", file.hbm, {"size": M_sold, "usable": M_seen, "bandwidth": W_hbm, "read": W_read}),
        ("link", file.link, {"bandwidth": W_ici}),
        ("dcn", file.dcn, {"bandwidth": W_dcn}),
        ("latency", file.latency, {"hop": t_hop, "collective": t_node}),
        ("power", file.power, {"chip": power}),
        ("price", file.price, {"hour": price}),
        ("inside", file.inside, INSIDE),
    ]
    yield from rates
    for name, table, letters in tables:
        for key, s in letters.items():
            if table is not None and (amount := getattr(table, key)) is not None:
                yield s, f"{name}.{key}", amount


def _offer(path: Path, file: ChipFile, key: str, amount: Amount) -> Offer:
    value, source = entry(path, key, price, amount, file.sources)
    named = "" if isinstance(amount, str) else amount.source
    return Offer(value, source, file.sources[named].title if named else Chip.seller)


def _sold(path: Path, file: ChipFile) -> Switched | Sold:
    """The slices of a file."""
    of, axes = file.slices, file.link.axes if file.link else None
    if not axes:
        return Switched(of.domain or (prod(_shape(str(of.host))) if of.host else 0), tuple(sorted(prod(_shape(name)) for name in of.legal)))
    legal = []
    for name in of.legal:
        shape = _shape(name)
        if len(shape) not in (axes, 1):
            raise SheetError(f"{path.name}: key 'slices.legal': {name} has {len(shape)} axes, but link.axes is {axes}")
        # on a 3-D torus a slice has rings only if it consists of whole cubes
        rings = tuple(of.wrap is None or size % of.wrap == 0 for size in shape)
        legal.append(Slice(name, shape, rings if axes < 3 else (all(rings),) * len(shape)))
    if not legal:
        raise SheetError(f"{path.name}: key 'slices.legal' is empty or missing; give the shapes one can get, e.g. ['2x2', '4x4']")
    if (of.cube is None) != (of.most is None) or (of.cube and axes < 3):
        raise SheetError(f"{path.name}: [slices] needs both cube and most, of a torus of 3 axes, or neither")
    return Sold(tuple(sorted(legal, key=lambda s: s.chips)), of.cube or 0, of.most or 0)


def _shape(name: str) -> tuple[int, ...]:
    """``4x8`` as (4, 8)."""
    return tuple(map(int, name.split("x")))
