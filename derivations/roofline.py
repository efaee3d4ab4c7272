"""How to Scale Your Model, part 1: rooflines, question by question.

The bandwidth of v5e is 8.1e11 byte/s in the table of chips (and in its sheet) and 8.2e11 in most of this text: where it is
the latter, ``W_hbm=TEXT`` says so.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from symroof import Answer, Cost, Torus, answer, chip, dtype, matmul, mesh, program, question, roofline, solve, symbol
from symroof.symbols import B, C, D, F, W_hbm, p, p_a, p_w

CHAPTER = "How to Scale Your Model, part 1: rooflines"

V5E, V5P, V6E, H100 = chip("tpu-v5e"), chip("tpu-v5p"), chip("tpu-v6e"), chip("h100")
BF16, INT8 = dtype("bf16"), dtype("int8", math="int8")
MIXED = dtype("int8", activations="bf16", math="bf16")  # weights in int8, activations and arithmetic in bf16
TEXT = "820 GB/s"
SHAPE = {B: 128, D: 4096, F: 16384}

J = symbol("J", "1", "length of a vector")
FLOPS = symbol("FLOPs", "FLOP", "arithmetic to be done", r"\text{FLOPs}")
PEAK = Cost(C / W_hbm, "FLOP/byte", "intensity of the chip")

DENSE = roofline(matmul(B, D, F))
RULE = solve(DENSE["math"] >= DENSE["hbm"], B, large=(D, F))
QUANTIZED = roofline(matmul(B, D, F, weights=p_w, activations=p_a))


@question("roofline.time", "time is work over a rate", CHAPTER)
def time() -> Iterator[Answer]:
    """How long 1e12 FLOPs take at peak: 1.01 ms on H100, 1.1 ms on v6e (with the text's 9.1e14 FLOP/s; its table has 9.2e14)."""
    took = (Cost(FLOPS, "FLOP") / C).named("math")
    given = {FLOPS: 10**12}
    ours = [took.at(H100, BF16, given), took.at(V6E, BF16, given, C="9.1e14 FLOP/s")]
    yield answer("roofline.t1", "time for 1e12 FLOPs on H100, v6e", took, ours, ["1.01 ms", "1.1 ms"])


@question("roofline.intensity", "arithmetic intensity of a chip, of a dot product", CHAPTER)
def intensity() -> Iterator[Answer]:
    """How many FLOPs a byte must bring: 240 for the matrix unit of v5e, 2.5 for the vector unit of v5p; a dot product brings one half.

    A dot product of length J takes 2J FLOPs here (print: 2J - 1, without the first addition) and moves 2(2J + 1) bytes.
    """
    yield answer("roofline.t2", "FLOPs per byte of HBM, v5e", PEAK, PEAK.at(V5E, BF16, W_hbm=TEXT), "240 FLOP/byte")
    dot = matmul(1, J, 1).intensity
    yield answer("roofline.t3", "FLOPs per byte of a dot product of a million, bf16", dot, dot.at(BF16, {J: 10**6}), "0.5 FLOP/byte")
    long = Cost(sp.limit(dot.expr, J, sp.oo), "FLOP/byte")
    yield answer("roofline.t3.limit", "the same for long vectors", long, long.at(BF16), "0.5 FLOP/byte")
    vector = {C: 7 * 10**12}
    around = round(float(PEAK.at(V5P, vector, W_hbm="2.5 TB/s")))
    why = "'around 3': 2.8 with the 2.5e12 byte/s of the text, 2.5 with the table's 2.8e12"
    yield answer("roofline.t4", "FLOPs per byte of the vector unit, v5p", PEAK, PEAK.at(V5P, vector), "3 FLOP/byte", why, around)


@question("roofline.matmul", "matrix multiplication: the critical batch", CHAPTER)
def critical() -> Iterator[Answer]:
    """From which batch a bf16 matmul is compute-bound: 240 tokens on v5e, whatever D and F as long as they are much larger.

    With D = 8192 and F = 28672 the exact threshold is 4 % higher. Not of every TPU: v5p needs 164, v6e 575.
    """
    grows = Cost(sp.limit(sp.limit(matmul(B, D, F).intensity.expr, F, sp.oo), D, sp.oo), "FLOP/byte")
    yield answer("roofline.matmul.intensity", "FLOPs per byte of a bf16 matmul of 240 tokens, D and F large", grows, grows.at(BF16, B=240))
    yield answer("roofline.matmul", "critical batch, v5e", RULE, RULE.at(V5E, BF16, W_hbm=TEXT), "240 tokens")
    exact = solve(DENSE["math"] >= DENSE["hbm"], B)
    yield answer("roofline.matmul.exact", "the same exactly, 8192 x 28672", exact, exact.at(V5E, BF16, W_hbm=TEXT, D=8192, F=28672))
    others = [RULE.at(c, BF16) for c in (chip("tpu-v4p"), V5P, V6E)]
    yield answer("roofline.matmul.tpus", "critical batch of v4p, v5p, v6e", RULE, others)
    round_rate = "in round numbers, 1e15 FLOP/s"
    yield answer("roofline.t6", "critical batch of H100", RULE, RULE.at(H100, BF16, C="1e15 FLOP/s"), "300 tokens", round_rate)


@question("roofline.net", "a matmul split over two chips", CHAPTER)
def network() -> Iterator[Answer]:
    """When two chips that share the contraction hide the exchange of their partial sums: from D = 8755 on, whatever the batch.

    The exchange is an AllReduce over one link; of two chips each sends all its partial sums once.
    """
    halves = program("A[B, D_X] W[D_X, F] -> Out[B, F]", width=2)
    (exchange,) = halves.collectives
    ours, line = (halves.flops / C).at(X=2).named("math"), mesh(X=Torus(wrap=False)).sized(X=2)
    sent = line.time(exchange, exact=True)
    example = {B: 128, D: 8192, F: 8192}
    times = [ours.at(V5E, BF16, example), sent.at(V5E, example)]
    yield answer("roofline.net.time", "time of arithmetic, of the exchange; 128 tokens, 8192 x 8192", ours | sent, times)
    width = solve(ours >= sent, D)
    yield answer("roofline.net", "D from which arithmetic binds", width, width.at(V5E, BF16), 8755)


@question("roofline.q1", "question 1: matmul in int8", CHAPTER)
def q1() -> Iterator[Answer]:
    """What int8 changes: half the bytes at twice the rate, so the critical batch stays, 243.

    The first edition takes 8.1e11 byte/s; a later one 8.2e11, and 240. Both bounds of the time follow: the larger of the
    two if they overlap, the sum if they do not.
    """
    mm, loaded = matmul(B, D, F), Cost(p * (B * D + D * F), "byte", "loaded")
    bytes_ = [loaded.at(INT8, SHAPE), (mm.traffic - loaded).at(INT8, SHAPE)]
    yield answer("roofline.q1.a", "bytes loaded, written; 128 tokens, 4096 x 16384", mm.traffic, bytes_)
    yield answer("roofline.q1.a.ops", "operations", mm.flops, mm.flops.at(SHAPE))
    yield answer("roofline.q1.b", "operations per byte of HBM, int8", PEAK, PEAK.at(V5E, INT8), "486 FLOP/byte")
    yield answer("roofline.q1.b.batch", "critical batch", RULE, RULE.at(V5E, INT8), "243 tokens")
    apart = DENSE["math"] + DENSE["hbm"]
    bounds = [DENSE.at(V5E, INT8, SHAPE), apart.at(V5E, INT8, SHAPE)]
    yield answer("roofline.q1.time", "time at least, at most", DENSE, bounds)


@question("roofline.q2", "question 2: int8 weights, bf16 activations and arithmetic", CHAPTER)
def q2() -> Iterator[Answer]:
    """What int8 weights alone change: they load in half the time, so the critical batch halves to 120."""
    rule = solve(QUANTIZED["math"] >= QUANTIZED["hbm"], B, large=(D, F))
    yield answer("roofline.q2", "critical batch", rule, rule.at(V5E, MIXED, W_hbm=TEXT), "120 tokens")


@question("roofline.q3", "question 3: the same with all bytes counted", CHAPTER)
def q3() -> Iterator[Answer]:
    """How much small matrices shift the threshold: 232 tokens at D = F = 1024, 138 at 4096, 129 at 8192, 122 in the limit.

    Below D = F = 486 no batch is compute-bound: then activations alone take longer than the arithmetic. Print only plots
    this; that 1024 "almost doubles" the threshold of 4096 is a factor of 1.7.
    """
    exact = solve(QUANTIZED["math"] >= QUANTIZED["hbm"], B)
    ours = [exact.at(V5E, MIXED, D=size, F=size) for size in (1024, 4096, 8192)]
    yield answer("roofline.q3", "critical batch at D = F = 1024, 4096, 8192", exact, ours)
    rule = solve(QUANTIZED["math"] >= QUANTIZED["hbm"], B, large=(D, F))
    yield answer("roofline.q3.limit", "in the limit", rule, rule.at(V5E, MIXED))
    square = roofline(matmul(B, D, D, weights=p_w, activations=p_a))
    some = solve(square["math"] >= square["hbm"], D, large=(B,))
    yield answer("roofline.q3.domain", "D = F from which there is such a batch", some, some.at(V5E, MIXED))
    reached = (matmul(B, D, F).flops / QUANTIZED).named("rate").declare("FLOP/s")
    plot = [reached.at(V5E, MIXED, {B: 120, D: size, F: size}, W_hbm=TEXT) for size in (1024, 4096)]
    yield answer("roofline.q3.rate", "FLOP/s reached at batch 120, D = F = 1024, 4096", reached, plot)


@question("roofline.q4", "question 4: a matrix for every example", CHAPTER)
def q4() -> Iterator[Answer]:
    """What happens if every example has its own matrix: 2 operations a byte in int8, whatever the batch, so HBM always binds."""
    own = program("A[B, D] W[B, D, F] -> Out[B, F]").work.intensity
    yield answer("roofline.q4", "operations per byte", own, own.at(INT8, SHAPE), "2 FLOP/byte")


@question("roofline.q5", "question 5: critical batch of H100", CHAPTER)
def q5() -> Iterator[Answer]:
    """From which batch a bf16 matmul is compute-bound on H100: 295 tokens, once the FLOP/s with sparsity are halved.

    Print has 298 in the first edition (1e15 FLOP/s) and 295 in a later one.
    """
    yield answer("roofline.q5", "critical batch of H100, data sheet", RULE, RULE.at(H100, BF16), "298 tokens")
