"""Comparisons of sums of monomials in two symbols as numbers: which side of a line or a curve a point of the log-log plane is on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import exp, inf, log
from typing import Any

import sympy as sp

from symroof.algebra.evaluate import tape
from symroof.errors import InputError
from symroof.plane.expsum import Term, crossing, total, zeros
from symroof.solver.polynomial import expand

_SAMPLES = 257
Point = tuple[float, float]
#: ``exp(size) * x**a * y**b`` as (size, a, b).
Monomial = tuple[float, float, float]


@dataclass(frozen=True)
class Half:
    """``above >= below`` over the plane of ``(log x, log y)``: a half plane, or what lies on one side of a curve."""

    above: tuple[Monomial, ...]
    below: tuple[Monomial, ...]

    @property
    def straight(self) -> bool:
        """Whether it is a half plane."""
        return len(self.above) == len(self.below) == 1

    @cached_property
    def upright(self) -> bool:
        """Whether y plays no part."""
        return len({b for _, _, b in (*self.above, *self.below)}) == 1

    def value(self, u: float, v: float) -> float:
        """The logarithm of above over below."""
        return self._side(self.above, u, v) - self._side(self.below, u, v)

    @staticmethod
    def _side(side: tuple[Monomial, ...], u: float, v: float) -> float:
        return total(((0.0, size + a * u + b * v, 1) for size, a, b in side), 0.0)

    def crossings(self, start: Point, step: Point) -> list[float]:
        """The t where the line ``start + t*step`` crosses the boundary."""
        (u, v), (du, dv) = start, step
        terms: list[Term] = [
            (a * du + b * dv, size + a * u + b * v, sign) for side, sign in ((self.above, 1), (self.below, -1)) for size, a, b in side
        ]
        return zeros(terms)

    def grid(self, u: Any, v: Any) -> Any:
        """The value for arrays."""
        import numpy as np

        def side(terms: tuple[Monomial, ...]) -> Any:
            return np.logaddexp.reduce([size + a * u + b * v for size, a, b in terms])

        return side(self.above) - side(self.below)

    @cached_property
    def key(self) -> frozenset[Any]:
        """The boundary, whichever side of it is meant."""
        return frozenset((self.above, self.below))


@dataclass(frozen=True)
class Sampled:
    """The same for expressions that are no sums of monomials in x and y: crossings are looked for at 257 places."""

    greater: sp.Expr
    lesser: sp.Expr
    symbols: tuple[sp.Symbol, sp.Symbol]
    straight = False
    reach = 60.0

    @property
    def upright(self) -> bool:
        """Whether y plays no part."""
        return self.symbols[1] not in self.greater.free_symbols | self.lesser.free_symbols

    def value(self, u: float, v: float) -> float:
        """The logarithm of above over below."""
        sizes = []
        for side in (self.greater, self.lesser):
            compiled = tape(side)
            put = dict(zip(self.symbols, (exp(u), exp(v)), strict=True))
            try:
                sizes.append(float(compiled.run([put[s] for s in compiled.inputs])[compiled.slots[0]]))
            except (InputError, OverflowError, TypeError):
                sizes.append(inf)
        return (log(sizes[0]) if sizes[0] > 0 else -inf) - (log(sizes[1]) if 0 < sizes[1] < inf else -inf if sizes[1] <= 0 else 1e9)

    def crossings(self, start: Point, step: Point) -> list[float]:
        """The t where the line ``start + t*step`` crosses the boundary."""
        (u, v), (du, dv) = start, step

        def f(t: float) -> float:
            return self.value(u + t * du, v + t * dv)

        places = [self.reach * (2 * i / (_SAMPLES - 1) - 1) for i in range(_SAMPLES)]
        signs = [f(t) > 0 for t in places]
        return [crossing(f, places[i], places[i + 1]) for i in range(_SAMPLES - 1) if signs[i] != signs[i + 1]]

    def grid(self, u: Any, v: Any) -> Any:
        """The value for arrays."""
        import numpy as np

        return np.vectorize(self.value, otypes=[float])(u, v)

    @cached_property
    def key(self) -> frozenset[Any]:
        """The boundary, whichever side of it is meant."""
        return frozenset((self.greater, self.lesser))


@lru_cache(maxsize=4096)
def half(above: sp.Expr, below: sp.Expr, symbols: tuple[sp.Symbol, sp.Symbol]) -> Half | Sampled:
    """A comparison in which no other symbols are left, as numbers."""
    sides = [_monomials(side, symbols) for side in (above, below)]
    return Half(*sides) if sides[0] and sides[1] else Sampled(above, below, symbols)


def _monomials(side: sp.Expr, symbols: tuple[sp.Symbol, sp.Symbol]) -> tuple[Monomial, ...]:
    """The terms of a sum of monomials with positive coefficients; none if it is something else."""
    found: dict[tuple[float, float], list[float]] = {}
    for term in sp.Add.make_args(expand(side)):
        coeff, rest = term.as_independent(*symbols, as_Add=False)
        powers = {s: sp.Integer(0) for s in symbols} | rest.as_powers_dict()
        powers.pop(sp.Integer(1), None)
        if set(powers) - set(symbols) or not all(e.is_Rational for e in powers.values()) or not coeff.is_positive:
            return ()
        size = log(int(coeff.p)) - log(int(coeff.q)) if coeff.is_Rational else log(float(coeff))
        found.setdefault((float(powers[symbols[0]]), float(powers[symbols[1]])), []).append(size)
    return tuple((total(((0.0, size, 1) for size in sizes), 0.0), *ab) for ab, sizes in found.items())
