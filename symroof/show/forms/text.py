"""Text for a terminal: what ``repr`` says, and with a ``width`` tables with heads, for a command line."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from symroof.algebra import show
from symroof.algebra.cost import Cost
from symroof.algebra.value import Value
from symroof.show.document import DEEPER, Bars, Block, Document, Formula, Table, Text, Title, Words, branches, plain
from symroof.show.maths import Math

_ALIGNED = 100  # characters of a column that is still padded to the widest


def render(document: Document, width: int | None = None) -> str:
    """All blocks but the folded ones, one below the other; with a ``width`` in paragraphs, tables with heads, long cells folded."""
    lines: list[str] = []
    above: Block | None = None
    for block in document:
        if block.fold is None:
            lines += [""] if width and above is not None and _apart(above, block) else []
            lines += _block(block, width)
            above = block
    return "\n".join(lines)


def _apart(above: Block, below: Block) -> bool:
    """Whether an empty line stands between two blocks: around titles and tables, and before what a line announces."""
    if isinstance(above, (Title, Table)) or isinstance(below, (Title, Table)):
        return not (isinstance(above, Text) and isinstance(below, Table))
    return isinstance(below, Text) and plain(below.words).endswith(":")


def _block(block: Block, width: int | None) -> Iterator[str]:
    if isinstance(block, Table):
        yield from _ruled(block.kept(), width) if width and block.headed else _rows(block.kept())
        return
    if isinstance(block, Title):
        shown = plain(block.words) + (f"   {plain(block.about)}" if block.about else "")
    elif isinstance(block, Formula):
        shown = block.math.text if block.node is None else tree(block.node)
    else:
        shown = value(block.value) if isinstance(block, Bars) else plain(block.words)
    yield from ("  " * block.level + line for line in shown.split("\n"))


# -- formulas and values
def tree(node: Cost) -> str:
    """A cost at one glance: ``expr  [unit]``, or its name, its unit and one line per part."""
    if not node.join:
        return f"{show.text(node.expr)}  [{node.unit}]"
    lines = [f"{node.name}  [{node.unit}]".lstrip() + f"  = {node.join} of"]
    for depth, part, whole in branches(node):
        wide = max(len(beside.name) for beside in whole.parts)
        label = f"{part.name:<{wide}}  " if wide else ""
        lines.append("  " * (depth + 1) + label + (f"{part.join} of" if part.join else show.text(part.expr)))
    return "\n".join(lines)


def value(of: Value) -> str:
    """A number, and on the same line its parts, the largest of every maximum marked."""
    if of.is_array:
        return f"{of.name or 'value'}  [{of.unit}]  {of.range}"
    return f"{of.shown}   " + " | ".join(_marked(of)) if of.parts else of.shown


def _marked(of: Value) -> Iterator[str]:
    for part in of.parts:
        mark = "  <- bound" if of.binds(part) else ""
        inner = f" ({' | '.join(_marked(part))})" if part.parts else ""
        yield f"{part.name} {part.shown}{inner}{mark}"


# -- tables
def _rows(table: Table) -> Iterator[str]:
    """Cells below each other, three spaces apart; under their heads if the table is headed."""
    seen = [i for i, c in enumerate(table.columns) if c.said]
    columns = [table.columns[i] for i in seen]
    texts = [[_said(row[i], table.columns[i].said) for i in seen] for row in table.rows]
    if table.headed and table.heads:
        texts.insert(0, [plain(c.head) for c in columns])
    widths = [w if w <= _ALIGNED else 0 for w in (max(map(len, column)) for column in zip(*texts, strict=True))]
    loose = not table.headed and (any(c.said != "{}" for c in columns) or any(isinstance(row[-1], Math) for row in table.rows))
    gap = "   " if loose else "  "
    for row in texts:
        yield "  " * table.level + gap.join(t.ljust(w) for t, w in zip(row, widths, strict=True)).rstrip()


def _said(cell: Words, said: str = "{}") -> str:
    shown = plain(cell).replace(DEEPER, "  ")
    return said.format(shown) if shown and said != "{}" else shown


def _ruled(table: Table, width: int) -> Iterator[str]:
    """A table with a rule below its heads; what is too wide is folded within its cells."""
    heads, texts = [plain(c.head) for c in table.columns], [[_said(cell) for cell in row] for row in table.rows]
    widths = [max(map(len, column)) for column in zip(heads, *texts, strict=True)]
    while sum(widths) + 3 * len(widths) > width + 1 and max(widths) > 1:  # an edge, and three between two columns
        widths[widths.index(max(widths))] -= 1
    sides = [str.rjust if c.number else str.ljust for c in table.columns]
    for i, row in enumerate([heads, *texts]):
        cells = [[line for text in cell.split("\n") for line in wrap(text, w) or [""]] for cell, w in zip(row, widths, strict=True)]
        tall = max(map(len, cells), default=0)
        for line in range(tall):
            at = [line if i else line - tall + len(cell) for cell in cells]  # heads stand on the rule
            shown = (side(cell[k] if 0 <= k < len(cell) else "", w) for side, cell, k, w in zip(sides, cells, at, widths, strict=True))
            yield f" {'   '.join(shown)}".rstrip()
        if not i:
            yield " " + "─" * (sum(widths) + 3 * len(widths) - 3)
