"""The named interactive pages of serving: a decode step by batch, its frontier, its breakdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from symroof.algebra.bind import bind
from symroof.algebra.symbols import ALPHABET, DERATES, B, C, S, price
from symroof.ask.known import Known
from symroof.errors import InputError, nearest, short
from symroof.sheets.chips import Chip, chip, chips
from symroof.sheets.dtypes import dtype
from symroof.sheets.llms import Llm, llm, llms
from symroof.sheets.sheet import Sheet
from symroof.solver.solve import solve
from symroof.web.page import Page, family, in_layers, option, shown
from symroof.web.spec import Choice, Mark, Option, Range, Spec, View
from symroof.workloads import decode, memory, serving

FORMATS = ("bf16", "fp8", "int8", "int4")
_CONTEXTS = [2048.0 * 2**i for i in range(6)]
_NOTE = "Lower bounds: everything evenly sharded, memory and arithmetic overlapped, communication and activations free."


@dataclass(frozen=True)
class Offer:
    """What a serving page offers: models and chips (the named ones first), a slice, formats, letters with a value."""

    models: tuple[Llm, ...]
    chips: tuple[Chip, ...]
    shape: str = ""
    formats: tuple[str, ...] = FORMATS
    math: str = ""
    letters: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(models: str, on: str, shape: str = "", formats: str = "", math: str = "", letters: Mapping[str, str] | None = None) -> Offer:
        """From names separated by commas; of a single one, all others are offered too.

        Raises UnknownName with the nearest name, InputError for none.
        """
        named = _listed(models, "model"), _listed(on, "chip")
        found = tuple(llm(m) for m in _and_others(named[0], llms)), tuple(chip(c) for c in _and_others(named[1], chips))
        if shape:
            found[1][0].slice(shape)
        first = _listed(formats, "format") if formats else ("bf16",)
        return Offer(_once(found[0]), _once(found[1]), shape, (*first, *(f for f in FORMATS if f not in first)), math, letters or {})

    @property
    def families(self) -> dict[str, Llm | None]:
        """A model of every family of formulas; None for the book's, of dense models."""
        return {family(m): None if m.stack.dense else m for m in self.models}

    def choices(self) -> tuple[Choice, ...]:
        """Chip, slice of that chip, model, format of weights, of the KV cache, of the arithmetic."""
        slices = tuple(_slice(c, s) for c in self.chips for s in c.slices)
        math = tuple(Option(f, f, {C: r} if r else {}) for f, r in self._arithmetic())
        weights = tuple(_letters_of(f, ("p", "p_w")) for f in self.formats)
        caches = (Option("as weights", "as the weights", {_P_KV: _P_W}), *(_letters_of(f, ("p_kv",)) for f in self.formats))
        return (
            Choice("chip", "Chip", tuple(option(c) for c in self.chips)),
            Choice("slice", "Slice", slices, start=self.start),
            Choice("model", "Model", tuple(option(m) for m in self.models)),
            Choice("weights", "Weights in", weights),
            Choice("kv", "KV cache in", caches),
            Choice("math", "Arithmetic in", math, start=self.math),
        )

    @property
    def start(self) -> str:
        """The slice to begin with: the one named, or the smallest that holds the weights and a sequence, or the largest."""
        first, model = self.chips[0], self.models[0]
        if self.shape:
            return first.slice(self.shape).name
        needed = memory.fewest_chips(None if model.stack.dense else model).at(first, model, dtype(self.formats[0]), B=1, S=8192)
        return next((s.name for s in first.slices if s.chips >= needed.number), first.slices[-1].name)

    def _arithmetic(self) -> list[tuple[str, Any]]:
        from symroof.algebra.symbols import C_FORMAT

        has = {f for c in self.chips for f in c.formats}
        if self.math and self.math not in has:
            raise InputError(f"no chip here does arithmetic in {short(self.math)}; {nearest(self.math, has)}")
        return [("bf16 or fp16", None), *((f, C_FORMAT[f]) for f in C_FORMAT if f in has)]

    def fixed(self, free: Iterable[sp.Symbol]) -> dict[sp.Symbol, float]:
        """The letters that were given, as numbers; efficiencies that were not are 1."""
        given = bind(set(free), (), self.letters)
        return {s: float(v) for s, v in given.numbers.items()}


_P_W, _P_KV = ALPHABET["p_w"], ALPHABET["p_kv"]


def serve(offer: Offer) -> Page:
    """Decode step, throughput, memory and cost per token by batch; critical batch, largest batch, KV over weights."""

    def view(m: Llm | None) -> View:
        room = memory.memory(m)
        costs = [decode.step(m), decode.throughput(m), room, memory.capacity()]
        if any(price in c.values for c in offer.chips):
            costs.insert(2, serving.dollars_per_token(m))
        return View(_plain(m, *costs), _marks(m))

    return _page(offer, view, ("Serving ", "model", " on ", "chip"), Range.of(B), Range.of(S))


