"""How to Scale Your Model, part 6: training LLaMA 3-70B on TPU v5p, question by question.

The chapter rounds the model to 70e9 parameters once it has counted them, and so does ``LLAMA``; 15e12 tokens make 6.3e24 FLOPs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Literal

from symroof import Answer, Cost, answer, chip, dtype, llm, memory, question, solve, training
from symroof.symbols import M_X, M_Y, MFU, B, D_tok, P, T, X, Z, checkpoints, n, p_opt

CHAPTER = "How to Scale Your Model, part 6: training LLaMA 3 on TPUs"

V5P, BF16 = chip("tpu-v5p"), dtype("bf16")
POD = V5P.on("16x20x28")
MODEL, LARGE = llm("llama3-70b"), llm("llama3-405b")
LLAMA = replace(MODEL, values={**MODEL.values, P: Fraction(70 * 10**9)})
RUN = {D_tok: 15e12, MFU: 0.4}
AXES = {M_X: 2, M_Y: 1}
ADAM = {p_opt: 8}  # two moments in fp32
ADD: Literal["comms add"] = "comms add"
MEANWHILE: Literal["axes"] = "axes"
SUM, MAX = ((training.mixed_threshold(overlap=how).cost / n).declare("token/chip").named("batch per chip") for how in (ADD, MEANWHILE))
EACH = Cost(B / n, "token/chip", "batch per chip")
ACROSS = (training.dcn_threshold().cost / Z).named("batch per pod")


@question("atrain.params", "parameters and FLOPs", CHAPTER)
def params() -> Iterator[Answer]:
    """Where the parameters of LLaMA 3-70B are, and what training costs: 70.6e9, four fifths in the MLPs, 6.3e24 FLOPs."""
    count, token, run = memory.parameters(), training.flops_per_token(), training.run_flops()
    held, vocabulary = count.at(MODEL), count["embedding"] + count["unembedding"]
    rows = [held["mlp"], vocabulary.at(MODEL), held["attention"], held]
    printed = ["56.3e9 param", "2.1e9 param", "12e9 param", "70.4e9 param"]
    yield answer("atrain.params", "parameters: MLP, vocabulary, attention, all", count, rows, printed)
    yield answer("atrain.flops", "FLOPs per token", token, token.at(LLAMA))
    yield answer("atrain.flops.run", "FLOPs for 15e12 tokens", run, run.at(LLAMA, RUN), "6.3e24 FLOP")


@question("atrain.pod", "training time on a pod", CHAPTER)
def pod() -> Iterator[Answer]:
    """How long a v5p pod of 8960 chips trains LLaMA 3-70B at 40 % MFU: 3.83e6 s, 44 days, for 40 million dollars."""
    run, cost, pace = training.run_time(), training.run_price(), training.tokens_per_second()
    time = run.at(POD, LLAMA, BF16, RUN)
    yield answer("atrain.pod", "training time, in seconds and in days", run, [time, time], ["3.8e6 s", "44 day"])
    yield answer("atrain.pod.price", "price at $4.2 a chip and hour", cost, cost.at(POD, LLAMA, BF16, RUN))
    yield answer("atrain.pod.pace", "tokens per second", pace, pace.at(POD, LLAMA, BF16, RUN))


@question("atrain.mem", "memory at a batch of 4e6 tokens", CHAPTER)
def mem() -> Iterator[Answer]:
    """What training needs: 140 GB of weights, 560 GB for Adam, 21 TB of activations if four of D are kept per layer and token.

    The answer says three and typesets them, but its 20.9 TB are the four of the question. With twelve a chip of a pod holds
    7.1 GB, printed as 8.
    """
    total, chips = training.memory(), training.fewest_chips()
    given = {B: 4e6, checkpoints: 4}
    held = total.at(LLAMA, BF16, ADAM, given)
    printed = ["140 GB", "560 GB", "20.9 TB", "21.6 TB"]
    yield answer("atrain.mem", "weights, optimizer, checkpoints, all", total, [*held.parts, held], printed)
    yield answer("atrain.mem.chips", "v5p chips that hold it", chips, chips.at(V5P, LLAMA, BF16, ADAM, given))
    each = (total / n).named("memory per chip")
    twelve = each.at(POD, LLAMA, BF16, ADAM, given | {checkpoints: 12})
    up = math.ceil(float(twelve) / 1e9) * 1e9
    yield answer("atrain.perchip12", "bytes per chip of a pod, 12 checkpoints", each, twelve, "8 GB", "7.1 GB, rounded up", up)


@question("atrain.shard", "sharding on a pod at 4e6 tokens", CHAPTER)
def shard() -> Iterator[Answer]:
    """How to shard a batch of 4 Mi tokens over a pod: not by FSDP alone, but by FSDP and tensor parallelism together.

    There are 1024 sequences of 4096 tokens (the heading says 8192), so FSDP ends at 1024 ways, and 468 tokens per chip are less
    than the 850 that FSDP needs. Mixed, 454 are enough if comms add, 113 if they overlap; the best X is about 1620.
    """
    batch = {B: 2**22}
    whole = solve(Cost(B / X, "token") >= Cost(T, "token"), X)
    yield answer("atrain.seqs", "sequences of 4096 tokens, so ways of FSDP", whole, whole.at(batch, T=4096), "1024")
    alone = (training.fsdp_threshold().cost / X).declare("token/chip").named("batch per chip")
    yield answer("atrain.shard.each", "tokens per chip there are", EACH, EACH.at(POD, batch))
    yield answer("atrain.shard.fsdp", "tokens per chip for FSDP on three axes", alone, alone.at(V5P, BF16, M_X=3))
    limits = [limit.at(V5P, LLAMA, BF16, AXES) for limit in (SUM, MAX)]
    yield answer("atrain.shard.mixed", "tokens per chip for the mix, comms added and overlapped", SUM, limits)
    best = training.optimal_fsdp().cost.named("X")
    yield answer("atrain.shard.xopt", "best ways of FSDP", best, best.at(POD, LLAMA, BF16, AXES, batch))


@question("atrain.q1", "practice 1: LLaMA 3-70B on four pods", CHAPTER)
def q1() -> Iterator[Answer]:
    """What four pods change at a batch of 4.19e6 tokens: 11 days, but 117 tokens per chip are hardly enough inside a pod.

    Between pods data parallelism is fine, 1.05e6 tokens per pod where 73,440 suffice. Inside, the mix needs 454 tokens per chip if
    comms add and 113 if they overlap, so it is communication-bound or on the edge.
    """
    batch, chips = {B: 4.19e6}, {n: 4 * POD[n]}
    slice_ = Cost(B / Z, "token", "batch per pod")
    run = training.run_time()
    yield answer("atrain.q1", "tokens per chip", EACH, EACH.at(batch, chips))
    yield answer("atrain.q1.pod", "tokens per pod", slice_, slice_.at(batch, Z=4))
    yield answer("atrain.q1.dcn", "tokens per pod that DCN asks for", ACROSS, ACROSS.at(V5P, BF16))
    yield answer("atrain.q1.sum", "tokens per chip for the mix, comms added", SUM, SUM.at(V5P, LLAMA, BF16, AXES))
    yield answer("atrain.q1.max", "tokens per chip for the mix, comms overlapped", MAX, MAX.at(V5P, LLAMA, BF16, AXES))
    yield answer("atrain.q1.days", "training time at 40 % MFU", run, run.at(V5P, LLAMA, BF16, RUN, chips))


@question("atrain.q2", "practice 2: LLaMA 3-405B on eight pods", CHAPTER)
def q2() -> Iterator[Answer]:
    """How LLaMA 3-405B trains on eight pods: 32 days at 40 % MFU for 3.65e25 FLOPs.

    At 16e6 tokens there are 223 per chip, a little less than the 244 of the mix if comms add, far more than the 61 if they overlap. The
    2e6 tokens per pod are plenty for DCN.
    """
    count, flops, run = memory.parameters(), training.run_flops(), training.run_time()
    model = replace(LARGE, values={**LARGE.values, P: count.at(LARGE).number})
    chips = {n: 8 * POD[n]}
    yield answer("atrain.q2.flops", "FLOPs for 15e12 tokens", flops, flops.at(model, RUN))
    yield answer("atrain.q2b", "training time at 40 % MFU", run, run.at(V5P, model, BF16, RUN, chips))
    yield answer("atrain.q2b.each", "tokens per chip at 16e6", EACH, EACH.at(chips, B=16e6))
    yield answer("atrain.q2b.sum", "tokens per chip for the mix, comms added", SUM, SUM.at(V5P, LARGE, BF16, AXES))
    yield answer("atrain.q2b.max", "tokens per chip for the mix, comms overlapped", MAX, MAX.at(V5P, LARGE, BF16, AXES))
