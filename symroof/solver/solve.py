"""``solve(condition, symbol)``: a closed form with its domain, the approximations made, and the steps that lead there.

All symbols are positive and costs are sums of monomials, so after clearing denominators the signs of the coefficients
say where the condition holds (Descartes' rule of signs). Maxima and minima fall apart into unions and intersections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import product
from typing import Any

import sympy as sp

from symroof.algebra.condition import Condition
from symroof.algebra.cost import Cost
from symroof.algebra.operands import plain
from symroof.algebra.symbols import Symbol
from symroof.algebra.units import ONE
from symroof.errors import SolveError, short
from symroof.solver.bound import Bound
from symroof.solver.branches import NoClosedForm, branches, tighten
from symroof.solver.inverse import inverted
from symroof.solver.pieces import ALWAYS, NEVER, Pieces, intersection, joined, not_too_many, strictly, union
from symroof.solver.polynomial import expand, factors, leading, over, polynomial, split, tidy
from symroof.solver.positive import where_positive
from symroof.solver.steps import Step, answered, apart, cleared, collected, facing, factored, inside_part, limited, settled, solved

Weights = tuple[tuple[sp.Symbol, int], ...]
Solved = tuple[Pieces, list[Step]]
_FLIP = {">=": "<=", ">": "<", "<=": ">=", "<": ">"}


def solve(condition: Condition, symbol: sp.Symbol, large: Iterable[sp.Symbol] = (), small: Iterable[sp.Symbol] = ()) -> Bound:
    """Where a condition holds, as a bound on one of its symbols.

    ``large`` (and ``small``) name symbols that grow without bound (vanish): only the terms that then matter are kept,
    and the bound says so. Conditions on maxima, on either side, give unions and intersections. A condition that always
    or never holds gives a bound that says why; one without a closed form a bound that is evaluated numerically.
    A ceiling, floor or power of two of the symbol is undone exactly, or bounded from both sides. In a formula of a model,
    aggregate letters that the symbol is part of are written out.

    Raises SolveError if the symbol does not occur in the condition, is itself called large or small, or if a symbol of
    the condition is not positive.
    """
    condition = _as_condition(condition).expand(symbol, *_symbols(large), *_symbols(small))
    weights = tuple((s, 1) for s in _symbols(large)) + tuple((s, -1) for s in _symbols(small))
    _check(condition, symbol, weights)
    left, right = (tighten(_compared(side.expr)) for side in (condition.left, condition.right))
    relation = condition.relation
    greater, lesser = (left, right) if relation[0] == ">" else (right, left)
    start = [Step("the condition", condition.left.expr, relation, condition.right.expr, kind="start")]
    try:
        pieces, steps = _solved(greater, lesser, symbol, weights, len(relation) == 1)
    except NoClosedForm as problem:
        from symroof.solver.discrete import rounded

        return rounded(Bound(symbol, condition, (), weights, tuple(start), str(problem), False, solve), solve)
    reason = _reason(pieces, greater, lesser, symbol)
    return Bound(symbol, condition, tuple(pieces), weights, facing([*start, *steps], relation), reason, again=solve)


def _as_condition(condition: Any) -> Condition:
    if isinstance(condition, Condition):
        return condition
    if isinstance(condition, sp.Rel) and condition.rel_op in _FLIP:
        return Condition(Cost(condition.lhs, _unit(condition.lhs)), condition.rel_op, Cost(condition.rhs, _unit(condition.lhs)))
    raise SolveError(f"{short(condition)} is no condition; compare two costs, e.g. solve(t['math'] >= t['hbm'], B)")


def _compared(expr: sp.Expr) -> sp.Expr:
    """The expression with maxima of numbers worked out."""
    if not expr.has(sp.Max, sp.Min):
        return expr
    return expr.replace(lambda e: isinstance(e, (sp.Max, sp.Min)) and e.is_number, lambda e: e.func(*e.args))


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
    lines: list[Step] = []
    known: dict[tuple[sp.Expr, sp.Expr], tuple[str, Pieces]] = {}

    def pair(a: sp.Expr, b: sp.Expr) -> tuple[str, Pieces]:
        if (a, b) not in known:
            pieces, inner = _smooth(a, b, x, weights, strict)
            label = str(len(known) + 1)
            lines.extend([Step(f"part {label}", a, ">=", b, kind="part", part=label), *inside_part(inner, label)])
            known[a, b] = label, pieces
        return known[a, b]

    rows = [[[pair(a, b) for b in column] for a, column in product(row, below)] for row in above]
    apiece = [[union([found for _, found in column]) for column in row] for row in rows]
    not_too_many(apiece)
    pieces = union([intersection(row) for row in apiece])
    pieces = pieces if strict else joined(pieces)
    of = tuple(tuple(tuple(label for label, _ in column) for column in row) for row in rows)
    how = _joined(len(above), len(above[0]), len(below), len(below[0]))
    whole = apart(greater, lesser, of, f"take the maxima apart: {how}")
    return pieces, [whole, *lines, *answered(x, pieces, lambda p: ("together", None), "together")]


def _joined(ors: int, ands: int, below: int, below_ors: int) -> str:
    words = []
    if ors > 1 or below_ors > 1:
        words.append("one part of the larger side suffices")
    if ands > 1 or below > 1:
        words.append("the larger side has to exceed every part of the smaller one")
    return " and ".join(words)


@lru_cache(maxsize=2048)
def _smooth(greater: sp.Expr, lesser: sp.Expr, x: sp.Symbol, weights: Weights, strict: bool = False) -> tuple[Pieces, tuple[Step, ...]]:
    """``greater >= lesser`` (or ``>``) without maxima: a sign, or one polynomial, or a product whose factors must agree."""
    overall, bases, positive = factors(greater - lesser, x)
    odd = [base for base, power in bases if power % 2]
    even = [base for base, power in bases if power % 2 == 0 and x in base.free_symbols]
    if even and not odd and (overall > 0) == strict:  # a square, which is 0 at its roots and nowhere else
        roots = [[_polynomial(s * base, x, weights, strict)[0] for s in (1, -1)] for base in even]
        pieces = intersection(map(union, roots)) if strict else union(map(intersection, roots))
        return pieces, tuple(answered(x, pieces, lambda p: ("a square is 0 at its root, and positive elsewhere", None)))
    if not odd:
        holds = overall > 0 or (overall == 0 and not strict)
        return ALWAYS if holds else NEVER, tuple(settled(greater, lesser, strict))
    lines = cleared(greater, lesser, positive)
    if len(bases) > 1 or bases[0][1] != 1:
        lines.append(factored(overall * sp.Mul(*[tidy(base) ** power for base, power in bases], evaluate=False)))
    if len(odd) == 1:
        pieces, inner = _polynomial(expand(overall * odd[0]), x, weights, strict)
        return pieces, (*lines, *inner)
    parts: list[Step] = []
    known: dict[sp.Expr, tuple[str, Pieces]] = {}
    rows = []
    for signs in product((1, -1), repeat=len(odd)):
        if overall * sp.prod(signs) > 0:
            signed = [expand(s * base) for base, s in zip(odd, signs, strict=True)]
            rows.append([_factor(base, lambda e: _polynomial(e, x, weights, strict), known, parts) for base in signed])
    pieces = union([intersection([found for _, found in row]) for row in rows])
    of = tuple(tuple((label,) for label, _ in row) for row in rows)
    whole = apart(lines[-1].left, lines[-1].right, of, "take the product apart: an even number of its factors may be negative")
    return pieces, (*lines, whole, *parts, *answered(x, pieces, lambda p: ("together", None), "together"))


def _factor(
    base: sp.Expr, alone: Callable[[sp.Expr], Solved], known: dict[sp.Expr, tuple[str, Pieces]], parts: list[Step]
) -> tuple[str, Pieces]:
    """``base >= 0`` as a numbered part, solved once."""
    if base not in known:
        pieces, inner = alone(base)
        label = str(len(known) + 1)
        parts.extend([Step(f"part {label}", *_sides(base), kind="part", part=label), *inside_part(inner, label)])
        known[base] = label, pieces
    return known[base]


def _sides(base: sp.Expr) -> tuple[sp.Expr, str, sp.Expr]:
    above, below = split(base)
    return above, ">=", below


def _polynomial(expr: sp.Expr, x: sp.Symbol, weights: Weights, strict: bool) -> Solved:
    """``expr >= 0`` (or ``>``), with the steps of the textbook."""
    try:
        poly = polynomial(expr, x)
    except NoClosedForm:
        if weights:
            raise
        pieces = inverted(expr, x, lambda inner: _smooth(inner, sp.Integer(0), x, ())[0])
        return pieces, answered(x, pieces, lambda p: (f"undo, from the outside in, what {x} stands in; every function is monotonic", None))
    lines = [collected(poly, "collect {}" if poly.degree else "leave out what is positive")]
    if weights:
        limit = leading(poly, dict(weights))
        if limit.coeffs != poly.coeffs:
            lines.append(limited(poly, limit, weights))
            poly = limit
    pieces = where_positive(poly)
    pieces = strictly(pieces) if strict and not poly.degree else pieces
    return pieces, lines + solved(poly, pieces)


def _reason(pieces: Pieces, greater: sp.Expr, lesser: sp.Expr, x: sp.Symbol) -> str:
    """Why a condition always or never holds."""
    if pieces and not any(p.everything for p in pieces):
        return ""
    if plain(greater).has(sp.Max, sp.Min) or plain(lesser).has(sp.Max, sp.Min):
        return f"at every {x} one part of the maxima decides it" if pieces else f"for no {x}, whichever part of the maxima decides"
    top, _ = over(greater - lesser)
    above, below = split(top)
    if above == below == 0:
        return "both sides are the same" + ("" if pieces else ", so neither is larger")
    if pieces:
        return f"for every {x}, whatever the other values" + ("" if below else ": the difference of the sides has positive terms only")
    return f"for no {x}, whatever the other values" + ("" if above else ": the difference of the sides has negative terms only")
