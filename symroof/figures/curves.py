"""Curves of several costs over one symbol on log axes, the thresholds at which one overtakes another marked on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from symroof.algebra.cost import Cost
from symroof.algebra.show import text
from symroof.algebra.units import Unit
from symroof.errors import InputError, short
from symroof.figures import ink, points, scales
from symroof.figures.canvas import Look, blank, legend, settle, style
from symroof.figures.words import amount, words
from symroof.solver.bound import Bound


@dataclass(frozen=True)
class Curve:
    """A cost to draw, with sheets and values of its own; ``bound`` is where, along the axis, something happens to it."""

    cost: Cost
    sheets: tuple[Any, ...] = ()
    label: str = ""
    bound: Bound | None = None

    @property
    def name(self) -> str:
        """What the legend calls it."""
        return self.label or self.cost.name or text(self.cost.expr)


def curves(drawn: Iterable[Curve | Cost], *sheets: Any, along: points.Along, look: Look | None = None) -> Any:
    """Every cost over the symbol of ``along=(B, 1e3, 1e8)``, on log axes; a dot where its ``bound`` lies, with formula and number.

    All costs have one unit. Sheets and values that hold for all of them follow the curves; those of a curve come first.

    >>> from symroof import Cost
    >>> from symroof.symbols import B, C
    >>> curves([Cost(2*B*10**9/C, "s", "math")], {C: 2 * 10**14}, along=(B, 1, 100)).axes[0].get_lines()[0].get_label()
    'math'

    Raises InputError for no curves, for several units, or for symbols without a value.
    """
    look = look or Look()
    s, low, high = points.window(along)
    chosen = [_curve(c) for c in drawn]
    if not chosen:
        raise InputError("there is no curve to draw; give at least one cost")
    units = list(dict.fromkeys(c.cost.unit for c in chosen))
    if len(units) > 1:
        raise InputError(f"one figure has one unit, and these costs are in {', '.join(map(str, units[:4]))}; draw them apart")
    with style():
        figure, axes = blank(look, 1.35 * look.rows(len(chosen)))
        marks = [points.ends(c.bound, (*c.sheets, *sheets)) if c.bound else () for c in chosen]
        xs = points.samples(low, high, [x for m in marks for x in m])
        ys = [points.values(c.cost, (*c.sheets, *sheets), s, xs) for c in chosen]
        names = {c.cost.name for c in chosen}
        ground(axes, s, xs, ys, (names.pop() if len(names) == 1 else "", chosen[0].cost))
        for i, (curve, y, at) in enumerate(zip(chosen, ys, marks, strict=True)):
            look_of = ink.line(i)
            axes.plot(xs, y, label=words(curve.name) + _threshold(curve, at), marker=ink.marker(i) if len(xs) == 1 else "", **look_of)
            inside = [x for x in at if low <= x <= high]
            found = points.values(curve.cost, (*curve.sheets, *sheets), s, inside) if inside else []
            dot = {"color": look_of["color"], "mec": "white", "mew": 0.6, "ms": 6, "zorder": 5}
            for x, value in zip(inside, found, strict=True):
                axes.plot(x, value, ink.marker(i), label="_threshold", **dot)
        legend(figure, look)
        settle(figure)
    return figure


def ground(axes: Any, s: Any, xs: Any, ys: Sequence[Any], of: tuple[str, Cost]) -> None:
    """Axes over a symbol around what is drawn, named or else by the kind of cost; around one point a factor of two."""
    first, last = float(xs[0]), float(xs[-1])
    scales.along(axes.xaxis, s, first if last > first else first / 2, last if last > first else last * 2)
    name, cost = of
    scales.measured(axes.yaxis, words(name or _kind(cost.unit)), cost.unit, *around(ys))


def around(ys: Sequence[Any], down: float = 1.0, up: float = 1.0) -> tuple[float, float]:
    """The ends of a log axis that shows all of this, with room for labels. Raises InputError if nothing is positive."""
    import numpy as np

    every = np.concatenate([np.ravel(y) for y in ys])
    seen = every[np.isfinite(every) & (every > 0)]
    if not seen.size:
        raise InputError("nothing here is positive and finite, so log axes cannot show it; give other values")
    low, high = float(seen.min()), float(seen.max())
    margin = (high / low) ** 0.06 if high / low > 1.5 else 2.0
    return low / margin / down, high * margin * up


def _kind(unit: Unit) -> str:
    """What kind of thing costs in a unit are, for an axis that several share."""
    powers = dict(unit.powers)
    return {"s": "time", "byte": "bytes", "USD": "price"}.get(next(iter(powers), ""), "value") if len(powers) == 1 else "rate"


def _curve(given: Any) -> Curve:
    if not isinstance(given, (Curve, Cost)):
        raise InputError(f"{short(given)} is no curve; give a Cost, or Curve(cost, sheets, label, bound)")
    return given if isinstance(given, Curve) else Curve(given)


def _threshold(curve: Curve, at: Sequence[float]) -> str:
    """The threshold of a curve behind its name: formula and number."""
    if curve.bound is None:
        return ""
    if not at:
        return f" ({'always' if curve.bound.kind == 'always' else 'never'} hidden)"
    return f": {points.rule(curve.bound)} = {' and '.join(amount(x) for x in at)}"
