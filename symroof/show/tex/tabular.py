r"""Tables with booktabs: words to the left, numbers with their units aligned at the decimal point, formulas in math mode."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from symroof.algebra import show
from symroof.algebra.quantity import show_quantity
from symroof.algebra.show import escape
from symroof.algebra.units import ONE
from symroof.algebra.value import Value
from symroof.errors import InputError
from symroof.show.document import DEEPER, Amount, Math, Share
from symroof.show.tex.piece import Fragment
from symroof.show.tex.quantities import from_text
from symroof.show.tex.width import ROOM, width
from symroof.show.tex.writer import name

_NUMBER = re.compile(r"[-+]?\$?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?(?:[ /][A-Za-zµ$%][A-Za-zµ/*^\d]*)?|", re.ASCII)
_MOST = 30  # rows of a table that stays on one page
_LONG = 24  # characters of a word that may break lines


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
    rows = [list(row) for row in rows]
    if not caption and not label:
        return tabular(head, rows)
    tag = rf"\label{{{re.sub('[^A-Za-z0-9:._-]', '-', label)}}}" if label else ""
    above = (rf"\caption{{{escape(caption)}}}" if caption else "") + tag
    if len(rows) > _MOST:
        return long_table(columns(head, rows), above)
    made = tabular(head, rows)
    return Fragment("\n".join([r"\begin{table}[htbp]", r"\centering", above, made.code, r"\end{table}"]), made.needs)


def tabular(head: Sequence[Any], rows: Sequence[Sequence[Any]], widths: Sequence[str] = ()) -> Fragment:
    """The ``tabular`` itself (of many rows a ``longtable``); ``widths`` are columns of words that break, as ``p{4cm}``."""
    if len(rows) > _MOST:
        return long_table(columns(head, rows, widths))
    specs, lines = columns(head, rows, widths)
    body = "\n".join([lines[0], r"\midrule", *lines[1:]])
    return Fragment(f"\\begin{{tabular}}{{{specs}}}\n\\toprule\n{body}\n\\bottomrule\n\\end{{tabular}}", ("amsmath", "booktabs"))


def long_table(made: tuple[str, list[str]], above: str = "") -> Fragment:
    """A ``longtable`` from what :func:`columns` gives, its head on every page."""
    specs, lines = made
    top = [f"{above} \\\\"] if above else []
    body = [*top, r"\toprule", lines[0], r"\midrule", r"\endhead", r"\bottomrule", r"\endfoot", *lines[1:]]
    return Fragment("\n".join([rf"\begin{{longtable}}{{{specs}}}", *body, r"\end{longtable}"]), ("amsmath", "booktabs", "longtable"))


def columns(head: Sequence[Any], rows: Sequence[Sequence[Any]], widths: Sequence[str] = ()) -> tuple[str, list[str]]:
    """The specification of the columns, the lines (the head first)."""
    if not head:
        raise InputError("a table needs a head; give the names of its columns")
    odd = next((i for i, row in enumerate(rows) if len(row) != len(head)), None)
    if odd is not None:
        raise InputError(f"row {odd + 1} of the table has {len(rows[odd])} cells, the head {len(head)}; give as many")
    texts = [[cell_of(cell) for cell in row] for row in rows]
    numeric = [bool(texts) and all(_is_number(row[i]) for row in texts) and any(row[i] for row in texts) for i in range(len(head))]
    specs, wide = [], [*widths, *[""] * len(head)]
    for i, number in enumerate(numeric):
        specs.append("r@{}l" if number else wide[i] or "l")
    titles = [rf"\multicolumn{{2}}{{c}}{{{_cell(cell_of(h))}}}" if n else _cell(cell_of(h)) for h, n in zip(head, numeric, strict=True)]
    lines = [" & ".join(titles)]
    lines += [" & ".join(_aligned(c) if n else _cell(c) for c, n in zip(row, numeric, strict=True)) for row in texts]
    return "".join(specs), [rf"{line} \\" + r" \addlinespace" * (r"\displaystyle" in line) for line in lines]


def _is_number(cell: str) -> bool:
    return not isinstance(cell, (Tex, Raw)) and bool(_NUMBER.fullmatch(cell))


def cell_of(cell: Any) -> str:
    """A cell as text, as Tex, or as LaTeX that is finished: of words, amounts, formulas, Values, and anything with LaTeX."""
    if isinstance(cell, tuple):
        pieces = [cell_of(w) for w in cell]
        return pieces[0] if len(pieces) == 1 else Raw("".join(_cell(piece) for piece in pieces))
    if isinstance(cell, str):
        return cell if isinstance(cell, (Tex, Raw)) else cell.replace(DEEPER, "  ")
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
    if cell is None:
        return ""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return str(cell) if isinstance(cell, int) else show_quantity(cell, ONE)
    return str(cell)


def widest(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[float]:
    """The width of every column, in points."""
    lines = [*([heads] if heads else []), *rows]
    return [max(width(c if isinstance(c, Tex) else name(c)) for c in column) for column in zip(*lines, strict=True)]


def common(cells: Sequence[str]) -> str:
    """The unit that stands behind every number, if it is the same."""
    units = {re.sub(r"^[-+]?\$?[\d.,]+(?:e-?\d+)?", "", cell) for cell in cells if cell}
    return units.pop() if len(units) == 1 else ""


def small(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Fragment:
    """A wide table in small print, its columns of long words broken into lines."""
    wide = widest((), rows)
    words = [
        "" if w < ROOM / 4 or 0.8 * sum(wide) + 5 * len(wide) <= ROOM else rf"p{{{min(0.44, 0.12 + w / ROOM / 6):.2f}\linewidth}}"
        for w in wide
    ]
    made = tabular(heads, rows, words)
    return Fragment(rf"{{\footnotesize\setlength{{\tabcolsep}}{{2.2pt}}{made.code}\par}}", made.needs)


def finished(cell: Any) -> str:
    """A cell, or words in a paragraph, as LaTeX."""
    return _cell(cell_of(cell))


def _cell(text: str) -> str:
    if isinstance(text, Tex):
        return rf"$\displaystyle {text}$" if "\\frac" in text or "\\underbrace" in text else f"${text}$"
    return text if isinstance(text, Raw) else breakable(text)


def breakable(text: str) -> str:
    """A text whose long words, such as addresses, may break at their slashes."""
    return " ".join(
        re.sub(r"(?<=[/.\-_=:,])(?=[A-Za-z0-9])", r"\\allowbreak{}", w) if len(w) > _LONG else w for w in escape(text).split(" ")
    )


class Notes:
    """Sources below a table, each once, with a number that stands in the rows."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def mark(self, source: str) -> Any:
        """The number of a source, for a row; nothing for none."""
        return Tex(f"^{{{self.known.setdefault(source, len(self.known) + 1)}}}") if source else ""

    def below(self, table: str) -> str:
        """The table with the sources under it."""
        notes = [rf"$^{{{i}}}$ {breakable(text)}" for text, i in self.known.items()]
        return "\n".join([table, r"\par{\footnotesize\raggedright " + r" \\ ".join(notes) + r"\par}"]) if notes else table


def _aligned(text: str) -> str:
    """A number in two columns: up to the point, and from it on."""
    if not text:
        return "&"
    shown = from_text(text.lstrip("+"))
    whole = re.match(r"-?(?:\\\$)?[\d{},]+", shown)
    at = whole.end() if whole else 0
    return f"${shown[:at]}$&" + (f"${shown[at:]}$" if shown[at:] else "")
