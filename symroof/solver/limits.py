"""``limit(cost, large=(D, F))``: what a cost comes to as symbols grow without bound or vanish, and how far off that is.

Of a sum the terms of fastest growth are kept, of a ratio those of its numerator and of its denominator, of a maximum
the parts that grow fastest. Symbols that are named together grow together, at the same rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import bind
from symroof.algebra.claims import together
from symroof.algebra.cost import Cost, changed
from symroof.algebra.deviation import Deviation, deviation, values_of
from symroof.algebra.units import Unit
from symroof.algebra.value import Value
from symroof.errors import InputError, SolveError, short
from symroof.solver.polynomial import expand, sign

Weights = Mapping[sp.Symbol, int]
Grown = tuple[sp.Expr, sp.Rational]  # what is left of an expression, and the power with which it grows
_ZERO = sp.Integer(0)


@dataclass(frozen=True, repr=False)
class Limit:
    """What a cost comes to (``cost``), beside the exact one it stands for; ``.at`` says where it is more than 5 % off."""

    cost: Cost
    exact: Cost
    weights: tuple[tuple[sp.Symbol, int], ...]

    @property
    def unit(self) -> Unit:
        """The unit of the cost."""
        return self.cost.unit

    def at(self, *sheets: Any, **values: Any) -> Any:
        """The Value of the limit, with its ``error`` if every symbol has a value; a Limit again as long as symbols are left."""
        given = bind(self.exact.free_symbols | self.cost.free_symbols, sheets, values, together(self.exact.of, self.cost.of))
        found = self.cost.put(given)
        if not isinstance(found, Value):
            exact = self.exact.put(given)
            return Limit(found, exact, tuple((s, w) for s, w in self.weights if s in exact.free_symbols))
        if found.is_array or given.exprs or self.exact.free_symbols - given.numbers.keys():
            return found
        exact = self.exact.put(given)
        at = values_of((s for s, _ in self.weights), given.numbers)
        return found if exact.is_array else replace(found, error=deviation(found, exact, at))

    def error(self, *sheets: Any, **values: Any) -> Deviation:
        """The exact relative error of the limit at values for all symbols.

        Raises InputError if a symbol has no value, and for arrays.
        """
        found = self.at(*sheets, **values)
        if isinstance(found, Value) and isinstance(found.error, Deviation):
            return found.error
        given = bind(self.exact.free_symbols, sheets, values, self.exact.of)
        missing = sorted(s.name for s in self.exact.free_symbols - given.numbers.keys())
        cure = f"missing: {', '.join(missing)}" if missing else "give one set of values at a time"
        raise InputError(f"the error of a limit needs a number for every symbol; {cure}")

    def __repr__(self) -> str:
        named = [(word, [s.name for s, w in self.weights if w == sense]) for word, sense in (("large", 1), ("small", -1))]
        words = " and ".join(f"{word} {', '.join(names)}" for word, names in named if names)
        if not words:
            return f"{self.cost!r}" + ("\n" if self.cost.join else "   ") + f"for {self.exact!r}"
        return f"{self.cost!r}" + ("\n" if self.cost.join else "   ") + f"for {words}"

    def latex(self) -> str:
        """LaTeX of the limit, with what grows and what vanishes."""
        ends = {1: r"\to \infty", -1: r"\to 0"}
        return rf"{self.cost.latex()} \quad ({', '.join(f'{show.latex(s)} {ends[w]}' for s, w in self.weights)})"

    def _latex(self, printer: object) -> str:  # for sympy.latex
        return self.latex()

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def _repr_html_(self) -> str:
        return show.html(self)


def limit(cost: Cost, large: Iterable[sp.Symbol] = (), small: Iterable[sp.Symbol] = ()) -> Limit:
    """The leading behaviour of a cost as the ``large`` symbols grow and the ``small`` ones vanish, part by part.

    >>> from symroof import matmul
    >>> from symroof.symbols import B, D, F
    >>> mm = matmul(B, D, F)
    >>> limit(mm.flops / mm.traffic, large=(D, F)).cost.expr
    2*B/p

    Raises SolveError where there is no such limit: terms that cancel, a ceiling of what stays finite, other functions.
    """
    if not isinstance(cost, Cost):
        raise SolveError(f"{short(cost)} is no cost; write limit(cost, large=(D, F)), and for a bound solve(condition, x, large=(D, F))")
    weights = tuple((s, 1) for s in _symbols(large)) + tuple((s, -1) for s in _symbols(small))
    cost = cost.expand(*(s for s, _ in weights))
    _check(cost, weights)
    return Limit(_cost(cost, dict(weights))[0], cost, weights)


def _symbols(symbols: Any) -> tuple[sp.Symbol, ...]:
    return tuple(symbols) if isinstance(symbols, Iterable) else (symbols,)


def _check(cost: Cost, weights: tuple[tuple[sp.Symbol, int], ...]) -> None:
    if not weights:
        raise SolveError("a limit needs to know what grows or vanishes; write limit(cost, large=(D, F)) or limit(cost, small=...)")
    for s, _ in weights:
        if not isinstance(s, sp.Symbol):
            raise SolveError(f"{short(s)} is no symbol; write large=(D, F) with D and F from symroof.symbols")
        if s not in cost.free_symbols:
            known = ", ".join(sorted(x.name for x in cost.free_symbols)) or "none"
            raise SolveError(f"{s} is called large or small but does not occur in the cost; it has {known}")
    if len({s for s, _ in weights}) < len(weights):
        raise SolveError("a symbol is named twice in large= and small=; name it once")
    loose = sorted(s.name for s in cost.free_symbols if not s.is_positive)
    if loose:
        raise SolveError(f"{loose[0]} may be negative or complex; declare it with symbol({loose[0]!r}, unit), which is positive")


# -- costs
def _cost(cost: Cost, weights: Weights) -> tuple[Cost, sp.Rational]:
    """What is left of a cost, part by part, and how fast it grows."""
    if cost.leaf is not None:
        expr, power = _expr(cost.leaf, weights)
        return changed(cost, leaf=expr), power
    found = [_cost(part, weights) for part in cost.parts]
    kept, power = _fastest([(part.expr, p) for part, p in found], cost.join == "max", cost.expr)
    parts = [part for (part, p), keep in zip(found, kept, strict=True) if keep]
    if len(parts) == 1:
        return changed(parts[0], name=cost.name or parts[0].name, source=cost.source or parts[0].source), power
    return changed(cost, parts=tuple(parts)), power


def _fastest(found: list[Grown], maximum: bool, whole: sp.Expr) -> tuple[list[bool], sp.Rational]:
    """Which terms of a sum (or parts of a maximum) decide, and how fast they grow."""
    top = max(power for _, power in found)
    kept = [power == top for _, power in found]
    winners = [expr for expr, power in found if power == top]
    if maximum and not all(sign(e) == 1 for e in winners):
        raise SolveError(f"the limit of {short(show.text(whole))} is not known; its parts may be negative, so growth does not order them")
    if not maximum and expand(sp.Add(*winners)) == 0:
        raise SolveError(f"the fastest terms of {short(show.text(whole))} cancel; write their difference as one term first")
    return kept, top


# -- expressions
def _expr(expr: sp.Expr, weights: Weights) -> Grown:
    """What is left of an expression, and the power with which it grows when every large symbol does."""
    if not expr.free_symbols & weights.keys():
        return expr, _ZERO
    if expr.is_Symbol:
        return expr, sp.Integer(weights[expr])
    if expr.is_Mul:
        found = [_expr(a, weights) for a in expr.args]
        return sp.Mul(*[e for e, _ in found]), sp.Add(*[p for _, p in found])
    if expr.is_Pow and expr.exp.is_Rational:
        base, power = _expr(expr.base, weights)
        return base**expr.exp, power * expr.exp
    if expr.is_Add:
        return _sum(expr, weights)
    if isinstance(expr, (sp.Max, sp.Min)):
        return _extreme(expr, weights)
    if isinstance(expr, (sp.ceiling, sp.floor)):
        return _whole(expr, weights)
    raise SolveError(f"the limit of {short(show.text(expr))} is not known; sums, products, powers and maxima have one")


def _sum(expr: sp.Expr, weights: Weights) -> Grown:
    """The fastest terms; over a common denominator if they cancel."""
    for form in (expand(expr), sp.factor_terms(sp.cancel(sp.together(expr)))):
        if not form.is_Add:
            return _expr(form, weights)
        found = [_expr(a, weights) for a in form.args]
        top = max(power for _, power in found)
        left = sp.Add(*[e for e, power in found if power == top])
        if expand(left) != 0:
            return sp.factor_terms(left), top
    raise SolveError(f"the fastest terms of {short(show.text(expr))} cancel; write their difference as one term first")


def _extreme(expr: sp.Expr, weights: Weights) -> Grown:
    """The parts of a maximum that grow fastest, of a minimum those that grow slowest."""
    flip = 1 if isinstance(expr, sp.Max) else -1
    found = [(e, flip * p) for e, p in (_expr(a, weights) for a in expr.args)]
    if not all(sign(e) == 1 for e, _ in found):
        raise SolveError(f"the limit of {short(show.text(expr))} is not known; its parts may be negative, so growth does not order them")
    top = max(p for _, p in found)
    kept = list(dict.fromkeys(e for e, p in found if p == top))
    shared = _shared(kept)
    return kept[0] if len(kept) == 1 else shared * expr.func(*(e / shared for e in kept), evaluate=False), flip * top


def _shared(terms: list[sp.Expr]) -> sp.Expr:
    """The powers of letters that all terms have, so that a ratio of what grows cancels outside of a maximum too."""
    powers = [e.as_powers_dict() for e in terms]
    alike = [s for s in powers[0] if s.is_Symbol and all(p.get(s) == powers[0][s] for p in powers)]
    return sp.Mul(*[s ** powers[0][s] for s in alike])


def _whole(expr: sp.Expr, weights: Weights) -> Grown:
    """Rounding matters less and less to what grows; a ceiling of what vanishes is 1."""
    inner, power = _expr(expr.args[0], weights)
    if power > 0:
        return inner, power
    if power < 0 and isinstance(expr, sp.ceiling) and sign(inner) == 1:
        return sp.Integer(1), _ZERO
    what = "a floor of what vanishes is 0" if power < 0 else "rounding what stays finite has no limit in closed form"
    raise SolveError(f"the limit of {short(show.text(expr))} is not known: {what}; drop the rounding first")
