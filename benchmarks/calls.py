"""One number at a time: ``cost.compile``, ``.at`` that was asked before, and the exported Python function, in turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from symroof import chip, decode, dtype, export, llm
from symroof.symbols import B, S

SHEETS = (chip("tpu-v5e").on("4x4"), llm("llama3-70b"), dtype("int8", math="bf16"))
CALLS, ROUNDS = 2000, 9


def works() -> dict[str, Callable[[], Any]]:
    """The same step three ways."""
    step, space = decode.step(), dict[str, Any]()
    exec(export(step.at(*SHEETS), "python", "exported"), space)  # our own source
    compiled, exported = step.compile(B, S, *SHEETS), space["exported"]
    return {
        "exported Python": lambda: exported(32.0, 8192.0),
        "cost.compile": lambda: compiled(32.0, 8192.0),
        "cost.at": lambda: float(step.at(*SHEETS, B=32, S=8192)),
    }


def main() -> None:
    """Print a row for each: processor time a call, median of rounds in turns, and beside the exported function."""
    each = works()
    assert len({round(float(work()), 15) for work in each.values()}) == 1, "three ways, one number"
    taken: dict[str, list[float]] = {name: [] for name in each}
    for _ in range(ROUNDS):
        for name, work in each.items():
            began = time.process_time()
            for _ in range(CALLS):
                work()
            taken[name].append((time.process_time() - began) / CALLS)
    least = statistics.median(taken["exported Python"])
    for name, times in taken.items():
        each_one = statistics.median(times)
        print(f"{name:16} {1e6 * each_one:8.2f} us   {each_one / least:6.1f} x")


if __name__ == "__main__":
    main()
