"""A tape as a graph in which everything is worked out on the smallest shape it needs.

Every node knows the axes it depends on. What is small against the grid is worked out at once, on an array with those axes
only; the factors of a product and the terms of a sum are joined so that small results come first and few operations are
of full size. What is left are nodes to be run block by block.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from operator import or_
from typing import Any

import numpy as np
import sympy as sp

from symroof.algebra.evaluate import TABLE, Tape
from symroof.grid.cut import Cut, padded

TRIFLE = 4096  # elements that are kept whatever the grid
TINY = 1 << 16  # elements that are kept without counting them
SMALL = 1 << 20  # elements of the largest array that is kept
BUDGET = 3 << 20  # elements of all larger ones together: 24 MiB

_FOLDED = {sp.Add: "add", sp.Mul: "multiply", sp.Max: "maximum", sp.Min: "minimum"}
_NAMED = {sp.log: "log", sp.exp: "exp", sp.sinh: "sinh", sp.asinh: "arcsinh", sp.Abs: "absolute"}
_BY_NAME = {kind.__name__: row[1] for kind, row in TABLE.items()}


def function(name: str) -> Callable[..., Any]:
    """The NumPy function of that name, or the row of the table."""
    found: Callable[..., Any] = _BY_NAME[name] if name in _BY_NAME else getattr(np, name)
    return found


@dataclass(frozen=True)
class Node:
    """The axes it depends on (a bit each) and either its value or the operation and the nodes it is made of."""

    mask: int
    value: Any = None
    name: str = ""
    args: tuple[int, ...] = ()


class Trouble(FloatingPointError):
    """A division by zero, an overflow or an invalid operation, and the axes along which it happened."""

    def __init__(self, problem: object, mask: int) -> None:
        super().__init__(str(problem))
        self.mask = mask


class Graph:
    """Nodes, and the node of every slot of the tape; what depends on an input that is None is left out (-1)."""

    def __init__(self, tape: Tape, values: Sequence[Any], cut: Cut, grouped: bool) -> None:
        self.cut, self.grouped = cut, grouped
        self.nodes: list[Node] = []
        self._known: dict[Any, int] = {}
        self._left = BUDGET
        self.slots = [-1 if v is None else self._given(v) for v in (*values, *tape.constants)]
        for kind, places in tape.steps:
            args = [self.slots[i] for i in places]
            self.slots.append(-1 if -1 in args else self._step(kind, args))

    def _given(self, value: Any) -> int:
        array = padded(value if self.cut.size else 1.0, len(self.cut.shape))
        self.nodes.append(Node(sum(1 << i for i, n in enumerate(array.shape) if n > 1), array))
        return len(self.nodes) - 1

    def _step(self, kind: type, args: list[int]) -> int:
        if kind in _FOLDED:
            return self._folded(_FOLDED[kind], args)
        if kind is sp.Pow and self.nodes[args[1]].mask == 0:
            return self._power(args[0], args[1], float(self.nodes[args[1]].value.flat[0]))
        return self.apply("power" if kind is sp.Pow else _NAMED.get(kind, kind.__name__), args)

    def _power(self, base: int, node: int, exponent: float) -> int:
        if exponent < 0 and (-exponent in (0.5, 1.0, 2.0, 3.0, 4.0)):
            return self.apply("reciprocal", [self._power(base, node, -exponent)])
        if exponent == 0.5:
            return self.apply("sqrt", [base])
        if exponent in (1.0, 2.0, 3.0, 4.0):
            square = base if exponent == 1 else self.apply("square", [base])
            return square if exponent < 3 else self.apply("multiply", [square, base]) if exponent == 3 else self.apply("square", [square])
        return self.apply("power", [base, node])

    def _folded(self, name: str, args: list[int]) -> int:
        """Two at a time: in order, or those first whose result is smallest."""
        args = list(args)
        while len(args) > 1:
            a, b = min(combinations(args, 2), key=self._cost) if self.grouped else (args[0], args[1])
            args.remove(a)
            args.remove(b)
            args.insert(0, self._joined(name, a, b))
        return args[0]

    def _cost(self, pair: tuple[int, int]) -> tuple[int, bool]:
        a, b = (self.nodes[i].mask for i in pair)
        within = (1 << self.cut.pivot + 1) - 1
        return self.cut.length(a | b), bool((a | b) & within) and bool((a | b) & ~within)

    def _joined(self, name: str, a: int, b: int) -> int:
        if name == "multiply":
            for x, y in ((a, b), (b, a)):
                if self.nodes[y].name == "reciprocal" and self.nodes[y].value is None:
                    return self.apply("divide", [x, self.nodes[y].args[0]])
        return self.apply(name, [a, b])

    def apply(self, name: str, args: Sequence[int]) -> int:
        """The node of an operation, worked out at once if its arguments are and it is small."""
        key = (name, *args)
        if key not in self._known:
            mask = reduce(or_, (self.nodes[i].mask for i in args))
            worked = all(self.nodes[i].value is not None for i in args) and self.keeps(self.cut.length(mask))
            value = self._worked(name, args, mask) if worked else None
            self.nodes.append(Node(mask, value, name, tuple(args)))
            self._known[key] = len(self.nodes) - 1
        return self._known[key]

    def _worked(self, name: str, args: Sequence[int], mask: int) -> Any:
        try:
            return np.asarray(function(name)(*[self.nodes[i].value for i in args]), dtype=np.float64)
        except (FloatingPointError, ZeroDivisionError, OverflowError) as problem:
            raise Trouble(problem, mask) from None

    def keeps(self, length: int) -> bool:
        """Whether an array of this length may be worked out and kept; takes it off the budget."""
        if length <= TINY:
            return length * 2 <= self.cut.size or length <= TRIFLE
        if length > SMALL or length * 4 > self.cut.size or length > self._left:
            return False
        self._left -= length
        return True
