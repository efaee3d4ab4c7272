"""``elasticity(cost, W_hbm)``: by how many percent a cost changes per percent of a symbol, symbolic and at a point.

The elasticity of a product is the sum of its factors', that of a sum the average weighted by the shares of its terms.
Where maxima stand, every case has its own; at a kink the two sides differ, and both are said.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import Given, bind, followed
from symroof.algebra.cost import Cost
from symroof.algebra.operands import called as name_of
from symroof.algebra.operands import rational
from symroof.algebra.quantity import show_number
from symroof.algebra.roots import PowerOfTwo
from symroof.algebra.symbols import DERATES, Symbol
from symroof.algebra.units import ONE
from symroof.algebra.value import Value
from symroof.analysis.slopes import ROUNDING, log_slope, same, slopes
from symroof.errors import InputError, NoClosedForm, SolveError, UnknownName, nearest, short
from symroof.solver.extremes import Extreme, Way, extremes, smooth, ways
from symroof.solver.facts import NOTHING
from symroof.solver.polynomial import sign, split


@dataclass(frozen=True)
class Case:
    """The elasticity where these parts win: ``name`` says which, ``when`` the comparisons under which they do."""

    name: str
    expr: sp.Expr
    when: tuple[sp.Rel, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Kink(show.Shown):
    """At a tie of two parts the elasticity is one number just ``below`` the point and another just ``above`` it."""

    below: Any
    above: Any
    symbol: sp.Symbol
    where: str = ""

    def __float__(self) -> float:
        raise InputError(f"the elasticity by {self.symbol} is {self!r}; take .below or .above")


def refuse_settled(cost: Cost, given: Given) -> None:
    """Refuse what has no elasticity in letters: a formula solved for a letter that others depend on, and move with."""
    if given.settled:
        x = given.settled[0]
        raise InputError(f"in {name_of(cost)} other letters depend on {x}, which follows from all values; compare .at(...) at two values")


@dataclass(frozen=True, eq=False, repr=False)
class Elasticity(show.Shown):
    """d ln(cost) / d ln(symbol): one formula, or one per case; ``.at(...)`` gives the number."""

    cost: Cost
    symbol: sp.Symbol
    sheets: tuple[Any, ...] = ()  # what .at was given so far
    values: Mapping[Any, Any] = field(default_factory=dict)

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """The elasticity where these and those parts win; empty if there are too many cases to list."""
        x = self.symbol
        try:
            found = [Case(_called(w, self.cost), log_slope(w.cost.expr, x), _relations(w, x)) for w in ways(self.cost)]
        except NoClosedForm:
            return ()
        if not (self.sheets or self.values):
            return _united(found)
        given = bind(self.free_symbols, self.sheets, self.values, self.cost.of)
        exact = {**given.exprs, **{s: rational(v) for s, v in given.numbers.items()}}
        return _at(found, exact, x)

    @property
    def expr(self) -> sp.Expr:
        """The elasticity as plain sympy, if it is the same in every case.

        Raises SolveError if it is not; see ``cases``.
        """
        if len(self.cases) != 1 or self.cases[0].when:
            raise SolveError(f"the elasticity of {name_of(self.cost)} by {self.symbol} has cases; look at .cases, or ask .at(...)")
        return self.cases[0].expr

    @property
    def free_symbols(self) -> set[sp.Symbol]:
        """The symbols that ``.at`` may be given."""
        return self.cost.free_symbols

    @property
    def jumps(self) -> bool:
        """Whether the symbol stands inside a ceiling or the like: the elasticity then holds away from its jumps."""
        return any(self.symbol in a.free_symbols for a in self.cost.expr.atoms(*ROUNDING))

    def at(self, *sheets: Any, **values: Any) -> Any:
        """The elasticity at these values, a Value (exact where possible) or, at a kink, a :class:`Kink`.

        What a model derives from the symbol, such as the experts that a batch hits, moves with it.
        With symbols left an Elasticity again; arrays broadcast. Raises InputError where the cost is 0.
        """
        all_sheets, all_values = (*self.sheets, *sheets), {**self.values, **values}
        moving = followed(self.free_symbols, self.symbol, all_sheets, all_values)
        if moving:
            return Elasticity(self.cost.map(lambda e: e.xreplace(moving)), self.symbol, self.sheets, self.values).at(*sheets, **values)
        given = bind(self.free_symbols, all_sheets, all_values, self.cost.of)
        refuse_settled(self.cost, given)
        if given.exprs or self.free_symbols - given.numbers.keys():
            if any(hasattr(v, "shape") for v in given.numbers.values()):
                missing = ", ".join(sorted(s.name for s in self.free_symbols - given.numbers.keys()))
                raise InputError(f"an array needs a value for every symbol; missing: {missing}")
            left = Elasticity(self.cost, self.symbol, all_sheets, all_values)
            known = left.cases[0].expr if len(left.cases) == 1 and not left.cases[0].when else None
            return left if known is None or not known.is_Rational else Value(Fraction(int(known.p), int(known.q)), ONE, self.symbol.name)
        return one(self.cost, self.symbol, given.numbers)


def elasticity(cost: Cost, symbol: sp.Symbol) -> Elasticity:
    """Percent that a cost changes per percent of one of its symbols.

    >>> from symroof.algebra.cost import Cost
    >>> from symroof.algebra.symbols import B, C, D, F, P, W_hbm, p
    >>> elasticity(Cost(P*p/W_hbm, "s", "weights"), W_hbm)
    -1
    >>> mlp = (Cost(2*B*D*F/C, "s", "math") | Cost(p*D*F/W_hbm, "s", "hbm")).named("MLP")
    >>> elasticity(mlp, W_hbm)
    elasticity of MLP by W_hbm
      math   0    when W_hbm >= C*p/(2*B)
      hbm    -1   when W_hbm <= C*p/(2*B)

    Raises UnknownName if the symbol does not occur in the cost, SolveError if the cost is 0 or a symbol not positive.
    """
    check(cost)
    cost = cost.expand(symbol)
    check(cost, symbol)
    return Elasticity(cost, symbol)


def one(cost: Cost, symbol: sp.Symbol, numbers: Mapping[Any, Any]) -> Any:
    """The elasticity where every symbol has a number: a Value or a Kink."""
    found = slopes(cost.expr, (symbol,), numbers)
    nothing = found.value == 0
    if nothing.any() if hasattr(nothing, "any") else nothing:
        raise InputError(f"{name_of(cost)} is 0 at these values, and no percentage of nothing; give values at which it is not")
    if hasattr(found.value, "shape"):
        import numpy as np

        sides = (np.asarray(side, dtype=np.float64) for side in (found.below, found.above))
        below, above = (np.broadcast_to(side, found.value.shape).copy() for side in sides)
        return Value(above, ONE, symbol.name) if same(below, above).all() else Kink(below, above, symbol)
    if found.kink:
        return Kink(found.below, found.above, symbol, _ties(cost, symbol, numbers))
    inside = ", ".join(_jumping(cost, symbol, numbers))
    note = f"{show_number(float(found.above))} away from the jump of {inside} at this very point" if inside else ""
    return Value(found.above, ONE, symbol.name, note=note)


def standing(cost: Cost, numbers: Mapping[Any, Any]) -> dict[Extreme, tuple[int, ...]]:
    """For every maximum that matters at a point, the parts that are it there."""
    found: dict[Extreme, tuple[int, ...]] = {}
    made: dict[Extreme, int] = {}
    while open_ := next((e for e in extremes(cost, made) if e not in made), None):
        worths = [slopes(part.expr, (), numbers).value for _, part in open_.parts]
        most = max(worths) if open_.largest else min(worths)
        found[open_] = tuple(i for i, worth in enumerate(worths) if same(worth, most))
        made[open_] = found[open_][0]
    return found


def standing_as(cost: Cost, extreme: Extreme, parts: Iterable[int], inner: bool = False) -> str:
    """Parts of a maximum in words: ``MLP: math = weights``, or without the name of the whole."""
    whole = f"{extreme.name}: " if extreme.name and extreme.expr != cost.expr and not inner else ""
    return whole + " = ".join(sorted(_part(extreme, i) for i in parts))


def _part(extreme: Extreme, i: int) -> str:
    return extreme.parts[i][0] or short(extreme.called(i), 50)[1:-1]


def _ties(cost: Cost, symbol: sp.Symbol, numbers: Mapping[Any, Any]) -> str:
    """Which parts of which maxima are equal, and part here."""
    words = []
    for extreme, tied in standing(cost, numbers).items():
        each = [slopes(extreme.parts[i][1].expr, (symbol,), numbers) for i in tied]
        if len({(e.below, e.above) for e in each}) > 1:
            words.append(standing_as(cost, extreme, tied))
    return " and ".join(words)


def _jumping(cost: Cost, symbol: sp.Symbol, numbers: Mapping[Any, Any]) -> Iterator[str]:
    """What jumps at this very point, of all that is rounded and counts."""
    if not cost.expr.has(*ROUNDING):
        return
    left = smooth(cost, {extreme: tied[0] for extreme, tied in standing(cost, numbers).items()})
    for node in sorted(left.expr.atoms(*ROUNDING), key=sp.default_sort_key):
        inside = slopes(node.args[0], (symbol,), numbers)
        whole = inside.value == int(inside.value)
        if isinstance(node, PowerOfTwo):
            whole = whole and inside.value >= 1 and int(inside.value).bit_count() == 1
        if whole and (inside.below or inside.above):
            yield show.text(node)


def check(cost: Any, *symbols: Any) -> None:
    """Refuse what is no cost, no symbol of it, or may be negative."""
    if not isinstance(cost, Cost):
        raise SolveError(f"{short(cost)} is no cost; write e.g. elasticity(t['hbm'], W_hbm), or Cost(expr, unit)")
    if cost.expr.is_zero:
        raise SolveError(f"{name_of(cost)} is 0, and no percentage of nothing")
    known = cost.free_symbols
    loose = sorted(s.name for s in known if not s.is_positive)
    if loose:
        raise SolveError(f"{loose[0]} may be negative or complex; declare it with symbol({loose[0]!r}, unit), which is positive")
    for symbol in symbols:
        if not isinstance(symbol, sp.Symbol):
            raise SolveError(f"{short(symbol)} is no symbol; ask for one, e.g. elasticity(cost, W_hbm) with W_hbm from symroof.symbols")
        if symbol not in known:
            raise UnknownName(f"{symbol} does not occur in {name_of(cost)}; {_instead(symbol, known)}")


def _instead(symbol: sp.Symbol, known: set[sp.Symbol]) -> str:
    twin = [s for s in known if s.name == symbol.name]
    if twin and isinstance(twin[0], Symbol):
        return f"there is another {symbol} in {twin[0].unit}, yours is in {getattr(symbol, 'unit', '1')}"
    scaled = [rate.name for rate in DERATES.get(symbol, ()) if rate in known]
    if scaled:
        return f"it scales {' and '.join(scaled)}, so ask for the elasticity by {scaled[0]}"
    return nearest(symbol.name, [s.name for s in known])


def _called(way: Way, cost: Cost) -> str:
    """What to call a case: the part that wins in every maximum, by its path; of one that is a maximum again the part of that."""
    inner = {e.expr for e in way.made}
    names = []
    for e, i in way.made.items():
        if e.parts[i][1].expr not in inner:
            whole = "" if e.expr == cost.expr else e.name
            names.append("/".join(filter(None, (whole, _part(e, i)))))
    return ", ".join(dict.fromkeys(names))


def _relation(above: sp.Expr, below: sp.Expr, x: sp.Symbol) -> sp.Basic:
    """``above >= below`` as a reader writes it: positive terms on both sides, the symbol alone where that is easy."""
    top, bottom = sp.fraction(sp.together(above - below))
    if sign(bottom) != 1:
        return sp.Ge(above, below, evaluate=False)
    known = sign(top)
    if known is not None:
        return sp.true if known >= 0 else sp.false
    plus, minus = split(top)
    ratio = plus / minus
    if x not in ratio.free_symbols and len(ratio.free_symbols) == 1:
        (x,) = ratio.free_symbols
    power = ratio.as_powers_dict().get(x, sp.Integer(0))
    if abs(power) == 1 and not (ratio / x**power).has(x):
        rest = x**power / ratio
        return sp.Ge(x, rest, evaluate=False) if power == 1 else sp.Le(x, 1 / rest, evaluate=False)
    return sp.Ge(*sp.fraction(ratio), evaluate=False)


def _relations(way: Way, x: sp.Symbol) -> tuple[sp.Rel, ...]:
    found = dict.fromkeys(_relation(above, below, x) for above, below, _ in way.when)
    return NOTHING.without_implied(r for r in found if r is not sp.true)


def _united(found: list[Case]) -> tuple[Case, ...]:
    """One case without conditions if all say the same."""
    if len({c.expr for c in found}) == 1:
        return (Case(found[0].name if len(found) == 1 else "", found[0].expr),)
    return tuple(found)


def _at(found: list[Case], exact: Mapping[sp.Symbol, sp.Expr], x: sp.Symbol) -> tuple[Case, ...]:
    """The cases with values put in, less those that these values rule out."""
    kept = []
    for case in found:
        rels = [_relation(r.gts.xreplace(dict(exact)), r.lts.xreplace(dict(exact)), x) for r in case.when]
        if sp.false not in rels:
            kept.append(Case(case.name, sp.factor_terms(case.expr.xreplace(dict(exact))), tuple(r for r in rels if r is not sp.true)))
    return _united(kept)


def degree(cost: Cost, symbols: Iterable[sp.Symbol] | sp.Symbol | None = None) -> sp.Rational:
    """The degree of homogeneity in these symbols, all of the cost by default: the elasticities by them sum to it.

    >>> from symroof.algebra.symbols import B, C, D, F, W_hbm, p
    >>> step = Cost(2*B*D*F/C, "s", "math") | Cost(p*D*F/W_hbm, "s", "hbm")
    >>> degree(step, (C, W_hbm))
    -1
    >>> degree(step, B)
    Traceback (most recent call last):
    symroof.errors.SolveError: Max(2*B*D*F/C, D*F*p/W_hbm) is not homogeneous in B: its degree is 0 at one place and 1 at another

    Raises SolveError, with two places where the degree differs, for a cost that is not homogeneous in them.
    """
    check(cost)
    listed = tuple(cost.free_symbols) if symbols is None else tuple(symbols) if isinstance(symbols, Iterable) else (symbols,)
    check(cost, *listed)
    scale = sp.Dummy("k", positive=True)
    scaled = cost.map(lambda e: e.xreplace({s: s * scale for s in listed}))
    found = _power(scaled.expr, scale)
    if found is None:  # else the one that it grows with whichever parts win
        with suppress(NoClosedForm):
            each = {_power(way.cost.expr, scale) for way in ways(scaled)}
            found = each.pop() if len(each) == 1 else None
    if found is None:
        raise SolveError(_why_not(cost, frozenset(listed)))
    return found


def _power(expr: sp.Expr, scale: sp.Symbol) -> sp.Rational | None:
    """The power of the scale that an expression grows with, if it is one and the form says so."""
    if any(a.has(scale) for a in expr.atoms(*ROUNDING)):
        return None
    found = sp.cancel(log_slope(expr, scale))
    return found if found.is_Rational else None


def _why_not(cost: Cost, asked: frozenset[sp.Symbol]) -> str:
    """Two places where the degree differs, if a few random ones show it."""
    names = ", ".join(sorted(show.text(s) for s in asked))
    chance = random.Random(0)
    seen: list[float] = []
    for _ in range(60):
        values = {s: Fraction(10) ** chance.randint(-6, 6) * chance.randint(1, 9) for s in cost.free_symbols}
        values = dict(sorted(values.items(), key=lambda item: str(item[0])))
        try:
            found = slopes(cost.expr, asked, values)
        except InputError:
            continue
        if found.value and not found.kink:
            seen.append(round(float(found.above), 6) + 0.0)
    low, high = (show_number(f(seen, default=0.0), 3) for f in (min, max))
    if low != high:
        return f"{name_of(cost)} is not homogeneous in {names}: its degree is {low} at one place and {high} at another"
    return f"whether {name_of(cost)} is homogeneous in {names} could not be shown; ask elasticity(...).at(...) for each symbol"
