"""The serving story of one setting: what it weighs, where it fits, how fast it decodes, what it costs, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from symroof.algebra.cost import Cost
from symroof.algebra.quantity import show_quantity
from symroof.algebra.units import Unit
from symroof.algebra.value import Value
from symroof.errors import UnknownName
from symroof.plan.setting import Setting
from symroof.sheets.llms import Llm
from symroof.sheets.slices import Slice
from symroof.transformer.stack import Stack
from symroof.workloads import decode, memory, prefill, serving, sharding


@dataclass(frozen=True)
class Row:
    """One line of the story: a key for machines, a label, the formula, the value and what is shown of it."""

    key: str
    label: str
    formula: Any
    value: Any
    shown: str


def story(setting: Setting, shape: str | int | None = None) -> list[Row]:
    """All rows of a setting, on the given slice or on the smallest that holds it.

    A setting that fits nowhere ends with the row that says so.
    """
    if shape:
        setting.chip.slice(shape)
    rows = list(_sizes(setting))
    try:
        where, fits = place(setting, shape)
    except UnknownName as problem:
        return [*rows, Row("slice", "smallest slice", _told(memory.fewest_chips, setting.m), None, f"none: {problem}")]
    batch = _batch(setting, where)
    rows.append(Row("slice", "slice" if shape else "smallest slice", _told(memory.fewest_chips, setting.m), where.name, _slice_text(where)))
    rows.append(_room(setting, where))
    largest = setting.at(_told(memory.largest_batch, setting.m), where)
    whole = int(largest.number) if largest.number > 0 else 0
    rows.append(Row("largest_batch", "largest batch", _told(memory.largest_batch, setting.m), whole, str(whole)))
    if not fits or batch < 1:
        return [*rows, Row("batch", "batch", None, None, f"does not fit on {where.name}")]
    rows.append(Row("batch", "batch", None, float(batch), f"{float(batch):g}"))
    return rows + list(_speed(setting, where, batch)) + list(_rules(setting, where, batch))


def place(setting: Setting, shape: str | int | None) -> tuple[Slice, bool]:
    """The slice asked for, or the smallest that holds the weights and the batch (one sequence by default); does it fit?

    Raises UnknownName if there is no such slice, or none is large enough.
    """
    needed = setting.at(_told(memory.fewest_chips, setting.m), B=setting.traffic.batch or 1)
    where = setting.chip.slice(shape) if shape else setting.chip.smallest_slice(needed.number)
    return where, bool(needed.number <= where.chips)


def _batch(setting: Setting, where: Slice) -> Any:
    if setting.traffic.batch is not None:
        return setting.traffic.batch
    largest = setting.at(_told(memory.largest_batch, setting.m), where).number
    return int(largest) if largest > 0 else 0


def _told(what: Callable[..., Any], m: Llm | None) -> Any:
    """A formula of a model, or the book's; made once for all columns."""
    return _made(what, None if m is None else m.stack)


@lru_cache(maxsize=64)
def _made(what: Callable[..., Any], stack: Stack | None) -> Any:
    return what() if stack is None else what(stack)


def _servers(m: Stack | None = None) -> Any:
    """Prefill servers per generate server; of a model, whose times are long formulas, the ratio that the threshold is."""
    if m is None:
        return serving.prefill_servers()
    return (serving.finished_per_step() * prefill.prefill_time(m) / decode.step(m)).declare("1").named("prefill : generate servers")


def _room(setting: Setting, where: Slice) -> Row:
    """What the weights leave, or that they do not fit."""
    if setting.at(_made(memory.fewest_chips_for_weights, None)).number > where.chips:
        return Row("room", "room for KV caches", memory.kv_room(), None, "none: the weights do not fit")
    return _row(setting, "room", "room for KV caches", memory.kv_room(), where)


def _sizes(setting: Setting) -> Iterator[Row]:
    yield _row(setting, "weights", "weights", memory.weight_memory())
    yield _row(setting, "kv_per_token", "KV cache per token", _told(memory.kv_per_token, setting.m))
    chips = _made(memory.fewest_chips_for_weights, None)
    value = setting.at(chips)
    yield Row("chips_for_weights", "chips for the weights", chips, float(value), f"{value}, so {value.whole}")


def _speed(setting: Setting, where: Slice, batch: Any) -> Iterator[Row]:
    step = _told(decode.step, setting.m)
    value = setting.at(step, where, B=batch)
    yield Row("step", "decode step", step, float(value), value._shown())
    paths = [("attention", "  attention"), ("states", "  states"), ("MLP/math", "  MLP, FLOPs"), ("MLP/weights", "  MLP, weights")]
    for path, label in paths:
        if path.partition("/")[0] not in [p.name for p in step.parts]:
            continue
        part = value[path]
        bound = "  <- bound" if path == f"MLP/{value['MLP'].binding}" else ""
        yield Row(path.lower().replace("/", "_"), label, step[path], float(part), part._shown() + bound)
    least = _told(decode.bound, setting.model)
    fastest = setting.at(least, where, B=batch)
    yield Row("bound", "no step is below", least, float(fastest), f"{fastest._shown()} ({fastest.binding})")
    yield _row(setting, "throughput", "tokens/s/chip", _told(decode.throughput, setting.m), where, bare=True, B=batch)
    yield _row(setting, "qps", "QPS/chip", serving.queries(step), where, bare=True, B=batch)
    if setting.priced:
        yield _row(setting, "cost_per_token", "cost", _told(serving.dollars_per_token, setting.m), where, B=batch)
    yield _row(setting, "prefill", "prefill of a prompt", _told(prefill.prefill_time, setting.m), where)
    yield _row(setting, "prefill_bound", "no prefill is below", _told(prefill.bound, setting.model), where)
    yield _row(setting, "prefill_servers", "prefill : generate servers", _told(_servers, setting.m), where, bare=True, B=batch)


def _rules(setting: Setting, where: Slice, batch: Any) -> Iterator[Row]:
    yield _row(setting, "critical_batch", "critical batch", _told(decode.critical_batch, setting.m), where)
    yield _row(setting, "kv_overtakes", "KV over FLOPs from context", _told(decode.kv_overtakes_math, setting.m), where)
    yield _row(setting, "plateau", "tokens/s/chip, at most", _told(decode.plateau, setting.m), where, bare=True)
    if any(kind.split == "experts" for kind, _ in setting.model.stack.structure):
        return  # experts are spread over chips, not split like one matmul
    regimes: tuple[tuple[Literal["math", "hbm"], str], ...] = (("math", "FLOPs-bound"), ("hbm", "at this batch"))
    for regime, label in regimes:
        bound = sharding.largest_model_parallelism(regime)
        extra = {"B": batch} if regime == "hbm" else {}
        yield _row(setting, f"tensor_parallel_{regime}", f"model parallelism, {label}", bound, where, **extra)


def _row(setting: Setting, key: str, label: str, formula: Any, where: Slice | None = None, bare: bool = False, **values: Any) -> Row:
    value = setting.at(formula, where, **values)
    if isinstance(value, Value):
        shown = show_quantity(float(value), value.unit) if not value.note else value.note
        return Row(key, label, formula, float(value), shown.split(" ")[0] if bare and not value.note else shown)
    return Row(
        key, label, formula, None, str(value) if not isinstance(value, Cost) else f"needs {sorted(s.name for s in value.free_symbols)}"
    )


def _slice_text(where: Slice) -> str:
    return f"{where.name} = {where.chips} chips" if len(where.shape) > 1 else show_quantity(where.chips, Unit.of("chip"))
