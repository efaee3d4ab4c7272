"""``dtype("int8", math="bf16")``: number formats as a Sheet of bytes per element, and what the arithmetic is done in."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from functools import lru_cache

import msgspec

from symroof.algebra.quantity import parse_number
from symroof.algebra.symbols import C_FORMAT, C, p, p_a, p_kv, p_w
from symroof.errors import SheetError, UnknownName, nearest, short
from symroof.sheets.files import folders
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
    values = {s: dtypes()[_known(f)] for s, f in chosen.items()}
    rate = {C: C_FORMAT[_known(math)]} if math else {}
    title = ", ".join(f"{s.name} {f}" for s, f in chosen.items()) + f", arithmetic {_known(math) if math else 'of the chip'}"
    return Sheet(_known(name), title, {**values, **rate}, sources=dict.fromkeys([*values, *rate], "the format's definition"))


@lru_cache(maxsize=1)
def dtypes() -> dict[str, Fraction]:
    """All formats and their aliases, with their bytes per element as exact fractions."""
    path = folders()[-1] / "dtypes.toml"
    try:
        rows = msgspec.convert(tomllib.loads(path.read_text("utf-8")), dict[str, DtypeRow])
    except (msgspec.ValidationError, tomllib.TOMLDecodeError, OSError) as problem:
        raise SheetError(f"{path.name}: {short(problem, 120)}") from None
    return {word: parse_number(row.bytes) for key, row in rows.items() for word in (key, *row.aliases)}


@lru_cache(maxsize=64)
def _known(name: str) -> str:
    """The format's own name for a name or an alias."""
    wanted = str(name).strip().lower() if len(str(name)) < 60 else str(name)
    if wanted in C_FORMAT:
        return wanted
    path = folders()[-1] / "dtypes.toml"
    for key, row in tomllib.loads(path.read_text("utf-8")).items():
        if wanted in row.get("aliases", ()):
            return str(key)
    raise UnknownName(f"there is no number format {short(name)}; {nearest(wanted, C_FORMAT)}")
