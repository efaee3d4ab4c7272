"""Serving: queries per second, dollars per token, evictions, and how many prefill servers feed one generate server.

Where a step (or a prefill) is asked for, give a model, a time of your own, or nothing for the book's dense model.
Source: How to Scale Your Model, part 8.
"""

from __future__ import annotations

from collections.abc import Callable

from symroof.algebra.cost import Cost
from symroof.algebra.symbols import B, C, G, T, n, power, price, r_pre
from symroof.algebra.units import Unit
from symroof.errors import InputError, short
from symroof.rooms import public
from symroof.solver.bound import Bound
from symroof.solver.solve import solve
from symroof.workloads.decode import step, throughput
from symroof.workloads.models import Model
from symroof.workloads.prefill import prefill_time

_SECOND = Unit.of("s")
_OF_MODEL = {"step_time": "decode.step(m)", "prefill": "prefill.prefill_time(m)"}


def queries(m: Model | Cost = None, step_time: Cost | None = None) -> Cost:
    """Queries per second and chip, each generating G tokens: B / (step G n).

    Raises InputError for what is neither a model nor the time of a step.
    """
    return (B / _time(step, m, step_time, "step_time") / G / n).declare("query/s/chip").named("QPS per chip")


def generation_time(m: Model | Cost = None, step_time: Cost | None = None) -> Cost:
    """The time to generate a sequence [s]: G steps.

    Raises InputError for what is neither a model nor the time of a step.
    """
    return (_time(step, m, step_time, "step_time") * G).named("generation")


def flops_per_dollar() -> Cost:
    """FLOPs that a dollar buys [FLOP/USD]: C / price."""
    return (Cost(C, "FLOP/s") / Cost(price, "USD/s")).named("FLOPs per dollar")


def dollars_per_token(m: Model = None) -> Cost:
    """What a generated token costs [USD/token]: price / throughput per chip; shown per million tokens."""
    return (Cost(price, "USD/s") / throughput(m)).declare("USD/token").named("cost per token")


def joules_per_token(m: Model = None) -> Cost:
    """What a generated token takes of energy, chips at their full power [J/token]: power / throughput per chip."""
    return (Cost(power, "J/s") / throughput(m)).declare("J/token").named("energy per token")


def finished_per_step() -> Cost:
    """Sequences that finish in a decode step, on average: B / G."""
    return Cost(B / G, "sequence/step", "finished")


def evicted_per_step() -> Cost:
    """Tokens that leave the KV cache in a decode step, on average: B (T + G) / G, prompts of T tokens."""
    return Cost(B * (T + G) / G, "token/step", "evicted")


def prefill_servers(prefill: Cost | None = None, step_time: Cost | None = None) -> Bound:
    """Prefill servers per generate server that keep both busy: solve(r / prefill >= B / (step G), r).

    A prefill server supplies a sequence every ``prefill`` seconds; a generate server finishes B/G sequences a step. Of a model
    give both times: ``prefill=prefill.prefill_time(m), step_time=decode.step(m)``.

    Raises InputError for times that are no costs in seconds.
    """
    supply = (r_pre / _time(prefill_time, None, prefill, "prefill")).declare("sequence/s").named("supply")
    demand = (finished_per_step() / _time(step, None, step_time, "step_time")).declare("sequence/s").named("demand")
    return solve(supply >= demand, r_pre)


# -- helpers
def _time(of: Callable[[Model], Cost], m: Model | Cost, given: Cost | None, word: str) -> Cost:
    """The time that is given, or that of a model."""
    if isinstance(m, Cost) and word == "step_time" and given is None:
        m, given = None, m
    if given is None:
        return of(m)
    if not isinstance(given, Cost) or given.unit != _SECOND:
        raise InputError(f"{word} = {short(given)} is no time; give a cost in seconds, of a model e.g. {word}={_OF_MODEL[word]}")
    return given


__all__ = public(globals())
