"""``regimes(cost, along=B)``: the breakpoints of a cost along one symbol, and what binds and dominates between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import bind
from symroof.algebra.condition import Condition
from symroof.algebra.cost import Cost
from symroof.algebra.operands import rational
from symroof.algebra.quantity import show_quantity
from symroof.analysis.choices import Choice, choices, smooth, summands
from symroof.analysis.envelope import rivals, settle
from symroof.analysis.walk import Case, Impossible, Line, cases
from symroof.errors import InputError, SolveError, nearest, short
from symroof.solver.facts import Facts

_MOST = 64


@dataclass(frozen=True)
class Regime:
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
    def interval(self) -> str:
        """The interval as text, numbers with their unit."""
        x, low, high = self.symbol.name, _end(self.symbol, self.low), _end(self.symbol, self.high)
        if self.high is sp.oo:
            return f"{x} >= {low}" if self.low != 0 else f"any {x}"
        return f"{x} <= {high}" if self.low == 0 else f"{low} <= {x} <= {high}"

    @property
    def binds(self) -> str:
        """What wins, as text: ``MLP: weights``."""
        return ", ".join(f"{where}: {who}" if where else who for where, who in self.winners)

    def latex(self) -> str:
        """A row of a table: the interval, what binds, the cost."""
        x, low, high = (show.latex(e) for e in (self.symbol, self.low, self.high))
        between = rf"{x} \ge {low}" if self.high is sp.oo else rf"{x} \le {high}" if self.low == 0 else rf"{low} \le {x} \le {high}"
        return rf"{between} & \text{{{show.escape(self.binds)}}} & {show.latex(self.cost.expr)}"

    def _repr_html_(self) -> str:
        return show.html(self)


Line_ = tuple[Regime, ...]


@dataclass(frozen=True, repr=False)
class Regimes:
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

    @property
    def regimes(self) -> Line_:
        """The intervals in order. Raises SolveError, naming the comparison that decides, if there are several cases."""
        if self.reason:
            raise SolveError(f"{self.reason}; give the other values to .at(...)")
        if len(self.cases) != 1:
            raise SolveError(f"which regimes there are depends on {self.deciding}; add it to given=[...], or give values to .at(...)")
        return self.cases[0].result

    @property
    def deciding(self) -> str:
        """The comparisons that decide between the cases."""
        every = dict.fromkeys(show.text(rel) for case in self.cases for rel in case.when)
        return " and ".join(every)

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
        given = bind(self.cost.free_symbols - {self.symbol}, sheets, values, self.cost.of, (self.symbol,))
        arrays = [s for s, v in given.numbers.items() if hasattr(v, "shape")]
        if arrays:
            raise InputError(f"{arrays[0]} is an array; regimes are found for one set of values at a time")
        numbers = {s: rational(v) for s, v in given.numbers.items()}
        put = {**given.exprs, **numbers}
        cost = self.cost.map(lambda e: e.xreplace(dict(given.exprs)).xreplace(numbers))
        still = tuple(rel.func(rel.lhs.xreplace(put), rel.rhs.xreplace(put), evaluate=False) for rel in self.given)
        found = _regimes(cost, self.symbol, still, self.dominance)
        return found if asked is None else found.of(asked)

    def of(self, x: Any) -> Regime:
        """The regime that a value of the symbol lies in; of the only case, its ends numbers."""
        if any(r.high.free_symbols for r in self.regimes):
            raise InputError(f"where {self.symbol} = {short(x)} lies depends on values; give them to .at(...)")
        number = bind({self.symbol}, (), {self.symbol.name: x}).numbers[self.symbol]
        return next(r for r in self.regimes if number in r)

    def __repr__(self) -> str:
        title = f"regimes of {self.cost.name or show.text(self.cost.expr)} along {self.symbol}"
        if self.reason:
            return f"{title}: {self.reason}; evaluated by .at(...)"
        if len(self.cases) == 1 and not self.cases[0].when:
            return "\n".join([title, *_table(self.cases[0].result, "  ")])
        blocks = [title]
        for case in self.cases:
            blocks += [f"  when {' and '.join(map(show.text, case.when))}", *_table(case.result, "    ")]
        return "\n".join(blocks)

    def latex(self) -> str:
        """A ``cases`` environment for each case: cost by interval."""
        blocks = []
        for case in self.cases:
            rows = r" \\[1ex] ".join(rf"\displaystyle {show.latex(r.cost.expr)} & {r.latex().split(' & ')[0]}" for r in case.result)
            when = r" \quad\text{when } " + r" \text{ and } ".join(map(show.latex, case.when)) if case.when else ""
            blocks.append(rf"\begin{{cases}} {rows} \end{{cases}}{when}")
        return r" \\[1ex] ".join(blocks)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def _repr_html_(self) -> str:
        return show.html(self)


def along_one(cost: Cost, x: sp.Symbol, given: Sequence[Any], dominance: bool) -> Regimes:
    """``regimes(cost, along=x)`` after its arguments are known to be a cost and a symbol of it."""
    return _regimes(cost, x, tuple(relations(given)), dominance)


def _regimes(cost: Cost, x: sp.Symbol, given: tuple[sp.Rel, ...], dominance: bool) -> Regimes:
    facts = Facts.of(given)
    if facts.contradict:
        raise SolveError(f"the given conditions contradict each other: {', '.join(map(show.text, given))}")
    try:
        return Regimes(cost, x, cases(partial(_walked, cost, x, dominance), facts), given, dominance)
    except SolveError as problem:
        if cost.free_symbols == {x}:
            raise
        return Regimes(cost, x, (), given, dominance, str(problem))


def relations(given: Iterable[Any]) -> Iterator[sp.Rel]:
    """Conditions or sympy relations as sympy relations."""
    for condition in given:
        if isinstance(condition, Condition):
            yield condition.expr
        elif isinstance(condition, (sp.Rel, bool)) and not isinstance(condition, bool):
            yield condition
        else:
            raise InputError(f"{short(condition)} is no condition; give e.g. given=[S >= 1024] with S from symroof.symbols")


def _walked(cost: Cost, x: sp.Symbol, dominance: bool, facts: Facts) -> Line_:
    """The walk itself, from 0 up, in one case."""
    line = Line(x, facts)
    made: dict[Choice, int] = {}
    place: sp.Expr = sp.Integer(0)
    found: list[Regime] = []
    lead: int | None = None
    seen: set[Any] = set()
    while True:
        settle(line, cost, made, place)
        left = smooth(cost, made) if dominance else cost
        terms = summands(left, x) if dominance else ()
        terms = terms if len(terms) > 1 else ()
        if terms and (lead is None or left.join != "sum"):
            lead = line.best([e for _, e in terms], place)
        state = (place, frozenset(made.items()), lead)
        if state in seen:
            raise Impossible
        if len(seen) > _MOST:
            raise SolveError(f"{short(cost.name or cost.expr)} changes its regime along {x} more than {_MOST} times")
        seen.add(state)
        events: list[tuple[sp.Expr, Choice | None, int]] = [(at, choice, rival) for choice, rival, at in rivals(line, cost, made, place)]
        if terms and lead is not None:
            events += [
                (at, None, i)
                for i, (_, e) in enumerate(terms)
                if i != lead and (at := line.overtaken(terms[lead][1], e, place)) is not None
            ]
        end = line.least([at for at, _, _ in events]) if events else sp.oo
        if end is sp.oo or line.order(end, place) != 0:
            found.append(_regime(x, (place, end), cost, made, terms[lead][0] if terms and lead is not None else ""))
        if end is sp.oo:
            return tuple(_joined(found))
        _, choice, rival = next(e for e in events if e[0] == end)
        place = end
        if choice is None:
            lead = rival
        else:
            made = {**made, choice: rival}


def _regime(x: sp.Symbol, ends: tuple[sp.Expr, sp.Expr], cost: Cost, made: dict[Choice, int], dominant: str) -> Regime:
    winners = tuple(("" if c.expr == cost.expr else c.name, c.called(made[c])) for c in choices(cost, made) if len(c.parts) > 1)
    return Regime(x, *ends, winners, dominant, smooth(cost, made))


def _joined(found: list[Regime]) -> Iterator[Regime]:
    """Neighbours that say the same, as one."""
    last: Regime | None = None
    for regime in found:
        if last is not None and replace(regime, low=last.low, high=last.high) == last:
            last = replace(last, high=regime.high)
            continue
        if last is not None:
            yield last
        last = regime
    if last is not None:
        yield last


def _table(found: Line_, indent: str) -> Iterator[str]:
    rows = [(r.interval, r.binds, f"mostly {r.dominant}" if r.dominant else "", show.text(show.readable(r.cost.expr))) for r in found]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False) if width]
        yield (indent + "   ".join([*cells, row[3]])).rstrip()


def _end(x: sp.Symbol, end: sp.Expr) -> str:
    return show_quantity(float(end), x.unit) if end.is_number and end is not sp.oo else show.text(end)


def regimes(cost: Any, along: Any = None, over: Any = None, given: Sequence[Any] = (), dominance: bool = True) -> Any:
    """What binds where: along one symbol (breakpoints), or over two (polygons in log-log space).

    ``given`` are conditions that are known to hold; ``dominance=False`` leaves out which summand weighs most.

    >>> from symroof import decode
    >>> from symroof.symbols import B
    >>> regimes(decode.step()["MLP"], along=B)
    regimes of MLP along B
      B <= C*p_w/(2*W_hbm)   weights   P*p_w/(W_hbm*n)
      B >= C*p_w/(2*W_hbm)   math      2*B*P/(C*n)

    Raises InputError for what is no cost or no symbol of it, SolveError for conditions that contradict each other.
    """
    if not isinstance(cost, Cost):
        raise InputError(f"{short(cost)} is no cost; give e.g. decode.step()")
    if (along is None) == (over is None):
        raise InputError("say along which symbol, e.g. along=B, or over which two, e.g. over=(B, S)")
    cost = cost.expand(*(over if isinstance(over, (tuple, list)) else (along,)))
    if along is not None:
        return along_one(cost, known_symbol(cost, along), given, dominance)
    from symroof.analysis.regions import over_two

    return over_two(cost, over, given, dominance)


def known_symbol(cost: Cost, x: Any) -> sp.Symbol:
    """The symbol, if the cost depends on it."""
    if not isinstance(x, sp.Symbol):
        known = ", ".join(sorted(s.name for s in cost.free_symbols))
        raise InputError(f"{short(x)} is no symbol; give one of {known} from symroof.symbols")
    if x not in cost.free_symbols:
        raise InputError(f"{x} does not occur in {cost.name or short(cost.expr)}; {nearest(x.name, [s.name for s in cost.free_symbols])}")
    return x
