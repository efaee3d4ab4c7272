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

from symroof import (
    Cost,
    SymroofError,
    chip,
    decode,
    dtype,
    layers,
    limit,
    llm,
    llms,
    matmul,
    memory,
    model,
    prefill,
    roofline,
    serving,
    sharding,
    training,
)
from symroof.errors import InputError
from symroof.symbols import (
    A_X,
    A_Z,
    W_X,
    W_Y,
    B,
    C,
    D,
    E,
    E_hit,
    F,
    G,
    H,
    K,
    L,
    M_hbm,
    M_st,
    N,
    P,
    P_exp,
    P_mm,
    P_read,
    S,
    S_win,
    T,
    V,
    W_hbm,
    W_ici,
    X,
    Y,
    Z,
    f_att,
    f_win,
    k,
    kv,
    kv_win,
    n,
    n_axes,
    p,
    p_a,
    p_kv,
    p_w,
    r_pre,
    t_lim,
)  # fmt: skip
from symroof.workloads import deployment, pretraining

ATTENTION, MLP, EXPERTS = layers.Attention(N=4, K=2, H=3), layers.Mlp(F=7), layers.Experts(E=5, k=2, F=7)  # H is not D/N
WINDOW = layers.Attention(N=4, K=2, H=3, window=8)
LATENTS = layers.LatentAttention(N=4, R_q=6, R_kv=5, H_nope=3, H_rope=2, H_v=4)


def small(*blocks, **options):
    return model("small", D=10, V=11, blocks=blocks, **options)


DENSE = small((3, [ATTENTION, MLP]))
MOE = small((3, [ATTENTION, EXPERTS]))
DEEP = small((1, [LATENTS, layers.Mlp(F=20)]), (2, [LATENTS, layers.Experts(E=5, k=2, F=7, shared=7)]))
WINDOWED = small((2, [WINDOW, MLP]), (1, [ATTENTION, MLP]))
ALL_WINDOWED = small((3, [WINDOW, MLP]))
LATENT = small((3, [LATENTS, MLP]))
MODELS = {"dense": DENSE, "moe": MOE, "deep": DEEP, "windowed": WINDOWED, "all windowed": ALL_WINDOWED, "latent": LATENT}
SMALL = {L: 3, D: 10, F: 7, N: 4, K: 2, H: 3, V: 11}
RUN = {B: 6, S: 13, n: 4, p_kv: 2, p_w: 1, C: 1000, W_hbm: 50, M_hbm: 700, P: 900, t_lim: 60, G: 8}


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
        total += 2 * d  # a norm before attention, one before the MLP
    return total + tables * vocabulary * d + d


@pytest.mark.parametrize("gated, tied, experts", list(itertools.product((True, False), repeat=3)))
def test_parameters_are_counted(gated, tied, experts):
    mlp = layers.Experts(E=5, k=2, F=7, gated=gated) if experts else layers.Mlp(F=7, gated=gated)
    found = small((3, [ATTENTION, mlp]), tied=tied)
    sizes = (3, 10, 7, 4, 2, 3, 11)
    kind = {"matrices": 3 if gated else 2, "router": 5 if experts else 0}
    tables, norms = 1 if tied else 2, 3 * 2 * 10 + 10
    count = count_parameters(*sizes, experts=5 if experts else 1, tables=tables, **kind)
    used = count_parameters(*sizes, experts=2 if experts else 1, tables=1, **kind) - norms  # the embedding is a lookup
    assert memory.parameters(found).at(found).number == found[P] == count
    assert found.stack.active.at(found).number == found[P_mm] == used
    assert found[P_read] + (found[P_exp] * 5 if experts else 0) == count - (0 if tied else 110)


def test_the_books_parameters_are_those_without_norms():
    assert at(memory.parameters(), SMALL) == count_parameters(3, 10, 7, 4, 2, 3, 11) - 3 * 2 * 10 - 10 == DENSE[P] - 70


