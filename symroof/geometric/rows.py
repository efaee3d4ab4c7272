"""A geometric program in the logs ``y`` of its variables, and the certificate of its optimum: a bound found independently of the point.

By the weighted inequality of arithmetic and geometric means, weights ``delta >= 0`` of the terms that sum to 1 over the
objective and make every exponent cancel (``A^T delta = 0``) bound the objective from below. They are made to cancel exactly,
in rational arithmetic, because a residual of any size would bound nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from sympy.polys.matrices import DomainMatrix

Array = NDArray[np.float64]
_EPS = 2.3e-16

#: ``exp(a y + b)``: the exponents ``a``, exactly, and the log ``b`` of the coefficient.
Term = tuple[tuple[Fraction, ...], float]


@dataclass(frozen=True)
class Certificate:
    """How far, in log, a point may be above the optimum, and the multiplier of every limit and equality."""

    gap: float
    limits: tuple[float, ...]
    equalities: tuple[float, ...]


@dataclass(frozen=True)
class Rows:
    """The terms of the objective, then those of each limit ``sum <= 1``, with how many each has; and terms that equal 1."""

    terms: tuple[Term, ...]
    sizes: tuple[int, ...]
    equal: tuple[Term, ...] = ()

    def limited(self, limits: Iterable[Term]) -> Rows:
        """The rows with more limits, each of one term."""
        more = tuple(limits)
        return replace(self, terms=(*self.terms, *more), sizes=(*self.sizes, *[1] * len(more)))

    @cached_property
    def starts(self) -> Any:
        """The first term of each sum."""
        return np.cumsum([0, *self.sizes[:-1]])

    @cached_property
    def owner(self) -> Any:
        """The sum of each term."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @cached_property
    def A(self) -> Array:
        """The exponents."""
        return np.array([a for a, _ in self.terms], dtype=float)

    @cached_property
    def G(self) -> Array:
        """The exponents of the equalities."""
        return np.array([a for a, _ in self.equal], dtype=float).reshape(len(self.equal), self.A.shape[1])

    @cached_property
    def b(self) -> Array:
        """The logs of the coefficients."""
        return np.array([b for _, b in self.terms])

    def values(self, y: Array) -> tuple[Array, Array]:
        """The log of every sum at a point, and the log of the share that each term has in its sum."""
        v = self.A @ y + self.b
        F = np.logaddexp.reduceat(v, self.starts)
        return F, v - F[self.owner]

    def off(self, y: Array) -> Array:
        """The logs of what the equalities say is 1."""
        return np.asarray(self.G @ y + [b for _, b in self.equal])

    def certificate(self, y: Array, weights: Array) -> Certificate | None:
        """The bound from approximate weights at a point, or None if they cannot be made to cancel."""
        tries = (self._cancelled(np.where(weights < cut, 0.0, weights)) for cut in (0.0, 1e-12, 1e-9, 1e-7, 1e-5))
        found = next((f for f in tries if f is not None), None)  # what hardly counts may be left out, and then cancels
        if found is None:
            return None
        d, mu = (np.array([float(w) for w in ws]) for ws in found)
        F, shares = self.values(y)
        sums = np.add.reduceat(d, self.starts)
        used = d > 0
        size = d @ (1 + np.abs(self.A) @ np.abs(y) + np.abs(self.b))
        size += np.abs(mu) @ (np.abs(self.off(0 * y)) + np.abs(self.G) @ np.abs(y))
        gap = np.sum(d[used] * (np.log(d[used] / sums[self.owner][used]) - shares[used])) - sums[1:] @ F[1:] - mu @ self.off(y)
        return Certificate(float(gap + 4 * _EPS * size), tuple(map(float, sums[1:])), tuple(map(float, mu)))

    def _cancelled(self, weights: Array) -> tuple[list[Fraction], list[Fraction]] | None:
        """The weights with their last digits changed so that every exponent cancels, and those of the equalities; the heaviest change."""
        exact = [Fraction(float(w)) for w in weights]
        rows = [(*a, Fraction(i < self.sizes[0])) for i, (a, _) in enumerate(self.terms)]
        order = sorted((i for i, w in enumerate(exact) if w), key=lambda i: -exact[i])
        missing = [-sum((exact[i] * rows[i][j] for i in order), Fraction(0)) for j in range(len(rows[0]))]
        missing[-1] += 1
        columns = [*((*a, Fraction(0)) for a, _ in self.equal), *(rows[i] for i in order), missing]
        table, pivots = matrix(zip(*columns, strict=True)).rref()
        if len(columns) - 1 in pivots:
            return None
        first = len(self.equal)
        mu = [Fraction(0)] * first
        for r, c in enumerate(pivots):
            change = table[r, len(columns) - 1].element
            change = Fraction(int(change.numerator), int(change.denominator))
            if c < first:
                mu[c] = change
            else:
                exact[order[c - first]] += change
        return (exact, mu) if min(exact) >= 0 else None


def matrix(rows: Iterable[Iterable[Fraction]]) -> DomainMatrix:
    """Fractions as a matrix that eliminates exactly."""
    table = [[sp.QQ(e.numerator, e.denominator) for e in row] for row in rows]
    return DomainMatrix(table, (len(table), len(table[0])), sp.QQ)
