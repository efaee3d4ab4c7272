"""A Bound as a function: its threshold where its domain holds (else never), or the intervals where the condition holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import sympy as sp

from symroof.algebra.evaluate import Tape, tape
from symroof.errors import SolveError, short
from symroof.export.costs import as_arrays
from symroof.export.languages import Dialect
from symroof.export.names import Names
from symroof.export.source import Head, function, helper_names
from symroof.export.statements import Statements
from symroof.solver.bound import Bound
from symroof.solver.pieces import Piece

Ends = tuple[int | None, int | None, tuple[tuple[int, bool, int], ...]]  # slots: low, high, and when (left, strictly, right)


def bound_source(bound: Bound, dialect: Dialect, name: str) -> str:
    """The file with one function for a bound.

    Raises SolveError for a bound without a closed form, and for several ends in C.
    """
    if bound.kind == "numeric":
        raise SolveError(f"{short(bound, 200)}: without a closed form there is nothing to export; export both sides of the condition")
    side = _side(bound.pieces)
    if not side and dialect.floats:
        raise SolveError(
            f"{bound.symbol} has more than one threshold here, which C cannot return as a number; export to Python or JavaScript"
        )
    compiled = bound_tape(bound)
    slots = iter([place[0] for place in compiled.slots[1]])
    ends = [_ends(p, slots) for p in bound.pieces]
    names = Names(dialect.name, *helper_names(dialect))
    arguments = names.arguments(compiled.inputs)
    lines = Statements(compiled, dialect, names, arguments)
    lines.count(s for e in ends for s in _slots(e))
    if dialect.name == "numpy":
        _on_arrays(bound, ends, lines, side)
    elif side:
        _threshold(bound, ends, lines, side)
    else:
        _intervals(bound, ends, lines)
    return function(Head(name, _about(bound, side)), lines)


def bound_tape(bound: Bound) -> Tape:
    """The ends of every piece and both sides of what it holds under, in this order, each a slot."""
    exprs = [e for p in bound.pieces for e in (p.low, p.high, *(x for r in p.when for x in (r.lhs, r.rhs))) if e is not None]
    return tape(("sum", tuple(exprs)))


def _ends(piece: Piece, slots: Iterator[int]) -> Ends:
    low = None if piece.low is None else next(slots)
    high = None if piece.high is None else next(slots)
    return low, high, tuple((next(slots), not isinstance(rel, sp.Ge), next(slots)) for rel in piece.when)


def _slots(ends: Ends) -> list[int]:
    low, high, when = ends
    return [s for s in (low, high) if s is not None] + [s for left, _, right in when for s in (left, right)]


def _side(pieces: tuple[Piece, ...]) -> str:
    """``low`` or ``high`` for one threshold, nothing for several ends."""
    if pieces and all(p.high is not None and p.low is None for p in pieces):
        return "high"
    return "low" if all(p.high is None for p in pieces) else ""


def _about(bound: Bound, side: str) -> list[str]:
    unit = bound.unit
    if side:
        relation = ("at least", "at most")[side == "high"]
        never = "0" if side == "high" else "infinite"
        what = f"The threshold of {bound.symbol} [{unit}]: {relation} this much; {never} where no {bound.symbol} will do."
    else:
        what = f"The intervals [{unit}] in which {bound.symbol} may lie, as pairs of a low and a high end; 0 and infinity are no end."
    return [what, "", *repr(bound).splitlines(), "", f"from {bound.condition!r}, exported by symroof."]


def _threshold(bound: Bound, ends: list[Ends], lines: Statements, side: str) -> None:
    """One number: the least low end, or the greatest high end, of the pieces whose conditions hold."""
    d, best = lines.dialect, ""
    never = d.number(0.0).text if side == "high" else d.infinity
    if len(ends) > 1:
        _shared(ends, lines)
        best = lines.names.fresh("threshold")
        lines.write(d.variable.format(name=best, value=never))
    for each in ends:
        for _ in _nested(each[2], lines):
            value = _clipped(each, lines, side)
            if best:
                lines.write(f"{best} = {d.call(sp.Max if side == 'high' else sp.Min, (best, value))[0]}{d.stop}")
            else:
                lines.give(value)
    if len(ends) != 1 or ends[0][2]:
        lines.give(best or never)


def _clipped(ends: Ends, lines: Statements, side: str) -> str:
    """An end, and nothing below zero."""
    slot = ends[1] if side == "high" else ends[0]
    zero = lines.dialect.number(0.0).text
    if slot is None:
        return zero
    text = lines.term(slot).text
    return text if lines.positive(slot) else lines.dialect.call(sp.Max, (text, zero))[0]


def _nested(when: Sequence[tuple[int, bool, int]], lines: Statements) -> Iterator[None]:
    """Once, inside the tests of a piece: each is only worked out if those before it hold, and the ends if all do."""
    if not when:
        yield
        return
    left, strict, right = when[0]
    test = f"{lines.term(left).text} {'>' if strict else '>='} {lines.term(right).text}"
    with lines.inside(test):
        yield from _nested(when[1:], lines)


def _shared(ends: list[Ends], lines: Statements) -> None:
    """What several pieces need, and no test has to guard, in front of them all."""
    counts = Counter(slot for each in ends for slot in lines.below(_slots(each)))
    for slot in sorted(s for s, count in counts.items() if count > 1 and lines.safe(s)):
        lines.term(slot)


def _intervals(bound: Bound, ends: list[Ends], lines: Statements) -> None:
    """A list of the intervals, merged and in order."""
    d = lines.dialect
    _shared(ends, lines)
    found = lines.keep("found", "[]").text
    for piece, each in zip(bound.pieces, ends, strict=True):
        out, off = _left_out(bound, piece)
        for _ in _nested(each[2], lines):
            low, high = _clipped(each, lines, "low"), d.infinity if each[1] is None else lines.term(each[1]).text
            entry = f"{low}, {int(out)}, {high}, {int(not off)}"
            lines.write(f"{found}.append(({entry}))" if d.pythonic else f"{found}.push([{entry}]);")
    lines.helpers.add("union")
    lines.give(f"{d.prefix}union({found})")


def _left_out(bound: Bound, piece: Piece) -> tuple[bool, bool]:
    """Which of the ends of a piece do not hold themselves."""
    strict = len(bound.condition.relation) == 1
    return piece.strict or (strict and piece.low is not None, strict and piece.high is not None)


def _on_arrays(bound: Bound, ends: list[Ends], lines: Statements, side: str) -> None:
    """Thresholds for arrays; of several ends a pair of arrays for each piece, NaN where it does not hold."""
    if lines.arguments:
        lines.write(as_arrays(lines.arguments.values()))
    never = "0.0" if side == "high" else "np.inf"
    if not ends:
        lines.give(never)
        return
    lines.write('with np.errstate(all="ignore"):')
    lines.depth += 1
    found = [_pair(bound, piece, each, lines) for piece, each in zip(bound.pieces, ends, strict=True)] if not side else []
    for each in ends if side else ():
        found.append(_guarded(_clipped(each, lines, side), _tests(each, lines), never))
    if side:
        function = "np.maximum" if side == "high" else "np.minimum"
        total = lines.keep("threshold", found[0]).text
        for text in found[1:]:
            total = lines.keep("threshold", f"{function}({total}, {text})").text
        lines.give(total)
    else:
        lines.give(f"[{', '.join(found)}]")


def _tests(ends: Ends, lines: Statements) -> str:
    tests = [f"({lines.term(left).text} {'>' if strict else '>='} {lines.term(right).text})" for left, strict, right in ends[2]]
    return " & ".join(tests)


def _guarded(value: str, tests: str, otherwise: str) -> str:
    return f"np.where({tests}, {value}, {otherwise})" if tests else value


def _pair(bound: Bound, piece: Piece, ends: Ends, lines: Statements) -> str:
    """A piece as a pair of arrays; NaN where it is empty."""
    low = lines.keep("low", _clipped(ends, lines, "low")).text
    high = lines.keep("high", "np.inf" if ends[1] is None else lines.term(ends[1]).text).text
    some = f"({low} {'<' if any(_left_out(bound, piece)) else '<='} {high}) & ({high} > 0)"
    tests = " & ".join(filter(None, (_tests(ends, lines), some)))
    holds = lines.keep("holds", tests).text
    return f"(np.where({holds}, {low}, np.nan), np.where({holds}, {high}, np.nan))"
