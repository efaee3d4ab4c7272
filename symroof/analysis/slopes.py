"""Elasticities step by step, d ln(value) / d ln(scale): one table of rules, for fractions, arrays and expressions.

The elasticity of a product is the sum of its factors', that of a sum the average weighted by the shares of its terms. Where
a value is 0 its *slope* is d value / d ln(scale). At a tie the side decides: going up a maximum follows what grows most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, reduce
from math import cosh, log, sqrt
from typing import Any

import sympy as sp

from symroof.algebra.evaluate import tape
from symroof.algebra.roots import Log1p, PositiveRoot, PowerOfTwo
from symroof.solver.extremes import EXTREMES
from symroof.solver.polynomial import expand, sign, tidy

ROUNDING = (sp.ceiling, sp.floor, PowerOfTwo)
_CLOSE = 1e-14  # two floats that differ less are taken for equal


@dataclass(frozen=True)
class Slopes:
    """The slopes of a whole expression just below and just above a point, and its value there."""

    value: Any
    below: Any
    above: Any

    @property
    def kink(self) -> Any:
        """Whether the two sides differ; for arrays, where."""
        return ~same(self.below, self.above) if _array(self.below, self.above) else not same(self.below, self.above)


def slopes(expr: sp.Expr, symbols: Iterable[sp.Symbol], values: Mapping[Any, Any]) -> Slopes:
    """The slopes of an expression at a point (or at many, of arrays) when these symbols are scaled together.

    Raises InputError where the expression cannot be evaluated.
    """
    compiled, moved = tape(expr), set(symbols)
    slots = compiled.run([values[s] for s in compiled.inputs])
    root, sides = compiled.slots[0], []
    for side in (-1, 1):
        found: list[Any] = [Fraction(int(s in moved)) for s in compiled.inputs] + [Fraction(0)] * len(compiled.constants)
        for kind, args in compiled.steps:
            found.append(RULES[kind](slots[len(found)], [slots[i] for i in args], [found[i] for i in args], side))
        sides.append(found[root])
    return Slopes(slots[root], *sides)


@lru_cache(maxsize=4096)
def log_slope(f: sp.Expr, x: sp.Symbol) -> sp.Expr:
    """The elasticity of an expression, a ratio of sums with common factors cancelled; away from jumps.

    That of a maximum is the one that all its parts have, else NaN.
    """
    if not f.has(x) or f == x or isinstance(f, ROUNDING):
        return sp.Integer(f == x)
    each = [log_slope(a, x) for a in f.args]
    if isinstance(f, EXTREMES):
        return each[0] if len(set(each)) == 1 else sp.nan
    if f.is_Add and not all(e.is_number for e in each):
        f = expand(f)
        each = [log_slope(a, x) for a in f.args]
    kind = next((k for k in RULES if isinstance(f, k)), None)
    found = RULES[kind](f, list(f.args), each, 1) if kind else x * sp.diff(f, x) / f
    return _ratio(found) if not found.is_number and (f.is_Add or (f.is_Mul and found.is_Add)) else found


def _ratio(whole: sp.Expr) -> sp.Expr:
    top, bottom = map(tidy, sp.fraction(sp.together(whole)))
    return tidy(-top) / tidy(-bottom) if sign(bottom) == -1 else top / bottom


def same(a: Any, b: Any) -> Any:
    """Whether two numbers are equal, fractions exactly and floats to their last bits; elementwise for arrays."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a == b
    if _array(a, b):
        import numpy as np

        return np.abs(a - b) <= _CLOSE * np.maximum(np.abs(a), np.abs(b))
    return abs(a - b) <= _CLOSE * max(abs(a), abs(b))


def _array(*values: Any) -> bool:
    return any(hasattr(v, "shape") for v in values)


# -- slopes and changes: a change is d value / d ln(scale)
def _change(value: Any, slope: Any) -> Any:
    if _array(value, slope):
        import numpy as np

        return np.where(value != 0, _float(value) * _float(slope), slope)
    return value * slope if value else slope


def _slope(value: Any, change: Any) -> Any:
    if _array(value, change):
        import numpy as np

        return _float(change) / np.where(value != 0, value, 1.0)
    return change / value if value else change