def test_parameters_of_latent_attention_with_shared_experts():
    total = active = read = 0
    for layer in range(3):
        attention = 10 * 6 + 6 * 4 * (3 + 2)  # down and up, queries
        attention += 10 * (5 + 2)  # what is cached: the latent and the rotary key
        attention += 5 * 4 * 3 + 5 * 4 * 4  # up: keys, values
        attention += 4 * 4 * 10  # output
        norms = 2 * 10 + 6 + 5  # two around, one of each latent
        dense = layer < 1
        total += attention + norms + (3 * 10 * 20 if dense else 3 * 10 * 7 * (5 + 1) + 10 * 5)
        active += attention + (3 * 10 * 20 if dense else 3 * 10 * 7 * (2 + 1) + 10 * 5)
        read += attention + norms + (3 * 10 * 20 if dense else 3 * 10 * 7 + 10 * 5)  # and the experts that are hit
    assert DEEP[P] == total + 2 * 11 * 10 + 10
    assert DEEP[P_mm] == active + 11 * 10
    assert DEEP[P_read] == read + 11 * 10 + 10
    assert DEEP[P_exp] == 2 * 3 * 10 * 7


def count_kv(layers, kv, h, tokens, size):
    total = 0
    for _layer, _head, _token, _kv in itertools.product(range(layers), range(kv), range(tokens), ("key", "value")):
        for _element in range(h):
            total += size
    return total


def test_the_cache_is_counted():
    values = {**SMALL, S: 13, p_kv: 2, B: 3}
    assert at(memory.kv_per_sequence(), values) == count_kv(3, 2, 3, 13, 2)
    assert at(memory.kv_per_token(), values) == count_kv(3, 2, 3, 1, 2)
    assert at(memory.kv_memory(), values) == 3 * count_kv(3, 2, 3, 13, 2)
    assert str(memory.kv_per_token().unit) == "byte/token"
    for found in (DENSE, MOE):
        assert memory.kv_per_sequence(found).at(found, S=13, p_kv=2).number == count_kv(3, 2, 3, 13, 2)
        assert memory.kv_per_token(found).at(found, p_kv=2).number == count_kv(3, 2, 3, 1, 2)


@pytest.mark.parametrize("context", [1, 7, 8, 9, 100])
def test_a_sliding_window_holds_no_more_than_it_sees(context):
    by_hand = sum(count_kv(1, 2, 3, min(context, 8) if layer < 2 else context, 2) for layer in range(3))
    assert memory.kv_per_sequence(WINDOWED).at(WINDOWED, S=context, p_kv=2).number == by_hand
    assert memory.kv_per_sequence(ALL_WINDOWED).at(ALL_WINDOWED, S=context, p_kv=2).number == count_kv(3, 2, 3, min(context, 8), 2)


def test_the_latent_cache_is_one_for_all_heads():
    for found in (LATENT, DEEP):
        assert memory.kv_per_sequence(found).at(found, S=13, p_kv=2).number == 3 * 13 * (5 + 2) * 2
        assert {K, N, H} & found.stack.sequence().free_symbols == set()
    deep = llm("deepseek-v3")
    assert float(memory.kv_per_token(deep).at(deep, dtype("bf16"))) == 61 * (512 + 64) * 2


# -- mistakes that others made (DESIGN 6.9)
def test_the_cache_has_kv_heads_not_query_heads():
    for found in (DENSE, MOE, WINDOWED, ALL_WINDOWED):
        assert not {N, D} & found.stack.sequence().free_symbols
        assert not {N, D} & found.stack.definitions.get(kv, found.stack.definitions.get(kv_win)).free_symbols
    assert float(memory.kv_per_token().at(llm("llama3-70b"), dtype("bf16"))) == 2 * 8 * 128 * 80 * 2


def test_the_size_of_a_head_is_not_the_width_over_the_heads():
    gemma = llm("gemma-7b")
    assert gemma[H] * gemma[N] == 4096 != gemma[D] == 3072
    assert float(memory.kv_per_token().at(gemma, dtype("bf16"))) == 2 * 16 * 256 * 28 * 2


