"""The frontier of latency and throughput: one curve per context, from the smallest batch to the largest that fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from symroof.algebra.cost import Cost
from symroof.algebra.units import ONE
from symroof.errors import InputError, short
from symroof.figures import ink, labels, points, scales
from symroof.figures.canvas import Look, blank, columns, legend, style
from symroof.figures.curves import around
from symroof.figures.words import amount, plain, symbol, words
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
    label: str
    batches: Any
    xs: Any
    ys: Any
    at: float | None
    knee: tuple[float, float] | None


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
        made = [f for f in found if not isinstance(f, str)]
        if not made:
            raise InputError(f"nothing fits at any of these: {', '.join(f for f in found if isinstance(f, str))}; take more chips or less")
        figure, axes = blank(look, -(-(len(found) + 1) // columns(look)) + 1)
        scales.measured(axes.xaxis, words(front.latency.name or "latency"), front.latency.unit, *_wider([f.xs for f in made], 1.22, 1.0))
        scales.measured(axes.yaxis, words(front.rate.name or "rate"), front.rate.unit, *_wider([f.ys for f in made], 1.0, 1.3))
        axes.grid(True, which="major", color="#D0D0D0", linewidth=0.5)
        for i, one in enumerate(made):
            _draw(axes, i, one)
        if front.knee is not None and any(one.knee for one in made):
            axes.plot([], [], "o", mfc="white", mec="black", ms=5, label=_knee(front.knee, made))
        for one in (f for f in found if isinstance(f, str)):
            axes.plot([], [], " ", label=one)
        legend(figure, look, title=_title(which), alignment="left")
        _name_batches(labels.Labels(axes), made[0], s)
    return figure


def _wider(drawn: Sequence[Any], down: float, up: float) -> tuple[float, float]:
    """The ends of an axis, with room for labels."""
    low, high = around(drawn)
    return low / down, high * up


def _each(each: Any) -> tuple[Any, list[Any]]:
    if not isinstance(each, (tuple, list)) or len(each) != 2 or not hasattr(each[0], "name") or isinstance(each[1], str):
        raise InputError(f"{short(each)} names no curves; give a symbol and its values, e.g. each=(S, [2048, 8192])")
    worth = list(each[1])
    if not 1 <= len(worth) <= 7:
        raise InputError(f"a frontier has one to seven curves, not {len(worth)}; give fewer values of {each[0]}")
    return each[0], worth


def _label(which: Any, value: Any) -> str:
    shown = str(value) if isinstance(value, str) else scales.binary(float(value)) or amount(float(value), getattr(which, "unit", ONE))
    return plain(shown)


def _title(which: Any) -> str:
    from symroof.figures.words import meaning

    unit = getattr(which, "unit", ONE)
    return f"{meaning(which)} {symbol(which)}" + ("" if unit == ONE else f" [{unit}]")


def _series(front: Front, sheets: Sequence[Any], along: tuple[Any, float, float], label: str) -> Any:
    """One curve; where nothing fits, the sentence that says so."""
    import numpy as np

    s, low, high = along
    if front.most is not None:
        fits = points.ends(front.most, sheets)
        high = min(high, float(np.floor(fits[-1]))) if fits else 0 if front.most.at(*sheets).note else high
    if high < low:
        return f"{label}: nothing fits"
    batches = _whole(low, high)
    xs, ys = (points.values(cost, sheets, s, batches) for cost in (front.latency, front.rate))
    knee = next((x for x in points.ends(front.knee, sheets) if low <= x <= high), None) if front.knee is not None else None
    place: tuple[float, float] | None = None
    if knee is not None:
        x, y = (float(points.values(cost, sheets, s, np.array([knee]))[0]) for cost in (front.latency, front.rate))
        place = (x, y)
    return _Series(f"{label}, {symbol(s)} up to {amount(high)}", batches, xs, ys, knee, place)


def _whole(low: float, high: float) -> Any:
    """Whole numbers from low to high, on a log scale where they are many."""
    import numpy as np

    if high - low <= 2048:
        return np.arange(low, high + 1)
    return np.unique(np.concatenate([np.round(np.geomspace(low, high, 1024)), 2.0 ** np.arange(np.ceil(np.log2(low)), np.log2(high))]))


def _draw(axes: Any, i: int, one: _Series) -> None:
    import numpy as np

    shown = np.isin(one.batches, 4.0 ** np.arange(16)) | (one.batches == one.batches[-1])
    axes.plot(one.xs, one.ys, label=one.label, marker=ink.marker(i), markevery=list(np.flatnonzero(shown)), ms=4.5, mew=0, **ink.line(i))
    if one.knee is not None:
        axes.plot(*one.knee, "o", mfc="white", mec="black", ms=5, zorder=6, label="_knee")


def _knee(knee: Bound, made: Sequence[_Series]) -> str:
    """The threshold as a formula, and as a number if it is the same on every curve."""
    formula = points.rule(knee)
    at = list({one.at for one in made if one.at})
    return f"knee: {formula}" + (f" = {amount(at[0])}" if len(at) == 1 else "")


def _name_batches(place: labels.Labels, one: _Series, s: Any) -> None:
    """Powers of four along a curve, as far as there is room, and its largest batch."""
    import numpy as np

    fours = [int(b) for b in one.batches if b in 4.0 ** np.arange(16)]
    for b in dict.fromkeys((int(one.batches[-1]), *fours)):
        i = int(np.flatnonzero(one.batches == b)[0])
        text = f"{symbol(s)}={b}" if b == one.batches[0] else f"{b}"
        place.put(
            text, (float(one.xs[i]), float(one.ys[i])), (labels.ABOVE[1], labels.LEFT[0], *labels.ABOVE, *labels.LEFT), True, fontsize=7
        )
