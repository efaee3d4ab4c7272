"""How to Scale Your Model, part 12: GPUs, question by question.

W_ici is what one GPU sends into NVLink, W_dcn its share of what a node of g GPUs sends into InfiniBand, so the book's W_node is
g W_dcn. The chapter's table rounds FLOP/s and HBM bandwidth, and so do ``A100`` to ``B200``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from operator import add
from typing import Any

from symroof import (
    Answer,
    Bound,
    Chip,
    Cost,
    Mesh,
    Network,
    Program,
    Switch,
    Symbol,
    Tree,
    Value,
    answer,
    chip,
    dtype,
    layers,
    memory,
    mesh,
    prefill,
    program,
    question,
    solve,
    symbol,
)
from symroof.symbols import (
    C_FORMAT,
    MFU,
    W_L2,
    B,
    C,
    D,
    E,
    F,
    M_sold,
    P,
    S,
    W_dcn,
    W_hbm,
    W_ici,
    X,
    Y,
    Z,
    k,
    n,
    n_core,
    n_lane,
    n_sub,
    p,
    p_w,
    price,
)

CHAPTER = "How to Scale Your Model, part 12: GPUs"

BF16 = dtype("bf16")

g = symbol("g", "1", "GPUs of a node")
b = symbol("b", "token/chip", "tokens per GPU")
nodes = symbol("nodes", "1", "nodes of a scalable unit", r"\text{nodes}")
units = symbol("units", "1", "scalable units", r"\text{units}")
leaves = symbol("leaves", "1", "leaf switches of a unit", r"\text{leaves}")
spines = symbol("spines", "1", "spine switches", r"\text{spines}")
ports = symbol("ports", "1", "ports of a switch", r"\text{ports}")
switches = symbol("switches", "1", "NVLink switches of a node", r"\text{switches}")


def rounded(name: str, math: str, hbm: str) -> Chip:
    """A chip with bf16 FLOP/s and HBM bandwidth as the chapter's table has them."""
    sheet = chip(name)
    return replace(sheet, values={**sheet.values, C_FORMAT["bf16"]: Fraction(math), W_hbm: Fraction(hbm)})


A100, H100 = rounded("a100-80", "3.1e14", "2.0e12"), rounded("h100", "9.9e14", "3.4e12")
H200, B200 = rounded("h200", "9.9e14", "4.8e12"), rounded("b200", "2.3e15", "8.0e12")
H800 = replace(H100, name="h800", title="NVIDIA H800", values={**H100.values, W_ici: Fraction(3 * 10**11)})
QUIZ = chip("b200")  # the quizzes compute with its 2.25e15 FLOP/s


@question("gpu.l2", "L2 against HBM bandwidth", CHAPTER)
def l2() -> Iterator[Answer]:
    """How much faster the L2 cache of an H100 is than its HBM: 1.64 times, by the 5.5 TB/s measured for it."""
    ratio = Cost(W_L2 / W_hbm, "1")
    yield answer("gpu.l2", "L2 over HBM bandwidth, H100", ratio, ratio.at(chip("h100")), "1.6")


@question("gpu.hw", "FLOPs per byte of four GPUs", CHAPTER)
def hardware() -> Iterator[Answer]:
    """From which intensity bf16 matmuls are compute-bound: between 155 and 291 FLOPs per byte, on A100, H200, B200 and H100.

    The table gives the inputs only. Its rates agree with NVIDIA's, which the sheets hold; in the quizzes B200 has 2250 TFLOP/s.
    """
    peak = Cost(C, "FLOP/s", "peak")
    intensity = (peak / W_hbm).named("intensity")
    for sheet, printed in ((A100, "3.1e14"), (H100, "9.9e14"), (H200, "9.9e14"), (B200, "2.3e15")):
        name = sheet.name.removesuffix("-80")
        yield answer(f"gpu.hw.{name}", f"critical intensity, {name}, by the table", intensity, intensity.at(sheet, BF16))
        own = chip(sheet.name)
        yield answer(f"gpu.hw.{name}.peak", f"bf16 peak, {name}, by its sheet", peak, peak.at(own, BF16), f"{printed} FLOP/s")


