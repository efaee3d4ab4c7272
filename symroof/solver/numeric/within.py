"""What an answer leaves of the range that a letter has in a model: k is at most E, K at most N, and no more than that is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sympy as sp

from symroof.algebra.span import INF, START, STOP, Span, half_line
from symroof.algebra.value import Value

Range = tuple[Any, Any, str]


def spanned(x: sp.Symbol, sheets: Iterable[Any], named: Mapping[str, Any]) -> Range | None:
    """The least and the largest number that a letter can be in the model of a sheet, and words for it; None where all are."""
    for sheet in (s for s in sheets if getattr(s, "stack", None) is not None):
        low, high = sheet.stack.span(x, {s: named.get(s.name, v) for s, v in sheet.values.items()})
        if low or high < INF:
            ends = [f"from {float(low):g}"] * bool(low) + [f"up to {float(high):g}"] * (high < INF)
            return low, high, f"{x} {' '.join(ends)}"
    return None


def within(x: sp.Symbol, found: Any, given: Range | None) -> Any:
    """A threshold of x or a span, less what lies outside of a range."""
    if given is None or not isinstance(found, (Value, Span)) or (isinstance(found, Value) and (found.is_array or found.note)):
        return found
    low, high, words = given
    span = found if isinstance(found, Span) else half_line(x, found)
    inside = [(a, b) for a, b in span.ends if a.number <= high and b.number >= low]
    cut = Span(x, tuple((START if a.number <= low else a, STOP if b.number >= high else b) for a, b in inside), span.doubt)
    if cut == span:
        return found
    if not cut.ends:
        return cut.answer(f"never: no {words} will do")
    if cut.ends[0] == (START, STOP):
        return Span(x, cut.ends[:1], span.doubt).answer(f"always: every {words} will do")
    return cut.answer()
