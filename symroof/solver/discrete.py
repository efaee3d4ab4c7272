"""Ceilings, floors and powers of two of the unknown: solved through the rounded quantity, or bounded from both sides.

Where the unknown stands in one rounded quantity only, the condition is solved for that quantity and the rounding undone
exactly: ``ceiling(u) <= K`` where ``u <= floor(K)``. Else ``u <= ceiling(u) < u + 1`` gives a necessary and a sufficient
condition without rounding, and numbers come from intervals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import sympy as sp

from symroof.algebra.condition import Condition
from symroof.algebra.cost import quantity
from symroof.algebra.roots import PowerOfTwo
from symroof.algebra.units import ONE
from symroof.errors import NoClosedForm, SolveError, short
from symroof.solver.bound import Bound
from symroof.solver.outside import between
from symroof.solver.pieces import ALWAYS, Piece, Pieces
from symroof.solver.polynomial import sign
from symroof.solver.rounding import Rounded, exceeds, roundings, undone
from symroof.solver.steps import Step, answered

_NAMES = {sp.ceiling: "ceiling", sp.floor: "floor", PowerOfTwo: "power of two"}


def rounded(numeric: Bound) -> Bound:
    """The answer where no smooth closed form exists: ``numeric`` itself, unless its unknown is what is rounded."""
    condition, x = numeric.condition, numeric.symbol
    atoms = roundings(condition.left.expr, x) | roundings(condition.right.expr, x)
    if not atoms:
        return numeric
    if numeric.weights:
        return replace(numeric, reason=f"{numeric.reason}, and rounding has no limit; leave out large= and small=")
    try:
        if len(atoms) == 1:
            (atom,) = atoms
            k = sp.Dummy("k", positive=True)
            sides = [side.expr.xreplace({atom: k}) for side in (condition.left, condition.right)]
            if not any(side.has(x) for side in sides):
                return _through(numeric, atom, k, Condition(_plain(sides[0]), condition.relation, _plain(sides[1])))
    except SolveError as problem:
        return replace(numeric, reason=str(problem))
    return between(numeric, atoms)


def _plain(expr: sp.Expr) -> Any:
    return quantity(expr, ONE)


def _through(numeric: Bound, atom: sp.Expr, k: sp.Symbol, inner: Condition) -> Bound:
    """Solve for the rounded quantity, then for the unknown inside it."""
    found = numeric.solved_again(inner, k)
    if not found.closed:
        raise NoClosedForm(f"for {short(atom)} itself: {found.reason.replace(' in _k ', ' in it ')}")
    strict = len(inner.relation) == 1
    every: list[Piece] = []
    for piece in _with_zero(found.pieces, atom, k, inner):
        lows, highs = _ends(piece, atom, strict)
        sides = [_argument(numeric, atom.args[0], end) for end in (lows, highs) if end is not None]
        every += [_joined(choice, piece.when) for choice in product(*sides)]
    pieces = list(dict.fromkeys(p for p in every if sp.false not in p.when))
    if any(p.everything for p in pieces):
        pieces = list(ALWAYS)
    name = short(atom).strip("'")
    reason = f"{name} is at least {0 if atom.func is sp.floor else 1}"
    if found.kind in ("never", "always"):
        reason = found.reason.replace(str(k), name)
    closed = replace(numeric, pieces=tuple(pieces), closed=True, reason=reason)
    return replace(closed, steps=(*numeric.steps, *_steps(closed, found, atom)))


def _with_zero(pieces: Pieces, atom: sp.Expr, k: sp.Symbol, inner: Condition) -> Iterator[Piece]:
    """The pieces for the rounded quantity; a floor may also be 0, which the pieces for positive k do not speak of."""
    if atom.func is not sp.floor:
        yield from pieces
        return
    guard = _at_zero(inner, k)
    covered = False
    for piece in pieces:
        if piece.low is not None:
            yield replace(piece, low=piece.low if sign(piece.low) == 1 else sp.Max(sp.Rational(1, 2), piece.low, evaluate=False))
        elif guard is sp.true:
            covered = covered or (not piece.when and (piece.high is None or sign(piece.high) == 1))
            yield piece
        elif guard is not sp.false and [(w.lhs, w.rhs) for w in piece.when] == [(guard.lhs, guard.rhs)]:
            covered = True
            yield replace(piece, when=(guard,))
        else:
            yield replace(piece, low=sp.Rational(1, 2))
    if guard is not sp.false and not covered:
        yield Piece(high=sp.Rational(1, 2), when=() if guard is sp.true else (guard,))


def _at_zero(inner: Condition, k: sp.Symbol) -> Any:
    """Whether the condition holds for a floor of 0, as a relation between the other symbols."""
    sides = (inner.left, inner.right) if inner.relation[0] == ">" else (inner.right, inner.left)
    greater, lesser = (side.expr.subs(k, 0) for side in sides)
    if any(e.has(sp.zoo, sp.nan, sp.oo) for e in (greater, lesser)):
        return sp.false
    return exceeds(greater, lesser, len(inner.relation) == 1)


# -- back to the unknown
def _ends(piece: Piece, atom: sp.Expr, strict: bool) -> tuple[Rounded | None, Rounded | None]:
    outs = piece.strict or (strict, strict)
    ends = ((">", piece.low, outs[0]), ("<", piece.high, outs[1]))
    low, high = (None if end is None else undone(atom.func, side, end, out) for side, end, out in ends)
    return low, high


def _argument(numeric: Bound, u: sp.Expr, end: Rounded) -> list[Piece]:
    """Where ``u relation number`` for a number that is zero or less unless the end's guard holds."""
    d = sp.Dummy("d", positive=True)
    found = numeric.solved_again(Condition(_plain(u), end.relation, _plain(d)), numeric.symbol)
    if not found.closed:
        raise NoClosedForm(found.reason)
    strict = len(end.relation) == 1
    pieces = []
    for p in found.pieces:
        put = [None if e is None else e.xreplace({d: end.number}) for e in (p.low, p.high)]
        when = tuple(w.func(w.lhs.xreplace({d: end.number}), w.rhs.xreplace({d: end.number}), evaluate=False) for w in p.when)
        pieces.append(Piece(put[0], put[1], when, p.strict or (strict, strict)))
    positive = exceeds(end.compared, end.least, end.strictly)
    if positive is sp.true or (not end.guarded and _straight(found.pieces, d)):
        return pieces
    below = exceeds(end.least, end.compared, not end.strictly)
    guarded = [replace(p, when=(*p.when, positive)) for p in pieces] if positive is not sp.false else []
    otherwise = [Piece(when=() if below is sp.true else (below,))] if end.relation[0] == ">" else []
    return guarded + otherwise


