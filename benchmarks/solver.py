"""Thresholds from symroof.solve and sympy.solve on the same questions; prints shares, times and ratios, asserts nothing.

python benchmarks/solver.py [--write]        (--write: the tables also go to benchmarks/solver.md)
"""

from __future__ import annotations

import cmath
import math
import multiprocessing as mp
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import sympy as sp
from solver_questions import Question, questions

import symroof
from symroof import Span, solve
from symroof.algebra.roots import PositiveRoot

TIMEOUT = 2.0  # seconds that sympy may think about one question
POINTS = 3  # sets of random values at which an answer is checked
_NEAR = 1e-5


@dataclass(frozen=True)
class Outcome:
    """What one solver made of one question; times in seconds, the first and the median of later ones."""

    kind: str
    solved: bool
    correct: bool
    first: float
    warm: float
    note: str = ""


# -- ours
def cached() -> list[Any]:
    """Every cache of the algebra."""
    modules = [m for name, m in sys.modules.items() if name.startswith(("symroof.algebra.", "symroof.solver."))]
    return list({id(f): f for m in modules for f in vars(m).values() if hasattr(f, "cache_clear")}.values())


def ours(q: Question) -> tuple[Outcome, Any]:
    """symroof.solve, nothing cached of earlier answers."""
    taken = []
    for _ in range(3):
        for f in cached():
            f.cache_clear()
        start = time.perf_counter()
        bound = solve(q.condition, q.unknown)
        taken.append(time.perf_counter() - start)
        if taken[0] > 0.3:
            break
    correct = bound.closed and all(_agrees(bound, q, values) for values in samples(q))
    ends = [e for p in bound.pieces for e in (p.low, p.high) if e is not None]
    note = "root" if any(e.has(PositiveRoot) for e in ends) else ""
    return Outcome(q.kind, bound.closed, correct, taken[0], statistics.median(taken[1:] or taken), note), bound


def _agrees(bound: Any, q: Question, values: dict[sp.Symbol, Any]) -> bool:
    """Whether the bound says what the condition says, around its thresholds and elsewhere."""
    found = bound.at(values)
    if isinstance(found, Span):
        intervals: Any = found.intervals
    else:
        low, high = (0.0, float(found)) if found.round_down else (float(found), math.inf)
        if found.note:
            low, high = (0.0, math.inf) if found.note.startswith("always") else (math.inf, math.inf)
        intervals = ((low, high),)
    ends = [float(e) for pair in intervals for e in pair if 0 < e < math.inf]
    true = truth(q, values)
    for at in places(ends):
        said, is_true = any(low <= at <= high for low, high in intervals), true(at)
        if is_true is not None and said != is_true:
            return False
    return True


# -- theirs
def _serve(pipe: Any) -> None:
    """The child: solves what it is sent, twice."""
    while True:
        left, right, x = pipe.recv()
        taken = []
        for _ in range(2):
            start = time.perf_counter()
            try:
                answer: Any = sp.solve(sp.Eq(left, right), x)
            except Exception as problem:  # sympy refuses in many ways
                answer = f"{type(problem).__name__}: {problem}".splitlines()[0]
            taken.append(time.perf_counter() - start)
            if taken[0] > TIMEOUT / 2:
                break
        pipe.send((answer, taken[0], taken[-1]))


class Sympy:
    """sympy.solve in a process of its own, ended when it takes too long."""

    def __init__(self) -> None:
        self.child: Any = None

    def __call__(self, q: Question) -> tuple[Outcome, Any]:
        """sympy.solve on the crossing."""
        if self.child is None:
            self.pipe, there = mp.Pipe()
            self.child = mp.get_context("fork").Process(target=_serve, args=(there,), daemon=True)
            self.child.start()
        names = {s: sp.Symbol(s.name, positive=True) for s in q.condition.free_symbols}
        sides = [side.expr.xreplace(names) for side in (q.condition.left, q.condition.right)]
        self.pipe.send((*sides, names[q.unknown]))
        if not self.pipe.poll(TIMEOUT):
            self.end()
            return Outcome(q.kind, False, False, TIMEOUT, TIMEOUT, "timeout"), None
        answer, first, warm = self.pipe.recv()
        if isinstance(answer, str):
            return Outcome(q.kind, False, False, first, warm, answer.split(":")[0]), None
        correct = all(_crosses(answer, q, values) for values in samples(q))
        return Outcome(q.kind, True, correct, first, warm), answer

    def end(self) -> None:
        """End the child."""
        self.child.kill()
        self.child.join()
        self.child = None


