"""What the book is made of: chapters, their questions and answers, the thresholds among them, and the letters used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp

from symroof.book.question import Answer, Question
from symroof.solver.bound import Bound

WORDS = ("agrees", "differs", "ours")


@dataclass(frozen=True)
class Group:
    """The answers of a question that one formula gives."""

    formula: Any
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Entry:
    """A question, answered once; ``page`` is the file of its chapter."""

    question: Question
    answers: tuple[Answer, ...]
    page: str

    @property
    def paragraphs(self) -> list[str]:
        """The docstring of the derivation, paragraph by paragraph."""
        text = self.question.function.__doc__ or ""
        return [" ".join(p.split()) for p in re.split(r"\n\s*\n", text.strip()) if p.strip()]

    @cached_property
    def groups(self) -> list[Group]:
        """The answers by formula, in the order in which the formulas first appear."""
        found: dict[str, list[Answer]] = {}
        for a in self.answers:
            found.setdefault(key(a.formula), []).append(a)
        return [Group(some[0].formula, tuple(some)) for some in found.values()]


@dataclass(frozen=True)
class Chapter:
    """A chapter with its questions; ``part`` and ``name`` are the two halves of its title."""

    title: str
    page: str
    entries: tuple[Entry, ...]

    @property
    def part(self) -> str:
        """``part 7``, or nothing."""
        match = re.search(r"\bpart \d+", self.title)
        return match[0] if match else ""

    @property
    def name(self) -> str:
        """The title without the name of the book and the part."""
        return self.title.partition(f"{self.part}:")[2].strip() if self.part else self.title

    @property
    def differing(self) -> list[tuple[Entry, Answer]]:
        """The answers where print differs, in the order of the book."""
        return [(e, a) for e in self.entries for a in e.answers if a.verdict == "differs"]


@dataclass(frozen=True)
class Threshold:
    """A Bound among the answers, and the answers that it gives."""

    anchor: str
    bound: Bound
    uses: tuple[tuple[Entry, Answer], ...]

    @property
    def letters(self) -> list[str]:
        """The names of its symbols, the unknown first."""
        return [self.bound.symbol.name, *sorted(s.name for s in symbols(self.bound) if s != self.bound.symbol)]


@dataclass(frozen=True)
class Letter:
    """A symbol of the book, what it means, and the thresholds and questions that use it."""

    symbol: Any
    meanings: tuple[str, ...]
    thresholds: tuple[Threshold, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Book:
    """The whole book."""

    chapters: tuple[Chapter, ...]
    thresholds: tuple[Threshold, ...]
    letters: tuple[Letter, ...]

    @property
    def entries(self) -> list[Entry]:
        """All questions."""
        return [e for c in self.chapters for e in c.entries]

    @property
    def answers(self) -> list[Answer]:
        """All answers."""
        return [a for e in self.entries for a in e.answers]

    def threshold(self, formula: Any) -> Threshold | None:
        """The threshold that a formula is; nothing for a Cost."""
        return self._by_key.get(key(formula)) if isinstance(formula, Bound) else None

    @cached_property
    def _by_key(self) -> dict[str, Threshold]:
        return {key(t.bound): t for t in self.thresholds}


def contents(questions: Iterable[Question]) -> Book:
    """The book of these questions; each derivation runs once.

    Raises DerivationError naming an answer that contradicts itself.
    """
    by_chapter: dict[str, list[Question]] = {}
    for q in questions:
        by_chapter.setdefault(q.chapter, []).append(q)
    chapters = tuple(_chapter(title, some, page) for (title, some), page in zip(by_chapter.items(), _pages(by_chapter), strict=True))
    entries = [e for c in chapters for e in c.entries]
    thresholds = _thresholds(entries)
    return Book(chapters, thresholds, _letters(entries, thresholds))


def counts(answers: Iterable[Answer]) -> dict[str, int]:
    """How many answers agree with print, differ from it, and are only ours."""
    verdicts = [a.verdict for a in answers]
    return {word: verdicts.count(word) for word in WORDS}


def key(formula: Any) -> str:
    """What two equal formulas share."""
    return f"{type(formula).__name__} {formula!r} {getattr(formula, 'name', '')} [{getattr(formula, 'unit', '')}]"


def symbols(formula: Any) -> set[sp.Symbol]:
    """The symbols of a formula as shown, the unknown of a Bound with them."""
    if not isinstance(formula, Bound):
        return set(getattr(formula, "free_symbols", ()))
    shown = [e for p in formula.pieces for e in (p.low, p.high, *p.when) if e is not None]
    return {formula.symbol, *formula.large, *formula.small}.union(*(e.free_symbols for e in shown))


def headed(text: str) -> str:
    """A title with its first letter large, unless it begins with a name such as ``d_ff`` or ``pJ``."""
    first = text.split(" ", 1)[0]
    word = len(first) > 1 and first.rstrip(":,").isalpha() and first.islower()
    return text[:1].upper() + text[1:] if word or first == "a" else text


def _chapter(title: str, questions: Sequence[Question], page: str) -> Chapter:
    return Chapter(title, page, tuple(Entry(q, tuple(q.answers()), page) for q in questions))


def _pages(titles: Iterable[str]) -> list[str]:
    """A file for every chapter: by its part, or where two have one part by its place."""
    found: list[str] = []
    for i, title in enumerate(titles, 1):
        match = re.search(r"\bpart (\d+)", title)
        page = f"part-{match[1]}.html" if match else f"chapter-{i}.html"
        found.append(f"chapter-{i}.html" if page in found else page)
    return found


def _thresholds(entries: Sequence[Entry]) -> tuple[Threshold, ...]:
    """Each Bound once, by unknown, in the order in which the book comes to them."""
    uses: dict[str, list[tuple[Entry, Answer]]] = {}
    for e in entries:
        for a in e.answers:
            if isinstance(a.formula, Bound):
                uses.setdefault(key(a.formula), []).append((e, a))
    found = [Threshold(f"t{i}", some[0][1].formula, tuple(some)) for i, some in enumerate(uses.values(), 1)]
    return tuple(sorted(found, key=lambda t: (t.bound.symbol.name.lower(), t.bound.symbol.name)))


def _letters(entries: Sequence[Entry], thresholds: Sequence[Threshold]) -> tuple[Letter, ...]:
    """Each symbol once; one letter in two units is two symbols."""
    meanings: dict[Any, list[str]] = {}
    used: dict[Any, list[Entry]] = {}
    for e in entries:
        for a in e.answers:
            steps = getattr(a.formula, "steps", ())
            shown = [*symbols(a.formula), *(s for step in steps for side in (step.left, step.right) for s in side.free_symbols)]
            for s in shown:
                meanings.setdefault(s, []).append(getattr(s, "meaning", ""))
                used.setdefault(s, []).append(e)
    ordered = sorted(meanings, key=lambda s: (s.name.lower(), s.name, str(getattr(s, "unit", ""))))
    holds = {t.anchor: symbols(t.bound) for t in thresholds}
    return tuple(
        Letter(s, _once(meanings[s]), tuple(t for t in thresholds if s in holds[t.anchor]), tuple({id(e): e for e in used[s]}.values()))
        for s in ordered
    )


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(t for t in texts if t))
