"""``symroof derive``: the questions of the book, and one question with its formulas, steps and comparison."""

from __future__ import annotations

from collections.abc import Sequence

from symroof.book.chapters import questions as every
from symroof.book.question import Question
from symroof.show.document import Column, Document, Title, Words, table
from symroof.show.views import see

_VERDICTS = {"agrees": "agree", "differs": "differ", "ours": "ours only"}


def listing() -> Document:
    """All questions, with how many of their answers agree with print."""
    found = [(q, [a.verdict for a in q.answers()]) for q in every()]
    rows = [(q.id, q.title, *(str(v.count(word)) for word in _VERDICTS)) for q, v in found]
    head: list[Column | Words] = ["question", "", *(Column(word, True) for word in _VERDICTS.values())]
    data = [{"id": q.id, "title": q.title, "chapter": q.chapter, "verdicts": v} for q, v in found]
    return Document((Title("Questions; `symroof derive QUESTION` derives one"), table(head, rows)), data)


def derived(found: Sequence[Question]) -> Document:
    """The answers of some questions.

    Raises DerivationError for one that contradicts itself.
    """
    for q in found:
        q.answers()
    seen = [see(q) for q in found]
    return Document(tuple(block for document in seen for block in document), [document.record for document in seen])
