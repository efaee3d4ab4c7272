"""Lines on log axes: costs over a symbol, a cost by its parts, roofs with workloads under them, throughput over latency."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from symroof.algebra.cost import Cost
from symroof.algebra.show import text
from symroof.algebra.units import ONE, Unit
from symroof.algebra.value import Value
from symroof.errors import InputError, short
from symroof.figures import canvas, labels, points
from symroof.figures import words as w
from symroof.figures.canvas import PLAIN, Look
from symroof.solver.bound import Bound


def _over(axes: Any, s: Any, xs: Any, ys: Sequence[Any], name: str, unit: Unit) -> None:
    """Axes over a symbol around what is drawn, named or else by what such a unit measures; around one point a factor of two."""
    first, last = float(xs[0]), float(xs[-1])
    w.along(axes.xaxis, s, first if last > first else first / 2, last if last > first else last * 2)
    powers = [base for base, _ in unit.powers]
    kind = {"s": "time", "byte": "bytes", "USD": "price"}.get(powers[0], "value") if len(powers) == 1 else "rate"
    w.measured(axes.yaxis, w.words(name or kind), unit, *_around(ys))


def _around(ys: Sequence[Any], down: float = 1.0, up: float = 1.0) -> tuple[float, float]:
    """The ends of a log axis that shows all of this, with room for labels. Raises InputError if nothing is positive."""
    import numpy as np

    every = np.concatenate([np.ravel(y) for y in ys])
    seen = every[np.isfinite(every) & (every > 0)]
    if not seen.size:
        raise InputError("nothing here is positive and finite, so log axes cannot show it; give other values")
    low, high = float(seen.min()), float(seen.max())
    margin = (high / low) ** 0.06 if high / low > 1.5 else 2.0
    return low / margin / down, high * margin * up


# -- costs side by side
@dataclass(frozen=True)
class Curve:
    """A cost to draw, with sheets and values of its own; ``bound`` is where, along the axis, something happens to it."""

    cost: Cost
    sheets: tuple[Any, ...] = ()
    label: str = ""
    bound: Bound | None = None


def curves(drawn: Iterable[Curve | Cost], *sheets: Any, along: points.Along, look: Look = PLAIN) -> Any:
    """Every cost over the symbol of ``along=(B, 1e3, 1e8)``, on log axes; a dot where its ``bound`` lies, with formula and number.

    All costs have one unit. Sheets and values that hold for all of them follow the curves; those of a curve come first.

    >>> from symroof import Cost
    >>> from symroof.symbols import B, C
    >>> curves([Cost(2*B*10**9/C, "s", "math")], {C: 2 * 10**14}, along=(B, 1, 100)).axes[0].get_lines()[0].get_label()
    'math'

    Raises InputError for no curves, for several units, or for symbols without a value.
    """
    s, low, high = points.window(along)
    chosen = [c if isinstance(c, Curve) else Curve(c) for c in drawn]
    wrong = next((c.cost for c in chosen if not isinstance(c.cost, Cost)), None)
    if wrong is not None:
        raise InputError(f"{short(wrong)} is no curve; give a Cost, or Curve(cost, sheets, label, bound)")
    if not chosen:
        raise InputError("there is no curve to draw; give at least one cost")
    units = list(dict.fromkeys(c.cost.unit for c in chosen))
    if len(units) > 1:
        raise InputError(f"one figure has one unit, and these costs are in {', '.join(map(str, units[:4]))}; draw them apart")
    with canvas.drawing(look, 1.35 * look.rows(len(chosen))) as (figure, axes):
        marks = [points.ends(c.bound, (*c.sheets, *sheets)) if c.bound else () for c in chosen]
        xs = points.samples(low, high, [x for m in marks for x in m])
        ys = [points.values(c.cost, (*c.sheets, *sheets), s, xs) for c in chosen]
        names = {c.cost.name for c in chosen}
        _over(axes, s, xs, ys, names.pop() if len(names) == 1 else "", units[0])
        for i, (curve, y, at) in enumerate(zip(chosen, ys, marks, strict=True)):
            how, name = canvas.line(i), curve.label or curve.cost.name or text(curve.cost.expr)
            axes.plot(xs, y, label=w.words(name) + _threshold(curve.bound, at), marker=_alone(xs, i), **how)
            inside = [x for x in at if low <= x <= high]
            found = points.values(curve.cost, (*curve.sheets, *sheets), s, inside) if inside else []
            for x, value in zip(inside, found, strict=True):
                axes.plot(x, value, canvas.marker(i), label="_threshold", color=how["color"], mec="white", mew=0.6, ms=6, zorder=5)
        canvas.legend(figure, look)
        canvas.settle(figure)
    return figure


def _alone(xs: Any, i: int) -> str:
    """The marker of a curve of one point, which no line shows."""
    return canvas.marker(i) if len(xs) == 1 else ""


def _threshold(bound: Bound | None, at: Sequence[float]) -> str:
    """The threshold of a curve behind its name: formula and number."""
    if bound is None:
        return ""
    if not at:
        return f" ({'always' if bound.kind == 'always' else 'never'} hidden)"
    return f": {points.rule(bound)} = {' and '.join(w.amount(x) for x in at)}"


# -- a cost by its parts
def breakdown(cost: Cost, *sheets: Any, along: points.Along, shade: Mapping[str, Bound] | None = None, look: Look = PLAIN) -> Any:
    """A cost and its smallest parts over the symbol of ``along=(B, 1, 512)``; where ``shade`` holds the ground is grey.

    ``shade={"compute-bound": bound}`` names it; below the axes stands where that is, as formula and number.

    Raises InputError for what is no cost, or for symbols without a value.
    """
    if not isinstance(cost, Cost):
        raise InputError(f"{short(cost)} is no cost; give e.g. decode.step()")
    if shade and (not isinstance(shade, Mapping) or len(shade) != 1):
        cure = "give one name and its bound, e.g. {'compute-bound': decode.critical_batch()}"
        raise InputError(f"{short(shade)} is no ground to shade; {cure}")
    s, low, high = points.window(along)
    name, bound = next(iter(shade.items())) if shade else ("", None)
    marks = points.ends(bound, sheets) if bound is not None else ()
    xs = points.samples(low, high, marks)
    found: dict[str, Cost] = {}
    for called, part in _leaves(cost):
        found[next(free for i in count(1) if (free := f"{called} {i}" if i > 1 else called) not in found)] = part
    if len(found) > 1:
        found["total"] = cost
    with canvas.drawing(look, 1.5 * (bound is not None)) as (figure, axes):
        ys = [points.values(part, sheets, s, xs) for part in found.values()]
        _over(axes, s, xs, ys, cost.name, cost.unit)
        drawn = []
        for i, ((called, part), y) in enumerate(zip(found.items(), ys, strict=True)):
            how = {"color": canvas.BLACK, "linestyle": "-", "linewidth": 2.0} if part is cost else canvas.line(i)
            axes.plot(xs, y, label=w.words(called), marker=_alone(xs, i), **how)
            drawn += [(w.words(called, 28), float(y[-1]), how)] if y[-1] > 0 else []
        if bound is not None:
            canvas.legend(figure, look, handles=[_shaded(axes, name, bound, marks)])
        labels.beside_ends(axes, drawn)
    return figure


def _leaves(cost: Cost, above: str = "part") -> Iterator[tuple[str, Cost]]:
    """The smallest parts of a cost with their names; one without carries that of the whole."""
    if not cost.parts:
        yield cost.name or above, cost
    for part in cost.parts:
        yield from _leaves(part, cost.name or above)


def _shaded(axes: Any, name: str, shade: Bound, marks: tuple[float, ...]) -> Any:
    """The ground where the bound holds, its ends marked; returns its entry of a legend."""
    low, high = axes.get_xlim()
    inside = [x for x in marks if low < x < high]
    said = " to ".join(w.amount(x, shade.unit) for x in inside)
    if len(marks) == 1:
        above = shade.kind == "bound" and len(shade.pieces) == 1 and shade.pieces[0].low is not None and shade.pieces[0].high is None
        span = (max(marks[0], low), high) if above else (low, min(marks[0], high))
        said = f"{points.rule(shade, True)} = {said}" if inside else ""
    else:
        span = (marks[0], marks[-1]) if marks else (low, high) if shade.kind == "always" else (high, high)
    grey = {"facecolor": canvas.SHADE, "edgecolor": "#BBBBBB", "hatch": "...", "linewidth": 0, "zorder": 0}
    if span[0] < span[1]:
        axes.axvspan(*span, **grey)
    for x in inside:
        axes.axvline(x, color="#555555", linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
    where = said or ("everywhere" if span[0] < span[1] else "nowhere")
    return w.library("matplotlib.patches").Patch(**grey, label=f"{w.words(name)}: {where}")


# -- the roofline
@dataclass(frozen=True)
class Dot:
    """A workload under the roof: its arithmetic intensity, the rate it reaches, its name; ``kind`` groups dots by marker."""

    label: str
    intensity: Value
    rate: Value
    kind: str = ""


def roofline(rate: Cost, ridge: Bound, on: Mapping[str, Sequence[Any]], dots: Sequence[Dot] = (), look: Look = PLAIN) -> Any:
    """The attainable ``rate`` over the symbol of ``ridge``, one roof per entry of ``on``, its ridge with formula and number.

    ``on={"TPU v5e, bf16": (chip("tpu-v5e"), dtype("bf16"))}`` gives each roof a name and its sheets. ``rate`` depends on that
    symbol (the arithmetic intensity) and on what the sheets give; ``ridge`` is where it turns flat.

    Raises InputError for no sheets, or for symbols without a value.
    """
    sheets = [(s,) if not isinstance(s, (tuple, list)) else tuple(s) for s in on.values()]
    if not sheets or len(sheets) > len(canvas.LINES):
        raise InputError(f"a roofline is drawn for one to {len(canvas.LINES)} chips, not {len(sheets)}")
    ridges: list[float] = []
    for name, own in zip(on, sheets, strict=True):
        found = points.ends(ridge, own)
        if len(found) != 1:
            raise InputError(f"a roof has one ridge, and {short(ridge)} has {len(found)} at {short(name)}")
        ridges += found
    at = [(points.number(d.intensity), points.number(d.rate)) for d in dots]
    kinds = list(dict.fromkeys(d.kind for d in dots))
    every = [*ridges, *(x for x, _ in at)]
    xs = points.samples(low := min(every) / 8, high := max(every) * 8, ridges)
    with canvas.drawing(look, look.rows(len(on) + len(kinds)) + 1) as (figure, axes):
        roofs = [points.values(rate, sheet, ridge.symbol, xs) for sheet in sheets]
        w.along(axes.xaxis, ridge.symbol, low, high)
        w.measured(axes.yaxis, w.words(rate.name or "rate"), rate.unit, *_around([*roofs, [y for _, y in at]], up=4))
        corners = []
        for i, (name, x, roof) in enumerate(zip(on, ridges, roofs, strict=True)):
            here = int((xs == x).argmax())
            corners.append((x, float(roof[here])))
            how = {"marker": canvas.marker(i), "ms": 5.5, "mec": "white", "mew": 0.5, **canvas.line(i)}
            axes.plot(xs, roof, label=f"{w.words(name, 36)}: {w.amount(x)}", markevery=[here], **how)
        for i, kind in enumerate(kinds):
            places = zip(*[place for d, place in zip(dots, at, strict=True) if d.kind == kind], strict=True)
            axes.plot(
                *places, "oshdp<>"[i % 7], color="black", mfc="white", ms=5, mew=1, zorder=6, label=w.words(kind) if kind else "_dots"
            )
        canvas.legend(figure, look, title=f"ridge {points.rule(ridge)} [{ridge.symbol.unit}]", alignment="left")
        place = labels.Labels(axes)
        for dot, where in zip(dots, at, strict=True):
            if where[1] == min(y for d, (x, y) in zip(dots, at, strict=True) if d.label == dot.label and x == where[0]):
                place.put(w.words(dot.label, 24), where, (*labels.RIGHT[1:2], *labels.BELOW, *labels.LEFT, *labels.RIGHT))
        for corner in corners:
            place.put(w.amount(corner[0]), corner, (*labels.ABOVE, *labels.LEFT, *labels.RIGHT, *labels.BELOW), clear=True)
    return figure


# -- throughput over latency
@dataclass(frozen=True)
class Front:
    """What spans a frontier: ``latency`` and ``rate`` over one symbol; ``most`` bounds it, from ``knee`` on it is flat."""

    latency: Cost
    rate: Cost
    most: Bound | None = None
    knee: Bound | None = None


@dataclass(frozen=True)
class _Series:
    """A curve by its batches; none where nothing fits. ``knee`` is the batch, latency and rate there."""

    label: str
    batches: Any = ()
    xs: Any = ()
    ys: Any = ()
    knee: tuple[float, float, float] | None = None

    @property
    def fours(self) -> list[int]:
        """The places of the powers of four, and of the largest batch, which comes first."""
        import numpy as np

        return list(dict.fromkeys((len(self.batches) - 1, *np.flatnonzero(np.isin(self.batches, 4.0 ** np.arange(16))).tolist())))


def frontier(front: Front, *sheets: Any, along: points.Along, each: tuple[Any, Sequence[Any]], look: Look = PLAIN) -> Any:
    """``rate`` over ``latency``, by the whole numbers of ``along=(B, 1, 512)``, once for every value of ``each=(S, [2048, ...])``.

    Powers of four are dots with their number. A curve ends where ``most`` says; a value at which nothing fits has no
    curve, and the legend says so.

    Raises InputError for an empty ``each``, or for symbols without a value.
    """
    axis = points.window(along)
    which, worth = _each(each)
    unit = getattr(which, "unit", ONE)
    names = [v if isinstance(v, str) else w.binary(float(v)) or w.amount(float(v), unit) for v in worth]
    found = [_series(front, (*sheets, {which: v}), axis, w.plain(name)) for v, name in zip(worth, names, strict=True)]
    made = [f for f in found if len(f.batches)]
    if not made:
        raise InputError(f"nothing fits at any of these: {', '.join(f.label for f in found)}; take more chips or less")
    with canvas.drawing(look, look.rows(len(found) + 1) + 1) as (figure, axes):
        w.measured(axes.xaxis, w.words(front.latency.name or "latency"), front.latency.unit, *_around([f.xs for f in made], 1.22))
        w.measured(axes.yaxis, w.words(front.rate.name or "rate"), front.rate.unit, *_around([f.ys for f in made], up=1.3))
        open_ = {"mfc": "white", "mec": "black", "ms": 5}
        for i, one in enumerate(made):
            how = {"marker": canvas.marker(i), "ms": 4.5, "mew": 0, **canvas.line(i)}
            axes.plot(one.xs, one.ys, label=one.label, markevery=sorted(one.fours), **how)
            if one.knee is not None:
                axes.plot(*one.knee[1:], "o", zorder=6, label="_knee", **open_)
        at = {one.knee[0] for one in made if one.knee}
        if front.knee is not None and at:
            axes.plot([], [], "o", label=f"knee: {points.rule(front.knee)}" + (f" = {w.amount(at.pop())}" if len(at) == 1 else ""), **open_)
        for one in (f for f in found if not len(f.batches)):
            axes.plot([], [], " ", label=one.label)
        canvas.legend(figure, look, title=f"{w.meaning(which)} {w.symbol(which)}" + ("" if unit == ONE else f" [{unit}]"), alignment="left")
        place, one = labels.Labels(axes), made[0]
        for i in one.fours:
            name = f"{w.symbol(axis[0])}={one.batches[i]:.0f}" if i == 0 else f"{one.batches[i]:.0f}"
            around = (labels.ABOVE[1], labels.LEFT[0], *labels.ABOVE, *labels.LEFT)
            place.put(name, (float(one.xs[i]), float(one.ys[i])), around)
    return figure


def _each(each: Any) -> tuple[Any, list[Any]]:
    if not isinstance(each, (tuple, list)) or len(each) != 2 or not hasattr(each[0], "name") or isinstance(each[1], str):
        raise InputError(f"{short(each)} names no curves; give a symbol and its values, e.g. each=(S, [2048, 8192])")
    worth = list(each[1])
    if not 1 <= len(worth) <= len(canvas.LINES):
        raise InputError(f"a frontier has one to seven curves, not {len(worth)}; give fewer values of {each[0]}")
    return each[0], worth


def _series(front: Front, sheets: Sequence[Any], axis: tuple[Any, float, float], label: str) -> _Series:
    s, low, high = axis
    if front.most is not None:
        fits = points.ends(front.most, sheets)
        high = min(high, float(fits[-1] // 1)) if fits else 0 if front.most.at(*sheets).note else high
    if high < low:
        return _Series(f"{label}: nothing fits")

    def at(batches: Any) -> list[Any]:
        return [points.values(cost, sheets, s, batches) for cost in (front.latency, front.rate)]

    batches = _whole(low, high)
    knee = next((x for x in points.ends(front.knee, sheets) if low <= x <= high), None) if front.knee is not None else None
    xs, ys = at(batches)
    found = _Series(f"{label}, {w.symbol(s)} up to {w.amount(high)}", batches, xs, ys)
    if knee is None:
        return found
    x, y = at([knee])
    return replace(found, knee=(knee, float(x[0]), float(y[0])))


def _whole(low: float, high: float) -> Any:
    """Whole numbers from low to high, on a log scale where they are many."""
    import numpy as np

    if high - low <= 2048:
        return np.arange(low, high + 1)
    return np.unique(np.concatenate([np.round(np.geomspace(low, high, 1024)), 2.0 ** np.arange(np.ceil(np.log2(low)), np.log2(high))]))
