"""Markdown with tables and formulas between dollars, as GitHub and notebooks show it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from symroof.algebra.value import Value
from symroof.show.document import (
    Amount,
    Bars,
    Block,
    Document,
    Formula,
    Math,
    Node,
    Share,
    Table,
    Title,
    Words,
    inlines,
    math,
    table,
)

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
        yield f"**{escape(node.name)}** [{escape(str(node.unit))}]" if node.name else f"[{escape(str(node.unit))}]"
    yield f"$$\n{_dollars(block.math)}\n$$"
    if node is not None and node.join:
        yield from _table(table(("part", "formula"), list(_branches(node, 0))))


def _branches(node: Node, depth: int) -> Iterator[tuple[Words, Words]]:
    for part in node.parts:
        yield "\u2003" * depth + (part.name or "\u2013"), f"{part.join} of" if part.join else math(part.expr)
        if part.join:
            yield from _branches(part, depth + 1)


def _bars(value: Value) -> Iterator[str]:
    yield f"**{escape(value.name or 'value')}**: {escape(value.range if value.is_array else value.shown)}"
    if value.parts:
        yield from _table(table(("part", "", ""), list(_parts(value, 0))))


def _parts(value: Value, depth: int) -> Iterator[tuple[Words, Words, Words]]:
    for part in value.parts:
        yield "\u2003" * depth + part.name, part.range if part.is_array else part.shown, "\u2190 bound" if value.binds(part) else ""
        yield from _parts(part, depth + 1)


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


def _inline(word: str | Math | Amount | Share) -> str:
    if isinstance(word, Math) and not word.plain:
        return f"${_dollars(word)}$"
    return escape(word if isinstance(word, str) else word.text)


def _dollars(word: Math) -> str:
    """LaTeX inside Markdown: a bar would end a cell."""
    return word.tex.replace("|", r"\vert ")


def escape(text: str) -> str:
    """A text of anybody, shown as it is."""
    return _SPECIAL.sub(r"\\\1", text)
