"""The sheet a figure is drawn on: its size, its type, its legend, the file it becomes."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import wrap
from typing import Any

from symroof.errors import InputError, short
from symroof.figures.words import library, plain

#: Inches: a column and a page of the usual two-column paper.
WIDTHS = {"column": 3.4, "page": 7.0}
_ROW = 0.19  # inches of a line of a legend
#: What a file says of itself: nothing that differs from one run to the next.
_SAID: dict[str, dict[str, Any]] = {
    ".pdf": {"CreationDate": None, "Creator": "symroof", "Producer": None},
    ".svg": {"Date": None, "Creator": "symroof"},
    ".png": {"Software": "symroof"},
}
_SIZES = dict.fromkeys(("font.size", "axes.labelsize", "xtick.labelsize", "ytick.labelsize", "legend.fontsize"), 8.0)
_LOOK: dict[str, Any] = {
    **_SIZES,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "hatch.linewidth": 0.5,
    "pdf.fonttype": 42,
    "svg.hashsalt": "symroof",
}


@dataclass(frozen=True)
class Look:
    """How a figure looks: its ``title`` (none unless given: papers have captions), ``width`` "column" or "page", its height.

    The height is in inches; without one it is 0.72 of the width in a column, 0.55 on a page.
    """

    title: str = ""
    width: str = "column"
    height: float | None = None

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches.

        Raises InputError for a width that is neither a column nor a page, or a height that no paper has.
        """
        if self.width not in WIDTHS:
            raise InputError(f"a figure is as wide as a 'column' (3.4 in) or a 'page' (7 in), not {short(self.width)}")
        wide = WIDTHS[self.width]
        high = self.height if self.height is not None else wide * (0.72 if self.width == "column" else 0.55)
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

    def fitted(self, inches: float) -> Look:
        """As high as its bars take, unless the height is given."""
        return self if self.height is not None else replace(self, height=max(1.5, min(inches, 18.0)))


def style() -> Any:
    """The look of every figure, whatever the user's own settings of matplotlib; they are back after the ``with`` block."""
    return library("matplotlib.style").context(["default", _LOOK])


def blank(look: Look, rows: float = 0) -> tuple[Any, Any]:
    """An empty figure and its axes, higher by ``rows`` of a legend unless the height is given; within ``style()``."""
    wide, high = look.size
    title = "\n".join(wrap(plain(look.title, math=False), max(20, int(wide * 15)), max_lines=3, placeholder="…"))
    if look.height is None:
        high += _ROW * (rows + (title.count("\n") + 1) * bool(title))
    figure = library("matplotlib.figure").Figure(figsize=(wide, high), layout="constrained")
    library("matplotlib.backends.backend_agg").FigureCanvasAgg(figure)
    if title:
        figure.suptitle(title, fontsize=9, parse_math=False)
    return figure, figure.add_subplot()


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
    try:
        with style():
            figure.savefig(target, format=kind[1:], metadata=_SAID[kind], dpi=200)
    except OSError as problem:
        raise InputError(f"{short(target)} cannot be written: {(problem.strerror or str(problem)).lower()}; choose another place") from None
    return target
