"""The elasticity of a smooth expression in closed form: exponents add up, the terms of a sum count by their shares."""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

from symroof.algebra.roots import PositiveRoot
from symroof.analysis.slopes import ROUNDING
from symroof.solver.polynomial import expand, sign, tidy


@lru_cache(maxsize=4096)
def log_slope(f: sp.Expr, x: sp.Symbol) -> sp.Expr:
    """d ln(f) / d ln(x) as a ratio of sums, common factors cancelled."""
    if not f.has(x):
        return sp.Integer(0)
    if f == x:
        return sp.Integer(1)
    if f.is_Mul:
        return _together([log_slope(a, x) for a in f.args])
    if f.is_Pow:
        power = f.exp * log_slope(f.base, x)
        return power + f.exp * log_slope(f.exp, x) * sp.log(f.base) if f.exp.has(x) else power
    if f.is_Add:
        return _shares(f, x)
    return _of_function(f, x)


def _together(terms: list[sp.Expr]) -> sp.Expr:
    whole = sp.Add(*terms)
    return _ratio(whole) if whole.is_Add and not whole.is_number else whole


def _shares(f: sp.Expr, x: sp.Symbol) -> sp.Expr:
    """Of a sum: the elasticities of its terms, weighted by their shares."""
    terms = f.args
    each = [log_slope(t, x) for t in terms]
    if not all(e.is_number for e in each):
        terms = sp.Add.make_args(expand(f))
        each = [log_slope(t, x) for t in terms]
    if all(e == each[0] for e in each):
        return each[0]
    return _ratio(sp.Add(*[t * e for t, e in zip(terms, each, strict=True)]) / sp.Add(*terms))


def _ratio(whole: sp.Expr) -> sp.Expr:
    top, bottom = sp.fraction(sp.together(whole))
    top, bottom = tidy(top), tidy(bottom)
    if sign(bottom) == -1:
        top, bottom = tidy(-top), tidy(-bottom)
    return top / bottom


def _of_function(f: sp.Expr, x: sp.Symbol) -> sp.Expr:
    """Of a function: zero for one that rounds (away from its jumps), implicit for a root, else by its derivative."""
    if isinstance(f, ROUNDING):
        return sp.Integer(0)
    if isinstance(f, sp.Abs):
        return log_slope(f.args[0], x)
    if isinstance(f, sp.exp):
        return f.args[0] * log_slope(f.args[0], x)
    if isinstance(f, sp.log):
        return log_slope(f.args[0], x) / f
    if isinstance(f, PositiveRoot):
        powers = [c * f ** (len(f.args) - 1 - i) for i, c in enumerate(f.args)]
        changed = sp.Add(*[t * log_slope(c, x) for t, c in zip(powers, f.args, strict=True) if c != 0])
        return -changed / sp.Add(*[t * (len(f.args) - 1 - i) for i, t in enumerate(powers)])
    return x * sp.diff(f, x) / f
