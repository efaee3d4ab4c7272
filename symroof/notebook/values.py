"""Values: the number, and a bar for every part, the part that binds marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from symroof.algebra.value import Value
from symroof.notebook.markup import Segment, bar, div, indented, table, tag, title, words

_MOST = 100_000  # points of an array of which what binds is counted


@dataclass(frozen=True)
class Row:
    """One line: a value, how deep it stands, where its bar starts and how long it is, and the class of the bar."""

    value: Value
    depth: int
    start: float
    width: float
    kind: str = "sr-all"
    bound: bool = False


def value(v: Value) -> str:
    """A number by itself, or the parts under each other with their bars."""
    if v.is_array:
        return _array(v)
    if not v.parts:
        return tag("span", words(v._shown()), "" if v.note else "sr-big")
    scale = _scale(v)
    cells = [_cells(row, scale is not None) for row in _rows(v, 0, 0.0, scale or 0.0)]
    return title(v.name or "value") + table((), cells, numbers=(1,), marked=(0,))


def _scale(v: Value) -> float | None:
    """One over the length of the longest line; None where no bars can be drawn (nothing, infinite or subtracted parts)."""
    try:
        total = float(v.number)
        if not 0 < total < float("inf") or any(float(p.number) < 0 for p in _all(v)):
            return None
        return 1 / total
    except (OverflowError, ZeroDivisionError):
        return None


def _all(v: Value) -> Iterator[Value]:
    yield v
    for part in v.parts:
        yield from _all(part)


def _rows(v: Value, depth: int, start: float, scale: float, above: str = "sr-all", bound: bool = False) -> Iterator[Row]:
    yield Row(v, depth, start, scale * float(v.number) if scale else 0.0, above, bound)
    for part in v.parts:
        wins = v.binds(part)
        kind = above if v.join != "max" else "sr-slack" if above == "sr-slack" or not wins else "sr-bound"
        yield from _rows(part, depth + 1, start, scale, kind, wins)
        start += scale * float(part.number) if scale and v.join == "sum" else 0.0


def _cells(row: Row, drawn: bool) -> tuple[str, ...]:
    v = row.value
    name = indented(words(v.name if row.depth else "total") or "\u2013", row.depth)
    mark = tag("span", words("\u2190 bound"), "sr-mark") if row.bound else ""
    shown = f"{v.name} {v._shown()}".strip()
    return name, words(v._shown()), bar(_segments(row), shown) if drawn else "", mark


def _segments(row: Row) -> Iterator[Segment]:
    """The bar of a line; that of a sum is divided into its parts."""
    if row.value.join != "sum" or row.kind == "sr-slack" or not row.width:
        yield row.start, row.width, row.kind
        return
    start = row.start
    for part in row.value.parts:
        width = row.width * float(part.number) / float(row.value.number)
        yield start, width, row.kind
        start += width


def _array(v: Value) -> str:
    """The range of an array and of its parts, and at which share of its points each part binds."""
    shape = "x".join(map(str, v.number.shape))
    rows = list(_array_rows(v, 0, ""))
    return title(v.name or "value", words(f"[{v.unit}]  array {shape}")) + table((), rows, marked=(0,) if v.parts else ())


def _array_rows(v: Value, depth: int, said: str) -> Iterator[tuple[str, str, str]]:
    name = indented(words(v.name if depth else "total") or "\u2013", depth)
    yield name, words(_range(v)), words(said)
    shares: dict[str, float] = binds(v) if v.join == "max" and v.is_array else {}
    for part in v.parts:
        share = shares.get(part.name)
        yield from _array_rows(part, depth + 1, "" if share is None else f"binds at {100 * share:.3g} % of the points")


def _range(v: Value) -> str:
    """From where to where; the shape is said once, above."""
    return v._range().partition(", ")[2] or v._range() if v.is_array else v._shown()


def binds(v: Value) -> dict[str, float]:
    """The share of the points of an array at which each part binds; nothing if the array is large or empty."""
    if not v.parts or not 0 < v.number.size <= _MOST:
        return {}
    counts: Counter[Any] = Counter(v.binding.ravel().tolist())
    return {part.name: counts[part.name] / v.number.size for part in v.parts}


def brief(v: Any) -> str:
    """A value without its parts, for a cell."""
    return words(v._shown()) if isinstance(v, Value) and not v.is_array else words(repr(v))


def described(pairs: list[tuple[str, str]]) -> str:
    """Lines of a word and what there is to say, already HTML; empty ones are left out."""
    return table((), [(tag("span", words(k), "sr-note"), said) for k, said in pairs if said]) if pairs else div()
