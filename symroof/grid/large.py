"""What ``cost.at(..., B=array)`` uses once the result is large: every part on its own smallest shape, in blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from symroof.algebra.evaluate import Tape
from symroof.errors import InputError
from symroof.grid.plan import plan


def slots(tape: Tape, values: Sequence[Any]) -> list[Any]:
    """The slots that the tape's shape names, as ``tape.run`` gives them; the others are None.

    Raises InputError naming the symbols where something has no finite value.
    """
    shapes = _shapes(tape, values)
    found: list[Any] = [None] * len(shapes)
    together: dict[tuple[int, ...], list[int]] = {}
    for place in dict.fromkeys(_named(tape.slots)):
        together.setdefault(shapes[place], []).append(place)
    inputs = dict(zip(tape.inputs, values, strict=True))
    for shape, places in together.items():
        for place, array in zip(places, plan(tape, inputs, shape, places).run(), strict=True):
            found[place] = array if shape else float(array)
    return found


def _named(tree: Any) -> Iterator[int]:
    yield tree[0]
    for below in tree[1]:
        yield from _named(below)


def _shapes(tape: Tape, values: Sequence[Any]) -> list[tuple[int, ...]]:
    """The shape of every slot."""
    shapes: list[tuple[int, ...]] = [np.shape(v) if hasattr(v, "shape") else () for v in values]
    shapes += [()] * len(tape.constants)
    for _, places in tape.steps:
        try:
            shapes.append(np.broadcast_shapes(*[shapes[i] for i in places]))
        except ValueError:
            arrays = ", ".join(f"{s} {np.shape(v)}" for s, v in zip(tape.inputs, values, strict=True) if hasattr(v, "shape"))
            raise InputError(f"the shapes of the arrays do not broadcast: {arrays}; give each its own axis, e.g. S[:, None]") from None
    return shapes
