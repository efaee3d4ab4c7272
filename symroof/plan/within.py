"""The best slice and batch whose decode step stays within a latency limit, and which constraint stops each slice."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor, inf
from typing import Any

from symroof.algebra.symbols import B, price
from symroof.algebra.value import Value
from symroof.errors import InputError
from symroof.plan.setting import Setting
from symroof.sheets.slices import Slice
from symroof.solver.solve import solve
from symroof.workloads import decode, memory, serving, sharding

_TIE = 0.01  # throughputs closer than this are one: the smaller slice wins


@dataclass(frozen=True)
class Candidate:
    """A slice with the largest batch it serves within the limit, or none; ``stopped_by`` says what forbids more.

    ``hidden_batch`` is the largest batch whose collectives still hide behind memory or arithmetic when the weights are
    split over all chips of the slice; None where that is not modelled (experts, a network without a bandwidth).
    """

    formats: str
    slice: Slice
    batch: int
    stopped_by: str
    step: Value | None = None
    throughput: float = 0.0
    cost: Value | None = None
    hidden_batch: float | None = inf

    @property
    def hides(self) -> bool:
        """Whether communication is known to hide at this batch."""
        return self.hidden_batch is not None and self.batch <= self.hidden_batch


def candidates(setting: Setting) -> list[Candidate]:
    """Every legal slice of the chip, with the largest batch under memory, latency and, if given, the batch asked for."""
    if setting.traffic.latency is None:
        raise InputError("a latency limit is needed; give latency='15 ms'")
    return [_candidate(setting, where) for where in setting.chip.slices]


def best(found: list[Candidate], hidden: bool = False) -> Candidate | None:
    """The highest throughput per chip; within 1 % of it the fewest chips. ``hidden``: only where communication hides."""
    able = [c for c in found if c.batch and (c.hides or not hidden)]
    if not able:
        return None
    top = max(c.throughput for c in able)
    return min((c for c in able if c.throughput >= top * (1 - _TIE)), key=lambda c: (c.slice.chips, -c.throughput))


def with_hidden_communication(setting: Setting, found: list[Candidate]) -> list[Candidate]:
    """The same slices, each with the batch cut to what its collectives can hide behind."""
    cut = []
    for c in found:
        if c.batch and not c.hides and c.hidden_batch is not None:
            batch = floor(c.hidden_batch)
            c = (
                _filled(setting, c.slice, batch, "communication", c.hidden_batch)
                if batch >= 1
                else Candidate(c.formats, c.slice, 0, "communication")
            )
        cut.append(c)
    return cut


def _candidate(setting: Setting, where: Slice) -> Candidate:
    fits = setting.at(memory.largest_batch(setting.arch), where)
    if fits.number < 1:
        return Candidate(setting.formats.name, where, 0, "memory: weights and one sequence do not fit")
    soon = setting.at(decode.batch_within(setting.arch), where)
    if soon.number < 1:
        weights = setting.at(decode.weight_time(), where)
        return Candidate(setting.formats.name, where, 0, f"latency: the weights alone take {weights}")
    limits = {"memory": fits.number, "latency": soon.number}
    if setting.traffic.batch is not None:
        limits["the batch asked for"] = setting.traffic.batch
    stopped = min(limits, key=lambda k: limits[k])
    return _filled(setting, where, floor(limits[stopped]), stopped, _hidden(setting, where))


def _filled(setting: Setting, where: Slice, batch: int, stopped: str, hidden: float | None) -> Candidate:
    step = setting.at(decode.step(setting.arch), where, B=batch)
    rate = float(setting.at(decode.throughput(setting.arch), where, B=batch))
    cost = setting.at(serving.dollars_per_token(setting.arch), where, B=batch) if price in setting.chip.values else None
    return Candidate(setting.formats.name, where, batch, stopped, step, rate, cost, hidden)


def _hidden(setting: Setting, where: Slice) -> float | None:
    """solve(ici <= max(hbm, math), B) with the weights split over all chips; half the bandwidth without wrap-around."""
    if where.chips == 1:
        return inf
    if setting.arch.experts:
        return None
    parts = sharding.sharded_matmul()
    bound = solve(parts["ici"] <= (parts["hbm"] | parts["math"]), B)
    found: Any = setting.at(bound, where, **({} if where.wrapped else {"eta_link": Fraction(1, 2)}))
    if not isinstance(found, Value):
        return None
    return inf if found.note.startswith("always") else float(found)
