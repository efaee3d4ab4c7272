"""A Proof: every line of a derivation checked against the one before, at random points and on both sides of every threshold.

Values are exact fractions, so two sides are never close by rounding only. A line that divides is compared inside its
domain, a limit at large (and small) values, and the answer with the condition itself: see :class:`Verification`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.arithmetic import COMPARE
from symroof.algebra.bind import Given
from symroof.algebra.value import INF, as_span
from symroof.errors import InputError
from symroof.solver.numeric.at import decided
from symroof.solver.proof.points import Point, counted, impossible, sample
from symroof.solver.steps import Solved, Step

_CLOSE, _LIMIT = Fraction(1, 10**6), Fraction(1, 10**5)  # how far from a threshold exact lines and limits are compared
_FAR = Fraction(1, 50)  # the same for the answer of a limit, which drops terms
_TRIES = 200  # how often a point of a domain is looked for
_NARROW = range(20, 200, 20)  # when it is looked for at its border
_BORDERS = 5  # how many points are moved to the border of a domain
_ENDS = ("result", "together")
_ANSWERS = (*_ENDS, "domain")


@dataclass(frozen=True)
class Verification:
    """How many points were tried and those, if any, where the bound and its condition disagree; true if none."""

    points: int
    counterexamples: tuple[dict[str, float], ...]

    def __bool__(self) -> bool:
        return not self.counterexamples

    def __repr__(self) -> str:
        if not self.points:
            return "nothing to verify: the bound has no closed form"
        if self:
            return f"verified at {self.points} points"
        return f"refuted at {len(self.counterexamples)} of {self.points} points, e.g. {self.counterexamples[0]}"


def verify(bound: Solved, samples: int, seed: int) -> Verification:
    """Compare a bound with its condition at ``samples`` sets of random values; numeric bounds have nothing to verify."""
    if not bound.closed:
        return Verification(0, ())
    chance, x, weights = random.Random(seed), bound.symbol, dict(bound.weights)
    left, right = bound.condition.left.expr, bound.condition.right.expr
    close = _FAR if bound.weights else _CLOSE
    points, wrong = 0, []
    for _ in range(samples):
        values = {
            s: counted(s, _sample(chance, weights.get(s, 0)), weights.get(s, 0))
            for s in sorted(bound.free_symbols, key=sp.default_sort_key)
        }
        try:
            found = decided(bound, Given(values))
        except InputError:  # its threshold is beyond what floats can hold
            continue
        span = as_span(x, found)
        ends = [Fraction(e) for interval in span.intervals for e in interval if 0 < e < INF]
        tries = [e * (1 + d) for e in ends for d in (-close, close)]
        tries += [] if bound.weights and ends else [_sample(chance, 0) for _ in range(2)]
        for at in (Point({**values, x: to}) for to in tries if all(abs(to / e - 1) >= close * Fraction(9, 10) for e in ends)):
            try:
                a, b = at(left), at(right)
            except InputError:  # beyond what floats can hold
                continue
            agrees = COMPARE[bound.condition.relation](a, b) == (at[x] in span)
            sure = (isinstance(a, Fraction) and isinstance(b, Fraction)) or abs(a - b) > 1e-13 * abs(a)  # more than rounding
            points += agrees or sure
            if sure and not agrees:
                wrong.append({s.name: float(v) for s, v in at.items()})
    return Verification(points, tuple(wrong))


def _sample(chance: random.Random, weight: int) -> Fraction:
    """A positive number over three decades, or a very large or very small one."""
    return Fraction(chance.randint(100, 999)) * Fraction(10) ** (12 * weight or chance.choice((-3, -2, -1)))


@dataclass(frozen=True)
class Line:
    """A step, at how many points it was checked, and one where it does not hold, or what else is wrong."""

    step: Step
    points: int = 0
    against: str = ""
    empty: bool = False  # its domain is empty, or holds no values as large (or small) as a limit asks for

    @property
    def holds(self) -> bool:
        """Whether it was checked and never refuted."""
        return (self.points > 0 or self.empty) and not self.against

    @property
    def mark(self) -> str:
        """What the check found."""
        if self.against:
            return f"REFUTED at {self.against}"
        if self.step.kind == "start":
            return "as asked"
        if self.empty:
            return "its domain is empty"
        return f"verified at {self.points} points" if self.points else "not checked: no point of its domain was found"


@dataclass(frozen=True, repr=False)
class Proof(show.Shown):
    """A derivation with the check of every line; true only if all of them were checked and hold, and so does the whole."""

    lines: tuple[Line, ...]
    whole: Verification

    def __bool__(self) -> bool:
        return self.whole.points > 0 and bool(self.whole) and all(line.holds for line in self.lines)


def prove(bound: Solved, samples: int, seed: int) -> Proof:
    """Check every step of a bound, and the bound as a whole."""
    check = _Check(bound, samples, seed)
    for i in range(len(bound.steps)):
        check.lines.append(check.line(i))
    return Proof(tuple(check.lines), verify(bound, max(samples, 20), seed))


class _Check:
    """Finds for every step what it has to agree with, and the points at which it is tried."""

    def __init__(self, bound: Solved, samples: int, seed: int) -> None:
        self.bound, self.samples, self.seed = bound, samples, seed
        self.steps: tuple[Step, ...] = bound.steps
        self.weights = dict(bound.weights)
        self.x: sp.Symbol = bound.symbol
        self.starts = {s.part: s for s in self.steps if s.kind == "part"}
        self.symbols = sorted({self.x}.union(*(s.left.free_symbols | s.right.free_symbols for s in self.steps)), key=str)
        self.points: dict[Any, list[Point]] = {}
        self.lines: list[Line] = []

    def line(self, i: int) -> Line:
        """The check of one step."""
        step = self.steps[i]
        if step.kind == "start":
            return self._asked(i)
        if step.kind == "part":
            return self._named(i)
        before = self._before(i)
        if step.kind == "substitute":
            return self._tried(i, lambda at: _agree(at.holds(*step.same), at.unput(step).holds(*before.same)))
        if step.kind == "apart":
            return self._tried(i, lambda at: _agree(self._whole(step, at), at.holds(*before.same), at.holds(*step.same)))
        if step.kind in _ANSWERS:
            return self._tried(i, lambda at: self._answer(step, before, at))
        if step.left == step.right and sp.expand(before.left - before.right) == 0:
            return Line(step, self.samples)
        return self._tried(i, lambda at: _agree(at.holds(*step.same), at.holds(*before.same)) if at.inside(step) else None)

    # -- what a step has to agree with
    def _before(self, i: int) -> Step:
        """The line that a step follows from: the one before in its part, for an answer the last that is none."""
        step = self.steps[i]
        others = (s for s in self.steps[i - 1 :: -1] if s.part == step.part)
        return next(s for s in others if s.kind not in (*_ANSWERS, "verdict") or step.kind not in (*_ANSWERS, "verdict"))

    def _asked(self, i: int) -> Line:
        """The condition itself: word for word what was asked, or what values were put into."""
        last = next((s for s in self.steps[::-1] if s.kind in ("start", "substitute")), self.steps[i])
        asked = self.bound.condition
        same = i == 0 and last.same == (asked.left.expr, asked.relation, asked.right.expr)
        return Line(self.steps[i], self.samples, "" if same else "the outset: this is not what was asked")

    def _named(self, i: int) -> Line:
        """The start of a part: the line that takes the whole apart names it, and is checked with it."""
        step = self.steps[i]
        above, _, _ = step.part.rpartition(".")
        whole = next((k for k, s in enumerate(self.steps[:i]) if s.kind == "apart" and s.part == above), None)
        if whole is None or not any(step.part in column for row in self.steps[whole].of for column in row):
            return Line(step, 0, "the outset: no line names this part")
        return replace(self.lines[whole], step=step)

    def _whole(self, step: Step, at: Point) -> bool | None:
        """What the parts of a step make together."""
        truths = {one: at.holds(*self.starts[one].same) for row in step.of for column in row for one in column}
        if None in truths.values():
            return None
        return any(all(any(truths[one] for one in column) for column in row) for row in step.of)

    def _answer(self, step: Step, before: Step, at: Point) -> bool | None:
        """Whether an answer (ends and domains of every case) says what the line before does, this line's share in it."""
        group = [s for s in self.steps if s.part == step.part and s.kind in _ANSWERS]
        named = [s for s in group if s.case == step.case and s.kind == "domain"]
        if len(named) != len(step.inside):
            return False  # a condition of its domain is not said
        held = [self._case([s for s in group if s.case == k], at) for k in dict.fromkeys(s.case for s in group)]
        true = at.holds(*before.same)
        if true is None or None in held:
            return None
        within = at.inside(step)
        if any(held) == true:
            return True if within or step.kind == "domain" else None
        if step.kind == "domain":  # to blame if it is not the condition under which the case was derived
            w = step.inside[named.index(step)]
            return at.holds(*step.same) == at.holds(w.lhs, w.rel_op, w.rhs)
        return not within

    def _case(self, lines: list[Step], at: Point) -> bool | None:
        """Whether one case of an answer holds: its domain, and within that its ends."""
        for kind in (("domain",), ("result", "together")):
            truths = [at.holds(*s.same) for s in lines if s.kind in kind]
            if not all(truths):
                return None if None in truths else False
        return True

    # -- where it is tried
    def _tried(self, i: int, agrees: Callable[[Point], bool | None]) -> Line:
        points = 0
        for at in self._points(i):
            try:
                found = agrees(at)
            except (InputError, TypeError):
                continue  # a division by zero, or the root of a negative number, outside of the domain
            points += found is not None
            if found is False:
                return Line(self.steps[i], points, str(at))
        step = self.steps[i]
        return Line(step, points, empty=not points and (self._grown(step) or impossible(step)))

    def _grown(self, step: Step) -> bool:
        """Whether a step is a limit, or rests on limits taken in its parts."""
        under = (s for s in self.steps if s.part != step.part and s.within(step.part))
        return step.kind == "limit" or (step.kind in (*_ANSWERS, "verdict") and any(s.kind == "limit" for s in under))

    def _points(self, i: int) -> list[Point]:
        """Random values of all symbols, and for each of them the unknown just below and above the thresholds."""
        step = self.steps[i]
        grown = self._grown(step)
        mine = [s for s in self.steps if s.part == step.part or (step.kind == "apart" and s.within(step.part))]
        ends = [s for s in mine if s.left == self.x and s.kind in _ENDS and step.case in (0, s.case)]
        domain = step if step.inside else next((s for s in mine if s.inside and step.kind != "apart"), step)
        key = (step.part, step.kind in ("apart", "domain", *_ENDS) and step.kind, step.case, domain.inside, grown)
        if key not in self.points:
            places = list(self._places(domain, step.kind in _ENDS, grown))
            if step.kind in ("domain", "apart") and not grown:
                rels = step.inside or [sp.Rel(s.left, s.right, s.relation, evaluate=False) for s in mine if s.kind == "part"]
                some = places[: min(_BORDERS, self.samples)]
                borders = [(at, next(at.changes(w, self.x), None)) for at in some for w in rels]
                places += [
                    at.moved(edge[0], counted(edge[0], edge[1] * (1 + d))) for at, edge in borders if edge for d in (-_CLOSE, _CLOSE)
                ]
            first = next(s for s in self.steps if s.part == step.part and s.kind != "substitute")
            self.points[key] = [near for at in places for near in self._around(at, ends, first, grown)]
        return self.points[key]

    def _places(self, domain: Step, only: bool, grown: bool) -> Iterator[Point]:
        """Random points, then as many inside a domain; only the latter for a line that speaks of its domain."""
        chance = random.Random(f"{self.seed}")
        met = 0
        for n in range(_TRIES):
            if n >= self.samples and met >= self.samples:
                break
            ways = [(s, self.weights.get(s, 0) if grown else 0) for s in self.symbols]
            decades = 4 if grown or n < _TRIES // 2 else 9
            at = Point({s: counted(s, sample(chance, way, decades), way) for s, way in ways})
            within = at.inside(domain)
            met += within
            if within or (n < self.samples and not only):
                yield at
            if n in _NARROW and not met and not grown:
                found = at.narrowed(domain)
                met += found is not None
                if found is not None:
                    yield found

    def _around(self, at: Point, ends: list[Step], first: Step, grown: bool) -> Iterator[Point]:
        close = _LIMIT if grown else _CLOSE
        found = []
        for s in ends:
            with suppress(InputError, TypeError, ValueError, OverflowError):  # no number
                found += [Fraction(at(s.right))]
        found = [e for e in found if e > 0]
        if not grown and (not found or self.weights):
            found += at.crossings(first.left, first.right, self.x)
        for e in found:
            for x in (e * (1 - close), e * (1 + close)):
                if all(abs(x / other - 1) >= close * Fraction(9, 10) for other in found):
                    yield at.moved(self.x, x if grown else Fraction(math.sqrt(x)) ** 2)  # whose root is a fraction
        if not (grown and found):
            yield at


def _agree(*truths: bool | None) -> bool | None:
    """Whether all are the same; None if one of them is undecided."""
    return None if None in truths else len(set(truths)) == 1