@question("gpu.vs", "H200 against TPU v5p", CHAPTER)
def against() -> Iterator[Answer]:
    """How an H200 compares with a TPU v5p: 2.2 times the FLOP/s, 1.5 times the memory, at 2.4 times the price (about 10 to 4 dollars)."""
    v5p = chip("tpu-v5p")
    C_other, M_other, price_other = (
        symbol("C_other", "FLOP/s", "FLOP/s of the other chip"),
        symbol("M_other", "byte", "HBM size of the other chip"),
        symbol("price_other", "USD/s", "price of the other chip"),
    )
    flops, hbm, cost = Cost(C / C_other, "1"), Cost(M_sold / M_other, "1"), Cost(price / price_other, "1")
    ours = flops.at(H200, BF16, {C_other: v5p[C_FORMAT["bf16"]]})
    yield answer("gpu.vs", "bf16 FLOP/s, H200 over v5p", flops, ours, "2", "2.16, printed as close to 2", round(float(ours)))
    yield answer("gpu.vs.hbm", "HBM, H200 over v5p", hbm, hbm.at(H200, {M_other: v5p[M_sold]}), "1.5")
    yield answer("gpu.vs.price", "price per hour, H200 over v5p", cost, cost.at(H200, {price_other: v5p[price]}))


@question("gpu.units", "how many units compute", CHAPTER)
def modularity() -> Iterator[Answer]:
    """How finely an H100 is divided: 528 SIMD units of 32 lanes in its 132 SMs, where a TPU core has one vector unit of 4096 ALUs."""
    sublanes = symbol("sublanes")
    simd, alus, tpu = Cost(n_core * n_sub, "1"), Cost(n_core * n_sub * n_lane, "1"), Cost(n_sub * sublanes * n_lane, "1")
    yield answer("gpu.units", "SIMD units of an H100", simd, simd.at(H100), "528")
    yield answer("gpu.units.alus", "ALUs of an H100", alus, alus.at(H100), "16896")
    yield answer("gpu.units.tpu", "ALUs of a TPU core's vector unit", tpu, tpu.at({n_sub: 4, n_lane: 128, sublanes: 8}), "4096")


POD = Tree(((g, W_ici), (nodes, g * W_dcn), (units, nodes * g * W_dcn)))
SUPERPOD = {g: 8, nodes: 32, units: 4, leaves: 8, spines: 16, ports: 64, switches: 4}


def counted(cost: Cost) -> Value:
    """A cost at the numbers of a SuperPod of H100s."""
    found: Value = cost.at(chip("h100"), SUPERPOD)
    return found


@question("gpu.pod", "a SuperPod in numbers", CHAPTER)
def superpod() -> Iterator[Answer]:
    """What a SuperPod of H100s consists of: 4 units of 32 nodes of 8, so 1024 GPUs, and 560 switches to join them.

    A unit sends 12.8 TB/s, which its leaf switches and the spine can carry. Appendix B counts half as much for each switch.
    """
    unit, pod = Cost(g * nodes, "chip"), Cost(POD.size, "chip")
    nvlink, leaf = Cost(units * nodes * switches, "1", "NVLink"), Cost(units * leaves, "1", "leaf")
    every = nvlink + leaf + Cost(spines, "1", "spine")
    rows = (
        ("", "GPUs of a scalable unit", unit, "256"),
        (".gpus", "GPUs", pod, "1024"),
        (".nvlink", "NVLink switches", nvlink, "512"),
        (".leaf", "leaf switches", leaf, "32"),
        (".switches", "switches in all", every, "560"),
    )
    for key, asked, cost, printed in rows:
        yield answer(f"gpu.pod{key}", asked, cost, counted(cost), printed)
    out = Cost(nodes * g * W_dcn, "byte/s", "unit egress")
    spine, leaf = (Cost(some * ports * W_dcn, "byte/s") for some in (spines, leaves))
    yield answer("gpu.pod.bw", "what a unit sends", out, counted(out), "12.8 TB/s")
    half = "appendix B and a quiz count 32 ports of 50 GB/s a switch, half of it"
    yield answer("gpu.pod.bw.spine", "what the spine carries", spine, counted(spine), "51.2 TB/s", half)
    yield answer("gpu.pod.bw.leaf", "what the leaf switches of a unit carry", leaf, counted(leaf), "25.6 TB/s", half)


