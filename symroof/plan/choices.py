"""What a search for a deployment or a training run found: the best configuration of every slice, and why others cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from symroof.algebra import show
from symroof.algebra.value import Value
from symroof.errors import InputError
from symroof.search.found import Found, Slack
from symroof.sheets.chips import Slice


@dataclass(frozen=True, repr=False)
class Choice(show.Shown):
    """The best of one slice under one ``option`` (formats, policy): its ``mesh``, batch and values; none if ``found`` is None."""

    chip: str
    slice: Slice
    option: str
    stopped_by: str
    found: Found | None = None
    mesh: Mapping[str, int] = field(default_factory=dict)
    batch: int = 0
    values: Mapping[str, Value] = field(default_factory=dict)
    meshes: Mapping[str, Mapping[str, int]] = field(default_factory=dict, repr=False)

    @property
    def ways(self) -> str:
        """``X=1 Y=8 Z=2``."""
        return ways(self.mesh)

    @property
    def margins(self) -> Iterator[tuple[Slack, float, str]]:
        """For each limit by which factor the aim would change with 10 % more of it, and where the best would be then."""
        for gain in self.found.gains if self.found else ():
            yield gain.limit, gain.factor, point(gain.best.at, self.meshes)

    def row(self) -> dict[str, Any]:
        """One flat mapping, values in SI units."""
        said = {"chip": self.chip, "slice": self.slice.name, "chips": self.slice.chips, "option": self.option}
        known = {name.replace(" ", "_"): float(value) for name, value in self.values.items()}
        return {**said, "fits": self.found is not None, **self.mesh, "batch": self.batch or None, **known, "stopped_by": self.stopped_by}


@dataclass(frozen=True, repr=False)
class Choices(show.Shown):
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


def point(at: Mapping[str, Any], meshes: Mapping[str, Mapping[str, int]]) -> str:
    """A point of a search in words: the ways of its mesh, and the batch instead of sequences per shard.

    >>> point({"mesh": "4x4 X1 Y8 Z2", "b": 48}, {"4x4 X1 Y8 Z2": {"X": 1, "Y": 8, "Z": 2}})
    'X=1 Y=8 Z=2, B=96'
    """
    mesh = meshes[at["mesh"]]
    return ways(mesh) + (f", B={at['b'] * mesh['X'] * mesh['Z']}" if "b" in at else "")


def ways(mesh: Mapping[str, int]) -> str:
    """``X=1 Y=8 Z=2``."""
    return " ".join(f"{axis}={count}" for axis, count in mesh.items())
