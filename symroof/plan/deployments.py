"""The best deployment of a model: slice, mesh, formats and batch under memory and latency, one search for each slice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from symroof.algebra.cost import Condition, Cost
from symroof.algebra.symbols import A_X, A_Z, W_X, W_Y, B, D, M_hbm, X, Y, Z, n
from symroof.algebra.value import Value
from symroof.ask.known import Known
from symroof.plan.choices import Choices, Task, b, fits, searched
from symroof.plan.layouts import divisors, rates
from symroof.plan.wishes import SERVING, Wishes, words
from symroof.sheets.chips import Chip, Slice
from symroof.sheets.llms import Llm
from symroof.sheets.sheet import Sheet
from symroof.workloads import deployment

_MOST = 1 << 16  # sequences per shard that are looked at


def search_serving(model: str | Llm, on: Any, by: str = "cost", prune: bool = True, **wishes: Any) -> Choices:
    """The best slice, mesh, formats and batch to serve a model, by "cost" per token, "throughput" per chip or "latency".

    ``on`` are chips, by name or as sheets. Wishes: ``context``, ``prompt``, ``latency`` and ``first_token`` (limits),
    ``batch`` and ``chips`` (at most), one ``slice``, ``formats``, ``kv``, ``math``, ``mfu``, ``overlap``, ``letters``. Every legal slice is
    searched over its meshes (X, Y, Z) and batches; the formulas are those of ``symroof.workloads.deployment``.

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
    costs = _costs(known, asked)
    choices = known.each(words(asked["formats"]), words(asked["kv"]))
    asked.refuse_unused(choices[0], costs.values(), model.stack.aggregates.hits)
    conditions = [fits(costs["memory"])]
    conditions += [costs[name.replace("_", " ")] <= asked[name] for name in ("latency", "first_token") if asked[name] is not None]
    conditions += [Cost(b * X * Z, "token", "batch") <= asked["batch"]] if asked["batch"] is not None else []

    def stops(values: Mapping[str, Value], more: tuple[Any, ...]) -> str:
        return ", ".join(c.left.name for c in conditions if not _holds(c, more)) or _enough(values["latency"])

    for of in asked.slices(where):
        layouts = list(meshes(model, where, of))
        for here in choices:
            sheets = here.sheets[1:]
            shards = range(1, _reach(costs["memory"], layouts, sheets) + 2)
            lacks = "the network: the sheet of the chip says nothing of it"
            yield Task(here, of, here.format, costs, conditions, layouts, stops, shards=shards, lacks=lacks, sheets=sheets)


def _costs(known: Known, asked: Wishes) -> dict[str, Cost]:
    """What is known of a configuration, in b."""
    m, overlap = known.own, asked["overlap"]
    costs = {
        "latency": deployment.step(m, overlap),
        "throughput": deployment.throughput(m, overlap),
        "first token": deployment.first_token(m),
        "memory": deployment.memory(m),
    }
    costs |= {"cost": deployment.dollars_per_token(m, overlap)} if known.priced else {}
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


def meshes(model: Llm, where: Chip, of: Slice) -> Iterator[Sheet]:
    """Every legal mesh of a slice: X divides the experts, Y Z the widths, Y the KV heads, or is a multiple of them: then they are copied.

    Z divides the query heads that share a KV head on a chip, or pads them by at most a third, as PaLM's 48 to 64; the time of
    padding is left out.
    """
    total = of.chips
    for y in reversed(divisors(total)):
        for z in divisors(total // y):
            x = total // (y * z)
            if not _legal(model, x, y, z):
                continue
            outer, inner = rates(where, of, (y * z, x)), rates(where, of, (z, y, x))
            if outer and inner:
                known = {W_Y: outer[0].gather, A_Z: inner[0].all_to_all}
                known |= {W_X: outer[1].gather, A_X: outer[1].all_to_all}
                known |= {X: Fraction(x), Y: Fraction(y), Z: Fraction(z), n: Fraction(total)}
                yield Sheet(f"{of.name} X{x} Y{y} Z{z}", "", {**where.values, **known}, where.defaults)


def _legal(model: Llm, x: int, y: int, z: int) -> bool:
    """Whether every layer can be split so."""

    def size(letter: Any) -> int:
        return int(model[letter])

    for kind, _ in model.stack.structure:
        experts, queries, shared = map(kind.part, ("experts", "queries", "heads"))
        if experts is not None and size(experts) % x:
            return False
        if queries is not None:
            heads = size(queries)
            groups = heads if shared is None else size(shared)
            left = heads // (y if shared is None else max(y, groups))
            padded = -(-left // z) * z
            if (groups % y and y % groups) or heads % y or left < 1 or 3 * padded > 4 * left:
                return False
        if any(size(width) % (y * z) for width in kind.even()):
            return False
    return size(D) % (y * z) == 0