@question("gpu.gb200", "egress of an NVL72", CHAPTER)
def nvl72() -> Iterator[Answer]:
    """What a GB200 NVL72 sends into InfiniBand: 3.6 TB/s from its 72 GPUs, 9 times a node of 8 H100s."""
    node, gb200 = Cost(g * W_dcn, "byte/s", "node egress"), chip("gb200")
    yield answer("gpu.gb200", "node egress, NVL72", node, node.at(gb200, g=72), "3600 GB/s")
    g_other, W_other = symbol("g_other", "1", "chips of the other node"), symbol("W_other", "byte/s", "network bandwidth of the other chip")
    ratio = node / Cost(g_other * W_other, "byte/s")
    ours = ratio.at(gb200, {g: 72, g_other: 8, W_other: chip("h100")[W_dcn]})
    yield answer("gpu.gb200.ratio", "over that of an H100 node", ratio, ours, "9")


@question("gpu.q3.1", "quiz 3, question 1: bandwidth at each level", CHAPTER)
def quiz3_1() -> Iterator[Answer]:
    """Whether a SuperPod is a full fat tree: yes, each level passes 400 GB/s per node on.

    Print's "32*400/8" of a unit forgets its 8 leaf switches, and "per GPU" should be "per node"; its numbers are right.
    """
    rows = (
        ("", "node egress", Cost(g * W_dcn, "byte/s"), "400 GB/s"),
        (".unit", "from the nodes of a unit into its leaf switches", Cost(leaves * nodes * W_dcn, "byte/s"), "12800 GB/s"),
        (".spine", "from a unit to the spine, 2 links to each switch", Cost(leaves * spines * 2 * W_dcn, "byte/s"), "12800 GB/s"),
        (".node", "what the spine carries, per node", Cost(spines * ports * W_dcn / (units * nodes), "byte/s"), "400 GB/s"),
    )
    for key, asked, cost, printed in rows:
        yield answer(f"gpu.q3.1{key}", asked, cost, counted(cost), printed)


@question("gpu.q3.2", "quiz 3, question 2: 2048 GPUs", CHAPTER)
def quiz3_2() -> Iterator[Answer]:
    """What 2048 GPUs take: twice the SuperPod, 8 units and 32 spine switches, if every unit still sends all it has to the spine."""
    enough = solve(Cost(POD.size, "chip") >= Cost(n, "chip"), units)
    yield answer("gpu.q3.2", "scalable units", enough, enough.at(n=2048, g=8, nodes=32), "8")
    spine, out = Cost(spines * ports * W_dcn, "byte/s"), Cost(n * W_dcn, "byte/s")
    carried = solve(spine >= out, spines)
    yield answer("gpu.q3.2.spines", "spine switches that carry what they send", carried, carried.at(n=2048, ports=64), "32")


NODE = mesh(X=Switch())  # all within one NVLink domain
TREE = mesh(X=Tree(((g, W_ici), (X / g, g * W_dcn))))  # nodes of g GPUs
RACKS = mesh(Y=Switch(), X=Network())  # Y within a node, X across nodes
MLP, TOKENS = layers.Mlp(gated=False, norms=0), layers.Pass(new=1)  # B are tokens
FSDP = MLP.program(layers.Sharding(data="X", fsdp="X"), TOKENS)
BOTH = MLP.program(layers.Sharding(data="X", fsdp="X", model="Y"), TOKENS)
MOE = program(
    """
    In[E, A_X, D]  W_in[E, D_X, F]  -> Tmp[E, A_X, F]
    Tmp[E, A_X, F] W_out[E, F, D_X] -> Out[E, A_X, D]
    """,
    A=B * k / E,
    formats={"W_in": p_w, "W_out": p_w},
)


def hidden(layer: Program, on: Mesh, unknown: Symbol, over: str = "", level: str = "", exact: bool = False, stages: Any = 1) -> Bound:
    """Where the FLOPs of a layer hide its collectives: all or those ``over`` an axis, on one ``level`` of a tree.

    With pipeline ``stages`` a chip sees every token of its pipeline, in an equal share of the layers.
    """
    math: Cost = layer.flops / C
    times = [on.time(c, exact=exact) for c in layer.collectives if not over or over in c.axes]
    comms = reduce(add, [time[level] if level else time for time in times])
    share = {B: b * on.chips * stages} if unknown is b else {}
    return solve(math.at(share) >= comms.at(share), unknown)


