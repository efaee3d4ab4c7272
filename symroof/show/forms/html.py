"""HTML with native MathML: well-formed, no scripts, nothing loaded from elsewhere; for notebooks, pages and the book."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from symroof.algebra.value import Value
from symroof.errors import InputError
from symroof.show.document import (
    Amount,
    Bars,
    Block,
    Document,
    Formula,
    Inline,
    Math,
    Node,
    Note,
    Share,
    Table,
    Title,
    Words,
    inlines,
    math,
)
from symroof.show.markup import div, folded, image, indented, linked, tag, words
from symroof.show.mathml import mathml
from symroof.show.style import style
from symroof.show.tex.layout import Box, lines
from symroof.show.tex.trees import cost_box

_ROOM = 700.0  # the width [pt] beyond which a formula is split where it can be
_MOST = 100_000  # points of an array of which what binds is counted


def render(document: Document) -> str:
    """One ``<div class="symroof">`` with its own style.

    >>> from symroof import decode, show
    >>> show.html(decode.step()).startswith('<div class="symroof"><style>')
    True
    """
    return tag("div", style() + inside(document), "symroof")


def inside(document: Document | Iterable[Block]) -> str:
    """The blocks without what is around them, for a page that brings the style."""
    return "".join(_folded(block) for block in document)


def _folded(block: Block) -> str:
    shown = _block(block)
    fold = "" if isinstance(block, Title) else block.fold
    return folded(fold, shown) if fold else shown


def _block(block: Block) -> str:
    if isinstance(block, Title):
        about = tag("span", said(block.about), "sr-dim") if block.about else ""
        return div(tag("strong", said(block.words)), about, kind="sr-title")
    if isinstance(block, Formula):
        if block.node is not None:
            return _named(block)
        return div(_inline(block.math) if block.math.plain else formula(block.math.box, block.math.text), kind="sr-formula")
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Bars):
        return _array(block.value) if block.value.is_array else _bars(block.value)
    return div(said(block.words), kind="sr-note" if isinstance(block, Note) else "sr-text")


# -- within a line
def said(of: Words) -> str:
    """Words, formulas and amounts within a line."""
    return "".join(map(_inline, inlines(of)))


def _inline(word: Inline) -> str:
    if isinstance(word, str):
        return linked(word.replace("<=", "\u2264").replace(">=", "\u2265"))
    if isinstance(word, Share):
        return image(word.bars, word.about)
    if isinstance(word, Math) and not word.plain:
        return _math(word.tex, word.text)
    shown = words(word.text)
    return shown.replace("&lt;=", "\u2264").replace("&gt;=", "\u2265") if isinstance(word, Math) else shown


def _math(tex: str, instead: str) -> str:
    try:
        return mathml(tex)
    except InputError:
        return tag("code", words(instead))


def formula(shown: Box, text: str) -> str:
    """A formula, on several lines where it is too wide and can be split."""
    found = lines(shown, _ROOM)
    if len(found) == 1:
        return _math(found[0][1], text)
    return "".join(div(indented(_math(tex, text if not i else ""), depth)) for i, (depth, tex) in enumerate(found))


# -- formulas with parts
def _named(block: Formula) -> str:
    node = block.node
    if node is None:
        return ""
    about = tag("span", words(f"[{node.unit}]"), "sr-dim")
    head = div(tag("strong", words(node.name)) if node.name else "", about, kind="sr-title")
    whole = cost_box(node, braces=False) if node.join else block.math.box
    parts = _plain_table(_branches(node, 0)) if node.join else ""
    return head + div(formula(whole, block.math.text), kind="sr-formula") + parts


def _branches(node: Node, depth: int) -> Iterator[tuple[str, str]]:
    if not depth:
        yield tag("span", words(f"{node.join} of"), "sr-note"), ""
    for part in node.parts:
        name = indented(words(part.name) or "\u2013", depth + 1)
        yield name, tag("span", words(f"{part.join} of"), "sr-note") if part.join else _inline(math(part.expr))
        if part.join:
            yield from _branches(part, depth + 1)


# -- tables
def _table(block: Table) -> str:
    kept = block.kept(drawn=True)
    if any(isinstance(cell, Amount) and cell.shade is not None for row in kept.rows for cell in row):
        return _map(kept)
    cells = [[said(cell) for cell in row] for row in kept.rows]
    heads = [said(c.head) for c in kept.columns] if any(c.head for c in kept.columns) else []
    return _plain_table(cells, heads, [i for i, c in enumerate(kept.columns) if c.number], kept.marked)


def _plain_table(rows: Iterable[Iterable[str]], heads: Iterable[str] = (), numbers: Iterable[int] = (), marked: Iterable[int] = ()) -> str:
    right, bold = set(numbers), set(marked)

    def line(name: str, cells: Iterable[str]) -> str:
        return "".join(tag(name, cell, "sr-n" if i in right else "") for i, cell in enumerate(cells))

    top = line("th", heads)
    body = "".join(tag("tr", line("td", row), "sr-best" if i in bold else "") for i, row in enumerate(rows))
    return div(tag("table", (tag("thead", tag("tr", top)) if top else "") + tag("tbody", body)), kind="sr-wide")


def _map(block: Table) -> str:
    """A table of shaded amounts, the lightest one marked."""
    least = min((cell.shade for row in block.rows for cell in row if isinstance(cell, Amount) and cell.shade is not None), default=0.0)
    rows = [tag("tr", "".join(tag("th", said(c.head)) for c in block.columns))]
    for row in block.rows:
        cells = [tag("th", said(row[0]))]
        for cell in row[1:]:
            shade, about = (cell.shade or 0.0, cell.about) if isinstance(cell, Amount) else (0.0, "")
            colour = {"style": f"background:rgba(47,134,201,{0.05 + 0.5 * shade:.2f})"}
            cells.append(tag("td", said(cell), "sr-least" if shade == least else "", **colour, **({"title": about} if about else {})))
        rows.append(tag("tr", "".join(cells)))
    return div(tag("table", tag("tbody", "".join(rows)), "sr-heat"), kind="sr-wide")


# -- values
def _bars(value: Value) -> str:
    if not value.parts:
        return tag("span", words(value.shown), "" if value.note else "sr-big")
    scale = _scale(value)
    rows = list(_lines(value, 0, (0.0, scale or 0.0), "all", False))
    title = div(tag("strong", words(value.name or "value")), kind="sr-title")
    return title + _plain_table(rows, numbers=(1,), marked=(0,))


def _scale(value: Value) -> float | None:
    """One over the whole; None where no bars can be drawn (nothing, infinite or subtracted parts)."""
    try:
        total = float(value.number)
        return 1 / total if 0 < total < float("inf") and all(float(v.number) >= 0 for v in _every(value)) else None
    except (OverflowError, ZeroDivisionError):
        return None


def _every(value: Value) -> Iterator[Value]:
    yield value
    for part in value.parts:
        yield from _every(part)


def _lines(value: Value, depth: int, place: tuple[float, float], kind: str, bound: bool) -> Iterator[tuple[str, ...]]:
    """A row for a value and each of its parts: name, number, bar, and whether it binds."""
    start, scale = place
    name = indented(words(value.name if depth else "total") or "\u2013", depth)
    mark = tag("span", words("\u2190 bound"), "sr-mark") if bound else ""
    yield name, words(value.shown), image(_segments(value, place, kind), f"{value.name} {value.shown}".strip()) if scale else "", mark
    for part in value.parts:
        wins = value.binds(part)
        below = kind if value.join != "max" else "slack" if kind == "slack" or not wins else "bound"
        yield from _lines(part, depth + 1, (start, scale), below, wins)
        start += scale * float(part.number) if scale and value.join == "sum" else 0.0


def _segments(value: Value, place: tuple[float, float], kind: str) -> Iterator[tuple[float, float, str]]:
    """The bar of a value; that of a sum is divided into its parts."""
    start, scale = place
    for part in value.parts if value.join == "sum" and kind != "slack" and float(value.number) else (value,):
        yield start, scale * float(part.number), kind
        start += scale * float(part.number)


def _array(value: Value) -> str:
    """The range of an array and of its parts, and at which share of its points each part binds."""
    shape = "x".join(map(str, value.number.shape))
    title = div(
        tag("strong", words(value.name or "value")), tag("span", words(f"[{value.unit}]  array {shape}"), "sr-dim"), kind="sr-title"
    )
    return title + _plain_table(list(_array_rows(value, 0, "")), marked=(0,) if value.parts else ())


def _array_rows(value: Value, depth: int, about: str) -> Iterator[tuple[str, str, str]]:
    shown = value.range.partition(", ")[2] or value.range if value.is_array else value.shown
    yield indented(words(value.name if depth else "total") or "\u2013", depth), words(shown), words(about)
    shares = binds(value) if value.join == "max" and value.is_array else {}
    for part in value.parts:
        share = shares.get(part.name)
        yield from _array_rows(part, depth + 1, "" if share is None else f"binds at {100 * share:.3g} % of the points")


def binds(value: Value) -> dict[str, float]:
    """The share of the points of an array at which each part binds; nothing if the array is large or empty."""
    if not value.parts or not 0 < value.number.size <= _MOST:
        return {}
    counts: Counter[Any] = Counter(value.binding.ravel().tolist())
    return {part.name: counts[part.name] / value.number.size for part in value.parts}
