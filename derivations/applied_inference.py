"""How to Scale Your Model, part 8: serving LLaMA 3-70B on TPU v5e, question by question.

The chapter rounds the model to 70e9 parameters, and so does ``LLAMA``. Its HBM bandwidth is 8.1e11 byte/s in some places
(the chip's sheet) and 8.2e11 in others; where it is the latter, ``W_hbm=TEXT`` says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from symroof import (
    Answer,
    Bound,
    Cost,
    Llm,
    Sheet,
    Value,
    answer,
    chip,
    decode,
    dtype,
    llm,
    memory,
    prefill,
    question,
    serving,
    sharding,
    solve,
    symbol,
)
from symroof.symbols import C_FORMAT, B, C, D, F, H, K, N, P, S, W_ici, n, price

CHAPTER = "How to Scale Your Model, part 8: serving LLaMA 3-70B on TPUs"

V5E, V5P, H100 = chip("tpu-v5e"), chip("tpu-v5p"), chip("h100")
MODEL = llm("llama3-70b")
BF16 = dtype("bf16")
INT8 = dtype("int8", activations="bf16", math="bf16")  # weights and cache in int8, arithmetic in bf16
INT4 = dtype("int4", activations="bf16", math="bf16")
TEXT = "820 GB/s"  # the HBM bandwidth of the chapter's text and listing
FULL = decode.full_hbm_time()
CACHES = memory.whole(memory.largest_batch()).declare("sequence").named("caches")  # that fit beside the weights
QUERIES = serving.queries(FULL).at(B=CACHES)  # per chip, of a batch that fills HBM
FLEET = (n * QUERIES).named("queries/s of a slice")

t = symbol("t", "s", "a step time as print rounds it")
ROUNDED = Cost(t, "s", "rounded step")
ROUNDED_QUERIES = serving.queries(ROUNDED)


def with_parameters(count: int) -> Llm:
    """The model with a parameter count as print has it."""
    return replace(MODEL, values={**MODEL.values, P: Fraction(count)})


LLAMA = with_parameters(70 * 10**9)


def truncated(value: Value, digit: float) -> float:
    """A value with everything below ``digit`` cut off, as print has it in places."""
    return math.floor(float(value) / digit) * digit


@question("hp", "the model", CHAPTER)
def hp() -> Iterator[Answer]:
    """What the table of dimensions adds up to. It gives 70.6e9 parameters, which the chapter calls 70e9 from here on.

    Eight query heads share each KV head, which is what keeps the cache small.
    """
    yield answer("serving.hp", "parameters", memory.parameters(), memory.parameters().at(MODEL), "70e9", "70.55e9, rounded down to 70e9")
    for id, asked, ratio in (
        ("serving.hp.ratio", "query heads per KV head", N / K),
        ("serving.hp.ratio.mlp", "d_ff over d_model", F / D),
        ("serving.hp.ratio.heads", "width of all query heads", N * H),
    ):
        shape = Cost(ratio, "1")
        yield answer(id, asked, shape, shape.at(MODEL))


@question("q01", "which chip buys most FLOPs per dollar", CHAPTER)
def q01() -> Iterator[Answer]:
    """How many bf16 FLOPs a dollar buys on H100, v5p and v5e: v5e leads, 1.8 times the H100 and 1.5 times v5p.

    Print is right to two digits, v5e 1.9 % low. The very first edition forgot the 3600 s of an hour.
    """
    bought = serving.flops_per_dollar()
    low = "5.91e17, printed 1.9 % low"
    for id, sheet, printed, why in (("h100", H100, "3.3e17", ""), ("v5p", V5P, "3.9e17", ""), ("v5e", V5E, "5.8e17", low)):
        yield answer(f"serving.q01.{id}", f"FLOPs per dollar, {sheet.title}", bought, bought.at(sheet, BF16), f"{printed} FLOP/USD", why)
    C_other, price_other = (
        symbol("C_other", "FLOP/s", "FLOP/s of the other chip"),
        symbol("price_other", "USD/s", "price of the other chip"),
    )
    ratio = bought / bought.at({C: C_other, price: price_other})
    others = [{C_other: c[C_FORMAT["bf16"]], price_other: c[price]} for c in (H100, V5P)]
    yield answer("serving.q01.rank", "v5e against H100, against v5p", ratio, [ratio.at(V5E, BF16, other) for other in others])


@question("q02", "KV cache of a token and of 240 long sequences", CHAPTER)
def q02() -> Iterator[Answer]:
    """How large the int8 KV cache is: 163,840 bytes per token, 18 times the weights for 240 sequences of 32k tokens.

    Print rounds that number in three ways (160 kB, 160e3, 162e3). The last rounding, 1.29 TB to 1.3 TB, costs a chip:
    85 hold it, not 86.
    """
    token, cache, chips = memory.kv_per_token(), memory.kv_memory(), memory.whole(memory.fewest_chips())
    long = {S: 32768}
    exact = "163,840 B = 160 KiB, read as 160 kB; later 160e3 and 162e3"
    yield answer("serving.q02.a", "KV cache per token, int8", token, token.at(LLAMA, INT8), "160 kB", exact)
    one = memory.kv_per_sequence()
    yield answer("serving.q02.b", "KV cache of a 32k sequence", one, one.at(LLAMA, INT8, long), "5.3 GB")
    yield answer("serving.q02.c", "KV cache of 240 of them", cache, cache.at(LLAMA, INT8, long, B=240), "1.3 TB", "1.289 TB, rounded")
    needed, over = chips.at(V5E, LLAMA, INT8, long, B=240), "84.9 make 85; 86 is due to the rounded 1.3 TB"
    yield answer("serving.q02.d", "v5e chips for them and the weights", chips, needed, "86 chips", over)
    ratio = cache / memory.weight_memory()
    yield answer("serving.q02.e", "KV cache over weights", ratio, ratio.at(LLAMA, INT8, long, B=240))


@question("q03", "memory and smallest slice at batch 32, 8k context", CHAPTER)
def q03() -> Iterator[Answer]:
    """What 32 sequences of 8k tokens need in int8: 113 GB, so a 4x2 slice of v5e.

    Print says exactly 7 chips, which holds only with 160e3 bytes per token; exact bytes need 7.06, and 7 chips would not do.
    """
    given = {B: 32, S: 8192}
    cache, total, chips = memory.kv_memory(), memory.memory(), memory.fewest_chips()
    yield answer("serving.q03.a", "KV cache", cache, cache.at(LLAMA, INT8, given), "41.9 GB", "160e3 bytes a token for 163,840")
    yield answer("serving.q03.b", "weights and KV cache", total, total.at(LLAMA, INT8, given), "112 GB")
    over = "7.06 with exact bytes, so 7 chips would not do"
    yield answer("serving.q03.c", "v5e chips, a fraction", chips, chips.at(V5E, LLAMA, INT8, given), "7 chips", over)
    slice_ = memory.slice_chips(chips.cost)
    yield answer("serving.q03.d", "smallest slice, 4x2", slice_, slice_.at(V5E, LLAMA, INT8, given), "8 chips")


@question("q04", "latency and throughput on 4x2 and 4x4", CHAPTER)
def q04() -> Iterator[Answer]:
    """How long a decode step takes at batch 32 in int8: 17.4 ms on 4x2, bound by bandwidth, half of it on 4x4.

    Throughput per chip is 230 tokens/s on both; print's 235 divides by a step rounded to 17 ms. The limit of model
    parallelism is printed as 22, but its constant 2550 is C/W_ici of TPU v5p; v5e has 2189, and 26.
    """
    given = {B: 32, S: 8192}
    critical, slow, step = decode.critical_batch(), decode.memory_bound_step(), decode.step()
    small, large = V5E.on("4x2"), V5E.on("4x4")
    fleet, each = (B / step).declare("token/s").named("tokens/s"), decode.throughput()
    limit = sharding.largest_model_parallelism("math")
    mixed = "17.4 ms with exact bytes and 8.1e11 byte/s; elsewhere the chapter takes 8.2e11"
    carried = "divides by 17 ms, rounded from 17.4 ms"
    own = limit.at(small, LLAMA, INT8)
    yield answer("serving.q04.a", "critical batch, int8 weights, bf16 FLOPs", critical, critical.at(V5E, INT8, W_hbm=TEXT), "120")
    yield answer("serving.q04.b", "step on 4x2, bandwidth only", slow, slow.at(small, LLAMA, INT8, given), "17 ms", mixed)
    yield answer("serving.q04.b2", "step on 4x2, general formula", step, step.at(small, LLAMA, INT8, given))
    yield answer("serving.q04.c", "tokens per second on 4x2", fleet, fleet.at(small, LLAMA, INT8, given), "1882 token/s", carried)
    yield answer("serving.q04.d", "throughput on 4x2", each, each.at(small, LLAMA, INT8, given), "235 token/s/chip", carried)
    v5p = "2550 is C/W_ici of TPU v5p; for v5e it is 2189"
    yield answer("serving.q04.e", "model parallelism before ICI binds", limit, own, "22", v5p, limit.at(V5P, LLAMA, INT8, n_axes=2))
    ratio, alpha = sharding.network_intensity(), symbol("alpha", "FLOP/byte", "C / W_ici")
    in_alpha = limit.at(C=alpha * W_ici)
    of_v5e = in_alpha.at(small, LLAMA, INT8, {alpha: ratio.at(V5E)})
    yield answer("serving.q04.e2", "the same in alpha, with the alpha of v5e", in_alpha, of_v5e)
    yield answer("serving.q04.alpha", "alpha of v5p and of v5e", ratio, [ratio.at(V5P), ratio.at(V5E)])
    yield answer("serving.q04.f", "step on 4x4", step, step.at(large, LLAMA, INT8, given), "8.5 ms", "half of the rounded 17 ms")
    yield answer("serving.q04.g", "throughput on 4x4", each, each.at(large, LLAMA, INT8, given), "235 token/s/chip", carried)


@question("q05", "batch from which the matmuls are compute-bound", CHAPTER)
def q05() -> Iterator[Answer]:
    """The critical batch of v5e in three formats: 240 in bf16, 120 with int8 weights and bf16 FLOPs, 240 in int8 throughout.

    The chip's own table, 8.1e11 byte/s, would give 243 and 122. The int8 rate is exactly twice the bf16 rate.
    """
    critical = decode.critical_batch()
    rows = (("a", "bf16", BF16, "240"), ("b", "int8 weights, bf16 FLOPs", INT8, "120"), ("c", "int8", dtype("int8", math="int8"), "240"))
    for id, asked, form, printed in rows:
        yield answer(f"serving.q05.{id}", f"critical batch, {asked}", critical, critical.at(V5E, form, W_hbm=TEXT), printed)


@question("q06", "smallest topology for bf16, int8 and int4", CHAPTER)
def q06() -> Iterator[Answer]:
    """Which slice holds the weights in each format, and how many 8k caches fit beside them: 16, 8 and 4 chips, 43 caches each.

    The caches are the same because weights, caches and slice all scale with the bytes per element. Print has 68 GB for
    58, 45 GB for the 35 GB of int4 weights, and 52 and 67 caches because it divides the weights, not the room beside them.
    """
    cache = memory.weight_memory() / memory.kv_per_sequence()  # what print takes for the number of caches
    low = {"kv": ("1.1 % low: multiples of 162 kB", None)}
    slip = with_parameters(90 * 10**9)  # print's 45 GB for int4 weights are 90e9 half bytes
    taken = "print divides the weights ({} GB) by a cache, not the room beside them"
    int8 = low | {
        "rem": ("8 x 16 GB - 70 GB is 58 GB; a slip of a digit", None),
        "num": (taken.format(70), int(cache.at(LLAMA, INT8, S=8192))),
    }
    int4 = low | {
        "size": ("70e9 x 0.5 is 35 GB; a slip of a digit, corrected in the later edition", None),
        "min": ("45 GB / 16 GB, from the wrong 45 GB", memory.fewest_chips_for_weights().at(V5E, slip, INT4)),
        "rem": ("64 GB - 45 GB, from the wrong 45 GB", memory.kv_room().at(V5E.on("2x2"), slip, INT4)),
        "num": (taken.format(45), int(cache.at(slip, INT4, S=8192))),
    }
    yield from _row("bf16", BF16, "4x4", ("140 GB", "324 kB", "8.75 chips", "16 chips", "116 GB", "43"), low)
    yield from _row("int8", INT8, "4x2", ("70 GB", "162 kB", "4.38 chips", "8 chips", "68 GB", "52"), int8)
    yield from _row("int4", INT4, "2x2", ("45 GB", "81 kB", "2.81 chips", "4 chips", "19 GB", "67"), int4)
    fit, slices = memory.largest_batch(), (("4x4", BF16), ("4x2", INT8), ("2x2", INT4))
    same = [fit.at(V5E.on(shape), LLAMA, form, S=8192) for shape, form in slices]
    yield answer("serving.q06.same", "8k sequences that fit, a fraction, in bf16, int8, int4", fit, same)


def _row(name: str, form: Sheet, shape: str, printed: tuple[str, ...], remarks: dict[str, tuple[str, Any]]) -> Iterator[Answer]:
    """A row of the topology table; the remarks say, by column, why print differs and what the book's inputs give."""
    given = (V5E.on(shape), LLAMA, form, {S: 8192})
    least = memory.fewest_chips_for_weights()
    columns: tuple[tuple[str, str, Cost | Bound], ...] = (
        ("size", "weights", memory.weight_memory()),
        ("kv", "KV cache per token", memory.kv_per_token()),
        ("min", "v5e chips, a fraction", least),
        ("slice", f"smallest slice, {shape}", memory.slice_chips(least.cost)),
        ("rem", "room for KV caches", memory.kv_room()),
        ("num", "8k caches that fit", CACHES),
    )
    for (key, asked, formula), text in zip(columns, printed, strict=True):
        yield answer(f"serving.q06.{name}.{key}", f"{asked}, {name}", formula, formula.at(*given), text, *remarks.get(key, ()))


