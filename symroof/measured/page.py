"""The page ``models/measured/README.md``: what a bound assumes, in three forms, and every measurement beside its bound."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path

from symroof.algebra.quantity import parse_quantity, show_quantity
from symroof.algebra.units import Unit
from symroof.algebra.value import Value
from symroof.measured.bounds import ROUNDING, binding, bound_of, ratio
from symroof.measured.records import NEEDS, Record, records
from symroof.sheets.chips import chip
from symroof.sheets.dtypes import dtype
from symroof.sheets.files import folders
from symroof.sheets.llms import llm
from symroof.show.forms.text import tree
from symroof.workloads import decode, prefill

_SECOND = Unit.of("s")
#: What the page has from the engine, between two marks.
_MARKED = re.compile(r"<!-- (\w+) -->(\n?).*?<!-- -->", re.DOTALL)


def path() -> Path:
    """Where the page is."""
    return folders()[-1] / "measured" / "README.md"


def page() -> str:
    """The whole page: its own text, and between marks what is measured, bounded and written as formulas today."""
    found, m = records(), llm("mixtral-8x7b")
    parts: dict[str, Callable[[], str]] = {
        "count": lambda: str(len(found)),
        "strict": lambda: f"```\n{tree(decode.bound(m))}\n\n{tree(prefill.bound(m))}\n```",
        "book": lambda: f"```\n{tree(decode.step(m))}\n```",
        "forms": lambda: "\n".join(["| case | strict | the book's | napkin |", "| --- | ---: | ---: | ---: |", *_forms()]),
        "verdict": lambda: _verdict(found),
        "tables": lambda: "\n".join(_tables(found)),
        "needs": lambda: "\n".join(f"- {category}: {', '.join(f'`{key}`' for key in keys)}" for category, keys in NEEDS.items()),
    }
    return _MARKED.sub(lambda mark: f"<!-- {mark[1]} -->{mark[2]}{parts[mark[1]]()}{mark[2]}<!-- -->", path().read_text("utf-8"))


def _verdict(found: Iterable[Record]) -> str:
    """Which measurements beat their bound, and which comes closest to it."""
    ordered = sorted(found, key=ratio)
    faster = [r.id for r in ordered if ratio(r) * ROUNDING < 1]
    if faster:
        return f"Faster than their bound: {', '.join(faster)}."
    least = ordered[0]
    return f"None is: the closest is `{least.id}`, at {float(ratio(least)):.2f} times its bound."


def _tables(found: Iterable[Record]) -> Iterable[str]:
    """A table for every source."""
    for file, rows in groupby(found, key=lambda r: r.file):
        mine = list(rows)
        origin = mine[0].origin
        yield f"### {origin.title}\n"
        yield f"[{file}]({file}), from <{origin.url}> ({origin.date}): {origin.where}.{f' {origin.note}' if origin.note else ''}\n"
        yield "| record | what | measured | bound | measured / bound | what binds |\n| --- | --- | ---: | ---: | ---: | --- |"
        yield from (_row(r) for r in mine)
        yield "".join(f"\n`{r.id}`: {r.note}\n" for r in mine if r.note)


def _row(record: Record) -> str:
    bound, took = bound_of(record), _seconds(float(record.seconds))
    _, unit = parse_quantity(record.published)
    printed = took if str(unit) == "s" else f"{took} ({record.published})"
    off = f"{float(ratio(record)):.2f}" + (" **faster than its bound**" if ratio(record) * ROUNDING < 1 else "")
    return f"| `{record.id}` | {record.what} | {printed} | {_seconds(float(bound))} | {off} | {binding(bound)} |"


def _seconds(time: float) -> str:
    return show_quantity(time, _SECOND)


def _forms() -> Iterable[str]:
    """Where the three forms differ: by the embedding, by latent attention, by attention in long prompts, by short prompts."""
    h100, h200 = chip("h100"), chip("h200")
    small, large, latent = llm("llama3-8b"), llm("llama3-70b"), llm("deepseek-v3")
    at = (h100, small, dtype("bf16"))
    yield _line(
        "LLaMA 3 8B decodes, bf16, one H100, batch 1, context 128",
        *(cost.at(*at, B=1, S=128, n=1) for cost in (decode.bound(small), decode.step(small), decode.step())),
    )
    at = (h200, latent, dtype("fp8", math="bf16"))
    yield _line(
        "DeepSeek-V3 decodes, fp8, arithmetic in bf16, 8 H200, batch 396, context 32,768",
        *(cost.at(*at, B=396, S=32768, n=8) for cost in (decode.bound(latent), decode.step(latent))),
        "refused",
    )
    for name, m, tokens, chips in (("LLaMA 3 8B", small, 131072, 1), ("LLaMA 3 70B", large, 128, 8)):
        on = f"{chips} H100" if chips > 1 else "one H100"
        costs = (prefill.bound(m), prefill.prefill_time(m).at(MFU=1), prefill.prefill_time().at(MFU=1))
        yield _line(f"{name} reads {tokens:,} tokens, bf16, {on}, MFU 1", *(c.at(h100, m, dtype("bf16"), T=tokens, n=chips) for c in costs))


def _line(case: str, *times: Value | str) -> str:
    return f"| {case} | {' | '.join(t if isinstance(t, str) else _seconds(float(t)) for t in times)} |"
