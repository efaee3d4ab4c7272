"""Values that are arrays: NumPy's own functions on them keep their unit, or refuse it, and a place in one has its parts there."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from symroof.algebra.arithmetic import Measured, alike, operand
from symroof.algebra.operands import called
from symroof.algebra.units import ONE
from symroof.errors import InputError, UnitError

#: What NumPy calls the operators.
_OPERATORS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "power": operator.pow,
    "negative": operator.neg,
    "positive": operator.pos,
    "absolute": abs,
    "fabs": abs,
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
    "divmod": divmod,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "equal": operator.eq,
    "not_equal": operator.ne,
    "square": lambda a: a**2,
    "sqrt": lambda a: a ** Fraction(1, 2),
    "cbrt": lambda a: a ** Fraction(1, 3),
    "reciprocal": lambda a: 1 / a,
}
_LARGER = {"maximum", "minimum", "fmax", "fmin"}  # of one unit, which stays
_TOLD = {"isfinite", "isinf", "isnan", "sign", "signbit"}  # what is so in any unit


def done(value: Measured, ufunc: Any, method: str, inputs: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """What a function of NumPy makes of values: of ``numpy.sum`` and ``numpy.maximum`` a value in the same unit, of ``numpy.log`` numbers.

    Raises UnitError for a function that needs plain numbers, InputError for what is better done on ``numpy.asarray(value)``.
    """
    import numpy as np

    name, given = ufunc.__name__, {key: option for key, option in options.items() if option is not None}
    sides = [operand(side if hasattr(side, "unit") or isinstance(side, str) else np.asarray(side), value) for side in inputs]
    if method == "reduce" and name in {"add", *_LARGER} and given.keys() <= {"axis", "keepdims"}:
        return value.made(_number(ufunc.reduce(_array(value), **given)), value.unit)
    if method != "__call__" or given:
        raise InputError(f"{called(value)} is a value with a unit, of which numpy.{name} cannot take this; use numpy.asarray(value)")
    if name in _OPERATORS:
        return _OPERATORS[name](*sides)
    if name in _LARGER:
        return value.made(_number(ufunc(*map(_array, sides))), alike(sides[0], sides[1], "compared"))
    if name not in _TOLD and any(side.unit.measured != ONE for side in sides):
        raise UnitError(f"numpy.{name} needs a plain number and {called(value)} is in {value.unit}; use numpy.asarray(value)")
    return ufunc(*map(_array, sides))


def at(value: Measured, which: Any, shape: tuple[int, ...]) -> Any:
    """The value at a place of an array, or in a slice of it, and its parts there."""
    import numpy as np

    number = _number(np.broadcast_to(_array(value), shape)[which])
    return value.made(number, value.unit, value.name, value.join, tuple(at(part, which, shape) for part in value.parts))


def _array(value: Measured) -> Any:
    import numpy as np

    return np.asarray(value.number if hasattr(value.number, "shape") else float(value.number))


def _number(found: Any) -> Any:
    return found if getattr(found, "shape", ()) else float(found)
