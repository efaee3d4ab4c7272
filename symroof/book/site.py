"""The book as files: a site, from templates that escape everything but formulas, and ``book.tex``, in a directory of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.resources import files
from itertools import zip_longest
from pathlib import Path
from typing import Any

from symroof.algebra.cost import Cost
from symroof.book.chapters import Book, contents, counts, headed
from symroof.book.chapters import questions as all_questions
from symroof.book.document import MARK, document
from symroof.book.question import Answer, Question, apart
from symroof.errors import InputError, short, told
from symroof.show.bounds import piece, steps
from symroof.show.derivations import formula
from symroof.show.document import Block, Formula, Text, counted, plain
from symroof.show.forms.html import inside, said
from symroof.show.formulas import named
from symroof.show.maths import Math, math
from symroof.show.pages import CSS, environment, script_json

#: How a file of ours says, in so many characters from its beginning, that it is ours.
_MARKS = {"index.html": '<meta name="generator" content="symroof book">', "book.tex": MARK}
_START = 2000


# -- in a directory
def write(
    directory: str | Path, latex_only: bool = False, force: bool = False, questions: Iterable[Question] | None = None
) -> tuple[Path, Book]:
    """Write the site and ``book.tex``, or only the latter, and answer each question once; gives the file to open, and the book.

    Raises InputError if the directory holds other things than a book of ours (unless ``force``), if it cannot be written, or
    if jinja2 or latex2mathml is not installed.
    """
    where = Path(directory)
    with told(directory, "read", "give another directory"):
        file = where.exists() and not where.is_dir()
        free = force or file or not where.exists() or not any(where.iterdir()) or any(_ours(where / name, _MARKS[name]) for name in _MARKS)
    if file:
        raise InputError(f"{short(where)} is a file; give a directory")
    if not free:
        cure = "give another directory, or --force to write into it"
        raise InputError(f"{short(where)} is not empty and holds no book of ours; {cure}")
    book = contents(all_questions() if questions is None else questions)
    made = {**({} if latex_only else site(book)), "book.tex": document(book)}
    with told(directory, cure="give another directory"):
        where.mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            (where / name).write_text(text, encoding="utf-8", newline="\n")
    return where / ("book.tex" if latex_only else "index.html"), book


def _ours(file: Path, mark: str) -> bool:
    if not file.is_file():
        return False
    with file.open(encoding="utf-8", errors="replace") as opened:
        return mark in opened.read(_START)


# -- the site
def site(book: Book) -> dict[str, str]:
    """Every file of the site by its name. Raises InputError with the cure if jinja2 or latex2mathml is not installed."""
    made = _environment()
    shared = {"book": book, "title": "The derivation book"}
    found = {"index.html": made.get_template("index.html").render(**shared, index=script_json(list(records(book))))}
    for name in ("errata.html", "thresholds.html", "symbols.html"):
        found[name] = made.get_template(name).render(**shared)
    for before, c, after in zip((None, *book.chapters), book.chapters, (*book.chapters[1:], None), strict=False):
        found[c.page] = made.get_template("chapter.html").render(**shared, before=before, after=after, chapter=c)
    style, script = (files("symroof.book").joinpath("templates", name).read_text("utf-8") for name in ("style.css", "book.js"))
    return found | {"style.css": style + CSS, "book.js": script}


def records(book: Book) -> Iterator[dict[str, str]]:
    """What the search box searches: questions, answers and symbols, each with its address and its words."""
    for c in book.chapters:
        for e in c.entries:
            q, title = e.question, headed(e.question.title)
            yield {"at": f"{c.page}#{anchor(q.id)}", "title": title, "id": q.id, "where": c.title, "words": " ".join(e.paragraphs)}
            for a in e.answers:
                shown = plain(formula(a.formula)).replace("\n", " ")
                numbers = f"ours {a.shown(a.ours)}" + (f", book {a.shown(a.printed)}" if a.printed else "")
                about = {"at": f"{c.page}#{anchor(a.id, 'answer')}", "title": a.asked, "id": a.id, "where": title}
                yield {**about, "words": f"{shown} {numbers} {a.why}", "formula": shown, "numbers": numbers, "verdict": a.verdict}
    for letter in book.letters:
        s, words = letter.symbol, f"{'; '.join(letter.meanings)} [{getattr(letter.symbol, 'unit', '1')}]"
        at = f"symbols.html#{letter_anchor(s)}"
        yield {"at": at, "title": f"{s.name}: {words}", "id": s.name, "where": "Symbols", "words": ""}


def anchor(id: str, kind: str = "question") -> str:
    """The anchor of a question or an answer; an answer often has the id of its question."""
    safe = re.sub(r"[^A-Za-z0-9._-]", lambda m: f"_{ord(m[0]):x}", id)
    return f"answer-{safe}" if kind == "answer" else safe


def letter_anchor(symbol: Any) -> str:
    """The anchor of a symbol; a letter in two units has two."""
    return anchor(f"letter-{symbol.name}-{getattr(symbol, 'unit', '1')}")


def _number_rows(a: Answer) -> list[tuple[str, ...]]:
    """The numbers of an answer, one a row: ours, the book's, and what the book's own inputs give."""
    columns = ([a.shown((x,)) for x in some] for some in (a.ours, a.printed, a.reproduced))
    return list(zip_longest(*columns, fillvalue=""))


def _environment() -> Any:
    made = environment("symroof.book")
    finished = {
        "seen": lambda f: inside([_block(f)]),
        "steps": lambda f: inside([steps(f.steps, counted(len(f.steps), "step"))]) if f.steps else "",
        "first_piece": lambda b: said(piece(b, b.pieces[0]) if b.kind == "bound" else formula(b)),
        "math": lambda expr: said(math(expr)),
    }
    markup = import_module("markupsafe").Markup
    made.filters.update({name: lambda of, html=html: markup(html(of)) for name, html in finished.items()})
    made.filters.update(anchor=anchor, letter_anchor=letter_anchor, headed=headed)
    made.globals.update(counts=counts, number_rows=_number_rows, apart=apart, unit_of=lambda x: str(getattr(x, "unit", "")))
    return made


def _block(f: Any) -> Block:
    """What is seen of a formula on a page: a bound with its domain, a cost with its parts, words."""
    if isinstance(f, Cost):
        return named(f)
    shown = formula(f)
    return Formula(shown) if isinstance(shown, Math) else Text(shown)
