"""The winners of a search, decided on fractions; and why there is none: which condition stands in the way, and how close one comes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

from symroof.algebra.bind import Given
from symroof.algebra.cost import Condition
from symroof.search.boxes import ways
from symroof.search.found import amount, called
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


def obstacle(job: Job, conditions: Sequence[Condition], order: Sequence[int]) -> tuple[Condition, str, int | None, str]:
    """The condition that no point fulfils, else one that no point fulfils beside the others, and that in words.

    With the nearest point, if there is one, and both sides there. ``order`` says which condition to ask first. One more search
    for each that is asked.
    """
    for beside in (False, True):
        for i in order:
            nearest = _nearest(job, conditions[i], [conditions[k] for k in order if beside and k != i])
            if nearest is None or (not beside and replace(job, conditions=related(conditions[i : i + 1])).allowed(nearest)):
                continue
            left, right = (amount(side.put(Given(job.exact(nearest)))) for side in (conditions[i].left, conditions[i].right))
            among = " that fulfils the others" if beside else ""
            return conditions[i], f"{called(conditions[i])} excludes every point{among}", nearest, f"with {left} against {right}"
    return conditions[order[0]], f"{called(conditions[order[0]])} excludes most, and the others exclude each other", None, ""


def _nearest(job: Job, condition: Condition, others: Sequence[Condition]) -> int | None:
    """The point that fulfils the others and violates a condition least, or has most room to spare."""
    small, large = (condition.left, condition.right)[:: 1 if condition.relation[0] == "<" else -1]
    violated = "sum", (small.shape, -large.expr)
    known = ways([small.expr - large.expr], others, job.values)
    found = winners(replace(job, costs=(violated,), conditions=related(others), best=1, ways=known))
    return found[0] if found else None


def related(conditions: Sequence[Condition]) -> tuple[tuple[Any, str, Any], ...]:
    """Conditions as a job takes them."""
    return tuple((c.left.shape, c.relation, c.right.shape) for c in conditions)
