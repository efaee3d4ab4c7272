"""Conditions and bounds as LaTeX: the relation, when it holds, for what large or small letters, and its derivation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import Any

from symroof.algebra.show import RELATIONS, escape
from symroof.latex.layout import Box, Split, align, box, indented, lines, listed, prefixed, related
from symroof.latex.trees import cost_box
from symroof.latex.width import ROOM, width
from symroof.latex.writer import joined, name, write
from symroof.solver.bound import Bound
from symroof.solver.steps import Step

_LONGEST = 66  # characters of text on a line
_SIDES = {"low": ">", "high": "<"}
_MIRRORED = {r"\ge": r"\le", ">": "<"}


def condition_box(condition: Any) -> Box:
    """``left >= right`` with the names of the parts."""
    return related(cost_box(condition.left), RELATIONS[condition.relation], cost_box(condition.right))


def relation_box(rel: Any) -> Box:
    """A sympy relation."""
    return related(box(rel.lhs), RELATIONS[rel.rel_op], box(rel.rhs))


def bound_box(bound: Bound) -> Box:
    """A bound with its domain and its approximation."""
    if bound.kind in ("always", "never"):
        return words(f"{bound.kind}: {bound.reason}")
    if bound.kind == "numeric":
        return _numeric(bound)
    pieces = [piece_box(bound, p) for p in bound.pieces]
    shown = pieces[0] if len(pieces) == 1 else listed(pieces, ["", *[r"\text{or }"] * (len(pieces) - 1)])
    limit = approximation(bound)
    return listed([shown, Box(limit)], ["", ""]) if limit else shown


def approximation(of: Any) -> str:
    r"""``\text{for large } D, F`` of a bound or a limit, or nothing."""
    ends = (("large", [s for s, w in of.weights if w > 0]), ("small", [s for s, w in of.weights if w < 0]))
    said = [rf"{word} }} {joined(some)}" for word, some in ends if some]
    return r"\text{for " + r" \text{ and ".join(said) if said else ""


def piece_box(bound: Bound, piece: Any) -> Box:
    """One piece of a bound with the condition under which it counts."""
    shown = _ends(bound, piece)
    if not piece.when:
        return shown
    return listed([shown, when_box(piece.when)], ["", ""])


def when_box(when: Sequence[Any]) -> Box:
    r"""``\text{when } a \ge b \text{ and } c \ge d``."""
    conditions = [relation_box(rel) for rel in when]
    says = [r"\text{when }", *[r"\text{and }"] * (len(when) - 1)]
    one = r" \text{ and } ".join(c.tex for c in conditions)
    return Box(rf"\text{{when }} {one}", lambda: Split(tuple(conditions), tuple(f"{w} " for w in says)))


def relation_of(bound: Bound, piece: Any, side: str) -> str:
    r"""``\ge`` or ``>`` of the lower end, ``\le`` or ``<`` of the upper one."""
    strict = len(bound.condition.relation) == 1 if piece.strict is None else piece.strict[side == "high"]
    return _SIDES[side] if strict else RELATIONS[_SIDES[side] + "="]


def _ends(bound: Bound, piece: Any) -> Box:
    x = box(bound.symbol)
    if piece.low is not None and piece.low == piece.high:
        return related(x, "=", box(piece.low))
    sides = [(side, end) for side, end in (("low", piece.low), ("high", piece.high)) if end is not None]
    if not sides:
        return Box(rf"\text{{any }} {x.tex}")
    each = [related(x, relation_of(bound, piece, side), box(end)) for side, end in sides]
    if len(each) == 1:
        return each[0]
    below = _MIRRORED[relation_of(bound, piece, "low")]
    one = f"{write(piece.low)} {below} {x.tex} {relation_of(bound, piece, 'high')} {write(piece.high)}"
    return Box(one, lambda: Split(tuple(each), ("", r"\text{and } ")))


def _numeric(bound: Bound) -> Box:
    """What has no closed form: the condition, why, and what is necessary or suffices."""
    boxes, says = [condition_box(bound.condition)], [""]
    boxes.append(words(f"has no closed form for {bound.symbol}: {bound.reason}"))
    says.append("")
    for word, other in (("sufficient", bound.sufficient), ("necessary", bound.necessary)):
        if other is not None:
            boxes.append(bound_box(other))
            says.append(rf"\text{{{word}: }}")
    return Box("".ljust(10_000, "M"), lambda: Split(tuple(boxes), tuple(says)))


def words(text: str) -> Box:
    """A sentence, on several lines if it is long."""
    rows = wrap(" ".join(text.split()), _LONGEST) or [""]
    boxes = tuple(Box(name(row)) for row in rows)
    return boxes[0] if len(rows) == 1 else Box("M" * 10_000, lambda: Split(boxes, ("",) * len(boxes)))


# -- derivations
def derivation(steps: Iterable[Step]) -> str:
    """The steps as an ``align*``: reasons beside the lines where there is room, else above them."""
    steps = tuple(steps)
    if all(_beside(s) for s in steps):
        rows = [rf"{write(s.left)} &{RELATIONS[s.relation]} {write(s.right)} && {_reason(s)}" if not s.says else _said(s) for s in steps]
        lefts = max((width(write(s.left)) for s in steps if not s.says), default=0)
        rights = max((width(write(s.right)) for s in steps if not s.says), default=0)
        reasons = max((width(_reason(s)) for s in steps), default=0)
        if lefts + rights + reasons + 60 <= ROOM and len(rows) > 1:
            return align(rows)
    return align([row for step in steps for row in _stacked(step)], "[0.5ex]")


def _beside(step: Step) -> bool:
    return not step.part and width(_reason(step)) < ROOM / 2


def _said(step: Step) -> str:
    return rf"{name(step.says)} & && {_reason(step)}"


def _stacked(step: Step) -> Iterable[str]:
    """The reason, and below it the line; parts are indented below their name."""
    deep = r"\quad" * (step.part.count(".") + bool(step.part) - (step.kind == "part"))
    room = ROOM - 30 - width(deep)
    yield from (f"&{deep} {row}" for row in _reasons(step, room))
    yield from (rf"&{deep}\qquad {row}" for row in indented(lines(_shown(step), room)))


def _reasons(step: Step, room: float) -> Iterable[str]:
    """The reason on one line, or on several."""
    one = _reason(step) + r"\text{:}"
    before, mark, after = step.why.partition("{}")
    if width(one) <= room:
        return [one]
    if not mark or step.about is None:
        return indented(lines(words(step.why + ":"), room))
    about, comma = box(step.about), "," * after.startswith(",")
    first = prefixed(rf"\text{{{escape(before)}}}", about)
    head = lines(first if width(first.tex) <= room else listed([words(before), about], ["", ""]), room)
    if not after.strip(" ,"):
        return [*indented(head)[:-1], indented(head)[-1] + r"\text{:}"]
    return [*indented(head)[:-1], indented(head)[-1] + comma, *indented(lines(words(after.strip(" ,") + ":"), room))]


def _shown(step: Step) -> Box:
    return words(step.says) if step.says else related(box(step.left), RELATIONS[step.relation], box(step.right))


def _reason(step: Step) -> str:
    before, mark, after = step.why.partition("{}")
    if not mark or step.about is None:
        return name(step.why)
    return rf"\text{{{escape(before)}}} {write(step.about)}" + (rf" \text{{{escape(after)}}}" if after else "")
