"""Decoding on a mesh: X groups that share the experts and split the batch, Y ways of heads and d_ff, Z ways of the batch of KV caches.

Each of the X groups holds all weights but those of the experts, which all groups share (X ways of expert parallelism);
the matmuls of a group are split over its Y Z chips, its attention Y ways by heads and beyond that Z ways by sequences.
KV heads are whole: more ways of attention than KV heads copy them, and a latent cache is copied over Y. The collectives follow
from the layers in the sharding notation. ``n = X Y Z``. With X = Z = 1 and free communication a step is that of
:mod:`symroof.workloads.decode`. Source: How to Scale Your Model, part 7: distributing inference.
"""

from __future__ import annotations

import sympy as sp

from symroof.algebra.cost import Cost, largest, total
from symroof.algebra.symbols import MFU, B, W_hbm, X, Y, Z, n, price
from symroof.rooms import public
from symroof.transformer.blocks import Blocks
from symroof.transformer.kind import Pass, Sharding
from symroof.workloads import decode, models, prefill
from symroof.workloads.models import STEP, Model, blocks_of, letters, loaded, present, seen_time, summed, waits
from symroof.workloads.terms import SPLIT, cached, decoding


def weights(m: Model = None) -> Cost:
    """Bytes of weights per chip: P p_w / (YZ), of experts 1/(XYZ); of a model as it is stored M_w and M_exp in place of P p_w."""
    return (models.weights(m, X) / Cost(Y * Z, "1")).named("weights")


def cache(m: Model = None) -> Cost:
    """Bytes per chip of what sequences keep, as the attention programs hold it; beyond the KV heads, and of latents, a copy."""
    return present(m, {"attention": cached(m, STEP.held), "states": _states(m)}).named("KV cache")


def memory(m: Model = None) -> Cost:
    """Bytes per chip: weights + KV cache."""
    return (weights(m) + cache(m)).named("memory")


def comms(m: Model = None) -> Cost:
    """The collectives of a step one after the other [s], parts by block; none where X = Y = Z = 1.

    >>> comms()
    comms  [s]  = sum of
      attention    2*B*D*L*p_a*(Y*Z - 1)/(W_Y*X*Y*Z) + 2*B*H*L*N*p_a*(Z - 1)/(A_Z*X*Y*Z**2)
      MLP          2*B*D*L*p_a*(Y*Z - 1)/(W_Y*X*Y*Z)
      unembedding  B*D*p_a*(Y*Z - 1)/(W_Y*X*Y*Z)
    """
    found = blocks(m)
    return total(waits(b.program, b.times).named(b.name) for b in found if b.program.collectives).named("comms").claiming(found.of)


def step(m: Model = None, overlap: bool = True) -> Cost:
    """A decode step [s]: attention + states + max(math, weights, comms); without ``overlap`` the collectives add to the rest.

    Attention is the larger of reading the cache and its FLOPs, and so are states, which are read and written; of the book's
    model (no ``m``) attention is the reading.
    """
    attention = present(m, {"cache": cached(m, STEP.read, lent=True) / W_hbm, "math": _spread(seen_time(m, STEP))}, largest)
    first = present(m, {"attention": attention, "states": _spread(decode.state_time(m))})
    loading = loaded(m, X) / Cost(Y * Z, "1") / W_hbm
    matmuls = _spread(decode.math_time(m)) | loading.named("weights")
    if overlap:
        return (first + (matmuls | comms(m)).named("MLP")).named("decode step")
    return (first + matmuls.named("MLP") + comms(m)).named("decode step")


def estimate(m: Model = None) -> Cost:
    """A decode step as programs run it [s]: ``decode.estimate`` on a mesh, its collectives over X, Y and Z."""
    return decoding(m)


def throughput(m: Model = None, overlap: bool = True) -> Cost:
    """Tokens per second and chip: B / (n step)."""
    return rates(step(m, overlap))["throughput"]


def dollars_per_token(m: Model = None, overlap: bool = True) -> Cost:
    """What a generated token costs [USD/token]: price n step / B."""
    return rates(step(m, overlap))["cost"]


def rates(time: Cost) -> dict[str, Cost]:
    """What follows from the ``time`` of a step: ``throughput`` B / (n time) [token/s/chip], ``cost`` price n time / B [USD/token]."""
    return {
        "throughput": (B / time / _CHIPS).declare("token/s/chip").named("throughput"),
        "cost": (Cost(price, "USD/s") * (time * _CHIPS / B)).declare("USD/token").named("cost per token"),
    }


def first_token(m: Model = None) -> Cost:
    """The time to prefill one prompt of T tokens on the Y Z chips of a group [s]: max(math / MFU, weights, comms).

    Of the book's model its FLOPs over an MFU.
    """
    if m is None:
        return _spread(prefill.prefill_time(m).named(""), Y * Z).named("prefill")
    math, weights, comms = prompt(m, prefill.PROMPT)
    return (math | weights | comms).named("prefill")


def prompt(m: Model, at: Pass) -> tuple[Cost, Cost, Cost]:
    """What one prompt takes on the Y Z chips of a group [s]: its FLOPs over an MFU, reading the weights, and collectives."""
    found = blocks_of(m, Sharding(model="YZ"), at)
    times = [waits(b.program, b.times).expr.xreplace({B: sp.Integer(1)}) for b in found]
    math, weights = (_spread(t, Y * Z) for t in (prefill.math_time(m, at) / MFU, prefill.weight_time(m)))
    return math.named("math"), weights.named("weights"), Cost(sp.Add(*times), "s", "comms").claiming(found.of)


def blocks(m: Model = None) -> Blocks:
    """The layers of a decode step, each split as this module says, and how often it runs."""
    return blocks_of(m, SPLIT, STEP)


# -- helpers
_CHIPS = Cost(X * Y * Z, "chip", "chips")


def _spread(time: Cost, chips: sp.Expr = X * Y * Z) -> Cost:
    """A time of n chips on those of the mesh."""
    return time.map(lambda e: e.xreplace({n: chips}))


def _states(m: Model) -> Cost:
    """Bytes per chip of states, split evenly; 0 where a model keeps none."""
    return summed(m, [B * (letters(m).state + letters(m).pending) / _CHIPS.expr], "byte")


__all__ = public(globals())
