"""``symroof chips``, ``llms``, ``show NAME`` and ``program``: the data with sources, and what a written layer costs."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from symroof.algebra import show
from symroof.algebra.bind import check
from symroof.algebra.quantity import percent
from symroof.algebra.symbols import ALPHABET, C_FORMAT, M_hbm, P, P_mm, Symbol, W_hbm, W_ici, price, symbol
from symroof.errors import ProgramError, SheetError, UnknownName, nearest, short, told
from symroof.program.program import program
from symroof.sheets.chips import chip, chips
from symroof.sheets.dtypes import dtype
from symroof.sheets.files import aliases, written_in
from symroof.sheets.llms import llm, llms
from symroof.sheets.sheet import Sheet, shown
from symroof.show.document import Column, Document, Note, Table, Title, Words, table
from symroof.show.maths import math
from symroof.show.sheets import record
from symroof.show.views import see


def chips_table() -> Document:
    """All chips."""
    found = [chip(name) for name in chips()]
    rates = [f for f in ("bf16", "fp8", "int8", "fp4") if any(C_FORMAT[f] in c.values for c in found)]
    numbers = [*(f"{f} FLOP/s" for f in rates), "HBM", "bandwidth", "W_ici"]
    head: list[Column | Words] = ["chip", "", *(Column(word, True) for word in numbers), "links", Column("price", True)]
    rows = [
        (
            *(c.name, c.title, *(_cell(c, C_FORMAT[f]).removesuffix("FLOP/s") for f in rates)),
            *(*(_cell(c, s) for s in (M_hbm, W_hbm, W_ici)), c.links, _cell(c, price)),
        )
        for c in found
    ]
    title = Title("Chips: dense FLOP/s, W_ici both directions of one axis (GPU: all links one way)")
    return Document((title, table(head, rows)), lambda: [see(c).record for c in found])


def llms_table() -> Document:
    """All language models."""
    found = [llm(name) for name in llms()]
    letters = [ALPHABET[name] for name in ("L", "D", "F", "N", "K", "H", "V", "E", "k")]
    numbers: list[Words] = [*(math(s) for s in letters), "parameters", "published", "off by", "active"]
    rows = [
        (
            *(m.name, *(_cell(m, s) for s in letters), _billions(m[P]), _billions(m.published) if m.published else "-"),
            *(percent(float(m[P]) / float(m.published) - 1) if m.published else "-", _billions(m[P_mm])),
        )
        for m in found
    ]
    head: list[Column | Words] = ["model", *(Column(word, True) for word in numbers)]
    return Document(
        (Title("Language models: parameters derived from the layers"), table(head, rows)), lambda: [see(m).record for m in found]
    )


def sheet(name: str) -> Document:
    """One chip, model or number format with the source of every value.

    Raises UnknownName with the nearest of all names.
    """
    found = _find(name)
    rows = [(math(s), *row[1:]) for s, row in zip({**found.values, **found.defaults}, found.rows(), strict=True)]
    full = table(("letter", "value", "meaning", "source"), rows)
    document = see(found)
    notes = [replace(b, fold=None) for b in document if not isinstance(b, (Title, Table)) and not _is_source(b, found)]
    return Document((Title(f"{found.name}: {found.title}"), full, *notes), document.data or (lambda: record(found)))


def _is_source(block: Any, found: Sheet) -> bool:
    """Whether a note only says where values come from, which the table does."""
    return isinstance(block, Note) and block.about == "sources"


def _find(name: str) -> Sheet:
    for load in (chip, llm, dtype):
        try:
            return load(name)
        except UnknownName:
            continue
        except ValueError:
            if load is chip and name.endswith(".toml") and _is_model(name):
                return llm(name)
            raise  # the file says itself what is wrong with it
    words = [*chips(), *llms(), *C_FORMAT, *aliases("chips"), *aliases("llms")]
    raise UnknownName(f"there is no chip, model or format {short(name)}; {nearest(name, words)}")


def _is_model(path: str) -> bool:
    try:
        return bool({"dims", "model", "layers"} & tomllib.loads(written_in(Path(path))).keys())
    except (RecursionError, ValueError):
        return False


def _cell(found: Sheet, symbol: Symbol) -> str:
    return shown(symbol, found.values[symbol]) if symbol in found.values else "-"


def _billions(count: Any) -> str:
    return f"{float(count) / 1e9:.2f}e9"


# -- a layer in the sharding notation
def layer(text: str, sizes: Mapping[str, str], backward: bool) -> Document:
    """A program given as text, as a path, or as ``-`` for standard input.

    Raises ProgramError with line and column.
    """
    found = program(_read(text), **{name: _size(name, value) for name, value in sizes.items()})
    found = found + found.backward() if backward else found
    totals = {"flops": found.flops, "traffic": found.traffic, "memory": found.memory}
    data = {"statements": [_statement(s) for s in found.statements], **{k: show.text(c.expr) for k, c in totals.items()}}
    return Document(see(found).blocks, data)


def _statement(s: Any) -> dict[str, Any]:
    collectives = [{"kind": c.kind, "axes": list(c.axes), "tensor": c.tensor, "bytes": show.text(c.volume.expr)} for c in s.collectives]
    return {"statement": str(s), "flops": show.text(s.flops.expr), "collectives": collectives}


def _read(text: str) -> str:
    if text == "-":
        with told("standard input", "read", "give the program in quotes"):
            return "" if sys.stdin is None else sys.stdin.read(1 << 20)
    if "->" in text or "[" in text:
        return text
    try:
        return written_in(Path(text))
    except SheetError:
        raise ProgramError(f"{short(text)} is neither a program nor a file; write e.g. 'A[B_X, D] W[D, F] -> C[B_X, F]'") from None


def _size(name: str, value: str) -> Any:
    """A bound size: a letter of the alphabet, or a number."""
    return ALPHABET[value] if value in ALPHABET else check(symbol(name), value)
