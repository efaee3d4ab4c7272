"""``elasticity(cost, W_hbm)``: by how many percent a cost changes per percent of a symbol, symbolic and at a point.

The elasticity of a product is the sum of its factors', that of a sum the average weighted by the shares of its terms.
Where maxima stand, every case has its own; at a kink the two sides differ, and both are said.
"""

from __future__ import annotations

from collections.abc import Mapping
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
from symroof.algebra.symbols import DERATES, Symbol
from symroof.algebra.units import ONE
from symroof.algebra.value import Value
from symroof.analysis.cases import Pair, called, cases, label, labels, relation
from symroof.analysis.log_slope import log_slope
from symroof.analysis.slopes import ROUNDING, Slopes, same, slopes
from symroof.errors import InputError, SolveError, UnknownName, nearest, short
from symroof.solver.branches import NoClosedForm
from symroof.solver.facts import NOTHING


@dataclass(frozen=True)
class Case:
    """The elasticity where these parts win: ``name`` says which, ``when`` the comparisons under which they do."""

    name: str
    expr: sp.Expr
    when: tuple[sp.Rel, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Kink:
    """At a tie of two parts the elasticity is one number just ``below`` the point and another just ``above`` it."""

    below: Any
    above: Any
    symbol: sp.Symbol
    where: str = ""

    def __float__(self) -> float:
        raise InputError(f"the elasticity by {self.symbol} is {self!r}; take .below or .above")

    def __repr__(self) -> str:
        if hasattr(self.below, "shape") or hasattr(self.above, "shape"):
            return f"two-sided array; at kinks .below and .above differ (by {self.symbol})"
        at = f" at the kink of {self.where}" if self.where else " at a kink"
        return f"{show_number(float(self.below))} to {show_number(float(self.above))}{at}"

    def _repr_html_(self) -> str:
        return show.html(self)


def refuse_settled(cost: Cost, given: Given) -> None:
    """Refuse what has no elasticity in letters: a formula solved for a letter that others depend on, and move with."""
    if given.settled:
        x = given.settled[0]
        raise InputError(f"in {name_of(cost)} other letters depend on {x}, which follows from all values; compare .at(...) at two values")


@dataclass(frozen=True, eq=False, repr=False)
class Elasticity:
    """d ln(cost) / d ln(symbol): one formula, or one per case; ``.at(...)`` gives the number."""

    cost: Cost
    symbol: sp.Symbol
    sheets: tuple[Any, ...] = ()  # what .at was given so far
    values: Mapping[Any, Any] = field(default_factory=dict)

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """The elasticity where these and those parts win; empty if there are too many cases to list."""
        try:
            smooth = cases(self.cost.expr)
        except NoClosedForm:
            return ()
        names, x = labels(self.cost), self.symbol
        found = [Case(called(c, names), log_slope(c.expr, x), _relations(c.when, x)) for c in smooth]
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

    # -- how it looks
    def __repr__(self) -> str:
        title = f"elasticity of {name_of(self.cost)} by {self.symbol}"
        away = "   away from jumps" if self.jumps else ""
        if not self.cases:
            return f"{title}: its maxima make too many cases to list; ask .at(...)"
        if len(self.cases) == 1 and not self.cases[0].when:
            return show.text(self.cases[0].expr) + away
        names, exprs = [c.name for c in self.cases], [show.text(c.expr) for c in self.cases]
        wide, long = max(map(len, names)), max(map(len, exprs))
        rows = [
            f"  {n:<{wide}}  {e:<{long}}   when {' and '.join(map(show.text, c.when))}"
            for n, e, c in zip(names, exprs, self.cases, strict=True)
        ]
        return "\n".join([title + away, *rows])

    def latex(self) -> str:
        """LaTeX: the formula, or the cases in braces."""
        if not self.cases:
            return rf"\text{{{show.escape(repr(self))}}}"
        if len(self.cases) == 1 and not self.cases[0].when:
            return show.latex(self.cases[0].expr)
        rows = [rf"{show.latex(c.expr)} & \text{{if }} " + r" \text{ and } ".join(map(show.latex, c.when)) for c in self.cases]
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"

    def _latex(self, printer: object) -> str:  # for sympy.latex
        return self.latex()

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def _repr_html_(self) -> str:
        return show.html(self)


def elasticity(cost: Cost, symbol: sp.Symbol) -> Elasticity:
    """Percent that a cost changes per percent of one of its symbols.

    >>> from symroof.algebra.cost import Cost
    >>> from symroof.algebra.symbols import B, C, D, F, P, W_hbm, p
    >>> elasticity(Cost(P*p/W_hbm, "s", "weights"), W_hbm)
    -1
    >>> mlp = (Cost(2*B*D*F/C, "s", "math") | Cost(p*D*F/W_hbm, "s", "hbm")).named("MLP")
    >>> elasticity(mlp, W_hbm)
    elasticity of MLP by W_hbm
      math  0    when W_hbm >= C*p/(2*B)
      hbm   -1   when W_hbm <= C*p/(2*B)

    Raises UnknownName if the symbol does not occur in the cost, SolveError if the cost is 0 or a symbol not positive.
    """
    check(cost)
    cost = cost.expand(symbol)
    check(cost, symbol)
    return Elasticity(cost, symbol)


def one(cost: Cost, symbol: sp.Symbol, numbers: Mapping[Any, Any]) -> Any:
    """The elasticity where every symbol has a number: a Value or a Kink."""
    found = slopes(cost.expr, (symbol,), numbers)
    _refuse_zero(cost, found)
    if hasattr(found.value, "shape"):
        below, above = (_spread(side, found.value) for side in (found.below, found.above))
        return Value(above, ONE, symbol.name) if same(below, above).all() else Kink(below, above, symbol)
    if found.kink:
        return Kink(found.below, found.above, symbol, ties(cost, found))
    inside = ", ".join(show.text(j) for j in found.jumps)
    note = f"{show_number(float(found.above))} away from the jump of {inside} at this very point" if inside else ""
    return Value(found.above, ONE, symbol.name, note=note)


def ties(cost: Cost, found: Slopes) -> str:
    """Which parts of which maxima are equal: ``MLP: math = weights``."""
    names = labels(cost)
    words = []
    for extreme, tied in found.ties:
        parts = [label(a, names) for a in tied]
        whole = names.get(extreme, "")
        inside = f"{whole}/"
        words.append((f"{whole}: " if whole else "") + " = ".join(sorted(p.removeprefix(inside) for p in parts)))
    return " and ".join(words)


def _spread(slope: Any, value: Any) -> Any:
    """A slope in the shape of the value, though it be the same everywhere."""
    import numpy as np

    return np.broadcast_to(np.asarray(slope, dtype=np.float64), np.shape(value)).copy()


def _refuse_zero(cost: Cost, found: Slopes) -> None:
    nothing = found.value == 0
    if nothing.any() if hasattr(nothing, "any") else nothing:
        raise InputError(f"{name_of(cost)} is 0 at these values, and no percentage of nothing; give values at which it is not")


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


def _relations(when: tuple[Pair, ...], x: sp.Symbol) -> tuple[sp.Rel, ...]:
    found = dict.fromkeys(relation(above, below, x) for above, below in when)
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
        rels = [relation(*_sides(r, exact), x) for r in case.when]
        if sp.false not in rels:
            kept.append(Case(case.name, sp.factor_terms(case.expr.xreplace(dict(exact))), tuple(r for r in rels if r is not sp.true)))
    return _united(kept)


def _sides(rel: sp.Rel, exact: Mapping[sp.Symbol, sp.Expr]) -> tuple[sp.Expr, sp.Expr]:
    above, below = (rel.lhs, rel.rhs) if isinstance(rel, (sp.Ge, sp.Gt)) else (rel.rhs, rel.lhs)
    return above.xreplace(dict(exact)), below.xreplace(dict(exact))
