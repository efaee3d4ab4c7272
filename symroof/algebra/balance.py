"""Do the measured units of an expression balance? Seconds are never added to bytes, whatever hides in the brackets."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache, reduce

import sympy as sp

from symroof.algebra.roots import PositiveRoot, PowerOfTwo
from symroof.algebra.symbols import Symbol
from symroof.algebra.units import ONE, Unit
from symroof.errors import UnitError, short


@lru_cache(maxsize=16384)
def measured_unit(expr: sp.Expr) -> Unit | None:
    """The measured unit of an expression, counts left out; None for zero, which has every unit.

    Raises UnitError naming the smallest sub-expression that does not balance.
    """
    if expr.is_Number:
        return None if expr.is_zero else ONE
    if isinstance(expr, Symbol):
        return expr.unit.measured
    if expr.is_Symbol or expr.is_NumberSymbol:
        return ONE
    if isinstance(expr, (sp.Add, sp.Max, sp.Min, sp.ceiling, sp.floor, sp.Abs)):
        return _alike(expr)
    if isinstance(expr, sp.Mul):
        units = [measured_unit(a) for a in expr.args]
        return None if None in units else reduce(lambda a, b: a * b, (u for u in units if u is not None), ONE)
    if isinstance(expr, sp.Pow):
        return _power(expr)
    if isinstance(expr, (PositiveRoot, PowerOfTwo)):
        return ONE
    for arg in expr.args:
        if isinstance(arg, sp.Expr) and measured_unit(arg) not in (None, ONE):
            raise UnitError(f"{expr.func.__name__} needs a plain number, but {short(arg)} is in {measured_unit(arg)}")
    return ONE


def full_unit(expr: sp.Expr) -> Unit:
    """The unit of a product of symbols with its counts; for anything else the measured unit."""
    if isinstance(expr, Symbol):
        return expr.unit
    if isinstance(expr, sp.Mul):
        return reduce(lambda a, b: a * b, (full_unit(a) for a in expr.args), ONE)
    if isinstance(expr, sp.Pow) and expr.exp.is_Rational:
        return full_unit(expr.base) ** Fraction(int(expr.exp.p), int(expr.exp.q))
    return measured_unit(expr) or ONE


def _alike(expr: sp.Expr) -> Unit | None:
    """The common unit of summands or of what a maximum compares."""
    found: Unit | None = None
    first: sp.Expr = expr
    for arg in expr.args:
        unit = measured_unit(arg)
        if unit is None:
            continue
        if found is None:
            found, first = unit, arg
        elif unit != found:
            raise UnitError(
                f"units do not balance in {short(expr)}: {short(first)} is in {found} but {short(arg)} is in {unit};"
                " divide each by a rate first, or multiply elements by bytes per element"
            )
    return found


def _power(expr: sp.Pow) -> Unit | None:
    base = measured_unit(expr.base)
    if base in (None, ONE):
        if measured_unit(expr.exp) not in (None, ONE):
            raise UnitError(f"the exponent of {short(expr)} is in {measured_unit(expr.exp)}; an exponent is a plain number")
        return ONE if base == ONE else None
    if base is not None and expr.exp.is_Rational:
        return base ** Fraction(int(expr.exp.p), int(expr.exp.q))
    raise UnitError(f"{short(expr.base)} is in {base} and cannot be raised to {short(expr.exp)}; divide by a unit quantity first")
