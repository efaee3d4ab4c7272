"""The lines of a derivation, as a textbook writes them: each a relation, and why it follows from the line before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import Given
from symroof.algebra.operands import rational
from symroof.solver.pieces import Piece, Pieces
from symroof.solver.polynomial import Polynomial, expand, sign, split, tidy

#: One of the rows holds; a row holds if all of its columns do; a column if one of the parts named in it does.
Parts = tuple[tuple[tuple[str, ...], ...], ...]
_FLIP = {">=": "<=", ">": "<", "<=": ">=", "<": ">"}
_FACING = ("start", "clear", "apart", "part")  # what is written the way round the user asked
_MOST = 8  # parts that are listed one by one


@dataclass(frozen=True)
class Step:
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

    def __str__(self) -> str:
        indent = "  " * (self.part.count(".") + 1) if self.part else ""
        shown = self.says or f"{show.text(self.left)} {self.relation} {show.text(self.right)}"
        return f"{indent}{shown}   ({self.reason})"

    def latex(self) -> str:
        """One row of an ``align*``."""
        before, mark, after = self.why.partition("{}")
        why = rf"\text{{{show.escape(before)}}}"
        if mark:
            why += f" {show.latex(self.about)}" + (rf" \text{{{show.escape(after)}}}" if after else "")
        if self.says:
            return rf"\text{{{show.escape(self.says)}}} & && {why}"
        return rf"{show.latex(self.left)} &{show.RELATIONS[self.relation]} {show.latex(self.right)} && {why}"


# -- from the condition to a polynomial
def cleared(greater: sp.Expr, lesser: sp.Expr, positive: sp.Expr) -> list[Step]:
    """Both sides without denominators and without what they share; ``positive`` is the positive factor of their difference."""
    content, multiplier = sp.fraction(positive)
    shared = sp.Mul(*[f for f in sp.Mul.make_args(content) if not f.has(sp.Add)])
    lines = []
    if multiplier != 1:
        greater, lesser = _scaled(greater, multiplier), _scaled(lesser, multiplier)
        lines.append(Step("multiply both sides by {}, which is positive", greater, ">=", lesser, multiplier, "clear"))
    if shared != 1:
        greater, lesser = _scaled(greater, 1 / shared), _scaled(lesser, 1 / shared)
        lines.append(Step("cancel the common factor {}", greater, ">=", lesser, shared, "clear"))
    return lines


def _scaled(side: sp.Expr, by: sp.Expr) -> sp.Expr:
    made = expand(side * by)
    if sp.fraction(made)[1].has(sp.Add):
        made = sp.cancel(sp.together(side * by))
    if sp.fraction(sp.together(made))[1] != 1:
        return sp.factor_terms(made)
    return tidy(made)


def settled(greater: sp.Expr, lesser: sp.Expr, strict: bool) -> list[Step]:
    """A difference that has the same sign everywhere: always, or never."""
    top, bottom = sp.fraction(sp.together(greater - lesser))
    above, below = split(top)
    flip = sign(bottom) == -1
    above, below = (below, above) if flip else (above, below)
    if above == 0 and below == 0:
        return [Step("both sides are the same" + (", so none is larger" if strict else ""), sp.Integer(0), ">=", sp.Integer(0))]
    if below == 0:
        return [Step("subtract the smaller side; only positive terms are left, so it always holds", above, ">=", sp.Integer(0))]
    if above == 0:
        return [Step("subtract the larger side; only positive terms are left, so it never holds", sp.Integer(0), ">=", below)]
    return [factored(sp.factor(above - below), "a square is never negative")]


def factored(product: sp.Expr, why: str = "bring all terms to one side and factor") -> Step:
    """The difference of the sides as a product."""
    return Step(why, product, ">=", sp.Integer(0))


def collected(poly: Polynomial, why: str, kind: str = "exact") -> Step:
    """The polynomial with positive terms on either side; a linear one with the unknown alone on the left."""
    xs = [poly.x ** (poly.power * i) for i in range(poly.degree + 1)]
    if poly.degree == 1:
        c0, c1 = map(tidy, poly.coeffs)
        if sign(poly.coeffs[1]) == -1 or (sign(poly.coeffs[1]) is None and sign(poly.coeffs[0]) == 1):
            return Step(why, tidy(-c1) * xs[1], "<=", c0, poly.x, kind)
        return Step(why, c1 * xs[1], ">=", -c0, poly.x, kind)
    above = sp.Add(*[split(c)[0] * y for c, y in zip(poly.coeffs, xs, strict=True)])
    below = sp.Add(*[split(c)[1] * y for c, y in zip(poly.coeffs, xs, strict=True)])
    return Step(why, above, ">=", below, poly.x, kind)


def limited(exact: Polynomial, limit: Polynomial, weights: Iterable[tuple[sp.Symbol, int]]) -> Step:
    """The terms that are left as symbols grow or vanish."""
    found = {word: [s.name for s, w in weights if w == sense] for word, sense in (("large", 1), ("small", -1))}
    names = " and ".join(f"{word} {', '.join(listed)}" for word, listed in found.items() if listed)
    terms, kept = ({*sp.Add.make_args(expand(p.expr))} for p in (exact, limit))
    return collected(limit, f"keep the terms that matter for {names}" + ("" if kept <= terms else "; cancel what they share"), "limit")


# -- from a polynomial to its roots
def solved(poly: Polynomial, pieces: Pieces) -> list[Step]:
    """The last lines: divide, take the root, and name the domain."""
    lead = poly.coeffs[-1]
    about = -tidy(lead) if sign(lead) == -1 else tidy(lead)
    ended = [p for p in pieces if p.low is not None or p.high is not None]
    divide = "divide by {}" + _positive(lead)
    if poly.degree == 1 and poly.power != 1 and len(ended) == len(pieces) == 1:
        (piece,) = pieces
        y = poly.x**poly.power
        relation, end = ("<=", piece.high) if piece.low is None else (">=", piece.low)
        first = [Step(divide, y, relation, end**poly.power, about, inside=piece.when)] if about != 1 else []
        return first + answered(poly.x, pieces, lambda p: (_root(poly.power).removeprefix(", and "), None))
    return answered(poly.x, pieces, lambda p: _found(poly, p, divide, about))


def _positive(lead: sp.Expr) -> str:
    if sign(lead) is None:
        return ", which is positive in the domain"
    return ", which is positive: all its terms are" if lead.is_Add else ", which is positive"


def _root(power: sp.Rational) -> str:
    if power == 1:
        return ""
    words = {2: "take the square root", 3: "take the cube root"}
    return ", and " + words.get(power, f"take the power {1 / power}") + " (both sides are positive)"


def _found(poly: Polynomial, piece: Piece, divide: str, about: sp.Expr) -> tuple[str, sp.Expr | None]:
    root = _root(poly.power)
    if poly.degree == 1:
        rising = piece.low is not None
        if sign(poly.coeffs[1]) is None:
            about = tidy(poly.coeffs[1]) if rising else tidy(-poly.coeffs[1])
        return divide + root, about
    if poly.degree == 2:
        inside = sp.factor_terms(tidy(poly.coeffs[1] ** 2 - 4 * poly.coeffs[0] * poly.coeffs[2]))
        opposite = (sign(poly.coeffs[0]) == -1 and sign(poly.coeffs[2]) == 1) or (sign(poly.coeffs[0]) == 1 and sign(poly.coeffs[2]) == -1)
        which = "one root of the quadratic is positive (Descartes)" if opposite else "the roots of the quadratic"
        return f"{which}, with the discriminant {{}}{root}", inside
    return "the signs of the coefficients change once, so one root is positive (Descartes)" + root, None


def answered(x: sp.Symbol, pieces: Pieces, why: Callable[[Piece], tuple[str, sp.Expr | None]], kind: str = "result") -> list[Step]:
    """The lines of an answer: of every piece its ends, and the domain in which they count."""
    if not pieces:
        return [Step("no case is left", sp.Integer(0), ">=", sp.Integer(1), kind="verdict", says=f"no {x}")]
    if any(p.everything for p in pieces):
        return [Step("nothing else is asked", sp.Integer(1), ">=", sp.Integer(0), kind="verdict", says=f"every {x}")]
    lines = []
    for case, piece in enumerate(pieces, 1):
        named = f"case {case}: " if len(pieces) > 1 else ""
        ends = [(r, e) for r, e in ((">=", piece.low), ("<=", piece.high)) if e is not None]
        for relation, end in ends:
            text, about = why(piece)
            lines.append(Step(named + text, x, relation, end, about, kind, inside=piece.when, case=case))
        words = _domain(x, case, len(pieces), bool(ends))
        lines += [Step(words, w.lhs, w.rel_op, w.rhs, kind="domain", inside=piece.when, case=case) for w in piece.when]
    return lines


def _domain(x: sp.Symbol, case: int, cases: int, ends: bool) -> str:
    if cases == 1:
        return f"the domain; elsewhere no {x} will do" if ends else f"then every {x} will do, else none"
    return f"the domain of case {case}" if ends else f"case {case}: then every {x} will do"


# -- putting them together
def inside_part(lines: Iterable[Step], label: str) -> list[Step]:
    """Lines as those of a numbered part."""
    return [
        replace(
            s, part=f"{label}.{s.part}" if s.part else label, of=_relabelled(s.of, label), says=says(_relabelled(s.of, label)) or s.says
        )
        for s in lines
    ]


def _relabelled(of: Parts, label: str) -> Parts:
    return tuple(tuple(tuple(f"{label}.{one}" for one in column) for column in row) for row in of)


def apart(greater: sp.Expr, lesser: sp.Expr, of: Parts, why: str) -> Step:
    """A line that says which parts make the whole."""
    of = tuple(dict.fromkeys(tuple(dict.fromkeys(row)) for row in of))
    return Step(why, greater, ">=", lesser, kind="apart", of=of, says=says(of))


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
            step = replace(step, left=step.right, relation=_FLIP[step.relation], right=step.left)
        before = kept[-1] if kept and kept[-1].part == step.part and not kept[-1].says else None
        if before is None or step.says or not _alike(before, step):
            kept.append(step)
        elif before.kind in ("exact", "clear") and step.kind in ("result", "domain"):
            kept[-1] = replace(step, why=before.why if step.kind == "result" else step.why, about=before.about)
        elif step.kind == "domain" and not (before.kind in ("part", "start") and last):
            kept.append(step)
    return tuple(kept)


def _alike(a: Step, b: Step) -> bool:
    return a.same == b.same or a.same == (b.right, _FLIP[b.relation], b.left)


def substituted(before: tuple[Step, ...], after: tuple[Step, ...], given: Given) -> tuple[Step, ...]:
    """The lines of a bound some of whose symbols got values: the condition as it was, what was put in, and what follows."""
    head = before[: next((i for i, s in enumerate(before) if s.kind not in ("start", "substitute")), len(before))]
    if not head or not after or head[-1].same == after[0].same:
        return after
    free = head[-1].left.free_symbols | head[-1].right.free_symbols
    put = {s: e for s, e in given.exprs.items() if s in free}
    free = free.union(*(e.free_symbols for e in put.values()))
    put |= {s: rational(v) for s, v in given.numbers.items() if s in free and s not in put}
    values = ", ".join(f"{s} = {_value(e)}" for s, e in put.items())
    return (*head, replace(after[0], why=f"substitute {values}", kind="substitute", put=tuple(put.items())), *after[1:])


def _value(expr: sp.Expr) -> str:
    return f"{float(expr):.6g}" if expr.is_number else show.text(expr)
