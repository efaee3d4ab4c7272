"""What a file of measurements may hold; an unknown key is an error. The words are explained in models/measured/README.md."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from symroof.sheets.schema import Count, Date, Format, LayerTable, Name, Quantity, Source, Strict, Written

Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-]{0,79}$")]
Category = Literal["decode", "latency", "serving", "prefill", "layer", "attention", "gemm", "copy"]


class Rates(Strict, frozen=True):
    """The peak rates of a chip that has no sheet."""

    title: str
    flops: dict[Format, Quantity]
    bandwidth: Quantity


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
    shape: Annotated[list[Count], msgspec.Meta(min_length=3, max_length=3)] | None = None
    size: str | None = None
    note: str = ""


class MeasuredFile(Strict, frozen=True):
    """``models/measured/NAME.toml``: the measurements of one source, and what of chips and models no sheet says."""

    title: str
    url: Annotated[str, msgspec.Meta(pattern=r"^https?://")]
    date: Date
    where: str
    records: list[RecordTable]
    note: str = ""
    sources: dict[str, Source] = msgspec.field(default_factory=dict)
    rates: dict[Name, Rates] = msgspec.field(default_factory=dict)
    models: dict[Name, Written] = msgspec.field(default_factory=dict)
