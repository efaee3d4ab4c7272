"""Serving: queries per second, dollars per token, evictions, and how many prefill servers feed one generate server.

Source: How to Scale Your Model, part 8.
"""

from __future__ import annotations

from symroof.algebra.cost import Cost
from symroof.algebra.symbols import B, C, G, T, n, price, r_pre
from symroof.solver.bound import Bound
from symroof.solver.solve import solve
from symroof.workloads.decode import step, throughput
from symroof.workloads.models import Model
from symroof.workloads.prefill import prefill_time


def queries(step_time: Cost | None = None) -> Cost:
    """Queries per second and chip, each generating G tokens: B / (step G n)."""
    return (B / (step_time or step()) / G / n).declare("query/s/chip").named("QPS per chip")


def generation_time(step_time: Cost | None = None) -> Cost:
    """The time to generate a sequence [s]: G steps."""
    return ((step_time or step()) * G).named("generation")


def flops_per_dollar() -> Cost:
    """FLOPs that a dollar buys [FLOP/USD]: C / price.

    >>> flops_per_dollar()
    C/price  [FLOP/USD]
    """
    return (Cost(C, "FLOP/s") / Cost(price, "USD/s")).named("FLOPs per dollar")


def dollars_per_token(m: Model = None) -> Cost:
    """What a generated token costs [USD/token]: price / throughput per chip; shown per million tokens."""
    return (Cost(price, "USD/s") / throughput(m)).declare("USD/token").named("cost per token")


def finished_per_step() -> Cost:
    """Sequences that finish in a decode step, on average: B / G."""
    return Cost(B / G, "sequence/step", "finished")


def evicted_per_step() -> Cost:
    """Tokens that leave the KV cache in a decode step, on average: B (T + G) / G, prompts of T tokens."""
    return Cost(B * (T + G) / G, "token/step", "evicted")


def prefill_servers(prefill: Cost | None = None, step_time: Cost | None = None) -> Bound:
    """Prefill servers per generate server that keep both busy: solve(r / prefill >= B / (step G), r).

    A prefill server supplies a sequence every ``prefill`` seconds; a generate server finishes B/G sequences a step.
    """
    supply = (r_pre / (prefill or prefill_time())).declare("sequence/s").named("supply")
    demand = (finished_per_step() / (step_time or step())).declare("sequence/s").named("demand")
    return solve(supply >= demand, r_pre)