def _crosses(roots: list[Any], q: Question, values: dict[sp.Symbol, Any]) -> bool:
    """Whether the positive real roots are the places where the condition flips, all of them and no others."""
    numbers = {sp.Symbol(s.name, positive=True): v for s, v in values.items()}
    found = []
    for root in roots:
        z = complex(sp.sympify(root).xreplace(numbers).evalf(30))
        if cmath.isfinite(z) and abs(z.imag) <= 1e-9 * abs(z) and z.real > 0:
            found.append(z.real)
    ends = [r for i, r in enumerate(found) if all(abs(r / s - 1) > 1e-9 for s in found[:i])]
    true = truth(q, values)
    flips = [true(r * (1 - _NEAR)) != true(r * (1 + _NEAR)) for r in ends]
    between = sorted([10.0 ** (i / 4) for i in range(-40, 41)] + [0.0, *ends, math.inf])
    for low, high in pairwise(between):  # no flip elsewhere
        near = [low * (1 + _NEAR) if low else 1e-11, high * (1 - _NEAR) if high < math.inf else 1e11]
        if near[0] < near[1] and len({t for t in map(true, near) if t is not None}) == 2:
            return False
    return all(flips)


# -- what is true
def samples(q: Question) -> Iterator[dict[sp.Symbol, Any]]:
    """Random positive values for all symbols but the unknown."""
    chance = random.Random(str(q.condition))
    others = sorted(q.condition.free_symbols - {q.unknown}, key=str)
    for _ in range(POINTS):
        yield {s: sp.Rational(chance.randint(100, 999), 10 ** chance.choice((1, 2, 3))) for s in others}


def truth(q: Question, values: dict[sp.Symbol, Any]) -> Callable[[float], bool | None]:
    """The condition at values, as a function of the unknown; None where rounding could decide."""
    sides = [sp.lambdify(q.unknown, side.expr.xreplace(values).evalf(), "math") for side in (q.condition.left, q.condition.right)]

    def true(at: float) -> bool | None:
        try:
            left, right = (float(side(at)) for side in sides)
        except OverflowError:
            return None
        if abs(left - right) <= 1e-12 * abs(left) or not (math.isfinite(left) and math.isfinite(right)):
            return None
        return left > right if q.condition.relation[0] == ">" else left < right

    return true


def places(ends: list[float]) -> Iterator[float]:
    """Just below and just above all ends, and a grid that keeps away from them."""
    for e in [*(e * (1 + s * _NEAR) for e in ends for s in (-1, 1)), *(10.0 ** (i / 4) for i in range(-40, 41))]:
        if all(abs(e / other - 1) >= 0.9 * _NEAR for other in ends):
            yield e


# -- tables
def rows(mine: list[Outcome], other: list[Outcome]) -> Iterator[tuple[str, ...]]:
    """One row per kind, and the whole."""
    yield ("questions", "n", "closed: ours", "sympy", "correct: ours", "sympy", "median ms: ours", "sympy", "worst ms: ours", "sympy")
    for kind in [*dict.fromkeys(o.kind for o in mine), "all"]:
        pair = [[o for o in each if kind in (o.kind, "all")] for each in (mine, other)]
        cells = [str(len(pair[0]))]
        cells += [f"{sum(o.solved for o in each) / len(each):.0%}" for each in pair]
        cells += [f"{sum(o.correct for o in each) / len(each):.0%}" for each in pair]
        cells += [f"{statistics.median(o.warm for o in each) * 1e3:.1f}" for each in pair]
        cells += [f"{max(o.warm for o in each) * 1e3:.0f}" for each in pair]
        yield (kind, *cells)


