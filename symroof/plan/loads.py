"""What a load takes: the fewest chips, or the least money, that serve a rate of requests within limits; which limit binds; prices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from math import inf
from typing import Any

import numpy as np

from symroof.algebra.bind import check
from symroof.algebra.cost import Cost
from symroof.algebra.spread import spread
from symroof.algebra.symbols import (
    MFU,
    P_idle,
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
from symroof.plan.laid import Layout, laid, number, served_by
from symroof.plan.laid import made as replica_of
from symroof.plan.layouts import serving_meshes
from symroof.plan.wishes import LOAD, Wishes, words
from symroof.sheets.calibrations import Calibration, calibrated
from symroof.sheets.llms import Llm
from symroof.sheets.sheet import Sheet
from symroof.workloads.load import fleet
from symroof.workloads.load.replica import Replica, prompts

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
def _fleets(known: Known, asked: Wishes, about: Asked, by: Calibration | None) -> Iterator[Fleet]:
    """The best fleet of every slice."""
    made, sheets = replica_of(known)
    priced = [Cost(price, "USD/s"), Cost(power, "J/s"), Cost(P_idle, "J/s")]
    reading = [] if known.calibration else [MFU]
    used = [made.fixed, made.each, made.prompt, made.slots, Cost(t_api, "s"), *priced]
    asked.refuse_unused(known, used, (*reading, *known.own.stack.aggregates.hits))
    prices = _prices(made, known)
    where = known.held
    usual = asked.slices(where) if asked["chips"] is not None or asked["slice"] is not None else where.up_to(_MOST)
    for of in usual:
        layouts = [f for mesh in serving_meshes(known.own, where, of) if (f := laid(made, (*sheets, mesh), about))]
        if not layouts:
            continue
        able = [f for f in layouts if f.replicas]
        best = min(able, key=lambda f: (f.replicas, f.end)) if able else max(layouts, key=lambda f: f.rates[f.binds])
        loose = (*known.sheets[1:], *([] if by is None else [by]), best.mesh)
        values = {**_seen(best, made, loose), **_priced(best, prices, sheets)} if able else {}
        spot = (known.chip.name if known.chip else "", of, known.format, best.ways)
        yield Fleet(*spot, best.rates, best.binds, best.replicas, best.relaxed, values, (known, best.mesh))


def _prices(made: Replica, known: Known) -> dict[str, Cost]:
    """What a request and its tokens cost, and their energy, as far as the sheets know."""
    found = {}
    if known.priced:
        tokens = {"input": fleet.input_token, "cached": fleet.cached_token, "output": fleet.output_token}
        found = {"cost_of_request": fleet.request_at_rate(made), **{f"cost_of_{name}_token": f(made) for name, f in tokens.items()}}
    return found | ({"energy_of_token": fleet.energy(made)} if number(known.sheets, power) else {})


def _seen(best: Layout, made: Replica, sheets: Sequence[Any]) -> dict[str, Value]:
    """What requests and a replica see at its rate: times, load, what runs and waits, tokens a second; with a calibration in intervals."""
    about, rate, columns = best.about, best.rate, list[dict[str, float]]()

    def one(given: Sequence[Any]) -> dict[str, float]:
        served = served_by(made, given, about)
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


def _priced(best: Layout, prices: Mapping[str, Cost], sheets: Sequence[Any]) -> dict[str, Value]:
    """Prices and energy at the rate of a replica."""
    here, rate = best.served.at(best.rate), best.rate
    idle = next((v for s in (P_idle, power) if (v := number((*sheets, best.mesh), s))), 0.0)
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
        if "prefill.estimate" not in by.formulas:
            yield f"{by.name} was not fitted to prefill: prompts take no less than here, and no interval counts for them."
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
