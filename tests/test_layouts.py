"""How training runs are laid out: who sends what and when, what is computed again and kept, against tables and played schedules."""

import math
from dataclasses import replace
from fractions import Fraction as Q
from functools import cache
from itertools import product

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from symroof import SymroofError, chip, dtype, layers, llm, model, pretraining
from symroof.algebra.symbols import (
    A_X,
    UNLESS,
    W_X,
    W_Y,
    W_Z,
    A_exp,
    B,
    C,
    D,
    F,
    H,
    K,
    L,
    L_first,
    L_last,
    N,
    P,
    S,
    V,
    W_ctx,
    W_hbm,
    W_pcie,
    W_rep,
    X,
    Y,
    Z,
    n_ctx,
    n_exp,
    n_rep,
    n_virt,
    p_a,
    p_g,
    p_mask,
    p_rest,
    p_w,
)
from symroof.errors import InputError
from symroof.program.backward import REMATS
from symroof.transformer.attention import Attention
from symroof.transformer.mlp import Mlp
from symroof.workloads.layout import SCHEMES, WORDS, Layout, laid
from symroof.workloads.pretraining_memory import under_way
from symroof.workloads.training_memory import microbatches, p_opt
from symroof.workloads.turns import turn, turns

#: A machine in whole numbers, all rates different.
RATES = {C: 10**15, W_hbm: 3 * 10**12, W_X: 7 * 10**10, W_Y: 11 * 10**10, W_ctx: 13 * 10**10, W_rep: 5 * 10**9, W_pcie: 6 * 10**10}
RATES |= {A_X: 3 * 10**10, A_exp: 2 * 10**10, W_Z: 9 * 10**9}
WIDTHS = {p_w: 2, p_a: 2, p_g: 4, p_rest: 4, p_opt: 8}
SIZES = {D: 4096, F: 14336, N: 32, K: 8, H: 128, V: 128256, L: 32, B: 64, S: 8192}
SIZES |= {X: 4, Y: 2, Z: 4, microbatches: 8, n_rep: 2, n_ctx: 2, n_exp: 2, n_virt: 2, L_first: 7, L_last: 7}


def at(cost, **changes):
    """A cost at the numbers above."""
    known = {**RATES, **WIDTHS, **SIZES}
    free = cost.free_symbols
    return cost.at({s: v for s, v in known.items() if s in free and s.name not in changes}, **changes)


# -- who sends what, and when
GATED = {D: 64, F: 96, N: 8, K: 2, H: 16, V: 320, L: 6}
SENT = st.fixed_dictionaries({s: st.sampled_from([1, 2, 3, 4, 8]) for s in (X, Y, n_rep, n_ctx, microbatches)})


def weights_of_layers(size):
    d, f, n, k, h, v, layers = (size[s] for s in (D, F, N, K, H, V, L))
    return layers * (2 * d * n * h + 2 * d * k * h + 3 * d * f) + d * v  # with the unembedding, without a lookup


@cache
def made(layout):
    return pretraining.step(None, layout)


@given(SENT, st.sampled_from(list(SCHEMES)), st.booleans(), st.booleans())
def test_every_scheme_sends_what_the_table_says(ways, scheme, copies, context):
    """Seconds at rates of one byte a second are bytes; f c ways share the state, copies only add up gradients, once a step."""
    layout = Layout(data=scheme, copies=copies, context="ring" if context else "", remat="none")
    step = made(layout)
    size = {**GATED, **ways, B: 384, S: 12, Z: 1, **dict.fromkeys((C, W_hbm, W_X, W_Y, W_ctx, W_rep), 1), p_w: 2, p_a: 2, p_g: 4}
    found = step.at({s: v for s, v in size.items() if s in step.free_symbols})
    shards = ways[X] * (ways[n_ctx] if context else 1)
    share, local = 1 - Q(1, shards), Q(weights_of_layers(GATED), ways[Y])
    m = ways[microbatches]
    gather, reduce = 2 * local * share, 4 * local * share
    sent = {
        "DP": 2 * reduce,  # an AllReduce: a ReduceScatter and an AllGather
        "ZeRO-1": reduce + gather,
        "ZeRO-2": m * reduce + gather,
        "FSDP kept": m * (gather + reduce),
        "FSDP": m * (2 * gather + reduce),
    }[scheme]
    parts = {p.name: p.number for p in found.parts}
    assert parts.get("data parallel", 0) == sent
    assert parts.get("copies", 0) == (2 * 4 * local / shards * (1 - Q(1, ways[n_rep])) if copies else 0)


