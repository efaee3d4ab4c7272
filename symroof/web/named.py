"""The named interactive pages of ``symroof page``: serving by batch, regimes over two letters, the splits of a training layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import sympy as sp

from symroof.algebra.bind import bind
from symroof.algebra.cost import Cost
from symroof.algebra.symbols import ALPHABET, C_FORMAT, DERATES, M_X, M_Y, B, C, D, F, S, W_ici, X, n, p_a, p_w, price
from symroof.ask.grammar import formula
from symroof.ask.known import STORED, Known, by_class, missing
from symroof.ask.letters import find
from symroof.errors import InputError, nearest, short
from symroof.plan.drawn import derated, in_words, torus_axes
from symroof.sheets.chips import Chip, chip, chips
from symroof.sheets.dtypes import dtype
from symroof.sheets.llms import Llm, llm, llms
from symroof.sheets.slices import Slice
from symroof.solver.bound import Bound
from symroof.solver.solve import solve
from symroof.web.page import family, in_layers, option
from symroof.web.render import Page, render
from symroof.web.spec import Choice, Mark, Option, Range, Spec, View
from symroof.workloads import decode, memory
from symroof.workloads import serving as served
from symroof.workloads import training as trained

FORMATS = ("bf16", "fp8", "int8", "int4")
_NOTE = "Lower bounds: everything evenly sharded, memory and arithmetic overlapped, communication and activations free."
_P_W, _P_KV = ALPHABET["p_w"], ALPHABET["p_kv"]


# -- serving
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
        """From names separated by commas; of a single one, all others are offered too, unless formats are those of its classes, as a file
        that says what it is stored in has them if no formats are given.

        Raises UnknownName with the nearest name, InputError for none.
        """
        on_offer = _sheets(on, "chip", chip, chips)
        if shape:
            on_offer[0].slice(shape)
        named = [llm(name) for name in _listed(models, "model")]
        formats = formats or (STORED if all(m.formats for m in named) else "")
        if by_class(formats):
            dressed = (Known(model=m, formats=(formats, "", "")).dressed().model for m in named)
            return Offer(tuple(m for m in dressed if m), on_offer, shape, (formats,), math, letters or {})
        offered = _sheets(models, "model", llm, llms)
        first = _listed(formats, "format") if formats else ["bf16"]
        return Offer(offered, on_offer, shape, tuple(dict.fromkeys((*first, *FORMATS))), math, letters or {})

    def choices(self) -> tuple[Choice, ...]:
        """Chip, slice of that chip, model, format of weights, of the KV cache, of the arithmetic."""
        slices = tuple(_slice(c, s) for c in self.chips for s in c.slices)
        has = {f for c in self.chips for f in c.formats}
        if self.math and self.math not in has:
            raise InputError(f"no chip here does arithmetic in {short(self.math)}; {nearest(self.math, has)}")
        rates = (Option("bf16 or fp16", "bf16 or fp16"), *(Option(f, f, {C: rate}) for f, rate in C_FORMAT.items() if f in has))
        stored = by_class(self.formats[0])
        plain = FORMATS if stored else self.formats
        like = Option(STORED, STORED, {}) if stored else Option("as weights", "as the weights", {_P_KV: _P_W})
        caches = (like, *(_letters_of(f, "p_kv") for f in plain))
        weights = (replace(_letters_of(FORMATS[0], "p", "p_w"), name=self.formats[0], title=self.formats[0]),) if stored else ()
        return (
            Choice("chip", "Chip", tuple(option(c) for c in self.chips)),
            Choice("slice", "Slice", slices, start=self.start),
            Choice("model", "Model", tuple(option(m) for m in self.models)),
            Choice("weights", "Weights in", weights or tuple(_letters_of(f, "p", "p_w") for f in self.formats)),
            Choice("kv", "KV cache in", caches),
            Choice("math", "Arithmetic in", rates, start=self.math),
        )

    @property
    def start(self) -> str:
        """The slice to begin with: the one named, or the smallest that holds the weights and a sequence, or the largest."""
        first, model = self.chips[0], self.models[0]
        if self.shape:
            return first.slice(self.shape).name
        formats = FORMATS[0] if by_class(self.formats[0]) else self.formats[0]
        needed = memory.fewest_chips(_own(model)).at(first, model, *(() if model.stack.widths else (dtype(formats),)), B=1, S=8192)
        return next((s.name for s in first.slices if s.chips >= needed.number), first.slices[-1].name)


@dataclass(frozen=True)
class _Serving:
    """A serving page: what it says before the model; its costs, of a model, and with prices or not."""

    said: str
    costs: Callable[[Llm | None, bool], Sequence[Cost]]
    batches: Range
    contexts: Range
    kind: str = "lines"
    tint: str = ""


def _everything(m: Llm | None, priced: bool) -> Sequence[Cost]:
    cost = [served.dollars_per_token(m)] if priced else []
    return decode.step(m), decode.throughput(m), *cost, memory.memory(m), memory.capacity()


_SOME = Range.of(B, (1, 512), 32), Range.of(S, [2048 * 2**i for i in range(6)], 2048)
#: The pages of serving by name: a decode step and what it costs, throughput over latency, a step by parts.
SERVING: Mapping[str, _Serving] = {
    "serve": _Serving("Serving ", _everything, Range.of(B), Range.of(S)),
    "frontier": _Serving("Latency and throughput: ", lambda m, _: (decode.step(m), decode.throughput(m)), *_SOME, kind="frontier"),
    "breakdown": _Serving("Where a decode step goes: ", lambda m, _: (in_words(decode.step(m)),), *_SOME, tint="tint"),
}


def serving(name: str, offer: Offer) -> Page:
    """A page of ``SERVING``: by batch, with a slider for the context, what is compute-bound and what does not fit marked.

    Raises InputError or UnknownName for letters that no formula has.
    """
    one, known = SERVING[name], Known(letters=offer.letters)
    priced = any(price in c.values for c in offer.chips)
    views = {family(m): _view(one, _own(m), known, priced) for m in offer.models}
    free = {s for v in views.values() for s in v.free_symbols} | {s for c in offer.chips for s in c.values} | {B, S}
    fixed = {s: float(v) for s, v in bind(free, (), offer.letters).numbers.items()}
    batches, contexts = (Range(r.symbol, r.stops, fixed.pop(r.symbol, r.start), r.points) for r in (one.batches, one.contexts))
    choices = {c.key: c for c in offer.choices()}
    given = ", ".join(f"{letter} = {text}" for letter, text in offer.letters.items())
    note = _NOTE + (f" Whatever is chosen: {given}." if given else "")
    title: list[str | Choice] = [one.said, choices["model"], " on ", choices["chip"]]
    return render(Spec(title, views, batches, (contexts,), tuple(choices.values()), fixed, one.kind, note))


def _own(m: Llm) -> Llm | None:
    """A model whose formulas are its own, not the book's."""
    return m if m.stack.widths or not m.stack.dense else None