@pytest.mark.parametrize("found", MODELS.values(), ids=MODELS)
def test_the_cache_is_read_once_per_step_and_not_written(found):
    cache = decode.step(found)["attention/cache"]
    assert sp.simplify(cache.expr * n * W_hbm / memory.kv_memory(found).expr) == 1
    assert sp.simplify(decode.step()["attention"].expr * n * W_hbm / memory.kv_memory().expr) == 1


def test_a_state_is_read_and_written_once_and_does_not_grow():
    nemotron = llm("nemotron-3-nano")
    state = 23 * (64 * 64 * 128 * 4 + (64 * 64 + 2 * 8 * 128) * 3 * 2)  # fp32 states, three taps of bf16
    whole = memory.kv_per_sequence(nemotron)
    grown = [whole.at(nemotron, dtype("bf16"), S=context).number for context in (1000, 2000)]
    assert grown[1] - grown[0] == 1000 * 6 * 2 * 2 * 128 * 2
    assert 2 * grown[0] - grown[1] == state
    moved = decode.step(nemotron)["states/hbm"].at(chip("h100"), nemotron, dtype("bf16"), B=3, n=1)
    assert moved.number == pytest.approx(3 * 2 * state / 3.35e12)


def test_the_experts_that_are_hit_are_read_and_only_the_active_compute():
    step = decode.step(MOE)
    assert step["weights"].free_symbols == {P_read, P_exp, E_hit, p_w, W_hbm, n}
    assert step["MLP/math"].expr == 2 * B * P_mm / (C * n)
    assert step["attention/math"].expr == B * S * f_att / (C * n)
    assert prefill.forward_flops(MOE).expr == 2 * P_mm
    assert prefill.forward_flops().expr == 2 * P


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_the_experts_hit_are_the_mean_over_all_routings(batch):
    choices = list(itertools.combinations(range(5), 2))
    routings = list(itertools.product(choices, repeat=batch))
    mean = Q(sum(len({expert for token in routing for expert in token}) for routing in routings), len(routings))
    hit = MOE.stack.definitions[E_hit].subs({s: v for s, v in MOE.values.items() if s.name in "Ek"})
    assert hit.subs(B, batch) == sp.Rational(mean.numerator, mean.denominator)
    weights = decode.step(MOE)["weights"].at(MOE, B=batch, p_w=1, W_hbm=1, n=1).number
    assert weights == MOE[P_read] + mean * MOE[P_exp]


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


def by_hand_step(v, kv, attention=0, used=None, read=None):
    """A step from bytes of cache and FLOPs of attention of a sequence, and parameters used and read."""
    used, read = v[P] if used is None else used, v[P] if read is None else read
    first = max(Q(v[B] * kv, v[n] * v[W_hbm]), Q(v[B] * attention, v[n] * v[C]))
    return first + max(Q(2 * v[B] * used, v[n] * v[C]), Q(read * v[p_w], v[n] * v[W_hbm]))


@given(st.integers(1, 60), st.integers(1, 40), st.integers(1, 9))
def test_a_step_by_hand(batch, context, chips):
    v = {**SMALL, **RUN, B: batch, S: context, n: chips}
    cache = count_kv(3, 2, 3, context, 2)
    seconds = by_hand_step(v, cache)
    assert at(decode.step(), v) == seconds
    assert at(decode.throughput(), v) == batch / seconds / chips
    assert at(decode.memory_bound_step(), v) == Q(batch * cache + 900, chips * 50)
    assert at(serving.generation_time(), v) == 8 * seconds
    assert at(serving.queries(), v) == batch / seconds / 8 / chips
    assert at(memory.memory(), v) == 900 + batch * cache