TENSOR = [  # with tokens shared between layers, the policy, and how often 2TD (t-1)/t bytes pass in a layer, an AllReduce twice
    (False, "none", 8),
    (True, "none", 10),  # inputs are saved sharded and gathered again
    (False, "block", 12),
    (True, "block", 12),
    (False, "needed", 10),  # without the last matmul and its AllReduce
    (True, "needed", 11),
    (False, ("Que", "Att", "Up"), 10),
    (False, "attention", 8),
]


@pytest.mark.parametrize(("sequence", "remat", "times"), TENSOR)
def test_tensor_parallelism_sends_what_the_table_says(sequence, remat, times):
    layout = Layout(sequence=sequence, remat=remat)
    found = [turn(kind, layout) for kind in (Attention(), Mlp())]
    one = p_a * B * S * D / X * (Y - 1) / Y / W_Y
    assert sp.simplify(sum(t.tensor for t in found) / one) == times
    assert sum(t.calls for t in found) == (times if sequence else Q(times, 2))


def test_a_ring_sends_keys_and_values_three_times_and_a_gather_twice():
    one = 2 * p_a * B * S * K * H / (X * Y) * (n_ctx - 1) / n_ctx / W_ctx  # of all tokens of a sequence
    for how, times in (("ring", 3), ("gather", 2)):
        assert sp.simplify(turn(Attention(), Layout(context=how, remat="none")).context / one) == times
    assert sp.simplify(turn(Attention(), Layout(context="gather")).context / one) == 3  # gathered again with the block
    assert turn(Mlp(), Layout(context="ring")).context == 0


def test_contiguous_parts_of_a_causal_sequence_keep_the_last_chip_busy():
    paired, contiguous = (turn(Attention(), Layout(context="ring", chunks=chunks)).attention for chunks in ("paired", "contiguous"))
    assert [(contiguous / paired).subs(n_ctx, c) for c in (2, 4, 8)] == [Q(3, 2), Q(7, 4), Q(15, 8)]


@pytest.mark.parametrize(("experts", "remat", "times"), [("data", "none", 4), ("group", "none", 4), ("group", "block", 6), ("", "none", 0)])
def test_tokens_go_to_experts_and_back(experts, remat, times):
    kind = layers.Experts(F=96, E=16, k=3)
    found = turn(kind, Layout(experts=experts, remat=remat))
    spread, rate, data = (n_exp, A_exp, X * n_exp) if experts == "group" else (X, A_X, X)
    one = p_a * B * S * D * 3 / data * (spread - 1) / spread / rate
    assert sp.simplify(found.experts / one) == times
    weights = 16 * 3 * D * 96
    held = {"data": weights / X / Y, "group": weights / n_exp / Y, "": weights / Y}[experts] + 16 * D + D
    assert sp.simplify(found.held - held) == 0
    gathered = {"data": 0, "group": p_w * weights / n_exp / Y * (X - 1) / X, "": p_w * weights / Y * (X - 1) / X}[experts]
    assert sp.simplify(found.gather * W_X - gathered) == 0  # the data ways beside the experts shard them


