"""How wide a formula will be on paper, roughly: enough to know where it has to be broken."""

from __future__ import annotations

import re

#: The width [pt] of a line of mathematics that the default ``article`` (345 pt) still takes.
ROOM = 335.0

_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|[{}]|\s+|.", re.DOTALL)
_SPACES = {r"\,": 1.7, r"\:": 2.2, r"\;": 2.8, r"\!": -1.7, r"\ ": 3.3, r"\quad": 10.0, r"\qquad": 20.0}
_SIGNS = dict.fromkeys("+-", 12.0) | dict.fromkeys("=<>", 13.5) | dict.fromkeys("()[]|", 4.2) | dict.fromkeys(".,:;!'", 3.8)
_NAMED = {
    r"\cdot": 7.5,
    r"\times": 12.2,
    r"\ge": 13.5,
    r"\le": 13.5,
    r"\max": 22.0,
    r"\min": 20.0,
    r"\log": 14.0,
    r"\to": 15.0,
    r"\infty": 10.0,
}
_WIDE = dict.fromkeys("MW", 10.8) | dict.fromkeys("HKNX", 9.2) | dict.fromkeys("SPCLEZR", 7.6)
_NOTHING = {r"\left", r"\right", r"\displaystyle", r"\limits", "&", r"\bigl", r"\bigr", r"\biggl", r"\biggr", r"\bigg", r"\{", r"\}"}
_UPRIGHT = {r"\text", r"\mathrm", r"\operatorname", r"\textbf", r"\mathbf"}


def width(latex: str) -> float:
    """The width of display mathematics, in points at 10 pt."""
    return _Reader(_TOKEN.findall(latex)).row(1.0, False)


class _Reader:
    """Adds up the widths of tokens; a fraction is as wide as the wider half, what stands under a brace counts as well."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens, self.at = tokens, 0

    def row(self, size: float, upright: bool) -> float:
        """Up to the closing brace, or the end."""
        total = 0.0
        while self.at < len(self.tokens):
            if self.tokens[self.at] == "}":
                self.at += 1
                break
            total += self.one(size, upright)
        return total

    def group(self, size: float, upright: bool = False) -> float:
        """The next group, or the next token."""
        while self.at < len(self.tokens) and self.tokens[self.at].isspace():
            self.at += 1
        return self.one(size, upright) if self.at < len(self.tokens) else 0.0

    def one(self, size: float, upright: bool) -> float:
        """One token with its arguments."""
        token = self.tokens[self.at]
        self.at += 1
        if token == "{":
            return self.row(size, upright)
        if token in (r"\frac", r"\dfrac"):
            inner = size if size == 1.0 and token == r"\frac" else max(0.7, 0.7 * size)
            return max(self.group(self._below(inner)), self.group(self._below(inner))) + 2.4
        if token == r"\underbrace":
            inside = self.group(size)
            self.at += self.tokens[self.at : self.at + 1] == ["_"]
            return max(inside, self.group(0.8 * size))
        if token in ("_", "^"):
            return self.group(0.8 * size) + 0.5
        if token == r"\sqrt":
            return self.group(size) + 9.0
        if token in _UPRIGHT:
            return self.group(size, True) + (3.3 * size if token == r"\operatorname" else 0.0)  # its thin spaces
        if token in _NOTHING:
            return 3.0 * size if token in (r"\left", r"\right") else 0.0
        return size * self._letter(token, upright)

    @staticmethod
    def _below(size: float) -> float:
        """Numerators of a displayed fraction are of full height, those inside it are smaller."""
        return size if size < 1.0 else 0.999

    @staticmethod
    def _letter(token: str, upright: bool) -> float:
        if token.isspace():
            return 3.3 if upright else 0.0
        if upright:
            return 7.2 if token.isupper() else 5.0
        if token in _SPACES:
            return _SPACES[token]
        if token[0] == "\\":
            return _NAMED.get(token, 6.5)
        return _SIGNS.get(token) or _WIDE.get(token, 8.2 if token.isupper() else 5.4)
