"""Ceilings, floors and powers of two of the unknown: solved through the rounded quantity, or bounded from both sides.

Where the unknown stands in one rounded quantity only, the condition is solved for that quantity and the rounding undone
exactly: ``ceiling(u) <= K`` where ``u <= floor(K)``. Else ``u <= ceiling(u) < u + 1``, ``u - 1 < floor(u) <= u`` and
``u <= PowerOfTwo(u) <= max(1, 2*u)`` give a necessary and a sufficient condition without rounding: where the condition
rises or falls with each rounded quantity, one end of these makes it easier and the other harder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

import sympy as sp

from symroof.algebra.cost import Condition
from symroof.algebra.roots import PowerOfTwo
from symroof.errors import NoClosedForm, SolveError, short
from symroof.solver.bound import Bound
from symroof.solver.monotony import difference
from symroof.solver.numeric.plateaus import roundings
from symroof.solver.pieces import ALWAYS, Piece, Pieces, exceeds
from symroof.solver.polynomial import linear, sign
from symroof.solver.steps import Step, answered, bare


def between(numeric: Bound, atoms: set[sp.Expr]) -> Bound:
    """The numeric bound with a necessary and a sufficient one beside it, as far as these have a closed form."""
    names = {atom: sp.Dummy("r", positive=True) for atom in sorted(atoms, key=sp.default_sort_key)}
    renamed = _put(numeric.condition, names)
    greater, lesser = (side.expr for side in renamed.ordered)
    easier: dict[sp.Expr, sp.Expr] = {}
    harder: dict[sp.Expr, sp.Expr] = {}
    for atom, name in names.items():
        way = difference(greater, lesser, name)
        if way is None:
            return replace(numeric, reason=f"{numeric.reason}, and whether {short(atom)} makes it easier or harder is not known")
        low, high = _range(atom, all(linear(side, name) and not side.has(sp.Max, sp.Min) for side in (greater, lesser)))
        easier[name], harder[name] = (high, low) if way >= 0 else (low, high)
    inside = f"inside {short(next(iter(atoms)))} and beside it" if len(atoms) == 1 else f"inside {len(atoms)} rounded quantities"
    reason = f"{numeric.symbol} stands {inside}"
    found = []
    for put in (easier, harder):
        asked = _put(renamed, put)
        found.append(numeric.solved_again(asked) if numeric.symbol in asked.free_symbols else _without(numeric, asked))
    return replace(numeric, reason=reason, necessary=_outer(found[0], 0), sufficient=_outer(found[1], 1))


def _put(condition: Condition, put: Mapping[sp.Expr, sp.Expr]) -> Condition:
    """A condition with expressions in place of others; units no longer matter."""
    return bare(condition.left.expr.xreplace(put), condition.relation, condition.right.expr.xreplace(put))


def _without(numeric: Bound, asked: Condition) -> Bound:
    """A condition from which the unknown has dropped out: any will do, or none."""
    greater, lesser = (side.expr for side in asked.ordered)
    when = exceeds(greater, lesser, asked.strict)
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


_NAMES: dict[type, str] = {sp.ceiling: "ceiling", sp.floor: "floor", PowerOfTwo: "power of two"}


def rounded(numeric: Bound) -> Bound:
    """The answer where no smooth closed form exists: ``numeric`` itself, unless its unknown is what is rounded."""
    x = numeric.symbol
    atoms = set().union(*(roundings(side.expr, x) for side in numeric.condition.ordered))
    if not atoms:
        return numeric
    if numeric.weights:
        return replace(numeric, reason=f"{numeric.reason}, and rounding has no limit; leave out large= and small=")
    try:
        if len(atoms) == 1:
            (atom,) = atoms
            k = sp.Symbol(short(atom).strip("'"), positive=True)
            inner = _put(numeric.condition, {atom: k})
            if x not in inner.free_symbols:
                return _through(numeric, atom, k, inner)
    except SolveError as problem:
        return replace(numeric, reason=str(problem))
    return between(numeric, atoms)


def _through(numeric: Bound, atom: sp.Expr, k: sp.Symbol, inner: Condition) -> Bound:
    """Solve for the rounded quantity, then for the unknown inside it."""
    found = numeric.solved_again(inner, k)
    if not found.closed:
        raise NoClosedForm(f"for {short(atom)} itself: {found.reason}")
    every: list[Piece] = []
    for piece in _with_zero(found.pieces, atom, k, inner):
        sides = [_argument(numeric, atom.args[0], end) for end in _ends(piece, atom.func, inner.strict)]
        every += [_joined(choice, piece.when) for choice in product(*sides)]
    pieces = list(dict.fromkeys(p for p in every if sp.false not in p.when))
    if any(p.everything for p in pieces):
        pieces = list(ALWAYS)
    reason = found.reason if found.kind in ("never", "always") else f"{k} is at least {0 if atom.func is sp.floor else 1}"
    closed = replace(numeric, pieces=tuple(pieces), closed=True, reason=reason)
    return replace(closed, steps=(*numeric.steps, *_steps(closed, found, atom)))


def _with_zero(pieces: Pieces, atom: sp.Expr, k: sp.Symbol, inner: Condition) -> Iterator[Piece]:
    """The pieces for the rounded quantity; a floor may also be 0, which the pieces for positive k do not speak of."""
    if atom.func is not sp.floor:
        yield from pieces
        return
    greater, lesser = (side.expr.subs(k, 0) for side in inner.ordered)
    undefined = any(e.has(sp.zoo, sp.nan, sp.oo) for e in (greater, lesser))
    guard = sp.false if undefined else exceeds(greater, lesser, inner.strict)  # whether 0 will do
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


# -- back to the unknown
@dataclass(frozen=True)
class _End:
    """``u relation number``, where the number is positive if ``compared`` exceeds ``least`` (``strictly``, or reaches it).

    A ``guarded`` number means nothing unless it does.
    """

    relation: str
    number: sp.Expr
    compared: sp.Expr
    least: sp.Expr
    strictly: bool
    guarded: bool = False


def _ends(piece: Piece, kind: type, strict: bool) -> Iterator[_End]:
    """What ``kind(u)`` in a piece asks of u, end by end; ``strict`` if equality does not do."""
    outs = piece.strict or (strict, strict)
    for side, end, out in ((">", piece.low, outs[0]), ("<", piece.high, outs[1])):
        if end is not None:
            up, down = sp.ceiling(end), sp.floor(end)
            after = (side == ">") == out  # whether the whole number is the last one up to the end, or the last one before it
            numbers = {sp.floor: (up, down + 1), sp.ceiling: (up - 1, down), PowerOfTwo: (PowerOfTwo(end) / 2, PowerOfTwo(down + 1) / 2)}
            relation = side + "=" * ((kind is sp.floor) == (side == ">"))
            least = sp.Integer(0 if kind is sp.floor else 1)
            yield _End(relation, numbers[kind][after], end, least, not after, guarded=kind is PowerOfTwo)


def _argument(numeric: Bound, u: sp.Expr, end: _End) -> list[Piece]:
    """Where ``u relation number`` for a number that is zero or less unless the end's guard holds."""
    d = sp.Dummy("d", positive=True)
    found = numeric.solved_again(bare(u, end.relation, d))
    if not found.closed:
        raise NoClosedForm(found.reason)
    strict = len(end.relation) == 1
    pieces = [replace(p.put(d, end.number), strict=p.strict or (strict, strict)) for p in found.pieces]
    positive = exceeds(end.compared, end.least, end.strictly)
    ends = [e for p in found.pieces for e in (p.low, p.high) if e is not None]
    straight = all(linear(e, d) and sign(e.coeff(d, 1)) == 1 for e in ends) and not any(w.has(d) for p in found.pieces for w in p.when)
    if positive is sp.true or (straight and not end.guarded):  # an end below zero is then none
        return pieces
    below = exceeds(end.least, end.compared, not end.strictly)
    guarded = [replace(p, when=(*p.when, positive)) for p in pieces] if positive is not sp.false else []
    otherwise = [Piece(when=() if below is sp.true else (below,))] if end.relation[0] == ">" else []
    return guarded + otherwise