# -- what is computed, and computed again
FORWARD = 2 * B * S / (X * Y) * sp.Integer(1)
AGAIN = [  # how often each matrix is multiplied with, in forward passes of it, and attention in forward passes
    ("none", "", {}, 3),
    ("attention", "", {}, 4),
    ("matmuls", "", {}, 4),
    ("block", "", dict.fromkeys(("q", "k", "v", "o", "in", "gate", "out"), 1), 4),
    ("needed", "", dict.fromkeys(("q", "k", "v", "o", "in", "gate"), 1), 4),
    ("none", "flash", {}, Q(7, 2)),  # queries times keys once more
    ("block", "flash", dict.fromkeys(("q", "k", "v", "o", "in", "gate", "out"), 1), Q(9, 2)),
    (("Que", "Val", "Att", "Up", "mlp.Out"), "", dict.fromkeys(("k", "o", "gate"), 1), Q(7, 2)),  # torchtitan: every second matmul
    (("Que", "Val", "Att", "Up", "mlp.Out"), "flash", dict.fromkeys(("k", "o", "gate"), 1), 4),
    (("Que", "Key", "Val", "Att"), "", dict.fromkeys(("o", "in", "gate"), 1), Q(7, 2)),
    (("In",), "", dict.fromkeys(("q", "k", "v", "in", "gate"), 1), 4),  # both halves begin with what is kept
]
MATRICES = {"q": D * N * H, "k": D * K * H, "v": D * K * H, "o": D * N * H, "in": D * F, "gate": D * F, "out": D * F}


@pytest.mark.parametrize(("remat", "kernel", "more", "scores"), AGAIN, ids=[f"{r} {k}" for r, k, *_ in AGAIN])
def test_what_is_computed_again(remat, kernel, more, scores):
    layout = Layout(remat=remat, kernel=kernel)
    found = [turn(kind, layout) for kind in (Attention(), Mlp())]
    flops = sum(2 * B * S * matrix * (3 + more.get(name, 0)) for name, matrix in MATRICES.items()) / (X * Y)
    assert sp.simplify(sum(t.matmuls for t in found) - flops) == 0
    pairs = 4 * B * N * H * S * (S + 1) / 2 / (X * Y)
    assert sp.simplify(found[0].attention / pairs) == scores


def test_unfused_attention_computes_the_whole_square():
    causal, whole = (turn(Attention(), Layout(remat="none", kernel=kernel)) for kernel in ("", "unfused"))
    assert sp.simplify(whole.attention / causal.attention - 2 * S / (S + 1)) == 0
    assert sp.simplify(whole.scores - p_a * B * N * S * S / (X * Y)) == 0
    assert causal.scores == 0


# -- what is kept: bytes a token and layer of the ways of data parallelism, in 16 bits
FUSED = 8 * D + 4 * N * H + 4 * K * H + 6 * F
KEPT = [
    (Layout(remat="none"), True, FUSED / Y),
    (Layout(remat="attention"), True, FUSED / Y),  # nothing to gain where scores are not kept
    (Layout(remat="none", sequence=False), True, 8 * D + (4 * N * H + 4 * K * H + 6 * F) / Y),
    (Layout(remat="matmuls"), True, (4 * D + 2 * N * H + 4 * K * H + 4 * F) / Y),
    (Layout(remat="block"), True, 2 * D / Y),
    (Layout(remat="needed"), True, 2 * D / Y),
    (Layout(remat="block", sequence=False), True, 2 * D),
    (Layout(remat="block", offload=("In",)), True, 0),
    (Layout(remat=("Que", "Val", "Att", "Up", "mlp.Out")), True, 2 * (2 * D + 2 * N * H + K * H + F) / Y),
    (Layout(remat=("Que",), offload=("Key", "Val")), True, 2 * (D + N * H) / Y),
    (Layout(remat="none", dropout=True), False, 34 * D / Y),
    (Layout(remat="none", dropout=True, sequence=False), False, D * (10 + 24 / Y)),
    (Layout(remat="none", dropout=True, kernel="unfused"), False, (34 * D + 5 * N * S) / Y),
    (Layout(remat="attention", dropout=True, kernel="unfused"), False, 34 * D / Y),
    (Layout(remat="none", dropout=True, kernel="unfused", sequence=False), False, D * (10 + 24 / Y) + 5 * N * S / Y),
]


@pytest.mark.parametrize(("layout", "gated", "wanted"), KEPT, ids=[str(i) for i in range(len(KEPT))])
def test_what_is_kept_of_a_layer(layout, gated, wanted):
    book = {} if gated else {K: N, F: 4 * D, H: D / N}
    found = sum(turn(kind, layout).kept for kind in (Attention(), Mlp(gated=gated)))
    assert sp.simplify((found / (B * S / X)).subs({p_a: 2, p_mask: 1}).subs(book) - wanted) == 0


