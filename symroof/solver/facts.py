"""What follows from what: comparisons of positive expressions, decided by the signs of monomials and by known facts.

In logarithms a comparison of two monomials is linear, so whether it follows from others is a question of linear
algebra (Fourier and Motzkin's elimination, in exact arithmetic). A sum is at least another if its terms are, one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import chain, product
from math import lcm, log, prod
from typing import Any, TypeVar

import sympy as sp

from symroof.solver.polynomial import expand, number_sign, sides

_MOST = 400  # rows of an elimination; beyond them the answer is "not known"
Powers = tuple[tuple[Any, Fraction], ...]
#: ``sum(e * log(base)) >= 0``; powers of symbols (and other positive expressions), and of numbers (positive fractions).
_Row = tuple[Powers, Powers]
_T = TypeVar("_T")
_Pair = tuple[sp.Expr, sp.Expr]


@dataclass(frozen=True)
class Facts:
    """Relations ``left >= right`` between positive expressions that are known to hold."""

    known: tuple[_Pair, ...] = ()

    @staticmethod
    def of(relations: Iterable[sp.Rel]) -> Facts:
        """Facts from sympy relations; of an equation both directions."""
        both = [((r.lhs, r.rhs), (r.rhs, r.lhs)) if isinstance(r, sp.Eq) else ((r.gts, r.lts),) for r in relations]
        return NOTHING.also(*chain(*both))

    def also(self, *pairs: _Pair) -> Facts:
        """These facts and others."""
        return Facts(tuple(dict.fromkeys((*self.known, *pairs))))

    def order(self, a: sp.Expr, b: sp.Expr) -> int | None:
        """1 if ``a >= b`` follows, -1 if ``a <= b`` does, 0 if both do, None if neither is known."""
        return _order(a, b, self.known)

    @property
    def contradict(self) -> bool:
        """Whether the facts cannot all hold (what elimination can see of it)."""
        return any(_never(*pair) for pair in self.known) or _impossible(_rows(self.known))

    def without_implied(self, asked: Iterable[_T], pair: Callable[[Any], _Pair] = lambda rel: (rel.gts, rel.lts)) -> tuple[_T, ...]:
        """Relations (or what else has a ``pair`` of sides) less those that follow from these facts and the others, the longest first.

        A strict relation follows from none that is not strict.
        """
        kept = list(dict.fromkeys(asked))
        for one in sorted(kept, key=lambda c: sum(map(sp.count_ops, pair(c))), reverse=True):
            others = [o for o in kept if o is not one]
            strict = isinstance(one, (sp.Gt, sp.Lt)) and any(isinstance(o, (sp.Ge, sp.Le)) for o in others)
            if not strict and self.also(*map(pair, others)).order(*pair(one)) in (0, 1):
                kept = others
        return tuple(kept)


NOTHING = Facts()


@lru_cache(maxsize=8192)
def _order(a: sp.Expr, b: sp.Expr, known: tuple[_Pair, ...]) -> int | None:
    above, below = _at_least(a, b, known), _at_least(b, a, known)
    if above and below:
        return 0
    return 1 if above else -1 if below else None


def _at_least(a: sp.Expr, b: sp.Expr, known: tuple[_Pair, ...]) -> bool:
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
        return number_sign(a - b) in (0, 1)
    row = _row(b, a)
    if row is not None:  # a/b is a monomial: b > a must be impossible
        rows = _rows(known)
        if _impossible([*rows, *_counts(a, b)], row):
            return True
        if len(rows) == len(known):
            return False  # among monomials the elimination finds all that follows
    return _sums(a, b, known)


def _counts(*exprs: sp.Expr) -> list[_Row]:
    """That every count in expressions is 1 or more."""
    return [(((s, Fraction(1)),), ()) for s in dict.fromkeys(s for e in exprs for s in sorted(e.free_symbols, key=str)) if s.is_integer]


def _sums(a: sp.Expr, b: sp.Expr, known: tuple[_Pair, ...]) -> bool:
    """``a >= b`` term by term, or because some fact says even more."""
    sides = _sides(a, b)
    if sides is None:
        return False
    plus, minus = list(sides[0]), sides[1]
    if not minus or any(_says_more(a, b, *fact) for fact in known):
        return True
    rows = [*_rows(known), *_counts(a, b)]
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


def _says_more(a: sp.Expr, b: sp.Expr, above: sp.Expr, below: sp.Expr) -> bool:
    """Whether a/b >= above/below for all values."""
    if above.has(sp.Max, sp.Min) or below.has(sp.Max, sp.Min) or below.is_zero:
        return False
    sides = _sides(a * below, b * above)
    return sides is not None and not sides[1]


# -- comparisons of monomials as rows of a linear system in logarithms
@lru_cache(maxsize=8192)
def _row(above: sp.Expr, below: sp.Expr) -> _Row | None:
    """The row of ``above >= below``; None if their ratio is no product of powers of positive things."""
    if below.is_zero or above.is_zero or not (above.is_positive and below.is_positive):
        return None
    symbols: dict[Any, Fraction] = {}
    numbers: dict[Any, Fraction] = {}
    for base, exponent in sp.factor_terms(above / below).as_powers_dict().items():
        if not exponent.is_Rational or not base.is_positive or (base.is_number and not base.is_Rational):
            return None
        key, side = (Fraction(int(base.p), int(base.q)), numbers) if base.is_Rational else (base, symbols)
        side[key] = side.get(key, Fraction(0)) + Fraction(int(exponent.p), int(exponent.q))
    return tuple((s, e) for s, e in symbols.items() if e), tuple(numbers.items())


def _rows(known: Iterable[_Pair]) -> list[_Row]:
    return [row for row in (_row(*pair) for pair in known) if row is not None]


def _impossible(rows: list[_Row], strictly: _Row | None = None) -> bool:
    """Whether the rows (and one that holds strictly) have no common solution."""
    system = [(row, False) for row in rows] + ([(strictly, True)] if strictly is not None else [])
    relevant = _connected(system, strictly)
    while True:
        if any(not symbols and _false(numbers, strict) for (symbols, numbers), strict in relevant):
            return True
        free = dict.fromkeys(s for (symbols, _), _ in relevant for s, _ in symbols)
        if not free or len(relevant) > _MOST:
            return False
        relevant = _eliminated(relevant, min(free, key=lambda s: _growth(relevant, s)))


def _connected(system: list[tuple[_Row, bool]], start: _Row | None) -> list[tuple[_Row, bool]]:
    """The rows that share symbols with the question, at any remove."""
    if start is None:
        return system
    reached = {s for s, _ in start[0]}
    while True:
        met = [(row, strict) for row, strict in system if strict or any(s in reached for s, _ in row[0])]
        more = {s for row, _ in met for s, _ in row[0]}
        if more == reached:
            return met
        reached = more


def _growth(system: list[tuple[_Row, bool]], symbol: Any) -> int:
    powers = [e for (symbols, _), _ in system for s, e in symbols if s == symbol]
    return sum(e > 0 for e in powers) * sum(e < 0 for e in powers)


def _eliminated(system: list[tuple[_Row, bool]], symbol: Any) -> list[tuple[_Row, bool]]:
    """Every pair of rows with opposite signs of a symbol, added so that it drops out."""
    powers = [(row, strict, dict(row[0]).get(symbol, Fraction(0))) for row, strict in system]
    kept = [(row, strict) for row, strict, p in powers if p == 0]
    rising, falling = ([item for item in powers if item[2] * sense > 0] for sense in (1, -1))
    pairs = [
        ((_added(up[0], 1 / p, down[0], -1 / q), _added(up[1], 1 / p, down[1], -1 / q)), strict or also)
        for (up, strict, p), (down, also, q) in product(rising, falling)
    ]
    return list(dict.fromkeys([*kept, *pairs]))


def _added(a: Powers, times: Fraction, b: Powers, by: Fraction) -> Powers:
    total = {base: e * times for base, e in a}
    for base, e in b:
        total[base] = total.get(base, Fraction(0)) + e * by
    return tuple((base, e) for base, e in total.items() if e)


def _false(numbers: Powers, strict: bool) -> bool:
    """Whether ``sum(e * log(number)) >= 0`` (``> 0``) is false; exactly, where floats cannot tell."""
    logs = [float(e) * log(c) for c, e in numbers]
    if abs(sum(logs)) > 1e-9 * (1 + sum(map(abs, logs))):
        return sum(logs) < 0
    whole = lcm(*(e.denominator for _, e in numbers))
    ratio = prod((c ** int(e * whole) for c, e in numbers), start=Fraction(1))
    return ratio <= 1 if strict else ratio < 1
