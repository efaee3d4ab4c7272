"""How to Scale Your Model, part 7: inference, question by question.

Its running example is a 13B model on eight TPU v5e; ``MHA`` has one KV head per query head, ``GQA`` one per five. The chapter
rounds its parameters to 13e9 and takes 8.2e11 byte/s for the HBM bandwidth of v5e: ``W_hbm=TEXT``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from operator import add

import sympy as sp

from symroof import (
    Answer,
    Cost,
    Program,
    Torus,
    answer,
    chip,
    decode,
    dtype,
    layers,
    memory,
    mesh,
    model,
    prefill,
    program,
    question,
    sharding,
    sheet,
    solve,
    symbol,
)
from symroof.symbols import B, C, D, F, K, P, S, W_hbm, W_ici, X, Y, Z, n, p, p_a

CHAPTER = "How to Scale Your Model, part 7: inference"

V5E, V5P, V6E = chip("tpu-v5e"), chip("tpu-v5p"), chip("tpu-v6e")
TEXT = "820 GB/s"  # the HBM bandwidth of the chapter's text and tables
SLICE = V5E.on("4x2")
ON = replace(SLICE, values={**SLICE.values, W_hbm: Fraction(82 * 10**10)})
BF16, INT8, HALF = dtype("bf16"), dtype("int8", math="int8"), dtype("int8", activations="bf16", math="bf16")
MHA = sheet("13b", L=40, D=5120, F=13824, N=40, K=40, H=128, V=32000, P=13 * 10**9)
GQA = replace(MHA, values={**MHA.values, K: MHA[K] / 5})

p_opt = symbol("p_opt", "byte", "bytes of optimizer state per parameter", r"p_\text{opt}")
V_msg = symbol("V_msg", "byte", "bytes of one collective", r"V_\text{msg}")

STEP = decode.step()
TOKENS = (B / STEP).declare("token/s").named("tokens/s")


@question("infer.bcrit", "batch from which the matmuls are compute-bound", CHAPTER)
def bcrit() -> Iterator[Answer]:
    """The critical batch of v5e: 240 tokens in bf16, 120 with int8 weights and bf16 FLOPs, 240 in int8 throughout.

    Bytes per weight and FLOP/s both count, so quantizing weights alone halves it and quantizing everything restores it.
    """
    critical = decode.critical_batch()
    ours = [critical.at(V5E, form, W_hbm=TEXT) for form in (BF16, HALF, INT8)]
    yield answer("infer.bcrit", "critical batch: bf16, int8 weights with bf16 FLOPs, int8", critical, ours, ["240", "120", "240"])


@question("infer.13b", "LLaMA 2-13B: parameters, memory, KV cache", CHAPTER)
def thirteen() -> Iterator[Answer]:
    """What the 13B model needs: 26 GB of bf16 weights, and 6.7 GB of KV cache for every sequence of 8k tokens.

    So four sequences outweigh the parameters. Training it would take 104 GB of Adam state, which print calls 100 GB.
    """
    count = memory.parameters()
    found, vocabulary = count.at(MHA), count["embedding"] + count["unembedding"]
    printed, rounded = ["8.5e9", "0.33e9", "4.2e9", "13e9"], "print elsewhere cuts the 0.33e9 of the vocabulary to 0.3e9"
    ours = [found["mlp"], vocabulary.at(MHA), found["attention"], found]
    yield answer("infer.13b.params", "parameters: MLP, vocabulary, attention, all", count, ours, printed, rounded)

    activation, optimizer = Cost(S * D * p_a, "byte", "one activation"), Cost(P * p_opt, "byte", "Adam state")
    held = memory.weight_memory() + activation + optimizer
    bytes_ = held.at(MHA, BF16, S=8192, p_opt=8)
    cut = [float(part) // unit * unit for part, unit in zip(bytes_.parts, (1e9, 1e7, 1e10), strict=True)]
    low, printed = "83.9 MB and 104 GB, cut off after a digit", ["26 GB", "80 MB", "100 GB"]
    yield answer("infer.13b.mem", "bf16 weights, one activation of 8k tokens, fp32 Adam state", held, [*bytes_.parts], printed, low, cut)

    cache = memory.kv_per_sequence()
    yield answer("infer.13b.kv", "KV cache of 8k tokens", cache, cache.at(MHA, BF16, S=8192), "6.7 GB")
    more = memory.whole(solve(memory.kv_memory() >= memory.weight_memory(), B)).declare("sequence").named("caches")
    yield answer("infer.13b.kv.caches", "such caches that outweigh the parameters", more, more.at(MHA, BF16, S=8192), "4")


TABLES = {
    "mha": (
        (1, "6.7", "32.7", "4.98", "200.61"),
        (8, "53.6", "79.6", "12.13", "659.3"),
        (16, "107.2", "133.2", "20.3", "787.99"),
        (32, "214.4", "240.4", "36.65", "873.21"),
        (64, "428.8", "454.8", "69.33", "923.13"),
        (240, "1608", "1634", "249.09", "963.53"),
    ),
    "gqa5": (
        (1, "1.34", "27.34", "4.17", "239.94"),
        (8, "10.72", "36.72", "5.6", "1429.19"),
        (16, "21.44", "47.44", "7.23", "2212.48"),
        (32, "42.88", "68.88", "10.5", "3047.62"),
        (64, "85.76", "111.76", "17.04", "3756.62"),
        (240, "321.6", "347.6", "52.99", "4529.34"),
    ),
}


@question("infer.tab", "latency and throughput of the 13B model over batch", CHAPTER)
def table() -> Iterator[Answer]:
    """How batch trades latency for throughput on eight v5e: KV loading caps multi-head attention below 1000 tokens/s.

    With one KV head per five query heads the cache is five times smaller and the cap nearly five times higher. Up to batch 240 the
    parameters take longer to read than to compute with, so bandwidth alone gives the table, and its last rows are the caps. Print
    takes 6.7 GB for a cache of 6.71, and its GiB are decimal; yet 16 sequences fit into 16 GiB a chip only, 16 GB hold 15.
    """
    columns = (
        (".kv", "KV cache", memory.kv_memory(), "GB"),
        (".total", "weights and KV cache", memory.memory(), "GB"),
        ("", "decode step", STEP, "ms"),
        (".rate", "tokens per second", TOKENS, "token/s"),
    )
    for name, heads, rows in (("mha", MHA, TABLES["mha"]), ("gqa5", GQA, TABLES["gqa5"])):
        for batch, *printed in rows:
            for (key, asked, cost, unit), text in zip(columns, printed, strict=True):
                ours = cost.at(ON, heads, BF16, B=batch, S=8192)
                why = "print says GiB and means GB" if unit == "GB" else ""
                yield answer(f"infer.tab.{name}.b{batch}{key}", f"{asked}, {name}, batch {batch}", cost, ours, f"{text} {unit}", why)
    cap = (n * decode.plateau()).declare("token/s").named("largest tokens/s")
    most = [cap.at(ON, heads, BF16, S=8192) for heads in (MHA, GQA)]
    yield answer("infer.tab.cap", "tokens per second of any larger batch, both models", cap, most)
    fits = memory.whole(memory.largest_batch()).declare("sequence")
    for key, size in (("", "16 GiB"), (".gb", "16 GB")):
        ours = [fits.at(ON, heads, BF16, S=8192, M_hbm=size) for heads in (MHA, GQA)]
        yield answer(f"infer.tab.oom{key}", f"sequences that fit, {size} a chip, both models", fits, ours)


@question("infer.gen.tp", "model parallelism while generating", CHAPTER)
def generation() -> Iterator[Answer]:
    """How far model parallelism goes while weights bind: F/(B beta) ways, 64 at batch 32 with beta = W_hbm/W_ici = 8.

    The chips' own tables give 9 for v5e and 8.9 for v6e, so 57 and 58 ways.
    """
    limit, given = sharding.largest_model_parallelism("hbm"), {F: 16384, B: 32}
    eight = limit.at(V5E, BF16, given, n_axes=1, W_hbm=8 * W_ici)
    yield answer("infer.gen.tp", "model parallelism before ICI binds, beta 8", limit, eight, "64")
    own = [limit.at(c, BF16, given, n_axes=1) for c in (V5E, V6E)]
    yield answer("infer.gen.tp.sheet", "the same with the bandwidths of v5e, of v6e", limit, own)
    ratio = sharding.bandwidth_ratio()
    yield answer("infer.gen.tp.beta", "W_hbm/W_ici of v5e, of v6e", ratio, [ratio.at(V5E), ratio.at(V6E)])


@question("infer.q4", "practice 4: sharding an 18B model over 4x4", CHAPTER)
def q4() -> Iterator[Answer]:
    """Whether 16-way model parallelism pays on a 4x4 of v5e: not quite, two axes carry 15 ways if FLOPs bind.

    The book's 2550, which is C/W_ici of v5p, says 12.9. Reading 18.4e9 int8 weights bounds a step at 1.4 ms.
    """
    limit, given = sharding.largest_model_parallelism("math"), {F: 16384}
    ours = [limit.at(c, BF16, given, n_axes=2) for c in (V5E, V5P)]
    yield answer("infer.q4", "model parallelism before ICI binds, C/W_ici of v5e, of v5p", limit, ours)
    weights = decode.weight_time()
    yield answer("infer.q4.step", "time to read the int8 weights", weights, weights.at(V5E.on("4x4"), INT8, P=18.4e9))


@question("infer.q5", "practice 5: a mixture of experts", CHAPTER)
def q5() -> Iterator[Answer]:
    """What 16 experts of which 2 work do to serving: 212e9 parameters, 31.2e9 of them active, critical batch 1920 = 240 E/k.

    That is the batch of an expert's matmul. Attention is dense, so the model as a whole gets there at 1630.
    """
    layer = [layers.Attention(N=32, K=8, H=256), layers.Experts(E=16, k=2, F=16384)]
    moe = model("moe", D=4096, V=32128, tied=True, blocks=[(64, layer)])
    count, used = memory.parameters(moe), moe.stack.active
    yield answer("infer.q5.a", "parameters: all, active", count, [count.at(moe), used.at(moe)], ["212e9", "31.2e9"])
    ffw = layers.Experts().program(at=layers.Pass(new=1))
    critical = solve(ffw["Up"].flops / C >= ffw.bytes("W_in") / W_hbm, B)
    yield answer("infer.q5.b", "critical batch of an expert's matmul", critical, critical.at(V5E, BF16, moe, W_hbm=TEXT), "1920")
    whole = decode.critical_batch(moe)
    yield answer("infer.q5.b.model", "critical batch of the model", whole, whole.at(V5E, BF16, moe, W_hbm=TEXT))
    flops = prefill.forward_flops(moe)
    yield answer("infer.q5.b.flops", "FLOPs per token", flops, flops.at(moe), "62.4e9 FLOP/token")


ONE_D = """
    In[B, D_XYZ]  W_in[D, F_XYZ]  -> Tmp[B, F_XYZ]
    Tmp[B, F_XYZ] W_out[F_XYZ, D] -> Out[B, D_XYZ]