PIPELINED = hidden(BOTH, RACKS, b, over="X", stages=Z)
WITHIN = hidden(FSDP, NODE, b)
ACROSS = hidden(FSDP, TREE, b, level="level 2")


@question("gpu.dp", "data parallelism and FSDP", CHAPTER)
def data_parallel() -> Iterator[Answer]:
    """How many tokens per GPU hide the gradients: 2200 within a node of H100s, 2475 across nodes, whatever their number.

    That is 40M tokens for 16k GPUs (LLaMA 3 used 16M) and 6.8M for the 2048 H800s of DeepSeek V3. Over two nodes only half of
    every array moves, so half is enough if the GPUs of a node share the weights; with experts it takes E/k times as much.
    """
    yield answer("gpu.dp", "tokens per GPU, within a node", WITHIN, WITHIN.at(H100, BF16), "2200")
    yield answer("gpu.dp.across", "tokens per GPU, across nodes", ACROSS, ACROSS.at(H100, BF16, g=8), "2475")
    whole = hidden(FSDP, TREE, B, level="level 2")
    yield answer("gpu.dp.llama", "batch for 16k H100s", whole, whole.at(H100, BF16, g=8, X=16000), "40e6")
    total = hidden(FSDP, NODE, B)
    yield answer("gpu.dp.ds", "tokens per GPU, H800", WITHIN, WITHIN.at(H800, BF16), "3300")
    yield answer("gpu.dp.ds.total", "batch for 2048 of them, DeepSeek V3", total, total.at(H800, BF16, X=2048), "6.7e6")
    two = hidden(BOTH, RACKS, b, over="X", exact=True)
    yield answer("gpu.dp.small", "tokens per GPU, over 2 nodes of 8", two, two.at(H100, BF16, X=2, Y=8), "1237")
    sparse = hidden(MOE, TREE, b, level="level 2")
    yield answer("gpu.dp.moe", "tokens per GPU, 4 of 128 experts", sparse, sparse.at(H100, BF16, g=8, E=128, k=4), "79200")


copies = symbol("copies", "1", "times a token is sent", r"\text{copies}")
EXPERTS = program(
    """
    Sent[J, B_Z, D]                      -> Held[J_Z, B, D]
    Here[E_Z, A, D]    W_in[E_Z, D, F]   -> Tmp[E_Z, A, F]
    Tmp[E_Z, A, F]     W_out[E_Z, F, D]  -> Made[E_Z, A, D]
    Back[J_Z, B, D]                      -> Out[J, B_Z, D]
    """,
    J=copies,
    A=B * k / E,
)
SPREAD = mesh(Z=Tree(((g, W_ici), (Z / g, g * W_dcn))))


@question("gpu.ep", "expert parallelism", CHAPTER)
def expert_parallel() -> Iterator[Answer]:
    """How wide an expert must be to hide its two AllToAlls: 19,800 over many nodes of H100s, 17,325 for 8 experts over 8 nodes.

    Each token goes to its k experts, but to no node twice: min(k, Z/8) times. Over many nodes the width is 8 C/W_node and depends on
    neither k nor Z.
    """
    math: Cost = EXPERTS.flops / C
    time = reduce(add, [SPREAD.time(c, exact=True)["level 2"] for c in EXPERTS.collectives])
    many = solve(math >= time.at({copies: k}), F, large=(Z,))
    few = solve(math >= time.at({copies: Z / g}), F)
    yield answer("gpu.ep", "d_ff of an expert, many nodes", many, many.at(H100, BF16, g=8))
    yield answer("gpu.ep.few", "d_ff of an expert, each node gets every token: k = 8, Z = 64", few, few.at(H100, BF16, g=8, k=8, Z=64))


