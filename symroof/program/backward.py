"""The transposed program: for every product two more, gathers become scatters, and what has to be computed again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TypeAlias

from symroof.errors import ProgramError, nearest, short
from symroof.program.infer import Statement, infer, once
from symroof.program.tensor import Tensor

REMATS = {
    "none": "every intermediate is kept, nothing is computed again",
    "attention": "products of two activations are computed again, everything else is kept",
    "matmuls": "results of products with weights are kept, products of activations are computed again",
    "needed": "only the inputs are kept, and of the forward pass what the backward pass needs is computed again",
    "block": "only the inputs are kept, the whole forward pass is computed again",
}
#: A policy by name, or the names of the results that are kept; what is needed beside them is computed again.
Remat: TypeAlias = str | Collection[str]


def gradients(
    statements: Sequence[Statement], weights: set[str], lost: Collection[str] = (), remade: Sequence[Statement] = ()
) -> tuple[Statement, ...]:
    """The gradients of statements: ``Out = A B`` gives ``dOut B -> dA`` and ``A dOut -> dB``, in reverse order.

    Gradients have the sharding and the format of what they are gradients of, so the collectives follow from the same
    rules: AllGather of a weight becomes ReduceScatter of its gradient. Activations that the forward pass gathered are
    kept, unless over ``lost`` axes, then they are gathered again, but for those that were ``remade``; weights are gathered
    again. The gradients of a tensor that is used twice are added on the chip, then reduced once.
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
    there = {c for s in remade for c in s.collectives}
    gathered = [held for s in statements for held in s.gathered if held.tensor.name not in weights]
    return once(summed, [held for held in gathered if held.by in there or not {*held.by.axes} & {*lost}])


def again(
    statements: Sequence[Statement], weights: set[str], remat: Remat, result: bool = True, needed: Collection[str] = ()
) -> tuple[Statement, ...]:
    """The statements that are computed again under a policy.

    Of the forward pass the backward pass needs what is multiplied, the ``result`` if another layer does, and the tensors that
    are ``needed`` elsewhere (what a cache is made of).

    Raises ProgramError for another policy.
    """
    if isinstance(remat, str) and remat not in REMATS:
        raise ProgramError(f"{short(remat)} is no policy; {nearest(str(remat), REMATS)}")
    if remat in ("none", "block"):
        return tuple(statements) if remat == "block" else ()
    if remat in ("matmuls", "attention"):
        idle = [s for s in statements if not weights & {t.name for t in s.operands}]
        return _by_themselves(s for s in idle if remat == "matmuls" or (len(s.operands) > 1 and s.mark != "vector"))
    kept = set() if isinstance(remat, str) else {*remat}
    wanted = {t.name for s in statements if len(s.operands) > 1 for t in s.operands} | {*needed}
    wanted |= {statements[-1].out.name} if result and statements else set()
    found: list[Statement] = []
    for s in reversed(statements):
        if s.out.name in wanted - kept:
            found.append(s)
            wanted |= {t.name for t in s.operands}
    return _by_themselves(reversed(found))


def _by_themselves(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Some of the statements of a program, with the gathers that others did for them."""
    return once(replace(s, collectives=infer(s.operands, s.out, s.mark, s.scale).collectives) for s in statements)


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
