"""A job on its way to the workers: blocks go by number, the job itself only to a process that asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from symroof.search.job import Job, Outcome
from symroof.search.pool import Points

_MOST = 4  # jobs that a worker keeps
_HELD: dict[str, Job] = {}


@contextmanager
def posted(job: Job) -> Iterator[str]:
    """A token under which the threads and the forked processes of this process find the job."""
    token = uuid4().hex
    _HELD[token] = job
    try:
        yield token
    finally:
        _HELD.pop(token, None)


def work(token: str, job: Job | None, start: int, stop: int, before: Points) -> Outcome | None:
    """Blocks ``start`` to ``stop``, in whichever process this runs; None if it does not have the job and was not sent it."""
    held = _HELD.get(token)
    if held is None and job is not None:
        for oldest in list(_HELD)[: 1 - _MOST]:
            _HELD.pop(oldest, None)
        held = _HELD.setdefault(token, job)
    return held.run(start, stop, before) if held is not None else None
