"""What is to be seen of anything, in no form yet: titles, texts, formulas, tables, bars and notes.

Every result class has one function (in the files of this room) that makes such a list; every form (text, LaTeX, HTML, JSON,
Markdown, CSV) is one renderer of it. What is said within a line or a cell is :data:`Words`: texts, formulas and amounts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from symroof.algebra.cost import Cost
from symroof.algebra.quantity import show_quantity
from symroof.algebra.units import ONE, Unit
from symroof.algebra.value import Value
from symroof.show.maths import Math, math

Tree = TypeVar("Tree", Cost, Value)


# -- what stands within a line
@dataclass(frozen=True)
class Amount:
    """A number in SI units, and how it is shown; ``shade`` (0 to 1) and ``about`` are for a map in HTML."""

    number: Any
    unit: Unit
    text: str
    shade: float | None = None
    about: str = ""


@dataclass(frozen=True)
class Share:
    """Bars in a cell: where each starts, how long it is (fractions), and its kind: "all", "bound" or "slack"; only HTML draws them."""

    bars: tuple[tuple[float, float, str], ...]
    about: str = ""
    text: str = ""


def bar(length: float, about: str, kind: str = "all") -> Share:
    """One bar from the left."""
    return Share(((0.0, length, kind),), about)


Inline = str | Math | Amount | Share
Words = Inline | tuple[Inline, ...]


def inlines(words: Words) -> tuple[Inline, ...]:
    """The pieces of what is said."""
    return words if isinstance(words, tuple) else (words,)


def plain(words: Words) -> str:
    """What is said as text."""
    return "".join(w if isinstance(w, str) else w.text for w in inlines(words))


DEEPER = "\u2003"  # before what belongs to the line above


# -- the blocks
@dataclass(frozen=True)
class Title:
    """What is shown, and something about it."""

    words: Words
    about: Words = ""
    level: int = 0
    fold: None = None


@dataclass(frozen=True)
class Text:
    """A line or a paragraph; a ``level`` deeper belongs to what is above it."""

    words: Words
    level: int = 0
    fold: str | None = None


@dataclass(frozen=True)
class Note:
    """What stands small: sources, counts, reservations."""

    words: Words
    level: int = 0
    fold: str | None = None
    about: str = ""


@dataclass(frozen=True, eq=False)
class Formula:
    """A formula on lines of its own; one with a ``node`` has a name, a unit and perhaps parts."""

    math: Math
    node: Cost | None = None
    level: int = 0
    fold: str | None = None


@dataclass(frozen=True)
class Column:
    """A column: its head, whether it holds numbers, and in a text without heads what stands around a cell (``mostly {}``)."""

    head: Words = ""
    number: bool = False
    said: str = "{}"


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of cells; columns in which nothing stands are left out.

    A table that is not ``headed`` speaks for itself in a text of few lines. One without any head is lines that follow
    from each other, such as a derivation. ``fold`` names what HTML folds, and what is left out where room is short
    (empty: not folded there). ``marked`` rows are the best ones.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Words, ...], ...]
    marked: tuple[int, ...] = ()
    headed: bool = True
    level: int = 1
    fold: str | None = None
    name: str = ""

    @property
    def heads(self) -> tuple[Words, ...]:
        """The heads of the columns; nothing where none has one."""
        heads = tuple(c.head for c in self.columns)
        return heads if any(heads) else ()

    def kept(self, drawn: bool = False) -> Table:
        """The same without empty columns; bars count where they are drawn."""

        def empty(cell: Words) -> bool:
            return not plain(cell) and not (drawn and isinstance(cell, Share))

        some = [i for i in range(len(self.columns)) if not all(empty(row[i]) for row in self.rows)]
        return replace(self, columns=tuple(self.columns[i] for i in some), rows=tuple(tuple(row[i] for i in some) for row in self.rows))


@dataclass(frozen=True, eq=False)
class Bars:
    """A Value with its parts, each a bar, what binds marked."""

    value: Value
    level: int = 0
    fold: str | None = None


Block = Title | Text | Note | Formula | Table | Bars


@dataclass(frozen=True, eq=False)
class Document:
    """The blocks, and what a program reads in their place, where that is more than what is seen: ``data``, or a function that gives it.

    One that ``fails`` says that nothing does what was asked, which is the exit code of a command.
    """

    blocks: tuple[Block, ...]
    data: Any = None
    fails: bool = False

    def __iter__(self) -> Iterator[Block]:
        return iter(self.blocks)

    @property
    def record(self) -> Any:
        """What a program reads, made when it is asked for."""
        return self.data() if callable(self.data) else self.data

    def deeper(self) -> tuple[Block, ...]:
        """The blocks, to stand under something else."""
        return tuple(replace(b, level=b.level + 1) for b in self.blocks)


def table(head: Sequence[Column | Words], rows: Iterable[Sequence[Words]], **more: Any) -> Table:
    """A table; columns of which every cell is an amount are those of numbers."""
    cells = tuple(tuple(row) for row in rows)
    columns = [h if isinstance(h, Column) else Column(h) for h in head]
    for i, column in enumerate(columns):
        some = [row[i] for row in cells if row[i] != ""]
        if some and all(isinstance(cell, Amount) for cell in some):
            columns[i] = replace(column, number=True)
    return Table(tuple(columns), cells, **more)


# -- what is said of the objects of the algebra
def amount(value: Any, unit: Unit = ONE) -> Amount:
    """A Value, or a number with its unit, without its parts."""
    if isinstance(value, Value):
        return Amount(value.number, value.unit, value.shown if not value.is_array else repr(value))
    return Amount(value, unit, show_quantity(float(value), unit))


def bare(value: Value) -> Amount:
    """A Value by its number alone, as a float, without what is said around it."""
    return amount(float(value), value.unit)


def branches(whole: Tree, depth: int = 0) -> Iterator[tuple[int, Tree, Tree]]:
    """All parts of a Cost or a Value: how deep each is, and what it is a part of."""
    for part in whole.parts:
        yield depth, part, whole
        yield from branches(part, depth + 1)


def letters(symbols: Iterable[Any]) -> Table:
    """The letters of a formula with their units and meanings, folded."""
    found = sorted(symbols, key=str)
    rows = [(math(s), str(getattr(s, "unit", "")).removeprefix("1"), str(getattr(s, "meaning", ""))) for s in found]
    return table(("letter", "unit", "meaning"), rows, fold=counted(len(rows), "letter"), name="letters")


def counted(count: int, word: str) -> str:
    """``1 step``, ``2 steps``."""
    return f"{count} {word}{'s' * (count != 1)}"
