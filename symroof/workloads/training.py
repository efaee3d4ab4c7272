"""Training: how far each sharding scheme scales before communication binds.

A layer is the ungated MLP ``[B, D] -> [B, F] -> [B, D]`` of the book, B in tokens, written once for every scheme in the
sharding notation; its collectives follow from that, and each threshold from comms against math on rings. Peak rates,
large rings, arithmetic and communication overlapped. What a run takes is in :mod:`symroof.workloads.training_memory`.
Source: How to Scale Your Model, part 5.
"""

from __future__ import annotations

from typing import Literal

import sympy as sp

from symroof.algebra.cost import Cost
from symroof.algebra.symbols import M_X, M_Y, B, C, W_ici, X, Y, n
from symroof.errors import UnknownName, nearest, short
from symroof.machine.links import Network, Torus
from symroof.machine.mesh import Mesh, mesh
from symroof.program.program import Program
from symroof.solver.bound import Bound
from symroof.solver.solve import solve
from symroof.transformer.kind import Pass
from symroof.transformer.mlp import Mlp
from symroof.transformer.split import Sharding
from symroof.workloads.training_memory import D_tok as D_tok
from symroof.workloads.training_memory import bubble as bubble
from symroof.workloads.training_memory import bubble_max as bubble_max
from symroof.workloads.training_memory import checkpoint_memory as checkpoint_memory
from symroof.workloads.training_memory import checkpoints as checkpoints
from symroof.workloads.training_memory import chips_to_finish as chips_to_finish
from symroof.workloads.training_memory import fewest_chips as fewest_chips
from symroof.workloads.training_memory import fewest_microbatches as fewest_microbatches
from symroof.workloads.training_memory import flops_per_token as flops_per_token
from symroof.workloads.training_memory import largest_model as largest_model
from symroof.workloads.training_memory import memory as memory
from symroof.workloads.training_memory import microbatches as microbatches
from symroof.workloads.training_memory import mlp_checkpoint_memory as mlp_checkpoint_memory
from symroof.workloads.training_memory import p_opt as p_opt
from symroof.workloads.training_memory import peak_memory as peak_memory
from symroof.workloads.training_memory import run_flops as run_flops
from symroof.workloads.training_memory import run_price as run_price
from symroof.workloads.training_memory import run_time as run_time
from symroof.workloads.training_memory import state_memory as state_memory
from symroof.workloads.training_memory import step_time as step_time
from symroof.workloads.training_memory import t_run as t_run
from symroof.workloads.training_memory import tokens_per_second as tokens_per_second
from symroof.workloads.training_memory import utilisation as utilisation
from symroof.workloads.training_memory import zero_memory as zero_memory

Direction = Literal["forward", "backward"]
Overlap = Literal["comms add", "axes"]

SCHEMES = {
    "data parallel": Sharding(data="X"),
    "FSDP": Sharding(data="X", fsdp="X"),
    "tensor parallel": Sharding(model="Y"),
    "FSDP + tensor parallel": Sharding(data="X", model="Y", fsdp="X"),
    "data parallel across slices": Sharding(data="XZ"),
}
OVERLAPS = ("comms add", "axes")


def layer(scheme: str, direction: Direction = "forward") -> Program:
    """The MLP of a scheme, forward or backward.

    >>> layer("tensor parallel").collectives
    (AllGather_Y(In)  B*D*p_a  [byte], ReduceScatter_Y(Out)  B*D*p_a  [byte])

    Raises UnknownName with the schemes, or directions, there are.
    """
    if scheme not in SCHEMES:
        raise UnknownName(f"there is no scheme {short(scheme)}; {nearest(str(scheme), SCHEMES)}")
    if direction not in ("forward", "backward"):
        raise UnknownName(f"there is no direction {short(direction)}; {nearest(str(direction), ('forward', 'backward'))}")
    forward = Mlp(gated=False).program(SCHEMES[scheme], Pass(new=1))
    return forward if direction == "forward" else forward.backward()


def torus() -> Mesh:
    """X over M_X physical axes of rings, Y over M_Y."""
    return mesh(X=Torus(axes=M_X), Y=Torus(axes=M_Y))


