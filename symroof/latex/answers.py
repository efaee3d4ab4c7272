"""What the analysis answers, as LaTeX: regimes along a letter and over two, optima; a case per block, what is long in lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sympy as sp

from symroof.algebra.show import readable
from symroof.algebra.value import Value
from symroof.latex.bounds import relation_box, when_box, words
from symroof.latex.layout import Box, Split, align, box, chain, display, indented, lines, related, suffixed
from symroof.latex.piece import Fragment
from symroof.latex.quantities import quantity, unit
from symroof.latex.substituted import result
from symroof.latex.tabular import Math, tabular
from symroof.latex.trees import value_box
from symroof.latex.width import ROOM, width
from symroof.latex.writer import name, write


def value(found: Value) -> Fragment:
    """A number with its unit, as the sum or the maximum of its parts, what binds marked."""
    called = name(found.name) if found.name else ""
    sides = [("=" if called else "", value_box(found))] if len(found.parts) > 1 else []
    sides.append(("=" if called or sides else "", result(found)))
    return Fragment(chain(called, sides))


def regimes(found: Any) -> Fragment:
    """A table for each case: the interval, what binds there, the cost."""
    if found.reason:
        return Fragment(display(words(repr(found))))
    blocks = Fragment("", ())
    for case in found.cases:
        head = Fragment(display(when_box(case.when))) if case.when else None
        rows = [(_interval(r), r.binds, r.dominant, readable(r.cost.expr)) for r in case.result]
        table = _rows(found.cost, [(between, binds, most, expr) for between, binds, most, expr in rows])
        blocks = _after(_after(blocks, head), table)
    return blocks


def _interval(r: Any) -> Box:
    x = box(r.symbol)
    low, high = (box(e) if e is sp.oo or not e.is_number else Box(quantity(e, r.symbol.unit)) for e in (r.low, r.high))
    if r.high is sp.oo:
        return related(x, r"\ge", low) if r.low != 0 else Box(rf"\text{{any }} {x.tex}")
    if r.low == 0:
        return related(x, r"\le", high)
    both = (related(x, r"\ge", low), related(x, r"\le", high))
    return Box(rf"{low.tex} \le {x.tex} \le {high.tex}", lambda: Split(both, ("", r"\text{and } ")))


def regions(found: Any) -> Fragment:
    """The regions over two letters: where, what binds, the cost."""
    if found.reason:
        return Fragment(display(words(repr(found))))
    rows = [(Box(r.latex()), r.binds, r.dominant, readable(r.cost.expr)) for r in found.regions]
    return _rows(found.cost, rows)


def _rows(cost: Any, rows: Sequence[tuple[Box, str, str, sp.Expr]]) -> Fragment:
    """A table of regimes; where a row would be too wide, lines instead."""
    most = any(r[2] for r in rows)
    head = ["where", "binds", *["mostly"] * most, Math(f"{name(cost.name or 'cost')}\\;[{unit(cost.unit) or '1'}]")]
    cells = [[Math(w.tex), binds, *[dominant] * most, Math(write(expr))] for w, binds, dominant, expr in rows]
    widths = [max(width(c if isinstance(c, Math) else name(c)) for c in column) for column in zip(head, *cells, strict=True)]
    if sum(widths) + 12 * len(head) <= ROOM:
        return tabular(head, cells)
    return Fragment(align([line for row in rows for line in _stacked(*row)], "[0.5ex]"))


def _stacked(where: Box, binds: str, dominant: str, expr: sp.Expr) -> Iterator[str]:
    yield from (f"& {row}" for row in indented(lines(where, ROOM)))
    said = "; ".join(filter(None, (binds and f"{binds} binds", dominant and f"mostly {dominant}")))
    tail = name(f"({said})") if said else ""
    shown = box(expr)
    if width(shown.tex) + width(tail) + 40 <= ROOM:
        yield from (rf"&\qquad {row}" for row in indented(lines(suffixed(shown, rf" \quad {tail}"), ROOM - 20)))
        return
    yield from (rf"&\qquad {row}" for row in indented(lines(shown, ROOM - 20)))
    if tail:
        yield rf"&\qquad {tail}"


def minimum(found: Any) -> Fragment:
    """The best value of a letter, the cost there, and when; case by case."""
    if found.reason:
        return Fragment(display(words(repr(found))))
    called = name(found.problem.asked.name) if found.problem.asked.name else r"\text{cost}"
    blocks = Fragment("", ())
    for case in found.cases:
        best = case.result
        if best.kind in ("none", "impossible"):
            shown = Fragment(display(words("nothing satisfies the conditions" if best.kind == "impossible" else _endless(found, best))))
        else:
            x = best.until if best.x == 0 and best.kind == "plateau" else best.x
            sides = [related(Box(f"{write(found.symbol)}^*"), "=", box(x))]
            sides += [related(Box(f"{write(s)}^*"), "=", box(sp.powsimp(e.xreplace({found.symbol: x})))) for s, e in found.problem.put]
            sides.append(related(Box(called), "=", box(found._value(best).expr)))
            shown = Fragment(align([f"& {row}" for side in sides for row in indented(lines(side, ROOM))]))
        blocks = _after(_after(blocks, Fragment(display(when_box(case.when))) if case.when else None), shown)
    return blocks


def best(found: Any) -> Fragment:
    """An optimum in numbers: the point, the value there with its parts, and the whole numbers that win."""
    at = r" \qquad ".join(f"{write(s)}^* = {quantity(v.number, v.unit)}" for s, v in found.point.items())
    rows = [f"& {at}"]
    rows += [f"& {row}" for row in indented(lines(related(Box(name(found.value.name or "value")), "=", value_box(found.value)), ROOM))]
    rows += [rf"&\qquad = {result(found.value).tex}"] if found.value.parts else []
    if found.whole is not None and found.whole_value is not None:
        sizes = ", ".join(f"{write(s)} = {number}" for s, number in found.whole.items())
        rows.append(rf"& \text{{in whole numbers }} {sizes} \text{{: }} {result(found.whole_value).tex}")
    return Fragment(align(rows))


def _endless(found: Any, best: Any) -> str:
    better = "falls" if found.problem.sense > 0 else "rises"
    which = "large" if best.x is sp.oo else "small"
    return f"no best {found.symbol}: it {better} without end as {found.symbol} grows {which}"


def elasticity(found: Any) -> Fragment:
    """Percent per percent: a formula, or a line for each case."""
    if not found.cases:
        return Fragment(display(words(repr(found))))
    rows = []
    for case in found.cases:
        shown = indented(lines(box(readable(case.expr)), ROOM))
        rows += [f"& {'{-}' * row.startswith('-')}{row.removeprefix('-')}" for row in shown]
        if case.when:
            rows[-1] += r" \quad " + name(f"({case.name})") if case.name else ""
            rows += [
                rf"&\qquad {row}"
                for row in indented(
                    lines(when_box([r.func(readable(r.lhs), readable(r.rhs), evaluate=False) for r in case.when]), ROOM - 20)
                )
            ]
    return Fragment(align(rows))


def _after(blocks: Fragment, more: Fragment | None) -> Fragment:
    if more is None:
        return blocks
    return blocks + more if blocks.code else more


__all__ = ["best", "elasticity", "minimum", "regimes", "regions", "relation_box", "value"]
