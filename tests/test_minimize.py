"""Optima: nothing random is better, closed forms are the textbook's, whole numbers win against all others."""

from decimal import Decimal
from fractions import Fraction as Q

import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from second_opinion import coefficients, holds, points, positives, some, worth

from symroof import (
    Cost,
    SymroofError,
    chip,
    decode,
    divides,
    dtype,
    llm,
    matmul,
    maximize,
    memory,
    minimize,
    roofline,
    serving,
    symbol,
    training,
)
from symroof.errors import SolveError
from symroof.symbols import M_X, M_Y, B, C, D, F, G, W_hbm, W_ici, X, Y, n, p, p_a, p_w

x, y, a, b, c, m = (symbol(s) for s in "xyabcm")
V5E = (chip("tpu-v5e").on("4x4"), llm("llama3-70b"), dtype("int8", math="bf16"))
W_ICI, P_A = (symbol(s, str(of.unit)) for s, of in (("W_ICI", W_ici), ("P_A", p_a)))
V5P = {"B": 2**20, "D": 8192, "F": 28672, "n": 4096, "p_a": 2, "p_w": 2, "M_X": 2, "M_Y": 1}


def plain(expr, name=""):
    return Cost(sp.sympify(expr), "1", name)


def the_case(found, values):
    fitting = [k.result for k in found.cases if all(holds(w.rel_op, worth(w.lhs, values), worth(w.rhs, values)) for w in k.when)]
    assert fitting, "every set of values has a case"
    return fitting[0]


halves = st.sampled_from([sp.Rational(i, 6) for i in (-12, -6, -4, -3, 0, 2, 3, 6, 9, 12)])
monomials = st.builds(lambda k, e, f, g: k * x**e * a**f * b**g, coefficients, halves, halves, halves)
valleys = st.lists(monomials, min_size=2, max_size=4).map(lambda ms: plain(sum(ms)))
maxima = st.lists(monomials.map(plain), min_size=2, max_size=3).map(lambda ms: ms[0] | ms[1] if len(ms) == 2 else ms[0] | ms[1] | ms[2])
mixed = st.builds(lambda u, v: u + v, maxima, monomials.map(plain))


# -- nothing is better
def check_minimum(cost, found, values, sense=1):
    """At places all along the line, and close by, the cost is not better than at the optimum."""
    if found.kind == "none":
        ends = [Decimal(10) ** e for e in ((40, 60) if found.x is sp.oo else (-40, -60))]
        near, far = (worth(cost.expr, {**values, x: e}) for e in ends)
        assert sense * (far - near) <= 0
        return
    at = worth(found.until if found.x == 0 else found.x, values)
    assert at > 0
    least = worth(cost.expr, {**values, x: at})
    tries = [at * (1 + s * Decimal(10) ** -e) for e in (1, 3, 9) for s in (-1, 1)] + [Decimal(10) ** e for e in range(-20, 21, 2)]
    for place in tries:
        assert sense * (worth(cost.expr, {**values, x: place}) - least) >= -Decimal("1e-12") * abs(least), (cost, found, values, place)


@settings(max_examples=some(250))
@given(st.one_of(valleys, maxima, mixed), st.tuples(positives, positives))
def test_nothing_is_better(cost, row):
    assume(x in cost.free_symbols)
    values = {s: v for s, v in zip((a, b), row, strict=True) if s in cost.free_symbols}
    found = minimize(cost, over=x)
    if found.reason:
        assert "no closed form" in found.reason or "cases" in found.reason
        found = found.at(values)
        at = Decimal(repr(float(found[x])))
        least = worth(cost.expr, {**values, x: at})
        assert all(worth(cost.expr, {**values, x: at * (1 + s * Decimal("1e-4"))}) >= least * (1 - Decimal("1e-9")) for s in (-1, 1))
        return
    check_minimum(cost, the_case(found, values), values)


@settings(max_examples=some(150))
@given(st.one_of(maxima, mixed), st.tuples(positives, positives))
def test_the_most_of_an_inverse_is_the_least(cost, row):
    assume(x in cost.free_symbols)
    values = {s: v for s, v in zip((a, b), row, strict=True) if s in cost.free_symbols}
    rate = plain(1 / cost.expr)
    found = maximize(rate, over=x)
    if not found.reason:
        check_minimum(rate, the_case(found, values), values, -1)


