"""Why no point of a space fulfils the conditions: which one stands in the way, and how close the nearest point comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from symroof.algebra.bind import Given
from symroof.algebra.condition import Condition
from symroof.search.boxes import ways
from symroof.search.found import amount, called
from symroof.search.job import Job
from symroof.search.winners import winners


def obstacle(job: Job, conditions: Sequence[Condition], order: Sequence[int], where: Callable[[int], str]) -> tuple[Condition, str]:
    """The condition that no point fulfils, else one that no point fulfils beside the others; with the nearest point.

    ``order`` says which condition to ask first, ``where`` what a point is called. One more search for each that is asked.
    """
    for beside in (False, True):
        for i in order:
            others = [conditions[k] for k in order if beside and k != i]
            nearest = _nearest(job, conditions[i], others)
            if nearest is None or (not beside and _holds(job, conditions[i], nearest)):
                continue
            given = Given(job.exact(nearest))
            left, right = (amount(side.put(given)) for side in (conditions[i].left, conditions[i].right))
            among = " that fulfils the others" if beside else ""
            closest = f", and {where(nearest)} comes closest, with {left} against {right}"
            return conditions[i], f"{called(conditions[i])} excludes every point{among}{closest}"
    return conditions[order[0]], f"{called(conditions[order[0]])} excludes most, and the others exclude each other"


def _nearest(job: Job, condition: Condition, others: Sequence[Condition]) -> int | None:
    """The point that fulfils the others and violates a condition least, or has most room to spare."""
    small, large = (condition.left, condition.right)[:: 1 if condition.relation[0] == "<" else -1]
    related = tuple((c.left.shape, c.relation, c.right.shape) for c in others)
    known = ways([small.expr - large.expr], others, job.values)
    found = winners(replace(job, costs=(_minus(small.shape, large.expr),), conditions=related, best=1, ways=known))
    return found[0] if found else None


def _minus(shape: Any, expr: Any) -> Any:
    return "sum", (shape, -expr)


def _holds(job: Job, condition: Condition, index: int) -> bool:
    return replace(job, conditions=((condition.left.shape, condition.relation, condition.right.shape),)).allowed(index)
