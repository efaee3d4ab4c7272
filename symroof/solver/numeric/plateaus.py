"""Ceilings, floors and powers of two beside their unknown, at values: from one jump to the next they are numbers.

Where what is necessary holds and what suffices does not, the truth is looked at jump by jump; every end is as exact as that of a
condition without rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from typing import Any

import sympy as sp

from symroof.algebra.reals import EXACT
from symroof.algebra.roots import PowerOfTwo
from symroof.algebra.value import START, End, Ends, Span
from symroof.solver.numeric.boxes import Box
from symroof.solver.numeric.thresholds import HIGH
from symroof.solver.polynomial import linear

ROUNDED = (sp.ceiling, sp.floor, PowerOfTwo)
_MOST = 3000  # jumps that are looked at


def roundings(expr: sp.Expr, x: sp.Symbol) -> set[sp.Expr]:
    """The outermost ceilings, floors and powers of two that hold x."""
    if not expr.has(x):
        return set()
    if isinstance(expr, ROUNDED):
        return {expr}
    return set().union(*(roundings(a, x) for a in expr.args))


#: Where the condition holds in x alone, as long as what is rounded has these values.
Asked = Callable[[dict[sp.Expr, Fraction]], Ends]


def stepped(box: Box, x: sp.Symbol, asked: Asked, possible: Ends, sure: Ends) -> tuple[Span, bool] | None:
    """Where the condition of a box holds, which it can only where that is ``possible``, and does where it is ``sure``.

    And whether every place was looked at. None if the jumps of what is rounded are not known, or if nothing is rounded.
    """
    atoms = sorted(set().union(*(roundings(side, x) for side in box.exprs)), key=sp.default_sort_key)
    if not atoms or not all(linear(a.args[0], x) for a in atoms):
        return None
    found, doubt, every = list(sure), "", True
    for low, high in _without(possible, sure):
        ends = Fraction(low), Fraction(min(high, HIGH))
        jumps = _jumps(atoms, x, *ends)
        if jumps is None:
            every = False
        else:
            doubt = f"not looked at beyond {HIGH:g}" if high > HIGH else doubt
            found += _looked_at(box, x, atoms, asked, sorted({*ends, *jumps}))
    return Span(x, joined(found), doubt), every


def _without(possible: Ends, sure: Ends) -> Iterator[tuple[Any, Any]]:
    """What is possible and not sure, ends included."""
    for low, high in possible:
        at = low.number
        for first, last in sure:
            if first.number > high.number or last.number < at:
                continue
            if first.number > at:
                yield at, first.number
            at = last.number
        if at < high.number:
            yield at, high.number


def _jumps(atoms: list[sp.Expr], x: sp.Symbol, low: Fraction, high: Fraction) -> list[Fraction] | None:
    """Where the atoms may jump; None if that is too often to look at."""
    found: list[Fraction] = []
    for atom in atoms:
        slope, offset = _line(atom, x)
        first, last = sorted((slope * low + offset, slope * high + offset))
        if isinstance(atom, PowerOfTwo):
            numbers: Any = [1 << i for i in range(max(floor(last), 1).bit_length()) if 1 << i >= first]
        elif last - first > _MOST:
            return None
        else:
            numbers = range(ceil(first), floor(last) + 1)
        found += [(k - offset) / slope for k in numbers]
    return found if len(found) <= _MOST else None


def _line(atom: sp.Expr, x: sp.Symbol) -> tuple[Fraction, Fraction]:
    """The slope and the offset of what is rounded."""
    slope, offset = (Fraction(int(c.p), int(c.q)) for c in (atom.args[0].coeff(x, 1), atom.args[0].coeff(x, 0)))
    return slope, offset


def _looked_at(box: Box, x: sp.Symbol, atoms: list[sp.Expr], asked: Asked, jumps: list[Fraction]) -> Iterator[tuple[End, End]]:
    """Where it holds at the jumps and between them."""
    for at in jumps:
        if at > 0 and box.at(at):
            yield End(at), End(at)
    lines = [(atom, *_line(atom, x)) for atom in atoms]
    for low, high in pairwise(jumps):
        middle = (low + high) / 2
        for first, last in asked({atom: Fraction(EXACT[atom.func](slope * middle + offset) or 0) for atom, slope, offset in lines}):
            begin = first if first.number > low else End(low, open=True) if low else START
            end = End(high, open=True) if last.number >= high else last
            if begin.number < end.number or (begin == end and not begin.open):
                yield begin, end


def joined(found: list[tuple[End, End]]) -> Ends:
    """Intervals in order, those that meet as one."""
    merged: list[tuple[End, End]] = []
    for low, high in sorted(found, key=lambda pair: (pair[0].number, pair[0].open)):
        if merged:
            before, last = merged[-1]
            if low.number < last.number or (low.number == last.number and not (low.open and last.open)):
                further = max((last, high), key=lambda end: (end.number, not end.open))
                merged[-1] = (before, further)
                continue
        merged.append((low, high))
    return tuple(merged)
