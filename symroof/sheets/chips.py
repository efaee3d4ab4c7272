"""``chip("tpu-v5e")``: a chip as a Sheet, with the slices one can get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod
from pathlib import Path

from symroof.algebra.quantity import show_number
from symroof.algebra.symbols import C_FORMAT, FORMAT_OF, C, M_hbm, Symbol, W_dcn, W_hbm, W_ici, n, n_axes, price
from symroof.errors import SheetError, UnknownName, short
from symroof.sheets.files import entry, listed, read, resolve
from symroof.sheets.schema import ChipFile, Quantity
from symroof.sheets.sheet import Sheet
from symroof.sheets.slices import Slice, parse_shape, rings, same_shape


@dataclass(frozen=True, repr=False)
class Chip(Sheet):
    """A chip: FLOP/s per format, HBM, links, price; ``slices`` are the legal ones, the smallest first.

    ``C`` stands for the bf16 (else fp16) rate unless a format sheet (``dtype``) says what the arithmetic is done in.
    """

    kind: str = "tpu"
    slices: tuple[Slice, ...] = ()
    host: str = ""
    links: str = field(default="", repr=False)
    domain: int = 0  # chips behind one switch; 0 for a torus
    seller: str = field(default="its sheet", repr=False)  # who says what it costs

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

    def slice(self, shape: str | int) -> Slice:
        """The legal slice of a shape (``"4x4"``, in any order of axes) or of a number of chips.

        Raises UnknownName with the legal ones.
        """
        try:
            wanted = parse_shape(str(shape)[:20])
        except ValueError:
            wanted = ()
        fitting = [s for s in self.slices if same_shape(s.shape, wanted) or wanted == (s.chips,)]
        if fitting:
            return next((s for s in fitting if s.shape == wanted), fitting[0])
        raise UnknownName(f"{self.name} has no slice {short(shape)}; there is {', '.join(s.name for s in self.slices)}")

    def smallest_slice(self, chips: float) -> Slice:
        """The smallest legal slice with at least that many chips.

        Raises UnknownName if the largest is too small.
        """
        for s in self.slices:
            if s.chips >= chips:
                return s
        largest = self.slices[-1]
        raise UnknownName(f"{float(chips):.4g} chips are more than the largest slice of {self.name}, {largest.name} = {largest.chips}")

    def each(self) -> tuple[Sheet, ...]:
        """The chip on each of its legal slices, the smallest first: an axis of a sweep or of a space."""
        return tuple(self.on(s) for s in self.slices)

    def on(self, shape: str | int | Slice) -> Sheet:
        """The chip together with the number of chips and axes of a slice, as one Sheet.

        Beyond one switch domain W_ici is what a whole node sends into the network, if that is slower than the links.
        """
        s = shape if isinstance(shape, Slice) else self.slice(shape)
        values = {**self.values, n: Fraction(s.chips), n_axes: Fraction(s.axes)}
        sources = {**self.sources, n: s.name, n_axes: s.name}
        if self.domain and s.chips > self.domain:
            values.pop(W_ici, None)
            if W_dcn in self.values:
                values[W_ici] = min(self.values[W_ici], self.values[W_dcn] * self.domain)
                sources[W_ici] = f"across nodes: the network of {self.domain} chips together, derived from W_dcn; or the links if slower"
        defaults = {k: v for k, v in self.defaults.items() if k != n_axes}
        return Sheet(f"{self.name} {s.name}", self.title, values, defaults, sources)


def chip(name: str) -> Chip:
    """A chip by name, alias or path of a TOML file.

    >>> chip("tpu-v5e").slice("2x4").chips
    8

    Raises UnknownName with the nearest name, SheetError naming file and key if the file is wrong.
    """
    if not isinstance(name, str):
        raise UnknownName(f"{short(name)} is no name of a chip; write e.g. chip('tpu-v5e')")
    return _load(resolve("chips", name))


def chips() -> tuple[str, ...]:
    """The names of all chips."""
    return tuple(sorted(listed("chips")))


def _load(path: Path) -> Chip:
    file = read(path, ChipFile)
    values: dict[Symbol, Fraction] = {}
    sources: dict[Symbol, str] = {}

    def put(symbol: Symbol, key: str, quantity: Quantity, times: int = 1, how: str = "") -> None:
        number, source = entry(path, key, symbol, quantity, file.sources)
        values[symbol], sources[symbol] = number * times, how + source

    for f in C_FORMAT:
        if f in file.flops:
            put(C_FORMAT[f], f"flops.{f}", file.flops[f])
    if not values:
        raise SheetError(f"{path.name}: [flops] is empty; give at least one format, e.g. bf16")
    put(M_hbm, "hbm.size", file.hbm.size)
    put(W_hbm, "hbm.bandwidth", file.hbm.bandwidth)
    if (file.link.axes is None) == (file.link.links is None):
        raise SheetError(f"{path.name}: [link] needs either axes (a torus) or links (a switch)")
    both = "both directions of one axis, derived from the one-way link of "
    several = f"{file.link.links} links one way, derived from the link of "
    put(W_ici, "link.bandwidth", file.link.bandwidth, file.link.links or 2, several if file.link.links else both)
    if file.dcn:
        put(W_dcn, "dcn.bandwidth", file.dcn.bandwidth)
    if file.price:
        put(price, "price.hour", file.price.hour)
    first = next((C_FORMAT[f] for f in ("bf16", "fp16") if C_FORMAT[f] in values), next(iter(values)))
    defaults: Mapping[Symbol, Fraction | Symbol] = {C: first, n_axes: Fraction(file.link.axes or 1)}
    slices = _slices(path, file)
    links = f"{file.link.axes}-D torus" if file.link.axes else f"switch, {file.link.links} links"
    host = file.slices.host or ""
    domain = prod(parse_shape(host)) if host and not file.link.axes else 0
    seller = {"seller": file.sources[file.price.hour.source].title} if file.price else {}
    return Chip(file.name, file.title, values, defaults, sources, file.kind, slices, host, links, domain, **seller)


def _slices(path: Path, file: ChipFile) -> tuple[Slice, ...]:
    found = []
    for name in file.slices.legal:
        shape = parse_shape(name)
        if file.link.axes and len(shape) not in (file.link.axes, 1):
            raise SheetError(f"{path.name}: key 'slices.legal': {name} has {len(shape)} axes, but link.axes is {file.link.axes}")
        found.append(Slice(name, shape, rings(shape, file.slices.wrap, file.link.axes or 1)))
    if not found:
        raise SheetError(f"{path.name}: key 'slices.legal' is empty; give the shapes one can get, e.g. ['2x2', '4x4']")
    return tuple(sorted(found, key=lambda s: s.chips))