"""
TWO_D = """
    In[B, D_XYZ]  W_in[D_X, F_YZ]  -> Tmp[B, F_YZX]
    Tmp[B, F_YZX] W_out[F_YZ, D_X] -> Out[B, D_XYZ]
"""
CUBE = mesh(X=Torus(), Y=Torus(), Z=Torus())


def comms(layer: Program, *kinds: tuple[str, ...]) -> Cost:
    """The time of the collectives of a layer on n chips, over all axes or over some."""
    chosen = [c for c in layer.collectives if not kinds or c.axes in kinds]
    time: Cost = reduce(add, [CUBE.time(c).at({Z: n / (X * Y)}) for c in chosen])
    return time


@question("infer.q7", "practice 7: two-dimensional weight-stationary sharding", CHAPTER)
def q7() -> Iterator[Answer]:
    """When it pays to shard D over X and F over Y and Z: from 72 chips with F = 4D, against F over all three axes.

    Communication over YZ falls with X, over X it grows, and their sum is least where they are equal: X = sqrt(N/8).
    Print's 81 is a slip, twice; the later edition has 72.
    """
    two, given = program(TWO_D), {D: F / 4}
    outer, inner = comms(two, ("Y", "Z")).at(given), comms(two, ("X",)).at(given)
    best = solve(outer >= inner, X)
    yield answer("infer.q7.a", "X on 128 chips", best, best.at(n=128), "4")
    others = Cost(n / best.expr, "1", "Y Z")
    yield answer("infer.q7.a.yz", "Y Z on 128 chips", others, others.at(n=128), "32")
    least = (outer + inner).at({X: best.expr}).map(sp.simplify)
    share = Cost(B * D / (sp.sqrt(n) * W_ici), "s/byte").at(given)
    factor = (least / share).map(sp.simplify).named("coefficient")
    yield answer("infer.q7.a.cost", "T = c BD/(sqrt(N) W), bf16: c", factor, factor.at(p=2), 11.3)
    wins = solve(Cost(least.expr, "s", "2D") <= comms(program(ONE_D)).at(given), n)
    slip = "128 (3/4)^2 is 72; 81 = (12 x 3/4)^2 follows if the sqrt(128) before it is taken as 12; the later edition prints 72"
    yield answer("infer.q7.b", "chips from which it wins", wins, wins.at(), "81", slip, (math.ceil(math.sqrt(128)) * 3 / 4) ** 2)


@question("infer.appc", "appendix C: when latency binds", CHAPTER)
def appendix_c() -> Iterator[Answer]:
    """Below what size a collective waits for its hops: 360 kB over a ring of 8, with 1 us per hop and 45 GB/s one way.

    The int8 activations of batch 16 are 131 kB, so more than 2.9 ways are bound by latency. The takeaway's "total bytes <
    W 1e-6" forgets the number of shards.
    """
    time = Torus().time("AllGather", Cost(V_msg, "byte"), Y, latency=True)
    size = solve(time["latency"] >= time["bandwidth"], V_msg)
    given = {"t_hop": "1 us"}
    yield answer("infer.appC", "bytes up to which latency binds, 8-way", size, size.at(V5E, Y=8, **given), "360 kB")
    activation = Cost(B * D * p, "byte", "activations")
    yield answer("infer.appC.bytes", "activations of batch 16 in int8", activation, activation.at(INT8, B=16, D=8192), "131 kB")
    gather = Torus().time("AllGather", activation, Y, latency=True)
    ways = solve(gather["latency"] >= gather["bandwidth"], Y)
    yield answer("infer.appC.ways", "ways from which latency binds", ways, ways.at(V5E, INT8, B=16, D=8192, **given), "2.91")
