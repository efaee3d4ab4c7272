"""``search(space, minimize=cost, subject_to=[...])``: the best configurations of a space, never laid out as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from math import prod
from typing import Any

import numpy as np
import sympy as sp

from symroof.algebra.bind import Given
from symroof.algebra.claims import together
from symroof.algebra.cost import Condition, Cost
from symroof.algebra.quantity import show_quantity
from symroof.errors import InputError, NothingFits, short
from symroof.grid.axes import Axis, labels_at
from symroof.search.boxes import ways
from symroof.search.found import Candidate, Found, Gain, Slack, called
from symroof.search.interrupts import Interrupts
from symroof.search.job import Job
from symroof.search.pool import Points
from symroof.search.space import Space
from symroof.search.stream import Seen, stream
from symroof.search.winners import exact, obstacle, related, winners

_QUICK = 1.0  # seconds of a search up to which another is made to say why it found nothing


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

    Blocks of the space are evaluated on all cores, and only the points that may win are kept. Where costs and conditions are
    monotone in a symbol, a part of the space is passed over whose corner cannot win, and halved where it may, unless
    ``prune=False``; the answer is the same. Equal points stand in the order of the space. Ctrl-C gives the best so far, with
    ``complete`` False. A search of more than a second shows on a terminal how far it is.

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

    **Many machines.** The blocks go through any ``concurrent.futures.Executor``: a ProcessPoolExecutor, or that of a
    cluster, ``executor=Client("scheduler:8786").get_executor()`` of ``dask.distributed``, with symroof installed on the
    workers. A block travels as two numbers, the job once to each worker, and only the points that may win come back. The
    answer is that without an executor, whatever the order in which blocks return and whichever workers are lost: what an
    executor loses, refuses, or does not give back is evaluated in this process, each block counted once. Without an
    executor threads share Python's lock: a long search that cannot prune makes better use of the cores through processes.

    Raises NothingFits if no point fulfils the conditions, naming the one that stands in the way and the point that comes
    nearest to it.
    """
    if not (executor is None or isinstance(executor, Executor)):
        raise InputError(f"{short(executor)} is no concurrent.futures.Executor; of a dask cluster pass client.get_executor()")
    asked = _asked(space, _listed(minimize), _listed(maximize), tuple(subject_to), best)
    if prune:
        asked = replace(asked, job=_pruned(asked))
    with Interrupts() as interrupts:
        found = _found(asked, stream(asked.job, executor, interrupts, partial(_told, asked)), executor)
    if found.pruned and found.again and found.limits and found.complete and found.seconds < 0.5:
        with suppress(KeyboardInterrupt):
            found.gains  # noqa: B018  cheap enough to be told at once
    return found


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
    scale, values = space.over(free, together(*(c.of for c in (*costs, *conditions))))
    shape = tuple(len(a) for a in scale)
    if not 0 < prod(shape) < 2**62:
        empty = ", ".join(a.name for a in scale if not len(a))
        raise InputError(f"the space is empty: {empty} has no values; give it some" if empty else "the space has more than 2^62 points")
    signs = (1,) * len(small) + (-1,) * len(large)
    shapes = tuple(c.shape if sign > 0 else -c.expr for c, sign in zip(costs, signs, strict=True))
    return _Asked(costs, signs, conditions, scale, Job(shapes, related(conditions), values, shape, best))


def _pruned(asked: _Asked) -> Job:
    """The same job with what it may know of costs and conditions, if there is any to pass over boxes by."""
    costs = [sign * cost.expr for cost, sign in zip(asked.costs, asked.signs, strict=True)]
    known = ways(costs, asked.conditions, asked.job.values)
    return replace(asked.job, ways=known if any(goes is not None for way in known for goes in way.values()) else ())


def _told(asked: _Asked, points: Points) -> str:
    """The best so far, for who waits."""
    sure = points.costs[points.sure]
    if len(asked.costs) > 1:
        return f"{len(sure)} on the front"
    return f"best {show_quantity(asked.signs[0] * float(sure[0, 0]), asked.costs[0].unit)}" if len(sure) else "none yet"


# -- the answer
def _found(asked: _Asked, seen: Seen, executor: Executor | None) -> Found:
    job = asked.job
    indices = exact(job, seen.points)
    if not indices:
        raise _nothing(asked, seen)
    points = tuple(_candidate(asked, i) for i in indices)
    given = Given(job.exact(indices[0]))
    limits = tuple(Slack(c, c.left.put(given), c.right.put(given)) for c in asked.conditions)
    pruned = seen.considered - seen.evaluated
    again = partial(_gains, asked, points[0], limits, executor) if len(asked.costs) == 1 else None
    return Found(points, limits, seen.considered, seen.evaluated, pruned, seen.seconds, seen.complete, again)


def _candidate(asked: _Asked, index: int) -> Candidate:
    given = Given(asked.job.exact(index))
    return Candidate(labels_at(asked.scale, index), tuple(c.put(given) for c in asked.costs))


def _gains(asked: _Asked, best: Candidate, limits: tuple[Slack, ...], executor: Executor | None, by: float) -> tuple[Gain, ...]:
    found = []
    for i, limit in enumerate(limits):
        job = _relaxed(replace(asked.job, best=1), i, Fraction(repr(by)))
        relaxed = winners(job, executor)
        then = _candidate(asked, relaxed[0]) if relaxed else best
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
    if not seen.complete:
        return InputError("the search was interrupted before a point was found; give it more time, or a smaller space")
    order = [int(i) for i in np.argsort(-seen.excluded, kind="stable")]
    blamed = asked.conditions[order[0]]
    why, nearest, by = f"{called(blamed)} excludes most", None, ""
    if seen.seconds < _QUICK:
        with suppress(KeyboardInterrupt):
            blamed, why, nearest, by = obstacle(asked.job, asked.conditions, order)
    names = {s.name for s in blamed.free_symbols}
    axes = ", ".join(a.name for a in asked.scale if a.name in names or a.sheets) or "the space"
    point = None if nearest is None else _candidate(asked, nearest)
    closest = f", and {point.labels} comes closest, {by}" if point else ""
    message = f"no point of the space fulfils the conditions; {why}{closest}; relax it, or widen {axes}"
    return NothingFits(message, why, point.at if point else None, by)
