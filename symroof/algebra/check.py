"""One value for one symbol, at the door: exact, positive, finite, of the right unit, or one sentence that says why not."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy as sp

from symroof.algebra.balance import measured_unit
from symroof.algebra.operands import unreal
from symroof.algebra.quantity import parse_quantity
from symroof.algebra.symbols import FRACTIONS, Symbol
from symroof.algebra.units import ONE, Unit
from symroof.errors import InputError, SymroofError, UnitError, short

_LARGEST = 17 * 10**307
_DOLLARS_PER_TIME = Unit.of("USD/s")
_EXAMPLES = {
    "s": "'15 ms'",
    "byte/s": "'810 GB/s'",
    "byte": "'2 byte' or '16 GB'",
    "FLOP/s": "'1.97e14 FLOP/s'",
    "USD/s": "'$1.2/h'",
    "1": "a plain number",
}


def check(symbol: sp.Symbol, value: Any) -> Any:
    """One value for one symbol: an exact fraction, an array of float64, or an expression.

    Raises InputError or UnitError naming the symbol: not a number, NaN, not positive, too large, of another unit.
    """
    unit: Unit = symbol.unit if isinstance(symbol, Symbol) else ONE
    if isinstance(value, str):
        return _positive(symbol, _from_text(symbol, unit, value))
    if hasattr(value, "unit") and hasattr(value, "number"):  # a Value
        _same_unit(symbol, unit, value.unit)
        value = value.number
    elif hasattr(value, "unit") and hasattr(value, "expr"):  # a Cost
        value = value.expr
    if isinstance(value, sp.Expr) and not value.is_Rational:
        return _expression(symbol, unit, value)
    if unit.measured == _DOLLARS_PER_TIME and not isinstance(value, Fraction):
        raise UnitError(f"{symbol} is in USD/s, which nobody means by {short(value, 20)}; write {symbol}='$1.2/h'")
    if isinstance(value, (list, tuple, range)) or hasattr(value, "__array__"):
        return _array(symbol, value)
    return _positive(symbol, _scalar(symbol, value))


def _from_text(symbol: sp.Symbol, unit: Unit, text: str) -> Fraction:
    try:
        number, given = parse_quantity(text, unit)
    except UnitError as problem:
        raise UnitError(f"{symbol}: {problem}") from None
    if given == ONE and unit.measured == ONE:
        return number
    _same_unit(symbol, unit, given)
    return number


def _same_unit(symbol: sp.Symbol, unit: Unit, given: Unit) -> None:
    per_chip = given * Unit.of("chip")
    if given != unit and per_chip != unit and not (given.measured == unit.measured and given.counted == ONE):
        said = f", not in {given}" if given != ONE else " and a bare number has no unit"
        cure = _EXAMPLES.get(str(unit), f"a number of {unit}")
        raise UnitError(f"{symbol} is in {unit}{said}; write {cure}")


def _expression(symbol: sp.Symbol, unit: Unit, value: sp.Expr) -> sp.Expr:
    if unreal(value) or value.is_positive is False or all(t.could_extract_minus_sign() for t in sp.Add.make_args(value)):
        raise InputError(f"{symbol} = {short(value)} is no positive real quantity; give a number or a positive expression")
    if value.is_number:
        return _positive(symbol, Fraction(repr(float(value))))
    try:
        measured = measured_unit(value)
    except SymroofError as problem:
        raise UnitError(f"{symbol}: {problem}") from None
    if measured != unit.measured:
        raise UnitError(f"{symbol} is in {unit} but {short(value)} is in {measured or ONE}; give it an expression of its own unit")
    return value


def _scalar(symbol: sp.Symbol, value: Any) -> Fraction:
    """Exact: a float counts as the decimal it prints as, so 0.4 is 2/5."""
    try:
        if isinstance(value, (bool, bytes, bytearray)) or value is None:
            raise TypeError
        if isinstance(value, (int, Fraction)):
            return Fraction(value)
        if isinstance(value, sp.Rational):
            return Fraction(int(value.p), int(value.q))
        number = float(value)
        if number != number:
            raise InputError(f"{symbol} is NaN; give a positive number")
        return Fraction(repr(number))
    except (TypeError, ValueError, OverflowError) as problem:
        if isinstance(problem, SymroofError):
            raise
        raise InputError(
            f"{symbol} = {short(value)} cannot be used; give a positive number below 1e308, a text such as '8192', or an array"
        ) from None


def _positive(symbol: sp.Symbol, value: Fraction) -> Fraction:
    if value and not 1 / Fraction(_LARGEST) <= abs(value) <= _LARGEST:
        raise InputError(f"{symbol} is beyond what a float64 can hold (about 1.8e308); give a smaller number")
    if value <= 0:
        raise InputError(f"{symbol} = {float(value):.6g} must be positive; for a limit at zero use sympy.limit(cost, {symbol}, 0)")
    if symbol in FRACTIONS and value > 1:
        raise InputError(f"{symbol} = {float(value):.6g} is above 1; it is the fraction of a peak rate that is reached, e.g. 0.4 or '40%'")
    return value


def _array(symbol: sp.Symbol, value: Any) -> Any:
    import numpy as np

    try:
        raw = np.asarray(value)
        if raw.dtype.kind not in "iuf":
            raise ValueError
    except ValueError:
        raise InputError(f"{symbol} holds something that is no number; give an array of positive numbers") from None
    if raw.ndim == 0:
        return _positive(symbol, _scalar(symbol, raw.item()))
    if raw.dtype.kind in "iu" and raw.size and int(raw.max()) > 2**53:
        raise InputError(f"{symbol} holds an integer beyond 2^53, which float64 rounds; divide it first, or give floats")
    array = raw.astype(np.float64)
    bad = ~(np.isfinite(array) & (array > 0) & (array <= (1 if symbol in FRACTIONS else np.inf)))
    if bad.any():
        place = int(np.flatnonzero(bad.ravel())[0])
        most = " and at most 1" if symbol in FRACTIONS else ""
        raise InputError(f"{symbol} must be positive and finite{most} everywhere; element {place} is {array.ravel()[place]:.6g}")
    return array
