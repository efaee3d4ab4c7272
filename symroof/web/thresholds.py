"""Where one part of a cost overtakes another along a symbol, for every pair that is joined: Bounds of ``solve``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import sympy as sp

from symroof.algebra.cost import Cost
from symroof.errors import SymroofError
from symroof.solver.bound import Bound
from symroof.solver.solve import solve

_MOST = 24  # pairs of parts that are solved for


@dataclass(frozen=True)
class Row:
    """A part of a cost in the order of its tree: its depth, its parent's row (-1 for the whole) and the rows of its parts."""

    cost: Cost
    depth: int
    parent: int
    children: tuple[int, ...] = ()


@dataclass(frozen=True)
class Tie:
    """Two parts of one join that are equal where ``bound`` begins or ends; rows are those of :func:`rows`."""

    node: int
    first: int
    second: int
    bound: Bound

    @property
    def label(self) -> str:
        """What changes there."""
        names = (self.bound.condition.left.name, self.bound.condition.right.name)
        return " = ".join(name or "a part" for name in names)


def rows(cost: Cost) -> list[Row]:
    """The whole and its parts at any depth, the outer ones first."""
    found: list[Row] = []

    def walk(node: Cost, depth: int, parent: int) -> int:
        here = len(found)
        found.append(Row(node, depth, parent))
        children = tuple(walk(part, depth + 1, here) for part in node.parts)
        found[here] = Row(node, depth, parent, children)
        return here

    walk(cost, 0, -1)
    return found


def ties(cost: Cost, x: sp.Symbol) -> list[Tie]:
    """Where a maximum changes its winner, or the outermost sum its largest part, along x; what has no closed form is left out."""
    return list(_ties(rows(cost), x))[:_MOST]


def _ties(tree: list[Row], x: sp.Symbol) -> Iterator[Tie]:
    tried = 0
    for i, row in enumerate(tree):
        if row.cost.join != "max" and row.parent >= 0:
            continue
        for a, b in combinations(row.children, 2):
            first, second = tree[a].cost, tree[b].cost
            if x not in first.free_symbols | second.free_symbols or tried >= _MOST:
                continue
            tried += 1
            try:
                bound = solve(first >= second, x)
            except SymroofError:
                continue
            if bound.kind == "bound":
                yield Tie(i, a, b, bound)
