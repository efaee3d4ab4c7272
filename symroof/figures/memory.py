"""Memory of a chip as bars of stacked parts, one per configuration, against the line of what the chip has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symroof.algebra.value import Value
from symroof.errors import InputError, short
from symroof.figures import ink, points, scales
from symroof.figures.canvas import Look, blank, legend, settle, style
from symroof.figures.words import amount, words


def memory_stack(bars: Mapping[str, Value], capacity: Value | Sequence[Value], look: Look | None = None) -> Any:
    """One bar per configuration, its parts stacked, its total beside it; the capacity (one, or one per bar) a thick line.

    A bar that is longer than its line says what share of it it takes.

    Raises InputError for no bars, for bars in several units, or for as many capacities as there are no bars.
    """
    held = [_sized(v) for v in bars.values()]
    if not held:
        raise InputError("there is no configuration to draw; give at least one, e.g. {'int8': memory.memory().at(...)}")
    room = [capacity] * len(held) if isinstance(capacity, Value) else list(capacity)
    if len(room) != len(held):
        raise InputError(f"{len(held)} bars need one capacity, or {len(held)}, not {len(room)}")
    units = {str(v.unit) for v in (*held, *room)}
    if len(units) > 1:
        raise InputError(f"bars and capacities are in {' and '.join(sorted(units))}; give all per chip, or all of the whole slice")
    limits = [points.number(c) for c in room]
    tables = [dict(parts(v)) for v in held]
    names = list(dict.fromkeys(name for table in tables for name in table))
    look = look or Look()
    with style():
        figure, axes = blank(look.fitted(0.6 + 0.26 * len(held) + 0.19 * (len(names) // 2 + 2 + bool(look.title))))
        left = [0.0] * len(held)
        for i, name in enumerate(names):
            widths = [t.get(name, 0.0) for t in tables]
            axes.barh(range(len(held)), widths, 0.62, left=left, label=words(name, 28), **ink.fill(i))
            left = [a + w for a, w in zip(left, widths, strict=True)]
        line = {"color": "black", "linewidth": 2.2}
        for i, limit in enumerate(limits):
            axes.plot([limit, limit], [i - 0.42, i + 0.42], solid_capstyle="butt", label="_capacity", zorder=5, **line)
        scales.bytes_from_zero(axes.xaxis, max([*map(float, held), *limits]), held[0].unit)
        scales.bars(axes, [words(name, 36) for name in bars])
        same = f": {amount(limits[0], room[0].unit).partition('/')[0]}" if len(set(limits)) == 1 else ""
        capacities = axes.plot([], [], label=words(room[0].name or "capacity") + same, **line)
        legend(figure, look, handles=[*axes.containers, *capacities], ncols=2)
        _totals(axes, held, limits)
    return figure


def parts(value: Value) -> list[tuple[str, float]]:
    """The smallest named parts of a sum with their sizes, those of one name together; a maximum is one part."""
    if not value.parts or value.join == "max":
        return [(value.name or "memory", points.number(value))]
    found: dict[str, float] = {}
    for part in value.parts:
        for name, size in parts(part):
            found[name] = found.get(name, 0.0) + size
    return list(found.items())


def _sized(value: Any) -> Value:
    if not isinstance(value, Value):
        raise InputError(f"{short(value)} is no number of bytes yet; give it sheets and values first, with .at(...)")
    if points.number(value) < 0 or any(size < 0 for _, size in parts(value)):
        raise InputError(f"{value.name or 'the value'} has a negative part, and no bar can show it")
    return value


def _totals(axes: Any, held: Sequence[Value], limits: Sequence[float]) -> None:
    """The total of every bar behind bar and line, and by how much it is too long; the axis ends behind the last text."""
    renderer, far = settle(axes.figure), axes.get_xlim()[1]
    wide = axes.bbox.width
    for i, (value, limit) in enumerate(zip(held, limits, strict=True)):
        shown = amount(float(value), value.unit, 3).partition("/")[0]
        over = f" ({100 * float(value) / limit:.3g} %)" if float(value) > limit else ""
        end = max(float(value), limit)
        artist = axes.annotate(shown + over, (end, i), (5, 0), textcoords="offset points", va="center", fontsize=8, annotation_clip=False)
        artist.set(fontweight="bold" if over else "normal", in_layout=False)
        text = artist.get_window_extent(renderer).width + 14
        far = max(far, end * wide / max(wide - text, wide / 3))
    axes.set_xlim(0, far)
    axes.xaxis.get_major_locator().set_params(nbins=min(7, max(2, int(wide / axes.figure.dpi / 0.45))))
