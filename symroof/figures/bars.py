"""Bars that lie: the memory of a chip in stacked parts against what the chip has, and the elasticities of a cost by size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symroof.algebra.quantity import show_number, show_quantity
from symroof.algebra.units import ONE
from symroof.algebra.value import Value
from symroof.analysis.elasticity import Kink
from symroof.analysis.sensitivity import Ranking, Sensitivity
from symroof.errors import InputError, short
from symroof.figures import canvas, points
from symroof.figures.canvas import PLAIN, Look
from symroof.figures.words import GRID, amount, plain, symbol, words


def _named(axes: Any, names: Sequence[str]) -> None:
    """An upright axis of bars, the first on top, each with its name."""
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(True, axis="x", **GRID)


# -- memory
def memory_stack(bars: Mapping[str, Value], capacity: Value | Sequence[Value], look: Look = PLAIN) -> Any:
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
    tables = [parts(v) for v in held]
    names = list(dict.fromkeys(name for table in tables for name in table))
    with canvas.drawing(look, bars=0.6 + 0.26 * len(held) + canvas.ROW * (len(names) // 2 + 2)) as (figure, axes):
        left = [0.0] * len(held)
        for i, name in enumerate(names):
            widths = [t.get(name, 0.0) for t in tables]
            axes.barh(range(len(held)), widths, 0.62, left=left, label=words(name, 28), **canvas.fill(i))
            left = [a + w for a, w in zip(left, widths, strict=True)]
        line = {"color": "black", "linewidth": 2.2}
        for i, limit in enumerate(limits):
            axes.plot([limit, limit], [i - 0.42, i + 0.42], solid_capstyle="butt", label="_capacity", zorder=5, **line)
        unit = held[0].unit
        axes.set_xlim(0, max([*map(float, held), *limits]))
        axes.xaxis.set_major_formatter(lambda v, _: "0" if v == 0 else plain(show_quantity(v, unit, 3).partition("/")[0]))
        axes.set_xlabel(f"memory per {str(unit).partition('/')[2]}".removesuffix(" per "))
        _named(axes, [words(name, 36) for name in bars])
        same = f": {amount(limits[0], room[0].unit).partition('/')[0]}" if len(set(limits)) == 1 else ""
        capacities = axes.plot([], [], label=words(room[0].name or "capacity") + same, **line)
        canvas.legend(figure, look, handles=[*axes.containers, *capacities], ncols=2)
        _totals(axes, held, limits)
    return figure


def parts(value: Value) -> dict[str, float]:
    """The smallest named parts of a sum with their sizes, those of one name together; a maximum is one part."""
    if not value.parts or value.join == "max":
        return {value.name or "memory": points.number(value)}
    found: dict[str, float] = {}
    for name, size in (item for part in value.parts for item in parts(part).items()):
        found[name] = found.get(name, 0.0) + size
    return found


def _sized(value: Any) -> Value:
    if not isinstance(value, Value):
        raise InputError(f"{short(value)} is no number of bytes yet; give it sheets and values first, with .at(...)")
    if points.number(value) < 0 or min(parts(value).values()) < 0:
        raise InputError(f"{value.name or 'the value'} has a negative part, and no bar can show it")
    return value


def _totals(axes: Any, held: Sequence[Value], limits: Sequence[float]) -> None:
    """The total of every bar behind bar and line, and by how much it is too long; the axis ends behind the last text."""
    renderer, far, wide = canvas.settle(axes.figure), axes.get_xlim()[1], axes.bbox.width
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


# -- elasticities
def tornado(ranking: Ranking, look: Look = PLAIN, most: int = 12) -> Any:
    """Bars of the elasticities of ``sensitivities(cost).at(...)``, sorted by size; at a kink from one side to the other.

    To the right the cost grows with the symbol, to the left it falls; ``most`` symbols are shown, the largest.

    Raises InputError for what is no ranking, or an empty one.
    """
    if not isinstance(ranking, Ranking) or not len(ranking):
        raise InputError(f"{short(ranking)} ranks nothing; give what sensitivities(cost).at(...) answers")
    rows = sorted([(r, _slopes(r)) for r in ranking], key=lambda row: -max(map(abs, row[1])))[: max(1, most)]
    low, high = (end(0.0, *(v for _, both in rows for v in both)) for end in (min, max))
    far = max(-low, high) or 1.0
    with canvas.drawing(look, bars=0.8 + canvas.ROW * len(rows)) as (figure, axes):
        for i, (_, both) in enumerate(rows):
            _bar(axes, i, both, 0.03 * far)
        axes.spines["left"].set_visible(False)
        axes.axvline(0, color="black", linewidth=0.8)
        axes.set_xlim(low - 0.45 * far, high + 0.45 * far)
        _named(axes, [f"{symbol(r.symbol)} = {amount(float(r.value), getattr(r.symbol, 'unit', ONE), 3)}" for r, _ in rows])
        name, whole = words(ranking.cost.name or "cost"), amount(float(ranking.cost), ranking.cost.unit)
        figure.supxlabel(f"elasticity of {name}: % of {whole}\nper % of the symbol", fontsize=8)
    return figure


def _slopes(row: Sensitivity) -> tuple[float, float]:
    """The elasticity just below and just above the point; the same but at a kink."""
    found = row.elasticity
    return (float(found.below), float(found.above)) if isinstance(found, Kink) else (float(found), float(found))


def _bar(axes: Any, i: int, slopes: tuple[float, float], gap: float) -> None:
    """A bar from 0, its colour by its direction, its number behind it; what holds on one side of a kink only is open."""
    grows = sum(slopes) >= 0
    look = {"facecolor": canvas.ORANGE, "hatch": ""} if grows else {"facecolor": canvas.SKY, "hatch": "////"}
    certain = min(slopes, key=abs) if slopes[0] * slopes[1] >= 0 else 0.0
    axes.barh([i], [certain], 0.7, zorder=2, **look, **canvas.EDGE)
    for end in {*slopes} - {certain}:
        axes.barh([i], [end - certain], 0.7, left=[certain], facecolor="white", linestyle="--", zorder=1, **canvas.EDGE)
    shown = plain(" to ".join(show_number(v, 3).replace("-", "−") for v in dict.fromkeys(slopes)))
    axes.text(max(0.0, *slopes) + gap if grows else min(0.0, *slopes) - gap, i, shown, va="center", ha="left" if grows else "right")
