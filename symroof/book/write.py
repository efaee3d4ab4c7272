"""Writing the book into a directory, and into no directory that holds something else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from symroof.book.chapters import questions as all_questions
from symroof.book.contents import Book, contents
from symroof.book.document import MARK, document
from symroof.book.question import Question
from symroof.book.site import GENERATOR, site
from symroof.errors import InputError, short

_START = 2000  # characters in which a file of ours says that it is ours


def write(
    directory: str | Path, latex_only: bool = False, force: bool = False, questions: Iterable[Question] | None = None
) -> tuple[Path, Book]:
    """Write the site and ``book.tex``, or only the latter; answers each question once.

    Gives the file to open, and the book. Raises InputError if the directory holds other things than a book of ours (unless
    ``force``), if it cannot be written, or if jinja2 or latex2mathml is not installed.
    """
    where = Path(directory)
    _free(where, force)
    book = contents(all_questions() if questions is None else questions)
    files = {} if latex_only else site(book)
    files["book.tex"] = document(book)
    try:
        where.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (where / name).write_text(text, encoding="utf-8", newline="\n")
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", "") or problem
        raise InputError(f"{short(directory)} cannot be written: {why}; give another directory") from None
    return where / ("book.tex" if latex_only else "index.html"), book


def _free(where: Path, force: bool) -> None:
    try:
        if not where.exists() or (where.is_dir() and (force or not any(where.iterdir()) or _ours(where))):
            return
        kind = "is not empty and holds no book of ours" if where.is_dir() else "is a file"
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", "") or problem
        raise InputError(f"{short(where)} cannot be read: {why}; give another directory") from None
    cure = "give another directory, or --force to write into it" if where.is_dir() else "give a directory"
    raise InputError(f"{short(where)} {kind}; {cure}")


def _ours(where: Path) -> bool:
    marks = {"index.html": f'<meta name="generator" content="{GENERATOR}">', "book.tex": MARK}
    for name, mark in marks.items():
        file = where / name
        if file.is_file():
            with file.open(encoding="utf-8", errors="replace") as opened:
                if mark in opened.read(_START):
                    return True
    return False
