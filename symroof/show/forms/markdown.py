"""Markdown with tables and formulas between dollars, as GitHub and notebooks show it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from symroof.algebra.value import Value
from symroof.show.document import DEEPER, Bars, Block, Document, Formula, Inline, Table, Title, Words, branches, inlines, table
from symroof.show.maths import Math, math

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~])")


def render(document: Document) -> str:
    """All blocks, the folded ones too."""
    return "\n\n".join(text for block in document for text in _block(block) if text)


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Title):
        yield f"**{words(block.words)}**" + (f" {words(block.about)}" if block.about else "")
    elif isinstance(block, Formula):
        yield from _formula(block)
    elif isinstance(block, Table):
        yield from _table(block)
    elif isinstance(block, Bars):
        yield from _bars(block.value)
    else:
        yield words(block.words)


def _formula(block: Formula) -> Iterator[str]:
    node = block.node
    if node is not None:
        yield f"**{escape(node.name)}** " * bool(node.name) + f"[{escape(str(node.unit))}]"
    yield f"$$\n{_dollars(block.math)}\n$$"
    if node is not None and node.join:
        rows = [(DEEPER * d + (p.name or "\u2013"), f"{p.join} of" if p.join else math(p.expr)) for d, p, _ in branches(node)]
        yield from _table(table(("part", "formula"), rows))


def _bars(value: Value) -> Iterator[str]:
    yield f"**{escape(value.name or 'value')}**: {escape(_shown(value))}"
    if value.parts:
        rows = [(DEEPER * d + p.name, _shown(p), "\u2190 bound" * of.binds(p)) for d, p, of in branches(value)]
        yield from _table(table(("part", "", ""), rows))


def _shown(value: Value) -> str:
    return value.range if value.is_array else value.shown


def _table(block: Table) -> Iterator[str]:
    kept = block.kept()
    if not kept.rows:
        return
    heads = [words(c.head) for c in kept.columns]
    rule = ["---:" if c.number else "---" for c in kept.columns]
    rows = [[f"**{cell}**" if cell and i in kept.marked else cell for cell in map(words, row)] for i, row in enumerate(kept.rows)]
    yield "\n".join("| " + " | ".join(row) + " |" for row in (heads, rule, *rows))


def words(of: Words) -> str:
    """What is said within a line, safe in a table too."""
    return "".join(_inline(w) for w in inlines(of)).replace("\n", "<br>")


def _inline(word: Inline) -> str:
    if isinstance(word, Math) and not word.plain:
        return f"${_dollars(word)}$"
    return escape(word if isinstance(word, str) else word.text)


def _dollars(word: Math) -> str:
    """LaTeX inside Markdown: a bar would end a cell."""
    return word.tex.replace("|", r"\vert ")


def escape(text: str) -> str:
    """A text of anybody, shown as it is."""
    return _SPECIAL.sub(r"\\\1", text)
