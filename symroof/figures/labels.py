"""Labels beside what they name: each takes the first place around its point where it covers no other text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symroof.figures.canvas import settle
from symroof.figures.words import library

#: Offsets in points and how the text stands to them, the favourite first.
RIGHT = ((6, 0, "left", "center"), (5, -8, "left", "center"), (5, 8, "left", "center"))
ABOVE = ((0, 6, "center", "bottom"), (-5, 5, "right", "bottom"), (5, 5, "left", "bottom"))
BELOW = ((0, -6, "center", "top"), (5, -5, "left", "top"), (-5, -5, "right", "top"))
LEFT = ((-6, 0, "right", "center"), (-5, 8, "right", "center"), (-5, -8, "right", "center"))
_GAP = 1.5  # pixels between two texts
_TIE = 20  # points between the end of a curve and its name


class Labels:
    """Places texts in an axes whose layout is final; knows what they may cover."""

    def __init__(self, axes: Any) -> None:
        self.axes = axes
        self.renderer = settle(axes.figure)
        self.taken: list[Any] = []
        self.dots = _drawn(axes)

    def put(self, text: str, at: tuple[float, float], around: Sequence[Any], clear: bool = False) -> None:
        """The text beside a point in data coordinates where it covers least, or nowhere; ``clear`` of every curve and dot."""
        artist = self.axes.annotate(text, at, (0, 0), textcoords="offset points", annotation_clip=False, fontsize=7)
        artist.set_in_layout(False)
        found = []
        for i, (x, y, across, up) in enumerate(around):
            artist.set(position=(x, y), ha=across, va=up)
            box = artist.get_window_extent(self.renderer)
            near = (self.dots > (box.x0 - 1, box.y0 - 1)) & (self.dots < (box.x1 + 1, box.y1 + 1))
            covered = int(near.all(axis=1).sum())  # points of curves that lie under it
            if self.free(box) and not (clear and covered):
                found.append((covered + 0.35 * i, i, box))
        if not found:
            artist.remove()
            return
        _, i, box = min(found, key=lambda f: f[:2])
        x, y, across, up = around[i]
        artist.set(position=(x, y), ha=across, va=up)
        self.taken.append(box)

    def free(self, box: Any) -> bool:
        """Whether a box lies inside the figure, right of the axis and above it, and covers no text."""
        inside, axes = self.axes.figure.bbox, self.axes.bbox
        if box.x0 < axes.x0 + 1 or box.x1 > inside.x1 - 1 or box.y0 < axes.y0 + 1 or box.y1 > inside.y1 - 1:
            return False
        return not any(box.padded(_GAP).overlaps(other) for other in self.taken)


def _drawn(axes: Any) -> Any:
    """Points along every curve, a few pixels apart, and every dot."""
    import numpy as np

    found = [np.zeros((0, 2))]
    for line in axes.get_lines():
        at = line.get_transform().transform(np.asarray(line.get_xydata(), dtype=float))
        at = at[np.isfinite(at).all(axis=1)]
        if line.get_linestyle() == "None":
            at = np.concatenate([at + np.array((x, y)) for x in (-4, 0, 4) for y in (-4, 0, 4)])  # a dot has a size
        elif len(at) > 1:
            length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(at, axis=0).T))])
            where = np.linspace(0, length[-1], int(min(length[-1] / 3 + 2, 4000)))
            at = np.stack([np.interp(where, length, at[:, i]) for i in (0, 1)], axis=1)
        found.append(at)
    return np.concatenate(found)


def beside_ends(axes: Any, texts: Sequence[tuple[str, float, Any]]) -> None:
    """Names to the right of the axes, moved apart if need be, each tied to the end of its curve by a stroke drawn like it.

    ``texts`` are triples of a name, the height of the end in data coordinates, and how the curve is drawn.
    """
    outside = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "annotation_clip": False}
    tie = {"arrowstyle": "-", "shrinkA": 1, "shrinkB": 0, "relpos": (0, 0.5)}
    artists = [axes.annotate(text, (1, y), (_TIE, 0), va="center", arrowprops={**tie, **how}, **outside) for text, y, how in texts]
    renderer = settle(axes.figure)
    boxes = [library("matplotlib.text").Text.get_window_extent(a, renderer) for a in artists]
    for artist, up in zip(artists, spread([(b.y0, b.height) for b in boxes], axes.bbox.y0 - 4, axes.bbox.y1 + 4), strict=True):
        artist.set_position((_TIE, up * 72 / axes.figure.dpi))


def spread(boxes: Sequence[tuple[float, float]], low: float, high: float) -> list[float]:
    """By how much to lift each of some boxes ``(foot, height)``, so that none covers another and all stay in between.

    >>> spread([(10, 4), (11, 4)], 0, 16)
    [-4.5, 0]
    """
    order = sorted(range(len(boxes)), key=lambda i: boxes[i][0])
    feet, ceiling, floor = {i: boxes[i][0] for i in order}, high, low
    for i in reversed(order):
        feet[i] = min(feet[i], ceiling - boxes[i][1])
        ceiling = feet[i] - _GAP
    for i in order:
        feet[i] = max(feet[i], floor)
        floor = feet[i] + boxes[i][1] + _GAP
    return [feet[i] - boxes[i][0] for i in range(len(boxes))]
