"""What ``cost.at(..., B=array)`` uses once the result is large: every part on its own smallest shape, in blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from symroof.algebra.evaluate import Tape
from symroof.errors import InputError
from symroof.grid.plan import inputs, plan


def slots(tape: Tape, values: Sequence[Any]) -> list[Any]:
    """The slots that the tape's shape names, as ``tape.run`` gives them; the others are None.

    Raises InputError naming the symbols where something has no finite value, or whose arrays do not broadcast.
    """
    given = dict(zip(tape.inputs, values, strict=True))
    found: list[Any] = [None] * (len(values) + len(tape.constants) + len(tape.steps))
    together: dict[tuple[int, ...], list[int]] = {}
    for place in dict.fromkeys(_named(tape.slots)):
        arrays = {s: np.shape(given[s]) for s in inputs(tape, [place]) if hasattr(given[s], "shape")}
        try:
            together.setdefault(np.broadcast_shapes(*arrays.values()), []).append(place)
        except ValueError:
            shown = ", ".join(f"{s} {shape}" for s, shape in arrays.items())
            raise InputError(f"the shapes of the arrays do not broadcast: {shown}; give each its own axis, e.g. S[:, None]") from None
    for shape, places in together.items():
        for place, array in zip(places, plan(tape, given, shape, places).run(), strict=True):
            found[place] = array if shape else float(array)
    return found


def _named(tree: Any) -> Iterator[int]:
    yield tree[0]
    for below in tree[1]:
        yield from _named(below)
