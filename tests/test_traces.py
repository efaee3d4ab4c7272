"""A trace of requests: its windows counted again by hand, chips over time, and files that are none."""

from __future__ import annotations

import csv
import datetime
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from symroof import load, show, trace
from symroof.cli.main import cli
from symroof.errors import InputError
from symroof.plan.traces import windows

JOB: dict[str, Any] = {"slice": 1, "tpot": "20 ms"}


def written(path: Path, rows: list[tuple[Any, ...]], head: tuple[str, ...] = ("arrival", "prompt", "output")) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


def requests(seed: int, hours: float = 3.0) -> list[tuple[float, int, int]]:
    """Requests with a burst in the second hour."""
    rng, now, found = random.Random(seed), 5.0, []
    while now < hours * 3600:
        now += rng.expovariate(20.0 if 4000 < now < 4600 else 0.6)
        found.append((round(now, 4), rng.randint(200, 3000), 1 + int(rng.expovariate(1 / 200))))
    return found


def test_windows_are_what_is_counted_by_hand(tmp_path: Path) -> None:
    rows = requests(1)
    found = list(windows(written(tmp_path / "a.csv", rows), 600.0))
    start = rows[0][0]
    for i, w in enumerate(found):
        inside = [r for r in rows if start + 600 * i <= r[0] < start + 600 * (i + 1)]
        assert w.requests == len(inside)
        assert w.prompt == pytest.approx(sum(r[1] for r in inside) / len(inside))
        mean = sum(r[2] for r in inside) / len(inside)
        assert w.generate == pytest.approx(mean)
        gaps = [b[0] - a[0] for a, b in pairwise(inside)]
        gap = sum(gaps) / len(gaps)
        assert w.spread[0] == pytest.approx(sum((g - gap) ** 2 for g in gaps) / len(gaps) / gap**2)
        some = inside[:80]
        if len(some) == len(inside):
            pairs = [min(a[2], b[2]) for j, a in enumerate(some) for k, b in enumerate(some) if j != k]
            assert w.spread[2] == pytest.approx(sum(pairs) / len(pairs) / mean, rel=1e-9)
    assert sum(w.requests for w in found) == len(rows)
    assert all(w.seconds == 600 for w in found[:-1])
    assert found[-1].seconds <= 600


def test_a_burst_takes_more_replicas_and_a_fleet_that_follows_costs_less(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", requests(2))
    found = trace(path, "llama3-8b", "h100", window="10 min", **JOB)
    most = max(found.needs, key=lambda one: one.window.rate)
    assert most.replicas == found.peak > min(one.replicas or 0 for one in found.needs)
    w = most.window
    alone = load(
        "llama3-8b",
        "h100",
        rate=w.rate,
        prompt=w.prompt,
        generate=w.generate,
        arrivals=w.spread[0],
        lengths=(w.spread[1], w.spread[2]),
        **JOB,
    )
    assert alone.best.replicas == most.replicas
    assert float(alone.best.values["tpot"]) == pytest.approx(most.tpot)
    assert found.costs is not None
    fixed, following = found.costs
    assert following < fixed
    assert fixed == pytest.approx(found.peak * (found.price or 0) * sum(one.window.seconds for one in found.needs))
    assert len(found.table()) == len(found.needs)


def test_a_window_without_requests_takes_nothing(tmp_path: Path) -> None:
    rows = [(t, 100, 50) for t in (0.0, 1.0, 2.0, 5000.0, 5001.0)]
    found = trace(written(tmp_path / "a.csv", rows), "llama3-8b", "h100", window=1000, **JOB)
    assert [one.replicas for one in found.needs] == [1, 0, 0, 0, 0, 1]
    for form in ("text", "html", "markdown", "latex", "json", "csv"):
        assert show.shown(found, form) if hasattr(show, "shown") else repr(found)


def test_dates_and_the_names_of_public_traces(tmp_path: Path) -> None:
    rows, noon = requests(3, 1.0), datetime.datetime(2026, 11, 30, 12)
    dated = [((noon + datetime.timedelta(seconds=r[0])).isoformat(sep=" "), *r[1:]) for r in rows]
    one = list(windows(written(tmp_path / "a.csv", rows), 300.0))
    two = list(windows(written(tmp_path / "b.csv", dated, ("TIMESTAMP", "ContextTokens", "GeneratedTokens")), 300.0))
    assert [w.requests for w in one] == [w.requests for w in two]
    assert [w.prompt for w in one] == [w.prompt for w in two]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(2.0, 10, 10), (1.0, 10, 10)], "arrivals go backward"),
        ([(1.0, -10, 10)], "below zero"),
        ([(1.0, "many", 10)], "is no number"),
        ([("soon", 10, 10)], "arrival is no number"),
        ([(1.0, "", 10), (2.0, 10, 10)], "empty"),
        ([(1.0, "", 10)], "is no number"),
        ([], "has no requests"),
        ([(0.0, 10, 10), (1e12, 10, 10)], "take longer ones"),
    ],
)
def test_a_file_that_is_no_trace_is_refused(tmp_path: Path, rows: list[tuple[Any, ...]], words: str) -> None:
    with pytest.raises(InputError, match=words) as problem:
        trace(written(tmp_path / "a.csv", rows), "llama3-8b", "h100", window=60, **JOB)
    assert "\n" not in str(problem.value)


def test_what_the_file_says_is_not_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", requests(4, 0.2))
    with pytest.raises(InputError, match="rate follows from the trace"):
        trace(path, "llama3-8b", "h100", rate=3)
    with pytest.raises(InputError, match="is no file"):
        trace(tmp_path / "none.csv", "llama3-8b", "h100")
    with pytest.raises(InputError, match="has no column prompt"):
        trace(written(tmp_path / "b.csv", [(1, 2)], ("arrival", "output")), "llama3-8b", "h100")
    binary = tmp_path / "c.csv"
    binary.write_bytes(b"\xff\xfe\x00\x01" * 100)
    with pytest.raises(InputError):
        trace(binary, "llama3-8b", "h100")
    done = CliRunner().invoke(cli, ["load", "llama3-8b", "--on", "h100", "--trace", str(path), "--window", "5 min", "--slice", "1"])
    assert done.exit_code == 0
    assert "following the load" in done.output
    for words in (["--rate", "1/s"], []):
        done = CliRunner().invoke(cli, ["load", "llama3-8b", "--on", "h100", *words, *(["--trace", str(path)] if words else [])])
        assert done.exit_code == 2
        assert "one of them" in done.output