@question("gpu.pp", "pipeline parallelism", CHAPTER)
def pipeline() -> Iterator[Answer]:
    """What a pipeline costs in communication: 22 hops of 10 us for 16 microbatches through 8 stages across nodes.

    The first microbatch takes a hop for every stage, and each of the others one more.
    """
    N_mb = symbol("N_mb", "1", "microbatches")
    hop = Network(bandwidth=g * W_dcn).time("Permute", Cost(p * B * D / N_mb, "byte"), Z)
    hops = hop * (N_mb + Z - 2)
    yield answer("gpu.pp", "time of all hops", hops, hops.at(H100, BF16, B=4096, D=8192, N_mb=16, Z=8, g=8))


@question("gpu.q5.1", "quiz 5, question 1: B200", CHAPTER)
def quiz5_1() -> Iterator[Answer]:
    """How B200 changes the rooflines: within a node it takes 2500 tokens per GPU, across nodes 5625, twice an H100's.

    FLOP/s and NVLink doubled, the network did not. The quiz computes with 2250 TFLOP/s.
    """
    yield answer("gpu.q5.1", "tokens per GPU, within a node", WITHIN, WITHIN.at(QUIZ, BF16), "2500")
    yield answer("gpu.q5.1.across", "tokens per GPU, across nodes", ACROSS, ACROSS.at(QUIZ, BF16, g=8), "5625")
    C_other = symbol("C_other", "FLOP/s", "FLOP/s of the other chip")
    ratio = Cost(C / C_other, "1")
    yield answer("gpu.q5.1.flops", "FLOP/s over H100", ratio, ratio.at(QUIZ, BF16, {C_other: H100[C_FORMAT["bf16"]]}), "2.25")


p_opt = symbol("p_opt", "byte", "bytes of optimizer state per parameter", r"p_\text{opt}")
D_tok = symbol("D_tok", "token", "tokens of a training run", r"D_\text{tok}")
LLAMA = {P: 70 * 10**9}  # as the quiz rounds LLaMA 3-70B


@question("gpu.q5.2", "quiz 5, question 2: training LLaMA 3-70B on 4096 H100s", CHAPTER)
def quiz5_2() -> Iterator[Answer]:
    """How to train LLaMA 3-70B on 4096 H100s: 40 days at 45 % MFU, 8-way tensor parallel with an 8-stage pipeline.

    Tensor parallelism goes to 13 ways in a node; print has 14.4 from a constant of 1995 that stands nowhere else. Then 976 tokens
    per GPU are too few for 2475, but the pipeline divides that by 8, since each GPU holds and sends an eighth of the layers.
    """
    state = memory.weight_memory() + Cost(P * p_opt, "byte", "Adam state")
    given = (H100, BF16, LLAMA)
    yield answer("gpu.q5.2a", "weights and Adam state", state, state.at(*given, p_opt=8), "700 GB")
    fewest = memory.whole(solve(state <= memory.capacity(), n))
    yield answer("gpu.q5.2a.chips", "GPUs that hold them", fewest, fewest.at(*given, p_opt=8), "9 chips")

    flops = (3 * prefill.forward_flops() * D_tok).declare("FLOP").named("training FLOPs")
    rate = Cost(n * C * MFU, "FLOP/s", "useful rate")
    run, time = {"D_tok": 15 * 10**12}, flops / rate
    used = {n: 4096, MFU: 0.45}
    yield answer("gpu.q5.2b", "FLOPs", flops, flops.at(LLAMA, **run), "6.3e24 FLOP")
    yield answer("gpu.q5.2b.rate", "FLOP/s at 45 % MFU", rate, rate.at(H100, BF16, used), "1.8e18 FLOP/s")
    yield answer("gpu.q5.2b.time", "time", time, time.at(*given, used, **run), "3.5e6 s")
    yield answer("gpu.q5.2b.days", "the same in days", time, time.at(*given, used, **run), "40 days")

    tensor = hidden(MLP.program(layers.Sharding(model="Y"), TOKENS), mesh(Y=Switch()), Y)
    alpha = symbol("alpha", "FLOP/byte", "C / W_ici")
    ours, book = tensor.at(H100, BF16, F=28672), tensor.at(C=alpha * W_ici).at(p_a=2, F=28672, alpha=1995)
    odd = "1995 for C/W_ici, which is 2200; it stands nowhere else"
    yield answer("gpu.q5.2c", "tensor parallelism in a node", tensor, ours, "14.372", odd, book)

    each, tokens, out = (state / Y).named("state per GPU"), Cost(B / n, "token/chip"), Cost(Z * g * W_dcn, "byte/s")
    yield answer("gpu.q5.2d", "weights and Adam state per GPU, 8-way", each, each.at(*given, Y=8, p_opt=8), "87.5 GB")
    yield answer("gpu.q5.2d.tokens", "tokens per GPU, batch 4M", tokens, tokens.at(n=4096, B=4 * 10**6), "976")
    yield answer("gpu.q5.2d.egress", "network bandwidth of a pipeline of 8 nodes", out, out.at(H100, Z=8, g=8), "3200 GB/s")
    yield answer("gpu.q5.2d.roofline", "tokens per GPU, 8-stage pipeline", PIPELINED, PIPELINED.at(H100, BF16, Y=8, Z=8), "309")


