"""What is to be seen of a load: the best fleet with its limits, times and prices; the other slices; what the numbers stand on."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

from symroof.algebra.quantity import show_quantity
from symroof.algebra.units import Unit
from symroof.show import document as doc
from symroof.show.document import Block, Document, Note, Table, Text, Title, Words, amount, table
from symroof.show.views import view

_MOST = 8
_RATE = Unit.of("request/s")
#: The rows of the best fleet, in words.
_ROWS = {
    "tpot": "time per token",
    "ttft": "time to first token",
    "e2e": "time end to end",
    "load": "load of a replica",
    "running": "sequences that run, a replica",
    "waiting": "requests that wait for their first token, a replica",
    "throughput": "tokens/s/chip",
    "cost_of_request": "cost of a request",
    "cost_of_input_token": "one more input token",
    "cost_of_cached_token": "one more cached token",
    "cost_of_output_token": "one more output token",
    "energy_of_token": "energy of an output token, at most",
}


@view("plan.fleets.Load")
def load(found: Any, top: int = _MOST) -> Document:
    """The best fleet, limit by limit and row by row, then what other slices take, and which cannot."""
    asked, able = found.asked, found.able
    spoken = f"{float(asked.prompt):g} tokens in, {float(asked.generate):g} out, {_rate(asked.rate)}"
    blocks: list[Block] = [Title(f"{found.model}: {spoken}")]
    if not able:
        blocks.append(Text(found.why[:1].upper() + found.why[1:] + "."))
    else:
        best = able[0]
        blocks += [Text(f"Best: {_fleet(best)}.", 1), _limits(best, asked), _rows(best), _next(best, asked)]
        if len(able) > 1:
            blocks.append(_others(able[:top]))
        if len(able) > top:
            blocks.append(Note(f"{len(able) - top} more", 1))
    none = [f for f in found.fleets if not f.replicas]
    if able and none:
        cells: list[tuple[Words, ...]] = [(f.chip, f.slice.name, f.option, f.ways, _rate(f.most), f.binds) for f in none[:top]]
        blocks += [Text("These cannot:"), table(("chip", "slice", "option", "mesh", "highest rate", "binds"), cells)]
    blocks += [Note(line, 1) for line in found.stands_on]
    data = {
        "model": found.model,
        "by": found.by,
        "rate": asked.rate,
        "best": able[0].row() if able else None,
        "why": None if able else found.why,
        "rows": found.table(),
        "stands_on": found.stands_on,
    }
    return Document(tuple(blocks), data, not able)


@view("plan.fleets.Fleet")
def fleet(f: Any) -> Document:
    """One fleet on a line, and its rows."""
    return Document((Text(_fleet(f)), *([_rows(f)] if f.replicas else [])), f.row())


@view("plan.traces.Trace")
def trace(t: Any, top: int = 24) -> Document:
    """A fleet for the peak against one that follows the load, and the windows; where they are many those that need most."""
    f = t.fleet
    time = sum(one.window.seconds for one in t.needs)
    blocks: list[Block] = [
        Title(f"{t.model}: {sum(one.window.requests for one in t.needs):,} requests in {show_quantity(time, Unit.of('s'))}"),
        Text(f"A replica is {f.chip} {f.slice.name}, {f.option}, {f.ways}: best for the busiest window.", 1),
    ]
    fixed, scaled = (f"${cost:,.2f}" for cost in t.costs) if t.costs else ("", "")
    chips = f.slice.chips
    rows: list[tuple[Words, ...]] = [
        ("for the peak", f"{t.peak}", f"{t.peak * chips}", fixed),
        ("following the load", f"{t.mean:.3g}", f"{t.mean * chips:.4g}", scaled),
    ]
    counted = (doc.Column("replicas", True), doc.Column("chips", True), doc.Column("cost", True))
    blocks.append(table(("a fleet", *counted), rows))
    none = sum(one.replicas is None for one in t.needs)
    if none:
        blocks.append(Note(f"{none} windows have prompts or answers that no number of replicas serves within the limits", 1))
    shown = t.needs if len(t.needs) <= top else sorted(t.needs, key=lambda one: -(one.replicas or inf))[:top]
    cells: list[tuple[Words, ...]] = []
    for one in shown:
        w, most = one.window, max(t.peak, 1)
        bar = doc.bar(min(1.0, (one.replicas or 0) / most), "none" if one.replicas is None else str(one.replicas), "all")
        speed = show_quantity(one.tpot, Unit.of("s")) if one.replicas else ""
        begins = show_quantity(w.start - t.needs[0].window.start, Unit.of("s"))
        cells.append(
            (begins, _rate(w.rate), f"{w.prompt:.4g}", f"{w.generate:.4g}", bar, "" if one.replicas is None else str(one.replicas), speed)
        )
    names = [doc.Column(name, True) for name in ("from", "rate", "prompt", "answer")]
    blocks.append(table((*names, "", doc.Column("replicas", True), doc.Column("time per token", True)), cells))
    if len(t.needs) > top:
        blocks.append(Note(f"{len(t.needs) - top} windows more", 1))
    blocks += [Note(line, 1) for line in t.stands_on]
    cost = dict(zip(("fixed", "following"), t.costs, strict=True)) if t.costs else None
    data = {"model": t.model, "fleet": f.row(), "peak": t.peak, "mean": t.mean, "cost": cost, "rows": t.table(), "stands_on": t.stands_on}
    return Document(tuple(blocks), data)


def _fleet(f: Any) -> str:
    where = f"{f.chip} {f.slice.name}, {f.option}, {f.ways}"
    if not f.replicas:
        return f"{where}: a replica serves {_rate(f.most)} at most; {f.binds} binds"
    many = "1 replica" if f.replicas == 1 else f"{f.replicas} replicas"
    return f"{many} of {where}: {f.chips} chip{'s' * (f.chips > 1)}; {f.binds} binds"


def _limits(f: Any, asked: Any) -> Table:
    """The highest rate of a replica by every limit, and how much of each is used."""
    rows: list[tuple[Words, ...]] = []
    for name, rate in f.rates.items():
        limit = f" of {show_quantity(asked.limits[name], Unit.of('s'))}" if name in asked.limits else ""
        used = asked.rate / f.replicas / rate
        bar = doc.bar(min(1.0, used), f"{used:.0%} used", "bound" if name == f.binds else "all")
        rows.append((_WORDS[name] + limit, _rate(rate), bar, f"{used:.0%} used", "<- binds" if name == f.binds else ""))
    return table(("highest rate of a replica, by", doc.Column("rate", True), "", "", ""), rows)


_WORDS = {
    "time": "time",
    "cache": "room for the KV cache",
    "sequences": "sequences at most",
    "tpot": "time per token",
    "ttft": "time to first token",
    "e2e": "time end to end",
}


def _rows(f: Any) -> Table:
    rows: list[tuple[Words, ...]] = [(label, amount(f.values[key])) for key, label in _ROWS.items() if key in f.values]
    return table(("", doc.Column("", True)), rows, headed=False)


def _next(f: Any, asked: Any) -> Note:
    """From which rate on it takes one replica more, and at which one less would do."""
    up = f"up to {_rate(f.most * f.replicas)} these replicas do"
    down = f"; up to {_rate(f.most * (f.replicas - 1))} one less would" if f.replicas > 1 and not asked.replicas else ""
    less = [f"{f.relaxed[name]} with 10 % more {_WORDS[name]}" for name in f.relaxed if 0 < f.relaxed[name] < f.replicas]
    return Note(up + down + "".join(f"; {words}" for words in less), 2)


def _others(fleets: Sequence[Any]) -> Table:
    names = [name for name in ("tpot", "ttft", "e2e", "throughput", "cost_of_request") if name in fleets[0].values]
    counted = (doc.Column("replicas", True), doc.Column("chips", True))
    head: list[doc.Column | Words] = ["chip", "slice", "option", "mesh", *counted, *(_ROWS[name] for name in names), "binds"]
    rows: list[tuple[Words, ...]] = []
    for f in fleets:
        values = (amount(f.values[name]) for name in names)
        rows.append((f.chip, f.slice.name, f.option, f.ways, str(f.replicas), str(f.chips), *values, f.binds))
    return table(head, rows, marked=(0,))


def _rate(rate: float) -> str:
    return show_quantity(rate, _RATE)
