"""The blocks of a search through an executor, a few at a time, and what comes back put together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from symroof.grid.plan import cores
from symroof.search.interrupts import Interrupts
from symroof.search.job import Job, Outcome
from symroof.search.pool import Points, no_points
from symroof.search.post import posted, work
from symroof.search.progress import Bar

_GLANCE = 0.1  # seconds between two looks at the keyboard
_SILENCE = 5.0  # seconds after which what an executor has not given back is done here
_AHEAD = 256  # runs of blocks that are with an executor of unknown size

Span = tuple[int, int]


@dataclass
class Seen:
    """What the blocks that came back gave so far."""

    points: Points
    excluded: Any
    evaluated: int = 0
    considered: int = 0
    spans: int = 0
    seconds: float = 0.0
    complete: bool = True

    def take(self, job: Job, span: Span, part: Outcome) -> None:
        """Add what some blocks gave."""
        self.points = job.merged(self.points, part.points)
        self.evaluated += part.evaluated
        self.excluded = self.excluded + part.excluded
        self.considered += sum(job.cut.points(i) for i in range(*span))
        self.spans += 1


@dataclass
class _Sent:
    """The blocks under way: with the executor, or with the threads of this process, which do what the executor loses."""

    job: Job
    token: str
    executor: Executor | None
    here: Executor
    running: dict[Future[Outcome | None], tuple[Span, bool]] = field(default_factory=dict)  # whether it is done here
    heard: float = field(default_factory=time.monotonic)  # from the executor

    def room(self, spans: int) -> bool:
        """Whether more may be sent; to an executor of unknown size a few at first, until its workers have the job."""
        known = cores() if self.executor is None else getattr(self.executor, "_max_workers", None)
        return len(self.running) < (2 * known if known else min(_AHEAD, 4 + spans))

    def send(self, span: Span, before: Points, whole: bool = False) -> None:
        """Send some blocks, with the job if the worker asked for it. An executor that does not take them is not asked again."""
        if self.executor is not None:
            try:
                self.running[self.executor.submit(work, self.token, self.job if whole else None, *span, before)] = span, False
                return
            except Exception:  # it is broken, or shut down
                self.executor = None
        self._keep(span, before)

    def _keep(self, span: Span, before: Points) -> None:
        self.running[self.here.submit(work, self.token, self.job, *span, before)] = span, True

    def back(self, before: Points) -> Iterator[tuple[Span, Outcome]]:
        """What has come back since; what the executor lost is sent to this process."""
        wait(self.running, _GLANCE, FIRST_COMPLETED)
        for future in [f for f in self.running if f.done()]:  # also those that were cancelled without a word
            span, own = self.running.pop(future)
            try:
                part = future.result()
            except (Exception, CancelledError):
                if own:
                    raise
                self._keep(span, before)
                continue
            self.heard = self.heard if own else time.monotonic()
            if part is None:
                self.send(span, before, whole=True)
            else:
                yield span, part
        self._fetch(before)

    def _fetch(self, before: Points) -> None:
        """Do here what an executor that has fallen silent was given first."""
        if time.monotonic() - self.heard < _SILENCE:
            return
        waiting = [f for f, (_, own) in self.running.items() if not own]
        for future in waiting[: max(0, 2 * cores() - (len(self.running) - len(waiting)))]:
            span, _ = self.running.pop(future)
            future.cancel()
            self._keep(span, before)

    def drop(self) -> None:
        """Forget what is under way."""
        for future in self.running:
            future.cancel()


def stream(job: Job, executor: Executor | None, interrupts: Interrupts, told: Callable[[Points], str]) -> Seen:
    """Every block once; after Ctrl-C what there is so far. ``told`` puts the best so far into words.

    What an executor loses is done in this process: blocks of a worker that died, all of them once it is broken, and those
    it holds when nothing has come back for some seconds. Raises InputError where a point cannot be evaluated.
    """
    began, bar = time.perf_counter(), Bar()
    seen = Seen(no_points(len(job.costs)), np.zeros(len(job.conditions), np.int64))
    here = ThreadPoolExecutor(cores())
    try:
        with posted(job) as token:
            sent = _Sent(job, token, executor, here)
            for done in _pass(sent, seen):
                if interrupts.pressed:
                    seen.complete = False
                    break
                if bar.due:
                    bar.show(done, seen.considered, told(seen.points))
    except KeyboardInterrupt:
        seen.complete = False
    finally:
        bar.close()
        here.shutdown(wait=False, cancel_futures=True)
    seen.seconds = time.perf_counter() - began
    return seen


def _pass(sent: _Sent, seen: Seen) -> Iterator[float]:
    """Send and take blocks until all are done; the share that is, again and again."""
    spans = _spans(sent.job.cut.count)
    due = next(spans, None)
    try:
        while due is not None or sent.running:
            while due is not None and sent.room(seen.spans):
                sent.send(due, seen.points)
                due = next(spans, None)
            for span, part in sent.back(seen.points):
                seen.take(sent.job, span, part)
            yield seen.considered / sent.job.cut.size
    finally:
        sent.drop()


def _spans(count: int) -> Iterator[Span]:
    """Runs of blocks: both ends and a sample from all over the space, then the rest, so that what cannot win shows early."""
    length = max(1, min(16, count // 64))
    runs = -(-count // length)
    sample = dict.fromkeys((0, runs - 1, *range(0, runs, max(2, runs // 64))))
    for i in chain(sample, (i for i in range(runs) if i not in sample)):
        yield i * length, min(count, (i + 1) * length)