def _joined(choice: tuple[Piece, ...], when: tuple[sp.Rel, ...]) -> Piece:
    """The intersection of pieces of one unknown; the ends of a rising (or falling) argument never meet on one side."""
    sides = []
    for side, join in enumerate((sp.Max, sp.Min)):
        ends = [((p.low, p.high)[side], bool(p.strict and p.strict[side])) for p in choice if (p.low, p.high)[side] is not None]
        if len({out for _, out in ends}) > 1:
            raise NoClosedForm("its ends are partly left out and partly not")
        sides.append((join(*[e for e, _ in ends], evaluate=False) if len(ends) > 1 else ends[0][0], ends[0][1]) if ends else (None, False))
    (low, out), (high, off) = sides
    every = tuple(dict.fromkeys((*when, *(w for p in choice for w in p.when))))
    return Piece(low, high, every, None if low is high is None else (out, off))


def _steps(bound: Bound, found: Bound, atom: sp.Expr) -> tuple[Step, ...]:
    """The rounded quantity alone on one side, where it has one bound; then the unknown."""
    name = _NAMES[atom.func]
    why = f"a {name} keeps its side of a number where its argument does, the number rounded"
    lines = answered(bound.symbol, bound.pieces, why)
    single = found.pieces[0] if len(found.pieces) == 1 else Piece()
    if (single.low is None) == (single.high is None):
        return lines
    return Step(f"solve for the {name}", atom, found.relation, found.expr, inside=single.when), *lines
