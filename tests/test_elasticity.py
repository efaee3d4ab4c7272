"""Elasticities against finite differences of our own 120-digit evaluator, one-sided at kinks; they sum to the degree."""

from decimal import Decimal
from fractions import Fraction as Q

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from second_opinion import costs, decimal, points, seconds, some, worth

from symroof import Cost, SymroofError, Value, chip, decode, dtype, llm, memory, serving, symbol, training
from symroof.algebra.evaluate import TABLE
from symroof.algebra.roots import PositiveRoot, PowerOfTwo
from symroof.analysis.elasticity import Kink, degree, elasticity
from symroof.analysis.sensitivity import sensitivities
from symroof.analysis.slopes import RULES
from symroof.symbols import B, C, F, H, K, L, P, S, W_hbm, W_ici, X, eta_hbm, n, p_kv, p_w, price, t_hop

STEP = Decimal("1e-20")
BROKEN = (0, 1, 2, -1, sp.Rational(1, 2), sp.Rational(-3, 2), sp.Rational(1, 3))
V5E = (chip("tpu-v5e"), llm("llama3-70b"), dtype("bf16"))
x, a, b = (symbol(s) for s in "xab")


def difference(expr, s, values, side):
    """d ln f / d ln s from one side."""
    here, there = (worth(expr, {**values, s: decimal(values[s]) * (1 + h)}) for h in (Decimal(0), side * STEP))
    return (there - here) / here / (side * STEP)


def central(expr, s, values):
    return (difference(expr, s, values, 1) + difference(expr, s, values, -1)) / 2


def agree(said, measured, tolerance="1e-11"):
    return abs(decimal(said) - measured) <= Decimal(tolerance) * max(1, abs(measured))


def check_sides(cost, s, values, said):
    """A Value is what both sides measure, a Kink what each does."""
    below, above = (said.below, said.above) if isinstance(said, Kink) else (said.number, said.number)
    assert agree(below, difference(cost.expr, s, values, -1)), (cost, s, values)
    assert agree(above, difference(cost.expr, s, values, 1)), (cost, s, values)


def used(cost, values):
    return {s: values[s] for s in cost.free_symbols}


# -- laws
@settings(max_examples=some(300))
@given(costs(), points(), st.data())
def test_elasticity_is_the_central_difference(cost, values, data):
    s = data.draw(st.sampled_from(sorted(cost.free_symbols, key=str)))
    said = elasticity(cost, s).at(used(cost, values))
    check_sides(cost, s, values, said)
    if not isinstance(said, Kink):
        assert isinstance(said.number, Q) and agree(said.number, central(cost.expr, s, values), "1e-30")


@settings(max_examples=some(200))
@given(costs(BROKEN), points(), st.data())
def test_rational_exponents(cost, values, data):
    s = data.draw(st.sampled_from(sorted(cost.free_symbols, key=str)))
    check_sides(cost, s, values, elasticity(cost, s).at(used(cost, values)))


def check_cases(cost, s, values, tolerance="1e-11"):
    """At least one case holds, and each that does says what one of the sides measures."""
    found = elasticity(cost, s)
    sides = {">=": lambda r: (r.lhs, r.rhs), "<=": lambda r: (r.rhs, r.lhs)}

    def true(rel):
        larger, smaller = sides[rel.rel_op](rel)
        return worth(larger, values) >= worth(smaller, values)

    holding = [c for c in found.cases if all(map(true, c.when))]
    assert holding, (cost, found)
    measured = difference(cost.expr, s, values, 1), difference(cost.expr, s, values, -1)
    for case in holding:
        assert any(agree(worth(case.expr, values), m, tolerance) for m in measured), (cost, found, values)


@settings(max_examples=some(200))
@given(costs(BROKEN), points(), st.data())
def test_the_case_that_holds_says_the_number(cost, values, data):
    check_cases(cost, data.draw(st.sampled_from(sorted(cost.free_symbols, key=str))), values)


