"""What a figure asks the engine: curves by ``cost.at(...)``, thresholds by ``bound.at(...)``; nothing is computed beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import bind
from symroof.algebra.cost import Cost
from symroof.algebra.value import Span, Value
from symroof.errors import InputError, short
from symroof.figures.words import formula
from symroof.solver.bound import Bound

_POINTS = 193
_LONGEST = 90  # characters of LaTeX that still fit into a label
Along = tuple[sp.Symbol, Any, Any]


def window(along: Along) -> tuple[sp.Symbol, float, float]:
    """A symbol and its two ends as numbers. Raises InputError unless it is that, the lower end first and positive."""
    if not isinstance(along, (tuple, list)) or len(along) != 3 or not isinstance(along[0], sp.Symbol):
        raise InputError(f"{short(along)} is no axis; give a symbol and its two ends, e.g. along=(B, 1, 512)")
    s, *ends = along
    low, high = (bind({s}, (), {s.name: end}).numbers[s] for end in ends)
    if hasattr(low, "shape") or hasattr(high, "shape") or not 0 < low <= high:
        raise InputError(f"an axis goes from a positive number to a larger one, not from {short(ends[0])} to {short(ends[1])}")
    return s, float(low), float(high)


def samples(low: float, high: float, among: Iterable[float] = ()) -> Any:
    """Points between two ends, evenly on a log scale, and the places ``among`` them at which a curve may bend."""
    import numpy as np

    if low == high:
        return np.array([low])
    inside = [x for x in among if low < x < high]
    points = np.unique(np.concatenate([np.geomspace(low, high, _POINTS), inside]))
    points[0], points[-1] = low, high
    return points


def values(cost: Any, sheets: Sequence[Any], s: sp.Symbol, xs: Any) -> Any:
    """A cost at every x, in SI units. Raises InputError for what is no cost, or naming the symbols without a value."""
    import numpy as np

    if not isinstance(cost, Cost):
        raise InputError(f"{short(cost)} is no cost; give e.g. decode.step()")
    alone = cost.at(*sheets, **({s.name: float(xs[0])} if s in cost.free_symbols else {}))
    missing = ", ".join(sorted(x.name for x in alone.free_symbols - {s})) if isinstance(alone, Cost) else ""
    if missing:
        raise InputError(f"{cost.name or short(cost.expr)} lacks a value for {missing}; add a sheet, or {{{missing.split(',')[0]}: ...}}")
    moving = s in cost.free_symbols or isinstance(alone, Cost)  # also a letter that a sheet derives from it, as the experts hit
    every = cost.at(*sheets, **{s.name: np.asarray(xs, dtype=float)}) if moving else alone
    return np.broadcast_to(np.asarray(every, dtype=float), np.shape(xs))


def number(value: Any) -> float:
    """One number. Raises InputError for a Cost with symbols left, an array, or nothing finite."""
    if not isinstance(value, Value):
        raise InputError(f"{short(value)} is no number yet; give it sheets and values first, with .at(...)")
    if not isfinite(float(value)):
        raise InputError(f"{value.name or 'the value'} is {value!r}, which no axis can show; leave it out")
    return float(value)


def ends(bound: Bound, sheets: Sequence[Any]) -> tuple[float, ...]:
    """The finite thresholds of a bound at these sheets; none if it holds always or never.

    Raises InputError for what is no bound, or naming the symbols that still need a value.
    """
    if not isinstance(bound, Bound):
        raise InputError(f"{short(bound)} is no threshold; give what solve(...) answers, e.g. decode.critical_batch()")
    if bound.kind in ("always", "never"):
        return ()
    found = bound.at(*sheets)
    if isinstance(found, Bound):
        if found.kind in ("always", "never"):
            return ()
        missing = ", ".join(sorted(x.name for x in found.free_symbols))
        raise InputError(f"the threshold {short(bound)} lacks a value for {missing}; add a sheet")
    places = [x for pair in found.intervals for x in pair] if isinstance(found, Span) else [found.number]
    return tuple(sorted({float(x) for x in places if isfinite(float(x)) and float(x) > 0}))


def rule(bound: Bound, relation: bool = False) -> str:
    """The threshold as mathtext, ``$B = ...$``, or with its relation; only the symbol if it has several, or a long one."""
    alone = formula(show.latex(bound.symbol), bound.symbol.name)
    if bound.kind != "bound" or len(bound.pieces) != 1:
        return alone
    piece = bound.pieces[0]
    if (piece.low is None) == (piece.high is None):
        return alone
    threshold: Any = piece.low if piece.low is not None else piece.high
    sign = bound.relation if relation else "="
    latex = f"{show.latex(bound.symbol)} {show.RELATIONS.get(sign, sign)} {show.latex(threshold)}"
    return formula(latex, f"{bound.symbol} {sign} {show.text(threshold)}") if len(latex) <= _LONGEST and threshold.free_symbols else alone
