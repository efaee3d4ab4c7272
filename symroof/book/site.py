"""The site: its files as texts, from templates that escape everything but formulas."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.resources import files
from typing import Any

from symroof.algebra import show
from symroof.book import formulas
from symroof.book.contents import Book, Entry, counts
from symroof.book.prose import headed
from symroof.present.book import formula_text, remark
from symroof.present.derivation import Answer, apart
from symroof.present.mathml import mathml
from symroof.present.templates import environment, script_json

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
    return found | {name: files("symroof.book").joinpath("templates", name).read_text("utf-8") for name in ("style.css", "book.js")}


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
    formula = formula_text(a.formula)
    numbers = f"ours {a.shown(a.ours)}" + (f", book {a.shown(a.printed)}" if a.printed else "")
    return {
        "at": where + anchor(a.id, "answer"),
        "title": a.asked,
        "id": a.id,
        "where": headed(entry.question.title),
        "words": f"{formula} {numbers} {a.why}",
        "formula": formula,
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
    made.filters.update(math=lambda latex: markup(mathml(latex)), anchor=anchor, letter_anchor=letter_anchor, tex=show.latex, headed=headed)
    made.globals.update(
        counts=counts, formulas=formulas, number_rows=number_rows, remark=remark, apart=apart, unit_of=lambda x: str(getattr(x, "unit", ""))
    )
    return made
