"""A replica in numbers: its times at a rate, and the highest rate at every limit.

The formulas are those of :mod:`symroof.workloads.load` in letters, compiled once; what a layout gives are the values of the letters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from symroof.algebra.cost import Cost
from symroof.algebra.symbols import B, B_max, Symbol, a, a_0, b, busy, c, c_a2, c_s2, e_G, g, lam, t_pre, z
from symroof.workloads.load import latency, rates
from symroof.workloads.load.replica import FLOORED, LETTERS, Replica, load, traffic

#: What a limit is on, by its name.
TIMES: Mapping[str, Callable[[Replica], Cost]] = {
    "tpot": latency.token_time_of_request,
    "ttft": latency.first_token,
    "e2e": latency.end_to_end,
}
_HALVINGS = 60
_ROUNDS = 500
_CLOSE = 1e-11


@dataclass(frozen=True, eq=False)
class Served:
    """A ``replica`` in numbers, of which only the experts that a step hits depend on its sequences; ``given`` is its traffic.

    That is what :func:`symroof.workloads.load.replica.traffic` has of arrivals and lengths, G and g, and ``t_api``.
    """

    replica: Replica
    given: Mapping[Symbol, float]

    @cached_property
    def _fixed(self) -> tuple[Callable[[float], float], Callable[[float], float]]:
        """What a step takes that is no sequence's own, by how many sequences run: with the weights, and where arithmetic binds."""
        return _of_sequences(self.replica.fixed), _of_sequences(self.replica.floor)

    @cached_property
    def letters(self) -> dict[Symbol, float]:
        """The letters that do not depend on the rate."""
        r = self.replica
        each = float(r.each.expr)
        return {b: each, c: each if r.roof is None else float(r.roof.expr), t_pre: float(r.prompt.expr), **self.given}

    @property
    def room(self) -> float:
        """The sequences that run at most."""
        return float(self.replica.slots.expr)

    # -- rates
    @cached_property
    def highest(self) -> float:
        """The highest rate by time, whatever the latency."""
        return _worth("highest", self.letters)

    def of_slots(self, most: float) -> float:
        """The rate that so many sequences at a time yield."""
        return _worth("of slots", {**self.letters, **self._hit(most), B_max: most})

    def within(self, name: str, limit: float) -> float:
        """The highest rate at which a time is within a limit, 0 if it never is: times grow with the rate."""
        low, high = 0.0, self.highest * (1 - 1e-9)
        if self.times(high * 1e-9)[name] > limit:
            return 0.0
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if self.times(middle)[name] <= limit else (low, middle)
        return low

    # -- at a rate
    def at(self, rate: float) -> dict[Symbol, float]:
        """All letters at a rate below the highest; the experts that a step hits are found with the sequences that run."""
        known = {**self.letters, lam: rate}
        known[z] = _worth("z", known)
        known |= self._hit(1.0)
        if self.replica.hits:
            running = 0.0
            for _ in range(_ROUNDS):  # from below: a step grows with its sequences, ever more slowly
                found = _worth("running", known)
                if found - running <= _CLOSE * found:
                    break
                running = found
                known |= self._hit(running)
        known[busy] = 1.0 - _worth("idle", known)
        return known

    def times(self, rate: float) -> dict[str, float]:
        """The time of a token, to the first token and end to end, at a rate below the highest."""
        known = self.at(rate)
        return {name: _worth(name, known) for name in TIMES}

    def token_time(self, rate: float) -> float:
        """The mean time of a token over all that run, at a rate below the highest: what the law of a load is about."""
        known = self.at(rate)
        return _worth("running", known) / (rate * known[g])

    def states(self, rate: float) -> dict[str, float]:
        """The load, the sequences that run and the requests that wait, at a rate below the highest."""
        known = self.at(rate)
        return {name: _worth(name, known) for name in ("load", "running", "waiting")}

    def _hit(self, sequences: float) -> dict[Symbol, float]:
        """The fixed times at so many sequences, or one."""
        fixed, floor = (f(max(1.0, sequences)) for f in self._fixed)
        return {a: fixed, a_0: floor}


# -- formulas in letters, compiled
def _formulas() -> dict[str, Cost]:
    return {
        **{name: f(FLOORED) for name, f in TIMES.items()},
        "running": latency.running(FLOORED),
        "waiting": latency.waiting(FLOORED),
        "highest": rates.highest(FLOORED).cost,
        "of slots": rates.of_slots(FLOORED).cost,
        "load": load(),
        "idle": latency.idle(),
        "z": Cost(traffic(c_a2, (c_s2, e_G), LETTERS)[z], "1"),
    }


@lru_cache(maxsize=1)
def _compiled() -> dict[str, tuple[tuple[Symbol, ...], Callable[..., float]]]:
    found = {}
    for name, cost in _formulas().items():
        letters = tuple(sorted(cost.free_symbols, key=str))
        found[name] = letters, cost.compile(*letters)
    return found


def _worth(name: str, known: Mapping[Symbol, float]) -> float:
    letters, f = _compiled()[name]
    return float(f(*(known[s] for s in letters)))


def _of_sequences(cost: Cost | None) -> Callable[[float], float]:
    """A time as a function of the sequences that run."""
    if cost is None or cost.expr == 0:
        return lambda sequences: 0.0
    if B not in cost.free_symbols:
        value = float(cost.expr)
        return lambda sequences: value
    f = cost.compile(B)
    return lambda sequences: float(f(sequences))
