"""The best of 1e9 configurations under three constraints: seconds, points per second, peak memory."""

from __future__ import annotations

from typing import Any

from speed_page import aim, child, mib, power, shown, table, time_shown

CODE = """
import json, sys, time
from speed_page import peak
from speed_search import asked
from symroof import search
batches, prune = int(sys.argv[1]), sys.argv[2] == "True"
where, cost, conditions = asked(batches)
before, start = peak(), time.perf_counter()
found = search(where, maximize=cost, subject_to=conditions, prune=prune)
taken = time.perf_counter() - start
told = [str(found.best), [str(c) for c in conditions], repr(where)]
print(json.dumps([taken, peak(), before, found.considered, found.pruned, found.evaluated, *told]))
"""


def asked(batches: int) -> tuple[Any, Any, list[Any]]:
    """The space (1e5 points per batch), what is made large, and the conditions."""
    from symroof import Cost, chip, decode, dtype, llm, memory, sharding, space
    from symroof.symbols import n

    where = space(
        *(chip("tpu-v5e"), llm("llama3-70b"), dtype("int8", math="bf16")),
        B=range(1, batches + 1),
        S=range(1024, 1024 * 101, 1024),
        n=range(1, 101),
        eta_hbm=[0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.96, 1.0],
    )
    fits = memory.memory() <= memory.capacity()
    hides = Cost(n, "chip", "chips") <= sharding.largest_model_parallelism("hbm").cost.declare("chip").named("where communication hides")
    return where, decode.throughput(), [fits, decode.step() <= "15 ms", hides]


def report(quick: bool = False) -> str:
    """The section of the page."""
    batches, rounds = (10, 1) if quick else (10_000, 2)
    taken: dict[bool, list] = {True: [], False: []}
    for _ in range(rounds):
        for prune in (True, False):
            taken[prune].append(child(CODE, batches, prune))
    first = {prune: min(runs, key=lambda run: run[0]) for prune, runs in taken.items()}
    most = max(run[1] for runs in taken.values() for run in runs)
    _, _, _, considered, _, _, winner, conditions, where = first[True]
    same = all(run[6] == winner for runs in taken.values() for run in runs)
    head = ["pruning", "time", "points per second", "evaluated", "pruned", "peak memory of the process"]
    rows = []
    for prune, (seconds, peak, _, points, pruned, evaluated, *_) in first.items():
        name = "on" if prune else "off"
        rows.append([name, time_shown(seconds), shown(points / seconds), f"{evaluated:,}", f"{pruned:,}", mib(peak)])
    return "\n".join(
        [
            f"## The best of {power(considered)} configurations",
            "",
            f"`search`, the largest throughput per chip of LLaMA 3-70B on TPU v5e in int8 over a {where}, subject to",
            *(f"{c}," for c in (f"`{c}`" for c in conditions)),
            f"each run a process of its own, best of {rounds}.",
            "",
            table(head, rows),
            "",
            f"{'Both give' if same else 'THEY DIFFER; with pruning'} {winner}.",
            "",
            aim(f"peak memory of the process, Python and libraries included: {mib(most)} (256 MiB)", most <= 256 << 20),
        ]
    )
