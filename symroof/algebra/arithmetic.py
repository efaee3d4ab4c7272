"""A number with a unit calculates: what adds and compares is of one unit, what multiplies makes another, and exact stays exact.

``+`` and ``|`` keep what they are given as parts, as costs do, and a plain factor scales the parts: so ``(a + 2*b).at(...)`` is
``a.at(...) + 2*b.at(...)``, breakdown included. A difference, a ratio and a power are numbers by themselves. Whatever is said of a
threshold (a bracket, a side, a doubt) stays with the threshold.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from fractions import Fraction
from typing import Any, Protocol

import sympy as sp

from symroof.algebra.evaluate import TABLE
from symroof.algebra.operands import called, right_rate
from symroof.algebra.quantity import parse_quantity
from symroof.algebra.units import ONE, Unit
from symroof.errors import InputError, UnitError, short

INF = float("inf")
_HIGHEST = 99  # power of a unit


class Measured(Protocol):
    """What calculates: a number with a unit."""

    @property
    def number(self) -> Any:
        """An exact fraction, a float, or an array, in SI units."""

    @property
    def unit(self) -> Unit:
        """Its unit."""

    @property
    def name(self) -> str:
        """Its name, which may be empty."""

    @property
    def join(self) -> str:
        """How its parts make it: "sum", "max", or nothing."""

    @property
    def parts(self) -> tuple[Any, ...]:
        """What it is made of."""

    def made(self, number: Any, unit: Unit, name: str = "", join: str = "", parts: tuple[Any, ...] = ()) -> Any:
        """Another of its kind."""


# -- operands
def operand(other: Any, beside: Measured, same: bool = False) -> Any:
    """The other side of an operation: a value, a text as one, a bare number as one without a unit; None for what may know better.

    A text that stands for the ``same`` may leave out what is counted: ``"100/s"`` beside tokens a second.
    """
    if isinstance(other, str):
        number, unit = parse_quantity(other, beside.unit)
        short_of_counts = same and unit.measured == beside.unit.measured and unit.counted == ONE
        return beside.made(number, beside.unit if short_of_counts else unit)
    if hasattr(other, "number") and hasattr(other, "unit"):
        return other
    number = bare(other)
    return None if number is None else beside.made(number, ONE)


def bare(other: Any) -> Any:
    """A number or an array of them: exact where it can be, a float as the decimal it prints as; None for anything else.

    Raises InputError for NaN, and for an array of anything but numbers.
    """
    if getattr(other, "shape", None) == () and hasattr(other, "item"):
        other = other.item()  # a NumPy scalar
    if isinstance(other, sp.Rational):
        return Fraction(int(other.p), int(other.q))
    if isinstance(other, (int, Fraction)) and not isinstance(other, bool):
        return Fraction(other)
    if isinstance(other, float):
        if other != other:
            raise InputError("NaN is no number to calculate with")
        return other if abs(other) == INF else Fraction(repr(other))
    if hasattr(other, "__array__") and hasattr(other, "dtype"):
        if other.dtype.kind not in "iuf":
            raise InputError(f"an array of {short(other.dtype)} holds no numbers to calculate with")
        return other.astype("float64")
    return None


def somewhere(truth: Any) -> bool:
    """Whether it is true, of an array anywhere."""
    return bool(truth.any() if hasattr(truth, "any") else truth)


# -- on one unit
def alike(a: Measured, b: Measured, how: str) -> Unit:
    """The unit of two values that are added or compared: one, or that of what is counted beside a plain number.

    Raises UnitError where there is none.
    """
    if a.unit == b.unit or (b.unit == ONE and a.unit.measured == ONE):
        return a.unit
    if a.unit == ONE and b.unit.measured == ONE:
        return b.unit
    sides = f"{a.name or 'one side'} is in {a.unit} but {b.name or 'the other'} is in {b.unit}"
    other = next(v for v in (b, a) if v.unit != ONE)
    cure = f"write a text such as '3 {other.unit}'" if ONE in (a.unit, b.unit) else f"they cannot be {how}"
    raise UnitError(f"{sides}; {cure}")


def _zero(value: Measured) -> bool:
    return value.unit == ONE and not hasattr(value.number, "shape") and value.number == 0


def joined(a: Measured, b: Measured, join: str) -> Any:
    """One after the other (``sum``) or overlapped (``max``): the two are its parts, those of a join without a name one by one."""
    if join == "sum" and (_zero(a) or _zero(b)):
        return b if _zero(a) else a  # so that sum(values) works
    unit = alike(a, b, "added" if join == "sum" else "overlapped")
    flat = tuple(part for side in (a, b) for part in (side.parts if side.join == join and not side.name else (side,)))
    return a.made(operated({"sum": sp.Add, "max": sp.Max}[join], a.number, b.number), unit, "", join, flat)


def less(a: Measured, b: Measured) -> Any:
    """A difference, which is what is left and has no parts."""
    unit = alike(a, b, "subtracted") if not (_zero(a) or _zero(b)) else b.unit if _zero(a) else a.unit
    return a.made(operated(sp.Add, a.number, -b.number), unit)


def divided(a: Measured, b: Measured) -> tuple[Any, Any]:
    """How often the one fits into the other, and what is left over."""
    unit = alike(a, b, "divided")
    times = operated(sp.floor, operated(sp.Mul, a.number, operated(sp.Pow, b.number, Fraction(-1))))
    return a.made(times, ONE), a.made(operated(sp.Add, a.number, -operated(sp.Mul, times, b.number)), unit)


COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def compared(a: Measured, other: Any, relation: str) -> Any:
    """Whether a relation holds: true or false, of arrays an array of them. A bare number counts in SI units.

    Two units are never equal, nor is a text, which has another hash. Raises UnitError where units are compared by size.
    """
    number = bare(other)
    if number is None:
        b = operand(other, a, same=True)
        try:
            alike(a, b, "compared")
        except UnitError:
            if relation not in ("==", "!="):
                raise
            return relation == "!="
        number = b.number
    return COMPARE[relation](a.number, number)


# -- on several
def scaled(a: Measured, by: Measured) -> Any:
    """A product; the parts of one side stay parts, if the other has none and is positive."""
    whole, number = (a, by.number) if a.parts or not by.parts else (by, a.number)
    return _times(whole, number, a.unit * by.unit, a.name or by.name, not (a.parts and by.parts))


def over(a: Measured, by: Measured) -> Any:
    """A quotient; the parts stay parts, if what divides has none and is positive.

    Raises UnitError for FLOPs over bytes a second, and bytes over FLOP/s.
    """
    right_rate(a, by.unit, called(by))
    inverse = operated(sp.Pow, by.number, Fraction(-1))
    return _times(a, inverse, a.unit * by.unit**-1, a.name, not by.parts)


def _times(whole: Measured, number: Any, unit: Unit, name: str, parts: bool) -> Any:
    if not (parts and whole.parts and ((number > 0).all() if hasattr(number, "shape") else number > 0)):
        return whole.made(operated(sp.Mul, whole.number, number), unit, name)
    below = tuple(_times(part, number, unit, part.name, True) for part in whole.parts)
    return whole.made(operated(sp.Mul, whole.number, number), unit, name, whole.join, below)


def raised(a: Measured, power: Measured) -> Any:
    """A power: of what has a unit a whole number or a fraction.

    Raises UnitError for an exponent that has a unit itself, InputError for several exponents, or one beyond measure, of a unit.
    """
    exponent = power.number
    if power.unit.measured != ONE:
        raise UnitError(f"an exponent is a plain number, and this one is in {power.unit}")
    if a.unit != ONE and not (isinstance(exponent, Fraction) and abs(exponent) <= _HIGHEST and exponent.denominator <= _HIGHEST):
        raise InputError(f"{a.name or 'what is raised'} is in {a.unit}; raise it to a whole number or a fraction up to {_HIGHEST}")
    return a.made(operated(sp.Pow, a.number, exponent), a.unit if a.unit == ONE else a.unit**exponent)


# -- numbers
def operated(kind: type, *numbers: Any) -> Any:
    """What the evaluator makes of numbers: exact for fractions, NumPy for arrays.

    Raises InputError for a division by zero, an overflow, or a result that is no real number.
    """
    column = int(any(hasattr(n, "shape") for n in numbers))
    if column:
        numbers = tuple(n if hasattr(n, "shape") else float(n) for n in numbers)
    try:
        with _strict(column):
            found = TABLE[kind][column](*numbers)
    except ZeroDivisionError:
        raise InputError("this divides by zero") from None
    except (OverflowError, FloatingPointError, ValueError, TypeError) as problem:
        what = "divides by zero" if "divide" in str(problem) else "is beyond what a float64 can hold" if "overflow" in str(problem) else ""
        raise InputError(f"this {what or 'is no real number'}") from None
    if isinstance(found, complex) or (not column and found != found):
        raise InputError("this is no real number")
    if isinstance(found, float) and abs(found) == INF and INF not in map(abs, numbers):
        raise InputError("this is beyond what a float64 can hold; scale it down first")
    return found


def _strict(arrays: int) -> AbstractContextManager[Any]:
    if not arrays:
        return nullcontext()
    import numpy as np

    return np.errstate(divide="raise", over="raise", invalid="raise")