@settings(max_examples=30)
@given(st.sampled_from(sorted(MODELS)), st.integers(1, 60), st.integers(1, 40), st.integers(1, 9))
def test_a_step_of_a_model_by_hand(name, batch, context, chips):
    found = MODELS[name]
    run = {B: batch, S: context, n: chips, C: 1000, W_hbm: 50, p_kv: 2, p_w: 1}
    windows = {"windowed": [8, 8, None], "all windowed": [8, 8, 8]}.get(name, [None] * 3)
    cache = attention = 0
    for window in windows:
        tokens = min(context, window) if window else context
        latent = name in ("deep", "latent")
        cache += tokens * 2 * (5 + 2 if latent else 2 * 2 * 3)
        for _head in range(4):  # each multiplies with every key it sees, and adds every value; absorbed, both are latents
            attention += tokens * 2 * (5 + 2 + 5 if latent else 3 + 3)
    used, idle = found[P_mm].number, found[P].number - 110
    if E_hit in found.definitions:
        idle -= found[P_exp].number * (5 - 5 * (1 - Q(3, 5) ** batch))
    step = decode.step(found).at(found, run)
    assert step.number == by_hand_step(run, cache, attention, used, idle)
    bytes_, flops = batch * cache + idle, batch * (attention + 2 * used)
    assert decode.bound(found).at(found, run).number == max(Q(bytes_, chips * 50), Q(flops, chips * 1000)) <= step.number
    assert decode.memory_bound_step(found).at(found, run).number == Q(bytes_, chips * 50)
    assert decode.throughput(found).at(found, run).number == batch / step.number / chips


def pairs(new, context, window=None):
    """Pairs of a new token and a token that it sees."""
    return sum(min(at, window or at) for at in range(context - new + 1, context + 1))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("tokens", [1, 5, 8, 12])
def test_a_prompt_by_hand(name, tokens):
    """Two FLOPs a weight and token but for the logits, and four (or six) a head, pair and element."""
    found = MODELS[name]
    attention = 0
    for window in {"windowed": [8, 8, None], "all windowed": [8, 8, 8]}.get(name, [None] * 3):
        each = 2 * (3 + 2 + 4) if name in ("deep", "latent") else 2 * (3 + 3)  # expanded: keys of 3 + 2, values of 4
        attention += 4 * each * pairs(tokens, tokens, window)
    flops = 2 * (found[P_mm].number - 110) * tokens + 2 * 110 + attention
    assert prefill.prompt_flops(found).at(found, T=tokens).number == flops
    run = {n: 3, C: 1000, W_hbm: 50, p_w: 1, T: tokens}
    read = found[P].number - 110 - (found[P_exp].number * 5 * Q(3, 5) ** tokens if E_hit in found.definitions else 0)
    assert prefill.bound(found).at(found, run).number == max(Q(flops, 3000), read / 150)
    assert prefill.prefill_time(found).at(found, run, MFU=0.5).number == max(Q(flops, 1500), read / 150)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("name", MODELS)
def test_training_flops_by_hand(name, causal):
    found, length = MODELS[name], 12
    attention = 0
    for window in {"windowed": [8, 8, None], "all windowed": [8, 8, 8]}.get(name, [None] * 3):
        seen = pairs(length, length, window) if causal else length * min(length, window or length)
        attention += 4 * (2 * (3 + 2 + 4) if name in ("deep", "latent") else 2 * (3 + 3)) * seen
    flops = training.flops_per_token(found, causal).at(found, S=length).number
    assert flops == 3 * (2 * found[P_mm].number + Q(attention, length))


@pytest.mark.parametrize("name", MODELS)
def test_a_deployment_of_one_chip_is_a_decode_step(name):
    found = MODELS[name]
    alone = {B: 7, S: 11, C: 1000, W_hbm: 50, p_kv: 2, p_w: 1}
    mesh = dict.fromkeys((X, Y, Z), 1) | dict.fromkeys((W_X, W_Y, A_X, A_Z), 9)
    for overlap in (True, False):
        step = deployment.step(found, overlap).at(found, alone, mesh, p_a=1)
        assert step.number == decode.step(found).at(found, alone, n=1).number
    held = deployment.memory(found).at(found, alone, mesh).number
    assert held == found[P] + 7 * memory.kv_per_sequence(found).at(found, S=11, p_kv=2).number


NETWORK = dict.fromkeys((W_X, W_Y, A_X, A_Z), 10**11)


