"""The transposed program: for every product two more, gathers become scatters, and what has to be kept or computed again."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from symroof.algebra.cost import Cost
from symroof.errors import ProgramError, nearest, short
from symroof.program.infer import Statement, infer, once
from symroof.program.program import Program
from symroof.program.tensor import Tensor

REMATS = {
    "none": "every intermediate is kept, nothing is computed again",
    "block": "only the inputs are kept, the whole forward pass is computed again",
    "matmuls": "results of products with weights are kept, products of activations are computed again",
}


def backward(program: Program) -> Program:
    """The gradients of a program: ``Out = A B`` gives ``dOut B -> dA`` and ``A dOut -> dB``, in reverse order.

    Gradients have the sharding and the format of what they are gradients of, so the collectives follow from the same
    rules: AllGather of a weight becomes ReduceScatter of its gradient. Activations that the forward pass gathered are
    kept, weights are gathered again. The gradients of a tensor that is used twice are added on the chip, then reduced once.
    """
    statements: list[Statement] = []
    for s in reversed(program.statements):
        grad = _gradient(s.out)
        if len(s.operands) == 1:
            statements.append(_resharded_back(s, grad))
            continue
        a, b = s.operands
        statements += [infer((grad, b), _gradient(a)), infer((a, grad), _gradient(b))]
    kept = {(c.tensor, c.axes) for c in program.collectives if c.kind == "AllGather" and not is_weight(c.tensor)}
    return Program(once(_summed(statements), kept), frozenset(f"d{name}" for name in program.on_chip) | program.on_chip)


def _summed(statements: list[Statement]) -> list[Statement]:
    """The statements with every gradient reduced once, after its last use."""
    found: list[Statement] = []
    done: set[tuple[str, str, tuple[str, ...]]] = set()
    for s in reversed(statements):
        reductions = {(c.kind, c.tensor, c.axes) for c in s.collectives if c.kind in ("ReduceScatter", "AllReduce")}
        left = tuple(c for c in s.collectives if (c.kind, c.tensor, c.axes) not in reductions & done)
        done |= reductions
        found.append(replace(s, collectives=left))
    return found[::-1]


def training(program: Program, remat: str = "none") -> Program:
    """Forward, what is computed again, and backward, as one program.

    Raises ProgramError for an unknown policy.
    """
    return program + Program(_again(program, remat), program.on_chip) + backward(program)


def saved(program: Program, remat: str = "none") -> Cost:
    """Bytes per chip of what is kept for the backward pass, weights left out [byte]; parts by tensor."""
    weights = {n for n in program.inputs if is_weight(n)}
    skip = {s.out.name for s in _again(program, remat)} | weights | program.on_chip
    last = program.statements[-1].out.name
    return program.bytes(*[n for n in program.tensors if n not in skip and n != last]).named("saved")


def is_weight(name: str) -> bool:
    """Whether a tensor is a weight: by convention its name begins with W."""
    return name.startswith("W")


def _again(program: Program, remat: str) -> tuple[Statement, ...]:
    if remat not in REMATS:
        raise ProgramError(f"{short(remat)} is no policy; {nearest(str(remat), REMATS)}")
    if remat == "none":
        return ()
    if remat == "block":
        return program.statements
    return tuple(s for s in program.statements if not any(is_weight(t.name) for t in s.operands))


def _gradient(tensor: Tensor) -> Tensor:
    return tensor.called(f"d{tensor.name}")


def _resharded_back(s: Statement, grad: Tensor) -> Statement:
    """The way back of one operand: an AllGather comes back as partial sums, a reduction as an AllGather."""
    (a,) = s.operands
    gathered = tuple(x for c in s.collectives if c.kind == "AllGather" for x in c.axes)
    if set(grad.names) == set(a.names):
        return infer((replace(grad, partial=gathered),), _gradient(a))
    back = tuple(replace(d, axes=d.axes) for d in a.dims)  # a sum over a dimension: its gradient is spread over it
    return Statement((grad,), replace(_gradient(a), dims=back), Cost(sp.Integer(0), "FLOP", f"d{a.name}"), s.traffic[::-1], ())
