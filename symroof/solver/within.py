"""What an answer leaves of the range that a letter has in a model: k is at most E, K at most N, and no more than that is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import sympy as sp

from symroof.algebra.span import Span
from symroof.algebra.value import Value

_INF = float("inf")
Range = tuple[Any, Any, str]


def spanned(x: sp.Symbol, sheets: Iterable[Any], named: Mapping[str, Any]) -> Range | None:
    """The least and the largest number that a letter can be in the model of a sheet, and words for it; None where all are."""
    for sheet in (s for s in sheets if getattr(s, "stack", None) is not None):
        low, high = sheet.stack.span(x, {s: named.get(s.name, v) for s, v in sheet.values.items()})
        if low or high < _INF:
            ends = [f"from {float(low):g}"] * bool(low) + [f"up to {float(high):g}"] * (high < _INF)
            return low, high, f"every {x} {' '.join(ends)}"
    return None


def within(found: Any, given: Range | None) -> Any:
    """A threshold or a span, less what lies outside of a range."""
    if given is None or not isinstance(found, (Value, Span)) or (isinstance(found, Value) and (found.is_array or found.note)):
        return found
    low, high, words = given
    span = found if isinstance(found, Span) else _span(found)
    rows = list(zip(span.intervals, span.brackets or span.intervals, span.opens or ((False, False),) * len(span.intervals), strict=True))
    kept = [row for row in rows if row[0][0] <= high and row[0][1] >= low]
    ends = [((0 if a <= low else a, _INF if b >= high else b), pair, out) for (a, b), pair, out in kept]
    if not ends:
        return _noted(found, span, _INF, f"never: no {words.removeprefix('every ')} will do")
    if ends[0][0] == (0, _INF):
        return _noted(found, span, 0, f"always: {words} will do")
    if len(ends) == 1 and (ends[0][0][0] == 0 or ends[0][0][1] == _INF):
        (a, b), pair, out = ends[0]
        down = b < _INF
        bracket = pair[down] if span.brackets else None
        return Value(b if down else a, span.unit, span.symbol.name, "", (), "", down, bracket, out[down], span.doubt)
    brackets = tuple(pair for _, pair, _ in ends) if span.brackets else None
    return replace(span, intervals=tuple(e for e, _, _ in ends), brackets=brackets, opens=tuple(out for _, _, out in ends))


def _span(found: Value) -> Span:
    """One threshold as an interval."""
    ends = (0, found.number) if found.round_down else (found.number, _INF)
    pair = None if found.bracket is None else (((0, 0), found.bracket) if found.round_down else (found.bracket, (_INF, _INF)),)
    opens = ((False, found.open) if found.round_down else (found.open, False),)
    return Span(sp.Symbol(found.name), (ends,), found.unit, pair, opens, found.doubt)


def _noted(found: Any, span: Span, number: Any, note: str) -> Value:
    down = isinstance(found, Value) and found.round_down
    return Value(number, span.unit, span.symbol.name, note=note, round_down=down and number == 0, doubt=span.doubt)