def _float(value: Any) -> Any:
    return float(value) if isinstance(value, Fraction) else value


def _zero(*values: Any) -> bool:
    return not _array(*values) and any(not v for v in values)


# -- the rules, one per kind of step: (its value, its arguments' values, their slopes, the side) to its slope
def _add(out: Any, args: list[Any], given: list[Any], side: int) -> Any:
    if not _array(*args, *given) and not _zero(out, *args) and all(s == given[0] for s in given):
        return given[0]
    return _slope(out, sum(_change(v, s) for v, s in zip(args, given, strict=True)))


def _mul(out: Any, args: list[Any], given: list[Any], side: int) -> Any:
    if not _zero(*args) and not any(_array(v) and not v.all() for v in args):
        return sum(given)
    whole: Any = 0
    for i in range(len(args)):
        others: Any = reduce(lambda a, b: a * b, args[:i] + args[i + 1 :], Fraction(1))
        whole = whole + _change(args[i], given[i]) * others
    return _slope(out, whole)


def _pow(out: Any, args: list[Any], given: list[Any], side: int) -> Any:
    (base, exponent), (first, second) = args, given
    if _zero(base):
        return _slope(out, exponent * base ** (exponent - 1) * first)
    moved = exponent * first
    if _array(second) or second:
        moved = moved + _change(exponent, second) * _called("log", log, base)
    return moved


def _extreme(sense: int) -> Callable[..., Any]:
    def rule(out: Any, args: list[Any], given: list[Any], side: int) -> Any:
        changes = [_change(v, s) for v, s in zip(args, given, strict=True)]
        way = side * sense
        if not _array(*args, *given):
            tied = [i for i, v in enumerate(args) if same(v, out)]
            return given[max(tied, key=lambda i: way * changes[i])]
        import numpy as np

        best = reduce(np.maximum, [np.where(same(v, out), way * _float(c), -np.inf) for v, c in zip(args, changes, strict=True)])
        return _slope(out, way * best)

    return rule


def _abs(out: Any, args: list[Any], given: list[Any], side: int) -> Any:
    if _zero(*args):
        return side * abs(given[0])
    return given[0]


def _root(out: Any, args: list[Any], given: list[Any], side: int) -> Any:
    """Of ``sum(c * y**i) = 0``: what the coefficients change must be made up for by y."""
    powers = [_float(c) * out ** (len(args) - 1 - i) for i, c in enumerate(args)]
    changed: Any = sum(_change(t, s) for t, s in zip(powers, given, strict=True))
    return -changed / sum(t * (len(args) - 1 - i) for i, t in enumerate(powers))


def _through(derivative: Callable[[Any], Any]) -> Callable[..., Any]:
    """A smooth function of one argument."""
    return lambda out, args, given, side: _slope(out, derivative(args[0]) * _change(args[0], given[0]))


def _called(name: str, scalar: Callable[..., Any], value: Any) -> Any:
    if isinstance(value, sp.Expr):
        return getattr(sp, name)(value)
    if _array(value):
        import numpy as np

        return getattr(np, name)(value)
    return scalar(value)


#: One row per row of the evaluator's table.
RULES: dict[type, Callable[..., Any]] = {
    sp.Add: _add,
    sp.Mul: _mul,
    sp.Pow: _pow,
    sp.Max: _extreme(1),
    sp.Min: _extreme(-1),
    sp.ceiling: lambda out, args, given, side: Fraction(0),
    sp.floor: lambda out, args, given, side: Fraction(0),
    sp.Abs: _abs,
    sp.log: _through(lambda u: 1 / u),
    Log1p: _through(lambda u: 1 / (1 + u)),
    sp.exp: lambda out, args, given, side: _change(args[0], given[0]),
    sp.sinh: _through(lambda u: _called("cosh", cosh, u)),
    sp.asinh: _through(lambda u: 1 / _called("sqrt", sqrt, 1 + u * u)),
    PositiveRoot: _root,
    PowerOfTwo: lambda out, args, given, side: Fraction(0),
}
