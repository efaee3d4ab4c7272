"""Prefill: a prompt is read; mostly compute-bound, short ones wait for the weights.

``prefill_time(m)`` counts what a prompt really needs: attention of every token to those before it, logits of the last token
only, and reading the weights. Without a model it is the book's napkin formula, FLOPs and an MFU. Source: How to Scale Your
Model, part 8.
"""

from __future__ import annotations

from symroof.algebra.cost import Cost
from symroof.algebra.symbols import MFU, C, T, W_hbm, n
from symroof.solver.limits import Limit
from symroof.transformer.kind import Pass
from symroof.workloads.models import Model, approximated, loaded, multiplied, present, seen, states

#: A prompt of T tokens, of which the last needs logits.
PROMPT = Pass(new=T, context=T, last=True)


def forward_flops(m: Model = None) -> Cost:
    """FLOPs of a forward pass per token [FLOP/token]: 2 P_mm, 2P in the book; without attention to the context."""
    return (multiplied(m) / Cost(1, "token")).named("forward FLOPs")


def prompt_flops(m: Model) -> Cost:
    """FLOPs of one prompt of T tokens [FLOP]: 2 P_mm T with the logits of the last token only, and attention of T(T+1)/2 pairs."""
    work = {"matmuls": multiplied(m, T, last=True), "attention": seen(m, PROMPT), "states": states(m, PROMPT)}
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


def math_time(m: Model) -> Cost:
    """The FLOPs of a prompt at full rate [s]."""
    return (prompt_flops(m) / n / C).named("math")


def weight_time(m: Model) -> Cost:
    """The time to read the weights once [s], of the experts those that T tokens hit."""
    return (loaded(m, tokens=T) / n / W_hbm).named("weights")
