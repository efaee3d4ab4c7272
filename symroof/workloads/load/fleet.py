"""What a load costs: replicas and chips for a rate, a request and its tokens at the margin, the load from which a design is better, energy.

At a limit of t_tok a token a replica serves the rate that the law allows, so everything is that rate, or the law solved for another
letter. A price of a token is what one more of it takes: the work of a request with it less the work without.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from symroof.algebra.claims import ORDER, Claim, solved
from symroof.algebra.cost import Condition, Cost, quantity
from symroof.algebra.symbols import (
    B,
    G,
    Lam,
    P_idle,
    S_hit,
    Symbol,
    T,
    a_2,
    b_2,
    busy,
    g,
    lam,
    n_srv,
    power,
    price,
    price_J,
    t_pre2,
    t_tok,
    z,
)
from symroof.algebra.units import Unit
from symroof.errors import InputError
from symroof.rooms import public
from symroof.solver.bound import Bound
from symroof.solver.solve import solve
from symroof.workloads.load.replica import Replica, Served, of
from symroof.workloads.load.tags import Tag
from symroof.workloads.models import Model

#: Another design, in letters.
OTHER = Replica(Cost(a_2, "s"), Cost(b_2, "s/token"), Cost(t_pre2, "s"))


@Tag("exact", "as far as the law is, requests split at random")
def replicas(served: Served = None) -> Bound:
    """The replicas that serve Lam requests a second within t_tok a token: solve(law, n_srv) at lam = Lam / n_srv.

    What depends on lam, such as the z of its traffic, is that of a replica: give ``{lam: Lam / n_srv}`` with it.

    >>> replicas()
    n_srv >= Lam*t_tok*(b*g + t_pre)/(t_tok - a - b*z)   when t_tok > a + b*z
    """
    return _shared(of(served)).solved(_split, n_srv)


@Tag("exact", "as far as the law is")
def request(served: Served = None) -> Cost:
    """What a request costs at the rate that t_tok a token allows [USD/request]: price chips / lam.

    >>> request()
    n*price*t_tok*(b*g + t_pre)/(t_tok - a - b*z)  [USD/request]
    """
    r = of(served)
    runs = r.solved(_at_limit, B)
    paid = sp.factor_terms(price * r.chips.expr * g * t_tok / runs.expr)
    claims = {Claim(ORDER, (r.fixed.expr + r.each.expr * z, t_tok, _NEVER))}
    claims |= {solved(runs.of_condition(runs.condition))} if r.hits else set()
    return r.formula(paid, "USD/request", "request").claiming(r.of | claims)


@Tag("exact", "any arrivals and lengths")
def request_at_rate(served: Served = None) -> Cost:
    """What a request costs where lam of them come to a replica [USD/request]: price chips / lam."""
    r = of(served)
    return (Cost(price, "USD/s/chip") * r.chips / Cost(lam, "request/s")).named("request").claiming(r.of | {r.stable})


@Tag("exact", "as far as the law is, for one more token in one request")
def input_token(served: Model) -> Cost:
    """What a new token of a prompt costs at the limit [USD/token]: its prefill, and that g steps read its cache."""
    return _one_more(served, {T: T + 1}, "input token")


@Tag("exact", "as far as the law is, for one more token in one request")
def cached_token(served: Model) -> Cost:
    """What a token of a prompt costs whose cache is there already [USD/token]: that new tokens attend to it, and g steps read it."""
    return _one_more(served, {S_hit: S_hit + 1}, "cached token")


@Tag("exact", "as far as the law is, for one more token in one request")
def output_token(served: Model) -> Cost:
    """What a token of an answer costs at the limit [USD/token]: a step of its sequence, and that later steps read its cache."""
    return _one_more(served, {G: G + 1, g: g + 1}, "output token")


@Tag("exact", "as far as the law is, for a z that does not depend on the rate")
def delay(served: Served = None) -> Cost:
    """The seconds of other requests that one more a second takes [s]: lam d(g t_tok)/d lam, so g t_tok x / (1 - x) at the load x.

    >>> delay()
    g*lam*(a + b*z)*(b*g + t_pre)/(1 - lam*(b*g + t_pre))**2  [s]
    """
    r = of(served).memory_bound
    time = g * (r.fixed.expr + r.each.expr * z) / (1 - r.load)
    return r.formula(lam * sp.diff(time, lam), "s", "delay").claiming(r.of | {r.stable})


@Tag("bound", "upper: a chip at its full power whenever it has something to do")
def energy(served: Served = None) -> Cost:
    """The energy of an output token [J/token]: chips (P_idle + busy (power - P_idle)) / (lam G); less the more requests come.

    >>> energy()
    n*(P_idle*(1 - busy) + busy*power)/(G*lam)  [J/token]
    """
    r = of(served)
    watts = r.chips.expr * (busy * power + P_idle * (1 - busy))
    return r.formula(watts / (lam * G), "J/token", "energy").claiming(r.of | {r.stable})


@Tag("bound", "upper: a chip at its full power whenever it has something to do")
def power_bill(served: Served = None) -> Cost:
    """The dollars of power of an output token [USD/token]: price_J times its energy."""
    return (Cost(price_J, "USD/J") * energy(served)).declare("USD/token").named("power")


@Tag("exact", "as far as the law is, for a z that does not depend on the rate")
def crossing(served: Served = None, other: Served = None) -> Bound:
    """The rate from which, or up to which, tokens take no longer than those of another design: solve(t <= t_other, lam).

    Both below their highest rate. With A = a + b z and w = t_pre + b g they are A/(1 - lam w), so A (1 - lam w_2) <= A_2 (1 - lam w).
    """
    r, s = of(served).memory_bound, OTHER.memory_bound if other is None else of(other).memory_bound
    start, last = r.fixed.expr + r.each.expr * z, s.fixed.expr + s.each.expr * z
    left = quantity(start + lam * last * r.work, Unit.of("s")).claiming(r.of | s.of)
    return solve(left <= quantity(last + lam * start * s.work, Unit.of("s")).claiming(r.of | s.of), lam)


# -- helpers
_NEVER = "no rate will do, for even a sequence by itself takes longer than t_tok a token; give a longer t_tok"


def _shared(r: Replica) -> Replica:
    """The same with the experts that sequences hit where replicas share the rate."""
    return r.hitting(Lam / n_srv * g * t_tok)


def _split(r: Replica) -> Condition:
    """The law at the rate of one of several replicas."""
    return r.taken(Lam / n_srv * g * t_tok) <= Cost(t_tok, "s", "limit")


def _at_limit(r: Replica) -> Condition:
    """The law about the sequences that run where a token takes as long as it may."""
    return r.taken(B) <= Cost(t_tok, "s", "limit")


def _one_more(m: Model, put: Mapping[Symbol, sp.Expr], name: str) -> Cost:
    """What is paid for one more token.

    Raises InputError for a replica that does not say what a token takes of it.
    """
    if isinstance(m, Replica) and not {T, S_hit, G} & m.work.free_symbols:
        raise InputError("a replica does not say what a token takes of it; give a model, e.g. llm('llama3-70b')")
    paid = request(m)
    return quantity(paid.expr.xreplace(dict(put)) - paid.expr, Unit.of("USD/token"), name).claiming(paid.of)


__all__ = public(globals())
