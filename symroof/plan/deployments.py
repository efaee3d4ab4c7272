"""The best deployment of a model, and the best mesh of its training run: one search for each slice, under memory and time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from symroof.algebra.cost import Condition, Cost
from symroof.algebra.symbols import B, L, M_hbm, X, Z
from symroof.algebra.value import Value
from symroof.ask.known import Known
from symroof.errors import InputError
from symroof.plan.choices import Choices, Task, b, fits, searched
from symroof.plan.layouts import serving_meshes, training_meshes
from symroof.plan.wishes import SERVING, TRAINING, Wishes, words
from symroof.sheets.llms import Llm
from symroof.sheets.sheet import Sheet
from symroof.transformer.stack import Stack
from symroof.workloads import deployment, pretraining

_MOST = 1 << 16  # sequences per shard that are looked at


def search_serving(model: str | Llm, on: Any, by: str = "cost", prune: bool = True, **wishes: Any) -> Choices:
    """The best slice, mesh, formats and batch to serve a model, by "cost" per token, "throughput" per chip or "latency".

    ``on`` are chips, by name or as sheets. Wishes: ``context``, ``prompt``, ``latency`` and ``first_token`` (limits),
    ``batch`` and ``chips`` (at most), one ``slice``, ``formats``, ``kv``, ``math``, ``mfu``, ``overlap``, ``calibration``, ``letters``.
    Every legal slice is searched over its meshes (X, Y, Z) and batches; the formulas are those of ``symroof.workloads.deployment``.
    With a calibration it is the best by estimate, and ``found.standing`` says how often it stays the best.

    >>> found = search_serving("llama3-70b", "tpu-v5e", latency="15 ms", formats="int8", chips=16)
    >>> found.best.slice.name, found.best.mesh, found.best.batch
    ('4x4', {'X': 1, 'Y': 8, 'Z': 2}, 92)
    >>> found.best.values["cost"]["MLP"].binding
    'weights'

    Raises InputError for an aim or a wish there is not, UnknownName for a chip, model or format.
    """
    asked = Wishes.make(SERVING, model, on, by, wishes)
    return searched(asked, prune, lambda known: _tasks(known, asked))


# -- one chip
def _tasks(known: Known, asked: Wishes) -> Iterator[Task]:
    model, where = known.own, known.held
    choices = known.each(words(asked["formats"]), words(asked["kv"]))
    of_stack: dict[Any, tuple[dict[str, Cost], list[Condition]]] = {}  # formulas and conditions, once for all formats of one letter
    for here in choices:
        key = here.stored and here.stored.widths
        if key not in of_stack:
            costs = _costs(here, asked)
            asked.refuse_unused(here, costs.values(), here.own.stack.aggregates.hits)
            of_stack[key] = costs, _conditions(costs, asked)

    for of in asked.slices(where):
        layouts = list(serving_meshes(model, where, of))
        for here in choices:
            costs, conditions = of_stack[here.stored and here.stored.widths]

            def stops(values: Mapping[str, Value], more: tuple[Any, ...], conditions: list[Condition] = conditions) -> str:
                return ", ".join(c.left.name for c in conditions if not _holds(c, more)) or _enough(values["latency"])

            shards = range(1, _reach(costs["memory"], layouts, here.sheets[1:]) + 2)
            lacks = "the network: the sheet of the chip says nothing of it"
            yield Task(here, of, here.format, costs, conditions, layouts, stops, shards=shards, lacks=lacks)


def _conditions(costs: Mapping[str, Cost], asked: Wishes) -> list[Condition]:
    """What must hold: the memory, the limits on time, the most sequences."""
    found = [fits(costs["memory"])]
    found += [costs[name.replace("_", " ")] <= asked[name] for name in ("latency", "first_token") if asked[name] is not None]
    return found + ([Cost(b * X * Z, "token", "batch") <= asked["batch"]] if asked["batch"] is not None else [])


def _costs(known: Known, asked: Wishes) -> dict[str, Cost]:
    """What is known of a configuration, in b."""
    m, overlap = known.own, asked["overlap"]
    step = deployment.step(m, overlap) if known.calibration is None else deployment.estimate(m)
    rates = deployment.rates(step)
    costs = {
        "latency": step,
        "throughput": rates["throughput"],
        "first token": deployment.first_token(m),
        "memory": deployment.memory(m),
    }
    costs |= {"cost": rates["cost"]} if known.priced else {}
    own = m.stack.aggregates
    hits = {hit: own.definitions[hit] for hit in own.hits if hit.name not in known.letters}  # they follow from the batch
    return {name: cost.map(lambda e: e.xreplace(hits).xreplace({B: b * X * Z})) for name, cost in costs.items()}


def _holds(condition: Condition, sheets: tuple[Any, ...]) -> bool:
    return float(condition.left.at(*sheets)) <= float(condition.right.at(*sheets))


def _enough(step: Value) -> str:
    binding = step["MLP"].binding
    grows = {"math": "math, which grows with the batch", "comms": "comms, which grow with the batch"}
    return grows.get(binding, "nothing: a larger batch is not better")


def _reach(memory: Cost, layouts: Sequence[Sheet], sheets: tuple[Any, ...]) -> int:
    """The most sequences that a shard of any layout holds."""
    room = 0.0
    for layout in layouts:
        one, two = (float(memory.at(*sheets, layout, {b: i})) for i in (1, 2))
        room = max(room, (float(Cost(M_hbm, "byte").at(*sheets, layout)) - one) / (two - one))
    return max(1, min(_MOST, int(room) + 1))


def search_training(model: str | Llm, on: Any, by: str = "time", prune: bool = True, **wishes: Any) -> Choices:
    """The best slice, mesh, microbatches and rematerialization to train a model, by "time" of a step, "cost", "MFU" or "throughput".

    ``on`` are chips, by name or as sheets. Wishes: ``batch`` (tokens), ``context``, ``chips`` (at most), ``tokens`` of the run,
    when it must ``finish``, ``remat``, ``format``, ``optimizer`` (bytes a parameter), ``math``, ``overlap``, ``calibration``,
    ``letters``. Every legal slice is searched over its meshes and microbatches; the formulas are those of
    ``symroof.workloads.pretraining``.

    >>> found = search_training("llama3-8b", "tpu-v5p", batch=2**20, chips=64, remat="block")
    >>> found.best.slice.name, found.best.mesh
    ('4x4x4', {'X': 64, 'Y': 1, 'Z': 1, 'microbatches': 1})
    >>> found.best.values["memory"]["first stage/state"]
    1.506 GB   weights 250.9 MB | gradients 250.9 MB | optimizer 1.004 GB

    Raises InputError for an aim or a wish there is not, UnknownName for a chip, model or format.
    """
    asked = Wishes.make(TRAINING, model, on, by, wishes)
    return searched(asked, prune, lambda known: _training_tasks(known, asked))


def _training_tasks(known: Known, asked: Wishes) -> Iterator[Task]:
    (here,) = known.each((asked["format"],))
    model, where, sequences = here.own, here.held, asked.sequences
    here = here.but(B=sequences)
    costs = {remat: _training_costs(here, asked, remat) for remat in asked.policies}
    asked.refuse_unused(here, [cost for of in costs.values() for cost in of.values()])
    for of in asked.slices(where):
        layouts = list(training_meshes(model, where, of, sequences))
        lacks = f"no legal mesh: {sequences} sequences, {int(model[L])} layers"
        for remat, known_costs in costs.items():
            conditions = [fits(known_costs["memory"])]
            conditions += [known_costs["run"] <= asked["finish"]] if asked["finish"] is not None else []
            yield Task(here, of, remat, known_costs, conditions, layouts, _slowest, sequences, lacks=lacks)


def _slowest(values: Mapping[str, Value], _: Any) -> str:
    return str(values["time"].binding)


def _training_costs(known: Known, asked: Wishes, remat: str) -> dict[str, Cost]:
    """What is known of a configuration.

    Raises InputError for a run that must finish and has no number of tokens.
    """
    made = _training_formulas(known.own.stack, remat, asked["overlap"], known.calibration is not None)
    names = ["time", "MFU", "throughput", "memory", *["cost"] * bool(known.priced)]
    if asked["tokens"] is not None:
        names += ["run", *["price"] * bool(known.priced)]
    elif asked["finish"] is not None:
        raise InputError("when a run finishes depends on its tokens; give tokens=15e12 beside finish")
    return {"price of the run" if name == "price" else name: made[name] for name in names}


@lru_cache(maxsize=64)
def _training_formulas(of: Stack, remat: str, overlap: bool, estimated: bool) -> dict[str, Cost]:
    """All formulas of an architecture and a policy, made once."""
    step = pretraining.estimate(of, remat) if estimated else pretraining.step(of, remat, overlap)
    return {"time": step, "memory": pretraining.memory(of, remat), **pretraining.rates(of, remat, step)}
