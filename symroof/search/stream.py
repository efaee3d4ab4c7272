"""The blocks of a search through an executor, a few at a time, and what comes back put together.

Blocks go by number. The job itself is found by a token in the threads and the forked processes of this process, and goes
to another process only when it asks for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from uuid import uuid4

import numpy as np

from symroof.grid.plan import cores
from symroof.search.interrupts import Interrupts
from symroof.search.job import Job, Outcome
from symroof.search.pool import Points, no_points
from symroof.search.progress import Bar

_GLANCE = 0.1  # seconds between two looks at the keyboard
_SILENCE = 5.0  # seconds after which what an executor has not given back is done here
_AHEAD = 256  # runs of blocks that are with an executor of unknown size
_MOST = 4  # jobs that a worker keeps
_HELD: dict[str, Job] = {}

Span = tuple[int, int]


def work(token: str, job: Job | None, start: int, stop: int, before: Points) -> Outcome | None:
    """Blocks ``start`` to ``stop``, in whichever process this runs; None if it does not have the job and was not sent it."""
    held = _HELD.get(token)
    if held is None and job is not None:
        for oldest in list(_HELD)[: 1 - _MOST]:
            _HELD.pop(oldest, None)
        held = _HELD.setdefault(token, job)
    return held.run(start, stop, before) if held is not None else None


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

    def take(self, job: Job, span: Span, outcome: Outcome) -> None:
        """Add what some blocks gave."""
        self.points = job.merged(self.points, outcome.points)
        self.evaluated += outcome.evaluated
        self.excluded = self.excluded + outcome.excluded
        self.considered += sum(job.cut.points(i) for i in range(*span)) * job.length
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

    def send(self, span: Span, before: Points, whole: bool = False, here: bool = False) -> None:
        """Send some blocks, with the job if the worker asked for it. An executor that does not take them is not asked again."""
        if self.executor is not None and not here:
            try:
                self.running[self.executor.submit(work, self.token, self.job if whole else None, *span, before)] = span, False
                return
            except Exception:  # it is broken, or shut down
                self.executor = None
        self.running[self.here.submit(work, self.token, self.job, *span, before)] = span, True

    def back(self, before: Points) -> Iterator[tuple[Span, Outcome]]:
        """What has come back since; what the executor lost, or has been silent about, is sent to this process."""
        wait(self.running, _GLANCE, FIRST_COMPLETED)
        for future in [f for f in self.running if f.done()]:  # also those that were cancelled without a word
            span, own = self.running.pop(future)
            try:
                outcome = future.result()
            except (Exception, CancelledError):
                if own:
                    raise
                self.send(span, before, here=True)
                continue
            self.heard = self.heard if own else time.monotonic()
            if outcome is None:
                self.send(span, before, whole=True)
            else:
                yield span, outcome
        if time.monotonic() - self.heard >= _SILENCE:
            away = [f for f, (_, own) in self.running.items() if not own]
            for future in away[: max(0, 2 * cores() - (len(self.running) - len(away)))]:
                span, _ = self.running.pop(future)
                future.cancel()
                self.send(span, before, here=True)


def stream(job: Job, executor: Executor | None, interrupts: Interrupts, told: Callable[[Points], str]) -> Seen:
    """Every block once; after Ctrl-C what there is so far. ``told`` puts the best so far into words.

    What an executor loses is done in this process: blocks of a worker that died, all of them once it is broken, and those
    it holds when nothing has come back for some seconds. Raises InputError where a point cannot be evaluated.
    """
    began, bar, token = time.perf_counter(), Bar(), uuid4().hex
    seen = Seen(no_points(len(job.costs)), np.zeros(len(job.conditions), np.int64))
    here = ThreadPoolExecutor(cores())
    sent = _Sent(job, token, executor, here)
    _HELD[token] = job
    try:
        for share in _pass(sent, seen):
            if interrupts.pressed:
                seen.complete = False
                break
            if bar.due:
                bar.show(share, seen.considered, told(seen.points))
    except KeyboardInterrupt:
        seen.complete = False
    finally:
        _HELD.pop(token, None)
        for future in sent.running:
            future.cancel()
        bar.close()
        here.shutdown(wait=False, cancel_futures=True)
    seen.seconds = time.perf_counter() - began
    return seen


def _pass(sent: _Sent, seen: Seen) -> Iterator[float]:
    """Send and take blocks until all are done; the share that is, again and again."""
    spans = _spans(sent.job.cut.count)
    due = next(spans, None)
    while due is not None or sent.running:
        while due is not None and sent.room(seen.spans):
            sent.send(due, seen.points)
            due = next(spans, None)
        for span, outcome in sent.back(seen.points):
            seen.take(sent.job, span, outcome)
        yield seen.considered / (sent.job.cut.size * sent.job.length)


def _spans(count: int) -> Iterator[Span]:
    """Runs of blocks: both ends and a sample from all over the space, then the rest, so that what cannot win shows early."""
    length = max(1, min(16, count // 64))
    runs = -(-count // length)
    sample = dict.fromkeys((0, runs - 1, *range(0, runs, max(2, runs // 64))))
    for i in chain(sample, (i for i in range(runs) if i not in sample)):
        yield i * length, min(count, (i + 1) * length)