def slices() -> Mesh:
    """Z slices of X chips each: rings over M_X physical axes inside, the data-centre network between them."""
    return mesh(X=Torus(axes=M_X), Z=Network())


def comms(program: Program, on: Mesh | None = None) -> Cost:
    """The time of all collectives of a program one after the other [s], on ``torus()`` unless told.

    >>> comms(layer("tensor parallel"))
    comms  [s]  = sum of
      AllGather_Y(In)       B*D*p_a/(M_Y*W_ici)
      ReduceScatter_Y(Out)  B*D*p_a/(M_Y*W_ici)
    """
    return _sum([(on or torus()).time(c) for c in program.collectives]).named("comms")


def math(program: Program) -> Cost:
    """The time of its FLOPs [s].

    >>> math(layer("FSDP", "backward"))
    8*B*D*F/(C*X)  [s]
    """
    return (program.flops / C).named("math")


def comm_bytes(scheme: str) -> Cost:
    """Bytes a layer moves per chip, forward and backward, an AllReduce twice [byte]; parts by direction.

    >>> comm_bytes("data parallel")
    communicated  [byte]  = sum of
      forward   0
      backward  4*D*F*p_w
    """
    on = mesh(X=Torus(), Y=Torus())
    ways: tuple[Direction, ...] = ("forward", "backward")
    moved = [_merged(comms(layer(scheme, way), on) * W_ici).declare("byte").named(way) for way in ways]
    return _sum(moved).named("communicated")


# -- one scheme
def dp_threshold() -> Bound:
    """The batch from which data parallelism is compute-bound, in the backward pass [token]; B/X > alpha/M_X in bf16.

    >>> dp_threshold()
    B >= C*X*p_w/(2*M_X*W_ici)
    """
    return _hidden("data parallel", "backward", B)


def fsdp_threshold(direction: Direction = "forward") -> Bound:
    """The batch from which FSDP is compute-bound [token]: as with data parallelism, in either direction.

    >>> fsdp_threshold()
    B >= C*X*p_w/(2*M_X*W_ici)
    """
    return _hidden("FSDP", direction, B)


def fsdp_limit(direction: Direction = "forward") -> Bound:
    """The same threshold as a limit of the ways of FSDP, or of data parallelism, at a batch.

    >>> fsdp_limit()
    X <= 2*B*M_X*W_ici/(C*p_w)
    """
    return _hidden("FSDP", direction, X)


def tp_limit(direction: Direction = "forward") -> Bound:
    """The ways of tensor parallelism that communication hides behind: Y < M_Y F / alpha in bf16, at any batch.

    The backward pass allows twice as many, as the forward pass leaves its gathered activations.

    >>> tp_limit()
    Y <= 2*F*M_Y*W_ici/(C*p_a)
    """
    return _hidden("tensor parallel", direction, Y)


def dcn_threshold() -> Bound:
    """The batch from which data parallelism over Z slices is compute-bound on the network between them [token].

    Each chip reduces its share of the gradients, so the batch of a slice, B/Z, does not depend on the slice.

    >>> dcn_threshold()
    B >= C*Z*p_w/(2*W_dcn)
    """
    backward = layer("data parallel across slices", "backward")
    network = _sum([slices().time(c)["Z"] for c in backward.collectives])
    return solve(math(backward) >= network, B)


# -- FSDP and tensor parallelism together, over n = XY chips
def mixed(overlap: Overlap = "comms add", direction: Direction = "forward") -> Cost:
    """A layer under X-way FSDP and n/X-way tensor parallelism [s]: ``math`` overlapped with comms.

    Comms on the two mesh axes take place one after the other ("comms add") or at the same time ("axes").

    >>> mixed("axes")
    FSDP + tensor parallel  [s]  = max of
      math   4*B*D*F/(C*n)
      comms  max of
        FSDP  2*D*F*X*p_w/(M_X*W_ici*n)
        TP    2*B*D*p_a/(M_Y*W_ici*X)

    Raises UnknownName for another overlap.
    """
    if overlap not in OVERLAPS:
        raise UnknownName(f"there is no overlap {short(overlap)}; {nearest(str(overlap), OVERLAPS)}")
    program = layer("FSDP + tensor parallel", direction)
    one = {axis: _merged(_sum([torus().time(c) for c in program.collectives if c.axes == (axis,)])) for axis in ("X", "Y")}
    fsdp, tp = one["X"].named("FSDP"), one["Y"].named("TP")
    both = fsdp + tp if overlap == "comms add" else fsdp | tp
    found: Cost = (math(program) | both.named("comms")).named("FSDP + tensor parallel").at(Y=n / X)
    return found