def frontier(offer: Offer) -> Page:
    """Throughput per chip over the latency of a step, by batch, up to the largest that fits."""

    def view(m: Llm | None) -> View:
        return View(_plain(m, decode.step(m), decode.throughput(m)), _marks(m))

    return _page(offer, view, ("Latency and throughput: ", "model", " on ", "chip"), _batches(), _context(), "frontier")


def breakdown(offer: Offer) -> Page:
    """The decode step by parts: parameters, KV caches, FLOPs; the compute-bound region shaded from the critical batch."""

    def view(m: Llm | None) -> View:
        return View(_plain(m, _in_words(decode.step(m))), _marks(m, tint="tint"))

    return _page(offer, view, ("Where a decode step goes: ", "model", " on ", "chip"), _batches(), _context())


def _page(offer: Offer, view: Any, title: Sequence[str], along: Range, context: Range, kind: str = "lines") -> Page:
    eta = Known(letters=offer.letters)
    views = {name: _derated(view(m), eta) for name, m in offer.families.items()}
    free = {s for v in views.values() for s in v.free_symbols} | {s for c in offer.chips for s in c.values}
    starts = {s: float(v) for s, v in offer.fixed(free | {B, S}).items()}
    moved = [Range(r.symbol, r.stops, starts.pop(r.symbol, r.start), r.points) for r in (along, context)]
    choices = {c.key: c for c in offer.choices()}
    called = [choices.get(piece, piece) for piece in title]
    return shown(Spec(called, views, moved[0], (moved[1],), tuple(choices.values()), starts, kind, _note(offer)))


def _note(offer: Offer) -> str:
    given = ", ".join(f"{name} = {text}" for name, text in offer.letters.items())
    return _NOTE + (f" Whatever is chosen: {given}." if given else "")


def _derated(view: View, eta: Known) -> View:
    """A view whose rates carry the efficiencies that were given."""
    if not {*eta.letters} & {e.name for e in DERATES}:
        return view
    marks = tuple(Mark(m.label, solve(_condition(m, eta), m.bound.symbol), m.shade) for m in view.marks)
    return View(tuple(eta.derated(c) for c in view.costs), marks)


def _condition(mark: Mark, eta: Known) -> Any:
    condition = mark.bound.condition
    return type(condition)(eta.derated(condition.left), condition.relation, eta.derated(condition.right))


def _marks(m: Llm | None, tint: str = "") -> tuple[Mark, ...]:
    compute = "compute-bound" if tint else "critical batch"
    found = [memory.largest_batch(m), decode.critical_batch(m)]
    fits, critical = found if m is None else [in_layers(bound, m) for bound in found]
    return (Mark("largest batch that fits", fits, "grey"), Mark(compute, critical, tint))


def _plain(m: Llm | None, *costs: Any) -> tuple[Any, ...]:
    """Costs in letters that sheets give as numbers."""
    return costs if m is None else tuple(in_layers(cost, m) for cost in costs)


def _in_words(step: Any) -> Any:
    """A decode step with its parts called by what they do."""
    mlp = step["MLP"]
    parts = mlp["math"].named("FLOPs") | mlp["weights"].named("param loading")
    rest = [part.named("KV loading") if part.name == "attention" and not part.parts else part for part in step.parts if part.name != "MLP"]
    return sum([*rest[1:], parts.named("MLP")], rest[0]).named("decode step", step.source)


def _batches() -> Range:
    return Range.of(B, (1, 512), 32)


def _context() -> Range:
    return Range.of(S, _CONTEXTS, 2048)


def _slice(of: Chip, where: Any) -> Option:
    held = of.on(where)
    count = "1 chip" if where.chips == 1 else f"{where.chips} chips"
    values = {s: v for s, v in held.values.items() if of.values.get(s) != v}
    return Option(where.name, f"{where.name} = {count}" if len(where.shape) > 1 else count, values, {}, within=of.name)


def _letters_of(name: str, letters: Sequence[str]) -> Option:
    sheet: Sheet = dtype(name)
    return Option(name, name, {s: v for s, v in sheet.values.items() if s.name in letters})


def _listed(text: str, what: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(t.strip() for t in text.split(",") if t.strip()))
    if not found:
        raise InputError(f"no {what} is named; give at least one")
    return found


def _and_others(named: tuple[str, ...], known: Any) -> tuple[str, ...]:
    return named if len(named) > 1 else (*named, *known())


def _once(sheets: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple({s.name: s for s in reversed(sheets)}[name] for name in dict.fromkeys(s.name for s in sheets))