def _view(one: _Serving, m: Llm | None, known: Known, priced: bool) -> View:
    """Costs and marks in letters that sheets give as numbers, their rates with the efficiencies that were given."""

    bounds: list[Any] = [memory.largest_batch(m), decode.critical_batch(m)]
    costs = one.costs(m, priced)
    if m is not None:
        bounds, costs = ([in_layers(made, m) for made in some] for some in (bounds, costs))
    if {*known.letters} & {eta.name for eta in DERATES}:
        bounds = [derated(known, bound) for bound in bounds]
    named = ("largest batch that fits", "grey"), ("compute-bound" if one.tint else "critical batch", one.tint)
    return View(
        tuple(map(known.derated, costs)), tuple(Mark(label, bound, shade) for (label, shade), bound in zip(named, bounds, strict=True))
    )


def _slice(of: Chip, where: Slice) -> Option:
    held = of.on(where)
    count = "1 chip" if where.chips == 1 else f"{where.chips} chips"
    values = {s: v for s, v in held.values.items() if of.values.get(s) != v}
    return Option(where.name, f"{where.name} = {count}" if len(where.shape) > 1 else count, values, {}, within=of.name)


def _letters_of(name: str, *letters: str) -> Option:
    return Option(name, name, {s: v for s, v in dtype(name).values.items() if s.name in letters})


def _listed(text: str, what: str) -> list[str]:
    found = list(dict.fromkeys(t.strip() for t in text.split(",") if t.strip()))
    if not found:
        raise InputError(f"no {what} is named; give at least one")
    return found


def _sheets(text: str, what: str, read: Callable[[str], Any], known: Callable[[], Iterable[str]]) -> tuple[Any, ...]:
    """The sheets that are named, each once; behind a single one all that are known."""
    named = _listed(text, what)
    found: dict[str, Any] = {}
    for sheet in map(read, named if len(named) > 1 else (*named, *known())):
        found.setdefault(sheet.name, sheet)
    return tuple(found.values())


