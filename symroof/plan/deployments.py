"""The best deployment of a model: slice, mesh, formats and batch under memory and latency, one search for each slice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from symroof.algebra.condition import Condition
from symroof.algebra.cost import Cost
from symroof.algebra.symbols import B, D, E, F, K, M_hbm, N, X, Y, Z, n, symbol
from symroof.algebra.value import Value
from symroof.errors import NothingFits
from symroof.grid.search import search
from symroof.grid.space import space
from symroof.plan.choices import Choice, Choices, holds, searched
from symroof.plan.layouts import divisors, rates
from symroof.plan.wishes import Serving
from symroof.sheets.chips import Chip
from symroof.sheets.llms import Llm
from symroof.sheets.sheet import Sheet
from symroof.sheets.slices import Slice
from symroof.workloads import deployment

#: Sequences whose KV caches are together on one shard: B = b X Z, so that every shard has as many.
b = symbol("b", "token", "sequences per shard of the KV cache: B = b X Z")
#: What a search makes best, and whether that is small or large.
AIMS = {"cost": "minimize", "throughput": "maximize", "latency": "minimize"}
_MOST = 1 << 16  # sequences per shard that are looked at


def search_serving(model: str | Llm, on: Any, by: str = "cost", prune: bool = True, **wishes: Any) -> Choices:
    """The best slice, mesh, formats and batch to serve a model, by "cost" per token, "throughput" per chip or "latency".

    ``on`` are chips, by name or as sheets. Wishes: ``context``, ``prompt``, ``latency`` and ``first_token`` (limits),
    ``batch`` and ``chips`` (at most), ``formats``, ``kv``, ``math``, ``mfu``, ``overlap``, ``letters``. Every legal slice is
    searched over its meshes (X, Y, Z) and batches; the formulas are those of ``symroof.workloads.deployment``.

    >>> found = search_serving("llama3-70b", "tpu-v5e", latency="15 ms", formats="int8", chips=16)
    >>> found.best.slice.name, found.best.mesh, found.best.batch
    ('4x4', {'X': 1, 'Y': 8, 'Z': 2}, 92)
    >>> found.best.values["cost"]["MLP"].binding
    'weights'

    Raises InputError for an aim or a wish there is not, UnknownName for a chip, model or format.
    """
    asked = Serving.of(**wishes)
    return searched(model, on, asked, (by, AIMS), lambda known, where: _on(known, where, asked, (by, prune)))


# -- one chip
def _on(model: Llm, where: Chip, asked: Serving, how: tuple[str, bool]) -> list[Choice]:
    slices = [s for s in where.slices if s.chips <= asked.most_chips()]
    costs = _costs(model, asked)
    return [_slice((model, where, s), named, asked, (costs, how)) for s in slices for named in asked.sheets(asked.arithmetic(where))]


def _costs(model: Llm, asked: Serving) -> dict[str, Cost]:
    """What is known of a configuration, in b."""
    arch, overlap = model.architecture, asked.overlap
    costs = {
        "latency": deployment.step(arch, overlap),
        "throughput": deployment.throughput(arch, overlap),
        "cost": deployment.dollars_per_token(arch, overlap),
        "first token": deployment.first_token(arch),
        "memory": deployment.memory(arch),
    }
    return {name: cost.map(lambda e: e.xreplace({B: b * X * Z})) for name, cost in costs.items()}


def _conditions(costs: Mapping[str, Cost], asked: Serving) -> list[Condition]:
    found = [costs["memory"] <= Cost(M_hbm, "byte", "HBM")]
    found += [costs["latency"] <= asked.latency] if asked.latency is not None else []
    found += [costs["first token"] <= asked.first_token] if asked.first_token is not None else []
    found += [Cost(b * X * Z, "token", "batch") <= asked.batch] if asked.batch is not None else []
    return found


def _slice(place: tuple[Llm, Chip, Slice], formats: tuple[str, Sheet], asked: Serving, how: Any) -> Choice:
    model, where, of = place
    costs, (by, prune) = how
    layouts = list(meshes(model, where, of))
    if not layouts:
        return Choice(where.name, of, formats[0], "the network: the sheet of the chip says nothing of it")
    known = (model, formats[1], asked.traffic)
    conditions = _conditions(costs, asked)
    among = space(*known, mesh=layouts, b=range(1, _reach(costs["memory"], layouts, known) + 2))
    best_of: dict[str, Any] = {AIMS[by]: costs[by]}
    try:
        found = search(among, subject_to=conditions, prune=prune, **best_of)
    except NothingFits as problem:
        return Choice(where.name, of, formats[0], problem.why)
    best, count = next(s for s in layouts if s.name == found.best.at["mesh"]), int(found.best.at["b"])
    values = {c: cost.at(*known, best, {b: count}) for c, cost in costs.items() if c != "cost" or asked.priced(where)}
    after = [c for c in conditions if not holds(c, (*known, best, {b: count + 1}))]
    stopped = ", ".join(c.left.name for c in after) or _enough(values["latency"])
    ways = {axis.name: int(best[axis]) for axis in (X, Y, Z)}
    return Choice(where.name, of, formats[0], stopped, found, ways, count * ways["X"] * ways["Z"], values)


def _enough(step: Value) -> str:
    binding = step["MLP"].binding
    return f"{binding}, which grow with the batch" if binding in ("math", "comms") else "nothing: a larger batch is not better"


def _reach(memory: Cost, layouts: Sequence[Sheet], known: tuple[Any, ...]) -> int:
    """The most sequences that a shard of any layout holds."""
    room = 0.0
    for layout in layouts:
        one, two = (float(memory.at(*known, layout, {b: i})) for i in (1, 2))
        room = max(room, (float(Cost(M_hbm, "byte").at(*known, layout)) - one) / (two - one))
    return max(1, min(_MOST, int(room) + 1))


def meshes(model: Llm, where: Chip, of: Slice) -> Iterator[Sheet]:
    """Every legal mesh of a slice: Y divides the KV heads, X the experts, Y Z d_model and d_ff.

    Z divides the query heads that share a KV head, or pads them by at most a third, as PaLM's 48 to 64; the time of padding
    is left out.
    """
    arch, total = model.architecture, of.chips
    heads = int(model[N]) if arch.latent else int(model[K])
    shared = 1 if arch.latent else int(model[N]) // heads
    for y in reversed(divisors(total)):
        for z in divisors(total // y):
            x = total // (y * z)
            padded = -(-shared // z) * z
            legal = heads % y == 0 and 3 * padded <= 4 * shared and (not arch.experts or int(model[E]) % x == 0)
            if legal and all(int(model[letter]) % (y * z) == 0 for letter in (D, F)):
                outer, inner = rates(where, of, (y * z, x)), rates(where, of, (z, y, x))
                if outer and inner:
                    known = {deployment.W_Y: outer[0].gather, deployment.A_Z: inner[0].all_to_all}
                    known |= {deployment.W_X: outer[1].gather, deployment.A_X: outer[1].all_to_all}
                    known |= {X: Fraction(x), Y: Fraction(y), Z: Fraction(z), n: Fraction(total)}
                    yield Sheet(f"{of.name} X{x} Y{y} Z{z}", "", {**where.values, **known}, where.defaults)
