"""Choices made along a line: which part wins every maximum just above a place, and which parts overtake it further on."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from symroof.algebra.cost import Cost
from symroof.analysis.choices import Choice, choices
from symroof.analysis.walk import Line


def settle(line: Line, cost: Cost, made: dict[Choice, int], place: sp.Expr) -> None:
    """Make every open choice as it falls just above a place, and forget those that no longer matter."""
    while open_ := [c for c in choices(cost, made) if c not in made]:
        choice = open_[0]
        made[choice] = line.best([part.expr for _, part in choice.parts], place, choice.largest)
    reached = set(choices(cost, made))
    for choice in [c for c in made if c not in reached]:
        del made[choice]


def rivals(line: Line, cost: Cost, made: dict[Choice, int], place: sp.Expr) -> Iterator[tuple[Choice, int, sp.Expr]]:
    """For every choice, the parts that overtake the winner further on, and where."""
    for choice in choices(cost, made):
        winner = choice.parts[made[choice]][1].expr
        for i, (_, part) in enumerate(choice.parts):
            if i == made[choice]:
                continue
            at = line.overtaken(winner, part.expr, place) if choice.largest else line.undercut(winner, part.expr, place)
            if at is not None:
                yield choice, i, at
