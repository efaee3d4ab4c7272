"""A training step of a whole model on a mesh: X ways of FSDP, Y of tensor parallelism, Z stages of a pipeline, n = X Y Z.

B sequences of S tokens are cut into microbatches; every layer is a program in the sharding notation, forward, computed
again as the policy says, and backward, and its collectives follow from that. Experts are spread over X instead of being
gathered. Stages hold L/Z layers and take turns: microbatches + Z - 1 of them (1F1B). HBM bandwidth and what stages
send to each other are left out. Source: How to Scale Your Model, part 5.
"""

from __future__ import annotations

import sympy as sp

from symroof.algebra.cost import Cost
from symroof.algebra.operands import plain
from symroof.algebra.symbols import B, C, P, P_act, S, X, Y, Z, p_w, price
from symroof.machine.links import Switch
from symroof.program.program import Program
from symroof.transformer.architecture import DENSE, Architecture
from symroof.transformer.layers import Sharding
from symroof.transformer.model import Model, model
from symroof.workloads.deployment import A_X, W_X, W_Y
from symroof.workloads.training_memory import D_tok, microbatches, p_opt

_SHARDED = Sharding(data="X", model="Y", fsdp="X")
_EXPERTS = Sharding(data="X", experts="X", model="Y")
_WAYS = {"X": X, "Y": Y}


def blocks(arch: Architecture = DENSE) -> Model:
    """The layers of one microbatch, B / microbatches sequences of S tokens."""
    others, routed = (model(arch, how, new_tokens=S).blocks for how in (_SHARDED, _EXPERTS))
    picked = tuple(r if o[0] == "experts" else o for o, r in zip(others, routed, strict=True))
    return Model(tuple((name, program, plain(times)) for name, program, times in picked))


def step(arch: Architecture = DENSE, remat: str = "block", overlap: bool = True) -> Cost:
    """The time of a step [s]: (microbatches + Z - 1) / Z turns of max(math, FSDP, tensor parallel); without ``overlap`` their sum.

    ``remat`` is what is computed again: "none", "block", "matmuls". FSDP is what runs over X: gathering weights, scattering
    gradients, sending tokens to experts.

    Raises ProgramError for another policy.
    """
    turns = (microbatches + Z - 1) / Z
    once = {"math": _math(arch, remat), "FSDP": _comms(arch, remat, "X"), "tensor parallel": _comms(arch, remat, "Y")}
    math, fsdp, tensor = (time.map(lambda e: _micro(e) * turns).named(name) for name, time in once.items())
    return ((math | fsdp | tensor) if overlap else math + fsdp + tensor).named("training step")


def memory(arch: Architecture = DENSE, remat: str = "block") -> Cost:
    """Bytes per chip: P (2 p_w + p_opt) / n of weights, gradients and optimizer, what is kept for the backward pass, logits.

    A stage keeps its layers of as many microbatches as are under way, at most Z. The weights of the layer that is gathered
    at the moment are left out.
    """
    kept = blocks(arch).saved(remat)
    logits = kept["logits"].expr
    rest = sum((part.expr for part in kept.parts if part.name != "logits"), sp.Integer(0))
    state = Cost(P * (2 * p_w + p_opt) / (X * Y * Z), "byte", "state")
    activations = Cost(rest * sp.Min(Z, microbatches, evaluate=False) / Z, "byte", "activations")
    return (state + (activations.map(_micro) + Cost(_micro(logits), "byte", "logits"))).named("memory")


def mfu(arch: Architecture = DENSE, remat: str = "block", overlap: bool = True) -> Cost:
    """Model FLOP utilisation: 6 P B S of useful FLOPs over n C step; of a mixture of experts with its active parameters."""
    used = P_act if arch.experts else P
    useful: Cost = Cost(6 * used * B * S, "FLOP") / (X * Y * Z * C)
    return (useful / step(arch, remat, overlap)).declare("1").named("MFU")


def tokens(arch: Architecture = DENSE, remat: str = "block", overlap: bool = True) -> Cost:
    """Tokens per second and chip: B S / (n step)."""
    return (Cost(B * S, "token") / step(arch, remat, overlap) / Cost(X * Y * Z, "chip")).declare("token/s/chip").named("throughput")


def dollars_per_token(arch: Architecture = DENSE, remat: str = "block", overlap: bool = True) -> Cost:
    """What a token of training costs [USD/token]: price n step / (B S)."""
    time = step(arch, remat, overlap)
    return (Cost(price, "USD/s") * (time * Cost(X * Y * Z, "1") / Cost(B * S, "token"))).declare("USD/token").named("cost per token")


def run(arch: Architecture = DENSE, remat: str = "block", overlap: bool = True) -> Cost:
    """The time of a run over D_tok tokens [s]: D_tok / (B S) steps."""
    steps = Cost(D_tok, "token") / Cost(B * S, "token")
    return (step(arch, remat, overlap) * steps).declare("s").named("run")


def run_price(arch: Architecture = DENSE, remat: str = "block", overlap: bool = True) -> Cost:
    """What a run over D_tok tokens costs [USD]: price n run."""
    return (Cost(price, "USD/s") * (run(arch, remat, overlap) * Cost(X * Y * Z, "1"))).declare("USD").named("price of the run")


# -- helpers
def _micro(expr: sp.Expr) -> sp.Expr:
    """An expression of the whole batch, for a microbatch."""
    found: sp.Expr = expr.xreplace({B: B / microbatches})
    return found


def _math(arch: Architecture, remat: str) -> Cost:
    flops = [program.training(remat).flops.expr * times for _, program, times in blocks(arch).blocks]
    time: Cost = Cost(sp.Add(*flops), "FLOP") / C
    return time.named("math")


def _comms(arch: Architecture, remat: str, axis: str) -> Cost:
    """The collectives over one axis, one after the other; what a chip keeps is not sent."""
    times = [_over(program.training(remat), axis) * count for _, program, count in blocks(arch).blocks]
    return Cost(sp.Add(*times), "s")


def _over(program: Program, axis: str) -> sp.Expr:
    found = sp.Integer(0)
    for c in program.collectives:
        if c.axes == (axis,):
            rate = {"X": A_X if c.kind == "AllToAll" else W_X, "Y": W_Y}[axis]
            found += Switch(bandwidth=rate).time(c.kind, c.volume, _WAYS[axis], exact=True).expr
    return found
