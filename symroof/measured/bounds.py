"""``bound_of(record)``: what the engine says no machine of those rates can beat, for every category of measurement.

The formulas are those of the workloads, the layers and the roofline; here they are only put together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from symroof.algebra.cost import Cost, total
from symroof.algebra.symbols import B, C, S, Symbol, T, W_hbm, n, p_w
from symroof.algebra.value import Value
from symroof.errors import InputError
from symroof.machine.links import Switch
from symroof.machine.roofline import matmul, roofline
from symroof.measured.records import Record
from symroof.measured.runs import Run
from symroof.sheets.chips import Chip
from symroof.sheets.llms import Llm
from symroof.sheets.sheet import Sheet
from symroof.transformer.experts import Experts
from symroof.transformer.facts import facts
from symroof.transformer.kind import Pass
from symroof.workloads import decode, prefill, pretraining

#: A measurement may beat its bound by so much: print is rounded.
ROUNDING = Fraction(101, 100)


def cost_of(record: Record) -> Cost:
    """The bound of a measurement as a formula [s]."""
    return FORMULAS[record.category](record)


def bound_of(record: Record) -> Value:
    """The bound of a measurement [s]: its formula at what the record says."""
    return at(cost_of(record), record)


def peak_of(record: Record) -> Value:
    """The least memory of a chip of a training run [byte]; pretraining.memory at the same values.

    Raises InputError for a record of something else.
    """
    run = run_of(record)
    return at(pretraining.memory(model_of(record), run.layout), record)


def at(cost: Cost, record: Record, *more: Any) -> Value:
    """A formula at the chip, model, formats and sizes of a record, and ``more`` sheets; of experts every step hits k, the fewest."""
    m = record.model
    known = {letter: Fraction(record.sizes[word]) for word, letter in (("batch", B), ("prompt", T)) if word in record.sizes}
    known |= {n: Fraction(record.chips)} | ({S: context_of(record)} if S in cost.free_symbols else {})
    known |= {} if record.run is None else record.run.values
    on = record.chip if record.run is not None else placed(record)
    sheets = [on, record.formats, Sheet(record.id, "", known), *([] if m is None else [m]), *more]
    hits: dict[str, Any] = {}
    if m is not None:
        of = [kind for kind, _ in m.stack.structure if isinstance(kind, Experts) and kind.hit in cost.free_symbols]
        hits = {str(kind.hit): m[kind.k] for kind in of if isinstance(kind.k, Symbol)}
    found: Value = cost.at(*sheets, **hits)
    return found


def placed(record: Record) -> Sheet:
    """The chip of a record, with the links that so many of them have."""
    return record.chip.on(record.chips) if isinstance(record.chip, Chip) and record.chips > 1 else record.chip


def ratio(record: Record) -> Fraction:
    """Measured time over its bound: 1 is perfect, less is impossible."""
    return record.seconds / Fraction(bound_of(record).number)


def beaten(among: Iterable[Record]) -> tuple[str, ...]:
    """The measurements that are faster than their bound by more than rounding, by id: either one or the other is wrong."""
    return tuple(r.id for r in among if ratio(r) * ROUNDING < 1)


def binding(value: Value) -> str:
    """The way to what weighs most: of a maximum the largest part, of a sum too, as in ``hbm/weights``."""
    way = []
    while value.parts:
        value = max(value.parts, key=lambda part: part.number)
        way.append(value.name)
    return "/".join(way) or value.name


# -- one formula a category
def _prompts(record: Record) -> Cost:
    """The prompts of a batch: their FLOPs, or the weights, which all of them share."""
    one = prefill.bound(model_of(record))
    return ((record.sizes["batch"] * one["math"]).named("math") | one["weights"]).named("prefill")


def _generated(record: Record) -> Cost:
    """Prompts and then a step for every token but the first, which the prompt gives."""
    steps: Cost = (record.sizes["generated"] - 1) * decode.bound(model_of(record))
    return (_prompts(record) + steps.named("decode")).named("generation")


def _layer(record: Record) -> Cost:
    """One layer of a model whose layers are alike: its FLOPs, of attention the causal half, or its weights read once.

    With a policy of rematerialization the FLOPs are those of forward, what is computed again, and backward.
    """
    m = model_of(record)
    blocks = [b for b in m.stack.blocks(at=Pass(new=T, context=T)) if not b.kind.around]
    if len({b.times for b in blocks}) > 1:
        raise InputError(f"{record.id}: the layers of {m.name} are not alike; give an inline model of the one that was measured")
    programs = [b.program.training(record.remat) if record.remat else b.program for b in blocks]
    math: list[Cost] = [(p.flops / (n * C)).named(b.name) for p, b in zip(programs, blocks, strict=True)]
    held = [(Cost(facts(b.kind).always * p_w, "byte") / (n * W_hbm)).named(b.name) for b in blocks]
    return (total(math).named("math") | total(held).named("weights")).named("layer").claiming(m.stack.in_layers)


FORMULAS: Mapping[str, Callable[[Record], Cost]] = {
    "decode": lambda record: decode.bound(model_of(record)),
    "latency": _generated,
    "serving": _generated,
    "prefill": _prompts,
    "layer": _layer,
    "attention": lambda record: decode.attention_time(model_of(record)),
    "gemm": lambda record: roofline(matmul(*(record.sizes[word] for word in "mkn"))),
    "training": lambda record: pretraining.step(model_of(record), run_of(record).layout),
    "copy": lambda record: (Cost(2 * record.sizes["size"], "byte") / W_hbm).named("hbm"),  # read once, written once
    "collective": lambda record: behind_switch(record).time(record.operation, volume(record), record.chips, exact=True).named("links"),
}


def behind_switch(record: Record) -> Switch:
    """The links of a collective: a switch that adds up what is reduced, which no program is faster than."""
    return Switch(sharp=record.operation == "AllReduce")


def volume(record: Record) -> Cost:
    """The array of a collective [byte]: what is gathered, reduced or scattered; of an AllToAll n of the buffers that were measured."""
    return Cost(record.sizes["size"] * (record.chips if record.operation == "AllToAll" else 1), "byte")


# -- helpers
def model_of(record: Record) -> Llm:
    """The model of a record, which its category needs.

    Raises InputError if it has none.
    """
    if record.model is None:
        raise InputError(f"{record.id} is a measurement of category {record.category} and has no model; give it one")
    return record.model


def run_of(record: Record) -> Run:
    """The run of a record of training.

    Raises InputError if it has none.
    """
    if record.run is None:
        raise InputError(f"{record.id} is a measurement of category {record.category} and no training run; ask one that is")
    return record.run


def context_of(record: Record) -> Fraction:
    """The context of the steps: as said; else their mean, since a maximum of lines is at least its value there.

    Windows bend the other way, so for them it is the context of the first step.
    """
    sizes = record.sizes
    if "context" in sizes:
        return Fraction(sizes["context"])
    windows = record.model is not None and any(not reach.view.all for reach in record.model.stack.aggregates.reaches)
    return Fraction(sizes["prompt"] + 1) if windows else sizes["prompt"] + Fraction(sizes["generated"], 2)
