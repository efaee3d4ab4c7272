"""What a chip holds at the peak of a training step: state, what is kept for the backward pass, what is gathered, and what passes.

A pipeline holds most in its first stage, which has most microbatches under way, or in its last one, which has the logits: the
embedding lies in the first and the unembedding in the last. Source: arXiv:1910.02054 (ZeRO), 2205.05198 (activations), 2104.04473
(microbatches under way).
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symroof.algebra.cost import Cost, largest, total
from symroof.algebra.symbols import (
    L,
    L_first,
    L_last,
    Z,
    k_frag,
    k_pre,
    k_work,
    microbatches,
    n_virt,
    p_a,
    p_g,
    p_logit,
    p_opt,
    p_rest,
    p_w,
)
from symroof.workloads.layout import Laid, Layout
from symroof.workloads.models import Model
from symroof.workloads.turns import Turn, Turns, turns

_ONE, _NONE = sp.Integer(1), sp.Integer(0)
#: 1 where there is one stage, the first and the last, 0 where there are more.
_ALONE = sp.floor(1 / Z)


def memory(m: Model = None, layout: Laid = "block") -> Cost:
    """Bytes of a chip at the peak [byte], at least; of a pipeline those of the stage that holds most.

    ``state`` is p_w a weight and p_g a gradient that every chip has, p_rest and p_g of those that are sharded, p_opt of the
    optimizer. ``kept``: what the policy keeps of the microbatches under way. ``gathered``: the weights of a layer and k_pre
    ahead (with these the embeddings too), or of a whole stage if they stay; gradients of a stage until they are reduced. Then the
    larger of ``logits`` (p_logit each, and the gradient of the unembedding) and of a ``layer``, what of it is computed again, k_work
    of the gradients of all its results, and the gradients of its weights. All of it k_frag times. Neutral letters make it the least.

    Raises InputError for a layout that the model cannot follow, or for what is none.
    """
    of = turns(m, layout)
    return (largest(_stage(of, s) for s in _stages(of.layout)) * k_frag).named("memory").claiming(of.claims)


@dataclass(frozen=True)
class _Place:
    """A stage: the part of all layers that it holds, the microbatches of which it keeps something, the embeddings it has."""

    name: str
    layers: sp.Expr
    under_way: sp.Expr
    embedding: sp.Expr = _NONE
    head: sp.Expr = _NONE


def _stages(layout: Layout) -> list[_Place]:
    """The stages that may hold most."""
    ends = [sp.ceiling(L / Z) / L] * 2
    found = []
    if layout.stages == "given":
        ends = [L_first / L, L_last / L]
        found = [_Place("second stage", middle_layers() / L, under_way(layout, 1))]
    first = _Place("first stage", ends[0], under_way(layout, 0), _ONE, _ALONE)
    return [first, *found, _Place("last stage", ends[1], under_way(layout, Z - 1), _ALONE, _ONE)]


def middle_layers() -> sp.Expr:
    """The layers of the longest stage between the first, of L_first, and the last, of L_last."""
    return sp.ceiling((L - L_first - L_last) / sp.Max(Z - 2, 1, evaluate=False))


def under_way(layout: Layout, stage: sp.Expr | int) -> sp.Expr:
    """Microbatches of which a stage, from 0, keeps activations: all of GPipe, else as many as go on before the first one returns.

    >>> under_way(Layout(pipeline="interleaved"), 0)
    Min(microbatches, (Z*(n_virt - 1) + 2*Z - 1)/n_virt)
    """
    if layout.pipeline == "GPipe":
        return microbatches
    ahead = Z - stage
    if layout.pipeline == "interleaved":
        ahead = (2 * (Z - stage - 1) + (n_virt - 1) * Z + 1) / n_virt
    return sp.Min(microbatches, ahead, evaluate=False)


def _stage(of: Turns, at: _Place) -> Cost:
    head, one, passing = of.head, of.layers * (1 / L), _passing(of.layout)  # a layer is one of mean size
    body, copies = of.layers * at.layers, of.head.held == 0 and _ONE in (at.embedding, at.head)  # tied: both ends have the matrix
    ends = of.beside * (_ONE if copies else at.embedding) + head * at.head
    logits = Cost((head.made * p_logit / p_a + passing * head.held) * at.head, "byte", "logits")
    layer = Cost(one.remade + k_work * one.made + passing * one.held, "byte", "layer")
    parts = [
        _state(of.layout, body + ends).named("state"),
        Cost(body.kept * at.under_way + ends.kept + 2 * one.hosted, "byte", "kept"),
        Cost(_gathered(of.layout, body, ends, one), "byte", "gathered"),
        (logits | layer).named("passing") if at.head != 0 else layer,
    ]
    return total(part for part in parts if part.expr != 0).named(at.name)


def _state(layout: Layout, stage: Turn) -> Cost:
    """Weights, gradients and optimizer of a stage [byte]."""
    sharded = layout.scheme.sharded
    widths = {"weights": p_rest if "weights" in sharded else p_w, "gradients": p_g, "optimizer": p_opt}
    return total(
        Cost(width * sp.factor_terms(stage.shared if name in sharded else stage.held), "byte", name) for name, width in widths.items()
    )


def _gathered(layout: Layout, body: Turn, ends: Turn, one: Turn) -> sp.Expr:
    """Weights that are gathered at once, and gradients that wait to be reduced [byte]."""
    if "weights" not in layout.scheme.sharded:
        return sp.Integer(0)
    if layout.data == "FSDP":
        return p_w * (one.held * (1 + k_pre) + k_pre * ends.held)
    virtual = n_virt if layout.pipeline == "interleaved" else _ONE
    return (body.held + ends.held) * (p_w + (1 - _ALONE) * p_g / virtual)


def _passing(layout: Layout) -> sp.Expr:
    """Bytes of a gradient of a weight before it is reduced and only a share of it stays."""
    return p_g if "gradients" in layout.scheme.sharded else sp.Integer(0)
