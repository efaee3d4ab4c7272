"""The highest rate of requests at a replica: by time, at a limit of the time per token, by slots, by room for the cache; and the best.

Every one is ``solve`` of a condition for lam, so it says where there is none: where even one sequence takes longer than the limit.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import sympy as sp

from symroof.algebra.cost import Condition, Cost, quantity
from symroof.algebra.symbols import a, b, c_a2, g, lam, n, price, price_wait, t_wait, z
from symroof.algebra.units import Unit
from symroof.rooms import public
from symroof.solver.bound import Bound
from symroof.solver.solve import solve
from symroof.workloads import memory
from symroof.workloads.load.latency import law
from symroof.workloads.load.replica import CONTEXT, LETTERS, Replica, Served, of
from symroof.workloads.load.tags import Tag
from symroof.workloads.models import Model, kept


@Tag("exact", "any arrivals and lengths")
def highest(served: Served = None) -> Bound:
    """The highest rate by time, whatever the latency: solve(lam (t_pre + g b) <= 1, lam), where arithmetic binds with c in place of b.

    >>> highest()
    lam <= 1/(b*g + t_pre)
    """
    return of(served).solved(_busy, lam)


@Tag("exact", "as far as the law is, for which z is a number or that of its traffic")
def within(served: Served = None) -> Bound:
    """The rate up to which a token takes no longer than t_tok: solve(law, lam).

    >>> within()
    lam <= (t_tok - a - b*z)/(t_tok*(b*g + t_pre))   when t_tok > a + b*z
    """
    return of(served).at_limit.solved(law, lam)


@Tag("exact", "a closed loop of B_max sequences")
def of_slots(served: Served = None) -> Bound:
    """The rate that B_max sequences at a time yield, each replaced when it ends: solve(lam (g step(B_max) + t_pre B_max) <= B_max, lam).

    >>> of_slots()
    lam <= B_max/(B_max*b*g + B_max*t_pre + a*g)
    """
    r = of(served)
    return r.hitting(r.slots.expr).solved(_filled, lam)


@Tag("bound", "upper; a server that admits by the prompt alone and computes again what it has to give up reaches 5 to 8 % less")
def of_room(served: Model) -> Bound:
    """The rate at which the caches of running sequences fill the HBM that weights leave: that of so many slots."""
    most = slots(served)
    return replace(of(served).hitting(most.expr), slots=most).solved(_filled, lam)


@Tag("exact", "for the mean context of a decode step, half a block of the cache a sequence left out")
def slots(m: Model) -> Cost:
    """Sequences that n chips have room for beside the weights [token]: n M_hbm less weights, over what one keeps at its mean context."""
    return (memory.kv_room(m) / (kept(m, CONTEXT) / Cost(1, "token"))).declare("token").named("slots")


@Tag("exact", "Poisson arrivals, prompts of one length")
def within_wait(served: Served = None) -> Bound:
    """The rate up to which prompts wait no longer than t_wait at a machine that only reads prompts: t_first less t_pre.

    M/G/1: solve(c_a2 u t_pre / 2 <= t_wait (1 - u), lam) with u = lam t_pre.

    >>> within_wait()
    lam <= 2*t_wait/(t_pre*(c_a2*t_pre + 2*t_wait))
    """
    return of(served).solved(_queues, lam)


@Tag("exact", "as far as the law is, for a z that does not depend on the rate")
def knee(served: Served = None) -> Bound:
    """The rate up to which throughput grows faster than latency: where lam / t_tok is largest, half the highest rate.

    >>> knee()
    lam <= 1/(2*(b*g + t_pre))
    """
    return of(served).memory_bound.solved(_gaining, lam)


@Tag("exact", "as far as the law is, for a z that does not depend on the rate")
def cheapest() -> Bound:
    """The rate up to which more requests make one cheaper: its share of the chips at price, and the seconds of its tokens at price_wait.

    Where the slopes are equal, n price (1 - x)^2 = price_wait g (a + b z) (t_pre + b g) lam^2 with the load x, the roots of both sides.
    """
    shared, waited = sp.sqrt(price * n), sp.sqrt(price_wait * g * (a + b * z) * LETTERS.work)
    root = Unit.of("USD/s") ** Fraction(1, 2)
    return solve(quantity(lam * waited, root) <= quantity(shared * (1 - LETTERS.load), root), lam)


# -- helpers
def _busy(r: Replica) -> Condition:
    """The load, by memory or by arithmetic."""
    parts = [each for each in (r.each, r.roof) if each is not None]
    return _largest([lam * (r.prompt.expr + g * each.expr) for each in parts], "1", r) <= 1


def _filled(r: Replica) -> Condition:
    """So many sequences run all the time."""
    most = r.slots.expr
    steps = [r.fixed.expr + r.each.expr * most, *([] if r.roof is None else [r.least + r.roof.expr * most])]
    return _largest([lam * (g * step + most * r.prompt.expr) for step in steps], "token", r) <= Cost(most, "token")


def _queues(r: Replica) -> Condition:
    """The wait of a queue of prompts."""
    u = lam * r.prompt.expr
    return quantity(c_a2 * u * r.prompt.expr / 2 + t_wait * u, Unit.of("s")).claiming(r.of) <= Cost(t_wait, "s")


def _gaining(r: Replica) -> Condition:
    """Throughput over latency grows with the rate."""
    return quantity(sp.diff(lam * (1 - r.load), lam), Unit.of("1")).claiming(r.of) >= 0


def _largest(exprs: list[sp.Expr], unit: str, r: Replica) -> Cost:
    found = [quantity(e, Unit.of(unit)) for e in exprs]
    return (found[0] if len(found) == 1 else found[0].named("memory") | found[1].named("math")).claiming(r.of)


__all__ = public(globals())
