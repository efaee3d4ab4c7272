"""Serving costs against loops that count, and thresholds against a search over whole numbers."""

# ruff: noqa: E501
import itertools
import math
from fractions import Fraction as Q

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from symroof import Cost, SymroofError, chip, decode, dtype, llm, matmul, memory, prefill, roofline, serving, sharding
from symroof.symbols import (
    B,
    C,
    D,
    E,
    E_sh,
    F,
    F_dense,
    G,
    H,
    H_nope,
    H_rope,
    H_v,
    K,
    L,
    L_dense,
    L_full,
    L_win,
    M_hbm,
    N,
    P,
    P_act,
    R_kv,
    R_q,
    S,
    S_win,
    V,
    W_hbm,
    W_ici,
    Y,
    k,
    n,
    n_axes,
    p,
    p_a,
    p_kv,
    p_w,
    r_pre,
    t_lim,
)  # fmt: skip
from symroof.transformer.architecture import DENSE, Architecture
from symroof.transformer.cache import kv_per_sequence, kv_per_token
from symroof.transformer.parameters import active_parameters, parameters

MOE = Architecture(experts=True)
DEEP = Architecture(experts=True, shared=True, dense_layers=True, latent=True)
WINDOWED = Architecture(windowed=True)
ALL_WINDOWED = Architecture(windowed=True, full_layers=False)
LATENT = Architecture(latent=True)
ARCHITECTURES = {"dense": DENSE, "moe": MOE, "deep": DEEP, "windowed": WINDOWED, "all windowed": ALL_WINDOWED, "latent": LATENT}
SMALL = {L: 3, D: 10, F: 7, N: 4, K: 2, H: 3, V: 11, E: 5, k: 2}  # H is not D/N
RUN = {B: 6, S: 13, n: 4, p_kv: 2, p_w: 1, C: 1000, W_hbm: 50, M_hbm: 700, P: 900, P_act: 500, t_lim: 60, G: 8}


def at(cost, values):
    return cost.at({s: values[s] for s in cost.free_symbols}).number


# -- counting loops
def count_parameters(layers, d, f, heads, kv, h, vocabulary, matrices=3, experts=1, router=0, tables=2):
    total = 0
    for _layer in range(layers):
        for _row in range(d):
            total += heads * h  # query
            total += kv * h  # key
            total += kv * h  # value
            total += router
        for _head in range(heads):
            total += h * d  # output
        for _expert in range(experts):
            for _matrix in range(matrices):
                total += d * f
    return total + tables * vocabulary * d


@pytest.mark.parametrize("gated, tied", list(itertools.product((True, False), repeat=2)))
@pytest.mark.parametrize("experts", [False, True])
def test_parameters_are_counted(gated, tied, experts):
    arch = Architecture(gated=gated, tied=tied, experts=experts)
    sizes = (3, 10, 7, 4, 2, 3, 11)
    kind = {"matrices": 3 if gated else 2, "tables": 1 if tied else 2, "router": 5 if experts else 0}
    assert at(parameters(arch), SMALL) == count_parameters(*sizes, experts=5 if experts else 1, **kind)
    assert at(active_parameters(arch), SMALL) == count_parameters(*sizes, experts=2 if experts else 1, **kind)


def test_parameters_of_latent_attention_with_shared_experts():
    values = {**SMALL, R_q: 6, R_kv: 5, H_nope: 3, H_rope: 2, H_v: 4, E_sh: 1, L_dense: 1, F_dense: 20}
    total = active = 0
    for layer in range(3):
        attention = 10 * 6 + 6 * 4 * (3 + 2)  # down and up, queries
        attention += 10 * (5 + 2)  # what is cached: the latent and the rotary key
        attention += 5 * 4 * 3 + 5 * 4 * 4  # up: keys, values
        attention += 4 * 4 * 10  # output
        dense = layer < 1
        total += attention + (3 * 10 * 20 if dense else 3 * 10 * 7 * (5 + 1) + 10 * 5)
        active += attention + (3 * 10 * 20 if dense else 3 * 10 * 7 * (2 + 1) + 10 * 5)
    assert at(parameters(DEEP), values) == total + 2 * 11 * 10
    assert at(active_parameters(DEEP), values) == active + 2 * 11 * 10


