"""How to Scale Your Model, part 5: when data, FSDP, tensor and pipeline parallelism are compute-bound on TPU v5p.

The layer is two matrices in bf16, of d_ff 32,768 where it counts. Print takes C/W_ici = 2550 throughout, as the chip's sheet gives it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

from symroof import Answer, Bound, Cost, Symbol, Value, answer, chip, dtype, question, solve, training
from symroof.symbols import M_X, M_Y, MFU, B, D, D_tok, F, P, W_dcn, W_ici, X, Y, Z, bubble_max, microbatches, n, p_opt

CHAPTER = "How to Scale Your Model, part 5: training"

V5P, BF16 = chip("tpu-v5p"), dtype("bf16")
POD = V5P.on("16x20x28")
ADAM = {p_opt: 8}  # two moments in fp32
THREE = {M_X: 3}
MIXED = {M_X: 2, M_Y: 1, F: 32768}  # X over two axes, Y over the third
ADD: Literal["comms add"] = "comms add"
MEANWHILE: Literal["axes"] = "axes"


def per(bound: Bound, ways: Symbol) -> Cost:
    """A threshold on the batch as tokens per chip."""
    return (bound.cost / ways).declare("token/chip").named("batch per chip")


def cut(value: Value, digit: float) -> float:
    """A value with everything below ``digit`` cut off, as print has it in places."""
    return math.floor(float(value) / digit) * digit


@question("train.dp", "data parallelism", CHAPTER)
def dp() -> Iterator[Answer]:
    """Which batch per chip keeps data parallelism compute-bound on v5p: 2550 tokens, or 850 if it runs over all three axes.

    The AllReduce of the gradients of each matrix, 2 p_w DF / (M_X W_ici), hides behind the backward pass. Every chip holds the whole
    model and its optimizer, which limits Adam in bf16 to 9.6e9 parameters; print cuts that to 9e9.
    """
    batch, backward, largest = training.dp_threshold(), training.layer("data parallel", "backward"), training.largest_model()
    each, sides = per(batch, X), (training.comms(backward), training.math(backward))
    at = {B: 163200, D: 8192, X: 64, M_X: 1, F: 32768}
    yield answer("train.dp.alpha", "batch per chip, one axis", each, each.at(V5P, BF16, M_X=1), "2550 token/chip")
    times = [side.at(V5P, BF16, at) for side in sides]
    yield answer("train.dp.times", "comms and math of a layer, 163,200 tokens on 64 chips", sides[0] | sides[1], times)
    sizes = [batch.at(chips, BF16, THREE, X=ways) for chips, ways in ((V5P, 1), (POD, POD[n]))]
    yield answer("train.dp.3ax", "batch of a chip and of a pod, three axes", batch, sizes, ["850 token", "7.6e6 token"])
    fits = largest.at(V5P, BF16, ADAM)
    yield answer("train.dp.mem", "largest model, Adam in bf16", largest, fits, "9e9 param", "9.6e9, cut off", cut(fits, 1e9))


@question("train.fsdp", "fully sharded data parallelism", CHAPTER)
def fsdp() -> Iterator[Answer]:
    """How many chips FSDP scales to at the batches of DeepSeek-V2 and LLaMA 3-70B: 47,059 and 18,824 of v5p over three axes.

    The threshold is that of data parallelism, forward and backward: half the bytes of an AllReduce hide behind half the FLOPs.
    So LLaMA takes 17 days at 50 % MFU. The 5.25 pods for DeepSeek-V2 are printed as around 5.
    """
    ways, run = training.fsdp_limit(), training.run_time()
    chips = ways.cost.declare("chip").named("chips")
    pods = (chips / n).declare("1").named("pods")
    yield answer("train.fsdp.dsv2", "chips at a batch of 40e6 tokens", chips, chips.at(V5P, BF16, THREE, B=40e6), "47000 chip")
    needed = pods.at(POD, BF16, THREE, B=40e6)
    yield answer("train.fsdp.dsv2.pods", "pods of 8960 chips", pods, needed, "5", "5.25, cut off", cut(needed, 1))
    llama = chips.at(V5P, BF16, THREE, B=16e6)
    yield answer("train.fsdp.llama", "chips for LLaMA 3-70B at 16e6 tokens", chips, llama, "18823 chip")
    time = run.at(V5P, BF16, {n: llama.number, P: 70e9, D_tok: 15e12, MFU: 0.5})
    yield answer("train.fsdp.llama.days", "time to train it on 15e12 tokens at 50 % MFU", run, time, "17 day")
    back = per(training.fsdp_threshold(direction="backward"), X)
    yield answer("train.fsdp.back", "batch per chip in the backward pass, three axes", back, back.at(V5P, BF16, THREE))


@question("train.tp", "tensor parallelism", CHAPTER)
def tp() -> Iterator[Answer]:
    """How far tensor parallelism goes, at any batch: 12 ways an axis at d_ff 32,768, 11 ways for the 28,672 of LLaMA 3-70B.

    Activations are gathered and scattered, and their bytes grow with the batch as the FLOPs do. The backward pass does twice the
    FLOPs for the same communication, as it still has the input that the forward pass gathered.
    """
    limit, back = training.tp_limit(), training.tp_limit(direction="backward")
    widths = (32768, 28672)
    yield answer("train.tp", "ways on one axis, d_ff 32,768 and 28,672", limit, [limit.at(V5P, BF16, F=f, M_Y=1) for f in widths])
    yield answer("train.tp.back", "the same in the backward pass", back, [back.at(V5P, BF16, F=f, M_Y=1) for f in widths])


@question("train.mix", "FSDP and tensor parallelism together", CHAPTER)
def mix() -> Iterator[Answer]:
    """How FSDP and tensor parallelism share n chips, and the batch per chip from which that is compute-bound: 397 or 99 tokens.

    Communication is least at X = sqrt(B n M_X / (F M_Y)). The first edition adds what the two mesh axes communicate, which gives
    4 alpha^2/(M_X M_Y F); later editions overlap it, which gives a quarter. Math over comms grows as the square root of the batch, not
    as its square, as the first edition says.
    """
    best = training.optimal_fsdp().cost.named("X")
    added, meanwhile = training.mixed_threshold(overlap=ADD), training.mixed_threshold(overlap=MEANWHILE)
    yield answer("train.mix.xopt", "best ways of FSDP, 48,000 tokens on 64 chips", best, best.at(BF16, MIXED, B=48000, n=64), "13.9")
    each, less = per(added, n), per(meanwhile, n)
    yield answer("train.mix.thr.sum", "batch per chip if comms add", each, each.at(V5P, BF16, MIXED), "400 token/chip")
    yield answer("train.mix.thr.max", "batch per chip if they overlap", less, less.at(V5P, BF16, MIXED), "99 token/chip")
    ratios = training.mixed_ratio(overlap=ADD), training.mixed_ratio(overlap=MEANWHILE)
    both = [ratio.at(V5P, BF16, MIXED, B=1e6, n=4096) for ratio in ratios]
    yield answer("train.mix.ratio", "math over comms if they add, if they overlap: 1e6 tokens, 4096 chips", ratios[0], both)
    yield from _figure(added, meanwhile)


def _figure(added: Bound, meanwhile: Bound) -> Iterator[Answer]:
    """What the figures of 4096 chips show."""
    cube = V5P.on("16x16x16")
    slip = "a slip of the exponent, made twice; the caption reads 1.5e6 off the figure"
    yield answer("train.mix.fig", "batch of 4096 chips if comms add", added, added.at(cube, BF16, MIXED), "1.6e10 token", slip)
    yield answer("train.mix.fig2", "batch of 4096 chips if they overlap", meanwhile, meanwhile.at(cube, BF16, MIXED), "4e5 token")
    time, span = training.mixed(overlap=MEANWHILE), training.mixed_range(overlap=MEANWHILE)
    crossing = solve(time["math"] >= time["FSDP"], B)
    read = "print reads it off its figure as about 4e5"
    batch = crossing.at(cube, BF16, THREE, X=512)
    yield answer("train.mix.slider", "batch from which FSDP hides, 512 ways on three axes", crossing, batch, "4e5 token", read)
    slope = (time["TP"] / time["math"]).declare("1").named("TP over math")
    slopes = [slope.at(cube, BF16, M_Y=1, F=32768, X=ways) for ways in (512, 256)]
    yield answer("train.mix.slider.slope", "TP comms over math, FSDP x TP 512 x 8 and 256 x 16", slope, slopes)
    given, least, most = {B: 1e6}, Cost(span.pieces[0].low, "1"), Cost(span.pieces[0].high, "1")
    yield answer("train.mix.range", "fewest ways of FSDP, 1e6 tokens on 4096 chips", least, least.at(cube, BF16, MIXED, given))
    yield answer("train.mix.range.most", "most ways", most, most.at(cube, BF16, MIXED, given))


@question("train.pp", "pipelining", CHAPTER)
def pp() -> Iterator[Answer]:
    """How long a pipeline idles: 27 % of a step with 4 stages and 8 microbatches, at most 10 % from 27 microbatches on.

    A stage waits for Z - 1 of its microbatches + Z - 1 turns. The book speaks of bubbles without a formula.
    """
    idle, many = training.bubble(), training.fewest_microbatches()
    yield answer("train.pp.bubble", "part of a step that 4 stages idle, 8 microbatches", idle, idle.at({microbatches: 8}, Z=4))
    yield answer("train.pp.many", "microbatches for a tenth, 4 stages", many, many.at({bubble_max: 0.1}, Z=4))


@question("train.dcn", "across pods", CHAPTER)
def dcn() -> Iterator[Answer]:
    """Which batch per slice keeps data parallelism over the data-centre network compute-bound on v5p: 73,440 tokens.

    Each chip sends its share of the gradients at W_dcn, so the size of the slice drops out. This is what the last edition prints;
    the first has 76,000, and the one between 71,360.
    """
    batch = training.dcn_threshold()
    each = (batch.cost / Z).named("batch per slice")
    yield answer("train.dcn", "batch per slice", each, each.at(V5P, BF16), "73440 token")
    ratio = (Cost(W_ici, "byte/s") / W_dcn).named("ICI over DCN")
    yield answer("train.dcn.ratio", "bandwidth of one ICI axis over DCN", ratio, ratio.at(V5P))


@question("train.table", "what each scheme communicates", CHAPTER)
def table() -> Iterator[Answer]:
    """How many bytes a layer communicates, forward and backward: 8DF, 12DF, 8BD, and for the mix 8BD/X + 12DF/Y.

    Print has 12BD/X for the mix, but 8BD for tensor parallelism alone. The backward pass gathers dOut and scatters dIn, so 4BD/X;
    gathering In again would make 6BD/X, never the 8BD/X of the table.
    """
    small = {B: 1024, D: 8192, F: 32768, X: 8, Y: 4}
    moved = [training.comm_bytes(s) for s in ("data parallel", "FSDP", "tensor parallel", "FSDP + tensor parallel")]
    printed = ["2147483648 byte", "3221225472 byte", "67108864 byte", "817889280 byte"]
    asked = "DP, FSDP, TP and the mix: 1024 tokens, d_model 8192, d_ff 32,768, X = 8, Y = 4"
    yield answer("train.table", asked, moved[3], [m.at(BF16, small) for m in moved], printed)
    backward = (training.mixed(overlap=MEANWHILE, direction="backward")["TP"] * W_ici).named("activations, backward")
    twice = "print counts four transfers where there are two: AllGather of dOut and ReduceScatter of dIn"
    ours = backward.at(BF16, small, M_Y=1)
    yield answer("train.table.back", "activations of the mix, backward", backward, ours, "8388608 byte", twice, 2 * float(ours))
