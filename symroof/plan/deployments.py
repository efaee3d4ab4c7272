"""The best deployment of a model: slice, mesh, formats and batch under memory and latency, one search for each slice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from symroof.algebra.condition import Condition
from symroof.algebra.cost import Cost
from symroof.algebra.symbols import A_X, A_Z, W_X, W_Y, B, D, M_hbm, W_dcn, W_ici, X, Y, Z, n, symbol
from symroof.algebra.value import Value
from symroof.ask.letters import reach, refuse_unused
from symroof.errors import NothingFits
from symroof.plan.choices import Choice, Choices, holds, plainly, searched
from symroof.plan.layouts import divisors, rates
from symroof.plan.wishes import Serving
from symroof.search.search import search
from symroof.search.space import space
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
    ``batch`` and ``chips`` (at most), one ``slice``, ``formats``, ``kv``, ``math``, ``mfu``, ``overlap``, ``letters``. Every legal slice is
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
    slices = asked.slices(where)
    costs = _costs(model, asked)
    sheets = (model, where, next(asked.sheets(asked.arithmetic(where)))[1])
    refuse_unused(
        asked.given,
        reach({x for c in costs.values() for x in c.free_symbols} | {M_hbm, W_ici, W_dcn, *model.stack.aggregates.hits}, sheets),
    )
    return [_slice((model, where, s), named, asked, (costs, how)) for s in slices for named in asked.sheets(asked.arithmetic(where))]


def _costs(model: Llm, asked: Serving) -> dict[str, Cost]:
    """What is known of a configuration, in b."""
    m, overlap = model, asked.overlap
    costs = {
        "latency": deployment.step(m, overlap),
        "throughput": deployment.throughput(m, overlap),
        "cost": deployment.dollars_per_token(m, overlap),
        "first token": deployment.first_token(m),
        "memory": deployment.memory(m),
    }
    own = model.stack.aggregates
    hits = {hit: own.definitions[hit] for hit in own.hits if hit.name not in asked.letters}  # they follow from the batch
    return {name: cost.map(lambda e: e.xreplace(hits).xreplace({B: b * X * Z})) for name, cost in costs.items()}


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
        return Choice(where.name, of, formats[0], plainly(problem.why))
    best, count = next(s for s in layouts if s.name == found.best.at["mesh"]), int(found.best.at["b"])
    values = {c: cost.at(*known, best, {b: count}) for c, cost in costs.items() if c != "cost" or asked.priced(where)}
    after = [c for c in conditions if not holds(c, (*known, best, {b: count + 1}))]
    stopped = ", ".join(c.left.name for c in after) or _enough(values["latency"])
    ways = {axis.name: int(best[axis]) for axis in (X, Y, Z)}
    return Choice(where.name, of, formats[0], stopped, found, ways, count * ways["X"] * ways["Z"], values)


def _enough(step: Value) -> str:
    binding = step["MLP"].binding
    grows = {"math": "math, which grows with the batch", "comms": "comms, which grow with the batch"}
    return grows.get(binding, "nothing: a larger batch is not better")


def _reach(memory: Cost, layouts: Sequence[Sheet], known: tuple[Any, ...]) -> int:
    """The most sequences that a shard of any layout holds."""
    room = 0.0
    for layout in layouts:
        one, two = (float(memory.at(*known, layout, {b: i})) for i in (1, 2))
        room = max(room, (float(Cost(M_hbm, "byte").at(*known, layout)) - one) / (two - one))
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
        experts, queries, shared = kind.all_experts(), kind.query_heads(), kind.whole_heads()
        if experts is not None and size(experts) % x:
            return False
        if queries is not None:
            heads = size(queries)
            groups = heads if shared is None else size(shared)
            left = heads // (y if shared is None else max(y, groups))
            padded = -(-left // z) * z
            if (groups % y and y % groups) or heads % y or left < 1 or 3 * padded > 4 * left:
                return False
        if any(size(width) % (y * z) for width in kind.widths()):
            return False
    return size(D) % (y * z) == 0
