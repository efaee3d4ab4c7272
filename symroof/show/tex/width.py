"""How wide a formula will be on paper, roughly: enough to know where it has to be broken."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: The width [pt] of a line of mathematics that the default ``article`` (345 pt) still takes.
ROOM = 335.0

_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|[{}]|\s+|.", re.DOTALL)
_NOTHING = {r"\left", r"\right", r"\displaystyle", r"\limits", "&", r"\bigl", r"\bigr", r"\biggl", r"\biggr", r"\bigg", r"\{", r"\}"}
_UPRIGHT = {r"\text", r"\mathrm", r"\operatorname", r"\textbf", r"\mathbf"}
_WIDTHS = {r"\,": 1.7, r"\:": 2.2, r"\;": 2.8, r"\!": -1.7, r"\ ": 3.3, r"\quad": 10.0, r"\qquad": 20.0, r"\infty": 10.0}
_WIDTHS |= {r"\cdot": 7.5, r"\times": 12.2, r"\max": 22.0, r"\min": 20.0, r"\log": 14.0, r"\to": 15.0, r"\ge": 13.5, r"\le": 13.5}
_WIDTHS |= dict.fromkeys("+-", 12.0) | dict.fromkeys("=<>", 13.5) | dict.fromkeys("()[]|", 4.2) | dict.fromkeys(".,:;!'", 3.8)
_WIDTHS |= dict.fromkeys("MW", 10.8) | dict.fromkeys("HKNX", 9.2) | dict.fromkeys("SPCLEZR", 7.6)


def width(latex: str) -> float:
    """The width of display mathematics, in points at 10 pt."""
    return _row(iter(_TOKEN.findall(latex)), 1.0)


def _row(tokens: Iterator[str], size: float, upright: bool = False) -> float:
    """The tokens up to the closing brace, or the end."""
    total = 0.0
    for token in tokens:
        if token == "}":
            break
        total += _one(token, tokens, size, upright)
    return total


def _group(tokens: Iterator[str], size: float, upright: bool = False) -> float:
    """The next group, or the next token."""
    token = next((t for t in tokens if not t.isspace()), "")
    return _one(token, tokens, size, upright) if token else 0.0


def _one(token: str, tokens: Iterator[str], size: float, upright: bool) -> float:
    """One token with its arguments; a fraction is as wide as the wider half, what stands under a brace counts as well."""
    if token == "{":
        return _row(tokens, size, upright)
    if token in (r"\frac", r"\dfrac"):  # the halves of a displayed one are of full height, those inside them are smaller
        inner = 0.999 if size == 1.0 else max(0.7, 0.7 * size)
        return max(_group(tokens, inner), _group(tokens, inner)) + 2.4
    if token == r"\underbrace":
        inside = _group(tokens, size)
        next(tokens, "")  # the _ before what stands under it
        return max(inside, _group(tokens, 0.8 * size))
    if token in ("_", "^"):
        return _group(tokens, 0.8 * size) + 0.5
    if token == r"\sqrt":
        return _group(tokens, size) + 9.0
    if token in _UPRIGHT:
        return _group(tokens, size, True) + (3.3 * size if token == r"\operatorname" else 0.0)  # its thin spaces
    if token in _NOTHING:
        return 3.0 * size if token in (r"\left", r"\right") else 0.0
    if token.isspace():
        return 3.3 * size if upright else 0.0
    if upright:
        return size * (7.2 if token.isupper() else 5.0)
    return size * _WIDTHS.get(token, 6.5 if token[0] == "\\" else 8.2 if token.isupper() else 5.4)
