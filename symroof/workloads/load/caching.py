"""From where it pays to keep caches: prefixes on the chips, and caches in host memory, on disk or on other chips."""

from __future__ import annotations

from symroof.algebra.cost import Condition, Cost, quantity
from symroof.algebra.symbols import B_max, M_tok, S, W_back, g, h, k_room, t_back, t_hash, t_new, t_new2
from symroof.algebra.units import Unit
from symroof.rooms import public
from symroof.solver.bound import Bound
from symroof.solver.solve import solve
from symroof.workloads.load.replica import Replica, Served, of
from symroof.workloads.load.tags import Tag


@Tag("exact", "where caches do not bind; t_pre is that of a prompt of which nothing is cached")
def prefix_pays(served: Served = None) -> Bound:
    """The hit rate from which looking for cached prefixes pays: solve(t_hash <= h t_pre, h).

    >>> prefix_pays()
    h >= t_hash/t_pre
    """
    return of(served).solved(_prefix_pays, h)


@Tag("exact", "a replica whose room for caches binds; right in 51 of 51 simulated servers")
def prefix_pays_for_room(served: Served = None) -> Bound:
    """The hit rate from which keeping caches pays though sequences that run have only k_room of the room: solve for h of
    g (a + b k B) / (k B) + (1 - h) t_pre <= g (a + b B) / B + t_pre with B = B_max and k = k_room.

    >>> prefix_pays_for_room()
    h >= (a*g - a*g*k_room)/(B_max*k_room*t_pre)
    """
    return of(served).solved(_prefix_pays_for_room, h)


@Tag("exact", "a transfer that nothing hides")
def reload_tokens() -> Bound:
    """The context from which getting a cache back beats computing it again: solve(reload, S)."""
    return solve(_reload(), S)


@Tag("exact", "a transfer that nothing hides")
def reload_bandwidth() -> Bound:
    """The bandwidth from which getting a cache back beats computing it again: solve(reload, W_back).

    >>> reload_bandwidth()
    W_back >= M_tok*S/(S*(S*t_new2 + 2*t_new)/2 - t_back)   when S*(S*t_new2 + 2*t_new) > 2*t_back
    """
    return solve(_reload(), W_back)


# -- conditions
def _prefix_pays(r: Replica) -> Condition:
    saved = quantity(h * r.prompt.expr, Unit.of("s"), "saved").claiming(r.of)
    return Cost(t_hash, "s") <= saved


def _prefix_pays_for_room(r: Replica) -> Condition:
    kept, all_of_it = (_work(r, share) for share in (k_room, 1))
    unit = Unit.of("s")
    left = quantity(kept - h * r.prompt.expr, unit, "with cached prefixes").claiming(r.of)
    return left <= quantity(all_of_it, unit, "without")


# -- helpers
def _work(r: Replica, share: object) -> object:
    """What a request takes of a replica that is full of sequences in a share of the room."""
    running = B_max * share
    return g * (r.fixed.expr + r.each.expr * running) / running + r.prompt.expr


def _reload() -> Condition:
    """A cache of S tokens comes back no later than it is computed: t_back + S M_tok / W_back <= t_new S + t_new2 S^2 / 2."""
    back = quantity(t_back + S * M_tok / W_back, Unit.of("s"), "back")
    return back <= quantity(t_new * S + t_new2 * S**2 / 2, Unit.of("s"), "again")


__all__ = public(globals())
