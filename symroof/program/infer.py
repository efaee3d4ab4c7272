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
one operand: an axis moves between dimensions          AllToAll, before others are gathered
one operand: an axis goes, comes                       AllGather, nothing (a slice)
one operand: ``{U_X}`` goes                            ReduceScatter if X shards the result, else AllReduce
a part of a tensor that was gathered before            nothing: it is kept (weights: until the backward pass)
the same axis twice in one array                       an error
=====================================================  =======================================================

Source: How to Scale Your Model, part 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from math import prod

import sympy as sp

from symroof.algebra.cost import Cost, quantity
from symroof.algebra.units import Unit
from symroof.errors import ProgramError
from symroof.machine.collectives import Collective
from symroof.program.parse import Sentence
from symroof.program.tensor import Tensor, ways

_ONE, _FLOP = sp.Integer(1), Unit.of("FLOP")


@dataclass(frozen=True)
class Statement:
    """One product (or resharding), what it costs a chip, and the collectives it needs.

    ``mark`` is "vector" for work beside the matmuls, "lookup" where rows are taken, or the name of what ``scale`` s the FLOPs.
    """

    operands: tuple[Tensor, ...]
    out: Tensor
    flops: Cost
    moved: tuple[Tensor, ...]  # operands, then the result: on the axes that split what a chip has of it
    collectives: tuple[Collective, ...]
    mark: str = ""
    scale: sp.Expr = _ONE

    def __str__(self) -> str:
        return f"{' '.join(map(str, self.operands))} -> {self.out}" + (f" {{{self.mark}}}" if self.mark else "")

    @cached_property
    def traffic(self) -> tuple[Cost, ...]:
        """What crosses HBM [byte], as it is computed with: one for each operand, then the result."""
        *operands, made = self.moved
        return (*(_touched(t, t.bytes()) for t in operands), made.bytes())

    @property
    def gathered(self) -> tuple[Held, ...]:
        """What its AllGathers leave on a chip."""
        found = []
        for t, here in zip(self.operands, self.moved, strict=False):
            gone = {a for d in t.dims for a in d.axes if a not in here.axes_of(d.name)}
            left = here.sharded({d.name: tuple(a for a in d.axes if a not in gone) for d in here.dims})
            found += [Held(c, left) for c in self.collectives if c.kind == "AllGather" and c.tensor == t.name and {*c.axes} <= gone]
        return tuple(found)


@dataclass(frozen=True)
class Held:
    """A tensor that was gathered, and the part of it that a chip has: ``tensor`` on the axes that still split it."""

    by: Collective
    tensor: Tensor

    def has(self, part: Tensor) -> bool:
        """Whether a part of the same tensor lies in it: it is split at least over these axes, dimension by dimension."""
        same = self.tensor.name == part.name and {*self.tensor.names} == {*part.names}
        return same and all({*d.axes} <= {*part.axes_of(d.name)} for d in self.tensor.dims)


def infer(operands: tuple[Tensor, ...], out: Tensor, mark: str = "", scale: sp.Expr = _ONE) -> Statement:
    """The statement with everything that follows from its shardings, for one or two operands; ``scale`` multiplies its FLOPs.

    Raises ProgramError if the result has a dimension that no operand has, or partial sums that nothing makes.
    """
    _check(operands, out)
    sums = {a for t in operands for a in t.partial}
    kept: dict[str, tuple[str, ...]] = {}
    for name in dict.fromkeys(n for t in operands for n in t.names):
        have = [set(t.axes_of(name)) for t in operands if name in t.names]
        if name in out.names:
            wanted = out.axes_of(name)
            kept[name] = tuple(a for a in wanted if any(a in h for h in have))
        else:
            every = dict.fromkeys(a for t in operands for a in t.axes_of(name))
            kept[name] = tuple(a for a in every if all(a in h for h in have))
            sums |= set(kept[name])
    used = {a for axes in kept.values() for a in axes} | sums
    for name in out.names:  # an axis that only the result has: every chip computes its slice
        free = tuple(a for a in out.axes_of(name) if a not in used)
        kept[name] = tuple(a for a in out.axes_of(name) if a in kept[name] or a in free)
        used |= set(free)
    before = [c for t in operands for c in _gathered(t, kept, out, len(operands) == 1)]
    local = out.sharded({n: kept[n] for n in out.names})
    collectives = (*before, *_reduced(out, sums))
    dims = {d.name: d.size for t in operands for d in t.dims}
    contracted = [n for n in dims if n not in out.names]
    work = scale * prod(dims.values(), start=sp.Integer(1)) / ways(a for axes in kept.values() for a in axes)
    times = 0 if mark == "lookup" else bool(contracted) + (len(operands) > 1)  # products, and their sums
    moved = [t.sharded(kept) for t in operands]
    return Statement(operands, out, quantity(times * work, _FLOP, out.name), (*moved, local), collectives, mark, scale)


def _touched(tensor: Tensor, held: Cost) -> Cost:
    """What a pass reads of a tensor of which it touches a part."""
    return held if tensor.touched == tensor.elements else held.map(lambda e: e * tensor.touched / tensor.elements)