def count_kv(layers, kv, h, tokens, size):
    total = 0
    for _layer, _head, _token, _kv in itertools.product(range(layers), range(kv), range(tokens), ("key", "value")):
        for _element in range(h):
            total += size
    return total


def test_the_cache_is_counted():
    values = {**SMALL, S: 13, p_kv: 2, B: 3}
    assert at(kv_per_sequence(), values) == count_kv(3, 2, 3, 13, 2)
    assert at(kv_per_token(), values) == count_kv(3, 2, 3, 1, 2)
    assert at(memory.kv_memory(), values) == 3 * count_kv(3, 2, 3, 13, 2)
    assert str(kv_per_token().unit) == "byte/token"


@pytest.mark.parametrize("context", [1, 7, 8, 9, 100])
def test_a_sliding_window_holds_no_more_than_it_sees(context):
    values = {**SMALL, S: context, p_kv: 2, S_win: 8, L_win: 2, L_full: 1}
    by_hand = sum(count_kv(1, 2, 3, min(context, 8) if layer < 2 else context, 2) for layer in range(3))
    assert at(kv_per_sequence(WINDOWED), values) == by_hand
    assert at(kv_per_sequence(ALL_WINDOWED), {**values, L_win: 3}) == count_kv(3, 2, 3, min(context, 8), 2)


def test_the_latent_cache_is_one_for_all_heads():
    values = {**SMALL, S: 13, p_kv: 2, R_kv: 5, H_rope: 2}
    assert at(kv_per_sequence(LATENT), values) == 3 * 13 * (5 + 2) * 2
    assert {K, N, H} & kv_per_sequence(LATENT).free_symbols == set()
    assert float(kv_per_token(LATENT).at(llm("deepseek-v3"), dtype("bf16"))) == 61 * (512 + 64) * 2


# -- mistakes that others made (DESIGN 6.9)
def test_the_cache_has_kv_heads_not_query_heads():
    for arch in (DENSE, MOE, WINDOWED, ALL_WINDOWED):
        assert N not in kv_per_sequence(arch).free_symbols
        assert D not in kv_per_sequence(arch).free_symbols
    assert float(kv_per_token().at(llm("llama3-70b"), dtype("bf16"))) == 2 * 8 * 128 * 80 * 2


def test_the_size_of_a_head_is_not_the_width_over_the_heads():
    gemma = llm("gemma-7b")
    assert gemma[H] * gemma[N] == 4096 != gemma[D] == 3072
    assert float(kv_per_token().at(gemma, dtype("bf16"))) == 2 * 16 * 256 * 28 * 2


@pytest.mark.parametrize("arch", ARCHITECTURES.values(), ids=ARCHITECTURES)
def test_the_cache_is_read_once_per_step_and_not_written(arch):
    attention = decode.step(arch)["attention"]
    assert sp.simplify(attention.expr * n * W_hbm / memory.kv_memory(arch).expr) == 1


def test_all_experts_are_read_and_only_the_active_compute():
    step = decode.step(MOE)
    assert step["math"].free_symbols == {B, P_act, C, n}
    assert step["weights"].free_symbols == {P, p_w, W_hbm, n}
    assert step["MLP/math"].expr == 2 * B * P_act / (C * n)
    assert prefill.forward_flops(MOE).expr == 2 * P_act
    assert prefill.forward_flops().expr == 2 * P


def test_every_weight_is_two_flops():
    flops = 0
    for _sequence in range(6):
        for _weight in range(900):
            flops += 2  # multiply and add, the output projection's too
    assert at(decode.math_time(), RUN) * RUN[n] * RUN[C] == flops


@given(*[st.integers(1, 6)] * 3)
def test_a_matmul_is_counted(b, d, f):
    flops = sum(2 for _ in itertools.product(range(b), range(d), range(f)))
    work = matmul(B, D, F, weights=p_w, activations=p_a)
    values = {B: b, D: d, F: f, p_w: 1, p_a: 2, p: 2}
    assert at(work.flops, values) == flops
    assert at(work.traffic, values) == 2 * b * d + 1 * d * f + 2 * b * f
    assert at(matmul(B, D, F).traffic, values) == 2 * (b * d + d * f + b * f)
    assert at(work.intensity, values) == Q(flops, 2 * b * d + d * f + 2 * b * f)
    assert at((work + work).flops, values) == 2 * flops
    assert at((3 * work).traffic, values) == 3 * at(work.traffic, values)
    assert str(work.intensity.unit) == "FLOP/byte"
    assert at(roofline(work), {**values, C: 5, W_hbm: 7}) == max(Q(flops, 5), Q(2 * b * d + d * f + 2 * b * f, 7))


