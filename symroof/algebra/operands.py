"""What may stand in and beside a cost: numbers, quantities in texts, expressions; each as an exact expression with its unit.

Measured units must balance: seconds are never added to bytes, whatever hides in the brackets.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache, reduce
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.quantity import parse_quantity
from symroof.algebra.roots import PositiveRoot, PowerOfTwo
from symroof.algebra.symbols import Symbol
from symroof.algebra.units import ONE, Unit
from symroof.errors import InputError, UnitError, short


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


def rational(number: Any) -> sp.Expr:
    """A number as a sympy Rational; a float counts as the decimal it prints as, so 0.4 is 2/5."""
    if number != number or number in (float("inf"), float("-inf")):
        raise InputError(f"{number} has no place in a cost; give a finite number")
    exact = Fraction(number) if isinstance(number, (int, Fraction)) else Fraction(repr(float(number)))
    return sp.Rational(exact.numerator, exact.denominator)


def unreal(expr: sp.Expr) -> bool:
    """Whether infinities, NaN or imaginary numbers stand in an expression."""
    return any(a is sp.nan or a in (sp.oo, -sp.oo, sp.zoo, sp.I) for a in expr.atoms())


def plain(expr: Any) -> sp.Expr:
    """A sympy expression without floats; never from a text.

    Raises InputError for texts and anything else that is no number and no expression.
    """
    if isinstance(expr, (sp.Symbol, sp.Rational)):
        return expr
    if hasattr(expr, "expr") and hasattr(expr, "unit"):
        return expr.expr
    if hasattr(expr, "item") and getattr(expr, "shape", None) == ():
        expr = expr.item()  # a NumPy scalar
    if isinstance(expr, (int, float, Fraction)) and not isinstance(expr, bool):
        return rational(expr)
    if isinstance(expr, sp.Expr) and unreal(expr):
        raise InputError(f"{short(expr)} has no place in a cost; it is no finite real quantity")
    if not isinstance(expr, sp.Expr):
        raise InputError(f"{short(expr)} is no formula; build it from symbols, e.g. 2*B*D*F")
    floats = expr.atoms(sp.Float)
    return expr.xreplace({f: rational(float(f)) for f in floats}) if floats else expr


def size(given: Any) -> sp.Expr:
    """A number of elements: a number, or an expression without a measured unit.

    Raises UnitError for one in seconds, bytes or dollars.
    """
    expr = plain(given)
    unit = given.unit.measured if hasattr(given, "expr") and hasattr(given, "unit") else measured_unit(expr)
    if unit not in (None, ONE):
        raise UnitError(f"a size is a number of elements, but {short(show.text(expr))} is in {unit}; divide by a unit quantity first")
    return expr


def beside(other: Any, unit: Unit, called: str) -> tuple[sp.Expr, Unit]:
    """The other side of ``+``, ``|`` or a comparison with something in ``unit``.

    Raises UnitError for a bare number beside a unit, or an expression of another unit.
    """
    if isinstance(other, str):
        number, given = parse_quantity(other, unit)
        return rational(number), unit if given.measured == unit.measured and given.counted == ONE else given
    expr = plain(other)
    measured = measured_unit(expr)
    if measured is not None and measured != unit.measured:
        cure = f"write a text such as '15 {unit}'" if expr.is_number else f"give it in {unit}"
        raise UnitError(f"{called} is in {unit} but {short(show.text(expr))} is in {measured}; {cure}")
    return expr, unit


def factor(other: Any, called: str) -> tuple[sp.Expr, Unit]:
    """What something is multiplied or divided by: a positive number, a quantity in a text, or an expression."""
    if isinstance(other, str):
        number, unit = parse_quantity(other)
        expr = rational(number)
    else:
        expr = plain(other)
        unit = full_unit(expr)
    if expr.is_number and not expr.is_positive:
        raise InputError(f"{called} is scaled by {expr}; scale by a positive number, and subtract with '-'")
    return expr, unit


def same_unit(a: Any, b: Any, how: str) -> None:
    """Raise UnitError, with the cure, unless two costs have one unit."""
    if a.unit == b.unit:
        return
    work = {"FLOP": "C", "byte": "W_hbm"}
    if str(a.unit) in work and str(b.unit) in work:
        cure = f"divide each by a rate first, e.g. {called(a)}/{work[str(a.unit)]} + {called(b)}/{work[str(b.unit)]}"
    elif a.unit.measured == b.unit.measured:
        cure = f"if they do count the same, say so with .declare({str(a.unit)!r})"
    else:
        cure = f"they cannot be {how}"
    raise UnitError(f"{called(a)} is in {a.unit} but {called(b)} is in {b.unit}; {cure}")


def right_rate(amount: Any, rate_unit: Unit, rate: str) -> None:
    """Raise UnitError where FLOPs are divided by a bandwidth, or bytes by FLOP/s."""
    above, below = dict(amount.unit.powers), dict(rate_unit.powers)
    if below.get("s") != -1 or "s" in above:
        return
    for mine, other, cure in (("FLOP", "byte", "C"), ("byte", "FLOP", "W_hbm")):
        if above.get(mine) == 1 and other not in above and below.get(other) == 1 and mine not in below:
            raise UnitError(
                f"{called(amount)} is in {amount.unit} but {rate} is in {rate_unit}; divide it by a rate in {mine}/s, e.g. {cure}"
            )


def called(of: Any) -> str:
    """How a message calls a cost or a value: its name, or its formula."""
    return of.name or (short(show.text(of.expr), 40).strip("'") if hasattr(of, "expr") else "the value")
