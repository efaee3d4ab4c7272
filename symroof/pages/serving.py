"""``symroof serve``: the story of every format side by side, or the best configuration within a latency limit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symroof.algebra.quantity import show_number, show_quantity
from symroof.algebra.symbols import DERATES
from symroof.plan import within as plan
from symroof.plan.setting import Setting
from symroof.plan.story import Row
from symroof.plan.story import story as rows_of
from symroof.present.book import formula_text
from symroof.present.tables import as_json, latex_table, printed


def story(settings: Sequence[Setting], form: str, formulas: bool = False, shape: str | int | None = None) -> int:
    """Print the story; exit code 1 if no format fits."""
    columns = [rows_of(s, shape) for s in settings]
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


def within(settings: Sequence[Setting], form: str, formulas: bool = False) -> int:
    """Print, for every format, the slices with their best batch, and the best of all; exit code 1 if none can."""
    found = {_label(s): plan.candidates(s) for s in settings}
    hidden = {_label(s): plan.with_hidden_communication(s, found[_label(s)]) for s in settings}
    winner = plan.best([c for cs in found.values() for c in cs])
    careful = plan.best([c for cs in hidden.values() for c in cs], hidden=True)
    if form == "json":
        tables = {name: [_candidate(c) for c in cs] for name, cs in found.items()}
        best = {"best": winner and _candidate(winner), "best_with_hidden_communication": careful and _candidate(careful)}
        print(as_json({**_head(settings[0]), "latency": settings[0].traffic.latency, **best, "slices": tables}))
        return 0 if winner else 1
    for s in settings:
        rows = [_cells(c, c is winner) for c in found[_label(s)]]
        head = ["slice", "batch", "step", "tokens/s/chip", "cost", "stopped by", "comms hide up to batch"]
        if form == "latex":
            print(latex_table([f"{_label(s)}: {head[0]}", *head[1:]], rows))
        else:
            printed(f"{_title(s)}, {_label(s)}, step <= {show_quantity(float(s.traffic.latency or 0), s.at(_step(s)).unit)}", head, rows)
    if form == "text":
        _verdict(settings, winner, careful)
        if formulas:
            printed("", ["", "formula"], [[label, formula_text(f)] for label, f in _rules(settings[0])], left=2)
    return 0 if winner else 1


def _verdict(settings: Sequence[Setting], winner: plan.Candidate | None, careful: plan.Candidate | None) -> None:
    if winner is None:
        print("No slice meets the limit: see what stops each one above.")
        return
    print(f"Best: {_sentence(winner)}; stopped by {winner.stopped_by}.")
    if winner.hidden_batch is None:
        print("Communication is not modelled here.")
    elif careful is None:
        print("On every slice the collectives of model parallelism show at any batch.")
    elif careful is not winner:
        print(
            f"With the collectives of {winner.slice.chips}-way model parallelism hidden: {_sentence(careful)}; "
            f"stopped by {careful.stopped_by}."
        )
    s = next(s for s in settings if s.formats.name == winner.formats)
    from symroof.workloads import decode

    fewest = s.at(decode.chips_within(s.arch))
    print(f"The weights alone take the whole limit on {show_number(float(fewest))} chips; fewer can never meet it.")


def _sentence(c: plan.Candidate) -> str:
    cost = f", {c.cost}" if c.cost else ""
    step = c.step._shown() if c.step else ""
    return f"{c.formats} on {c.slice.name}, batch {c.batch}, step {step}, {show_number(c.throughput)} tokens/s/chip{cost}"


def _cells(c: plan.Candidate, best: bool) -> list[str]:
    if not c.batch:
        return [c.slice.name, "-", "", "", "", c.stopped_by, ""]
    hide = "any" if c.hidden_batch == float("inf") else "not modelled" if c.hidden_batch is None else show_number(c.hidden_batch)
    if not c.slice.wrapped and c.hidden_batch is not None:
        hide += " (no wrap-around)"
    cost = str(c.cost) if c.cost else "-"
    name = f"{c.slice.name}  <- best" if best else c.slice.name
    return [name, str(c.batch), c.step._shown() if c.step else "", show_number(c.throughput), cost, c.stopped_by, hide]


def _candidate(c: plan.Candidate) -> dict[str, Any]:
    return {
        "formats": c.formats,
        "slice": c.slice.name,
        "chips": c.slice.chips,
        "batch": c.batch,
        "step": None if c.step is None else float(c.step),
        "tokens_per_s_per_chip": c.throughput,
        "usd_per_token": None if c.cost is None else float(c.cost),
        "stopped_by": c.stopped_by,
        "communication_hides_up_to_batch": c.hidden_batch,
        "wrap_around": c.slice.wrapped,
    }


def _rules(s: Setting) -> list[tuple[str, Any]]:
    from symroof.workloads import decode, memory

    return [
        ("step", _step(s)),
        ("largest batch by memory", memory.largest_batch(s.arch)),
        ("largest batch by latency", decode.batch_within(s.arch)),
        ("fewest chips by latency", decode.chips_within(s.arch)),
    ]


def _step(s: Setting) -> Any:
    from symroof.workloads import decode

    return decode.step(s.arch)


def _head(s: Setting) -> dict[str, Any]:
    t = s.traffic
    return {"model": s.model.name, "chip": s.chip.name, "context": t.context, "prompt": t.prompt, "generated": t.generated, "mfu": t.mfu}


def _title(s: Setting) -> str:
    t = s.traffic
    tokens = ", ".join(f"{word} {float(x):g}" for word, x in (("context", t.context), ("prompt", t.prompt), ("generated", t.generated)))
    return f"{s.model.title} on {s.chip.title}: {tokens} tokens"


def _label(s: Setting) -> str:
    """The column of a setting: the format, and the KV cache's if it is another."""
    parts = dict(word.split(" ") for word in s.formats.title.split(", ")[:4])
    return s.formats.name if parts["p_kv"] == parts["p_w"] else f"{s.formats.name}, KV {parts['p_kv']}"


def _notes(settings: Sequence[Setting]) -> str:
    arithmetic = settings[0].formats.title.rpartition(" ")[2]
    fitted = ", ".join(f"{s}={float(v):g}" for s, v in settings[0].extra.items() if s in DERATES)
    what = f"Estimates with {fitted}" if fitted else "Lower bounds"
    free = "everything evenly sharded, memory and arithmetic overlapped, communication and activations free"
    notes = [f"Arithmetic in {arithmetic}. {what}: {free}."]
    if settings[0].arch.experts:
        notes.append("A mixture of experts: FLOPs of the active experts, but all experts are read in every step.")
    rings = " Model parallelism with wrap-around links; about half without." if settings[0].chip.kind == "tpu" else ""
    notes.append(f"MFU of prefill {float(settings[0].traffic.mfu):g}.{rings}")
    return "\n".join(notes)