def summary(asked: list[Question], mine: list[Outcome], other: list[Outcome]) -> Iterator[str]:
    """Ratios, and what is left, by name."""
    both = list(zip(mine, other, strict=True))
    yield f"sympy answers {sum(t.solved for t in other)} of {len(both)}; of those ours solves {sum(o.solved and t.solved for o, t in both)}"
    yield f"sympy answers {sum(t.correct for t in other)} correctly; of those ours {sum(o.correct and t.correct for o, t in both)}"
    extremes = [o for q, o in zip(asked, mine, strict=True) if q.extremes]
    solved, correct = sum(o.solved for o in extremes), sum(o.correct for o in extremes)
    yield f"with maxima: {len(extremes)} questions, ours solves {solved}, {correct} correctly"
    timed = [(o.warm, t.warm) for o, t in both if t.solved]
    yield f"where sympy answers, it takes {statistics.median(t / o for o, t in timed):.1f} times as long (median ratio)"
    for name, each in (("ours", mine), ("sympy", other)):
        yield (
            f"{name}: first time median {statistics.median(o.first for o in each) * 1e3:.1f} ms;"
            f" warm median {statistics.median(o.warm for o in each) * 1e3:.1f} ms, worst {max(o.warm for o in each) * 1e3:.0f} ms,"
            f" above 10 ms {sum(o.warm > 0.01 for o in each)} of {len(each)}"
        )
    yield f"ours, thresholds that are a named root of a polynomial: {sum(o.note == 'root' for o in mine)}"
    why = [o.note for o in other if o.note]
    yield "sympy, no answer: " + ", ".join(f"{name} {why.count(name)}" for name in dict.fromkeys(why))


def main() -> None:
    started, asked, theirs = time.perf_counter(), questions(), Sympy()
    mine, other = [], []
    for q in asked:
        one, bound = ours(q)
        two, _ = theirs(q)
        mine.append(one)
        other.append(two)
        if "--list" in sys.argv and (not one.correct or one.warm > 0.03):
            print(
                f"[{q.kind}] {one.warm * 1e3:.0f} ms, sympy {'ok' if two.correct else two.note or 'wrong'}: {bound!r} | {q.condition!r}"[
                    :600
                ]
            )
    theirs.end()
    listed = list(rows(mine, other))
    widths = [max(len(r[i]) for r in listed) for i in range(len(listed[0]))]
    for r in listed:
        print("  ".join(cell.ljust(w) if not i else cell.rjust(w) for i, (cell, w) in enumerate(zip(r, widths, strict=True))))
    lines = list(summary(asked, mine, other))
    print("\n" + "\n".join(lines) + f"\n{time.perf_counter() - started:.0f} s in all")
    if "--write" in sys.argv:
        table = ["| " + " | ".join(r) + " |" for r in listed]
        table.insert(1, "|" + "---|" * len(listed[0]))
        Path(__file__).with_suffix(".md").write_text(page(table, lines), "utf-8")


def page(table: list[str], lines: list[str]) -> str:
    """The results as a page."""
    where = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, sympy {sp.__version__}"
    how = (
        "Closed: a threshold with its domain (sympy: any list of roots). Correct: at random positive values the answer flips exactly"
        " where the condition does and nowhere else. Times are warm: sympy's caches filled, ours emptied before every question."
        f" sympy.solve gets the crossing `left = right`, and {TIMEOUT:.0f} s."
    )
    head = f"# Thresholds: symroof {symroof.__version__} and sympy.solve\n\n"
    head += f"Written by `python benchmarks/solver.py --write`. {where}.\n\n{how}\n"
    return head + "\n" + "\n".join(table) + "\n\n" + "\n".join(f"- {line}" for line in lines) + "\n"


if __name__ == "__main__":
    main()
