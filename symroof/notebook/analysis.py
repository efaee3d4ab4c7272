"""Answers of the analysis: regimes, regions, optima, elasticities, rankings. They are read by their public attributes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from symroof.algebra import show
from symroof.algebra.quantity import show_number, show_quantity
from symroof.notebook.formulas import joined
from symroof.notebook.markup import bar, div, folded, readable, related, table, tag, title, words
from symroof.notebook.mathml import formula, math
from symroof.notebook.values import brief, described


def _called(cost: Any) -> str:
    return cost.name or show.text(cost.expr)


def _note(text: Any) -> str:
    return div(words(text), kind="sr-note")


# -- what binds where
def regimes(found: Any) -> str:
    """A table of intervals for every case, under the comparisons that decide for it."""
    head = title(f"regimes of {_called(found.cost)} along {found.symbol}")
    if found.reason:
        return head + _note(f"{found.reason}; evaluated by .at(...)")
    blocks = []
    for case in found.cases:
        when = div(tag("span", words("when "), "sr-note"), joined(case.when)) if case.when else ""
        blocks.append(when + _intervals(case.result))
    return head + div(*blocks)


def regime(r: Any) -> str:
    """One interval."""
    return _intervals([r])


def _intervals(line: Any) -> str:
    columns = ["interval", "binds", "mostly", "cost"]
    rows = [(_interval(r), words(r.binds), words(r.dominant), formula(readable(r.cost.expr))) for r in line]
    kept = [i for i in range(4) if any(row[i] for row in rows)]
    return table([columns[i] for i in kept], [[row[i] for i in kept] for row in rows])


def _interval(r: Any) -> str:
    """The interval as a formula; one with numbers for its ends as text, for they have units."""
    ends = [e for e in (r.low, r.high) if e.free_symbols]
    return math(r.latex().split(" & ")[0], r.interval) if ends else related(r.interval)


def regions(found: Any) -> str:
    """A table of the regions of the plane, and the parts that bind nowhere."""
    head = title(f"regimes of {_called(found.cost)} over {', '.join(map(str, found.symbols))}")
    if found.reason:
        return head + _note(f"{found.reason}; evaluated by .at(...)")
    never = _note(f"never binds: {', '.join(found.never)}") if found.never else ""
    return head + table(("region", "where", "cost"), [_region(r) for r in found.regions]) + never


def region(r: Any) -> str:
    """One region."""
    return table(("region", "where", "cost"), [_region(r)])


def _region(r: Any) -> tuple[str, str, str]:
    where = words(" and ").join(_border(b) for b in r.boundaries) or words("everywhere")
    return words(r.name), where, formula(readable(r.cost.expr))


def _border(b: Any) -> str:
    """A boundary as a formula; as text where its numbers have units, or where it takes several pieces to say."""
    free = b.free_symbols - set(b.symbols)
    return math(b.latex(), b.text) if b.brief == b.text and (free or not b.line) and " when " not in b.text else related(b.brief)


# -- what is best
def minimum(m: Any) -> str:
    """The best value and the cost there, case by case, the reasons folded."""
    ask = m.problem
    head = title(f"{ask.word} {_called(ask.asked)} over {', '.join(map(str, ask.over))}")
    if m.reason:
        return head + _note(f"{m.reason}; evaluated by .at(...)")
    return head + div(*[_optimum(replace(m, cases=(replace(case, when=()),)), case.when) for case in m.cases])


def _optimum(m: Any, when: Any) -> str:
    """The answer of one case."""
    under = div(tag("span", words("when "), "sr-note"), joined(when)) if when else ""
    why = folded("why", table((), [(related(line),) for line in m.steps]))
    if m.kind in ("none", "impossible"):
        return under + _note(m.steps[-1]) + why
    x, until = m.x, m.only.until
    begin = m.only.x if m.kind == "plateau" else x
    others = [math(f"{show.latex(s)} = {show.latex(e)}", f"{s} = {show.text(e)}") for s, e in _others(m, x)]
    place = math(f"{show.latex(m.symbol)}^* = {show.latex(begin)}", f"{m.symbol} = {show.text(begin)}")
    place += words(" to ") + formula(until) if m.kind == "plateau" else ""
    unit = tag("span", words(f"[{m.problem.cost.unit}]"), "sr-dim")
    rows = [("at", words(", ").join([place, *others])), (m.problem.word.removesuffix("imize"), formula(m.value.expr) + unit)]
    return under + described([*rows, ("kind", words(m.kind))]) + why


def _others(m: Any, x: Any) -> Iterator[tuple[Any, Any]]:
    """The symbols that equations eliminated, at the best value."""
    import sympy as sp

    for s, e in m.problem.put:
        yield s, sp.powsimp(e.xreplace({m.symbol: x}))


def best(b: Any) -> str:
    """The real optimum beside the best whole numbers, what stops it, and the certified gap."""
    whole = b.whole if b.whole is not None and b.whole_value is not None else None
    rows = [[words(s), _plain(v), words(whole[s]) if whole and s in whole else ""] for s, v in b.point.items()]
    rows.append([words(b.value.name or "value"), _plain(b.value), _plain(b.whole_value) if whole else ""])
    off = f"{show_number(100 * b.excess, 2)} % off; {b.why_whole}" if whole else b.why_whole
    told = [
        ("kind", words(b.kind)),
        ("gap", words(f"within {show_number(b.gap, 2)} of the best") if b.gap > 1e-12 else ""),
        ("stopped by", related(" and ".join(b.binds))),
        ("the same up to", _plain(b.until) if b.until is not None else ""),
        ("whole numbers", words(off)),
    ]
    return table(("", "real", "whole"), rows, numbers=(1, 2), marked=(len(rows) - 1,)) + described(told)


def _plain(v: Any) -> str:
    return words(show_quantity(float(v), v.unit))


# -- what would change it
def elasticity(e: Any) -> str:
    """The formula, or one for every case."""
    head = title(f"elasticity of {_called(e.cost)} by {e.symbol}", words("away from jumps") if e.jumps else "")
    if not e.cases:
        return head + _note("its maxima make too many cases to list; ask .at(...)")
    if len(e.cases) == 1 and not e.cases[0].when:
        return head + div(formula(e.cases[0].expr), kind="sr-formula")
    return head + table(("", "elasticity", "when"), [(words(c.name), formula(c.expr), joined(c.when)) for c in e.cases])


def kink(k: Any) -> str:
    """The two numbers at a tie."""
    return tag("span", words(repr(k)), "sr-big")


def ranking(found: Any) -> str:
    """What would help most, with a bar for what 10 % of each symbol do."""
    at = f"at {', '.join(found.sheets)}; " if found.sheets else ""
    about = f"{found.cost._shown()} {at}what would help most ({'more' if found.higher else 'less'} is better)"
    most = max((abs(float(r.effect)) for r in found.rows), default=0.0)
    head = ["", "value", "elasticity", "10 % of it", "changes the cost by", "", "binding", "meaning"]
    rows = [_ranked(r, most) for r in found.rows]
    kept = [i for i in range(8) if i != 6 or any(row[6] for row in rows)]
    cells = [[row[i] for i in kept] for row in rows]
    return title(found.cost.name or "cost", words(about)) + table([head[i] for i in kept], cells, numbers=(1, 3, 4))


def _ranked(r: Any, most: float) -> list[str]:
    symbol, value, slope = formula(r.symbol), brief(r.value), words(repr(r.elasticity))
    meaning = tag("span", words(r.meaning), "sr-words")
    if not r.step:
        flat = repr(r.elasticity) == "0"
        return [symbol, value, slope, words("no effect" if flat else "neither helps"), "", "", "", meaning]
    step = f"{'+' if r.step > 0 else '-'}10 %"
    change = f"{'+' if r.effect > 0 else ''}{show_number(float(r.effect) * 100)} %"
    drawn = bar([(0.0, abs(float(r.effect)) / most, "sr-all")], change) if most else ""
    return [symbol, value, slope, words(step), words(change), drawn, words(r.switch), meaning]


def sensitivities(asked: Any) -> str:
    """The question, before it has values."""
    return title(f"sensitivities of {_called(asked.cost)}", joined(asked.symbols).replace(" and ", ", ")) + _note("ask .at(sheets, ...)")