@pytest.mark.parametrize("name", llms())
def test_a_deployment_of_a_shipped_model_is_a_decode_step_and_never_below_its_bound(name):
    m = llm(name)
    for batch, context in ((1, 1000), (64, 8192), (3000, 100)):
        given_ = {B: batch, S: context}
        alone = dict.fromkeys((X, Y, Z), 1) | NETWORK
        for overlap in (True, False):
            step = deployment.step(m, overlap)
            free = {s: v for s, v in {**given_, **alone}.items() if s in step.free_symbols}
            whole, there = step.at(chip("h100"), m, dtype("bf16"), free), decode.step(m).at(chip("h100"), m, dtype("bf16"), given_, n=1)
            assert float(whole) == pytest.approx(float(there), rel=1e-12)
            assert [part.name for part in whole.parts][: len(there.parts)] == [part.name for part in there.parts]
        held = deployment.memory(m).at(m, dtype("bf16"), {**given_, **dict.fromkeys((X, Y, Z), 1)}).number
        assert held == memory.memory(m).at(m, dtype("bf16"), given_).number  # a state is kept once, though a step moves it twice
        for ways in itertools.product((1, 2), (1, 4), (1, 2)):
            mesh = dict(zip((X, Y, Z), ways, strict=True)) | NETWORK
            free = {s: v for s, v in {**given_, **mesh}.items() if s in step.free_symbols}
            least = float(decode.bound(m).at(chip("h100"), m, dtype("bf16"), given_, n=math.prod(ways)))
            assert float(deployment.step(m).at(chip("h100"), m, dtype("bf16"), free)) >= least * (1 - 1e-12)


@pytest.mark.parametrize("name", llms())
def test_every_part_of_a_formula_has_a_name(name):
    def unnamed(cost):
        return [part for part in cost.parts if not part.name] + [p for part in cost.parts for p in unnamed(part)]

    m = llm(name)
    steps = [deployment.step(m), deployment.first_token(m), deployment.memory(m), decode.step(m), decode.bound(m)]
    for cost in (*steps, prefill.prefill_time(m), pretraining.step(m), pretraining.memory(m), memory.memory(m)):
        assert not unnamed(cost), cost


# -- a formula and a model that do not belong together
def test_a_formula_of_another_model_is_refused_with_the_cure():
    h100, mixtral, small_, large = chip("h100"), llm("mixtral-8x7b"), llm("llama3-8b"), llm("llama3-70b")
    given_ = {B: 8, S: 1024, n: 8}
    with pytest.raises(InputError, match=r"dense model, and mixtral-8x7b has experts; .* decode\.step\(m\)"):
        decode.step().at(h100, mixtral, dtype("bf16"), given_)
    with pytest.raises(InputError, match="windowed attention"):
        decode.step().at(h100, llm("gpt-oss-120b"), dtype("bf16"), given_)
    with pytest.raises(InputError, match="latent attention"):
        memory.largest_batch().at(h100, llm("deepseek-v3"), dtype("bf16"), given_)
    with pytest.raises(InputError, match="formula of mixtral-8x7b"):
        decode.step(mixtral).at(h100, small_, dtype("bf16"), given_)
    with pytest.raises(InputError, match="their letters mean different things"):
        decode.step(mixtral) + decode.step(llm("deepseek-v3"))
    for made_of, evaluated in ((small_, large), (large, small_), (mixtral, llm("qwen3-235b-a22b"))):
        own, other = decode.step(made_of), decode.step(evaluated)
        run = (h100, evaluated, dtype("bf16"), given_)
        assert own.at(*run).number == other.at(*run).number  # one structure, one formula
    for wrong in (3, "mixtral-8x7b", h100, MOE.stack.layers):
        with pytest.raises(InputError, match="no model"):
            decode.step(wrong)


@pytest.mark.parametrize("name", llms())
def test_the_books_napkin_formula_is_near_where_it_is_allowed(name):
    found = llm(name)
    run = (chip("h100"), found, dtype("bf16"), {B: 16, S: 2048, n: 8})
    if found.stack.dense:
        share = (decode.step().at(*run).number / decode.step(found).at(*run).number) - 1
        assert 0 <= share < 0.16  # the embedding, up to 15 % of a small model, is read too
    else:
        with pytest.raises(InputError):
            decode.step().at(*run)


