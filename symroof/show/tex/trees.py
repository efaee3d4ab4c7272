"""Costs and values as formulas that can be split: their named parts under braces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from symroof.algebra.quantity import show_quantity
from symroof.algebra.value import Value
from symroof.show.tex.layout import Box, Split, box, sentence
from symroof.show.tex.quantities import quantity
from symroof.show.tex.writer import name


def cost_box(cost: Any, put: Mapping[Any, str] | None = None, braces: bool = True) -> Box:
    """A Cost with its named parts under braces; a part that is split says its name behind its last line."""

    def leaf(part: Any, negative: bool) -> Box:
        return box(-part.expr if negative else part.expr, put)

    def named(part: Any, node: Any) -> bool:
        return braces and node is cost

    return _tree(cost, leaf, _subtracted, named)


def value_box(value: Value) -> Box:
    """A Value as its parts; of a maximum only what binds is under a brace."""

    def leaf(part: Value, negative: bool) -> Box:
        return Box(quantity(abs(float(part)), part.unit))

    def named(part: Value, node: Value) -> bool:
        return node.binds(part) if node.join == "max" else node is value

    return _tree(value, leaf, lambda v: not v.join and float(v) < 0, named)


def result(value: Value) -> Box:
    """A value as a quantity, with what is said around it."""
    if value.note:
        return sentence([value.note])
    plain = show_quantity(float(value), value.unit)
    before, found, after = value.shown.partition(plain)
    around = (name(" ".join(["", *part.split(), ""])) if part.strip() else "" for part in (before, after)) if found else ("", "")
    first, last = around
    return Box(f"{first} {quantity(value.number, value.unit)} {last}".strip())


def _subtracted(cost: Any) -> bool:
    return not cost.join and bool(cost.expr.could_extract_minus_sign())


def _tree(node: Any, leaf: Callable[[Any, bool], Box], negative: Callable[[Any], bool], named: Callable[[Any, Any], bool]) -> Box:
    if not node.join:
        return leaf(node, False)
    parts: list[Box] = []
    for part in node.parts:
        minus = node.join == "sum" and negative(part)
        inner = leaf(part, minus) if not part.join else _tree(part, leaf, negative, named)
        if part.name and named(part, node):
            inner = _braced(inner, part.name)
        elif part.join == node.join == "sum":
            inner = _bracketed(inner)
        parts.append(inner)
    if node.join == "max":
        return _maximum(tuple(parts))
    signs = ["- " if negative(p) else "+ " * bool(i) for i, p in enumerate(node.parts)]
    alone = any(p.name and named(p, node) for p in node.parts)
    one = " ".join(f"{s}{p.tex}" for s, p in zip(signs, parts, strict=True))
    return Box(one, lambda: Split(tuple(parts), tuple(signs), filled=not alone))


def _maximum(parts: tuple[Box, ...]) -> Box:
    tex = rf"\max\left({', '.join(p.tex for p in parts)}\right)"
    return Box(tex, lambda: Split(parts, ("",) * len(parts), r"\max\biggl(", r"\biggr)", True))


def _bracketed(inner: Box) -> Box:
    return Box(rf"\left({inner.tex}\right)", lambda: Split((inner,), ("",), r"\biggl(", r"\biggr)"))


def _braced(inner: Box, called: str) -> Box:
    """Under a brace with its name; split, in brackets that carry the name."""

    def split() -> Split | None:
        found = inner.split()
        if found is None:
            return None
        if found.after:
            return replace(found, after=f"{found.after}_{{{name(called)}}}")
        return Split((inner,), ("",), r"\biggl[", rf"\biggr]_{{{name(called)}}}")

    return Box(rf"\underbrace{{{inner.tex}}}_{{{name(called)}}}", split)
