"""Estimates: the terms that bounds leave out, against loops of plain arithmetic, and never below the bound."""

from fractions import Fraction as Q

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from representatives import NAMES, USUAL

from symroof import Cost, chip, dtype, llm, matmul, roofline
from symroof.algebra.symbols import C_FORMAT, UNLESS
from symroof.machine.collectives import EXCHANGES
from symroof.machine.links import Switch, Torus
from symroof.machine.roofline import kernel
from symroof.symbols import W_Y, B, S, T, W_ici, X, Y, Z, n, n_axes
from symroof.workloads import decode, deployment, prefill

PEAK = chip("h100")[C_FORMAT["bf16"]]
FRACTIONS = ("eta_math", "eta_hbm", "eta_link", "eta_att", "eta_kv")
TIMES = ("t_layer", "t_coll", "t_step", "t_req")
letters = st.fixed_dictionaries(
    {},
    optional={**dict.fromkeys(FRACTIONS, st.fractions(Q(1, 20), 1)), **dict.fromkeys(TIMES, st.fractions(0, Q(1, 1000)))},
)


@settings(max_examples=30)
@given(st.sampled_from(NAMES), st.sampled_from([1, 2, 8]), st.integers(1, 512), st.integers(1, 20_000), letters)
def test_no_estimate_is_below_its_bound(name, chips, batch, context, given_letters):
    m, on = llm(name), chip("h100").on(chips)
    at = (on, m, dtype("bf16"), {n: Q(chips)})
    for bound, estimate, sizes in (
        (decode.bound(m), decode.estimate(m), {B: Q(batch), S: Q(context)}),
        (prefill.bound(m), prefill.estimate(m), {T: Q(context)}),
    ):
        least = bound.at(*at, sizes)
        own = {k: v for k, v in given_letters.items() if k in {s.name for s in estimate.free_symbols}}
        took = estimate.at(*at, sizes, **own)
        assert float(took) >= float(least) * (1 - 1e-12)
        assert float(took) >= float(estimate.at(*at, sizes)) * (1 - 1e-12)  # what is not bound is none


@pytest.mark.parametrize("name", USUAL)
def test_a_mesh_of_one_group_is_so_many_chips(name):
    m = llm(name)
    one = deployment.estimate(m).map(lambda e: e.xreplace({X: 1, Z: 1, Y: n, W_Y: W_ici * n_axes}))
    at = (chip("h100").on(4), m, dtype("fp8"), {B: Q(32), S: Q(5000)})
    assert one.at(*at).number == decode.estimate(m).at(*at).number


def test_an_estimate_counted_by_hand():
    m, ways, batch, context = llm("llama3-70b"), 8, 16, 2000
    D, F, L, N, K, H, V = 8192, 28672, 80, 64, 8, 128, 128256
    e = {"eta_math": Q(1, 2), "eta_hbm": Q(3, 4), "eta_kv": Q(2, 5), "eta_att": Q(1, 3), "eta_link": Q(3, 5)}
    t = {"t_layer": Q(3, 10**6), "t_coll": Q(7, 10**6), "t_step": Q(1, 10**4), "t_req": Q(1, 10**5)}
    C, W, links = PEAK, 335 * 10**10, 450 * 10**9
    matrices = L * (2 * D * N * H + 2 * D * K * H + 3 * D * F) + D * V
    weights = matrices + (2 * L + 1) * D  # and norms
    cache = Q(2 * L * K * H * context * batch * 2) / (ways * W * e["eta_kv"])
    seen = Q(4 * L * N * H * context * batch) / (ways * C * e["eta_att"])
    mlp = max(Q(2 * batch * matrices) / (ways * C * e["eta_math"]), Q(2 * weights) / (ways * W * e["eta_hbm"]))
    gathers = 0
    for _ in range(L):
        gathers += 2 + 2  # into and out of attention, into and out of the MLP
    gathers += 1  # logits
    moved = gathers * Q(batch * D * 2) * (ways - 1) / ways / (links * e["eta_link"])
    waited = Q(gathers, 2) * t["t_coll"] * (1 - Q(1, ways**2))
    beside = L * t["t_layer"] + t["t_step"] + batch * t["t_req"]
    found = decode.estimate(m).at(chip("h100").on(ways), m, dtype("bf16"), B=batch, S=context, **e, **t)
    assert found["attention"].number == max(cache, seen)
    assert found["MLP"].number == mlp
    assert found["collectives/bytes"].number == moved
    assert found["collectives/latency"].number == waited
    assert found.number == max(cache, seen) + mlp + moved + waited + beside

    T = context
    del e["eta_kv"]  # no cache is read
    asked = prefill.estimate(m, batch).at(chip("h100").on(ways), m, dtype("bf16"), T=T, **e, **t)
    pairs = sum(range(1, T + 1))
    assert asked["attention"].number == Q(batch * 4 * L * N * H * pairs) / (ways * C * e["eta_att"])
    tokens = 2 * batch * (T * (matrices - D * V) + D * V)
    assert asked["MLP/math"].number == Q(tokens) / (ways * C * e["eta_math"])
    assert asked["collectives/bytes"].number == Q(batch * D * 2 * (4 * L * T + 1)) * (ways - 1) / ways / (links * e["eta_link"])


