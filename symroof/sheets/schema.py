"""What a data file may hold; an unknown key is an error. The words are explained in models/README.md."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

_NAMED = "a name: lower-case letters, digits, dots and hyphens, 40 at most"
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9.\-]{0,39}$", description=_NAMED)]
Date = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}$", description='a month such as "2025-02"')]
Count = Annotated[int, msgspec.Meta(ge=1, le=2**40, description="a whole number from 1, a trillion at most")]
Some = Annotated[int, msgspec.Meta(ge=0, le=2**20, description="a whole number from 0, a million at most")]
Shape = Annotated[str, msgspec.Meta(pattern=r"^[1-9]\d{0,5}(x[1-9]\d{0,3}){0,2}$", description='a shape such as "4x4", in quotes')]
Text = Annotated[str, msgspec.Meta(description='a quantity with its unit, in quotes, such as "80 GB" or "1e15 FLOP/s"')]
LayerTable = dict[str, int | bool | str]
Format = Literal["fp32", "tf32", "bf16", "fp16", "fp8", "int8", "fp4", "int4"]


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No key may be misspelt."""


class Source(Strict, frozen=True):
    """A public page and the month it speaks for; a ``note`` says what of it is meant."""

    title: str
    url: Annotated[str, msgspec.Meta(pattern=r"^https?://", description="an address that begins with https://")]
    date: Date
    note: str = ""


class Quantity(Strict, frozen=True):
    """A quantity with its unit, and the key of its source."""

    value: Text
    source: str = ""


#: A file of one's own may give the text alone.
Amount = Text | Quantity
#: A number of things may be a number.
Many = Count | Text | Quantity


class Hbm(Strict, frozen=True):
    """Memory of a chip: as it is sold, and as a program sees (``usable``) or reads it (``read``); which size formulas take."""

    size: Amount
    bandwidth: Amount
    usable: Amount | None = None
    read: Amount | None = None
    formulas: Literal["size", "usable"] = "usable"


class Link(Strict, frozen=True):
    """One link, one way; a torus has ``axes``, a switch ``links``."""

    bandwidth: Amount
    axes: Literal[1, 2, 3] | None = None
    links: Count | None = None


class DcnTable(Strict, frozen=True):
    """The network beyond the links."""

    bandwidth: Amount


class Latency(Strict, frozen=True):
    """The latency of one hop over a link, and of a collective of next to nothing."""

    hop: Amount | None = None
    collective: Amount | None = None


class Power(Strict, frozen=True):
    """What a chip takes at most."""

    chip: Amount


class Price(Strict, frozen=True):
    """What an hour of one chip costs, and what it costs at others, by name."""

    hour: Amount
    others: dict[Name, Amount] = {}


class Inside(Strict, frozen=True):
    """The inside of a chip; every key is optional and a letter."""

    cores: Many | None = None
    subcores: Many | None = None
    matrix_units: Many | None = None
    matrix_side: Many | None = None
    lanes: Many | None = None
    clock: Amount | None = None
    shared_memory: Amount | None = None
    registers: Amount | None = None
    vector_memory: Amount | None = None
    vector_bandwidth: Amount | None = None
    l2: Amount | None = None
    l2_bandwidth: Amount | None = None
    pcie: Amount | None = None
    host_memory: Amount | None = None


class Slices(Strict, frozen=True):
    """The shapes one can get: listed, and boxes of whole ``cube`` s up to ``most`` chips; one host, and one switched domain if larger."""

    legal: list[Shape] = []
    source: str = ""
    host: Shape | Count | None = None
    domain: Count | None = None
    wrap: Count | None = None
    cube: Count | None = None
    most: Count | None = None


class ChipFile(Strict, frozen=True):
    """``models/chips/NAME.toml``."""

    name: Name
    flops: dict[Format, Amount]
    hbm: Hbm
    title: str = ""
    kind: Literal["tpu", "gpu", "trainium", "gaudi"] = "gpu"
    sources: dict[str, Source] = {}
    link: Link | None = None
    slices: Slices = Slices()
    aliases: list[str] = []
    dcn: DcnTable | None = None
    latency: Latency = Latency()
    power: Power | None = None
    price: Price | None = None
    inside: Inside = Inside()