@question("gpu.q5.3", "quiz 5, question 3: Megatron", CHAPTER)
def quiz5_3() -> Iterator[Answer]:
    """Whether NVIDIA's Megatron runs were bound by the network: no, 2048 to 4096 tokens per GPU are above their rooflines.

    Pure data parallelism across nodes needs 2475; model parallelism over 2 nodes halves that, over 8 divides it by 8. Print says
    roughly 1k and 300.
    """
    sequences = symbol("sequences", "sequence", "sequences of a step")
    tokens = Cost(sequences * S / n, "token/chip")
    runs = ((192, 192), (384, 768), (1536, 3072))
    ours = [tokens.at(sequences=count, n=chips, S=4096) for count, chips in runs]
    yield answer("gpu.q5.3", "tokens per GPU of 16B, 70B, 314B", tokens, ours, ["4096", "2048", "2048"])
    bounds = [PIPELINED.at(H100, BF16, Y=8, Z=stages) for stages in (2, 8)]
    cut = [float(bound) // digit * digit for bound, digit in zip(bounds, (1000, 100), strict=True)]
    why = "1237 and 309, printed as roughly 1k and 300"
    yield answer("gpu.q5.3.bounds", "roofline with model parallelism over 2 and 8 nodes", PIPELINED, bounds, ["1000", "300"], why, cut)


@question("gpu.appa", "appendix A: GB200", CHAPTER)
def appendix_a() -> Iterator[Answer]:
    """What an NVL72 does to the roofline across nodes: four times fewer tokens per GPU, 625 instead of 2475.

    NVLink within the 72 then binds first, at 2500, if data parallelism runs over it too.
    """
    g_other, C_other = symbol("g_other", "1", "chips of the other node"), symbol("C_other", "FLOP/s", "FLOP/s of the other chip")
    ratio = ACROSS.cost / ACROSS.cost.at({g: g_other, C: C_other})
    ours = ratio.at(H100, BF16, {g: 8, g_other: 72, C_other: QUIZ[C_FORMAT["bf16"]]})
    yield answer("gpu.appA", "roofline of H100 over that of GB200", ratio, ours, "4")
    yield answer("gpu.appA.across", "tokens per GPU across NVL72s", ACROSS, ACROSS.at(QUIZ, BF16, g=72))
    yield answer("gpu.appA.within", "tokens per GPU within one", WITHIN, WITHIN.at(QUIZ, BF16))


@question("gpu.appb", "appendix B: bandwidth per GPU", CHAPTER)
def appendix_b() -> Iterator[Answer]:
    """What a GPU has of the network: 25 GB/s at a spine of 25.6 TB/s, 50 GB/s within its unit.

    The chapter itself counts 51.2 TB/s for that spine, which makes 50 GB/s at both levels.
    """
    share = Cost(symbol("W_level", "byte/s", "bandwidth of a level") / n, "byte/s")
    ours = [share.at(W_level=level, n=chips) for level, chips in (("25.6 TB/s", 1024), ("12.8 TB/s", 256))]
    yield answer("gpu.appB", "bandwidth per GPU at the spine, within a unit", share, ours, ["25 GB/s", "50 GB/s"])
    yield answer("gpu.appB.main", "at the spine of the chapter", share, share.at(W_level="51.2 TB/s", n=1024))
