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
from symroof.figures.canvas import Look, blank, columns, legend, settle, style
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
    chosen = [c if isinstance(c, Curve) else Curve(c) for c in drawn if _cost(c)]
    if not chosen:
        raise InputError("there is no curve to draw; give at least one cost")
    units = list(dict.fromkeys(c.cost.unit for c in chosen))
    if len(units) > 1:
        raise InputError(f"one figure has one unit, and these costs are in {', '.join(map(str, units[:4]))}; draw them apart")
    with style():
        figure, axes = blank(look, 1.35 * -(-len(chosen) // columns(look)))
        marks = [points.ends(c.bound, (*c.sheets, *sheets)) if c.bound else () for c in chosen]
        xs = points.samples(low, high, [x for m in marks for x in m])
        ys = [points.values(c.cost, (*c.sheets, *sheets), s, xs) for c in chosen]
        ground(axes, s, xs, ys, (shared([c.cost for c in chosen]), units[0]))
        for i, (curve, y, at) in enumerate(zip(chosen, ys, marks, strict=True)):
            inside = [x for x in at if low <= x <= high]
            label = words(curve.name) + _threshold(curve, at)
            axes.plot(xs, y, label=label, marker=ink.marker(i) if len(xs) == 1 else "", **ink.line(i))
            if inside:
                found = points.values(curve.cost, (*curve.sheets, *sheets), s, inside)
                axes.plot(
                    inside, found, ink.marker(i), color=ink.line(i)["color"], mec="white", mew=0.6, ms=6, label="_threshold", zorder=5
                )
        legend(figure, look)
        settle(figure)
    return figure


def ground(axes: Any, s: Any, xs: Any, ys: Sequence[Any], of: tuple[str, Unit]) -> None:
    """Axes over a symbol around what is drawn: the quantity's name and unit; around one point a factor of two."""
    first, last = float(xs[0]), float(xs[-1])
    scales.along(axes.xaxis, s, first if last > first else first / 2, last if last > first else last * 2)
    scales.measured(axes.yaxis, *of, *around(ys))
    axes.grid(True, which="major", color="#D0D0D0", linewidth=0.5)


def around(ys: Sequence[Any]) -> tuple[float, float]:
    """The ends of a log axis that shows all of this. Raises InputError if nothing is positive."""
    import numpy as np

    every = np.concatenate([np.ravel(y) for y in ys])
    seen = every[np.isfinite(every) & (every > 0)]
    if not seen.size:
        raise InputError("nothing here is positive and finite, so log axes cannot show it; give other values")
    low, high = float(seen.min()), float(seen.max())
    margin = (high / low) ** 0.06 if high / low > 1.5 else 2.0
    return low / margin, high * margin


def shared(costs: Sequence[Cost]) -> str:
    """The name of an axis for several costs: theirs if it is one, else what kind of thing they are."""
    names = {c.name for c in costs}
    return words(costs[0].name) if len(names) == 1 and costs[0].name else quantity(costs[0])


def quantity(cost: Cost) -> str:
    """What kind of thing a cost is, for an axis that several share."""
    powers = dict(cost.unit.powers)
    return {"s": "time", "byte": "bytes", "USD": "price"}.get(next(iter(powers), ""), "value") if len(powers) == 1 else "rate"


def _cost(c: Any) -> bool:
    if not isinstance(c, (Curve, Cost)):
        raise InputError(f"{short(c)} is no curve; give a Cost, or Curve(cost, sheets, label, bound)")
    return True


def _threshold(curve: Curve, at: Sequence[float]) -> str:
    """The threshold of a curve behind its name: formula and number."""
    if curve.bound is None:
        return ""
    if not at:
        return f" ({'always' if curve.bound.kind == 'always' else 'never'} hidden)"
    shown = " and ".join(amount(x) for x in at)
    return f": {points.rule(curve.bound)} = {shown}"
