"""The frontier of latency and throughput: one curve per context, from the smallest batch to the largest that fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from symroof.algebra.cost import Cost
from symroof.algebra.units import ONE
from symroof.errors import InputError, short
from symroof.figures import ink, labels, points, scales
from symroof.figures.canvas import Look, blank, legend, style
from symroof.figures.curves import around
from symroof.figures.words import amount, meaning, plain, symbol, words
from symroof.solver.bound import Bound


@dataclass(frozen=True)
class Front:
    """What spans a frontier: ``latency`` and ``rate`` over one symbol; ``most`` bounds it, from ``knee`` on it is flat."""

    latency: Cost
    rate: Cost
    most: Bound | None = None
    knee: Bound | None = None


@dataclass(frozen=True)
class _Series:
    """A curve by its batches; none where nothing fits. ``at`` is the batch of the knee, ``knee`` its place."""

    label: str
    batches: Any
    xs: Any
    ys: Any
    at: float | None = None
    knee: tuple[float, float] | None = None


def frontier(front: Front, *sheets: Any, along: points.Along, each: tuple[Any, Sequence[Any]], look: Look | None = None) -> Any:
    """``rate`` over ``latency``, by the whole numbers of ``along=(B, 1, 512)``, once for every value of ``each=(S, [2048, ...])``.

    Powers of four are dots with their number. A curve ends where ``most`` says; a value at which nothing fits has no
    curve, and the legend says so.

    Raises InputError for an empty ``each``, or for symbols without a value.
    """
    look = look or Look()
    s, low, high = points.window(along)
    which, worth = _each(each)
    with style():
        found = [_series(front, (*sheets, {which: v}), (s, low, high), _label(which, v)) for v in worth]
        made = [f for f in found if len(f.batches)]
        if not made:
            raise InputError(f"nothing fits at any of these: {', '.join(f.label for f in found)}; take more chips or less")
        figure, axes = blank(look, look.rows(len(found) + 1) + 1)
        scales.measured(axes.xaxis, words(front.latency.name or "latency"), front.latency.unit, *around([f.xs for f in made], 1.22))
        scales.measured(axes.yaxis, words(front.rate.name or "rate"), front.rate.unit, *around([f.ys for f in made], up=1.3))
        for i, one in enumerate(made):
            _draw(axes, i, one)
        if front.knee is not None and any(one.knee for one in made):
            at = {one.at for one in made if one.at}
            number = f" = {amount(at.pop())}" if len(at) == 1 else ""
            axes.plot([], [], "o", mfc="white", mec="black", ms=5, label=f"knee: {points.rule(front.knee)}{number}")
        for one in (f for f in found if not len(f.batches)):
            axes.plot([], [], " ", label=one.label)
        unit = getattr(which, "unit", ONE)
        legend(figure, look, title=f"{meaning(which)} {symbol(which)}" + ("" if unit == ONE else f" [{unit}]"), alignment="left")
        _name_batches(labels.Labels(axes), made[0], s)
    return figure


def _each(each: Any) -> tuple[Any, list[Any]]:
    if not isinstance(each, (tuple, list)) or len(each) != 2 or not hasattr(each[0], "name") or isinstance(each[1], str):
        raise InputError(f"{short(each)} names no curves; give a symbol and its values, e.g. each=(S, [2048, 8192])")
    worth = list(each[1])
    if not 1 <= len(worth) <= len(ink.LINES):
        raise InputError(f"a frontier has one to seven curves, not {len(worth)}; give fewer values of {each[0]}")
    return each[0], worth


def _label(which: Any, value: Any) -> str:
    shown = value if isinstance(value, str) else scales.binary(float(value)) or amount(float(value), getattr(which, "unit", ONE))
    return plain(shown)


def _series(front: Front, sheets: Sequence[Any], along: tuple[Any, float, float], label: str) -> _Series:
    import numpy as np

    s, low, high = along
    if front.most is not None:
        fits = points.ends(front.most, sheets)
        high = min(high, float(np.floor(fits[-1]))) if fits else 0 if front.most.at(*sheets).note else high
    if high < low:
        return _Series(f"{label}: nothing fits", (), (), ())
    batches = _whole(low, high)
    xs, ys = (points.values(cost, sheets, s, batches) for cost in (front.latency, front.rate))
    said = f"{label}, {symbol(s)} up to {amount(high)}"
    knee = next((x for x in points.ends(front.knee, sheets) if low <= x <= high), None) if front.knee is not None else None
    if knee is None:
        return _Series(said, batches, xs, ys)
    x, y = (float(points.values(cost, sheets, s, [knee])[0]) for cost in (front.latency, front.rate))
    return _Series(said, batches, xs, ys, knee, (x, y))


def _whole(low: float, high: float) -> Any:
    """Whole numbers from low to high, on a log scale where they are many."""
    import numpy as np

    if high - low <= 2048:
        return np.arange(low, high + 1)
    return np.unique(np.concatenate([np.round(np.geomspace(low, high, 1024)), 2.0 ** np.arange(np.ceil(np.log2(low)), np.log2(high))]))


def _fours(one: _Series) -> list[int]:
    """The places of the powers of four along a curve, and of its largest batch, which comes first."""
    import numpy as np

    return list(dict.fromkeys((len(one.batches) - 1, *np.flatnonzero(np.isin(one.batches, 4.0 ** np.arange(16))).tolist())))


def _draw(axes: Any, i: int, one: _Series) -> None:
    axes.plot(one.xs, one.ys, label=one.label, marker=ink.marker(i), markevery=sorted(_fours(one)), ms=4.5, mew=0, **ink.line(i))
    if one.knee is not None:
        axes.plot(*one.knee, "o", mfc="white", mec="black", ms=5, zorder=6, label="_knee")


def _name_batches(place: labels.Labels, one: _Series, s: Any) -> None:
    """Powers of four along a curve, as far as there is room, and its largest batch."""
    for i in _fours(one):
        text = f"{symbol(s)}={one.batches[i]:.0f}" if i == 0 else f"{one.batches[i]:.0f}"
        around_it = (labels.ABOVE[1], labels.LEFT[0], *labels.ABOVE, *labels.LEFT)
        place.put(text, (float(one.xs[i]), float(one.ys[i])), around_it)
