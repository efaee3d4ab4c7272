"""Thresholds that are proven: the real roots of polynomials with rational coefficients, isolated and compared exactly.

With numbers for all other symbols, a condition on sums of rational powers of the unknown is one on polynomials in
``y = x**(1/q)``. Between two neighbouring roots of their irreducible factors every sign is constant, and exact
fractions tell it; no root is missed, at whatever distance, and every end comes with a bracket that holds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from math import ceil, lcm
from typing import Any

import sympy as sp
from sympy.polys.polyerrors import CoercionFailed, GeneratorsError, PolynomialError

from symroof.solver.branches import NoClosedForm, branches

#: Relative width of the bracket around a threshold.
TOLERANCE = Fraction(1, 10**12)
_LARGEST_DEGREE = 60
_MOST_PAIRS = 64
_INF = float("inf")
Coeffs = tuple[Fraction, ...]


@dataclass(frozen=True)
class End:
    """One end of an interval: its number (a Fraction if exact), two numbers around it, and whether it is left out."""

    number: Any
    bracket: tuple[Any, Any]
    open: bool = False

    @property
    def exact(self) -> bool:
        """Whether the number is known exactly."""
        return bool(self.bracket[0] == self.bracket[1])


@dataclass(frozen=True)
class Certified:
    """Where a condition holds, interval by interval, and what about it, if anything, could not be proven."""

    intervals: tuple[tuple[End, End], ...]
    doubt: str = ""


#: No lower end, and no upper one.
START, STOP = End(0, (0, 0), True), End(_INF, (_INF, _INF), True)


@dataclass(frozen=True)
class _Root:
    """A positive root: the only one of its factor between low and high (of y)."""

    factor: Coeffs
    low: Fraction
    high: Fraction


@dataclass(frozen=True)
class _Difference:
    """One side minus another: a sign, and the irreducible factors with the power each has."""

    overall: int
    powers: dict[Coeffs, int]

    def sign(self, signs: dict[Coeffs, int]) -> int | None:
        """Its sign where its factors have these; None where it divides by zero."""
        if any(power < 0 and signs[f] == 0 for f, power in self.powers.items()):
            return None
        return reduce(lambda total, item: total * signs[item[0]] ** abs(item[1]), self.powers.items(), self.overall)


def exactly(left: sp.Expr, right: sp.Expr, relation: str, x: sp.Symbol) -> Certified | None:
    """Where a condition in x alone holds among all positive numbers; None unless it is one on polynomials.

    A point where the sides only touch counts for ``>=`` (an interval of one point), and is left out for ``>``.
    """
    greater, lesser = (left, right) if relation[0] == ">" else (right, left)
    try:
        above, below = branches(greater, frozenset((x,))), branches(lesser, frozenset((x,)))
    except NoClosedForm:
        return None
    firsts, seconds = _distinct(above), _distinct(below)
    if len(firsts) * len(seconds) > _MOST_PAIRS:
        return None
    q = reduce(lcm, (int(p.exp.q) for e in (*firsts, *seconds) for p in e.atoms(sp.Pow) if p.base == x and p.exp.is_Rational), 1)
    found = {(a, b): _difference(a - b, x, q) for a in firsts for b in seconds}
    differences = {pair: d for pair, d in found.items() if d is not None}
    if len(differences) < len(found):
        return None
    roots = _roots({f for d in differences.values() for f in d.powers})
    least = 1 if len(relation) == 1 else 0

    def holds(signs: dict[Coeffs, int]) -> bool:
        known = {pair: d.sign(signs) for pair, d in differences.items()}
        good = {pair for pair, s in known.items() if s is not None and s >= least}
        return any(all(any((a, b) in good for b in column) for a in row for column in below) for row in above)

    return Certified(_intervals(roots, [holds(s) for s in _every_sign(roots, differences.values())], q))


def _distinct(rows: list[list[sp.Expr]]) -> list[sp.Expr]:
    return list(dict.fromkeys(e for row in rows for e in row))


def _difference(expr: sp.Expr, x: sp.Symbol, q: int) -> _Difference | None:
    """The difference of two branches, factored over the rationals; None if it is no quotient of polynomials in y."""
    y = sp.Dummy("y", positive=True)
    top, bottom = sp.fraction(sp.together(expr.xreplace({x: y**q})))
    overall, powers = 1, dict[Coeffs, int]()
    for side, direction in ((top, 1), (bottom, -1)):
        try:
            poly = sp.Poly(side, y, domain="QQ")
        except (CoercionFailed, GeneratorsError, PolynomialError):
            return None
        if poly.degree() > _LARGEST_DEGREE:
            return None
        content, listed = poly.factor_list()
        overall *= int(sp.sign(content))
        for factor, power in listed:
            coeffs = tuple(Fraction(int(c.p), int(c.q)) for c in factor.all_coeffs())
            if any(coeffs[1:]):  # y itself is positive
                powers[coeffs] = powers.get(coeffs, 0) + direction * power
    return _Difference(overall, {f: p for f, p in powers.items() if p} if overall else {})


# -- roots
def _roots(factors: Iterable[Coeffs]) -> list[_Root]:
    """The positive roots of irreducible polynomials in order, in brackets that do not touch."""
    roots = [root for f in factors for root in _isolated(f)]
    while True:
        roots.sort(key=lambda r: (r.low, r.high))
        close = {i + d for i in range(len(roots) - 1) if roots[i].high >= roots[i + 1].low for d in (0, 1)}
        close |= {i for i, r in enumerate(roots) if r.low <= 0}
        if not close:
            return roots
        roots = [_halved(r) if i in close else r for i, r in enumerate(roots)]


def _isolated(factor: Coeffs) -> list[_Root]:
    if len(factor) == 2:
        root = -factor[1] / factor[0]
        return [_Root(factor, root, root)] if root > 0 else []
    poly = sp.Poly([sp.Rational(c.numerator, c.denominator) for c in factor], sp.Dummy("y"), domain="QQ")
    found = [(Fraction(int(a.p), int(a.q)), Fraction(int(b.p), int(b.q))) for (a, b), _ in poly.intervals(inf=0)]
    return [_Root(factor, a, b) for a, b in found if b > 0]


def _halved(root: _Root) -> _Root:
    if root.low == root.high:
        return root
    middle = (root.low + root.high) / 2
    same = (_worth(root.factor, middle) > 0) == (_worth(root.factor, root.low) > 0)
    return replace(root, low=middle) if same else replace(root, high=middle)


def _worth(factor: Coeffs, y: Fraction) -> Fraction:
    return reduce(lambda total, c: total * y + c, factor, Fraction(0))


def _every_sign(roots: list[_Root], differences: Iterable[_Difference]) -> list[dict[Coeffs, int]]:
    """The signs of all factors: below the first root, at it, between it and the second, and so on."""
    factors = {f for d in differences for f in d.powers}
    edges = [Fraction(0), *[e for r in roots for e in (r.low, r.high)]]
    between = [(a + b) / 2 for a, b in zip(edges[::2], edges[1::2], strict=False)] + [edges[-1] + 1]
    found: list[dict[Coeffs, int]] = []
    for i, y in enumerate(between):
        worths = {f: _worth(f, y) for f in factors}
        signs = {f: (w > 0) - (w < 0) for f, w in worths.items()}
        found.append(signs)
        if i < len(roots):
            found.append({**signs, roots[i].factor: 0})
    return found


# -- intervals
def _intervals(roots: list[_Root], true: list[bool], q: int) -> tuple[tuple[End, End], ...]:
    """Runs of truth; the odd places are the roots, the even ones what lies between."""
    found = []
    for first, last in runs(true):
        low = START if first == 0 else _end(roots[(first - 1) // 2], q, first % 2 == 0)
        high = STOP if last == len(true) - 1 else _end(roots[last // 2], q, last % 2 == 0)
        found.append((low, high))
    return tuple(found)


def runs(true: Sequence[bool]) -> list[tuple[int, int]]:
    """The first and the last place of every run of True."""
    starts = [i for i, t in enumerate(true) if t and not (i and true[i - 1])]
    ends = [i for i, t in enumerate(true) if t and not (i + 1 < len(true) and true[i + 1])]
    return list(zip(starts, ends, strict=True))


def _end(root: _Root, q: int, left_out: bool) -> End:
    """A root of y as an end for x = y**q: exact where x is rational, else in a bracket without an integer."""
    while root.high - root.low > TOLERANCE / (4 * q) * root.low:
        root = _halved(root)
    while root.low < root.high:
        low, high = root.low**q, root.high**q
        for candidate in {simplest(low, high), Fraction(ceil(low))}:
            if q > 1 and low <= candidate <= high and _is_power(root, q, candidate):
                return End(candidate, (candidate, candidate), left_out)
        if ceil(low) > high:
            return End(float((low + high) / 2), (low, high), left_out)
        root = _halved(root)
    return End(root.low**q, (root.low**q, root.low**q), left_out)


def _is_power(root: _Root, q: int, x: Fraction) -> bool:
    """Whether ``y**q == x`` at the root: its irreducible factor then divides ``y**q - x``."""
    y = sp.Dummy("y")
    over = sp.Poly(y**q - sp.Rational(x.numerator, x.denominator), y, domain="QQ")
    factor = sp.Poly([sp.Rational(c.numerator, c.denominator) for c in root.factor], y, domain="QQ")
    return bool(over.rem(factor).is_zero)


def simplest(low: Fraction, high: Fraction) -> Fraction:
    """The fraction with the smallest denominator from low to high."""
    whole = ceil(low)
    if whole <= high:
        return Fraction(whole)
    below = whole - 1
    return below + 1 / simplest(1 / (high - below), 1 / (low - below))
