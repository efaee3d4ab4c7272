"""What serving one step at a time is worth: continuous against static batching, and prompts that are read in chunks.

Each "pays from" is a condition between what both ways take, solved for what is asked.
"""

from __future__ import annotations

import sympy as sp

from symroof.algebra.cost import Condition, Cost, quantity
from symroof.algebra.symbols import B, G, T, T_chunk, g, k_long, lam, t_lim, t_plan
from symroof.algebra.units import Unit
from symroof.rooms import public
from symroof.solver.bound import Bound
from symroof.workloads.load.replica import LETTERS, ROOFED, Replica, Served, of
from symroof.workloads.load.tags import Tag


@Tag("exact", "a batch that is full, and waits for its longest answer")
def static_rate(served: Served = None) -> Cost:
    """The rate of a replica whose batch of B runs until its longest answer ends [request/s]: B / (B t_pre + (k_long G - 1)(a + b B)).

    >>> static_rate()
    B/(B*t_pre + (B*b + a)*(G*k_long - 1))  [request/s]
    """
    r = of(served)
    return r.formula(B / (B * r.prompt.expr + _longest() * _step(r)), "request/s", "static rate")


@Tag("exact", "a batch that is full")
def continuous_rate(served: Served = None) -> Cost:
    """The rate of a replica whose sequences are replaced one by one [request/s]: B / (B t_pre + g (a + b B))."""
    r = of(served)
    return r.formula(B / (B * r.prompt.expr + g * _step(r)), "request/s", "continuous rate")


@Tag("approximate", "answers of geometric lengths, eight sequences or more", (0.01, 0.03))
def longest_of_batch() -> Cost:
    """The longest of B answers over their mean, where lengths are geometric [1]: (1/2 + H_B / ln(G / g)) / G.

    The harmonic number H_B is about ln B + 0.5772 + 1/(2B).
    """
    harmonic = sp.log(B) + sp.Rational(5772157, 10**7) + 1 / (2 * B)
    return quantity((sp.Rational(1, 2) + harmonic / sp.log(G / g)) / G, Unit.of("1"), "longest")


@Tag("exact", "a batch that is full")
def continuous_pays(served: Served = None) -> Bound:
    """The scheduling time a step up to which continuous batching pays: solve(continuous with t_plan >= static, t_plan).

    >>> continuous_pays()
    t_plan <= (G*k_long*(B*b + a) - B*b*g - B*b - a*g - a)/g   when G*k_long*(B*b + a) > B*b*g + B*b + a*g + a
    """
    return of(served).solved(_continuous_pays, t_plan)


@Tag("approximate", "right in 59 of 60 simulated servers at 0.85 and 1.18 of it")
def chunk_keeps_up(served: Served = None) -> Bound:
    """The chunk from which prompts keep up with their arrival: solve(lam T a <= T_chunk (1 - lam (t_pre + b g)), T_chunk).

    Below it every step reads a chunk, and prompts queue.
    """
    return of(served).solved(_chunk_keeps_up, T_chunk)


@Tag("exact", "of a step with B sequences")
def chunk_is_free(served: Served = None) -> Bound:
    """The chunk up to which a step stays memory-bound, so that reading it is free: solve(c (B + T_chunk) <= a + b B, T_chunk).

    >>> chunk_is_free()
    T_chunk <= (B*b + a - B*c)/c   when B*b + a > B*c
    """
    return _roofed(served).solved(_chunk_is_free, T_chunk)


@Tag("exact", "of a step with B sequences")
def chunk_within(served: Served = None) -> Bound:
    """The chunk up to which no step takes longer than t_lim: solve(max(a + b B, c (B + T_chunk)) <= t_lim, T_chunk)."""
    return _roofed(served).solved(_chunk_within, T_chunk)


# -- conditions
def _chunk_within(r: Replica) -> Condition:
    memory = quantity(_step(r), Unit.of("s"), "memory").claiming(r.of)
    return (memory | quantity(_roof(r) * (B + T_chunk), Unit.of("s"), "math")) <= Cost(t_lim, "s")


def _continuous_pays(r: Replica) -> Condition:
    taken = quantity(g * (_step(r) + t_plan), Unit.of("s"), "continuous").claiming(r.of)
    return taken <= quantity(_longest() * _step(r), Unit.of("s"), "static")


def _chunk_keeps_up(r: Replica) -> Condition:
    coming = quantity(lam * T * r.fixed.expr, Unit.of("token"), "coming").claiming(r.of)
    return coming <= quantity(T_chunk * (1 - r.load), Unit.of("token"), "read")


def _chunk_is_free(r: Replica) -> Condition:
    read = quantity(_roof(r) * (B + T_chunk), Unit.of("s"), "math").claiming(r.of)
    return read <= quantity(_step(r), Unit.of("s"), "memory")


# -- helpers
def _roofed(served: Served) -> Replica:
    """The replica, in letters one that arithmetic may bind."""
    return ROOFED if served is None else of(served)


def _step(r: Replica) -> sp.Expr:
    return r.fixed.expr + r.each.expr * B


def _longest() -> sp.Expr:
    """Decode steps of the longest answer of a batch."""
    return k_long * G - 1


def _roof(r: Replica) -> sp.Expr:
    """The time of a token where arithmetic binds."""
    return ROOFED.roof.expr if r.roof is None and ROOFED.roof else (r.roof or LETTERS.each).expr


__all__ = public(globals())