def by_hand_step(v, kv):
    return Q(v[B] * kv, v[n] * v[W_hbm]) + max(Q(2 * v[B] * v[P], v[n] * v[C]), Q(v[P] * v[p_w], v[n] * v[W_hbm]))


@given(st.integers(1, 60), st.integers(1, 40), st.integers(1, 9))
def test_a_step_by_hand(batch, context, chips):
    v = {**SMALL, **RUN, B: batch, S: context, n: chips}
    kv = count_kv(3, 2, 3, context, 2)
    seconds = by_hand_step(v, kv)
    assert at(decode.step(), v) == seconds
    assert at(decode.throughput(), v) == batch / seconds / chips
    assert at(decode.memory_bound_step(), v) == Q(batch * kv + 900, chips * 50)
    assert at(serving.generation_time(), v) == 8 * seconds
    assert at(serving.queries(), v) == batch / seconds / 8 / chips
    assert at(memory.memory(), v) == 900 + batch * kv


UNITS = [
    (decode.step(), "s"),
    (decode.throughput(), "token/s/chip"),
    (decode.plateau(), "token/s/chip"),
    (decode.frontier(), "token/s/chip"),
    (memory.memory(), "byte"),
    (memory.kv_room(), "byte"),
    (memory.working_activations(), "byte"),
    (serving.queries(), "query/s/chip"),
    (serving.dollars_per_token(), "USD/token"),
    (serving.flops_per_dollar(), "FLOP/USD"),
    (serving.evicted_per_step(), "token/step"),
    (prefill.prefill_time(), "s"),
    (sharding.sharded_matmul(), "s"),
    (sharding.network_intensity(), "FLOP/byte"),
    (sharding.bandwidth_ratio(), "1"),
]


@pytest.mark.parametrize("cost, unit", UNITS, ids=lambda v: getattr(v, "name", v))
def test_units_of_the_workloads(cost, unit):
    assert str(cost.unit) == unit
    assert cost.latex().count("{") == cost.latex().count("}")


# -- thresholds against a search
sizes = st.fixed_dictionaries(
    {
        L: st.integers(1, 4), K: st.integers(1, 3), H: st.integers(1, 4), S: st.integers(1, 30), p_kv: st.integers(1, 2), p_w: st.integers(1, 2),
        P: st.integers(50, 4000), M_hbm: st.integers(200, 900), n: st.integers(1, 12), C: st.integers(50, 4000), W_hbm: st.integers(5, 90),
        t_lim: st.integers(1, 90), S_win: st.integers(1, 20), L_win: st.integers(1, 3), L_full: st.integers(1, 3), B: st.integers(1, 60), P_act: st.integers(20, 50),
        R_kv: st.integers(1, 6), H_rope: st.integers(1, 6),
    }
)  # fmt: skip


def of(bound, v):
    """The threshold as a number."""
    return bound.at({s: v[s] for s in bound.free_symbols}).number


