"""Decoding on a mesh: X groups that share the experts and split the batch, Y ways of heads and d_ff, Z ways of the batch of KV caches.

Each of the X groups holds all weights but those of the experts, which all groups share (X ways of expert parallelism);
the matmuls of a group are split over its Y Z chips, its attention Y ways by heads and beyond that Z ways by sequences.
The collectives follow from the layers in the sharding notation. ``n = X Y Z``. With X = Z = 1 and free communication a step
is that of :mod:`symroof.workloads.decode`. Source: How to Scale Your Model, part 7: distributing inference.
"""

from __future__ import annotations

from functools import reduce

import sympy as sp

from symroof.algebra.cost import Cost
from symroof.algebra.operands import plain
from symroof.algebra.symbols import B, C, P, P_act, W_hbm, X, Y, Z, p_w, price, symbol
from symroof.machine.links import Switch
from symroof.program.program import Program
from symroof.transformer import layers
from symroof.transformer.architecture import DENSE, Architecture
from symroof.transformer.layers import Sharding
from symroof.transformer.model import model
from symroof.workloads.prefill import prefill_time

#: What a chip sends and receives over the axes of the mesh; a layout of a chip says how much.
W_X = symbol("W_X", "byte/s", "bandwidth of a chip in a collective over X")
W_Y = symbol("W_Y", "byte/s", "bandwidth of a chip in a collective over Y, or Y and Z")
A_X = symbol("A_X", "byte/s", "bandwidth of a chip in an AllToAll over X: less than W_X where bytes take several hops")
A_Z = symbol("A_Z", "byte/s", "bandwidth of a chip in an AllToAll over Z")

#: How attention, experts and all other layers are split.
_SPLIT = {"attention": Sharding(data="X", model="Y", cache="Z"), "experts": Sharding(data="X", experts="X", model="YZ")}
_OTHERS = Sharding(data="X", model="YZ")
_WAYS = {"X": X, "Y": Y, "Z": Z}


def weights(arch: Architecture = DENSE) -> Cost:
    """Bytes of weights per chip: P p_w / (YZ), of experts 1/(XYZ).

    >>> weights()
    P*p_w/(Y*Z)  [byte]
    """
    routed = _experts(arch)
    return Cost((P * p_w - routed) / (Y * Z) + routed / (X * Y * Z), "byte", "weights")


def cache(arch: Architecture = DENSE) -> Cost:
    """Bytes of KV caches per chip, as the attention programs hold them; the cache of latent attention is copied over Y.

    >>> cache()
    2*B*H*K*L*S*p_kv/(X*Y*Z)  [byte]
    """
    held = sp.Integer(0)
    for _, program, times in blocks(arch):
        held += program.bytes(*[t for t in program.inputs if t in layers.CACHES]).expr * times if _caches(program) else 0
    return Cost(sp.factor(held), "byte", "KV cache")


def memory(arch: Architecture = DENSE) -> Cost:
    """Bytes per chip: weights + KV cache."""
    return (weights(arch) + cache(arch)).named("memory")


def comms(arch: Architecture = DENSE) -> Cost:
    """The collectives of a step one after the other [s], parts by block; none where X = Y = Z = 1.

    >>> comms()
    comms  [s]  = sum of
      attention    2*B*D*L*p_a*(Y*Z - 1)/(W_Y*X*Y*Z) + 2*B*H*L*N*p_a*(Z - 1)/(A_Z*X*Y*Z**2)
      MLP          2*B*D*L*p_a*(Y*Z - 1)/(W_Y*X*Y*Z)
      unembedding  B*D*p_a*(Y*Z - 1)/(W_Y*X*Y*Z)
    """
    times = [_time(program, count).named(name) for name, program, count in blocks(arch)]
    return reduce(lambda a, b: a + b, times).named("comms")


def step(arch: Architecture = DENSE, overlap: bool = True) -> Cost:
    """A decode step [s]: KV / W_hbm + max(math, weights, comms); without ``overlap`` the collectives add to the rest.

    >>> step()["weights"]
    P*p_w/(W_hbm*Y*Z)  [s]
    """
    attention: Cost = cache(arch) / W_hbm
    used = P_act if arch.experts else P
    math: Cost = Cost(2 * B * used, "FLOP") / (C * X * Y * Z)
    loading: Cost = weights(arch) / W_hbm
    matmuls = math.named("math") | loading.named("weights")
    parts = attention.named("attention")
    if overlap:
        return (parts + (matmuls | comms(arch)).named("MLP")).named("decode step")
    return (parts + matmuls.named("MLP") + comms(arch)).named("decode step")


def throughput(arch: Architecture = DENSE, overlap: bool = True) -> Cost:
    """Tokens per second and chip: B / (n step)."""
    return (B / step(arch, overlap) / _CHIPS).declare("token/s/chip").named("throughput")


def dollars_per_token(arch: Architecture = DENSE, overlap: bool = True) -> Cost:
    """What a generated token costs [USD/token]: price n step / B."""
    return (Cost(price, "USD/s") * (step(arch, overlap) * _CHIPS / B)).declare("USD/token").named("cost per token")


def first_token(arch: Architecture = DENSE) -> Cost:
    """The time to prefill one prompt of T tokens on the Y Z chips of a group [s].

    >>> first_token()
    2*P*T/(C*MFU*Y*Z)  [s]
    """
    time: Cost = prefill_time(arch).at(n=Y * Z)
    return time.named("prefill")


def blocks(arch: Architecture = DENSE) -> tuple[tuple[str, Program, sp.Expr], ...]:
    """The layers of a decode step, each split as this module says, and how often it runs."""
    split = {kind: model(arch, how, new_tokens=1).blocks for kind, how in _SPLIT.items()}
    found = []
    for i, (name, program, times) in enumerate(model(arch, _OTHERS, new_tokens=1).blocks):
        kind = "experts" if name == "experts" else "attention" if "attention" in name else ""
        found.append((name, split[kind][i][1] if kind else program, plain(times)))
    return tuple(found)


# -- helpers
_CHIPS = Cost(X * Y * Z, "chip", "chips")


def _caches(program: Program) -> bool:
    return any(t in layers.CACHES for t in program.inputs)


def _experts(arch: Architecture) -> sp.Expr:
    """Bytes of the weights of all experts."""
    found = sp.Integer(0)
    for name, program, times in model(arch, new_tokens=1).blocks:
        if name == "experts":
            found += program.bytes("W_in", "W_gate", "W_out").expr * times
    return found


def _time(program: Program, count: sp.Expr) -> Cost:
    """All collectives of a program that runs so often, one after the other; what a chip keeps is not sent."""
    return Cost(sp.Add(*[_one(c.kind, c.volume, c.axes).expr * count for c in program.collectives]), "s")


def _one(kind: str, volume: Cost, axes: tuple[str, ...]) -> Cost:
    ways = sp.Mul(*[_WAYS[a] for a in axes])
    rates = {"X": (W_X, A_X), "Z": (W_Y, A_Z)}.get("".join(axes), (W_Y, W_Y))
    return Switch(bandwidth=rates[kind == "AllToAll"]).time(kind, volume, ways, exact=True)
