"""What a load takes: the fewest chips, or the least money, that serve a rate of requests within limits; which limit binds; prices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from math import ceil, inf
from typing import Any

import numpy as np

from symroof.algebra.bind import check
from symroof.algebra.cost import Cost
from symroof.algebra.spread import spread
from symroof.algebra.symbols import (
    MFU,
    P_idle,
    Symbol,
    X,
    Y,
    Z,
    busy,
    lam,
    power,
    price,
    t_api,
    t_tok,
    z,
)
from symroof.algebra.units import Unit
from symroof.algebra.value import Value
from symroof.ask.known import Known
from symroof.plan.fleets import Asked, Fleet, Load
from symroof.plan.layouts import serving_meshes
from symroof.plan.replicas import Served
from symroof.plan.wishes import LOAD, Wishes, words
from symroof.sheets.calibrations import Calibration, calibrated
from symroof.sheets.llms import Llm
from symroof.sheets.sheet import Sheet
from symroof.workloads.load import fleet
from symroof.workloads.load.estimated import estimated
from symroof.workloads.load.replica import Replica, placed, prompts

#: What is seen of a fleet, and in which units.
_UNITS = {"tpot": "s", "ttft": "s", "e2e": "s", "load": "1", "running": "1", "waiting": "1"}
#: In the place of a time that has no end, for spreads.
_NEVER = 1e9
#: How many chips a replica has at most where nobody says so.
_MOST = 64


def load(model: str | Llm, on: Any, by: str = "chips", **wishes: Any) -> Load:
    """The fewest chips, or the least cost, that serve requests at a rate within limits, and what that rate does to their latency.

    ``on`` are chips, by name or as sheets. Wishes: ``rate`` (requests a second), ``prompt`` and ``generate`` (mean tokens),
    ``hit`` (the part of a prompt whose cache is there), ``arrivals`` and ``lengths`` (see ``replica.traffic``), ``ttft``, ``tpot``
    and ``e2e`` (limits on mean times), ``replicas``, ``sequences`` (that a replica runs at most), one ``slice`` of a replica or
    its ``chips`` at most, ``formats``, ``kv``, ``math``, ``mfu`` of prefill, ``calibration``, ``letters``. Prompts are read in
    decode steps. The formulas are those of ``symroof.workloads.load``, on a mesh as ``symroof.workloads.deployment`` lays it out;
    with a calibration as programs run it, without one at peak rates.

    >>> found = load("llama3-70b", "h100", rate="20/s", prompt=2048, generate=512, tpot="30 ms", slice=8)
    >>> found.best.replicas, found.best.mesh, found.best.binds
    (4, {'X': 1, 'Y': 8, 'Z': 1}, 'tpot')

    Raises InputError for an aim or a wish there is not, UnknownName for a chip, model or format.
    """
    asked = Wishes.make(LOAD, model, on, by, wishes)
    about, by_calibration = Asked.of(asked), asked.known.calibration
    found: list[Fleet] = []
    for where in asked.places():
        for known in where.each(words(asked["formats"]), words(asked["kv"])):
            found += _fleets(known, asked, about, by_calibration)
    order = _order(by)
    able = sorted((f for f in found if f.replicas), key=order)
    name = asked.known.model.name if asked.known.model else ""
    return Load((*able, *(f for f in found if not f.replicas)), by, name, about, tuple(_stands_on(asked, about, by_calibration)))


# -- one chip in one choice of formats
@dataclass(frozen=True, eq=False)
class _Layout:
    """One mesh of a slice: its replica in numbers, the highest rates by limit, and how many replicas serve what is asked for."""

    mesh: Sheet
    served: Served
    rates: Mapping[str, float]
    about: Asked

    @cached_property
    def binds(self) -> str:
        return min(self.rates, key=lambda name: self.rates[name])

    @cached_property
    def replicas(self) -> int:
        """Replicas; 0 if none, or not as many as were asked for, serve the rate."""
        most, asked = self.rates[self.binds], self.about.replicas
        if most <= 0 or (asked and self.about.rate >= most * asked):
            return 0
        return asked or max(1, ceil(self.about.rate / most * (1 + 1e-9)))

    @cached_property
    def rate(self) -> float:
        """What comes to a replica."""
        return self.about.rate / self.replicas

    @cached_property
    def end(self) -> float:
        """The time end to end."""
        return self.served.times(self.rate)["e2e"]


def _fleets(known: Known, asked: Wishes, about: Asked, by: Calibration | None) -> Iterator[Fleet]:
    """The best fleet of every slice."""
    made = (placed if by is None else estimated)(known.own)
    sheets = (*known.sheets[1:], *([] if by is None else [by.beside(known.sheets).sheet]))
    asked.refuse_unused(
        known, [made.fixed, made.each, made.prompt, made.slots, Cost(price, "USD/s")], (MFU, *known.own.stack.aggregates.hits)
    )
    prices = _prices(made, known)
    where = known.held
    usual = asked.slices(where) if asked["chips"] is not None or asked["slice"] is not None else where.up_to(_MOST)
    for of in usual:
        layouts = [f for mesh in serving_meshes(known.own, where, of) if (f := _layout(made, (*sheets, mesh), about))]
        if not layouts:
            continue
        able = [f for f in layouts if f.replicas]
        best = min(able, key=lambda f: (f.replicas, f.end)) if able else max(layouts, key=lambda f: f.rates[f.binds])
        ways = {axis.name: int(best.mesh.values[axis]) for axis in (X, Y, Z)}
        loose = (*known.sheets[1:], *([] if by is None else [by]), best.mesh)
        values = {**_seen(best, made, loose), **_priced(best, prices, sheets)} if able else {}
        yield Fleet(known.chip.name if known.chip else "", of, known.format, ways, best.rates, best.binds, best.replicas, values)


def _layout(made: Replica, sheets: Sequence[Any], about: Asked) -> _Layout | None:
    """One layout; None if it has no room for the weights and one sequence."""
    served = _served(made, sheets, about)
    if served.room < 1:
        return None
    rates = {"time": served.highest}
    limit = "cache" if served.room <= about.sequences else "sequences"
    rates[limit] = served.of_slots(min(served.room, about.sequences))
    rates |= {name: served.within(name, most) for name, most in about.limits.items()}
    return _Layout(sheets[-1], served, rates, about)


def _prices(made: Replica, known: Known) -> dict[str, Cost]:
    """What a request and its tokens cost, and their energy, as far as the sheets know."""
    found = {}
    if known.priced:
        tokens = {"input": fleet.input_token, "cached": fleet.cached_token, "output": fleet.output_token}
        found = {"cost_of_request": fleet.request_at_rate(made), **{f"cost_of_{name}_token": f(made) for name, f in tokens.items()}}
    return found | ({"energy_of_token": fleet.energy(made)} if _number(known.sheets, power) else {})


def _served(made: Replica, sheets: Sequence[Any], about: Asked) -> Served:
    """A replica in numbers."""
    lengths = {s: float(v) for s, v in about.lengths.items()}
    return Served(made.at(*sheets, prompts(), about.lengths), {**lengths, t_api: _number(sheets, t_api)})


def _seen(best: _Layout, made: Replica, sheets: Sequence[Any]) -> dict[str, Value]:
    """What requests and a replica see at its rate: times, load, what runs and waits, tokens a second; with a calibration in intervals."""
    about, rate, columns = best.about, best.rate, list[dict[str, float]]()

    def one(given: Sequence[Any]) -> dict[str, float]:
        served = _served(made, given, about)
        return {**served.times(rate), **served.states(rate)} if rate < served.highest else dict.fromkeys(_UNITS, inf)

    def at(name: str, *given: Any) -> Value:
        *others, last = given
        if isinstance(last, Sheet):
            return Value(one(given)[name], Unit.of(_UNITS[name]), name)
        if not columns:
            many = len(next(iter(last.values())))
            columns.extend(one((*others, {s: float(column[i]) for s, column in last.items()})) for i in range(many))
        return Value(np.array([min(column[name], _NEVER) for column in columns]), Unit.of(_UNITS[name]), name)

    free = {s for cost in (made.fixed, made.each, made.prompt) for s in cost.free_symbols}
    found = {name: spread(partial(at, name), free, tuple(sheets), {}) for name in _UNITS}
    per_chip = rate * float(about.generate) / float(best.served.replica.chips.expr)
    return {**found, "throughput": Value(per_chip, Unit.of("token/s/chip"), "throughput")}


def _priced(best: _Layout, prices: Mapping[str, Cost], sheets: Sequence[Any]) -> dict[str, Value]:
    """Prices and energy at the rate of a replica."""
    here, rate = best.served.at(best.rate), best.rate
    idle = next((v for s in (P_idle, power) if (v := _number((*sheets, best.mesh), s))), 0.0)
    settled = {
        **prompts(),
        **best.about.lengths,
        z: here[z],
        busy: here[busy],
        lam: rate,
        t_tok: best.served.token_time(rate),
        P_idle: idle,
    }
    return {name: cost.at(*sheets, best.mesh, settled) for name, cost in prices.items()}


def _number(sheets: Sequence[Any], s: Symbol) -> float:
    """A letter of the sheets, 0 if none has it."""
    return next((float(sheet.values[s]) for sheet in reversed(sheets) if isinstance(sheet, Sheet) and s in sheet.values), 0.0)


def _order(by: str) -> Any:
    """Fewest chips, or least money; then the soonest end."""

    def key(f: Fleet) -> tuple[float, float]:
        paid = f.values.get("cost_of_request")
        return (float(paid) if by == "cost" and paid is not None else f.chips), float(f.values["e2e"])

    return key


def _stands_on(asked: Wishes, about: Asked, by: Calibration | None) -> Iterator[str]:
    """What the numbers of an answer assume, a sentence each."""
    first = asked.on[0].name if asked.on else ""
    if by is None:
        yield (
            f"Times at peak rates, prefill at an MFU of {float(check(MFU, asked['mfu'])):g}: everything evenly sharded, collectives added,"
            " nothing else counted; a real server needs more chips."
        )
    else:
        yield "Estimates: memory, arithmetic and collectives at the rates that are reached, and overheads."
    yield calibrated(by, first, ("decode.estimate", "prefill.estimate"))
    yield (
        f"Arrivals {asked['arrivals']}, lengths {asked['lengths']}; prompts are read in decode steps; times are means. Requests are split"
        " evenly over replicas; waiting for a place among the sequences that run is left out."
    )
    yield (
        f"A replica has at most {_MOST} chips; chips allows more."
        if asked["chips"] is None and asked["slice"] is None
        else (f"Prompts of {float(about.prompt):g} tokens, {float(about.hit):.0%} cached; answers of {float(about.generate):g}.")
    )