@pytest.mark.parametrize("name", llms())
def test_aggregates_written_out_are_worth_the_same(name):
    found = llm(name)
    run = (chip("h100"), found, dtype("bf16"), {B: 16, S: 2048, n: 8})
    for cost in (decode.step(found), decode.bound(found), memory.memory(found)):
        assert float(cost.expand().at(*run)) == pytest.approx(float(cost.at(*run)), rel=1e-12)
        assert not cost.expand().free_symbols & found.definitions.keys() - {E_hit}


UNITS = [
    (decode.step(MOE), "s"),
    (decode.bound(WINDOWED), "s"),
    (decode.throughput(DEEP), "token/s/chip"),
    (decode.plateau(DENSE), "token/s/chip"),
    (decode.frontier(DENSE), "token/s/chip"),
    (memory.kv_per_token(DENSE), "byte/token"),
    (memory.memory(DEEP), "byte"),
    (prefill.prompt_flops(DEEP), "FLOP"),
    (prefill.prefill_time(MOE), "s"),
    (training.flops_per_token(MOE), "FLOP/token"),
    (serving.dollars_per_token(MOE), "USD/token"),
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
        t_lim: st.integers(1, 90), S_win: st.integers(1, 20), B: st.integers(1, 60), kv: st.integers(1, 90), kv_win: st.integers(1, 90),
        f_att: st.integers(1, 900), f_win: st.integers(1, 900), P_mm: st.integers(20, 500), P_read: st.integers(20, 900), P_exp: st.integers(1, 300),
        E_hit: st.integers(2, 5),
    }
)  # fmt: skip


def of_model(found, v):
    """Bytes a sequence keeps, FLOPs of its attention, parameters used and read: from aggregates."""
    windowed, full = found in (WINDOWED, ALL_WINDOWED), found is not ALL_WINDOWED
    tokens = v[S] if full else 0, min(v[S], v[S_win]) if windowed else 0
    cache, attention = (tokens[0] * v[a] + tokens[1] * v[b] for a, b in ((kv, kv_win), (f_att, f_win)))
    return cache, attention, v[P_mm], v[P_read] + (v[E_hit] * v[P_exp] if found in (MOE, DEEP) else 0)


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


@pytest.mark.parametrize("found", [None, *MODELS.values()], ids=["book", *MODELS])
@settings(max_examples=30)
@given(sizes)
def test_the_largest_batch_that_fits(found, v):
    cache = of_model(found, v)[0] if found else count_kv(v[L], v[K], v[H], v[S], v[p_kv])
    best = last(lambda b: v[P] * v[p_w] + b * cache <= v[n] * v[M_hbm])
    assert math.floor(of(memory.largest_batch(found), v)) == best


@settings(max_examples=60)
@given(sizes)
def test_the_fewest_chips(v):
    cache = count_kv(v[L], v[K], v[H], v[S], v[p_kv])
    fewest = first(lambda c: v[P] * v[p_w] + v[B] * cache <= c * v[M_hbm])
    assert math.ceil(of(memory.fewest_chips(), v)) == fewest
    assert memory.fewest_chips().at({s: v[s] for s in memory.fewest_chips().free_symbols}).whole == fewest
    assert math.ceil(of(memory.fewest_chips_for_weights(), v)) == first(lambda c: v[P] * v[p_w] <= c * v[M_hbm])


@settings(max_examples=60)
@given(sizes)
def test_the_critical_batch(v):
    lowest = first(lambda b: Q(2 * b * v[P], v[C]) >= Q(v[P] * v[p_w], v[W_hbm]))
    assert max(math.ceil(of(decode.critical_batch(), v)), 1) == lowest
    for found in (DENSE, MOE):
        *_, used, read = of_model(found, v)
        sparse = first(lambda b, used=used, read=read: Q(2 * b * used, v[C]) >= Q(read * v[p_w], v[W_hbm]))
        assert max(math.ceil(of(decode.critical_batch(found), v)), 1) == sparse


