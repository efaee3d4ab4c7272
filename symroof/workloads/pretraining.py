"""A training step of a whole model on a mesh: X ways of FSDP, Y of tensor parallelism, Z stages of a pipeline, n = X Y Z.

B sequences of S tokens are cut into microbatches; every layer is a program in the sharding notation, forward, computed
again as the policy says, and backward, and its collectives follow from that. Experts are spread over X instead of being
gathered. The longest stage holds ceil(L/Z) layers, and stages take turns: microbatches + Z - 1 of them (1F1B). HBM bandwidth
and what stages send to each other are left out. Source: How to Scale Your Model, part 5.
"""

from __future__ import annotations

import sympy as sp

from symroof.algebra.cost import Cost
from symroof.algebra.symbols import B, C, L, P, S, X, Y, Z, p_w, price
from symroof.transformer.blocks import Blocks
from symroof.transformer.kind import Pass, Sharding
from symroof.workloads.models import AS_GATED, BOOK, Model, blocks_of, stack_of, waits
from symroof.workloads.training_memory import D_tok, flops_per_token, microbatches, p_opt

#: The part of the layers that the longest stage holds.
_STAGE = sp.ceiling(L / Z) / L

_SHARDED = Sharding(data="X", model="Y", fsdp="X")
_SPLIT = {"attention": _SHARDED, "experts": Sharding(data="X", experts="X", model="Y"), "": _SHARDED}


def blocks(m: Model = None, causal: bool = True) -> Blocks:
    """The layers of one microbatch, B / microbatches sequences of S tokens; latent attention expanded, the embedding a lookup."""
    return blocks_of(m, _SPLIT, Pass(new=S, context=S, causal=causal), AS_GATED)


def step(m: Model = None, remat: str = "block", overlap: bool = True, causal: bool = True) -> Cost:
    """The time of a step [s]: microbatches + Z - 1 turns of ceil(L/Z) of L layers, max(math, FSDP, tensor parallel); else their sum.

    ``remat`` is what is computed again: "none", "block", "matmuls". FSDP is what runs over X: gathering weights, scattering
    gradients, sending tokens to experts. Attention is ``causal``, half the FLOPs, unless told.

    Raises ProgramError for another policy.
    """
    turns = (microbatches + Z - 1) * _STAGE
    found = blocks(m, causal)
    once = {"math": _math(found, remat), "FSDP": _comms(found, remat, "X"), "tensor parallel": _comms(found, remat, "Y")}
    math, fsdp, tensor = (time.map(lambda e: _micro(e) * turns).named(name) for name, time in once.items())
    return ((math | fsdp | tensor) if overlap else math + fsdp + tensor).named("training step")


def memory(m: Model = None, remat: str = "block") -> Cost:
    """Bytes per chip: P (2 p_w + p_opt) ceil(L/Z) / (L X Y) of weights, gradients and optimizer, what is kept for backward, logits.

    A stage keeps its layers of as many microbatches as are under way, at most Z. The weights of the layer that is gathered
    at the moment are left out.
    """
    kept = blocks(m).saved(remat)
    logits = kept["logits"].expr
    rest = sum((part.expr for part in kept.parts if part.name != "logits"), sp.Integer(0))
    state = Cost(P * (2 * p_w + p_opt) / (X * Y) * _STAGE, "byte", "state")
    activations = Cost(rest * sp.Min(Z, microbatches, evaluate=False) * _STAGE, "byte", "activations")
    held = activations.map(_micro) + Cost(_micro(logits), "byte", "logits")
    return (state + held.claiming(kept.of)).named("memory")


def mfu(m: Model = None, remat: str = "block", overlap: bool = True, causal: bool = True) -> Cost:
    """Model FLOP utilisation, at most 1: the FLOPs of forward and backward pass, computed once, over n C step.

    They are those of the matmuls (6 a parameter and token, no embedding, of experts those that are used) and of attention, of
    the pairs that are seen if ``causal``, of all S^2 if not. Published figures often count 6P or full attention: more.
    """
    work = BOOK.flops(S, S, causal).expr * 3 if m is None else B * S * flops_per_token(m, causal).expr
    claims = AS_GATED if m is None else stack_of(m).in_aggregates
    useful: Cost = Cost(sp.factor(work), "FLOP").claiming(claims) / (X * Y * Z * C)
    return (useful / step(m, remat, overlap, causal)).declare("1").named("MFU")


def tokens(m: Model = None, remat: str = "block", overlap: bool = True, causal: bool = True) -> Cost:
    """Tokens per second and chip: B S / (n step)."""
    return (Cost(B * S, "token") / step(m, remat, overlap, causal) / Cost(X * Y * Z, "chip")).declare("token/s/chip").named("throughput")


def dollars_per_token(m: Model = None, remat: str = "block", overlap: bool = True, causal: bool = True) -> Cost:
    """What a token of training costs [USD/token]: price n step / (B S)."""
    time = step(m, remat, overlap, causal)
    return (Cost(price, "USD/s") * (time * Cost(X * Y * Z, "1") / Cost(B * S, "token"))).declare("USD/token").named("cost per token")


def run(m: Model = None, remat: str = "block", overlap: bool = True, causal: bool = True) -> Cost:
    """The time of a run over D_tok tokens [s]: D_tok / (B S) steps."""
    steps = Cost(D_tok, "token") / Cost(B * S, "token")
    return (step(m, remat, overlap, causal) * steps).declare("s").named("run")


def run_price(m: Model = None, remat: str = "block", overlap: bool = True, causal: bool = True) -> Cost:
    """What a run over D_tok tokens costs [USD]: price n run."""
    return (Cost(price, "USD/s") * (run(m, remat, overlap, causal) * Cost(X * Y * Z, "1"))).declare("USD").named("price of the run")


# -- helpers
def _micro(expr: sp.Expr) -> sp.Expr:
    """An expression of the whole batch, for a microbatch."""
    found: sp.Expr = expr.xreplace({B: B / microbatches})
    return found


def _math(found: Blocks, remat: str) -> Cost:
    flops = [b.program.training(remat).flops.expr * b.times for b in found if b.program.statements]
    return (Cost(sp.Add(*flops), "FLOP").claiming(found.of) / C).named("math")


def _comms(found: Blocks, remat: str, axis: str) -> Cost:
    """The collectives over one axis, one after the other; what a chip keeps is not sent."""
    sent = [waits(b.program.training(remat), over=axis).expr * b.times for b in found if b.program.statements]
    return Cost(sp.Add(*sent), "s").claiming(found.of)
