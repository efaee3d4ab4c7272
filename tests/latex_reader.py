"""A reader of LaTeX of our own: what a printed formula is worth, from its text alone.

Nothing here uses symroof: a formula on paper must say what the engine says.
"""

from __future__ import annotations

import re
from math import ceil, floor, log, sqrt

_SCALES = {"n": 1e-9, "µ": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
_UNITS = {"s": 1.0, "h": 3600.0, "d": 86400.0, "B": 1.0, "B/s": 1.0, "FLOP/s": 1.0, "FLOP": 1.0, "USD": 1.0, "byte": 1.0}
_PLAIN = re.compile(r"&|\\hphantom\{=\}|\\q?quad\b|\\kern\d+em|\\\\(?:\[[^\]]*\])?|\\displaystyle")
_NUMBER = re.compile(
    r"(\\\$)?(\d+(?:\{,\}\d{3})*\.?\d*)(?: \\times 10\^\{(-?\d+)\})?(?:(?:\\,)?((?:\\mu|/)?\\mathrm\{[^}]*\}(?:\^\{-?\d+\})?))?"
)
_COMMAND = re.compile(r"\\[A-Za-z]+|.", re.DOTALL)


def environment(code: str) -> str:
    """What stands in a display, as one line."""
    inner = re.fullmatch(r"\\\[\n(.*)\n\\\]|\\begin\{align\*\}\n(.*)\n\\end\{align\*\}", code, re.DOTALL)
    assert inner, code
    return _PLAIN.sub(" ", inner[1] or inner[2])


def sides(code: str, values: dict[str, float]) -> list[float]:
    r"""Every side of ``a = b \ge c`` in a display; words are left out. ``values`` are by the LaTeX of a symbol."""
    text = re.sub(r"\[\\mathrm\{[^}]*\}(?:\\mathrm\{[^}]*\}|\^\{\d\})*\]\s*$", "", environment(code).strip())
    text = re.sub(r"\\text\{ [^{}]*\}\s*$", "", text)  # how far a rule of thumb is off
    shown = [side.strip() for side in re.split(r"=|\\ge\b|\\le\b|<|>", text)]
    return [Reader(side, values).all() for side in shown if not re.fullmatch(r"\\text\{[^}]*\}|", side)]


class Reader:
    """Recursive descent over one side."""

    def __init__(self, text: str, values: dict[str, float]) -> None:
        self.text, self.at = text, 0
        self.values = {**values, **{re.sub(r"^\\(mathrm|text)(?=\{)", r"\\operatorname", k): v for k, v in values.items()}}
        self.names = sorted(self.values, key=len, reverse=True)

    def all(self) -> float:
        found = self.sum()
        assert self.peek() == "", f"left over: {self.text[self.at :]!r} of {self.text!r}"
        return found

    def peek(self) -> str:
        while self.at < len(self.text) and (self.text[self.at].isspace() or self.text.startswith(r"\,", self.at)):
            self.at += 1 + self.text.startswith(r"\,", self.at)
        found = _COMMAND.match(self.text, self.at)
        return found[0] if found else ""

    def take(self, *wanted: str) -> str:
        token = self.peek()
        if wanted and token not in wanted:
            raise AssertionError(f"{wanted} expected at {self.text[self.at : self.at + 40]!r} of {self.text!r}")
        self.at += len(token)
        return token

    def sum(self) -> float:
        total, sign = 0.0, 1.0
        if self.peek() in ("+", "-"):
            sign = -1.0 if self.take() == "-" else 1.0
        while True:
            total += sign * self.product()
            if self.peek() not in ("+", "-"):
                return total
            sign = -1.0 if self.take() == "-" else 1.0

    def product(self) -> float:
        found = self.power()
        while True:
            token = self.peek()
            if token in ("", "+", "-", "}", ")", ",", "]", r"\right", r"\biggr"):
                return found
            if token == r"\bigg":
                self.take()
                self.take("/")
                found /= self.power()
            else:
                if token == r"\cdot":
                    self.take()
                found *= self.power()

    def power(self) -> float:
        base = self.base()
        if self.peek() == "^":
            self.take()
            return base ** (self.group() if self.peek() == "{" else float(self.take()))
        return base

    def group(self) -> float:
        self.take("{")
        if re.match(r"\d+/\d+\}", self.text[self.at :]):
            top, bottom = self.text[self.at : self.text.index("}", self.at)].split("/")
            self.at = self.text.index("}", self.at) + 1
            return int(top) / int(bottom)
        found = self.sum()
        self.take("}")
        return found

    def base(self) -> float:
        token = self.peek()
        number = _NUMBER.match(self.text, self.at)
        if number:
            self.at = number.end()
            return quantity(number)
        if token == r"\frac":
            self.take()
            return self.group() / self.group()
        if token == r"\sqrt":
            self.take()
            return sqrt(self.group())
        if token == r"\log":
            self.take()
            return log(self.group())
        if token == r"\underbrace":
            self.take()
            found = self.group()
            self.label()
            return found
        if token in (r"\max", r"\min"):
            self.take()
            found = self.brackets()
            return max(found) if token == r"\max" else min(found)
        for word, whole in (("ceil", ceil), ("floor", floor)):
            if self.text.startswith(rf"\left\l{word}", self.at):
                self.at += len(rf"\left\l{word}")
                found = self.group()
                self.take(r"\right")
                self.take(rf"\r{word}")
                return float(whole(found))
        if token in ("(", r"\left", r"\biggl"):
            (found,) = self.brackets()
            return found
        if token == "{":
            return self.group()
        name = next((n for n in self.names if self.text.startswith(n, self.at)), None)
        assert name, f"cannot read {self.text[self.at : self.at + 40]!r} of {self.text!r}"
        self.at += len(name)
        return self.values[name]

    def brackets(self) -> list[float]:
        self.opened()
        found = [self.sum()]
        while self.peek() == ",":
            self.take()
            found.append(self.sum())
        self.closed()
        return found

    def opened(self) -> None:
        if self.peek() in (r"\left", r"\biggl"):
            self.take()
        self.take("(", "[")

    def closed(self) -> None:
        if self.peek() in (r"\right", r"\biggr"):
            self.take()
        self.take(")", "]")
        if self.peek() == "_":
            self.label()

    def label(self) -> None:
        """``_{\\text{attention}}``"""
        found = re.compile(r"\s*_\{\\text\{(?:[^{}]|\\[{}])*\}\}").match(self.text, self.at)
        assert found, self.text[self.at :]
        self.at = found.end()


def quantity(match: re.Match[str]) -> float:
    """A number with its power of ten and its unit, in SI units."""
    number = float(match[2].replace("{,}", "")) * 10.0 ** int(match[3] or 0)
    word = (match[4] or "").replace(r"\mu\mathrm{", r"\mathrm{µ").removeprefix(r"\mathrm{").removesuffix("}")
    if match[1]:
        return number / 3600 if word == r"/\mathrm{h" else number
    for prefix, scale in _SCALES.items():
        if word.removeprefix(prefix) in _UNITS and word.startswith(prefix):
            return number * scale * _UNITS[word.removeprefix(prefix)]
    return number
