"""The best mesh of a training run: X ways of FSDP, Y of tensor parallelism, Z stages, microbatches, what is computed again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from symroof.algebra.cost import Cost
from symroof.algebra.symbols import A_X, W_X, W_Y, D, L, X, Y, Z, n
from symroof.ask.known import Known
from symroof.errors import InputError
from symroof.plan.choices import Choices, Task, fits, searched
from symroof.plan.layouts import divisors, rates
from symroof.plan.wishes import TRAINING, Wishes
from symroof.sheets.chips import Chip, Slice
from symroof.sheets.llms import Llm
from symroof.sheets.sheet import Sheet
from symroof.workloads import pretraining
from symroof.workloads.training_memory import microbatches


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
    asked = Wishes.make(TRAINING, model, on, by, wishes)
    return searched(asked, prune, lambda known: _tasks(known, asked))


def _tasks(known: Known, asked: Wishes) -> Iterator[Task]:
    (here,) = known.each((asked["format"],))
    model, where, sequences = here.own, here.held, asked.sequences
    here = here.but(B=sequences)
    costs = {remat: _costs(here, asked, remat) for remat in asked.policies}
    asked.refuse_unused(here, [cost for of in costs.values() for cost in of.values()])
    for of in asked.slices(where):
        layouts = list(meshes(model, where, of, sequences))
        lacks = f"no legal mesh: {sequences} sequences, {int(model[L])} layers"
        for remat, known_costs in costs.items():
            conditions = [fits(known_costs["memory"])]
            conditions += [known_costs["run"] <= asked["finish"]] if asked["finish"] is not None else []
            task = Task(here, of, remat, known_costs, conditions, layouts, lambda values, _: f"{values['time'].binding}", sequences)
            yield replace(task, lacks=lacks, sheets=here.sheets[1:])


def _costs(known: Known, asked: Wishes, remat: str) -> dict[str, Cost]:
    """What is known of a configuration.

    Raises InputError for a run that must finish and has no number of tokens.
    """
    m, overlap = known.own, asked["overlap"]
    costs = {
        "time": pretraining.step(m, remat, overlap),
        "MFU": pretraining.mfu(m, remat, overlap),
        "throughput": pretraining.tokens(m, remat, overlap),
        "memory": pretraining.memory(m, remat),
    }
    if known.priced:
        costs["cost"] = pretraining.dollars_per_token(m, remat, overlap)
    if asked["tokens"] is not None:
        costs["run"] = pretraining.run(m, remat, overlap)
        costs |= {"price of the run": pretraining.run_price(m, remat, overlap)} if known.priced else {}
    elif asked["finish"] is not None:
        raise InputError("when a run finishes depends on its tokens; give tokens=15e12 beside finish")
    return costs


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
        sizes |= {size(width) for width in kind.even()}
        heads, experts = kind.part("heads") or kind.part("queries"), kind.part("experts")
        if heads is not None:
            sizes.add(size(heads))
        if experts is not None and size(experts) % x:
            return False
    return all(each % y == 0 for each in sizes)
