"""The book as one LaTeX document: chapters with formulas, steps and tables, errata, thresholds, nomenclature."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from symroof.algebra import show
from symroof.book import formulas
from symroof.book.contents import Book, Chapter, Entry, Group, Threshold, counts
from symroof.book.prose import headed, tex
from symroof.latex.width import width
from symroof.present.book import remark
from symroof.present.derivation import Answer, apart

_BESIDE = 300.0  # the widest line [pt at 10 pt] that leaves room for its reason

MARK = "% The derivation book, written by symroof"

_HEAD = r"""
\documentclass[10pt,a4paper]{article}
\usepackage[utf8]{inputenc}
\IfFileExists{lmodern.sty}{\usepackage[T1]{fontenc}\usepackage{lmodern}}{}
\usepackage[margin=22mm]{geometry}
\usepackage{amsmath,array,booktabs,longtable,graphicx}
\IfFileExists{hyperref.sty}{\usepackage[hidelinks,bookmarksnumbered]{hyperref}}{\providecommand{\url}[1]{\texttt{#1}}}
\setlength{\parindent}{0pt}\setlength{\parskip}{4pt}\setlength{\tabcolsep}{4pt}\setlength{\LTpre}{4pt}\setlength{\LTpost}{8pt}
\setlength{\emergencystretch}{3em}\sloppy
\newsavebox{\formula}
% a formula, made smaller where it would be wider than the line
\newcommand{\fit}[2][1]{\sbox{\formula}{$\displaystyle #2$}\ifdim\wd\formula>#1\linewidth
  \sbox{\formula}{\resizebox{#1\linewidth}{!}{\usebox{\formula}}}\fi
  \raisebox{0pt}[\dimexpr\height+2pt\relax][\dimexpr\depth+2pt\relax]{\usebox{\formula}}}
\newcommand{\shown}[1]{\par\smallskip\noindent\hspace*{6mm}\begin{minipage}{\dimexpr\linewidth-6mm}\fit{#1}\end{minipage}\par\smallskip}
\newcolumntype{P}[1]{>{\raggedright\arraybackslash}p{#1\linewidth}}
\title{The derivation book}
\author{\emph{How to Scale Your Model}, derived by symroof}
\date{}
\begin{document}
\maketitle
""".lstrip()


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


def table(head: Sequence[str], widths: Sequence[float], rows: Iterable[Sequence[str]]) -> str:
    """A ``longtable`` with rules of booktabs; the cells are LaTeX, the widths fractions of the line."""
    columns = "@{}" + "".join(f"P{{{w}}}" for w in widths) + "@{}"
    top = rf"\toprule {' & '.join(head)} \\ \midrule \endhead" if any(head) else r"\endhead"
    lines = [" & ".join(row) + r" \\ \addlinespace[2pt]" for row in rows]
    return "\n".join([rf"\begin{{longtable}}{{{columns}}}", top, *lines, *([r"\bottomrule"] if any(head) else []), r"\end{longtable}"])


# -- chapters
def _chapter(book: Book, chapter: Chapter) -> Iterator[str]:
    yield rf"\section{{{tex(headed(f'{chapter.part}: {chapter.name}' if chapter.part else chapter.name))}}}"
    for entry in chapter.entries:
        yield rf"\subsection{{{tex(headed(entry.question.title))}}}"
        yield rf"{{\small\texttt{{{tex(entry.question.id)}}}}}" + r"\par"
        yield from (tex(text) + r"\par" for text in entry.paragraphs)
        for group in entry.groups:
            yield from _group(book, entry, group)


def _group(book: Book, entry: Entry, group: Group) -> Iterator[str]:
    f = group.formula
    t = book.threshold(f)
    yield from (_bound(f) if t else _cost(f))
    if t and t.uses[0][0] is entry:
        yield rf"\label{{{t.anchor}}}" + _steps(f)
    elif t:
        yield rf"{{\small Derived on page~\pageref{{{t.anchor}}}.}}\par"
    if len(group.answers) == 1:
        yield _sentence(group.answers[0])
        return
    rows = [[tex(a.asked), _numbers(a, a.ours), _numbers(a, a.printed), tex(_verdict(a))] for a in group.answers]
    yield r"{\small" + table(["answer", "ours", "book", ""], (0.28, 0.17, 0.17, 0.30), rows) + "}"


def _sentence(a: Answer) -> str:
    """An answer that has its formula to itself, on a line."""
    book = f"; book {tex(a.shown(a.printed))}" if a.printed else ""
    return rf"{tex(a.asked)}: \textbf{{{tex(a.shown(a.ours))}}}{book} \emph{{({tex(_verdict(a))})}}\par\medskip"


def _verdict(a: Answer) -> str:
    return remark(a).replace("ours", "ours only", 1) if a.verdict == "ours" else remark(a)


def _cost(f: Any) -> Iterator[str]:
    parts = formulas.named_parts(f)
    unit = str(getattr(f, "unit", "1"))
    behind = rf" \quad [\text{{{tex(unit)}}}]" if unit != "1" else ""
    if not parts:
        shown = formulas.latex(f)
        yield rf"\shown{{{shown}{behind}}}" if shown else rf"\par\hspace*{{6mm}}{tex(str(f))}\par"
        return
    label = tex(f.name or "the whole") + (f" [{tex(unit)}]" if unit != "1" else "")
    yield rf"\par\hspace*{{6mm}}{label}: the {formulas.joined(f)}"
    rows = [
        [_indent(6 + 4 * line.depth) + tex(line.name), f"the {line.joined}" if line.joined else rf"\fit{{{line.latex}}}"] for line in parts
    ]
    yield table(("", ""), (0.25, 0.70), rows)


def _bound(bound: Any) -> Iterator[str]:
    for i, (shown, when) in enumerate(formulas.pieces(bound)):
        said = (r"\text{or } " if i else "") + shown
        yield rf"\shown{{{said}{_when(when)}}}"
    limits = ", ".join(formulas.limits(bound))
    if limits:
        yield rf"\hspace*{{6mm}}for ${limits}$\par"


def _when(when: Sequence[str]) -> str:
    return (r" \qquad \text{when } " + r" \text{ and } ".join(when)) if when else ""


def _steps(f: Any) -> str:
    """The derivation, reasons beside the lines; below them where a line would have to be made much smaller."""
    lines = formulas.reasons(f)
    if not lines:
        return ""
    lefts = [_indent(3 * line.depth) + (tex(line.says) if line.says else rf"\fit[0.9]{{{line.latex}}}") for line in lines]
    if max(width(line.latex) for line in lines) < _BESIDE:
        made = table(("step", "why"), (0.58, 0.36), list(zip(lefts, map(_why_it_follows, lines), strict=True)))
    else:
        made = table(("step",), (0.94,), [[rf"{left} \newline {_why_it_follows(line)}"] for left, line in zip(lefts, lines, strict=True)])
    return r"{\small" + made + "}"


def _why_it_follows(line: formulas.Reason) -> str:
    about = rf" \fit[0.9]{{\textstyle {line.about}}}" if line.about else ""
    space = "" if not line.after or line.after[0] in ",;:." else " "
    return tex(line.before) + about + space + tex(line.after)


def _indent(mm: int) -> str:
    return rf"\hspace*{{{mm}mm}}" if mm else ""


def _numbers(a: Answer, numbers: Sequence[float]) -> str:
    return r" \newline ".join(tex(a.shown((x,))) for x in numbers)


# -- what stands at the end
def _errata(book: Book) -> Iterator[str]:
    yield r"\section{Errata}"
    for c in book.chapters:
        if c.differing:
            yield rf"\subsection*{{{tex(headed(c.part or c.name))}}}"
            rows = [[tex(a.asked), _numbers(a, a.printed), _numbers(a, a.ours), tex(apart(a.off)), _why(a)] for _, a in c.differing]
            yield r"{\small" + table(["what", "printed", "ours", "by", "why"], (0.23, 0.16, 0.16, 0.09, 0.28), rows) + "}"


def _why(a: Answer) -> str:
    return tex(a.why) + (f"; the book's inputs give {tex(a.shown(a.reproduced))}" if a.reproduced else "")


def _thresholds(book: Book) -> Iterator[str]:
    yield r"\section{Thresholds}"
    yield r"{\small" + table(["bound", "used for"], (0.56, 0.38), map(_threshold, book.thresholds)) + "}"


def _threshold(t: Threshold) -> list[str]:
    """The bound with its domain and what it takes as large; what it gives, and where it is derived."""
    lines = []
    for shown, when in formulas.pieces(t.bound):
        lines += [
            rf"\fit{{{shown}}}",
            *(rf"\quad {word} \fit[0.8]{{{w}}}" for word, w in zip(("when", *["and"] * len(when)), when, strict=False)),
        ]
    limits = ", ".join(formulas.limits(t.bound))
    lines += [rf"\quad for ${limits}$"] if limits else []
    used = dict.fromkeys(tex(a.asked) for _, a in t.uses)
    return [r" \newline ".join(lines), "; ".join(used) + rf" (p.~\pageref{{{t.anchor}}})"]


def _letters(book: Book) -> Iterator[str]:
    yield r"\section{Symbols}"
    rows = [
        [f"${formulas.spaced(show.latex(n.symbol))}$", tex(str(getattr(n.symbol, "unit", "1"))), tex("; or ".join(n.meanings))]
        for n in book.letters
    ]
    yield table(["symbol", "unit", "meaning"], (0.16, 0.18, 0.58), rows)
