"""The few pieces of HTML that the views are made of. All are well-formed XML; everything but ``words`` takes finished HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from symroof.algebra import show

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LINK = re.compile(r"(https?://[^\s<>\"']+[^\s<>\"'.,;)])")
Segment = tuple[float, float, str]  # where it starts and how long it is, as fractions of the bar, and its class


def words(text: Any) -> str:
    """Text of anybody, safe inside an element or an attribute."""
    return escape(_UNPRINTABLE.sub("\ufffd", str(text)))


def related(text: Any) -> str:
    """Text with its comparisons as a reader writes them."""
    return words(text).replace("&lt;=", "\u2264").replace("&gt;=", "\u2265")


def tag(name: str, inner: str, kind: str = "", **attributes: str) -> str:
    """An element with a class and attributes; ``style="width:3em"``."""
    said = {**({"class": kind} if kind else {}), **attributes}
    shown = "".join(f' {k}="{words(v)}"' for k, v in said.items())
    return f"<{name}{shown}>{inner}</{name}>"


def div(*inner: str, kind: str = "") -> str:
    """Blocks below each other; empty ones are left out."""
    return tag("div", "".join(inner), kind)


def title(name: Any, about: str = "") -> str:
    """What is shown, in bold, and ``about`` it, already HTML."""
    return div(tag("b", words(name)), tag("span", about, "sr-dim") if about else "", kind="sr-title")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = (), marked: Iterable[int] = ()) -> str:
    """A table of finished cells; columns ``numbers`` are set to the right, rows ``marked`` are bold."""
    right, bold = set(numbers), set(marked)

    def line(name: str, cells: Sequence[str]) -> str:
        return "".join(tag(name, cell, "sr-n" if i in right else "") for i, cell in enumerate(cells))

    top = tag("thead", tag("tr", line("th", [words(h) for h in head]))) if head else ""
    body = "".join(tag("tr", line("td", row), "sr-best" if i in bold else "") for i, row in enumerate(rows))
    return div(tag("table", top + tag("tbody", body)), kind="sr-wide")


def folded(summary: str, inner: str) -> str:
    """What opens on a click; nothing if there is nothing inside."""
    return tag("details", tag("summary", words(summary)) + inner) if inner else ""


def bar(segments: Iterable[Segment], label: str = "") -> str:
    """A bar of segments in the classes "sr-all", "sr-bound" and "sr-slack"; a screen reader says the ``label``."""
    spans = (
        tag("span", "", kind, style=f"left:{100 * _within(start):.2f}%;width:{100 * _within(width):.2f}%")
        for start, width, kind in segments
    )
    return tag("div", "".join(spans), "sr-bar", role="img", **{"aria-label": label})


def _within(fraction: float) -> float:
    return min(max(fraction, 0.0), 1.0) if fraction == fraction else 0.0


def indented(inner: str, depth: int) -> str:
    """A cell of a tree."""
    return tag("span", inner, style=f"padding-left:{1.4 * depth:.1f}em") if depth else inner


def source(text: Any) -> str:
    """Where a number comes from; addresses become links."""
    pieces = _LINK.split(str(text))  # every other one is an address
    return "".join(tag("a", words(p), href=p, rel="noopener noreferrer") if i % 2 else words(p) for i, p in enumerate(pieces))


def picked(length: int, most: int, also: Iterable[int] = ()) -> list[int]:
    """At most ``most`` of so many places, evenly, the ends and some ``also`` among them."""
    if length <= most:
        return list(range(length))
    return sorted({round(i * (length - 1) / (most - 1)) for i in range(most)} | set(also))


def readable(expr: Any) -> Any:
    """An expression as the text of its object shows it: long fractions as decimals."""
    try:
        return show.readable(expr)
    except OverflowError:  # a fraction beyond what a float can hold
        return expr