def test_gathered_keys_and_values_stay():
    one, other = (turn(Attention(), Layout(remat="none", context=how)).kept for how in ("ring", "gather"))
    assert sp.simplify(other - one - 2 * p_a * B * S * K * H / (X * Y) * (1 - 1 / n_ctx)) == 0


# -- HBM
def test_operands_and_elementwise_work_cross_hbm_as_the_table_says():
    found = [turn(kind, Layout(remat="none")) for kind in (Attention(), Mlp())]
    tokens, matrices = B * S / (X * Y), sum(MATRICES.values())
    operands = 3 * p_a * tokens * (4 * D * Y + 2 * N * H + 2 * K * H + 3 * F) + (2 * p_w + p_g) * matrices / Y
    assert sp.simplify(sum(t.operands for t in found) - operands) == 0
    vectors = sum(t.vectors for t in found) / (p_a * tokens)
    assert sp.simplify(vectors.subs({K: N, H: D / N}) - (30 * D + 8 * F)) == 0
    again = [turn(kind, Layout(remat="block")) for kind in (Attention(), Mlp())]
    ratio = sum(t.vectors for t in again) / sum(t.vectors for t in found)
    assert 1.3 < ratio.subs({**SIZES, p_a: 2}) < 1.45  # 4/3, as backward passes read more than they write
    assert sp.simplify(sum(t.reads for t in found) - (2 * p_w + p_g) * matrices / Y) == 0


