"""Labels beside what they name: each takes the first place around its point where it covers no other text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symroof.figures.canvas import settle
from symroof.figures.library import library

#: Offsets in points and how the text stands to them, the favourite first.
RIGHT = ((6, 0, "left", "center"), (5, -8, "left", "center"), (5, 8, "left", "center"))
ABOVE = ((0, 6, "center", "bottom"), (-5, 5, "right", "bottom"), (5, 5, "left", "bottom"))
BELOW = ((0, -6, "center", "top"), (5, -5, "left", "top"), (-5, -5, "right", "top"))
LEFT = ((-6, 0, "right", "center"), (-5, 8, "right", "center"), (-5, -8, "right", "center"))
FAR = tuple((x * 2.4, y * 2.4, h, v) for x, y, h, v in (*ABOVE, *BELOW, *RIGHT, *LEFT))
AROUND = (*RIGHT, *ABOVE, *BELOW, *LEFT, *FAR)
_GAP = 1.5  # pixels between two texts
_TIE = 20  # points between the end of a curve and its name


class Labels:
    """Places texts in an axes whose layout is final; knows what they may cover."""

    def __init__(self, axes: Any) -> None:
        self.axes = axes
        self.renderer = settle(axes.figure)
        self.taken: list[Any] = []
        self.dots = self._drawn()

    def put(self, text: str, at: tuple[float, float], around: Sequence[Any] = AROUND, optional: bool = False, **style: Any) -> Any:
        """The text beside a point in data coordinates; an ``optional`` one is left out where there is no room."""
        artist = self.axes.annotate(text, at, (0, 0), textcoords="offset points", annotation_clip=False, **{"fontsize": 8, **style})
        artist.set_in_layout(False)
        best: tuple[float, Any] | None = None
        for i, place in enumerate(around):
            box = self._moved(artist, place)
            if self._free(box):
                cost = self._covered(box) + 0.35 * i
                best = (cost, place) if best is None or cost < best[0] else best
        if best is None and optional:
            artist.remove()
            return None
        box = self._moved(artist, best[1] if best else around[0])
        self.taken.append(box)
        return artist

    def _moved(self, artist: Any, place: tuple[float, float, str, str]) -> Any:
        x, y, across, up = place
        artist.set_position((x, y))
        artist.set(ha=across, va=up)
        return artist.get_window_extent(self.renderer)

    def _free(self, box: Any) -> bool:
        inside = self.axes.figure.bbox
        if box.x0 < self.axes.bbox.x0 + 1 or box.x1 > inside.x1 - 1 or box.y0 < self.axes.bbox.y0 + 1 or box.y1 > inside.y1 - 1:
            return False
        return not any(overlap(box, other) for other in self.taken)

    def _covered(self, box: Any) -> int:
        """How many points of the curves lie under a box."""
        x, y = self.dots[:, 0], self.dots[:, 1]
        return int(((x > box.x0 - 1) & (x < box.x1 + 1) & (y > box.y0 - 1) & (y < box.y1 + 1)).sum())

    def _drawn(self) -> Any:
        """Points along every curve, a few pixels apart."""
        import numpy as np

        found = [np.zeros((0, 2))]
        for line in self.axes.get_lines():
            at = line.get_transform().transform(np.asarray(line.get_xydata(), dtype=float))
            at = at[np.isfinite(at).all(axis=1)]
            if len(at) > 1:
                length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(at, axis=0).T))])
                where = np.linspace(0, length[-1], int(min(length[-1] / 3 + 2, 4000)))
                at = np.stack([np.interp(where, length, at[:, i]) for i in (0, 1)], axis=1)
            found.append(at)
        return np.concatenate(found)


def overlap(a: Any, b: Any) -> bool:
    """Whether two boxes in pixels overlap."""
    return bool(a.x0 < b.x1 + _GAP and b.x0 < a.x1 + _GAP and a.y0 < b.y1 + _GAP and b.y0 < a.y1 + _GAP)


def beside_ends(axes: Any, texts: Sequence[tuple[str, float, Any]]) -> None:
    """Names to the right of the axes, moved apart if need be, each tied to the end of its curve by a stroke drawn like it.

    ``texts`` are triples of a name, the height of the end in data coordinates, and how the curve is drawn.
    """
    artists = [
        axes.annotate(
            text, (1, y), (_TIE, 0), ("axes fraction", "data"), textcoords="offset points", va="center", arrowprops=_tie(how), fontsize=8
        )
        for text, y, how in texts
    ]
    for artist in artists:
        artist.set_annotation_clip(False)
    renderer = settle(axes.figure)
    boxes = [library("matplotlib.text").Text.get_window_extent(a, renderer) for a in artists]
    moved = spread([(b.y0, b.height) for b in boxes], axes.bbox.y0 - 4, axes.bbox.y1 + 4)
    points = 72 / axes.figure.dpi
    for artist, up in zip(artists, moved, strict=True):
        artist.set_position((_TIE, up * points))


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


def _tie(how: Mapping[str, Any]) -> dict[str, Any]:
    return {"arrowstyle": "-", "shrinkA": 1, "shrinkB": 0, "relpos": (0, 0.5), **how}


def above_axes(axes: Any, marks: Sequence[tuple[str, float]]) -> None:
    """Names of upright lines above the axes, each at its x (data coordinates), on a second row where they would overlap."""
    boxes: list[Any] = []
    for text, x in marks:
        artist = axes.annotate(
            text,
            (x, 1),
            (0, 3),
            ("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=8,
            annotation_clip=False,
        )
        renderer = settle(axes.figure)
        box = artist.get_window_extent(renderer)
        inside = axes.figure.bbox
        points = 72 / axes.figure.dpi
        across = max(inside.x0 + 2 - box.x0, 0) + min(inside.x1 - 2 - box.x1, 0)
        up = 0.0
        while any(overlap(box.translated(across, up), b) for b in boxes):
            up += 3
        artist.set_position((across * points, 3 + up * points))
        boxes.append(artist.get_window_extent(renderer))
        settle(axes.figure)
