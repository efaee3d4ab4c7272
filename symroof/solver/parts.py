"""A claim, and how it is held together by parts of it: one of the rows holds, where all of its columns do, where one of theirs does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from symroof.solver.pieces import Pieces, intersection, joined, not_too_many, union
from symroof.solver.steps import Step, Weights, answered, apart, inside_part

#: Where a claim holds, and the lines that lead there.
Answer = tuple[Pieces, tuple[Step, ...]]


@dataclass(frozen=True)
class Claim:
    """``greater >= lesser`` (``>`` if strict), to be solved for x; ``weights`` name what grows without bound (1) or vanishes (-1)."""

    greater: sp.Expr
    lesser: sp.Expr
    x: sp.Symbol
    weights: Weights = ()
    strict: bool = False

    def between(self, greater: sp.Expr, lesser: sp.Expr) -> Claim:
        """The same about two other sides."""
        return replace(self, greater=greater, lesser=lesser)


def together(claim: Claim, rows: Sequence[Sequence[Sequence[Claim]]], why: str, alone: Callable[[Claim], Answer]) -> Answer:
    """Solve every part once (``alone``), as a numbered derivation of its own, and put the answers together."""
    found: dict[Claim, tuple[str, Pieces]] = {}
    lines: list[Step] = []
    for part in dict.fromkeys(part for row in rows for column in row for part in column):
        pieces, inner = alone(part)
        label = str(len(found) + 1)
        found[part] = label, pieces
        lines += [Step(f"part {label}", part.greater, ">=", part.lesser, kind="part", part=label), *inside_part(inner, label)]
    each = [[union(found[part][1] for part in column) for column in row] for row in rows]
    not_too_many(each)
    pieces = union([intersection(row) for row in each])
    pieces = pieces if claim.strict else joined(pieces)
    of = tuple(tuple(tuple(found[part][0] for part in column) for column in row) for row in rows)
    return pieces, (apart(claim.greater, claim.lesser, of, why), *lines, *answered(claim.x, pieces, "together", "together"))
