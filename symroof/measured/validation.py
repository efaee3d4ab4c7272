"""``validate()``: every record beside its bound, and beside the estimate of a fit that has not seen its source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

from symroof.algebra import show
from symroof.algebra.units import Unit
from symroof.fitting.curve import Curve, curve, formula_of
from symroof.fitting.fit import Mixed, foreseen, letters_of
from symroof.fitting.table import Row, table
from symroof.measured.bounds import ROUNDING, bound_of, peak_of
from symroof.measured.estimates import peak_name, rows_of
from symroof.measured.records import records
from symroof.measured.shipped import PLANS, Plan, curves

_SECOND = Unit.of("s")
#: The regimes, each with the plan of any program.
REGIMES = {
    "decode": "any-decode",
    "prefill": "any-prefill",
    "generation": "any-generation",
    "training": "training",
    "training memory": "training-memory",
    "collectives": "nccl",
    "kernels": "kernels",
}


@dataclass(frozen=True)
class Foreseen:
    """A record: its source, its bound, the estimate with the ends of its interval of 80 %, and what was measured, in ``unit`` [SI]."""

    name: str
    regime: str
    source: str
    bound: float
    estimate: float
    low: float
    high: float
    measured: float
    unit: Unit = _SECOND

    @property
    def off(self) -> float:
        """How far the estimate is off, of what was measured."""
        return self.estimate / self.measured - 1

    @property
    def within(self) -> bool:
        """Whether what was measured lies in the interval."""
        return self.low <= self.measured <= self.high


@dataclass(frozen=True)
class Regime:
    """The errors of a regime: median and ninth decile, how often the interval holds and the bound does, and of how many records."""

    name: str
    records: int
    sources: int
    median: float
    ninth: float
    covered: float
    held: int


@dataclass(frozen=True, repr=False)
class Validation(show.Shown):
    """All records, and the errors by regime."""

    records: tuple[Foreseen, ...]

    @property
    def regimes(self) -> tuple[Regime, ...]:
        """The errors of every regime, and of all together."""
        names = dict.fromkeys(r.regime for r in self.records)
        return (*(_regime(name, [r for r in self.records if r.regime == name]) for name in names), _regime("all", self.records))


def validate(mine: Any = None) -> Validation:
    """Every record in ``models/measured``, and those of a file or a table of yours, each estimated by a fit without its source.

    A table of yours is of decode steps (it has a column ``context``) or of prompts (``prompt``), and is one source more.
    """
    found, rows = list[Foreseen](), None if mine is None else table(mine)
    every = records()
    bounds = {r.id: float(bound_of(r)) for r in every}
    bounds |= {peak_name(r.id): float(peak_of(r)) for r in every if r.run and r.run.peak}
    pairs = rows_of(every)
    for regime, name in REGIMES.items():
        of = curves(PLANS[name], pairs)
        for source in dict.fromkeys(c.row.labels["source"] for c in of):
            out = [c for c in of if c.row.labels["source"] == source]
            found += _foreseen(regime, PLANS[name], [c for c in of if c not in out], out, bounds)
    return Validation((*found, *(_of_yours(rows, pairs) if rows is not None else ())))


def _of_yours(rows: Sequence[Row], pairs: Sequence[Any]) -> Iterable[Foreseen]:
    """Records of a table, by fits to all that ships."""
    for regime, letter in (("decode", "S"), ("prefill", "T")):
        plan = PLANS[REGIMES[regime]]
        of = [row for row in rows if any(s.name == letter for s in row.sheets[-1].values)]
        if of:
            out = [curve(row, formula_of(plan.formula, row), letters_of(plan.letters)) for row in of]
            yield from _foreseen(regime, plan, curves(plan, pairs), out, {})


def _foreseen(regime: str, plan: Plan, inside: Sequence[Curve], out: Sequence[Curve], bounds: dict[str, float]) -> Iterable[Foreseen]:
    letters = {s: by for s, by in letters_of(plan.letters).items() if any(s in c.letters for c in inside)}
    if not inside:
        return
    fit = Mixed(tuple(inside), letters, "source").solved().calibration("", plan.formula)
    for c in out:
        estimate, deviation = foreseen(c, fit)
        half, least = deviation * fit.width, bounds.get(c.row.name, c.least)
        low, high = max(estimate * exp(-half), least), max(estimate * exp(half), least)
        measured = float(c.row.measured)
        yield Foreseen(c.row.name, regime, c.row.labels.get("source", "yours"), least, estimate, low, high, measured, c.row.unit)


def _regime(name: str, of: Sequence[Foreseen]) -> Regime:
    errors = sorted(abs(r.off) for r in of)
    middle, ninth = (errors[min(int(q * len(errors)), len(errors) - 1)] for q in (0.5, 0.9))
    held = sum(r.measured * float(ROUNDING) >= r.bound for r in of)
    return Regime(name, len(of), len({r.source for r in of}), middle, ninth, sum(r.within for r in of) / len(of), held)
