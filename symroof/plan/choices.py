"""What a search for a deployment or a training run found: the best configuration of every slice, and why others cannot."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from symroof.algebra import show
from symroof.algebra.condition import Condition
from symroof.algebra.value import Value
from symroof.errors import InputError, UnknownName, nearest, short
from symroof.plan.wishes import Wishes, listed
from symroof.search.found import Found
from symroof.sheets.llms import Llm, llm
from symroof.sheets.slices import Slice

_POINT = re.compile(r"mesh=\S+ X(\d+) Y(\d+) Z(\d+)(?: m(\d+))?(?:, b=(\d+))?")


@dataclass(frozen=True, repr=False)
class Choice:
    """The best of one slice under one ``option`` (formats, policy): its ``mesh``, batch and values; none if ``found`` is None."""

    chip: str
    slice: Slice
    option: str
    stopped_by: str
    found: Found | None = None
    mesh: Mapping[str, int] = field(default_factory=dict)
    batch: int = 0
    values: Mapping[str, Value] = field(default_factory=dict)

    def __repr__(self) -> str:
        where = f"{self.chip} {self.slice.name}, {self.option}"
        if self.found is None:
            return f"{where}: none; {self.stopped_by}"
        shown = ", ".join(f"{name} {value._shown()}" for name, value in self.values.items())
        return f"{where}, {self.ways}, B={self.batch}: {shown}; stopped by {self.stopped_by}"

    def _repr_html_(self) -> str:
        return show.html(self)

    @property
    def ways(self) -> str:
        """``X=1 Y=8 Z=2``."""
        return " ".join(f"{axis}={ways}" for axis, ways in self.mesh.items())

    def row(self) -> dict[str, Any]:
        """One flat mapping, values in SI units."""
        said = {"chip": self.chip, "slice": self.slice.name, "chips": self.slice.chips, "option": self.option}
        known = {name.replace(" ", "_"): float(value) for name, value in self.values.items()}
        return {**said, "fits": self.found is not None, **self.mesh, "batch": self.batch or None, **known, "stopped_by": self.stopped_by}


@dataclass(frozen=True, repr=False)
class Choices:
    """All of them, the best first, then the slices that cannot; ``by`` says what is best, ``stands_on`` what all numbers assume."""

    rows: tuple[Choice, ...]
    by: str
    model: str
    stands_on: tuple[str, ...] = ()

    @property
    def able(self) -> tuple[Choice, ...]:
        """Those that fulfil the wishes."""
        return tuple(row for row in self.rows if row.found)

    @property
    def best(self) -> Choice:
        """The winner.

        Raises InputError if no slice fulfils the wishes, with what stops the largest.
        """
        if not self.able:
            raise InputError(f"no slice fulfils the wishes; {self.rows[-1]!r}")
        return self.rows[0]

    @property
    def counts(self) -> dict[str, int]:
        """How many points were considered, pruned and evaluated."""
        found = [row.found for row in self.rows if row.found]
        return {name: sum(getattr(f, name) for f in found) for name in ("considered", "pruned", "evaluated")}

    def table(self) -> list[dict[str, Any]]:
        """One flat mapping per slice and option, in SI units, for JSON, CSV or a DataFrame."""
        return [row.row() for row in self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        counts = ", ".join(f"{count:,} {name}" for name, count in self.counts.items())
        shown = [*(f"  {row!r}" for row in self.rows[:10]), *[f"  ... {len(self.rows) - 10} more"] * (len(self.rows) > 10)]
        said = [f"  {line}" for line in self.stands_on]
        return "\n".join([f"{self.model}, the best of every slice by {self.by}", *shown, f"  {counts}", *said])

    def _repr_html_(self) -> str:
        return show.html(self)


def plainly(text: str) -> str:
    """A text of a search with its points as an answer has them: the axes of the mesh, and B instead of sequences per shard.

    >>> plainly("mesh=4x4 X1 Y8 Z2, b=48 comes closest")
    'X=1 Y=8 Z=2, B=96 comes closest'
    """
    return _POINT.sub(_plain, text)


def _plain(point: re.Match[str]) -> str:
    x, y, z, turns, shard = point.groups()
    mesh = f"X={x} Y={y} Z={z}" + (f" microbatches={turns}" if turns else "")
    return mesh + (f", B={int(shard) * int(x) * int(z)}" if shard else "")


def searched(model: str | Llm, on: Any, asked: Wishes, judged: tuple[str, Mapping[str, str]], one: Callable[..., list[Choice]]) -> Choices:
    """What ``one(model, chip)`` finds on every chip, in order; of equals the smallest slice first, those that cannot last.

    Raises UnknownName for an aim there is not, InputError if no chip has a slice that is small enough.
    """
    by, aims = judged
    sign = -1 if aim(by, aims) == "maximize" else 1
    known = asked.over(model if isinstance(model, Llm) else llm(model))
    chips = [asked.over(where) for where in listed(on)]
    unpriced = next((where for where in chips if by == "cost" and not asked.priced(where)), None)
    if unpriced is not None:
        raise InputError(f"{unpriced.name} has no price; give letters={{'price': '$2/h'}} (--set), or search by throughput")
    rows = [row for where in chips for row in one(known, where)]
    if not rows:
        raise InputError(f"no chip has {asked.sought()}; allow more")
    able = sorted((r for r in rows if r.found), key=lambda r: (sign * float(r.values[by]), r.slice.chips))
    return Choices((*able, *(r for r in rows if not r.found)), by, known.name, tuple(asked.stands_on(chips)))


def aim(by: str, aims: Mapping[str, str]) -> str:
    """ "minimize" or "maximize".

    Raises UnknownName for what nothing is judged by.
    """
    if by not in aims:
        raise UnknownName(f"nothing is judged by {short(by)}; {nearest(str(by), aims)}")
    return aims[by]


def holds(condition: Condition, sheets: tuple[Any, ...]) -> bool:
    """Whether a condition (``<=``) holds at sheets."""
    left, right = (float(side.at(*sheets)) for side in (condition.left, condition.right))
    return left <= right
