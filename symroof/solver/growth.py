"""What is left of an expression as symbols grow without bound or vanish, and how fast it grows.

Of a sum the terms of fastest growth are kept, of a ratio those of its numerator and of its denominator, of a maximum
the parts that grow fastest. Symbols that are named together grow together, at the same rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import sympy as sp

from symroof.algebra import show
from symroof.errors import NoClosedForm, short
from symroof.solver.polynomial import Polynomial, expand, polynomial, sign

Weights = Mapping[sp.Symbol, int]
Grown = tuple[sp.Expr, sp.Rational]  # what is left of an expression, and the power with which it grows
_ZERO = sp.Integer(0)


def grown(weights: Iterable[tuple[sp.Symbol, int]], between: str = ", ") -> list[str]:
    """What grows and what vanishes, in words: ``["large D, F", "small B"]``."""
    listed = list(weights)
    found = ((word, [s.name for s, w in listed if w == sense]) for word, sense in (("large", 1), ("small", -1)))
    return [f"{word} {between.join(names)}" for word, names in found if names]


def growth(expr: sp.Expr, weights: Weights) -> Grown:
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


def _sum(expr: sp.Expr, weights: Weights) -> Grown:
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


def _fastest(terms: sp.Expr, weights: Weights) -> Grown:
    """The terms of a sum that grow fastest."""
    found = [growth(a, weights) for a in sp.Add.make_args(terms)]
    top = max(power for _, power in found)
    return sp.Add(*[e for e, power in found if power == top]), top


def adding(terms: Sequence[sp.Expr], whole: sp.Expr) -> None:
    """Raise NoClosedForm if the fastest terms of a sum come to nothing."""
    if expand(sp.Add(*terms)) == 0:
        raise NoClosedForm(f"the fastest terms of {short(show.text(whole))} cancel; write their difference as one term first")


def ordered(parts: Sequence[sp.Expr], whole: sp.Expr) -> None:
    """Raise NoClosedForm if parts of a maximum may be negative."""
    if not all(sign(e) == 1 for e in parts):
        raise NoClosedForm(f"the limit of {short(show.text(whole))} is not known; its parts may be negative, so growth does not order them")


def _extreme(expr: sp.Expr, weights: Weights) -> Grown:
    """The parts of a maximum that grow fastest, of a minimum those that grow slowest."""
    flip = 1 if isinstance(expr, sp.Max) else -1
    found = [growth(a, weights) for a in expr.args]
    ordered([e for e, _ in found], expr)
    top = max(flip * p for _, p in found)
    kept = list(dict.fromkeys(e for e, p in found if flip * p == top))
    shared = _shared(kept)
    return kept[0] if len(kept) == 1 else shared * expr.func(*(e / shared for e in kept), evaluate=False), flip * top


def _shared(terms: list[sp.Expr]) -> sp.Expr:
    """The powers of letters that all terms have, so that a ratio of what grows cancels outside of a maximum too."""
    powers = [e.as_powers_dict() for e in terms]
    alike = [s for s in powers[0] if s.is_Symbol and all(p.get(s) == powers[0][s] for p in powers)]
    return sp.Mul(*[s ** powers[0][s] for s in alike])


def _whole(expr: sp.Expr, weights: Weights) -> Grown:
    """Rounding matters less and less to what grows; a ceiling of what vanishes is 1."""
    inner, power = growth(expr.args[0], weights)
    if power > 0:
        return inner, power
    if power < 0 and isinstance(expr, sp.ceiling) and sign(inner) == 1:
        return sp.Integer(1), _ZERO
    what = "a floor of what vanishes is 0" if power < 0 else "rounding what stays finite has no limit in closed form"
    raise NoClosedForm(f"the limit of {short(show.text(expr))} is not known: {what}; drop the rounding first")


# -- of a polynomial
def leading(poly: Polynomial, weights: Weights) -> Polynomial:
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
