"""A geometric program in the logs of its unknowns: equalities taken out, a start, the optimum, and what has none.

What cannot be solved is said in sentences: limits that contradict each other (by what factor, from the certificate of the
smallest relaxation), and objectives that fall for ever (along which unknowns).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from symroof.analysis.barrier import Array, Barrier, Sums, escape, inside, start
from symroof.analysis.dual import Certificate, Rows, certificate, eliminated
from symroof.analysis.posynomial import NoValues
from symroof.errors import SolveError

_THIN = 2e-9  # how far limits are relaxed that leave a single point


@dataclass(frozen=True)
class Task:
    """The rows of a program with what messages call its variables, its limits and its equalities."""

    rows: Rows
    names: tuple[str, ...]
    limits: tuple[str, ...]
    equal: tuple[str, ...]


@dataclass(frozen=True)
class Solution:
    """A point in logs with its certificate, the indices of undecided variables, and the Newton steps taken."""

    y: Array
    certificate: Certificate
    free: tuple[int, ...]
    steps: int


def height(rows: Rows, y: Array) -> float:
    """The log of the objective."""
    import numpy as np

    v = np.array(rows.exponents[: rows.sizes[0]], dtype=float) @ y + np.array(rows.logs[: rows.sizes[0]])
    return float(v.max() + np.log(np.sum(np.exp(v - v.max()))))


def solved(task: Task, settle: bool = True) -> Solution:
    """The optimum of a program in log space, with its certificate.

    Raises NoValues or SolveError as :func:`geometric` does.
    """
    import numpy as np

    rows = task.rows
    y0, Z, off = eliminated(rows.equal, rows.equal_logs, len(task.names))
    if off > 1e-9:
        raise NoValues(f"no values satisfy {_listed(task.equal)}; they contradict each other by a factor of {_factor(off)}")
    sums, kept = _reduced(task, y0, Z)
    free: tuple[int, ...] = ()
    if not Z.shape[1]:
        z, delta, steps = np.zeros(0), Barrier(sums, np.zeros(0)).weights(np.zeros(0), np.zeros(len(sums.sizes) - 1)), 0
    else:
        z, sums, before = _within(task, sums, (y0, Z), kept)
        free = _loose(task, sums, Z)
        barrier = Barrier(sums, z)
        z, pressure = barrier.descend(z)
        delta, steps = barrier.weights(z, pressure), barrier.steps + before
    weights = np.zeros(len(rows.logs))
    weights[kept] = delta
    y = y0 + Z @ z
    proof = certificate(rows, y, weights)
    if proof is None:
        raise SolveError("the optimum cannot be certified: the unknowns spread over too many decades; bound them with subject_to=")
    if free and settle:
        return _settled(task, Solution(y, proof, free, steps), weights)
    return Solution(y, proof, free, steps)


def _reduced(task: Task, y0: Array, Z: Array) -> tuple[Sums, Any]:
    """The program on the points that satisfy the equalities, without the limits that are then constant; which rows are kept."""
    import numpy as np

    rows = task.rows
    A = np.array(rows.exponents, dtype=float).reshape(len(rows.logs), len(task.names))
    b = np.array(rows.logs) + A @ y0
    A = A @ Z
    kept: list[int] = []
    sizes: list[int] = []
    first = 0
    for i, size in enumerate(rows.sizes):
        mine = range(first, first + size)
        first += size
        if i and not np.any(np.abs(A[mine]) > 1e-12):
            log = float(np.log(np.sum(np.exp(b[mine] - b[mine].max()))) + b[mine].max())
            if log > _THIN:
                told = [task.limits[i - 1], *task.equal]
                raise NoValues(f"no values satisfy {_listed(told)}; the limits are off by a factor of at least {_factor(log)}")
        else:
            kept += mine
            sizes.append(size)
    return Sums(A[kept], b[kept], tuple(sizes)), np.array(kept, dtype=int)


def _within(task: Task, sums: Sums, space: tuple[Array, Array], kept: Any) -> tuple[Array, Sums, int]:
    """A point strictly within the limits, and the limits, relaxed by a hair if they leave a single point."""
    import numpy as np

    z = start(sums)
    if np.all(Barrier(sums, z).values(z)[0][1:] < 0):
        return z, sums, 0
    barrier, at, pressure = inside(sums, z)
    z, excess = at[:-1], float(at[-1])
    if np.max(Barrier(sums, z).values(z)[0][1:]) < 0:
        return z, sums, barrier.steps
    rows = task.rows
    zero, one = Fraction(0), Fraction(1)
    exponents = [(*[zero] * len(task.names), one), *((*rows.exponents[i], -one) for i in kept[sums.sizes[0] :])]
    logs = (0.0, *(rows.logs[i] for i in kept[sums.sizes[0] :]))
    relaxed = Rows(tuple(exponents), logs, (1, *sums.sizes[1:]), tuple((*g, zero) for g in rows.equal), rows.equal_logs)
    y = np.append(space[0] + space[1] @ z, excess)
    proof = certificate(relaxed, y, barrier.weights(at, pressure))
    if proof is not None and excess - proof.gap > _THIN / 2:
        told = _guilty(task, kept, sums, proof)
        raise NoValues(f"no values satisfy {_listed(told)}; the limits are off by a factor of at least {_factor(excess - proof.gap)}")
    if excess > 1e-6:
        raise SolveError("no values within the limits were found, and no proof that there are none; bound the unknowns more tightly")
    b = sums.b.copy()
    b[sums.sizes[0] :] -= excess + _THIN
    return z, replace(sums, b=b), barrier.steps


def _guilty(task: Task, kept: Any, sums: Sums, proof: Certificate) -> list[str]:
    """The conditions that contradict each other: those with a multiplier."""
    import numpy as np

    owner = np.repeat(np.arange(len(task.rows.sizes)), task.rows.sizes)
    mine = [int(i) for i in dict.fromkeys(owner[kept]) if i]
    told = [task.limits[i - 1] for i, weight in zip(mine, proof.limits, strict=True) if weight > 1e-4]
    return told + [e for e, weight in zip(task.equal, proof.equalities, strict=True) if abs(weight) > 1e-4]


def _loose(task: Task, sums: Sums, Z: Array) -> tuple[int, ...]:
    """The variables that the optimum does not decide.

    Raises SolveError if the objective keeps falling along some direction.
    """
    import numpy as np

    direction, falls = escape(sums.A)
    moves = Z @ direction
    if np.any(falls[: sums.sizes[0]]):
        end = "without end" if np.all(falls[: sums.sizes[0]]) else "towards a value that it never reaches"
        raise SolveError(f"the objective falls {end} as {_going(task, moves)}; bound that with subject_to=")
    _, s, V = np.linalg.svd(sums.A)
    flat = Z @ V[int(np.sum(s > 1e-10 * s[0])) :].T if len(s) and s[0] > 0 else Z
    moving = np.abs(moves) > 1e-3 * np.max(np.abs(moves)) if np.any(falls) else np.zeros(len(moves), dtype=bool)
    return tuple(int(j) for j in np.flatnonzero(moving | np.any(np.abs(flat) > 1e-9, axis=1)))


def _settled(task: Task, found: Solution, weights: Array) -> Solution:
    """Of equally good points the one where what may grow is smallest, and what may shrink largest."""
    import numpy as np

    y0, Z, _ = eliminated(task.rows.equal, task.rows.equal_logs, len(task.names))
    sums, _ = _reduced(task, y0, Z)
    direction, falls = escape(sums.A)
    if not np.any(falls):
        return found
    moves = Z @ direction
    goal = tuple(
        Fraction(int(np.sign(m)) if abs(m) > 1e-3 * np.max(np.abs(moves)) and n != "t" else 0)
        for m, n in zip(moves, task.names, strict=True)
    )
    rows, first = task.rows, task.rows.sizes[0]
    best = height(rows, found.y) + 1e-8
    logs = (0.0, *(b - best for b in rows.logs[:first]), *rows.logs[first:])
    again = replace(rows, exponents=(goal, *rows.exponents), logs=logs, sizes=(1, *rows.sizes))
    try:
        settled = solved(replace(task, rows=again, limits=("", *task.limits)), settle=False)
    except SolveError:
        return found
    proof = certificate(rows, settled.y, weights)
    return found if proof is None else Solution(settled.y, proof, found.free, found.steps + settled.steps)


# -- words
def _going(task: Task, moves: Array) -> str:
    most = max(abs(float(m)) for m in moves)
    known = [(n, float(m)) for n, m in zip(task.names, moves, strict=True) if n != "t"]
    words = [f"{name} {'grows' if m > 0 else 'shrinks'}" for name, m in known if abs(m) > 1e-3 * most]
    return " and ".join(words) or "all of them shrink"


def _listed(conditions: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(c for c in conditions if c)) or "the conditions"


def _factor(log: float) -> str:
    factor = math.exp(min(log, 700.0))
    digits = 2 if factor > 1.05 else 2 - math.floor(math.log10(factor - 1))
    return f"{math.floor(factor * 10**digits) / 10**digits:.{digits}f}" if factor < 1e4 else f"{factor:.1e}"
