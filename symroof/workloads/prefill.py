"""Prefill: a prompt is read; mostly compute-bound, short ones wait for the weights.

``prefill_time(m)`` counts what a prompt really needs: attention of every token to those before it, logits of the last token
only, and reading the weights. Without a model it is the book's napkin formula, FLOPs and an MFU. Source: How to Scale Your
Model, part 8. ``prefill.estimate(m)`` has what these leave out, with letters for a calibration to say how much it is.
"""

from __future__ import annotations

import sympy as sp

from symroof.algebra.cost import Cost
from symroof.algebra.operands import plain
from symroof.algebra.symbols import MFU, W_Y, B, C, T, W_hbm, W_ici, Y, eta_att, n, n_axes
from symroof.rooms import public
from symroof.solver.limits import Limit
from symroof.transformer.kind import Pass, Sharding, Size
from symroof.workloads.models import Model, approximated, blocks_of, loaded, multiplied, present, seen, states
from symroof.workloads.terms import linked, overheads, padded, reached

#: A prompt of T tokens, of which the last needs logits.
PROMPT = Pass(new=T, context=T, last=True)


def forward_flops(m: Model = None) -> Cost:
    """FLOPs of a forward pass per token [FLOP/token]: 2 P_mm, 2P in the book; without attention to the context."""
    return (multiplied(m) / Cost(1, "token")).named("forward FLOPs")


def prompt_flops(m: Model, at: Pass = PROMPT) -> Cost:
    """FLOPs of one prompt of T tokens [FLOP]: 2 P_mm T with the logits of the last token only, and attention of T(T+1)/2 pairs.

    ``at``: another prompt, such as one whose first tokens are cached already.
    """
    work = {"matmuls": multiplied(m, at.new, last=at.last), "attention": seen(m, at), "states": states(m, at)}
    return present(m, work).named("prompt FLOPs")


def prefill_time(m: Model = None) -> Cost:
    """The time to prefill one prompt of T tokens [s]: the larger of its FLOPs over nC MFU and of reading the weights.

    In the book 2PT / (nC MFU).

    >>> from symroof import llm
    >>> prefill_time(llm("llama3-8b"))
    prefill  [s]  = max of
      math     sum of
        matmuls    (2*P_mm*T - 2*D*V*(T - 1))/(C*MFU*n)
        attention  T*f_att*(T + 1)/(2*C*MFU*n)
      weights  P_read*p_w/(W_hbm*n)
    """
    if m is None:
        return (forward_flops() * T / n / C / MFU).declare("s").named("prefill")
    return (math_time(m) / MFU | weight_time(m)).named("prefill")


def approximation(m: Model) -> Limit:
    """The book's prefill as an approximation of ``prefill_time(m)``; ``.error(...)`` says how far it is off."""
    return approximated(prefill_time(), prefill_time(m), m)


def bound(m: Model) -> Cost:
    """No prefill of one prompt of T tokens is faster [s]: the same at the peak rate."""
    return (math_time(m) | weight_time(m)).named("prefill bound")


def estimate(m: Model, sequences: Size = 1) -> Cost:
    """The prefill of so many prompts of T tokens on n chips as programs run it [s]: the terms of ``decode.estimate`` for a prompt.

    >>> from symroof import llm
    >>> estimate(llm("llama3-8b"))
    prefill estimate  [s]  = sum of
      attention    T*f_att*(T + 1)/(2*C*eta_att*n)
      MLP          max of
        math     (2*P_mm*T - 2*D*V*(T - 1))/(C*eta_math*n)
        weights  P_read*p_w/(W_hbm*eta_hbm*n)
      collectives  sum of
        bytes    D*p_a*(n - 1)*(4*L*T + 1)/(W_ici*eta_link*n*n_axes)
        latency  t_coll*(1 - 1/n**2)*(4*L + 1)/2
      overheads    sum of
        layers     L*t_layer
        step       t_step
        sequences  t_req
    """
    many = plain(sequences)
    worked = {"matmuls": multiplied(m, T, last=True), "states": states(m, PROMPT)}
    flops = {**{word: many * cost for word, cost in worked.items()}, "tiles": padded(m, many * T)}
    math = reached(present(m, flops) / n / C).named("math")
    mlp = math | reached(loaded(m, tokens=many * T) / n / W_hbm).named("weights")
    attention = reached(many * seen(m, PROMPT) / n / C, eta_att)
    links = linked(blocks_of(m, Sharding(model="Y"), PROMPT))
    links = links.map(lambda e: sp.factor_terms(e.xreplace({B: many, Y: n, W_Y: W_ici * n_axes})))
    return (present(m, {"attention": attention, "MLP": mlp}) + links + overheads(m, many)).named("prefill estimate")


def math_time(m: Model, at: Pass = PROMPT) -> Cost:
    """The FLOPs of a prompt at full rate [s]."""
    return (prompt_flops(m, at) / n / C).named("math")


def weight_time(m: Model) -> Cost:
    """The time to read the weights once [s], of the experts those that T tokens hit."""
    return (loaded(m, tokens=T) / n / W_hbm).named("weights")


__all__ = public(globals())