# -- any formula
def regimes(path: str, letters: Sequence[str], known: Known, sliders: Sequence[str] = ()) -> Page:
    """Which part of a formula binds where over two letters, and along the first of them, with sliders for others.

    Raises InputError unless two letters are given, or naming the letters that have no value.
    """
    if len(letters) != 2 or letters[0] == letters[1]:
        raise InputError("a map is drawn over two letters; write e.g. --over B,S")
    asked = tuple(dict.fromkeys((*letters, *sliders)))
    cost: Cost = known.written_out(known.derated(formula(path, known.m)), asked)
    symbols = [find(x, cost.free_symbols) for x in asked]
    sheet = known.sheet(cost.free_symbols)
    moving = {s: v for s, v in sheet.values.items() if isinstance(v, sp.Expr) and v.free_symbols}  # the experts hit, by batch
    cost = cost.map(lambda e: e.xreplace(moving))
    lacking = missing(cost.free_symbols, sheet, symbols)
    if lacking:
        cure = f"add e.g. --on tpu-v5e --slice 4x4 --model llama3-70b --formats int8, or --slider {lacking[0]}"
        raise InputError(f"{', '.join(lacking)} still need a value; {cure}")
    values = {s: float(v) for s, v in sheet.values.items() if s not in symbols and s not in moving}
    first, *others = [Range.of(s, None, float(sheet.values[s]) if s in sheet.values else None) for s in symbols]
    fixed = values | dict.fromkeys(cost.free_symbols - set(symbols) - values.keys(), 1.0)
    title = f"What binds {path}, over {letters[0]} and {letters[1]}"
    return render(Spec([title], {"": View((cost,))}, first, tuple(others), (), fixed, "map", f"At {known.called}." if known.called else ""))


# -- training
_SPLITS = (
    "One layer, forward, weights [D, F] and [F, D]; arithmetic and the collectives of both axes overlap. A split over up to 16^k ways"
    " is taken to run over k axes of the torus; the two may come to one more than there are."
)


def training(known: Known) -> Page:
    """Communication and compute time of an MLP layer by batch [token], with a slider over the splits of a slice.

    Raises InputError for a chip without a slice or without links, and for a model without an MLP of width F.
    """
    known.one_mlp()
    held = known.chip
    if held is None:
        raise InputError("a chip is needed; add e.g. --on tpu-v5p --slice 16x16x16")
    where = held.slice(known.shape) if known.shape else held.slices[-1]
    if where.chips < 2 or W_ici not in held.values:
        raise InputError(f"{held.name} {where.name} has no links to split a layer over; give a slice of several chips")
    usual = {p_w: Fraction(2), p_a: Fraction(2), D: Fraction(8192), F: Fraction(32768)}
    letters = {C, D, F, W_ici, p_w, p_a}
    values = {**held.values, **held.defaults, **usual, **known.sheet({*letters, B, X, n}, (B, X, n)).values}
    fixed = {s: float(bind({s}, (values,), {}).numbers[s]) for s in letters} | {n: float(where.chips)}
    stops = tuple(float(f"{10 ** (1 + i / 10):.3g}") for i in range(71))
    batch = Range(B, stops, 435200.0, tuple(10 ** (1 + i / 9) for i in range(64)))
    title = f"MLP roofline on {held.title} {where.name} (D = {fixed[D]:g}, F = {fixed[F]:g})"
    splits = tuple(_split(where.chips // ways, ways) for ways in range(1, where.chips + 1) if where.chips % ways == 0)
    start = next((o.name for o in splits if o.name.endswith(" x 8")), "")
    choice = Choice("split", "Split", splits, slider=True, start=start)
    time = trained.mixed(overlap="axes")
    comms = {"both": time["comms"], "fsdp": time["FSDP"].named("comms"), "tp": time["TP"].named("comms")}
    views = {kind: _layer(time["math"], cost) for kind, cost in comms.items()}
    return render(Spec([title], views, batch, (), (choice,), fixed, "lines", _SPLITS))


def _split(fsdp: int, tp: int) -> Option:
    """``fsdp`` ways of FSDP beside ``tp`` of tensor parallelism; an axis of one way communicates nothing."""
    values = {X: Fraction(fsdp), M_X: Fraction(torus_axes(fsdp)), M_Y: Fraction(torus_axes(tp))}
    kind = "tp" if fsdp == 1 else "fsdp" if tp == 1 else "both"
    return Option(f"{fsdp} x {tp}", f"FSDP {fsdp:,}, TP {tp:,}", values, family=kind)


def _layer(math: Cost, comms: Cost) -> View:
    layer = (comms | math.named("compute")).named("time per layer")
    bound = solve(math >= comms, B)
    return View((layer,), (Mark("compute-bound", bound, "tint"),) if isinstance(bound, Bound) and bound.kind == "bound" else ())
