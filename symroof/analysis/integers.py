"""The whole numbers that really win: branch and bound over a geometric program, every candidate evaluated exactly.

Between bounds on its unknowns the program is again a geometric program, so its certified lower bound shows which ranges
cannot hold the best numbers. What is left over when no range is, is the best there is; rounding the real optimum need not be.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import count, product
from typing import Any

import sympy as sp

from symroof.algebra.show import text
from symroof.analysis.dual import Rows
from symroof.analysis.geometric import how, task_of, worth
from symroof.analysis.logspace import Task, height, solved
from symroof.analysis.posynomial import NoValues, program
from symroof.errors import InputError, SolveError, short

_MOST = 3000
_TIE = 1e-9

#: What an unknown may be: None for any whole number, "powers of two", a number it must divide, or the numbers themselves.
Allowed = None | str | int | Iterable[int]
Range = tuple[int, int | None]


@dataclass(frozen=True)
class WholeOptimum:
    """The best whole numbers, their exact value, and how many candidates and ranges it took.

    ``proven`` says that no allowed numbers are better (by more than 1e-9); if not, ``lower`` is what none can beat.
    """

    point: Mapping[sp.Symbol, int]
    value: Any
    lower: float
    proven: bool
    tried: int
    ranges: int


def integers(
    objective: sp.Expr,
    over: Iterable[sp.Symbol],
    subject_to: Iterable[sp.Basic] = (),
    allowed: Mapping[sp.Symbol, Allowed] | None = None,
    exact: Callable[[Mapping[sp.Symbol, int]], Any] | None = None,
) -> WholeOptimum:
    """The smallest value of a geometric program over whole numbers.

    ``exact`` evaluates a candidate (None if it is not possible) where the real cost rounds up; it must never be below the
    objective, whose relaxation gives the bounds.

    >>> from symroof.symbols import X, Y
    >>> found = integers(2*X + 3*Y + 50/(X*Y), (X, Y), allowed={X: "powers of two", Y: 12})
    >>> found.point[X], found.point[Y], found.proven
    (4, 2, True)

    Raises SolveError if it is no geometric program or falls without end, NoValues if no allowed numbers satisfy the conditions.
    """
    over, subject_to = tuple(over), tuple(subject_to)
    unknown = [s for s in allowed or {} if s not in over]
    if unknown:
        raise SolveError(f"{unknown[0]} is not minimized over; name it in over=, or leave it out of what is allowed")
    choices = tuple(choice((allowed or {}).get(x), x) for x in over)
    task = task_of(program(objective, over, subject_to), subject_to)
    search = _Search(task, choices, lambda numbers: _judged(objective, over, subject_to, exact, numbers))
    return search.run(over)


def _judged(objective: sp.Expr, over: tuple[sp.Symbol, ...], conditions: tuple[sp.Basic, ...], exact: Any, numbers: tuple[int, ...]) -> Any:
    """The exact value at these numbers; None where a condition fails."""
    point = {x: Fraction(v) for x, v in zip(over, numbers, strict=True)}
    if not all(_holds(c, point) for c in conditions):
        return None
    return worth(objective, point) if exact is None else exact({x: int(v) for x, v in point.items()})


def _holds(condition: sp.Basic, point: Mapping[sp.Symbol, Fraction]) -> bool:
    if not how(condition):
        return True
    left, right = worth(condition.lhs, point), worth(condition.rhs, point)
    rough = isinstance(left, float) or isinstance(right, float)
    if rough and abs(left - right) <= 1e-13 * max(abs(left), abs(right)):
        left = right  # an irrational power, known to its last digits only
    return bool({"<=": left <= right, "<": left < right, ">=": left >= right, ">": left > right, "==": left == right}[how(condition)])


# -- what an unknown may be
@dataclass(frozen=True)
class Choice:
    """The numbers an unknown may be: listed, or (with none listed) every whole number, or every power of two."""

    listed: tuple[int, ...] = ()
    doubling: bool = False

    @property
    def whole(self) -> Range:
        """All of them."""
        return (self.listed[0], self.listed[-1]) if self.listed else (1, None)

    def below(self, v: float) -> int:
        """The largest that is at most v, 0 if there is none."""
        if self.listed:
            place = bisect_right(self.listed, v)
            return self.listed[place - 1] if place else 0
        v = math.floor(v)
        return (1 << v.bit_length() - 1) if self.doubling and v >= 1 else max(v, 0)

    def above(self, v: float) -> int | None:
        """The smallest that is at least v, None if there is none."""
        if self.listed:
            place = bisect_left(self.listed, v)
            return self.listed[place] if place < len(self.listed) else None
        v = max(math.ceil(v), 1)
        return 1 << (v - 1).bit_length() if self.doubling else v


def choice(allowed: Allowed, x: sp.Symbol) -> Choice:
    """What an unknown may be, checked.

    Raises InputError if that is no whole numbers.
    """
    if allowed is None:
        return Choice()
    if isinstance(allowed, str):
        if allowed != "powers of two":
            raise InputError(f"{short(allowed)} says not what {x} may be; write 'powers of two', a number it divides, or a list of numbers")
        return Choice(doubling=True)
    if isinstance(allowed, (int, sp.Integer)):
        if allowed < 1 or isinstance(allowed, bool):
            raise InputError(f"{x} cannot divide {allowed}; give a positive whole number")
        n = int(allowed)
        small = [d for d in range(1, math.isqrt(n) + 1) if n % d == 0]
        return Choice(tuple(sorted({*small, *(n // d for d in small)})))
    listed = tuple(allowed) if isinstance(allowed, Iterable) else ()
    if not listed or not all(isinstance(v, (int, sp.Integer)) and v >= 1 for v in listed):
        raise InputError(f"{short(allowed)} says not what {x} may be; list positive whole numbers")
    return Choice(tuple(sorted({int(v) for v in listed})))


# -- branch and bound
@dataclass
class _Search:
    task: Task
    choices: tuple[Choice, ...]
    judge: Callable[[tuple[int, ...]], Any]
    best: Any = None
    numbers: tuple[int, ...] = ()
    tried: set[tuple[int, ...]] = field(default_factory=set)
    ranges: int = 0

    def run(self, over: tuple[sp.Symbol, ...]) -> WholeOptimum:
        """The best first: the range with the lowest bound is looked at next."""
        open_: list[tuple[float, int, tuple[Range, ...]]] = [(-math.inf, 0, tuple(c.whole for c in self.choices))]
        last, place = "", count(1)
        while open_ and self.ranges < _MOST and not self.hopeless(open_[0][0]):
            _, _, box = heapq.heappop(open_)
            self.ranges += 1
            try:
                lower, children = self.looked(box)
            except NoValues as problem:
                last = last or str(problem)
                continue
            for child in children if not self.hopeless(lower) else ():
                heapq.heappush(open_, (lower, next(place), child))
        proven = not open_ or self.hopeless(open_[0][0])
        if self.best is None:
            if not proven:
                raise SolveError(f"no whole numbers were found in {_MOST} ranges; bound the unknowns, or list what they may be")
            raise NoValues(f"no allowed whole numbers satisfy {self.conditions()}" + (f" ({last})" if self.ranges == 1 else ""))
        lower = float(self.best) * (1 - _TIE) if proven else math.exp(open_[0][0])
        return WholeOptimum(dict(zip(over, self.numbers, strict=True)), self.best, lower, proven, len(self.tried), self.ranges)

    def conditions(self) -> str:
        """The conditions, for a message."""
        return " and ".join(dict.fromkeys(c for c in (*self.task.limits, *self.task.equal) if c)) or text(sp.true)

    def hopeless(self, lower: float) -> bool:
        """Whether a range with this bound (a log) can hold nothing better."""
        return self.best is not None and lower >= math.log(self.best) - _TIE

    def looked(self, box: tuple[Range, ...]) -> tuple[float, list[tuple[Range, ...]]]:
        """The bound of a range and the smaller ranges it falls into; the candidates around its optimum are tried."""
        if all(low == high for low, high in box):
            self.attempt(tuple(low for low, _ in box))
            return math.inf, []
        bounded = _bounded(self.task, box)
        found = solved(bounded)
        lower = height(bounded.rows, found.y) - found.certificate.gap
        near = [self.neighbours(i, math.exp(v), box[i]) for i, v in enumerate(found.y[: len(box)])]
        for numbers in product(*[dict.fromkeys(pair) for pair in near]):
            self.attempt(numbers)
        apart = [
            min(math.log(math.exp(v) / a), math.log(b / math.exp(v))) if a < b else 0.0 for v, (a, b) in zip(found.y, near, strict=False)
        ]
        i = max(range(len(box)), key=lambda i: apart[i])
        low, high = box[i]
        if apart[i] > 0:
            parts: list[Range] = [(low, near[i][0]), (near[i][1], high)]
        else:
            if self.hopeless(lower):
                return lower, []
            i = next(i for i, (low, high) in enumerate(box) if low != high)
            parts = self.around(i, near[i][0], box[i])
        return lower, [(*box[:i], part, *box[i + 1 :]) for part in parts]

    def neighbours(self, i: int, v: float, box: Range) -> tuple[int, int]:
        """The allowed numbers on either side of v within its range; the same one twice where v is one."""
        low, high = box
        a, b = self.choices[i].below(v * (1 + 1e-7)), self.choices[i].above(v * (1 - 1e-7))
        a = max(a, low)
        b = a if b is None or (high is not None and b > high) else max(b, low)
        return (a, b) if a < b else (b, b)

    def around(self, i: int, v: int, box: Range) -> list[Range]:
        """A range as what is below a number, the number, and what is above it."""
        low, high = box
        before, after = self.choices[i].below(v - 1), self.choices[i].above(v + 1)
        parts: list[Range] = [(v, v)]
        parts += [(low, before)] if before >= low else []
        return parts + ([(after, high)] if after is not None and (high is None or after <= high) else [])

    def attempt(self, numbers: tuple[int, ...]) -> None:
        """Evaluate a candidate exactly, once."""
        if numbers in self.tried:
            return
        self.tried.add(numbers)
        value = self.judge(numbers)
        if value is not None and (self.best is None or value < self.best):
            self.best, self.numbers = value, numbers


def _bounded(task: Task, box: tuple[Range, ...]) -> Task:
    """The program with its unknowns between bounds, or fixed."""
    rows, count = task.rows, len(task.names)
    limits: list[tuple[tuple[Fraction, ...], float, str]] = []
    fixed: list[tuple[tuple[Fraction, ...], float, str]] = []
    for i, (low, high) in enumerate(box):
        unit = tuple(Fraction(j == i) for j in range(count))
        if low == high:
            fixed.append((unit, -math.log(low), f"{task.names[i]} == {low}"))
            continue
        limits.append((tuple(-a for a in unit), math.log(low), f"{task.names[i]} >= {low}"))
        if high is not None:
            limits.append((unit, -math.log(high), f"{task.names[i]} <= {high}"))
    bounded = Rows(
        (*rows.exponents, *(a for a, _, _ in limits)),
        (*rows.logs, *(b for _, b, _ in limits)),
        (*rows.sizes, *(1 for _ in limits)),
        (*rows.equal, *(a for a, _, _ in fixed)),
        (*rows.equal_logs, *(b for _, b, _ in fixed)),
    )
    return replace(task, rows=bounded, limits=(*task.limits, *(c for _, _, c in limits)), equal=(*task.equal, *(c for _, _, c in fixed)))
