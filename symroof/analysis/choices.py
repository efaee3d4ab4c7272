"""The maxima and minima of a cost as choices: which part wins each, and the smooth cost that is left once all are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sympy as sp

from symroof.algebra import show
from symroof.algebra.balance import measured_unit
from symroof.algebra.cost import Cost, changed, quantity
from symroof.algebra.units import ONE
from symroof.errors import UnitError


@dataclass(frozen=True)
class Choice:
    """A maximum (or minimum): what is compared, each with its name; equal parts count as one under both names."""

    expr: sp.Expr
    name: str
    parts: tuple[tuple[str, Cost], ...]
    largest: bool = True

    def called(self, number: int) -> str:
        """The name of a part, or its formula."""
        name, part = self.parts[number]
        return name or show.text(show.readable(part.expr))

    def __hash__(self) -> int:
        return hash(self.expr)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Choice) and self.expr == other.expr


#: For every choice made, the number of the part that wins.
Made = Mapping[Choice, int]


def choices(cost: Cost, made: Made) -> Iterator[Choice]:
    """The choices of a cost that matter once those in ``made`` are made, the outer ones first."""
    if cost.join == "max":
        choice = _choice(cost)
        if len(choice.parts) > 1:
            yield choice
        if len(choice.parts) == 1 or choice in made:
            yield from choices(_winner(choice, made), made)
    elif cost.join == "sum":
        for part in cost.parts:
            yield from choices(part, made)
    else:
        yield from _within(cost.expr, made)


def smooth(cost: Cost, made: Made) -> Cost:
    """The cost with every choice made: sums keep their parts, a maximum is its winner under its own name."""
    if cost.join == "max":
        won = smooth(_winner(_choice(cost), made), made)
        names = [n for n in (cost.name, won.name) if n]
        return won.named(": ".join(names)) if names else won
    if cost.join == "sum":
        return changed(cost, parts=tuple(smooth(p, made) for p in cost.parts))
    left = _without(cost.expr, made)
    return cost if left == cost.expr else changed(cost, leaf=sp.factor_terms(sp.together(left)))


def summands(cost: Cost, x: sp.Symbol) -> tuple[tuple[str, sp.Expr], ...]:
    """What a smooth cost adds up: its named parts, or the terms of its formula, those of one power of x together."""
    if cost.join == "sum":
        return _merged([(p.name or show.text(p.expr), p.expr) for p in cost.parts])
    by_power: dict[sp.Expr, sp.Expr] = {}
    for term in sp.Add.make_args(sp.expand(cost.expr)):
        power = term.as_independent(x, as_Add=False)[1]
        by_power[power] = by_power.get(power, sp.Integer(0)) + term
    terms = [sp.factor_terms(t) for t in by_power.values()]
    return _merged([(show.text(show.readable(t)), t) for t in terms])


def _choice(cost: Cost) -> Choice:
    return Choice(cost.expr, cost.name, _named([(p.name, p) for p in cost.parts]))


def _winner(choice: Choice, made: Made) -> Cost:
    """The part that wins; the only one, where all are equal."""
    return choice.parts[made[choice] if len(choice.parts) > 1 else 0][1]


def _within(expr: sp.Expr, made: Made) -> Iterator[Choice]:
    """The choices inside a formula, outermost first."""
    for extreme in _outermost(expr):
        choice = _extreme(extreme)
        yield choice
        if choice in made:
            yield from _within(choice.parts[made[choice]][1].expr, made)


def _extreme(extreme: sp.Expr) -> Choice:
    try:
        unit = measured_unit(extreme) or ONE
    except UnitError:  # numbers that were put in have no unit of their own
        unit = ONE
    return Choice(extreme, "", _named([("", quantity(a, unit)) for a in extreme.args]), isinstance(extreme, sp.Max))


def _without(expr: sp.Expr, made: Made) -> sp.Expr:
    """A formula with its maxima and minima replaced by what wins."""
    found = _outermost(expr)
    if not found:
        return expr
    won = {}
    for extreme in found:
        choice = _extreme(extreme)
        won[extreme] = _without(choice.parts[made[choice]][1].expr, made)
    return expr.xreplace(won)


def _outermost(expr: sp.Expr) -> list[sp.Expr]:
    if isinstance(expr, (sp.Max, sp.Min)):
        return [expr]
    found = [m for a in expr.args for m in _outermost(a)]
    return sorted(set(found), key=sp.default_sort_key)


def _named(parts: list[tuple[str, Cost]]) -> tuple[tuple[str, Cost], ...]:
    """Parts by name, equal ones together."""
    found: dict[sp.Expr, tuple[str, Cost]] = {}
    for name, part in parts:
        before = found.get(part.expr, ("", part))[0]
        found[part.expr] = (" = ".join(dict.fromkeys(n for n in (before, name) if n)), part)
    return tuple(found.values())


def _merged(parts: list[tuple[str, sp.Expr]]) -> tuple[tuple[str, sp.Expr], ...]:
    return tuple((name, expr) for name, expr in parts if not expr.is_zero)