def test_experts_fill_up_their_tiles():
    m = llm("mixtral-8x7b")
    at = (chip("h100"), m, dtype("bf16"), {B: Q(64), S: Q(100), n: Q(1)})
    plain, tiled = (decode.estimate(m).at(*at, T_tile=t)["MLP/math"].number for t in (1, 17))
    hit = 8 * (1 - (1 - Q(2, 8)) ** 64)
    assert tiled - plain == 2 * hit * 32 * 3 * 4096 * 14336 * 16 / PEAK


@pytest.mark.parametrize("link", [Switch("450 GB/s"), Switch("450 GB/s", sharp=True), Torus(sizes=(4, 4), bandwidth="90 GB/s")])
@pytest.mark.parametrize("kind", EXCHANGES)
def test_a_collective_takes_its_bytes_and_a_latency(kind, link):
    volume, size = Cost(10**9, "byte"), link.size or 16
    least = link.time(kind, volume, size, exact=True)
    estimate = link.estimate(kind, volume, size)
    assert estimate.at().number == pytest.approx(float(least.at()))
    assert estimate.at(eta_link=0.5, t_coll="10 us").number == 2 * least.at().number + Q(1, 10**5)


def test_a_collective_of_one_chip_is_none():
    assert Switch("450 GB/s").estimate("AllReduce", Cost(10**9, "byte"), 1).at().number == 0


def test_a_kernel_takes_its_roofline_and_a_call():
    work, at = matmul(64, 8192, 8192), (chip("h100"), dtype("bf16"))
    took = kernel(work).at(*at, eta_hbm=0.5, t_step="3 us")
    assert took.number == 2 * roofline(work).at(*at).number + Q(3, 10**6)
    assert kernel(work).at(*at).number == roofline(work).at(*at).number


def test_efficiencies_of_attention_are_those_of_the_chip_unless_bound():
    m = llm("llama3-8b")
    at = (chip("h100"), m, dtype("bf16"), {B: Q(8), S: Q(8000), n: Q(1)})
    half = decode.estimate(m).at(*at, eta_hbm=0.5)
    assert half["attention/cache"].number == 2 * decode.estimate(m).at(*at)["attention/cache"].number
    assert half["attention/cache"].number == decode.estimate(m).at(*at, eta_hbm=0.5, eta_kv=0.5)["attention/cache"].number
    alone = decode.estimate(m)["attention/cache"]  # without eta_hbm in it
    assert alone.at(*at, eta_hbm=0.5).number == half["attention/cache"].number
    first = prefill.estimate(m)["attention"]
    assert first.at(*at[:3], {n: Q(1), T: Q(64)}, eta_math=0.5).number == 2 * first.at(*at[:3], {n: Q(1), T: Q(64)}).number


def test_every_letter_of_an_estimate_has_a_value_unless_bound():
    for name in USUAL:
        m = llm(name)
        for estimate in (decode.estimate(m), prefill.estimate(m), deployment.estimate(m)):
            own = {s for s in estimate.free_symbols if s.name.startswith(("eta_", "t_", "T_tile"))}
            assert own <= UNLESS.keys()
