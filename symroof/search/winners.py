"""The winners of a search, decided on fractions; and searches that belong to another."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any

import sympy as sp

from symroof.algebra.condition import Condition
from symroof.search.interrupts import Interrupts
from symroof.search.job import Job, worth
from symroof.search.pool import Points, settled
from symroof.search.prune import Lines, lines
from symroof.search.stream import stream


def exact(job: Job, points: Points) -> list[int]:
    """The numbers of the winners, decided on fractions."""
    left = settled(points, job.best, job.allowed, len(job.costs) == 1)
    ranked = sorted(([worth(cost, job.exact(int(i))) for cost in job.costs], int(i)) for i in left.index[left.sure])
    if len(job.costs) == 1:
        return [i for _, i in ranked[: job.best]]
    found: list[tuple[list[Any], int]] = []
    for costs, i in ranked:
        if not any(all(a <= b for a, b in zip(better, costs, strict=True)) for better, _ in found):
            found.append((costs, i))
    return [i for _, i in found]


def winners(job: Job, executor: Executor | None = None) -> list[int]:
    """The winners of a search that belongs to another. Raises KeyboardInterrupt, for half of it is worth nothing."""
    with Interrupts() as interrupts:
        seen = stream(job, executor, interrupts, lambda points: "")
    if not seen.complete:
        raise KeyboardInterrupt
    return exact(job, seen.points)


def along(job: Job, cost: sp.Expr, conditions: Sequence[Condition]) -> Lines | None:
    """The lines along which a search with these conditions may go."""
    sides: list[tuple[Any, Any]] = [(c.left.expr, c.right.expr) for c in conditions]
    slacks = [(b, a) if c.relation[0] == "<" else (a, b) for c, (a, b) in zip(conditions, sides, strict=True)]
    return lines(cost, slacks, job.values, job.shape)