def optimal_fsdp(overlap: Overlap = "comms add", direction: Direction = "forward") -> Bound:
    """The ways X of FSDP, beside n/X of tensor parallelism, that communicate least: from there on more X costs more.

    Comms that add are least where their derivative by X changes sign, overlapped ones where they are equal.

    >>> optimal_fsdp()                                         # sqrt(B n M_X / (F M_Y)) in one format
    X >= sqrt(B*M_X*n*p_a/(F*M_Y*p_w))
    >>> optimal_fsdp("axes").expr == optimal_fsdp().expr
    True
    """
    time = mixed(overlap, direction)
    if overlap == "axes":
        return solve(time["FSDP"] >= time["TP"], X)
    slope = Cost(sp.diff(time["comms"].expr, X), "s", "d comms / d X")
    return solve(slope >= Cost(0, "s"), X)


def mixed_at_optimum(overlap: Overlap = "comms add", direction: Direction = "forward") -> Cost:
    """``mixed`` at the optimal X [s], in whole or broken numbers; X is gone."""
    time: Cost = mixed(overlap, direction).at(X=optimal_fsdp(overlap, direction).expr)
    return time


def mixed_threshold(overlap: Overlap = "comms add", direction: Direction = "forward") -> Bound:
    """The batch from which some mix of FSDP and tensor parallelism is compute-bound [token].

    In bf16 B/n > 4 alpha^2 / (M_X M_Y F) if the comms add (first edition), a quarter of it if they overlap (later ones).

    >>> mixed_threshold("comms add")
    B >= C**2*n*p_a*p_w/(F*M_X*M_Y*W_ici**2)
    >>> mixed_threshold("axes")
    B >= C**2*n*p_a*p_w/(4*F*M_X*M_Y*W_ici**2)
    """
    time = mixed_at_optimum(overlap, direction)
    return solve(time["math"] >= time["comms"], B)


def mixed_range(overlap: Overlap = "axes", direction: Direction = "forward") -> Bound:
    """All ways X of FSDP that are compute-bound at a batch: between the limits of tensor parallelism and of FSDP.

    >>> mixed_range()
    C*n*p_a/(2*F*M_Y*W_ici) <= X <= 2*B*M_X*W_ici/(C*p_w)   when 4*B*F*M_X*M_Y*W_ici**2 >= C**2*n*p_a*p_w
    """
    time = mixed(overlap, direction)
    return solve(time["math"] >= time["comms"], X)


def mixed_ratio(overlap: Overlap = "comms add") -> Cost:
    """Math over comms at the optimal X, the square root of the batch over its threshold; compute-bound above 1.

    >>> mixed_ratio("axes")
    2*W_ici*sqrt(B*F*M_X*M_Y/(n*p_a*p_w))/C  [1]
    """
    time = mixed_at_optimum(overlap)
    whole = time["comms"] if overlap == "comms add" else time["FSDP"]
    return (time["math"] / _merged(whole)).declare("1").named("")


# -- helpers
def _hidden(scheme: str, direction: Direction, unknown: sp.Symbol) -> Bound:
    """Where the communication of a scheme hides behind its FLOPs."""
    program = layer(scheme, direction)
    return solve(math(program) >= comms(program), unknown)


def _merged(cost: Cost) -> Cost:
    """A sum as one expression."""
    return Cost(sp.expand(sp.Add(*[part.expr for part in cost.parts] or [cost.expr])), cost.unit, cost.name)


def _sum(costs: list[Cost]) -> Cost:
    return sum(costs[1:], costs[0]) if costs else Cost(0, "s")
