"""LaTeX as native MathML, in letters or with places for numbers that the browser fills in."""

from __future__ import annotations

from collections.abc import Iterable
from html import unescape
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as Tree

import sympy as sp

from symroof.algebra import show
from symroof.show.mathml import element

_SUMS = ("+", "\u2212")
_RELATIONS = ("=", "<", ">", "\u2264", "\u2265")
_DOT = "\u22c5"
_FUNCTIONS = {"log", "exp", "sinh", "asinh", "max", "min", "floor", "ceil"}


def numbers(latex: str, symbols: Iterable[sp.Symbol]) -> str:
    """The same formula with a ``<mrow data-symbol="W_hbm">`` to fill for each letter, and a dot between factors."""
    root = element(latex)
    known = {_key(element(show.latex(s))): s.name for s in symbols}
    _fill(root, known)
    _dotted(root)
    return _text(root)


def broken(math: str) -> list[list[str]]:
    """A ``<math>`` element as several: one list for each phrase, whose elements a line can end between, before a sign."""
    root = Tree.fromstring(math)
    phrases: list[list[Tree.Element]] = [[Tree.Element("math", root.attrib)]]
    depth = 0
    for child in root[0] if len(root) == 1 and root[0].tag == "mrow" else list(root):
        if child.tag == "mspace" and depth == 0:
            phrases.append([Tree.Element("math", root.attrib)])
            continue
        signs = _SUMS if len(phrases) == 1 else _SUMS + _RELATIONS
        if child.tag == "mo" and depth == 0 and child.text in signs and len(phrases[-1][-1]):
            phrases[-1].append(Tree.Element("math", root.attrib))
            child.set("form", "infix")
        depth += {"(": 1, ")": -1}.get(child.text or "", 0)
        phrases[-1][-1].append(child)
    return [[_text(piece) for piece in phrase if len(piece)] for phrase in phrases]


def _text(root: Tree.Element) -> str:
    return Tree.tostring(root, encoding="unicode", short_empty_elements=False)


def _inner(element: Tree.Element) -> Tree.Element:
    while element.tag in ("math", "mrow") and len(element) == 1:
        element = element[0]
    return element


def _key(element: Tree.Element) -> Any:
    """A tree without its attributes and rows of one, to compare."""
    element = _inner(element)
    return element.tag, unescape(element.text or "").strip(), tuple(_key(child) for child in element)


def _fill(element: Tree.Element, known: dict[Any, str]) -> None:
    for i, child in enumerate(list(element)):
        name = known.get(_key(child))
        if name is not None:
            element[i] = _place(name, element.tag == "msup" and i == 0)
            element[i].tail = child.tail
        elif child.tag == "msubsup" and (name := known.get(("msub", "", (_key(child[0]), _key(child[1]))))) is not None:
            power = Tree.Element("msup")
            power.extend([_place(name, True), child[2]])
            element[i] = power
        else:
            _fill(child, known)


def _place(name: str, base: bool) -> Tree.Element:
    found = Tree.Element("mrow", {"data-symbol": name, **({"data-base": "1"} if base else {})})
    Tree.SubElement(found, "mn").text = name
    return found


def _dotted(element: Tree.Element) -> None:
    for child in element:
        _dotted(child)
    if element.tag not in ("mrow", "msqrt", "math"):
        return
    children = list(element)
    for before, after in reversed(list(pairwise(children))):
        if _factor(before) and _factor(after) and (before.text or "") not in _FUNCTIONS:
            dot = Tree.Element("mo")
            dot.text = _DOT
            element.insert(list(element).index(after), dot)


def _factor(element: Tree.Element) -> bool:
    return element.tag not in ("mo", "mtext", "mspace")
