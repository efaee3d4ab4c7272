"""Where a formula has no value: the operation that fails first, and the symbols and numbers it fails for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symroof.algebra.evaluate import TABLE, Tape
from symroof.errors import InputError, short
from symroof.grid.cut import Slices, padded, part

_WORDS = {"Pow": "division by zero or overflow", "log": "the logarithm of what is not positive"}


def explained(tape: Tape, values: Mapping[Any, Any], slices: Slices, dtype: Any) -> InputError:
    """The error for a part of the grid in which something has no finite value: names the symbols with their values there."""
    most = float(np.finfo(dtype).max)
    slots: list[Any] = [part(padded(values.get(s, 1.0), len(slices)), slices) for s in tape.inputs] + [
        np.asarray(float(c)) for c in tape.constants
    ]
    uses: list[set[int]] = [{i} if i < len(tape.inputs) else set() for i in range(len(slots))]
    kinds: list[type] = [object] * len(slots)
    with np.errstate(all="ignore"):
        for kind, places in tape.steps:  # what the wanted do not need is worked out at 1, and passed over
            slots.append(_tried(kind, [slots[i] for i in places]))
            uses.append(set().union(*(uses[i] for i in places)))
            kinds.append(kind)
        for found, used, kind in zip(slots, uses, kinds, strict=True):
            bad = ~(np.abs(found) <= most)
            if bad.any() and all(tape.inputs[i] in values for i in used):
                return _sentence(tape, slots, used, kind, np.broadcast_to(found, np.broadcast_shapes(*map(np.shape, slots))), most)
    given = ", ".join(s.name for s in tape.inputs)
    return InputError(f"cannot be evaluated: a value is beyond what {np.dtype(dtype)} can hold, for some {short(given, 120)}")


def _tried(kind: type, args: list[Any]) -> Any:
    try:
        return np.asarray(TABLE[kind][1](*args))
    except (ArithmeticError, ValueError):
        return np.full(np.broadcast_shapes(*map(np.shape, args)), np.nan)


def _sentence(tape: Tape, slots: list[Any], used: set[int], kind: type, found: Any, most: float) -> InputError:
    at = tuple(np.argwhere(~(np.abs(found) <= most))[0])
    number = float(found[at])
    numbers = {i: float(np.broadcast_to(slots[i], found.shape)[at]) for i in used}
    given = ", ".join(f"{tape.inputs[i]} = {v:.6g}" for i, v in sorted(numbers.items()))
    if np.isfinite(number):
        why = f"{number:.3g} is beyond what float32 can hold (about 3.4e38); use float64"
    elif np.isnan(number):
        why = "invalid value, neither finite nor infinite"
    else:
        why = _WORDS.get(kind.__name__, "overflow")
    return InputError(f"cannot be evaluated: {why} (with {short(given, 300)[1:-1]})")
