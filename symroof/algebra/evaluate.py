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
from functools import cached_property, lru_cache, reduce
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Literal

import sympy as sp

from symroof.algebra.intervals import Irrational
from symroof.algebra.reals import Real, known, number, order_of, power, refined
from symroof.algebra.roots import Log1p, PositiveRoot, PowerOfTwo, positive_root, power_of_two, under_one_root
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


_UNDEFINED = (ZeroDivisionError, OverflowError, FloatingPointError, ValueError)
#: What turns on the last digits of its argument.
_TURNS = (sp.log, Log1p, sp.ceiling, sp.floor, PowerOfTwo)


def _power(base: Any, exponent: Any) -> Any:
    """Exact where it is rational."""
    exact = power(base, exponent) if isinstance(base, Fraction) and isinstance(exponent, Fraction) else None
    if exact is not None:
        return exact
    if isinstance(exponent, Fraction) and exponent.denominator == 1 and base < 0:
        return float(base) ** int(exponent)
    if base < 0:
        raise ValueError("a root of a negative number")
    return float(base) ** float(exponent)


def _log(value: Any) -> float:
    """Of a fraction beyond what a float holds too, and of one close to 1 to the last digit."""
    if isinstance(value, Fraction) and 1 < 2 * value < 4:
        return math.log1p(value - 1)
    if isinstance(value, Fraction) and not _SMALLEST < value < _LARGEST:
        return math.log(value.numerator) - math.log(value.denominator)
    return math.log(value)


_SMALLEST, _LARGEST = Fraction(1, 10**300), Fraction(10**300)


def _array_power(base: Any, exponent: Any) -> Any:
    if not hasattr(exponent, "shape") and exponent in (-1, 0.5):
        return 1.0 / base if exponent == -1 else _numpy("sqrt")(base)
    return _numpy("power")(base, exponent)


def _whole(how: str, values: Any) -> Any:
    """Rounding that takes what is within a few bits of a whole number for it: 10 * 0.7 is 7, as it is for fractions."""
    import numpy as np

    nearest = np.rint(values)
    return np.where(np.abs(values - nearest) <= np.minimum(8e-16 * np.abs(values), 0.1), nearest, getattr(np, how)(values))


