"""Views of the analysis: what binds where along one symbol and over two, what is best, and what would change it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.cost import Cost
from symroof.algebra.quantity import show_number
from symroof.algebra.value import Value
from symroof.show.bounds import answer
from symroof.show.document import Block, Column, Document, Formula, Share, Table, Text, Title, Words, bare, table
from symroof.show.maths import Math, beside, followed, joined, math, measured, ranged, readable, related, said, short, starred, when
from symroof.show.views import view
from symroof.solver.bound import Bound


def _called(cost: Cost) -> str:
    return cost.name or show.text(cost.expr)


def _under(conditions: Sequence[Any]) -> Iterator[Text]:
    if conditions:
        yield Text((when([readable(c) for c in conditions]),), 1)


def _by_values(title: str, reason: str) -> Text:
    return Text(f"{title}: {reason}; evaluated by .at(...)")


# -- what binds where
@view("analysis.regimes.Regimes")
def regimes(found: Any) -> Document:
    """A table of intervals for every case, under the comparisons that decide for it."""
    title = f"regimes of {_called(found.cost)} along {found.symbol}"
    if found.reason:
        return Document((_by_values(title, found.reason),), found.reason)
    blocks: list[Block] = [Title(title)]
    for case in found.cases:
        blocks += [*_under(case.when), _where(found.cost, case.result, _interval, 2 if case.when else 1)]
    data = [{"when": [*map(show.text, c.when)], "regimes": [_ends(r) | _about(r) for r in c.result]} for c in found.cases]
    return Document(tuple(blocks), data)


@view("analysis.regimes.Regime")
def regime(r: Any) -> Document:
    """One interval."""
    return Document((_where(r.cost, [r], _interval, 0),), _ends(r) | _about(r))


def _where(cost: Cost, found: Iterable[Any], place: Callable[[Any], Words], level: int = 1) -> Table:
    columns = ("where", "binds", Column("mostly", said="mostly {}"), f"cost [{cost.unit}]")
    return table(columns, [(place(r), r.binds, r.dominant, short(r.cost.expr)) for r in found], headed=False, level=level)


def _interval(r: Any) -> Math:
    """``low <= x <= high``; ends that are numbers with their units."""
    ends = (None if end is sp.oo or end == 0 else end for end in (r.low, r.high))
    low, high = (end and (measured(end, r.symbol.unit) if end.is_number else math(end)) for end in ends)
    return ranged(math(r.symbol), low, high)


def _ends(r: Any) -> dict[str, Any]:
    ends = (("low", r.low), ("high", r.high))
    return {name: None if end is sp.oo else float(end) if end.is_number else show.text(end) for name, end in ends}


def _about(r: Any) -> dict[str, Any]:
    return {"binds": dict(r.winners), "dominant": r.dominant, "cost": show.text(r.cost.expr)}


@view("plane.regions.Regions")
def regions(found: Any) -> Document:
    """A table of the regions of the plane, and the parts that bind nowhere."""
    title = f"regimes of {_called(found.cost)} over {', '.join(s.name for s in found.symbols)}"
    if found.reason:
        return Document((_by_values(title, found.reason),), found.reason)
    never = [Text(f"never: {', '.join(found.never)}", 1)] * bool(found.never)
    reasons = dict.fromkeys(b.reason for r in found.regions for b in r.boundaries if b.reason)
    by_values = (Text(f"by values: {reason}", 1) for reason in reasons)
    data = [{"where": r.where, **_about(r)} for r in found.regions]
    return Document((Title(title), _where(found.cost, found.regions, _place), *never, *by_values), data)


@view("plane.borders.Region")
def region(r: Any) -> Document:
    """One region."""
    return Document((_where(r.cost, [r], _place, 0),), {"where": r.where, **_about(r)})


def _place(r: Any) -> Words:
    """Where a region is: its borders; one that is a curve in several pieces as it is compared."""
    return joined([_border(b) for b in r.boundaries]) if r.boundaries else "everywhere"


def _border(b: Any) -> Math:
    shown = answer(b.shown) if isinstance(b.shown, Bound) else math(b.shown)
    return Math(lambda: str(b.brief), lambda: shown.box, not b.free_symbols - {*b.symbols})


# -- what is best
@view("analysis.minimize.Minimum")
def minimum(m: Any) -> Iterator[Block]:
    """The best value and the cost there, case by case; why, folded."""
    ask = m.problem
    title = f"{ask.word} {_called(ask.asked)} over {', '.join(x.name for x in ask.over)}"
    if m.reason:
        yield _by_values(title, m.reason)
        return
    yield Title(title)
    for case in m.cases:
        yield from _under(case.when)
        yield from _optimum(m, case.result, 2 if case.when else 1)


KINDS = {
    "stationary": "the derivative vanishes there",
    "kink": "two parts of the maximum cross there, one falling, one rising",
    "limit": "the condition allows no more",
    "plateau": "any value in between costs the same",
}


def _optimum(m: Any, found: Any, level: int) -> Iterator[Block]:
    none = m.none(found)
    if none:
        yield Text(none, level)
    else:
        best, worth = starred(m.symbol), m.worth(found)
        first = related(best, "=", math(m.begin(found)))
        if found.kind == "plateau":
            until = math(found.until)
            first = followed(first, f" to {until.text}", rf" \text{{ to }} {until.tex}")
        others = [related(starred(s), "=", math(e)) for s, e in m.others(found)]
        yield Formula(beside(joined([first, *others], between=", "), said(KINDS[found.kind])), level=level)
        yield Formula(followed(math(worth.expr), f"  [{worth.unit}]"), level=level)
    yield table((Column(""),), [(line,) for line in m.reasons(found)], headed=False, level=level, fold="why")


@view("analysis.minimize.Best")
def best(b: Any) -> Document:
    """The real optimum, what stops it and the certified gap; then the whole numbers that win."""
    until = f" (or up to {bare(b.until).text})" if b.until is not None else ""
    gap = f", within {show_number(b.gap, 2)} of the best" if b.gap > 1e-12 else ""
    stopped = f"; stopped by {' and '.join(b.binds)}" if b.binds else ""
    point = [word for s, v in b.point.items() for word in (", ", related(starred(s), "=", measured(v.number, v.unit)))]
    blocks: list[Block] = [Text((*point[1:], f"{until}: ", bare(b.value), f"   ({b.kind}{gap}{stopped})"))]
    if b.whole is not None and b.whole_value is not None:
        off = f"   ({show_number(100 * b.excess, 2)} % off; {b.why_whole})"
        blocks.append(Text(("whole: ", ", ".join(f"{s} = {v}" for s, v in b.whole.items()) + ": ", bare(b.whole_value), off)))
    elif b.why_whole:
        blocks.append(Text(f"whole: {b.why_whole}"))
    data = {
        "point": {s.name: {"value": v.number, "unit": str(v.unit)} for s, v in b.point.items()},
        "value": b.value.number,
        "unit": str(b.value.unit),
        "kind": b.kind,
        "gap": b.gap,
        "whole": None if b.whole is None else {s.name: v for s, v in b.whole.items()},
        "whole_value": None if b.whole_value is None else b.whole_value.number,
        "stopped_by": list(b.binds),
    }
    return Document(tuple(blocks), data)


# -- what would change it
@view("analysis.elasticity.Elasticity")
def elasticity(e: Any) -> Iterator[Block]:
    """The formula, or one for every case."""
    title = f"elasticity of {_called(e.cost)} by {e.symbol}"
    if not e.cases:
        yield Text(f"{title}: its maxima make too many cases to list; ask .at(...)")
    elif len(e.cases) == 1 and not e.cases[0].when:
        away = "   away from jumps" * bool(e.jumps)
        yield Formula(followed(math(e.cases[0].expr), away))
    else:
        yield Title(title, "away from jumps" * bool(e.jumps))
        rows = [(c.name, math(c.expr), joined([math(readable(w)) for w in c.when])) for c in e.cases]
        yield table((Column("where"), Column("elasticity"), Column("when", said="when {}")), rows, headed=False)


@view("analysis.sensitivity.Ranking")
def ranking(found: Any) -> Document:
    """What would help most, with a bar for what 10 % of each symbol do."""
    at = f" at {', '.join(found.sheets)}" if found.sheets else ""
    about = f"{found.cost.name or 'cost'} {found.cost.shown}{at}; what would help most ({'more' if found.higher else 'less'} is better)"
    most = max((abs(float(r.effect)) for r in found.rows), default=0.0)
    columns = ("symbol", "value", "elasticity", "10 % of it", "changes the cost by", "binding", "", "meaning")
    data = {"value": found.cost.number, "unit": str(found.cost.unit), "ranking": [_ranked(r) for r in found.rows]}
    return Document((Title(about), table(columns, [_helps(r, most) for r in found.rows])), data)


def _helps(r: Any, most: float) -> tuple[Words, ...]:
    change = "" if not r.step else f"{'+' if r.effect > 0 else ''}{show_number(float(r.effect) * 100)} %"
    share = Share(((0.0, abs(float(r.effect)) / most, "all"),), change) if r.step and most else ""
    step = f"{'+' if r.step > 0 else '-'}10 %" if r.step else "no effect" if slope(r.elasticity) == 0 else "neither helps"
    return math(r.symbol), r.value.shown, repr(r.elasticity), step, change, r.switch, share, r.meaning


def _ranked(r: Any) -> dict[str, Any]:
    about = {"letter": r.symbol.name, "value": r.value.number, "unit": str(r.value.unit), "elasticity": slope(r.elasticity)}
    return about | {"step": r.step, "effect": r.effect, "switch": r.switch}


def slope(e: Any) -> Any:
    """An elasticity for a program: a number, or both sides of a kink, or its formula."""
    if isinstance(e, Value):
        return e.number
    return {"below": e.below, "above": e.above, "at": e.where} if hasattr(e, "below") else repr(e)


@view("analysis.sensitivity.Sensitivities")
def sensitivities(asked: Any) -> Iterator[Block]:
    """The question, before it has values."""
    yield Text(f"sensitivities of {_called(asked.cost)} to {', '.join(s.name for s in asked.symbols)}; ask .at(sheets, ...)")
