"""``symroof serve``: the story of every format side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symroof.algebra.quantity import show_number, show_quantity
from symroof.algebra.symbols import DERATES, FORMAT_OF, C, p_kv, p_w, price
from symroof.ask.letters import reach, refuse_unused
from symroof.plan.setting import Setting
from symroof.plan.story import Row
from symroof.plan.story import story as rows_of
from symroof.present.book import formula_text
from symroof.present.tables import as_json, latex_table, printed


def story(settings: Sequence[Setting], form: str, formulas: bool = False, shape: str | int | None = None) -> int:
    """Print the story; exit code 1 if no format fits."""
    columns = [rows_of(s, shape) for s in settings]
    for s, rows in zip(settings, columns, strict=True):
        free = {x for r in rows if r.formula is not None for x in r.formula.free_symbols}
        refuse_unused(s.given, reach(free, (s.chip, s.model, s.formats)))
    if form == "json":
        print(as_json({**_head(settings[0]), "formats": {_label(s): _record(rows) for s, rows in zip(settings, columns, strict=True)}}))
    else:
        labels = list(dict.fromkeys((r.key, r.label) for rows in columns for r in rows))
        by_key = [{r.key: r for r in rows} for rows in columns]
        lines = [_line(key, label, by_key, formulas, form) for key, label in labels]
        names = [_label(s) for s in settings]
        head = ["", *names, "formula"] if formulas else ["", *names]
        if form == "latex":
            print(latex_table(head, lines))
        else:
            printed(_title(settings[0]), head, lines, caption=_notes(settings))
    return 0 if any(r.key == "step" for rows in columns for r in rows) else 1


def _line(key: str, label: str, columns: Sequence[dict[str, Row]], formulas: bool, form: str) -> list[str]:
    cells = [c[key].shown if key in c else "" for c in columns]
    if formulas:
        row = next(c[key] for c in columns if key in c)
        cells.append(_formula(row.formula, form))
    return [label, *cells]


def _formula(formula: Any, form: str) -> str:
    if formula is None:
        return ""
    return f"$\\displaystyle {formula.latex()}$" if form == "latex" else formula_text(formula)


def _record(rows: Sequence[Row]) -> dict[str, Any]:
    return {
        r.key: {
            "label": r.label.strip(),
            "value": r.value,
            "unit": str(r.formula.unit) if r.formula is not None and r.value is not None and not isinstance(r.value, str) else None,
            "shown": r.shown,
            "formula": None if r.formula is None else formula_text(r.formula),
        }
        for r in rows
    }


def _head(s: Setting) -> dict[str, Any]:
    t = s.traffic
    return {"model": s.model.name, "chip": s.chip.name, "context": t.context, "prompt": t.prompt, "generated": t.generated, "mfu": t.mfu}


def _title(s: Setting) -> str:
    t = s.traffic
    tokens = ", ".join(f"{word} {float(x):g}" for word, x in (("context", t.context), ("prompt", t.prompt), ("generated", t.generated)))
    return f"{s.model.title} on {s.chip.title}: {tokens} tokens"


def _label(s: Setting) -> str:
    """The column of a setting: the format, and the KV cache's if it is another; of weights the bytes that are given instead."""
    parts = dict(word.split(" ") for word in s.formats.title.split(", ")[:4])
    weights = _given(s, p_w) if p_w in s.extra else s.formats.name
    same = p_kv in s.extra or (parts["p_kv"] == parts["p_w"] and p_w not in s.extra)
    return weights if same else f"{weights}, KV {parts['p_kv']}"


def _given(s: Setting, x: Any) -> str:
    value = next(v for table in (s.extra, s.model.values, s.chip.values) for v in [table.get(x)] if v is not None)
    return f"{x} = {show_quantity(float(value), x.unit)}"


def _notes(settings: Sequence[Setting]) -> str:
    """What the numbers stand on: formulas, arithmetic, formats, price."""
    first = settings[0]
    arithmetic = FORMAT_OF[first.formats.values[C]]
    fitted = ", ".join(f"{s}={float(v):g}" for s, v in first.extra.items() if s in DERATES)
    free = "everything evenly sharded, memory and arithmetic overlapped, communication and activations free"
    what = f"Estimates with {fitted}: {free}." if fitted else f"At peak rates: {free}."
    notes = [f"Arithmetic in {arithmetic}; a format is that of weights and KV cache unless --kv says otherwise. {what}"]
    if first.m is None:
        notes.append("The book's approximations of a dense model: all parameters are read and multiplied, attention only reads.")
    notes.append(
        '"No step is below": all FLOPs over the peak or all bytes over the bandwidth, whichever is more; see models/measured/README.md.'
    )
    if first.given:
        notes.append(f"Given: {', '.join(_given(first, x) for x in sorted(first.given, key=str))}.")
    if first.priced:
        notes.append(f"Price of a chip {_price(first)}.")
    rings = " Model parallelism with wrap-around links; about half without." if first.chip.kind == "tpu" else ""
    notes.append(f"MFU of prefill {float(first.traffic.mfu):g}.{rings}")
    return "\n".join(notes)


def _price(s: Setting) -> str:
    if price in s.extra:
        return f"${show_number(float(s.extra[price]) * 3600)}/h, as given"
    return s.chip.priced
