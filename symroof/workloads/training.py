"""Training: how far each sharding scheme scales before communication binds.

Of a model these are its MLPs and experts, all layers together; without one it is the ungated MLP ``[B, D] -> [B, F] -> [B, D]``
of the book. B is in tokens. A layer is written once for every scheme in the sharding notation; its collectives follow from that,
and each threshold from comms against math on rings. Attention and states are left out, and so are routers, below a hundredth
of the FLOPs. Experts are gathered as weights are, all of them, while a token uses k. Peak rates, large rings, arithmetic and
communication overlapped. What a run takes is in :mod:`symroof.workloads.training_memory`.
Source: How to Scale Your Model, part 5.
"""

from __future__ import annotations

from typing import Literal

import sympy as sp

from symroof.algebra.cost import Cost
from symroof.algebra.symbols import B, W_ici, X, Y, n
from symroof.errors import UnknownName, nearest, short
from symroof.machine.links import Torus
from symroof.machine.mesh import mesh
from symroof.solver.bound import Bound
from symroof.solver.solve import solve
from symroof.transformer.blocks import Blocks
from symroof.workloads.models import Model, sum_of_times
from symroof.workloads.training_layers import SCHEMES as SCHEMES
from symroof.workloads.training_layers import Direction as Direction
from symroof.workloads.training_layers import collectives
from symroof.workloads.training_layers import comms as comms
from symroof.workloads.training_layers import layer as layer
from symroof.workloads.training_layers import math as math
from symroof.workloads.training_layers import mlps as mlps
from symroof.workloads.training_layers import slices as slices
from symroof.workloads.training_layers import torus as torus
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

Overlap = Literal["comms add", "axes"]
OVERLAPS = ("comms add", "axes")


def comm_bytes(scheme: str, m: Model = None) -> Cost:
    """Bytes that layers move per chip, forward and backward, an AllReduce twice [byte]; parts by direction.

    >>> comm_bytes("data parallel")
    communicated  [byte]  = sum of
      forward   0
      backward  4*D*F*p_w
    """
    on = mesh(X=Torus(), Y=Torus())
    ways: tuple[Direction, ...] = ("forward", "backward")
    moved = [(comms(mlps(scheme, way, m), on) * W_ici).declare("byte") for way in ways]
    moved = [_merged(cost).map(sp.expand).named(way) for cost, way in zip(moved, ways, strict=True)]
    return sum_of_times(moved).named("communicated")


# -- one scheme
def dp_threshold(m: Model = None) -> Bound:
    """The batch from which data parallelism is compute-bound, in the backward pass [token]; B/X > alpha/M_X in bf16.

    >>> dp_threshold()
    B >= C*X*p_w/(2*M_X*W_ici)
    """
    return _hidden(mlps("data parallel", "backward", m), B)


def fsdp_threshold(m: Model = None, direction: Direction = "forward") -> Bound:
    """The batch from which FSDP is compute-bound [token]: as with data parallelism, in either direction.

    >>> fsdp_threshold()
    B >= C*X*p_w/(2*M_X*W_ici)
    """
    return _hidden(mlps("FSDP", direction, m), B)


def fsdp_limit(m: Model = None, direction: Direction = "forward") -> Bound:
    """The same threshold as a limit of the ways of FSDP, or of data parallelism, at a batch.

    >>> fsdp_limit()
    X <= 2*B*M_X*W_ici/(C*p_w)
    """
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

    >>> dcn_threshold()
    B >= C*Z*p_w/(2*W_dcn)
    """
    backward = mlps("data parallel across slices", "backward", m)
    network = sum_of_times([slices().time(c)["Z"] * times for c, times in collectives(backward)]).claiming(backward.of)
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
    one = {axis: _merged(sum_of_times([time for time, axes in sent if axes == (axis,)])).claiming(layers.of) for axis in ("X", "Y")}
    fsdp, tp = one["X"].named("FSDP"), one["Y"].named("TP")
    both = fsdp + tp if overlap == "comms add" else fsdp | tp
    found: Cost = (math(layers) | both.named("comms")).named("FSDP + tensor parallel").at(Y=n / X)
    return found


def optimal_fsdp(m: Model = None, overlap: Overlap = "comms add", direction: Direction = "forward") -> Bound:
    """The ways X of FSDP, beside n/X of tensor parallelism, that communicate least: from there on more X costs more.

    Comms that add are least where their derivative by X changes sign, overlapped ones where they are equal.

    >>> optimal_fsdp()                                         # sqrt(B n M_X / (F M_Y)) in one format
    X >= sqrt(B*M_X*n*p_a/(F*M_Y*p_w))
    >>> optimal_fsdp(overlap="axes").expr == optimal_fsdp().expr
    True
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
    """All ways X of FSDP that are compute-bound at a batch: between the limits of tensor parallelism and of FSDP.

    >>> mixed_range()
    C*n*p_a/(2*F*M_Y*W_ici) <= X <= 2*B*M_X*W_ici/(C*p_w)   when 4*B*F*M_X*M_Y*W_ici**2 >= C**2*n*p_a*p_w
    """
    time = mixed(m, overlap, direction)
    return solve(time["math"] >= time["comms"], X)


def mixed_ratio(m: Model = None, overlap: Overlap = "comms add") -> Cost:
    """Math over comms at the optimal X, the square root of the batch over its threshold; compute-bound above 1.

    >>> mixed_ratio(overlap="axes")
    2*W_ici*sqrt(B*F*M_X*M_Y/(n*p_a*p_w))/C  [1]
    """
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
