"""A derivation: its lines, as a textbook writes them, an inequality that is held together by parts of it, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import Given
from symroof.algebra.claims import Claims
from symroof.algebra.cost import Condition, quantity
from symroof.algebra.operands import rational
from symroof.algebra.units import ONE, Unit
from symroof.errors import SolveError
from symroof.solver.monotony import difference
from symroof.solver.pieces import Piece, Pieces, intersection, joined, not_too_many, union

#: One of the rows holds; a row holds if all of its columns do; a column if one of the parts named in it does.
Parts = tuple[tuple[tuple[str, ...], ...], ...]
#: What grows without bound (1) or vanishes (-1).
Weights = tuple[tuple[sp.Symbol, int], ...]
Why = tuple[str, sp.Expr | None]  # why an end is one, and the expression that this speaks about
FLIP = {">=": "<=", ">": "<", "<=": ">=", "<": ">"}
_FACING = ("start", "clear", "apart", "part")  # what is written the way round the user asked
_MOST = 8  # parts that are listed one by one


@dataclass(frozen=True, repr=False)
class Step(show.Shown):
    """One line of a derivation: ``left relation right``, and why it follows from the line before.

    ``kind`` is "start", "substitute", "clear", "exact", "limit", "apart", "part", "result", "together", "domain" or
    "verdict". ``{}`` in ``why`` stands for the expression it speaks ``about``. ``part`` is the sub-derivation it belongs
    to ("2.1"), ``inside`` the conditions under which it follows, ``case`` counts the pieces of an answer; ``of`` says
    how parts make the whole, ``put`` what was substituted, ``says`` what to print in place of the relation.
    """

    why: str
    left: sp.Expr
    relation: str
    right: sp.Expr
    about: sp.Expr | None = None
    kind: str = "exact"
    part: str = ""
    inside: tuple[sp.Rel, ...] = ()
    case: int = 0
    of: Parts = ()
    put: tuple[tuple[sp.Symbol, sp.Expr], ...] = ()
    says: str = ""

    @property
    def reason(self) -> str:
        """Why it follows, as text."""
        return self.why.replace("{}", show.text(self.about)) if self.about is not None else self.why

    @property
    def same(self) -> tuple[sp.Expr, str, sp.Expr]:
        """The relation by itself."""
        return self.left, self.relation, self.right

    def within(self, part: str) -> bool:
        """Whether it belongs to a part, or to a part of that; everything belongs to the whole, which is ""."""
        return not part or f"{self.part}.".startswith(f"{part}.")

    def under(self, part: str) -> Step:
        """The same as a line of a numbered part."""
        of = tuple(tuple(tuple(f"{part}.{one}" for one in column) for column in row) for row in self.of)
        return replace(self, part=f"{part}.{self.part}" if self.part else part, of=of, says=says(of) or self.says)


# -- the lines of an answer
def answered(x: sp.Symbol, pieces: Pieces, why: str | Callable[[Piece], Why], kind: str = "result") -> tuple[Step, ...]:
    """Of every piece its ends, and the domain in which they count."""
    if not pieces:
        return (Step("no case is left", sp.Integer(0), ">=", sp.Integer(1), kind="verdict", says=f"no {x}"),)
    if any(p.everything for p in pieces):
        return (Step("nothing else is asked", sp.Integer(1), ">=", sp.Integer(0), kind="verdict", says=f"every {x}"),)
    lines: list[Step] = []
    for case, piece in enumerate(pieces, 1):
        named = f"case {case}: " if len(pieces) > 1 else ""
        out, off = piece.strict or (False, False)
        ends = [(r, e) for r, e in ((">" if out else ">=", piece.low), ("<" if off else "<=", piece.high)) if e is not None]
        for relation, end in ends:
            text, about = (why, None) if isinstance(why, str) else why(piece)
            lines.append(Step(named + text, x, relation, end, about, kind, inside=piece.when, case=case))
        if len(pieces) == 1:
            words = f"the domain; elsewhere no {x} will do" if ends else f"then every {x} will do, else none"
        else:
            words = f"the domain of case {case}" if ends else f"case {case}: then every {x} will do"
        lines += [Step(words, w.lhs, w.rel_op, w.rhs, kind="domain", inside=piece.when, case=case) for w in piece.when]
    return tuple(lines)


# -- putting them together
def says(of: Parts) -> str:
    """``part 1 and (part 2 or part 3)``."""
    names = list(dict.fromkeys(one for row in of for column in row for one in column))
    if len(names) > _MOST:
        return f"parts {names[0]} to {names[-1]}"

    def joined(words: Sequence[str], by: str, alone: bool) -> str:
        text = f" {by} ".join(words)
        return text if alone or len(words) == 1 else f"({text})"

    rows = []
    for row in of:
        columns = [joined([f"part {one}" for one in column], "or", len(row) == 1) for column in row]
        rows.append(joined(columns, "and", len(of) == 1))
    return " or ".join(rows)


def facing(lines: Iterable[Step], relation: str) -> tuple[Step, ...]:
    """The lines the way round that the user asked, strict if he did, and none that repeats the one before."""
    kept: list[Step] = []
    lines = list(lines)
    for i, step in enumerate(lines):
        last = i + 1 == len(lines) or lines[i + 1].part != step.part
        if len(relation) == 1 and step.kind not in ("domain", "verdict"):
            step = replace(step, relation=step.relation[0])
        if relation[0] == "<" and step.kind in _FACING and step.kind != "start":
            step = replace(step, left=step.right, relation=FLIP[step.relation], right=step.left)
        before = kept[-1] if kept and kept[-1].part == step.part and not kept[-1].says else None
        again = before and step.same in (before.same, (before.right, FLIP[before.relation], before.left))
        if before is None or step.says or not again:
            kept.append(step)
        elif before.kind in ("exact", "clear") and step.kind in ("result", "domain"):
            kept[-1] = replace(step, why=before.why if step.kind == "result" else step.why, about=before.about)
        elif step.kind == "domain" and not (before.kind in ("part", "start") and last):
            kept.append(step)
    return tuple(kept)


def substituted(before: tuple[Step, ...], after: tuple[Step, ...], given: Given) -> tuple[Step, ...]:
    """The lines of a bound some of whose symbols got values: the condition as it was, what was put in, and what follows."""
    head = before[: next((i for i, s in enumerate(before) if s.kind not in ("start", "substitute")), len(before))]
    if not head or not after or head[-1].same == after[0].same:
        return after
    free = head[-1].left.free_symbols | head[-1].right.free_symbols
    put = {s: e for s, e in given.exprs.items() if s in free}
    free = free.union(*(e.free_symbols for e in put.values()))
    put |= {s: rational(v) for s, v in given.numbers.items() if s in free and s not in put}
    values = ", ".join(f"{s} = {f'{float(e):.6g}' if e.is_number else show.text(e)}" for s, e in put.items())
    return (*head, replace(after[0], why=f"substitute {values}", kind="substitute", put=tuple(put.items())), *after[1:])


#: Where an inequality holds, and the lines that lead there.
Answer = tuple[Pieces, tuple[Step, ...]]


@dataclass(frozen=True)
class Inequality:
    """``greater >= lesser`` (``>`` if strict), to be solved for x; ``weights`` name what grows without bound (1) or vanishes (-1)."""

    greater: sp.Expr
    lesser: sp.Expr
    x: sp.Symbol
    weights: Weights = ()
    strict: bool = False

    def between(self, greater: sp.Expr, lesser: sp.Expr) -> Inequality:
        """The same about two other sides."""
        return replace(self, greater=greater, lesser=lesser)


def together(asked: Inequality, rows: Sequence[Sequence[Sequence[Inequality]]], why: str, alone: Callable[[Inequality], Answer]) -> Answer:
    """Solve every part once (``alone``), as a numbered derivation of its own, and put the answers together."""
    found: dict[Inequality, tuple[str, Pieces]] = {}
    lines: list[Step] = []
    for part in dict.fromkeys(part for row in rows for column in row for part in column):
        pieces, inner = alone(part)
        label = str(len(found) + 1)
        found[part] = label, pieces
        lines += [Step(f"part {label}", part.greater, ">=", part.lesser, kind="part", part=label), *(s.under(label) for s in inner)]
    each = [[union(found[part][1] for part in column) for column in row] for row in rows]
    not_too_many(each)
    pieces = union([intersection(row) for row in each])
    pieces = pieces if asked.strict else joined(pieces)
    named = [dict.fromkeys(tuple(found[part][0] for part in column) for column in row) for row in rows]
    of = tuple(dict.fromkeys(map(tuple, named)))
    apart = Step(why, asked.greater, ">=", asked.lesser, kind="apart", of=of, says=says(of))
    return pieces, (apart, *lines, *answered(asked.x, pieces, "together", "together"))


# -- the whole
@dataclass(frozen=True, eq=False)
class Solved:
    """Where a condition holds: ``symbol`` in one of the ``pieces``, each ``low <= symbol <= high`` under its ``when``.

    ``kind`` is "bound", "always", "never" or, where no closed form exists, "numeric"; ``reason`` says why.
    """

    symbol: sp.Symbol
    condition: Condition
    pieces: tuple[Piece, ...]
    weights: Weights = ()
    steps: tuple[Step, ...] = ()
    reason: str = ""
    closed: bool = True
    again: Callable[..., Any] | None = field(default=None, repr=False)  # how it was solved
    necessary: Self | None = None  # without a closed form: what must hold, and what suffices
    sufficient: Self | None = None
    origin: Self | None = field(default=None, repr=False)  # the bound in letters that some of the values were put into

    @property
    def kind(self) -> str:
        """ "bound", "always", "never" or "numeric"."""
        if not self.closed:
            return "numeric"
        if not self.pieces:
            return "never"
        return "always" if any(p.everything for p in self.pieces) else "bound"

    @property
    def falls(self) -> bool:
        """Whether an upper bound is asked for, so that never is 0 and always is infinite: as the bound in letters says."""
        if self.origin is not None:
            return self.origin.falls
        if self.closed and self.pieces:
            return all(p.low is None and p.high is not None for p in self.pieces)
        return difference(*(side.expr for side in self.condition.ordered), self.symbol) == -1

    @property
    def large(self) -> tuple[sp.Symbol, ...]:
        """The symbols that were taken as large."""
        return tuple(s for s, w in self.weights if w > 0)

    @property
    def small(self) -> tuple[sp.Symbol, ...]:
        """The symbols that were taken as small."""
        return tuple(s for s, w in self.weights if w < 0)

    @property
    def approximations(self) -> tuple[str, ...]:
        """What was assumed beyond the condition: ``("large D", "large F")``."""
        return tuple(f"{'large' if w > 0 else 'small'} {s}" for s, w in self.weights)

    @property
    def unit(self) -> Unit:
        """The unit of the unknown."""
        unit: Unit = getattr(self.symbol, "unit", ONE)
        return unit

    @property
    def of(self) -> Claims:
        """What the condition assumes of the model."""
        return self.condition.of

    @property
    def free_symbols(self) -> set[sp.Symbol]:
        """The symbols that ``.at`` may be given: those of the condition but the unknown."""
        return self.condition.free_symbols - {self.symbol}

    @property
    def exact(self) -> Self:
        """The bound without its approximations."""
        return self.solved_again(self.condition)

    def solved_again(self, condition: Condition, x: sp.Symbol | None = None, weights: Weights = ()) -> Self:
        """Another condition solved in the same way, for the same symbol or for x."""
        if self.again is None:
            raise SolveError(f"{self!r} was not made by solve(...), so it cannot be solved again")
        found: Self = self.again(condition, x or self.symbol, [s for s, w in weights if w > 0], [s for s, w in weights if w < 0])
        return found

    def of_condition(self, condition: Condition) -> Self:
        """The same question about another condition, to be solved when ``.at`` is asked."""
        return replace(self, condition=condition, pieces=(), steps=(), closed=False)

    def put(self, given: Given) -> Self:
        """The bound with values put into its condition, solved again."""
        condition = self.condition.put(given)
        found = self.solved_again(condition, weights=tuple((s, w) for s, w in self.weights if s in condition.free_symbols))
        return replace(found, steps=substituted(self.steps, found.steps, given), origin=self.origin or self)


def bare(left: sp.Expr, relation: str, right: sp.Expr) -> Condition:
    """A condition between expressions whose units no longer matter."""
    return Condition(quantity(left, ONE), relation, quantity(right, ONE))
