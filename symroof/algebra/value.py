"""A Value: what a Cost is worth at given sheets, with its parts and the part that binds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any

from symroof.algebra import show
from symroof.algebra.quantity import parse_quantity, show_quantity
from symroof.algebra.units import ONE, Unit
from symroof.errors import InputError, UnitError, UnknownName, nearest, short


@dataclass(frozen=True, eq=False, repr=False)
class Value(show.Shown):
    """A number (exact fraction, float or array) in SI units, its unit, its name and the values of its parts.

    ``float(value)`` and ``numpy.asarray(value)`` convert; ``value["part"]`` is a part; ``value.binding`` names the
    part of the outermost maximum that binds, and ``value.whole`` is the integer answer. A threshold that was found
    numerically lies in its ``bracket``; an ``open`` one does not hold itself; ``doubt`` says what could not be proven.
    """

    number: Any
    unit: Unit
    name: str = ""
    join: str = ""
    parts: tuple[Value, ...] = ()
    note: str = ""
    round_down: bool = False
    bracket: tuple[Any, Any] | None = None
    open: bool = False
    doubt: str = ""
    error: Any = None  # of a limit: how far it is from the exact answer, see Bound.error

    def __float__(self) -> float:
        if self.is_array:
            raise InputError(f"{self.name or 'the value'} is an array of shape {self.number.shape}; use numpy.asarray(value)")
        try:
            return float(self.number)
        except OverflowError:
            raise InputError(f"{self.name or 'the value'} is beyond what a float64 can hold; scale an input down") from None

    def __int__(self) -> int:
        return int(float(self)) if not isinstance(self.number, Fraction) else int(self.number)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        import numpy as np

        return np.asarray(self.number if self.is_array else float(self), dtype=dtype)

    def __format__(self, spec: str) -> str:
        return format(float(self), spec) if spec else str(self)

    def __getitem__(self, name: str) -> Value:
        part: Value = find_part(self, name)
        return part

    @property
    def is_array(self) -> bool:
        """Whether the value is an array."""
        return hasattr(self.number, "shape")

    @property
    def never(self) -> bool:
        """Of a threshold: that it is never reached, whatever the unknown; ``note`` says why."""
        return bool(self.note) and self.number == (0 if self.round_down else float("inf"))

    @property
    def always(self) -> bool:
        """Of a threshold: that every value of the unknown will do; ``note`` says why."""
        return bool(self.note) and not self.never

    @property
    def whole(self) -> int:
        """The whole number that still holds: of a ``<=`` bound the one below, else the one above (how many chips)."""
        exact = self.number if isinstance(self.number, Fraction) else float(self)
        if exact == float("inf"):
            raise InputError(f"no whole number of {self.name or 'the value'} will do ({self.note})")
        if self.bracket is not None and not isinstance(self.number, Fraction):
            exact = self.bracket[0] if self.round_down else self.bracket[1]  # no whole number lies between
        whole = floor(exact) if self.round_down else ceil(exact)
        if self.open and whole == exact:
            return whole - 1 if self.round_down else whole + 1
        return whole

    @property
    def binding(self) -> Any:
        """The name of the part that binds: of the outermost maximum the largest, of a sum the one that weighs most.

        For arrays an array of names; None for a value without parts.
        """
        if not self.parts:
            return None
        names = [p.name for p in self.parts]
        if not self.is_array:
            return max(self.parts, key=lambda p: p.number).name
        import numpy as np

        stacked = np.stack(np.broadcast_arrays(*[np.asarray(p) for p in self.parts]))
        return np.asarray(names, dtype=object)[stacked.argmax(axis=0)]

    def binds(self, part: Value) -> bool:
        """Whether this is the part that binds: of a maximum the first of the largest, whatever it is called."""
        return self.join == "max" and not self.is_array and part is max(self.parts, key=lambda p: p.number)

    def __lt__(self, other: Any) -> Any:
        return NotImplemented if hasattr(other, "_sympy_") else self.number < self._same(other)

    def __le__(self, other: Any) -> Any:
        return NotImplemented if hasattr(other, "_sympy_") else self.number <= self._same(other)

    def __gt__(self, other: Any) -> Any:
        return NotImplemented if hasattr(other, "_sympy_") else self.number > self._same(other)

    def __ge__(self, other: Any) -> Any:
        return NotImplemented if hasattr(other, "_sympy_") else self.number >= self._same(other)

    def _same(self, other: Any) -> Any:
        """The other side of a comparison as a number of this unit."""
        number, unit = other, None
        if isinstance(other, str):
            number, unit = parse_quantity(other, self.unit)
        elif isinstance(other, Value):
            number, unit = other.number, other.unit
        if unit is not None and unit != self.unit and not (unit == ONE and self.unit.measured == ONE):
            raise UnitError(f"{self.name or 'the value'} is in {self.unit} but {short(other)} is in {unit}; compare like with like")
        return number

    @property
    def shown(self) -> str:
        """The number with its unit, and how sure it is, without the parts."""
        if self.note:
            return self.note + self._warning()
        just = ("just below " if self.round_down else "just above ") if self.open else ""
        return just + show_quantity(float(self), self.unit) + certainty(self.bracket and (self.bracket,), self.doubt) + self._warning()

    def _warning(self) -> str:
        """That a limit is far from the exact answer; nothing where it is close, or where none was taken."""
        return "" if self.error is None else str(self.error.warning)

    @property
    def range(self) -> str:
        """The shape of an array, and from where to where its numbers go."""
        if not self.number.size:
            return "empty array"
        low, high = (show_quantity(float(f()), self.unit) for f in (self.number.min, self.number.max))
        return f"array {'x'.join(map(str, self.number.shape))}, {low} to {high}"


def find_part(tree: Any, path: str) -> Any:
    """The part of that name, of a Cost or a Value: a direct one first, then a nested one; ``"mlp/math"`` is a path.

    Raises UnknownName with the nearest name, or with the paths if several parts have that name.
    """
    head, _, rest = str(path).partition("/")
    if rest:
        return find_part(find_part(tree, head), rest)
    direct = [p for p in tree.parts if p.name == head]
    deep = [(where, p) for where, p in _paths(tree, "") if p.name == head]
    if len(direct) == 1 or (not direct and len(deep) == 1):
        return direct[0] if direct else deep[0][1]
    whole = tree.name or "this"
    if not deep:
        known = [where.rpartition("/")[2] for where, p in _paths(tree, "") if p.name]
        raise UnknownName(f"{whole} has no part {short(head)}; {nearest(head, known)}")
    raise UnknownName(f"{whole} has {len(deep)} parts {short(head)}; say which: {', '.join(where for where, _ in deep[:6])}")


def _paths(tree: Any, above: str) -> Iterator[tuple[str, Any]]:
    for part in tree.parts:
        where = f"{above}/{part.name}" if above else part.name
        yield where, part
        yield from _paths(part, where)


def certainty(brackets: tuple[tuple[Any, Any], ...] | None, doubt: str) -> str:
    """How sure a numeric answer is, to write behind it: ``(numeric: bracketed within 1e-12)``."""
    if brackets is None:
        return ""
    widest = max((float(high - low) / float(low) for low, high in brackets if low < high and low > 0), default=0.0)
    sure = "exact" if not widest else f"bracketed within {'1e-12' if widest <= 1.01e-12 else format(widest, '.1e')}"
    return f"   (numeric: {'; '.join([sure] * (widest < 0.01) + [doubt] * bool(doubt))})"
