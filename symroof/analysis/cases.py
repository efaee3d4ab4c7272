"""Which part wins in every maximum, under which comparisons, and what the cost is there: a list of smooth cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import sympy as sp

from symroof.algebra import show
from symroof.algebra.cost import Cost
from symroof.errors import short
from symroof.solver.branches import NoClosedForm
from symroof.solver.facts import NOTHING, Facts
from symroof.solver.polynomial import sign, split

_MOST = 64
Pair = tuple[sp.Expr, sp.Expr]
Labels = dict[sp.Expr, str]


@dataclass(frozen=True)
class Smooth:
    """An expression without maxima, the pairs ``(larger, smaller)`` under which it is the whole, and what was chosen.

    ``chosen`` holds pairs of a maximum (or minimum) and the argument that it equals.
    """

    expr: sp.Expr
    when: tuple[Pair, ...] = ()
    chosen: tuple[Pair, ...] = ()

    def beside(self, other: Smooth) -> bool:
        """Whether two cases choose alike wherever both choose."""
        mine = dict(self.chosen)
        return all(mine.get(extreme, arg) == arg for extreme, arg in other.chosen)


@lru_cache(maxsize=512)
def cases(expr: sp.Expr) -> tuple[Smooth, ...]:
    """The expression as smooth cases; those that can never occur, or only where two parts are equal, are left out.

    Raises NoClosedForm if there are more than 64.
    """
    return tuple(_merged([c for c in _cases(expr) if _occurs(c)]))


def labels(cost: Cost) -> Labels:
    """Names for the parts of maxima: the path that ``cost[...]`` takes, such as ``MLP/math``."""
    found: Labels = {}
    for part, path in _walk(cost, ""):
        if path:
            found.setdefault(part.expr, path)
    return found


def label(expr: sp.Expr, names: Labels) -> str:
    """The name of a part, or its formula."""
    return names.get(expr) or short(show.text(expr), 50)[1:-1]


def called(case: Smooth, names: Labels) -> str:
    """What to call a case: the part that wins in every maximum."""
    return ", ".join(dict.fromkeys(label(arg, names) for _, arg in case.chosen))


def relation(above: sp.Expr, below: sp.Expr, x: sp.Symbol | None = None) -> sp.Basic:
    """``above >= below`` as a reader writes it: positive terms on both sides, the symbol alone where that is easy."""
    top, bottom = sp.fraction(sp.together(above - below))
    if sign(bottom) != 1:
        return sp.Ge(above, below, evaluate=False)
    known = sign(top)
    if known is not None:
        return sp.true if known >= 0 else sp.false
    plus, minus = split(top)
    ratio = plus / minus
    if x not in ratio.free_symbols and len(ratio.free_symbols) == 1:
        (x,) = ratio.free_symbols
    power = ratio.as_powers_dict().get(x, sp.Integer(0)) if x is not None else sp.Integer(0)
    if abs(power) == 1 and not (ratio / x**power).has(x):
        rest = x**power / ratio
        return sp.Ge(x, rest, evaluate=False) if power == 1 else sp.Le(x, 1 / rest, evaluate=False)
    return sp.Ge(*sp.fraction(ratio), evaluate=False)


def _walk(cost: Cost, path: str) -> Iterator[tuple[Cost, str]]:
    for part in cost.parts:
        where = "/".join(filter(None, (path, part.name)))
        yield part, where if part.name else ""
        yield from _walk(part, where)


def _cases(expr: sp.Expr) -> list[Smooth]:
    if not expr.has(sp.Max, sp.Min):
        return [Smooth(expr)]
    if isinstance(expr, (sp.Max, sp.Min)):
        return _extreme(expr)
    return [Smooth(expr.func(*[c.expr for c in row]), *_joined(row)) for row in _consistent([_cases(a) for a in expr.args])]


def _extreme(extreme: sp.Expr) -> list[Smooth]:
    sense = 1 if isinstance(extreme, sp.Max) else -1
    args = _flat(extreme)
    args = [a for i, a in enumerate(args) if not _beaten(a, args[:i], args[i + 1 :], sense)]
    if len(args) == 1:
        return _cases(args[0])
    each = [_cases(a) for a in args]
    found = []
    for i, arg in enumerate(args):
        for mine in each[i]:
            rivals = [[c for c in each[j] if mine.beside(c)] for j in range(len(args)) if j != i]
            bent = [_bend(args[j]) for j in range(len(args)) if j != i]
            open_ = [[Smooth(sp.Integer(0))] if b in (0, sense) else r for r, b in zip(rivals, bent, strict=True)]
            for row in _consistent([[mine], *open_]):
                against = [[c] if b not in (0, sense) else r for c, b, r in zip(row[1:], bent, rivals, strict=True)]
                when, chosen = _joined(row)
                more = tuple((mine.expr, c.expr) if sense > 0 else (c.expr, mine.expr) for r in against for c in r)
                found.append(Smooth(mine.expr, (*when, *more), (*chosen, (extreme, arg))))
    return found


def _flat(extreme: sp.Expr) -> list[sp.Expr]:
    """The arguments, those of a maximum inside a maximum included, each once, in a fixed order."""
    inner = [_flat(a) if isinstance(a, extreme.func) else [a] for a in sorted(extreme.args, key=sp.default_sort_key)]
    return list(dict.fromkeys(a for args in inner for a in args))


def _beaten(arg: sp.Expr, before: list[sp.Expr], after: list[sp.Expr], sense: int) -> bool:
    """Whether another argument is always at least as extreme; of equal ones the first stays."""
    return any(NOTHING.order(b, arg) in (sense, 0) for b in before) or any(NOTHING.order(b, arg) == sense for b in after)


def _consistent(choices: list[list[Smooth]]) -> list[tuple[Smooth, ...]]:
    rows: list[tuple[Smooth, ...]] = [()]
    for options in choices:
        rows = [(*row, c) for row, c in product(rows, options) if all(r.beside(c) for r in row)]
        if len(rows) > _MOST:
            raise NoClosedForm(f"its maxima make more than {_MOST} cases")
    return rows


def _joined(row: tuple[Smooth, ...]) -> tuple[tuple[Pair, ...], tuple[Pair, ...]]:
    return tuple(dict.fromkeys(w for c in row for w in c.when)), tuple(dict.fromkeys(p for c in row for p in c.chosen))


def _bend(expr: sp.Expr) -> int | None:
    """1 for a maximum of smooth expressions, -1 for a minimum, 0 for a smooth expression, None for what is neither."""
    if not expr.has(sp.Max, sp.Min):
        return 0
    bends = {b for b in map(_bend, expr.args) if b != 0}
    inner = bends.pop() if len(bends) == 1 else None
    if isinstance(expr, (sp.Max, sp.Min)):
        sense = 1 if isinstance(expr, sp.Max) else -1
        return sense if inner == sense or not any(a.has(sp.Max, sp.Min) for a in expr.args) else None
    if inner is None or expr.is_Add:
        return inner
    if expr.is_Mul:
        numbers = [a for a in expr.args if not a.is_positive]
        return inner if not numbers else -inner if len(numbers) == 1 and numbers[0].is_negative else None
    if expr.is_Pow and expr.exp.is_Rational and expr.base.is_positive:
        return inner if expr.exp > 0 else -inner
    return None


def _occurs(case: Smooth) -> bool:
    """Whether a case holds at more than ties: no comparison is denied by the others."""
    facts = Facts(case.when)
    reversed_ = (Facts(tuple(w for w in case.when if w != pair)).order(*pair) == -1 for pair in case.when)
    return not facts.contradict and not any(reversed_)


def _merged(found: list[Smooth]) -> list[Smooth]:
    """Cases that are the same but for a choice between equals, once."""
    kept: dict[tuple[sp.Expr, frozenset[Pair]], Smooth] = {}
    for case in found:
        kept.setdefault((case.expr, frozenset(case.when)), case)
    return list(kept.values())