def once(statements: Iterable[Statement], have: Iterable[Held] = ()) -> tuple[Statement, ...]:
    """The statements without the AllGathers of what a chip has already: from an earlier statement, or in ``have``.

    Of two parts of a tensor, one in the other, the larger is gathered where the first is needed.
    """
    listed, there = [*statements], [*have]
    found = []
    for i, s in enumerate(listed):
        instead: dict[Collective, tuple[Collective, ...]] = {}
        for new in s.gathered:
            if any(old.has(new.tensor) for old in there):
                instead[new.by] = ()
                continue
            later = (other for after in listed[i + 1 :] for other in after.gathered)
            whole = reduce(lambda one, other: other if other.has(one.tensor) else one, later, new)
            there.append(whole)
            instead[new.by] = (whole.by,)
        found.append(replace(s, collectives=tuple(done for c in s.collectives for done in instead.get(c, (c,)))))
    return tuple(found)


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


def _gathered(tensor: Tensor, kept: Mapping[str, tuple[str, ...]], out: Tensor, alone: bool) -> Iterable[Collective]:
    """What makes an operand as the product needs it: AllGathers, and if it stands alone AllToAlls over the axes that only move, first."""
    lost = [a for n in tensor.names for a in tensor.axes_of(n) if a not in kept[n]]
    moving = tuple(a for a in lost if alone and a in out.axes)
    going = tuple(a for a in lost if a not in moving)
    stay = tuple(a for n in tensor.names for a in kept[n] if a not in lost)
    if moving:
        yield Collective("AllToAll", moving, tensor.name, tensor.bytes((*stay, *going)))
    if going:
        yield Collective("AllGather", going, tensor.name, tensor.bytes((*stay, *moving)))


def _reduced(out: Tensor, sums: set[str]) -> list[Collective]:
    """What makes the result of its partial sums: ReduceScatter onto its dimensions, AllReduce for the other axes."""
    scatter = tuple(a for a in out.axes if a in sums)
    rest = tuple(sorted(a for a in sums if a not in out.axes and a not in out.partial))
    found = [Collective("ReduceScatter", scatter, out.name, out.bytes(a for a in out.axes if a not in scatter))] if scatter else []
    return found + ([Collective("AllReduce", rest, out.name, out.bytes())] if rest else [])


# -- lines of a text as statements of two operands each
def made_once(lines: list[Sentence]) -> None:
    """Refuse a name that is written after it was read or written, and one that is read with two shapes, or in another sharding."""
    seen: dict[str, Tensor] = {}
    for line in lines:
        for i, t in enumerate(line.operands):
            if sorted(seen.setdefault(t.name, t).names) != sorted(t.names):
                raise line.error(f"{t.name} is {seen[t.name]} before and {t} here; one name, one tensor", i)
            before = seen[t.name]
            if t.partial != before.partial or any({*d.axes} != {*before.axes_of(d.name)} for d in t.dims):
                raise line.error(
                    f"{t.name} is sharded as {before} before and as {t} here; reshard it on a line: {before} -> {t.called(t.name + '2')}", i
                )
        if line.out is not None and line.out.name in seen:
            name = line.out.name
            raise line.error(f"{name} is there already; give the result a name of its own, e.g. {name}2")
        if line.out is not None:
            seen[line.out.name] = line.out


def chained(line: Sentence, marks: Mapping[str, sp.Expr]) -> list[Statement]:
    """A line as products of two: ``A B C -> D`` is ``A B`` first, what they make keeping what is still needed."""
    operands: list[Tensor] = list(line.operands)
    steps: list[Statement] = []
    out, how = line.out, (line.mark, marks.get(line.mark, sp.Integer(1)))
    if out is None:
        return steps
    try:
        while len(operands) > 2:
            first, second, *rest = operands
            made = _between(first, second, (*rest, out), out)
            steps.append(infer((first, second), made, *how))
            operands = [made, *rest]
        reduced = _reduced_first(operands[0], out) if len(operands) == 1 else None
        if reduced is not None:
            steps.append(infer((operands[0],), reduced))
            operands = [reduced]
        return [*steps, infer(tuple(operands), out, *how)]
    except ProgramError as problem:
        raise line.error(str(problem)) from None


def _reduced_first(tensor: Tensor, out: Tensor) -> Tensor | None:
    """Partial sums are reduced before anything is gathered, on the smaller array; None if there is nothing to do in two steps."""
    sums = [a for a in tensor.partial if a not in out.partial]
    lost = [a for a in tensor.axes if a not in out.axes]
    if not sums or not lost or set(tensor.names) != set(out.names):
        return None
    landed = {n: tuple(a for a in sums if a in out.axes_of(n)) for n in tensor.names}
    dims = tuple(replace(d, axes=(*d.axes, *landed[d.name])) for d in tensor.dims)
    return Tensor(f"{tensor.name}'", dims, tensor.width, tuple(a for a in tensor.partial if a in out.partial))


def _between(first: Tensor, second: Tensor, later: tuple[Tensor, ...], out: Tensor) -> Tensor:
    """What the first two of a chain make: the dimensions that are still needed, sharded as they are or as the result."""
    needed = {n for t in later for n in t.names}
    dims = {d.name: d for t in (first, second) for d in t.dims if d.name in needed}
    taken: list[str] = []
    shaped = []
    for d in dims.values():
        have = tuple(dict.fromkeys((*first.axes_of(d.name), *second.axes_of(d.name))))
        wanted = tuple(a for a in have if d.name not in out.names or a in out.axes_of(d.name))
        fresh = tuple(a for a in wanted if a not in taken)
        taken += fresh
        shaped.append(replace(d, axes=fresh))
    return Tensor(f"{first.name}·{second.name}", tuple(shaped), first.width)
