"""Rounding in several places, or beside the unknown itself: a necessary and a sufficient condition without rounding.

``u <= ceiling(u) < u + 1``, ``u - 1 < floor(u) <= u`` and ``u <= PowerOfTwo(u) <= max(1, 2*u)``. Where the condition
rises or falls with each rounded quantity, one end of these makes it easier and the other makes it harder.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from symroof.algebra.condition import Condition
from symroof.errors import short
from symroof.solver.bound import Bound
from symroof.solver.monotony import difference
from symroof.solver.pieces import ALWAYS, Piece, exceeds
from symroof.solver.solved import bare


def between(numeric: Bound, atoms: set[sp.Expr]) -> Bound:
    """The numeric bound with a necessary and a sufficient one beside it, as far as these have a closed form."""
    condition = numeric.condition
    names = {atom: sp.Dummy("r", positive=True) for atom in sorted(atoms, key=sp.default_sort_key)}
    left, right = (side.expr.xreplace(names) for side in (condition.left, condition.right))
    greater, lesser = (left, right) if condition.relation[0] == ">" else (right, left)
    easier: dict[sp.Expr, sp.Expr] = {}
    harder: dict[sp.Expr, sp.Expr] = {}
    for atom, name in names.items():
        way = difference(greater, lesser, name)
        if way is None:
            return replace(numeric, reason=f"{numeric.reason}, and whether {short(atom)} makes it easier or harder is not known")
        low, high = _range(atom, _straight(greater, name) and _straight(lesser, name))
        easier[name], harder[name] = (high, low) if way >= 0 else (low, high)
    inside = f"inside {short(next(iter(atoms)))} and beside it" if len(atoms) == 1 else f"inside {len(atoms)} rounded quantities"
    reason = f"{numeric.symbol} stands {inside}"
    found = []
    for put in (easier, harder):
        asked = bare(left.xreplace(put), condition.relation, right.xreplace(put))
        found.append(numeric.solved_again(asked) if numeric.symbol in asked.free_symbols else _without(numeric, asked))
    return replace(numeric, reason=reason, necessary=_outer(found[0], 0), sufficient=_outer(found[1], 1))


def _without(numeric: Bound, asked: Condition) -> Bound:
    """A condition from which the unknown has dropped out: any will do, or none."""
    greater, lesser = (asked.left, asked.right) if asked.relation[0] == ">" else (asked.right, asked.left)
    when = exceeds(greater.expr, lesser.expr, len(asked.relation) == 1)
    pieces = () if when is sp.false else ALWAYS if when is sp.true else (Piece(when=(when,)),)
    return replace(numeric, condition=asked, pieces=pieces, steps=(), reason=f"{numeric.symbol} drops out", closed=True)


def _outer(bound: Bound, which: int) -> Bound | None:
    return bound if bound.closed else (bound.necessary, bound.sufficient)[which]


def _range(atom: sp.Expr, straight: bool) -> tuple[sp.Expr, sp.Expr]:
    """Between what the rounded quantity lies; never below zero where that would matter."""
    u = atom.args[0]
    if isinstance(atom, sp.ceiling):
        return u, u + 1
    if isinstance(atom, sp.floor):
        return (u - 1 if straight else sp.Max(0, u - 1, evaluate=False)), u
    return u, sp.Max(1, 2 * u, evaluate=False)


def _straight(expr: sp.Expr, name: sp.Symbol) -> bool:
    return bool(expr.is_polynomial(name) and sp.degree(expr, name) <= 1) if not expr.has(sp.Max, sp.Min) else False
