"""The site: its files as texts, from templates that escape everything but formulas."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from importlib.resources import files
from typing import Any

from symroof.algebra.cost import Cost
from symroof.book.contents import Book, Entry, counts, headed
from symroof.book.question import Answer, apart
from symroof.show.bounds import piece, steps
from symroof.show.derivations import formula
from symroof.show.document import Block, Formula, Math, Text, math, plain
from symroof.show.forms.html import inside, said
from symroof.show.formulas import named
from symroof.show.style import CSS
from symroof.show.templates import environment, script_json

TITLE = "The derivation book"
GENERATOR = "symroof book"


def site(book: Book) -> dict[str, str]:
    """Every file of the site by its name.

    Raises InputError with the cure if jinja2 or latex2mathml is not installed.
    """
    environment = _environment()
    shared = {"book": book, "title": TITLE, "generator": GENERATOR}
    pages = {
        "index.html": ("index.html", {"index": script_json(records(book))}),
        "errata.html": ("errata.html", {}),
        "thresholds.html": ("thresholds.html", {}),
        "symbols.html": ("symbols.html", {}),
    }
    found = {name: environment.get_template(template).render(**shared, **more) for name, (template, more) in pages.items()}
    chapter = environment.get_template("chapter.html")
    for i, c in enumerate(book.chapters):
        around = {"before": book.chapters[i - 1] if i else None, "after": (*book.chapters, None)[i + 1]}
        found[c.page] = chapter.render(**shared, **around, chapter=c)
    folder = files("symroof.book").joinpath("templates")
    texts = {name: folder.joinpath(name).read_text("utf-8") for name in ("style.css", "book.js")}
    return found | texts | {"style.css": texts["style.css"] + CSS}


def records(book: Book) -> list[dict[str, str]]:
    """What the search box searches: questions, answers and symbols, each with its address and its words."""
    found = []
    for c in book.chapters:
        for e in c.entries:
            where = f"{c.page}#"
            q = e.question
            found.append(
                {"at": where + anchor(q.id), "title": headed(q.title), "id": q.id, "where": c.title, "words": " ".join(e.paragraphs)}
            )
            found += [_record(a, where, e) for a in e.answers]
    for letter in book.letters:
        s = letter.symbol
        words = f"{'; '.join(letter.meanings)} [{getattr(s, 'unit', '1')}]"
        found.append(
            {"at": f"symbols.html#{letter_anchor(s)}", "title": f"{s.name}: {words}", "id": s.name, "where": "Symbols", "words": ""}
        )
    return found


def _record(a: Answer, where: str, entry: Entry) -> dict[str, str]:
    shown = plain(formula(a.formula)).replace("\n", " ")
    numbers = f"ours {a.shown(a.ours)}" + (f", book {a.shown(a.printed)}" if a.printed else "")
    return {
        "at": where + anchor(a.id, "answer"),
        "title": a.asked,
        "id": a.id,
        "where": headed(entry.question.title),
        "words": f"{shown} {numbers} {a.why}",
        "formula": shown,
        "numbers": numbers,
        "verdict": a.verdict,
    }


def anchor(id: str, kind: str = "question") -> str:
    """The anchor of a question or an answer; an answer often has the id of its question."""
    safe = re.sub(r"[^A-Za-z0-9._-]", lambda m: f"_{ord(m[0]):x}", id)
    return f"answer-{safe}" if kind == "answer" else safe


def letter_anchor(symbol: Any) -> str:
    """The anchor of a symbol; a letter in two units has two."""
    return anchor(f"letter-{symbol.name}-{getattr(symbol, 'unit', '1')}")


def number_rows(a: Answer) -> list[tuple[str, str, str]]:
    """The numbers of an answer, one a row: ours, the book's, and what the book's own inputs give."""
    rows = max(len(a.ours), len(a.printed), len(a.reproduced))
    ours, printed, again = ([a.shown(some[i : i + 1]) for i in range(rows)] for some in (a.ours, a.printed, a.reproduced))
    return list(zip(ours, printed, again, strict=True))


def _environment() -> Any:
    made = environment("symroof.book")
    markup = import_module("markupsafe").Markup

    def finished(function: Callable[[Any], str]) -> Callable[[Any], Any]:
        return lambda of: markup(function(of))

    made.filters.update(
        seen=finished(lambda f: inside([_block(f)])),
        steps=finished(lambda f: inside([steps(f.steps, _counted(len(f.steps)))]) if f.steps else ""),
        first_piece=finished(lambda b: said(piece(b, b.pieces[0]) if b.kind == "bound" else formula(b))),
        math=finished(lambda expr: said(math(expr))),
        anchor=anchor,
        letter_anchor=letter_anchor,
        headed=headed,
    )
    made.globals.update(counts=counts, number_rows=number_rows, apart=apart, unit_of=lambda x: str(getattr(x, "unit", "")))
    return made


def _counted(count: int) -> str:
    return "1 step" if count == 1 else f"{count} steps"


def _block(f: Any) -> Block:
    """What is seen of a formula on a page: a bound with its domain, a cost with its parts, words."""
    shown = formula(f)
    if isinstance(f, Cost):
        return named(f)
    return Formula(shown) if isinstance(shown, Math) else Text(shown)
