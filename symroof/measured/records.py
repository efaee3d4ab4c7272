"""``records()``: every published measurement, read from ``models/measured`` and checked at the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from symroof.algebra.quantity import parse_quantity
from symroof.algebra.symbols import C_FORMAT, W_hbm
from symroof.algebra.units import Unit
from symroof.errors import SheetError, SymroofError, short
from symroof.measured.runs import Run, RunTable, run_of, seconds_of
from symroof.sheets.chips import chip
from symroof.sheets.dtypes import dtype
from symroof.sheets.files import entry, listed, read
from symroof.sheets.layers_of import kind_of
from symroof.sheets.llms import Llm, from_file, llm, model
from symroof.sheets.schema import Count, Date, Format, LayerTable, LlmFile, Name, Quantity, Source, Strict, Written
from symroof.sheets.sheet import Sheet

_SECOND, _BYTE = Unit.of("s"), Unit.of("byte")
#: What a measurement of a category must say beside chip and format; a key that is not in its row is refused.
NEEDS: Mapping[str, tuple[str, ...]] = {
    "decode": ("model", "batch", "context"),
    "latency": ("model", "batch", "prompt", "generated"),
    "serving": ("model", "batch", "prompt", "generated"),
    "prefill": ("model", "batch", "prompt"),
    "layer": ("model", "batch", "prompt"),
    "attention": ("layer", "batch", "context"),
    "gemm": ("shape",),
    "copy": ("size",),
    "collective": ("operation", "size"),
    "training": ("model", "batch", "context", "run"),
}
_OPTIONAL = {"layer": ("remat",)}
_KEYS = tuple(dict.fromkeys(key for keys in (*NEEDS.values(), *_OPTIONAL.values()) for key in keys))


Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-]{0,79}$")]
Category = Literal["decode", "latency", "serving", "prefill", "layer", "attention", "gemm", "copy", "collective", "training"]


class Rates(Strict, frozen=True):
    """The peak rates of a chip that has no sheet."""

    title: str
    flops: dict[Format, Quantity]
    bandwidth: Quantity
    links: str = ""  # of which chip


class RecordTable(Strict, frozen=True):
    """One measurement: what ran where, in which formats, and the figure that was published."""

    id: Id
    category: Category
    measured: str
    chip: str
    format: str
    chips: Count = 1
    weights: str = ""
    kv: str = ""
    math: str = ""
    model: str = ""
    layer: LayerTable | None = None
    batch: Count | None = None
    prompt: Count | None = None
    generated: Count | None = None
    context: Count | None = None
    remat: Literal["none", "block", "matmuls"] | None = None
    shape: tuple[Count, Count, Count] | None = None
    size: str | None = None
    operation: Literal["AllGather", "ReduceScatter", "AllReduce", "AllToAll"] | None = None
    run: RunTable | None = None
    software: str = ""  # where it is another than that of the file
    note: str = ""


class MeasuredFile(Strict, frozen=True):
    """``models/measured/NAME.toml``: the measurements of one source, and what of chips and models no sheet says."""

    title: str
    url: Annotated[str, msgspec.Meta(pattern=r"^https?://")]
    date: Date
    where: str
    records: list[RecordTable]
    software: str = ""
    note: str = ""
    sources: dict[str, Source] = msgspec.field(default_factory=dict)
    rates: dict[Name, Rates] = msgspec.field(default_factory=dict)
    models: dict[Name, Written] = msgspec.field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """One measurement: ``seconds`` is what it took, ``published`` the figure as it was printed, ``origin`` what its file says of it."""

    id: str
    category: str
    published: str
    seconds: Fraction
    chip: Sheet
    chips: int
    formats: Sheet
    file: str
    origin: MeasuredFile = field(hash=False, repr=False)
    model: Llm | None = None
    sizes: Mapping[str, int] = field(default_factory=dict, hash=False)
    remat: str = ""
    operation: str = ""
    run: Run | None = None
    said: str = ""
    note: str = ""
    software: str = ""

    @property
    def what(self) -> str:
        """What ran where, in a line: ``llama2-7b, batch 1, context 5, int8 weights, on 1 x a100-80``."""
        s = self.sizes
        ran = {
            "gemm": "[{m}, {k}] x [{k}, {n}]",
            "copy": "copy of {size} bytes",
            "collective": f"{self.operation} of {{size}} bytes",
            "attention": "attention",
        }.get(self.category, "")
        of = ran.format(**s) or (self.model.name if self.model is not None else "")
        whole = {"none": "forward and backward", "block": "forward, again, backward", "matmuls": "forward, scores again, backward"}
        part = f"one layer {whole.get(self.remat, 'forward')}" if self.category == "layer" else ""
        counts = [f"{word} {s[word]}" for word in ("batch", "prompt", "generated", "context") if word in s]
        part = f"training, {self.run.what}" if self.run is not None else part
        return ", ".join([*filter(None, (of, part)), *counts, self.said]) + f", on {self.chips} x {self.chip.name}"


def records() -> tuple[Record, ...]:
    """All measurements, in the order of the files and of their rows.

    Raises SheetError naming file and key for one that does not follow its schema, and for an id that is there twice.
    """
    found: dict[str, Record] = {}
    for record in (record for path in listed("measured").values() for record in of_file(path)):
        if (other := found.setdefault(record.id, record)) is not record:
            said = f"there is a record {short(record.id)} in {other.file} already"
            raise SheetError(f"{record.file}: {said}; give it another id")
    return tuple(found.values())


def of_file(path: Path) -> tuple[Record, ...]:
    """The measurements of one file.

    Raises SheetError naming file and key.
    """
    file = read(path, MeasuredFile)
    models = {n: from_file(path, LlmFile(name=n, sources=file.sources, **msgspec.structs.asdict(m))) for n, m in file.models.items()}
    chips = {name: _chip(path, file, name) for name in file.rates}
    for what, names in (("rates", chips), ("models", models)):
        unused = next((n for n in names if not any(n in (row.chip, row.model) for row in file.records)), None)
        if unused is not None:
            raise SheetError(f"{path.name}: [{what}.{unused}] is in no record; name it in one, or leave it out")
    found = []
    for row in file.records:
        try:
            found.append(_record(row, path, file, chips, models))
        except SymroofError as problem:
            raise SheetError(f"{path.name}: record {short(row.id)}: {problem}") from None
    return tuple(found)


# -- helpers
def _record(row: RecordTable, path: Path, file: MeasuredFile, chips: Mapping[str, Sheet], models: Mapping[str, Llm]) -> Record:
    _needed(row)
    of = models.get(row.model) or llm(row.model) if row.model else None
    if row.layer is not None:  # a kernel: a model of that layer alone
        of = model("kernel", D=1, V=1, blocks=[(1, [kind_of("layer", row.layer)])])
    sizes = {word: getattr(row, word) for word in ("batch", "prompt", "generated", "context") if getattr(row, word) is not None}
    if row.shape is not None:
        sizes |= dict(zip("mkn", row.shape, strict=True))
    if row.size is not None:
        number, unit = parse_quantity(row.size, _BYTE)
        if unit != _BYTE:
            raise SheetError(f"{short(row.size)} is in {unit}, not in {_BYTE}")
        sizes["size"] = int(number)
    on = chips.get(row.chip) or chip(row.chip)
    links = chip(file.rates[row.chip].links) if row.chip in file.rates and file.rates[row.chip].links else on
    return Record(
        id=row.id,
        category=row.category,
        published=row.measured,
        seconds=_seconds(row, sizes, of),
        chip=on,
        chips=row.chips,
        formats=dtype(row.format, weights=row.weights, kv=row.kv, math=row.math or row.format),
        file=path.name,
        origin=file,
        model=of,
        sizes=sizes,
        remat=row.remat or "",
        operation=row.operation or "",
        run=run_of(row.run, row.chips, links, sizes) if row.run is not None else None,
        said=_formats(row),
        note=row.note,
        software=row.software or file.software,
    )


def _needed(row: RecordTable) -> None:
    """Refuse a row that lacks what its category needs, or has what changes nothing."""
    needed = NEEDS[row.category]
    for key in _KEYS:
        given = getattr(row, key) not in (None, "")
        if key in needed and not given:
            raise SheetError(f"key {key!r} is missing; a measurement of category {row.category} needs {', '.join(needed)}")
        if given and key not in (*needed, *_OPTIONAL.get(row.category, ())):
            raise SheetError(f"key {key!r} changes nothing in category {row.category}, which needs {', '.join(needed)}; leave it out")


def _seconds(row: RecordTable, sizes: Mapping[str, int], m: Llm | None) -> Fraction:
    """What was measured as the time of a step, a prompt, a batch, a layer or a kernel: tokens per second are turned round."""
    number, unit = parse_quantity(row.measured)
    if number <= 0:
        raise SheetError(f"key 'measured': {short(row.measured)} is not positive; give what was published, e.g. '9.53 ms'")
    if row.run is not None and m is not None and (step := seconds_of(row.run, m, (number, unit), sizes, row.chips)) is not None:
        return step
    if unit == _SECOND:
        return number
    tokens = {
        "training": sizes.get("context"),
        "decode": 1,
        "prefill": sizes.get("prompt"),
        "serving": sizes.get("generated"),
        "latency": sizes.get("generated"),
    }
    each = tokens.get(row.category)
    rates = {Unit.of("token/s"): 1, Unit.of("token/s/chip"): row.chips}
    if each is None or unit not in rates:
        cure = "'9.53 ms'" if each is None else "'9.53 ms', '104.9 token/s' or '6818 token/s/chip'"
        raise SheetError(f"key 'measured': {short(row.measured)} is in {unit}; give e.g. {cure}")
    return Fraction(sizes["batch"] * each) / (number * rates[unit])


def _formats(row: RecordTable) -> str:
    """``fp8``, or ``bf16, int8 weights``: the formats in words."""
    others = (("weights", row.weights), ("cache", row.kv), ("arithmetic", row.math))
    return ", ".join([row.format, *(f"{word} {what}" for what, word in others if word and word != row.format)])


def _chip(path: Path, file: MeasuredFile, name: str) -> Sheet:
    """The rates of a chip without a sheet."""
    rates = file.rates[name]
    given = {C_FORMAT[f]: (f"flops.{f}", quantity) for f, quantity in rates.flops.items()} | {W_hbm: ("bandwidth", rates.bandwidth)}
    known = {s: entry(path, f"rates.{name}.{key}", s, quantity, file.sources) for s, (key, quantity) in given.items()}
    return Sheet(
        name, rates.title, {s: number for s, (number, _) in known.items()}, sources={s: source for s, (_, source) in known.items()}
    )
