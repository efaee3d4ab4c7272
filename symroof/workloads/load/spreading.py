"""How a replica spreads over chips: more chips a replica against more replicas, other splits of attention, pipelines.

Times of a step beside what both ways have in common: bytes that a chip reads over W_hbm, and collectives.
"""

from __future__ import annotations

import sympy as sp

from symroof.algebra.cost import Condition, Cost, quantity
from symroof.algebra.symbols import B, B_max, M_att, M_tok, S, W_hbm, Z, lam, microbatches, n, n_kv, t_hop, t_red, t_swap, z
from symroof.algebra.units import Unit
from symroof.rooms import public
from symroof.solver.bound import Bound
from symroof.solver.solve import solve
from symroof.workloads.load.fleet import OTHER
from symroof.workloads.load.replica import Replica, Served, of
from symroof.workloads.load.tags import Tag

_S = Unit.of("s")


@Tag("exact", "as far as the law is, for a z that does not depend on the rate")
def tensor_parallel_pays(served: Served = None, other: Served = None) -> Bound:
    """The rate of a chip from which, or up to which, n chips as one replica (``other``) answer sooner than n replicas of one chip.

    solve(t_2 at n lam <= t at lam, lam): (a_2 + b_2 z)(1 - lam w) <= (a + b z)(1 - n lam w_2), both below their highest rate.
    """
    r = of(served)
    s = OTHER if other is None else of(other)
    first, last = (x.fixed.expr + x.each.expr * z for x in (r, s))
    left = quantity(last + lam * n * first * s.work, _S).claiming(r.of | s.of)
    return solve(left <= quantity(first + lam * last * r.work, _S).claiming(r.of | s.of), lam)


@Tag("exact", "while memory binds; counted, not simulated")
def data_parallel_attention() -> Bound:
    """The batch from which attention is better data parallel over n chips, each with its sequences, than tensor parallel.

    Tensor parallel attention keeps a cache n / n_kv times beyond its KV heads, data parallel its weights n times:
    solve(M_att / W_hbm + B S M_tok / (n W_hbm) + t_swap <= M_att / (n W_hbm) + B S M_tok / (min(n, n_kv) W_hbm) + t_red, B).
    """
    alone = quantity(M_att / W_hbm + B * S * M_tok / (n * W_hbm) + t_swap, _S, "data parallel")
    heads = sp.Min(n, n_kv, evaluate=False)
    return solve(alone <= quantity(M_att / (n * W_hbm) + B * S * M_tok / (heads * W_hbm) + t_red, _S, "tensor parallel"), B)


@Tag("exact", "while memory binds; counted, not simulated")
def context_parallel_pays() -> Bound:
    """The batch from which a cache is better split by tokens over n chips than copied beyond its KV heads.

    solve(B S M_tok / (n W_hbm) + t_swap <= B S M_tok / (min(n, n_kv) W_hbm), B).
    """
    split = quantity(B * S * M_tok / (n * W_hbm) + t_swap, _S, "by tokens")
    return solve(split <= quantity(B * S * M_tok / (sp.Min(n, n_kv, evaluate=False) * W_hbm), _S, "by heads"), B)


@Tag("exact", "stages of equal length")
def pipeline_token_time(served: Served = None) -> Cost:
    """The time of a token in a pipeline of Z stages and so many microbatches [s]: max(m, Z) (a / Z + b B / (Z m) + t_hop)."""
    r = of(served)
    stage = r.fixed.expr / Z + r.each.expr * B / (Z * microbatches) + t_hop
    return r.formula(sp.Max(microbatches, Z, evaluate=False) * stage, "s", "token")


@Tag("exact", "as many microbatches as stages, the same batch")
def pipeline_beats_tensor_parallel(served: Served = None) -> Bound:
    """The collectives of a step from which Z stages beat as many ways of tensor parallelism: solve(a + Z t_hop <= a / Z + t_red, t_red).

    >>> pipeline_beats_tensor_parallel()
    t_red >= (Z*(Z*t_hop + a) - a)/Z
    """
    return of(served).solved(_pipeline_beats_tensor_parallel, t_red)


@Tag("exact", "batches that fill the room: B of the pipeline, B_max of a chip by itself")
def pipeline_beats_replicas(served: Served = None) -> Bound:
    """The latency of a hop up to which one copy of the weights over Z stages yields more than Z replicas, for it has more room.

    solve(Z (a + b B / Z + Z t_hop) <= (a + b B_max) B / B_max, t_hop).
    """
    return of(served).solved(_pipeline_beats_replicas, t_hop)


# -- conditions
def _pipeline_beats_tensor_parallel(r: Replica) -> Condition:
    stages = quantity(r.fixed.expr + Z * t_hop, _S, "pipeline").claiming(r.of)
    return stages <= quantity(r.fixed.expr / Z + t_red, _S, "tensor parallel")


def _pipeline_beats_replicas(r: Replica) -> Condition:
    one, all_of_it = r.fixed.expr + r.each.expr * B_max, r.fixed.expr + r.each.expr * B / Z + Z * t_hop
    return quantity(Z * all_of_it, _S, "pipeline").claiming(r.of) <= quantity(B * one / B_max, _S, "replicas")


__all__ = public(globals())
