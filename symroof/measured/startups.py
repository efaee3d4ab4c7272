"""``startups()``: what published start-ups of real servers say that a GPU holds, read from ``models/measured/startup``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Annotated, Any

import msgspec

from symroof.algebra.bind import check
from symroof.algebra.symbols import M_act, M_hbm
from symroof.errors import SheetError, SymroofError
from symroof.measured.records import Id
from symroof.sheets.files import folders, read
from symroof.sheets.llms import Llm, from_file, llm
from symroof.sheets.schema import Count, Date, LlmFile, Name, Strict, Written


class StartTable(Strict, frozen=True):
    """One start: what was served where, in which formats, and what the log says of one GPU."""

    id: Id
    model: str
    formats: str
    kv: str
    context: Count
    weights: str
    activations: str
    buffers: str
    cache: str
    tokens: Count
    sequences: str
    chips: Count = 1
    stages: Count = 1
    fraction: str = "0.95"
    beside: str = "0 byte"


class StartFile(Strict, frozen=True):
    """``models/measured/startup/NAME.toml``."""

    title: str
    url: Annotated[str, msgspec.Meta(pattern=r"^https?://")]
    date: Date
    server: str
    chip: str
    seen: str
    starts: list[StartTable]
    note: str = ""
    models: dict[Name, Written] = msgspec.field(default_factory=dict)


@dataclass(frozen=True)
class Start:
    """One start: the row of its file, its model, and bytes of what a GPU holds."""

    row: StartTable
    file: StartFile
    model: Llm
    weights: Fraction
    activations: Fraction
    buffers: Fraction
    cache: Fraction


def startups() -> tuple[Start, ...]:
    """All starts, in the order of the files and of their rows.

    Raises SheetError naming file and key for one that does not follow its schema.
    """
    found = []
    for path in sorted((folders()[-1] / "measured" / "startup").glob("*.toml")):
        file = read(path, StartFile)
        models = {n: from_file(path, LlmFile(name=n, **msgspec.structs.asdict(m))) for n, m in file.models.items()}
        for row in file.starts:
            try:
                size: Any = {key: Fraction(check(M_act, getattr(row, key))) for key in ("weights", "activations", "buffers", "cache")}
                check(M_hbm, file.seen)
                of = models[row.model] if row.model in models else llm(row.model)
            except SymroofError as problem:
                raise SheetError(f"{path.name}: start {row.id}: {problem}") from None
            found.append(Start(row, file, replace(of, title=of.title or row.model), **size))
    return tuple(found)
