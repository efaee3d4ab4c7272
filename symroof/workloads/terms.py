"""What an estimate has beside a bound: what is reached of a rate, collectives with their latency, and what every pass adds.

``t = sum over terms of work / (eta x rate) + count x overhead``. Efficiencies (``eta_hbm``) are 1 and overheads (``t_layer``) are 0
unless they are bound, for example by a calibration, so that an estimate without one is no less than the bound of the same model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from symroof.algebra.cost import Cost, largest, total
from symroof.algebra.operands import plain
from symroof.algebra.symbols import (
    DERATES,
    B,
    C,
    L,
    Symbol,
    T_tile,
    W_hbm,
    X,
    Y,
    Z,
    eta_att,
    eta_hbm,
    eta_kv,
    eta_link,
    eta_math,
    t_coll,
    t_layer,
    t_req,
    t_step,
)
from symroof.machine.collectives import Exchange, exchange
from symroof.transformer.blocks import Blocks
from symroof.transformer.facts import Opaque, concrete
from symroof.transformer.kind import Sharding, Size
from symroof.transformer.view import View
from symroof.workloads.models import STEP, Model, blocks_of, hits, letters, loaded, multiplied, present, seen, states, summed, waits

#: How a serving mesh splits attention, experts and all other layers.
SPLIT = {
    "attention": Sharding(data="X", model="Y", cache="Z"),
    "experts": Sharding(data="X", experts="X", model="YZ"),
    "": Sharding(data="X", model="YZ"),
}
_WAYS = {"X": X, "Y": Y, "Z": Z}


def decoding(m: Model = None) -> Cost:
    """A decode step on a mesh as programs run it [s], one thing after the other: attention, states, matmuls, collectives, overheads."""
    chips = Cost(X * Y * Z, "1")
    moved = {"cache": reached(cached(m, STEP.read, lent=True) / W_hbm, eta_kv), "math": reached(B * seen(m, STEP) / chips / C, eta_att)}
    kept = summed(m, [2 * B * letters(m).state], "byte")  # read and written
    updated = {"hbm": reached(kept / chips / W_hbm, eta_kv), "math": reached(B * states(m, STEP) / chips / C)}
    worked = {"matmuls": B * multiplied(m), "tiles": padded(m)}
    mlp = reached(present(m, worked) / chips / C).named("math") | reached(loaded(m, X) / Cost(Y * Z, "1") / W_hbm).named("weights")
    first = present(m, {"attention": present(m, moved, largest), "states": present(m, updated, largest)})
    return (first + mlp.named("MLP") + linked(blocks_of(m, SPLIT, STEP)) + overheads(m, B / X)).named("decode estimate")


def reached(cost: Cost, *etas: Symbol) -> Cost:
    """A cost whose rates carry what is reached of them: C as eta_math C, W_hbm as eta_hbm W_hbm, links as eta_link of theirs.

    ``etas`` stand in the place of those of C and W_hbm: ``eta_att``, ``eta_kv``.
    """
    put = {rate: rate * eta for eta in (eta_math, eta_hbm, eta_link) for rate in DERATES[eta]}
    put |= {_OWN[eta]: _OWN[eta] * eta for eta in etas}
    return cost.map(lambda e: e.xreplace(put))


_OWN = {eta_att: C, eta_kv: W_hbm}


def padded(m: Model, tokens: Any = None) -> Cost:
    """FLOPs by which the tokens of routed experts fill up their tiles [FLOP]: 2 E_hit P_exp (T_tile - 1); 0 if tiles are of one token.

    ``tokens``: how many choose experts, where they are not the batch of a decode step.
    """
    own = letters(m)
    return summed(m, [2 * hits(own, tokens)[hit] * each * (T_tile - 1) for hit, each, _ in own.routed], "FLOP")


def linked(found: Blocks) -> Cost:
    """The collectives of a pass one after the other [s]: their bytes at what is reached of the links, and ``t_coll`` for each.

    An AllReduce counts once, and so do an AllGather and a ReduceScatter together; over x chips it takes 1 - 1/x^2 of ``t_coll``:
    none on one chip, nearly all on some.
    """
    sent, calls = sp.Integer(0), dict[sp.Expr, sp.Expr]()
    for b in found:
        sent += waits(b.program, b.times).expr
        for c in b.program.collectives:
            size = sp.Mul(*[_WAYS[axis] for axis in c.axes])
            calls[size] = calls.get(size, 0) + _weight(exchange(c.kind)) * b.times
    latency = sp.Add(*[t_coll * sp.factor(many) * (1 - size**-2) for size, many in calls.items()])
    parts = reached(Cost(sent, "s", "bytes")), Cost(latency, "s", "latency")
    return total(parts).named("collectives").claiming(found.of)


def _weight(how: Exchange) -> sp.Expr:
    return sp.Integer(1) if how.by_pairs else sp.Rational(how.passes(), 2)


def overheads(m: Model, sequences: Size) -> Cost:
    """What a pass takes beside its work [s]: L t_layer + t_step + t_req for each sequence."""
    terms = {"layers": L * t_layer, "step": t_step, "sequences": plain(sequences) * t_req}
    return total(summed(m, [term], "s").named(name) for name, term in terms.items()).named("overheads")


def cached(m: Model, count: Callable[[View], sp.Expr], lent: bool = False) -> Cost:
    """Bytes per chip of so many entries of KV caches; of more ways than KV heads Y / K chips of a group hold the same one.

    With ``lent`` those that layers read of others count too.
    """
    held, found = sp.Integer(0), blocks_of(m, SPLIT, Opaque(new=1))
    for b in found:
        names, heads = [t for t in b.program.having("cache", *["lent"] * lent) if t in b.program.inputs], b.kind.part("heads")
        if names:
            copies = 1 if heads is None else sp.Max(plain(heads), Y, evaluate=False) / heads
            held += sp.factor(concrete(b.program.bytes(*names).expr, b.kind, count)) * b.times * copies
    return Cost(sp.factor(held), "byte").claiming(found.of)
