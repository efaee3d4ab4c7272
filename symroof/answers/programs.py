"""``symroof program``: a layer in the sharding notation, its statements with their collectives, and what they cost."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from symroof.algebra import show
from symroof.algebra.check import check
from symroof.algebra.symbols import ALPHABET, symbol
from symroof.errors import ProgramError, short
from symroof.program.program import program
from symroof.show.document import Document
from symroof.show.views import see


def written(text: str, sizes: Mapping[str, str], backward: bool) -> Document:
    """A program given as text, as a path, or as ``-`` for standard input.

    Raises ProgramError with line and column.
    """
    found = program(_read(text), **{name: _size(name, value) for name, value in sizes.items()})
    found = found + found.backward() if backward else found
    totals = {"flops": found.flops, "traffic": found.traffic, "memory": found.memory}
    data = {"statements": [_record(s) for s in found.statements], **{k: show.text(c.expr) for k, c in totals.items()}}
    return Document(see(found).blocks, data)


def _record(s: Any) -> dict[str, Any]:
    collectives = [{"kind": c.kind, "axes": list(c.axes), "tensor": c.tensor, "bytes": show.text(c.volume.expr)} for c in s.collectives]
    return {"statement": str(s), "flops": show.text(s.flops.expr), "collectives": collectives}


def _read(text: str) -> str:
    if text == "-":
        return sys.stdin.read(1 << 20)
    if "->" in text or "[" in text:
        return text
    try:
        return Path(text).read_text("utf-8")[: 1 << 20]
    except (OSError, ValueError):
        raise ProgramError(f"{short(text)} is neither a program nor a file; write e.g. 'A[B_X, D] W[D, F] -> C[B_X, F]'") from None


def _size(name: str, value: str) -> Any:
    """A bound size: a letter of the alphabet, or a number."""
    return ALPHABET[value] if value in ALPHABET else check(symbol(name), value)
