"""A tornado: what a cost would change by, symbol by symbol, the largest elasticity on top."""

from __future__ import annotations

from typing import Any

from symroof.algebra.quantity import show_number
from symroof.algebra.units import ONE
from symroof.analysis.elasticity import Kink
from symroof.analysis.sensitivity import Ranking, Sensitivity
from symroof.errors import InputError, short
from symroof.figures import ink
from symroof.figures.canvas import Look, blank, fitted, style
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
    with style():
        figure, axes = blank(fitted(look, 0.8 + 0.19 * (len(rows) + bool(look.title))))
        far = max(max(map(abs, slopes(r))) for r in rows) or 1.0
        for grows in (True, False):
            chosen = [(i, slopes(r)) for i, r in enumerate(rows) if (sum(slopes(r)) >= 0) is grows and any(slopes(r))]
            if chosen:
                _bars(axes, chosen, grows)
        for i, row in enumerate(rows):
            low, top = min(0.0, *slopes(row)), max(0.0, *slopes(row))
            right = sum(slopes(row)) >= 0
            axes.text(
                top + 0.03 * far if right else low - 0.03 * far, i, _shown(row), va="center", ha="left" if right else "right", fontsize=8
            )
        axes.spines["left"].set_visible(False)
        axes.axvline(0, color="black", linewidth=0.8)
        spread = [v for r in rows for v in slopes(r)]
        axes.set_xlim(min(0.0, *spread) - 0.45 * far, max(0.0, *spread) + 0.45 * far)
        axes.set_yticks(range(len(rows)), [_name(r) for r in rows])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.grid(True, axis="x", color="#D0D0D0", linewidth=0.5)
        figure.supxlabel(_about(ranking), fontsize=8)
    return figure


def slopes(row: Sensitivity) -> tuple[float, float]:
    """The elasticity just below and just above the point; the same but at a kink."""
    found = row.elasticity
    return (float(found.below), float(found.above)) if isinstance(found, Kink) else (float(found), float(found))


def _bars(axes: Any, chosen: list[tuple[int, tuple[float, float]]], grows: bool) -> None:
    """Bars from 0; what holds on one side of a kink only is open."""
    look = {"facecolor": ink.ORANGE, "hatch": ""} if grows else {"facecolor": ink.SKY, "hatch": "////"}
    places = [i for i, _ in chosen]
    sure = [min(pair, key=abs) if pair[0] * pair[1] >= 0 else 0.0 for _, pair in chosen]
    axes.barh(places, sure, 0.7, label="grows with it" if grows else "falls with it", edgecolor="#333333", linewidth=0.5, zorder=2, **look)
    for (i, (below, above)), certain in zip(chosen, sure, strict=True):
        for end in {below, above} - {certain}:
            axes.barh(
                [i], [end - certain], 0.7, left=[certain], facecolor="white", edgecolor="#333333", linewidth=0.5, linestyle="--", zorder=1
            )


def _shown(row: Sensitivity) -> str:
    below, above = slopes(row)
    numbers = [show_number(v, 3) for v in dict.fromkeys((below, above))]
    return plain(" to ".join(n.replace("-", "−") for n in numbers))


def _name(row: Sensitivity) -> str:
    return f"{symbol(row.symbol)} = {amount(float(row.value), getattr(row.symbol, 'unit', ONE), 3)}"


def _about(ranking: Ranking) -> str:
    name = words(ranking.cost.name or "cost")
    return f"elasticity of {name}: % of {amount(float(ranking.cost), ranking.cost.unit)}\nper % of the symbol"
