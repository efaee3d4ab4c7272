r"""Long formulas over several lines: sums at their signs, maxima at their commas, products at the brackets of their widest factor.

A :class:`Box` is a formula on one line that knows how it can be split. Brackets that span lines are ``\biggl( ... \biggr)``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from symroof.algebra.cost import Cost
from symroof.algebra.quantity import show_quantity
from symroof.algebra.roots import under_one_root
from symroof.algebra.value import Value
from symroof.show.tex.width import ROOM, width
from symroof.show.tex.writer import name, quantity, write

Tree = Cost | Value
Line = tuple[int, str]  # how deep it is indented, and what stands there
_SHORT = 90.0  # a left side that leaves enough room behind it
_GAP = r"\hphantom{=}"
_STEP = 10.0  # what one level of indentation takes


@dataclass(frozen=True)
class Split:
    """What stands before, between and after the parts once each is on lines of its own; ``between`` precedes its part."""

    parts: tuple[Box, ...]
    between: tuple[str, ...]
    before: str = ""
    after: str = ""
    commas: bool = False
    filled: bool = False  # as many parts on a line as fit, not one


@dataclass(frozen=True)
class Box:
    """A formula on one line, and how to split it if it is too long for one."""

    tex: str
    split: Callable[[], Split | None] = lambda: None
    aligned: str = ""  # the same with an & before its relation


def lines(box: Box, room: float, depth: int = 0) -> list[Line]:
    """The lines of a formula, none wider than the room if that can be."""
    split = None if width(box.tex) <= room - depth * _STEP else box.split()
    if split is None:
        return [(depth, box.tex)]
    inner = depth + bool(split.before)
    made: list[Line] = [(depth, split.before)] if split.before else []
    if split.filled:
        split = _filled(split, room - inner * _STEP)
    for part, sign in zip(split.parts, split.between, strict=True):
        found = lines(part, room - width(sign) - (width(",") if split.commas else 0), inner)
        found[0] = (inner, sign + found[0][1])
        made += found if not split.commas or part is split.parts[-1] else [*found[:-1], (found[-1][0], found[-1][1] + ",")]
    if split.after:
        made.append((depth, split.after))
    return made


def _filled(split: Split, room: float) -> Split:
    """The split with neighbours that fit on one line together as one part."""
    parts, between = [split.parts[0]], [split.between[0]]
    for part, sign in zip(split.parts[1:], split.between[1:], strict=True):
        both = f"{parts[-1].tex}{sign if sign in _SPACES else f' {sign}'}{part.tex}"
        if width(between[-1] + _spaced(both)) <= room:
            parts[-1] = Box(_spaced(both))
        else:
            parts.append(part)
            between.append("" if sign in _SPACES else sign)
    return replace(split, parts=tuple(parts), between=tuple(between))


def resplit(tex: str, inner: Box, change: Callable[[Split], Split]) -> Box:
    """A formula that is split as another one is, with a change."""

    def split() -> Split | None:
        found = inner.split()
        return found and change(found)

    return Box(tex, split)


def prefixed(before: str, inner: Box) -> Box:
    """A formula with something before its first line."""

    def change(found: Split) -> Split:
        if found.before:
            return replace(found, before=f"{before} {found.before}")
        return replace(found, between=(f"{before} {found.between[0]}", *found.between[1:]))

    return resplit(f"{before} {inner.tex}", inner, change)


def suffixed(inner: Box, after: str) -> Box:
    """A formula with something behind its last line."""

    def change(found: Split) -> Split:
        if found.after:
            return replace(found, after=found.after + after)
        return replace(found, parts=(*found.parts[:-1], suffixed(found.parts[-1], after)))

    return resplit(inner.tex + after, inner, change)


def around(inner: Box, before: str, after: str) -> Split:
    """A formula on its own lines between tall brackets."""
    return Split((inner,), ("",), before, after)


def most(word: str, parts: Sequence[Box]) -> Split:
    """The parts of a maximum or a minimum on their own lines."""
    return Split(tuple(parts), ("",) * len(parts), rf"\{word}\biggl(", r"\biggr)", commas=True)


def listed(boxes: Sequence[Box], words: Sequence[str] = ()) -> Box:
    """Formulas one after the other, each with its word before it; split, each on its own line."""
    words = words or [""] * len(boxes)
    one = r" \quad ".join(f"{w} {b.tex}".strip() for w, b in zip(words, boxes, strict=True))
    return Box(one, lambda: Split(tuple(boxes), tuple(f"{w} ".lstrip() for w in words)))


def related(left: Box, relation: str, right: Box) -> Box:
    """``left relation right``; split behind the relation, or before it where the left side is long."""
    aligned = f"{left.tex} &{relation} {right.tex}"
    if width(left.tex) < _SHORT:
        return replace(prefixed(f"{left.tex} {relation}", right), aligned=aligned)
    return Box(f"{left.tex} {relation} {right.tex}", lambda: Split((left, right), ("", f"{relation} ")), aligned)


def sentence(pieces: Sequence[str | Box]) -> Box:
    """Texts and formulas one after the other; split between words, as many on a line as fit."""
    if len(pieces) == 1 and isinstance(pieces[0], Box):
        return pieces[0]
    parts: list[Box] = []
    signs: list[str] = []
    space = False
    for piece in pieces:
        words: list[str | Box] = [name(word) for word in piece.split(" ") if word] if isinstance(piece, str) else [piece]
        for i, word in enumerate(words):
            apart = bool(parts) and (i > 0 or space or (isinstance(piece, str) and piece.startswith(" ")))
            texts = isinstance(word, str) and bool(parts) and parts[-1].tex.startswith(r"\text{")
            signs.append("" if not apart else _SPACE if texts else r"\ ")
            parts.append(Box(word) if isinstance(word, str) else word)
        space = isinstance(piece, str) and piece.endswith(" ")
    one = "".join(f"{sign}{part.tex}" for sign, part in zip(signs, parts, strict=True))
    return Box(_spaced(one), lambda: Split(tuple(parts), tuple(signs), filled=True) if len(parts) > 1 else None)


_SPACE = "\x00"  # between two words, until their texts are one
_SPACES = (_SPACE, r"\ ")


def _spaced(tex: str) -> str:
    return tex.replace("}" + _SPACE + r"\text{", " ").replace(_SPACE, r"\ ")


# -- what a display is made of
def display(shown: Box, room: float = ROOM) -> str:
    r"""A formula on a line of its own: ``\[ ... \]``, or an ``align*`` with one row a line."""
    found = lines(shown, room)
    if len(found) == 1:
        return f"\\[\n{found[0][1]}\n\\]"
    return align([f"& {row}" for row in indented(found)])


def chain(left: str, sides: Sequence[tuple[str, Box]], room: float = ROOM) -> str:
    """``left = a = b = c``: on one line if it fits, else every side on its own, aligned at the relation."""
    one = " ".join([left, *(f"{relation} {side.tex}" for relation, side in sides)]).strip()
    if width(one) <= room:
        return f"\\[\n{one}\n\\]"
    long = width(left) > _SHORT
    rows = [f"& {left}"] if long else []
    lead = r"\quad " if long else ""
    for i, (relation, side) in enumerate(sides):
        found = indented(lines(side, room - (0 if long else width(left)) - 30))
        head = "" if long or i else left
        rows += [f"{'' if j else head} &{lead}{relation if not j else _GAP} {row}".strip() for j, row in enumerate(found)]
    return align(rows)


def align(rows: Sequence[str], gap: str = "") -> str:
    """Rows as an ``align*``, ``gap`` further apart than usual."""
    body = f" \\\\{gap}\n".join(rows)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}"


def indented(found: list[Line]) -> list[str]:
    r"""The lines indented by an em for every level, as one kern: KaTeX expands every ``\quad`` and stops at a thousand."""
    return [(rf"\kern{depth}em " if depth else "") + tex for depth, tex in found]


# -- expressions
def box(expr: Any, put: Mapping[Any, str] | None = None) -> Box:
    """An expression, its symbols written as ``put`` says."""
    return Box(write(expr, put), lambda: _split(under_one_root(expr), put))


def _split(expr: Any, put: Mapping[Any, str] | None) -> Split | None:
    if isinstance(expr, sp.Add):
        terms = sorted(expr.as_ordered_terms(), key=lambda t: bool(t.could_extract_minus_sign()))
        signs = ["-" if t.could_extract_minus_sign() else "+" for t in terms]
        parts = [-t if s == "-" else t for t, s in zip(terms, signs, strict=True)]
        between = tuple("" if i == 0 and s == "+" else f"{s} " for i, s in enumerate(signs))
        return Split(tuple(box(t, put) for t in parts), between, filled=True)
    if isinstance(expr, (sp.Max, sp.Min)):
        word = "max" if isinstance(expr, sp.Max) else "min"
        return most(word, [box(a, put) for a in sorted(expr.args, key=sp.default_sort_key)])
    if isinstance(expr, sp.Pow) and expr.exp == sp.Rational(1, 2):
        return around(box(expr.base, put), r"\biggl(", r"\biggr)^{1/2}")
    if isinstance(expr, sp.Mul) or (isinstance(expr, sp.Pow) and expr.exp.could_extract_minus_sign()):
        return _product(expr, put)
    return None


def _product(expr: Any, put: Mapping[Any, str] | None) -> Split | None:
    """At the widest sum or maximum of the numerator, or else of the denominator; where that is wider than a line, at that."""
    above, below = sp.fraction(expr)
    sides = [(whole, top, _widest(whole, put)) for whole, top in ((above, True), (below, False))]
    if all(w is not None for _, _, w in sides) and width(write(sides[1][2], put)) > ROOM:
        sides.reverse()
    for whole, top, widest in sides:
        if widest is None:
            continue
        others = [f for f in sp.Mul.make_args(whole) if f is not widest]
        if top:
            rest = sp.Mul(*others) / below
            before = "" if rest == 1 else _factor(rest, put) + (r" \cdot" if put else "")
        elif isinstance(widest, (sp.Max, sp.Min)) and width(write(above, put)) > _SHORT:
            return Split((box(above / sp.Mul(*others), put), box(widest, put)), ("", r"\bigg/ "))
        else:
            before = _factor(above / sp.Mul(*others), put) + r" \bigg/"
        if isinstance(widest, sp.Add):
            return around(box(widest, put), rf"{before} \biggl(".strip(), r"\biggr)")
        inner = _split(widest, put)
        return inner and replace(inner, before=f"{before} {inner.before}".strip())
    return None


def _widest(whole: Any, put: Mapping[Any, str] | None) -> Any:
    """The widest sum, maximum or root of a sum among factors; None if there is none."""
    half = sp.Rational(1, 2)
    wide = [f for f in sp.Mul.make_args(whole) if isinstance(f.base if f.is_Pow and f.exp == half else f, (sp.Add, sp.Max, sp.Min))]
    return max(wide, key=lambda f: width(write(f, put)), default=None)


def _factor(expr: Any, put: Mapping[Any, str] | None) -> str:
    return rf"\left({write(expr, put)}\right)" if isinstance(expr, sp.Add) else write(expr, put)


# -- costs and values
def tree_box(whole: Tree, put: Mapping[Any, str] | None = None, braces: bool = True) -> Box:
    """A Cost or a Value as its parts, the named ones under braces; of a maximum of numbers only what binds.

    A part that is split says its name behind its last line.
    """

    def named(part: Any, node: Tree) -> bool:
        if isinstance(node, Value) and node.join == "max":
            return bool(part.name) and node.binds(part)
        return bool(part.name) and braces and node is whole

    def joined(node: Any, negative: bool) -> Box:
        if not node.join:
            return _leaf(node, negative, put)
        parts: list[Box] = []
        for part in node.parts:
            inner = joined(part, node.join == "sum" and _negative(part))
            if named(part, node):
                inner = _braced(inner, part.name)
            elif part.join == node.join == "sum":
                inner = _bracketed(inner)
            parts.append(inner)
        if node.join == "max":
            return Box(rf"\max\left({', '.join(p.tex for p in parts)}\right)", lambda: most("max", parts))
        signs = ["- " if _negative(p) else "+ " * bool(i) for i, p in enumerate(node.parts)]
        alone = any(named(p, node) for p in node.parts)
        one = " ".join(f"{s}{p.tex}" for s, p in zip(signs, parts, strict=True))
        return Box(one, lambda: Split(tuple(parts), tuple(signs), filled=not alone))

    return joined(whole, False)


def _bracketed(inner: Box) -> Box:
    return Box(rf"\left({inner.tex}\right)", lambda: around(inner, r"\biggl(", r"\biggr)"))


def _leaf(part: Any, negative: bool, put: Mapping[Any, str] | None) -> Box:
    if isinstance(part, Value):
        return Box(quantity(abs(float(part)), part.unit))
    if not negative:
        return box(part.expr, put)
    inner = box(-part.expr, put)
    return _bracketed(inner) if isinstance(-part.expr, sp.Add) else inner  # the minus is that of all of it


def _negative(part: Any) -> bool:
    return not part.join and bool(float(part) < 0 if isinstance(part, Value) else part.expr.could_extract_minus_sign())


def _braced(inner: Box, called: str) -> Box:
    """Under a brace with its name; split, in brackets that carry the name."""
    under = f"_{{{name(called)}}}"

    def change(found: Split) -> Split:
        return replace(found, after=found.after + under) if found.after else around(inner, r"\biggl[", rf"\biggr]{under}")

    return resplit(rf"\underbrace{{{inner.tex}}}{under}", inner, change)


def result(value: Value) -> Box:
    """A value as a quantity, with what is said around it."""
    if value.note:
        return sentence([value.note])
    before, found, after = value.shown.partition(show_quantity(float(value), value.unit))
    first, last = (name(f" {' '.join(part.split())} ") if found and part.strip() else "" for part in (before, after))
    return Box(f"{first} {quantity(value.number, value.unit)} {last}".strip())
