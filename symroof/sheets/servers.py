"""``server("vllm")``: what a server program does not give to the KV cache, as a Sheet of letters that a question may say otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from symroof.algebra.bind import check
from symroof.algebra.symbols import M_run, R_seq, Symbol, T_step, u_hbm
from symroof.errors import SheetError, SymroofError, UnknownName, nearest, short
from symroof.sheets.files import folders, read
from symroof.sheets.schema import ServerRow
from symroof.sheets.sheet import Sheet

_NAME = "servers.toml"


@dataclass(frozen=True, repr=False)
class Server(Sheet):
    """The fraction of HBM that it uses, its largest step, its buffers; ``communication`` [byte] more where chips share layers.

    ``tiles`` are the multiples that 4-bit experts are rounded up to: their width on a chip, and the width of the model.
    """

    communication: Fraction = Fraction(0)
    tiles: tuple[int, int] = (1, 1)


def server(name: str) -> Server:
    """A server by name or alias.

    >>> server("vllm")[u_hbm]
    0.9

    Raises UnknownName with the nearest name, SheetError naming the key if the file is wrong.
    """
    rows = read(folders()[-1] / _NAME, dict[str, ServerRow])
    known = {word: key for key, row in rows.items() for word in (key, *row.aliases)}
    wanted = str(name).strip().lower()[:60]
    if wanted not in known:
        raise UnknownName(f"there is no server {short(name)}; {nearest(wanted, known)}")
    key = known[wanted]
    row = rows[key]
    given: dict[Symbol, object] = {u_hbm: row.fraction, T_step: row.step, R_seq: row.sequences, M_run: row.runtime}
    try:
        values = {s: Fraction(check(s, v)) for s, v in given.items()}
        communication = Fraction(check(M_run, row.communication))
    except SymroofError as problem:
        raise SheetError(f"{_NAME}: {key}: {problem}") from None
    cite = f"{row.source.title} ({row.source.url}, {row.source.date})"
    tiles = (row.tiles.width, row.tiles.model) if row.tiles else (1, 1)
    return Server(key, row.title, {}, values, dict.fromkeys(values, cite), communication, tiles)
