"""A replica that serves requests: what a decode step, a sequence in it and the prefill of a prompt take.

A step with B running sequences takes a + b B seconds, or c B where arithmetic binds; a prompt takes t_pre seconds from it. In
letters by default. Of a model they are those of its own formulas, :mod:`symroof.workloads.decode` and
:mod:`symroof.workloads.prefill`: a reads the weights, b reads what a sequence keeps, at the context that a decode step sees on
average, c is the FLOPs of a sequence and its attention, t_pre the FLOPs of T new tokens and of their attention to the S_hit
tokens that are cached already. Everything is sharded evenly over n chips and communication is free; ``placed`` puts a replica
on a mesh, with its collectives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from operator import methodcaller
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.claims import ORDER, Claim, Claims, together
from symroof.algebra.cost import Condition, Cost, quantity, total
from symroof.algebra.operands import plain
from symroof.algebra.symbols import (
    MFU,
    UNLESS,
    B,
    B_max,
    G,
    M_hbm,
    S,
    S_hit,
    Symbol,
    T,
    T_all,
    X,
    Y,
    Z,
    a,
    a_0,
    b,
    busy,
    c,
    c_a2,
    c_s2,
    e_G,
    g,
    h,
    lam,
    n,
    t_pre,
    t_tok,
    z,
)
from symroof.algebra.units import Unit
from symroof.algebra.value import Value
from symroof.errors import InputError, UnknownName, nearest, short
from symroof.rooms import public
from symroof.solver.bound import Bound
from symroof.solver.pieces import Piece
from symroof.solver.solve import solve
from symroof.transformer.kind import Pass
from symroof.workloads import decode, deployment, prefill
from symroof.workloads.load.tags import Tag
from symroof.workloads.models import Model, letters

#: A prompt of which S_hit tokens are cached.
PROMPT = Pass(new=T, context=T + S_hit, last=True)
#: The context that a decode step sees on average: longer answers run for more steps, hence their spread.
CONTEXT = T + S_hit + G * (1 + c_s2) / 2
#: Times between requests by name: variance over mean squared.
ARRIVALS: Mapping[str, int] = {"poisson": 1, "constant": 0}
#: Lengths of answers by name: variance over mean squared, and the mean of the shorter of two over the mean.
LENGTHS: Mapping[str, tuple[Any, Any]] = {"constant": (0, 1), "geometric": (1, sp.Rational(1, 2))}
#: The times of a replica: their units, the letters they stand in the place of, and an example.
_TIMES = {
    "fixed": ("s", a, 0.01),
    "each": ("s/token", b, 0.0001),
    "prompt": ("s", t_pre, 0.05),
    "roof": ("s/token", c, 0.0002),
    "floor": ("s", a_0, 0.005),
    "chips": ("chip", n, 8),
    "slots": ("token", B_max, 256),
}
_BEYOND = "the rate is beyond the highest that a replica serves, and the queue grows without end; give a lower lam, see rates.highest"
_CHIPS, _SLOTS = Cost(n, "chip", "chips"), Cost(B_max, "token", "slots")


@dataclass(frozen=True)
class Replica:
    """``fixed`` [s] and ``each`` [s/token] of a decode step, ``prompt`` [s] of prefill a request, on so many ``chips``.

    ``roof`` [s/token] is the time of a step for each of its sequences where arithmetic binds, None where it never does, and
    ``floor`` [s] the part of the fixed time that such a step takes too; ``slots`` [token] are the sequences that run at most.
    ``hits`` are letters of the fixed time that depend on the sequences B that run: experts hit.

    Raises InputError for what is no cost in these units.
    """

    fixed: Cost
    each: Cost
    prompt: Cost
    roof: Cost | None = None
    chips: Cost = _CHIPS
    slots: Cost = _SLOTS
    hits: tuple[tuple[Symbol, sp.Expr], ...] = ()
    floor: Cost | None = None

    def __post_init__(self) -> None:
        for name, (unit, _, example) in _TIMES.items():
            given = getattr(self, name)
            fits = isinstance(given, Cost) and given.unit.measured == Unit.of(unit).measured
            if not fits and not (given is None and name in ("roof", "floor")):
                raise InputError(f"a replica has {name} in {unit}, not {short(given)}; give e.g. {name}=Cost({example}, {unit!r})")

    # -- what it is
    @property
    def of(self) -> Claims:
        """What the times assume of the model."""
        return together(*(cost.of for cost in self._costs.values()))

    @property
    def least(self) -> sp.Expr:
        """What a step takes that arithmetic binds, beside its sequences [s]: its floor, if it has one."""
        return sp.Integer(0) if self.floor is None else self.floor.expr

    @property
    def work(self) -> sp.Expr:
        """The seconds of a replica that a request adds to what others wait for: t_pre + b g."""
        return self.prompt.expr + self.each.expr * g

    @property
    def load(self) -> sp.Expr:
        """How much of the time requests take: lam (t_pre + b g); below 1, or the queue grows without end."""
        return lam * self.work

    @property
    def stable(self) -> Claim:
        """That the rate is below the highest."""
        return Claim(ORDER, (self.load, sp.Integer(1), _BEYOND))

    @property
    def idle(self) -> sp.Expr:
        """The share of time in which there is nothing to do: (1 - u)(1 - x_d)^r, r = a/b + 1, where 1 - x_d = (1 - x)/(1 - u)."""
        free = 1 - lam * self.prompt.expr
        return free * ((1 - self.load) / free) ** (self.fixed.expr / self.each.expr + 1)

    def decodes(self, sequences: sp.Expr) -> sp.Expr:
        """The time of a decode step with so many sequences [s]: a + b B, or c B where arithmetic binds."""
        memory = self.fixed.expr + self.each.expr * sequences
        return memory if self.roof is None else sp.Max(memory, self.least + self.roof.expr * sequences, evaluate=False)

    def taken(self, sequences: sp.Expr) -> Cost:
        """What a token waits for where so many sequences run, and their prompts come meanwhile [s]: by memory and by arithmetic."""
        prompts = sequences * self.prompt.expr / g

        def by(fixed: sp.Expr, each: sp.Expr) -> Cost:
            return quantity(fixed + each * z + each * sequences + prompts, Unit.of("s"))

        memory = by(self.fixed.expr, self.each.expr)
        whole = memory if self.roof is None else memory.named("memory") | by(self.least, self.roof.expr).named("math")
        return whole.claiming(self.of)

    # -- others like it
    @property
    def memory_bound(self) -> Replica:
        """The same where arithmetic never binds."""
        return replace(self, roof=None, floor=None)

    def hitting(self, sequences: sp.Expr) -> Replica:
        """The same with the experts written out that so many sequences hit, or one: no step is without a sequence."""
        put = {s: found.xreplace({B: sp.Max(1, sequences, evaluate=False)}) for s, found in self.hits}
        if not put:
            return self
        written = methodcaller("xreplace", put)
        return replace(self, fixed=self.fixed.map(written), floor=self.floor and self.floor.map(written), hits=())

    @property
    def at_limit(self) -> Replica:
        """The same with the experts that sequences hit whose tokens take t_tok each."""
        return self.hitting(lam * g * t_tok)

    def at(self, *sheets: Any) -> Replica:
        """The same with numbers for what sheets, or mappings of letters, give; experts that a step hits stay functions of its sequences.

        Raises what ``Cost.at`` raises.
        """
        put = {name: cost.at(*sheets) for name, cost in self._costs.items()}
        found = {name: _in_numbers(name, v) for name, v in put.items()}
        hit = any(B in cost.free_symbols for cost in found.values())
        return replace(self, **found, hits=((B, B),) if hit else ())

    # -- formulas of it
    def formula(self, expr: sp.Expr, unit: str, name: str) -> Cost:
        """An expression in its times as a cost."""
        return quantity(expr, Unit.of(unit), name).claiming(self.of)

    def solved(self, condition: Callable[[Replica], Condition], x: Symbol) -> Bound:
        """A condition about a replica solved for x: in letters, which are positive, and then with the times of this one in their places.

        Numeric where they depend on the unknown.
        """
        found = _solved(condition, x, FLOORED if self.floor else ROOFED if self.roof else LETTERS)
        if not self._put:
            return found
        if any(x in e.free_symbols for e in self._put.values()):
            return replace(found.of_condition(condition(self)), reason="the experts that a step hits depend on it")
        return replace(found, condition=condition(self), pieces=tuple(_put(piece, self._put) for piece in found.pieces), steps=())

    @cached_property
    def _put(self) -> dict[Symbol, sp.Expr]:
        """The times by the letters they stand in the place of."""
        return {_TIMES[name][1]: found.expr for name, found in self._costs.items() if found.expr != _TIMES[name][1]}

    @cached_property
    def _costs(self) -> dict[str, Cost]:
        return {name: getattr(self, name) for name in _TIMES if getattr(self, name) is not None}

    def __repr__(self) -> str:
        return "replica  " + "\n  ".join(f"{name}  {show.text(cost.expr)}  [{cost.unit}]" for name, cost in self._costs.items())


#: A replica in letters; one that arithmetic may bind.
LETTERS = Replica(Cost(a, "s"), Cost(b, "s/token"), Cost(t_pre, "s"))
ROOFED = replace(LETTERS, roof=Cost(c, "s/token"))
FLOORED = replace(ROOFED, floor=Cost(a_0, "s"))
#: A replica, a model that stands for its replica, or None for one in letters.
Served = Model


def of(m: Served = None, whole: bool = False) -> Replica:
    """The replica of a model on n chips; one in letters without a model, and a replica as it is.

    ``whole``: prompts are read by themselves, so that a short one waits for the weights. In a step they are read anyway.

    >>> of()
    replica  fixed  a  [s]
      each  b  [s/token]
      prompt  t_pre  [s]
      chips  n  [chip]
      slots  B_max  [token]

    Raises InputError for what is neither a replica nor a model.
    """
    if m is None or isinstance(m, Replica):
        return LETTERS if m is None else m
    if isinstance(m, Cost):
        raise InputError(f"{short(m)} is no replica; give Replica(fixed, each, prompt), a model, or nothing for one in letters")
    held = alone(total([decode.attention_time(m), decode.state_time(m)]))
    reading = (prefill.math_time(m, PROMPT) / MFU).named("math")
    return Replica(
        fixed=decode.weight_time(m),
        each=held,
        prompt=(reading | prefill.weight_time(m)).named("prompt") if whole else reading.named("prompt"),
        roof=held + alone(decode.math_time(m)),
        hits=hits_of(m),
    )


def placed(m: Model, whole: bool = False) -> Replica:
    """The replica of a model on a mesh of X Y Z chips, as :mod:`symroof.workloads.deployment` lays it out; collectives add to the rest.

    A prompt is read by all chips: of X groups each reads its own.
    """
    step = deployment.step(m, overlap=False)
    matmuls = step["MLP"]
    held = alone(total([part for part in step.parts if part.name != "MLP"]))
    reading, loading, sent = deployment.prompt(m, PROMPT)
    read = (reading + sent) / X
    return Replica(
        fixed=matmuls["weights"],
        each=held,
        prompt=(read | loading).named("prompt") if whole else read.named("prompt"),
        roof=held + alone(matmuls["math"]),
        chips=Cost(X * Y * Z, "chip", "chips"),
        slots=room(m),
        hits=hits_of(m),
    )


def room(m: Model) -> Cost:
    """Sequences that a mesh has room for [token]: HBM of a chip less its weights, over what one keeps there at its mean context."""
    return ((Cost(M_hbm, "byte") - deployment.weights(m)) / alone(deployment.cache(m), "byte/token")).declare("token").named("slots")


@Tag("exact", "of what the times of a replica assume")
def work(served: Served = None) -> Cost:
    """The seconds of a replica that a request takes from others [s]: t_pre + b g, its prefill and its share of g steps.

    >>> work()
    b*g + t_pre  [s]
    """
    r = of(served)
    return r.formula(r.work, "s", "work")


@Tag("exact", "of what the times of a replica assume")
def load(served: Served = None) -> Cost:
    """How much of the time requests take [1]: lam (t_pre + b g), x; at 1 the queue grows without end.

    >>> load()
    lam*(b*g + t_pre)  [1]
    """
    r = of(served)
    return r.formula(r.load, "1", "load")


def traffic(arrivals: Any = "poisson", lengths: Any = "constant", served: Served = None) -> dict[Symbol, Any]:
    """What follows from how requests come, as values of letters: g = G - 1, c_a2, c_s2, e_G, z and busy.

    ``arrivals`` are "poisson" or "constant", or c_a2; ``lengths`` are "constant" or "geometric", or the pair c_s2, e_G. A token sees
    itself and, where prefill holds steps up, those that came meanwhile: z = 1 + (c_a2/(1 - lam t_pre)^2 - 1) e_G, of what is
    ``served``; busy is 1 less :func:`symroof.latency.idle`.

    >>> traffic(c_a2)[z]
    c_a2/(-lam*t_pre + 1)**2

    Raises UnknownName for another word, InputError for lengths that are neither a word nor a pair.
    """
    gaps = _said(arrivals, ARRIVALS, "arrivals")
    pair = _said(lengths, LENGTHS, "lengths of answers")
    if not (isinstance(pair, tuple) and len(pair) == 2):
        raise InputError(f"lengths {short(lengths)} are no pair of c_s2 and e_G; give 'constant', 'geometric' or e.g. (1, 0.5)")
    spread, overlap = pair
    r = of(served)
    seen = 1 + (gaps / (1 - lam * r.prompt.expr) ** 2 - 1) * overlap
    values = {c_a2: gaps, c_s2: spread, e_G: overlap, z: seen, busy: 1 - r.idle}
    return {g: G - 1, **{s: _number(value) for s, value in values.items() if value != s}}


def prompts() -> dict[Symbol, sp.Expr]:
    """A prompt of T_all tokens at a hit rate h, as values of letters: T new tokens, and S_hit that are cached."""
    return {T: T_all * (1 - h), S_hit: T_all * h}


# -- helpers
@lru_cache(maxsize=256)
def _solved(condition: Callable[[Replica], Condition], x: Symbol, letters: Replica) -> Bound:
    return solve(condition(letters), x)


def _put(piece: Piece, put: Mapping[Any, sp.Expr]) -> Piece:
    """A piece of a threshold with expressions in the place of letters."""
    low, high = (None if e is None else e.xreplace(put) for e in (piece.low, piece.high))
    when = tuple(w.func(w.lhs.xreplace(put), w.rhs.xreplace(put), evaluate=False) for w in piece.when)
    return replace(piece, low=low, high=high, when=when)


def alone(cost: Cost, unit: str = "s/token") -> Cost:
    """What a step takes, or holds, by its sequences, at their mean context."""
    return cost.map(lambda e: sp.Add(*[term / B for term in sp.Add.make_args(e)]).xreplace({S: CONTEXT})).declare(unit)


def hits_of(m: Model) -> tuple[tuple[Symbol, sp.Expr], ...]:
    """The experts that B sequences hit."""
    own = letters(m)
    return tuple((hit, own.definitions[hit]) for hit, _, _ in own.routed)


def _said(given: Any, known: Mapping[str, Any], what: str) -> Any:
    """A word by what it stands for; a number or a letter as it is.

    Raises UnknownName for another word.
    """
    if isinstance(given, str) and given not in known:
        raise UnknownName(f"there are no {what} {short(given)}; {nearest(given, known)}, or give their spread as a number")
    found = known[given] if isinstance(given, str) else given
    return tuple(map(plain, found)) if isinstance(found, (tuple, list)) else plain(found)


def _in_numbers(name: str, found: Any) -> Cost:
    """What a cost is at sheets, as a cost again; where the sequences are open still, letters that nobody binds are neutral."""
    if isinstance(found, Value):
        return quantity(plain(found.number), found.unit, name)
    neutral = {s: v.xreplace(UNLESS) for s, v in UNLESS.items()}
    settled: Cost = found.map(methodcaller("xreplace", neutral))
    return settled


def _number(expr: sp.Expr) -> Any:
    """An expression, or the number that it is."""
    return Fraction(int(expr.p), int(expr.q)) if expr.is_Rational else expr


__all__ = public(globals())
