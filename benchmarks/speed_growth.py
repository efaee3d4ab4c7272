"""How time grows with the points of the grid, with the terms of the formula and with the cores."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from speed_case import Case
from speed_page import best, cores, in_turns, power, shown, table, time_shown
from speed_search import asked

from symroof import Cost, search, symbol
from symroof.algebra.evaluate import tape
from symroof.grid.plan import plan

TERMS = (1, 2, 4, 8, 16, 32)


def report(quick: bool = False) -> str:
    """The section of the page."""
    return "\n\n".join(["## Growth", _points(quick), _terms(quick), _cores(quick)])


# -- points
def _points(quick: bool) -> str:
    rows = []
    for size in (10**5, 10**6) if quick else (10**5, 10**6, 10**7, 10**8, 10**9):
        rounds = 1 if size > 10**8 else 3
        works: dict[str, Any] = {"search": partial(_looked, size // 10**5)}
        if size <= 10**8:  # the result of more would take 8 GB
            case = Case((size // 10**6 or 1, 100, 20, 5, 10**6 // 10**4 if size >= 10**6 else 10))
            works |= {"new": case.symroof, "over": partial(case.symroof, case.empty())}
        taken = best(in_turns(works, rounds, warm=size <= 10**7))
        cells = [_per_point(taken[k], size) if k in taken else "" for k in ("new", "over", "search")]
        rows.append([power(size), *(cell for pair in cells for cell in (pair or ("", "")))])
    head = ["points", "`sweep`, new", "ns/point", "written over", "ns/point", "`search`, pruning off", "ns/point"]
    said = "With the points: `decode.step()` over five axes, and the search above without pruning (three conditions)."
    return f"{said}\n\n{table(head, rows)}"


def _per_point(taken: float, size: int) -> tuple[str, str]:
    return time_shown(taken), f"{taken / size * 1e9:.2f}"


def _looked(batches: int) -> Any:
    where, cost, conditions = asked(batches)
    return search(where, maximize=cost, subject_to=conditions, prune=False)


# -- terms
def terms(count: int) -> Cost:
    """A sum of monomials in five symbols, each with every symbol in it: a full grid per term."""
    letters = [symbol(f"x_{i}") for i in range(1, 6)]
    powers = list(product((1, -1), repeat=5))[:count]
    return Cost(sp.Add(*[sp.Mul(k, *[x**e for x, e in zip(letters, one, strict=True)]) for k, one in enumerate(powers, 1)]), "1")


def _terms(quick: bool) -> str:
    shape = (10, 10, 10, 10, 10) if quick else (20, 50, 20, 5, 100)
    axes = [np.linspace(1, 2, n).reshape([-1 if i == j else 1 for j in range(5)]) for i, n in enumerate(shape)]
    out, rows = np.empty(shape), []
    for count in TERMS:
        works = {"ours": partial(_sum, count, axes, out), "numpy": partial(_plainly, count, axes, out)}
        taken = best(in_turns(works, 1 if quick or count > 8 else 3))
        each = taken["ours"] / out.size / count * 1e9
        rows.append(
            [count, time_shown(taken["ours"]), f"{each:.2f}", time_shown(taken["numpy"]), f"{taken['numpy'] / taken['ours']:.1f} ×"]
        )
    said = f"With the terms: a sum of monomials, each with all five axes in it, over {power(out.size)} points, written over."
    return f"{said}\n\n{table(['terms', 'symroof', 'ns per point and term', 'NumPy, term by term', '×'], rows)}"


def _sum(count: int, axes: list[Any], out: Any) -> None:
    compiled = tape(terms(count).shape)
    plan(compiled, {s: axes[int(s.name[-1]) - 1] for s in compiled.inputs}, out.shape).run([out])


def _plainly(count: int, axes: list[Any], out: Any) -> None:
    out[...] = 0
    for k, one in enumerate(list(product((1, -1), repeat=5))[:count], 1):
        a, b, c, d, e = (x if power > 0 else 1 / x for x, power in zip(axes, one, strict=True))
        out += k * a * b * c * d * e


# -- cores
def _cores(quick: bool) -> str:
    if not hasattr(os, "sched_setaffinity"):
        return "With the cores: this system cannot bind a process to some of them."
    case, out = Case((10, 10, 20, 5, 10) if quick else (100, 100, 20, 5, 100)), None
    out = case.empty()
    works = {}
    for k in range(1, cores() + 1):
        works |= {
            f"sweep {k}": partial(_on, k, partial(case.symroof, out)),
            f"search {k}": partial(_on, k, partial(_looked, case.size // 10**5)),
        }
    taken = best(in_turns(works, 1 if quick else 3))
    rows = []
    for k in range(1, cores() + 1):
        row = [(taken[f"{what} {k}"], taken[f"{what} 1"] / taken[f"{what} {k}"]) for what in ("sweep", "search")]
        rows.append([k, *(cell for t, gain in row for cell in (time_shown(t), f"{shown(gain)} ×"))])
    said = f"With the cores: {power(case.size)} points; the sweep is near the memory limit, the search (pruning off) is arithmetic."
    return f"{said}\n\n{table(['cores', 'sweep, written over', '×', 'search', '×'], rows)}"


def _on(count: int, work: Any) -> None:
    with bound(count):
        work()


@contextmanager
def bound(count: int) -> Iterator[None]:
    """This thread and those it starts, on so many cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(before)[:count]))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
