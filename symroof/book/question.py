"""A derivation: a question of a book, answered by the engine, beside what the book prints."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from symroof.algebra import show
from symroof.algebra.quantity import parse_quantity, percent, show_number, show_quantity
from symroof.algebra.units import Unit
from symroof.algebra.value import Value
from symroof.errors import DerivationError

_CLOSE = 0.03  # print is rounded to two digits, so 3 % is agreement


@dataclass(frozen=True, repr=False)
class Answer(show.Shown):
    """One number (or a row of numbers) of a question: ours beside the printed one, in SI units.

    ``formula`` is what the engine derived; ``reproduced`` is what it gives for the book's own inputs, where the
    printed number follows from other inputs than it should; ``why`` says why print differs.
    """

    id: str
    asked: str
    formula: Any
    ours: tuple[float, ...]
    printed: tuple[float, ...]
    unit: Unit
    why: str = ""
    reproduced: tuple[float, ...] = ()

    @property
    def off(self) -> float:
        """How far print is from ours, as a fraction of print; 0 where nothing is printed."""
        return max((abs(a / b - 1) if b else abs(a) for a, b in zip(self.ours, self.printed, strict=False)), default=0.0)

    @property
    def verdict(self) -> str:
        """``agrees``, ``differs``, or ``ours`` where the book leaves the answer to the reader."""
        if not self.printed:
            return "ours"
        return "agrees" if self.off <= _CLOSE else "differs"

    @property
    def remark(self) -> str:
        """The verdict in words: agrees, or differs and why, and that the book's own inputs give its number."""
        words = f"differs by {apart(self.off)}" if self.verdict == "differs" else self.verdict
        words += f": {self.why}" if self.why else ""
        return words + (f"{'; ' if self.why else ': '}that gives {self.shown(self.reproduced)}" if self.reproduced else "")

    def check(self) -> None:
        """Raise DerivationError if print differs without a reason, or the book's own inputs do not give its number."""
        if self.verdict == "differs" and not self.why:
            raise DerivationError(f"{self.id}: ours is {self.shown(self.ours)}, print {self.shown(self.printed)}; say why")
        pairs = zip(self.reproduced, self.printed, strict=bool(self.reproduced))
        wrong = [(a, b) for a, b in pairs if abs(a / b - 1) > _CLOSE]
        if wrong:
            raise DerivationError(f"{self.id}: the book's inputs give {wrong[0][0]:.6g}, not the printed {wrong[0][1]:.6g}")

    def shown(self, numbers: Sequence[float]) -> str:
        """Numbers with their unit."""
        return ", ".join(show_quantity(x, self.unit) for x in numbers)


@dataclass(frozen=True, repr=False)
class Question(show.Shown):
    """A question of a chapter, with the function that answers it."""

    id: str
    title: str
    chapter: str
    function: Callable[[], Iterable[Answer]]

    def answers(self) -> list[Answer]:
        """All answers, each checked. Raises DerivationError naming the answer that contradicts itself."""
        found = list(self.function())
        for answer in found:
            answer.check()
        return found

    @property
    def text(self) -> str:
        """What the derivation says in words: the function's docstring."""
        return " ".join((self.function.__doc__ or "").split())

    @property
    def part(self) -> str:
        """The number of the book's part that the chapter is, or nothing."""
        return "".join(re.findall(r"\bpart (\d+)", self.chapter)[:1])


def question(id: str, title: str, chapter: str) -> Callable[[Callable[[], Iterator[Answer]]], Question]:
    """Make a function that yields answers a Question of a chapter."""
    return lambda function: Question(id, title, chapter, function)


def answer(id: str, asked: str, formula: Any, ours: Any, printed: Any = None, why: str = "", reproduced: Any = None) -> Answer:
    """An answer: ``ours`` is a Value, a number or several; ``printed`` a text with its unit (``"68 GB"``), or several.

    Raises DerivationError if print is in another unit than ours.
    """
    unit = next((v.unit for v in _listed(ours) if isinstance(v, Value)), Unit())
    prints = tuple(_printed(id, p, unit) for p in _listed(printed))
    return Answer(id, asked, formula, _numbers(ours), prints, unit, why, _numbers(reproduced))


def _listed(values: Any) -> list[Any]:
    if values is None:
        return []
    return list(values) if isinstance(values, (list, tuple)) else [values]


def _numbers(values: Any) -> tuple[float, ...]:
    numbers: list[float] = []
    for v in _listed(values):
        inner = v.number if isinstance(v, Value) else v
        numbers += [float(x) for x in inner.ravel()] if hasattr(inner, "ravel") else [float(inner)]
    return tuple(numbers)


def _printed(id: str, text: Any, unit: Unit) -> float:
    if not isinstance(text, str):
        return float(text)
    number, given = parse_quantity(text, unit)
    if given.measured != unit.measured or (given.counted.powers and given != unit):
        raise DerivationError(f"{id}: print is in {given}, ours in {unit}")
    return float(number)


def apart(off: float) -> str:
    """How far two numbers are apart: ``2.3 %``, or ``a factor of 4.06``."""
    return percent(off) if off < 2 else f"a factor of {show_number(1 + off)}"
