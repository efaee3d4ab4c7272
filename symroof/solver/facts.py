"""What follows from what: comparisons of positive expressions, decided by the signs of monomials and by known facts.

In logarithms a comparison of two monomials is linear, so whether it follows from others is a question of linear
algebra (Fourier and Motzkin's elimination, in exact arithmetic). A sum is at least another if its terms are, one by one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import lcm, log
from typing import Any

import sympy as sp

from symroof.algebra.evaluate import tape
from symroof.solver.polynomial import expand, sides

_MOST = 400  # rows of an elimination; beyond them the answer is "not known"
_CLOSE = 1e-12
Powers = tuple[tuple[Any, Fraction], ...]


@dataclass(frozen=True)
class Facts:
    """Relations ``left >= right`` between positive expressions that are known to hold."""

    known: tuple[tuple[sp.Expr, sp.Expr], ...] = ()

    @staticmethod
    def of(relations: Iterable[sp.Rel]) -> Facts:
        """Facts from sympy relations; of an equation both directions."""
        pairs: list[tuple[sp.Expr, sp.Expr]] = []
        for rel in relations:
            above, below = (rel.lhs, rel.rhs) if isinstance(rel, (sp.Ge, sp.Gt, sp.Eq)) else (rel.rhs, rel.lhs)
            pairs += [(above, below)] + ([(below, above)] if isinstance(rel, sp.Eq) else [])
        return Facts(tuple(dict.fromkeys(pairs)))

    def also(self, above: sp.Expr, below: sp.Expr) -> Facts:
        """These facts and ``above >= below``."""
        return self if (above, below) in self.known else Facts((*self.known, (above, below)))

    def order(self, a: sp.Expr, b: sp.Expr) -> int | None:
        """1 if ``a >= b`` follows, -1 if ``a <= b`` does, 0 if both do, None if neither is known."""
        return _order(a, b, self.known)

    @property
    def contradict(self) -> bool:
        """Whether the facts cannot all hold (what elimination can see of it)."""
        rows = [_row(above, below) for above, below in self.known]
        return any(_never(*pair) for pair in self.known) or _impossible([r for r in rows if r is not None])

    def without_implied(self, relations: Iterable[sp.Rel]) -> tuple[sp.Rel, ...]:
        """The relations less those that follow from these facts and the other relations."""
        kept = list(dict.fromkeys(relations))
        for rel in sorted(kept, key=sp.count_ops, reverse=True):
            others = [r for r in kept if r is not rel]
            strict = isinstance(rel, (sp.Gt, sp.Lt)) and any(isinstance(r, (sp.Ge, sp.Le)) for r in others)
            above, below = (rel.lhs, rel.rhs) if isinstance(rel, (sp.Ge, sp.Gt)) else (rel.rhs, rel.lhs)
            if not strict and Facts((*self.known, *Facts.of(others).known)).order(above, below) in (0, 1):
                kept = others
        return tuple(kept)


NOTHING = Facts()


@lru_cache(maxsize=8192)
def _order(a: sp.Expr, b: sp.Expr, known: tuple[tuple[sp.Expr, sp.Expr], ...]) -> int | None:
    above, below = _at_least(a, b, known), _at_least(b, a, known)
    if above and below:
        return 0
    return 1 if above else -1 if below else None


def _at_least(a: sp.Expr, b: sp.Expr, known: tuple[tuple[sp.Expr, sp.Expr], ...]) -> bool:
    """Whether ``a >= b`` is known; maxima and minima by their parts."""
    if a == b or b.is_zero or a is sp.oo or (a, b) in known:
        return True
    if isinstance(b, sp.Max) or isinstance(a, sp.Min):
        parts = [(a, part) for part in b.args] if isinstance(b, sp.Max) else [(part, b) for part in a.args]
        return all(_at_least(x, y, known) for x, y in parts)
    if isinstance(a, sp.Max) or isinstance(b, sp.Min):
        parts = [(part, b) for part in a.args] if isinstance(a, sp.Max) else [(a, part) for part in b.args]
        return any(_at_least(x, y, known) for x, y in parts)
    if a.is_number and b.is_number:
        return bool(a >= b) if a.is_Rational and b.is_Rational else _number(a) >= _number(b) * (1 - _CLOSE)
    row = _row(b, a)
    if row is not None:  # a/b is a monomial: b > a must be impossible
        rows = [_row(above, below) for above, below in known]
        if _impossible([r for r in rows if r is not None], row):
            return True
        if None not in rows:
            return False  # among monomials the elimination finds all that follows
    return _sums(a, b, known)


def _sums(a: sp.Expr, b: sp.Expr, known: tuple[tuple[sp.Expr, sp.Expr], ...]) -> bool:
    """``a >= b`` term by term, or because some fact says even more."""
    sides = _sides(a, b)
    if sides is None:
        return False
    plus, minus = list(sides[0]), sides[1]
    if not minus or any(_says_more(a, b, *fact) for fact in known):
        return True
    rows = [row for row in (_row(*pair) for pair in known) if row is not None]
    for term in minus:
        match = next((t for t in plus if (row := _row(term, t)) is not None and _impossible(rows, row)), None)
        if match is None:
            return False
        plus.remove(match)
    return True


@lru_cache(maxsize=8192)
def _hides_terms(expr: sp.Expr) -> bool:
    """Whether maxima, functions or roots of sums stand in an expression, whose terms then say nothing."""
    return expr.has(sp.Max, sp.Min, sp.Function) or any(p.base.is_Add and not p.exp.is_Integer for p in expr.atoms(sp.Pow))


@lru_cache(maxsize=8192)
def _number(expr: sp.Expr) -> float:
    """What a number with roots or functions is worth; two within a few bits of each other count as equal."""
    compiled = tape(expr)
    return float(compiled.run([])[compiled.slots[0]])


@lru_cache(maxsize=8192)
def _sides(a: sp.Expr, b: sp.Expr) -> tuple[tuple[sp.Expr, ...], tuple[sp.Expr, ...]] | None:
    """The positive and the negative terms of a - b over a positive denominator; None if there is no such form."""
    if _hides_terms(a) or _hides_terms(b):
        return None
    pair = sides(a, b)
    return None if pair is None else (_terms(pair[0]), _terms(pair[1]))


def _terms(expr: sp.Expr) -> tuple[sp.Expr, ...]:
    return tuple(t for t in sp.Add.make_args(expand(expr)) if not t.is_zero)


@lru_cache(maxsize=8192)
def _never(above: sp.Expr, below: sp.Expr) -> bool:
    """Whether ``above >= below`` holds for no values."""
    sides = _sides(below, above)
    return sides is not None and bool(sides[0]) and not sides[1]


@lru_cache(maxsize=8192)
def _says_more(a: sp.Expr, b: sp.Expr, above: sp.Expr, below: sp.Expr) -> bool:
    """Whether a/b >= above/below for all values."""
    if above.has(sp.Max, sp.Min) or below.has(sp.Max, sp.Min) or below.is_zero:
        return False
    sides = _sides(a * below, b * above)
    return sides is not None and not sides[1]


# -- comparisons of monomials as rows of a linear system in logarithms
@dataclass(frozen=True)
class _Row:
    """``sum(e * log(base)) >= 0``; numbers (positive fractions) apart from symbols and other positive expressions."""

    symbols: Powers
    numbers: Powers

    def times(self, by: Fraction) -> _Row:
        return _Row(tuple((s, e * by) for s, e in self.symbols), tuple((c, e * by) for c, e in self.numbers))

    def plus(self, other: _Row) -> _Row:
        return _Row(_added(self.symbols, other.symbols), _added(self.numbers, other.numbers))


@lru_cache(maxsize=8192)
def _row(above: sp.Expr, below: sp.Expr) -> _Row | None:
    """The row of ``above >= below``; None if their ratio is no product of powers of positive things."""
    if below.is_zero or above.is_zero or not (above.is_positive and below.is_positive):
        return None
    symbols: dict[Any, Fraction] = {}
    numbers: dict[Any, Fraction] = {}
    for base, exponent in sp.factor_terms(above / below).as_powers_dict().items():
        if not exponent.is_Rational or not base.is_positive:
            return None
        e = Fraction(int(exponent.p), int(exponent.q))
        if base.is_Rational:
            numbers[Fraction(int(base.p), int(base.q))] = e
        elif base.is_number:
            return None
        else:
            symbols[base] = symbols.get(base, Fraction(0)) + e
    return _Row(tuple((s, e) for s, e in symbols.items() if e), tuple(numbers.items()))


def _added(a: Powers, b: Powers) -> Powers:
    total: dict[Any, Fraction] = dict(a)
    for base, e in b:
        total[base] = total.get(base, Fraction(0)) + e
    return tuple((base, e) for base, e in total.items() if e)


def _impossible(rows: list[_Row], strictly: _Row | None = None) -> bool:
    """Whether the rows (and one that holds strictly) have no common solution."""
    system = [(row, False) for row in rows] + ([(strictly, True)] if strictly is not None else [])
    relevant = _connected(system, strictly)
    while True:
        if any(not row.symbols and _false(row.numbers, strict) for row, strict in relevant):
            return True
        free = dict.fromkeys(s for row, _ in relevant for s, _ in row.symbols)
        if not free or len(relevant) > _MOST:
            return False
        relevant = _eliminated(relevant, min(free, key=lambda s: _growth(relevant, s)))


def _connected(system: list[tuple[_Row, bool]], start: _Row | None) -> list[tuple[_Row, bool]]:
    """The rows that share symbols with the question, at any remove."""
    if start is None:
        return system
    reached = {s for s, _ in start.symbols}
    while True:
        more = {s for row, _ in system for s, _ in row.symbols if reached & {t for t, _ in row.symbols}} | reached
        if more == reached:
            return [(row, strict) for row, strict in system if strict or reached & {s for s, _ in row.symbols}]
        reached = more


def _growth(system: list[tuple[_Row, bool]], symbol: Any) -> int:
    powers = [dict(row.symbols).get(symbol, Fraction(0)) for row, _ in system]
    return sum(p > 0 for p in powers) * sum(p < 0 for p in powers)


def _eliminated(system: list[tuple[_Row, bool]], symbol: Any) -> list[tuple[_Row, bool]]:
    """Every pair of rows with opposite signs of a symbol, added so that it drops out."""
    powers = [(row, strict, dict(row.symbols).get(symbol, Fraction(0))) for row, strict in system]
    kept = [(row, strict) for row, strict, p in powers if p == 0]
    pairs = [
        (up.times(1 / p).plus(down.times(-1 / q)), strict or also) for up, strict, p in powers if p > 0 for down, also, q in powers if q < 0
    ]
    return list(dict.fromkeys([*kept, *pairs]))


def _false(numbers: Powers, strict: bool) -> bool:
    """Whether ``sum(e * log(number)) >= 0`` (``> 0``) is false; exactly, where floats cannot tell."""
    total = sum(float(e) * log(c) for c, e in numbers)
    if abs(total) > 1e-9 * (1 + sum(abs(float(e) * log(c)) for c, e in numbers)):
        return total < 0
    whole = lcm(*(e.denominator for _, e in numbers)) if numbers else 1
    product = Fraction(1)
    for c, e in numbers:
        product *= c ** int(e * whole)
    return product <= 1 if strict else product < 1
