"""How far model (tensor) parallelism helps while decoding: a matmul sharded Y ways against its collective.

An activation of B x D enters (or leaves) a matmul whose D x F weights are split over Y chips; the collective moves it
over n_axes axes at W_ici each, both directions of a ring. Source: How to Scale Your Model, parts 5, 7 and 8.
"""

from __future__ import annotations

from typing import Literal

import sympy as sp

from symroof.algebra.cost import Cost
from symroof.algebra.symbols import B, C, D, F, W_hbm, W_ici, Y, n_axes, p_a, p_w
from symroof.errors import UnknownName, nearest, short
from symroof.machine.links import Torus
from symroof.machine.mesh import mesh
from symroof.program.program import Program
from symroof.rooms import public
from symroof.solver.bound import Bound
from symroof.solver.solve import solve
from symroof.workloads.models import AS_MLP, Model, beside_m
from symroof.workloads.training import comms, math, mlps

REGIMES = ("math", "hbm")


def sharded_matmul(m: Model = None) -> Cost:
    """Per matmul: T_ici = p_a BD / (n_axes W_ici), T_hbm = p_w DF / (Y W_hbm), T_math = 2BDF / (YC); the largest binds.

    Of a model those of all its MLPs and experts in a decode step together: what enters is gathered once, and what leaves is
    scattered once; of experts those that are hit are read. Routers are left out.

    >>> sharded_matmul()
    sharded matmul  [s]  = max of
      ici   B*D*p_a/(W_ici*n_axes)
      hbm   D*F*p_w/(W_hbm*Y)
      math  2*B*D*F/(C*Y)
    >>> from symroof import llm
    >>> sharded_matmul(llm("mixtral-8x7b"))
    sharded matmuls  [s]  = max of
      ici   2*B*D*L*p_a/(W_ici*n_axes)
      hbm   3*D*E_hit*F*L*p_w/(W_hbm*Y)
      math  6*B*D*F*L*k/(C*Y)
    """
    if m is None:
        sent, loaded = Cost(p_a * B * D, "byte") / n_axes / W_ici, Cost(p_w * D * F, "byte") / Y / W_hbm
        flops = (Cost(2 * B * D * F, "FLOP") / Y / C).named("math")
        return (sent.named("ici") | loaded.named("hbm") | flops).named("sharded matmul").claiming(AS_MLP)
    layers = mlps("tensor parallel", m=m)
    moved = comms(layers, mesh(Y=Torus(axes=n_axes)))
    sent = Cost(sp.Add(*[part.expr for part in moved.parts]), "s").claiming(layers.of)
    loaded = Cost(sp.Add(*[_weights(b.program) * b.times for b in layers]), "byte").claiming(layers.of) / Y / W_hbm
    return (sent.named("ici") | loaded.named("hbm") | math(layers)).named("sharded matmuls")


def largest_model_parallelism(regime: Literal["math", "hbm"] = "math", m: Model = None) -> Bound:
    """The model parallelism up to which communication hides: behind the FLOPs ("math") or the weight loading ("hbm").

    >>> largest_model_parallelism("math")                      # independent of B; n_axes F / alpha in bf16
    Y <= 2*F*W_ici*n_axes/(C*p_a)
    >>> largest_model_parallelism("hbm")                       # n_axes F / (B beta) if weights and activations agree
    Y <= F*W_ici*n_axes*p_w/(B*W_hbm*p_a)
    >>> from symroof import llm
    >>> largest_model_parallelism(m=llm("mixtral-8x7b"))       # k experts of three matrices share what is gathered once
    Y <= 3*F*W_ici*k*n_axes/(C*p_a)

    Raises UnknownName for another regime.
    """
    if regime not in REGIMES:
        raise UnknownName(f"there is no regime {short(regime)}; {nearest(str(regime)[:99], REGIMES)}{beside_m(regime)}")
    parts = sharded_matmul(m)
    return solve(parts["ici"] <= parts[regime], Y)


def network_intensity() -> Cost:
    """alpha = C / W_ici [FLOP/byte], the book's figure for a chip: 2550 for TPU v5p, 2189 for v5e."""
    return (Cost(C, "FLOP/s") / W_ici).named("alpha")


def bandwidth_ratio() -> Cost:
    """beta = W_hbm / W_ici, the book's "8"."""
    return (Cost(W_hbm, "byte/s") / W_ici).named("beta")


# -- helpers
def _weights(program: Program) -> sp.Expr:
    """Bytes of the weights that a decode step multiplies with, routers left out."""
    own = {t for t, role in program.roles if role.word == "weight" and role.of != "router"}
    return sp.Add(*[t.touched * t.width for s in program.statements for t in s.operands if t.name in own])


__all__ = public(globals())
