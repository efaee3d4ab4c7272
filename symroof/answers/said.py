"""What every answer says beside itself: what is still free, what numbers stand on, which values were given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from symroof.algebra.cost import Cost
from symroof.algebra.symbols import ALPHABET
from symroof.ask.givers import on_command_line
from symroof.ask.letters import find
from symroof.ask.question import Question
from symroof.sheets.sheet import Sheet
from symroof.show.document import Block, Note, Text
from symroof.show.views import see


@dataclass(frozen=True)
class Grown:
    """The letters taken as large or small, by name."""

    large: tuple[str, ...] = ()
    small: tuple[str, ...] = ()

    def among(self, free: Iterable[sp.Symbol]) -> dict[str, list[sp.Symbol]]:
        """As symbols, for ``solve`` and ``limit``."""
        return {"large": [find(s, free) for s in self.large], "small": [find(s, free) for s in self.small]}


def given(sheet: Sheet) -> Mapping[str, Any]:
    """The values of a sheet by name, for a program: numbers, or the letter that one stands for."""
    return {s.name: str(v) if isinstance(v, sp.Basic) else v for s, v in sorted(sheet.values.items(), key=lambda item: item[0].name)}


def at_values(sheet: Sheet, found: Any) -> Iterator[Block]:
    """What an answer comes to at values, if there are any."""
    if found is not None:
        yield Text(f"at {sheet.name}:")
        yield from see(found.named(found.name) if isinstance(found, Cost) else found)  # which letters are free, remarks say


def free_letters(names: Iterable[str]) -> str:
    """Letters without a value, and what would give each one."""
    known = ALPHABET
    hints = on_command_line(known[name] for name in names if name in known)
    return ", ".join(names) + (f". {hints}" if hints else "")


def remarks(question: Question, free: Iterable[sp.Symbol] | None = None, still: bool = True) -> Iterator[Block]:
    """The letters without a value but those that are asked for, and what numbers assume, once there are any."""
    free = question.free if free is None else set(free)
    if question.sheet.values:
        left = question.left(free) if still else ()
        if left:
            yield Note(f"Still free: {free_letters(left)}.")
        yield from (Note(line) for line in question.known.stands_on(free))
