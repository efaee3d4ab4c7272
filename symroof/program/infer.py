"""Which collectives a statement needs, from the shardings alone.

=====================================================  =======================================================
what the shardings say                                 what follows
=====================================================  =======================================================
contracted dimension on the same axis on both sides    local product with partial sums over the axis, then
..  the axis shards a dimension of the result          ReduceScatter
..  it does not                                        AllReduce
..  the result is written ``{U_X}``                    nothing yet
contracted dimension on an axis on one side only       AllGather that side
an operand has an axis that the result has not         AllGather that operand
the result has an axis that no operand has             nothing: every chip computes its slice
one operand: an axis moves between dimensions          AllToAll
one operand: an axis goes, comes                       AllGather, nothing (a slice)
one operand: ``{U_X}`` goes                            ReduceScatter if X shards the result, else AllReduce
a tensor that was gathered before                      nothing: it is kept (weights: until the backward pass)
the same axis twice in one array                       an error
=====================================================  =======================================================

Source: How to Scale Your Model, part 3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import sympy as sp

from symroof.algebra.cost import Cost, quantity
from symroof.algebra.units import Unit
from symroof.errors import ProgramError
from symroof.machine.collectives import Collective
from symroof.program.parse import axis_size
from symroof.program.tensor import Tensor

_ONE, _FLOP = sp.Integer(1), Unit.of("FLOP")


@dataclass(frozen=True)
class Statement:
    """One product (or resharding), what it costs a chip, and the collectives it needs.

    ``mark`` is "vector" for work beside the matmuls, "lookup" where rows are taken, or the name of what ``scale`` s the FLOPs.
    """

    operands: tuple[Tensor, ...]
    out: Tensor
    flops: Cost
    moved: tuple[tuple[Tensor, tuple[str, ...]], ...]  # operands, then the result: with the axes that split what a chip has of it
    collectives: tuple[Collective, ...]
    mark: str = ""
    scale: sp.Expr = _ONE

    def __str__(self) -> str:
        return f"{' '.join(map(str, self.operands))} -> {self.out}" + (f" {{{self.mark}}}" if self.mark else "")

    @cached_property
    def traffic(self) -> tuple[Cost, ...]:
        """What crosses HBM [byte], as it is computed with: one for each operand, then the result."""
        *operands, made = [(t, t.bytes({a: axis_size(a) for a in axes}, axes)) for t, axes in self.moved]
        return (*(_touched(t, held) for t, held in operands), made[1])


def infer(operands: tuple[Tensor, ...], out: Tensor, mark: str = "", scale: sp.Expr = _ONE) -> Statement:
    """The statement with everything that follows from its shardings, for one or two operands; ``scale`` multiplies its FLOPs.

    Raises ProgramError if the result has a dimension that no operand has, or partial sums that nothing makes.
    """
    sizes = {a: axis_size(a) for t in (*operands, out) for a in (*t.axes, *t.partial)}
    _check(operands, out)
    sums = {a for t in operands for a in t.partial}
    kept: dict[str, tuple[str, ...]] = {}
    for name in dict.fromkeys(n for t in operands for n in t.names):
        have = [set(t.axes_of(name)) for t in operands if name in t.names]
        if name in out.names:
            wanted = out.axes_of(name)
            kept[name] = tuple(a for a in wanted if any(a in h for h in have))
        else:
            common = set.intersection(*have)
            kept[name] = tuple(a for a in _ordered(operands, name) if a in common)
            sums |= set(kept[name])
    used = {a for axes in kept.values() for a in axes} | sums
    for name in out.names:  # an axis that only the result has: every chip computes its slice
        free = tuple(a for a in out.axes_of(name) if a not in used)
        kept[name] = tuple(a for a in out.axes_of(name) if a in kept[name] or a in free)
        used |= set(free)
    before = [_moved(t, kept, out, sizes, len(operands) == 1) for t in operands]
    collectives = [c for t, c in before if c is not None]
    local = out.sharded({n: kept[n] for n in out.names})
    collectives += _reduced(out, local, sums, sizes)
    split = prod((sizes[a] for axes in kept.values() for a in axes), start=sp.Integer(1))
    dims = {d.name: d.size for t in operands for d in t.dims}
    contracted = [n for n in dims if n not in out.names]
    work = scale * prod(dims.values(), start=sp.Integer(1)) / split
    times = 2 if contracted and len(operands) > 1 else 1 if contracted or len(operands) > 1 else 0
    if mark == "lookup":
        times = 0
    moved = [(t, tuple(a for n in t.names for a in kept[n])) for t in operands]
    flops = quantity(times * work, _FLOP, out.name)
    return Statement(operands, out, flops, (*moved, (local, local.axes)), tuple(collectives), mark, scale)


def _touched(tensor: Tensor, held: Cost) -> Cost:
    """What a pass reads of a tensor of which it touches a part."""
    return held if tensor.touched == tensor.elements else held.map(lambda e: e * tensor.touched / tensor.elements)


def once(statements: Iterable[Statement], have: Iterable[tuple[str, tuple[str, ...]]] = ()) -> tuple[Statement, ...]:
    """The statements without the AllGathers of what is already gathered: by an earlier statement, or in ``have``."""
    gathered = [(tensor, set(axes)) for tensor, axes in have]
    found = []
    for s in statements:
        needed = tuple(c for c in s.collectives if c.kind != "AllGather" or not _held(c, gathered))
        gathered += [(c.tensor, set(c.axes)) for c in needed if c.kind == "AllGather"]
        found.append(replace(s, collectives=needed))
    return tuple(found)


def _held(gather: Collective, gathered: list[tuple[str, set[str]]]) -> bool:
    return any(gather.tensor == tensor and set(gather.axes) <= axes for tensor, axes in gathered)


def _check(operands: tuple[Tensor, ...], out: Tensor) -> None:
    known = {n for t in operands for n in t.names}
    for name in out.names:
        if name not in known:
            raise ProgramError(f"dimension {name} of {out} stands in no operand; a result has the dimensions of its operands, or fewer")
    for t in operands:
        for other in operands:
            clash = [a for a in t.partial if other is not t and a in (*other.axes, *other.partial)]
            if clash:
                raise ProgramError(
                    f"{t} holds partial sums over {clash[0]}, which {other} uses too; reduce first: {t} -> {t.called(t.name)}"
                )
    for axis in out.partial:
        made = any(axis in t.partial for t in operands) or any(
            all(axis in t.axes_of(n) for t in operands if n in t.names) for n in known - set(out.names)
        )
        if not made:
            raise ProgramError(f"{out} keeps partial sums over {axis}, but no contracted dimension is sharded over {axis} on both sides")


def _ordered(operands: tuple[Tensor, ...], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(a for t in operands for a in t.axes_of(name)))


def _moved(
    tensor: Tensor, kept: dict[str, tuple[str, ...]], out: Tensor, sizes: dict[str, sp.Expr], alone: bool
) -> tuple[Tensor, Collective | None]:
    """An operand as the product needs it, and the collective that makes it so: AllGather, or AllToAll if it stands alone."""
    lost = tuple(a for n in tensor.names for a in tensor.axes_of(n) if a not in kept[n])
    wanted = tensor.sharded({n: kept[n] for n in tensor.names})
    if not lost:
        return wanted, None
    moving = tuple(a for a in lost if a in out.axes and alone)
    kind = "AllToAll" if moving and set(moving) == set(lost) else "AllGather"
    stay = tuple(a for n in tensor.names for a in kept[n] if a not in lost)
    return wanted, Collective(kind, lost, tensor.name, tensor.bytes(sizes, stay))


def _reduced(out: Tensor, local: Tensor, sums: set[str], sizes: dict[str, sp.Expr]) -> list[Collective]:
    """What makes the result of its partial sums: ReduceScatter onto its dimensions, AllReduce for the other axes."""
    scatter = tuple(a for a in out.axes if a in sums)
    rest = tuple(sorted(a for a in sums if a not in out.axes and a not in out.partial))
    found = []
    if scatter:
        found.append(Collective("ReduceScatter", scatter, out.name, out.bytes(sizes, tuple(a for a in out.axes if a not in scatter))))
    if rest:
        found.append(Collective("AllReduce", rest, out.name, out.bytes(sizes)))
    return found
