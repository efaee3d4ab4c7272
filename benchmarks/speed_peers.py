"""Estimates per second of peers, each in an environment of its own that is made for the run, and ours beside them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from itertools import cycle, product
from pathlib import Path
from typing import Any

from speed_case import COST, FULL, SHEETS, Case
from speed_page import HERE, child, shown, table, time_shown
from speed_peers_run import BATCHES, CHIPS, CONTEXTS, POINT

RUN = HERE / "speed_peers_run.py"


@dataclass(frozen=True)
class Peer:
    """A package, what it really needs beside itself (its other requirements are not used here), and what is called."""

    package: str
    needs: tuple[str, ...]
    calls: tuple[tuple[str, str], ...]


PEERS = (
    Peer("llm-analysis==0.2.2", ("fire",), (("inference", "`inference()`"), ("decode", "its decode part alone"))),
    Peer(
        "genz-llm==0.0.16",
        ("numpy", "pandas", "matplotlib", "seaborn", "tqdm", "pyyaml", "ipython", "paretoset"),
        (("genz", "`decode_moddeling()`"),),
    ),
)


def report(quick: bool = False) -> str:
    """The section of the page."""
    if quick:
        return "## Peers\n\nLeft out by `--quick`; `--only peers` without it installs and runs them."
    rates: dict[str, list[tuple[float, float]]] = {}
    notes = []
    with tempfile.TemporaryDirectory() as folder:
        ready = []
        for peer in PEERS:
            python, note = _installed(peer, Path(folder, peer.package))
            notes += [note] if note else []
            ready += [(f"{peer.package}, {said}", python, call) for call, said in peer.calls if python]
        for _ in range(3):
            for name, python, call in ready:
                rates.setdefault(name, []).append(_theirs(python, call))
            rates.setdefault("symroof, `.at()`", []).append(_scalar(1.5))
            rates.setdefault("symroof, `sweep` of 1e8", []).append(_swept())
    return "\n\n".join(["## Peers", _said(), _table({name: max(found) for name, found in rates.items()}), *notes])


def _said() -> str:
    return (
        f"The time of one decode step of LLaMA 3-70B on {CHIPS} TPU v5e in int8, estimates per second; best of 3, taken in turns, one\n"
        f"process each. Batch and context change from call to call. Their formulas are not ours (they count communication, the embedding\n"
        f"and norms; llm-analysis has no gated MLP and reads the cache twice): their estimate at\n"
        f"B={POINT[0]}, S={POINT[1]} is beside it."
    )


def _table(rates: dict[str, tuple[float, float]]) -> str:
    at, sweep = rates["symroof, `.at()`"][0], rates["symroof, `sweep` of 1e8"][0]
    rows = [
        [name, shown(rate), time_shown(one), f"{shown(at / rate)} ×", f"{shown(sweep / rate)} ×"] for name, (rate, one) in rates.items()
    ]
    return table(["", "estimates per second", "its estimate", "`.at()` is", "`sweep` is"], rows)


# -- theirs
def _installed(peer: Peer, where: Path) -> tuple[str, str]:
    """The Python of an environment with the peer in it, or why there is none."""
    try:
        venv.create(where, with_pip=True)
        python = str(where / ("Scripts" if sys.platform == "win32" else "bin") / "python")
        for what in (["--no-deps", peer.package], list(peer.needs)):
            subprocess.run([python, "-m", "pip", "install", "-q", *what], check=True, capture_output=True, timeout=300)
        child(_code(peer.calls[0][0], 0.0), python=python)
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as problem:
        return "", f"{peer.package} could not be installed and run here ({type(problem).__name__}); it is left out."
    return python, ""


def _code(call: str, seconds: float) -> str:
    return f"import sys, runpy; sys.argv[1:] = [{call!r}, '{seconds}']; runpy.run_path({str(RUN)!r}, run_name='__main__')"


def _theirs(python: str, call: str) -> tuple[float, float]:
    rate, one = child(_code(call, 1.5), python=python)
    return rate, one


# -- ours
def _scalar(seconds: float) -> tuple[float, float]:
    def estimate(batch: int, context: int) -> Any:
        return COST.at(*SHEETS, B=batch, S=context, n=CHIPS)

    one = float(estimate(*POINT))
    count, points, start = 0, cycle(product(BATCHES, CONTEXTS)), time.perf_counter()
    while (taken := time.perf_counter() - start) < seconds:
        estimate(*next(points))
        count += 1
    return count / taken, one


def _swept() -> tuple[float, float]:
    case = Case(FULL)
    start = time.perf_counter()
    case.symroof()
    return case.size / (time.perf_counter() - start), float(COST.at(*SHEETS, B=POINT[0], S=POINT[1], n=CHIPS))
