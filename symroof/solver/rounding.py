"""What is rounded, and rounding undone: ``ceiling(u) >= K`` exactly where ``u > ceiling(K) - 1``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from symroof.algebra.roots import PowerOfTwo
from symroof.solver.polynomial import sign, split

ROUNDED = (sp.ceiling, sp.floor, PowerOfTwo)


@dataclass(frozen=True)
class Rounded:
    """``u relation number``, where the number is positive if ``compared`` exceeds ``least`` (``strictly``, or reaches it).

    A ``guarded`` number means nothing unless it does.
    """

    relation: str
    number: sp.Expr
    compared: sp.Expr
    least: sp.Expr
    strictly: bool
    guarded: bool = False


def roundings(expr: sp.Expr, x: sp.Symbol) -> set[sp.Expr]:
    """The outermost ceilings, floors and powers of two that hold x."""
    if not expr.has(x):
        return set()
    if isinstance(expr, ROUNDED):
        return {expr}
    return set().union(*(roundings(a, x) for a in expr.args))


def undone(kind: type, side: str, end: sp.Expr, strict: bool) -> Rounded:
    """What ``kind(u) >= end`` (side ``>``) or ``kind(u) <= end`` (side ``<``) asks of u; ``strict`` without the equality."""
    up, down = sp.ceiling(end), sp.floor(end)
    after = (side == ">") == strict  # whether the whole number is the last one up to the end, or the last one before it
    if kind is sp.floor:
        number = down + 1 if after else up
        return Rounded(">=" if side == ">" else "<", number, end, sp.Integer(0), not after)
    if kind is sp.ceiling:
        return Rounded(">" if side == ">" else "<=", down if after else up - 1, end, sp.Integer(1), not after)
    number = PowerOfTwo(down + 1) / 2 if after else PowerOfTwo(end) / 2
    return Rounded(">" if side == ">" else "<=", number, end, sp.Integer(1), not after, guarded=True)


def exceeds(above: sp.Expr, below: sp.Expr, strict: bool) -> Any:
    """``above >= below`` (or ``>``) with positive terms on both sides; true or false where that is known."""
    known = sign(above - below)
    if known is not None:
        return sp.true if known > 0 or (known == 0 and not strict) else sp.false
    kind = sp.Gt if strict else sp.Ge
    top, bottom = sp.fraction(sp.together(above - below))
    if sign(bottom) == 1:
        above, below = split(top)
    return kind(above, below, evaluate=False)
