r"""LaTeX: formulas that are split where a line is full, tables with booktabs, nothing that a text could execute."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symroof.algebra.value import Value
from symroof.show.document import DEEPER, Bars, Block, Document, Formula, Note, Table, Title, Words, inlines, plain
from symroof.show.maths import Math
from symroof.show.tex.layout import Box, align, chain, display, indented, lines, result, sentence, tree_box
from symroof.show.tex.tabular import Fragment, Raw, Tex, cell_of, common, finished, small, tabular, together, widest
from symroof.show.tex.width import ROOM, width
from symroof.show.tex.writer import name, unit


def render(document: Document) -> str:
    r"""The code, to be put into a document that uses amsmath and booktabs."""
    return fragment(document).code


def fragment(document: Document) -> Fragment:
    """The blocks one after the other, but for titles and what is folded, with the packages they need."""
    return together(_block(block) for block in document if not isinstance(block, Title) and not block.fold)


def _block(block: Block) -> Fragment:
    if isinstance(block, Formula):
        return Fragment(_formula(block))
    if isinstance(block, Bars):
        return _value(block.value)
    if isinstance(block, Table):
        return _table(block.kept()) if block.rows else Fragment("", ())
    if isinstance(block, Note):
        return Fragment(rf"{{\footnotesize\raggedright {finished(block.words)}\par}}", ())
    if any(isinstance(w, Math) for w in inlines(block.words)):
        return Fragment(display(said(block.words)))
    return Fragment(finished(block.words), ())


def said(words: Words) -> Box:
    """What is said within a line, as a formula that is split between its words."""
    return sentence([w.box if isinstance(w, Math) else plain(w) for w in inlines(words) if w != ""])


# -- formulas and values
def _formula(block: Formula) -> str:
    called = block.node.name if block.node is not None else ""
    return chain(name(called), [("=", block.math.box)]) if called else display(block.math.box)


def _value(value: Value) -> Fragment:
    """A number with its unit, as the sum or the maximum of its parts, what binds marked."""
    if value.is_array:
        return Fragment(display(sentence([f"{value.name or 'value'} [{value.unit}]: {value.range}"])))
    called = name(value.name) if value.name else ""
    sides = [("=" if called else "", tree_box(value))] if len(value.parts) > 1 else []
    sides.append(("=" if called or sides else "", result(value)))
    return Fragment(chain(called, sides))


# -- tables
def _table(table: Table) -> Fragment:
    if not table.heads:
        return Fragment(_derivation(table))
    heads = [cell_of(c.head) for c in table.columns]
    rows = [[cell_of(cell) for cell in row] for row in table.rows]
    room, wide = ROOM - 12 * len(heads), sum(widest(heads, rows))
    if wide <= room:
        return tabular(heads, rows)
    if _SMALL * wide > room and any(isinstance(cell, Tex) and width(cell) > room / 2 for row in rows for cell in row):
        return Fragment(align([line for row in table.rows for line in _stacked(row, table)], "[0.5ex]"))
    over, cells = _over(table, heads, rows)
    same = [i for i, c in enumerate(table.columns) if not c.number and len(rows) > 1 and len({row[i] for row in rows}) == 1]
    if not same or _SMALL * wide <= room:
        return small(over, cells)
    left = [i for i in range(len(over)) if i not in same]
    shared = Fragment(finished(", ".join(f"{plain(table.columns[i].head)} {plain(table.rows[0][i])}" for i in same) + ":"), ())
    return shared + small([over[i] for i in left], [[row[i] for i in left] for row in cells])


_SMALL = 0.8  # of the size of letters


def _over(table: Table, heads: list[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """A unit that all amounts of a column share stands in its head."""
    for i, column in enumerate(table.columns):
        shared = common([row[i] for row in rows]) if column.number else ""
        if shared:
            heads[i] = Raw(rf"\shortstack{{{heads[i]}\\ $\scriptstyle {unit(shared.strip())}$}}")
            rows = [[*row[:i], row[i].removesuffix(shared), *row[i + 1 :]] for row in rows]
    return heads, rows


def _stacked(row: Sequence[Words], table: Table) -> Iterator[str]:
    """A row too wide for a table: its first cell, and below it the others, texts with the heads of their columns."""
    yield from (f"& {line}" for line in indented(lines(said(row[0]), ROOM)))
    for cell, column in zip(row[1:], table.columns[1:], strict=True):
        before = f"{plain(column.head)} " if isinstance(cell, str) and column.head else ""
        if cell != "":
            yield from (rf"&\qquad {line}" for line in indented(lines(said((before, *inlines(cell))), ROOM - 20)))


def _derivation(table: Table) -> str:
    """Lines that follow from each other: why beside each where there is room, else above it."""
    shown = [(plain(row[0]).count(DEEPER), said(_shallow(row[0])), [said(w) for w in row[1:] if w != ""]) for row in table.rows]
    beside = [(box.aligned or rf"{box.tex} &", r"\text{; }".join(w.tex for w in why)) for _, box, why in shown]
    left, right = (max((width(part) for part in column), default=0.0) for column in zip(*beside, strict=True))
    if len(shown) > 1 and left + right + 60 <= ROOM and not any(depth for depth, _, _ in shown):
        return align([f"{line} && {why}" for line, why in beside])
    return align([line for row in shown for line in _below(*row)], "[0.5ex]")


def _shallow(words: Words) -> Words:
    return tuple(w.lstrip(DEEPER) if isinstance(w, str) else w for w in inlines(words))


def _below(depth: int, shown: Box, why: Sequence[Box]) -> Iterator[str]:
    deep = rf"\kern{depth}em" if depth else ""
    room = ROOM - 30 - 10 * depth
    for i, reason in enumerate([*why[:1], shown, *why[1:]]):
        lead = "" if i == 0 and why else r"\qquad"
        yield from (f"&{deep}{lead} {line}" for line in indented(lines(reason, room)))
