"""``estimate_of(record)``: the formula that a calibration is fitted to, for every category of measurement, and records as rows of a fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction

from symroof.algebra.cost import Cost
from symroof.algebra.symbols import B, S, T, W_hbm, n, t_step
from symroof.algebra.units import Unit
from symroof.fitting.table import Row
from symroof.machine.links import Switch
from symroof.machine.roofline import kernel, matmul
from symroof.measured.bounds import context_of, model_of, placed, run_of, volume
from symroof.measured.records import Record
from symroof.sheets.calibrations import settings
from symroof.sheets.sheet import Sheet
from symroof.workloads import decode, prefill, pretraining
from symroof.workloads.terms import reached

_SECOND, _BYTE = Unit.of("s"), Unit.of("byte")


def _generated(record: Record) -> Cost:
    """Prompts, and then a step for every token but the first, at the mean context."""
    m = model_of(record)
    steps: Cost = (record.sizes["generated"] - 1) * decode.estimate(m)
    return (prefill.estimate(m, record.sizes["batch"]).named("prefill") + steps.named("decode")).named("generation")


def _attention(record: Record) -> Cost:
    """One layer of attention on one chip, and a call."""
    part = decode.estimate(model_of(record))["attention"]
    return (part + Cost(t_step, "s", "call")).named("attention")


def _collective(record: Record) -> Cost:
    """A collective behind a switch, an AllReduce as chips do it: reduced and then gathered, whatever the switch could add up."""
    return Switch().estimate(record.operation, volume(record), record.chips)


FORMULAS: Mapping[str, Callable[[Record], Cost]] = {
    "decode": lambda record: decode.estimate(model_of(record)),
    "latency": _generated,
    "serving": _generated,
    "prefill": lambda record: prefill.estimate(model_of(record), record.sizes["batch"]),
    "attention": _attention,
    "gemm": lambda record: kernel(matmul(*(record.sizes[word] for word in "mkn"))),
    "copy": lambda record: (reached(Cost(2 * record.sizes["size"], "byte") / W_hbm) + Cost(t_step, "s", "call")).named("copy"),
    "collective": _collective,
    "training": lambda record: pretraining.estimate(model_of(record), run_of(record).layout),
}


def row_of(record: Record) -> Row:
    """A record as a row of a fit, with the labels that letters and groups may differ by."""
    known = {s: Fraction(record.sizes[word]) for word, s in (("batch", B), ("prompt", T)) if word in record.sizes}
    known |= {n: Fraction(record.chips)} | ({S: context_of(record)} if {"context", "generated"} & record.sizes.keys() else {})
    known |= {} if record.run is None else record.run.values
    sheets = [placed(record) if record.run is None else record.chip, record.formats, *([] if record.model is None else [record.model])]
    labels = {"source": record.file.removesuffix(".toml"), "category": record.category, "operation": record.operation}
    labels |= {"model": record.model.name if record.model else "", "software": record.software, **settings(sheets)}
    labels |= (
        {}
        if record.run is None
        else {"overlap": "overlapped" if record.run.overlapped else "in line", "context": record.run.layout.context or "whole"}
    )
    sheets = [Sheet(s.name, s.title, {k: v for k, v in s.values.items() if k != n}, s.defaults) if n in s.values else s for s in sheets]
    return Row(record.id, record.seconds, _SECOND, (*sheets, Sheet(record.id, "", known)), labels, record.model)


def rows_of(records: Iterable[Record]) -> list[tuple[Row, Cost]]:
    """Records with the formula of each, those whose category has one; training runs a second time with their peak of memory."""
    found = list(records)
    timed = [(row_of(r), FORMULAS[r.category](r)) for r in found if r.category in FORMULAS]
    return timed + [(peak_row(r), pretraining.memory(model_of(r), run_of(r).layout)) for r in found if r.run and r.run.peak]


def peak_row(record: Record) -> Row:
    """The memory of a chip of a training run as a row of a fit, of category "memory"."""
    row = row_of(record)
    labels = {**row.labels, "category": "memory"}
    return replace(row, name=peak_name(record.id), measured=run_of(record).peak or Fraction(0), unit=_BYTE, labels=labels)


def peak_name(record: str) -> str:
    """What the memory of a record is called."""
    return f"{record}.memory"
