r"""Pieces of LaTeX for ``\input``, and tables with booktabs: words to the left, numbers aligned at the point, formulas in math mode."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symroof.algebra import show
from symroof.algebra.quantity import show_quantity
from symroof.algebra.units import ONE
from symroof.algebra.value import Value
from symroof.errors import InputError, told
from symroof.show.document import DEEPER, Amount, Share
from symroof.show.maths import Math
from symroof.show.tex.width import ROOM, width
from symroof.show.tex.writer import from_text, name

DISPLAYS = (r"\[", r"\begin{align*}")
_NUMBER = re.compile(r"[-+]?\$?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?(?:[ /][A-Za-zµ$%][A-Za-zµ/*^\d]*)?|", re.ASCII)
_MOST = 30  # rows of a table that stays on one page
_LONG = 24  # characters of a word that may break lines


# -- pieces
@dataclass(frozen=True, repr=False)
class Source:
    """A text of LaTeX that shows itself; ``.save`` writes it as a ``file``."""

    code: str

    def __str__(self) -> str:
        return self.code

    __repr__ = __str__

    @property
    def file(self) -> str:
        """What a file of it holds."""
        return self.code

    def save(self, path: str | Path) -> Path:
        """Write it to a file.

        Raises InputError if that is not possible.
        """
        with told(path):
            Path(path).write_text(self.file, encoding="utf-8", newline="\n")
        return Path(path)


@dataclass(frozen=True, repr=False)
class Fragment(Source):
    """LaTeX code and the packages that it needs; ``print`` it, ``.save`` it and ``\\input`` it, or put it into a document."""

    needs: tuple[str, ...] = ("amsmath",)

    def _repr_latex_(self) -> str | None:
        return self.code if self.code.startswith(DISPLAYS) else None  # a notebook shows formulas, no tables

    @property
    def file(self) -> str:
        """What a file to ``\\input`` holds: the packages in a comment, then the code."""
        used = " ".join(f"\\usepackage{{{package}}}" for package in self.needs)
        return (f"% needs {used}\n" if used else "") + self.code + "\n"

    def __add__(self, other: Fragment) -> Fragment:
        return together([self, other]) if isinstance(other, Fragment) else NotImplemented


def together(pieces: Iterable[Fragment]) -> Fragment:
    """One after the other: an empty line between them, but none before a display, where it would leave a gap."""
    made = ""
    needs: dict[str, None] = {}
    for piece in pieces:
        between = "" if not made or not piece.code else "\n" if piece.code.startswith(DISPLAYS) else "\n\n"
        made += between + piece.code
        needs |= dict.fromkeys(piece.needs)
    return Fragment(made, tuple(needs))


# -- tables
class Tex(str):
    """A cell that is LaTeX in math mode already."""

    __slots__ = ()


class Raw(str):
    """A cell that is LaTeX already."""

    __slots__ = ()


def table(head: Sequence[Any], rows: Iterable[Sequence[Any]], caption: str = "", label: str = "") -> Fragment:
    r"""A ``tabular`` with booktabs; with a caption (or a label for ``\ref``) inside a ``table``.

    A cell is a text, a number, a Value, a formula (anything with ``.latex()``), or :class:`Tex`.

    >>> print(table(["chip", "HBM"], [["tpu-v5e", "16 GB"], ["h100", "3.35 TB"]]))
    \begin{tabular}{lr@{}l}
    \toprule
    chip & \multicolumn{2}{c}{HBM} \\
    \midrule
    tpu-v5e & $16$&$\,\mathrm{GB}$ \\
    h100 & $3$&$.35\,\mathrm{TB}$ \\
    \bottomrule
    \end{tabular}

    Raises InputError without a head, and for a row that is longer or shorter than it.
    """
    tag = rf"\label{{{re.sub('[^A-Za-z0-9:._-]', '-', label)}}}" if label else ""
    above = (rf"\caption{{{show.escape(caption)}}}" if caption else "") + tag
    made = tabular(head, list(rows), above=above)
    if not above or "longtable" in made.needs:
        return made
    return Fragment("\n".join([r"\begin{table}[htbp]", r"\centering", above, made.code, r"\end{table}"]), made.needs)


def tabular(
    head: Sequence[Any], rows: Sequence[Sequence[Any]], widths: Sequence[str] = (), long: bool = False, above: str = ""
) -> Fragment:
    """The ``tabular`` itself; ``widths`` are columns of words that break, as ``p{4cm}``.

    One of many rows (or ``long``) is a ``longtable``, which has what stands ``above`` it inside.
    """
    if not head:
        raise InputError("a table needs a head; give the names of its columns")
    odd = next((i for i, row in enumerate(rows) if len(row) != len(head)), None)
    if odd is not None:
        raise InputError(f"row {odd + 1} of the table has {len(rows[odd])} cells, the head {len(head)}; give as many")
    texts = [[cell_of(cell) for cell in row] for row in rows]
    numeric = [any(column) and all(map(_is_number, column)) for column in zip(*texts, strict=True)] or [False] * len(head)
    specs = "".join("r@{}l" if n else w or "l" for n, w in zip(numeric, [*widths, *[""] * (len(head) - len(widths))], strict=True))
    top = [rf"\multicolumn{{2}}{{c}}{{{finished(h)}}}" if n else finished(h) for h, n in zip(head, numeric, strict=True)]
    body = [[_aligned(c) if n else finished(c) for c, n in zip(row, numeric, strict=True)] for row in texts]
    return ruled(specs, [top, *body], long or len(rows) > _MOST, above)


def ruled(specs: str, rows: Sequence[Sequence[str]], long: bool, above: str = "") -> Fragment:
    """Finished cells, the head first; a ``long`` table has its head on every page."""
    top, *lines = [rf"{' & '.join(row)} \\" + r" \addlinespace" * any(r"\displaystyle" in cell for cell in row) for row in rows]
    kind, needs = ("longtable", ("amsmath", "booktabs", "longtable")) if long else ("tabular", ("amsmath", "booktabs"))
    head = [*[f"{above} \\\\"] * bool(above and long), r"\toprule", top, r"\midrule"]
    body = [*head, r"\endhead", r"\bottomrule", r"\endfoot", *lines] if long else [*head, *lines, r"\bottomrule"]
    return Fragment("\n".join([rf"\begin{{{kind}}}{{{specs}}}", *body, rf"\end{{{kind}}}"]), needs)


def small(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Fragment:
    """A wide table in small print, its columns of long words broken into lines."""
    wide = widest((), rows)
    narrow = 0.8 * sum(wide) + 5 * len(wide) <= ROOM
    words = ["" if narrow or w < ROOM / 4 else rf"p{{{min(0.44, 0.12 + w / ROOM / 6):.2f}\linewidth}}" for w in wide]
    made = tabular(head, rows, words)
    return Fragment(rf"{{\footnotesize\setlength{{\tabcolsep}}{{2.2pt}}{made.code}\par}}", made.needs)


def widest(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[float]:
    """The width of every column, in points."""
    lines = [*([head] if head else []), *rows]
    return [max(width(c if isinstance(c, Tex) else name(c)) for c in column) for column in zip(*lines, strict=True)]


def below(made: Fragment, notes: Iterable[str]) -> Fragment:
    """A table with numbered notes under it."""
    lines = [rf"$^{{{i}}}$ {breakable(text)}" for i, text in enumerate(notes, 1)]
    under = r"\par{\footnotesize\raggedright " + r" \\ ".join(lines) + r"\par}"
    return Fragment("\n".join([made.code, under]), made.needs) if lines else made


# -- cells
def cell_of(cell: Any) -> str:
    """A cell as text, as Tex, or as LaTeX that is finished: of words, amounts, formulas, Values, and anything with LaTeX."""
    if isinstance(cell, tuple):
        return cell_of(cell[0]) if len(cell) == 1 else Raw("".join(map(finished, cell)))
    if isinstance(cell, (Tex, Raw)):
        return cell
    if isinstance(cell, Math):
        return Tex(cell.tex)
    if isinstance(cell, (Amount, Share)):
        return cell.text
    if isinstance(cell, Value):
        return cell.shown
    if isinstance(cell, Fragment):
        return Tex(cell.code)
    if isinstance(cell, show.Shown):
        return Tex(cell.latex())
    if isinstance(cell, float):
        return show_quantity(cell, ONE)
    return "" if cell is None else str(cell).replace(DEEPER, "  ")


def finished(cell: Any) -> str:
    """A cell, or words in a paragraph, as LaTeX."""
    text = cell_of(cell)
    if isinstance(text, Tex):
        return rf"$\displaystyle {text}$" if "\\frac" in text or "\\underbrace" in text else f"${text}$"
    return text if isinstance(text, Raw) else breakable(text)


def breakable(text: str) -> str:
    """A text whose long words, such as addresses, may break at their slashes."""
    words = show.escape(text).split(" ")
    return " ".join(re.sub(r"(?<=[/.\-_=:,])(?=[A-Za-z0-9])", r"\\allowbreak{}", w) if len(w) > _LONG else w for w in words)


def common(cells: Sequence[str]) -> str:
    """The unit that stands behind every number, if it is the same."""
    units = {re.sub(r"^[-+]?\$?[\d.,]+(?:e-?\d+)?", "", cell) for cell in cells if cell}
    return units.pop() if len(units) == 1 else ""


def _is_number(cell: str) -> bool:
    return not isinstance(cell, (Tex, Raw)) and bool(_NUMBER.fullmatch(cell))


def _aligned(text: str) -> str:
    """A number in two columns: up to the point, and from it on."""
    if not text:
        return "&"
    shown = from_text(text.lstrip("+"))
    whole = re.match(r"-?(?:\\\$)?[\d{},]+", shown)
    at = whole.end() if whole else 0
    return f"${shown[:at]}$&" + (f"${shown[at:]}$" if shown[at:] else "")