@question("q07", "step time when the batch fills HBM", CHAPTER)
def q07() -> Iterator[Answer]:
    """How long a step takes if the batch fills HBM: the time to read all of it, 19.5 ms, whatever the model and slice.

    Print cuts off digits: 19 ms, and 9 s for 512 steps, which are 9.99 s. Its 10 ms for int4 weights alone needs 35 GB, so
    it contradicts the 45 GB of its own table.
    """
    long, weights, on = serving.generation_time(FULL), decode.weight_time(), V5E.on("2x2")
    full, all_steps = FULL.at(V5E, W_hbm=TEXT), long.at(V5E, W_hbm=TEXT, G=512)
    light, table = (weights.at(on, model, INT4, W_hbm=TEXT) for model in (LLAMA, with_parameters(90 * 10**9)))
    yield answer("serving.q07.a", "time to read a full HBM", FULL, full, "19 ms", "19.5 ms, cut off", truncated(full, 1e-3))
    cut = "512 x 19.5 ms is 9.99 s, cut off to 9 s"
    yield answer("serving.q07.b", "time to generate 512 tokens", long, all_steps, "9 s", cut, truncated(all_steps, 1))
    cut = "10.7 ms, cut off; it takes 35 GB of weights where the table prints 45 GB"
    yield answer("serving.q07.c", "time to read the int4 weights on 2x2", weights, light, "10 ms", cut, truncated(light, 1e-3))
    yield answer("serving.q07.c.table", "the same with the 45 GB of the table", weights, table)


