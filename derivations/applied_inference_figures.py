"""How to Scale Your Model, part 8: the two figures (LLaMA 3-70B in int8 on v5e 4x4) and the listing that computes them.

Figures and listing take 8.2e11 byte/s of HBM bandwidth and 70e9 parameters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
import sympy as sp

from symroof import Answer, Bound, Cost, answer, chip, decode, dtype, llm, memory, question, solve, symbol
from symroof.symbols import B, P, S, W_hbm

CHAPTER = "How to Scale Your Model, part 8: serving LLaMA 3-70B on TPUs"

V5E = chip("tpu-v5e")
MODEL = llm("llama3-70b")
LLAMA = replace(MODEL, values={**MODEL.values, P: Fraction(70 * 10**9)})  # as the chapter rounds it
INT8 = dtype("int8", activations="bf16", math="bf16")
ON = V5E.on("4x4")
SERVER = replace(ON, values={**ON.values, W_hbm: Fraction(82 * 10**10)})  # the bandwidth of the figures
GIVEN = (SERVER, LLAMA, INT8)
CONTEXTS = np.array([2048, 4096, 8192, 16384, 32768, 65536])  # the stops of the slider
PLOTTED = np.array([511, 276, 137, 68, 33, 16])  # the largest batch that the figures draw at each
CACHES = memory.whole(memory.largest_batch()).declare("sequence").named("caches")


@question("viz.pareto", "latency against throughput, figure 1", CHAPTER)
def pareto() -> Iterator[Answer]:
    """What the first figure shows: 5.4 ms at batch 1, and from batch 120 on a throughput that no longer grows.

    The plateau at 2k context is 0.893 tokens/ms/chip, not 1, and twice the latency of batch 1 buys 77 times the throughput,
    not 100. Latency ends at 20 ms only for contexts of 8k and more; 2k runs to 36 ms. Batch 120 fits up to a context of
    9,460 tokens. The largest batch drawn is one short of what fits, and at 2k it is 511 of 554.
    """
    step, each, flat = decode.step(), decode.throughput(), decode.plateau()
    first, around = step.at(*GIVEN, B=1, S=8192), "5.44 ms; 5.36 ms at 2k, 6.15 ms at 64k"
    yield answer("serving.viz.a", "step at batch 1, 8k", step, first, "5.5 ms", around)
    ends = ("35.7655 ms", "26.3763 ms", "20.1001 ms", "19.2482 ms", "18.839 ms", "18.4298 ms")
    drawn = step.at(*GIVEN, B=PLOTTED, S=CONTEXTS)
    yield answer("serving.viz.c", "step at the largest batch drawn, 2k to 64k", step, drawn, ends)
    longest, slow = step.at(*GIVEN, B=511, S=2048), "20 ms is where the curves of 8k and longer end; 2k ends at 35.8 ms, 4k at 26.4 ms"
    yield answer("serving.viz.c.text", "longest step drawn", step, longest, "20 ms", slow, step.at(*GIVEN, B=137, S=8192))
    near = each.at(*GIVEN, B=120, S=2048)
    yield answer("serving.viz.d", "throughput at batch 120, 2k", each, near, "1 token/ms/chip", "0.892, rounded up to a whole token")
    yield answer("serving.viz.e", "throughput of the plateau, 2k", flat, flat.at(*GIVEN, S=2048))
    doubled = solve(step <= 2 * decode.memory_bound_step().at(B=1), B)
    batch = doubled.at(*GIVEN, S=2048)
    yield answer("serving.viz.f", "batch at twice the latency of batch 1, 2k", doubled, batch)
    gain = each / each.at(B=1)
    bought = "a round number: at twice the latency the batch is 153, and the gain half of that"
    yield answer("serving.viz.f.gain", "throughput gained at twice the latency, 2k", gain, gain.at(*GIVEN, B=batch, S=2048), "100", bought)
    yield answer("serving.viz.h", "largest batch that fits, 2k to 64k", CACHES, CACHES.at(*GIVEN, S=CONTEXTS))
    short = "the figures leave out the last batch that fits, and end at 511"
    least = np.minimum(np.asarray(CACHES.at(*GIVEN, S=CONTEXTS)) - 1, 511)
    yield answer("serving.viz.h.drawn", "the same as drawn", CACHES, CACHES.at(*GIVEN, S=CONTEXTS), PLOTTED.tolist(), short, least)
    context = solve(memory.memory() <= memory.capacity(), S)
    yield answer("serving.viz.h.text", "longest context at which batch 120 fits", context, context.at(*GIVEN, B=120))


@question("viz.breakdown", "what the time goes into, figure 2", CHAPTER)
def breakdown() -> Iterator[Answer]:
    """What the second figure shows: the weights take a constant 5.3 ms, FLOPs and KV caches grow with the batch.

    The matmuls are compute-bound from batch 120. KV caches take longer than the FLOPs from a context of 3,557 tokens on, at
    any batch; the text says 2,048, the stop of the slider before it.
    """
    weights, critical, context = decode.weight_time(), decode.critical_batch(), decode.kv_overtakes_math()
    cross, text = context.at(*GIVEN), "the last stop of the slider before the crossing; the next is 4096"
    yield answer("serving.viz.b", "time to read the weights", weights, weights.at(*GIVEN), "5.33537 ms")
    yield answer("serving.viz.i", "batch at which the shaded region begins", critical, critical.at(*GIVEN), "120.12")
    yield answer("serving.viz.g", "context from which KV caches outweigh the FLOPs", context, cross)
    stop = CONTEXTS[float(cross) > CONTEXTS].max()
    yield answer("serving.viz.g.text", "the same in the text", context, cross, "2048", text, stop)


@question("code", "the listing behind the figures, and its nine defects", CHAPTER)
def code() -> Iterator[Answer]:
    """What the Python listing of the chapter is meant to compute is one call here, with an array for the batch.

    As printed it does not run, and if it did it would take an index for a batch: 34 for 138. Each row below is one of
    its nine defects: what is right, what the listing has instead, and why. The later edition mends the first, second
    and sixth.
    """
    step, each, limit, chips = decode.step(), decode.throughput(), memory.largest_batch(), memory.fewest_chips()
    batches = np.arange(1, int(CACHES.at(*GIVEN, S=8192)) + 1)
    curve = step.at(*GIVEN, B=batches, S=8192)
    ends = replace(curve, number=curve.number[[0, -1]])
    yield answer("serving.code", "step at batches 1 to 138 of 8k in one call: the ends", step, ends)

    needs: dict[str, Cost | Bound] = {"1": memory.weight_memory(), "2": limit}
    undefined = "bytes_per_param and param_count stand on the right and are defined nowhere, so the first lines raise NameError"
    arguments = "get_max_batch_size is declared with one argument and called with three: TypeError"
    for row, asked, why in (
        ("1", "names that the bytes of the weights need", undefined),
        ("2", "quantities the limit depends on", arguments),
    ):
        yield answer(f"serving.code.{row}", f"defect {row}: {asked}", needs[row], len(needs[row].free_symbols), why=why)

    i, stride = symbol("i", "1", "index into the batches that are tried"), symbol("stride", "token", "their distance")
    index = memory.whole(solve(memory.memory().at(B=1 + stride * i) <= memory.capacity(), i))
    returned = index.at(*GIVEN, S=8192, stride=4)
    yield answer("serving.code.a", "index that the listing returns as its limit, 8k", index, returned)
    right, taken = CACHES.at(*GIVEN, S=8192), "an index into arange(1, 1024, 4), used as a batch"
    yield answer("serving.code.3", "defect 3: largest batch, 8k", CACHES, right, "34", taken, returned)

    two = np.array([2048, 8192])
    drawn = [np.arange(1, 512)[: int(last)][-1] for last in np.asarray(index.at(*GIVEN, S=two, stride=1))]
    grids = "with every batch tried, the slice up to the index leaves out the last one, and the plotted grid ends at 511"
    fits = CACHES.at(*GIVEN, S=two)
    yield answer("serving.code.4", "defect 4: largest batch, 2k and 8k", CACHES, fits, ["511", "137"], grids, drawn)

    tiny, slice_ = (V5E, llm("llama3-8b"), dtype("int4", math="bf16"), {B: 1, S: 8192}), memory.slice_chips(chips.cost)
    halves = "the listing's 2**ceil(log2(...)) goes on below one chip"
    listed = Cost(2 ** sp.ceiling(sp.log(chips.expr) / sp.log(2)), "chip")
    yield answer("serving.code.5", "defect 5: chips for LLaMA 3-8B in int4", slice_, slice_.at(*tiny), "0.5 chip", halves, listed.at(*tiny))
    empty = "np.where finds nothing, and [-1] of nothing raises IndexError"
    yield answer(
        "serving.code.5.none", "and the largest batch on 2x2, int8", limit, limit.at(V5E.on("2x2"), LLAMA, INT8, S=8192), why=empty
    )

    slices = [slice_.at(V5E, LLAMA, INT8, B=b, S=8192) for b in (1, 138)]
    shadow = "a local num_chips, one slice per batch, hides the global 16 that the times are computed with"
    yield answer("serving.code.6", "defect 6: slices that batches 1 and 138 need", slice_, slices, why=shadow)

    fixed = "sequence_length stays 8192, so every context of the slider would get the limit of 8k"
    fits, stuck, same = CACHES.at(*GIVEN, S=CONTEXTS), ["138"] * len(CONTEXTS), [right] * len(CONTEXTS)
    yield answer("serving.code.7", "defect 7: largest batch, 2k to 64k", CACHES, fits, stuck, fixed, same)

    cache = memory.kv_memory()
    named = "kv_cache_size(bs) counts tokens, whatever its argument is called; for one sequence it gives one token"
    one, token = cache.at(LLAMA, INT8, B=1, S=8192), cache.at(LLAMA, INT8, B=1, S=1)
    yield answer("serving.code.8", "defect 8: KV cache of a batch of one, 8k", cache, one, "163840 B", named, token)

    rate, unlabelled = each.at(*GIVEN, B=120, S=2048), "latency is in ms there, so throughput is per ms, with no label to say so"
    per_ms = float(rate) / 1000
    yield answer("serving.code.9", "defect 9: throughput at batch 120, 2k", each, rate, "0.892 token/s/chip", unlabelled, per_ms)
