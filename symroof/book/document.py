"""The book as one LaTeX document: chapters with formulas, steps and tables, errata, thresholds, nomenclature."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from symroof.algebra.cost import Cost
from symroof.book.chapters import Book, Chapter, Entry, counts, headed
from symroof.book.question import Answer, apart
from symroof.show.bounds import answer as bound_math
from symroof.show.derivations import formula as within
from symroof.show.maths import math
from symroof.show.tex.paper import HEAD, fragment
from symroof.show.tex.tabular import breakable, finished, ruled

MARK = "% The derivation book, written by symroof"

_HEAD = (
    HEAD
    + r"""\usepackage{amsmath,array,booktabs,longtable}
\IfFileExists{hyperref.sty}{\usepackage[hidelinks,bookmarksnumbered]{hyperref}}{\providecommand{\url}[1]{\texttt{#1}}}
\allowdisplaybreaks\setlength{\parindent}{0pt}\setlength{\parskip}{4pt}\setlength{\tabcolsep}{4pt}
\setlength{\LTpre}{4pt}\setlength{\LTpost}{8pt}\setlength{\emergencystretch}{3em}\sloppy
\newcolumntype{P}[1]{>{\raggedright\arraybackslash}p{#1\linewidth}}
\title{The derivation book}
\author{\emph{How to Scale Your Model}, derived by symroof}
\date{}
\begin{document}
\maketitle
"""
)


def document(book: Book) -> str:
    """The whole document; pdflatex sets it in three runs, the last for the page numbers."""
    found = counts(book.answers)
    lead = (
        f"{len(book.entries)} questions of \\emph{{How to Scale Your Model}} (\\url{{https://jax-ml.github.io/scaling-book/}}) and"
        f" {len(book.answers)} answers: each formula derived, each number beside the printed one."
        f" {found['agrees']} agree with print, {found['differs']} differ by more than 3\\,\\%, {found['ours']} are only ours."
    )
    body = [line for chapter in book.chapters for line in _chapter(book, chapter)]
    ends = [*_errata(book), *_thresholds(book), *_letters(book)]
    return "\n".join([MARK, _HEAD, lead, r"{\small\tableofcontents}\clearpage", *body, *ends, r"\end{document}"]) + "\n"


def _table(head: Sequence[str], widths: Sequence[float], rows: Iterable[Sequence[Any]]) -> str:
    """Columns of words, as wide as these fractions of the line, in small print."""
    specs = "@{}" + "".join(f"P{{{w}}}" for w in widths) + "@{}"
    return rf"{{\small{ruled(specs, [[*map(finished, row)] for row in (head, *rows)], long=True).code}}}"


# -- chapters
def _chapter(book: Book, chapter: Chapter) -> Iterator[str]:
    yield rf"\section{{{breakable(headed(f'{chapter.part}: {chapter.name}' if chapter.part else chapter.name))}}}"
    for entry in chapter.entries:
        yield rf"\subsection{{{breakable(headed(entry.question.title))}}}"
        yield rf"{{\small\texttt{{{breakable(entry.question.id)}}}}}" + r"\par"
        yield from (breakable(text) + r"\par" for text in entry.paragraphs)
        for group in entry.groups:
            yield from _group(book, entry, group)


def _group(book: Book, entry: Entry, answers: Sequence[Answer]) -> Iterator[str]:
    formula = answers[0].formula
    t = book.threshold(formula)
    first = t is not None and t.uses[0][0] is entry
    if t is not None or isinstance(formula, Cost):
        yield (rf"\label{{{t.anchor}}}" if t and first else "") + fragment(formula, steps=first).code
    else:
        yield finished(within(formula)) + r"\par"
    if t is not None and not first:
        yield rf"{{\small Derived on page~\pageref{{{t.anchor}}}.}}\par"
    if len(answers) == 1:  # an answer that has its formula to itself, on a line
        a = answers[0]
        book_says = f"; book {breakable(a.shown(a.printed))}" if a.printed else ""
        yield rf"{breakable(a.asked)}: \textbf{{{breakable(a.shown(a.ours))}}}{book_says} \emph{{({breakable(_verdict(a))})}}\par\medskip"
        return
    rows = [[a.asked, _numbers(a, a.ours), _numbers(a, a.printed), _verdict(a)] for a in answers]
    yield _table(["answer", "ours", "book", ""], (0.28, 0.17, 0.17, 0.30), rows)


def _verdict(a: Answer) -> str:
    return f"ours only{a.remark.removeprefix('ours')}" if a.verdict == "ours" else a.remark


def _numbers(a: Answer, numbers: Sequence[float]) -> str:
    return "; ".join(a.shown((x,)) for x in numbers)


# -- what stands at the end
def _errata(book: Book) -> Iterator[str]:
    yield r"\section{Errata}"
    for c in book.chapters:
        if c.differing:
            yield rf"\subsection*{{{breakable(headed(c.part or c.name))}}}"
            again = [f"; the book's inputs give {a.shown(a.reproduced)}" if a.reproduced else "" for _, a in c.differing]
            rows = [
                [a.asked, _numbers(a, a.printed), _numbers(a, a.ours), apart(a.off), a.why + more]
                for (_, a), more in zip(c.differing, again, strict=True)
            ]
            yield _table(["what", "printed", "ours", "by", "why"], (0.23, 0.16, 0.16, 0.09, 0.28), rows)


def _thresholds(book: Book) -> Iterator[str]:
    """Each bound with its domain and what it takes as large; what it gives, and where it is derived."""
    yield r"\section{Thresholds}"
    for t in book.thresholds:
        used = "; ".join(dict.fromkeys(breakable(a.asked) for _, a in t.uses))
        yield fragment(bound_math(t.bound)).code
        yield rf"{{\small {used} (p.~\pageref{{{t.anchor}}})\par}}"


def _letters(book: Book) -> Iterator[str]:
    yield r"\section{Symbols}"
    rows = [[math(n.symbol), str(getattr(n.symbol, "unit", "1")), "; or ".join(n.meanings)] for n in book.letters]
    yield _table(["symbol", "unit", "meaning"], (0.16, 0.18, 0.58), rows)
