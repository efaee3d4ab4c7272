"""Training runs that were measured: how they were laid out, what a publisher counted, and the memory of a chip beside the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import msgspec

from symroof.algebra.cost import Cost
from symroof.algebra.quantity import parse_quantity
from symroof.algebra.symbols import (
    B,
    L_first,
    L_last,
    S,
    Symbol,
    X,
    Y,
    Z,
    microbatches,
    n,
    n_ctx,
    n_exp,
    n_rep,
    n_virt,
    p_g,
    p_logit,
    p_mask,
    p_opt,
    p_rest,
)
from symroof.algebra.units import Unit
from symroof.errors import InputError, SheetError, nearest, short
from symroof.sheets.llms import Llm
from symroof.sheets.runs import bandwidths
from symroof.sheets.schema import Count, Strict
from symroof.workloads.counted import time_of
from symroof.workloads.layout import Layout

_WAYS = {s.name: s for s in (X, Y, Z, n_rep, n_ctx, n_exp, n_virt, L_first, L_last, microbatches)}
_MESH = (X, Y, Z, n_rep, n_ctx, n_exp)
_WIDTHS = {s.name: s for s in (p_g, p_rest, p_opt, p_logit, p_mask)}
_CHIP, _BYTE = Unit.of("FLOP/s/chip"), Unit.of("byte")


class RunTable(Strict, frozen=True):
    """How a run was laid out: the words of a ``layout``, how many ``ways`` (and microbatches), other ``bytes`` per element; how FLOPs
    were ``counting``, if FLOP/s or MFU were published; whether collectives of tensor parallelism were ``overlapped`` with the matmuls
    beside them, in parts; the ``peak`` memory of a chip, if it was published.
    """

    layout: dict[str, str | bool | list[str]] = msgspec.field(default_factory=dict)
    ways: dict[str, Count] = msgspec.field(default_factory=dict)
    bytes: dict[str, int] = msgspec.field(default_factory=dict)
    counting: str = ""
    overlapped: bool = False
    peak: str = ""


@dataclass(frozen=True)
class Run:
    """A run as its record says: the layout, values of its letters, the memory of a chip at the peak [byte] if it was measured."""

    layout: Layout
    values: Mapping[Symbol, Fraction] = field(hash=False)
    peak: Fraction | None = None
    overlapped: bool = False

    @property
    def what(self) -> str:
        """Its ways in a line: ``X=8 Y=8 Z=8, microbatches=8``."""
        return " ".join(f"{name}={self.values[s]}" for name, s in _WAYS.items() if self.values.get(s, 1) != 1)


def run_of(row: RunTable, chips: int, links: Any, sizes: Mapping[str, int]) -> Run:
    """The run of a table on so many chips, with the bandwidths that the ``links`` of a chip give its ways.

    Raises SheetError for a word or a letter there is not, and for ways that are not the chips.
    """
    layout = _layout(row.layout)
    ways = {_letter(name, _WAYS, "ways"): count for name, count in row.ways.items()}
    known = {_letter(name, _WIDTHS, "bytes"): Fraction(width) for name, width in row.bytes.items()}
    made = Fraction(1)
    for s in _MESH:
        made *= ways.get(s, 1)
    if made != chips:
        said = ", ".join(f"{s} = {c}" for s, c in ways.items() if s in _MESH)
        raise SheetError(f"key 'run.ways': {said or 'nothing'} make {made} chips, and the record says {chips}")
    found = bandwidths(links, ways)
    if found is None:
        raise SheetError(f"key 'run.ways': these ways have no network, or no place on {chips} chips")
    for s in (X, Y, Z, microbatches):
        ways.setdefault(s, 1)
    known |= {**found, **{s: Fraction(c) for s, c in ways.items()}, B: Fraction(sizes["batch"]), S: Fraction(sizes["context"])}
    peak = None
    if row.peak:
        number, unit = parse_quantity(row.peak)
        if unit != _BYTE:
            raise SheetError(f"key 'run.peak': {short(row.peak)} is in {unit}; give it in bytes, e.g. '77.0 GiB'")
        peak = number
    if row.overlapped and ways[Y] == 1:
        raise SheetError("key 'run.overlapped' changes nothing without tensor parallelism; leave it out")
    return Run(layout, known, peak, row.overlapped)


def seconds_of(row: RunTable, m: Llm, rate: tuple[Fraction, Unit], sizes: Mapping[str, int], chips: int) -> Fraction | None:
    """The time of a step of a published rate in FLOP/s of a chip, as its publisher counted; None for another unit.

    Raises SheetError for a rate without its counting, or a counting of another figure.
    """
    number, unit = rate
    if unit != _CHIP:
        if row.counting:
            raise SheetError("key 'run.counting' changes nothing where no FLOP/s are measured; leave it out")
        return None
    if not row.counting:
        raise SheetError("key 'run.counting' is missing: say how the FLOPs were counted, e.g. 'full' or 'causal'")
    time = time_of(m, Cost(1, "FLOP/s"), row.counting).at(m, {B: sizes["batch"], S: sizes["context"], n: chips})
    return Fraction(time.number) / number


def _layout(words: Mapping[str, Any]) -> Layout:
    fields = Layout.__dataclass_fields__
    for name in words:
        if name not in fields:
            raise SheetError(f"key 'run.layout.{name}' is no option of a layout; {nearest(name, fields)}")
    try:
        given: dict[str, Any] = {name: tuple(word) if isinstance(word, list) else word for name, word in words.items()}
        return Layout(**given)
    except InputError as problem:
        raise SheetError(f"key 'run.layout': {problem}") from None


def _letter(name: str, known: Mapping[str, Symbol], key: str) -> Symbol:
    if name not in known:
        raise SheetError(f"key 'run.{key}.{name}' is no letter of it; {nearest(name, known)}")
    return known[name]