@question("tk", "two lower bounds", CHAPTER)
def tk() -> Iterator[Answer]:
    """The takeaway: reading all weights once, or doing all FLOPs at peak, bounds a step from below.

    The first is called good to a factor of 1.5 while caches are small. At 8k context on v5e that holds up to 26 sequences:
    the batch of 32 above is already 1.6 times the bound.
    """
    weights, flops = decode.weight_time(), decode.math_time()
    yield answer("serving.tk.a", "time to read the int8 weights on 4x2", weights, weights.at(V5E.on("4x2"), LLAMA, INT8))
    yield answer("serving.tk.b", "time for the FLOPs of batch 240 on 4x4", flops, flops.at(V5E.on("4x4"), LLAMA, INT8, B=240))
    near = solve(decode.step() <= 1.5 * weights, B)
    batch = near.at(V5E.on("4x2"), LLAMA, INT8, S=8192)
    yield answer("serving.tk.c", "batch up to which a step takes at most 1.5 times that, 8k", near, batch)


def _queries(id: str, shapes: dict[str, tuple[str, str, int]], wrong: str, later: dict[str, str], fixed: int) -> Iterator[Answer]:
    """A table of queries per second and chip: print with its batch, and the later edition (``.fix``) with ``fixed``."""
    for name, (shape, printed, batch) in shapes.items():
        on, form = V5E.on(shape), dtype(name, activations="bf16", math="bf16")
        ours = QUERIES.at(on, LLAMA, form, W_hbm=TEXT, S=8192, G=512)
        fits = int(CACHES.at(on, LLAMA, form, S=8192))
        rows = [(f"{id}.{name}", f"queries/s and chip, {name} on {shape}", printed, batch, wrong)]
        if name in later:
            rows += [(f"{id}.{name}.fix", f"the same in the later edition, {name}", later[name], fixed, "162 kB a token for 163.84 kB")]
        for row, asked, text, used, cause in rows:
            why = f"batch {used} ({cause}) for {fits}, and 19 ms for 19.5 ms" if used != fits else "19 ms for 19.5 ms"
            book = ROUNDED_QUERIES.at({n: on[n]}, B=used, G=512, t="19 ms")
            yield answer(row, asked, QUERIES, ours, f"{text} query/s/chip", why, book)


