"""The best of every slice: one search for each, over its legal meshes and what else is left open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from symroof.algebra.cost import Condition, Cost
from symroof.algebra.symbols import M_hbm, X, Y, Z, symbol
from symroof.algebra.value import Value
from symroof.ask.known import Known
from symroof.errors import InputError, NothingFits
from symroof.plan.choices import Choice, Choices, point
from symroof.plan.wishes import Wishes
from symroof.search.search import search
from symroof.search.space import space
from symroof.sheets.chips import Slice
from symroof.sheets.sheet import Sheet
from symroof.workloads.training_memory import microbatches

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
    sheets: tuple[Sheet, ...] = field(default=())


def searched(asked: Wishes, prune: bool, tasks: Callable[[Known], Iterable[Task]]) -> Choices:
    """What the ``tasks`` of every chip find, in order; of equals the smallest slice first, those that cannot last.

    Raises InputError if no chip has a slice that is small enough.
    """
    sign = -1 if asked.kind.aims[asked.by] == "maximize" else 1
    rows = [_best(task, asked, prune) for known in list(asked.places()) for task in tasks(known)]
    if not rows:
        few = "a slice" if asked["chips"] is None else f"a slice of at most {asked['chips']} chips"
        raise InputError(f"no chip has {few}; allow more")
    able = sorted((r for r in rows if r.found), key=lambda r: (sign * float(r.values[asked.by]), r.slice.chips))
    name = asked.known.model.name if asked.known.model else ""
    return Choices((*able, *(r for r in rows if not r.found)), asked.by, name, tuple(asked.stands_on()))


def fits(memory: Cost) -> Condition:
    """That it is at most the HBM of a chip."""
    return memory <= Cost(M_hbm, "byte", "HBM")


def _best(task: Task, asked: Wishes, prune: bool) -> Choice:
    chip = task.known.chip.name if task.known.chip else ""
    if not task.layouts:
        return Choice(chip, task.slice, task.option, task.lacks)
    meshes = {mesh.name: _ways(mesh) for mesh in task.layouts}
    axes = {"b": task.shards} if task.shards else {}
    aim: dict[str, Any] = {asked.kind.aims[asked.by]: task.costs[asked.by]}
    try:
        found = search(space(*task.sheets, mesh=task.layouts, **axes), subject_to=task.conditions, prune=prune, **aim)
    except NothingFits as problem:
        closest = f", and {point(problem.at, meshes)} comes closest, {problem.by}" if problem.at else ""
        return Choice(chip, task.slice, task.option, problem.why + closest)
    at, count = found.best.at, int(found.best.at.get("b", 0))
    mesh = next(s for s in task.layouts if s.name == at["mesh"])
    ways = meshes[mesh.name]
    values = {name: cost.at(*task.sheets, mesh, *[{b: count}] * bool(count)) for name, cost in task.costs.items()}
    stopped = task.stops(values, (*task.sheets, mesh, {b: count + 1}))
    return Choice(chip, task.slice, task.option, stopped, found, ways, task.batch or count * ways["X"] * ways["Z"], values, meshes)


def _ways(mesh: Sheet) -> dict[str, int]:
    return {axis.name: int(mesh.values[axis]) for axis in (X, Y, Z, microbatches) if axis in mesh.values}