# -- pipelines, played
def orders(z, m, v):
    """What every stage does, in order: forward and backward passes of (microbatch, part) as 1F1B and its interleaved form have them."""
    found = []
    for r in range(z):

        def forward(k):
            return "F", (k // (z * v)) * z + k % z if v > 1 else k, (k % (z * v)) // z if v > 1 else 0

        def backward(k):
            return "B", forward(k)[1], v - 1 - forward(k)[2]

        warm = min(m * v, z - r - 1 if v == 1 else 2 * (z - r - 1) + (v - 1) * z)
        steady = [op for k in range(m * v - warm) for op in (forward(warm + k), backward(k))]
        found.append([*map(forward, range(warm)), *steady, *map(backward, range(m * v - warm, m * v))])
    return found


def played(orders, z, v, times):
    """The end of a step, and the most microbatches whose activations each stage holds; a backward pass takes twice a forward pass."""
    end, clock, place, live, most = {}, [Q(0)] * z, [0] * z, [0] * z, [0] * z
    while any(p < len(o) for p, o in zip(place, orders, strict=True)):
        before = sum(place)
        for r in range(z):
            while place[r] < len(orders[r]):
                kind, i, part = orders[r][place[r]]
                s = part * z + r
                needs = [("F", i, s - 1)] * (s > 0) if kind == "F" else [("F", i, s)] + [("B", i, s + 1)] * (s < z * v - 1)
                if any(n not in end for n in needs):
                    break
                clock[r] = end[kind, i, s] = max([clock[r], *(end[n] for n in needs)]) + times[r] * (1 if kind == "F" else 2) / 3 / v
                live[r] += 1 if kind == "F" else -1
                most[r] = max(most[r], live[r])
                place[r] += 1
        assert sum(place) > before
    return max(clock), [Q(x, v) for x in most]


#: Layers take a second a microbatch and chip, whatever else there is; only arithmetic takes time.
BARE = {W_hbm: 10**30, W_X: 10**30, W_Y: 10**30, X: 1, Y: 1, D: 2, V: 1, p_w: 2, p_a: 2, p_g: 2, B: 1, S: 1}


def paced(layout, z, m, v, layers=24, **more):
    """A step in which a layer takes 3 in a microbatch: 1 forward, 2 backward."""
    found = model("bare", D=6, V=1, blocks=[(layers, [layers_of(6)])])
    step = pretraining.step(found, replace(layout, remat="none"))
    unit = 3 * 2 * Q(2 * 6 * 6)  # FLOPs of a layer and token, forward and backward
    known = {**BARE, D: 6, C: unit / 3, B: m, Z: z, microbatches: m, n_virt: v}
    head = Q(3 * 2 * 6) / (unit / 3)  # the unembedding of one word
    return step.at(found, {s: x for s, x in known.items() if s in step.free_symbols and s not in (D, V)}, **more), head


def layers_of(d):
    """A layer of two matrices [d, d] and nothing else."""
    return layers.Mlp(F=d, gated=False, norms=0)


PIPELINES = [(z, m, v) for z, m, v in product((1, 2, 4, 8), (1, 2, 4, 8, 16), (1, 3)) if v == 1 or m % z == 0]


@pytest.mark.parametrize(("z", "m", "v"), PIPELINES)
def test_pipelines_take_as_long_and_hold_as_much_as_when_they_are_played(z, m, v):
    layout = Layout(pipeline="interleaved" if v > 1 else "1F1B")
    each = Q(3 * 24, z)
    took, most = played(orders(z, m, v), z, v, [each] * z)
    value, head = paced(layout, z, m, v)
    assert value["math/matmuls"].number == took
    assert value["math/unembedding"].number == took / (3 * 24) * head
    held = [under_way(layout, i).subs({Z: z, n_virt: v, microbatches: m}) for i in range(z)]
    assert held == most
    assert under_way(Layout(pipeline="GPipe"), 0) == microbatches


@pytest.mark.parametrize(("z", "m"), [(2, 4), (4, 4), (4, 8), (8, 8)])
def test_uneven_pipelines_are_bounds_of_what_is_played_and_exact_if_the_last_stage_is_longest(z, m):
    layout = Layout(stages="equal")
    value, head = paced(layout, z, m, 1)
    took, _ = played(orders(z, m, 1), z, 1, [*[Q(72, z)] * (z - 1), Q(72, z) + head])
    assert value.number == took
    for first, last in ((1, 1), (2, 1), (1, 3), (6, 2), (2, 9)):
        middle = Q(24 - first - last, max(z - 2, 1))
        counts = [first, *[min(math.ceil(middle), 24)] * (z - 2), last]
        if sum(counts) != 24:
            continue
        value, head = paced(Layout(stages="given"), z, m, 1, L_first=first, L_last=last)
        took, _ = played(orders(z, m, 1), z, 1, [3 * Q(c) + (head if i == z - 1 else 0) for i, c in enumerate(counts)])
        balanced, _ = paced(Layout(), z, m, 1)
        assert balanced.number <= value.number <= took
        if counts[-1] == max(counts):
            assert value.number == took


def test_a_zero_bubble_pipeline_waits_a_third():
    plain, zero = (paced(Layout(pipeline=how), 4, 8, 1)[0]["math/matmuls"].number for how in ("1F1B", "zero bubble"))
    full = 8 * Q(72, 4)
    assert (zero - full) / (plain - full) == Q(1, 3)


# -- the estimate
LAYOUTS = st.fixed_dictionaries(
    {
        "data": st.sampled_from(WORDS["data"]),
        "copies": st.booleans(),
        "sequence": st.booleans(),
        "context": st.sampled_from(WORDS["context"]),
        "pipeline": st.sampled_from(WORDS["pipeline"]),
        "stages": st.sampled_from(WORDS["stages"]),
        "remat": st.sampled_from([*REMATS, ("Que", "Up"), ("mlp.Tmp", "In")]),
        "offload": st.sampled_from([(), ("In",)]),
        "kernel": st.sampled_from(WORDS["kernel"]),
        "dropout": st.booleans(),
        "causal": st.booleans(),
    }
)
#: Letters that make a step longer, and what holds more.
LONGER = {"k_h": "vectors", "k_g": "operands", "x_tp": "tensor parallel", "x_pp": "stages", "x_dp": "gradients", "x_opt": "optimizer"}


@settings(max_examples=10)
@given(LAYOUTS)
def test_an_estimate_is_the_bound_unless_its_letters_are_bound(words):
    layout = Layout(**words)
    bound, form = pretraining.step(None, layout), pretraining.estimate(None, layout)
    least = at(bound).number
    assert float(at(form)) == pytest.approx(float(least), rel=1e-12)  # a logarithm is no fraction
    slow = at(form, eta_math="50%", eta_att="50%", eta_head="50%").number
    assert slow >= float(least) * (1 - 1e-12)
    every = {s.name: Q(1, 2) for s in form.free_symbols & {s for s, v in UNLESS.items() if v == 0} if str(s.unit) == "1"}
    longer = at(form, **every).number
    assert longer > least
    for name in LONGER:
        assert longer >= at(form, **{k: v for k, v in every.items() if k != name}).number
    held, more = pretraining.memory(None, layout), {"k_frag": "1.1", "k_work": 1, "k_pre": 1, "p_logit": 14}
    more = {name: x for name, x in more.items() if name in {s.name for s in held.free_symbols}}
    assert at(held, **more).number > at(held).number


def test_efficiencies_stand_where_their_arithmetic_does():
    form = pretraining.estimate(llm("llama3-8b"), Layout(remat="none", wide="bf16"))
    known = {B: 16, S: 8192, X: 8, Y: 1, Z: 1, microbatches: 1, W_X: 10**12, W_Y: 10**12, p_opt: 8}
    sheets = (chip("h100"), llm("llama3-8b"), dtype("bf16", math="fp8"))
    whole = form.at(*sheets, known)["waits/microbatches/math"]
    half = form.at(*sheets, known, eta_math="50%", eta_att="25%", eta_head="80%", eta_fp8="90%")["waits/microbatches/math"]
    for part, times in (("matmuls", 2 / 0.9), ("attention", 4), ("unembedding", 1.25)):
        assert float(half[part]) / float(whole[part]) == pytest.approx(times)
    assert float(whole["unembedding"]) == pytest.approx(6 * 16 * 8192 / 8 * 4096 * 128256 / 9.894e14)  # not at the rate of fp8


# -- state
STATE = [  # bytes a parameter on each of f chips
    ("DP", {p_w: 2, p_g: 4, p_opt: 12}, lambda f: 18),
    ("ZeRO-1", {p_w: 2, p_g: 4, p_opt: 12}, lambda f: 6 + Q(12, f)),
    ("ZeRO-1", {p_w: 2, p_g: 2, p_opt: 12}, lambda f: 4 + Q(12, f)),
    ("ZeRO-2", {p_w: 2, p_g: 2, p_opt: 12}, lambda f: 2 + Q(14, f)),
    ("FSDP", {p_w: 2, p_rest: 4, p_g: 4, p_opt: 8}, lambda f: Q(16, f)),
    ("FSDP kept", {p_w: 2, p_rest: 4, p_g: 4, p_opt: 8}, lambda f: Q(16, f)),
]


@pytest.mark.parametrize(("scheme", "widths", "bytes_of"), STATE, ids=[s for s, *_ in STATE])
@pytest.mark.parametrize("f", [1, 8])
def test_state_is_what_the_scheme_shards(scheme, widths, bytes_of, f):
    m, layout = llm("llama3-8b"), Layout(data=scheme, context="ring")
    held = pretraining.memory(m, layout)["first stage"]["state"]
    known = {**widths, X: 2 if f > 1 else 1, n_ctx: f // 2 or 1, Y: 1, Z: 1}
    found = held.at(m, {k: v for k, v in known.items() if k in held.free_symbols})
    assert found.number == int(m[P]) * bytes_of(f)  # context parallelism shards the state too


def test_pipelines_hold_gathered_stages_and_their_gradients():
    """FSDP that keeps what it gathered holds 2 bytes of every weight of a stage, and 4 of its gradients, of one part if it has several."""
    m = llm("llama3-70b")
    for z, v in ((1, 1), (4, 1), (4, 5)):
        layout = Layout(data="FSDP kept", pipeline="interleaved" if v > 1 else "1F1B")
        held = pretraining.memory(m, layout)["last stage/gathered"]
        known = {**WIDTHS, Y: 8, Z: z, n_virt: v}
        found = held.at(m, {k: x for k, x in known.items() if k in held.free_symbols}).number
        norms = 7 * 2 * 80 // z * 8192 + 7 * 8192 * (z == 1)  # which no chip splits; what lies beside the layers is in the first stage
        table = 128256 * 8192
        stage = Q(int(m[P]) - 8192 * (z > 1) - table * (z > 1) - (int(m[P]) - 2 * table - 8192) * (z - 1) / Q(z)) + norms
        assert found == stage / 8 * (2 + (Q(4, v) if z > 1 else 0))


# -- what is refused
WRONG = [
    ({"data": "ZeRO-3"}, "did you mean"),
    ({"pipeline": "1f1b"}, "did you mean '1F1B'"),
    ({"remat": "blocks"}, "did you mean 'block'"),
    ({"copies": 1}, "neither true nor false"),
    ({"chunks": "contiguous"}, "changes nothing without causal attention over a context that is split"),
    ({"offload": "In"}, "is one word; give a list"),
    ({"remat": ("Que", 3)}, "no list of names"),
    ({"context": None}, "no word for it"),
    ({"wide": "bf17"}, "bf16"),
]


@pytest.mark.parametrize(("words", "said"), WRONG, ids=[str(w) for w, _ in WRONG])
def test_words_that_are_none_are_refused(words, said):
    with pytest.raises(InputError, match=said) as problem:
        Layout(**words)
    assert "\n" not in str(problem.value)


LOST = [
    ("llama3-8b", Layout(experts="group"), "llama3-8b has no experts"),
    ("nemotron-h-56b", Layout(context="ring"), "hand a state from token to token"),
    ("mamba-2.8b", Layout(kernel="flash"), "has no attention"),
    ("llama3-8b", Layout(remat=("Ques",)), "did you mean 'Que'"),
    ("llama3-8b", Layout(offload=("mlp.Que",)), "no layer of llama3-8b makes 'mlp.Que'"),
]


@pytest.mark.parametrize(("name", "layout", "said"), LOST, ids=[n + s[:20] for n, _, s in LOST])
@pytest.mark.parametrize("form", [pretraining.step, pretraining.estimate, pretraining.memory])
def test_layouts_that_a_model_cannot_follow_are_refused(name, layout, said, form):
    with pytest.raises(InputError, match=said):
        form(llm(name), layout)


@pytest.mark.parametrize("given", [3, None, {"data": "DP"}, ["Que", None], 2.5, object()])
def test_what_is_no_layout_is_refused(given):
    with pytest.raises(SymroofError, match=r"layout|names"):
        laid(given)


def test_a_policy_alone_is_a_layout():
    assert laid("block") == Layout() and laid(["Que"]) == Layout(remat=("Que",))
    assert pretraining.step(None, "none") == pretraining.step(None, Layout(remat="none"))


def test_formulas_are_made_once_for_models_of_one_structure():
    one, other = (turns(llm(name), Layout(remat="needed")) for name in ("llama3-8b", "llama3-70b"))
    assert one.layers is other.layers


# -- a published run in one call
def test_llama_3_405b_as_it_was_published():
    """Table 4 of arXiv:2407.21783: 16,384 H100, TP 8, PP 16, DP 128, 8,192 tokens, 16 sequences a data way: 400 TFLOP/s and GPU."""
    m = llm("llama3-405b")
    layout = Layout(data="ZeRO-1", remat="none", pipeline="interleaved", stages="given", kernel="flash")
    known = {B: 2048, S: 8192, X: 128, Y: 8, Z: 16, microbatches: 16, n_virt: 8, L_first: 7, L_last: 7}
    known |= {W_X: 50 * 10**9, W_Y: 450 * 10**9}
    bound = pretraining.step(m, layout).at(chip("h100"), m, dtype("bf16"), known, p_g=4)
    took = float(pretraining.flops(m, layout).at(m, B=2048, S=8192)) / (16384 * 400e12)
    assert 0.3 < float(bound) / took < 1
