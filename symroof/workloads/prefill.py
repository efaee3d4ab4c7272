"""Prefill: a prompt is compute-bound long before 8k tokens, so FLOPs and an MFU say it all."""

from __future__ import annotations

from symroof.algebra.cost import Cost
from symroof.algebra.symbols import MFU, C, P, P_act, T, n
from symroof.transformer.architecture import DENSE, Architecture


def forward_flops(arch: Architecture = DENSE) -> Cost:
    """FLOPs of a forward pass per token [FLOP/token]: 2P, without attention to the context."""
    return Cost(2 * (P_act if arch.experts else P), "FLOP/token", "forward FLOPs")


def prefill_time(arch: Architecture = DENSE) -> Cost:
    """The time to prefill one prompt of T tokens [s]: 2PT / (nC MFU). Source: How to Scale Your Model, part 8.

    >>> prefill_time()
    2*P*T/(C*MFU*n)  [s]
    """
    time: Cost = forward_flops(arch) * T / (n * C * MFU)
    return time.declare("s").named("prefill")
