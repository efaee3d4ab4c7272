"""The roofline: what a chip attains over arithmetic intensity, its ridge, and where workloads stand under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from symroof.algebra.cost import Cost
from symroof.algebra.value import Value
from symroof.errors import InputError, short
from symroof.figures import ink, labels, points, scales
from symroof.figures.canvas import Look, blank, legend, style
from symroof.figures.curves import around
from symroof.figures.words import amount, words
from symroof.solver.bound import Bound


@dataclass(frozen=True)
class Dot:
    """A workload under the roof: its arithmetic intensity, the rate it reaches, its name; ``kind`` groups dots by marker."""

    label: str
    intensity: Value
    rate: Value
    kind: str = ""


def roofline(rate: Cost, ridge: Bound, on: Mapping[str, Sequence[Any]], dots: Sequence[Dot] = (), look: Look | None = None) -> Any:
    """The attainable ``rate`` over the symbol of ``ridge``, one roof per entry of ``on``, its ridge with formula and number.

    ``on={"TPU v5e, bf16": (chip("tpu-v5e"), dtype("bf16"))}`` gives each roof a name and its sheets.

    ``rate`` depends on that symbol (the arithmetic intensity) and on what the sheets give; ``ridge`` is where it turns flat.

    Raises InputError for no sheets, or for symbols without a value.
    """
    look = look or Look()
    sheets = [(s,) if not isinstance(s, (tuple, list)) else tuple(s) for s in on.values()]
    if not sheets or len(sheets) > len(ink.LINES):
        raise InputError(f"a roofline is drawn for one to {len(ink.LINES)} chips, not {len(sheets)}")
    ridges = [_ridge(ridge, s, name) for name, s in zip(on, sheets, strict=True)]
    at = [(points.number(d.intensity), points.number(d.rate)) for d in dots]
    s = ridge.symbol
    low, high = min([*ridges, *(x for x, _ in at)]) / 8, max([*ridges, *(x for x, _ in at)]) * 8
    xs = points.samples(low, high, ridges)
    with style():
        figure, axes = blank(look, look.rows(len(on) + len({d.kind for d in dots})) + 1)
        roofs = [points.values(rate, sheet, s, xs) for sheet in sheets]
        scales.along(axes.xaxis, s, low, high)
        scales.measured(axes.yaxis, words(rate.name or "rate"), rate.unit, *around([*roofs, *([[y for _, y in at]] if at else [])], up=4))
        corners = [(x, float(points.values(rate, sheet, s, [x])[0])) for x, sheet in zip(ridges, sheets, strict=True)]
        for i, (name, x, roof) in enumerate(zip(on, ridges, roofs, strict=True)):
            how = {"marker": ink.marker(i), "ms": 5.5, "mec": "white", "mew": 0.5}
            axes.plot(xs, roof, label=f"{words(name, 36)}: {amount(x)}", markevery=[int((xs == x).argmax())], **how, **ink.line(i))
        _dots(axes, dots, at)
        legend(figure, look, title=f"ridge {points.rule(ridge)} [{s.unit}]", alignment="left")
        place = labels.Labels(axes)
        for dot, where in zip(dots, at, strict=True):
            if where[1] == min(y for d, (x, y) in zip(dots, at, strict=True) if d.label == dot.label and x == where[0]):
                place.put(words(dot.label, 24), where, (*labels.RIGHT[1:2], *labels.BELOW, *labels.LEFT, *labels.RIGHT))
        for corner in corners:
            place.put(amount(corner[0]), corner, (*labels.ABOVE, *labels.LEFT, *labels.RIGHT, *labels.BELOW), clear=True)
    return figure


def _ridge(ridge: Bound, sheets: Sequence[Any], name: str) -> float:
    found = points.ends(ridge, sheets)
    if len(found) != 1:
        raise InputError(f"a roof has one ridge, and {short(ridge)} has {len(found)} at {short(name)}")
    return found[0]


def _dots(axes: Any, dots: Sequence[Dot], at: Sequence[tuple[float, float]]) -> None:
    """The workloads, one marker per kind."""
    for i, kind in enumerate(dict.fromkeys(d.kind for d in dots)):
        xs, ys = zip(*[place for d, place in zip(dots, at, strict=True) if d.kind == kind], strict=True)
        shape = "oshdp<>"[i % 7]
        axes.plot(xs, ys, shape, color="black", mfc="white", ms=5, mew=1, zorder=6, label=words(kind) if kind else "_dots")
