"""A training step of a whole model, laid out as a :class:`~symroof.workloads.layout.Layout` says.

B sequences of S tokens are cut into microbatches; what a layer takes of a chip in one follows from its program, see
:mod:`symroof.workloads.turns`. No resource is busy longer than the step: arithmetic, HBM, the links of each kind of collective; and
a pipeline waits until it is full. ``step`` is that bound. ``estimate`` adds what a step waits for beside, by letters that are
neutral unless they are bound (``symroof.algebra.symbols.UNLESS``). What a chip holds is ``memory``.
Source: How to Scale Your Model, part 5; arXiv:2104.04473, 2205.05198 (Megatron), 2401.10241 (zero bubble).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from symroof.algebra.cost import Cost, largest, total
from symroof.algebra.symbols import (
    W_Z,
    B,
    C,
    D,
    D_tok,
    L,
    L_first,
    L_last,
    S,
    W_hbm,
    W_pcie,
    Y,
    Z,
    eta_att,
    eta_head,
    eta_math,
    j_data,
    j_rep,
    k_g,
    k_h,
    k_s,
    microbatches,
    n_rep,
    n_virt,
    p_a,
    p_g,
    p_opt,
    p_w,
    price,
    t_coll,
    t_step,
    x_cp,
    x_dp,
    x_ep,
    x_fs,
    x_host,
    x_opt,
    x_pp,
    x_tp,
)
from symroof.rooms import public
from symroof.workloads.layout import Laid, Layout
from symroof.workloads.models import AS_GATED, BOOK, Model, stack_of
from symroof.workloads.pretraining_memory import memory as memory  # what a chip holds is asked for here too
from symroof.workloads.pretraining_memory import middle_layers
from symroof.workloads.training_memory import flops_per_token
from symroof.workloads.turns import Turns, turns

_ONE, _ZERO = sp.Integer(1), sp.Integer(0)


@dataclass(frozen=True)
class _Waits:
    """What a step waits for: fractions of rates that are reached, parts of bytes that are not hidden, times that are added."""

    math: sp.Expr = _ONE
    attention: sp.Expr = _ONE
    head: sp.Expr = _ONE
    vectors: sp.Expr = _ZERO
    operands: sp.Expr = _ZERO
    scores: sp.Expr = _ZERO
    tensor: sp.Expr = _ZERO
    context: sp.Expr = _ZERO
    experts: sp.Expr = _ZERO
    stages: sp.Expr = _ZERO
    weights: sp.Expr = _ZERO
    gradients: sp.Expr = _ZERO
    optimizer: sp.Expr = _ZERO
    host: sp.Expr = _ZERO
    call: sp.Expr = _ZERO
    step: sp.Expr = _ZERO
    copies: sp.Expr = _ZERO
    data: sp.Expr = _ZERO


_BOUND = _Waits()
_LETTERS = _Waits(
    *(eta_math, eta_att, eta_head, k_h, k_g, k_s, x_tp, x_cp, x_ep, x_pp, x_fs, x_dp, x_opt, x_host, t_coll, t_step, j_rep, j_data)
)


# -- a step
def step(m: Model = None, layout: Laid = "block", overlap: bool = True) -> Cost:
    """The time of a step, at least [s]: no resource is busy longer; without ``overlap`` collectives and HBM add to arithmetic.

    ``math`` is that of stages of one length: all microbatches one after the other, and one of all other stages while the pipeline
    fills, 1/n_virt of it if it is interleaved. The ``longest stage`` has ceil(L/Z) of L layers. ``hbm`` is reading weights, writing
    gradients, and what is kept for the backward pass. ``data parallel`` is what is gathered of weights and reduced of gradients
    (and, where experts are spread over X, their tokens).

    Raises InputError for a layout that the model cannot follow, or for what is none.
    """
    of = turns(m, layout)
    join = largest if overlap else total
    return join([_paced(of, _BOUND), *_resources(of)]).named("training step").claiming(of.claims)


def estimate(m: Model = None, layout: Laid = "block") -> Cost:
    """The time of a step [s], as letters of efficiency and waiting say; they are neutral unless they are bound, and it is the bound.

    What a microbatch takes, in the stage that is longest, one after the other: matmuls at eta_math C, attention at eta_att C (of
    its format), the unembedding at eta_head C; k_h of the elementwise traffic and k_g of that of operands (k_s of unfused scores)
    at W_hbm; x_tp, x_cp, x_ep of the collectives of tensors, contexts and experts, x_pp of what stages send. Once a step x_dp of the
    collectives of gradients, x_opt of what the optimizer reads and writes, t_step; x_fs of those of weights, x_host of what is
    offloaded. Jitter adds j_rep and j_data for every doubling of copies, and of data ways. No resource is busy longer.

    Raises InputError for a layout that the model cannot follow, or for what is none.
    """
    of, w = turns(m, layout), _LETTERS
    once = total([_paced(of, w).named("microbatches"), *_once(of, w)])
    doubled = {n_rep: w.copies} if of.layout.copies else {}
    jitter = _ONE + sp.Add(*[part * sp.log(ways) / sp.log(2) for ways, part in {**doubled, of.layout.ways: w.data}.items()])
    return largest([(once * jitter).named("waits"), *_resources(of)]).named("training step").claiming(of.claims)


def mfu(m: Model = None, layout: Laid = "block", overlap: bool = True) -> Cost:
    """Model FLOP utilisation, at most 1: the FLOPs of forward and backward pass, computed once, over all chips' C and the step.

    They are those of the matmuls (6 a parameter and token, no embedding, of experts those that are used) and of attention, of
    the pairs that are seen if the layout is causal, of all S^2 if not. Published figures often count 6P or full attention: more.
    """
    return rates(m, layout, step(m, layout, overlap))["MFU"]


def rates(m: Model, layout: Laid, time: Cost) -> dict[str, Cost]:
    """What follows from the ``time`` of a step: its ``MFU``, ``throughput``, ``cost`` per token, time of a ``run`` and its ``price``."""
    chips, batch = turns(m, layout).layout.chips, Cost(B * S, "token")
    useful: Cost = flops(m, layout) / (chips * C)
    run = (time * (Cost(D_tok, "token") / batch)).declare("s").named("run")
    paid = Cost(price, "USD/s")
    return {
        "MFU": (useful / time).declare("1").named("MFU"),
        "throughput": (batch / time / Cost(chips, "chip")).declare("token/s/chip").named("throughput"),
        "cost": (paid * (time * Cost(chips, "1") / batch)).declare("USD/token").named("cost per token"),
        "run": run,
        "price": (paid * (Cost(chips, "1") * run)).declare("USD").named("price of the run"),
    }


def flops(m: Model = None, layout: Laid = "block") -> Cost:
    """The FLOPs of forward and backward pass of a step, computed once [FLOP]: B S tokens, attention causal if the layout is."""
    of = turns(m, layout)
    useful = BOOK.flops(S, S, of.layout.causal).expr * 3 if m is None else B * S * flops_per_token(m, of.layout.causal).expr
    return Cost(sp.factor(useful), "FLOP", "FLOPs").claiming(AS_GATED if m is None else stack_of(m).in_aggregates)


def tokens(m: Model = None, layout: Laid = "block", overlap: bool = True) -> Cost:
    """Tokens per second and chip: B S / (chips step)."""
    return rates(m, layout, step(m, layout, overlap))["throughput"]


def dollars_per_token(m: Model = None, layout: Laid = "block", overlap: bool = True) -> Cost:
    """What a token of training costs [USD/token]: price chips step / (B S)."""
    return rates(m, layout, step(m, layout, overlap))["cost"]


def run(m: Model = None, layout: Laid = "block", overlap: bool = True) -> Cost:
    """The time of a run over D_tok tokens [s]: D_tok / (B S) steps."""
    return rates(m, layout, step(m, layout, overlap))["run"]


def run_price(m: Model = None, layout: Laid = "block", overlap: bool = True) -> Cost:
    """What a run over D_tok tokens costs [USD]: price chips run."""
    return rates(m, layout, step(m, layout, overlap))["price"]


# -- what stages take, one after the other
def _microbatch(of: Turns, w: _Waits) -> Mapping[str, tuple[sp.Expr, sp.Expr]]:
    """What a microbatch takes, by name: all layers of a model, and its unembedding [s]."""
    t, h, rate = of.layers, of.head, of.layout.rate
    parts = n_virt * Z if of.layout.pipeline == "interleaved" else Z  # of the layers: all but the last send what they make, and back
    boundary = p_a * B * S * D / (microbatches * of.layout.ways * Y * W_Z)
    return {
        "matmuls": (t.matmuls / (w.math * C), _ZERO),
        "attention": (t.attention / (w.attention * rate), _ZERO),
        "unembedding": (_ZERO, h.matmuls / (w.head * rate)),
        "vectors": (w.vectors * t.vectors / W_hbm, _ZERO),
        "operands": (w.operands * t.operands / W_hbm, w.operands * h.operands / W_hbm),
        "scores": (w.scores * t.scores / W_hbm, _ZERO),
        "tensor parallel": (w.tensor * (t.tensor + w.call * t.calls), w.tensor * (h.tensor + w.call * h.calls)),
        "context parallel": (w.context * t.context, _ZERO),
        "expert parallel": (w.experts * t.experts, _ZERO),
        "stages": (w.stages * 2 * (parts - 1) * boundary, _ZERO),
    }


def _paced(of: Turns, w: _Waits) -> Cost:
    """A stage that may be longest: all its microbatches, and before and behind them one of the stages before it [s]."""
    parts, virtual = _microbatch(of, w), n_virt if of.layout.pipeline == "interleaved" else _ONE
    late = 2 * of.layers.gradients / (w.math * C) if of.layout.pipeline == "zero bubble" else _ZERO  # of weights: they fill bubbles
    found = []
    for at in _lengths(of.layout):
        of_layers, of_head = (sp.factor(microbatches * here + before / virtual) for here, before in (at.layers, at.head))
        times = {part: of_layers * sp.factor_terms(body) + of_head * end for part, (body, end) in parts.items()}
        times["matmuls"] -= at.layers[1] * late / virtual
        found.append(total(Cost(e, "s", part) for part, e in times.items() if e != 0).named(at.name))
    return largest(found)


@dataclass(frozen=True)
class _Length:
    """A stage by name: the part of all layers, and of the unembedding, that it holds, and that those before it hold."""

    name: str
    layers: tuple[sp.Expr, sp.Expr]
    head: tuple[sp.Expr, sp.Expr]


def _lengths(layout: Layout) -> list[_Length]:
    """The stages of which one is longest; of balanced ones that of mean length, and one that holds ceil(L/Z), wherever it stands."""
    most = sp.ceiling(L / Z) / L
    if layout.stages == "equal":
        return [_Length("last stage", (most, 1 - most), (_ONE, _ZERO))]
    if layout.stages == "balanced":
        mean = (1 / Z, 1 - 1 / Z)
        return [_Length("math", mean, mean), _Length("longest stage", (most, _ZERO), (_ZERO, _ZERO))]
    first, last, middle = L_first / L, L_last / L, middle_layers() / L
    return [
        _Length("first stage", (first, _ZERO), (_ZERO, _ZERO)),
        _Length("middle stages", (middle, 1 - last - middle), (_ZERO, _ZERO)),
        _Length("last stage", (last, 1 - last), (_ONE, _ZERO)),
    ]


# -- what is busy all the time
def _resources(of: Turns) -> list[Cost]:
    """How long the links, HBM and the host are busy in a step, on a stage of mean length [s]."""
    each, every = of.whole, microbatches / Z
    found = {
        "hbm": every * (each.reads + 2 * (each.kept + each.hosted)) / W_hbm,
        "data parallel": (_weights(of) + _gradients(of)) / Z + (every * each.experts if of.layout.experts == "data" else 0),
        "copies": each.copies / Z,
        "tensor parallel": every * each.tensor,
        "context parallel": every * each.context,
        "expert parallel": every * each.experts if of.layout.experts != "data" else _ZERO,
        "host": every * each.hosted / W_pcie,
    }
    return [Cost(sp.factor_terms(e), "s", name) for name, e in found.items() if e != 0]


def _weights(of: Turns) -> sp.Expr:
    """Gathering weights and reducing gradients in every microbatch, of all layers [s]."""
    scheme, each = of.layout.scheme, of.whole
    return microbatches * (scheme.microbatch * each.gather + (each.scatter if scheme.every else 0))


def _gradients(of: Turns) -> sp.Expr:
    """Reducing gradients once a step, and bringing weights, or all gradients, to all chips [s]."""
    scheme, each = of.layout.scheme, of.whole
    whole = each.spread if not scheme.sharded else scheme.step * each.gather
    return whole + (_ZERO if scheme.every else each.scatter)


def _once(of: Turns, w: _Waits) -> list[Cost]:
    """What a step waits for beside its microbatches [s]."""
    sharded, each = "optimizer" in of.layout.scheme.sharded, of.whole
    moved = (2 * p_opt + p_g + p_w) * (each.shared if sharded else each.held) / Z
    found = {
        "weights": w.weights * _weights(of) / Z,
        "gradients": w.gradients * (_gradients(of) + each.copies) / Z,
        "optimizer": w.optimizer * moved / W_hbm,
        "host": w.host * microbatches / Z * each.hosted / W_pcie,
        "step": w.step,
    }
    return [Cost(sp.factor_terms(e), "s", name) for name, e in found.items() if e != 0]


__all__ = public(globals(), "symroof.workloads.pretraining_memory")
