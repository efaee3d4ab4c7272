"""A walk along one symbol: who wins just above a place, where the next change is, and which comparison decides it.

The walk is written as if every order were known. Where one does not follow from the facts it stops, and is taken twice:
once with the comparison as a fact, once with its opposite. So every answer is a short list of cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache, reduce
from typing import Any, Generic, TypeVar

import sympy as sp

from symroof.algebra import show
from symroof.algebra.cost import Condition, Cost, quantity
from symroof.algebra.operands import rational
from symroof.algebra.units import ONE
from symroof.algebra.value import as_span
from symroof.errors import SolveError, short
from symroof.solver.extremes import EXTREMES, Extreme, extremes
from symroof.solver.facts import NOTHING, Facts
from symroof.solver.numeric.thresholds import exact_pieces
from symroof.solver.pieces import ALWAYS, NEVER, Piece, Pieces, relation, rooted
from symroof.solver.polynomial import split
from symroof.solver.solve import solve

_MOST = 24
_DEEP = 8  # comparisons that one case may rest on
_LONGEST = 64  # places that a walk comes through
_ZERO = sp.Integer(0)
Result = TypeVar("Result")


class Undecided(Exception):
    """Whether ``above >= below`` does not follow from the facts."""

    def __init__(self, above: sp.Expr, below: sp.Expr) -> None:
        super().__init__("which is larger is not known")
        self.above, self.below = above, below


class Impossible(Exception):
    """The walk came back to where it was: no values satisfy the facts it assumed."""


@dataclass(frozen=True)
class Case(Generic[Result]):
    """A result and the comparisons under which it is the one."""

    when: tuple[sp.Rel, ...]
    result: Result


class Decided(Generic[Result]):
    """An answer by ``cases``, between which values decide; or the ``reason`` why there is none in closed form."""

    cases: tuple[Case[Result], ...]
    reason: str
    what = "which it is"

    @property
    def deciding(self) -> str:
        """The comparisons that decide between the cases."""
        return " and ".join(dict.fromkeys(show.text(rel) for case in self.cases for rel in case.when))

    @property
    def only(self) -> Result:
        """The answer of the only case.

        Raises SolveError if there is no closed form, or if comparisons decide between several.
        """
        if self.reason:
            raise SolveError(f"{self.reason}; give the other values to .at(...)")
        if len(self.cases) != 1:
            raise SolveError(f"{self.what} depends on {self.deciding}; add it to given=[...], or give values to .at(...)")
        return self.cases[0].result


def facts_of(given: tuple[sp.Rel, ...]) -> Facts:
    """What is given, as facts. Raises SolveError if it cannot all hold."""
    facts = Facts.of(given)
    if facts.contradict:
        raise SolveError(f"the given conditions contradict each other: {', '.join(map(show.text, given))}")
    return facts


@dataclass(frozen=True)
class Line:
    """The positive values of one symbol, with what is known of the others."""

    x: sp.Symbol
    facts: Facts
    learned: list[tuple[sp.Expr, sp.Expr]] = field(default_factory=list, compare=False)

    def order(self, a: sp.Expr, b: sp.Expr) -> int:
        """The sign of a - b; raises Undecided where it is not known."""
        found = self.known(a, b)
        if found is None and (isinstance(a, EXTREMES) or isinstance(b, EXTREMES)):
            return self.order(self._picked(a), self._picked(b))
        if found is None:
            raise Undecided(a, b)
        return found

    def known(self, a: sp.Expr, b: sp.Expr) -> int | None:
        """The sign of a - b, if it is known."""
        found = self.facts.order(a, b)
        if found is None and self.learned:
            found = Facts((*self.facts.known, *self.learned)).order(a, b)
        return found

    def _picked(self, expr: sp.Expr) -> sp.Expr:
        """The part of a maximum (or minimum) that it is."""
        if not isinstance(expr, EXTREMES):
            return expr
        sense = 1 if isinstance(expr, sp.Max) else -1
        return reduce(lambda a, b: a if self.order(a, b) * sense >= 0 else b, map(self._picked, expr.args))

    def holds(self, rel: sp.Rel) -> bool:
        """Whether a relation holds; at equality a strict one does not."""
        found = self.order(rel.lhs, rel.rhs)
        return found > 0 or (found == 0 and isinstance(rel, sp.Ge))

    def wins(self, a: sp.Expr, b: sp.Expr, place: sp.Expr) -> bool:
        """Whether a >= b just above a place, which is 0 or a positive expression."""
        unknown: Undecided | None = None
        for piece in where(a, b, self.x):
            try:
                if self._counts(piece) and self._inside(piece, place):
                    return True
            except Undecided as problem:
                unknown = unknown or problem
        if unknown is not None:
            raise unknown
        return False

    def _inside(self, piece: Piece, place: sp.Expr) -> bool:
        """Whether a piece holds just above a place."""
        if self._spread(piece) <= 0:
            return False
        low = self.positive(piece.low)
        if low is not None and (place == 0 or self.order(place, low) < 0):
            return False
        return piece.high is None or place == 0 or self.order(place, piece.high) < 0

    def _spread(self, piece: Piece) -> int:
        """1 if something lies between the ends of a piece, 0 if it is a point at which two sides only touch, -1 if it is empty."""
        if piece.low is None or piece.high is None or self.positive(piece.low) is None:
            return 1
        if not piece.apart:
            return self.order(piece.high, piece.low)
        if (piece.high, piece.low) not in self.learned:
            self.learned.append((piece.high, piece.low))
            product = piece.low * piece.high  # of two roots of a quadratic what their mean is known by
            if product.is_positive and not product.has(sp.Add, *EXTREMES):
                self.learned.extend([(sp.sqrt(product), piece.low), (piece.high, sp.sqrt(product))])
        return 1

    def first(self, above: sp.Expr, below: sp.Expr, place: sp.Expr) -> sp.Expr | None:
        """The first place from here on where ``above >= below`` begins, which is not so just above this one; None if nowhere."""
        starts = [replace(p, low=low) for p in self.counting(where(above, below, self.x)) if (low := self.positive(p.low)) is not None]
        if len(starts) > 1 or any(p.high is not None for p in starts):  # else it must lie ahead, as the other wins here
            starts = [p for p in starts if place == 0 or self._ahead(p, place)]
        return self.least([p.low for p in starts]) if starts else None

    def _ahead(self, piece: Piece, place: sp.Expr) -> bool:
        """Whether a piece begins further on, or just here."""
        from_here = self.order(piece.low, place)
        return from_here > 0 or (from_here == 0 and self._inside(piece, place))

    def positive(self, low: sp.Expr | None) -> sp.Expr | None:
        """A lower end, or None if it is not above 0 and so no end at all."""
        if low is None or low.is_positive:
            return low
        if isinstance(low, EXTREMES):
            parts = [self.positive(part) for part in low.args]
            ends = [part for part in parts if part is not None]
            smallest = isinstance(low, sp.Min)
            if not ends or (smallest and len(ends) < len(parts)):
                return None
            return low if len(ends) == len(parts) else low.func(*ends, evaluate=False) if len(ends) > 1 else ends[0]
        if low.has(sp.sinh):
            return low
        plus, minus = split(sp.fraction(sp.together(low))[0])
        return low if minus.is_zero or self.order(plus, minus) > 0 else None

    def least(self, places: Iterable[sp.Expr]) -> sp.Expr:
        """The smallest of several places."""
        return reduce(lambda a, b: b if self.order(a, b) > 0 else a, places)

    def best(self, exprs: list[sp.Expr], place: sp.Expr, largest: bool = True) -> int:
        """The number of the largest (or smallest) just above a place."""
        best = 0
        for i, e in enumerate(exprs[1:], 1):
            if not (self.wins(exprs[best], e, place) if largest else self.wins(e, exprs[best], place)):
                best = i
        return best

    def counting(self, pieces: Pieces, points: bool = False) -> Pieces:
        """The pieces whose conditions hold, and in which something lies: an interval, or with ``points`` a point."""
        return tuple(p for p in pieces if self._counts(p) and self._spread(p) >= (0 if points else 1))

    def _counts(self, piece: Piece) -> bool:
        """Whether the conditions of a piece hold; those without roots are asked first, as they say where the others have a value."""
        if any(found < 0 for w in piece.when if (found := self.known(w.lhs, w.rhs)) is not None):
            return False
        return all(self.holds(w) for w in sorted(piece.when, key=lambda w: rooted(w.lhs) or rooted(w.rhs)))


class Walk:
    """The choices of a cost made from a place on up: ``made`` says what wins just above ``place``.

    With ``over`` which summand weighs most is a choice too.
    """

    def __init__(self, line: Line, cost: Cost, place: sp.Expr = _ZERO, over: tuple[sp.Symbol, ...] = ()) -> None:
        self.line, self.cost, self.place, self.over = line, cost, place, over
        self.made: dict[Extreme, int] = {}
        self._seen: set[Any] = set()

    def settle(self) -> None:
        """Make every open choice as it falls just above the place, and forget those that no longer matter.

        Raises Impossible if the walk has been here before, SolveError if it has come through more than 64 places.
        """
        while open_ := next((c for c in self._choices() if c not in self.made), None):
            self.made[open_] = self.line.best([part.expr for _, part in open_.parts], self.place, open_.largest)
        self.made = {c: self.made[c] for c in self._choices()}
        state = (self.place, frozenset(self.made.items()))
        if state in self._seen:
            raise Impossible
        if len(self._seen) > _LONGEST:
            raise SolveError(f"{short(self.cost.name or self.cost.expr)} changes its regime along {self.line.x} more than {_LONGEST} times")
        self._seen.add(state)

    def ahead(self) -> sp.Expr:
        """Where the next choice changes; oo if none does."""
        self._events = list(self._rivals())
        return self.line.least([at for *_, at in self._events]) if self._events else sp.oo

    def go(self, place: sp.Expr) -> None:
        """Move on to a place, where one choice changes: to the only part that overtakes there, or open again."""
        self.place = place
        tied = [(choice, rival) for choice, rival, at in self._events if at == place or self.line.known(at, place) == 0]
        rivals = [rival for choice, rival in tied if choice == tied[0][0]] if tied else []
        if len(rivals) == 1:
            self.made[tied[0][0]] = rivals[0]
        elif rivals:
            del self.made[tied[0][0]]

    def _choices(self) -> Iterator[Extreme]:
        return extremes(self.cost, self.made, self.over)

    def _rivals(self) -> Iterator[tuple[Extreme, int, sp.Expr]]:
        """For every choice, the parts that overtake the winner further on, and where."""
        for choice in self._choices():
            winner = choice.parts[self.made[choice]][1].expr
            for i, (_, part) in enumerate(choice.parts):
                if i != self.made[choice]:
                    beats, beaten = (part.expr, winner) if choice.largest else (winner, part.expr)
                    at = self.line.first(beats, beaten, self.place)
                    if at is not None:
                        yield choice, i, at


def cases(walk: Callable[[Facts], Result], facts: Facts) -> tuple[Case[Result], ...]:
    """A walk under every order that the facts leave open, with the comparisons that decide between the results.

    Raises SolveError if there are too many; values for some of the symbols decide.
    """
    tried: list[tuple[sp.Rel, ...]] = []

    def take(known: Facts, when: tuple[sp.Rel, ...]) -> list[Case[Result]]:
        tried.append(when)
        if len(tried) > 2 * _MOST or len(when) > _DEEP:
            raise SolveError("the order of the breakpoints has too many cases to list")
        if known.contradict:
            return []
        try:
            return [Case(when, walk(known))]
        except Impossible:
            return []
        except Undecided as open_question:
            a, b = open_question.above, open_question.below
        first, second = (take(known.also(pair), (*when, relation(*pair))) for pair in ((a, b), (b, a)))
        if len(first) == len(second) == 1 and first[0].result == second[0].result:
            return [Case(when, first[0].result)]  # it does not decide after all
        if len(first) + len(second) > _MOST:
            raise SolveError("the order of the breakpoints has too many cases to list")
        return first + second

    found = take(facts, ())
    if not found:
        raise SolveError("no order of the breakpoints was found that what is given allows")
    return tuple(Case(facts.without_implied(c.when), c.result) for c in found)


@lru_cache(maxsize=4096)
def where(above: sp.Expr, below: sp.Expr, x: sp.Symbol) -> Pieces:
    """Where ``above >= below``, in closed form; with no symbol but x left, by certified roots if there is no closed form.

    Raises SolveError if there is neither.
    """
    others = {m for side in (above, below) for m in side.atoms(*EXTREMES) if x not in m.free_symbols}
    if others:  # to x they are positive numbers, and sympy is slow with them
        put = {m: sp.Dummy(positive=True) for m in sorted(others, key=sp.count_ops, reverse=True)}
        back = {d: m for m, d in put.items()}
        return tuple(_put(piece, back) for piece in where(above.xreplace(put), below.xreplace(put), x))
    if x not in (above - below).free_symbols:
        known = NOTHING.order(above, below)
        return (ALWAYS if known >= 0 else NEVER) if known is not None else (Piece(when=(relation(above, below),)),)
    bound = solve(Condition(quantity(above, ONE), ">=", quantity(below, ONE)), x)
    if bound.closed:
        return bound.pieces
    if bound.free_symbols:
        raise SolveError(f"{show.text(above)} against {show.text(below)} has no closed form for {x}: {bound.reason}")
    exact = exact_pieces(above, below, x)
    return exact if exact is not None else tuple(Piece(_end(low), _end(high)) for low, high in as_span(x, bound.at()).intervals)


def _put(piece: Piece, values: dict[sp.Expr, sp.Expr]) -> Piece:
    low, high = (None if end is None else end.xreplace(values) for end in (piece.low, piece.high))
    return Piece(low, high, tuple(rel.func(rel.lhs.xreplace(values), rel.rhs.xreplace(values), evaluate=False) for rel in piece.when))


def _end(number: Any) -> sp.Expr | None:
    return None if number in (0, float("inf")) else rational(number)