@question("q08", "queries per second and chip", CHAPTER)
def q08() -> Iterator[Answer]:
    """How many queries of 512 tokens a chip serves if the batch fills HBM: 0.27, 0.54 and 1.08 per second in bf16, int8, int4.

    Each format doubles it: the same 43 sequences on half the chips. Print's 0.66 and 1.72 carry the wrong 52 and 67 caches
    of the topology table on; the later edition corrects them.
    """
    ours = FLEET.at(V5E.on("4x4"), LLAMA, BF16, W_hbm=TEXT, S=8192, G=512)
    book = (n * ROUNDED_QUERIES).at(B=43, G=512, t="19 ms")
    yield answer("serving.q08.a", "queries/s of a slice", FLEET, ours, "4.42 query/s", "19 ms for 19.5 ms", book)
    shapes = {"bf16": ("4x4", "0.27", 43), "int8": ("4x2", "0.66", 52), "int4": ("2x2", "1.72", 67)}
    yield from _queries("serving.q08", shapes, "the weights over a cache", {"int8": "0.55", "int4": "1.11"}, 43)


@question("q09", "queries per second and chip on twice the chips", CHAPTER)
def q09() -> Iterator[Answer]:
    """What doubling the slice does: 138 caches instead of 43, so 1.6 times the throughput of every chip.

    Print leaves 186 GB on 4x8, which is int8 on 4x4; bf16 on 4x8 leaves 372 GB. Its batch of 161 has no derivation, and
    the table that follows from it is too high by nearly a fifth. The later edition has 140, from 324 kB a token instead of 327.68.
    """
    room, on = memory.kv_room(), V5E.on("4x8")
    left = room.at(on, LLAMA, BF16)
    other = "186 GB is int8 on 4x4; bf16 on 4x8 leaves 32 x 16 GB - 140 GB"
    yield answer("serving.q09.a", "room for KV caches, bf16 on 4x8", room, left, "186 GB", other, room.at(V5E.on("4x4"), LLAMA, INT8))
    odd = "161 follows from nothing in print: 186 GB would hold 69 bf16 caches, 372 GB hold 138 (140 with print's 324 kB a token)"
    fits = CACHES.at(on, LLAMA, BF16, S=8192)
    yield answer("serving.q09.b", "8k caches that fit, bf16 on 4x8", CACHES, fits, "161", odd)
    ours = FLEET.at(on, LLAMA, BF16, W_hbm=TEXT, S=8192, G=512)
    carried = "batch 161 carried on, and 19 ms for 19.5 ms"
    book = (n * ROUNDED_QUERIES).at(B=161, G=512, t="19 ms")
    yield answer("serving.q09.c", "queries/s of a slice", FLEET, ours, "16.54 query/s", carried, book)
    shapes = {"bf16": ("4x8", "0.51", 161), "int8": ("4x4", "1.03", 161), "int4": ("4x2", "2.06", 161)}
    yield from _queries("serving.q09", shapes, "no derivation", {"bf16": "0.44", "int8": "0.90", "int4": "1.80"}, 140)


