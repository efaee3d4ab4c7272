"""A tornado: what a cost would change by, symbol by symbol, the largest elasticity on top."""

from __future__ import annotations

from typing import Any

from symroof.algebra.quantity import show_number
from symroof.algebra.units import ONE
from symroof.analysis.elasticity import Kink
from symroof.analysis.sensitivity import Ranking, Sensitivity
from symroof.errors import InputError, short
from symroof.figures import ink, scales
from symroof.figures.canvas import Look, blank, style
from symroof.figures.words import amount, plain, symbol, words


def tornado(ranking: Ranking, look: Look | None = None, most: int = 12) -> Any:
    """Bars of the elasticities of ``sensitivities(cost).at(...)``, sorted by size; at a kink from one side to the other.

    To the right the cost grows with the symbol, to the left it falls; ``most`` symbols are shown, the largest.

    Raises InputError for what is no ranking, or an empty one.
    """
    if not isinstance(ranking, Ranking) or not len(ranking):
        raise InputError(f"{short(ranking)} ranks nothing; give what sensitivities(cost).at(...) answers")
    look = look or Look()
    rows = sorted(ranking, key=lambda r: -max(map(abs, slopes(r))))[: max(1, most)]
    spread = [v for r in rows for v in slopes(r)]
    far = max(map(abs, spread)) or 1.0
    with style():
        figure, axes = blank(look.fitted(0.8 + 0.19 * (len(rows) + bool(look.title))))
        for i, row in enumerate(rows):
            _bar(axes, i, slopes(row))
            right = sum(slopes(row)) >= 0
            place = max(0.0, *slopes(row)) + 0.03 * far if right else min(0.0, *slopes(row)) - 0.03 * far
            axes.text(place, i, _shown(row), va="center", ha="left" if right else "right")
        axes.spines["left"].set_visible(False)
        axes.axvline(0, color="black", linewidth=0.8)
        axes.set_xlim(min(0.0, *spread) - 0.45 * far, max(0.0, *spread) + 0.45 * far)
        scales.bars(axes, [f"{symbol(r.symbol)} = {amount(float(r.value), getattr(r.symbol, 'unit', ONE), 3)}" for r in rows])
        name, whole = words(ranking.cost.name or "cost"), amount(float(ranking.cost), ranking.cost.unit)
        figure.supxlabel(f"elasticity of {name}: % of {whole}\nper % of the symbol", fontsize=8)
    return figure


def slopes(row: Sensitivity) -> tuple[float, float]:
    """The elasticity just below and just above the point; the same but at a kink."""
    found = row.elasticity
    return (float(found.below), float(found.above)) if isinstance(found, Kink) else (float(found), float(found))


def _bar(axes: Any, i: int, slopes: tuple[float, float]) -> None:
    """A bar from 0, its colour by its direction; what holds on one side of a kink only is open."""
    look = {"facecolor": ink.ORANGE, "hatch": ""} if sum(slopes) >= 0 else {"facecolor": ink.SKY, "hatch": "////"}
    edge = {"edgecolor": "#333333", "linewidth": 0.5}
    certain = min(slopes, key=abs) if slopes[0] * slopes[1] >= 0 else 0.0
    axes.barh([i], [certain], 0.7, zorder=2, **look, **edge)
    for end in {*slopes} - {certain}:
        axes.barh([i], [end - certain], 0.7, left=[certain], facecolor="white", linestyle="--", zorder=1, **edge)


def _shown(row: Sensitivity) -> str:
    numbers = [show_number(v, 3) for v in dict.fromkeys(slopes(row))]
    return plain(" to ".join(n.replace("-", "−") for n in numbers))
