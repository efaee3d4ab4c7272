"""One decode step: every sequence of the batch gets one token; weights and KV caches are read once.

``step = attention + max(math, weights)``: attention is always bandwidth-bound, the matmuls may be compute-bound.
The assumptions: everything is sharded evenly over n chips, communication is free, HBM and MXU overlap within the
matmuls. Source: How to Scale Your Model, parts 7 and 8.
"""

from __future__ import annotations

import sympy as sp

from symroof.algebra.cost import Cost
from symroof.algebra.symbols import B, C, M_hbm, P, P_act, S, W_hbm, n, p_w, t_lim
from symroof.solver.bound import Bound
from symroof.solver.solve import solve
from symroof.transformer.architecture import DENSE, Architecture
from symroof.workloads.memory import kv_memory

_SOURCE = "How to Scale Your Model, part 7: general step time"


def step(arch: Architecture = DENSE) -> Cost:
    """Decode step time [s]: B KV / (n W_hbm) + max(2BP / (nC), P p_w / (n W_hbm)).

    A mixture of experts computes with the P_act parameters of its active experts and reads all P: true for batches
    that hit every expert, an overestimate of the reading for small ones.

    >>> step()
    decode step  [s]  = sum of
      attention  2*B*H*K*L*S*p_kv/(W_hbm*n)
      MLP        max of
        math     2*B*P/(C*n)
        weights  P*p_w/(W_hbm*n)
    """
    attention: Cost = kv_memory(arch) / (n * W_hbm)
    mlp = (math_time(arch) | weight_time()).named("MLP")
    return (attention.named("attention") + mlp).named("decode step", _SOURCE)


def math_time(arch: Architecture = DENSE) -> Cost:
    """The FLOPs of a step at full rate [s]: 2BP / (nC), a lower bound when FLOPs-bound."""
    used = P_act if arch.experts else P
    time: Cost = Cost(2 * B * used, "FLOP") / (n * C)
    return time.named("math")


def weight_time() -> Cost:
    """The time to read every weight once [s]: P p_w / (n W_hbm), the lower bound of any decode step."""
    time: Cost = Cost(P * p_w, "byte") / (n * W_hbm)
    return time.named("weights")


def full_hbm_time() -> Cost:
    """The time to read the whole HBM of a chip [s]: M_hbm / W_hbm, the step time of a batch that fills it."""
    return (Cost(M_hbm, "byte") / W_hbm).named("full HBM")


def memory_bound_step(arch: Architecture = DENSE) -> Cost:
    """The step time if only bandwidth counts [s]: (B KV + P p_w) / (n W_hbm)."""
    parts = step(arch)
    return (parts["attention"] + parts["weights"]).named("memory-bound step")


def critical_batch(arch: Architecture = DENSE) -> Bound:
    """The batch from which the matmuls are compute-bound, for any formats: solve(math >= weights, B).

    >>> critical_batch()
    B >= C*p_w/(2*W_hbm)
    """
    parts = step(arch)
    return solve(parts["math"] >= parts["weights"], B)


def throughput(arch: Architecture = DENSE) -> Cost:
    """Tokens per second and chip: B / (n step)."""
    return (B / step(arch) / n).declare("token/s/chip").named("throughput")


def plateau(arch: Architecture = DENSE) -> Cost:
    """The throughput per chip once the matmuls are compute-bound; B and n cancel.

    >>> plateau()
    C*W_hbm/(2*(C*H*K*L*S*p_kv + P*W_hbm))  [token/s/chip]
    """
    parts = step(arch)
    saturated = B / (parts["attention"] + parts["math"]) / n
    return saturated.map(lambda e: sp.factor(sp.together(e))).declare("token/s/chip").named("")


def kv_overtakes_math(arch: Architecture = DENSE) -> Bound:
    """The context from which loading KV caches takes longer than the FLOPs, at any batch: solve(attention >= math, S).

    >>> kv_overtakes_math()
    S >= P*W_hbm/(C*H*K*L*p_kv)
    """
    parts = step(arch)
    return solve(parts["attention"] >= parts["math"], S)


def batch_within(arch: Architecture = DENSE) -> Bound:
    """The batch whose step stays within t_lim: solve(step <= t_lim, B)."""
    return solve(step(arch) <= Cost(t_lim, "s", "limit"), B)


def chips_within(arch: Architecture = DENSE) -> Bound:
    """The chips that read the weights within t_lim, whatever the batch: solve(weights <= t_lim, n)."""
    return solve(weight_time() <= Cost(t_lim, "s", "limit"), n)


def frontier(arch: Architecture = DENSE) -> Cost:
    """The best throughput per chip at a step time of t_lim [token/s/chip]: the latency/throughput frontier over batch.

    The batch of ``batch_within`` divided by n t_lim; evaluate it with an array for t_lim.
    """
    batch = batch_within(arch).cost
    return (batch / Cost(t_lim, "s") / n).declare("token/s/chip").named("frontier")
