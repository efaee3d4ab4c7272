"""``regimes(cost, along=B)``: the breakpoints of a cost along one symbol, and what binds and dominates between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import bind
from symroof.algebra.claims import Claims
from symroof.algebra.cost import Condition, Cost
from symroof.algebra.operands import rational
from symroof.analysis.walk import Case, Decided, Line, Walk, cases, facts_of
from symroof.errors import InputError, SolveError, nearest, short
from symroof.solver.extremes import smooth, won
from symroof.solver.facts import Facts


@dataclass(frozen=True, repr=False)
class Regime(show.Shown):
    """One interval: ``low <= x <= high`` (0 and oo for no end), what wins each maximum, what weighs most, and the cost there.

    ``cost`` is without maxima; ``winners`` are pairs of a maximum (its name, or its formula) and the part that wins it.
    """

    symbol: sp.Symbol
    low: sp.Expr
    high: sp.Expr
    winners: tuple[tuple[str, str], ...]
    dominant: str
    cost: Cost

    def __contains__(self, x: Any) -> bool:
        return bool(self.low <= rational(x) <= self.high)

    @property
    def binds(self) -> str:
        """What wins, as text: ``MLP: weights``."""
        return ", ".join(f"{where}: {who}" if where else who for where, who in self.winners)


Line_ = tuple[Regime, ...]


@dataclass(frozen=True, repr=False)
class Regimes(Decided[Line_], show.Shown):
    """The regimes of a cost along one symbol, by case: each case says which comparisons decide for it.

    Iterating, ``breakpoints`` and ``len`` are those of the only case; ``.at(...)`` decides between several. Where there is
    no closed form, or the cases are too many, ``reason`` says so and ``.at(...)`` with all other values still answers.
    """

    cost: Cost
    symbol: sp.Symbol
    cases: tuple[Case[Line_], ...]
    given: tuple[sp.Rel, ...] = ()
    dominance: bool = True
    reason: str = ""

    what = "which regimes there are"

    @property
    def regimes(self) -> Line_:
        """The intervals in order. Raises SolveError, naming the comparison that decides, if there are several cases."""
        return self.only

    @property
    def breakpoints(self) -> tuple[sp.Expr, ...]:
        """Where the regime changes, in order."""
        return tuple(r.high for r in self.regimes[:-1])

    def __iter__(self) -> Iterator[Regime]:
        return iter(self.regimes)

    def __len__(self) -> int:
        return len(self.regimes)

    def at(self, *sheets: Any, **values: Any) -> Any:
        """The regimes at these values, symbols left staying symbols; with a value for the symbol too, the regime it is in."""
        asked = values.pop(self.symbol.name, None)
        put = putting(self.cost.free_symbols, self.cost.of, (self.symbol,), "regimes are", sheets, values)
        found = along_one(self.cost.map(put), self.symbol, tuple(map(put, self.given)), self.dominance)
        return found if asked is None else found.of(asked)

    def of(self, x: Any) -> Regime:
        """The regime that a value of the symbol lies in; of the only case, its ends numbers."""
        if any(r.high.free_symbols for r in self.regimes):
            raise InputError(f"where {self.symbol} = {short(x)} lies depends on values; give them to .at(...)")
        number = bind({self.symbol}, (), {self.symbol.name: x}).numbers[self.symbol]
        return next(r for r in self.regimes if number in r)


def along_one(cost: Cost, x: sp.Symbol, given: tuple[sp.Rel, ...], dominance: bool) -> Regimes:
    """``regimes(cost, along=x)`` after its arguments are known to be a cost and a symbol of it."""
    facts = facts_of(given)
    try:
        return Regimes(cost, x, cases(partial(_walked, cost, x, dominance), facts), given, dominance)
    except SolveError as problem:
        if cost.free_symbols == {x}:
            raise
        return Regimes(cost, x, (), given, dominance, str(problem))


def putting(free: set[sp.Symbol], of: Claims, over: tuple[sp.Symbol, ...], what: str, sheets: Any, values: Any) -> Callable[[Any], Any]:
    """What puts values into expressions and relations, exactly; symbols in ``over`` stay. Raises InputError for an array."""
    found = bind(free - set(over), sheets, values, of, over)
    arrays = [s for s, v in found.numbers.items() if hasattr(v, "shape")]
    if arrays:
        raise InputError(f"{arrays[0]} is an array; {what} found for one set of values at a time")
    exprs, numbers = dict(found.exprs), {s: rational(v) for s, v in found.numbers.items()}

    def put(expr: Any) -> Any:
        if isinstance(expr, sp.Rel):
            return expr.func(put(expr.lhs), put(expr.rhs), evaluate=False)
        return expr.xreplace(exprs).xreplace(numbers)

    return put


def relations(given: Iterable[Any]) -> Iterator[sp.Rel]:
    """Conditions or sympy relations as sympy relations."""
    for condition in given:
        if isinstance(condition, Condition):
            yield condition.expr
        elif isinstance(condition, sp.Rel):
            yield condition
        else:
            raise InputError(f"{short(condition)} is no condition; give e.g. given=[S >= 1024] with S from symroof.symbols")


def _walked(cost: Cost, x: sp.Symbol, dominance: bool, facts: Facts) -> Line_:
    """The walk itself, from 0 up, in one case."""
    walk = Walk(Line(x, facts), cost, over=(x,) if dominance else ())
    found: list[Regime] = []
    while True:
        walk.settle()
        low, high = walk.place, walk.ahead()
        if high is sp.oo or walk.line.order(high, low) != 0:
            dominant = next((c.called(i) for c, i in walk.made.items() if c.heaviest), "")
            found.append(Regime(x, low, high, won(cost, walk.made), dominant, smooth(cost, walk.made)))
        if high is sp.oo:
            return tuple(_joined(found))
        walk.go(high)


def _joined(found: list[Regime]) -> Iterator[Regime]:
    """Neighbours that say the same, as one."""
    for _, same in groupby(found, key=lambda r: replace(r, low=sp.oo, high=sp.oo)):
        first, *rest = same
        yield replace(first, high=rest[-1].high) if rest else first


def known_symbol(cost: Cost, x: Any) -> sp.Symbol:
    """The symbol, if the cost depends on it."""
    if not isinstance(x, sp.Symbol):
        known = ", ".join(sorted(s.name for s in cost.free_symbols))
        raise InputError(f"{short(x)} is no symbol; give one of {known} from symroof.symbols")
    if x not in cost.free_symbols:
        raise InputError(f"{x} does not occur in {cost.name or short(cost.expr)}; {nearest(x.name, [s.name for s in cost.free_symbols])}")
    return x
