"""A replica on one mesh of a slice: its highest rates, and how many of it serve a load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import ceil
from typing import Any

from symroof.algebra.symbols import Symbol, X, Y, Z, t_api
from symroof.ask.known import Known
from symroof.errors import InputError
from symroof.plan.fleets import Asked, Fleet
from symroof.plan.replicas import Served
from symroof.sheets.sheet import Sheet
from symroof.transformer.stack import Stack
from symroof.workloads.load.estimated import estimated
from symroof.workloads.load.replica import Replica, placed, prompts


@dataclass(frozen=True, eq=False)
class Layout:
    """One mesh of a slice: its replica in numbers, the highest rates by limit, and how many replicas serve what is asked for."""

    mesh: Sheet
    served: Served
    rates: Mapping[str, float]
    about: Asked

    @cached_property
    def binds(self) -> str:
        """The limit with the least rate."""
        return min(self.rates, key=lambda name: self.rates[name])

    @property
    def ways(self) -> dict[str, int]:
        """``{"X": 1, "Y": 8, "Z": 1}``."""
        return {axis.name: int(self.mesh.values[axis]) for axis in (X, Y, Z)}

    @cached_property
    def replicas(self) -> int:
        """Replicas; 0 if none, or not as many as were asked for, serve the rate."""
        return self._for(self.rates)

    @property
    def relaxed(self) -> dict[str, int]:
        """The replicas with 10 % more of each limit on a time."""
        limits = self.about.limits.items()
        return {name: self._for({**self.rates, name: self.served.within(name, 1.1 * most)}) for name, most in limits}

    def _for(self, rates: Mapping[str, float]) -> int:
        most, asked = min(rates.values()), self.about.replicas
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


def laid(made: Replica, sheets: Sequence[Any], about: Asked) -> Layout | None:
    """One layout; None if it has no room for the weights and one sequence."""
    served = served_by(made, sheets, about)
    if served.room < 1:
        return None
    rates = {"time": served.highest}
    limit = "cache" if served.room <= about.sequences else "sequences"
    rates[limit] = served.of_slots(min(served.room, about.sequences))
    rates |= {name: served.within(name, most) for name, most in about.limits.items()}
    return Layout(sheets[-1], served, rates, about)


def served_by(made: Replica, sheets: Sequence[Any], about: Asked) -> Served:
    """A replica in numbers."""
    lengths = {s: float(v) for s, v in about.lengths.items()}
    return Served(made.at(*sheets, prompts(), about.lengths), {**lengths, t_api: number(sheets, t_api)})


def made(known: Known) -> tuple[Replica, tuple[Any, ...]]:
    """The replica of a model, as programs run it where there is a calibration, and the sheets that give its letters, but for the mesh."""
    by = known.calibration
    return _made(known.own.stack, by is not None), (*known.sheets[1:], *([] if by is None else [by.beside(known.sheets).sheet]))


def at_best(best: Fleet, about: Asked) -> Served:
    """The replica of a fleet in numbers.

    Raises InputError for one that serves nothing.
    """
    if best.of is None or not best.replicas:
        raise InputError("a layout that does not serve the load has no times; look at the best of load(...)")
    known, mesh = best.of
    replica, sheets = made(known)
    return served_by(replica, (*sheets, mesh), about)


@lru_cache(maxsize=64)
def _made(stack: Stack, estimate: bool) -> Replica:
    return estimated(stack) if estimate else placed(stack)


def number(sheets: Sequence[Any], s: Symbol) -> float:
    """A letter of the sheets, 0 if none has it."""
    return next((float(sheet.values[s]) for sheet in reversed(sheets) if isinstance(sheet, Sheet) and s in sheet.values), 0.0)
