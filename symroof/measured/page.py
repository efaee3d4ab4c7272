"""The page ``models/measured/README.md``: what a bound assumes, in three forms, and every measurement beside its bound."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from symroof.algebra import show
from symroof.algebra.quantity import parse_quantity, show_quantity
from symroof.algebra.units import Unit
from symroof.algebra.value import Value
from symroof.measured.bounds import ROUNDING, binding, bound_of, ratio
from symroof.measured.records import NEEDS, Origin, Record, records
from symroof.sheets.chips import chip
from symroof.sheets.dtypes import dtype
from symroof.sheets.llms import llm
from symroof.workloads import decode, prefill

_SECOND = Unit.of("s")
_HEAD = """# What a bound assumes, and how far measurements are from it

A bound is a time that no program on the machine can beat, whatever it does. This page says what it takes for granted, how
it differs from the two other forms in which the same question is answered, and holds it against {count} published
measurements. It is generated: `python -m symroof.measured > models/measured/README.md`.

## What a bound assumes

- **The work is spread evenly** over n chips: each has 1/n of the FLOPs and of the bytes, no head, expert or layer is left over.
- **Everything that can overlap does**: the time is max(all FLOPs / (n C), all bytes / (n W_hbm)).
- **The chip runs at its datasheet**: dense peak FLOP/s of one format for all arithmetic, and the full bandwidth of its memory.
- **Each weight is read once** a pass, in the bytes its format has (scales, and tensors kept in wider formats, left out), and nothing of it
  stays on the chip from pass to pass. Of the embedding only the rows of the batch are needed; they are left out. The unembedding counts.
- **Of E experts those that are hit are read.** Under even routing B tokens that use k each hit E(1-(1-k/E)^B) on average; skewed routing
  hits fewer. `E_hit` is a letter: with `E_hit=k` the bound holds for any routing, and that is what the measurements of decoding below
  are held against (at batch 1 it is exact). Prefill counts the experts that T tokens hit under even routing.
- **A step gives every sequence one token** and reads its cache once, with the model's own KV heads, latents or windows; states are read
  and written once. Speculative decoding and prompts that are cached already are other workloads.
- **Attention is causal.** T tokens of a prompt see T(T+1)/2 pairs, half of what many programs compute. Latent attention is expanded for
  prompts and absorbed for decoding.
- **A prompt needs the logits of its last token only**, and does not write its cache.
- **All else costs nothing**: activations in and out of memory, norms, softmax, activation functions, sampling, collectives and the links
  under them, kernel launches, the host, idle time of a server.

What is left out can only make the bound smaller. Two things can break it: routing that is more skewed than assumed, where `E_hit` is not
k, and a chip that is faster than its sheet. TPU sheets take the book's round numbers (v6e: 1600 GB/s, where Google says 1638), so there a
bound may be up to 3 % too high.

## Three forms

**The strict form** is `decode.bound(m)` and `prefill.bound(m)`, for any model, here Mixtral 8x7B:

```
{decode}

{prefill}
```

**The book's form** is `decode.step(m)`: attention, then the matmuls, each limited by its own FLOPs or bytes. It is what a program does
that runs one kernel after the other, and closer to what is measured; but it is no strict bound, since the bytes of attention and the
FLOPs of matmuls could overlap:

```
{step}
```

`prefill.prefill_time(m)` is the strict form of prefill with an MFU under its FLOPs; it is as good as the MFU.

**The napkin formulas** are those without a model: `decode.step()` reads and multiplies all P parameters, the embedding too, and leaves the
FLOPs of attention out; `prefill.prefill_time()` is 2PT / (n C MFU), without attention and without reading the weights. They are
approximations of a dense model with full attention, can lie above or below the strict form, and are refused for any other model.

| case | strict | the book's | napkin |
| --- | ---: | ---: | ---: |
{forms}

## Measurements

A measurement may be at most 1 % faster than its bound, for rounding; otherwise a test fails with its name, and either the bound or the
measurement is explained here. {verdict}

What a bound is compared with depends on the category:

- *decode*: the time of a step, `decode.bound(m)` at the batch and at the context that is given, the shortest where it is not known.
- *latency*, *serving*: prompts and generation of one static batch, `prefill.bound(m)` and a `decode.bound(m)` for every token but the
  first, at the mean context (a maximum of lines is convex, so the sum over the steps is no less).
- *prefill*: `prefill.bound(m)`; the prompts of a batch share the weights.
- *layer*: the FLOPs of one layer, forward or, with recomputation as stated, forward and backward; or its weights read once.
- *attention*: `decode.attention_time(m)` of one layer; *gemm*: `roofline(matmul(...))`; *copy*: bytes read and written.

Tokens per second are turned into the time of a step, a prompt or a batch. Measured over bound is how much slower than perfect the run was.

{tables}
## Add a measurement

One TOML file a source: `title`, `url`, `date` ("YYYY-MM", when it was published or looked up), `where` in it, a `note`, and
`[[records]]`. A record has an `id`, a `category`, what was `measured` ("9.53 ms", "104.9 token/s" of all sequences together,
"6818 token/s/chip"), a `chip` and how many `chips`, a `format` (and `weights`, `kv`, `math` where they differ), a `note`, and what its
category needs; a key that changes nothing is refused:

{needs}
A layer may have a `remat` policy ("none", "block", "matmuls"): it is then trained, forward and backward. A chip or model without a sheet is
written into the file: `[rates.NAME]` with `title`, `flops.FORMAT` and `bandwidth`, `[models.NAME]` as in `models/llms`, their sources under
`[sources.KEY]`. Give the smallest context, the fewest bytes and the largest rate that the source allows, and say so in the note.
"""


def page() -> str:
    """The whole page."""
    found = records()
    m = llm("mixtral-8x7b")
    return _HEAD.format(
        count=len(found),
        decode=show.tree(decode.bound(m)),
        prefill=show.tree(prefill.bound(m)),
        step=show.tree(decode.step(m)),
        forms="\n".join(_forms()),
        verdict=_verdict(found),
        tables="\n".join(_tables(found)),
        needs="".join(f"- {category}: {', '.join(f'`{key}`' for key in keys)}\n" for category, keys in NEEDS.items()),
    )


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
    for origin, rows in groupby(found, key=lambda r: r.origin):
        yield f"### {origin.title}\n"
        yield _cited(origin) + "\n"
        yield "| record | what | measured | bound | measured / bound | what binds |\n| --- | --- | ---: | ---: | ---: | --- |"
        mine = list(rows)
        yield from (_row(r) for r in mine)
        yield "".join(f"\n`{r.id}`: {r.note}\n" for r in mine if r.note)


def _cited(origin: Origin) -> str:
    note = f" {origin.note}" if origin.note else ""
    return f"[{origin.file}]({origin.file}), from <{origin.url}> ({origin.date}): {origin.where}.{note}"


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
