"""How far model (tensor) parallelism helps while decoding: a matmul sharded Y ways against its collective.

An activation of B x D enters (or leaves) a matmul whose D x F weights are split over Y chips; the collective moves it
over n_axes axes at W_ici each, both directions of a ring. Source: How to Scale Your Model, parts 5, 7 and 8.
"""

from __future__ import annotations

from typing import Literal

from symroof.algebra.cost import Cost
from symroof.algebra.symbols import B, C, D, F, W_hbm, W_ici, Y, n_axes, p_a, p_w
from symroof.solver.bound import Bound
from symroof.solver.solve import solve


def sharded_matmul() -> Cost:
    """Per matmul: T_ici = p_a BD / (n_axes W_ici), T_hbm = p_w DF / (Y W_hbm), T_math = 2BDF / (YC); the largest binds.

    >>> sharded_matmul()
    sharded matmul  [s]  = max of
      ici   B*D*p_a/(W_ici*n_axes)
      hbm   D*F*p_w/(W_hbm*Y)
      math  2*B*D*F/(C*Y)
    """
    ici: Cost = Cost(p_a * B * D, "byte") / (n_axes * W_ici)
    hbm: Cost = Cost(p_w * D * F, "byte") / (Y * W_hbm)
    math: Cost = Cost(2 * B * D * F, "FLOP") / (Y * C)
    return (ici.named("ici") | hbm.named("hbm") | math.named("math")).named("sharded matmul")


def largest_model_parallelism(regime: Literal["math", "hbm"] = "math") -> Bound:
    """The model parallelism up to which communication hides: behind the FLOPs ("math") or the weight loading ("hbm").

    >>> largest_model_parallelism("math")                      # independent of B; n_axes F / alpha in bf16
    Y <= 2*F*W_ici*n_axes/(C*p_a)
    >>> largest_model_parallelism("hbm")                       # n_axes F / (B beta) if weights and activations agree
    Y <= F*W_ici*n_axes*p_w/(B*W_hbm*p_a)
    """
    parts = sharded_matmul()
    return solve(parts["ici"] <= parts[regime], Y)


def network_intensity() -> Cost:
    """alpha = C / W_ici [FLOP/byte], the book's figure for a chip: 2550 for TPU v5p, 2189 for v5e."""
    return (Cost(C, "FLOP/s") / W_ici).named("alpha")


def bandwidth_ratio() -> Cost:
    """beta = W_hbm / W_ici, the book's "8"."""
    return (Cost(W_hbm, "byte/s") / W_ici).named("beta")
