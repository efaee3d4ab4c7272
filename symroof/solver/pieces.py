"""Where a condition holds: a union of intervals of the unknown, each with the condition under which it counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod

import sympy as sp

from symroof.errors import NoClosedForm
from symroof.solver.facts import NOTHING, Facts
from symroof.solver.polynomial import cleared_sign, fronted, number_sign, over, shared, sides, sign, sign_of_given, split

_MOST = 256


@dataclass(frozen=True)
class Piece:
    """``low <= x <= high`` (None for no bound) as long as every relation in ``when`` holds.

    ``strict`` says which of the ends are left out where rounding decides that; None: as the condition does. Ends that are ``apart``
    are known to stand in this order wherever the piece counts; of others the lower one may be above the higher: then it is empty.
    """

    low: sp.Expr | None = None
    high: sp.Expr | None = None
    when: tuple[sp.Rel, ...] = ()
    strict: tuple[bool, bool] | None = None
    apart: bool = False

    @property
    def everything(self) -> bool:
        """Whether no bound and no condition is left."""
        return self.low is None and self.high is None and not self.when

    def put(self, s: sp.Symbol, expr: sp.Expr) -> Piece:
        """The piece with an expression in place of a symbol; nothing is evaluated."""
        low, high = (None if e is None else e.xreplace({s: expr}) for e in (self.low, self.high))
        when = tuple(w.func(w.lhs.xreplace({s: expr}), w.rhs.xreplace({s: expr}), evaluate=False) for w in self.when)
        return replace(self, low=low, high=high, when=when)


Pieces = tuple[Piece, ...]
ALWAYS: Pieces = (Piece(),)
NEVER: Pieces = ()


def guarded(pieces: Pieces, *positive: sp.Expr) -> Pieces:
    """The pieces where all these expressions are positive."""
    for expr in positive:
        known = sign_of_given(expr)
        if known is not None:
            pieces = pieces if known > 0 else NEVER
            continue
        kind = sp.Ge if all(p.low is None and p.high is None for p in pieces) else sp.Gt
        rel = _cleared(kind, *map(fronted, split(expr)))
        pieces = tuple(replace(p, when=(*p.when, rel)) for p in pieces if not _denied(rel, p.when))
    return pieces


def _cleared(kind: type, above: sp.Expr, below: sp.Expr) -> sp.Rel:
    common = shared((above, below))
    return kind(_without(above, common), _without(below, common), evaluate=False)


def _without(product: sp.Expr, factor: sp.Expr) -> sp.Expr:
    """The product divided by what it has as a factor; a sum in it stays a sum."""
    number, rest = product.as_coeff_Mul()
    mine, other = factor.as_coeff_Mul()
    left, rest = number / mine, rest / other
    return rest if left == 1 else sp.Mul(left, rest, evaluate=False) if rest.is_Add else left * rest


def _denied(rel: sp.Rel, when: tuple[sp.Rel, ...]) -> bool:
    return any(rel.lhs == w.rhs and rel.rhs == w.lhs for w in when)


def union(parts: Iterable[Pieces]) -> Pieces:
    """Where at least one holds; pieces of the same kind with the same condition are merged."""
    pieces = list(dict.fromkeys(p for part in parts for p in part))
    if any(p.everything for p in pieces):
        return ALWAYS
    merged: list[Piece] = []
    for when in dict.fromkeys(p.when for p in pieces):
        same = [p for p in pieces if p.when == when]
        lows = [p.low for p in same if p.high is None and p.low is not None]
        highs = [p.high for p in same if p.low is None and p.high is not None]
        whole = [p for p in same if p.low is None and p.high is None]
        if whole:
            merged += whole
            continue
        merged += [Piece(low=_extreme(lows, sp.Min), when=when)] if lows else []
        merged += [Piece(high=_extreme(highs, sp.Max), when=when)] if highs else []
        merged += [p for p in same if p.low is not None and p.high is not None]
    return tuple(merged)


def joined(pieces: Pieces) -> Pieces:
    """Pieces with closed ends that leave no gap between them, as one."""
    for low, high in product([p for p in pieces if p.high is None], [p for p in pieces if p.low is None]):
        ends = low.low is not None and high.high is not None and low.when == high.when
        if ends and NOTHING.order(high.high, low.low) in (0, 1):
            return union([tuple(p for p in pieces if p not in (low, high)), (Piece(when=low.when),)])
    return pieces


def settled(pieces: Pieces) -> Pieces:
    """The pieces less conditions on numbers: those that hold need no word, and what needs others is not there."""
    known = [(p, {w: number_sign(w.gts - w.lts) for w in p.when if not w.free_symbols}) for p in pieces]
    holds = [(p, when) for p, when in known if all(s in (1, None) or (s == 0 and isinstance(w, sp.Ge)) for w, s in when.items())]
    return tuple(replace(p, when=tuple(w for w in p.when if when.get(w) is None)) for p, when in holds)


def strictly(pieces: Pieces) -> Pieces:
    """Pieces whose conditions do not hold at equality."""
    return tuple(replace(p, when=tuple(sp.Gt(w.lhs, w.rhs, evaluate=False) for w in p.when)) for p in pieces)


def not_too_many(rows: Iterable[Sequence[Pieces]]) -> None:
    """Raise NoClosedForm if the intersections of these rows have too many cases together, before any of them is made."""
    if sum(prod(map(len, row)) for row in rows) > 8 * _MOST:
        raise NoClosedForm(f"the condition falls into more than {8 * _MOST} cases")


def intersection(parts: Iterable[Pieces]) -> Pieces:
    """Where all hold.

    A piece with two ends says when the lower one is the lower. Raises NoClosedForm if that makes too many pieces.
    """
    found: list[Piece] = []
    parts = list(parts)
    not_too_many([parts])
    for choice in product(*parts):
        if len(found) > _MOST:
            raise NoClosedForm(f"the condition falls into more than {_MOST} pieces")
        when = tuple(dict.fromkeys(w for p in choice for w in p.when))
        if len(when) > 1 and _empty(when):
            continue
        lows = [p.low for p in choice if p.low is not None]
        highs = [p.high for p in choice if p.high is not None]
        if lows and highs:
            if any(_order(a, b) == 1 for a in lows for b in highs):
                continue
            gaps = ((b, a) for a in lows for b in highs if not (rooted(a) or rooted(b) or NOTHING.order(b, a) in (0, 1)))
            when = (*when, *(relation(b, a) for b, a in gaps))  # the ends leave something between them; where roots hide it, at values
        low, high = (_extreme(ends, kind) if ends else None for ends, kind in ((lows, sp.Max), (highs, sp.Min)))
        apart = any(p.apart and (p.low, p.high) == (low, high) for p in choice)
        found.append(Piece(low, high, NOTHING.without_implied(when) if len(when) > 1 else when, apart=apart))
    return union([tuple(found)])


def _empty(when: tuple[sp.Rel, ...]) -> bool:
    """Whether conditions contradict each other: a strict one the others deny, say."""
    if any(_denied(w, when) for w in when) or Facts.of(when).contradict:
        return True
    strict = (w for w in when if isinstance(w, sp.Gt))
    return any(Facts.of(o for o in when if o is not w).order(w.lhs, w.rhs) in (-1, 0) for w in strict)


def relation(above: sp.Expr, below: sp.Expr) -> sp.Rel:
    """``above >= below`` for two positive quantities, cleared of denominators and common factors where they have no roots."""
    if rooted(above) or rooted(below):
        return sp.Ge(above, below, evaluate=False)
    return _cleared(sp.Ge, *split(over(above - below)[0]))


def exceeds(above: sp.Expr, below: sp.Expr, strict: bool) -> sp.Basic:
    """``above >= below`` (or ``>``) with positive terms on both sides; true or false where that is known."""
    known = sign(above - below)
    if known is not None:
        return sp.true if known > 0 or (known == 0 and not strict) else sp.false
    kind = sp.Gt if strict else sp.Ge
    return kind(*(sides(above, below) or (above, below)), evaluate=False)


def rooted(expr: sp.Expr) -> bool:
    """Whether roots of sums, functions or maxima stand in an expression."""
    return any(
        not (a.is_Pow and (a.exp.is_Integer or a.base.is_Symbol or a.base.is_number))
        for a in expr.atoms(sp.Pow, sp.Function, sp.Max, sp.Min)
    )


def _extreme(exprs: list[sp.Expr], kind: type) -> sp.Expr:
    """The maximum (or minimum), left out what is never it."""
    wanted = 1 if kind is sp.Max else -1
    kept: list[sp.Expr] = []
    for e in dict.fromkeys(exprs):
        if any(_order(k, e) in (wanted, 0) for k in kept):
            continue
        kept = [k for k in kept if _order(e, k) != wanted] + [e]
    return kept[0] if len(kept) == 1 else kind(*kept, evaluate=False)


def _order(a: sp.Expr, b: sp.Expr) -> int | None:
    """The sign of a - b if it is the same for all values."""
    if a == b:
        return 0
    if a.has(sp.Max, sp.Min, sp.Function) or b.has(sp.Max, sp.Min, sp.Function):
        return None
    return cleared_sign(a - b)
