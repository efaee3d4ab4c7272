"""Prefill and decode on machines of their own: from which limits on it pays, how many of each, and what the network must carry."""

from __future__ import annotations

import sympy as sp

from symroof.algebra.cost import Condition, Cost, quantity
from symroof.algebra.symbols import M_tok, T, W_back, c_a2, g, t_lim, t_tok, t_wait, z
from symroof.algebra.units import Unit
from symroof.rooms import public
from symroof.solver.bound import Bound
from symroof.solver.solve import solve
from symroof.workloads.load.replica import Replica, Served, of
from symroof.workloads.load.tags import Tag

_WHERE = "as far as the law and the queue are, at limits on means; machine counts within 1 % apart and 2 to 5 % together"


@Tag("exact", _WHERE)
def prefill_machines(served: Served = None) -> Cost:
    """Prefill machines for a request a second, whose prompt waits t_wait [s]: t_pre over the load 2 t_wait / (c_a2 t_pre + 2 t_wait).

    The first token comes t_wait + t_pre after the request; ``rates.within_wait`` is the rate of one.
    """
    r = of(served)
    return r.formula(r.prompt.expr / _load(r), "s", "prefill")


@Tag("exact", _WHERE)
def decode_machines(served: Served = None) -> Cost:
    """Decode machines for a request a second, whose tokens take t_tok [s]: b g over their load 1 - (a + b z) / t_tok."""
    r = of(served)
    return r.formula(r.each.expr * g / _room(r), "s", "decode")


@Tag("exact", _WHERE)
def ratio(served: Served = None) -> Cost:
    """Prefill machines for a decode machine [1]."""
    r = of(served)
    return (prefill_machines(r) / decode_machines(r)).named("prefill : decode")


@Tag("exact", _WHERE)
def pays(served: Served = None) -> Bound:
    """The limit per token up to which machines of their own need fewer: solve(prefill + decode machines <= together, t_tok).

    >>> pays()
    t_tok <= (a*c_a2*t_pre + 2*a*t_wait + b*c_a2*t_pre*z + 2*b*t_wait*z)/(c_a2*t_pre)
    """
    return of(served).solved(_pays, t_tok)


@Tag("exact", "a transfer that is not hidden layer by layer")
def transfer() -> Bound:
    """The bandwidth of a replica at which the cache of a prompt arrives in the time that tokens leave:
    solve(T M_tok / W_back <= g (t_lim - t_tok), W_back).

    >>> transfer()
    W_back >= M_tok*T/(g*(t_lim - t_tok))   when t_lim > t_tok
    """
    spare = quantity(g * (t_lim - t_tok), Unit.of("s"), "spare")
    return solve(quantity(T * M_tok / W_back, Unit.of("s"), "transfer") <= spare, W_back)


# -- conditions
def _pays(r: Replica) -> Condition:
    apart = r.prompt.expr * _room(r)
    together = quantity(r.prompt.expr * _load(r), Unit.of("s"), "together")
    return quantity(apart, Unit.of("s"), "apart").claiming(r.of) <= together


# -- helpers
def _load(r: Replica) -> sp.Expr:
    """The load of a prefill machine at which a prompt waits t_wait."""
    return 2 * t_wait / (c_a2 * r.prompt.expr + 2 * t_wait)


def _room(r: Replica) -> sp.Expr:
    """The load at which a token takes t_tok."""
    return 1 - (r.fixed.expr + r.each.expr * z) / t_tok


__all__ = public(globals())
