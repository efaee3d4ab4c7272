"""``chip("tpu-v5e")``: a chip as a Sheet, with the slices one can get."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import prod
from pathlib import Path

from symroof.algebra.quantity import show_number
from symroof.algebra.symbols import C_FORMAT, FORMAT_OF, C, M_hbm, Symbol, W_dcn, W_hbm, W_ici, n, n_axes, price
from symroof.errors import SheetError, UnknownName, short
from symroof.sheets.files import entry, listed, read, resolve
from symroof.sheets.schema import ChipFile
from symroof.sheets.sheet import Sheet


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
        wanted = tuple(int(size) if size.strip().isdecimal() else 0 for size in str(shape)[:20].lower().split("x"))
        fitting = [s for s in self.slices if sorted(s.shape) == sorted(wanted) or wanted == (s.chips,)]
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
    if not file.flops:
        raise SheetError(f"{path.name}: [flops] is empty; give at least one format, e.g. bf16")
    if (file.link.axes is None) == (file.link.links is None):
        raise SheetError(f"{path.name}: [link] needs either axes (a torus) or links (a switch)")
    written = {C_FORMAT[f]: (f"flops.{f}", file.flops[f]) for f in C_FORMAT if f in file.flops}
    written |= {M_hbm: ("hbm.size", file.hbm.size), W_hbm: ("hbm.bandwidth", file.hbm.bandwidth)}
    written[W_ici] = ("link.bandwidth", file.link.bandwidth)
    written |= {W_dcn: ("dcn.bandwidth", file.dcn.bandwidth)} if file.dcn else {}
    written |= {price: ("price.hour", file.price.hour)} if file.price else {}
    known = {s: entry(path, key, s, quantity, file.sources) for s, (key, quantity) in written.items()}
    values: dict[Symbol, Fraction] = {s: number for s, (number, _) in known.items()}
    sources = {s: source for s, (_, source) in known.items()}
    links, host = file.link.links, file.slices.host or ""
    values[W_ici] *= links or 2
    both = "both directions of one axis, derived from the one-way link of "
    sources[W_ici] = (f"{links} links one way, derived from the link of " if links else both) + sources[W_ici]
    first = next((C_FORMAT[f] for f in ("bf16", "fp16") if f in file.flops), next(iter(values)))
    return Chip(
        *(file.name, file.title, values, {C: first, n_axes: Fraction(file.link.axes or 1)}, sources),
        kind=file.kind,
        slices=_slices(path, file),
        host=host,
        links=f"switch, {links} links" if links else f"{file.link.axes}-D torus",
        domain=prod(_shape(host)) if host and links else 0,
        seller=file.sources[file.price.hour.source].title if file.price else Chip.seller,
    )


def _slices(path: Path, file: ChipFile) -> tuple[Slice, ...]:
    found, axes = [], file.link.axes or 1
    for name in file.slices.legal:
        shape = _shape(name)
        if file.link.axes and len(shape) not in (axes, 1):
            raise SheetError(f"{path.name}: key 'slices.legal': {name} has {len(shape)} axes, but link.axes is {axes}")
        # without wrap, through a switch, every axis is a ring; on a 3-D torus a slice has rings only if it consists of whole cubes
        rings = tuple(file.slices.wrap is None or size % file.slices.wrap == 0 for size in shape)
        found.append(Slice(name, shape, rings if axes < 3 else (all(rings),) * len(shape)))
    if not found:
        raise SheetError(f"{path.name}: key 'slices.legal' is empty; give the shapes one can get, e.g. ['2x2', '4x4']")
    return tuple(sorted(found, key=lambda s: s.chips))


def _shape(name: str) -> tuple[int, ...]:
    """``4x8`` as (4, 8)."""
    return tuple(map(int, name.split("x")))
