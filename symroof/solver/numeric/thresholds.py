"""Thresholds that are proven: roots of polynomials, isolated exactly, or intervals of the unknown, halved until each is decided.

With numbers for all other symbols, a condition on sums of rational powers of the unknown is one on polynomials in
``y = x**(1/q)``. Between two neighbouring roots of their irreducible factors every sign is constant, and exact
fractions tell it; no root is missed, at whatever distance, and every end comes with a bracket that holds it.

For any other condition, every interval from 1e-15 to 1e25 is proven to hold, proven not to hold, or narrowed to a relative
width of 1e-12, where it is the bracket of a threshold. What is left when the effort is spent is named, and counts as not holding.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, groupby, pairwise, product
from math import ceil, floor, lcm, prod, sqrt

import sympy as sp
from sympy.polys.polyerrors import CoercionFailed, GeneratorsError, PolynomialError

from symroof.algebra.operands import rational
from symroof.algebra.roots import PositiveRoot
from symroof.algebra.value import START, STOP, End, Span, runs
from symroof.errors import NoClosedForm
from symroof.solver.extremes import branches
from symroof.solver.numeric.boxes import Box
from symroof.solver.pieces import Piece, Pieces

#: Relative width of the bracket around a threshold.
TOLERANCE = sp.Rational(1, 10**12)
_LARGEST_DEGREE = 60
_MOST_PAIRS = 64


@dataclass(frozen=True)
class _Root:
    """A positive root: the only one of its irreducible factor between low and high (of y)."""

    factor: sp.Poly
    low: sp.Rational
    high: sp.Rational

    def narrowed(self, width: sp.Rational) -> _Root:
        """The same in a bracket of this width at most."""
        if self.high - self.low <= width:
            return self
        return _Root(self.factor, *self.factor.refine_root(self.low, self.high, eps=width))


@dataclass(frozen=True)
class _Difference:
    """One side minus another: a sign, and the irreducible factors with the power each has."""

    overall: int
    powers: dict[sp.Poly, int]

    def sign(self, signs: dict[sp.Poly, int]) -> int | None:
        """Its sign where its factors have these; None where it divides by zero."""
        if any(power < 0 and signs[f] == 0 for f, power in self.powers.items()):
            return None
        return self.overall * prod(signs[f] if power % 2 else abs(signs[f]) for f, power in self.powers.items())


def exactly(greater: sp.Expr, lesser: sp.Expr, strict: bool, x: sp.Symbol) -> Span | None:
    """Where ``greater >= lesser`` (``>``), in x alone, holds among all positive numbers; None unless it is one on polynomials.

    A point where the sides only touch counts for ``>=`` (an interval of one point), and is left out for ``>``.
    """
    found = _changes(greater, lesser, strict, x)
    return None if found is None else Span(x, runs(found[0], {i: _end(r, found[2]) for i, r in found[1].items()}))


def exact_pieces(greater: sp.Expr, lesser: sp.Expr, x: sp.Symbol) -> Pieces | None:
    """Where ``greater >= lesser`` holds as pieces, every end written out as a root; None unless it is one on polynomials."""
    found = _changes(greater, lesser, False, x)
    if found is None:
        return None
    true, roots, q = found
    spans = runs(true, {i: End(_written(r) ** q) for i, r in roots.items()})

    def end_of(end: End) -> sp.Expr | None:
        return None if end in (START, STOP) else end.number

    return tuple(Piece(end_of(low), end_of(high), apart=low != high) for low, high in spans)


def _changes(greater: sp.Expr, lesser: sp.Expr, strict: bool, x: sp.Symbol) -> tuple[list[bool], dict[int, _Root], int] | None:
    """Whether it holds below, at and above every root, the roots (of ``x**(1/q)``) at which that changes, and q."""
    try:
        above, below = branches(greater, frozenset((x,))), branches(lesser, frozenset((x,)))
        pairs = {*product(chain(*above), chain(*below))}
        if len(pairs) > _MOST_PAIRS:
            return None
        q = lcm(*(int(p.exp.q) for pair in pairs for e in pair for p in e.atoms(sp.Pow) if p.base == x and p.exp.is_Rational))
        differences = {(a, b): _difference(a - b, x, q) for a, b in pairs}
    except NoClosedForm:
        return None
    roots = _roots({f for d in differences.values() for f in d.powers})

    def holds(signs: dict[sp.Poly, int]) -> bool:
        known = {pair: d.sign(signs) for pair, d in differences.items()}
        good = {pair for pair, s in known.items() if s is not None and s >= strict}
        return any(all(any((a, b) in good for b in column) for a in row for column in below) for row in above)

    true = [holds(s) for s in _every_sign(roots, differences.values())]
    return true, {2 * i + 1: r for i, r in enumerate(roots) if len({*true[2 * i : 2 * i + 3]}) > 1}, q  # the others change nothing


def _written(root: _Root) -> sp.Expr:
    """A root as an expression: in an interval that is narrow enough it is the only positive one after a change of variable (Vincent)."""
    while root.low < root.high:
        t = sp.Dummy("t", positive=True)
        n, coeffs = root.factor.degree(), root.factor.all_coeffs()[::-1]
        moved = sum(
            (c * sp.Poly(root.high * t + root.low, t) ** i * sp.Poly(t + 1, t) ** (n - i) for i, c in enumerate(coeffs)), sp.Poly(0, t)
        )
        found = moved.all_coeffs()
        if sum(bool(a * b < 0) for a, b in pairwise([c for c in found if c])) == 1:
            share = PositiveRoot(*found)
            return (root.low + root.high * share) / (1 + share)
        root = root.narrowed((root.high - root.low) / 2)
    return root.low


def _difference(expr: sp.Expr, x: sp.Symbol, q: int) -> _Difference:
    """The difference of two branches, factored over the rationals.

    Raises NoClosedForm if it is no quotient of polynomials in y, or if their degree is beyond what is isolated in time.
    """
    y = sp.Dummy("y", positive=True)
    overall, powers = 1, dict[sp.Poly, int]()
    for side, direction in zip(sp.fraction(sp.together(expr.xreplace({x: y**q}))), (1, -1), strict=True):
        try:
            poly = sp.Poly(side, y, domain="QQ")
        except (CoercionFailed, GeneratorsError, PolynomialError):
            raise NoClosedForm("the sides are no quotients of polynomials") from None
        if poly.degree() > _LARGEST_DEGREE:
            raise NoClosedForm(f"the sides have a degree beyond {_LARGEST_DEGREE}")
        content, listed = poly.factor_list()
        overall *= int(sp.sign(content))
        for factor, power in listed:
            if factor.as_expr() != y:  # which is positive
                named = factor.replace(y, x)
                powers[named] = powers.get(named, 0) + direction * power
    return _Difference(overall, {f: p for f, p in powers.items() if p} if overall else {})


def _roots(factors: Iterable[sp.Poly]) -> list[_Root]:
    """The positive roots of irreducible polynomials in order, in brackets that do not touch."""
    listed = list(factors)
    found = sp.intervals(listed, inf=0, strict=True) if listed else []
    rows = [(listed[next(iter(which))], ends) for ends, which in found]
    return [_Root(f, *(ends if f.degree() > 1 else (-f.nth(0) / f.nth(1),) * 2)) for f, ends in rows]


def _every_sign(roots: list[_Root], differences: Iterable[_Difference]) -> list[dict[sp.Poly, int]]:
    """The signs of all factors: below the first root, at it, between it and the second, and so on."""
    factors = {f for d in differences for f in d.powers}
    edges = [sp.Integer(0), *[e for r in roots for e in (r.low, r.high)]]
    between = [(a + b) / 2 for a, b in zip(edges[::2], edges[1::2], strict=False)] + [edges[-1] + 1]
    found: list[dict[sp.Poly, int]] = []
    for i, y in enumerate(between):
        signs = {f: int(sp.sign(f(y))) for f in factors}
        found += [signs, {**signs, roots[i].factor: 0}] if i < len(roots) else [signs]
    return found


def _end(root: _Root, q: int) -> End:
    """A root of y as an end for x = y**q: exact where x is rational, else in a bracket without an integer."""
    root = root.narrowed(TOLERANCE / (4 * q) * root.low)
    while root.low < root.high:
        low, high = Fraction(root.low**q), Fraction(root.high**q)
        for candidate in {simplest(low, high), Fraction(ceil(low))}:
            if q > 1 and low <= candidate <= high and _is_power(root, q, candidate):
                return End(candidate, (candidate, candidate))
        if ceil(low) > high:
            return End(float((low + high) / 2), (low, high))
        root = root.narrowed((root.high - root.low) / 2)
    exact = Fraction(root.low**q)
    return End(exact, (exact, exact))


def _is_power(root: _Root, q: int, x: Fraction) -> bool:
    """Whether ``y**q == x`` at the root: its irreducible factor then divides ``y**q - x``."""
    (y,) = root.factor.gens
    return bool(sp.Poly(y**q - rational(x), y, domain="QQ").rem(root.factor).is_zero)


def simplest(low: Fraction, high: Fraction) -> Fraction:
    """The fraction with the smallest denominator from low to high."""
    whole = ceil(low)
    if whole <= high:
        return Fraction(whole)
    below = whole - 1
    return below + 1 / simplest(1 / (high - below), 1 / (low - below))


LOW, HIGH = 1e-15, 1e25
_DECADES = 40
_NARROW = 1 + 4e-13  # two neighbours make a bracket of 1e-12
_EFFORT = 30_000  # steps of a tape, about a second


@dataclass(frozen=True)
class _Stretch:
    """An interval of the unknown and whether the condition holds there (None: not decided)."""

    low: float
    high: float
    true: bool | None

    @property
    def wide(self) -> bool:
        """Whether it is too wide to stand for one threshold."""
        return self.high > self.low * (1 + 1e-11)


def swept(greater: sp.Expr, lesser: sp.Expr, strict: bool, x: sp.Symbol) -> Span:
    """Where ``greater >= lesser`` (``>``), in x alone, holds between 1e-15 and 1e25, every end with a bracket."""
    box = Box(greater, lesser, strict)
    stretches = _stretches(box)
    open_places = {i: s for i, s in enumerate(stretches) if s.true is None}
    ends = {i: _threshold(box, s) for i, s in open_places.items()}
    doubts = [f"not certified for {x} between {s.low:.10g} and {s.high:.10g}" for s in open_places.values() if s.wide]
    holds = [bool(s.true) for s in stretches]
    for i in (i for i, s in open_places.items() if not s.wide):
        before, after = (stretches[j].true if 0 <= j < len(stretches) else None for j in (i - 1, i + 1))
        at = box.at(Fraction(ends[i].number))
        rounded = type(ends[i].number) is float
        if before == after and rounded:
            doubts.append(f"the sides touch at {x} = {float(ends[i].number):.10g}, to within 1e-12")
        holds[i] = at if not rounded or before == after else not box.strict
        ends[i] = replace(ends[i], open=box.strict and rounded)
    more = f", and {len(doubts) - 3} more places" if len(doubts) > 3 else ""
    return Span(x, runs(holds, ends, _left_out), "; ".join(doubts[:3]) + more)


def _stretches(box: Box) -> list[_Stretch]:
    """All of the range, neighbours of one kind merged."""
    marks = [LOW * 10.0**i for i in range(_DECADES)] + [HIGH]
    queue = deque(pairwise(marks))
    done: list[_Stretch] = []
    budget = _EFFORT // (4 + sum(len(side.steps) for side in box.sides))
    while queue:
        low, high = queue.popleft()
        true = box.holds(low, high)
        budget -= 1
        if true is not None or high <= low * _NARROW or budget < 0:
            done.append(_Stretch(low, high, true))
        else:
            middle = sqrt(low) * sqrt(high)
            queue += [(low, middle), (middle, high)]
    done.sort(key=lambda s: s.low)
    merged = []
    for true, group in groupby(done, key=lambda s: s.true):
        same = list(group)
        merged.append(_Stretch(same[0].low, same[-1].high, true))
    return merged


def _threshold(box: Box, stretch: _Stretch) -> End:
    """The number that stands for an undecided stretch: a whole one or a short fraction if there is one, else its middle."""
    low, high = Fraction(stretch.low), Fraction(stretch.high)
    if stretch.wide:
        return End(sqrt(stretch.low) * sqrt(stretch.high), (low, high))
    if ceil(low) <= floor(high):
        return End(Fraction(_last_before(box, ceil(low), floor(high))), (low, high))
    short = simplest(low, high)
    return End(short if short.denominator < 10**4 else float((low + high) / 2), (low, high))


def _last_before(box: Box, low: int, high: int) -> int:
    """Of the whole numbers in a bracket the one where the truth changes, as seen from below."""
    first = box.at(Fraction(low))
    if first == box.at(Fraction(high)):
        return low
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if box.at(Fraction(middle)) == first else (low, middle)
    return high


def _left_out(end: End, side: int) -> End:
    """An end that does not hold itself; of a wide bracket its certain side."""
    if type(end.number) is not float:
        return replace(end, open=True)
    low, high = end.bracket or (end.number, end.number)
    return replace(end, number=float((low, high)[side])) if high > low * (1 + Fraction(1, 10**11)) else end
