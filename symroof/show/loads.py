"""What is to be seen of a load: the best fleet with its limits, times and prices; the other slices; what the numbers stand on."""

from __future__ import annotations

from collections.abc import Sequence
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
    return Note(up + down, 2)


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
