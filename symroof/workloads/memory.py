"""What must fit into HBM: weights and KV cache; how many chips that takes, which batch a slice holds.

Working memory for activations is left out: it is below 0.1 GB per decode step for an 8B model at batch 240.
Source: How to Scale Your Model, part 8.
"""

from __future__ import annotations

import sympy as sp

from symroof.algebra.cost import Cost
from symroof.algebra.operands import plain
from symroof.algebra.roots import PowerOfTwo
from symroof.algebra.symbols import B, D, F, M_hbm, P, V, n, p_a, p_w
from symroof.solver.bound import Bound
from symroof.solver.solve import solve
from symroof.transformer.architecture import DENSE, Architecture
from symroof.transformer.cache import kv_per_sequence as kv_per_sequence
from symroof.transformer.cache import kv_per_token as kv_per_token
from symroof.transformer.parameters import parameters as parameters


def weight_memory() -> Cost:
    """Bytes of the weights: P p_w."""
    return Cost(P * p_w, "byte", "weights")


def kv_memory(arch: Architecture = DENSE) -> Cost:
    """Bytes of the KV caches of a batch of B sequences with S tokens of context: B 2KHL p_kv S."""
    return (B * kv_per_sequence(arch)).named("KV cache")


def memory(arch: Architecture = DENSE) -> Cost:
    """Bytes a server holds: weights + KV cache."""
    return (weight_memory() + kv_memory(arch)).named("memory")


def working_activations() -> Cost:
    """Peak bytes of activations of one decode step: residual BD, gated MLP hidden 2BF, logits BV, at p_a bytes each.

    An upper bound for what is alive at once: the largest is the logits.
    """
    residual, hidden, logits = (Cost(p_a * e, "byte", name) for name, e in (("residual", B * D), ("hidden", 2 * B * F), ("logits", B * V)))
    return (residual + hidden + logits).named("activations")


def capacity() -> Cost:
    """HBM of all chips: n M_hbm."""
    return Cost(n * M_hbm, "byte", "HBM")


def kv_room() -> Cost:
    """HBM that the weights leave for KV caches: n M_hbm - P p_w."""
    return (capacity() - weight_memory()).named("room for KV")


def fewest_chips(arch: Architecture = DENSE) -> Bound:
    """The chips that hold weights and KV caches: solve(memory <= n M_hbm, n).

    >>> fewest_chips()
    n >= (2*B*H*K*L*S*p_kv + P*p_w)/M_hbm
    """
    return solve(memory(arch) <= capacity(), n)


def fewest_chips_for_weights() -> Bound:
    """The chips that hold the weights alone: solve(P p_w <= n M_hbm, n)."""
    return solve(weight_memory() <= capacity(), n)


def largest_batch(arch: Architecture = DENSE) -> Bound:
    """The batch that fits beside the weights: solve(memory <= n M_hbm, B).

    >>> largest_batch()
    B <= (M_hbm*n - P*p_w)/(2*H*K*L*S*p_kv)   when M_hbm*n > P*p_w
    """
    return solve(memory(arch) <= capacity(), B)


def whole(bound: Bound) -> Cost:
    """A threshold in whole numbers, where half a chip or half a sequence is none: floor of a ``<=``, ceiling of a ``>=``.

    The domain of the bound is not part of it. Raises SolveError if the bound has more than one threshold.

    >>> whole(fewest_chips_for_weights())
    ceiling(P*p_w/M_hbm)  [chip]
    """
    rounded = sp.floor if bound.relation[0] == "<" else sp.ceiling
    return Cost(rounded(bound.expr), bound.unit, f"whole {bound.symbol.name}")


def slice_chips(chips: Cost | sp.Expr) -> Cost:
    """The next power of two, the book's rule of thumb for a slice; the legal slices are in the chip's sheet."""
    return Cost(PowerOfTwo(plain(chips)), "chip", "power-of-two slice")
