"""The sheet a figure is drawn on: its size, its type, its inks, its legend, the file it becomes.

Colours are those of Okabe and Ito (2008); neighbours share neither dash, marker nor hatch, so that a figure can be read in grey.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Any

from symroof.errors import InputError, short, told
from symroof.figures.words import library, plain

#: Inches: a column and a page of the usual two-column paper, and how high they are, as a share of it.
WIDTHS = {"column": (3.4, 0.72), "page": (7.0, 0.55)}
ROW = 0.19  # inches of a line of a legend
#: What a file says of itself: nothing that differs from one run to the next.
_SAID: dict[str, dict[str, Any]] = {
    ".pdf": {"CreationDate": None, "Creator": "symroof", "Producer": None},
    ".svg": {"Date": None, "Creator": "symroof"},
    ".png": {"Software": "symroof"},
}
_STYLE: dict[str, Any] = {
    **dict.fromkeys(("font.size", "axes.labelsize", "xtick.labelsize", "ytick.labelsize", "legend.fontsize"), 8.0),
    **dict.fromkeys(("axes.spines.top", "axes.spines.right"), False),
    "axes.linewidth": 0.6,
    "axes.axisbelow": True,
    "hatch.linewidth": 0.5,
    "pdf.fonttype": 42,
    "svg.hashsalt": "symroof",
}

# -- ink
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
SHADE = "#E8E8E8"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
LINES = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1, 1.2)), (0, (5, 1.2, 1, 1.2)), (0, (8, 2)), (0, (3, 1, 1, 1, 1, 1)), (0, (2, 2)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
FILLS = (SKY, ORANGE, GREEN, YELLOW, PURPLE, BLUE, VERMILLION)
HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx", "----", "++++", "oo")
EDGE = {"edgecolor": "#333333", "linewidth": 0.5}


def _next(of: tuple[Any, ...], i: int) -> Any:
    """The i-th of them; from the second round on they are shifted by one, so that nothing is paired with the same colour again."""
    return of[(i + i // len(of)) % len(of)]


def line(i: int) -> dict[str, Any]:
    """How the i-th line is drawn."""
    return {"color": LINES[i % len(LINES)], "linestyle": _next(DASHES, i), "linewidth": 1.4}


def marker(i: int) -> str:
    """The i-th marker."""
    return str(_next(MARKERS, i))


def fill(i: int, light: float = 0.45) -> dict[str, Any]:
    """How the i-th area is filled: a colour mixed with white by ``light``, a hatch, a thin edge."""
    colour = FILLS[i % len(FILLS)]
    rgb = (int(colour[j : j + 2], 16) / 255 for j in (1, 3, 5))
    return {"facecolor": tuple(c + (1 - c) * light for c in rgb), "hatch": _next(HATCHES, i), **EDGE}


# -- paper
@dataclass(frozen=True)
class Look:
    """How a figure looks: its ``title`` (none unless given: papers have captions), ``width`` "column" or "page", its height.

    The height is in inches; without one it is 0.72 of the width in a column, 0.55 on a page, and what the bars need of bars.
    """

    title: str = ""
    width: str = "column"
    height: float | None = None

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches. Raises InputError for a width that is neither a column nor a page, or a height that no paper has."""
        if self.width not in WIDTHS:
            raise InputError(f"a figure is as wide as a 'column' (3.4 in) or a 'page' (7 in), not {short(self.width)}")
        wide, share = WIDTHS[self.width]
        high = self.height if self.height is not None else wide * share
        if isinstance(high, bool) or not isinstance(high, (int, float)) or not 1 <= high <= 20:
            raise InputError(f"a figure is 1 to 20 inches high, not {short(high)}; give e.g. height=2.5")
        return wide, float(high)

    @property
    def columns(self) -> int:
        """How many columns a legend has."""
        return 1 if self.width == "column" else 2

    def rows(self, entries: int) -> int:
        """How many lines a legend of so many entries has."""
        return -(-entries // self.columns)


PLAIN = Look()


def style() -> Any:
    """The look of every figure, whatever the user's own settings of matplotlib; they are back after the ``with`` block."""
    return library("matplotlib.style").context(["default", _STYLE])


@contextmanager
def drawing(look: Look, rows: float = 0, bars: float = 0) -> Iterator[tuple[Any, Any]]:
    """An empty figure and its axes, as high as ``look`` says; without a height, ``rows`` of a legend higher, or as ``bars`` need [in]."""
    with style():
        wide, high = look.size
        title = "\n".join(wrap(plain(look.title, math=False), max(20, int(wide * 15)), max_lines=3, placeholder="…"))
        if look.height is None:
            high = max(1.5, min(bars, 18.0)) if bars else high
            high += ROW * (rows + (title.count("\n") + 1) * bool(title))
        figure = library("matplotlib.figure").Figure(figsize=(wide, high), layout="constrained")
        library("matplotlib.backends.backend_agg").FigureCanvasAgg(figure)
        if title:
            figure.suptitle(title, fontsize=9, parse_math=False)
        yield figure, figure.add_subplot()


def legend(figure: Any, look: Look, **more: Any) -> None:
    """A legend outside the axes, where it can cover nothing."""
    spacing = {"handlelength": 2.8, "borderaxespad": 0.3, "labelspacing": 0.35, "columnspacing": 1.2}
    figure.legend(**{"loc": "outside lower left", "ncols": look.columns, "frameon": False, **spacing, **more})


def settle(figure: Any) -> Any:
    """Lay the figure out, so that places in pixels are known; returns what measures texts.

    Raises InputError if a given height leaves no room beside the legend.
    """
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        figure.draw_without_rendering()
    if any("layout not applied" in str(w.message) for w in said):
        high = figure.get_figheight()
        raise InputError(f"in {high:g} inches there is no room for axes beside the texts; give a larger height, or none")
    return figure.canvas.get_renderer()


def save(figure: Any, path: str | Path) -> Path:
    """Write a figure as PDF (fonts embedded), SVG or PNG, by the suffix; the same figure gives the same bytes.

    Raises InputError for another suffix, for what is no figure, and for a place that cannot be written.
    """
    if not hasattr(figure, "savefig"):
        raise InputError(f"{short(figure)} is no figure; give what e.g. figures.roofline(...) returned")
    target = Path(path)
    kind = target.suffix.lower()
    if kind not in _SAID:
        raise InputError(f"a figure is written as .pdf, .svg or .png, not as {short(target.name)}; name it e.g. figure.pdf")
    with told(target), style():
        figure.savefig(target, format=kind[1:], metadata=_SAID[kind], dpi=200)
    return target
