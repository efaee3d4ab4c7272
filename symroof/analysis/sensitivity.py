"""``sensitivities(cost).at(...)``: what would help most, symbol by symbol, each improvement evaluated exactly.

An elasticity is a slope; 10 % is a step, over which another part may come to bind. So the table shows both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from operator import methodcaller
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import bind, followed
from symroof.algebra.cost import Cost
from symroof.algebra.evaluate import tape
from symroof.algebra.units import ONE, Unit
from symroof.algebra.value import Value
from symroof.analysis.elasticity import Kink, check, one, refuse_settled, standing, standing_as
from symroof.errors import InputError


@dataclass(frozen=True)
class Sensitivity:
    """One symbol: its value, the elasticity of the cost by it, and what 10 % of it do when they help.

    ``step`` is 1/10 or -1/10, or 0 if neither helps; ``effect`` the exact relative change of the cost, ``after`` the
    cost then, and ``switch`` says which binding part changes.
    """

    symbol: sp.Symbol
    value: Value
    elasticity: Value | Kink
    step: Fraction
    after: Value
    effect: Any
    switch: str = ""

    @property
    def meaning(self) -> str:
        """What the symbol means."""
        return getattr(self.symbol, "meaning", "")


@dataclass(frozen=True, eq=False, repr=False)
class Ranking(show.Shown):
    """The rows, the one that would help most first; iterable."""

    cost: Value
    rows: tuple[Sensitivity, ...]
    higher: bool
    sheets: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Sensitivity]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: int) -> Sensitivity:
        return self.rows[i]

    @property
    def total(self) -> Value:
        """The sum of the elasticities: the degree of homogeneity in the symbols of the rows.

        Raises InputError if one of them is at a kink, where it is two numbers.
        """
        kink = next((r for r in self.rows if isinstance(r.elasticity, Kink)), None)
        if kink is not None:
            raise InputError(f"the elasticity by {kink.symbol} is {kink.elasticity!r}, so there is no one sum; move off the kink")
        return Value(sum((r.elasticity.number for r in self.rows if isinstance(r.elasticity, Value)), Fraction(0)), ONE, "total")


@dataclass(frozen=True, eq=False, repr=False)
class Sensitivities(show.Shown):
    """The question what would help most; ``.at(...)`` answers with a Ranking."""

    cost: Cost
    symbols: tuple[sp.Symbol, ...]
    higher: bool

    def at(self, *sheets: Any, **values: Any) -> Ranking:
        """The ranking at these values: every symbol of the cost needs one number.

        What a model derives from a symbol, such as the experts that a batch hits, moves with it.
        Raises InputError for a missing value, an array, or a cost of 0.
        """
        given = bind(self.cost.free_symbols, sheets, values, self.cost.of)
        refuse_settled(self.cost, given)
        missing = sorted(s.name for s in self.cost.free_symbols - given.numbers.keys())
        if missing:
            raise InputError(f"a ranking needs a value for every symbol; missing: {', '.join(missing)}")
        arrays = sorted(s.name for s, v in given.numbers.items() if hasattr(v, "shape"))
        if arrays:
            raise InputError(f"{arrays[0]} is an array; rank one set of values at a time")
        rows = []
        for s in self.symbols:
            moving = followed(self.cost.free_symbols, s, sheets, values)
            cost = self.cost.map(methodcaller("xreplace", dict(moving))) if moving else self.cost
            known = bind(cost.free_symbols, sheets, values, self.cost.of) if moving else given
            rows.append(self._row(cost, s, known.numbers))
        better = sorted(rows, key=lambda r: (-abs(r.effect), -_size(r.elasticity), r.symbol.name))
        return Ranking(_worth(self.cost, given.numbers), tuple(better), self.higher, given.sheets)

    def _row(self, cost: Cost, symbol: sp.Symbol, numbers: Mapping[Any, Any]) -> Sensitivity:
        before = _worth(cost, numbers).number
        best: tuple[Any, Fraction, Any] = (before, Fraction(0), numbers)
        for step in (Fraction(1, 10), Fraction(-1, 10)):
            moved = {**numbers, symbol: numbers[symbol] * (1 + step)}
            after = _worth(cost, moved).number
            if (after > best[0]) if self.higher else (after < best[0]):
                best = (after, step, moved)
        slope = one(cost, symbol, numbers)
        after, step, moved = best
        value = Value(numbers[symbol], getattr(symbol, "unit", ONE), symbol.name)
        then = Value(after, cost.unit, cost.name)
        effect = (after - before) / abs(before)
        return Sensitivity(symbol, value, slope, step, then, effect, switched(cost, numbers, moved) if step else "")


def _worth(cost: Cost, numbers: Mapping[Any, Any]) -> Value:
    compiled = tape(cost.shape)
    slots = compiled.run([numbers[s] for s in compiled.inputs])
    return Value(slots[compiled.slots[0]], cost.unit, cost.name)


def sensitivities(cost: Cost, among: Iterable[sp.Symbol] | None = None, higher: bool | None = None) -> Sensitivities:
    """What would help a cost most: ``sensitivities(cost).at(chip, model, format, B=32)`` ranks its symbols.

    ``among`` restricts them. ``higher`` says that more of the cost is better; by default that is so for what is
    counted per second or per dollar, such as a throughput.

    >>> from symroof.algebra.symbols import B, C, P, W_hbm, p
    >>> step = (Cost(2*B*P/C, "s", "math") | Cost(P*p/W_hbm, "s", "weights")).named("step")
    >>> sensitivities(step, among=(p, W_hbm)).at(B=64, P=8e9, C="197 TFLOP/s", W_hbm="810 GB/s", p=2)
    step 19.75 ms; what would help most (less is better)
      symbol  value     elasticity  10 % of it  changes the cost by  meaning
      p       2 B       1           -10 %       -10 %                bytes per element
      W_hbm   810 GB/s  -1          +10 %       -9.091 %             HBM bandwidth of a chip

    Raises UnknownName for a symbol that does not occur, SolveError for what is no cost.
    """
    check(cost)
    cost = cost if among is None else cost.expand(*among)
    asked = sorted(cost.free_symbols, key=lambda s: s.name) if among is None else list(dict.fromkeys(among))
    check(cost, *asked)
    return Sensitivities(cost, tuple(asked), _more_is_better(cost.unit) if higher is None else bool(higher))


def _more_is_better(unit: Unit) -> bool:
    powers = dict(unit.powers)
    spent = [powers[u] for u in ("USD", "s", "J") if u in powers]
    return bool(spent) and all(power < 0 for power in spent)


def switched(cost: Cost, before: Mapping[Any, Any], after: Mapping[Any, Any]) -> str:
    """Which binding part changes between two points: ``MLP: weights -> math``."""
    first, then = standing(cost, before), standing(cost, after)
    words = []
    for e, tied in first.items():
        if not {*tied} & {*then.get(e, tied)}:
            words.append(f"{standing_as(cost, e, tied)} -> {standing_as(cost, e, then[e], inner=True)}")
    return ", ".join(words)


def _size(slope: Value | Kink) -> float:
    return max(abs(float(slope.below)), abs(float(slope.above))) if isinstance(slope, Kink) else abs(float(slope.number))
