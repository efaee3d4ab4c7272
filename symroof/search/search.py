"""``search(space, minimize=cost, subject_to=[...])``: the best configurations of a space, never laid out as a whole.

The winners are decided on fractions. Where there is none, it is said which condition stands in the way, and how close one comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from math import copysign, inf, prod
from typing import Any

import numpy as np
import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import Given
from symroof.algebra.claims import NONE, Claims, together
from symroof.algebra.cost import Condition, Cost, quantity
from symroof.algebra.operands import full_unit, plain
from symroof.algebra.quantity import show_quantity
from symroof.errors import InputError, NothingFits, short
from symroof.grid.axes import Axis, is_axis, labels_at, laid_out
from symroof.grid.estimated import at_point, uncertain
from symroof.search.boxes import ways
from symroof.search.found import Candidate, Found, Gain, Slack, amount, called
from symroof.search.job import Job
from symroof.search.pool import CLOSE, Points, outdone, settled
from symroof.search.stream import Interrupts, Seen, stream


@dataclass(frozen=True, eq=False, repr=False)
class Space(show.Shown):
    """Sheets, axes and fixed values, as ``sweep`` takes them; laid out once it is known which symbols are asked for."""

    sheets: tuple[Any, ...]
    named: Mapping[str, Any]

    def over(self, free: set[sp.Symbol], of: Claims = NONE) -> tuple[tuple[Axis, ...], dict[sp.Symbol, Any]]:
        """The axes, and what every symbol is worth along them.

        Raises InputError or UnknownName naming what lacks a value or cannot be used.
        """
        return laid_out(free, self.sheets, self.named, of)

    @property
    def lengths(self) -> dict[str, int]:
        """How many places every axis has."""
        return {name: len(values) for name, values in self.named.items() if is_axis(values)}


def space(*sheets: Any, **named: Any) -> Space:
    """The outer product of axes (lists, ranges and arrays of numbers, texts or sheets) with everything else fixed.

    >>> from symroof import chip
    >>> space(chip("tpu-v5e"), B=range(1, 1001), n=[1, 2, 4, 8])
    space of 4,000 points: B 1,000 x n 4
    >>> space(slice=chip("tpu-v5e").each(), B=range(1, 1001))           # the legal slices
    space of 8,000 points: slice 8 x B 1,000
    """
    return Space(sheets, named)


def divides(a: Any, b: Any) -> Condition:
    """The condition that one symbol, or product of symbols, divides another: ``b/a`` is whole, ``b/a <= floor(b/a)``.

    >>> from symroof.symbols import K, X, Y, n
    >>> divides(Y, K)
    K/Y <= floor(K/Y)
    >>> divides(X*Y, n).left.name
    'n/(X*Y)'
    """
    share = plain(b) / plain(a)
    unit = full_unit(share)
    return quantity(share, unit, show.text(share)) <= quantity(sp.floor(share), unit, "a whole number")


def exact(job: Job, points: Points) -> list[int]:
    """The numbers of the winners, decided on fractions."""
    single = len(job.costs) == 1
    left = settled(points, job.best, job.allowed, single)
    left = left.only(left.sure)
    ranks = np.stack([_ranks(job, i, left) for i in range(len(job.costs))], axis=1)
    if not single:
        won = ~outdone(ranks, left.index, left.sure)
        left, ranks = left.only(won), ranks[won]
    order = np.lexsort((left.index, *ranks.T[::-1]))
    return [int(i) for i in left.index[order[: job.best if single else None]]]


def _ranks(job: Job, cost: int, points: Points) -> Any:
    """The places of points in the order of a cost: floats that are close are compared as fractions."""
    order = np.argsort(points.costs[:, cost], kind="stable")
    ordered = points.costs[order, cost]
    apart = np.diff(ordered) > CLOSE * np.abs(ordered[1:])
    group = np.concatenate([[0], np.cumsum(apart)]) if len(order) else order
    known: dict[tuple[Fraction, ...], Any] = {}
    found = []
    for size, g, i in zip(np.bincount(group)[group].tolist(), group.tolist(), points.index[order].tolist(), strict=True):
        found.append((g, job.worth(cost, i, known) if size > 1 else 0))
    places = {value: rank for rank, value in enumerate(sorted(set(found)))}
    ranks = np.empty(len(order))
    ranks[order] = [places[value] for value in found]
    return ranks


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


_QUICK = 10**8  # points evaluated up to which another search is made to say why one found nothing
_TOLD = 10**6  # and up to which what relaxing buys is told unasked


@dataclass(frozen=True, eq=False)
class _Asked:
    """What is made small (``signs`` -1 for what is made large), under which conditions, over which axes."""

    costs: tuple[Cost, ...]
    signs: tuple[int, ...]
    conditions: tuple[Condition, ...]
    scale: tuple[Axis, ...]
    job: Job
    within: Callable[[Cost, int], Any] | None = None  # of estimates: the interval of a cost at a point


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
    asked = _asked(space, _listed(minimize), _listed(maximize), _listed(subject_to), best)
    if prune:
        asked = replace(asked, job=_pruned(asked))
    with Interrupts() as interrupts:
        found = _found(asked, stream(asked.job, executor, interrupts, partial(_told, asked)), executor)
    if asked.job.ways and found.again and found.limits and found.complete and found.evaluated <= _TOLD:
        with suppress(KeyboardInterrupt):
            found.gains  # noqa: B018  cheap enough to be told at once
    return found


def _listed(some: Any) -> tuple[Any, ...]:
    return tuple(some) if isinstance(some, Iterable) and not isinstance(some, str) and getattr(some, "ndim", True) else (some,)


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
    within = partial(at_point, space.sheets, scale, space.named) if uncertain(space.sheets, scale) else None
    return _Asked(costs, signs, conditions, scale, Job(shapes, related(conditions), values, shape, best), within)


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
    values = tuple(c.put(given) for c in asked.costs)
    if asked.within is not None:
        values = tuple(replace(v, interval=asked.within(c, index)) for v, c in zip(values, asked.costs, strict=True))
    return Candidate(labels_at(asked.scale, index), values)


def _gains(asked: _Asked, best: Candidate, limits: tuple[Slack, ...], executor: Executor | None, by: float) -> tuple[Gain, ...]:
    found = []
    for i, limit in enumerate(limits):
        job = _relaxed(replace(asked.job, best=1), i, Fraction(repr(by)))
        relaxed = winners(job, executor)
        then = _candidate(asked, relaxed[0]) if relaxed else best
        found.append(Gain(limit, by, then, _factor(float(then.value), float(best.value))))
    return tuple(found)


def _factor(then: float, now: float) -> float:
    return then / now if now else 1.0 if then == now else copysign(inf, then)


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
    if seen.evaluated <= _QUICK:
        with suppress(KeyboardInterrupt):
            blamed, why, nearest, by = obstacle(asked.job, asked.conditions, order)
    names = {s.name for s in blamed.free_symbols}
    axes = ", ".join(a.name for a in asked.scale if a.name in names or a.sheets) or "the space"
    point = None if nearest is None else _candidate(asked, nearest)
    closest = f", and {point.labels} comes closest, {by}" if point else ""
    message = f"no point of the space fulfils the conditions; {why}{closest}; relax it, or widen {axes}"
    return NothingFits(message, why, point.at if point else None, by)
