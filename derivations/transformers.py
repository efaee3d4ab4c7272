"""How to Scale Your Model, part 4: the Transformer arithmetic one needs to know, question by question.

Everything is counted by the programs of the layers. B are tokens in the MLP and sequences of T tokens in attention; a
backward pass is the transposed program, twice the FLOPs. ``F = 4D`` and ``NH = D`` where the chapter assumes it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import reduce

import sympy as sp

from symroof import Answer, Cost, Program, answer, chip, dtype, layers, matmul, memory, program, question, roofline, solve, symbol
from symroof.symbols import B, C, D, E, F, H, K, L, N, S, T, V, W_hbm, X, Y, Z, k, p_a, p_kv, p_w

CHAPTER = "How to Scale Your Model, part 4: Transformers"

V5E = chip("tpu-v5e")
BF16, INT8 = dtype("bf16"), dtype("int8", activations="bf16", math="bf16")
TEXT = "820 GB/s"
I, J, M = (symbol(letter, "1", f"{letter}, a dimension of a matrix") for letter in "IJM")
ELEMENT = {p_w: 1, p_kv: 1, p_a: 1}
TOKENS = {B: 4 * 2048}
SEQUENCES = {B: 4, T: 2048, S: 2048}
MODEL = {D: 4096, F: 16384, N: 32, K: 32, H: 128, V: 32000}

STEP, FULL = layers.Pass(new=1), layers.Pass(causal=False)  # B tokens; B sequences of T, every token against all S
MLP, UNEMBEDDING = layers.Mlp(norms=0).program(at=STEP), layers.Unembedding().program(at=STEP)
ATTENTION = layers.Attention(norms=0).program(at=FULL)
DOTS = Program((ATTENTION["Scores"], ATTENTION["Att"]), ATTENTION.on_chip)  # attention without its projections
PROJECTIONS = Program(tuple(ATTENTION[name] for name in ("Que", "Key", "Val", "Out")), roles=ATTENTION.roles)


def total(*costs: Cost) -> Cost:
    """Costs as one expression."""
    whole = reduce(lambda a, b: a + b, costs)
    return Cost(sp.expand(whole.expr), whole.unit)


def training(of: Program) -> Cost:
    """FLOPs of a forward and a backward pass."""
    return total(of.flops, of.backward().flops).named("training")


def parameters(of: Program) -> Cost:
    """The numbers in the weights of a program."""
    return (of.bytes(*of.having("weight")) / Cost(p_w, "byte")).declare("param").map(sp.expand).named("parameters")


@question("trans.dots", "counting FLOPs", CHAPTER)
def dots() -> Iterator[Answer]:
    """How many FLOPs products take: 2P, 2NP and 2NPM for a dot product, a matrix times a vector, and two matrices; training 6NPM.

    The backward pass is two products of the same size, one for each operand.
    """
    forward = [matmul(1, J, 1).flops, matmul(I, J, 1).flops, matmul(I, J, M).flops]
    both = training(program("A[I, J] W[J, M] -> Out[I, M]", I=I, J=J, M=M))
    ours = [cost.at({I: 64, J: 128, M: 256}) for cost in (*forward, both)]
    yield answer("trans.dots", "FLOPs of [P], [N, P] and [N, P] x [P, M]; the last in training", both, ours)


@question("trans.layers", "parameters and training FLOPs of every layer", CHAPTER)
def table() -> Iterator[Answer]:
    """What the layers hold and ask for: 3DF and 18BTDF, 4DNH and 24BTDNH + 12BT²NH, DV and 6BTDV (4 x 2048 tokens, D = 4096).

    No half is taken off for causal attention, and the elementwise product of the gate, no matmul, is left out as in print. The
    summary table of the book has 12BTDV for the vocabulary, as if the lookup of the embedding were a matmul.
    """
    rows = (
        ("mlp", "MLP", MLP, TOKENS),
        ("projections", "Q, K, V, O", PROJECTIONS, SEQUENCES),
        ("attention", "attention itself", DOTS, SEQUENCES),
    )
    for id, asked, of, given in rows:
        spent = training(of)
        yield answer(f"trans.{id}", f"training FLOPs, {asked}", spent, spent.at(MODEL, given))
        if of is not DOTS:
            held = parameters(of)
            yield answer(f"trans.{id}.params", f"parameters, {asked}", held, held.at(MODEL, ELEMENT))
    spent, held = training(UNEMBEDDING), parameters(UNEMBEDDING)
    yield answer("trans.vocab", "training FLOPs, unembedding", spent, spent.at(MODEL, TOKENS))
    yield answer("trans.vocab.params", "parameters, unembedding", held, held.at(MODEL, ELEMENT))


@question("trans.six", "6 FLOPs per parameter and token", CHAPTER)
def six() -> Iterator[Answer]:
    """How far training takes 6 FLOPs per parameter and token: 6.4 at 2048 tokens of context, 12 at T = 8D.

    From T = 8D = 32,768 attention takes more FLOPs than all matrices, which follows from F = 4D and NH = D.
    """
    shape = {F: 4 * D, N: D / H, K: D / H, S: T}
    dots = _shaped(DOTS.flops, shape) / B
    layer = total(_shaped(PROJECTIONS.flops, shape) / B, _shaped(MLP.flops, {**shape, B: T}))
    held = total(parameters(MLP), parameters(PROJECTIONS))
    share = (3 * total(dots, layer) / (_shaped(held, shape) * Cost(T, "token"))).map(sp.cancel).declare("FLOP/param/token")
    given = {D: 4096}
    yield answer("trans.six", "FLOPs per parameter and token, T = 2048", share, share.at(given, T=2048))
    ratio = (dots / layer).map(sp.cancel).declare("1")
    yield answer("trans.share", "FLOPs of attention over those of the matrices, T = 2048", ratio, ratio.at(given, T=2048))
    long = solve(dots >= layer, T)
    yield answer("trans.long", "T from which attention takes more", long, long.at(given), "32768 tokens")


def _shaped(cost: Cost, shape: dict[sp.Symbol, sp.Expr]) -> Cost:
    """A cost with dimensions expressed by others, as the chapter assumes them."""
    return Cost(sp.expand(cost.expr.subs(shape, simultaneous=True)), cost.unit)


@question("trans.kv", "size of a KV cache", CHAPTER)
def cache() -> Iterator[Answer]:
    """How large the int8 KV cache of an 8k sequence is in 64 layers with KH = D = 8192: 8 GiB."""
    held = memory.kv_per_sequence()
    yield answer("trans.kv", "KV cache, 8k, int8", held, held.at(INT8, S=8192, L=64, K=64, H=128), "8 GiB")


@question("trans.q1", "question 1: a model of 16e9 parameters", CHAPTER)
def q1() -> Iterator[Answer]:
    """What D = 4096, F = 4D, V = 32,000 and 64 layers make: 17.4e9 parameters, a quarter of a layer attention, 512 KiB of cache a token.

    Print has 16e9, from 4e3 and 16e3 for 4096 and 16,384, cut off.
    """
    count, token = memory.parameters(), memory.kv_per_token()
    given = {**MODEL, L: 64}
    rounded = {**given, D: 4000, F: 16000, H: 125}
    cut = math.floor(float(count.at(rounded)) / 1e9) * 1e9
    yield answer("trans.q1.a", "parameters", count, count.at(given), "16e9", "4e3 and 16e3 for 4096 and 16384, cut off", cut)
    attention, mlp = parameters(PROJECTIONS), parameters(MLP)
    share = (attention / total(attention, mlp)).map(sp.simplify)
    yield answer("trans.q1.b", "attention's share of a layer", share, share.at(given), 0.25)
    yield answer("trans.q1.c", "KV cache per token, int8", token, token.at(INT8, given), "512 kB")


@question("trans.q2", "question 2: FLOPs of a sharded matmul", CHAPTER)
def q2() -> Iterator[Answer]:
    """How many FLOPs A[B_X, D_Y] W[D_Y, F] takes on X, Y, Z = 4, 8, 4: 2BDF/XY a chip, and Z times 2BDF in all.

    Nothing is sharded over Z, so all its chips do the same (B = 1024, D = 4096, F = 16,384).
    """
    each = program("A[B_X, D_Y] W[D_Y, F] -> Out[B_X, F]").flops
    every, given = X * Y * Z * each, {B: 1024, D: 4096, F: 16384, X: 4, Y: 8, Z: 4}
    yield answer("trans.q2", "FLOPs of all chips, of a chip", every, [every.at(given), each.at(given)])


@question("trans.q3", "question 3: a product of five-dimensional arrays", CHAPTER)
def q3() -> Iterator[Answer]:
    """How many FLOPs A[I, J, K, L] B[I, J, M, N, O] -> C[K, L, M, N, O] takes: twice the product of all seven dimensions."""
    sides = {"I": I, "J": J, "M": M, "O": symbol("O", "1", "O, a dimension of an array")}
    work = program("A[I, J, K, L] W[I, J, M, N, O] -> Out[K, L, M, N, O]", **sides).flops
    yield answer("trans.q3", "FLOPs, all dimensions 8", work, work.at(dict.fromkeys(work.free_symbols, 8)))


@question("trans.q4", "question 4: arithmetic intensity of attention", CHAPTER)
def q4() -> Iterator[Answer]:
    """How many FLOPs attention does per byte: TG/(G + 1) in prefill, G when decoding, with G = N/K query heads per KV head.

    So prefill is compute-bound on v5e from T = 240 (G + 1)/G on: 480 tokens with one query head per KV head, 270 with
    eight. Print says 240, which is the limit of many. Decoding never is. Scores stay on chip.
    """
    intensity, G = DOTS.work.intensity.map(sp.cancel), {N: 64, K: 8}
    prefill, decoding = intensity.at(S=T).map(sp.cancel), intensity.at(T=1)
    alone = {N: 64, K: 64}
    both = [prefill.at(BF16, heads, T=8192) for heads in (alone, G)]
    yield answer("trans.q4.prefill", "FLOPs per byte in prefill, 8k, G = 1, 8", prefill, both)
    both = [decoding.at(BF16, heads, S=10**6) for heads in (alone, G)]
    yield answer("trans.q4.decode", "FLOPs per byte when decoding, long context, G = 1, 8", decoding, both, [1, 8])
    took = roofline(DOTS.work)
    long = solve(took["math"].at(S=T) >= took["hbm"].at(S=T, p_kv=p_a), T)
    limits = [long.at(V5E, BF16, heads, W_hbm=TEXT) for heads in (alone, G)]
    many = long.at(V5E, BF16, {N: 10**6, K: 1}, W_hbm=TEXT)
    why = "without the G + 1 over G of keys and values"
    yield answer("trans.q4.long", "T from which prefill is compute-bound, G = 1", long, limits[0], "240 tokens", why, many)
    yield answer("trans.q4.long.gqa", "the same, G = 8", long, limits[1])


@question("trans.q5", "question 5: attention against its projections", CHAPTER)
def q5() -> Iterator[Answer]:
    """At which length attention takes as many FLOPs as Q, K, V and O: T = 2D, 8192 for D = 4096."""
    equal = solve(DOTS.flops.at(S=T) >= PROJECTIONS.flops.at(K=N), T)
    yield answer("trans.q5", "T", equal, equal.at(D=4096), "8192 tokens")


@question("trans.q6", "question 6: what is computed again", CHAPTER)
def q6() -> Iterator[Answer]:
    """How many FLOPs it costs a layer to keep only the results of the seven matrices: attention once more, 4BT²NH."""
    again = DOTS.flops.at(S=T).named("computed again")
    yield answer("trans.q6", "FLOPs computed again, 4 x 2048 tokens", again, again.at(MODEL, {B: 4, T: 2048}))


@question("trans.q8", "question 8: critical batch of a mixture of experts", CHAPTER)
def q8() -> Iterator[Answer]:
    """From which batch experts in int8 are compute-bound: 120 E/k tokens on v5e, 3840 for 256 experts of which a token uses 8."""
    experts = layers.Experts(norms=0).program(at=STEP)
    work, loaded = experts["Up"].flops / C, experts.bytes("W_in") / W_hbm
    rule = solve(work >= loaded, B)
    yield answer("trans.q8", "critical batch, 8 of 256 experts", rule, rule.at(V5E, INT8, {E: 256, k: 8}, W_hbm=TEXT), "3840 tokens")