@pytest.mark.parametrize("name", [name for name in llms() if E_hit in llm(name).definitions])
def test_the_critical_batch_of_experts_follows_from_how_many_are_hit(name):
    """The batch by bisection, with the experts hit at that batch; the lowest from which matmuls are compute-bound for good."""
    found, h100 = llm(name), chip("h100")
    experts, each, used, always, expert = (found[letter].number for letter in (E, k, P_mm, P_read, P_exp))

    def slack(batch):
        hit = experts * (1 - (1 - each / experts) ** batch)
        return 2 * batch * used / Q("989.4e12") - 2 * (always + hit * expert) / h100[W_hbm].number

    batch = float(decode.critical_batch(found).at(h100, found, dtype("bf16")))
    assert slack(batch * 0.999) < 0 < slack(batch * 1.001)


@pytest.mark.parametrize("found", [None, *MODELS.values()], ids=["book", *MODELS])
@settings(max_examples=30)
@given(sizes)
def test_the_batch_within_a_time(found, v):
    own = of_model(found, v) if found else (count_kv(v[L], v[K], v[H], v[S], v[p_kv]),)
    best = last(lambda b: by_hand_step({**v, B: b}, *own) <= v[t_lim])
    assert math.floor(of(decode.batch_within(found), v)) == best


