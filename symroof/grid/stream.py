"""The blocks of a search through an executor, a few at a time, and what comes back put together."""

from __future__ import annotations

import sys
import time
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symroof.grid.job import Job, Part
from symroof.grid.plan import cores
from symroof.grid.pool import Points, no_points


@dataclass
class Seen:
    """What the blocks that came back gave so far."""

    points: Points
    excluded: Any
    evaluated: int = 0
    considered: int = 0
    seconds: float = 0.0
    complete: bool = True
    began: float = field(default_factory=time.perf_counter)

    def take(self, job: Job, start: int, stop: int, part: Part) -> None:
        """Add what some blocks gave."""
        self.points = job.merged(self.points, part.points)
        self.evaluated += part.evaluated
        self.excluded = self.excluded + part.excluded
        length = 1 if job.lines is None else job.shape[job.lines.axis]
        self.considered += length * sum(_size(job, i) for i in range(start, stop))


def stream(job: Job, executor: Executor | None = None) -> Seen:
    """Every block once; after Ctrl-C what there is so far. An executor that breaks leaves the rest to this process."""
    seen = Seen(no_points(len(job.costs)), np.zeros(len(job.conditions), np.int64))
    own = ThreadPoolExecutor(cores()) if executor is None else None
    try:
        _pass(job, own or executor, seen)
    except KeyboardInterrupt:
        seen.complete = False
    finally:
        if own is not None:
            own.shutdown(wait=True, cancel_futures=True)
        _progress(seen, None)
    seen.seconds = time.perf_counter() - seen.began
    return seen


def _pass(job: Job, executor: Executor | None, seen: Seen) -> None:
    count = job.cut.count
    length = max(1, min(16, count // 64))
    starts = list(range(0, count, length))[::-1]
    ahead = 2 * int(getattr(executor, "_max_workers", 8) or 8)
    running: dict[Future[Part], tuple[int, int]] = {}
    try:
        while starts or running:
            while starts and len(running) < ahead and executor is not None:
                span = (starts[-1], min(starts[-1] + length, count))
                try:
                    running[executor.submit(_work, job, *span, seen.points)] = span
                    starts.pop()
                except BrokenExecutor:
                    executor = None
            if not running:
                start = starts.pop()
                stop = min(start + length, count)
                seen.take(job, start, stop, _work(job, start, stop, seen.points))
            for done in wait(running, return_when=FIRST_COMPLETED).done if running else ():
                span = running.pop(done)
                try:
                    part = done.result()
                except BrokenExecutor:
                    executor, part = None, _work(job, *span, seen.points)
                seen.take(job, *span, part)
            _progress(seen, 1 - len(starts) * length / count)
    finally:
        for future in running:
            future.cancel()


def _work(job: Job, start: int, stop: int, before: Points) -> Part:
    return job.run(start, stop, before)


def _size(job: Job, block: int) -> int:
    place = job.cut.place(block)
    return (place.stop - place.start) * job.cut.inner


def _progress(seen: Seen, share: float | None) -> None:
    """A line on the terminal, if there is one and it takes longer than a second."""
    if time.perf_counter() - seen.began < 1 or not sys.stderr.isatty():
        return
    sys.stderr.write("\r\x1b[K" if share is None else f"\rsearch {share:4.0%}, {seen.evaluated:,} points evaluated")
    sys.stderr.flush()