#: sympy class -> (on exact fractions, on arrays). A test shows that every row fires.
TABLE: dict[type, tuple[Callable[..., Any], Callable[..., Any]]] = {
    sp.Add: (_fold(operator.add), _fold(operator.add)),
    sp.Mul: (_fold(operator.mul), _fold(operator.mul)),
    sp.Pow: (_power, _array_power),
    sp.Max: (max, _fold(_numpy("maximum"))),
    sp.Min: (min, _fold(_numpy("minimum"))),
    sp.ceiling: (lambda a: Fraction(math.ceil(a)), lambda a: _whole("ceil", a)),
    sp.floor: (lambda a: Fraction(math.floor(a)), lambda a: _whole("floor", a)),
    sp.Abs: (abs, _numpy("abs")),
    sp.log: (_log, _numpy("log")),
    Log1p: (lambda u: _log(1 + u) if isinstance(u, Fraction) else math.log1p(u), _numpy("log1p")),
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

    @cached_property
    def delicate(self) -> tuple[int, ...]:
        """The slots whose last digits matter: what is rounded, what a logarithm is taken of, and terms of either sign."""
        signed = [True] * len(self.inputs) + [c >= 0 for c in self.constants]  # whether it is never negative
        found: dict[int, None] = {}
        for kind, places in self.steps:
            each = [signed[i] for i in places]
            if kind in _TURNS or (kind is sp.Add and not all(each)):
                found |= dict.fromkeys(places)
            inherits = each[0] if kind is sp.Pow else (any if kind is sp.Max else all)(each) and kind not in (sp.log, Log1p)
            signed.append(kind in (sp.Abs, sp.exp, PositiveRoot, PowerOfTwo) or inherits)
        return tuple(found)

    def run(self, values: Sequence[Number], strict: bool = True) -> list[Number]:
        """The value of every slot for one value per input; exact unless an input is an array.

        Where rounding could show in scalars, what the shape names is worked out to more digits.

        Raises InputError if a division by zero, an overflow or an invalid operation occurs on the way; arrays that
        are not run strictly get inf and NaN there.
        """
        how: Literal["raise", "ignore"] = "raise" if strict else "ignore"
        try:
            if not any(hasattr(v, "shape") for v in values):
                return self._scalars(values)
            import numpy as np

            with np.errstate(divide=how, over=how, invalid=how):
                return self._rows(1, [v if hasattr(v, "shape") else float(v) for v in (*values, *self.constants)])
        except _UNDEFINED as problem:
            raise self._refused(problem, values) from None

    def bracketed(self, values: Sequence[Any], enough: Callable[[list[Real]], bool]) -> list[Real]:
        """Every slot for fractions, to as many bits as it takes to be enough. Raises InputError as ``run`` does."""
        try:
            return refined(self.steps, [*values, *self.constants], enough)
        except _UNDEFINED as problem:
            raise self._refused(problem, values) from None

    def _refused(self, problem: Exception, values: Sequence[Any]) -> InputError:
        given = short(", ".join(f"{s} = {_brief(v)}" for s, v in zip(self.inputs, values, strict=True)), 300)[1:-1]
        return InputError(f"cannot be evaluated: {_why(problem)} (with {given})")

    def _scalars(self, values: Sequence[Any]) -> list[Number]:
        try:
            found = self._rows(0, [*values, *self.constants])
            if not any(type(found[i]) is not Fraction for i in self.delicate):
                return found
        except (ValueError, OverflowError):
            if not self.delicate:
                raise
        return list(map(number, refined(self.steps, [*values, *self.constants], lambda found: all(map(known, found)))))

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


def pinned(expr: sp.Expr, values: Mapping[sp.Symbol, Any]) -> Fraction | float:
    """What an expression is worth at fractions: exactly, or to the last bit and on the right side of whole numbers.

    Raises InputError where it has no value.
    """
    compiled = tape(expr)
    (slot, _) = compiled.slots
    return number(compiled.bracketed([values[s] for s in compiled.inputs], lambda found: known(found[slot]))[slot])


def compared(a: sp.Expr, b: sp.Expr, values: Mapping[sp.Symbol, Any]) -> int:
    """1, 0 or -1 as one expression is larger than another at fractions, equal or smaller: to as many digits as it takes.

    Raises InputError where one of them has no value.
    """
    compiled = tape(("max", (a, b)))
    first, second = (place for place, _ in compiled.slots[1])
    found = compiled.bracketed([values[s] for s in compiled.inputs], lambda found: order_of(found[first], found[second]) is not None)
    return order_of(found[first], found[second]) or 0


def _tidied(shape: Shape) -> Shape:
    """The shape with the roots of every product under one sign, so that sqrt(2)*sqrt(8) is 4."""
    return under_one_root(shape) if isinstance(shape, sp.Expr) else (shape[0], tuple(map(_tidied, shape[1])))


class _Builder:
    """Gives every distinct sub-expression one slot: first the inputs, then the constants, then the steps."""

    def __init__(self, shape: Shape) -> None:
        leaves = _leaves(shape)
        shifted = {close for leaf in leaves for e in leaf.atoms(sp.log) if (close := _less_one(e)) is not None}
        atoms = {a for leaf in leaves | shifted for a in leaf.atoms() if a.is_Symbol or a.is_number}
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
        close = _less_one(expr)
        kind, args = (kind, expr.args) if close is None else (Log1p, (close,))
        self.places[expr] = self.step(kind, tuple(self.place(a) for a in args))
        return self.places[expr]

    def step(self, kind: type, places: tuple[int, ...]) -> int:
        if len(places) == 1 and kind in (sp.Add, sp.Max):
            return places[0]
        key = (kind, places)
        if key not in self.places:
            self.places[key] = len(self.inputs) + len(self.constants) + len(self.steps)
            self.steps.append(key)
        return self.places[key]


def _less_one(expr: sp.Expr) -> sp.Expr | None:
    """Of ``log(1 + u)`` the u, so that it is known to the last digit where u is small; None for anything else."""
    return expr.args[0] - 1 if isinstance(expr, sp.log) and expr.args[0].is_Add and expr.args[0].as_coeff_Add()[0] else None


def _leaves(shape: Shape) -> set[sp.Expr]:
    return {shape} if isinstance(shape, sp.Expr) else set().union(*map(_leaves, shape[1]))


def _constant(number: sp.Expr) -> Fraction | float:
    if number.is_Rational:
        return Fraction(int(number.p), int(number.q))
    if number.is_finite and number.is_extended_real:
        return Irrational(number)
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
