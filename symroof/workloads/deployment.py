"""Decoding on a mesh: X groups that share the experts and split the batch, Y ways of heads and d_ff, Z ways of the batch of KV caches.

Each of the X groups holds all weights but those of the experts, which all groups share (X ways of expert parallelism);
the matmuls of a group are split over its Y Z chips, its attention Y ways by heads and beyond that Z ways by sequences.
KV heads are whole: more ways of attention than KV heads copy them, and a latent cache is copied over Y. The collectives follow
from the layers in the sharding notation. ``n = X Y Z``. With X = Z = 1 and free communication a step is that of
:mod:`symroof.workloads.decode`. Source: How to Scale Your Model, part 7: distributing inference.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import sympy as sp

from symroof.algebra.claims import Claims
from symroof.algebra.cost import Cost
from symroof.algebra.operands import plain
from symroof.algebra.symbols import A_X, A_Z, MFU, W_X, W_Y, B, C, P, T, W_hbm, X, Y, Z, p_w, price
from symroof.machine.kinds import kind_of
from symroof.machine.links import Switch
from symroof.program.program import Program
from symroof.transformer.blocks import Blocks
from symroof.transformer.facts import facts
from symroof.transformer.kind import Pass
from symroof.transformer.split import Sharding
from symroof.workloads import prefill
from symroof.workloads.models import AS_DENSE, BOOK, Model, has_states, held, multiplied, read, seen, stack_of, states

#: How attention, experts and all other layers are split.
_SPLIT = {
    "attention": Sharding(data="X", model="Y", cache="Z"),
    "experts": Sharding(data="X", experts="X", model="YZ"),
    "": Sharding(data="X", model="YZ"),
}
_STEP = Pass(new=1)
_WAYS = {"X": X, "Y": Y, "Z": Z}


def weights(m: Model = None) -> Cost:
    """Bytes of weights per chip: P p_w / (YZ), of experts 1/(XYZ).

    >>> weights()
    P*p_w/(Y*Z)  [byte]
    """
    whole = Cost(P, "param").claiming(AS_DENSE) if m is None else held(m, X)
    return (whole * Cost(p_w / (Y * Z), "byte/param")).declare("byte").named("weights")


def cache(m: Model = None) -> Cost:
    """Bytes per chip of what sequences keep, as the attention programs hold it; beyond the KV heads, and of latents, a copy.

    >>> cache()
    2*B*H*L*S*p_kv*Max(K, Y)/(X*Y*Z)  [byte]
    """
    parts = [part for part in (_cached(m), _states(m)) if part.expr != 0] or [_cached(m)]
    return (parts[0] if len(parts) == 1 else parts[0] + parts[1]).named("KV cache")


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
    times = [_time(b.program, b.times).named(b.name) for b in blocks(m) if b.program.collectives]
    return reduce(lambda a, b: a + b, times).named("comms").claiming(_claims(m))


def step(m: Model = None, overlap: bool = True) -> Cost:
    """A decode step [s]: attention + states + max(math, weights, comms); without ``overlap`` the collectives add to the rest.

    Attention is the larger of reading the cache and its FLOPs, and so are states, which are read and written; of the book's
    model (no ``m``) attention is the reading.

    >>> step()["weights"]
    P*p_w/(W_hbm*Y*Z)  [s]
    """
    chips = X * Y * Z
    if m is None:
        reading: Cost = cache() / W_hbm
        first, used = reading.named("attention"), Cost(2 * P, "FLOP").claiming(AS_DENSE)
        loading: Cost = weights() / W_hbm
    else:
        first, used = _sequences(m), multiplied(m)
        loading = (read(m, X) * Cost(p_w / (Y * Z), "byte/param")).declare("byte") / W_hbm
    math: Cost = (B * used) / (C * chips)
    matmuls = math.named("math") | loading.named("weights")
    if overlap:
        return (first + (matmuls | comms(m)).named("MLP")).named("decode step")
    return (first + matmuls.named("MLP") + comms(m)).named("decode step")


def throughput(m: Model = None, overlap: bool = True) -> Cost:
    """Tokens per second and chip: B / (n step)."""
    return (B / step(m, overlap) / _CHIPS).declare("token/s/chip").named("throughput")


def dollars_per_token(m: Model = None, overlap: bool = True) -> Cost:
    """What a generated token costs [USD/token]: price n step / B."""
    return (Cost(price, "USD/s") * (step(m, overlap) * _CHIPS / B)).declare("USD/token").named("cost per token")


def first_token(m: Model = None) -> Cost:
    """The time to prefill one prompt of T tokens on the Y Z chips of a group [s]: max(math / MFU, weights, comms).

    Of the book's model its FLOPs over an MFU.

    >>> first_token()
    2*P*T/(C*MFU*Y*Z)  [s]
    """
    if m is None:
        time: Cost = prefill.prefill_time().at(n=Y * Z)
        return time.named("prefill")
    whole: Cost = (prefill.math_time(m) / MFU | prefill.weight_time(m)).at(n=Y * Z)
    at = Pass(new=T, context=T, last=True)
    found = stack_of(m).blocks(Sharding(model="YZ"), at)
    times = [_time(b.program, b.times).expr.xreplace({B: sp.Integer(1)}) for b in found if b.program.collectives]
    return (whole | Cost(sp.Add(*times), "s", "comms").claiming(_claims(m))).named("prefill")


def blocks(m: Model = None) -> Blocks:
    """The layers of a decode step, each split as this module says, and how often it runs."""
    found = (BOOK if m is None else stack_of(m)).blocks(_SPLIT, _STEP)
    return Blocks(found.blocks, _claims(m))


# -- helpers
_CHIPS = Cost(X * Y * Z, "chip", "chips")


def _cached(m: Model) -> Cost:
    """Bytes per chip of KV caches."""
    held = sp.Integer(0)
    for b in blocks(m):
        if facts(b.kind).cache != 0:
            names = [t for t in b.program.having("cache") if t in b.program.inputs]
            held += sp.factor(b.program.bytes(*names).expr) * b.times * _copies(b.kind.whole_heads())
    return Cost(sp.factor(held), "byte", "attention").claiming(_claims(m))


def _states(m: Model) -> Cost:
    """Bytes per chip of states, split evenly; 0 where a model keeps none."""
    if m is None or not has_states(m):
        return Cost(0, "byte", "states")
    return Cost(B * stack_of(m).aggregates.state / _CHIPS.expr, "byte", "states").claiming(stack_of(m).in_aggregates)


def _sequences(m: Model) -> Cost:
    """The time of what sequences keep [s]: attention, and states, read and written, each the larger of bytes and FLOPs."""
    attended: Cost = (B * seen(m, _STEP)) / (C * _CHIPS.expr)
    scanned: Cost = (B * states(m, _STEP)) / (C * _CHIPS.expr)
    cached, kept = _cached(m) / W_hbm, _states(m) * 2 / W_hbm
    attention = (cached.named("cache") | attended.named("math")).named("attention")
    state = (kept.named("hbm") | scanned.named("math")).named("states")
    if not has_states(m):
        return attention
    return attention + state if stack_of(m).aggregates.reaches else state


def _claims(m: Model) -> Claims:
    return AS_DENSE if m is None else stack_of(m).in_layers


def _copies(heads: Any) -> sp.Expr:
    """How many chips of a group hold the same KV head: Y / K where there are more ways than heads."""
    return sp.Integer(1) if heads is None else sp.Max(plain(heads), Y, evaluate=False) / heads


def _time(program: Program, count: sp.Expr) -> Cost:
    """All collectives of a program that runs so often, one after the other; what a chip keeps is not sent."""
    return Cost(sp.Add(*[_one(c.kind, c.volume, c.axes).expr * count for c in program.collectives]), "s")


def _one(kind: str, volume: Cost, axes: tuple[str, ...]) -> Cost:
    ways = sp.Mul(*[_WAYS[a] for a in axes])
    rates = {"X": (W_X, A_X), "Z": (W_Y, A_Z)}.get("".join(axes), (W_Y, W_Y))
    return Switch(bandwidth=rates[kind_of(kind).by_pairs]).time(kind, volume, ways, exact=True)
