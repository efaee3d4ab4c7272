"""Training: how far each sharding scheme scales before communication binds.

Of a model these are its MLPs and experts, all layers together; without one it is the ungated MLP ``[B, D] -> [B, F] -> [B, D]``
of the book. B is in tokens. A layer is written once for every scheme in the sharding notation; its collectives follow from that,
and each threshold from comms against math on rings. Attention and states are left out, and so are routers, below a hundredth
of the FLOPs. Experts are gathered as weights are, all of them, while a token uses k. Peak rates, large rings, arithmetic and
communication overlapped. What a run takes is in :mod:`symroof.workloads.training_memory`.
Source: How to Scale Your Model, part 5.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import sympy as sp

from symroof.algebra.claims import WHOLE, Claim
from symroof.algebra.cost import Cost, total
from symroof.algebra.symbols import M_X, M_Y, B, C, W_ici, X, Y, n
from symroof.errors import InputError, UnknownName, nearest, short
from symroof.machine.collectives import Collective
from symroof.machine.links import Network, Torus
from symroof.machine.mesh import Mesh, mesh
from symroof.program.program import Overlap, Program
from symroof.rooms import public
from symroof.solver.bound import Bound
from symroof.solver.solve import solve
from symroof.transformer.blocks import Block, Blocks
from symroof.transformer.kind import Pass, Sharding
from symroof.transformer.mlp import Mlp
from symroof.transformer.stack import Layer
from symroof.workloads.models import AS_MLP, Model, beside_m, stack_of, with_width
from symroof.workloads.training_memory import *  # noqa: F403  # what a run takes is asked for here too

Direction = Literal["forward", "backward"]
DIRECTIONS: tuple[Direction, ...] = ("forward", "backward")
#: How collectives over two axes overlap; of those of a program the ones in which arithmetic overlaps with them.
OVERLAPS: tuple[Overlap, ...] = ("comms add", "axes")
SCHEMES = {
    "data parallel": Sharding(data="X"),
    "FSDP": Sharding(data="X", fsdp="X"),
    "tensor parallel": Sharding(model="Y"),
    "FSDP + tensor parallel": Sharding(data="X", model="Y", fsdp="X"),
    "data parallel across slices": Sharding(data="XZ"),
}


def layer(scheme: str, direction: Direction = "forward") -> Program:
    """The MLP of the book under a scheme, forward or backward.

    Raises UnknownName with the schemes, or directions, there are.
    """
    return mlps(scheme, direction).blocks[0].program


def mlps(scheme: str, direction: Direction = "forward", m: Model = None) -> Blocks:
    """The MLPs and experts of a model under a scheme, and how often each stands in it; without a model the book's MLP.

    An MLP beside attention is taken with collectives of its own.

    Raises UnknownName with the schemes, or directions, there are; InputError for a model that has neither MLPs nor experts.
    """
    if not isinstance(scheme, str) or scheme not in SCHEMES:
        raise UnknownName(f"there is no scheme {short(scheme)}; {nearest(str(scheme)[:99], SCHEMES)}{beside_m(scheme)}")
    if direction not in DIRECTIONS:
        raise UnknownName(f"there is no direction {short(direction)}; {nearest(str(direction), DIRECTIONS)}")
    found = []
    for of in [_BOOK] if m is None else with_width(m):
        alone: Any = replace(of.kind, parallel=False) if isinstance(of.kind, Mlp) else of.kind
        forward: Program = alone.program(SCHEMES[scheme], Pass(new=1))
        found.append(Block(of.name, of.kind, forward if direction == "forward" else forward.backward(), of.count))
    return Blocks(tuple(found), AS_MLP if m is None else stack_of(m).in_layers)


def torus() -> Mesh:
    """X over M_X physical axes of rings, Y over M_Y."""
    return mesh(X=Torus(axes=M_X), Y=Torus(axes=M_Y))


def slices() -> Mesh:
    """Z slices of X chips each: rings over M_X physical axes inside, the data-centre network between them."""
    return mesh(X=Torus(axes=M_X), Z=Network())


def comms(of: Program | Blocks, on: Mesh | None = None) -> Cost:
    """The time of all collectives of a program, or of the layers of a model, one after the other [s], on ``torus()`` unless told."""
    return total([(on or torus()).time(c) * times for c, times in collectives(of)]).named("comms").claiming(of.of)


def math(of: Program | Blocks) -> Cost:
    """The time of the FLOPs of a program, or of the layers of a model, without those of routers [s]."""
    flops = sp.factor(sp.Add(*[_flops(program) * times for program, times in _programs(of)]))
    return (Cost(flops, "FLOP").claiming(of.of) / C).named("math")


def comm_bytes(scheme: str, m: Model = None) -> Cost:
    """Bytes that layers move per chip, forward and backward, an AllReduce twice [byte]; parts by direction."""
    on = mesh(X=Torus(), Y=Torus())
    moved = {way: (comms(mlps(scheme, way, m), on) * W_ici).declare("byte") for way in DIRECTIONS}
    return total(_merged(cost).map(sp.expand).named(way) for way, cost in moved.items()).named("communicated")


# -- one scheme
def dp_threshold(m: Model = None) -> Bound:
    """The batch from which data parallelism is compute-bound, in the backward pass [token]; B/X > alpha/M_X in bf16."""
    return _hidden(mlps("data parallel", "backward", m), B)


def fsdp_threshold(m: Model = None, direction: Direction = "forward") -> Bound:
    """The batch from which FSDP is compute-bound [token]: as with data parallelism, in either direction."""
    return _hidden(mlps("FSDP", direction, m), B)


def fsdp_limit(m: Model = None, direction: Direction = "forward") -> Bound:
    """The same threshold as a limit of the ways of FSDP, or of data parallelism, at a batch."""
    return _hidden(mlps("FSDP", direction, m), X)


def tp_limit(m: Model = None, direction: Direction = "forward") -> Bound:
    """The ways of tensor parallelism that communication hides behind: Y < M_Y F / alpha in bf16, at any batch.

    The backward pass allows twice as many, as the forward pass leaves its gathered activations.

    >>> tp_limit()
    Y <= 2*F*M_Y*W_ici/(C*p_a)
    """
    return _hidden(mlps("tensor parallel", direction, m), Y)


def dcn_threshold(m: Model = None) -> Bound:
    """The batch from which data parallelism over Z slices is compute-bound on the network between them [token].

    Each chip reduces its share of the gradients, so the batch of a slice, B/Z, does not depend on the slice.
    """
    backward = mlps("data parallel across slices", "backward", m)
    network = total([slices().time(c)["Z"] * times for c, times in collectives(backward)]).claiming(backward.of)
    return solve(math(backward) >= network, B)


# -- FSDP and tensor parallelism together, over n = XY chips
def mixed(m: Model = None, overlap: Overlap = "comms add", direction: Direction = "forward") -> Cost:
    """A layer under X-way FSDP and n/X-way tensor parallelism [s]: ``math`` overlapped with comms.

    Comms on the two mesh axes take place one after the other ("comms add") or at the same time ("axes").

    >>> mixed(overlap="axes")
    FSDP + tensor parallel  [s]  = max of
      math   4*B*D*F/(C*n)
      comms  max of
        FSDP  2*D*F*X*p_w/(M_X*W_ici*n)
        TP    2*B*D*p_a/(M_Y*W_ici*X)

    Raises UnknownName for another overlap.
    """
    if overlap not in OVERLAPS:
        raise UnknownName(f"there is no overlap {short(overlap)}; {nearest(str(overlap), OVERLAPS)}")
    layers = mlps("FSDP + tensor parallel", direction, m)
    sent = [(torus().time(c) * times, c.axes) for c, times in collectives(layers)]
    one = {axis: _merged(total([time for time, axes in sent if axes == (axis,)])).claiming(layers.of) for axis in ("X", "Y")}
    fsdp, tp = one["X"].named("FSDP"), one["Y"].named("TP")
    both = fsdp + tp if overlap == "comms add" else fsdp | tp
    found: Cost = (math(layers) | both.named("comms")).named("FSDP + tensor parallel").at(Y=n / X)
    return found.claiming(found.of | {Claim(WHOLE, n / X)})


def optimal_fsdp(m: Model = None, overlap: Overlap = "comms add", direction: Direction = "forward") -> Bound:
    """The ways X of FSDP, beside n/X of tensor parallelism, that communicate least: from there on more X costs more.

    Comms that add are least where their derivative by X changes sign, overlapped ones where they are equal: both at
    sqrt(B n M_X / (F M_Y)) in one format.
    """
    time = mixed(m, overlap, direction)
    if overlap == "axes":
        return solve(time["FSDP"] >= time["TP"], X)
    slope = Cost(sp.diff(time["comms"].expr, X), "s", "d comms / d X").claiming(time.of)
    return solve(slope >= Cost(0, "s"), X)


def mixed_at_optimum(m: Model = None, overlap: Overlap = "comms add", direction: Direction = "forward") -> Cost:
    """``mixed`` at the optimal X [s], in whole or broken numbers; X is gone."""
    time: Cost = mixed(m, overlap, direction).at(X=optimal_fsdp(m, overlap, direction).expr)
    return time


def mixed_threshold(m: Model = None, overlap: Overlap = "comms add", direction: Direction = "forward") -> Bound:
    """The batch from which some mix of FSDP and tensor parallelism is compute-bound [token].

    In bf16 B/n > 4 alpha^2 / (M_X M_Y F) if the comms add (first edition), a quarter of it if they overlap (later ones).

    >>> mixed_threshold(overlap="comms add")
    B >= C**2*n*p_a*p_w/(F*M_X*M_Y*W_ici**2)
    >>> mixed_threshold(overlap="axes")
    B >= C**2*n*p_a*p_w/(4*F*M_X*M_Y*W_ici**2)
    """
    time = mixed_at_optimum(m, overlap, direction)
    return solve(time["math"] >= time["comms"], B)


def mixed_range(m: Model = None, overlap: Overlap = "axes", direction: Direction = "forward") -> Bound:
    """All ways X of FSDP that are compute-bound at a batch: between the limits of tensor parallelism and of FSDP."""
    time = mixed(m, overlap, direction)
    return solve(time["math"] >= time["comms"], X)


def mixed_ratio(m: Model = None, overlap: Overlap = "comms add") -> Cost:
    """Math over comms at the optimal X, the square root of the batch over its threshold; compute-bound above 1."""
    time = mixed_at_optimum(m, overlap)
    both = 2 if overlap == "comms add" else 1  # at the optimum FSDP and tensor parallelism take as long
    return (time["math"] / (time["FSDP"] * both)).declare("1").named("")


# -- helpers
def _hidden(layers: Blocks, unknown: sp.Symbol) -> Bound:
    """Where the communication of layers hides behind their FLOPs."""
    return solve(math(layers) >= comms(layers), unknown)


def _merged(cost: Cost) -> Cost:
    """A sum as one expression."""
    return Cost(sp.factor(sp.Add(*[part.expr for part in cost.parts] or [cost.expr])), cost.unit, cost.name).claiming(cost.of)


_BOOK = Layer("MLP", Mlp(gated=False), sp.Integer(1))


def _programs(of: Program | Blocks) -> list[tuple[Program, sp.Expr]]:
    if not isinstance(of, (Program, Blocks)):
        raise InputError(f"{short(of)} is no program; give layer('FSDP') of the book, or mlps('FSDP', m=m) of a model")
    return [(of, sp.Integer(1))] if isinstance(of, Program) else [(b.program, b.times) for b in of]


def _routing(program: Program) -> set[str]:
    """The weights of routers, and their gradients."""
    weights = {t for t, role in program.roles if role.of == "router"}
    return weights | {f"d{t}" for t in weights}


def _flops(program: Program) -> sp.Expr:
    """FLOPs without those of routers."""
    counted, left_out = [s for s in program.statements if s.mark != "vector"], _routing(program)
    return sp.Add(*[s.flops.expr for s in counted if not left_out & {t.name for t in (*s.operands, s.out)}])


def collectives(of: Program | Blocks) -> list[tuple[Collective, sp.Expr]]:
    """Every collective and how often it runs, without those of the gradients of routers."""
    return [(c, times) for program, times in _programs(of) for c in program.collectives if c.tensor not in _routing(program)]


__all__ = public(globals(), "symroof.workloads.training_memory")
