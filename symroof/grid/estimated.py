"""The interval of an estimate along the axes of a sweep: a calibration says at every category how certain its letters are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from symroof.algebra.cost import Cost
from symroof.algebra.spread import Uncertain
from symroof.grid.axes import Axis, is_axis


def uncertain(sheets: Sequence[Any], scale: Sequence[Axis]) -> bool:
    """Whether a sheet, or a category of an axis, is known within a spread."""
    return any(isinstance(s, Uncertain) for s in (*sheets, *(s for a in scale for s in a.sheets)))


def interval(cost: Cost, sheets: Sequence[Any], scale: Sequence[Axis], named: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """Both ends at every point, arrays of one dimension per axis; None where no letter of a calibration is in the cost."""
    spans = [tuple(-1 if i == j else 1 for j in range(len(scale))) for i in range(len(scale))]
    fixed = {name: value for name, value in named.items() if not is_axis(value)}
    fixed |= {a.name: a.numbers.reshape(span) for a, span in zip(scale, spans, strict=True) if not a.sheets}
    cases = [i for i, a in enumerate(scale) if a.sheets]
    low, high = (np.empty([len(a) for a in scale]) for _ in range(2))
    for combo in product(*(range(len(scale[i])) for i in cases)):
        chosen = [scale[i].sheets[k] for i, k in zip(cases, combo, strict=True)]
        value = cost.at(*sheets, *chosen, **fixed)
        if value.interval is None:
            return None
        at: list[Any] = [slice(None)] * len(scale)
        for i, k in zip(cases, combo, strict=True):
            at[i] = slice(k, k + 1)
        low[tuple(at)], high[tuple(at)] = value.interval
    return low, high


def at_point(sheets: Sequence[Any], scale: Sequence[Axis], named: Mapping[str, Any], cost: Cost, index: int) -> tuple[float, float] | None:
    """Both ends at one point, by its number in the grid."""
    places = np.unravel_index(index, tuple(len(a) for a in scale))
    ends = interval(cost, sheets, tuple(a.only([int(i)]) for a, i in zip(scale, places, strict=True)), named)
    return ends and (float(ends[0].item()), float(ends[1].item()))
