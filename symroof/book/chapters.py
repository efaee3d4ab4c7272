"""The derivation book: its questions found in the chapters, their answers, the thresholds and letters among them, and its index."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import Any

import sympy as sp

from symroof.book.question import Answer, Question
from symroof.errors import SymroofError, UnknownName, nearest, short
from symroof.show.derivations import formula
from symroof.show.forms.markdown import words
from symroof.solver.bound import Bound

VERDICTS = ("agrees", "differs", "ours")
_HEAD = """# Derivations

Every number of the chapters below, derived by the engine and compared with print. Each row is an answer: what is
asked, the formula the engine found, our number, the printed one, and, where they differ by more than 3 %, why.
*ours* marks what the book leaves to the reader. This page is generated: `symroof derive --index > derivations/README.md`.
`symroof derive QUESTION` shows one question with its steps.
"""


# -- the questions
def folder() -> Path:
    """Where the chapters are: beside the package in a checkout, inside it in a wheel. Raises SymroofError if neither is there."""
    package = Path(__file__).resolve().parent.parent
    for candidate in (package.parent / "derivations", package / "_data" / "derivations"):
        if candidate.is_dir():
            return candidate
    raise SymroofError("the derivations are not installed; reinstall symroof from a wheel or run from a checkout")


@lru_cache(maxsize=1)
def questions() -> tuple[Question, ...]:
    """All questions of all chapters, in the order of the book."""
    found = [q for path in sorted(folder().glob("*.py")) for q in vars(_module(path)).values() if isinstance(q, Question)]
    return tuple(sorted(found, key=lambda q: int(q.part or 99)))


def find(name: str) -> list[Question]:
    """The questions of that id, or whose id starts with it. Raises UnknownName with the nearest id."""
    wanted = name.strip().lower()
    exact = [q for q in questions() if q.id == wanted]
    some = exact or [q for q in questions() if wanted and q.id.startswith(wanted)]
    if not some:
        raise UnknownName(f"there is no question {short(name)}; {nearest(wanted, [q.id for q in questions()])}")
    return some


def index() -> str:
    """The Markdown page of all answers."""
    pages = [_HEAD]
    for chapter, some in groupby(questions(), lambda q: q.chapter):
        pages.append(f"\n# {chapter}\n")
        pages += ["\n".join(_section(q)) for q in some]
    return "\n".join(pages) + "\n"


def _section(q: Question) -> Iterator[str]:
    yield f"\n## {q.id} · {q.title}\n"
    if q.text:
        yield q.text + "\n"
    yield "| answer | formula | ours | book | |"
    yield "| --- | --- | ---: | ---: | --- |"
    for a in q.answers():
        remark = re.sub("^differs", "**differs**", a.remark)
        yield f"| {a.asked}<br><sub>{a.id}</sub> | {words(formula(a.formula))} | {a.shown(a.ours)} | {a.shown(a.printed)} | {remark} |"


def _module(path: Path) -> ModuleType:
    name = f"symroof_derivations_{path.stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise SymroofError(f"{path} cannot be loaded; reinstall symroof")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


# -- the book
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
    def groups(self) -> list[list[Answer]]:
        """The answers by formula, in the order in which the formulas first appear."""
        found: dict[str, list[Answer]] = {}
        for a in self.answers:
            found.setdefault(key(a.formula), []).append(a)
        return list(found.values())


@dataclass(frozen=True)
class Chapter:
    """A chapter with its questions; ``part`` and ``name`` are the two halves of its title."""

    title: str
    page: str
    entries: tuple[Entry, ...]

    @property
    def part(self) -> str:
        """``part 7``, or nothing."""
        number = self.entries[0].question.part
        return f"part {number}" if number else ""

    @property
    def name(self) -> str:
        """The title without the name of the book and the part."""
        return self.title.partition(f"{self.part}:")[2].strip() if self.part else self.title

    @property
    def answers(self) -> list[Answer]:
        """All answers."""
        return [a for e in self.entries for a in e.answers]

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
    """Chapters in their order; what is found in them is asked for, and gathered once."""

    chapters: tuple[Chapter, ...]

    @property
    def entries(self) -> list[Entry]:
        """All questions."""
        return [e for c in self.chapters for e in c.entries]

    @property
    def answers(self) -> list[Answer]:
        """All answers."""
        return [a for c in self.chapters for a in c.answers]

    @cached_property
    def _by_key(self) -> dict[str, Threshold]:
        uses: dict[str, list[tuple[Entry, Answer]]] = {}
        for e in self.entries:
            for a in e.answers:
                if isinstance(a.formula, Bound):
                    uses.setdefault(key(a.formula), []).append((e, a))
        return {same: Threshold(f"t{i}", some[0][1].formula, tuple(some)) for i, (same, some) in enumerate(uses.items(), 1)}

    def threshold(self, formula: Any) -> Threshold | None:
        """The threshold that a formula is; nothing for a Cost."""
        return self._by_key.get(key(formula)) if isinstance(formula, Bound) else None

    @cached_property
    def thresholds(self) -> list[Threshold]:
        """Each Bound once, by unknown, in the order in which the book comes to them."""
        return sorted(self._by_key.values(), key=lambda t: (t.bound.symbol.name.lower(), t.bound.symbol.name))

    @cached_property
    def letters(self) -> list[Letter]:
        """Each symbol once, by name; one letter in two units is two symbols."""
        used: dict[Any, list[tuple[str, Entry]]] = {}
        for e, f in ((entry, a.formula) for entry in self.entries for a in entry.answers):
            sides = [side for step in getattr(f, "steps", ()) for side in (step.left, step.right)]
            for s in (*symbols(f), *(s for side in sides for s in side.free_symbols)):
                used.setdefault(s, []).append((getattr(s, "meaning", ""), e))
        ordered = sorted(used, key=lambda s: (s.name.lower(), s.name, str(getattr(s, "unit", ""))))
        holds = [(t, symbols(t.bound)) for t in self.thresholds]
        found = []
        for s in ordered:
            meanings = dict.fromkeys(meaning for meaning, _ in used[s] if meaning)
            entries = {id(e): e for _, e in used[s]}
            found.append(Letter(s, tuple(meanings), tuple(t for t, letters in holds if s in letters), tuple(entries.values())))
        return found


def contents(questions: Iterable[Question]) -> Book:
    """The book of these questions; each derivation runs once. Raises DerivationError naming an answer that contradicts itself."""
    by_chapter: dict[str, list[Question]] = {}
    for q in questions:
        by_chapter.setdefault(q.chapter, []).append(q)
    found: dict[str, Chapter] = {}
    for i, (title, some) in enumerate(by_chapter.items(), 1):
        page = f"part-{some[0].part}.html"
        page = page if some[0].part and page not in found else f"chapter-{i}.html"
        found[page] = Chapter(title, page, tuple(Entry(q, tuple(q.answers()), page) for q in some))
    return Book(tuple(found.values()))


def counts(answers: Iterable[Answer]) -> dict[str, int]:
    """How many answers agree with print, differ from it, and are only ours."""
    verdicts = [a.verdict for a in answers]
    return {word: verdicts.count(word) for word in VERDICTS}


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
