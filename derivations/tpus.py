"""How to Scale Your Model, part 2: TPUs, question by question.

A first draft of the chapter had links of 5e10 and 1e11 byte/s where the table has 4.5e10 and 9e10; some of its printed
answers still carry them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from symroof import Answer, Cost, Torus, Value, answer, chip, decode, dtype, matmul, memory, question, roofline, sharding, solve, symbol
from symroof.symbols import B, C, D, D_mxu, F, P, W_hbm, W_ici, W_pcie, W_vmem, f_clk, n, n_core, n_host, n_mxu, p, t_hop

CHAPTER = "How to Scale Your Model, part 2: TPUs"

V3, V4P, V5P, V5E, V6E, V7X = (chip(f"tpu-{name}") for name in ("v3", "v4p", "v5p", "v5e", "v6e", "7x"))
BF16, INT8 = dtype("bf16"), dtype("int8", math="int8")
TEXT = "2.5 TB/s"  # the HBM bandwidth of v5p in the text; the table has 2.8e12
POD = Cost(n, "chip", "chips of a pod")
PEAK = Cost(C / W_hbm, "FLOP/byte", "intensity of the chip")

C_mxu = symbol("C_mxu", "FLOP/s", "FLOP/s of a matrix unit", r"C_\text{mxu}")
W_host = symbol("W_host", "byte/s", "network bandwidth of a host", r"W_\text{host}")
size = symbol("size", "byte", "bytes to be moved")
ARRAY = Cost(size, "byte", "array")


def truncated(value: Value, digit: float) -> float:
    """A value with everything below ``digit`` cut off, as print has it in places."""
    return math.floor(float(value) / digit) * digit


@question("tpu.mxu", "FLOP/s of the matrix units", CHAPTER)
def mxu() -> Iterator[Answer]:
    """What the matrix units of v5e add up to: 128 x 128 multiply-adds a cycle at 1.5 GHz are 4.9e13 FLOP/s, four of them 2e14.

    An [8, 128] by [128, 128] product takes 8 cycles. The table is more exact: 1.97e14, and twice that in int8.
    """
    one = (matmul(8, D_mxu, D_mxu).flops * f_clk / 8).declare("FLOP/s").named("matrix unit")
    yield answer("tpu.t2.mxu", "FLOP/s of one matrix unit of v5e", one, one.at(V5E), "5e13 FLOP/s")
    whole = Cost(n_mxu * C_mxu, "FLOP/s", "matrix units")
    rounded = [(k * whole).at(V5E, {C_mxu: 5 * 10**13}) for k in (1, 2)]
    yield answer("tpu.t2", "FLOP/s of v5e in bf16, int8, from the rounded 5e13", whole, rounded, ["2e14 FLOP/s", "4e14 FLOP/s"])
    clock = [(k * whole).at(V5E, {C_mxu: float(one.at(V5E))}) for k in (1, 2)]
    yield answer("tpu.t2.exact", "the same from the clock; the table", whole, clock, ["1.97e14 FLOP/s", "3.94e14 FLOP/s"])


@question("tpu.memories", "VMEM, HBM and links", CHAPTER)
def memories() -> Iterator[Answer]:
    """How memories compare: VMEM, 22 times as fast as HBM, needs 11 FLOPs a byte (HBM 243, v5e); HBM of v5p is as fast as 28 links.

    Print says about 25 for v5p, which is the text's 2.5e12 over the 1e11 of the first draft's links.
    """
    vmem = Cost(C / W_vmem, "FLOP/byte", "intensity of VMEM")
    yield answer("tpu.t4", "FLOPs per byte of VMEM, v5e", vmem, vmem.at(V5E, BF16), "11 FLOP/byte")
    links = Cost(W_hbm / (W_ici / 2), "1", "HBM over a link")
    draft = links.at(W_hbm=TEXT, W_ici="200 GB/s")
    why = "9e10 byte/s a link; 1e11 in the first draft"
    yield answer("tpu.t6", "HBM over one link, one way, v5p", links, links.at(V5P, W_hbm=TEXT), 25, why, draft)
    yield answer("tpu.t6.table", "the same with the 2.8e12 of the table", links, links.at(V5P))


@question("tpu.table", "the table of chips", CHAPTER)
def table() -> Iterator[Answer]:
    """What follows from the table: FLOPs per byte of HBM (the critical batch in bf16) and of a torus axis, and chips per pod.

    Both directions of a link count, which is why the second column of bandwidths is twice the first.
    """
    network = sharding.network_intensity()
    for name, c in (("v3", V3), ("v4p", V4P), ("v5p", V5P), ("v5e", V5E), ("v6e", V6E), ("7x", V7X)):
        yield answer(f"tpu.hw.{name}", f"FLOPs per byte of HBM, of an axis, {name}", PEAK, [PEAK.at(c, BF16), network.at(c, BF16)])
        pod = {n: 4 * 4 * 576} if c is V7X else c.on(c.slices[-1])  # a whole pod of 7x is not among the slices of its sheet
        yield answer(f"tpu.hw.{name}.pod", f"chips of a pod of {name}", POD, POD.at(pod))
    both = Cost(W_ici, "byte/s", "axis")
    axes = [both.at(c) for c in (V3, V4P, V5P, V5E, V6E)]
    printed = ["200 GB/s", "90 GB/s", "180 GB/s", "90 GB/s", "180 GB/s"]
    yield answer("tpu.ici", "both directions of a link of v3, v4p, v5p, v5e, v6e", both, axes, printed)


@question("tpu.dcn", "the network of a chip", CHAPTER)
def dcn() -> Iterator[Answer]:
    """What a chip has of the 2.5e10 byte/s of its host: a quarter of it on v5p, an eighth on v5e. The sheets agree."""
    share = Cost(W_host / n_host, "byte/s", "network of a chip")
    each = [share.at(c, {W_host: 25 * 10**9}) for c in (V5P, V5E)]
    yield answer("tpu.dcn", "network bandwidth of a chip of v5p, v5e", share, each, ["6.25 GB/s", "3.125 GB/s"])


@question("tpu.q1", "question 1: a lower bound for the latency of a model", CHAPTER)
def q1() -> Iterator[Answer]:
    """How long 32 chips of v4p take to read 200e9 bf16 weights: 10 ms (with 1.23e12 byte/s; 10.4 ms with the table's 1.2e12)."""
    load, given = decode.weight_time(), {P: 200 * 10**9, n: 32}
    yield answer("tpu.q1", "time to read the weights", load, load.at(V4P, BF16, given, W_hbm="1.23 TB/s"), "10 ms")
    yield answer("tpu.q1.table", "the same with the bandwidth of the table", load, load.at(V4P, BF16, given))


@question("tpu.q2", "question 2: pods", CHAPTER)
def q2() -> Iterator[Answer]:
    """What whole pods hold: v5e 32 hosts, 256 cores, 5e16 FLOP/s and 4 TB; v5p 2240 hosts, 17,920 cores, 4e18 FLOP/s and 860 TB."""
    hosts, all_cores = Cost(n / n_host, "1", "hosts"), Cost(n * n_core, "chip", "cores").declare("1")
    rate, room = Cost(n * C, "FLOP/s", "pod"), memory.capacity()
    rows = (("v5e", V5E, 32, 256, "5.1e16 FLOP/s", "4 TB"), ("v5p", V5P, 2240, 17920, "4e18 FLOP/s", "860 TB"))
    for name, c, printed_hosts, printed_cores, printed_rate, printed_room in rows:
        pod = c.on(c.slices[-1])
        yield answer(f"tpu.q2.{name}.hosts", f"hosts, {name}", hosts, hosts.at(pod), printed_hosts)
        yield answer(f"tpu.q2.{name}.cores", f"TensorCores, {name}", all_cores, all_cores.at(pod), printed_cores)
        yield answer(f"tpu.q2.{name}.flops", f"bf16 FLOP/s, {name}", rate, rate.at(pod, BF16), printed_rate)
        yield answer(f"tpu.q2.{name}.hbm", f"HBM, {name}", room, room.at(pod), printed_room)


@question("tpu.q3", "question 3: a matmul fed over PCIe", CHAPTER)
def q3() -> Iterator[Answer]:
    """From which batch a matmul whose operands come over PCIe is compute-bound on v6e: 61,333 tokens."""
    mm = matmul(B, D, F)
    rule = solve(mm.flops / C >= mm.traffic / W_pcie, B, large=(D, F))
    yield answer("tpu.q3", "critical batch over PCIe", rule, rule.at(V6E, BF16, W_pcie="15 GB/s"), "61000 tokens")


@question("tpu.q4", "question 4: latency of an int8 matmul", CHAPTER)
def q4() -> Iterator[Answer]:
    """From which batch int8 [B, 4096] x [4096, 16384] is compute-bound on v5e: 263 tokens out of HBM, 11 out of VMEM.

    Print has 271, from bytes and FLOPs rounded to two digits.
    """
    mm = roofline(matmul(B, D, F))
    exact, given = solve(mm["math"] >= mm["hbm"], B), {D: 4096, F: 16384}
    rounded = solve(Cost(B * 13 * 10**7, "FLOP") / C >= Cost(p * (67 * 10**6 + 2 * 10**4 * B), "byte") / W_hbm, B)
    why = "rounds to 1.3e8 B FLOPs and 6.7e7 + 2e4 B bytes"
    ours, book = exact.at(V5E, INT8, given), rounded.at(V5E, INT8)
    yield answer("tpu.q4.a", "critical batch, out of HBM", exact, ours, "271 tokens", why, book)
    inside = matmul(B, D, F)
    vmem = solve(inside.flops / C >= inside.traffic / W_vmem, B)
    yield answer("tpu.q4.b", "critical batch, out of VMEM", vmem, vmem.at(V5E, INT8, given), "11 tokens")
    yield answer("tpu.q4.time", "time at batch 64 and 512", mm, [mm.at(V5E, INT8, given, B=batch) for batch in (64, 512)])


@question("tpu.q5", "question 5: from corner to corner of a 4x4", CHAPTER)
def q5() -> Iterator[Answer]:
    """How long bf16[8, 128, 8192] takes from one corner of a v5e 4x4 to the other: 186 us over two links; the first byte 3 us.

    Without wrap-around there are six hops. The first edition prints 170 ms: it counts 1.7e10 bytes for 1.7e7.
    """
    given = {size: 2 * 8 * 128 * 8192}
    ways = Torus(sizes=(4, 4), wrap=False).time("AllGather", ARRAY, latency=True)["latency"]
    yield answer("tpu.q5.a", "arrival of the first byte", ways, ways.at({t_hop: 5 * 10**-7}), "3 us")
    sent = (ARRAY / W_ici).named("two links, one way")
    slip, why = sent.at({size: 17 * 10**9}, W_ici="100 GB/s"), "1.7e10 bytes for 1.7e7, and links of 5e10"
    yield answer("tpu.q5.b", "time to send all of it", sent, sent.at(V5E, given), "170 ms", why, slip)


@question("tpu.q6", "question 6: a matrix out of the memory of the hosts", CHAPTER)
def q6() -> Iterator[Answer]:
    """How long a 17 GB int8 matrix, spread over the hosts of a v5e 4x4, takes to one chip and through a matmul: 180 ms, its links.

    PCIe takes 72 ms, HBM 21 ms, the arithmetic 1.4 ms. Print counts 16e9 bytes for 128 Ki x 128 Ki and links of 5e10.
    """
    side = 128 * 1024
    exact, rounded = {size: side * side}, {size: 16 * 10**9}
    pcie = (ARRAY / (n * W_pcie)).declare("s").named("PCIe")
    lanes = V5E.on("4x4")
    low = "16e9 bytes for 2^34"
    yield answer("tpu.q6.pcie", "PCIe load", pcie, pcie.at(exact, lanes), "66 ms", low, pcie.at(rounded, lanes))
    gather = Torus(sizes=(4, 4), wrap=False).time("AllGather", ARRAY, exact=True)
    book = gather.at(rounded, W_ici="100 GB/s")
    yield answer("tpu.q6.ici", "copy to one chip", gather, gather.at(V5E, exact), "150 ms", low + ", and links of 5e10", book)
    load = (ARRAY / W_hbm).named("HBM")
    cut = truncated(load.at(V5E, rounded), 1e-3)
    yield answer("tpu.q6.hbm", "HBM load", load, load.at(V5E, exact), "19 ms", low + ", cut off", cut)
    work = matmul(B, D, F).flops
    given = {B: 8, D: side, F: side}
    yield answer("tpu.q6.flops", "FLOPs", work, work.at(given), "2.7e11 FLOP")
    took = (work / C).named("math")
    ours = took.at(V5E, BF16, given)
    yield answer("tpu.q6.math", "time of the FLOPs", took, ours, "1.3 ms", "1.395 ms, cut off", truncated(ours, 1e-4))
