"""Views of sheets: symbol, value and meaning of every entry, the sources numbered; a chip's slices, a model's layers."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symroof.algebra.quantity import percent, show_quantity
from symroof.algebra.symbols import P, price
from symroof.show.document import Block, Column, Document, Note, Text, Title, Words, table
from symroof.show.maths import math
from symroof.show.views import view


@view("sheets.sheet.Sheet")
def sheet(s: Any) -> Document:
    """Its entries and their sources."""
    marks = {text: str(i) for i, text in enumerate(dict.fromkeys(row[3] for row in s.rows() if row[3]), 1)}
    alone = len(marks) == 1 and all(row[3] for row in s.rows())
    rows: list[tuple[Words, ...]] = []
    for (x, value), (name, shown, meaning, source) in zip({**s.values, **s.defaults}.items(), s.rows(), strict=True):
        mark = () if alone else (marks.get(source, ""),)
        rows.append((math(x) if name else "", math(value) if isinstance(value, sp.Basic) else shown, meaning, *mark))
    entries = table(("", "value", "meaning", *(() if alone else (Column("source", said=""),))), rows, headed=False)
    notes = (Note(f"source: {text}" if len(marks) == 1 else f"{i}  {text}", fold="", about="sources") for text, i in marks.items())
    return Document((Title(f"{s.name}: {s.title}" if s.title not in ("", s.name) else s.name), entries, *notes), lambda: record(s))


@view("sheets.chips.Chip")
def chip(c: Any) -> Document:
    """A chip, its slices folded."""
    names = [f"{one.name}{'' if one.wrapped else '*'}" for one in c.slices]
    said = ", ".join(names) + ("   (* not every axis wraps around)" if any("*" in name for name in names) else "")
    said = f"any whole number of chips; a search looks at {said}" if "torus" not in c.links else said
    host = f"One host: {c.host}. " if c.host else ""
    domain = f" Behind one switch: {c.domain}." if c.domain and str(c.domain) != c.host else ""
    more = [Text(f"Slices: {said}", fold="slices")] * bool(names) + [Note(f"{host}Links: {c.links}.{domain}", fold="")]
    offers = [f"{name} {show_quantity(float(offer.price), price.unit)}" for name, offer in c.prices.items()]
    plain = c.name.partition("@")[0]
    more += [Note(f"Elsewhere, as {plain}@NAME: {', '.join(offers)}.", fold="")] * bool(offers)
    slices = [{"name": s.name, "chips": s.chips, "wrap_around": s.wrapped} for s in c.slices]
    prices = {name: {"value": offer.price, "unit": str(price.unit), "source": offer.source} for name, offer in c.prices.items()}
    about = {"kind": c.kind, "slices": slices, "prices": prices}
    return Document((*sheet(c).blocks, *more), lambda: record(c) | about)


@view("sheets.llms.Llm")
def llm(m: Any) -> Document:
    """A model, its layers, and its published number of parameters beside the derived one."""
    more: list[Block] = [Note(f"Layers: {m.stack!r}", fold="")]
    if m.formats:
        more.append(Note(f"As stored: {m.formats.said}.", fold=""))
    if m.beside:
        said = "; ".join(f"{word} {int(each):,} parameters" for word, each in m.beside.items())
        more.append(Note(f"Beside the language model, in no total: {said}.", fold=""))
    if m.published:
        derived, published = float(m[P]), float(m.published)
        beside = f"{published / 1e9:.2f}e9, derived {derived / 1e9:.2f}e9 ({percent(derived / published - 1)} off)"
        more.append(Note(f"Published: {beside}. {m.note}".rstrip(), fold=""))
    about = {"formats": m.formats and m.formats.said, "published": m.published, "published_active": m.published_active, "note": m.note}
    about["beside"] = {word: int(each) for word, each in m.beside.items()}
    return Document((*sheet(m).blocks, *more), lambda: record(m) | about)


def record(s: Any) -> dict[str, Any]:
    """Name, title and values with their sources, for a program."""
    values = {
        x.name: {"value": str(v) if isinstance(v, sp.Basic) else v, "unit": str(x.unit), "source": s.source(x)}
        for x, v in {**s.values, **s.defaults}.items()
    }
    return {"name": s.name, "title": s.title, "values": values}
