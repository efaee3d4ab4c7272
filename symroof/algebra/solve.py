"""``solve(condition, symbol)``: a closed form with its domain, the approximations made, and the steps that lead there.

All symbols are positive and costs are sums of monomials, so after clearing denominators the signs of the coefficients
say where the condition holds (Descartes' rule of signs). Maxima and minima fall apart into unions and intersections.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from itertools import product
from typing import Any

import sympy as sp

from symroof.algebra.bound import Bound, Step
from symroof.algebra.branches import NoClosedForm, branches, tighten
from symroof.algebra.condition import Condition
from symroof.algebra.cost import Cost
from symroof.algebra.operands import plain
from symroof.algebra.pieces import ALWAYS, NEVER, Piece, Pieces, intersection, union, where_positive
from symroof.algebra.polynomial import Polynomial, expand, factors, leading, polynomial, sign, split, tidy
from symroof.algebra.symbols import Symbol
from symroof.algebra.units import ONE
from symroof.errors import SolveError, short

Weights = tuple[tuple[sp.Symbol, int], ...]
_FLIP = {">=": "<=", ">": "<", "<=": ">=", "<": ">"}


def solve(condition: Condition, symbol: sp.Symbol, large: Iterable[sp.Symbol] = (), small: Iterable[sp.Symbol] = ()) -> Bound:
    """Where a condition holds, as a bound on one of its symbols.

    ``large`` (and ``small``) name symbols that grow without bound (vanish): only the terms that then matter are kept,
    and the bound says so. Conditions on maxima, on either side, give unions and intersections. A condition that always
    or never holds gives a bound that says why; one without a closed form a bound that is evaluated numerically.

    Raises SolveError if the symbol does not occur in the condition, is itself called large or small, or if a symbol of
    the condition is not positive.
    """
    condition = _as_condition(condition)
    weights = tuple((s, 1) for s in _symbols(large)) + tuple((s, -1) for s in _symbols(small))
    _check(condition, symbol, weights)
    left, right, relation = tighten(condition.left.expr), tighten(condition.right.expr), condition.relation
    greater, lesser = (left, right) if relation[0] == ">" else (right, left)
    try:
        pieces, steps = _solved(greater, lesser, symbol, weights, len(relation) == 1)
    except NoClosedForm as problem:
        return Bound(symbol, condition, (), weights, (Step("the condition", left, relation, right),), str(problem), False, solve)
    reason = _reason(pieces, greater, lesser, symbol)
    return Bound(symbol, condition, tuple(pieces), weights, _facing(condition, steps), reason, again=solve)


def _as_condition(condition: Any) -> Condition:
    if isinstance(condition, Condition):
        return condition
    if isinstance(condition, sp.Rel) and condition.rel_op in _FLIP:
        return Condition(Cost(condition.lhs, _unit(condition.lhs)), condition.rel_op, Cost(condition.rhs, _unit(condition.lhs)))
    raise SolveError(f"{short(condition)} is no condition; compare two costs, e.g. solve(t['math'] >= t['hbm'], B)")


def _unit(expr: sp.Expr) -> Any:
    from symroof.algebra.balance import measured_unit

    return measured_unit(expr) or ONE


def _symbols(symbols: Any) -> tuple[sp.Symbol, ...]:
    return tuple(symbols) if isinstance(symbols, Iterable) else (symbols,)


def _check(condition: Condition, symbol: sp.Symbol, weights: Weights) -> None:
    if not isinstance(symbol, sp.Symbol):
        raise SolveError(f"{short(symbol)} is no symbol; solve for one, e.g. solve(condition, B) with B from symroof.symbols")
    known = condition.free_symbols
    if symbol not in known:
        twin = [s for s in known if s.name == symbol.name]
        unit = (
            f" (there is another {symbol} in {twin[0].unit}, yours is in {getattr(symbol, 'unit', '1')})"
            if twin and isinstance(twin[0], Symbol)
            else ""
        )
        raise SolveError(
            f"{symbol} does not occur in {short(condition)}{unit}; solve for one of {', '.join(sorted(s.name for s in known)) or 'none'}"
        )
    odd = next((s for s, _ in weights if not isinstance(s, sp.Symbol)), None)
    if odd is not None:
        raise SolveError(f"{short(odd)} is no symbol; write large=(D, F) with D and F from symroof.symbols")
    absent = [s for s, _ in weights if s not in known]
    if absent:
        raise SolveError(f"{absent[0]} is called large or small but does not occur in {short(condition)}; leave it out")
    loose = sorted(s.name for s in known if not s.is_positive)
    if loose:
        raise SolveError(f"{loose[0]} may be negative or complex; declare it with symbol({loose[0]!r}, unit), which is positive")
    if len({s for s, _ in weights}) < len(weights):
        raise SolveError(f"{weights[-1][0]} is named twice in large= and small=; name it once")
    if any(s == symbol for s, _ in weights):
        raise SolveError(f"{symbol} cannot be the unknown and large or small at once; leave it out of large= and small=")


def _solved(greater: sp.Expr, lesser: sp.Expr, x: sp.Symbol, weights: Weights, strict: bool) -> tuple[Pieces, list[Step]]:
    """``greater >= lesser``: the union over branches of one side of the intersection over branches of the other."""
    moving = frozenset((x, *(s for s, _ in weights)))
    above, below = branches(greater, moving), branches(lesser, moving)
    if len(above) == len(above[0]) == len(below) == len(below[0]) == 1:
        pieces, inner = _smooth(greater, lesser, x, weights, strict)
        return pieces, list(inner)
    steps = [Step("the condition", greater, ">=", lesser)]
    solved: dict[tuple[sp.Expr, sp.Expr], Pieces] = {}

    def pair(a: sp.Expr, b: sp.Expr) -> Pieces:
        if (a, b) not in solved:
            solved[a, b], (first, *rest) = _smooth(a, b, x, weights, strict)
            steps.extend([replace(first, why=f"part {len(solved)}"), *rest])
        return solved[a, b]

    either = []
    for row in above:
        both = [union([pair(a, b) for b in column]) for a, column in product(row, below)]
        either.append(intersection(both))
    how = _joined(len(above), len(above[0]), len(below), len(below[0]))
    steps.insert(1, Step(f"take the maxima apart: {how}", greater, ">=", lesser))
    pieces = union(either)
    together = "together" if len(pieces) < 2 else "together, one of"
    return pieces, steps + [Step(together, x, *_end(piece)) for piece in pieces if piece.low is not None or piece.high is not None]


def _joined(ors: int, ands: int, below: int, below_ors: int) -> str:
    words = []
    if ors > 1 or below_ors > 1:
        words.append("one part of the larger side suffices")
    if ands > 1 or below > 1:
        words.append("every part of the smaller side has to stay within")
    return " and ".join(words)


@lru_cache(maxsize=2048)
def _smooth(greater: sp.Expr, lesser: sp.Expr, x: sp.Symbol, weights: Weights, strict: bool = False) -> tuple[Pieces, tuple[Step, ...]]:
    """``greater >= lesser`` (or ``>``) without maxima: a sign, or one polynomial, or a product whose factors must agree."""
    steps = [Step("the condition", greater, ">=", lesser)]
    overall, bases, _ = factors(greater - lesser, x)
    odd = [base for base, power in bases if power % 2]
    if not odd:
        return ALWAYS if overall > 0 or (overall == 0 and not strict) else NEVER, tuple(steps)
    either = []
    for signs in product((1, -1), repeat=len(odd)):
        if overall * sp.prod(signs) > 0:
            each = [_polynomial(expand(s * base), x, weights) for base, s in zip(odd, signs, strict=True)]
            either.append(intersection(pieces for pieces, _ in each))
            steps += [step for _, inner in each for step in inner]
    return union(either), tuple(steps)


def _polynomial(expr: sp.Expr, x: sp.Symbol, weights: Weights) -> tuple[Pieces, list[Step]]:
    """``expr >= 0``, with the steps of the textbook."""
    poly = polynomial(expr, x)
    steps = [] if poly.degree == 0 else [_collected(poly, "clear denominators and common factors, all positive; collect {}")]
    if weights:
        limit = leading(poly, dict(weights))
        if limit.coeffs != poly.coeffs:
            names = " and ".join(
                f"{word} {', '.join(s.name for s, w in weights if w == sense)}"
                for word, sense in (("large", 1), ("small", -1))
                if any(w == sense for _, w in weights)
            )
            poly = limit
            steps.append(_collected(poly, f"keep the terms that matter for {names}"))
    pieces = where_positive(poly)
    steps += [_last(poly, piece) for piece in pieces if piece.low is not None or piece.high is not None]
    return pieces, steps


def _collected(poly: Polynomial, why: str) -> Step:
    """The polynomial with positive terms on either side; a linear one with the unknown alone on one."""
    xs = [poly.x ** (poly.power * i) for i in range(poly.degree + 1)]
    if poly.degree == 1:
        c0, c1 = map(tidy, poly.coeffs)
        if sign(poly.coeffs[1]) == -1:
            return Step(why, c0, ">=", -c1 * xs[1], poly.x)
        return Step(why, c1 * xs[1], ">=", -c0, poly.x)
    above = sp.Add(*[split(c)[0] * y for c, y in zip(poly.coeffs, xs, strict=True)])
    below = sp.Add(*[split(c)[1] * y for c, y in zip(poly.coeffs, xs, strict=True)])
    return Step(why, above, ">=", below, poly.x)


def _last(poly: Polynomial, piece: Piece) -> Step:
    lead = tidy(poly.coeffs[-1])
    about = -lead if sign(poly.coeffs[-1]) == -1 else lead
    power = 1 / poly.power
    root = "" if power == 1 else f", and take the power {power}"
    if poly.degree == 1:
        why = ("divide by {}, which is positive" if about != 1 else "so") + root
    elif poly.degree == 2:
        why = "the roots of the quadratic" + root
    else:
        why = "one change of sign, so one positive root (Descartes)" + root
    return Step(why, poly.x, *_end(piece), about)


def _end(piece: Piece) -> tuple[str, sp.Expr]:
    return ("<=", piece.high) if piece.low is None else (">=", piece.low)


def _facing(condition: Condition, steps: list[Step]) -> tuple[Step, ...]:
    """The steps, the first as the user wrote the condition, strict if it was."""
    strict = len(condition.relation) == 1
    shown = [replace(s, relation=s.relation[0]) if strict else s for s in steps]
    first = shown[0]
    if condition.relation[0] == "<":
        shown[0] = replace(first, left=first.right, relation=condition.relation, right=first.left)
    return tuple(shown)


def _reason(pieces: Pieces, greater: sp.Expr, lesser: sp.Expr, x: sp.Symbol) -> str:
    """Why a condition always or never holds."""
    if pieces and not any(p.everything for p in pieces):
        return ""
    if plain(greater).has(sp.Max, sp.Min) or plain(lesser).has(sp.Max, sp.Min):
        return f"at every {x} one part of the maxima decides it"
    top, _ = sp.fraction(sp.together(greater - lesser))
    above, below = split(top)
    if pieces:
        return f"for every {x}, whatever the other values" + ("" if below else ": the difference of the sides has positive terms only")
    return f"for no {x}, whatever the other values" + ("" if above else ": the difference of the sides has negative terms only")