class ModelTable(Strict, frozen=True):
    """What stands around the layers of a model, and its width D."""

    D: Count
    V: Count
    tied: bool
    source: str = ""
    L: Count | None = None
    positions: Count | None = None
    norm: bool = True
    layer_norm: bool = False
    head_bias: bool = False
    D_emb: Count | None = None
    before: list[str] = []
    after: list[str] = []


class GroupTable(Strict, frozen=True):
    """A group of sublayers, by the names of their tables, and how often it repeats."""

    count: Count
    layers: list[str]


class Dims(Strict, frozen=True):
    """The short form: dimensions of a model; ``F`` is that of the dense layers."""

    L: Count
    D: Count
    F: Count
    N: Count
    K: Count
    H: Count
    V: Count
    gated: bool
    tied: bool
    source: str = ""


class Moe(Strict, frozen=True):
    """Short form: experts, after ``dense_layers`` leading dense layers; ``shared`` experts of the same width."""

    E: Count
    k: Count
    F: Count
    source: str = ""
    shared: Some = 0
    dense_layers: Some = 0


class Mla(Strict, frozen=True):
    """Short form: multi-head latent attention, its queries with or without a rank."""

    kv_rank: Count
    nope: Count
    rope: Count
    v: Count
    source: str = ""
    q_rank: Some = 0


class Window(Strict, frozen=True):
    """Short form: sliding-window attention in some of the layers."""

    size: Count
    layers: Count
    source: str = ""


class Published(Strict, frozen=True):
    """The parameter counts that others state."""

    total: Quantity
    active: Quantity | None = None
    note: str = ""


class Written(Strict, frozen=True):
    """A model: ``model``, ``layers`` and ``blocks``, or the short form."""

    title: str = ""
    model: ModelTable | None = None
    layers: dict[str, LayerTable] = {}
    blocks: list[GroupTable] = []
    dims: Dims | None = None
    moe: Moe | None = None
    mla: Mla | None = None
    window: Window | None = None
    beside: dict[str, Count] = {}


class LlmFile(Written, frozen=True, kw_only=True):
    """``models/llms/NAME.toml``."""

    name: Name
    sources: dict[str, Source] = {}
    published: Published | None = None
    formats: dict[str, str] = {}
    aliases: list[str] = []


class DtypeRow(Strict, frozen=True):
    """A number format."""

    title: str
    bytes: str
    scale: str | None = None
    block: tuple[Some, Some] | None = None
    tensor: str | None = None
    aliases: list[str] = []


class Tiles(Strict, frozen=True):
    """What widths are rounded up to."""

    width: Count
    model: Count


class ServerRow(Strict, frozen=True):
    """A server: what it does not give to the KV cache."""

    title: str
    fraction: str
    step: Count
    sequences: Count
    runtime: str
    communication: str
    source: Source
    tiles: Tiles | None = None
    aliases: list[str] = []


class FittedRow(Strict, frozen=True):
    """A letter of a calibration: its value, the standard error of its logarithm, and each value of what it differs by."""

    value: float
    error: float
    by: str = ""
    between: float = 0.0
    levels: dict[str, tuple[float, float]] = msgspec.field(default_factory=dict)


class LeftOutRow(Strict, frozen=True):
    """How well a calibration does on groups that a fit has not seen."""

    median: float
    ninth: float
    covered: float
    records: int
    groups: int


class CalibrationFile(Strict, frozen=True):
    """``models/calibrations/NAME.toml``, written by a fit."""

    title: str
    formula: str
    letters: dict[str, FittedRow]
    parameters: list[tuple[str, str]]
    covariance: list[list[float]]
    records: list[tuple[str, str, float, float]]
    scatter: float
    between: float
    width: float
    groups: str = ""
    chips: list[str] = msgspec.field(default_factory=list)
    note: str = ""
    left_out: LeftOutRow | None = None
