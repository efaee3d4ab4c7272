"""A trace of requests, window by window: chips over time at a limit, a fleet for the peak against one that follows the load.

A trace is a CSV file with the arrival (seconds, or a date and time), the tokens of the prompt and of the answer of every request, in
the order they came. It is read in pieces, so that it may be larger than memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from symroof.algebra import show
from symroof.algebra.bind import check
from symroof.algebra.symbols import c_a2, c_s2, e_G, price, t_run
from symroof.errors import InputError, short
from symroof.grid.tables import arrow, frame, library
from symroof.plan.fleets import Asked, Fleet
from symroof.plan.laid import laid, made, number
from symroof.plan.loads import load
from symroof.plan.wishes import LOAD, Wishes
from symroof.sheets.llms import Llm

#: Names that columns have in traces that people share.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "arrival": ("arrival", "arrived_at", "timestamp", "time", "arrival_time"),
    "prompt": ("prompt", "prompt_tokens", "input_tokens", "contexttokens", "input_length", "num_prefill_tokens"),
    "output": ("output", "output_tokens", "generated", "generatedtokens", "output_length", "num_decode_tokens"),
}
_MOST = 100_000  # windows


@dataclass(frozen=True)
class Window:
    """Requests of some ``seconds`` from ``start`` on [s]: how many, mean tokens, and their spreads as of ``replica.traffic``."""

    start: float
    seconds: float
    requests: int
    prompt: float
    generate: float
    spread: tuple[float, float, float]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


@dataclass(frozen=True)
class Need:
    """What a window takes: ``replicas`` (0 where nothing is asked; None where none would do) and the time of a token [s]."""

    window: Window
    replicas: int | None
    tpot: float
    binds: str


@dataclass(frozen=True, repr=False)
class Trace(show.Shown):
    """The windows of a trace on the replica that serves the busiest one best; ``price`` is that of a chip [USD/s], None if unknown."""

    needs: tuple[Need, ...]
    fleet: Fleet
    model: str
    price: float | None = None
    stands_on: tuple[str, ...] = ()

    @property
    def peak(self) -> int:
        """The replicas that serve every window."""
        return max((one.replicas or 0 for one in self.needs), default=0)

    @property
    def mean(self) -> float:
        """Replicas of a fleet that follows the load, on average."""
        time = sum(one.window.seconds for one in self.needs)
        return sum((one.replicas or 0) * one.window.seconds for one in self.needs) / time

    @property
    def costs(self) -> tuple[float, float] | None:
        """What a fixed fleet and one that follows the load cost over the trace [USD]; None without a price."""
        if self.price is None:
            return None
        time = sum(one.window.seconds for one in self.needs)
        chip = self.fleet.slice.chips * self.price * time
        return self.peak * chip, self.mean * chip

    def table(self) -> list[dict[str, Any]]:
        """One flat mapping a window, in SI units."""
        return [
            {
                "start": one.window.start,
                "seconds": one.window.seconds,
                "requests": one.window.requests,
                "rate": one.window.rate,
                "prompt": one.window.prompt,
                "generate": one.window.generate,
                "replicas": one.replicas,
                "chips": None if one.replicas is None else one.replicas * self.fleet.slice.chips,
                "tpot": one.tpot if isfinite(one.tpot) else None,
                "binds": one.binds,
            }
            for one in self.needs
        ]

    def to_pandas(self) -> Any:
        """A pandas DataFrame, a row a window. Raises InputError if pandas is not installed."""
        return frame(self.table(), ".table()")

    def to_arrow(self) -> Any:
        """An Arrow table, a row a window. Raises InputError if pyarrow is not installed."""
        return arrow(self.table(), ".table()")


def trace(path: str | Path, model: str | Llm, on: Any, window: Any = "1 h", by: str = "chips", **wishes: Any) -> Trace:
    """What the requests of a file take over time: the replica that is best for the busiest window, and how many of it every window needs.

    ``window`` is a time; wishes are those of :func:`symroof.load` but ``rate``, ``prompt``, ``generate``, ``arrivals``, ``lengths`` and
    ``replicas``, which the file says. In a window arrivals are taken as stationary, with the spread that they have.

    Raises InputError for a file that is none, a column that is missing, times that go backward or counts that are none, and where
    nothing serves the busiest window.
    """
    for name in ("rate", "prompt", "generate", "arrivals", "lengths", "replicas"):
        if name in wishes:
            raise InputError(f"{name} follows from the trace; leave it out")
    seconds = float(check(t_run, window))
    found = list(windows(path, seconds))
    busy = max(found, key=lambda w: w.rate * (w.prompt + w.generate))
    best = load(model, on, by, **wishes, **_traffic(busy)).best
    if best.of is None:
        raise InputError("the best fleet has no layout")
    known, mesh = best.of
    asked = Wishes.make(LOAD, model, on, by, {**wishes, **_traffic(busy)})
    needs = []
    for one in found:
        needs.append(_need(one, known, mesh, replace(Asked.of(asked), **_about(one))) if one.requests else Need(one, 0, 0.0, ""))
    cost = number((*known.sheets, mesh), price) or None
    windows_of = f"{len(found)} windows of {short(str(window))}; in each arrivals are taken as stationary, with the spread that they have."
    return Trace(tuple(needs), best, known.model.name if known.model else "", cost, (windows_of,))


def windows(path: str | Path, seconds: float) -> Iterator[Window]:
    """The windows of a trace, in order; those in which nothing came too.

    Raises InputError for what is no trace.
    """
    start, parts = None, list[tuple[Any, Any, Any]]()
    count, last = 0, -np.inf
    for piece in _pieces(Path(path)):
        came, prompt, output = piece
        if len(came) and (came[0] < last or (np.diff(came) < 0).any()):
            raise InputError(f"{short(str(path))}: arrivals go backward; sort the file by arrival first")
        if len(came):
            start, last = came[0] if start is None else start, came[-1]
        parts.append((came, prompt, output))
        while start is not None and last >= start + seconds:
            inside, parts = _split(parts, start + seconds)
            yield _window(start, seconds, inside)
            start, count = start + seconds, count + 1
            if count > _MOST:
                raise InputError(f"more than {_MOST} windows; take longer ones, e.g. window='1 h'")
    if start is None:
        raise InputError(f"{short(str(path))} has no requests")
    many = sum(len(part[0]) for part in parts)
    rest = (last - start) * many / (many - 1) if many > 1 and last > start else seconds  # the last window ends with the file
    yield _window(start, min(seconds, float(rest)), parts)


# -- helpers
def _pieces(path: Path) -> Iterator[tuple[Any, Any, Any]]:
    """Arrivals [s], prompts and outputs of a file, piece by piece."""
    read = library("pyarrow.csv", "a trace of fewer requests")
    arrow = library("pyarrow", "a trace of fewer requests")
    if not path.is_file():
        raise InputError(f"{short(str(path))} is no file; give a CSV file with the columns arrival, prompt and output")
    try:
        for batch in read.open_csv(path):
            names = {name.strip().lower(): name for name in batch.schema.names}
            found = []
            for word, known in COLUMNS.items():
                own = next((names[name] for name in known if name in names), None)
                if own is None:
                    raise InputError(f"{short(str(path))} has no column {word}; it has {', '.join(map(short, batch.schema.names[:8]))}")
                found.append(_numbers(batch.column(own), word, path, arrow))
            yield found[0], found[1], found[2]
    except (arrow.ArrowInvalid, UnicodeDecodeError) as problem:
        raise InputError(f"{short(str(path))} is no CSV file of requests: {short(str(problem).splitlines()[0], 80)}") from None


def _numbers(column: Any, word: str, path: Path, arrow: Any) -> Any:
    """A column as floats; dates and times as seconds."""
    if arrow.types.is_timestamp(column.type):
        column = column.cast(arrow.timestamp("us")).cast(arrow.int64())
        scale = 1e-6
    else:
        scale = 1.0
    if not (arrow.types.is_integer(column.type) or arrow.types.is_floating(column.type)):
        raise InputError(f"{short(str(path))}: {word} is no number in some row; give seconds, or dates and times, and counts of tokens")
    values = np.asarray(column.to_numpy(zero_copy_only=False), dtype=float) * scale
    if not np.isfinite(values).all() or (word != "arrival" and (values < 0).any()):
        raise InputError(f"{short(str(path))}: {word} has a row that is empty, endless or below zero; drop it")
    return values


def _split(parts: list[tuple[Any, Any, Any]], end: float) -> tuple[list[tuple[Any, Any, Any]], list[tuple[Any, Any, Any]]]:
    """What comes before an end, and the rest."""
    before, after = [], []
    for part in parts:
        cut = int(np.searchsorted(part[0], end, side="left"))
        before.append(tuple(column[:cut] for column in part))
        after.append(tuple(column[cut:] for column in part))
    return before, [part for part in after if len(part[0])]


def _window(start: float, seconds: float, parts: Sequence[tuple[Any, Any, Any]]) -> Window:
    """What is to be known of the requests of a window."""
    came, prompt, output = (np.concatenate([part[i] for part in parts]) if parts else np.zeros(0) for i in range(3))
    if not len(came):
        return Window(float(start), seconds, 0, 0.0, 0.0, (0.0, 0.0, 1.0))
    output = np.maximum(output, 1.0)
    mean, gaps = float(output.mean()), np.diff(came)
    gap = float(gaps.mean()) if len(gaps) else 0.0
    spread = float(gaps.var()) / gap**2 if gap else 1.0
    many, ranks = len(output), np.sort(output)
    shorter = 2.0 * float((ranks * np.arange(many)[::-1]).sum()) / (many * (many - 1)) if many > 1 else mean
    spreads = spread, float(output.var()) / mean**2, min(1.0, shorter / mean)
    return Window(float(start), seconds, many, float(prompt.mean()), mean, spreads)


def _traffic(w: Window) -> dict[str, Any]:
    """A window as wishes of a load."""
    a2, s2, shorter = w.spread
    return {
        "rate": f"{w.rate:.12g}/s",
        "prompt": max(1.0, w.prompt),
        "generate": max(2.0, w.generate),
        "arrivals": a2,
        "lengths": (s2, shorter),
    }


def _about(w: Window) -> dict[str, Any]:
    """A window as what is asked of a load."""
    a2, s2, shorter = w.spread
    lengths = {"prompt": Fraction(repr(max(1.0, w.prompt))), "generate": Fraction(repr(max(2.0, w.generate)))}
    return {"rate": w.rate, **lengths, "spread": {c_a2: a2, c_s2: s2, e_G: shorter}}


def _need(w: Window, known: Any, mesh: Any, about: Asked) -> Need:
    """The replicas of a window, and the time of a token with them."""
    replica, sheets = made(known.but(G=repr(float(about.generate))))
    layout = laid(replica, (*sheets, mesh), about)
    if layout is None or not layout.replicas:
        return Need(w, None, float("inf"), layout.binds if layout else "cache")
    return Need(w, layout.replicas, layout.served.times(layout.rate)["tpot"], layout.binds)
