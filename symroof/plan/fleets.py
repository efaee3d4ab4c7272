"""What a load is, and what was found for it: fleets of replicas, the limit that binds each, what a request sees and costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf
from typing import Any

from symroof.algebra import show
from symroof.algebra.bind import check
from symroof.algebra.quantity import show_quantity
from symroof.algebra.symbols import B_max, G, Lam, Symbol, T_all, c_a2, c_s2, e_G, g, h, n_srv, t_lim
from symroof.algebra.units import Unit
from symroof.ask.known import Known
from symroof.errors import InputError, short
from symroof.grid.tables import arrow, frame
from symroof.plan.choices import ways
from symroof.plan.replicas import TIMES
from symroof.plan.wishes import Wishes
from symroof.sheets.sheet import Sheet
from symroof.sheets.slices import Slice
from symroof.workloads.load.replica import traffic

#: What may limit the rate of a replica, in words.
LIMITS = {
    "time": "time: a replica is always busy",
    "cache": "the KV cache: no room for more sequences",
    "sequences": "the sequences that run at most",
    "tpot": "time per token",
    "ttft": "time to first token",
    "e2e": "time end to end",
}


@dataclass(frozen=True)
class Asked:
    """The traffic that is asked for: requests a second, tokens of a prompt and of an answer, the hit rate, how they come; limits [s]."""

    rate: float
    prompt: Fraction
    generate: Fraction
    hit: Fraction
    spread: Mapping[Symbol, Any]
    limits: Mapping[str, float]
    replicas: int = 0
    sequences: float = inf

    @staticmethod
    def of(wishes: Wishes) -> Asked:
        """From what is wished.

        Raises InputError without a rate, or for lengths that are no whole tokens.
        """
        if wishes["rate"] is None:
            raise InputError("a load is a rate of requests; give rate='20/s'")
        spread = {s: v for s, v in traffic(wishes["arrivals"], wishes["lengths"]).items() if s in (c_a2, c_s2, e_G)}
        limits = {name: float(check(t_lim, wishes[name])) for name in TIMES if wishes[name] is not None}
        counts = {name: check(s, wishes[name]) for name, s in (("replicas", n_srv), ("sequences", B_max)) if wishes[name] is not None}
        if any(count < 1 or count.denominator != 1 for count in counts.values()):
            raise InputError(f"{next(iter(counts))} are a whole number from 1 on")
        generate = check(G, wishes["generate"])
        if generate <= 1:
            raise InputError(f"an answer of {short(wishes['generate'])} tokens has none after the first; give at least 2")
        rate = float(check(Lam, wishes["rate"]))
        prompt, hit = check(T_all, wishes["prompt"]), check(h, wishes["hit"])
        return Asked(rate, prompt, generate, hit, spread, limits, int(counts.get("replicas", 0)), float(counts.get("sequences", inf)))

    @property
    def lengths(self) -> dict[Symbol, Any]:
        """What is known of a request, by letters."""
        return {T_all: self.prompt, h: self.hit, G: self.generate, g: self.generate - 1, **self.spread}


@dataclass(frozen=True, repr=False)
class Fleet(show.Shown):
    """Replicas of one layout: ``rates`` are the highest of a replica by limit, the least of which ``binds``; ``values`` what follows.

    ``relaxed`` are the replicas that it would take with 10 % more of a limit, ``of`` what is known there and the mesh as a sheet.

    Without ``replicas`` the layout cannot serve within the limits, or not the rate with as many replicas as were asked for.
    """

    chip: str
    slice: Slice
    option: str
    mesh: Mapping[str, int]
    rates: Mapping[str, float]
    binds: str
    replicas: int = 0
    relaxed: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    of: tuple[Known, Sheet] | None = field(default=None, repr=False, compare=False)

    @property
    def most(self) -> float:
        """The highest rate of a replica [1/s]."""
        return min(self.rates.values())

    @property
    def chips(self) -> int:
        """The chips of all replicas."""
        return self.replicas * self.slice.chips

    @property
    def ways(self) -> str:
        """``X=1 Y=8 Z=1``."""
        return ways(self.mesh)

    def row(self) -> dict[str, Any]:
        """One flat mapping, values in SI units."""
        said = {"chip": self.chip, "slice": self.slice.name, "option": self.option, **self.mesh, "replicas": self.replicas or None}
        limits = {f"rate_by_{name}": rate for name, rate in self.rates.items()}
        known = {name: float(value) for name, value in self.values.items()}
        known |= {f"{name}_{end}": v.interval[i] for name, v in self.values.items() if v.interval for i, end in enumerate(("low", "high"))}
        return {**said, "chips": self.chips or None, **limits, "binds": self.binds, **known}


@dataclass(frozen=True, repr=False)
class Load(show.Shown):
    """The best fleet of every slice, the best first; then those that cannot serve."""

    fleets: tuple[Fleet, ...]
    by: str
    model: str
    asked: Asked
    stands_on: tuple[str, ...] = ()

    @property
    def able(self) -> tuple[Fleet, ...]:
        """Those that serve the rate within the limits."""
        return tuple(f for f in self.fleets if f.replicas)

    @property
    def best(self) -> Fleet:
        """The winner.

        Raises InputError if nothing serves the rate, with what comes closest.
        """
        if not self.able:
            raise InputError(self.why)
        return self.fleets[0]

    @property
    def why(self) -> str:
        """Why nothing serves: the highest rate there is, and what binds it."""
        if not self.fleets:
            return "no slice holds the model; allow more chips or smaller formats"
        found = max(self.fleets, key=lambda f: f.most)
        where = f"{found.chip} {found.slice.name}, {found.option}, {found.ways}"
        if found.most <= 0:
            return f"no: even a request by itself takes longer than its limit ({LIMITS[found.binds]}) on {where}; allow more"
        rate = show_quantity(found.most * (self.asked.replicas or 1), Unit.of("request/s"))
        return f"no: {rate} is the most on {where}; {LIMITS[found.binds]} binds"

    def table(self) -> list[dict[str, Any]]:
        """One flat mapping per slice and option, in SI units, for JSON, CSV or a DataFrame."""
        return [f.row() for f in self.fleets]

    def to_pandas(self) -> Any:
        """A pandas DataFrame, one row per slice and option. Raises InputError if pandas is not installed."""
        return frame(self.table(), ".table()")

    def to_arrow(self) -> Any:
        """An Arrow table, one row per slice and option. Raises InputError if pyarrow is not installed."""
        return arrow(self.table(), ".table()")
