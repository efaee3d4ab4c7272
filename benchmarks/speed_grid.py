"""Decode step time over a grid of five axes: symroof, NumPy, numexpr, C and the memory limit; time, agreement, memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import speed_rivals
from speed_case import FULL, NAMES, QUICK, Case
from speed_page import aim, best, child, in_turns, mib, power, shown, table, time_shown

OURS = "symroof"
MEMORY = """
import json, sys
from speed_page import peak
who, shape = sys.argv[1], tuple(map(int, sys.argv[2].split(",")))
import speed_rivals
from speed_case import Case
case = Case(shape)
work = {"symroof": Case.symroof, **speed_rivals.rivals(), **speed_rivals.ADD}[who]
case.named, speed_rivals.compiled("double")
before = peak()
made = work(case)
print(json.dumps([before, peak(), made.nbytes]))
"""
#: On one core, in processor time and in pairs, which other work on the machine changes little.
CORE = """
import json, os, statistics, sys, time
os.environ["OMP_NUM_THREADS"] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
import speed_rivals
from speed_case import Case
case, rounds = Case(tuple(map(int, sys.argv[1].split(","))), sys.argv[2]), int(sys.argv[3])
loop, out, found = speed_rivals.rivals()["C loop"], case.empty(), []
for args in ((case,), (case, out)):
    taken = {Case.symroof: [], loop: []}
    for k in range(rounds + 1):
        for work in (loop, Case.symroof) if k % 2 else (Case.symroof, loop):
            began = time.process_time()
            work(*args)
            taken[work].append(time.process_time() - began)
    pairs = list(zip(*(times[1:] for times in taken.values())))
    found.append([statistics.median(c / ours for ours, c in pairs), *map(statistics.median, zip(*pairs))])
print(json.dumps(found))
"""


def report(quick: bool = False) -> str:
    """The section of the page."""
    shape, rounds = (QUICK, 2) if quick else (FULL, 5)
    sizes = " × ".join(f"{name} {n}" for name, n in zip(NAMES, shape, strict=True))
    lines = [
        f"## A grid of {power(Case(shape).size)} points",
        "",
        f"`decode.step()` of LLaMA 3-70B on TPU v5e, int8 weights, over {sizes}. *New*: each call makes its result, which the",
        "system must hand out page by page; *written over*: each writes into one array that is already there. Both ways the same",
        "for all; NumPy makes one temporary of the size of the grid in either. Best of "
        f"{rounds} rounds, taken in turns; × is how many times as long as symroof.",
    ]
    reached: list[str] = []
    for precision in ("float64", "float32"):
        text, aims = _timed(Case(shape, precision), rounds)
        lines += ["", text]
        reached += aims
    if "C loop" in speed_rivals.rivals():
        text, aims = _per_core(shape, rounds)
        lines += ["", text]
        reached += aims
    text, aims = _memory(shape, quick)
    said = "The aims are for a large grid; this one is too small for them." if quick else "\n".join([*reached, *aims])
    return "\n".join([*lines, "", text, "", said])


def _timed(case: Case, rounds: int) -> tuple[str, list[str]]:
    apart = speed_rivals.agreement(case)
    works: dict[str, Callable[..., Any]] = {OURS: Case.symroof, **speed_rivals.rivals(), **speed_rivals.ADD}
    new = best(in_turns({name: partial(work, case) for name, work in works.items()}, rounds, warm=False))
    out = case.empty()
    over = best(in_turns({name: partial(work, case, out) for name, work in works.items()}, rounds))
    rows = []
    for name in works:
        times = [time_shown(new[name]), f"{new[name] / new[OURS]:.2f} ×", time_shown(over[name]), f"{over[name] / over[OURS]:.2f} ×"]
        rows.append([name, *times, f"{apart[name]:.0e}" if name in apart else ""])
    text = table([case.dtype, "new", "×", "written over", "×", "apart from ours"], rows)
    text += f"\n\n{shown(case.size / new[OURS])} points per second into a new array, {shown(case.size / over[OURS])} written over."
    return text, [line for how, taken in (("new", new), ("written over", over)) for line in _aims(f"{case.dtype}, {how}", taken)]


def _aims(case: str, taken: Mapping[str, float]) -> list[str]:
    limit = min(taken[name] for name in speed_rivals.ADD)
    found = []
    if "numexpr" in taken:
        found.append(aim(f"{case}: faster than numexpr: {taken['numexpr'] / taken[OURS]:.2f}", taken["numexpr"] >= taken[OURS]))
    return [*found, aim(f"{case}: at least half the memory limit: {limit / taken[OURS]:.2f}", limit / taken[OURS] >= 0.5)]


def _per_core(shape: tuple[int, ...], rounds: int) -> tuple[str, list[str]]:
    """What one core needs of processor time, beside the C loop."""
    rows, aims = [], []
    for precision in ("float64", "float32"):
        sizes = ",".join(map(str, shape))
        for how, (ratio, ours, loop) in zip(("new", "written over"), child(CORE, sizes, precision, str(rounds)), strict=True):
            rows.append([f"{precision}, {how}", time_shown(ours), time_shown(loop), f"{ratio:.2f}"])
            aims.append(aim(f"{precision}, {how}: at least 0.8 of the C loop, per core: {ratio:.2f}", ratio >= 0.8))
    return table(["one core, processor time, median of pairs", "ours", "C loop", "C loop / ours"], rows), aims


def _memory(shape: tuple[int, ...], quick: bool) -> tuple[str, list[str]]:
    names = [OURS] if quick else [OURS, *speed_rivals.rivals()]
    size = ",".join(map(str, shape))
    taken = {name: child(MEMORY, name, size) for name in names}
    rows = [[name, mib(most), mib(before), mib(most - before - out)] for name, (before, most, out) in taken.items()]
    before, most, out = taken[OURS]
    text = table(["peak memory of a process of its own", "whole", "before the call", "beyond that and the result"], rows)
    text += f"\n\nThe result (float64, new) is {mib(out)}; before the call every process has loaded Python, NumPy, SymPy and symroof."
    return text, [
        aim(
            f"peak memory of symroof: the process as it was + the result + {mib(most - before - out)} (64 MiB)",
            most - before - out <= 64 << 20,
        ),
        f"- as a whole process, Python, NumPy and SymPy included: the result + {mib(most - out)}",
    ]
