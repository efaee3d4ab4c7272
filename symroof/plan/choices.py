"""What a search for a deployment or a training run found: the best configuration of every slice, and why others cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from symroof.algebra import show
from symroof.algebra.cost import Condition, Cost
from symroof.algebra.spread import Settled
from symroof.algebra.symbols import M_hbm, X, Y, Z, microbatches, symbol
from symroof.algebra.value import Value
from symroof.ask.known import Known
from symroof.errors import InputError, NothingFits
from symroof.grid.tables import arrow, frame
from symroof.plan.wishes import Wishes
from symroof.search.found import Candidate, Found, Slack
from symroof.search.search import search, space
from symroof.sheets.sheet import Sheet
from symroof.sheets.slices import Slice

#: Of a search by estimates: how often letters are drawn, and how many configurations of a slice are kept to be held against each other.
DRAWS, KEPT = 400, 8


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
        known: dict[str, Any] = {}
        for name, value in self.values.items():
            known[name.replace(" ", "_")] = float(value)
            if value.interval is not None:
                known[f"{name.replace(' ', '_')}_interval"] = list(value.interval)
        return {**said, "fits": self.found is not None, **self.mesh, "batch": self.batch or None, **known, "stopped_by": self.stopped_by}


@dataclass(frozen=True)
class Standing:
    """How sure the best by estimate is: of ``draws`` of the letters of a calibration, in which part it is the best, in which it keeps
    the conditions; ``among`` so many configurations, the best few of every slice and option at the letters themselves.
    """

    best: float
    keeps: float
    draws: int
    among: int


@dataclass(frozen=True, repr=False)
class Choices(show.Shown):
    """All of them, the best first, then the slices that cannot; ``by`` says what is best, ``stands_on`` what all numbers assume.

    ``standing`` of a search by estimates says how often the best stays it.
    """

    rows: tuple[Choice, ...]
    by: str
    model: str
    stands_on: tuple[str, ...] = ()
    standing: Standing | None = None

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

    def to_pandas(self) -> Any:
        """A pandas DataFrame, one row per slice and option. Raises InputError if pandas is not installed."""
        return frame(self.table(), ".table()")

    def to_arrow(self) -> Any:
        """An Arrow table, one row per slice and option. Raises InputError if pyarrow is not installed."""
        return arrow(self.table(), ".table()")

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


#: Sequences whose KV caches are together on one shard: B = b X Z, so that every shard has as many.
b = symbol("b", "token", "sequences per shard of the KV cache: B = b X Z")


@dataclass(frozen=True)
class Task:
    """What is searched on one slice: ``costs`` by name under ``conditions`` over meshes (``layouts``) and, in serving, over b.

    ``stops`` says what stops the best from being better: of its values and of the sheets with one more sequence on each shard.
    """

    known: Known
    slice: Slice
    option: str
    costs: Mapping[str, Cost]
    conditions: Sequence[Condition]
    layouts: Sequence[Sheet]
    stops: Callable[[Mapping[str, Value], tuple[Any, ...]], str]
    batch: int = 0
    shards: Sequence[int] = ()
    lacks: str = ""

    def at(self, point: Candidate) -> tuple[Any, ...]:
        """The mesh of a point, and its sequences."""
        mesh, count = next(s for s in self.layouts if s.name == point.at["mesh"]), int(point.at.get("b", 0))
        return (mesh, {b: count}) if count else (mesh,)


def searched(asked: Wishes, prune: bool, tasks: Callable[[Known], Iterable[Task]]) -> Choices:
    """What the ``tasks`` of every chip find, in order; of equals the smallest slice first, those that cannot last.

    Raises InputError if no chip has a slice that is small enough.
    """
    sign = -1 if asked.kind.aims[asked.by] == "maximize" else 1
    rows = [(task, _best(task, asked, prune)) for known in list(asked.places()) for task in tasks(known)]
    if not rows:
        few = "a slice" if asked["chips"] is None else f"a slice of at most {asked['chips']} chips"
        raise InputError(f"no chip has {few}; allow more")
    able = sorted(((t, r) for t, r in rows if r.found), key=lambda tr: (sign * float(tr[1].values[asked.by]), tr[1].slice.chips))
    name = asked.known.model.name if asked.known.model else ""
    standing = _standing(able, asked) if able and asked.known.calibration is not None else None
    best = (*(r for _, r in able), *(r for _, r in rows if not r.found))
    return Choices(best, asked.by, name, tuple(asked.stands_on()), standing)


def _standing(able: Sequence[tuple[Task, Choice]], asked: Wishes) -> Standing:
    """The best beside all others that were kept, at letters that are drawn."""
    import numpy as np

    sign = -1 if asked.kind.aims[asked.by] == "maximize" else 1
    found = [_drawn(task, point, asked.by) for task, row in able if row.found for point in row.found.points]
    worth = np.array([np.where(allowed, sign * value, np.inf) for value, allowed in found])
    first = np.isfinite(worth[0]) & (worth[0] <= worth.min(axis=0))
    return Standing(float(first.mean()), float(np.isfinite(worth[0]).mean()), DRAWS, len(found))


def _drawn(task: Task, point: Candidate, by: str) -> tuple[Any, Any]:
    """What an aim is worth at a point in every draw, and where the conditions hold."""
    import numpy as np

    drawn = [c.drawn(tuple(task.known.sheets), DRAWS) for c in (task.known.calibration,) if c is not None]
    sheets = (*task.known.sheets[1:], *task.at(point), *drawn)

    def worth(cost: Cost) -> Any:
        return np.broadcast_to(np.asarray(cost.at(*sheets), dtype=float), (DRAWS,))

    allowed = np.ones(DRAWS, dtype=bool)
    for c in task.conditions:
        allowed &= worth(c.left) <= worth(c.right)
    return worth(task.costs[by]), allowed


def fits(memory: Cost) -> Condition:
    """That it is at most the HBM of a chip."""
    return memory <= Cost(M_hbm, "byte", "HBM")


def _best(task: Task, asked: Wishes, prune: bool) -> Choice:
    chip, sheets = task.known.chip.name if task.known.chip else "", task.known.sheets[1:]
    if not task.layouts:
        return Choice(chip, task.slice, task.option, task.lacks)
    meshes = {
        mesh.name: {axis.name: int(mesh.values[axis]) for axis in (X, Y, Z, microbatches) if axis in mesh.values} for mesh in task.layouts
    }
    axes = {"b": task.shards} if task.shards else {}
    aim: dict[str, Any] = {asked.kind.aims[asked.by]: task.costs[asked.by]}
    settled = [Settled(c.beside(tuple(task.known.sheets))) for c in (task.known.calibration,) if c is not None]
    firm, best = [s.known.sheet for s in settled], KEPT if settled else 1
    try:
        found = search(space(*sheets, *firm, mesh=task.layouts, **axes), subject_to=task.conditions, prune=prune, best=best, **aim)
    except NothingFits as problem:
        closest = f", and {point(problem.at, meshes)} comes closest, {problem.by}" if problem.at else ""
        return Choice(chip, task.slice, task.option, problem.why + closest)
    count = int(found.best.at.get("b", 0))
    mesh, *given = task.at(found.best)
    ways = meshes[mesh.name]
    values = {name: cost.at(*sheets, *settled, mesh, *given) for name, cost in task.costs.items()}
    stopped = task.stops(values, (*sheets, *settled, mesh, {b: count + 1}))
    return Choice(chip, task.slice, task.option, stopped, found, ways, task.batch or count * ways["X"] * ways["Z"], values, meshes)
