"""Maxima and minima taken apart: the one place that does.

An expression with maxima is a list of smooth cases. Who needs what of it:

- ``branches(expr, xs)``: the maximum of minima of smooth expressions. ``max(a, b) >= c`` holds where ``a >= c`` or ``b >= c``
  does, ``c >= max(a, b)`` where both do; so a condition becomes a union of intersections of smooth conditions.
- ``extremes(cost, made)``: every maximum of a cost as an :class:`Extreme` between named parts, the outer ones first, only those
  that matter once those in ``made`` are made; ``smooth(cost, made)`` is what is then left.
- ``ways(cost)``: all the ways in which the choices can be made, each with the comparisons under which it is the one.
- ``picks(expr)``: every smooth expression that an expression may be, whatever the comparisons.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from itertools import chain, product

import sympy as sp

from symroof.algebra import show
from symroof.algebra.cost import Cost, changed, quantity
from symroof.algebra.operands import measured_unit
from symroof.algebra.units import ONE
from symroof.errors import NoClosedForm, UnitError, short
from symroof.solver.facts import NOTHING, Facts
from symroof.solver.polynomial import sides

#: The maximum, over the rows, of the minimum within a row.
Rows = list[list[sp.Expr]]
EXTREMES = (sp.Max, sp.Min)
_MOST = 256


def outermost(expr: sp.Expr) -> list[sp.Expr]:
    """The maxima and minima of an expression that stand in no other, in a fixed order."""
    if isinstance(expr, EXTREMES):
        return [expr]
    return sorted({m for a in expr.args for m in outermost(a)}, key=sp.default_sort_key)


def picks(expr: sp.Expr) -> Iterator[sp.Expr]:
    """Every expression without maxima that this one may be, whichever parts win."""
    found = outermost(expr)
    for parts in product(*[m.args for m in found]):
        left = expr.xreplace(dict(zip(found, parts, strict=True)))
        yield from picks(left) if found else (left,)


# -- an expression as the maximum of minima
def branches(expr: sp.Expr, xs: frozenset[sp.Symbol] | None = None) -> Rows:
    """The expression as a maximum of minima of expressions in which none of ``xs`` (of all symbols) stands in a Max or Min.

    Maxima of other symbols stay whole: to the unknown they are positive numbers.

    Raises NoClosedForm if a maximum stands inside another function, beside a factor of unknown sign, or if the
    parts are too many.
    """
    if not _splits(expr, xs):
        return [[expr]]
    if isinstance(expr, sp.Max):
        return _few([row for arg in expr.args for row in branches(arg, xs)])
    if isinstance(expr, sp.Min):
        return _few([list(chain(*rows)) for rows in product(*[branches(a, xs) for a in expr.args])])
    if isinstance(expr, sp.Add):
        return _pairwise(expr.args, xs, operator.add)
    if isinstance(expr, sp.Mul):
        return _product(expr, xs)
    if isinstance(expr, sp.Pow) and expr.exp.is_Rational and expr.base.is_nonnegative:
        rows = [[e**expr.exp for e in row] for row in branches(expr.base, xs)]
        return rows if expr.exp > 0 else _flipped(rows)
    raise NoClosedForm(f"a maximum stands inside {short(expr)}")


def _product(expr: sp.Mul, xs: frozenset[sp.Symbol] | None) -> Rows:
    others = [a for a in expr.args if _splits(a, xs)]
    factor = sp.Mul(*(a for a in expr.args if a not in others))
    if not all(a.is_nonnegative for a in others) and len(others) > 1:
        raise NoClosedForm(f"two factors of {short(expr)} hold maxima and may be negative")
    rows = _pairwise(others, xs, operator.mul)
    if factor.is_nonnegative:
        return [[factor * e for e in row] for row in rows]
    if factor.is_nonpositive:
        return _flipped([[factor * e for e in row] for row in rows])
    raise NoClosedForm(f"{short(factor)} scales a maximum and may have either sign")


def _pairwise(args: Iterable[sp.Expr], xs: frozenset[sp.Symbol] | None, join: Callable[[sp.Expr, sp.Expr], sp.Expr]) -> Rows:
    def joined(found: Rows, rows: Rows) -> Rows:
        return _few([[join(a, b) for a in left for b in right] for left in found for right in rows])

    return reduce(joined, (branches(arg, xs) for arg in args))


def _splits(expr: sp.Expr, xs: frozenset[sp.Symbol] | None) -> bool:
    return any(xs is None or m.free_symbols & xs for m in expr.atoms(*EXTREMES))


def _flipped(rows: Rows) -> Rows:
    """A minimum of maxima (the rows, negated or inverted) as a maximum of minima."""
    return _few([list(choice) for choice in product(*rows)])


def _few(rows: Rows) -> Rows:
    if len(rows) > _MOST:
        raise NoClosedForm(f"its maxima make more than {_MOST} branches")
    return [list(dict.fromkeys(row)) for row in rows]


# -- the maxima of a cost with names for their parts
@dataclass(frozen=True)
class Extreme:
    """A maximum (or minimum): what is compared, each with its name; equal parts count as one under both names.

    ``heaviest`` marks the choice that a sum makes: which of its summands weighs most.
    """

    expr: sp.Expr
    name: str = field(compare=False)
    parts: tuple[tuple[str, Cost], ...] = field(compare=False)
    largest: bool = field(default=True, compare=False)
    heaviest: bool = False

    def called(self, number: int) -> str:
        """The name of a part, or its formula."""
        name, part = self.parts[number]
        return name or show.text(show.readable(part.expr))


#: For every choice made, the number of the part that wins.
Made = Mapping[Extreme, int]


def extremes(cost: Cost, made: Made, over: Sequence[sp.Symbol] = ()) -> Iterator[Extreme]:
    """The choices of a cost that matter once those in ``made`` are made, the outer ones first.

    With symbols in ``over`` the last one, after all maxima, is which summand weighs most as these symbols go.
    """
    open_ = False
    for choice in _extremes(cost, made):
        open_ |= choice not in made
        yield choice
    if over and not open_ and len((heavy := _heaviest(cost, made, over)).parts) > 1:
        yield heavy


def smooth(cost: Cost, made: Made) -> Cost:
    """The cost with every choice made: sums keep their parts, a maximum is its winner under its own name."""
    if cost.join == "max":
        won = smooth(_winner(_outer(cost)[0], made), made)
        names = [n for n in (cost.name, won.name) if n]
        return won.named(": ".join(names)) if names else won
    if cost.join == "sum":
        return changed(cost, parts=tuple(smooth(p, made) for p in cost.parts))
    left = _without(cost, made)
    return cost if left == cost.expr else changed(cost, leaf=sp.factor_terms(sp.together(left)))


def won(cost: Cost, made: Made) -> tuple[tuple[str, str], ...]:
    """What wins each maximum that matters: pairs of its name ("" for the whole cost) and the name of the part."""
    found = [c for c in extremes(cost, made) if len(c.parts) > 1]
    return tuple(("" if c.expr == cost.expr else c.name, c.called(made[c])) for c in found)


def _extremes(cost: Cost, made: Made) -> Iterator[Extreme]:
    if cost.join == "sum":
        yield from chain(*(_extremes(part, made) for part in cost.parts))
        return
    for choice in _outer(cost):
        if len(choice.parts) > 1:
            yield choice
        if len(choice.parts) == 1 or choice in made:
            yield from _extremes(_winner(choice, made), made)


def _outer(cost: Cost) -> list[Extreme]:
    """The outermost choices of a maximum, or of a formula."""
    if cost.join:
        return [Extreme(cost.expr, cost.name, _named((p.name, p) for p in cost.parts))]
    found = []
    for extreme in outermost(cost.expr):
        try:
            unit = measured_unit(extreme) or ONE
        except UnitError:  # numbers that were put in have no unit of their own
            unit = ONE
        found.append(Extreme(extreme, "", _named(("", quantity(a, unit)) for a in extreme.args), isinstance(extreme, sp.Max)))
    return found


def _winner(choice: Extreme, made: Made) -> Cost:
    """The part that wins; the only one, where all are equal."""
    return choice.parts[made[choice] if len(choice.parts) > 1 else 0][1]


def _without(cost: Cost, made: Made) -> sp.Expr:
    """A formula with its maxima and minima replaced by what wins."""
    return cost.expr.xreplace({c.expr: _without(_winner(c, made), made) for c in _outer(cost)})


def _named(parts: Iterable[tuple[str, Cost]]) -> tuple[tuple[str, Cost], ...]:
    """Parts by name, equal ones together."""
    found: dict[sp.Expr, tuple[str, Cost]] = {}
    for name, part in parts:
        before = found.get(part.expr, ("", part))[0]
        found[part.expr] = (" = ".join(dict.fromkeys(n for n in (before, name) if n)), part)
    return tuple(found.values())


def _heaviest(cost: Cost, made: Made, over: Sequence[sp.Symbol]) -> Extreme:
    """What the smooth cost adds up: its named parts, or the terms of its formula, those of the same powers together."""
    whole, left = cost, smooth(cost, made)
    while whole.join == "max":
        whole = _winner(_outer(whole)[0], made)
    if whole.join == "sum":  # the same choice while its parts are, whichever of their own maxima win
        nonzero = [not p.expr.is_zero for p in left.parts]
        parts = [(p.name or show.text(p.expr), p) for p, kept in zip(left.parts, nonzero, strict=True) if kept]
        key = whole.expr if all(nonzero) else sp.Tuple(whole.expr, *map(sp.Integer, nonzero))
        return Extreme(key, "", tuple(parts), heaviest=True)
    by_powers: dict[sp.Expr, sp.Expr] = {}
    for term in sp.Add.make_args(sp.expand(left.expr)):
        powers = term.as_independent(*over, as_Add=False)[1]
        by_powers[powers] = by_powers.get(powers, sp.Integer(0)) + term
    terms = [sp.factor_terms(t) for t in by_powers.values() if not t.is_zero]
    named = tuple((show.text(show.readable(t)), quantity(t, left.unit)) for t in terms)
    return Extreme(left.expr, "", named, heaviest=True)


# -- the ways in which the choices can be made
Compared = tuple[sp.Expr, sp.Expr, str]


@dataclass(frozen=True)
class Way:
    """One way in which the maxima can fall: what wins each, and what the cost then is.

    It is the one where every comparison in ``when`` holds: ``(above, below, rival)``, and ``rival`` is what wins beyond.
    """

    made: Made
    cost: Cost
    when: tuple[Compared, ...] = ()


def ways(cost: Cost, facts: Facts = NOTHING, over: Sequence[sp.Symbol] = (), most: int = 64) -> list[Way]:
    """Every way in which the maxima can fall; those that can never be, or only at ties, are left out.

    With symbols in ``over`` a way also says which summand then weighs most. Raises NoClosedForm if there are more than ``most``.
    """
    found: list[Way] = []
    for made in _made(cost, {}, facts, over):
        left = smooth(cost, made)
        held = [rows for c in extremes(cost, made, over) for rows in _against(c, made, c.expr != cost.expr)]
        for row in product(*held):
            when = tuple(dict.fromkeys((*cleared(a, b), name) for compared in row for a, b, name in compared))
            if _occurs(when, facts):
                found.append(Way(made, left, facts.without_implied(when, lambda compared: compared[:2])))
            if len(found) > most:
                raise NoClosedForm(f"its maxima can fall in more than {most} ways")
    return found


def _made(cost: Cost, made: dict[Extreme, int], facts: Facts, over: Sequence[sp.Symbol]) -> Iterator[Made]:
    """All choices made in every way, less parts that another part always beats; of parts always equal the first stays."""
    open_ = next((c for c in extremes(cost, made, over) if c not in made), None)
    if open_ is None:
        yield made
        return
    exprs, sense = [part.expr for _, part in open_.parts], 1 if open_.largest else -1
    for i, expr in enumerate(exprs):
        orders = ((j, facts.order(*cleared(other, expr))) for j, other in enumerate(exprs) if j != i)
        if not any(order == sense or (order == 0 and j < i) for j, order in orders):
            yield from _made(cost, {**made, open_: i}, facts, over)


def _against(choice: Extreme, made: Made, inner: bool) -> Iterator[list[list[Compared]]]:
    """The winner of a choice against every other part: alternatives of comparisons that must hold together.

    Where two are equal because they stand for the same, the first wins.
    """
    winner = smooth(choice.parts[made[choice]][1], made).expr
    for i, (_, part) in enumerate(choice.parts):
        if i != made[choice]:
            name = ": ".join(filter(None, (choice.name if inner else "", choice.called(i))))
            rows = _alternatives(winner, part.expr, name, choice.largest)
            yield [row for row in rows if i > made[choice] or all(above != below for above, below, _ in row)]


def _alternatives(winner: sp.Expr, other: sp.Expr, name: str, largest: bool) -> list[list[Compared]]:
    def compared(rest: sp.Expr) -> Compared:
        return (winner, rest, name) if largest else (rest, winner, name)

    rows: Rows = []
    with suppress(NoClosedForm):
        rows = branches(other)
    if largest and rows and all(len(row) == 1 for row in rows):
        return [[compared(row[0]) for row in rows]]
    if not largest and len(rows) == 1:
        return [[compared(e) for e in rows[0]]]
    return [[compared(way.cost.expr), *((a, b, name) for a, b, _ in way.when)] for way in ways(quantity(other, ONE))]


def _occurs(when: tuple[Compared, ...], facts: Facts) -> bool:
    """Whether comparisons hold together at more than ties."""
    pairs = [(a, b) for a, b, _ in when]
    return not facts.also(*pairs).contradict and not any(facts.also(*(p for p in pairs if p != q)).order(*q) == -1 for q in pairs)


@lru_cache(maxsize=4096)
def cleared(above: sp.Expr, below: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """A comparison cleared of denominators, of what cancels and of common factors; as it is if a denominator may be negative."""
    if above.has(*EXTREMES) or below.has(*EXTREMES):
        return above, below
    if above.is_Add or below.is_Add or not (above.is_positive and below.is_positive):
        pair = sides(above, below)
        if pair is None:
            return above, below
        above, below = pair
    if above.is_zero or below.is_zero:
        return above, below
    ratio: tuple[sp.Expr, sp.Expr] = sp.fraction(above / below)
    return ratio
