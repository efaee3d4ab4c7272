"""Lines as statements of two operands each; one name, one tensor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy as sp

from symroof.errors import ProgramError
from symroof.program.infer import Statement, infer
from symroof.program.parse import Sentence
from symroof.program.tensor import Tensor


def made_once(lines: list[Sentence]) -> None:
    """Refuse a name that is written after it was read or written, and one that is read with two shapes."""
    seen: dict[str, Tensor] = {}
    for line in lines:
        for i, t in enumerate(line.operands):
            if sorted(seen.setdefault(t.name, t).names) != sorted(t.names):
                raise line.error(f"{t.name} is {seen[t.name]} before and {t} here; one name, one tensor", i)
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
