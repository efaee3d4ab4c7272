"""The serving story: what a model weighs, where it fits, how fast it decodes, what it costs, and why; a column for each format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from symroof.algebra.bind import check
from symroof.algebra.cost import Cost
from symroof.algebra.quantity import show_quantity
from symroof.algebra.symbols import DERATES, MFU, B, G, S, T
from symroof.algebra.units import Unit
from symroof.algebra.value import Value
from symroof.ask.known import Known
from symroof.ask.letters import reach, refuse_unused
from symroof.errors import InputError, UnknownName, short
from symroof.grid.tables import arrow, frame
from symroof.sheets.calibrations import calibrated
from symroof.sheets.slices import Slice
from symroof.transformer.stack import Stack
from symroof.workloads import decode, memory, prefill, serving, sharding
from symroof.workloads.models import reaches

#: What holds of the traffic unless it is said; a prompt is as long as the context.
USUAL = {"S": 8192, "G": 512, "MFU": "0.4"}


@dataclass(frozen=True)
class Row:
    """One line of the story: a key for machines, a label, the formula, the value and what is shown of it."""

    key: str
    label: str
    formula: Any
    value: Any
    shown: str
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Column:
    """The story in one choice of formats: what is known, and the rows."""

    known: Known
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Story:
    """The columns; ``given`` is what was said beside them, ``known`` what they have in common."""

    columns: tuple[Column, ...]
    known: Known
    given: tuple[str, ...] = ()

    @property
    def traffic(self) -> dict[str, Any]:
        """Context, prompt and generated tokens, and the MFU of prefill."""
        return {word: self.known.given[s] for word, s in (("context", S), ("prompt", T), ("generated", G), ("mfu", MFU))}

    @property
    def fits(self) -> bool:
        """Whether any column comes as far as a decode step."""
        return any(row.key == "step" for column in self.columns for row in column.rows)

    def table(self) -> list[dict[str, Any]]:
        """One flat mapping per choice of formats, values in SI units."""
        words = ("format", "kv_format", "math_format")
        return [{**dict(zip(words, c.known.formats, strict=True)), **{row.key: row.value for row in c.rows}} for c in self.columns]

    def to_pandas(self) -> Any:
        """A pandas DataFrame, one row per choice of formats. Raises InputError if pandas is not installed."""
        return frame(self.table(), ".table()")

    def to_arrow(self) -> Any:
        """An Arrow table, one row per choice of formats. Raises InputError if pyarrow is not installed."""
        return arrow(self.table(), ".table()")

    @property
    def stands_on(self) -> tuple[str, ...]:
        """What the numbers assume, a sentence each: formulas, arithmetic, formats, price."""
        known = self.known
        fitted = ", ".join(f"{s}={float(v):g}" for s, v in known.given.items() if s in DERATES)
        free = "everything evenly sharded, memory and arithmetic overlapped, communication and activations free"
        what = f"Estimates with {fitted}: {free}." if fitted else f"Lower bounds, at peak rates: {free}."
        said = [f"Arithmetic in {known.arithmetic}; a format is that of weights and KV cache unless --kv says otherwise. {what}"]
        for column in self.columns:
            if column.known.stored and column.known.model and column.known.model.formats:
                of, (weights, kv, _) = column.known.model.formats, column.known.formats
                said.append(f"{weights.capitalize()}: {of.weights if kv else of.said}.")
        if any(column.known.m is None for column in self.columns):
            said.append("The book's approximations of a dense model: all parameters are read and multiplied, attention only reads.")
        said.append(
            '"No step is below": all FLOPs over the peak or all bytes over the bandwidth, whichever is more; see models/measured/README.md.'
        )
        said += [f"Given: {', '.join(self.given)}."] if self.given else []
        said += [f"Price of a chip {known.priced}."] if known.priced else []
        rings = " Model parallelism with wrap-around links; about half without." if known.chip and "torus" in known.chip.links else ""
        said.append(calibrated(known.calibration, known.chip.name if known.chip else "", ("decode.estimate", "prefill.estimate")))
        return (*said, f"MFU of prefill {float(known.given[MFU]):g}.{rings}")


def story(known: Known, formats: Sequence[str] = ("bf16", "int8", "int4")) -> Story:
    """The story of what is known, on its slice or on the smallest that holds it, in each of the formats of the weights.

    A format that fits nowhere ends with the row that says so. Raises UnknownName for a letter that changes nothing, InputError
    for a batch below one sequence.
    """
    given = known.given.keys()
    usual = {**USUAL, **known.letters}
    batch = usual.pop("B", None)
    if batch is not None and check(B, batch) < 1:
        raise InputError(f"a batch of {short(batch)} is no number of sequences; give at least 1")
    known = replace(known, letters={**usual, "T": usual.get("T", usual["S"])})
    known.refuse_arithmetic()
    columns = []
    for here in known.each(formats):
        column = Column(here, tuple(_rows(here, batch)))
        if column.rows[-1].key not in ("slice", "batch"):
            reached = reach({x for r in column.rows if r.formula is not None for x in r.formula.free_symbols}, here.sheets)
            refuse_unused(given - {B}, reached)
        columns.append(column)
    return Story(tuple(columns), known, tuple(known.worth(s) for s in sorted(given - {S, T, G, MFU, B}, key=str)))


# -- the rows
def _rows(known: Known, batch: Any) -> Iterator[Row]:
    if known.shape and known.chip:
        known.chip.slice(known.shape)
    loose = replace(known, shape="")
    yield from _sizes(loose)
    chips = _told(memory.fewest_chips, known)
    try:
        where, fits = place(known, batch)
    except UnknownName as problem:
        yield Row("slice", "smallest slice", chips, None, f"none: {problem}")
        return
    there = replace(known, shape=where.name, letters={"Y": where.chips, **known.letters})
    yield Row("slice", "slice" if known.shape else "smallest slice", chips, where.name, _slice_text(where))
    yield _room(loose, there, where)
    most = _told(memory.largest_batch, known)
    largest = int(max(0, _at(most, there).number))
    yield Row("largest_batch", "largest batch", most, largest, str(largest))
    batch = largest if batch is None else check(B, batch)
    if not fits or batch < 1:
        yield Row("batch", "batch", None, None, f"does not fit on {where.name}")
        return
    yield Row("batch", "batch", None, float(batch), f"{float(batch):g}")
    yield from _speed(there.but(B=batch))
    yield from _rules(there, batch)


def place(known: Known, batch: Any) -> tuple[Slice, bool]:
    """The slice asked for, or the smallest that holds the weights and the batch (one sequence by default); does it fit?

    Raises UnknownName if none is large enough, InputError without a chip.
    """
    if known.chip is None:
        raise InputError("a chip is needed; add e.g. --on tpu-v5e")
    loose = replace(known, shape="").but(B=batch or 1)
    needed = _at(_told(memory.fewest_chips, known), loose)
    where = known.chip.slice(known.shape) if known.shape else known.chip.smallest_slice(needed.number)
    return where, bool(needed.number <= where.chips)


def _sizes(known: Known) -> Iterator[Row]:
    yield _row(known, "weights", "weights", _made(memory.weight_memory, known.stored))
    yield _row(known, "kv_per_token", "KV cache per token", _told(memory.kv_per_token, known))
    chips = _made(memory.fewest_chips_for_weights, known.stored)
    value = _at(chips, known)
    yield Row("chips_for_weights", "chips for the weights", chips, float(value), f"{value}, so {value.whole}")


def _room(loose: Known, there: Known, where: Slice) -> Row:
    """What the weights leave, or that they do not fit."""
    room = _made(memory.kv_room, loose.stored)
    if _at(_made(memory.fewest_chips_for_weights, loose.stored), loose).number > where.chips:
        return Row("room", "room for KV caches", room, None, "none: the weights do not fit")
    return _row(there, "room", "room for KV caches", room)


def _speed(known: Known) -> Iterator[Row]:
    step = _told(decode.step, known)
    value = _at(step, known)
    yield Row("step", "decode step", step, float(value), value.shown)
    paths = [("attention", "  attention"), ("states", "  states"), ("MLP/math", "  MLP, FLOPs"), ("MLP/weights", "  MLP, weights")]
    for path, label in paths:
        if path.partition("/")[0] not in [p.name for p in step.parts]:
            continue
        part = value[path]
        bound = "  <- bound" if path == f"MLP/{value['MLP'].binding}" else ""
        yield Row(path.lower().replace("/", "_"), label, step[path], float(part), part.shown + bound)
    least = _made(decode.bound, known.model and known.model.stack)
    fastest = _at(least, known)
    yield Row("bound", "no step is below", least, float(fastest), f"{fastest.shown} ({fastest.binding})")
    yield from _estimated(known, "decode", "estimate", "step, as calibrated")
    yield _row(known, "throughput", "tokens/s/chip", _told(decode.throughput, known), bare=True)
    yield _row(known, "qps", "QPS/chip", serving.queries(step), bare=True)
    if known.priced:
        yield _row(known, "cost_per_token", "cost", _told(serving.dollars_per_token, known))
    yield _row(known, "prefill", "prefill of a prompt", _told(prefill.prefill_time, known))
    yield _row(known, "prefill_bound", "no prefill is below", _made(prefill.bound, known.model and known.model.stack))
    yield from _estimated(known, "prefill", "prefill_estimate", "prefill, as calibrated")
    yield _row(known, "prefill_servers", "prefill : generate servers", _told(_servers, known), bare=True)


def _estimated(known: Known, phase: Literal["decode", "prefill"], key: str, label: str) -> Iterator[Row]:
    """An estimate at the calibration that is named, with its interval; nothing without one that was fitted to it."""
    if known.calibration is None or known.model is None or f"{phase}.estimate" not in known.calibration.formulas:
        return
    formula = _made({"decode": decode.estimate, "prefill": prefill.estimate}[phase], known.model.stack)
    value = formula.at(*known.sheets, known.calibration)
    yield Row(key, label, formula, float(value), value.shown, value.interval)


def _rules(known: Known, batch: Any) -> Iterator[Row]:
    yield _row(known, "critical_batch", "critical batch", _told(decode.critical_batch, known))
    if reaches(known.m):
        yield _row(known, "kv_overtakes", "KV over FLOPs from context", _told(decode.kv_overtakes_math, known))
    yield _row(known, "plateau", "tokens/s/chip, at most", _told(decode.plateau, known), bare=True)
    if known.stored:
        return  # of one matmul in one format, which these weights are not
    if known.model and any(kind.split == "experts" for kind, _ in known.model.stack.structure):
        return  # experts are spread over chips, not split like one matmul
    regimes: tuple[tuple[Literal["math", "hbm"], str], ...] = (("math", "FLOPs-bound"), ("hbm", "at this batch"))
    for regime, label in regimes:
        bound = sharding.largest_model_parallelism(regime)
        here = known.but(B=batch) if regime == "hbm" else known
        yield _row(here, f"tensor_parallel_{regime}", f"model parallelism, {label}", bound)


# -- formulas and what they are worth
def _told(what: Callable[..., Any], known: Known) -> Any:
    """A formula of a model, or the book's; made once for all columns."""
    return _made(what, None if known.m is None else known.m.stack)


@lru_cache(maxsize=64)
def _made(what: Callable[..., Any], stack: Stack | None) -> Any:
    return what() if stack is None else what(stack)


def _servers(m: Stack | None = None) -> Cost:
    """Prefill servers per generate server: the threshold of ``serving.prefill_servers`` as a ratio, which needs no solving."""
    return (serving.finished_per_step() * prefill.prefill_time(m) / decode.step(m)).declare("1").named("prefill : generate servers")


def _at(formula: Any, known: Known) -> Any:
    return formula.at(*known.sheets)


def _row(known: Known, key: str, label: str, formula: Any, bare: bool = False) -> Row:
    value = _at(formula, known)
    if isinstance(value, Value):
        shown = show_quantity(float(value), value.unit) if not value.note else value.note
        return Row(key, label, formula, float(value), shown.split(" ")[0] if bare and not value.note else shown)
    lacking = f"needs {sorted(s.name for s in value.free_symbols)}" if isinstance(value, Cost) else str(value)
    return Row(key, label, formula, None, lacking)


def _slice_text(where: Slice) -> str:
    return f"{where.name} = {where.chips} chips" if len(where.shape) > 1 else show_quantity(where.chips, Unit.of("chip"))
