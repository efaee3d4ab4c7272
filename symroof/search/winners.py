"""The winners of a search, decided on fractions; and searches that belong to another."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any

from symroof.search.interrupts import Interrupts
from symroof.search.job import Job, worth
from symroof.search.pool import Points, settled
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
