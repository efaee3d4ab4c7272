"""An unknown that stands once inside an exponential, a logarithm or a power: solved from the outside in.

``a*exp(b*x) + c >= d`` is linear in ``k = exp(b*x)``; each end of k is an end of what stands inside, since every such
function is monotonic, and that is a condition of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import sympy as sp

from symroof.errors import NoClosedForm, short
from symroof.solver.pieces import ALWAYS, NEVER, Piece, Pieces, guarded, intersection, union
from symroof.solver.polynomial import expand, front, over, polynomial, sign, tidy
from symroof.solver.positive import by_sign, where_positive

When = tuple[sp.Rel, ...]
Where = Callable[[sp.Expr], Pieces]  # where an expression in the unknown is positive


@dataclass(frozen=True)
class _Function:
    """A monotonic function of ``inside``; ``base`` of a power with the unknown above, ``power`` of one with it below."""

    whole: sp.Expr
    inside: sp.Expr
    base: sp.Expr | None = None
    power: sp.Expr | None = None

    @property
    def logarithm(self) -> bool:
        """Whether it is a logarithm."""
        return self.base is None and self.power is None


def inverted(expr: sp.Expr, x: sp.Symbol, where: Where) -> Pieces:
    """Where ``expr >= 0`` if x stands in it through one function only.

    Raises NoClosedForm if it does not, or where the function is not known to be monotonic.
    """
    k = sp.Dummy("k", positive=True)
    inside = [f for f in _factors(expr, x) if not (f.as_base_exp()[0] == x and f.as_base_exp()[1].is_Rational)]
    if len(inside) < len(_factors(expr, x)):
        raise NoClosedForm(f"{x} stands inside {short(inside[0])} and outside of it")
    found: dict[sp.Expr, _Function] = {}
    terms = []
    for term in sp.Add.make_args(expand(expr)):
        coeff, rest = term.as_independent(x, as_Add=False)
        for factor in sp.Mul.make_args(rest) if rest != 1 else ():
            function, times = _taken(factor, x)
            found[function.whole] = function
            coeff *= k**times
        terms.append(coeff)
    if len(found) != 1:
        raise NoClosedForm(f"{x} stands inside {' and '.join(short(f) for f in found)}")
    (function,) = found.values()
    poly = polynomial(sp.Add(*terms), k)
    if not function.logarithm:
        return union([_undone(piece, function, where) for piece in where_positive(poly)])
    if poly.degree != 1 or poly.power != 1 or any(t.as_independent(k, as_Add=False)[1] not in (1, k) for t in terms):
        raise NoClosedForm(f"{x} stands inside powers of {short(function.whole)}")
    end = tidy(-poly.coeffs[0]) / tidy(poly.coeffs[1])
    return union([_undone(piece, function, where) for piece in by_sign(poly.coeffs[1], (Piece(low=end),), (Piece(high=end),))])


def _factors(expr: sp.Expr, x: sp.Symbol) -> list[sp.Expr]:
    """The factors of all terms in which x stands."""
    terms = sp.Add.make_args(expand(expr))
    return list(dict.fromkeys(f for t in terms for f in sp.Mul.make_args(t) if f.has(x)))


def _taken(factor: sp.Expr, x: sp.Symbol) -> tuple[_Function, sp.Expr]:
    """A factor as a rational power of a function."""
    if isinstance(factor, sp.exp):
        times, inside = factor.args[0].as_coeff_Mul()
        return _Function(sp.exp(inside), inside, base=sp.E), times
    base, exponent = factor.as_base_exp()
    if isinstance(base, sp.log) and exponent == 1:
        return _positive(_Function(base, base.args[0]), x), exponent
    if exponent.has(x) and not base.has(x) and base.is_positive:
        times, inside = exponent.as_coeff_Mul()
        return _Function(base**inside, inside, base=base), times
    if base.has(x) and not exponent.has(x) and exponent != 1 and not isinstance(base, sp.log):
        times, power = exponent.as_coeff_Mul()
        return _positive(_Function(base**power, base, power=power), x), times
    raise NoClosedForm(f"{x} stands inside {short(factor)}")


def _positive(function: _Function, x: sp.Symbol) -> _Function:
    if sign(function.inside) != 1:
        raise NoClosedForm(f"{x} stands inside {short(function.whole)}, which is not defined everywhere")
    return function


def _undone(piece: Piece, function: _Function, where: Where) -> Pieces:
    """Where the function lies in a piece."""
    sides = [(end, up) for end, up in ((piece.low, True), (piece.high, False)) if end is not None]
    parts = [_side(function, end, up, where, piece.when) for end, up in sides]
    guard = (Piece(when=piece.when),)
    return tuple(Piece(p.low, p.high, tuple(dict.fromkeys((*piece.when, *p.when)))) for p in (intersection(parts) if parts else guard))


def _side(function: _Function, end: sp.Expr, up: bool, where: Where, when: When) -> Pieces:
    """``function >= end`` (or ``<=``), whatever the sign of the end."""
    if function.logarithm:
        return _reaches(function.inside, sp.exp(end), sp.Integer(1), up, where)
    positive = _like(end, when)
    inner = guarded(_side_of(function, end, up, where, when), positive)
    return union([inner, guarded(ALWAYS, -positive) if up else NEVER])


def _side_of(function: _Function, end: sp.Expr, up: bool, where: Where, when: When) -> Pieces:
    """The same for an end that is positive."""
    if function.power is not None:
        root = end ** (1 / function.power)
        rising, falling = (_reaches(function.inside, root, sp.Integer(1), way, where) for way in (up, not up))
        return by_sign(function.power, rising, falling)
    base = sp.E if function.base is None else function.base
    above, target = _like(end - 1, when), sp.log(end) / sp.log(base)
    ways = {s: _reaches(function.inside, target, s * above, up == (s > 0), where) for s in (1, -1)}
    return by_sign(base - 1, ways[1], ways[-1]) if not base.is_number else ways[1 if base > 1 else -1]


def _like(expr: sp.Expr, when: When) -> sp.Expr:
    """An expression of the same sign, without what is positive under the conditions of a piece."""
    left = sp.Integer(1)
    for side in over(expr):
        for factor in sp.Mul.make_args(front(side)):
            base, power = factor.as_base_exp()
            known = _known(base, when)
            if known is None:
                left *= base if power.is_odd else factor
            elif known < 0 and not power.is_even:
                left = -left
    return left


def _known(base: sp.Expr, when: When) -> int | None:
    """The sign of a factor, from its terms or from a condition that says it; a root is not negative where it is defined."""
    terms = sp.Add.make_args(base)
    roots = [t for t in terms if any(f.is_Pow and f.exp.is_Rational and not f.exp.is_Integer for f in sp.Mul.make_args(t))]
    plain = sp.Add(*[t for t in terms if t not in roots])
    found = sign(plain)
    if roots and found == 1 and not any(t.could_extract_minus_sign() for t in roots):
        return 1
    if found in (1, -1) and not roots:
        return found
    said = guarded((Piece(low=sp.Integer(1)),), base)
    mine = said[0].when[0]
    if mine in when:
        return 1
    return -1 if any((w.lhs, w.rhs) == (mine.rhs, mine.lhs) for w in when) else None


def _reaches(inside: sp.Expr, target: sp.Expr, positive: sp.Expr, up: bool, where: Where) -> Pieces:
    """``inside >= target`` (or ``<=``) where the target is positive if ``positive`` is."""
    d = sp.Dummy("d", positive=True)
    found = where(inside - d if up else d - inside)
    put = tuple(_put(p, d, target) for p in found)
    if sign(positive) == 1:
        return put
    if sign(inside) == 1:
        straight = up and all(p.high is None and not p.when and p.low is not None and _rises(p.low, d) for p in found)
        return put if straight else guarded(put, positive) + (guarded(ALWAYS, -positive) if up else NEVER)
    below = where(inside + d if up else -d - inside)
    mirrored = tuple(_put(p, d, -target) for p in below)
    return guarded(put, positive) + guarded(mirrored, -positive)


def _rises(low: sp.Expr, d: sp.Symbol) -> bool:
    """Whether an end moves with the number in proportion, so that it is none of a positive unknown if the number is not."""
    return bool(low.is_polynomial(d) and sp.degree(low, d) <= 1)


def _put(piece: Piece, d: sp.Symbol, target: sp.Expr) -> Piece:
    """The piece with the target in place of the number that stood for it."""
    put = piece.put(d, target)
    return replace(put, when=tuple(w for w in map(_logarithmic, put.when) if w is not None))


def _logarithmic(rel: sp.Rel) -> sp.Rel | None:
    """``exp(e) > 1`` as ``e > 0``; None if that is always so."""
    e = rel.lhs.args[0] if isinstance(rel.lhs, sp.exp) and rel.rhs == 1 else None
    if e is None:
        return rel
    (piece,) = guarded((Piece(low=sp.Integer(1)),), e) or (None,)
    return rel if piece is None else piece.when[0] if piece.when else None
