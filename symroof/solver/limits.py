"""``limit(cost, large=(D, F))``: what is left as symbols grow without bound or vanish, how fast it grows, and how far off that is.

Of a sum the terms of fastest growth are kept, of a ratio those of its numerator and of its denominator, of a maximum
the parts that grow fastest. Symbols that are named together grow together, at the same rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, TypeVar

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import bind
from symroof.algebra.claims import together
from symroof.algebra.cost import Cost, changed
from symroof.algebra.units import Unit
from symroof.algebra.value import Deviation, Value, deviation
from symroof.errors import InputError, NoClosedForm, SolveError, short
from symroof.solver.polynomial import Polynomial, expand, fronted, polynomial, sign
from symroof.solver.steps import Weights

Rates = Mapping[sp.Symbol, int]  # 1 for what grows without bound, -1 for what vanishes
Grown = tuple[sp.Expr, sp.Rational]  # what is left of an expression, and the power with which it grows
_ZERO = sp.Integer(0)
_T = TypeVar("_T")


def grown(weights: Iterable[tuple[sp.Symbol, int]], between: str = ", ") -> list[str]:
    """What grows and what vanishes, in words: ``["large D, F", "small B"]``."""
    listed = list(weights)
    found = ((word, [s.name for s, w in listed if w == sense]) for word, sense in (("large", 1), ("small", -1)))
    return [f"{word} {between.join(names)}" for word, names in found if names]


def growth(expr: sp.Expr, weights: Rates) -> Grown:
    """What is left of an expression, and the power with which it grows when every large symbol does.

    Raises NoClosedForm where that is not known.
    """
    if not expr.free_symbols & weights.keys():
        return expr, _ZERO
    if expr.is_Symbol:
        return expr, sp.Integer(weights[expr])
    if expr.is_Mul:
        found = [growth(a, weights) for a in expr.args]
        return sp.Mul(*[e for e, _ in found]), sp.Add(*[p for _, p in found])
    if expr.is_Pow and expr.exp.is_Rational:
        base, power = growth(expr.base, weights)
        return base**expr.exp, power * expr.exp
    if expr.is_Add:
        return _sum(expr, weights)
    if isinstance(expr, (sp.Max, sp.Min)):
        return _extreme(expr, weights)
    if isinstance(expr, (sp.ceiling, sp.floor)):
        return _whole(expr, weights)
    raise NoClosedForm(f"the limit of {short(show.text(expr))} is not known; sums, products, powers and maxima have one")


def _sum(expr: sp.Expr, weights: Rates) -> Grown:
    """The fastest terms; over a common denominator if they cancel."""
    form = expand(expr)
    left, top = _fastest(form, weights)
    if form.is_Add and expand(left) == 0:
        form = sp.factor_terms(sp.cancel(sp.together(expr)))
        left, top = _fastest(form, weights)
    if not form.is_Add:
        return left, top
    adding([left], expr)
    return sp.factor_terms(left), top


def _fastest(terms: sp.Expr, weights: Rates) -> Grown:
    """The terms of a sum that grow fastest."""
    kept, top = _leaders([growth(a, weights) for a in sp.Add.make_args(terms)])
    return sp.Add(*kept), top


def _leaders(found: list[tuple[_T, sp.Rational]], flip: int = 1) -> tuple[list[_T], sp.Rational]:
    """What grows fastest (slowest), and how fast that is."""
    top = max(flip * power for _, power in found)
    return [one for one, power in found if flip * power == top], flip * top


def adding(terms: Sequence[sp.Expr], whole: sp.Expr) -> None:
    """Raise NoClosedForm if the fastest terms of a sum come to nothing."""
    if expand(sp.Add(*terms)) == 0:
        raise NoClosedForm(f"the fastest terms of {short(show.text(whole))} cancel; write their difference as one term first")


def ordered(parts: Sequence[sp.Expr], whole: sp.Expr) -> None:
    """Raise NoClosedForm if parts of a maximum may be negative."""
    if not all(sign(e) == 1 for e in parts):
        raise NoClosedForm(f"the limit of {short(show.text(whole))} is not known; its parts may be negative, so growth does not order them")


def _extreme(expr: sp.Expr, weights: Rates) -> Grown:
    """The parts of a maximum that grow fastest, of a minimum those that grow slowest."""
    flip = 1 if isinstance(expr, sp.Max) else -1
    found = [growth(a, weights) for a in expr.args]
    ordered([e for e, _ in found], expr)
    kept, top = _leaders(found, flip)
    return kept[0] if len({*kept}) == 1 else fronted(expr.func(*dict.fromkeys(kept), evaluate=False)), top


def _whole(expr: sp.Expr, weights: Rates) -> Grown:
    """Rounding matters less and less to what grows; a ceiling of what vanishes is 1."""
    inner, power = growth(expr.args[0], weights)
    if power > 0:
        return inner, power
    if power < 0 and isinstance(expr, sp.ceiling) and sign(inner) == 1:
        return sp.Integer(1), _ZERO
    what = "a floor of what vanishes is 0" if power < 0 else "rounding what stays finite has no limit in closed form"
    raise NoClosedForm(f"the limit of {short(show.text(expr))} is not known: {what}; drop the rounding first")


# -- of a polynomial
def leading(poly: Polynomial, weights: Rates) -> Polynomial:
    """What is left of a polynomial when symbols grow without bound (weight 1) or vanish (weight -1).

    Every coefficient keeps its fastest terms; of the coefficients those on the upper hull of (power, growth) matter,
    and, where one change of sign is left, only the edge that holds it (Newton's polygon).
    """
    kept = {i: _fastest(expand(c), weights) for i, c in enumerate(poly.coeffs) if c != 0}
    hull = _upper_hull([(i, growth) for i, (_, growth) in kept.items()])
    known = {i: sign(kept[i][0]) for i in hull}
    changes = [(a, b) for a, b in pairwise(hull) if known[a] != known[b]]
    if len(changes) == 1 and None not in known.values():
        a, b = changes[0]
        slope = (kept[b][1] - kept[a][1]) / (b - a)
        hull = [i for i in hull if kept[i][1] == kept[a][1] + slope * (i - a)]
    coeffs = [kept[i][0] if i in hull else sp.Integer(0) for i in range(poly.degree + 1)]
    expr = sp.Add(*[c * poly.x ** (poly.power * i) for i, c in enumerate(coeffs)])
    content = sp.Mul(*[f for f in sp.Mul.make_args(sp.factor_terms(expr)) if not f.is_Add and not f.has(poly.x) and f.is_positive])
    return polynomial(expr / content, poly.x)


def _upper_hull(points: list[tuple[int, sp.Rational]]) -> list[int]:
    """The indices on the upper hull, those on its edges included."""
    hull: list[tuple[int, sp.Rational]] = []
    for x, y in sorted(points):
        while len(hull) > 1 and (y - hull[-2][1]) * (hull[-1][0] - hull[-2][0]) > (hull[-1][1] - hull[-2][1]) * (x - hull[-2][0]):
            hull.pop()
        hull.append((x, y))
    return [x for x, _ in hull]


@dataclass(frozen=True, repr=False)
class Limit(show.Shown):
    """What a cost comes to (``cost``), beside the exact one it stands for; ``.at`` says where it is more than 5 % off."""

    cost: Cost
    exact: Cost
    weights: Weights

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
        return found if exact.is_array else replace(found, error=deviation(found, exact, self.weights, given.numbers))

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
    weights = weighed(large, small)
    if not weights:
        raise SolveError("a limit needs to know what grows or vanishes; write limit(cost, large=(D, F)) or limit(cost, small=...)")
    cost = cost.expand(*(s for s, _ in weights))
    check_letters(weights, cost.free_symbols, "the cost")
    return Limit(_cost(cost, dict(weights))[0], cost, weights)


def weighed(large: Iterable[sp.Symbol] | sp.Symbol, small: Iterable[sp.Symbol] | sp.Symbol) -> Weights:
    """What is called large with the weight 1, what is called small with -1."""
    listed = (tuple(side) if isinstance(side, Iterable) else (side,) for side in (large, small))
    return tuple((s, w) for side, w in zip(listed, (1, -1), strict=True) for s in side)


def check_letters(weights: Weights, known: set[sp.Symbol], where: str) -> None:
    """Raise SolveError for what cannot grow or vanish, and for letters that may be negative; ``where`` names what they stand in."""
    for s, _ in weights:
        if not isinstance(s, sp.Symbol):
            raise SolveError(f"{short(s)} is no symbol; write large=(D, F) with D and F from symroof.symbols")
        if s not in known:
            raise SolveError(
                f"{s} is called large or small but does not occur in {where}; it has {', '.join(sorted(x.name for x in known)) or 'none'}"
            )
    loose = sorted(s.name for s in known if not s.is_positive)
    if loose:
        raise SolveError(f"{loose[0]} may be negative or complex; declare it with symbol({loose[0]!r}, unit), which is positive")
    if len({s for s, _ in weights}) < len(weights):
        raise SolveError(f"{weights[-1][0]} is named twice in large= and small=; name it once")


# -- costs
def _cost(cost: Cost, weights: Rates) -> tuple[Cost, sp.Rational]:
    """What is left of a cost, part by part, and how fast it grows."""
    if cost.leaf is not None:
        expr, power = growth(cost.leaf, weights)
        return changed(cost, leaf=expr), power
    parts, power = _leaders([_cost(part, weights) for part in cost.parts])
    check = ordered if cost.join == "max" else adding
    check([part.expr for part in parts], cost.expr)
    if len(parts) == 1:
        return changed(parts[0], name=cost.name or parts[0].name, source=cost.source or parts[0].source), power
    return changed(cost, parts=tuple(parts)), power
