"""CSV: the rows of the data where it has some, else the tables of a document, each with its heads."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

from symroof.algebra.value import paths
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
    data = document.record
    rows = data.get("rows") if isinstance(data, dict) else None
    if isinstance(rows, list) and rows and isinstance(rows[0], dict):
        names = list(dict.fromkeys(name for row in rows for name in row))
        yield [names, *([row.get(name) for name in names] for row in rows)]
        return
    for block in document:
        if isinstance(block, Table):
            table = block.kept()
            yield [*[map(plain, table.heads)] * bool(table.heads), *([plain(cell).lstrip(DEEPER) for cell in row] for row in table.rows)]
        elif isinstance(block, Formula):
            yield [[block.math.text]]
        elif isinstance(block, Bars):
            every = ((block.value.name, block.value), *paths(block.value, block.value.name))
            numbers = ([name, v.range if v.is_array else float(v), str(v.unit)] for name, v in every)
            yield [["name", "number", "unit"], *numbers]
        elif isinstance(block, Text):
            yield [[plain(block.words)]]
