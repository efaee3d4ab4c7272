"""How to Scale Your Model, part 3: sharded matrices and how to multiply them, question by question.

I, J and K are dimensions of matrices here, X, Y and Z axes of the mesh. What a program does between chips follows from the
shardings that it is written with.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

import sympy as sp

from symroof import Answer, Cost, Mesh, Program, Torus, answer, chip, dtype, layers, mesh, program, question, solve, symbol
from symroof.symbols import B, C, D, F, W_hbm, W_ici, X, Y, Z, t_hop

CHAPTER = "How to Scale Your Model, part 3: sharded matrices"

V4P, V5P, V5E = chip("tpu-v4p"), chip("tpu-v5p"), chip("tpu-v5e")
BF16, INT8 = dtype("bf16"), dtype("int8", math="int8")
I, J, K = (symbol(letter, "1", f"{letter}, a dimension of a matrix") for letter in "IJK")
V_A = symbol("V_A", "byte", "bytes of the gathered array")

TORUS = mesh(X=Torus(), Y=Torus(), Z=Torus())
CUBE, LINES = TORUS.sized(X=4, Y=4, Z=4), mesh(X=Torus(wrap=False), Y=Torus(wrap=False))  # v4p 4x4x4; v5e below 16x16
SHAPE = {I: 1024, J: 8192, K: 8192}


def matrices(text: str) -> Program:
    """A program over I, J and K, the dimensions of this chapter."""
    return program(text, I=I, J=J, K=K)


def comms(found: Program, on: Mesh, exact: bool = False) -> Cost:
    """The time of all collectives of a program, one after the other [s]."""
    return reduce(lambda a, b: a + b, (on.time(c, exact=exact) for c in found.collectives)).named("comms")


def arithmetic(found: Program) -> Cost:
    """The time of its FLOPs [s]."""
    return (found.flops / C).named("math")


def only(found: Program) -> Cost:
    """The bytes of its only collective."""
    (collective,) = found.collectives
    return collective.volume.named(collective.name)


@question("shard.pop1", "pop quiz 1: what a sharded array occupies", CHAPTER)
def pop1() -> Iterator[Answer]:
    """What int8[128, 2048], sharded over 16 of 32 chips, occupies: 16 KiB a chip and, twice over, 512 KiB in all."""
    array = matrices("int8 A[I_XY, J] -> Same[I_XY, J]").bytes("A")
    given = {I: 128, J: 2048, X: 2, Y: 8, Z: 2}
    ours = [array.at(given), (X * Y * Z * array).at(given)]
    yield answer("shard.pop1", "bytes per chip, of all chips", array, ours, ["16 KiB", "512 KiB"])


@question("shard.cases", "the four cases of a sharded matmul", CHAPTER)
def cases() -> Iterator[Answer]:
    """What [1024, 8192] x [8192, 8192] in bf16 on 4 x 4 chips costs in every case, FLOPs and bytes of the collective per chip.

    1. no chip lacks anything: no collective; 2. one operand is sharded along the contraction: it is gathered; 3. both
    are: partial sums, added by an AllReduce, or scattered at half its cost; 4. both have the same axis elsewhere: the
    result cannot have it twice, so one operand is gathered first, either one.
    """
    given = {**SHAPE, X: 4, Y: 4}
    rows = (
        ("1", "no axis is contracted", "A[I_X, J] W[J, K_Y] -> Out[I_X, K_Y]"),
        ("2", "one operand is sharded along J", "A[I, J_X] W[J, K] -> Out[I, K]"),
        ("3", "both are", "A[I, J_X] W[J_X, K] -> Out[I, K]"),
        ("3.scatter", "both are, and X shards the result", "A[I, J_X] W[J_X, K] -> Out[I, K_X]"),
        ("4.first", "the same axis on I and K, the first gathered", "A[I_X, J] W[J, K_X] -> Out[I, K_X]"),
        ("4.second", "the same, the second gathered", "A[I_X, J] W[J, K_X] -> Out[I_X, K]"),
    )
    for id, asked, text in rows:
        found = matrices(text)
        yield answer(f"shard.case{id}", f"FLOPs if {asked}", found.flops, found.flops.at(given))
        if found.collectives:
            sent = only(found)
            yield answer(f"shard.case{id}.bytes", f"bytes of {sent.name}", sent, sent.at(given, BF16))
    local = matrices("A[I, J_X] W[J_X, K] -> Part[I, K]{U_X}")
    later = matrices("Part[I, K]{U_X} -> Out[I, K]")
    once = comms(matrices(rows[2][2]), TORUS) / comms(local + later, TORUS)
    yield answer("shard.case3.local", "AllReduce at once over the AllReduce of {U_X}", once, once.at())


@question("shard.primitives", "what the four collectives cost", CHAPTER)
def primitives() -> Iterator[Answer]:
    """How the collectives compare on a ring: a ReduceScatter costs an AllGather, an AllReduce two, an AllToAll a quarter.

    The way back of an AllGather is a ReduceScatter. None of it depends on the number of chips.
    """
    gather = comms(matrices("A[I_X, J] -> All[I, J]"), TORUS)
    yield answer("shard.gather", "AllGather of bf16[1024, 8192], one axis of v4p", gather, gather.at(V4P, BF16, SHAPE))
    both = comms(matrices("A[I_XY, J] -> All[I, J]"), TORUS)
    yield answer("shard.gather.two", "the same over two axes", both, both.at(V4P, BF16, SHAPE))
    for name, text, printed in (
        ("scatter", "A[I, J]{U_X} -> Out[I_X, J]", 1),
        ("reduce", "A[I, J]{U_X} -> Out[I, J]", 2),
        ("all_to_all", "A[I_X, J] -> Out[I, J_X]", 0.25),
    ):
        found = matrices(text)
        ratio = comms(found, TORUS) / gather
        yield answer(f"shard.{name}", f"{found.collectives[0].kind} over AllGather", ratio, ratio.at(), printed)
    back = comms(matrices("A[I_X, J] -> All[I, J]").backward(), TORUS) / gather
    yield answer("shard.transpose", "the way back of an AllGather over an AllGather", back, back.at(), 1)


@question("shard.ring", "how an AllGather goes round a ring", CHAPTER)
def ring() -> Iterator[Answer]:
    """How long X chips take to gather 34 MB over links of 9e10 byte/s: X/2 hops, 0.38 ms in all, whatever X.

    A hop takes 1 us however little it carries, so latency binds below 45 kB.
    """
    whole = Torus().time("AllGather", Cost(V_A, "byte"), X, latency=True)
    total, hops = whole["bandwidth"], whole["latency"] / t_hop
    each = (total / hops).named("hop")
    given = {V_A: 34 * 10**6, X: 4}
    yield answer("shard.hop", "time of a hop, of all hops; 4 chips, v5e", each, [each.at(V5E, given), total.at(V5E, given)])
    small = solve(Cost(V_A, "byte") / (W_ici / 2) <= Cost(t_hop, "s"), V_A)
    yield answer("shard.lat", "bytes of a hop below which latency binds", small, small.at(V5E, t_hop="1 us"), "45 kB")


@question("shard.pop2", "pop quiz 2: AllGather on v5e 8x4", CHAPTER)
def pop2() -> Iterator[Answer]:
    """How long gathering bf16[2048, 8192] over an axis of 4 takes on v5e: 373 us round a ring, but there is none: 559 us.

    A line of four chips has three hops, each of a quarter of the array over one link. For [256, 256] latency binds: 3 us.
    """
    found = matrices("A[I_Y, J] -> All[I, J]")
    ideal, real = comms(found, TORUS), comms(found, LINES.sized(Y=4), exact=True)
    large, little = {I: 2048, J: 8192}, {I: 256, J: 256}
    yield answer("shard.pop2.a", "as if the axis were a ring", ideal, ideal.at(V5E, BF16, large), "377 us")
    yield answer("shard.pop2.b", "as the line that it is", real, real.at(V5E, BF16, large), "560 us")
    (gather,) = found.collectives
    slow = LINES.sized(Y=4).time(gather, latency=True)
    yield answer("shard.pop2.c", "bf16[256, 256]", slow, slow.at(V5E, BF16, little, t_hop="1 us"), "3 us")


@question("shard.agbw", "the bandwidth an AllGather reaches", CHAPTER)
def reached() -> Iterator[Answer]:
    """How much each of 16 chips sends in the 10 MB AllGather that reaches 95 % of a link: 625 kB."""
    share = matrices("int8 A[I_X, J] -> Same[I_X, J]").bytes("A")
    yield answer("shard.agbw", "bytes of a chip", share, share.at({I: 10**4, J: 10**3, X: 16}), "625 kB")


@question("shard.q1", "question 1: copies of a sharded array", CHAPTER)
def q1() -> Iterator[Answer]:
    """How many copies of an array all chips hold together if only X of X, Y, Z = 4, 8, 2 shards it: 16."""
    shard, whole = matrices("A[I_X, J] -> Same[I_X, J]").bytes("A"), matrices("A[I, J] -> Same[I, J]").bytes("A")
    copies = (X * Y * Z * shard / whole).named("copies")
    yield answer("shard.q1", "copies", copies, copies.at({X: 4, Y: 8, Z: 2}), 16)


@question("shard.q2", "question 2: AllGathers on v4p 4x4x4", CHAPTER)
def q2() -> Iterator[Answer]:
    """How long collectives of bf16[1024, 4096] take on v4p 4x4x4: 23 us over X or Y, 47 us over both, 12 us to reduce over Z.

    Over both axes there is four times as much to gather at twice the bandwidth. The last one is an AllReduce of a 16th:
    the first edition takes it for the whole array, a later one for an AllGather of a 16th, 5.8 us.
    """
    given = {B: 1024, D: 4096}
    rows = (
        ("x", "AllGather over X", "A[B_X, D_Y] -> Out[B, D_Y]", "23 us"),
        ("y", "AllGather over Y", "A[B_X, D_Y] -> Out[B_X, D]", "23 us"),
        ("xy", "AllGather over X and Y", "A[B_X, D_Y] -> Out[B, D]", "46 us"),
    )
    for id, asked, text, printed in rows:
        took = comms(program(text), CUBE).at({X: 4, Y: 4})
        yield answer(f"shard.q2.{id}", asked, took, took.at(V4P, BF16, given), printed)
    added = comms(program("A[B_X, D_Y]{U_Z} -> Out[B_X, D_Y]"), TORUS)
    once = added / 2
    book = once.at(V4P, BF16, given, X=4, Y=4)
    why = "an AllGather, which is half of an AllReduce"
    yield answer("shard.q2.z", "AllReduce over Z", added, added.at(V4P, BF16, given, X=4, Y=4), "5.8 us", why, book)


@question("shard.q3", "question 3: an AllGather bound by latency", CHAPTER)
def q3() -> Iterator[Answer]:
    """How long gathering 256 bytes over a ring of 4 takes on v4p: two hops of 1 us each, however little they carry."""
    (gather,) = program("A[B_X] -> All[B]").collectives
    took = TORUS.time(gather, latency=True)
    yield answer("shard.q3", "time of the AllGather", took, took.at(V4P, BF16, B=128, X=4, t_hop="1 us"), "2 us")


@question("shard.q4", "question 4: gather the weights or reduce the result", CHAPTER)
def q4() -> Iterator[Answer]:
    """Which is better for A[B, D] W[D_X, F]: to gather W and multiply everything, or to multiply shards and reduce the result.

    On v5p gathering is bound by communication below 2550 tokens (print misnames it F); reducing is bound by arithmetic
    only while X < D/5100. So it is a communication against an arithmetic, and reducing wins if D > 5100.
    """
    gather = program("A[B, D] W[D_X, F] -> Out[B, F]", width=2)
    reduce_ = program("A[B, D_X] W[D_X, F] -> Out[B, F]", width=2)
    tokens = solve(arithmetic(gather) >= comms(gather, TORUS), B)
    ways = solve(arithmetic(reduce_) >= comms(reduce_, TORUS), X)
    width = solve(comms(reduce_, TORUS) <= arithmetic(gather), D)
    yield answer("shard.q4.gather", "tokens from which arithmetic binds if W is gathered", tokens, tokens.at(V5P, BF16), "2550 tokens")
    yield answer("shard.q4.reduce", "X up to which it binds if the result is reduced, D = 8192", ways, ways.at(V5P, BF16, D=8192))
    yield answer("shard.q4", "D from which reducing is better", width, width.at(V5P, BF16), 5100)
    few = solve(comms(reduce_, TORUS) <= comms(gather, TORUS), D)
    yield answer("shard.q4.few", "the same while communication binds both, 512 tokens", few, few.at(B=512))


@question("shard.q5", "question 5: a matmul at the lowest latency", CHAPTER)
def q5() -> Iterator[Answer]:
    """What a replicated bf16 result [1024, 8192] of a matmul over 64 chips of v4p costs: 8 us of arithmetic and a collective.

    Sharding rows or columns of the result and gathering it takes 62 us, sharding the contraction and reducing it 124 us, and
    doing everything on every chip 500 us. So the two that gather tie for best. The book leaves this to the reader.
    """
    rows = matrices("A[I_XYZ, J] W[J, K] -> Out[I_XYZ, K] \n Out[I_XYZ, K] -> All[I, K]")
    columns = matrices("A[I, J] W[J, K_XYZ] -> Out[I, K_XYZ] \n Out[I, K_XYZ] -> All[I, K]")
    inner = matrices("A[I, J_XYZ] W[J_XYZ, K] -> All[I, K]")
    alone = matrices("A[I, J] W[J, K] -> All[I, K]")
    given = {**SHAPE, X: 4, Y: 4, Z: 4}
    costs = [comms(rows, TORUS), comms(inner, TORUS), arithmetic(rows), arithmetic(alone)]
    ours = [cost.at(V4P, BF16, given) for cost in costs]
    yield answer("shard.q5", "gather the result, reduce it; arithmetic on 64 chips, on each", costs[0], ours)
    tie = comms(columns, TORUS) / comms(rows, TORUS)
    yield answer("shard.q5.tie", "columns over rows", tie, tie.at())


@question("shard.q6", "question 6: matmuls on v5e 4x4", CHAPTER)
def q6() -> Iterator[Answer]:
    """What the three usual shardings of a matmul ask of v5e 4x4, whose axes are lines: when arithmetic hides communication.

    Contraction over Y: from J = 35,022 on, since the AllReduce goes over one line of four. Weights at rest over X (training):
    from 17,511 rows on (as many as X times 2 C/W_ici tokens). Model parallelism alone: always, there is nothing to send.
    """
    inner = matrices("A[I_X, J_Y] W[J_Y, K] -> Out[I_X, K]")
    deep = solve(arithmetic(inner) >= comms(inner, LINES), J)
    given = {X: 4, Y: 4}
    yield answer("shard.q6.a", "J from which arithmetic binds, J sharded over Y", deep, deep.at(V5E, BF16, given))
    rest = matrices("A[I_X, J] W[J_X, K_Y] -> Out[I_X, K_Y]")
    tall = solve(arithmetic(rest) >= comms(rest, LINES), I)
    yield answer("shard.q6.b", "rows from which it does, weights at rest over X", tall, tall.at(V5E, BF16, given))
    free = matrices("A[I_X, J] W[J, K_Y] -> Out[I_X, K_Y]")
    sent = Cost(sp.Integer(len(free.collectives)), "1", "collectives")
    yield answer("shard.q6.c", "collectives if only K is sharded over Y", sent, sent.at())


@question("shard.q7", "question 7: an MLP on v5e 2x2", CHAPTER)
def q7() -> Iterator[Answer]:
    """How to lay out an MLP of two 537 MB matrices on four chips with 300 MB each: both over all four, 268 MB a chip.

    At 128 tokens reading them takes 331 us, twice the arithmetic; the AllGather of the input and the ReduceScatter of the
    output take 47 us over two links and hide behind it.
    """
    ungated, tokens = layers.Mlp(gated=False, norms=0), layers.Pass(new=1)
    mlp = ungated.program(layers.Sharding(model="Y"), tokens)
    square = mesh(Y=Torus(axes=2, wrap=False)).sized(Y=4)
    given = {B: 128, D: 8192, F: 32768, Y: 4}
    weights = mlp.bytes("W_in", "W_out")
    bytes_ = [ungated.program(at=tokens).bytes("W_in").at(BF16, given), weights.at(BF16, given)]
    yield answer("shard.q7", "bytes of a matrix; of both on one of four chips", weights, bytes_, "536 MB")
    took = [arithmetic(mlp), comms(mlp, square), (weights / W_hbm).named("hbm")]
    ours = [cost.at(V5E, BF16, given) for cost in took]
    yield answer("shard.q7.time", "time of arithmetic, of collectives, of reading the weights", took[0] | took[1] | took[2], ours)


@question("shard.q9", "question 9: multiply first, then scatter", CHAPTER)
def q9() -> Iterator[Answer]:
    """What it saves to multiply shards and scatter the result instead of gathering the first operand: a factor J/K of the bytes."""
    gather = only(matrices("A[I, J_X] W[J, K] -> Out[I, K]"))
    scatter = only(matrices("A[I, J_X] W[J_X, K] -> Out[I, K_X]"))
    ratio = (gather / scatter).named("gather over scatter")
    yield answer("shard.q9", "bytes gathered over bytes scattered, J = 8192, K = 1024", ratio, ratio.at({J: 8192, K: 1024}))


@question("shard.q10", "question 10: why an AllToAll is cheap", CHAPTER)
def q10() -> Iterator[Answer]:
    """How many numbers of a 4096 x 4096 matrix cross one link of a ring of 16: an AllToAll is a half, or a quarter, of an AllGather.

    In one direction an AllGather passes all but one's own part on, an AllToAll on average half as far. In both directions
    an AllGather needs half of that on each link, and an AllToAll, whose ways are shorter then, a quarter.
    """
    array = matrices("int8 A[I, J] -> Same[I, J]").bytes("A")
    one_way, two_ways, given = Torus(wrap=False), Torus(), {I: 4096, J: 4096, X: 16}
    count = Cost(W_ici / 2, "byte/s", "link, one way")
    step = symbol("step", "1", "hops")
    carried = [
        one_way.time("AllGather", array, X, exact=True) * count,
        array / X**2 * sp.summation(step, (step, 1, X - 1)),  # every part of a part goes 1 to X - 1 hops
        two_ways.time("AllGather", array, X) * count,
        two_ways.time("AllToAll", array, X) * count,
    ]
    numbers = [(cost / Cost(1, "byte")).declare("1") for cost in carried]
    gather, exchange, gather_two, exchange_two = numbers
    shown = [gather, exchange, exchange / gather, gather_two, exchange_two, exchange_two / gather_two]
    asked = "numbers on a link: AllGather, AllToAll, ratio in one direction; the same in both"
    yield answer("shard.q10", asked, gather, [cost.at(given) for cost in shown])
