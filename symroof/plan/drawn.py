"""What pages and figures draw alike: thresholds with efficiencies, a decode step in words, the axes that chips are split over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import add, or_
from typing import Any

from symroof.algebra.claims import NONE, Claims, thresholds
from symroof.algebra.cost import Cost
from symroof.ask.known import Known, missing
from symroof.errors import InputError
from symroof.sheets.sheet import Sheet
from symroof.solver.bound import Bound
from symroof.solver.solve import solve

_WORDS = {
    "attention": {"cache": "KV loading", "math": "attention FLOPs"},
    "states": {"hbm": "state loading", "math": "state FLOPs"},
    "MLP": {"weights": "param loading", "math": "FLOPs"},
}


def derated(known: Known, bound: Bound) -> Any:
    """A threshold whose rates carry the efficiencies that are given."""
    condition = bound.condition
    return solve(condition.between(known.derated(condition.left), known.derated(condition.right)), bound.symbol)


def in_words(step: Cost) -> Cost:
    """A decode step with its parts called by what they do; FLOPs are those of the MLP, and named so where others have some."""
    several = any(len(part.parts) > 0 for part in step.parts if part.name != "MLP")
    return reduce(add, [_in_words(part, several) for part in step.parts]).named(step.name, step.source)


def _in_words(part: Cost, several: bool) -> Cost:
    said = _WORDS.get(part.name, {})
    if not part.parts:
        return part.named(next(iter(said.values()), part.name))
    order = [*said, *(p.name for p in part.parts if p.name not in said)]
    own = [p.named(said.get(p.name, p.name)) for p in sorted(part.parts, key=lambda p: order.index(p.name))]
    found = [p.named(f"{part.name} FLOPs") if several and p.name == "FLOPs" else p for p in own]
    joined: Cost = reduce(or_ if part.join == "max" else add, found)
    return joined.named(part.name)


def torus_axes(ways: int) -> int:
    """The physical axes that so many chips take, 16 to an axis: ceil(log_16 ways), three at most."""
    return min(3, next(k for k in range(1, 40) if ways <= 16**k))


def known_of(
    known: Known,
    free: Iterable[Any],
    asked: Iterable[Any],
    usual: Mapping[Any, Any] | None = None,
    also: Iterable[Any] = (),
    of: Claims = NONE,
) -> Sheet:
    """What is known of the letters of a drawing but those ``asked`` for, ``usual`` where nothing else is said.

    ``also`` are letters that the drawing has beside them, ``of`` is what its formula claims.

    Raises InputError naming the letters without a value.
    """
    free, asked = set(free), set(asked)
    found = known.sheet(free, asked, also, of)
    values = {**{s: v for s, v in (usual or {}).items() if s in free}, **found.values}
    whole = Sheet(found.name, "", values)
    lacking = missing(free, whole, {*asked, *thresholds(of)})
    if lacking:
        cure = f"add e.g. --on tpu-v5e --slice 4x4 --model llama3-70b --formats int8, or --set {lacking[0]}=..."
        raise InputError(f"{', '.join(lacking)} still need a value; {cure}")
    return whole
