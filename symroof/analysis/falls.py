"""How the maxima of a cost can fall over the plane of two symbols: every way, and the comparisons under which it is the one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import sympy as sp

from symroof.algebra import show
from symroof.algebra.cost import Cost, changed
from symroof.analysis.borders import Boundary, Pair, Plane, sides
from symroof.analysis.cases import cases
from symroof.analysis.choices import Choice, choices, smooth
from symroof.errors import SolveError
from symroof.solver.branches import branches
from symroof.solver.facts import Facts

_MOST = 128
#: The choices made, what then weighs most, the cost without maxima, and the boundaries.
Fall = tuple[dict[Choice, int], str, Cost, tuple[Boundary, ...]]


def without_echoes(cost: Cost) -> Cost:
    """The same with every maximum of parts that are all the same as one of them; a formula may stand in there again as a choice."""
    if not cost.parts:
        return cost
    parts = tuple(without_echoes(p) for p in cost.parts)
    if cost.join == "max" and len({p.expr for p in parts}) == 1:
        return parts[0].named(cost.name or " = ".join(dict.fromkeys(p.name for p in parts if p.name)))
    return changed(cost, parts=parts)


def falls(cost: Cost, symbols: Plane, facts: Facts, dominance: bool) -> tuple[list[Fall], set[tuple[Choice, int]]]:
    """Every way the maxima can fall (and which summand then weighs most) with its boundaries; and all parts there are.

    Raises SolveError if there are more than 128.
    """
    found: list[Fall] = []
    every: set[tuple[Choice, int]] = set()
    for made in _ways(cost, {}, facts, every):
        left = smooth(cost, made)
        reached = list(choices(cost, made))
        held = [rows for c in reached for rows in _against(c, made, c.expr != cost.expr)]
        terms = _summands(left, symbols) if dominance else ()
        for lead in _leading(terms, facts):
            heavier = [_alternatives(terms[lead][1], e, name, True) for i, (name, e) in enumerate(terms) if i != lead] if terms else []
            for row in product(*held, *heavier):
                pairs = tuple(dict.fromkeys(Boundary(*sides(a, b), name, symbols) for pairs in row for a, b, name in pairs))
                if _occurs(pairs, facts):
                    found.append((made, terms[lead][0] if terms else "", left, _needed(pairs, facts)))
                if len(found) > _MOST:
                    raise SolveError(f"its maxima can fall in more than {_MOST} ways")
    return found, every


def _ways(cost: Cost, made: dict[Choice, int], facts: Facts, every: set[tuple[Choice, int]]) -> Iterator[dict[Choice, int]]:
    """All choices made in every way, less parts that another part always beats; of parts always equal the first stays."""
    open_ = next((c for c in choices(cost, made) if c not in made), None)
    if open_ is None:
        yield made
        return
    exprs = [part.expr for _, part in open_.parts]
    for i in range(len(exprs)):
        every.add((open_, i))
        if not _beaten(exprs, i, facts, 1 if open_.largest else -1):
            yield from _ways(cost, {**made, open_: i}, facts, every)


def _beaten(exprs: list[sp.Expr], i: int, facts: Facts, sense: int) -> bool:
    orders = [(j, facts.order(*sides(other, exprs[i]))) for j, other in enumerate(exprs) if j != i]
    return any(order == sense or (order == 0 and j < i) for j, order in orders)


Row = list[tuple[sp.Expr, sp.Expr, str]]


def _against(choice: Choice, made: dict[Choice, int], inner: bool) -> Iterator[list[Row]]:
    """The winner of a choice against every other part: alternatives of comparisons that must hold together.

    Where two are equal because they stand for the same, the first wins.
    """
    winner = smooth(choice.parts[made[choice]][1], made).expr
    for i, (_, part) in enumerate(choice.parts):
        if i != made[choice]:
            name = ": ".join(filter(None, (choice.name if inner else "", choice.called(i))))
            rows = _alternatives(winner, part.expr, name, choice.largest)
            yield [row for row in rows if i > made[choice] or all(above != below for above, below, _ in row)]


def _alternatives(winner: sp.Expr, other: sp.Expr, name: str, largest: bool) -> list[Row]:
    def compared(rest: sp.Expr) -> tuple[sp.Expr, sp.Expr, str]:
        return (winner, rest, name) if largest else (rest, winner, name)

    if not other.has(sp.Max, sp.Min):
        return [[compared(other)]]
    rows = branches(other, frozenset(other.free_symbols))
    if largest and all(len(row) == 1 for row in rows):
        return [[compared(row[0]) for row in rows]]
    if not largest and len(rows) == 1:
        return [[compared(e) for e in rows[0]]]
    return [[compared(case.expr), *((a, b, name) for pair in case.when for a, b in _apart(*pair))] for case in cases(other)]


def _apart(above: sp.Expr, below: sp.Expr) -> Iterator[Pair]:
    """A comparison with a maximum below (a minimum above) as one with each of its parts."""
    lows = [row[0] for row in branches(below, frozenset(below.free_symbols))] if below.has(sp.Max, sp.Min) else [below]
    highs = branches(above, frozenset(above.free_symbols))[0] if above.has(sp.Max, sp.Min) else [above]
    yield from product(highs, lows)


def _summands(cost: Cost, symbols: Plane) -> tuple[tuple[str, sp.Expr], ...]:
    """What a smooth cost adds up: its named parts, or the terms of its formula, those of the same powers together."""
    if cost.join == "sum":
        parts = [(p.name or show.text(p.expr), p.expr) for p in cost.parts if not p.expr.is_zero]
    else:
        by_powers: dict[sp.Expr, sp.Expr] = {}
        for term in sp.Add.make_args(sp.expand(cost.expr)):
            powers = term.as_independent(*symbols, as_Add=False)[1]
            by_powers[powers] = by_powers.get(powers, sp.Integer(0)) + term
        terms = [sp.factor_terms(t) for t in by_powers.values()]
        parts = [(show.text(show.readable(t)), t) for t in terms if not t.is_zero]
    return tuple(parts) if len(parts) > 1 else ()


def _leading(terms: tuple[tuple[str, sp.Expr], ...], facts: Facts) -> list[int]:
    exprs = [e for _, e in terms]
    return [i for i in range(len(exprs)) if not _beaten(exprs, i, facts, 1)] or [0]


def _occurs(pairs: tuple[Boundary, ...], facts: Facts) -> bool:
    """Whether comparisons hold together at more than ties."""
    known = Facts((*facts.known, *((p.above, p.below) for p in pairs)))
    if known.contradict:
        return False
    for pair in pairs:
        others = Facts((*facts.known, *((p.above, p.below) for p in pairs if p is not pair)))
        if others.order(pair.above, pair.below) == -1:
            return False
    return True


def _needed(pairs: tuple[Boundary, ...], facts: Facts) -> tuple[Boundary, ...]:
    """The comparisons less those that follow from the others, the longest left out first."""
    kept = list(pairs)
    for pair in sorted(pairs, key=lambda p: sp.count_ops(p.above) + sp.count_ops(p.below), reverse=True):
        others = [p for p in kept if p is not pair]
        if Facts((*facts.known, *((p.above, p.below) for p in others))).order(pair.above, pair.below) in (0, 1):
            kept = others
    return tuple(kept)
