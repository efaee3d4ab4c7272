"""LaTeX as native MathML that is safe to put into a page: known elements and attributes only, and text stays text."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module
from xml.etree import ElementTree as Tree

from symroof.errors import InputError, short

_ENTITY = re.compile(r"&#x([0-9A-Fa-f]{4,6});")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPED = re.compile(r"\\([_%&#$])")
_TAGS = frozenset(
    (
        *("math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac"),
        *("msqrt", "mroot", "msub", "msup", "msubsup", "munder", "mover", "munderover"),
        *("mtable", "mtr", "mtd", "mstyle", "mpadded"),
    )
)
_ATTRIBUTES = frozenset(
    (
        *("accent", "accentunder", "columnalign", "columnspacing", "displaystyle", "fence", "form"),
        *("height", "linethickness", "lspace", "mathvariant", "maxsize", "minsize", "movablelimits"),
        *("rowspacing", "rspace", "scriptlevel", "separator", "stretchy", "width"),
    )
)
_FUNCTIONS = frozenset(("max", "min", "log", "ln", "exp", "mod"))


@lru_cache(maxsize=4096)
def mathml(latex: str) -> str:
    """LaTeX as a ``<math>`` element in display style.

    Raises InputError with the cure if latex2mathml is not installed or cannot read the formula.
    """
    try:
        convert = import_module("latex2mathml.converter").convert_to_element
    except ImportError:
        raise InputError("formulas in a browser need latex2mathml; run 'pip install latex2mathml'") from None
    try:
        root = convert(latex.replace(r"\bmod", r"\operatorname{mod}"))
    except Exception as problem:  # its errors have no common base
        raise InputError(f"the formula {short(latex)} cannot be shown as MathML ({type(problem).__name__})") from None
    for element in root.iter():
        if element.tag not in _TAGS:
            raise InputError(f"the formula {short(latex)} is more than mathematics; it holds <{short(element.tag, 20)[1:-1]}>")
        _cleaned(element)
    root.attrib.pop("display", None)
    root.set("displaystyle", "true")
    text = Tree.tostring(root, encoding="unicode", short_empty_elements=False)
    if _CONTROL.search(text):
        raise InputError(f"the formula {short(latex)} holds a character that no page can show; take it out")
    return text


def element(latex: str) -> Tree.Element:
    """The same as a tree of its own, to be changed."""
    return Tree.fromstring(mathml(latex))


def _cleaned(element: Tree.Element) -> None:
    """Its text as text, its harmless attributes, and no more room around words and infinity than they need."""
    element.attrib = {name: value for name, value in element.attrib.items() if name in _ATTRIBUTES}
    if element.text:
        element.text = _ESCAPED.sub(r"\1", _ENTITY.sub(lambda m: chr(int(m[1], 16)), element.text))
    if element.text == "\u221e":
        element.tag = "mi"
    elif element.tag == "mo" and "fence" in element.attrib:
        element.attrib |= {"lspace": "0", "rspace": "0"}
    elif element.tag == "mo" and element.text and element.text.isalpha():
        element.attrib |= {"lspace": "0.17em", "rspace": "0" if element.text in _FUNCTIONS else "0.17em"}
