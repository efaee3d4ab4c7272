"""Colours, dashes, markers and hatches that can be told apart in grey and by colour-blind people.

The colours are those of Okabe and Ito (2008); no two neighbours share dash, marker or hatch either.
"""

from __future__ import annotations

from typing import Any

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
SHADE = "#E8E8E8"

LINES = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1, 1.2)), (0, (5, 1.2, 1, 1.2)), (0, (8, 2)), (0, (3, 1, 1, 1, 1, 1)), (0, (2, 2)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
FILLS = (SKY, ORANGE, GREEN, YELLOW, PURPLE, BLUE, VERMILLION)
HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx", "----", "++++", "oo")


def line(i: int) -> dict[str, Any]:
    """How the i-th line is drawn."""
    return {"color": LINES[i % len(LINES)], "linestyle": DASHES[(i + i // len(DASHES)) % len(DASHES)], "linewidth": 1.4}


def marker(i: int) -> str:
    """The i-th marker."""
    return MARKERS[(i + i // len(MARKERS)) % len(MARKERS)]


def fill(i: int, light: float = 0.45) -> dict[str, Any]:
    """How the i-th area is filled: a colour lightened by ``light``, a hatch, a thin edge."""
    return {
        "facecolor": lighter(FILLS[i % len(FILLS)], light),
        "edgecolor": "#333333",
        "hatch": HATCHES[(i + i // len(HATCHES)) % len(HATCHES)],
        "linewidth": 0.5,
    }


def lighter(colour: str, by: float) -> tuple[float, float, float]:
    """A colour mixed with white."""
    r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return r + (1 - r) * by, g + (1 - g) * by, b + (1 - b) * by
