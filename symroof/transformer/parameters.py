"""Parameters, from the dimensions. Norms and biases, less than 0.01 % of any model, are left out."""

from __future__ import annotations

import sympy as sp

from symroof.algebra.cost import Cost
from symroof.algebra.symbols import (
    D,
    E,
    E_sh,
    F,
    F_dense,
    H,
    H_nope,
    H_rope,
    H_v,
    K,
    L,
    L_dense,
    N,
    R_kv,
    R_q,
    V,
    k,
)
from symroof.transformer.architecture import DENSE, Architecture

_SOURCE = "How to Scale Your Model, part 4"


def parameters(arch: Architecture = DENSE) -> Cost:
    """All parameters [param]: attention + MLP + embeddings; for a dense gated model L(2DNH + 2DKH) + 3DFL + 2DV."""
    return (_attention(arch) + _mlp(arch, E) + _embeddings(arch)).named("parameters", _SOURCE)


def active_parameters(arch: Architecture = DENSE) -> Cost:
    """The parameters one token uses [param]: k experts of E, and everything else."""
    return (_attention(arch) + _mlp(arch, k) + _embeddings(arch)).named("active parameters", _SOURCE)


def _attention(arch: Architecture) -> Cost:
    """Q, K, V and the output projection: 2DNH + 2DKH a layer; in latent attention through the ranks R_q and R_kv."""
    if arch.latent:
        queries = D * R_q + R_q * N * (H_nope + H_rope)
        layer = queries + D * (R_kv + H_rope) + R_kv * N * (H_nope + H_v) + N * H_v * D
    else:
        layer = 2 * D * N * H + 2 * D * K * H
    return Cost(L * layer, "param", "attention")


def _mlp(arch: Architecture, experts: sp.Expr) -> Cost:
    """3DF a layer (2DF if not gated); of an expert layer all the experts that are counted, and the router."""
    matrices = 3 if arch.gated else 2
    if not arch.experts:
        return Cost(matrices * D * F * L, "param", "MLP")
    count = experts + E_sh if arch.shared else experts
    layers = L - L_dense if arch.dense_layers else L
    routed = Cost((matrices * D * F * count + D * E) * layers, "param", "experts")
    return routed + Cost(matrices * D * F_dense * L_dense, "param", "dense MLP") if arch.dense_layers else routed


def _embeddings(arch: Architecture) -> Cost:
    """DV for the embedding and, unless they share it, DV for the unembedding."""
    return Cost((1 if arch.tied else 2) * D * V, "param", "embeddings")
