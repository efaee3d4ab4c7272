"""Views of sheets: symbol, value and meaning of every entry, the sources numbered; a chip's slices, a model's layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from symroof.algebra.quantity import percent
from symroof.algebra.symbols import P
from symroof.show.document import Block, Column, Document, Note, Text, Title, Words, table
from symroof.show.maths import math
from symroof.show.views import view


@view("sheets.sheet.Sheet")
def sheet(s: Any) -> Document:
    """Its entries and their sources."""
    return Document((*_entries(s), *(Note(n, fold="", about="sources") for n in sources(s))), record(s))


@view("sheets.chips.Chip")
def chip(c: Any) -> Document:
    """A chip, its slices folded."""
    names = [f"{one.name}{'' if one.wrapped else '*'}" for one in c.slices]
    said = ", ".join(names) + ("   (* not every axis wraps around)" if any("*" in name for name in names) else "")
    more = [Text(f"Slices: {said}", fold="slices")] * bool(names) + [Note(f"One host: {c.host}. Links: {c.links}.", fold="")]
    slices = [{"name": s.name, "chips": s.chips, "wrap_around": s.wrapped} for s in c.slices]
    return Document((*sheet(c).blocks, *more), record(c) | {"kind": c.kind, "slices": slices})


@view("sheets.llms.Llm")
def llm(m: Any) -> Document:
    """A model, its layers, and its published number of parameters beside the derived one."""
    more: list[Block] = [Note(f"Layers: {m.stack!r}", fold="")]
    if m.published:
        derived, published = float(m[P]), float(m.published)
        beside = f"{published / 1e9:.2f}e9, derived {derived / 1e9:.2f}e9 ({percent(derived / published - 1)} off)"
        more.append(Note(f"Published: {beside}. {m.note}".rstrip(), fold=""))
    about = {"published": m.published, "published_active": m.published_active, "note": m.note}
    return Document((*sheet(m).blocks, *more), record(m) | about)


def _entries(s: Any) -> Iterator[Block]:
    yield Title(f"{s.name}: {s.title}" if s.title else s.name)
    marks = {text: str(i + 1) for i, text in enumerate(_said(s))}
    rows: list[tuple[Words, ...]] = []
    for x, (name, shown, meaning, source) in zip({**s.values, **s.defaults}, s.rows(), strict=True):
        value = {**s.values, **s.defaults}[x]
        rows.append((math(x) if name else "", math(value) if hasattr(value, "free_symbols") else shown, meaning, marks.get(source, "")))
    alone = len(marks) == 1 and all(row[3] for row in rows)
    columns = ("", "value", "meaning", Column("source", said=""))
    yield table(columns[:3] if alone else columns, [row[: 3 if alone else 4] for row in rows], headed=False)


def _said(s: Any) -> list[str]:
    return list(dict.fromkeys(row[3] for row in s.rows() if row[3]))


def sources(s: Any) -> Iterator[str]:
    """The sources of a sheet, numbered where there are several."""
    found = _said(s)
    for i, text in enumerate(found, 1):
        yield f"source: {text}" if len(found) == 1 else f"{i}  {text}"


def record(s: Any) -> dict[str, Any]:
    """Name, title and values with their sources, for a program."""
    values = {
        x.name: {"value": str(v) if hasattr(v, "free_symbols") else v, "unit": str(x.unit), "source": s.sources.get(x, "")}
        for x, v in {**s.values, **s.defaults}.items()
    }
    return {"name": s.name, "title": s.title, "values": values}