def first(fits):
    """The smallest whole number from 1 on that fits, when all above it do: doubled, then halved."""
    low, high = 0, 1
    while not fits(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def last(fits):
    """The largest whole number that fits, when all below it do; 0 if none does."""
    return first(lambda candidate: not fits(candidate)) - 1


@pytest.mark.parametrize("arch", [DENSE, WINDOWED, ALL_WINDOWED, LATENT], ids=["dense", "windowed", "all windowed", "latent"])
@settings(max_examples=40)
@given(sizes)
def test_the_largest_batch_that_fits(arch, v):
    kv = at(kv_per_sequence(arch), v)
    best = last(lambda b: v[P] * v[p_w] + b * kv <= v[n] * v[M_hbm])
    assert math.floor(of(memory.largest_batch(arch), v)) == best


@settings(max_examples=60)
@given(sizes)
def test_the_fewest_chips(v):
    kv = count_kv(v[L], v[K], v[H], v[S], v[p_kv])
    fewest = first(lambda c: v[P] * v[p_w] + v[B] * kv <= c * v[M_hbm])
    assert math.ceil(of(memory.fewest_chips(), v)) == fewest
    assert memory.fewest_chips().at({s: v[s] for s in memory.fewest_chips().free_symbols}).whole == fewest
    assert math.ceil(of(memory.fewest_chips_for_weights(), v)) == first(lambda c: v[P] * v[p_w] <= c * v[M_hbm])


@settings(max_examples=60)
@given(sizes)
def test_the_critical_batch(v):
    lowest = first(lambda b: Q(2 * b * v[P], v[C]) >= Q(v[P] * v[p_w], v[W_hbm]))
    assert max(math.ceil(of(decode.critical_batch(), v)), 1) == lowest
    sparse = first(lambda b: Q(2 * b * v[P_act], v[C]) >= Q(v[P] * v[p_w], v[W_hbm]))
    assert max(math.ceil(of(decode.critical_batch(MOE), v)), 1) == sparse


@pytest.mark.parametrize("arch", [DENSE, WINDOWED, LATENT], ids=["dense", "windowed", "latent"])
@settings(max_examples=50)
@given(sizes)
def test_the_batch_within_a_time(arch, v):
    kv = at(kv_per_sequence(arch), v)
    best = last(lambda b: by_hand_step({**v, B: b}, kv) <= v[t_lim])
    assert math.floor(of(decode.batch_within(arch), v)) == best
    if best and arch is DENSE:
        seconds = by_hand_step({**v, B: best}, kv)
        more = by_hand_step({**v, B: best + 1}, kv)
        assert seconds <= v[t_lim] < more


@settings(max_examples=40)
@given(sizes)
def test_the_frontier_is_the_best_over_all_batches(v):
    kv = count_kv(v[L], v[K], v[H], v[S], v[p_kv])
    fine = 1000
    best = last(lambda b: step_at(v, Q(b, fine), kv) <= v[t_lim])
    frontier = decode.frontier()
    got = frontier.at({s: v[s] for s in frontier.free_symbols}).number
    low, high = (Q(b, fine) / v[t_lim] / v[n] for b in (best, best + 1))
    if best:
        assert low <= got < high
        some = [Q(b, fine) / step_at(v, Q(b, fine), kv) / v[n] for b in range(1, best, max(best // 20, 1))]
        assert all(other <= got for other in some)
    else:  # the weights alone take too long: no batch, no throughput
        assert got <= high


def step_at(v, batch, kv):
    return batch * kv / (v[n] * v[W_hbm]) + max(2 * batch * v[P] / Q(v[n] * v[C]), Q(v[P] * v[p_w], v[n] * v[W_hbm]))


@settings(max_examples=40)
@given(sizes)
def test_chips_within_a_time(v):
    got = decode.chips_within()
    assert math.ceil(of(got, v)) == first(lambda c: Q(v[P] * v[p_w], c * v[W_hbm]) <= v[t_lim])


@settings(max_examples=40)
@given(sizes)
def test_the_context_from_which_loading_caches_wins(v):
    lowest = first(lambda s: count_kv(v[L], v[K], v[H], 1, v[p_kv]) * s * v[C] >= 2 * v[P] * v[W_hbm])
    assert max(math.ceil(of(decode.kv_overtakes_math(), v)), 1) == lowest


@settings(max_examples=60)
@given(
    st.fixed_dictionaries(
        {B: st.integers(1, 30), D: st.integers(1, 30), F: st.integers(10, 4000), C: st.integers(50, 900), W_hbm: st.integers(5, 90), W_ici: st.integers(2, 60),
         n_axes: st.integers(1, 3), p_a: st.integers(1, 2), p_w: st.integers(1, 2)}
    )
)  # fmt: skip
def test_the_largest_model_parallelism(v):
    def ici():
        return Q(v[p_a] * v[B] * v[D], v[n_axes] * v[W_ici])

    by_math = last(lambda y: ici() <= Q(2 * v[B] * v[D] * v[F], y * v[C]))
    by_hbm = last(lambda y: ici() <= Q(v[p_w] * v[D] * v[F], y * v[W_hbm]))
    assert math.floor(of(sharding.largest_model_parallelism("math"), v)) == by_math
    assert math.floor(of(sharding.largest_model_parallelism("hbm"), v)) == by_hbm
    values = {**v, Y: 3}
    parts = ici(), Q(v[p_w] * v[D] * v[F], 3 * v[W_hbm]), Q(2 * v[B] * v[D] * v[F], 3 * v[C])
    assert at(sharding.sharded_matmul(), values) == max(parts)


@pytest.mark.parametrize("arch", [DENSE, MOE, WINDOWED, LATENT], ids=["dense", "moe", "windowed", "latent"])
@settings(max_examples=15)
@given(sizes)
def test_the_plateau_is_the_limit_of_the_throughput(arch, v):
    plateau, throughput = decode.plateau(arch), decode.throughput(arch)
    assert not {B, n} & plateau.free_symbols
    limit = at(plateau, v)
    large = at(throughput, {**v, B: 10**15})
    assert abs(large / limit - 1) < Q(1, 10**9)
    small = [at(throughput, {**v, B: b}) for b in (1, 10, 100, 10**4)]
    assert small == sorted(small)
    assert small[-1] <= limit


@settings(max_examples=30)
@given(sizes)
def test_prefill_servers(v):
    v = {**v, G: 7}
    bound = serving.prefill_servers(Cost(t_lim, "s"), decode.step())
    assert bound.symbol == r_pre
    seconds = by_hand_step(v, count_kv(v[L], v[K], v[H], v[S], v[p_kv]))
    lowest = first(lambda r: Q(r, v[t_lim]) >= Q(v[B], 7) / seconds)
    assert math.ceil(of(bound, v)) == lowest


# -- numbers that anyone can check
def test_the_serving_chapter():
    v5e, model, int8 = chip("tpu-v5e"), llm("llama3-70b"), dtype("int8")
    assert float(decode.critical_batch().at(v5e, dtype("bf16"))) == pytest.approx(243.2, rel=1e-3)
    assert float(decode.critical_batch().at(v5e, int8, C="197 TFLOP/s")) == pytest.approx(121.6, rel=1e-3)
    assert float(memory.weight_memory().at(model, int8)) == pytest.approx(70.55e9, rel=1e-3)
    assert memory.fewest_chips_for_weights().at(model, int8, v5e).whole == 5
    assert float(decode.full_hbm_time().at(v5e)) == pytest.approx(16 / 810, rel=1e-12)
    assert float(serving.flops_per_dollar().at(v5e, dtype("bf16"))) == pytest.approx(197e12 * 3600 / 1.2, rel=1e-12)
    assert float(prefill.prefill_time().at(v5e, dtype("bf16"), model, T=8192, n=16, MFU=0.4)) == pytest.approx(
        2 * 70.55e9 * 8192 / (16 * 197e12 * 0.4), rel=1e-3
    )


def test_slices_are_powers_of_two():
    for chips, wanted in ((1, 1), (2, 2), (2.5, 4), (4, 4), (4.42, 8), (8, 8), (8.01, 16), (1024, 1024), (1025, 2048)):
        assert float(memory.slice_chips(n).at(n=chips)) == wanted


@pytest.mark.parametrize("name", ["mixtral-8x7b", "deepseek-v3", "mistral-7b", "gpt-oss-120b", "llama3-8b"])
def test_every_kind_of_model_evaluates(name):
    model = llm(name)
    arch = model.architecture
    sheets = (chip("h100"), model, dtype("bf16"))
    step = decode.step(arch).at(*sheets, B=32, S=8192, n=8)
    assert 1e-4 < float(step) < 1
    batches = decode.step(arch).at(*sheets, B=np.arange(1, 200), S=8192, n=8)
    assert (np.diff(batches.number) > 0).all()
    assert decode.critical_batch(arch).at(*sheets)
    assert decode.batch_within(arch).verify(40)
    assert memory.largest_batch(arch).verify(40)


def test_a_batch_that_cannot_be():
    never = memory.largest_batch().at(chip("v5e"), llm("llama3-70b"), dtype("bf16"), S=8192, n=4)
    assert float(never) == 0
    assert repr(never).startswith("never")
    assert memory.kv_room().at(chip("v5e"), llm("llama3-70b"), dtype("bf16"), n=16).number > 0
    with pytest.raises(SymroofError):
        decode.step().at(llm("llama3-70b"), B=0)