def _straight(pieces: Pieces, d: sp.Symbol) -> bool:
    """Whether every end moves in proportion with the number, and no condition asks about it."""
    ends = [e for p in pieces for e in (p.low, p.high) if e is not None]
    rising = all(e.is_polynomial(d) and sp.degree(e, d) <= 1 and sign(e.coeff(d, 1)) == 1 for e in ends)
    return rising and not any(w.has(d) for p in pieces for w in p.when)


def _joined(choice: tuple[Piece, ...], when: tuple[sp.Rel, ...]) -> Piece:
    """The intersection of pieces of one unknown; the ends of a rising (or falling) argument never meet on one side."""
    lows = [(p.low, _strict(p, 0)) for p in choice if p.low is not None]
    highs = [(p.high, _strict(p, 1)) for p in choice if p.high is not None]
    if any(len({out for _, out in side}) > 1 for side in (lows, highs)):
        raise NoClosedForm("its ends are partly left out and partly not")
    low, high = (
        side[0][0] if len(side) == 1 else join(*[e for e, _ in side], evaluate=False) if side else None
        for side, join in ((lows, sp.Max), (highs, sp.Min))
    )
    every = tuple(dict.fromkeys((*when, *(w for p in choice for w in p.when))))
    outs = (bool(lows and lows[0][1]), bool(highs and highs[0][1]))
    return Piece(low, high, every, outs if lows or highs else None)


def _strict(piece: Piece, side: int) -> bool:
    return piece.strict is not None and piece.strict[side]


def _steps(bound: Bound, found: Bound, atom: sp.Expr) -> list[Step]:
    """The rounded quantity alone on one side, where it has one bound; then the unknown."""
    name = _NAMES[atom.func]
    lines = []
    single = found.pieces[0] if len(found.pieces) == 1 else Piece()
    if (single.low is None) != (single.high is None):
        lines.append(Step(f"solve for the {name}", atom, found.relation, found.expr, inside=single.when))
    why = f"a {name} keeps its side of a number where its argument does, the number rounded"
    relations = {
        (case, r[0]): r[0] if out else r
        for case, p in enumerate(bound.pieces, 1)
        for r, out in zip((">=", "<="), p.strict or (False, False), strict=True)
    }
    for step in answered(bound.symbol, bound.pieces, lambda p: (why, None)):
        kept = step.kind in ("domain", "verdict")
        lines.append(step if kept else replace(step, relation=relations[step.case, step.relation[0]]))
    return lines
