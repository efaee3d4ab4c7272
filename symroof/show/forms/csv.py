"""CSV: the rows of the data where it has some, else the tables of a document, each with its heads."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

from symroof.algebra.value import Value
from symroof.show.document import DEEPER, Bars, Document, Formula, Table, Text, plain


def render(document: Document) -> str:
    """Comma-separated values; between two tables stands an empty line."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for i, rows in enumerate(_tables(document)):
        writer.writerows([[]] * bool(i))
        writer.writerows(rows)
    return out.getvalue().rstrip("\n")


def _tables(document: Document) -> Iterator[Iterable[Any]]:
    rows = document.data.get("rows") if isinstance(document.data, dict) else None
    if isinstance(rows, list) and rows and isinstance(rows[0], dict):
        names = list(dict.fromkeys(name for row in rows for name in row))
        yield [names, *([row.get(name) for name in names] for row in rows)]
        return
    for block in document:
        if isinstance(block, Table):
            table = block.kept()
            heads = [[plain(c.head) for c in table.columns]] if any(c.head for c in table.columns) else []
            yield [*heads, *([plain(cell).lstrip(DEEPER) for cell in row] for row in table.rows)]
        elif isinstance(block, Formula):
            yield [[block.math.text]]
        elif isinstance(block, Bars):
            yield [["name", "number", "unit"], *_values(block.value, "")]
        elif isinstance(block, Text):
            yield [[plain(block.words)]]


def _values(value: Value, above: str) -> Iterator[list[Any]]:
    """A value and its parts, each by its path, as one number or as text where it is an array."""
    name = f"{above}/{value.name}" if above else value.name
    yield [name, value.range if value.is_array else float(value), str(value.unit)]
    for part in value.parts:
        yield from _values(part, name)
