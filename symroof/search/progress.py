"""A line on the terminal, if there is one and it takes longer than a second."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from symroof.algebra.quantity import show_number

if TYPE_CHECKING:
    from rich.progress import Progress

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