@question("q10", "sharding on 4x8: does communication bind", CHAPTER)
def q10() -> Iterator[Answer]:
    """How far model parallelism goes while decoding on v5e: 26 ways over two axes if FLOPs bind, so 4x4 but not 4x8.

    In int8 and int4 the larger slices of the last question, 4x4 and 4x2, stay within it.
    At batch 64 the weights bind instead, and one axis carries 50 ways (print: 56, with 8 for a W_hbm/W_ici of 9). The three
    times of one matmul on 4x8 agree with print up to its cut-off digits: HBM binds.
    """
    flops, bytes_ = sharding.largest_model_parallelism("math"), sharding.largest_model_parallelism("hbm")
    alpha = "2550 is C/W_ici of TPU v5p; for v5e it is 2189"
    ours, book = flops.at(V5E.on("4x8"), LLAMA, BF16), flops.at(V5P, LLAMA, BF16, n_axes=2)
    yield answer("serving.q10.a", "model parallelism before ICI binds, two axes", flops, ours, "22", alpha, book)
    given = {B: 64}
    eight = "W_hbm/W_ici taken as 8; 8.1e11/9e10 is 9"
    ours, book = bytes_.at(V5E, LLAMA, BF16, given, n_axes=1), bytes_.at(V5E, LLAMA, BF16, given, n_axes=1, W_hbm=8 * W_ici)
    yield answer("serving.q10.b", "the same where weights bind, batch 64, one axis", bytes_, ours, "56", eight, book)
    parts = sharding.sharded_matmul()
    times = parts.at(V5E, LLAMA, BF16, given, n_axes=1, Y=32)
    ici, hbm, work = times["ici"], times["hbm"], times["math"]
    yield answer("serving.q10.c", "T_ici of a matmul", parts["ici"], ici, "11 us", "11.65 us, cut off", truncated(ici, 1e-6))
    yield answer("serving.q10.d", "T_hbm of a matmul on 4x8", parts["hbm"], hbm, "18 us")
    yield answer("serving.q10.e", "T_math of a matmul on 4x8", parts["math"], work, "4 us", "4.77 us, cut off", truncated(work, 1e-6))
    hidden = solve(parts["ici"] <= parts["hbm"], B)
    yield answer("serving.q10.batch", "batch up to which ICI hides on 4x8, one axis", hidden, hidden.at(V5E, LLAMA, BF16, n_axes=1, Y=32))
    yield answer("serving.q10.f", "one-axis limit with the constant of v5p", flops, flops.at(V5P, LLAMA, BF16, n_axes=1))
    models = [flops.at(V5E, llm(name), BF16, n_axes=2) for name in ("llama3-8b", "llama3-70b", "llama3-405b")]
    yield answer("serving.q10.range", "two-axis limits of LLaMA 3 8B, 70B, 405B on v5e; the tip says 8 to 32", flops, models)