@settings(max_examples=some(150))
@given(costs(BROKEN, max_leaves=3), costs(max_leaves=3), seconds(), points(), st.data())
def test_minima_differences_and_ratios(one, two, third, values, data):
    """Minima, quotients and logarithms, by number and by case."""
    expr = data.draw(
        st.sampled_from(
            (
                sp.Min(one.expr, third, evaluate=False) + two.expr,
                one.expr / (two.expr + third),
                sp.log(1 + C * one.expr / F),
                sp.Max(sp.Min(one.expr, two.expr, evaluate=False), third, evaluate=False),
                sp.exp(-1 / (1 + C * two.expr)) * third,
                sp.asinh(C * third / 1000) + sp.Abs(third / t_hop - 1),
            )
        )
    )
    cost = Cost(1, "1").map(lambda e: expr)
    assume(cost.free_symbols)
    s = data.draw(st.sampled_from(sorted(cost.free_symbols, key=str)))
    try:
        said = elasticity(cost, s).at(used(cost, values))
    except SymroofError:  # a logarithm of 1, in floats
        assume(False)
    scale = max(1, abs(float(said.below if isinstance(said, Kink) else said.number)))
    assume(scale < 1e6)
    below, above = (said.below, said.above) if isinstance(said, Kink) else (said.number,) * 2
    assert agree(below, difference(expr, s, values, -1), "1e-6") and agree(above, difference(expr, s, values, 1), "1e-6")
    if not isinstance(said, Kink) and not expr.has(sp.Abs):
        check_cases(cost, s, values)


@settings(max_examples=some(200))
@given(seconds(), seconds(), costs(max_leaves=3), points(), st.data())
def test_at_an_exact_kink_both_sides_are_said(first, second, rest, values, data):
    ratio = first / second
    factor = ratio.xreplace({s: sp.Rational(v.numerator, v.denominator) for s, v in values.items()})
    tied = Cost(first, "s", "one") | Cost(factor * second, "s", "other")
    cost = tied + rest if data.draw(st.booleans()) else tied | rest
    s = data.draw(st.sampled_from(sorted(cost.free_symbols, key=str)))
    said = elasticity(cost, s).at(used(cost, values))
    check_sides(cost, s, values, said)
    if isinstance(said, Kink):
        assert said.below < said.above and " to " in repr(said)  # a maximum bends upwards
        with pytest.raises(SymroofError):
            float(said)


@settings(max_examples=some(120))
@given(costs(), points())
def test_elasticities_sum_to_the_degree(cost, values):
    """In time and bytes: every cost in seconds has the degree -1 in its rates and its latency's inverse."""
    rates = [s for s in (C, W_hbm) if s in cost.free_symbols]
    scaled = Cost(1, "1").map(lambda e: cost.expr.xreplace({t_hop: 1 / C}))
    rates = [s for s in (C, W_hbm) if s in scaled.free_symbols]
    assert degree(scaled, rates) == -1
    ranking = sensitivities(scaled, among=rates).at(used(scaled, values))
    if not any(isinstance(r.elasticity, Kink) for r in ranking):
        assert ranking.total.number == -1


@settings(max_examples=some(120))
@given(costs(BROKEN), points(), st.sampled_from((Q(2), Q(3, 7))), st.data())
def test_the_degree_is_that_of_scaling(cost, values, by, data):
    asked = data.draw(st.lists(st.sampled_from(sorted(cost.free_symbols, key=str)), min_size=1, unique=True))
    try:
        d = degree(cost, asked)
    except SymroofError as problem:
        assert "not homogeneous" in str(problem) or "could not be shown" in str(problem)
        each = [found.at(used(cost, values)) for found in (elasticity(cost, s) for s in asked)]
        assert each
        return
    grown = {s: v * by if s in asked else v for s, v in values.items()}
    assert agree(worth(cost.expr, grown) / worth(cost.expr, values), worth(sp.Rational(by.numerator, by.denominator) ** d, {}), "1e-60")


@settings(max_examples=some(60))
@given(costs(max_leaves=6), points(), points(), points(), st.data())
def test_an_array_is_a_loop(cost, one, two, three, data):
    s = data.draw(st.sampled_from(sorted(cost.free_symbols, key=str)))
    ask = elasticity(cost, s)
    rows = [used(cost, v) for v in (one, two, three)]
    got = ask.at({t: np.array([float(r[t]) for r in rows]) for t in cost.free_symbols})
    for i, row in enumerate(rows):
        single = ask.at(row)
        for side in ("below", "above"):
            each = getattr(got, side) if isinstance(got, Kink) else got.number
            wanted = getattr(single, side) if isinstance(single, Kink) else single.number
            assert abs(each[i] - float(wanted)) < 1e-9


