"""Costs as geometric programs: sums of monomials with positive coefficients, every condition as ``posynomial <= 1``.

A maximum on the smaller side, a minimum on the larger one, a power of a sum and a reserve ``a - b`` under a fraction bar
become a helper unknown with a condition of its own, tight at the optimum. Anything else is refused with its term named.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from sympy.polys.matrices import DomainMatrix

from symroof.algebra.show import text
from symroof.errors import SolveError, short
from symroof.geometric.whole import NoValues
from symroof.solver.polynomial import expand, split

Array = NDArray[np.float64]
_EPS = 2.3e-16

#: ``exp(a y + b)``: the exponents ``a``, exactly, and the log ``b`` of the coefficient.
Term = tuple[tuple[Fraction, ...], float]


@dataclass(frozen=True)
class Certificate:
    """How far, in log, a point may be above the optimum, and the multiplier of every limit and equality.

    By the weighted inequality of arithmetic and geometric means, weights ``delta >= 0`` of the terms that sum to 1 over the
    objective and make every exponent cancel (``A^T delta = 0``) bound the objective from below, independently of the point. They are
    made to cancel exactly, in rational arithmetic, because a residual of any size would bound nothing.
    """

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


@dataclass(frozen=True)
class GeometricProgram:
    """The smallest objective within limits: the unknowns, then the helpers, and the rows in all of them.

    ``limits`` and ``equalities`` are the numbers of the conditions that the rows come from (-1: a helper's), ``called`` is
    how the conditions are written.
    """

    unknowns: tuple[sp.Symbol, ...]
    variables: tuple[sp.Symbol, ...]
    rows: Rows
    limits: tuple[int, ...]
    equalities: tuple[int, ...]
    called: tuple[str, ...]


def program(objective: sp.Expr, over: Iterable[sp.Symbol], subject_to: Iterable[sp.Basic] = ()) -> GeometricProgram:
    """An objective and its conditions (``<=``, ``>=``, ``==`` between expressions in the unknowns) in standard form.

    Raises SolveError naming the term that no geometric program can hold, NoValues where a condition is plainly false.
    """
    unknowns = tuple(over)
    for s in unknowns:
        if not (isinstance(s, sp.Symbol) and s.is_positive):
            raise SolveError(f"{short(s)} is no positive symbol; minimize over symbols such as those of symroof.symbols")
    rewrite = _Rewriter(unknowns)
    goal = rewrite.told(objective, lambda: rewrite.lesser(objective), objective)
    if goal == 0:
        raise SolveError("the objective is zero everywhere; minimize a cost that depends on the unknowns")
    called = []
    for i, condition in enumerate(subject_to):
        rewrite.condition = i
        rewrite.told(condition, lambda c=condition: rewrite.condition_of(c), *getattr(condition, "args", ()))  # type: ignore[misc]
        called.append(short(text(condition)).strip("'"))
    variables = (*unknowns, *rewrite.helpers.values())
    sums = [posynomial(e, variables) for e in (goal, *(e for _, e in rewrite.limits))]
    equal = tuple(posynomial(e, variables)[0] for _, e in rewrite.equalities)
    rows = Rows(tuple(t for s in sums for t in s), tuple(map(len, sums)), equal)
    limits, equalities = (tuple(i for i, _ in found) for found in (rewrite.limits, rewrite.equalities))
    return GeometricProgram(unknowns, variables, rows, limits, equalities, (*called, ""))


def posynomial(expr: sp.Expr, variables: tuple[sp.Symbol, ...]) -> tuple[Term, ...]:
    """A sum of monomials in the variables, term by term.

    >>> from symroof.symbols import X, Y
    >>> [tuple(map(int, exponents)) for exponents, _ in posynomial(3*X**2/Y + 1/X, (X, Y))]
    [(-1, 0), (2, -1)]

    Raises SolveError if a term has a minus sign or is no monomial.
    """
    return tuple(_monomial(t, variables) for t in sp.Add.make_args(expand(expr)) if t != 0)


class _No(Exception):
    """Why an expression has no place in a geometric program, and the cure."""


@dataclass
class _Rewriter:
    unknowns: tuple[sp.Symbol, ...]
    helpers: dict[tuple[str, sp.Expr], sp.Symbol] = field(default_factory=dict)
    limits: list[tuple[int, sp.Expr]] = field(default_factory=list)
    equalities: list[tuple[int, sp.Expr]] = field(default_factory=list)
    condition: int = -1

    def told(self, whole: sp.Basic, rewrite: Callable[[], sp.Expr | None], *sides: sp.Expr) -> sp.Expr | None:
        """What the rewriting gives; a refusal as a sentence about the whole."""
        missing = sorted({s.name for e in sides for s in e.free_symbols if s not in self.unknowns})
        if missing:
            raise SolveError(f"{missing[0]} in {short(text(whole))} has no value; give it one, or name it in over=")
        try:
            return rewrite()
        except _No as problem:
            raise SolveError(f"{short(text(whole))} is no geometric program: {problem}") from None

    # -- conditions
    def condition_of(self, condition: sp.Basic) -> None:
        """A relation as limits and equalities."""
        if condition in (sp.true, sp.false):
            if condition == sp.false:
                raise NoValues("no values satisfy a condition that is false as it stands; leave it out or correct its numbers")
            return
        if isinstance(condition, (sp.Le, sp.Lt, sp.Ge, sp.Gt)):
            self.at_most(condition.lts, condition.gts)
        elif isinstance(condition, sp.Eq):
            self.equal(condition.lhs, condition.rhs)
        else:
            raise SolveError(f"{short(condition)} is no condition; compare two costs with <=, >= or ==")

    def at_most(self, lesser: sp.Expr, greater: sp.Expr) -> None:
        """``lesser <= greater``, as it stands or with its terms moved to the side where they are positive."""
        if isinstance(lesser, sp.Max) or isinstance(greater, sp.Min):
            for small in lesser.args if isinstance(lesser, sp.Max) else (lesser,):
                for large in greater.args if isinstance(greater, sp.Min) else (greater,):
                    self.at_most(small, large)
            return
        before = (dict(self.helpers), list(self.limits))
        try:
            self.limit(self.lesser(lesser) / self.greater(greater))
        except _No:
            self.helpers, self.limits = before
            left, right = split(lesser - greater)
            if left == 0:
                return
            if right == 0:
                raise NoValues(f"no values satisfy {short(text(lesser))} <= {short(text(greater))}; its terms leave nothing") from None
            self.limit(self.lesser(left) / self.greater(right))

    def equal(self, left: sp.Expr, right: sp.Expr) -> None:
        """Two monomials that are equal."""
        one, other = expand(left), expand(right)
        if not (one.is_Mul or one.is_Symbol or one.is_Pow or one.is_number) or other.is_Add:
            one, other = map(expand, split(left - right))
        if one == other:
            return
        if one == 0 or other == 0:
            raise NoValues(f"no values satisfy {short(text(left))} == {short(text(right))}; one side is zero")
        if one.is_Add or other.is_Add or (one / other).has(sp.Max, sp.Min):
            raise _No("an equality of sums or maxima is not convex; write <= or >= if the optimum presses against it anyway")
        self.equalities.append((self.condition, one / other))

    def limit(self, expr: sp.Expr) -> None:
        """``expr <= 1``."""
        if (expr := expand(expr)) != 0:
            self.limits.append((self.condition, expr))

    # -- sides
    def lesser(self, expr: sp.Expr) -> sp.Expr:
        """A sum of monomials that is at least the expression, and presses down on it."""
        total = []
        for factor, rest in self._terms(expr):
            if factor.is_negative:
                raise _No(f"the term {_shown(factor * rest)} is negative on the smaller side; {_MOVE}")
            total.append(factor * sp.Mul(*[self._factor(f) for f in sp.Mul.make_args(rest)]))
        return expand(sp.Add(*total))

    def greater(self, expr: sp.Expr) -> sp.Expr:
        """A monomial that is at most the expression, and presses up to it."""
        terms = self._terms(expr)
        plus = [(c, rest) for c, rest in terms if not c.is_negative]
        minus = sp.Add(*[-c * rest for c, rest in terms if c.is_negative])
        if not plus:
            raise _No(f"{_shown(expr)} is never positive on the larger side; look at its signs")
        if len(plus) > 1:
            raise _No(f"the larger side {_shown(expr)} is a sum; {_ONE}")
        (c, rest) = plus[0]
        monomial = c * sp.Mul(*[self._factor(f, large=True) for f in sp.Mul.make_args(rest)])
        if minus == 0:
            return monomial
        return self._helper("reserve", expr, lambda t: [(t + self.lesser(minus)) / monomial])

    def _terms(self, expr: sp.Expr) -> list[tuple[sp.Expr, sp.Expr]]:
        variables = (*self.unknowns, *self.helpers.values())
        return [t.as_independent(*variables, as_Add=False) for t in sp.Add.make_args(expand(expr)) if t != 0]

    def _factor(self, factor: sp.Expr, large: bool = False) -> sp.Expr:
        """At least a factor of the smaller side; at most one of the ``large`` side."""
        base, power = factor.as_base_exp()
        if factor.is_number or (base.is_Symbol and power.is_Rational):
            return factor
        side, held = ("larger", sp.Min) if large else ("smaller", sp.Max)
        if isinstance(factor, held):
            bounds = (
                (lambda t: [t / self.greater(a) for a in factor.args]) if large else (lambda t: [self.lesser(a) / t for a in factor.args])
            )
            return self._helper(side, factor, bounds)
        if isinstance(factor, (sp.Max, sp.Min)):
            raise _No(f"{_shown(factor)} stands on the {side} side, where one part suffices; ask once per part and take the best")
        if not power.is_Rational or power == 1:
            raise _No(f"{_shown(factor)} is no power of the unknowns; write it as a {'monomial' if large else 'sum of monomials'}")
        if large == (power > 0):
            return self.greater(base) ** power
        inner = self.lesser(base)
        if not inner.is_Add or (power.is_Integer and 0 < power <= 4):
            return expand(inner**power)
        return self._helper("sum", base, lambda t: [inner / t]) ** power

    def _helper(self, kind: str, expr: sp.Expr, limits: Callable[[sp.Symbol], list[sp.Expr]]) -> sp.Symbol:
        """The unknown that stands for an expression; its limits are written once."""
        if (kind, expr) not in self.helpers:
            t = self.helpers[kind, expr] = sp.Dummy("t", positive=True)
            found = limits(t)
            condition, self.condition = self.condition, -1
            for e in found:
                self.limit(e)
            self.condition = condition
        return self.helpers[kind, expr]


_MOVE = "move it to the larger side, or minimize a cost without differences"
_ONE = (
    "a geometric program needs one monomial there (or a minimum of monomials); keep the larger term, or ask at fixed values of one unknown"
)


def _monomial(term: sp.Expr, variables: tuple[sp.Symbol, ...]) -> Term:
    factor, rest = term.as_independent(*variables, as_Add=False)
    powers = {} if rest == 1 else dict(f.as_base_exp() for f in sp.Mul.make_args(rest))
    if not factor.is_number or not set(powers) <= set(variables) or not all(a.is_Rational for a in powers.values()):
        raise SolveError(f"{_shown(term)} is no monomial in {', '.join(s.name for s in variables)}; a posynomial is a sum of monomials")
    if not factor.is_positive:
        raise SolveError(f"the term {_shown(term)} has no positive coefficient; {_MOVE}")
    log = math.log(int(factor.p)) - math.log(int(factor.q)) if factor.is_Rational else float(sp.log(factor).evalf())
    exponents = (powers.get(x, sp.Integer(0)) for x in variables)
    return tuple(Fraction(int(a.p), int(a.q)) for a in exponents), log


def _shown(expr: sp.Expr) -> str:
    return short(text(expr), 50).strip("'")
