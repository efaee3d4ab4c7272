"""Expressions to numbers: one cached tape per cost, exact for scalars, NumPy for arrays.

A *tape* is a straight line of operations in which every common sub-expression stands once. Run on exact fractions it
gives exact answers (so a ceiling never trips over a rounding error); run on arrays each step is one NumPy call on the
smallest shape it needs. Nothing is generated as source and nothing is executed but the rows of one table.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, reduce
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Literal

import sympy as sp

from symroof.algebra.roots import PositiveRoot, PowerOfTwo, positive_root, power_of_two, under_one_root
from symroof.errors import InputError, short

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Number = Fraction | float | NDArray[np.float64]
else:
    Number = Any

#: The shape of a cost: an expression, or a way of joining ("sum", "max") with the shapes that are joined.
Shape = Any


def _numpy(name: str) -> Callable[..., Any]:
    """A NumPy function looked up on first use, so that importing symroof does not import NumPy."""

    def call(*args: Any) -> Any:
        import numpy as np

        return getattr(np, name)(*args)

    return call


def _fold(f: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda *args: reduce(f, args)


#: Bits up to which the power of a fraction is exact.
_LARGE = 1 << 17


def _exact_power(base: Any, exponent: Any) -> Any:
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        if isinstance(base, Fraction) and abs(exponent) * max(base.numerator, base.denominator).bit_length() > _LARGE:
            return float(base) ** int(exponent) if base < 1 or exponent < 0 else float(base) ** float(exponent)
        return base ** int(exponent)
    if exponent == Fraction(1, 2):
        return _root(base)
    return float(base) ** float(exponent)


def _root(base: Any) -> Any:
    """The square root, exact where it is rational."""
    if isinstance(base, Fraction) and base >= 0:
        top, bottom = math.isqrt(base.numerator), math.isqrt(base.denominator)
        if top * top == base.numerator and bottom * bottom == base.denominator:
            return Fraction(top, bottom)
    return math.sqrt(base)


def _array_power(base: Any, exponent: Any) -> Any:
    if not hasattr(exponent, "shape") and exponent in (-1, 0.5):
        return 1.0 / base if exponent == -1 else _numpy("sqrt")(base)
    return _numpy("power")(base, exponent)


def _whole(how: str, values: Any) -> Any:
    """Rounding that takes what is within a few bits of a whole number for it: 10 * 0.7 is 7, as it is for fractions."""
    import numpy as np

    nearest = np.rint(values)
    return np.where(np.abs(values - nearest) <= 8e-16 * np.abs(values), nearest, getattr(np, how)(values))


#: sympy class -> (on exact fractions, on arrays). A test shows that every row fires.
TABLE: dict[type, tuple[Callable[..., Any], Callable[..., Any]]] = {
    sp.Add: (_fold(operator.add), _fold(operator.add)),
    sp.Mul: (_fold(operator.mul), _fold(operator.mul)),
    sp.Pow: (_exact_power, _array_power),
    sp.Max: (max, _fold(_numpy("maximum"))),
    sp.Min: (min, _fold(_numpy("minimum"))),
    sp.ceiling: (lambda a: Fraction(math.ceil(a)), lambda a: _whole("ceil", a)),
    sp.floor: (lambda a: Fraction(math.floor(a)), lambda a: _whole("floor", a)),
    sp.Abs: (abs, _numpy("abs")),
    sp.log: (math.log, _numpy("log")),
    sp.exp: (math.exp, _numpy("exp")),
    sp.sinh: (math.sinh, _numpy("sinh")),
    sp.asinh: (math.asinh, _numpy("arcsinh")),
    PositiveRoot: (positive_root, positive_root),
    PowerOfTwo: (power_of_two, power_of_two),
}
_JOINS = {"sum": sp.Add, "max": sp.Max}


@dataclass(frozen=True)
class Tape:
    """Inputs, constants, and steps ``(kind, slots)``; the value of every node of the shape is in a slot of its own."""

    inputs: tuple[sp.Symbol, ...]
    constants: tuple[Fraction | float, ...]
    steps: tuple[tuple[type, tuple[int, ...]], ...]
    slots: Any  # the shape again, with slot numbers in place of expressions: (slot, [children])

    def run(self, values: Sequence[Number], strict: bool = True) -> list[Number]:
        """The value of every slot for one value per input; exact unless an input is an array.

        Raises InputError if a division by zero, an overflow or an invalid operation occurs on the way; arrays that
        are not run strictly get inf and NaN there.
        """
        how: Literal["raise", "ignore"] = "raise" if strict else "ignore"
        try:
            if not any(hasattr(v, "shape") for v in values):
                return self._rows(0, [*values, *self.constants])
            import numpy as np

            with np.errstate(divide=how, over=how, invalid=how):
                return self._rows(1, [v if hasattr(v, "shape") else float(v) for v in (*values, *self.constants)])
        except (ZeroDivisionError, OverflowError, FloatingPointError, ValueError) as problem:
            given = short(", ".join(f"{s} = {_brief(v)}" for s, v in zip(self.inputs, values, strict=True)), 300)[1:-1]
            raise InputError(f"cannot be evaluated: {_why(problem)} (with {given})") from None

    def _rows(self, column: int, slots: list[Any]) -> list[Number]:
        for kind, places in self.steps:
            slots.append(TABLE[kind][column](*[slots[i] for i in places]))
        return slots


#: A result of more points is handed to what ``engines`` holds; the package puts the grid's engine there, for the algebra knows no grid.
LARGE = 10**6
engines: list[Callable[[Tape, Sequence[Number]], list[Number]]] = []


def named_slots(compiled: Tape, values: Sequence[Number]) -> list[Number]:
    """``compiled.run(values)``; of a large grid only the slots that the shape names, worked out in blocks on all cores."""
    sizes = zip_longest(*[reversed(v.shape) for v in values if hasattr(v, "shape")], fillvalue=1)
    return engines[-1](compiled, values) if engines and math.prod(map(max, sizes)) > LARGE else compiled.run(values)


@lru_cache(maxsize=1024)
def tape(shape: Shape) -> Tape:
    """Compile a shape once; equal shapes share the tape.

    Raises InputError naming a function that has no row in the table.
    """
    shape = _tidied(shape)
    build = _Builder(shape)
    slots = build.node(shape)
    return Tape(tuple(build.inputs), tuple(build.constants), tuple(build.steps), slots)


def worth(shape: Shape, values: Mapping[sp.Symbol, Any], strict: bool = True) -> Any:
    """What a shape is worth at values by symbol: exact for fractions; arrays that are not run strictly may give inf and NaN."""
    compiled = tape(shape)
    return compiled.run([values[s] for s in compiled.inputs], strict)[compiled.slots[0]]


def _tidied(shape: Shape) -> Shape:
    """The shape with the roots of every product under one sign, so that sqrt(2)*sqrt(8) is 4."""
    return under_one_root(shape) if isinstance(shape, sp.Expr) else (shape[0], tuple(map(_tidied, shape[1])))


class _Builder:
    """Gives every distinct sub-expression one slot: first the inputs, then the constants, then the steps."""

    def __init__(self, shape: Shape) -> None:
        atoms = {a for leaf in _leaves(shape) for a in leaf.atoms() if a.is_Symbol or a.is_number}
        self.inputs = sorted((a for a in atoms if a.is_Symbol), key=sp.default_sort_key)
        numbers = sorted((a for a in atoms if not a.is_Symbol), key=sp.default_sort_key)
        self.constants = list(map(_constant, numbers))
        self.places: dict[Any, int] = {atom: i for i, atom in enumerate((*self.inputs, *numbers))}
        self.steps: list[tuple[type, tuple[int, ...]]] = []

    def node(self, shape: Shape) -> Any:
        if isinstance(shape, sp.Expr):
            return (self.place(shape), ())
        join, children = shape
        below = tuple(self.node(c) for c in children)
        return (self.step(_JOINS[join], tuple(b[0] for b in below)), below)

    def place(self, expr: sp.Expr) -> int:
        if expr in self.places:
            return self.places[expr]
        kind = next((c for c in TABLE if isinstance(expr, c)), None)
        if kind is None:
            raise InputError(f"{expr.func.__name__} in {short(expr)} cannot be evaluated; use {', '.join(c.__name__ for c in TABLE)}")
        self.places[expr] = self.step(kind, tuple(self.place(a) for a in expr.args))
        return self.places[expr]

    def step(self, kind: type, places: tuple[int, ...]) -> int:
        if len(places) == 1 and kind in (sp.Add, sp.Max):
            return places[0]
        key = (kind, places)
        if key not in self.places:
            self.places[key] = len(self.inputs) + len(self.constants) + len(self.steps)
            self.steps.append(key)
        return self.places[key]


def _leaves(shape: Shape) -> set[sp.Expr]:
    return {shape} if isinstance(shape, sp.Expr) else set().union(*map(_leaves, shape[1]))


def _constant(number: sp.Expr) -> Fraction | float:
    if number.is_Rational:
        return Fraction(int(number.p), int(number.q))
    if number.is_finite and number.is_extended_real:
        return float(number)
    raise InputError(f"{short(number)} is no finite real number, so it has no place in a cost")


def _brief(value: Any) -> str:
    if not hasattr(value, "shape"):
        return f"{float(value):.6g}"
    if not value.size:
        return "no values"
    low, high = float(value.min()), float(value.max())
    return f"{low:.6g}" if low == high else f"{low:.6g} to {high:.6g}"


def _why(problem: Exception) -> str:
    """What went wrong, without the words of Python and NumPy."""
    said = str(problem)
    if isinstance(problem, ZeroDivisionError) or "divide by zero" in said or "Fraction(" in said:
        return "division by zero"
    return "overflow, a value beyond 1.8e308" if isinstance(problem, OverflowError) or "overflow" in said else said
