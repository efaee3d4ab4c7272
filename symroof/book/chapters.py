"""The derivation book: find the chapters, list their questions, write the index."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from symroof.book.question import Question
from symroof.errors import SymroofError, UnknownName, nearest, short
from symroof.show.derivations import formula
from symroof.show.forms.markdown import words

_HEAD = """# Derivations

Every number of the chapters below, derived by the engine and compared with print. Each row is an answer: what is
asked, the formula the engine found, our number, the printed one, and, where they differ by more than 3 %, why.
*ours* marks what the book leaves to the reader. This page is generated: `symroof derive --index > derivations/README.md`.
`symroof derive QUESTION` shows one question with its steps.
"""


def folder() -> Path:
    """Where the chapters are: beside the package in a checkout, inside it in a wheel.

    Raises SymroofError if neither is there.
    """
    package = Path(__file__).resolve().parent.parent
    for candidate in (package.parent / "derivations", package / "_data" / "derivations"):
        if candidate.is_dir():
            return candidate
    raise SymroofError("the derivations are not installed; reinstall symroof from a wheel or run from a checkout")


@lru_cache(maxsize=1)
def questions() -> tuple[Question, ...]:
    """All questions of all chapters, in the order of the book."""
    found: list[Question] = []
    for path in sorted(folder().glob("*.py")):
        found += [q for q in vars(_module(path)).values() if isinstance(q, Question)]
    return tuple(sorted(found, key=_part))


def _part(q: Question) -> int:
    """The number of the book's part that a chapter is; sorting keeps the order within it."""
    match = re.search(r"part (\d+)", q.chapter)
    return int(match[1]) if match else 99


def find(name: str) -> list[Question]:
    """The questions of that id, or whose id starts with it.

    Raises UnknownName with the nearest id.
    """
    wanted = name.strip().lower()
    exact = [q for q in questions() if q.id == wanted]
    some = exact or [q for q in questions() if wanted and q.id.startswith(wanted)]
    if not some:
        raise UnknownName(f"there is no question {short(name)}; {nearest(wanted, [q.id for q in questions()])}")
    return some


def index() -> str:
    """The Markdown page of all answers."""
    pages = [_HEAD]
    chapter = ""
    for q in questions():
        if q.chapter != chapter:
            chapter = q.chapter
            pages.append(f"\n# {chapter}\n")
        pages.append("\n".join(_section(q)))
    return "\n".join(pages) + "\n"


def _section(q: Question) -> Iterator[str]:
    yield f"\n## {q.id} · {q.title}\n"
    if q.text:
        yield q.text + "\n"
    yield "| answer | formula | ours | book | |"
    yield "| --- | --- | ---: | ---: | --- |"
    for a in q.answers():
        shown = words(formula(a.formula))
        yield f"| {a.asked}<br><sub>{a.id}</sub> | {shown} | {a.shown(a.ours)} | {a.shown(a.printed)} | {_bold(a.remark)} |"


def _bold(text: str) -> str:
    return text.replace("differs", "**differs**", 1) if text.startswith("differs") else text


def _module(path: Path) -> ModuleType:
    name = f"symroof_derivations_{path.stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise SymroofError(f"{path} cannot be loaded; reinstall symroof")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]
