"""The operators of Python for a number with a unit: ``+``, ``<``, ``round``, ``f"{value:.3g ms}"``, as ``arithmetic`` does them."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from typing import Any

import sympy as sp

from symroof.algebra.arithmetic import COMPARE, INF, bare, compared, divided, joined, less, operand, over, raised, scaled, somewhere
from symroof.algebra.operands import called
from symroof.algebra.quantity import parse_quantity, show_number
from symroof.algebra.units import ONE, Unit
from symroof.errors import InputError, SymroofError, UnitError, short

_ROOM = re.compile(r"(?:.?[<>=^])?\d*")  # of a format
_NUMBER = re.compile(r"(?:.?[<>=^])?[-+ ]?z?#?0?\d*[,_]?(?:\.\d+)?(?:[eEfFgGn%]|(?P<whole>[bdoxX]))?")

#: What makes a cost of a value, for symbols to calculate with; the file of costs puts it there.
lifts: list[Callable[[Any], Any]] = []
Operator = Callable[[Any, Any], Any]


def _both(by: Operator, f: Operator, same: bool = False) -> tuple[Operator, Operator]:
    """An operator of values, and the same with the value on the right; ``by`` is how costs do it."""

    def left(a: Any, other: Any) -> Any:
        return _done(a, other, by, f, same)

    def right(b: Any, other: Any) -> Any:
        return _done(b, other, lambda x, y: by(y, x), lambda x, y: f(y, x), same)

    return left, right


def _done(a: Any, other: Any, by: Operator, f: Operator, same: bool) -> Any:
    if isinstance(other, sp.Expr) and not other.is_Rational:
        return by(lifts[-1](a), other)
    b = operand(other, a, same)
    return NotImplemented if b is None else f(a, b)


def _compares(relation: str) -> Operator:
    equality = relation in ("==", "!=")

    def method(a: Any, other: Any) -> Any:
        if isinstance(other, sp.Expr) and not other.is_Rational:
            return NotImplemented if equality else COMPARE[relation](lifts[-1](a), other)
        known = (isinstance(other, str) and not equality) or hasattr(other, "number") or bare(other) is not None
        return compared(a, other, relation) if known else NotImplemented

    return method


class Calculates:
    """The operators of Python for what is ``Measured``."""

    __slots__ = ()
    _op_priority = 20.0  # sympy leaves the operation to us

    __add__, __radd__ = _both(operator.add, lambda a, b: joined(a, b, "sum"), True)
    __or__, __ror__ = _both(operator.or_, lambda a, b: joined(a, b, "max"), True)
    __sub__, __rsub__ = _both(operator.sub, less, True)
    __mul__, __rmul__ = _both(operator.mul, scaled)
    __truediv__, __rtruediv__ = _both(operator.truediv, over)
    __pow__, __rpow__ = _both(operator.pow, raised)
    __floordiv__, __rfloordiv__ = _both(operator.floordiv, lambda a, b: divided(a, b)[0], True)
    __mod__, __rmod__ = _both(operator.mod, lambda a, b: divided(a, b)[1], True)
    __divmod__, __rdivmod__ = _both(divmod, divided, True)
    __lt__, __le__, __gt__, __ge__, __eq__, __ne__ = (_compares(relation) for relation in ("<", "<=", ">", ">=", "==", "!="))

    def __hash__(self: Any) -> int:
        return object.__hash__(self) if hasattr(self.number, "shape") else hash(self.number)

    def __neg__(self: Any) -> Any:
        return self.made(-self.number, self.unit, self.name)

    def __pos__(self: Any) -> Any:
        return self

    def __abs__(self: Any) -> Any:
        return self if not somewhere(self.number < 0) else self.made(abs(self.number), self.unit, self.name)

    def __bool__(self: Any) -> bool:
        return bool(self.single("or ask (value > 0).all()") != 0)

    def __float__(self: Any) -> float:
        try:
            return float(self.single("use numpy.asarray(value)"))
        except OverflowError:
            raise InputError(f"{called(self)} is beyond what a float64 can hold; scale an input down") from None

    def __int__(self: Any) -> int:
        whole: int = self._whole(int)
        return whole

    __trunc__ = __int__

    def __floor__(self: Any) -> int:
        whole: int = self._whole(math.floor)
        return whole

    def __ceil__(self: Any) -> int:
        whole: int = self._whole(math.ceil)
        return whole

    def __round__(self: Any, digits: int | None = None) -> Any:
        if digits is None:
            return self._whole(round)
        number = self.number.round(digits) if hasattr(self.number, "shape") else round(self.number, digits)
        return self.made(number, self.unit, self.name)

    def _whole(self: Any, how: Callable[[Any], int]) -> int:
        number = self.single("use numpy.rint(numpy.asarray(value))")
        if abs(number) == INF:
            raise InputError(f"{called(self)} is {float(number)} and has no whole number")
        return how(number)

    def single(self: Any, cure: str) -> Any:
        """The number of what is no array.

        Raises InputError for an array, with the cure.
        """
        if hasattr(self.number, "shape"):
            raise InputError(f"{called(self)} is an array of shape {self.number.shape}; {cure}")
        return self.number

    # -- in a unit
    def to(self: Any, unit: str | Unit) -> Any:
        """The number in another unit, as a float (of an array an array): ``step.to("ms")``, ``run.to("day")``, ``memory.to("GiB")``.

        Raises UnitError for what cannot be its unit.
        """
        size, of = parse_quantity(f"1 {unit}", self.unit)
        if of != self.unit and not (of == ONE and self.unit.measured == ONE):
            raise UnitError(f"{called(self)} is in {self.unit}, which is never {short(unit)}; write e.g. .to({str(self.unit)!r})")
        return self.number / float(size) if hasattr(self.number, "shape") else float(self.made(self.number / size, ONE, self.name))

    def __format__(self: Any, spec: str) -> str:
        """``.3g`` is the number in SI units, ``.3g ms`` in a unit and with it, ``>20`` what is shown, set in so much room.

        Raises InputError for what is no format, UnitError for what cannot be its unit.
        """
        if _ROOM.fullmatch(spec):
            return format(self.shown if spec else str(self), spec)
        match = _NUMBER.fullmatch(spec)
        try:
            if match and not (match["whole"] and self.unit.measured != ONE):
                return format(int(self) if match["whole"] else float(self), spec)
            number, _, unit = spec.rpartition(" ")
            worth = self.to(unit)
            return f"{format(worth, number) if number else show_number(worth)}{'' if unit == '%' else ' '}{unit}"
        except ValueError as problem:
            if isinstance(problem, SymroofError):
                raise
            raise InputError(f"{short(spec)} is no format of a number; write e.g. '.3g' or '.1f ms'") from None
