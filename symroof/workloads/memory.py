"""What must fit into HBM: weights and KV cache; how many chips that takes, which batch a slice holds.

Working memory for activations is left out: it is below 0.1 GB per decode step for an 8B model at batch 240.
Source: How to Scale Your Model, part 8.
"""

from __future__ import annotations

import sympy as sp

from symroof.algebra.claims import ORDER, Claim
from symroof.algebra.cost import Cost
from symroof.algebra.operands import plain
from symroof.algebra.roots import PowerOfTwo
from symroof.algebra.symbols import B, D, F, M_hbm, P, V, n, p_a, p_w
from symroof.errors import InputError, short
from symroof.rooms import public
from symroof.solver.bound import Bound
from symroof.solver.solve import solve
from symroof.workloads.models import AS_DENSE, AS_GATED, BOOK, Model, checked, kept, letters, reaches, stack_of, summed, weights


def parameters(m: Model = None) -> Cost:
    """All parameters [param], parts by class of tensor; of the book's model L(2DNH + 2DKH + 3DF) + 2DV, norms left out."""
    return BOOK.parameters.claiming(AS_GATED) if m is None else stack_of(m).parameters


def weight_memory(m: Model = None) -> Cost:
    """Bytes of the weights: P p_w, of any model in one format; M_w of one as it is stored."""
    checked(m)
    return Cost(P * p_w, "byte", "weights") if letters(m).weights is None else weights(m).named("weights")


def kv_per_token(m: Model = None) -> Cost:
    """KV cache per token of context [byte/token]: kv, and kv_win until the token leaves a window; of the book's model 2KHL p_kv."""
    return summed(m, [r.cache / plain(r.view.every) for r in reaches(m)], "byte/token").named("KV per token")


def kv_per_sequence(m: Model = None) -> Cost:
    """What a sequence with S tokens of context keeps [byte]: kv S, of windows no more than they see, and states."""
    return kept(m).named("KV per sequence")


def kv_memory(m: Model = None) -> Cost:
    """Bytes of what a batch of B sequences with S tokens of context keeps; of the book's model B 2KHL p_kv S."""
    return (B * kv_per_sequence(m)).named("KV cache")


def memory(m: Model = None) -> Cost:
    """Bytes a server holds: weights + KV cache."""
    return (weight_memory(m) + kv_memory(m)).named("memory")


def working_activations() -> Cost:
    """Peak bytes of activations of one decode step: residual BD, gated MLP hidden 2BF, logits BV, at p_a bytes each.

    An upper bound for what is alive at once: the largest is the logits.
    """
    residual, hidden, logits = (Cost(p_a * e, "byte", name) for name, e in (("residual", B * D), ("hidden", 2 * B * F), ("logits", B * V)))
    return (residual + hidden + logits).named("activations").claiming(AS_DENSE)


def capacity() -> Cost:
    """HBM of all chips: n M_hbm."""
    return Cost(n * M_hbm, "byte", "HBM")


def kv_room(m: Model = None) -> Cost:
    """HBM that the weights leave for KV caches: n M_hbm - P p_w, of any model whose weights fit."""
    needed = weight_memory(m).expr
    fits = f"the weights do not fit: {needed} is more than {n * M_hbm}; give more chips or fewer bytes a parameter"
    left = (capacity() - weight_memory(m)).named("room for KV")
    return left.claiming(left.of | {Claim(ORDER, (needed, n * M_hbm, fits))})


def fewest_chips(m: Model = None) -> Bound:
    """The chips that hold weights and KV caches: solve(memory <= n M_hbm, n)."""
    return solve(memory(m) <= capacity(), n)


def fewest_chips_for_weights(m: Model = None) -> Bound:
    """The chips that hold the weights alone: solve(P p_w <= n M_hbm, n)."""
    return solve(weight_memory(m) <= capacity(), n)


def largest_batch(m: Model = None) -> Bound:
    """The batch that fits beside the weights: solve(memory <= n M_hbm, B).

    >>> largest_batch()
    B <= (M_hbm*n - P*p_w)/(2*H*K*L*S*p_kv)   when M_hbm*n > P*p_w
    """
    return solve(memory(m) <= capacity(), B)


def whole(bound: Bound) -> Cost:
    """A threshold in whole numbers, where half a chip or half a sequence is none: floor of a ``<=``, ceiling of a ``>=``.

    The domain of the bound is not part of it. Raises SolveError if the bound has more than one threshold, InputError for
    what is no bound.
    """
    if not isinstance(bound, Bound):
        raise InputError(f"{short(bound)} is no threshold; give one, e.g. whole(fewest_chips(m))")
    rounded = sp.floor if bound.relation[0] == "<" else sp.ceiling
    return Cost(rounded(bound.expr), bound.unit, f"whole {bound.symbol.name}")


def slice_chips(chips: Cost | sp.Expr) -> Cost:
    """The next power of two, the book's rule of thumb for a slice; the legal slices are in the chip's sheet.

    Raises InputError for what is no formula.
    """
    if not isinstance(chips, (Cost, sp.Expr)):
        raise InputError(f"{short(chips)} is no number of chips; give a formula of it, e.g. slice_chips(fewest_chips(m).cost)")
    return Cost(PowerOfTwo(plain(chips)), "chip", "power-of-two slice")


__all__ = public(globals())