@settings(max_examples=some(150))
@given(st.one_of(valleys, maxima), st.tuples(positives, positives), st.tuples(positives, positives))
def test_limits_are_kept_and_nothing_within_is_better(cost, row, ends):
    assume(x in cost.free_symbols)
    values = {s: v for s, v in zip((a, b), row, strict=True) if s in cost.free_symbols}
    low, high = sorted(ends)
    found = minimize(cost.at(values) if values else cost, over=x, subject_to=[plain(x) >= low, plain(x) <= high]).at()
    at, least = Decimal(repr(float(found[x]))), Decimal(repr(float(found.value)))
    low, high = (Decimal(v.numerator) / Decimal(v.denominator) for v in (low, high))
    assert low * (1 - Decimal("1e-12")) <= at <= high * (1 + Decimal("1e-12"))
    for f in range(11):
        place = low * (high / low) ** (Decimal(f) / 10)
        assert worth(cost.expr, {**values, x: place}) >= least * (1 - Decimal("1e-12"))


# -- closed forms of the textbook, each written by hand
BEST = sp.sqrt(B * M_X * n * p_a / (F * M_Y * p_w))
CLOSED = [
    ("two monomials", plain(a * x + b / x), sp.sqrt(b / a), 2 * sp.sqrt(a * b)),
    ("unlike powers", plain(a * x**2 + b / x), (b / (2 * a)) ** sp.Rational(1, 3), None),
    ("a constant beside", plain(a * x + b / x + c), sp.sqrt(b / a), 2 * sp.sqrt(a * b) + c),
    ("a maximum", plain(a * x) | plain(b / x), sp.sqrt(b / a), sp.sqrt(a * b)),
    ("mixed FSDP and tensor parallelism", training.mixed()["comms"], BEST, None),
]


@pytest.mark.parametrize("cost, best, least", [q[1:] for q in CLOSED], ids=[q[0] for q in CLOSED])
def test_closed_forms(cost, best, least):
    unknown = x if x in cost.free_symbols else X
    found = minimize(cost, over=unknown)
    assert sp.simplify(found.x / best) == 1
    if least is not None:
        assert sp.simplify(found.value.expr - least) == 0
    assert found.kind in ("stationary", "kink")
    assert sp.simplify(found.value.expr - cost.expr.subs(unknown, best)) == 0 or found.kind == "kink"


def test_the_book_s_optimum_from_the_program():
    comms = training.comms(training.layer("FSDP + tensor parallel"))
    found = minimize(comms, over=X, subject_to=sp.Eq(X * Y, n))
    assert sp.simplify(found.x / training.optimal_fsdp().expr) == 1
    assert found.put == {Y: n / X}
    assert minimize(comms, over=X, subject_to={Y: n / X}).x == found.x
    assert minimize(comms, over=(X, Y), subject_to=sp.Eq(X * Y, n)).x == found.x


