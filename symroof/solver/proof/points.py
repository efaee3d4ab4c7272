"""Points: a value for every symbol, and whether relations hold there; exact where the values are, undecided where rounding could decide."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any

import sympy as sp

from symroof.algebra.arithmetic import COMPARE
from symroof.algebra.evaluate import worth
from symroof.algebra.operands import rational
from symroof.errors import InputError
from symroof.solver.polynomial import sign
from symroof.solver.steps import Step

_GROWN = Fraction(10) ** 30  # what is large


class Point(dict[sp.Symbol, Any]):
    """A value for every symbol; remembers what expressions are worth there."""

    def __init__(self, values: Any) -> None:
        super().__init__(values)
        self.known: dict[sp.Expr, Any] = {}

    def __call__(self, expr: sp.Expr) -> Any:
        """What an expression is worth here."""
        if expr not in self.known:
            self.known[expr] = worth(expr, self)
        return self.known[expr]

    def __str__(self) -> str:
        return ", ".join(f"{s} = {float(n):.6g}" for s, n in sorted(self.items(), key=lambda item: str(item[0])))

    def moved(self, x: sp.Symbol, to: Any) -> Point:
        """The point with another value of one symbol."""
        new = Point({**self, x: to})
        new.known = {e: v for e, v in self.known.items() if x not in e.free_symbols}
        return new

    def holds(self, left: sp.Expr, relation: str, right: sp.Expr) -> bool | None:
        """Whether a relation holds here; None where rounding could decide, with sixty digits too."""
        if left == right:
            return "=" in relation
        a, b = self(left), self(right)
        if (isinstance(a, Fraction) and isinstance(b, Fraction)) or abs(a - b) > 1e-12 * abs(a):
            return bool(COMPARE[relation](a, b))
        values = {s: rational(Fraction(v)) for s, v in self.items()}
        a, b = (e.xreplace(values).evalf(60) for e in (left, right))
        if not (a.is_Number and b.is_Number):
            return None
        same = abs(a - b) <= sp.Float("1e-50", 60) * abs(a)  # what then still agrees is equal
        return "=" in relation if same else bool(COMPARE[relation](a, b))

    def inside(self, step: Step) -> bool:
        """Whether the point lies in the domain of a step."""
        return all(self.holds(w.lhs, w.rel_op, w.rhs) for w in step.inside)

    def unput(self, step: Step) -> Point:
        """The point before values were put in."""
        exprs = dict(step.put)
        numbers = {s: e for s, e in exprs.items() if e.is_number}
        others = {s: e.xreplace({k: n for k, n in numbers.items() if k != s}) for s, e in exprs.items() if s not in numbers}
        return Point({**self, **{s: self(e) for s, e in (numbers | others).items()}})

    def crossings(self, left: sp.Expr, right: sp.Expr, x: sp.Symbol) -> list[Fraction]:
        """Where two sides cross along a symbol, by a coarse grid and bisection."""

        def above(to: float) -> bool:
            moved = self.moved(x, to)
            return bool(moved(left) >= moved(right))

        try:
            grid = [(10.0**e, above(10.0**e)) for e in range(-12, 13, 2)]
            found = []
            for (low, was), (high, now) in pairwise(grid):
                if was != now:
                    for _ in range(40):
                        middle = math.sqrt(low * high)
                        low, high = (middle, high) if above(middle) == was else (low, middle)
                    found.append(Fraction(math.sqrt(low * high)))
        except (InputError, TypeError):
            return []
        return found

    def changes(self, rel: sp.Rel, but: sp.Symbol | None = None) -> Iterator[tuple[sp.Symbol, Fraction]]:
        """Where a relation changes along each of its symbols but one."""
        symbols = sorted(rel.free_symbols - {but}, key=str)
        return ((s, to) for s in symbols for to in self.crossings(rel.lhs, rel.rhs, s))

    def narrowed(self, step: Step) -> Point | None:
        """A point in a narrow domain: close to the place where one of its conditions changes along one of its symbols."""
        places = (place for w in step.inside for place in self.changes(w))
        near = (
            self.moved(s, counted(s, to * (1 + side * Fraction(1, 10**k)))) for s, to in places for k in range(1, 7) for side in (-1, 1)
        )
        return next((p for p in near if p.inside(step)), None)


def impossible(step: Step) -> bool:
    """Whether two conditions of a domain exclude each other: a > b and c >= d make a*c > b*d."""
    pairs = combinations(step.inside, 2)
    return any(sign(v.rhs * w.rhs - v.lhs * w.lhs) in (0, 1) for v, w in pairs if all(sign(e) == 1 for e in (*v.args, *w.args)))


def sample(chance: random.Random, weight: int, decades: int) -> Fraction:
    """A positive number over some decades, the square of a fraction so that its root is one; large or small by its weight."""
    root = Fraction(chance.randint(100, 999), 300) * Fraction(10) ** (chance.randint(-decades, decades) // 3)
    return root**2 * _GROWN**weight


def counted(s: sp.Symbol, value: Fraction, weight: int = 0) -> Fraction:
    """A value that a symbol may have: of a count 1 or more, unless a limit takes it to nothing."""
    return max(value, 1 / value) if s.is_integer and weight >= 0 else value
