"""A replica as programs run it: the terms of ``deployment.estimate`` by what they follow, and what a prompt adds to the steps of others.

Efficiencies are 1 and overheads 0 unless they are bound, for example by a calibration; then the replica is that of
``replica.placed`` with its collectives added.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from symroof.algebra.cost import Cost, total
from symroof.algebra.symbols import B, C, T, W_hbm, X, Y, Z, eta_att, n
from symroof.rooms import public
from symroof.transformer.kind import Sharding
from symroof.workloads import deployment
from symroof.workloads.load.replica import PROMPT, Replica, alone, hits_of, room
from symroof.workloads.models import Model, blocks_of, loaded, multiplied, present, seen, states
from symroof.workloads.terms import linked, overheads, padded, reached


def estimated(m: Model, whole: bool = False) -> Replica:
    """The replica of a model on a mesh of X Y Z chips as programs run it.

    A step takes its overheads and the latency of collectives whatever it does (``floor``), then the weights (``fixed``) or the
    FLOPs of its sequences (``roof``), and for each sequence its cache, its share of what is sent, ``t_req``. A prompt that is read
    in a step adds its FLOPs and what it sends, and ``t_req``; by itself, ``whole``, all that a pass takes.
    """
    step = deployment.estimate(m)
    mlp, links, beside = step["MLP"], step["collectives"], step["overheads"]
    each = total([alone(part) for part in (*_kept(step), links["bytes"], beside["sequences"])])
    always = (links["latency"] + beside["layers"] + beside["step"]).named("always")
    math, *tiles = mlp["math"].parts or (mlp["math"],)
    return Replica(
        fixed=(always + mlp["weights"]).named("fixed"),
        each=each.named("each"),
        prompt=_prompt(m, whole),
        roof=(each + alone(math).named("math")).named("roof"),
        chips=Cost(X * Y * Z, "chip", "chips"),
        slots=room(m),
        hits=hits_of(m),
        floor=total([always, *tiles]).named("floor"),
    )


def _kept(step: Cost) -> list[Cost]:
    """The parts of a step that read what sequences keep."""
    return [part for part in step.parts if part.name in ("attention", "states")]


def _prompt(m: Model, whole: bool) -> Cost:
    """What the prompt of a request takes of the steps of others [s]; X groups read one each."""
    put = _on(Y * Z)
    worked = {"matmuls": multiplied(m, T, last=True), "states": states(m, PROMPT)}
    math = {**worked, "tiles": padded(m, T)} if whole else worked
    mlp = reached(present(m, math) / n / C).named("math")
    if whole:
        mlp = mlp | reached(loaded(m, tokens=T) / n / W_hbm).named("weights")
    attention = reached(seen(m, PROMPT) / n / C, eta_att)
    links = linked(blocks_of(m, Sharding(model="YZ"), PROMPT)).map(lambda e: e.xreplace({B: sp.Integer(1)}))
    beside = overheads(m, 1)
    parts = {"attention": put(attention), "MLP": put(mlp)}
    read = present(m, parts) + (links if whole else links["bytes"]) + (beside if whole else beside["sequences"])
    return (read / X).declare("s").named("prompt")


def _on(chips: sp.Expr) -> Callable[[Cost], Cost]:
    return lambda cost: cost.map(lambda e: e.xreplace({n: chips}))


__all__ = public(globals())
