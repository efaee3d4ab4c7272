"""``search(space, minimize=cost, subject_to=[...])``: the best configurations of a space, never laid out as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from math import prod
from typing import Any

import numpy as np
import sympy as sp

from symroof.algebra.bind import Given
from symroof.algebra.condition import Condition
from symroof.algebra.cost import Cost
from symroof.errors import InputError, short
from symroof.grid.axes import Axis
from symroof.grid.found import Candidate, Found, Gain, Limit
from symroof.grid.job import Job, worth
from symroof.grid.pool import Points, front, settled
from symroof.grid.prune import lines
from symroof.grid.space import Space
from symroof.grid.stream import Seen, stream


@dataclass(frozen=True, eq=False)
class _Asked:
    """What is made small (``signs`` -1 for what is made large), under which conditions, over which axes."""

    costs: tuple[Cost, ...]
    signs: tuple[int, ...]
    conditions: tuple[Condition, ...]
    scale: tuple[Axis, ...]
    job: Job


def search(
    space: Space,
    *,
    minimize: Any = (),
    maximize: Any = (),
    subject_to: Iterable[Condition] = (),
    best: int = 1,
    prune: bool = True,
    executor: Executor | None = None,
) -> Found:
    """The best configurations of a space; with two or more costs, those that no other beats in all of them.

    Blocks of the space are evaluated on all cores, or through any ``concurrent.futures.Executor``, and only the points
    that may win are kept. A cost and conditions that are monotone along an axis turn it into one point per line, unless
    ``prune=False``; the answer is the same. Equal points stand in the order of the space. Ctrl-C gives the best so far.

    >>> from symroof import chip, decode, dtype, llm, memory, space
    >>> slices = space(chip("tpu-v5e"), llm("llama3-70b"), dtype("int8", math="bf16"), S="32 Ki", B=range(1, 513), n=[8, 16, 32])
    >>> fits = memory.memory() <= memory.capacity()
    >>> found = search(slices, maximize=decode.throughput(), subject_to=[fits, decode.step() <= "15 ms"])
    >>> found.best
    B=59, n=32: 123.4 token/s/chip
    >>> found.binding
    decode step <= 15 ms: 14.94 ms of 15 ms, 0.4% left
    >>> found.relax(0.1)[1].best
    B=66, n=32: 125.8 token/s/chip

    Raises InputError if no point fulfils the conditions, naming the one that excludes most.
    """
    asked = _asked(space, _listed(minimize), _listed(maximize), tuple(subject_to), best)
    if prune and len(asked.costs) == 1:
        asked = replace(asked, job=replace(asked.job, lines=_lines(asked)))
    return _found(asked, stream(asked.job, executor), executor)


def _listed(costs: Any) -> tuple[Any, ...]:
    return tuple(costs) if isinstance(costs, (list, tuple)) else (costs,)


def _asked(space: Space, small: Sequence[Any], large: Sequence[Any], conditions: tuple[Any, ...], best: int) -> _Asked:
    costs = (*small, *large)
    if not isinstance(space, Space):
        raise InputError(f"{short(space)} is no space; write search(space(chip('tpu-v5e'), B=range(1, 65)), minimize=cost)")
    for cost in costs:
        if not isinstance(cost, Cost):
            raise InputError(f"{short(cost)} is no cost; minimize or maximize a cost such as decode.step()")
    for condition in conditions:
        if not isinstance(condition, Condition):
            raise InputError(f"{short(condition)} is no condition; write e.g. decode.step() <= '15 ms'")
    if not costs:
        raise InputError("there is nothing to search for; give minimize=cost or maximize=cost")
    if not isinstance(best, int) or isinstance(best, bool) or not 1 <= best <= 10**5:
        raise InputError(f"best is how many points are kept, from 1 to 100000, not {short(best)}")
    free = set().union(*(c.free_symbols for c in (*costs, *conditions)))
    scale, values = space.over(free)
    shape = tuple(len(a) for a in scale)
    if not 0 < prod(shape) < 2**62:
        empty = ", ".join(a.name for a in scale if not len(a))
        raise InputError(f"the space is empty: {empty} has no values; give it some" if empty else "the space has more than 2^62 points")
    signs = (1,) * len(small) + (-1,) * len(large)
    shapes = tuple(c.shape if sign > 0 else -c.expr for c, sign in zip(costs, signs, strict=True))
    related = tuple((c.left.shape, c.relation, c.right.shape) for c in conditions)
    return _Asked(costs, signs, conditions, scale, Job(shapes, related, values, shape, best))


def _lines(asked: _Asked) -> Any:
    sides = [(c.right.expr, c.left.expr) if c.relation[0] == "<" else (c.left.expr, c.right.expr) for c in asked.conditions]
    return lines(asked.signs[0] * asked.costs[0].expr, sides, asked.job.values, asked.job.shape)


# -- the answer
def _exact(job: Job, points: Points) -> list[int]:
    """The numbers of the winners, decided on fractions."""
    single = len(job.costs) == 1
    left = settled(points, job.best, job.allowed, single)
    if not single:
        sure = front(Points(left.costs, left.index, np.ones(len(left), bool)))
        return [int(i) for i in sure.index]
    ranked = sorted((worth(job.costs[0], job.exact(int(i))), int(i)) for i in left.index[left.sure])
    return [i for _, i in ranked[: job.best]]


def _found(asked: _Asked, seen: Seen, executor: Executor | None) -> Found:
    job = asked.job
    winners = _exact(job, seen.points)
    if not winners:
        raise _nothing(asked, seen)
    points = tuple(_candidate(asked, i) for i in winners)
    given = Given(job.exact(winners[0]))
    limits = tuple(Limit(c, c.left.put(given), c.right.put(given)) for c in asked.conditions)
    evaluated = seen.evaluated
    considered = prod(job.shape) if seen.complete else seen.considered
    along = asked.scale[job.lines.axis].name if job.lines else ""
    again = partial(_gains, asked, points[0], limits, executor) if len(asked.costs) == 1 else None
    found = Found(points, limits, considered, evaluated, max(0, considered - evaluated), seen.seconds, seen.complete, along, again)
    if job.lines and limits and seen.complete and seen.seconds < 0.5:
        found.gains  # noqa: B018  cheap enough to be told at once
    return found


def _candidate(asked: _Asked, index: int) -> Candidate:
    places = np.unravel_index(index, asked.job.shape)
    labels = {a.name: a.labels[int(i)] for a, i in zip(asked.scale, places, strict=True)}
    at = {name: label.item() if hasattr(label, "item") else label for name, label in labels.items()}
    given = Given(asked.job.exact(index))
    return Candidate(at, tuple(c.put(given) for c in asked.costs))


def _gains(asked: _Asked, best: Candidate, limits: tuple[Limit, ...], executor: Executor | None, by: float) -> tuple[Gain, ...]:
    found = []
    for i, limit in enumerate(limits):
        job = _relaxed(replace(asked.job, best=1), i, Fraction(repr(by)))
        winners = _exact(job, stream(job, executor).points)
        then = _candidate(asked, winners[0]) if winners else best
        found.append(Gain(limit, by, then, float(then.value) / float(best.value)))
    return tuple(found)


def _relaxed(job: Job, place: int, by: Fraction) -> Job:
    """The same job with the right side of one condition moved away by a fraction of it."""
    left, how, right = job.conditions[place]
    factor = 1 + by if how[0] == "<" else 1 - by
    return replace(job, conditions=(*job.conditions[:place], (left, how, _scaled(right, factor)), *job.conditions[place + 1 :]))


def _scaled(shape: Any, factor: Fraction) -> Any:
    if isinstance(shape, sp.Expr):
        return shape * sp.Rational(factor.numerator, factor.denominator)
    return shape[0], tuple(_scaled(s, factor) for s in shape[1])


def _nothing(asked: _Asked, seen: Seen) -> InputError:
    if not seen.complete or not len(seen.excluded):
        return InputError("the search was interrupted before a point was found; give it more time, or a smaller space")
    worst = int(np.argmax(seen.excluded))
    share = seen.excluded[worst] / max(1, seen.considered if asked.job.lines is None else int(np.max(seen.excluded)))
    much = "every point" if share >= 1 and asked.job.lines is None else "most"
    shown = short(repr(asked.conditions[worst]), 80)
    return InputError(f"no point of the space fulfils the conditions; {shown} excludes {much}: relax it, or widen the axes in it")
