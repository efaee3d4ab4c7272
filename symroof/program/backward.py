"""The transposed program: for every product two more, gathers become scatters, and what has to be computed again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symroof.errors import ProgramError, nearest, short
from symroof.program.infer import Statement, infer, once
from symroof.program.tensor import Tensor

REMATS = {
    "none": "every intermediate is kept, nothing is computed again",
    "block": "only the inputs are kept, the whole forward pass is computed again",
    "matmuls": "results of products with weights are kept, products of activations are computed again",
}


def gradients(statements: Sequence[Statement], weights: set[str]) -> tuple[Statement, ...]:
    """The gradients of statements: ``Out = A B`` gives ``dOut B -> dA`` and ``A dOut -> dB``, in reverse order.

    Gradients have the sharding and the format of what they are gradients of, so the collectives follow from the same
    rules: AllGather of a weight becomes ReduceScatter of its gradient. Activations that the forward pass gathered are
    kept, weights are gathered again. The gradients of a tensor that is used twice are added on the chip, then reduced once.
    """
    found: list[Statement] = []
    for s in reversed(statements):
        grad = _gradient(s.out)
        if s.mark == "lookup":
            continue  # the gradient of a table is added row by row: no product
        if len(s.operands) == 1:  # what was gathered comes back as partial sums, what was reduced as an AllGather
            axes = tuple(x for c in s.collectives if c.kind == "AllGather" for x in c.axes)
            found.append(_back_to(s.operands[0], (replace(grad, partial=axes),)))
        else:
            a, b = s.operands
            found += [_back_to(a, (grad, b), s), _back_to(b, (a, grad), s)]
    summed = _summed(found)
    needed = {c.tensor for s in summed for c in s.collectives if c.kind == "AllGather"}
    gathered = [c for s in statements for c in s.collectives if c.kind == "AllGather" and c.tensor in needed]
    return once(summed, {(c.tensor, c.axes) for c in gathered if c.tensor not in weights})


def again(statements: Sequence[Statement], weights: set[str], remat: str) -> tuple[Statement, ...]:
    """The statements that are computed again under a policy.

    Raises ProgramError for another policy.
    """
    if remat not in REMATS:
        raise ProgramError(f"{short(remat)} is no policy; {nearest(str(remat), REMATS)}")
    if remat == "none":
        return ()
    return tuple(s for s in statements if remat == "block" or not weights & {t.name for t in s.operands})


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


def _gradient(tensor: Tensor) -> Tensor:
    return tensor.called(f"d{tensor.name}")


def _back_to(a: Tensor, operands: tuple[Tensor, ...], of: Statement | None = None) -> Statement:
    """The gradient of an operand from what makes it; over a dimension that was only summed it is the same everywhere."""
    known = {name for t in operands for name in t.names}
    grad = _gradient(a)
    how = (of.mark, of.scale) if of else ()
    found = infer(operands, replace(grad, dims=tuple(d for d in grad.dims if d.name in known)), *how)
    return replace(found, out=grad)
