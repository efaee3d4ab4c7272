"""A region of the plane of two symbols and its boundaries: lines and curves in log-log space."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.cost import Condition, Cost, quantity
from symroof.algebra.quantity import show_quantity
from symroof.algebra.units import ONE
from symroof.errors import SolveError
from symroof.plane.sides import Side
from symroof.solver.facts import Facts
from symroof.solver.solve import solve

Plane = tuple[sp.Symbol, sp.Symbol]
Corner = tuple[sp.Expr, sp.Expr]


@dataclass(frozen=True)
class Boundary:
    """``above >= below``, cleared of denominators; ``rival`` is what binds (or weighs most) on the other side."""

    above: sp.Expr
    below: sp.Expr
    rival: str
    symbols: Plane

    @property
    def free_symbols(self) -> set[sp.Symbol]:
        """The symbols of the comparison."""
        found: set[sp.Symbol] = self.above.free_symbols | self.below.free_symbols
        return found

    @property
    def line(self) -> bool:
        """Whether it is a straight line in log-log space: two monomials are compared."""
        return self.monomial is not None

    @property
    def monomial(self) -> tuple[sp.Expr, sp.Rational, sp.Rational] | None:
        """``(c, a, b)`` if it says ``c * x**a * y**b >= 1``, else None."""
        return _monomial(self.above, self.below, self.symbols)

    @property
    def slope(self) -> sp.Expr | None:
        """d log y / d log x along the line (zoo if it is upright); None for a curve."""
        if self.monomial is None:
            return None
        _, a, b = self.monomial
        return -a / b

    @property
    def reason(self) -> str:
        """Why there is no closed form, if there is none."""
        return _solved(self.above, self.below, self.symbols)[1] if self.monomial is None else ""

    @property
    def text(self) -> str:
        """The formula, solved for the second symbol, or for the first if the second cancels."""
        if self.monomial is not None:
            return _line_text(self.monomial, self.symbols)
        return _solved(self.above, self.below, self.symbols)[0]

    @property
    def brief(self) -> str:
        """The same, less what takes two lines to say when it is solved: a curve of several pieces stays as it is compared."""
        if self.monomial is not None or " when " not in self.text:
            return self.text
        return show.text(show.readable(sp.Ge(self.above, self.below, evaluate=False)))

    @property
    def shown(self) -> Any:
        """The formula: a relation, or where it takes one to solve it a Bound."""
        if self.monomial is not None:
            return _line(self.monomial, self.symbols)
        return _solved(self.above, self.below, self.symbols)[2]

    def meets(self, other: Boundary) -> tuple[sp.Expr, sp.Expr] | None:
        """Where two lines meet; None if they do not, or if one is a curve."""
        if self.monomial is None or other.monomial is None:
            return None
        (c, a, b), (d, e, f) = self.monomial, other.monomial
        across = a * f - b * e
        if across == 0:
            return None
        return _power(c, -f / across) * _power(d, b / across), _power(c, e / across) * _power(d, -a / across)


@lru_cache(maxsize=4096)
def _monomial(above: sp.Expr, below: sp.Expr, symbols: Plane) -> tuple[sp.Expr, sp.Rational, sp.Rational] | None:
    if below.is_zero or above.is_zero:
        return None
    coeff, rest = (above / below).as_independent(*symbols, as_Add=False)
    powers = rest.as_powers_dict()
    if set(powers) - {*symbols, sp.Integer(1)} or not all(e.is_Rational for e in powers.values()):
        return None
    return coeff, powers.get(symbols[0], sp.Integer(0)), powers.get(symbols[1], sp.Integer(0))


def _line(monomial: tuple[sp.Expr, sp.Rational, sp.Rational], symbols: Plane) -> sp.Rel:
    (c, a, b), (x, y) = monomial, symbols
    if a == 0 and b == 0:
        return sp.Ge(*sp.fraction(c), evaluate=False)
    alone, power, rest = (y, b, c * x**a) if b != 0 else (x, a, c)
    end = _rounded(_power(rest, -1 / power))
    return sp.Ge(alone, end, evaluate=False) if power > 0 else sp.Le(alone, end, evaluate=False)


def _rounded(end: sp.Expr) -> sp.Expr:
    """An end with four digits if a number that is no short fraction stands in front; for showing only."""
    number, rest = end.as_independent(*end.free_symbols, as_Add=False)
    short = all(max(abs(r.p), r.q) < 100 for r in number.atoms(sp.Rational))
    return end if number.is_Integer or short or number == 1 or rest.is_Add else sp.Float(float(number), 4) * rest


def _line_text(monomial: tuple[sp.Expr, sp.Rational, sp.Rational], symbols: Plane) -> str:
    rel = _line(monomial, symbols)
    if not rel.rhs.is_number or not rel.lhs.is_Symbol:
        return show.text(rel)
    return f"{rel.lhs} {rel.rel_op} {show_quantity(float(rel.rhs), getattr(rel.lhs, 'unit', ONE))}"


def _power(base: sp.Expr, exponent: sp.Rational) -> sp.Expr:
    return sp.powdenest(base**exponent)


@lru_cache(maxsize=1024)
def _solved(above: sp.Expr, below: sp.Expr, symbols: Plane) -> tuple[str, str, Any]:
    """Text of a comparison of sums, the reason why there is no closed form, and what has a ``latex()`` or is shown as it is."""
    condition = Condition(quantity(above, ONE), ">=", quantity(below, ONE))
    reason = ""
    for symbol in reversed(symbols):
        if symbol in condition.free_symbols:
            try:
                bound = solve(condition, symbol)
            except SolveError as problem:
                reason = reason or str(problem)
                continue
            if bound.closed:
                return " ".join(repr(bound).split()), "", bound
            reason = reason or bound.reason
    plain = sp.Ge(above, below, evaluate=False)
    return show.text(show.readable(plain)), reason, show.readable(plain)


@dataclass(frozen=True, repr=False)
class Region(show.Shown):
    """A part of the plane: what wins each maximum there, what weighs most, the cost without maxima, and its boundaries."""

    symbols: Plane
    winners: tuple[tuple[str, str], ...]
    dominant: str
    cost: Cost
    boundaries: tuple[Boundary, ...]
    given: tuple[sp.Rel, ...] = ()

    @property
    def binds(self) -> str:
        """What wins, as text: ``MLP: weights``."""
        return ", ".join(f"{where}: {who}" if where else who for where, who in self.winners)

    @property
    def name(self) -> str:
        """What binds, and what weighs most."""
        mostly = f"mostly {self.dominant}" if self.dominant else ""
        return ", ".join(filter(None, (self.binds, mostly))) or "everywhere"

    @property
    def where(self) -> str:
        """The boundaries as text."""
        return " and ".join(b.brief for b in self.boundaries) or "everywhere"

    @cached_property
    def corners(self) -> tuple[Corner, ...]:
        """Where two of its lines meet and every other comparison is known to hold, as formulas in the other symbols."""
        found: dict[Corner, None] = {}
        for i, a in enumerate(self.boundaries):
            for b in self.boundaries[:i]:
                place = a.meets(b)
                if place is not None and self._holds_at(place, (a, b)):
                    found[place] = None
        return tuple(found)

    def _holds_at(self, place: Corner, but: tuple[Boundary, ...]) -> bool:
        put = dict(zip(self.symbols, place, strict=True))
        facts = Facts.of(self.given)
        rest = [b for b in self.boundaries if b not in but]
        return all(facts.order(b.above.xreplace(put), b.below.xreplace(put)) in (0, 1) for b in rest)

    @cached_property
    def sides(self) -> tuple[Side, ...]:
        """The boundaries as numbers; only where no other symbols are left."""
        return tuple(Side(b.above, b.below, self.symbols) for b in self.boundaries)
