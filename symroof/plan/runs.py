"""The best mesh of a training run: X ways of FSDP, Y of tensor parallelism, Z stages, microbatches, what is computed again."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from symroof.algebra.condition import Condition
from symroof.algebra.cost import Cost
from symroof.algebra.symbols import A_X, W_X, W_Y, D, L, M_hbm, W_dcn, W_ici, X, Y, Z, n
from symroof.ask.letters import reach, refuse_unused
from symroof.errors import InputError, NothingFits
from symroof.plan.choices import Choice, Choices, plainly, searched
from symroof.plan.layouts import divisors, rates
from symroof.plan.wishes import Training
from symroof.search.search import search
from symroof.search.space import space
from symroof.sheets.chips import Chip
from symroof.sheets.dtypes import dtype
from symroof.sheets.llms import Llm
from symroof.sheets.sheet import Sheet
from symroof.sheets.slices import Slice
from symroof.workloads import pretraining
from symroof.workloads.training_memory import D_tok, microbatches, p_opt

#: What a search makes best, and whether that is small or large.
AIMS = {"time": "minimize", "cost": "minimize", "MFU": "maximize", "throughput": "maximize"}


def search_training(model: str | Llm, on: Any, by: str = "time", prune: bool = True, **wishes: Any) -> Choices:
    """The best slice, mesh, microbatches and rematerialization to train a model, by "time" of a step, "cost", "MFU" or "throughput".

    ``on`` are chips, by name or as sheets. Wishes: ``batch`` (tokens), ``context``, ``chips`` (at most), ``tokens`` of the run,
    when it must ``finish``, ``remat``, ``format``, ``optimizer`` (bytes a parameter), ``math``, ``overlap``, ``letters``. Every
    legal slice is searched over its meshes and microbatches; the formulas are those of ``symroof.workloads.pretraining``.

    >>> found = search_training("llama3-8b", "tpu-v5p", batch=2**20, chips=64, remat="block")
    >>> found.best.slice.name, found.best.mesh
    ('4x4x4', {'X': 64, 'Y': 1, 'Z': 1, 'microbatches': 1})
    >>> found.best.values["memory"]
    14.43 GB   state 1.506 GB | activations 8.724 GB | logits 4.203 GB

    Raises InputError for an aim or a wish there is not, UnknownName for a chip, model or format.
    """
    asked = Training.of(**wishes)
    return searched(model, on, asked, (by, AIMS), lambda known, where: _on(known, where, asked, (by, prune)))


def _on(model: Llm, where: Chip, asked: Training, how: tuple[str, bool]) -> list[Choice]:
    costs = {remat: _costs(model, asked, remat, asked.priced(where)) for remat in asked.policies}
    slices = [s for s in where.slices if s.chips <= asked.most_chips()]
    formats = dtype(asked.format, activations=asked.arithmetic(where), math=asked.arithmetic(where))
    every = [cost for of in costs.values() for cost in of.values()]
    refuse_unused(asked.given, reach({x for c in every for x in c.free_symbols} | {M_hbm, W_ici, W_dcn}, (model, where, formats)))
    return [_slice((model, where, s), asked, costs[remat], (remat, *how)) for s in slices for remat in costs]


def _costs(model: Llm, asked: Training, remat: str, priced: bool) -> dict[str, Cost]:
    """What is known of a configuration."""
    m, overlap = model, asked.overlap
    costs = {
        "time": pretraining.step(m, remat, overlap),
        "MFU": pretraining.mfu(m, remat, overlap),
        "throughput": pretraining.tokens(m, remat, overlap),
        "memory": pretraining.memory(m, remat),
    }
    if priced:
        costs["cost"] = pretraining.dollars_per_token(m, remat, overlap)
    if asked.tokens is not None:
        costs["run"] = pretraining.run(m, remat, overlap)
        costs |= {"price of the run": pretraining.run_price(m, remat, overlap)} if priced else {}
    return costs


def _conditions(costs: dict[str, Cost], asked: Training) -> list[Condition]:
    found = [costs["memory"] <= Cost(M_hbm, "byte", "HBM")]
    if asked.finish is not None and "run" not in costs:
        raise InputError("when a run finishes depends on its tokens; give tokens=15e12 beside finish")
    return found + ([costs["run"] <= asked.finish] if asked.finish is not None else [])


def _slice(place: tuple[Llm, Chip, Slice], asked: Training, costs: dict[str, Cost], how: tuple[str, str, bool]) -> Choice:
    model, where, of = place
    remat, by, prune = how
    layouts = list(meshes(model, where, of, asked.sequences))
    if not layouts:
        return Choice(where.name, of, remat, f"no legal mesh: {asked.sequences} sequences, {int(model[L])} layers")
    arithmetic = asked.arithmetic(where)
    run = {D_tok: asked.tokens} if asked.tokens is not None else {}
    known = (
        model,
        asked.over(dtype(asked.format, activations=arithmetic, math=arithmetic)),
        asked.traffic,
        {p_opt: asked.optimizer, **run},
    )
    best_of: dict[str, Any] = {AIMS[by]: costs[by]}
    try:
        found = search(space(*known, mesh=layouts), subject_to=_conditions(costs, asked), prune=prune, **best_of)
    except NothingFits as problem:
        return Choice(where.name, of, remat, plainly(problem.why))
    best = next(s for s in layouts if s.name == found.best.at["mesh"])
    values = {name: cost.at(*known, best) for name, cost in costs.items()}
    ways = {axis.name: int(best[axis]) for axis in (X, Y, Z, microbatches)}
    return Choice(where.name, of, remat, f"{values['time'].binding}", found, ways, asked.sequences, values)


def meshes(model: Llm, where: Chip, of: Slice, sequences: int) -> Iterator[Sheet]:
    """Every legal mesh: Y divides the KV heads and the widths, Z the layers, X the experts and, times microbatches, the sequences."""
    total = of.chips
    for z in divisors(total):
        for y in divisors(total // z):
            x = total // (y * z)
            if int(model[L]) % z or sequences % x or not _legal(model, x, y):
                continue
            found = rates(where, of, (y, x, z))
            if not found:
                continue
            known = {W_Y: found[0].gather, W_X: found[1].gather, A_X: found[1].all_to_all, n: Fraction(total)}
            for turns in divisors(sequences // x):
                mesh = {X: Fraction(x), Y: Fraction(y), Z: Fraction(z), microbatches: Fraction(turns)}
                yield Sheet(f"{of.name} X{x} Y{y} Z{z} m{turns}", "", {**where.values, **known, **mesh}, where.defaults)


def _legal(model: Llm, x: int, y: int) -> bool:
    """Whether every layer can be split so."""

    def size(letter: Any) -> int:
        return int(model[letter])

    sizes = {size(D)}
    for kind, _ in model.stack.structure:
        sizes |= {size(width) for width in kind.widths()}
        heads, experts = kind.whole_heads() or kind.query_heads(), kind.all_experts()
        if heads is not None:
            sizes.add(size(heads))
        if experts is not None and size(experts) % x:
            return False
    return all(each % y == 0 for each in sizes)
