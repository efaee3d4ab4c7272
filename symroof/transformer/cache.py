"""The KV cache: K *KV* heads (not query heads) of size H, keys and values, in every layer."""

from __future__ import annotations

import sympy as sp

from symroof.algebra.cost import Cost
from symroof.algebra.symbols import H, H_rope, K, L, L_full, L_win, R_kv, S, S_win, p_kv
from symroof.transformer.architecture import DENSE, Architecture

_SOURCE = "How to Scale Your Model, part 7"


def kv_per_token(arch: Architecture = DENSE) -> Cost:
    """KV cache per token of context [byte/token]: 2KHL p_kv; in latent attention (R_kv + H_rope)L p_kv.

    For a model with sliding windows this is what a token costs before it leaves the window.
    """
    return Cost(_elements(arch) * L * p_kv, "byte/token", "KV per token", source=_SOURCE)


def kv_per_sequence(arch: Architecture = DENSE) -> Cost:
    """KV cache of a sequence with S tokens of context [byte]; windowed layers hold no more than S_win of them."""
    tokens = L * S
    if arch.windowed:
        tokens = L_win * sp.Min(S, S_win, evaluate=False) + (L_full * S if arch.full_layers else 0)
    return Cost(_elements(arch) * tokens * p_kv, "byte", "KV per sequence", source=_SOURCE)


def _elements(arch: Architecture) -> sp.Expr:
    return R_kv + H_rope if arch.latent else 2 * K * H