@settings(max_examples=40)
@given(sizes)
def test_the_frontier_is_the_best_over_all_batches(v):
    cache = count_kv(v[L], v[K], v[H], v[S], v[p_kv])
    fine = 1000
    best = last(lambda b: step_at(v, Q(b, fine), cache) <= v[t_lim])
    frontier, here = decode.frontier(), {s: v[s] for s in decode.frontier().free_symbols}
    low, high = (Q(b, fine) / v[t_lim] / v[n] for b in (best, best + 1))
    if best:
        got = frontier.at(here).number
        assert low <= got < high
        some = [Q(b, fine) / step_at(v, Q(b, fine), cache) / v[n] for b in range(1, best, max(best // 20, 1))]
        assert all(other <= got for other in some)
    elif step_at(v, 0, cache) > v[t_lim]:  # the weights alone take too long: no batch, no throughput
        with pytest.raises(InputError, match="no B will do"):
            frontier.at(here)
    else:
        assert frontier.at(here).number <= high


def step_at(v, batch, cache):
    return batch * cache / (v[n] * v[W_hbm]) + max(2 * batch * v[P] / Q(v[n] * v[C]), Q(v[P] * v[p_w], v[n] * v[W_hbm]))


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
    lowest = first(lambda s: max(Q(s * v[kv], v[W_hbm]), Q(s * v[f_att], v[C])) >= Q(2 * v[P_mm], v[C]))
    assert max(math.ceil(of(decode.kv_overtakes_math(DENSE), v)), 1) == lowest


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


@pytest.mark.parametrize("found", [None, DENSE, MOE, WINDOWED, LATENT], ids=["book", "dense", "moe", "windowed", "latent"])
@settings(max_examples=15)
@given(sizes)
def test_the_plateau_is_the_limit_of_the_throughput(found, v):
    plateau, throughput = decode.plateau(found), decode.throughput(found)
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
    bound = serving.prefill_servers(prefill=Cost(t_lim, "s"), step_time=decode.step())
    assert bound.symbol == r_pre
    seconds = by_hand_step(v, count_kv(v[L], v[K], v[H], v[S], v[p_kv]))
    lowest = first(lambda r: Q(r, v[t_lim]) >= Q(v[B], 7) / seconds)
    assert math.ceil(of(bound, v)) == lowest


# -- numbers that anyone can check
def test_the_serving_chapter():
    v5e, llama, int8 = chip("tpu-v5e"), llm("llama3-70b"), dtype("int8")
    assert float(decode.critical_batch().at(v5e, dtype("bf16"))) == pytest.approx(243.2, rel=1e-3)
    assert float(decode.critical_batch().at(v5e, int8, C="197 TFLOP/s")) == pytest.approx(121.6, rel=1e-3)
    assert float(memory.weight_memory().at(llama, int8)) == pytest.approx(70.55e9, rel=1e-3)
    assert memory.fewest_chips_for_weights().at(llama, int8, v5e).whole == 5
    assert float(decode.full_hbm_time().at(v5e)) == pytest.approx(16 / 810, rel=1e-12)
    assert float(serving.flops_per_dollar().at(v5e, dtype("bf16"))) == pytest.approx(197e12 * 3600 / 1.2, rel=1e-12)
    assert float(prefill.prefill_time().at(v5e, dtype("bf16"), llama, T=8192, n=16, MFU=0.4)) == pytest.approx(
        2 * 70.55e9 * 8192 / (16 * 197e12 * 0.4), rel=1e-3
    )


def test_slices_are_powers_of_two():
    for chips, wanted in ((1, 1), (2, 2), (2.5, 4), (4, 4), (4.42, 8), (8, 8), (8.01, 16), (1024, 1024), (1025, 2048)):
        assert float(memory.slice_chips(n).at(n=chips)) == wanted


@pytest.mark.parametrize("name", llms())
def test_every_model_evaluates(name):
    found = llm(name)
    sheets = (chip("h100"), found, dtype("bf16"))
    if S not in decode.step(found).free_symbols:  # it keeps states only, whatever the context
        assert decode.step(found).free_symbols & {M_st}
        return
    step = decode.step(found).at(*sheets, B=32, S=8192, n=8)
    assert 1e-4 < float(step) < 1
    batches = decode.step(found).at(*sheets, B=np.arange(1, 200), S=8192, n=8)
    assert (np.diff(batches.number) > 0).all()
    bounds = decode.bound(found).at(*sheets, B=np.arange(1, 200), S=8192, n=8)
    assert (bounds.number <= batches.number * (1 + 1e-12)).all()
    assert decode.critical_batch(found).at(*sheets)
    assert decode.batch_within(found).verify(40)
    assert memory.largest_batch(found).verify(40)
    assert float(serving.dollars_per_token(found).at(*sheets, B=32, S=8192, n=8, price="$2/h")) > 0
    assert float(prefill.prefill_time(found).at(*sheets, T=1000, n=8, MFU=0.5)) > 0


def test_a_batch_that_cannot_be():
    never = memory.largest_batch().at(chip("v5e"), llm("llama3-70b"), dtype("bf16"), S=8192, n=4)
    assert float(never) == 0
    assert repr(never).startswith("never")
    assert memory.kv_room().at(chip("v5e"), llm("llama3-70b"), dtype("bf16"), n=16).number > 0
    with pytest.raises(SymroofError):
        decode.step().at(llm("llama3-70b"), B=0)


def test_a_limit_that_the_weights_use_up_exactly_leaves_no_batch():
    v = {L: 4, K: 3, H: 1, S: 20, p_kv: 2, p_w: 2, P: 390, n: 1, C: 3655, W_hbm: 39, t_lim: 20}
    for weights in (390, 391):  # they take 20 s at 390: nothing is left for a cache
        never = decode.batch_within().at({**v, P: weights})
        assert float(never) == 0
        assert repr(never).startswith("never")
    assert decode.batch_within().at({**v, P: 389}).number == Q(1, 480)


@pytest.mark.parametrize("name", llms())
def test_the_throughput_of_a_large_batch_is_free_of_the_batch(name):
    """What grows cancels, also out of a maximum, and what is left is what a huge batch comes to."""
    m = llm(name)
    most = limit(decode.throughput(m), B).cost
    assert not {B, n} & most.free_symbols
    sheets, context = (chip("h100"), m, dtype("bf16")), {"S": 8192} if S in decode.step(m).free_symbols else {}
    assert float(most.at(*sheets, **context)) == pytest.approx(float(decode.plateau(m).at(*sheets, **context)), rel=1e-12)
    assert float(most.at(*sheets, **context)) == pytest.approx(float(decode.throughput(m).at(*sheets, B=10**9, n=8, **context)), rel=1e-6)
