"""Training: the layers that a scheme shards, their FLOPs and collectives; what binds follows in :mod:`symroof.workloads.training`.

A layer is written once for every scheme in the sharding notation. Routers are left out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import sympy as sp

from symroof.algebra.claims import NONE, Claims
from symroof.algebra.cost import Cost
from symroof.algebra.symbols import M_X, M_Y, C
from symroof.errors import InputError, UnknownName, nearest, short
from symroof.machine.collectives import Collective
from symroof.machine.links import Network, Torus
from symroof.machine.mesh import Mesh, mesh
from symroof.program.program import Program
from symroof.transformer.blocks import Block, Blocks
from symroof.transformer.kind import Kind, Pass
from symroof.transformer.mlp import Mlp
from symroof.transformer.split import Sharding
from symroof.workloads.models import AS_MLP, Model, stack_of, sum_of_times, with_width

Direction = Literal["forward", "backward"]

SCHEMES = {
    "data parallel": Sharding(data="X"),
    "FSDP": Sharding(data="X", fsdp="X"),
    "tensor parallel": Sharding(model="Y"),
    "FSDP + tensor parallel": Sharding(data="X", model="Y", fsdp="X"),
    "data parallel across slices": Sharding(data="XZ"),
}


def layer(scheme: str, direction: Direction = "forward") -> Program:
    """The MLP of the book under a scheme, forward or backward.

    >>> layer("tensor parallel").collectives
    (AllGather_Y(In)  B*D*p_a  [byte], ReduceScatter_Y(Out)  B*D*p_a  [byte])

    Raises UnknownName with the schemes, or directions, there are.
    """
    _check(scheme, direction)
    return _directed(_BOOK, scheme, direction)


def mlps(scheme: str, direction: Direction = "forward", m: Model = None) -> Blocks:
    """The MLPs and experts of a model under a scheme, and how often each stands in it; without a model the book's MLP.

    An MLP beside attention is taken with collectives of its own.

    >>> from symroof import llm
    >>> comms(mlps("tensor parallel", m=llm("mixtral-8x7b")))
    comms  [s]  = sum of
      AllGather_Y(In)       B*D*L*p_a/(M_Y*W_ici)
      ReduceScatter_Y(Out)  B*D*L*p_a/(M_Y*W_ici)

    Raises UnknownName with the schemes, or directions, there are; InputError for a model that has neither MLPs nor experts.
    """
    _check(scheme, direction)
    if m is None:
        return Blocks((Block("MLP", _BOOK, layer(scheme, direction), _ONE),), AS_MLP)
    found = tuple(Block(of.name, of.kind, _directed(of.kind, scheme, direction), of.count) for of in with_width(m))
    return Blocks(found, stack_of(m).in_layers)


def torus() -> Mesh:
    """X over M_X physical axes of rings, Y over M_Y."""
    return mesh(X=Torus(axes=M_X), Y=Torus(axes=M_Y))


def slices() -> Mesh:
    """Z slices of X chips each: rings over M_X physical axes inside, the data-centre network between them."""
    return mesh(X=Torus(axes=M_X), Z=Network())


def comms(of: Program | Blocks, on: Mesh | None = None) -> Cost:
    """The time of all collectives of a program, or of the layers of a model, one after the other [s], on ``torus()`` unless told.

    >>> comms(layer("tensor parallel"))
    comms  [s]  = sum of
      AllGather_Y(In)       B*D*p_a/(M_Y*W_ici)
      ReduceScatter_Y(Out)  B*D*p_a/(M_Y*W_ici)
    """
    return sum_of_times([(on or torus()).time(c) * times for c, times in collectives(of)]).named("comms").claiming(_claims(of))


def math(of: Program | Blocks) -> Cost:
    """The time of the FLOPs of a program, or of the layers of a model [s].

    >>> math(layer("FSDP", "backward"))
    8*B*D*F/(C*X)  [s]
    """
    flops = sp.factor(sp.Add(*[_flops(program) * times for program, times in _programs(of)]))
    return (Cost(flops, "FLOP").claiming(_claims(of)) / C).named("math")


# -- helpers
_BOOK = Mlp(gated=False)
_ONE = sp.Integer(1)


def _check(scheme: str, direction: str) -> None:
    if not isinstance(scheme, str) or scheme not in SCHEMES:
        raise UnknownName(f"there is no scheme {short(scheme)}; {nearest(str(scheme)[:99], SCHEMES)}, and give a model as m=...")
    if direction not in ("forward", "backward"):
        raise UnknownName(f"there is no direction {short(direction)}; {nearest(str(direction), ('forward', 'backward'))}")


def _directed(kind: Kind, scheme: str, direction: str) -> Program:
    alone: Any = replace(kind, parallel=False) if isinstance(kind, Mlp) else kind
    forward: Program = alone.program(SCHEMES[scheme], Pass(new=1))
    return forward if direction == "forward" else forward.backward()


def _programs(of: Program | Blocks) -> list[tuple[Program, sp.Expr]]:
    if not isinstance(of, (Program, Blocks)):
        raise InputError(f"{short(of)} is no program; give layer('FSDP') of the book, or mlps('FSDP', m=m) of a model")
    return [(of, _ONE)] if isinstance(of, Program) else [(b.program, b.times) for b in of]


def _claims(of: Program | Blocks) -> Claims:
    return of.of if isinstance(of, Blocks) else NONE


def _routing(program: Program) -> set[str]:
    """The weights of routers, and their gradients."""
    weights = {t for t, role in program.roles if role.of == "router"}
    return weights | {f"d{t}" for t in weights}


def _flops(program: Program) -> sp.Expr:
    """FLOPs without those of routers."""
    left_out = _routing(program)
    counted = [s for s in program.statements if not left_out & {t.name for t in (*s.operands, s.out)} and s.mark != "vector"]
    return sp.Add(*[s.flops.expr for s in counted])


def collectives(of: Program | Blocks) -> list[tuple[Collective, sp.Expr]]:
    """Every collective and how often it runs, without those of the gradients of routers."""
    return [(c, times) for program, times in _programs(of) for c in program.collectives if c.tensor not in _routing(program)]
