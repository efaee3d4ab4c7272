"""``dtype("int8", math="bf16")``: number formats as a Sheet of bytes per element, and what the arithmetic is done in."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from symroof.algebra.quantity import parse_number
from symroof.algebra.symbols import C_FORMAT, C, p, p_a, p_kv, p_w
from symroof.errors import UnknownName, nearest, short
from symroof.sheets.files import folders, read
from symroof.sheets.schema import DtypeRow
from symroof.sheets.sheet import Sheet


def dtype(name: str, weights: str = "", kv: str = "", activations: str = "", math: str = "") -> Sheet:
    """Bytes per element p, p_w, p_kv and p_a, all in one format or mixed; with ``math`` also the rate that C stands for.

    A format says how numbers are kept, ``math`` what the arithmetic is done in: without it the chip's own C, as ``--formats`` on
    the command line. ``dtype("int8")`` keeps everything in int8 and computes in bf16 on most chips, ``dtype("int8", math="int8")``
    in int8.

    >>> dtype("int8", activations="bf16", math="bf16")[p_w]
    Fraction(1, 1)

    Raises UnknownName with the nearest format.
    """
    chosen = {p: name, p_w: weights or name, p_kv: kv or name, p_a: activations or name}
    values = {s: _formats()[_known(f)][1] for s, f in chosen.items()}
    rate = {C: C_FORMAT[_known(math)]} if math else {}
    title = ", ".join(f"{s.name} {f}" for s, f in chosen.items()) + f", arithmetic {_known(math) if math else 'of the chip'}"
    return Sheet(_known(name), title, {**values, **rate}, sources=dict.fromkeys([*values, *rate], "the format's definition"))


@lru_cache(maxsize=1)
def _formats() -> dict[str, tuple[str, Fraction]]:
    """All formats and their aliases, with the format's own name and its bytes per element as an exact fraction."""
    rows = read(folders()[-1] / "dtypes.toml", dict[str, DtypeRow])
    return {word: (key, parse_number(row.bytes)) for key, row in rows.items() for word in (key, *row.aliases)}


def _known(name: str) -> str:
    """The format's own name for a name or an alias."""
    wanted = str(name).strip().lower() if len(str(name)) < 60 else str(name)
    if wanted not in _formats():
        raise UnknownName(f"there is no number format {short(name)}; {nearest(wanted, C_FORMAT)}")
    return _formats()[wanted][0]
