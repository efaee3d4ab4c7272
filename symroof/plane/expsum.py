"""Sums of exponentials of one variable: all their zeros. In logarithms a comparison of sums of monomials is one of them.

The zeros of a sum of n exponentials lie between those of its derivative, which, after a factor, has n - 1 terms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from math import exp, isfinite, log

_TINY = 1e-15
#: A term ``sign * exp(log_size + exponent*t)`` as (exponent, log_size, sign).
Term = tuple[float, float, int]


def zeros(terms: Iterable[Term]) -> list[float]:
    """Where ``sum(sign * exp(log_size + exponent*t))`` changes its sign, in order."""
    row = _merged(terms)
    if len({sign for _, _, sign in row}) < 2:
        return []
    if len(row) == 2:
        (e, size, _), (steeper, other, _) = row
        return [(size - other) / (steeper - e)]
    lowest = row[0][0]
    turns = zeros((e - lowest, size + log(e - lowest), sign) for e, size, sign in row[1:])
    plus, minus = ([t for t in row if t[2] == sign] for sign in (1, -1))

    def f(t: float) -> float:
        return total(plus, t) - total(minus, t)

    left, right = row[0][2], row[-1][2]
    start = _outside(f, turns[0] if turns else 0.0, -1, left)
    stop = _outside(f, turns[-1] if turns else 0.0, 1, right)
    places = [start, *turns, stop]
    return [crossing(f, a, b) for a, b in pairwise(places) if (f(a) > 0) != (f(b) > 0)]


def total(terms: Iterable[Term], t: float) -> float:
    """The logarithm of a sum of exponentials, all of them positive."""
    logs = [size + e * t for e, size, _ in terms]
    most = max(logs)
    return most if len(logs) == 1 else most + log(sum(exp(x - most) for x in logs))


def crossing(f: Callable[[float], float], a: float, b: float) -> float:
    """Where f changes its sign between a and b, to the last bits: secants, each end moved in turn (Illinois)."""
    fa, fb = f(a), f(b)
    for step in range(200):
        if fa == 0 or fb == 0 or abs(b - a) <= 2e-16 * (1 + abs(a)):
            break
        middle = b - fb * (b - a) / (fb - fa) if step % 8 != 7 and isfinite(fa) and isfinite(fb) else (a + b) / 2
        if not min(a, b) < middle < max(a, b):
            middle = (a + b) / 2
        value = f(middle)
        if (value > 0) == (fb > 0):
            fa *= 0.5
        else:
            a, fa = b, fb
        b, fb = middle, value
    return a if abs(fa) < abs(fb) else b


def _merged(terms: Iterable[Term]) -> list[Term]:
    """Terms by exponent, in order; those that cancel are gone."""
    by: dict[float, list[tuple[float, int]]] = {}
    for e, size, sign in terms:
        key = next((k for k in by if abs(k - e) <= 1e-12 * (1 + abs(k))), e)
        by.setdefault(key, []).append((size, sign))
    found = []
    for e, same in sorted(by.items()):
        most = max(size for size, _ in same)
        c = sum(sign * exp(size - most) for size, sign in same)
        if abs(c) > _TINY * len(same):
            found.append((e, most + log(abs(c)), 1 if c > 0 else -1))
    return found


def _outside(f: Callable[[float], float], place: float, direction: int, sign: int) -> float:
    """A place beyond all zeros on one side, where the sign is that of the term that outgrows the others."""
    width = 1.0
    while (f(place + direction * width) > 0) != (sign > 0) and width < 1e9:
        width *= 2
    return place + direction * width