@question("q11", "prefill of 8k tokens", CHAPTER)
def q11() -> Iterator[Answer]:
    """How long 8192 tokens of prompt take on 16 chips at 40 % of peak: 0.91 s, as much as 47 decode steps of a full HBM."""
    ours = prefill.prefill_time().at(V5E.on("4x4"), LLAMA, BF16, T=8192, MFU=0.4)
    yield answer("serving.q11", "prefill time at 40 % MFU", prefill.prefill_time(), ours, "0.91 s")


@question("q12", "sequences finished and tokens evicted per step", CHAPTER)
def q12() -> Iterator[Answer]:
    """What leaves a batch of 32 in a step on average: 32/4096 of a sequence, and with it 96 tokens of KV cache."""
    done, gone = serving.finished_per_step(), serving.evicted_per_step()
    yield answer("serving.q12.a", "sequences that finish per step", done, done.at(B=32, G=4096), "32/4096")
    yield answer("serving.q12.b", "tokens evicted per step", gone, gone.at(B=32, G=4096, T=8192), "96 token/step")


@question("q13", "prefill servers per generate server", CHAPTER)
def q13() -> Iterator[Answer]:
    """How many prefill servers keep one generate server busy, 8192 tokens in and 512 out: about 4.

    Print says 3, because it pairs batch 32 with the 19 ms of batch 43. A batch of 32 does not fill HBM, so its step
    takes 17.2 ms, and the ratio is 3.3.
    """
    on, given = V5E.on("4x4"), {"T": 8192, "G": 512, "MFU": 0.4}
    full, rounded, own = (serving.prefill_servers(step_time=s) for s in (FULL, ROUNDED, decode.step()))
    fits, why = int(CACHES.at(on, LLAMA, BF16, S=8192)), "batch 32 with the 19 ms of batch 43"
    ours, book = full.at(on, LLAMA, BF16, B=fits, W_hbm=TEXT, **given), rounded.at(on, LLAMA, BF16, B=32, t="19 ms", **given)
    yield answer("serving.q13", "prefill servers per generate server, the batch that fits", full, ours, "3", why, book)
    yield answer("serving.q13.b", "the same with 19 ms for 19.5 ms", rounded, rounded.at(on, LLAMA, BF16, B=fits, t="19 ms", **given))
    fewer = own.at(on, LLAMA, BF16, B=32, S=8192, W_hbm=TEXT, **given)
    yield answer("serving.q13.own", "the same at batch 32 and its own step time", own, fewer)
