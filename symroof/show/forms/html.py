"""HTML with native MathML: well-formed, no scripts, nothing loaded from elsewhere; for notebooks, pages and the book."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

from symroof.algebra.cost import Cost
from symroof.algebra.value import Value
from symroof.errors import InputError
from symroof.show import document as doc
from symroof.show.document import Amount, Bars, Block, Document, Formula, Note, Share, Table, Title, branches
from symroof.show.mathml import mathml
from symroof.show.maths import Math, costly, math
from symroof.show.pages import style
from symroof.show.tex.layout import lines

_ROOM = 700.0  # the width [pt] beyond which a formula is split where it can be
_MOST = 100_000  # points of an array of which what binds is counted
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LINK = re.compile(r"(https?://[^\s<>\"']+[^\s<>\"'.,;)])")


def render(document: Document) -> str:
    """One ``<div class="symroof">`` with its own style."""
    return tag("div", style() + inside(document), "symroof")


def inside(document: Iterable[Block]) -> str:
    """The blocks without what is around them, for a page that brings the style."""
    return "".join(_folded(block) for block in document)


def _folded(block: Block) -> str:
    shown = _block(block)
    return tag("details", tag("summary", words(block.fold)) + shown) if block.fold and shown else shown


def _block(block: Block) -> str:
    if isinstance(block, Title):
        return _title(said(block.words), said(block.about))
    if isinstance(block, Formula):
        return _named(block.node, block.math) if block.node is not None else _formula(block.math)
    if isinstance(block, Table):
        return _table(block.kept(drawn=True))
    if isinstance(block, Bars):
        return _array(block.value) if block.value.is_array else _bars(block.value)
    return tag("div", said(block.words), "sr-note" if isinstance(block, Note) else "sr-text")


# -- elements: well-formed XML; everything but ``words`` takes finished HTML
def words(text: Any) -> str:
    """Text of anybody, safe inside an element or an attribute."""
    return escape(_UNPRINTABLE.sub("\ufffd", str(text)))


def tag(name: str, inner: str, kind: str = "", **attributes: str) -> str:
    """An element with a class and attributes; ``style="width:3em"``."""
    given = "".join(f' {k}="{words(v)}"' for k, v in (({"class": kind} if kind else {}) | attributes).items())
    return f"<{name}{given}>{inner}</{name}>"


def _title(inner: str, about: str = "") -> str:
    return tag("div", (tag("strong", inner) if inner else "") + (tag("span", about, "sr-dim") if about else ""), "sr-title")


def _indented(inner: str, depth: int) -> str:
    """A cell or a line of a tree."""
    return tag("span", inner, style=f"padding-left:{1.4 * depth:.1f}em") if depth else inner


def _image(bars: Iterable[tuple[float, float, str]], label: str = "") -> str:
    """A bar of segments of the kinds "all", "bound" and "slack"; a screen reader says the ``label``."""
    places = ((100 * _within(start), 100 * _within(width), kind) for start, width, kind in bars)
    spans = (tag("span", "", f"sr-{kind}", style=f"left:{start:.2f}%;width:{width:.2f}%") for start, width, kind in places)
    return tag("div", "".join(spans), "sr-bar", role="img", **{"aria-label": label})


def _within(fraction: float) -> float:
    return min(max(fraction, 0.0), 1.0) if fraction == fraction else 0.0


# -- within a line
def said(of: doc.Words) -> str:
    """Words, formulas and amounts within a line."""
    return "".join(map(_inline, doc.inlines(of)))


def _inline(word: doc.Inline) -> str:
    if isinstance(word, str):
        pieces = _LINK.split(word.replace("<=", "\u2264").replace(">=", "\u2265"))  # every other one is an address
        return "".join(tag("a", words(p), href=p, rel="noopener noreferrer") if i % 2 else words(p) for i, p in enumerate(pieces))
    if isinstance(word, Share):
        return _image(word.bars, word.about)
    if isinstance(word, Math):
        return words(word.text.replace("<=", "\u2264").replace(">=", "\u2265")) if word.plain else _math(word.tex, word.text)
    return words(word.text)


def _math(tex: str, instead: str) -> str:
    try:
        return mathml(tex)
    except InputError:
        return tag("code", words(instead))


# -- formulas
def _formula(shown: Math) -> str:
    """A formula, on several lines where it is too wide and can be split."""
    found = [] if shown.plain else lines(shown.box, _ROOM)
    if len(found) < 2:
        return tag("div", _inline(shown), "sr-formula")
    each = (_indented(_math(tex, "" if i else shown.text), depth) for i, (depth, tex) in enumerate(found))
    return tag("div", "".join(tag("div", line) for line in each), "sr-formula")


def _named(node: Cost, shown: Math) -> str:
    head = _title(words(node.name), words(f"[{node.unit}]"))
    if not node.join:
        return head + _formula(shown)
    rows = [(_join(node), "")]
    rows += [(_indented(_label(p), d + 1), _join(p) if p.join else said(math(p.expr))) for d, p, _ in branches(node)]
    return head + _formula(costly(node, braces=False)) + _rows(rows)


def _join(node: Cost) -> str:
    return tag("span", words(f"{node.join} of"), "sr-note")


def _label(part: Cost | Value) -> str:
    return words(part.name) or "\u2013"


# -- tables
def _table(block: Table) -> str:
    if any(isinstance(cell, Amount) and cell.shade is not None for row in block.rows for cell in row):
        return _map(block)
    numbers = [i for i, c in enumerate(block.columns) if c.number]
    return _rows([map(said, row) for row in block.rows], map(said, block.heads), numbers, block.marked)


def _rows(rows: Iterable[Iterable[str]], heads: Iterable[str] = (), numbers: Iterable[int] = (), marked: Iterable[int] = ()) -> str:
    right, bold = set(numbers), set(marked)

    def line(name: str, cells: Iterable[str]) -> str:
        return "".join(tag(name, cell, "sr-n" if i in right else "") for i, cell in enumerate(cells))

    top = line("th", heads)
    body = "".join(tag("tr", line("td", row), "sr-best" if i in bold else "") for i, row in enumerate(rows))
    return _wide((tag("thead", tag("tr", top)) if top else "") + tag("tbody", body))


def _wide(inner: str, kind: str = "") -> str:
    return tag("div", tag("table", inner, kind), "sr-wide")


def _map(block: Table) -> str:
    """A table of shaded amounts, the lightest one marked."""
    least = min(cell.shade for row in block.rows for cell in row if isinstance(cell, Amount) and cell.shade is not None)

    def line(cells: Iterable[doc.Words]) -> str:
        return tag("tr", "".join(shaded(c) if isinstance(c, Amount) else tag("th", said(c)) for c in cells))

    def shaded(cell: Amount) -> str:
        shade = cell.shade or 0.0
        style = {"style": f"background:rgba(47,134,201,{0.05 + 0.5 * shade:.2f})"} | ({"title": cell.about} if cell.about else {})
        return tag("td", said(cell), "sr-least" if shade == least else "", **style)

    return _wide(tag("tbody", "".join([line(c.head for c in block.columns), *map(line, block.rows)])), "sr-heat")


# -- values
def _bars(value: Value) -> str:
    if not value.parts:
        return tag("span", words(value.shown), "" if value.note else "sr-big")
    rows = _lines(value, 0, 0.0, _scale(value), "all", False)
    return _title(words(value.name or "value")) + _rows(rows, numbers=(1,), marked=(0,))


def _scale(value: Value) -> float:
    """One over the whole; 0 where no bars can be drawn (nothing, infinite or subtracted parts)."""
    try:
        total = float(value.number)
        every = (float(v.number) >= 0 for v in (value, *(part for _, part, _ in branches(value))))
        return 1 / total if 0 < total < float("inf") and all(every) else 0.0
    except (OverflowError, ZeroDivisionError):
        return 0.0


def _lines(value: Value, depth: int, start: float, scale: float, kind: str, bound: bool) -> Iterator[tuple[str, ...]]:
    """A row for a value and each of its parts: name, number, bar, and whether it binds."""
    name = _indented(_label(value) if depth else "total", depth)
    mark = tag("span", words("\u2190 bound"), "sr-mark") if bound else ""
    bar = _image(_segments(value, start, scale, kind), f"{value.name} {value.shown}".strip()) if scale else ""
    yield name, words(value.shown), bar, mark
    for part in value.parts:
        wins = value.binds(part)
        below = kind if value.join != "max" else "slack" if kind == "slack" or not wins else "bound"
        yield from _lines(part, depth + 1, start, scale, below, wins)
        start += scale * float(part.number) if scale and value.join == "sum" else 0.0


def _segments(value: Value, start: float, scale: float, kind: str) -> Iterator[tuple[float, float, str]]:
    """The bar of a value; that of a sum is divided into its parts."""
    for part in value.parts if value.join == "sum" and kind != "slack" and float(value.number) else (value,):
        yield start, scale * float(part.number), kind
        start += scale * float(part.number)


def _array(value: Value) -> str:
    """The range of an array and of its parts, and at which share of its points each part binds."""
    rows = [("total", _range(value), "")]
    for depth, part, whole in branches(value):
        share = _shares(whole).get(part.name)
        about = "" if share is None else f"binds at {100 * share:.3g} % of the points"
        rows.append((_indented(_label(part), depth + 1), _range(part), about))
    about = f"[{value.unit}]  array {'x'.join(map(str, value.number.shape))}"
    return _title(words(value.name or "value"), words(about)) + _rows(rows, marked=(0,) if value.parts else ())


def _range(value: Value) -> str:
    return words(value.range.partition(", ")[2] or value.range if value.is_array else value.shown)


def _shares(value: Value) -> dict[str, float]:
    """The share of the points of an array at which each part of a maximum binds; nothing if the array is large or empty."""
    if value.join != "max" or not value.is_array or not 0 < value.number.size <= _MOST:
        return {}
    counts: Counter[Any] = Counter(value.binding.ravel().tolist())
    return {part.name: counts[part.name] / value.number.size for part in value.parts}
