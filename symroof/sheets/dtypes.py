"""``dtype("int8", math="bf16")``: number formats as a Sheet of bytes per element, and what the arithmetic is done in."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from symroof.algebra.quantity import parse_number, parse_quantity
from symroof.algebra.symbols import C_FORMAT, C, p, p_a, p_kv, p_w
from symroof.algebra.units import Unit
from symroof.errors import InputError, UnitError, UnknownName, nearest, short
from symroof.sheets.files import folders, read
from symroof.sheets.schema import DtypeRow
from symroof.sheets.sheet import Sheet

_BYTE = Unit.of("byte")
_MOST = 8
_UNSAID = ("", None)


@dataclass(frozen=True)
class Format:
    """How numbers are kept: bytes of one, and of what a matrix is scaled by.

    A ``scale`` stands for a ``block`` of outputs x inputs (0: all of them), and every matrix has ``tensor`` bytes beside. The sides
    of a matrix are rounded up to whole blocks.
    """

    name: str
    number: Fraction
    scale: Fraction = Fraction(0)
    block: tuple[int, int] = (1, 1)
    tensor: Fraction = Fraction(0)

    @property
    def bytes(self) -> Fraction:
        """Bytes of an element of a large matrix: of one number, and its share of the scale of a block."""
        rows, columns = self.block
        return self.number + (self.scale / (rows * columns) if rows and columns else 0)

    def of(self, outputs: int, inputs: int, count: int = 1) -> Fraction:
        """Bytes of ``count`` matrices [inputs, outputs].

        >>> FP8_BLOCK.of(576, 7168) - 576 * 7168  # 5 x 56 scales, the last rows a block by themselves
        Fraction(1120, 1)
        """
        blocks = [-(-side // (size or side)) for side, size in zip((outputs, inputs), self.block, strict=True)]
        return count * (outputs * inputs * self.number + blocks[0] * blocks[1] * self.scale + self.tensor)


FP8_BLOCK = Format("fp8 block", Fraction(1), Fraction(4), (128, 128))


def dtype(name: Any, weights: Any = "", kv: Any = "", activations: Any = "", math: str = "") -> Sheet:
    """Bytes per element p, p_w, p_kv and p_a, all in one format or mixed; with ``math`` also the rate that C stands for.

    A format is a name, or an exact number of bytes: ``"17/16 B"``, ``Fraction(17, 16)``; one with scales is as many bytes as an
    element of a large matrix comes to. It says how numbers are kept, ``math`` what the arithmetic is done in: without it the chip's
    own C, as ``--formats`` on the command line. ``dtype("int8")`` keeps everything in int8 and computes in bf16 on most chips,
    ``dtype("int8", math="int8")`` in int8.

    >>> dtype("int8", activations="bf16", math="bf16")[p_w]
    1 B
    >>> dtype("fp8 block", kv="17/16 B")[p_w].number
    Fraction(4097, 4096)

    Raises UnknownName with the nearest format, InputError for what is no number of bytes, or no format of arithmetic.
    """
    chosen = {s: format_of(name if f in _UNSAID else f) for s, f in ((p, name), (p_w, weights), (p_kv, kv), (p_a, activations))}
    computes = "" if math in _UNSAID else format_of(math).name
    if computes and computes not in C_FORMAT:
        raise InputError(f"no arithmetic is done in {computes}; give math as {', '.join(C_FORMAT)}")
    rate = {C: C_FORMAT[computes]} if computes else {}
    title = ", ".join(f"{s.name} {f.name}" for s, f in chosen.items()) + f", arithmetic {computes or 'of the chip'}"
    values = {s: f.bytes for s, f in chosen.items()}
    return Sheet(chosen[p].name, title, {**values, **rate}, sources=dict.fromkeys([*values, *rate], "the format's definition"))


def format_of(name: Any) -> Format:
    """A format by name, alias, or as an exact number of bytes.

    Raises UnknownName with the nearest format, InputError for what is no number of bytes of one.
    """
    if isinstance(name, Format):
        return name
    if isinstance(name, (int, float, Fraction)) and not isinstance(name, bool):
        return _wide(Fraction(str(name)) if 0 < name <= _MOST else Fraction(0), short(name))
    text = str(name).strip()
    wanted = " ".join(text.lower().replace("-", " ").replace("_", " ").split()) if len(text) < 60 else text
    if wanted in _formats():
        return _formats()[wanted]
    if wanted[:1].isdigit() or wanted[:1] in (".", "+"):
        return _counted(text)
    cure = nearest(wanted, [f.name for f in _formats().values()])
    if not cure.startswith("did you mean"):
        cure = nearest(wanted, [f.name for f in _formats().values() if not f.scale]) + ", those with scales, or bytes: '17/16 B'"
    raise UnknownName(f"there is no number format {short(name)}; {cure}")


def _counted(text: str) -> Format:
    """A format that is written as bytes of an element."""
    try:
        value, unit = parse_quantity(text)
    except UnitError as problem:
        raise InputError(f"{short(text)} is no number format: {problem}") from None
    if unit != _BYTE:
        raise InputError(f"{short(text)} is no number of bytes; a format is a name, or bytes of an element with their unit, e.g. '17/16 B'")
    return _wide(value, short(text))


def _wide(value: Fraction, said: str) -> Format:
    if not 0 < value <= _MOST:
        raise InputError(f"{said} is no number format; bytes of an element are more than 0 and at most {_MOST}")
    return Format(f"{value} B", value)


@lru_cache(maxsize=1)
def _formats() -> dict[str, Format]:
    """All formats, by name and alias."""
    rows = read(folders()[-1] / "dtypes.toml", dict[str, DtypeRow])
    return {word: _made(key, row) for key, row in rows.items() for word in (key, *row.aliases)}


def _made(name: str, row: DtypeRow) -> Format:
    block = row.block or ((1, 1) if row.scale is None else (0, 0))
    return Format(name, parse_number(row.bytes), parse_number(row.scale or "0"), block, parse_number(row.tensor or "0"))
