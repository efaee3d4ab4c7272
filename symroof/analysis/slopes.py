"""One-sided elasticities at a point: a sweep over the steps of a tape, exact on fractions, broadcast on arrays.

Every slot carries its *slope*, d ln(value) / d ln(scale), when the asked symbols are all scaled together (where the
value is 0, d value / d ln(scale)). At a tie the side decides: going up a maximum follows the part that grows most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import cosh, log, sqrt
from typing import Any

import sympy as sp

from symroof.algebra.evaluate import Tape, tape
from symroof.algebra.roots import PositiveRoot, PowerOfTwo

ROUNDING = (sp.ceiling, sp.floor, PowerOfTwo)
_CLOSE = 1e-14  # two floats that differ less are taken for equal


@dataclass(frozen=True)
class Slopes:
    """The slopes of a whole expression just below and just above a point, its value, and what is tied or jumps there."""

    value: Any
    below: Any
    above: Any
    ties: tuple[tuple[sp.Expr, tuple[sp.Expr, ...]], ...] = ()
    jumps: tuple[sp.Expr, ...] = ()

    @property
    def kink(self) -> Any:
        """Whether the two sides differ; for arrays, where."""
        return ~same(self.below, self.above) if _array(self.below, self.above) else not same(self.below, self.above)


def slopes(expr: sp.Expr, symbols: Iterable[sp.Symbol], values: Mapping[Any, Any]) -> Slopes:
    """The slopes of an expression when these symbols are scaled together.

    Raises InputError where the expression cannot be evaluated.
    """
    compiled, places = _with_places(expr)
    slots = compiled.run([values[s] for s in compiled.inputs])
    moved = set(symbols)
    start = [Fraction(int(s in moved)) for s in compiled.inputs] + [Fraction(0)] * len(compiled.constants)
    below, above = (_sweep(compiled, slots, list(start), side) for side in (-1, 1))
    root = compiled.slots[1][0][0]
    if _array(*slots):
        return Slopes(slots[root], below[root], above[root])
    live = _live(compiled, slots, root)
    ties, jumps = [], []
    for node, (slot, args) in places.items():
        if slot in live and isinstance(node, (sp.Max, sp.Min)):
            tied = {a: i for a, i in zip(node.args, args, strict=True) if same(slots[i], slots[slot])}
            if len({(below[i], above[i]) for i in tied.values()}) > 1:
                ties.append((node, tuple(sorted(tied, key=sp.default_sort_key))))
        elif slot in live and isinstance(node, ROUNDING) and (below[args[0]] or above[args[0]]) and _jumps(node, slots[args[0]]):
            jumps.append(node)
    return Slopes(slots[root], below[root], above[root], tuple(ties), tuple(jumps))


def winners(expr: sp.Expr, values: Mapping[Any, Any]) -> dict[sp.Expr, tuple[sp.Expr, ...]]:
    """For every maximum and minimum that counts, the arguments it equals."""
    compiled, places = _with_places(expr)
    slots = compiled.run([values[s] for s in compiled.inputs])
    live = _live(compiled, slots, compiled.slots[1][0][0])
    return {
        node: tuple(a for a, i in zip(node.args, args, strict=True) if same(slots[i], slots[slot]))
        for node, (slot, args) in places.items()
        if slot in live and isinstance(node, (sp.Max, sp.Min))
    }


def _with_places(expr: sp.Expr) -> tuple[Tape, dict[sp.Expr, tuple[int, tuple[int, ...]]]]:
    """The tape of an expression, and where its extremes and roundings, with their arguments, have their slots."""
    nodes = sorted(expr.atoms(sp.Max, sp.Min, *ROUNDING), key=sp.default_sort_key)
    asked = [expr, *[e for node in nodes for e in (node, *node.args)]]
    compiled = tape(("max", tuple(asked)))
    where = [place for place, _ in compiled.slots[1][1:]]
    places = {}
    for node in nodes:
        places[node] = (where[0], tuple(where[1 : 1 + len(node.args)]))
        where = where[1 + len(node.args) :]
    return compiled, places


def _sweep(compiled: Tape, slots: Sequence[Any], found: list[Any], side: int) -> list[Any]:
    for kind, args in compiled.steps:
        out = slots[len(found)]
        found.append(RULES[kind](out, [slots[i] for i in args], [found[i] for i in args], side))
    return found


def _live(compiled: Tape, slots: Sequence[Any], root: int) -> set[int]:
    """The slots that the value depends on: of a maximum only the arguments that it equals."""
    first = len(compiled.inputs) + len(compiled.constants)
    live, front = set(), [root]
    while front:
        slot = front.pop()
        if slot not in live:
            live.add(slot)
            kind, args = compiled.steps[slot - first] if slot >= first else (None, ())
            front += [i for i in args if kind not in (sp.Max, sp.Min) or same(slots[i], slots[slot])]
    return live


def _jumps(node: sp.Expr, inside: Any) -> bool:
    if isinstance(node, PowerOfTwo):
        return bool(inside >= 1 and inside == Fraction(2) ** (int(inside).bit_length() - 1))
    return bool(inside == int(inside))


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
    if _array(value):
        import numpy as np

        return getattr(np, name)(value)
    return scalar(value)


def _still(out: Any, args: list[Any], given: list[Any], side: int) -> Any:
    return Fraction(0)


#: One row per row of the evaluator's table.
RULES: dict[type, Callable[..., Any]] = {
    sp.Add: _add,
    sp.Mul: _mul,
    sp.Pow: _pow,
    sp.Max: _extreme(1),
    sp.Min: _extreme(-1),
    sp.ceiling: _still,
    sp.floor: _still,
    sp.Abs: _abs,
    sp.log: _through(lambda u: 1 / u),
    sp.exp: lambda out, args, given, side: _change(args[0], given[0]),
    sp.sinh: lambda out, args, given, side: _sinh(out, args[0], given[0]),
    sp.asinh: _through(lambda u: 1 / _called("sqrt", sqrt, 1 + u * u)),
    PositiveRoot: _root,
    PowerOfTwo: _still,
}


def _sinh(out: Any, inside: Any, slope: Any) -> Any:
    return _slope(out, _called("cosh", cosh, inside) * _change(inside, slope))
