"""Training: the thresholds of every sharding scheme, derived from the programs of its layers.

A layer is the ungated MLP ``[B, D] -> [B, F] -> [B, D]`` of the book (B in tokens, p_w = p_a = p bytes): comms against
math in the forward or the backward pass, on rings. Source: How to Scale Your Model, part 5.
"""

from __future__ import annotations

import sympy as sp

from symroof.algebra.bound import Bound
from symroof.algebra.condition import Condition
from symroof.algebra.cost import Cost
from symroof.algebra.solve import solve
from symroof.algebra.symbols import MFU, B, C, D, F, M_X, M_Y, P, W_dcn, X, Y, n, price, symbol
from symroof.machine.links import Torus
from symroof.machine.mesh import Mesh, mesh
from symroof.program.program import Program
from symroof.transformer.layers import Sharding, mlp

#: Tokens of a training run.
D_tok = symbol("D_tok", "token", "tokens of a training run", r"D_\text{tok}")

SCHEMES = {
    "data parallel": Sharding(data="X"),
    "FSDP": Sharding(data="X", fsdp="X"),
    "tensor parallel": Sharding(model="Y"),
    "FSDP + tensor parallel": Sharding(data="X", model="Y", fsdp="X"),
}


def layer(scheme: str) -> Program:
    """The MLP of a scheme, forward.

    Raises LookupError with the schemes there are.
    """
    from symroof.errors import UnknownName, nearest, short

    if scheme not in SCHEMES:
        raise UnknownName(f"there is no scheme {short(scheme)}; {nearest(scheme, SCHEMES)}")
    return mlp(SCHEMES[scheme], gated=False)


def torus() -> Mesh:
    """X over M_X physical axes of rings, Y over M_Y."""
    return mesh(X=Torus(axes=M_X), Y=Torus(axes=M_Y))


def comms(program: Program, on: Mesh | None = None) -> Cost:
    """The time of all collectives of a program one after the other [s]."""
    parts = [(on or torus()).time(c) for c in program.collectives]
    whole = parts[0]
    for part in parts[1:]:
        whole = whole + part
    return whole.named("comms")


def math(program: Program) -> Cost:
    """The time of its FLOPs [s]."""
    return (program.flops / C).named("math")
