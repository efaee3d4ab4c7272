"""Training: what a run takes: HBM for weights, optimizer and checkpoints, time and money, idle turns of a pipeline.

Source: How to Scale Your Model, parts 4 to 6.
"""

from __future__ import annotations

from symroof.algebra.cost import Cost, total
from symroof.algebra.symbols import (
    MFU,
    B,
    C,
    D,
    D_tok,
    L,
    M_hbm,
    P,
    S,
    X,
    Z,
    bubble_max,
    checkpoints,
    microbatches,
    n,
    p_a,
    p_opt,
    p_w,
    price,
    t_run,
)
from symroof.errors import InputError, short
from symroof.solver.bound import Bound
from symroof.solver.solve import solve
from symroof.transformer.kind import Pass
from symroof.transformer.mlp import Mlp
from symroof.transformer.stack import Layer
from symroof.workloads.models import (
    AS_DENSE,
    AS_GATED,
    Model,
    beside_m,
    checked,
    multiplied,
    present,
    seen,
    stack_of,
    states,
    with_width,
)


# -- memory
def state_memory(m: Model = None, gradients: bool = False) -> Cost:
    """Bytes of weights and optimizer, and of ``gradients`` as wide as the weights if they are kept, of any model [byte].

    In bf16 with Adam 10 bytes a parameter, 12 with gradients; with a master copy of the weights too, 16.
    """
    checked(m)
    widths = {"weights": p_w, "optimizer": p_opt} | ({"gradients": p_w} if gradients else {})
    return total(Cost(P * width, "byte", name) for name, width in widths.items()).named("state")


def zero_memory(stage: int, m: Model = None) -> Cost:
    """Bytes per chip of weights, gradients and optimizer over X ways of data parallelism, by ZeRO ``stage``, of any model [byte].

    0 copies everything, 1 shards the optimizer, 2 the gradients too, 3 (FSDP) the weights too. The first three move the same
    bytes once a step, 3 half as much again in every microbatch: see :mod:`symroof.workloads.layout`.

    >>> zero_memory(1)
    ZeRO-1  [byte]  = sum of
      weights    P*p_w
      gradients  P*p_w
      optimizer  P*p_opt/X

    Raises InputError for another stage.
    """
    checked(m)
    if not isinstance(stage, int) or isinstance(stage, bool) or stage not in (0, 1, 2, 3):
        raise InputError(f"there is no ZeRO stage {short(stage)}; give 0, 1, 2 or 3{beside_m(stage)}")
    parts = (("weights", p_w, 3), ("gradients", p_w, 2), ("optimizer", p_opt, 1))
    held = [Cost(P * width / (X if stage >= first else 1), "byte", name) for name, width, first in parts]
    return total(held).named(f"ZeRO-{stage}")


def largest_model(m: Model = None, gradients: bool = False) -> Bound:
    """The parameters that pure data parallelism holds on every chip: solve(state <= M_hbm, P)."""
    return solve(state_memory(m, gradients) <= Cost(M_hbm, "byte", "HBM"), P)


def checkpoint_memory(m: Model = None) -> Cost:
    """Bytes of the activations kept for the backward pass: so many of D elements for every token and layer, of any model."""
    checked(m)
    return Cost(checkpoints * p_a * L * B * D, "byte", "checkpoints")


def mlp_checkpoint_memory(m: Model = None, gated: bool = True) -> Cost:
    """Bytes of what comes out of the matmuls of all MLPs, kept for the backward pass: p_a LB (D + 2F) if gated.

    Of a model of all its MLPs and experts, as they are; ``gated`` is of the book's.

    Raises InputError for a model that has neither MLPs nor experts.
    """
    book, found = Layer("MLP", Mlp(gated=gated), L), []
    for of in [book] if m is None else with_width(m):
        program = of.kind.program(at=Pass(new=1))
        weights = set(program.having("weight"))
        made = [s.out.name for s in program.statements if weights & {t.name for t in s.operands}]
        found.append((program.bytes(*made) * of.count).named(of.name))
    claims = stack_of(m).in_layers if m is not None else AS_GATED if gated else AS_DENSE
    return (found[0] if m is None else total(found)).named("MLP checkpoints").claiming(claims)


def memory(m: Model = None, gradients: bool = False) -> Cost:
    """Bytes of a training step on all chips: weights, optimizer, checkpoints."""
    held, kept = state_memory(m, gradients), checkpoint_memory(m)
    return (held.named("") + kept).named("training memory")


def fewest_chips(m: Model = None, gradients: bool = False) -> Bound:
    """The chips that hold all that, sharded evenly: solve(memory <= n M_hbm, n)."""
    return solve(memory(m, gradients) <= Cost(n * M_hbm, "byte", "HBM"), n)


# -- a run
def flops_per_token(m: Model = None, causal: bool = True) -> Cost:
    """FLOPs of forward and backward pass per token [FLOP/token], three times the forward pass.

    6 P_mm, and attention over sequences of S tokens: of the (S+1)/2 that a token sees on average if ``causal``, of S if not.
    In the book 6P, attention left out.
    """
    at = Pass(new=S, context=S, causal=causal)
    parts = {"matmuls": multiplied(m, S), "attention": seen(m, at), "states": states(m, at)}
    return present(m, {name: cost * 3 / Cost(S, "token") for name, cost in parts.items()}).named("training FLOPs")


def step_time(m: Model = None) -> Cost:
    """The time of a training step [s]: 6PB / (nC MFU)."""
    return (flops_per_token(m) * B / n / C / MFU).declare("s").named("training step")


def run_time(m: Model = None) -> Cost:
    """The time of a run over D_tok tokens [s]: D_tok/B steps."""
    return (step_time(m) * D_tok / B).declare("s").named("training run")


def run_flops(m: Model = None) -> Cost:
    """The FLOPs of a run [FLOP]: 6 P D_tok."""
    return (flops_per_token(m) * D_tok).declare("FLOP").named("FLOPs of the run")


def chips_to_finish(m: Model = None) -> Bound:
    """The chips that finish a run within t_run: solve(run_time <= t_run, n)."""
    return solve(run_time(m) <= Cost(t_run, "s", "limit"), n)


def tokens_per_second(m: Model = None) -> Cost:
    """Tokens trained on per second, by all chips [token/s]; times a day, tokens per day."""
    return (B / step_time(m)).declare("token/s").named("tokens per second")


def utilisation(m: Model = None) -> Cost:
    """The MFU of a run that took t_run: 6 P D_tok / (n C t_run)."""
    return (run_flops(m) / n / C / t_run).declare("1").named("MFU")


def run_price(m: Model = None) -> Cost:
    """What a run costs [USD]: the price of its chip-hours, the same on any number of chips at one MFU."""
    return (run_time(m) * n * price).declare("USD").named("price of the run")


# -- a pipeline
def bubble() -> Cost:
    """The part of a step that a stage of a Z-stage pipeline idles: Z - 1 of (microbatches + Z - 1) turns.

    Stages of one length, forward passes first and then backward passes; zero-bubble schedules do better.
    """
    return Cost(_IDLE / _TURNS, "1")


def fewest_microbatches() -> Bound:
    """The microbatches with which a pipeline idles at most bubble_max of a step."""
    return solve(Cost(_IDLE, "1", "idle turns") <= Cost(bubble_max * _TURNS, "1", "allowed"), microbatches)


_IDLE, _TURNS = Z - 1, microbatches + Z - 1
