"""The transposed program: for every product two more, gathers become scatters, and what has to be kept or computed again."""

from __future__ import annotations

from dataclasses import replace

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
        if s.mark == "lookup":
            continue  # the gradient of a table is added row by row: no product
        if len(s.operands) == 1:  # what was gathered comes back as partial sums, what was reduced as an AllGather
            axes = tuple(x for c in s.collectives if c.kind == "AllGather" for x in c.axes)
            statements.append(_back_to(s.operands[0], (replace(grad, partial=axes),)))
        else:
            a, b = s.operands
            statements += [_back_to(a, (grad, b), s), _back_to(b, (a, grad), s)]
    summed = _summed(statements)
    needed = {c.tensor for s in summed for c in s.collectives if c.kind == "AllGather"}
    gathered = [c for c in program.collectives if c.kind == "AllGather" and c.tensor in needed]
    weights = weights_of(program)
    kept = {(c.tensor, c.axes) for c in gathered if c.tensor not in weights}
    on_chip = frozenset(f"d{name}" for name in program.on_chip) | program.on_chip
    return Program(once(summed, kept), on_chip, program.roles)


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
    return program + Program(_again(program, remat), program.on_chip, program.roles) + backward(program)


def saved(program: Program, remat: str = "none") -> Cost:
    """Bytes per chip of what is kept for the backward pass, weights left out [byte]; parts by tensor."""
    if not program.statements:
        return Cost(0, "byte", "saved")
    weights = weights_of(program) | {t.name for t in program.stored}
    skip = {s.out.name for s in _again(program, remat)} | weights | program.on_chip
    last = program.statements[-1].out.name
    return program.bytes(*[n for n in program.tensors if n not in skip and n != last]).named("saved")


def weights_of(program: Program) -> set[str]:
    """The weights of a program: what it declares; where it declares nothing, the inputs without the batch dimension.

    That is the first dimension of the first tensor, as in ``In[B, D] W[D, F] -> Out[B, F]``.
    """
    if program.roles:
        return set(program.having("weight", "shared", "buffer"))
    first = program.statements[0].operands[0].names[0]
    return {name for name in program.inputs if first not in program.tensors[name].names}


def _again(program: Program, remat: str) -> tuple[Statement, ...]:
    if remat not in REMATS:
        raise ProgramError(f"{short(remat)} is no policy; {nearest(str(remat), REMATS)}")
    if remat == "none":
        return ()
    if remat == "block":
        return program.statements
    weights = weights_of(program)
    return tuple(s for s in program.statements if not any(t.name in weights for t in s.operands))


def _gradient(tensor: Tensor) -> Tensor:
    return tensor.called(f"d{tensor.name}")


def _back_to(a: Tensor, operands: tuple[Tensor, ...], of: Statement | None = None) -> Statement:
    """The gradient of an operand from what makes it; over a dimension that was only summed it is the same everywhere."""
    known = {name for t in operands for name in t.names}
    grad = _gradient(a)
    how = (of.mark, of.scale) if of else ()
    found = infer(operands, replace(grad, dims=tuple(d for d in grad.dims if d.name in known)), *how)
    return replace(found, out=grad)
