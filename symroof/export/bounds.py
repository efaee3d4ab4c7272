"""A Bound as a function: its threshold where its domain holds (else never), or the intervals where the condition holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import sympy as sp

from symroof.algebra.evaluate import Tape, tape
from symroof.errors import SolveError, short
from symroof.export.languages import Dialect
from symroof.export.statements import Statements
from symroof.solver.bound import Bound
from symroof.solver.pieces import Piece


def bound_source(bound: Bound, dialect: Dialect, name: str) -> str:
    """The file with one function for a bound. Raises SolveError for a bound without a closed form, and for several ends in C."""
    if bound.kind == "numeric":
        raise SolveError(f"{short(bound, 200)}: without a closed form there is nothing to export; export both sides of the condition")
    side = _side(bound)
    if not side and dialect.floats:
        raise SolveError(
            f"{bound.symbol} has more than one threshold here, which C cannot return as a number; export to Python or JavaScript"
        )
    compiled = bound_tape(bound)
    slots = iter([place[0] for place in compiled.slots[1]])
    ends = [_ends(p, slots) for p in bound.pieces]
    lines = Statements(compiled, dialect, (s for e in ends for s in e.slots))
    if dialect.arrays:
        _on_arrays(bound, ends, lines, side)
    elif side:
        _threshold(ends, lines, side)
    else:
        _intervals(bound, ends, lines)
    return lines.function(name, _about(bound, side))


def bound_tape(bound: Bound) -> Tape:
    """The ends of every piece and both sides of what it holds under, in this order, each a slot."""
    exprs = [e for p in bound.pieces for e in (p.low, p.high, *(x for r in p.when for x in (r.lhs, r.rhs))) if e is not None]
    return tape(("sum", tuple(exprs)))


@dataclass(frozen=True)
class _Ends:
    """The slots of a piece: its ends, and what it holds under as ``(left, sign, right)``."""

    low: int | None
    high: int | None
    when: tuple[tuple[int, str, int], ...]

    @property
    def slots(self) -> list[int]:
        """All of them."""
        return [s for s in (self.low, self.high) if s is not None] + [s for left, _, right in self.when for s in (left, right)]

    def tests(self, lines: Statements) -> Iterator[str]:
        """What it holds under, each worked out when it is asked for."""
        return (f"{lines.term(left).text} {sign} {lines.term(right).text}" for left, sign, right in self.when)


def _ends(piece: Piece, slots: Iterator[int]) -> _Ends:
    low = None if piece.low is None else next(slots)
    high = None if piece.high is None else next(slots)
    return _Ends(low, high, tuple((next(slots), ">=" if isinstance(rel, sp.Ge) else ">", next(slots)) for rel in piece.when))


def _side(bound: Bound) -> str:
    """``low`` or ``high`` for one threshold, nothing for several ends."""
    pieces = bound.pieces
    if not pieces:
        return "high" if bound.falls else "low"
    if all(p.high is not None and p.low is None for p in pieces):
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


def _threshold(ends: list[_Ends], lines: Statements, side: str) -> None:
    """One number: the least low end, or the greatest high end, of the pieces whose conditions hold."""
    d, best = lines.dialect, ""
    never = d.number(0.0).text if side == "high" else d.infinity
    if len(ends) > 1:
        _shared(ends, lines)
        best = lines.names.fresh("threshold")
        lines.write(d.variable.format(name=best, value=never))
    for each in ends:
        with _inside(each, lines):
            value = _clipped(each, lines, side)
            if best:
                lines.write(f"{best} = {lines.call(sp.Max if side == 'high' else sp.Min, (best, value))}{d.stop}")
            else:
                lines.give(value)
    if len(ends) != 1 or ends[0].when:
        lines.give(best or never)


def _clipped(ends: _Ends, lines: Statements, side: str) -> str:
    """An end, and nothing below zero; infinite where there is no high end."""
    slot = ends.high if side == "high" else ends.low
    zero = lines.dialect.number(0.0).text
    if slot is None:
        return zero
    text = lines.term(slot).text
    return text if lines.positive(slot) else lines.call(sp.Max, (text, zero))


@contextmanager
def _inside(ends: _Ends, lines: Statements) -> Iterator[None]:
    """Inside the tests of a piece: each is only worked out if those before it hold, and the ends if all do."""
    with ExitStack() as stack:
        for test in ends.tests(lines):
            stack.enter_context(lines.inside(test))
        yield


def _shared(ends: list[_Ends], lines: Statements) -> None:
    """What several pieces need, and no test has to guard, in front of them all."""
    counts = Counter(slot for each in ends for slot in lines.below(each.slots))
    for slot in sorted(s for s, count in counts.items() if count > 1 and lines.safe(s)):
        lines.term(slot)


def _low_and_high(ends: _Ends, lines: Statements) -> tuple[str, str]:
    return _clipped(ends, lines, "low"), lines.dialect.infinity if ends.high is None else lines.term(ends.high).text


def _intervals(bound: Bound, ends: list[_Ends], lines: Statements) -> None:
    """A list of the intervals, merged and in order."""
    d = lines.dialect
    _shared(ends, lines)
    found = lines.keep("found", "[]").text
    for piece, each in zip(bound.pieces, ends, strict=True):
        out, off = _left_out(bound, piece)
        with _inside(each, lines):
            low, high = _low_and_high(each, lines)
            entry = f"{low}, {int(out)}, {high}, {int(not off)}"
            lines.write(f"{found}.append(({entry}))" if d.pythonic else f"{found}.push([{entry}]);")
    lines.helpers.add("union")
    lines.give(f"{d.prefix}union({found})")


def _left_out(bound: Bound, piece: Piece) -> tuple[bool, bool]:
    """Which of the ends of a piece do not hold themselves."""
    strict = len(bound.condition.relation) == 1
    return piece.strict or (strict and piece.low is not None, strict and piece.high is not None)


def _on_arrays(bound: Bound, ends: list[_Ends], lines: Statements, side: str) -> None:
    """Thresholds for arrays; of several ends a pair of arrays for each piece, NaN where it does not hold."""
    of = lines.dialect.arrays
    never = "0.0" if side == "high" else f"{of}.inf"
    if not ends:
        lines.give(never)
        return
    if of == "np":  # which warns
        lines.write('with np.errstate(all="ignore"):')
        lines.depth += 1
    if not side:
        lines.give(f"[{', '.join(_pair(bound, piece, each, lines) for piece, each in zip(bound.pieces, ends, strict=True))}]")
        return
    found = []
    for each in ends:
        value, tests = _clipped(each, lines, side), _together(each.tests(lines))
        found.append(f"{of}.where({tests}, {value}, {never})" if tests else value)
    total = lines.keep("threshold", found[0]).text
    for text in found[1:]:
        total = lines.keep("threshold", lines.call(sp.Max if side == "high" else sp.Min, (total, text))).text
    lines.give(total)


def _together(tests: Iterable[str]) -> str:
    return " & ".join(f"({test})" for test in tests)


def _pair(bound: Bound, piece: Piece, ends: _Ends, lines: Statements) -> str:
    """A piece as a pair of arrays; NaN where it is empty."""
    low, high = (lines.keep(name, text).text for name, text in zip(("low", "high"), _low_and_high(ends, lines), strict=True))
    some = f"{low} {'<' if any(_left_out(bound, piece)) else '<='} {high}"
    holds = lines.keep("holds", _together([*ends.tests(lines), some, f"{high} > 0"])).text
    of = lines.dialect.arrays
    return f"({of}.where({holds}, {low}, {of}.nan), {of}.where({holds}, {high}, {of}.nan))"
