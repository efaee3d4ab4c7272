"""Speculative decoding, and multi-token prediction: what drafts yield, up to which batch they pay, and a replica that drafts.

In a round n_dr tokens are drafted, each in a_dr + b_dr B seconds, and a step of the model checks them all: a + b B, or c B (n_dr + 1)
where arithmetic binds. It yields n_ok tokens on average. Source: Leviathan et al., Fast Inference from Transformers via
Speculative Decoding, 2023.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from symroof.algebra.cost import Condition, Cost, quantity
from symroof.algebra.symbols import B, a_dr, alpha, b_dr, n_dr, n_ok
from symroof.algebra.units import Unit
from symroof.rooms import public
from symroof.solver.bound import Bound
from symroof.workloads.load.replica import ROOFED, Replica, Served, of
from symroof.workloads.load.tags import Tag

_S = Unit.of("s")


@Tag("exact", "drafts that are accepted independently of each other")
def tokens() -> Cost:
    """The tokens of a round [token]: (1 - alpha^(n_dr + 1)) / (1 - alpha), one of which the model makes itself.

    >>> tokens()
    (1 - alpha**(n_dr + 1))/(1 - alpha)  [token]
    """
    return quantity((1 - alpha ** (n_dr + 1)) / (1 - alpha), Unit.of("token"), "tokens")


@Tag("exact", "of a step with B sequences")
def token_time(served: Served = None) -> Cost:
    """The time of a token with drafts [s]: a round over the tokens it yields.

    ``sweep(token_time(), n_dr=range(1, 17), ...).best()`` is how many to draft.
    """
    r = _roofed(served)
    checked, drafted = _checked(r), quantity(n_dr * (a_dr + b_dr * B), _S, "drafts")
    return ((checked + drafted) / tokens()).declare("s").named("time per token")


@Tag("exact", "of a step with B sequences")
def pays(served: Served = None) -> Bound:
    """The batch up to which, or from which, drafts pay: solve(round <= n_ok steps, B).

    Where n_ok b is more than c (n_dr + 1) + n_dr b_dr, as it is at long contexts, they pay at every batch.
    """
    return _roofed(served).solved(_pays, B)


@Tag("exact", "of a step with B sequences")
def needed(served: Served = None) -> Bound:
    """The tokens a round must yield for drafts to pay: solve(round <= n_ok steps, n_ok); of ``tokens()`` it is an acceptance."""
    return _roofed(served).solved(_needed, n_ok)


@Tag("exact", "of a step whose tokens one draft can double at most, while memory binds")
def worth_a_draft(served: Served = None) -> Bound:
    """The acceptance from which one draft pays while memory binds: solve((a + b B + draft) <= (1 + alpha)(a + b B), alpha).

    >>> worth_a_draft()
    alpha >= (B*b_dr + a_dr)/(B*b + a)
    """
    return _roofed(served).solved(_worth_a_draft, alpha)


def drafting(served: Served = None) -> Replica:
    """A replica that drafts: a = (a + n_dr a_dr) / n_ok, b = (b + n_dr b_dr) / n_ok, and c; all formulas of a load take it."""
    r = _roofed(served)

    def shared(time: sp.Expr, drafts: sp.Expr, unit: str, name: str) -> Cost:
        return quantity((time + n_dr * drafts) / n_ok, Unit.of(unit), name)

    roof = None if r.roof is None else shared(r.roof.expr * (n_dr + 1), b_dr, "s/token", "roof")
    return replace(
        r,
        fixed=shared(r.fixed.expr, a_dr, "s", "fixed"),
        each=shared(r.each.expr, b_dr, "s/token", "each"),
        roof=roof,
        floor=None if roof is None else shared(r.least, a_dr, "s", "floor"),
    )


# -- conditions
def _needed(r: Replica) -> Condition:
    plain = quantity(n_ok * r.decodes(B), _S, "without drafts")
    return (_checked(r) + quantity(n_dr * (a_dr + b_dr * B), _S, "drafts")) <= plain


def _pays(r: Replica) -> Condition:
    plain = quantity(n_ok * r.decodes(B), _S, "without drafts")
    return (_checked(r) + quantity(n_dr * (a_dr + b_dr * B), _S, "drafts")) <= plain


def _worth_a_draft(r: Replica) -> Condition:
    step = r.fixed.expr + r.each.expr * B
    return quantity(step + a_dr + b_dr * B, _S, "with a draft") <= quantity((1 + alpha) * step, _S, "without")


# -- helpers
def _roofed(served: Served) -> Replica:
    """The replica, in letters one that arithmetic may bind."""
    return ROOFED if served is None else of(served)


def _checked(r: Replica) -> Cost:
    """The step of the model that checks all drafts [s]."""
    memory = quantity(r.fixed.expr + r.each.expr * B, _S, "memory").claiming(r.of)
    if r.roof is None:
        return memory.named("step")
    return (memory | quantity(r.least + r.roof.expr * B * (n_dr + 1), _S, "math")).named("step")


__all__ = public(globals())
