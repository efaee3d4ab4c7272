"""How quantities of a unit are written, as tables for the browser: taken from ``show_quantity``, so both write the same."""

from __future__ import annotations

import re
from typing import Any

from symroof.algebra.quantity import show_quantity
from symroof.algebra.units import Unit

_NUMBER = re.compile(r"-?[\d.]+(?:e-?\d+)?")


def written(unit: Unit) -> dict[str, Any]:
    """From which power of ten on a number is multiplied by what, the texts around it; 1; and how an axis is drawn."""
    decades: list[list[Any]] = []
    for power in range(-18, 25):
        value = 2 * 10.0**power
        text = show_quantity(value, unit)
        match = _NUMBER.search(text)
        how = [float(f"{float(match[0]) / value:.6g}"), text[: match.start()], text[match.end() :].replace(" us", " µs")] if match else None
        if how and (not decades or decades[-1][1:] != how):
            decades.append([power, *how])
    return {"decades": decades, "one": show_quantity(1.0, unit), **_axis(unit)}


def _axis(unit: Unit) -> dict[str, Any]:
    """How an axis in this unit is drawn: its factor, and the unit behind its name, where the ticks do not carry it."""
    powers, name = dict(unit.powers), str(unit)
    if powers.get("USD") == 1 and powers.get("token") == -1:
        return {"factor": 1e6, "axis": "USD/Mtoken"}
    if powers.get("USD") == 1 and powers.get("s") == -1:
        return {"factor": 3600.0, "axis": name.replace("/s", "/h", 1)}
    carried = powers in ({"s": 1}, {"byte": 1}) or name == "1"
    return {"factor": 1.0, "axis": "" if carried else "tokens" if powers == {"token": 1} else name}