def test_whole_numbers_that_divide():
    comms = training.comms(training.layer("FSDP + tensor parallel"))
    found = minimize(comms, over=X, subject_to=sp.Eq(X * Y, n)).at(chip("tpu-v5p"), **V5P)
    assert float(found[X]) == pytest.approx((2**20 * 2 * 4096 / 28672) ** 0.5)
    sizes = {k: v for k, v in V5P.items() if k != "n"}
    every = {d: float(comms.at(chip("tpu-v5p"), **sizes, X=d, Y=4096 // d)) for d in sp.divisors(4096)}
    assert found.whole == {X: min(every, key=every.get), Y: 4096 // min(every, key=every.get)}
    assert float(found.whole_value) == pytest.approx(min(every.values()))
    assert float(found.value) <= min(every.values())


@settings(max_examples=some(60))
@given(st.integers(1, 400), positives, positives)
def test_the_best_divisor_is_the_best_of_all(size, u, v):
    found = minimize(
        plain(u.numerator * x / u.denominator + v.numerator * y / v.denominator), over=x, subject_to={y: sp.Integer(size) / x}
    ).at()
    every = {d: u * d + v * (size // d) for d in sp.divisors(size)}
    assert every[found.whole[x]] == min(every.values())


@settings(max_examples=some(40))
@given(st.integers(1, 3000), st.integers(10, 10**7), st.integers(64, 40000), st.sampled_from(["add", "axes"]), st.booleans())
def test_the_ways_of_a_mixed_layer_are_whole(chips, batch, width, how, known):
    """X and n/X against every divisor, whether n is given before or after, and as the condition that X divides n."""
    overlap = {"add": "comms add", "axes": "axes"}[how]
    cost = training.mixed(overlap=overlap)["comms"]
    at = {"B": batch, "F": width, "D": 8192, "M_X": 2, "M_Y": 1, "p_a": 2, "p_w": 2, "W_ici": 9e10}
    first = cost.at(n=chips) if known else cost
    found = minimize(first, over=X).at(**({} if known else {"n": chips}), **at)
    every = {d: float(cost.at(X=d, n=chips, **at)) for d in sp.divisors(chips)}
    assert every[found.whole[X]] == min(every.values()) == float(found.whole_value)
    bare = Cost(cost.expr, "s")  # which says nothing of n/X
    asked = minimize(bare, over=X, subject_to=divides(X, n)).at(n=chips, **at)
    assert every[asked.whole[X]] == min(every.values())


@pytest.mark.parametrize("over", [W_ici, p_a])
def test_what_is_measured_is_not_whole(over):
    cost = Cost(W_ici / (1 + W_ici**2 / W_ICI**2) + p_a / (1 + p_a**2 / P_A**2) * W_ICI / P_A, "byte/s")
    found = maximize(cost, over=over).at({s: 2 for s in (W_ici, p_a) if s != over}, W_ICI=3, P_A=5)
    assert float(found[over]) == pytest.approx({W_ici: 3, p_a: 5}[over])
    assert found.whole is None and "whole" not in repr(found)


@settings(max_examples=some(60))
@given(*[st.integers(1, 9)] * 4, st.lists(st.integers(1, 400), min_size=20, max_size=20))
def test_a_rate_at_values_is_the_best_of_all(c_, w_, d_, f_, places):
    """The largest of FLOPs over a roofline along any of its letters, against places all along the line."""
    work = matmul(B, D, F)
    rate = work.flops / roofline(work)
    at = {B: Q(d_), D: Q(8 * d_), F: Q(8 * f_), C: Q(c_), W_hbm: Q(w_), p: Q(1)}
    for letter in (W_hbm, C, B):
        held = {s: v for s, v in at.items() if s != letter}
        try:
            found = maximize(rate, over=letter).at(held)
        except SolveError as problem:
            assert "without end" in str(problem)
            ends = [float(rate.at({**held, letter: 10.0**e})) for e in (30, 33)]
            assert ends[1] >= ends[0]
            continue
        best = float(found.value)
        assert all(float(rate.at({**held, letter: Q(place, 7)})) <= best * (1 + 1e-12) for place in places)
        assert float(rate.at({**held, letter: float(found[letter])})) == pytest.approx(best)


# -- serving
def test_the_best_batch_under_a_latency_limit():
    limit = decode.step() <= "15 ms"
    found = maximize(decode.throughput(), over=B, subject_to=limit).at(*V5E, S=8192)
    batch = decode.batch_within().at(*V5E, S=8192, t_lim="15 ms")
    assert float(found[B]) == pytest.approx(float(batch))
    assert found.kind == "limit"
    assert found.whole == {B: batch.whole}
    rate = [float(decode.throughput().at(*V5E, S=8192, B=i)) for i in (batch.whole, batch.whole - 1)]
    assert float(found.whole_value) == pytest.approx(rate[0])
    assert rate[0] > rate[1]


def test_the_cheapest_token_within_memory_and_latency():
    conditions = [decode.step() <= "15 ms", memory.memory() <= memory.capacity()]
    found = minimize(serving.dollars_per_token(), over=B, subject_to=conditions).at(*V5E, S=8192)
    costs = {}
    for i in range(1, 400):
        step = decode.step().at(*V5E, S=8192, B=i)
        if step <= "15 ms" and memory.memory().at(*V5E, S=8192, B=i).number <= memory.capacity().at(*V5E).number:
            costs[i] = float(serving.dollars_per_token().at(*V5E, S=8192, B=i))
    assert costs[found.whole[B]] == min(costs.values())
    assert len(found.binds) == 1


def test_the_split_of_prefill_and_decode_servers():
    pre, gen, t_pre, t_step = symbol("n_p", "chip"), symbol("n_d", "chip"), symbol("t_pre", "s"), symbol("t_step", "s")
    rate = Cost(sp.Min(pre / t_pre, gen * B / (G * t_step), evaluate=False), "1/s", "queries")
    found = maximize(rate, over=pre, subject_to=sp.Eq(pre + gen, n))
    assert sp.simplify(found.x - B * n * t_pre / (B * t_pre + G * t_step)) == 0
    assert sp.simplify(found.put[gen].subs(pre, found.x) / found.x - G * t_step / (B * t_pre)) == 0  # the book's ratio, inverted
    values = {"t_pre": "0.91 s", "t_step": "19 ms", "B": 43, "G": 512}
    got = found.at(n=20, **values)
    every = {i: min(i / 0.91, (20 - i) * 43 / (512 * 0.019)) for i in range(1, 20)}
    assert got.whole[pre] == max(every, key=every.get)
    assert got.whole[pre] + got.whole[gen] == 20


# -- several unknowns
def test_several_unknowns_are_a_geometric_program():
    found = minimize(plain(2 * x + 3 * y + m / (x * y)), over=(x, y))
    assert "geometric program" in found.reason
    with pytest.raises(SymroofError, match="geometric program"):
        found.x
    got = found.at(m=50)
    assert float(got.value) == pytest.approx(3 * (2 * 3 * 50) ** (1 / 3))  # arithmetic and geometric mean
    assert got.gap < 1e-6
    every = {(i, j): 2 * i + 3 * j + Q(50, i * j) for i in range(1, 30) for j in range(1, 30)}
    assert (got.whole[x], got.whole[y]) == min(every, key=every.get)


def test_batch_and_chips_together():
    conditions = [decode.step() <= "15 ms", memory.memory() <= memory.capacity()]
    got = minimize(serving.dollars_per_token(), over=(B, n), subject_to=conditions).at(chip("tpu-v5e"), *V5E[1:], S=8192)
    assert got.gap < 1e-5
    costs = [
        float(minimize(serving.dollars_per_token(), over=B, subject_to=conditions).at(chip("tpu-v5e"), *V5E[1:], S=8192, n=i).value)
        for i in (8, 16, 20, 64)
    ]
    assert float(got.value) <= min(costs) * (1 + 1e-6)


# -- what has no optimum
def test_no_optimum_is_said():
    rising = minimize(plain(a * x), over=x)
    assert rising.kind == "none"
    assert "without end" in repr(rising)
    with pytest.raises(SymroofError, match="without end"):
        rising.value
    with pytest.raises(SymroofError, match="without end"):
        rising.at(a=1)
    nothing = minimize(plain(a * x), over=x, subject_to=[plain(x) >= 5, plain(x) <= 2])
    assert nothing.kind == "impossible"
    with pytest.raises(SymroofError, match="no x satisfies"):
        nothing.at(a=1)


def test_conditions_decide_between_cases():
    found = minimize(training.mixed(overlap="axes"), over=X)
    assert [k.result.kind for k in found.cases] == ["plateau", "kink"]
    with pytest.raises(SymroofError, match="depends on"):
        found.x
    small = minimize(training.mixed(overlap="axes"), over=X, given=4 * B * F * M_X * M_Y * W_ici**2 <= C**2 * n * p_a * p_w)
    assert sp.simplify(small.x / BEST) == 1
    assert sp.simplify(small.value.expr / (2 * D * sp.sqrt(B * F * p_a * p_w / (M_X * M_Y * n)) / W_ici)) == 1
    flat = minimize(training.mixed(overlap="axes"), over=X, given=4 * B * F * M_X * M_Y * W_ici**2 >= 2 * C**2 * n * p_a * p_w)
    assert (flat.only.x, flat.only.until) == (C * n * p_a / (2 * F * M_Y * W_ici), 2 * B * M_X * W_ici / (C * p_w))


def test_questions_without_sense():
    with pytest.raises(SymroofError, match=r"X\*Y"):
        minimize(training.mixed(), over=X, subject_to=n == X * Y)  # Python compares, and says False
    with pytest.raises(SymroofError, match="no cost"):
        minimize(3, over=X)
    with pytest.raises(SymroofError, match="does not occur"):
        minimize(decode.step(), over=Y)
    with pytest.raises(SymroofError, match="no condition"):
        minimize(plain(a * x), over=x, subject_to="x <= 3")
    with pytest.raises(SymroofError, match="array"):
        minimize(plain(a * x + b / x), over=x).at(a=[1, 2], b=1)
    with pytest.raises(SymroofError, match="once"):
        minimize(plain(a * x + b / x), over=(x, x))
    with pytest.raises(SymroofError, match="which symbol"):
        minimize(plain(a * x + b * y + c), over=x, subject_to=sp.Eq(a * y * c, b))


def test_why_it_is_the_best():
    found = minimize(training.mixed()["comms"], over=X)
    steps = found.steps
    assert any("convex in log X" in s for s in steps)
    assert any("derivative vanishes" in s for s in steps)
    assert found.latex().count("{") == found.latex().count("}")
    split = maximize(plain(sp.Min(x, a - x, evaluate=False)), over=x, subject_to=plain(x) <= plain(a))
    assert any("rises, then falls" in s for s in split.steps)
    assert split.x == a / 2


@settings(max_examples=some(40))
@given(points((B, F, M_X, M_Y, n, p_a, p_w, D, W_ici)))
def test_more_fsdp_or_less_costs_more(values):
    cost, found = training.mixed()["comms"], minimize(training.mixed()["comms"], over=X)
    at = worth(found.x, values)
    least = worth(found.value.expr, values)
    for f in ("0.5", "0.999", "1.001", "7"):
        assert worth(cost.expr, {**values, X: at * Decimal(f)}) > least
