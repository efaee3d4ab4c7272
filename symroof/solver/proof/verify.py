"""A second opinion on a bound: random positive values, the condition itself just below and just above every threshold."""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from symroof.algebra.bind import Given
from symroof.algebra.condition import COMPARE
from symroof.algebra.evaluate import Tape, tape
from symroof.algebra.span import INF, Span, half_line
from symroof.errors import InputError
from symroof.solver.numeric.at import decided
from symroof.solver.solved import Solved

_CLOSE = Fraction(1, 10**6)  # how far from a threshold an exact bound is tried
_LIMIT = Fraction(1, 50)  # the same for one that drops terms


@dataclass(frozen=True)
class Verification:
    """How many points were tried and those, if any, where the bound and its condition disagree; true if none."""

    points: int
    counterexamples: tuple[dict[str, float], ...]

    def __bool__(self) -> bool:
        return not self.counterexamples

    def __repr__(self) -> str:
        if not self.points:
            return "nothing to verify: the bound has no closed form"
        if self:
            return f"verified at {self.points} points"
        return f"refuted at {len(self.counterexamples)} of {self.points} points, e.g. {self.counterexamples[0]}"


def verify(bound: Solved, samples: int, seed: int) -> Verification:
    """Compare a bound with its condition at ``samples`` sets of random values; numeric bounds have nothing to verify."""
    chance = random.Random(seed)
    if not bound.closed:
        return Verification(0, ())
    others = sorted(bound.free_symbols, key=sp.default_sort_key)
    sides = (tape(bound.condition.left.shape), tape(bound.condition.right.shape))
    close = _LIMIT if bound.weights else _CLOSE
    wrong: list[dict[str, float]] = []
    points = 0
    for _ in range(samples):
        values = {s: _sample(chance, dict(bound.weights).get(s, 0)) for s in others}
        try:
            found = decided(bound, Given(values))
        except InputError:  # its threshold is beyond what floats can hold
            continue
        intervals = (found if isinstance(found, Span) else half_line(bound.symbol, found)).intervals
        ends = [Fraction(e) for interval in intervals for e in interval if 0 < e < INF]
        tries = [e * (1 + d) for e in ends for d in (-close, close)]
        tries += [] if bound.weights and ends else [_sample(chance, 0) for _ in range(2)]
        for x in tries:
            if any(abs(x / e - 1) < close * Fraction(9, 10) for e in ends):
                continue
            try:
                true, sure = _true(bound.condition.relation, sides, {**values, bound.symbol: x})
            except InputError:  # beyond what floats can hold
                continue
            said = any(low <= x <= high for low, high in intervals)
            if said != true and not sure:
                continue
            points += 1
            if said != true:
                wrong.append({s.name: float(v) for s, v in {**values, bound.symbol: x}.items()})
    return Verification(points, tuple(wrong))


def _sample(chance: random.Random, weight: int) -> Fraction:
    """A positive number over three decades, or a very large or very small one."""
    if weight:
        return Fraction(chance.randint(100, 999)) * Fraction(10) ** (12 * weight)
    return Fraction(chance.randint(100, 999)) * Fraction(10) ** chance.choice((-3, -2, -1))


def _true(relation: str, sides: tuple[Tape, Tape], values: dict[sp.Symbol, Fraction]) -> tuple[bool, bool]:
    """Whether the condition holds, and whether that is more than rounding."""
    left, right = (t.run([values[s] for s in t.inputs])[t.slots[0]] for t in sides)
    sure = (isinstance(left, Fraction) and isinstance(right, Fraction)) or abs(left - right) > 1e-13 * abs(left)
    return bool(COMPARE[relation](left, right)), sure
