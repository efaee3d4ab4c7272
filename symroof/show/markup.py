"""The few pieces of HTML that everything is made of. All are well-formed XML; everything but ``words`` takes finished HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Any

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LINK = re.compile(r"(https?://[^\s<>\"']+[^\s<>\"'.,;)])")


def words(text: Any) -> str:
    """Text of anybody, safe inside an element or an attribute."""
    return escape(_UNPRINTABLE.sub("\ufffd", str(text)))


def linked(text: str) -> str:
    """Text whose addresses are links."""
    if "://" not in text:
        return words(text)
    pieces = _LINK.split(text)  # every other one is an address
    return "".join(tag("a", words(p), href=p, rel="noopener noreferrer") if i % 2 else words(p) for i, p in enumerate(pieces))


def tag(name: str, inner: str, kind: str = "", **attributes: str) -> str:
    """An element with a class and attributes; ``style="width:3em"``."""
    said = {**({"class": kind} if kind else {}), **attributes}
    shown = "".join(f' {k}="{words(v)}"' for k, v in said.items())
    return f"<{name}{shown}>{inner}</{name}>"


def div(*inner: str, kind: str = "") -> str:
    """Blocks below each other; empty ones are left out."""
    return tag("div", "".join(inner), kind)


def folded(summary: str, inner: str) -> str:
    """What opens on a click; nothing if there is nothing inside."""
    return tag("details", tag("summary", words(summary)) + inner) if inner else ""


def image(bars: Iterable[tuple[float, float, str]], label: str = "") -> str:
    """A bar of segments of the kinds "all", "bound" and "slack"; a screen reader says the ``label``."""
    spans = (
        tag("span", "", f"sr-{kind}", style=f"left:{100 * _within(start):.2f}%;width:{100 * _within(width):.2f}%")
        for start, width, kind in bars
    )
    return tag("div", "".join(spans), "sr-bar", role="img", **{"aria-label": label})


def _within(fraction: float) -> float:
    return min(max(fraction, 0.0), 1.0) if fraction == fraction else 0.0


def indented(inner: str, depth: int) -> str:
    """A cell or a line of a tree."""
    return tag("span", inner, style=f"padding-left:{1.4 * depth:.1f}em") if depth else inner
