"""What a search found: the best points with their parts, what was looked at, and what the conditions cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Any

from symroof.algebra import show
from symroof.algebra.cost import Condition
from symroof.algebra.quantity import show_quantity
from symroof.algebra.value import Value
from symroof.errors import InputError
from symroof.grid.axes import labelled
from symroof.grid.tables import arrow, columns, frame


@dataclass(frozen=True, repr=False)
class Candidate(show.Shown):
    """One point: its labels, and the Value of every cost there, with its parts."""

    at: Mapping[str, Any]
    values: tuple[Value, ...]

    @property
    def value(self) -> Value:
        """The value of the first cost."""
        return self.values[0]

    @property
    def labels(self) -> str:
        """Where it is, as ``B=59, n=32``."""
        return labelled(self.at) or "the only point"


@dataclass(frozen=True, repr=False)
class Slack(show.Shown):
    """A condition at the winner: both sides, and the share of the right side that is left."""

    condition: Condition
    left: Value
    right: Value

    @property
    def name(self) -> str:
        """What it is called: both sides by their names, else by their amount or formula."""
        return called(self.condition)

    @property
    def room(self) -> float:
        """The distance of the two sides as a fraction of the larger: 0 where the condition just holds."""
        a, b = float(self.left), float(self.right)
        return abs(a - b) / max(abs(a), abs(b)) if a != b else 0.0


@dataclass(frozen=True, repr=False)
class Gain(show.Shown):
    """What relaxing one condition buys: the best point then, and by which factor its cost changes."""

    limit: Slack
    by: float
    best: Candidate
    factor: float


@dataclass(frozen=True, eq=False, repr=False)
class Found(show.Shown):
    """The ``points`` of a search, the best first (or a Pareto front, by the first cost); equal ones in the order of the grid.

    ``considered`` points of the space are ``evaluated`` or ``pruned``: a pruned one was never worked out. ``complete`` is
    False after an interrupt; then only part of the space was considered.
    """

    points: tuple[Candidate, ...]
    limits: tuple[Slack, ...]
    considered: int
    evaluated: int
    pruned: int
    seconds: float
    complete: bool = True
    again: Callable[[float], tuple[Gain, ...]] | None = field(default=None, repr=False)

    @property
    def best(self) -> Candidate:
        """The winner."""
        return self.points[0]

    @property
    def binding(self) -> Slack | None:
        """The condition whose relaxing by 10 % buys most; None where no single one of them buys anything."""
        best = max((g for g in self.gains if g.factor != 1), key=lambda g: abs(g.factor - 1), default=None)
        return best.limit if best else None

    @property
    def known_gains(self) -> tuple[Gain, ...]:
        """The gains, if they were worked out already."""
        known: tuple[Gain, ...] = self.__dict__.get("gains", ())
        return known

    @cached_property
    def gains(self) -> tuple[Gain, ...]:
        """What relaxing each condition by 10 % would buy: one more search for each."""
        return self.relax(0.1)

    def relax(self, by: float = 0.1) -> tuple[Gain, ...]:
        """What relaxing each condition by a fraction of its right side would buy.

        Raises InputError for a fraction that is not between 0 and 1, and for a Pareto front.
        """
        if not 0 < by < 1:
            raise InputError(f"a condition is relaxed by a fraction between 0 and 1, not by {by!r}; give e.g. 0.1")
        if self.again is None:
            raise InputError("what relaxing buys is worked out for one cost, not for a Pareto front; search with one cost")
        return self.again(by)

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self.points)

    def __getitem__(self, place: int) -> Candidate:
        return self.points[place]

    def rows(self) -> list[dict[str, Any]]:
        """One flat mapping per point: its labels, then the costs in SI units."""
        names = columns(self.best.at, [v.name or f"cost {i + 1}" for i, v in enumerate(self.best.values)])
        return [{**p.at, **dict(zip(names, map(float, p.values), strict=True))} for p in self.points]

    def to_numpy(self) -> Any:
        """The costs in SI units, as an array of one row per point and one column per cost."""
        return import_module("numpy").array([[float(v) for v in p.values] for p in self.points])

    def to_pandas(self) -> Any:
        """A pandas DataFrame, one row per point. Raises InputError if pandas is not installed."""
        return frame(self.rows(), ".rows()")

    def to_arrow(self) -> Any:
        """An Arrow table, one row per point. Raises InputError if pyarrow is not installed."""
        return arrow(self.rows(), ".rows()")


def called(condition: Condition) -> str:
    """A condition by the names of its sides, as ``decode step <= 15 ms``; a side without a name by its amount or formula."""
    return f"{_side(condition.left)} {condition.relation} {_side(condition.right)}"


def _side(cost: Any) -> str:
    if cost.name:
        return str(cost.name)
    if not cost.free_symbols:
        return show_quantity(float(cost.expr), cost.unit)
    formula = show.text(cost.expr)
    return formula if len(formula) <= 60 else f"{formula[:59]}…"


def amount(value: Value) -> str:
    """A value with its unit, without its parts."""
    return show_quantity(float(value), value.unit)