@settings(max_examples=some(100))
@given(costs(max_leaves=6), points(), st.data())
def test_the_effect_of_a_step_is_exact(cost, values, data):
    ranking = sensitivities(cost).at(used(cost, values))
    before = worth(cost.expr, values)
    for row in ranking:
        both = [(worth(cost.expr, {**values, row.symbol: values[row.symbol] * f}) - before) / before for f in (Q(11, 10), Q(9, 10))]
        assert agree(row.effect, min(*both, Decimal(0)), "1e-60")
    assert [r.effect for r in ranking] == sorted(r.effect for r in ranking)


def test_every_row_of_the_evaluator_has_a_slope():
    assert RULES.keys() == TABLE.keys()


FUNCTIONS = {
    "root": (PositiveRoot(a, 0, b, -(x**2)), "1e-6"),
    "sinh": (sp.sinh(x / (1 + x)) + a, "1e-9"),
    "asinh": (sp.asinh(x * a) * b, "1e-9"),
    "log": (sp.log(1 + x) * x + a, "1e-9"),
    "exp": (sp.exp(-x / a) + b, "1e-9"),
    "abs": (sp.Abs(x - a) + b, "1e-20"),
    "power": (a**x + b, "1e-9"),
    "zero": (x * (a - 3) + b, "1e-20"),
    "square of zero": ((x + a - 8) ** 2 + b, "1e-19"),
    "root of a sum": (sp.sqrt(x + a) * x + b, "1e-9"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    expr, tolerance = FUNCTIONS[name]
    values = {x: Q(5), a: Q(3), b: Q(7)}
    cost = Cost(expr, "1")
    said = elasticity(cost, x).at(used(cost, values))
    step = Decimal("1e-20") if name != "root" else Decimal("1e-14")
    measured = (worth(expr, {**values, x: 5 * (1 + step)}) / worth(expr, values) - 1) / step
    assert agree(said.number, measured, tolerance)
    (case,) = elasticity(cost, x).cases
    smooth = case.expr.replace(sp.cosh, lambda u: (sp.exp(u) + sp.exp(-u)) / 2)
    assert agree(worth(smooth, values), measured, "1e-9")


# -- a table for an expert
FEW = {n: 16, B: 32, S: 8192}
TINY = {n: 16, B: 32, S: Q(1, 10**6)}
TABLE_OF_WORKLOADS = [
    # cost, where, symbol, what an expert expects, to this many digits
    (decode.step(), FEW, W_hbm, -1, 12),  # all of it is reading
    (decode.step(), FEW, C, 0, 12),
    (decode.step(), FEW, n, -1, 12),  # perfect scaling is assumed
    (decode.step(), TINY, W_hbm, -1, 12),
    (decode.step(), TINY, p_w, 1, 5),  # weights only: half the bytes, half the time
    (decode.step(), TINY, B, 0, 5),  # more sequences are free
    (decode.step(), {**TINY, B: 1000}, C, -1, 5),  # beyond the critical batch of 243
    (decode.step(), {**TINY, B: 1000}, W_hbm, 0, 5),
    (decode.step(), {**TINY, B: 1000}, p_w, 0, 12),
    (decode.throughput(), TINY, B, 1, 5),
    (decode.throughput(), {**TINY, B: 1000}, B, 0, 12),
    (serving.dollars_per_token(), FEW, price, 1, 12),
    (serving.dollars_per_token(), TINY, W_hbm, -1, 12),
    (memory.memory(), {**FEW, S: 10**9}, S, 1, 2),
    (memory.memory(), TINY, p_w, 1, 5),
]


@pytest.mark.parametrize("cost, where, s, expected, digits", TABLE_OF_WORKLOADS, ids=lambda v: getattr(v, "name", None) or str(v)[:30])
def test_workloads(cost, where, s, expected, digits):
    inside = {t: v for t, v in where.items() if t in cost.free_symbols}
    assert round(float(elasticity(cost, s).at(*V5E, inside)), digits) == expected


def test_closed_forms_of_the_decode_step():
    found = elasticity(decode.step(), W_hbm)
    assert {c.name: c.expr for c in found.cases}["MLP/weights"] == -1
    share = 2 * B * S * K * H * L * p_kv / W_hbm / (2 * B * S * K * H * L * p_kv / W_hbm + 2 * B * P / C)
    assert sp.simplify({c.name: c.expr for c in found.cases}["MLP/math"] + share) == 0
    assert {c.name: c.when for c in found.cases}["MLP/weights"] == (sp.Le(W_hbm, C * p_w / (2 * B)),)
    assert elasticity(decode.step(), n).expr == -1
    assert repr(elasticity(memory.memory(), S)) == "2*B*H*K*L*S*p_kv/(2*B*H*K*L*S*p_kv + P*p_w)"
    assert elasticity(decode.step(), W_hbm).at(B=32).cases[1].when == (sp.Le(W_hbm, C * p_w / 64),)


DEGREES = [
    (decode.step(), (C, W_hbm), -1),
    (decode.step(), n, -1),
    (decode.step(), (B, p_w), 1),  # attention and math in B, weights in p_w
    (decode.step(), B, None),
    (decode.step(), (P, L), 1),
    (decode.throughput(), (C, W_hbm), 1),
    (serving.dollars_per_token(), (C, W_hbm, price), 0),
    (memory.memory(), (p_w, p_kv), 1),
    (memory.memory(), S, None),
    (training.mixed(), (C, W_ici), -1),
    (training.mixed(overlap="axes"), (C, W_ici), -1),
    (training.mixed(), X, None),
    (training.mixed_at_optimum(), (C, W_ici), -1),
    (Cost(sp.Max(x * a, x * a + x * b, evaluate=False), "1"), None, 2),
    (Cost(sp.Max(x, x + 1, evaluate=False) - 1, "1"), x, 1),
    (Cost((x**2 - a**2) / (x + a) + a, "1"), None, 1),
    (Cost(sp.sqrt(x) * a ** sp.Rational(1, 3), "1"), None, sp.Rational(5, 6)),
    (Cost(sp.ceiling(x / a) * b, "1"), None, 1),
    (Cost(sp.log(1 + x / a), "1"), None, 0),
    (Cost(sp.exp(x), "1"), x, None),
]


@pytest.mark.parametrize("cost, symbols, expected", DEGREES, ids=lambda v: getattr(v, "name", None) or str(v)[:30])
def test_degrees(cost, symbols, expected):
    if expected is None:
        with pytest.raises(SymroofError, match="not homogeneous"):
            degree(cost, symbols)
    else:
        assert degree(cost, symbols) == expected


# -- redundant maxima, equal terms, impossible cases
def test_cases_that_never_occur_are_left_out():
    assert elasticity(Cost(a * x, "1", "u") | Cost(a * x + b, "1", "v"), x).expr == a * x / (a * x + b)
    assert elasticity(Cost(a * x, "1", "u") | Cost(a * x, "1", "v"), x).expr == 1
    twice = (Cost(a, "1", "u") | Cost(x, "1", "v")) + 3 * (Cost(a, "1", "u") | Cost(x, "1", "v"))
    assert [c.expr for c in elasticity(twice, x).cases] in ([0, 1], [1, 0])  # not four
    chained = Cost(sp.Max(a, x, evaluate=False) + sp.Max(2 * a, x, evaluate=False), "1")
    assert len(elasticity(chained, x).cases) == 3  # a < x/2, between, a > x; never x < a and x > 2a


def test_nested_maxima_by_path():
    cases = elasticity(training.mixed(overlap="axes"), X).cases
    assert {c.name: c.expr for c in cases} == {"math": 0, "comms/TP": -1, "comms/FSDP": 1}


# -- at the edges
TIE = {"B": 10, "C": 100, "P": 7, "S": 3, "H": 1, "K": 1, "L": 1, "n": 1, "p_kv": 2, "p_w": 2, "W_hbm": 10}


def test_the_kink_names_the_parts():
    parts = decode.step()["MLP"]
    said = elasticity(parts, W_hbm).at(**{k: v for k, v in TIE.items() if k in {s.name for s in parts.free_symbols}})
    assert repr(said) == "-1 to 0 at the kink of math = weights"
    assert repr(elasticity(decode.step(), W_hbm).at(**TIE)).endswith("at the kink of MLP: math = weights")
    assert elasticity(decode.step(), n).at(**TIE).number == -1  # no kink in n
    with pytest.raises(SymroofError, match="no one sum"):
        _ = sensitivities(decode.step()).at(**TIE).total


def test_a_tie_that_loses_is_no_kink():
    cost = (Cost(x, "1", "u") | Cost(a, "1", "v")).named("m") | Cost(b * x, "1", "w")
    assert elasticity(cost, x).at(x=2, a=2, b=9).number == 1


def test_rounding_is_said():
    cost = Cost(sp.ceiling(x / a) * x, "1")
    assert repr(elasticity(cost, x)) == "1   away from jumps"
    assert elasticity(cost, x).at(x=5, a=2).number == 1
    assert "jump of ceiling(x/a)" in repr(elasticity(cost, x).at(x=6, a=2))
    assert elasticity(Cost(PowerOfTwo(x), "1"), x).at(x=3).number == 0


def test_an_efficiency_scales_and_changes_nothing():
    assert elasticity(decode.step(), W_hbm).at(*V5E, FEW, eta_hbm=0.8).number == -1
    with pytest.raises(SymroofError, match="it scales W_hbm"):
        elasticity(decode.step(), eta_hbm)


def test_partial_values_stay_symbolic_and_add_up():
    found = elasticity(decode.step(), S)
    whole = found.at(*V5E, FEW)
    assert found.at(*V5E).at(FEW).number == whole.number == found.at(B=32).at(*V5E, n=16).at(S=8192).number
    assert found.at(*V5E, eta_hbm=0.5).at(FEW).number == found.at(*V5E, FEW, eta_hbm=0.5).number
    assert elasticity(decode.step(), n).at(B=32).number == -1


def test_what_would_help_most():
    ranking = sensitivities(decode.step(), among=(C, W_hbm, p_w)).at(*V5E, n=16, B=230, S=8)
    assert [r.symbol for r in ranking] == [W_hbm, p_w, C]
    assert ranking[0].switch == "MLP: weights -> math" and -Q(1, 11) < ranking[0].effect < 0
    assert ranking[2].step == 0 and "no effect" in repr(ranking)
    assert "<table>" in ranking._repr_html_() and ranking[0].after.unit == decode.step().unit
    more = sensitivities(decode.throughput()).at(*V5E, FEW)
    assert more.higher and more[0].effect > 0
    assert not sensitivities(serving.dollars_per_token()).higher


REFUSED = {
    "no such symbol": (lambda: elasticity(decode.step(), W_ici), "does not occur in decode step; there is"),
    "its twin": (lambda: elasticity(decode.step(), symbol("W_hbm", "s")), "there is another W_hbm"),
    "no symbol": (lambda: elasticity(decode.step(), "W_hbm"), "is no symbol"),
    "no cost": (lambda: elasticity(W_hbm, W_hbm), "is no cost"),
    "nothing": (lambda: elasticity(Cost(0, "s", "idle"), W_hbm), "idle is 0"),
    "zero here": (lambda: elasticity(memory.kv_room(), n).at(n=2, M_hbm=5, P=5, p_w=2), "is 0 at these values"),
    "may be negative": (lambda: elasticity(Cost(1, "1").map(lambda e: sp.Symbol("z")), sp.Symbol("z")), "may be negative"),
    "cases": (lambda: elasticity(decode.step(), W_hbm).expr, "has cases"),
    "missing": (lambda: sensitivities(decode.step()).at(B=1), "missing: C, H, K"),
    "array": (lambda: sensitivities(Cost(x, "1")).at(x=np.array([1.0, 2.0])), "one set of values"),
    "partly an array": (lambda: elasticity(Cost(x * a + b, "1"), x).at(x=np.array([1.0, 2.0])), "missing: a, b"),
    "degree in what is not there": (lambda: degree(decode.step(), W_ici), "does not occur"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_are_sentences(name):
    ask, words = REFUSED[name]
    with pytest.raises(SymroofError, match=words):
        ask()


def test_arrays_with_a_kink_say_both():
    said = elasticity(Cost(x, "1", "u") | Cost(a, "1", "v"), x).at(x=np.array([1.0, 2.0, 3.0]), a=2)
    assert isinstance(said, Kink) and list(said.below) == [0, 0, 1] and list(said.above) == [0, 1, 1]
    flat = elasticity(Cost(x * a, "1"), x).at(x=np.array([1.0, 2.0]), a=2)
    assert isinstance(flat, Value) and list(flat.number) == [1, 1]
