"""The certificate of a geometric program: a lower bound that does not depend on how the point was found.

By the weighted inequality of arithmetic and geometric means, weights ``delta >= 0`` that sum to 1 over the objective and
make every exponent cancel (``A^T delta = 0``) bound the objective from below. They are made to cancel exactly, in rational
arithmetic, because a residual of any size would bound nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symroof.analysis.barrier import Array

Row = Sequence[Fraction]
_EPS = 2.3e-16


@dataclass(frozen=True)
class Certificate:
    """How far, in log, a point may be above the optimum, and the multiplier of every limit and equality."""

    gap: float
    limits: tuple[float, ...]
    equalities: tuple[float, ...]


@dataclass(frozen=True)
class Rows:
    """The exponents of all terms, exactly, the logs of their coefficients, and how many terms each sum has."""

    exponents: tuple[Row, ...]
    logs: tuple[float, ...]
    sizes: tuple[int, ...]
    equal: tuple[Row, ...] = ()
    equal_logs: tuple[float, ...] = ()


def certificate(rows: Rows, y: Array, delta: Array) -> Certificate | None:
    """The bound from approximate weights at a point, or None if they cannot be made to cancel."""
    import numpy as np

    tries = (_cancelled(rows, _nearly(rows, np.where(delta < cut, 0.0, delta))) for cut in (0.0, 1e-12, 1e-9, 1e-7, 1e-5))
    found = next((f for f in tries if f is not None), None)  # what hardly counts may be left out, and then cancels
    if found is None:
        return None
    exact, mu = found
    A = np.array(rows.exponents, dtype=float).reshape(len(exact), len(y))
    v = A @ y + np.array(rows.logs)
    firsts = np.concatenate([[0], np.cumsum(rows.sizes)[:-1]]).astype(int)
    owner = np.repeat(np.arange(len(rows.sizes)), rows.sizes)
    top = np.maximum.reduceat(v, firsts)
    F = top + np.log(np.add.reduceat(np.exp(v - top[owner]), firsts))
    d = np.array([float(x) for x in exact])
    sums = np.add.reduceat(d, firsts)
    used = d > 0
    shares = np.sum(d[used] * (np.log(d[used] / sums[owner][used]) - (v - F[owner])[used]))
    off = np.array([_dot(g, y) + b for g, b in zip(rows.equal, rows.equal_logs, strict=True)])
    size = float(d @ (1 + np.abs(A) @ np.abs(y) + np.abs(np.array(rows.logs))))
    size += sum(
        abs(m) * (abs(b) + float(np.abs(np.array(g, dtype=float)) @ np.abs(y)))
        for m, g, b in zip(mu, rows.equal, rows.equal_logs, strict=True)
    )
    gap = shares - sums[1:] @ F[1:] - float(np.array(mu, dtype=float) @ off if mu else 0.0) + 4 * _EPS * size
    return Certificate(float(gap), tuple(map(float, sums[1:])), tuple(mu))


def _nearly(rows: Rows, delta: Array) -> Array:
    """The weights, each changed by a small share, that cancel as far as floats go."""
    import numpy as np

    A = np.array(rows.exponents, dtype=float).reshape(len(delta), -1)
    first = (np.arange(len(delta)) < rows.sizes[0]).astype(float)[:, None]
    if rows.equal:
        _, s, V = np.linalg.svd(np.array(rows.equal, dtype=float))
        A = A @ V[int(np.sum(s > 1e-10)) :].T
    M = np.hstack([A, first])
    wanted = np.concatenate([np.zeros(A.shape[1]), [1.0]])
    for _ in range(3):
        change = M @ np.linalg.lstsq((M.T * delta) @ M, wanted - M.T @ delta, rcond=1e-14)[0]
        delta = delta * np.maximum(1 + change, 0.1)
    return np.asarray(delta)


def _cancelled(rows: Rows, delta: Array) -> tuple[list[Fraction], list[float]] | None:
    """The weights with their last digits changed so that every exponent cancels exactly; the heaviest are changed."""
    weights = [Fraction(float(d)) for d in delta]
    unknowns = range(len(rows.exponents[0]))
    off = [-sum((w * row[j] for w, row in zip(weights, rows.exponents, strict=True) if row[j]), Fraction(0)) for j in unknowns]
    off.append(1 - sum(weights[: rows.sizes[0]], Fraction(0)))
    order = sorted(range(len(weights)), key=lambda i: -weights[i])
    columns: list[list[Fraction]] = [[*g, Fraction(0)] for g in rows.equal]
    columns += [[*rows.exponents[i], Fraction(i < rows.sizes[0])] for i in order]
    solved = _solve(columns, off)
    if solved is None:
        return None
    for place, i in enumerate(order, len(rows.equal)):
        weights[i] += solved.get(place, 0)
        if weights[i] < 0:
            return None
    return weights, [float(solved.get(i, 0)) for i in range(len(rows.equal))]


def _solve(columns: list[list[Fraction]], target: list[Fraction]) -> dict[int, Fraction] | None:
    """A combination of the columns that makes the target, of the first independent ones; None if there is none."""
    table = [list(row) for row in zip(*columns, target, strict=True)]
    pivots: list[int] = []
    for c in range(len(columns)):
        r = len(pivots)
        p = next((i for i in range(r, len(table)) if table[i][c]), None)
        if p is None:
            continue
        table[r], table[p] = table[p], table[r]
        lead = table[r][c]
        table[r] = [x / lead if x else x for x in table[r]]
        for i, row in enumerate(table):
            if i != r and row[c]:
                f = row[c]
                table[i] = [a - f * b if b else a for a, b in zip(row, table[r], strict=True)]
        pivots.append(c)
        if len(pivots) == len(table):
            break
    if any(row[-1] for row in table[len(pivots) :]):
        return None
    return {c: table[r][-1] for r, c in enumerate(pivots)}


def eliminated(equal: Sequence[Row], logs: Sequence[float], unknowns: int) -> tuple[Any, Any, float]:
    """All points with ``G y + log = 0`` as ``y0 + Z z``, and how far the equations contradict each other (in log)."""
    table: list[list[Any]] = [[*row, b] for row, b in zip(equal, logs, strict=True)]
    pivots: list[int] = []
    for c in range(unknowns):
        r = len(pivots)
        p = next((i for i in range(r, len(table)) if table[i][c]), None)
        if p is None:
            continue
        table[r], table[p] = table[p], table[r]
        lead = table[r][c]
        table[r] = [*(x / lead for x in table[r][:-1]), table[r][-1] / float(lead)]
        for i, row in enumerate(table):
            if i != r and row[c]:
                f = row[c]
                table[i] = [*(a - f * b for a, b in zip(row[:-1], table[r][:-1], strict=True)), row[-1] - float(f) * table[r][-1]]
        pivots.append(c)
    import numpy as np

    free = [j for j in range(unknowns) if j not in pivots]
    y0, Z = np.zeros(unknowns), np.zeros((unknowns, len(free)))
    for place, j in enumerate(free):
        Z[j, place] = 1.0
    for r, c in enumerate(pivots):
        y0[c] = -table[r][-1]
        for place, j in enumerate(free):
            Z[c, place] = -float(table[r][j])
    return y0, Z, max((abs(row[-1]) for row in table[len(pivots) :]), default=0.0)


def _dot(row: Row, y: Array) -> float:
    return float(sum(float(a) * float(x) for a, x in zip(row, y, strict=True)))
