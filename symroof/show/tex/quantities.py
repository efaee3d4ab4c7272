r"""Numbers and units as LaTeX: upright units, a thin space between; ``810\,\mathrm{GB/s}``. No package is needed."""

from __future__ import annotations

import re
from typing import Any

from symroof.algebra.quantity import show_quantity
from symroof.algebra.show import escape
from symroof.algebra.units import ONE, Unit

_QUANTITY = re.compile(r"(?P<dollar>\$?)(?P<number>-?\d[\d,]*(?:\.\d+)?)(?:e(?P<power>-?\d+))?(?P<unit>.*)", re.DOTALL)


def quantity(value: Any, unit: Unit = ONE, digits: int = 4) -> str:
    r"""A number in SI units as a reader expects it, in math mode: ``8.758\,\mathrm{ms}``, ``7.055 \times 10^{10}``.

    >>> print(quantity(810e9, Unit.of("byte/s")))
    810\,\mathrm{GB/s}
    """
    number = float(value)
    if number != number or abs(number) == float("inf"):
        return r"\text{not a number}" if number != number else "-" * (number < 0) + r"\infty"
    return from_text(show_quantity(number, unit, digits))


def from_text(text: str) -> str:
    """A quantity that is written already, such as ``16 GB`` or ``$1.2/h``, in math mode; what is none becomes text."""
    match = _QUANTITY.fullmatch(text.strip())
    if not match:
        return rf"\text{{{escape(text)}}}"
    number = match["number"].replace(",", "{,}")
    number += rf" \times 10^{{{int(match['power'])}}}" if match["power"] else ""
    word = match["unit"].strip()
    space = "" if not word or match["unit"].startswith(("/", "%")) else r"\,"
    return rf"\{match['dollar']}{number}{space}{unit(word)}" if match["dollar"] else f"{number}{space}{unit(word)}"


def unit(of: Unit | str) -> str:
    r"""A unit in math mode: ``\mathrm{GB/s}``; nothing for a pure number.

    >>> print(unit("us"), unit(Unit.of("s^2/byte")))
    \mu\mathrm{s} \mathrm{s}^{2}/\mathrm{byte}
    """
    text = "" if str(of) == "1" else str(of)
    if not re.fullmatch(r"[A-Za-zµμ/^*()\d %-]*", text):
        return rf"\text{{{escape(text)}}}"
    text = re.sub(r"(?<![A-Za-z])u(?=s(?![A-Za-z]))", "µ", text)
    pieces = []
    for piece in re.findall(r"\^(?:\(-?\d+/\d+\)|-?\d+)|[A-Za-z/]+|.", text):
        power = re.fullmatch(r"\^\(?(-?[\d/]+)\)?", piece)
        words = {"µ": r"\mu", "μ": r"\mu", "*": r" \cdot ", " ": r"\ ", "%": r"\,\%"}
        pieces.append(rf"^{{{power[1]}}}" if power else words.get(piece) or _upright(piece))
    return "".join(pieces)


def _upright(word: str) -> str:
    start = "/" * (len(word) - len(word.lstrip("/")))
    return start + (rf"\mathrm{{{word[len(start) :]}}}" if len(word) > len(start) else "")
