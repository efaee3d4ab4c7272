"""How quantities of a unit are written, as tables for the browser: taken from ``show_quantity``, so both write the same."""

from __future__ import annotations

import re
from typing import Any

from symroof.algebra.quantity import show_quantity
from symroof.algebra.units import Unit

_NUMBER = re.compile(r"-?[\d.]+(?:e-?\d+)?")
_LOW, _HIGH = -18, 24


def written(unit: Unit) -> dict[str, Any]:
    """Per power of ten, from 1e-18 on: what a number is multiplied by, and the texts before and after it."""
    decades = []
    for power in range(_LOW, _HIGH + 1):
        value = 2 * 10.0**power
        text = show_quantity(value, unit)
        match = _NUMBER.search(text)
        if match is None:
            decades.append([1.0, "", f" {unit}"])
            continue
        scale = float(match.group()) / value
        decades.append([_round(scale), text[: match.start()], text[match.end() :].replace(" us", " µs")])
    return {"low": _LOW, "decades": decades, **_axis(unit)}


def _round(scale: float) -> float:
    return float(f"{scale:.6g}")


def _axis(unit: Unit) -> dict[str, Any]:
    """How an axis in this unit is drawn: its factor, the unit behind its name, and what stands behind each tick."""
    powers = dict(unit.powers)
    name = str(unit)
    if powers.get("USD") == 1 and powers.get("token") == -1:
        return {"factor": 1e6, "axis": "USD/Mtoken", "tick": ""}
    if powers.get("USD") == 1 and powers.get("s") == -1:
        return {"factor": 3600.0, "axis": name.replace("/s", "/h", 1), "tick": ""}
    if powers == {"s": 1}:
        return {"factor": 1.0, "axis": "", "tick": "s"}
    if powers == {"byte": 1}:
        return {"factor": 1.0, "axis": "", "tick": "B"}
    if powers == {"token": 1}:
        return {"factor": 1.0, "axis": "tokens", "tick": ""}
    return {"factor": 1.0, "axis": "" if name == "1" else name, "tick": ""}
