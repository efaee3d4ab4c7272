"""The blocks of a search through an executor, a few at a time, and what comes back put together.

Blocks go by number. The job itself is found by a token in the threads and the forked processes of this process, and goes
to another process only when it asks for it. Ctrl-C is a request to come to an end, so that it never falls in between two steps
that belong together.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from symroof.algebra.quantity import show_number
from symroof.grid.plan import cores
from symroof.search.job import Job, Outcome
from symroof.search.pool import Points, no_points

if TYPE_CHECKING:
    from rich.progress import Progress


_TWICE = 1.0  # seconds within which a second Ctrl-C is the first one again


class Interrupts:
    """Within it Ctrl-C only sets ``pressed``; the next one, a second later or more, is a KeyboardInterrupt as ever.

    In a thread, or where the program has its own handler, nothing changes.
    """

    def __init__(self) -> None:
        self.pressed = False
        self._first = 0.0
        self._before: Any = None

    def __enter__(self) -> Interrupts:
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _press(self, *_: object) -> None:
        now = time.monotonic()
        if self.pressed and now - self._first > _TWICE:
            raise KeyboardInterrupt
        self._first = self._first if self.pressed else now
        self.pressed = True


_PATIENCE = 1.0  # seconds before anything is shown


class Bar:
    """The share that is done, points per second, the best so far and the time left; gone without a trace at the end."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._shown: Progress | None = None

    @property
    def due(self) -> bool:
        """Whether there is somebody to tell."""
        late = self._shown is not None or time.perf_counter() - self._began >= _PATIENCE
        return late and sys.stderr is not None and sys.stderr.isatty()

    def show(self, share: float, points: int, best: str) -> None:
        """Draw the line, or bring it up to date."""
        rate = f"{show_number(points / (time.perf_counter() - self._began) / 1e6, 3)} M points/s"
        if self._shown is None:
            self._shown = _progress()
            self._shown.add_task("search", total=1.0, rate=rate, best=best)
            self._shown.start()
        self._shown.update(self._shown.task_ids[0], completed=share, rate=rate, best=best)

    def close(self) -> None:
        """Take the line away."""
        if self._shown is not None:
            self._shown.stop()


def _progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.table import Column

    fields = [TextColumn(text, markup=False, table_column=Column(no_wrap=True)) for text in ("{task.fields[rate]}", "{task.fields[best]}")]
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TaskProgressColumn(),
        *fields,
        TimeRemainingColumn(compact=True),
        console=Console(stderr=True),
        refresh_per_second=5,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


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
