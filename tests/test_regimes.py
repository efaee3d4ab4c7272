"""Regimes: what is said to bind and to weigh most is what brute force finds, at random places of every interval."""

from decimal import Decimal
from fractions import Fraction as Q
from itertools import pairwise

import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from second_opinion import coefficients, costs, holds, points, positives, some, worth

from symroof import Cost, SymroofError, chip, decode, dtype, llm, matmul, regimes, roofline, sharding, symbol, training
from symroof.analysis.regimes import Regimes
from symroof.symbols import M_X, M_Y, B, C, D, F, H, K, L, P, S, W_hbm, W_ici, X, Y, n, n_axes, p, p_a, p_kv, p_w, t_hop

x, a, b, c, d = (symbol(s) for s in "xabcd")
CLOSE = Decimal("1e-9")
WEIGHTS_BOUND = (C * p_w / (2 * W_hbm),)


def plain(expr, name=""):
    return Cost(sp.sympify(expr), "1", name)


def the_case(found: Regimes, values: dict):
    """The regimes of the case that holds at these values (of one of them, where two do)."""
    fitting = [k.result for k in found.cases if all(holds(w.rel_op, worth(w.lhs, values), worth(w.rhs, values)) for w in k.when)]
    assert fitting, "every set of values has a case"
    return fitting[0]


def places(row, values: dict):
    """Each regime with numbers for its ends; they cover everything, in order."""
    ends = [(Decimal(0) if r.low == 0 else worth(r.low, values), None if r.high is sp.oo else worth(r.high, values), r) for r in row]
    assert ends[0][0] == 0
    assert ends[-1][1] is None
    for (low, high, _), (after, _, _) in pairwise(ends):
        assert low * (1 - CLOSE) <= high
        assert abs(high - after) <= CLOSE * after
    return ends


def check(cost: Cost, found: Regimes, values: dict) -> None:
    """At places inside every interval the simplified cost is the cost, and every winner is the largest part."""
    at = found.symbol
    for low, high, regime in places(the_case(found, values), values):
        inside = [low * 2 + 1, low * 1000 + 7] if high is None else [low + (high - low) * f for f in (Decimal("0.03"), Decimal("0.6"))]
        for place in inside:
            if place <= 0 or (high is not None and not low * (1 + CLOSE) < place < high * (1 - CLOSE)):
                continue
            full = {**values, at: place}
            assert not regime.cost.expr.has(sp.Max, sp.Min)
            truth, said = worth(cost.expr, full), worth(regime.cost.expr, full)
            assert abs(truth - said) <= Decimal("1e-60") * abs(truth), (regime, full)
            if regime.dominant and regime.cost.join == "sum":
                most = max(worth(part.expr, full) for part in regime.cost.parts)
                named = [worth(part.expr, full) for part in regime.cost.parts if regime.dominant in (part.name, str(part.expr))]
                assert not named or max(named) >= most * (1 - Decimal("1e-60"))


# -- random costs of a machine, and with rational exponents
@settings(max_examples=some(250))
@given(costs(max_leaves=4), st.sampled_from((B, D, C, W_hbm, p, t_hop)), points())
def test_the_winner_is_the_largest(cost, along, values):
    assume(along in cost.free_symbols)
    found = regimes(cost, along=along)
    check(cost, found, {s: v for s, v in values.items() if s in cost.free_symbols and s != along})


thirds = st.sampled_from([sp.Rational(i, 6) for i in (-12, -6, -3, -2, 0, 0, 2, 3, 4, 6, 9)])
monomials = st.builds(lambda k, e, f, g: k * x**e * a**f * b**g, coefficients, thirds, thirds, thirds)
maxima = st.lists(monomials.map(plain), min_size=2, max_size=4).map(lambda ms: ms[0] | ms[1] if len(ms) == 2 else ms[0] | ms[1] | ms[2])
trees = st.one_of(maxima, st.builds(lambda m, o: m + plain(o, "other"), maxima, monomials))
nested = st.builds(lambda m, o: (m + o) | plain(a), maxima, maxima)


@settings(max_examples=some(250))
@given(trees, st.tuples(positives, positives))
def test_with_rational_exponents(cost, row):
    check_with_thirds(cost, row)


@settings(max_examples=some(30))
@given(nested, st.tuples(positives, positives))
def test_maxima_inside_maxima(cost, row):
    check_with_thirds(cost, row)


def check_with_thirds(cost, row):
    assume(x in cost.free_symbols)
    values = {s: v for s, v in zip((a, b), row, strict=True) if s in cost.free_symbols}
    found = regimes(cost, along=x, dominance=False)
    if found.reason:  # two sums against each other may have no closed form, and say so; numbers remain
        assert "no closed form" in found.reason or "cases" in found.reason
        decided = found.at(values)
        check(decided.cost, decided, {})
    else:
        check(cost, found, values)


@settings(max_examples=some(60))
@given(costs(max_leaves=4), points())
def test_values_decide_as_the_cases_do(cost, values):
    assume(B in cost.free_symbols)
    numbers = {s: v for s, v in values.items() if s in cost.free_symbols and s != B}
    symbolic, decided = regimes(cost, along=B), regimes(cost, along=B).at(numbers)
    assert len(decided.cases) == 1
    ours = [high for _, high, _ in places(the_case(symbolic, numbers), numbers) if high is not None]
    theirs = [worth(r.high, {}) for r in decided if r.high is not sp.oo]
    apart = [h for i, h in enumerate(ours) if i == 0 or h > ours[i - 1] * (1 + CLOSE)]
    assert len(theirs) <= len(apart)
    assert all(any(abs(t - o) <= CLOSE * o for o in apart) for t in theirs)


# -- costs that an expert can review
def test_a_decode_step():
    found = regimes(decode.step(), along=B)
    assert len(found.cases) == 2
    assert "P*W_hbm" in found.deciding
    assert "C*H*K*L*S*p_kv" in found.deciding
    long = regimes(decode.step(), along=B, given=[P * W_hbm / (C * H * K * L * p_kv) <= S])
    assert long.breakpoints == (P * p_w / (2 * H * K * L * S * p_kv), C * p_w / (2 * W_hbm))
    assert [r.winners for r in long] == [(("MLP", "weights"),), (("MLP", "weights"),), (("MLP", "math"),)]
    assert [r.dominant for r in long] == ["MLP: weights", "attention", "attention"]
    short = regimes(decode.step(), along=B, given=[P * W_hbm / (C * H * K * L * p_kv) >= S])
    assert short.breakpoints == (C * p_w / (2 * W_hbm),)
    assert [r.dominant for r in short] == ["MLP: weights", "MLP: math"]


def test_sheets_decide():
    setting = (chip("tpu-v5e").on("4x4"), llm("llama3-70b"), dtype("int8", math="bf16"))
    found = regimes(decode.step(), along=B).at(*setting, S=8192)
    params = float(setting[1].values[P])
    assert [float(e) for e in found.breakpoints] == pytest.approx([params / (2 * 8 * 128 * 80 * 8192), 197e12 / (2 * 810e9)])
    assert found.of(100).dominant == "attention"
    assert regimes(decode.step(), along=B).at(*setting, S=8192, B=300).binds == "MLP: math"
    assert "52.57 tokens <= B <= 121.6 tokens" in repr(found)


def test_the_mix_of_fsdp_and_tensor_parallelism():
    found = regimes(training.mixed(overlap="axes"), along=X)
    many = found.cases[0].result
    assert [r.binds for r in many] == ["comms, comms: TP", "math", "comms, comms: FSDP"]
    assert many[0].high == C * n * p_a / (2 * F * M_Y * W_ici)
    assert many[1].high == 2 * B * M_X * W_ici / (C * p_w)
    assert "4*B*F*M_X*M_Y*W_ici**2" in found.deciding


def test_a_sharded_matmul_over_the_batch():
    found = regimes(sharding.sharded_matmul(), along=B)
    assert [[r.binds for r in k.result] for k in found.cases] == [["hbm", "math"], ["hbm", "ici"]]
    assert found.cases[0].when == (sp.Ge(2 * F * W_ici * n_axes, C * Y * p_a, evaluate=False),)


def test_a_matmul_is_a_sum_against_a_monomial():
    found = regimes(roofline(matmul(B, D, F)), along=B, given=[2 * D * F * W_hbm >= 3 * C * p * (D + F)], dominance=False)
    assert found.breakpoints == (C * D * F * p / (2 * D * F * W_hbm - C * p * (D + F)),)
    never = regimes(roofline(matmul(B, D, F)), along=B, given=[2 * D * F * W_hbm <= C * p * (D + F)], dominance=False)
    assert [r.binds for r in never] == ["hbm"]


EDGES = [  # cost, what binds in each interval
    ("equal parts are one", plain(a * x, "u") | plain(a * x, "v") | plain(b, "w"), ["w", "u = v"]),
    ("a redundant part never binds", plain(a * x, "u") | plain(2 * a * x, "v") | plain(b, "w"), ["w", "v"]),
    ("terms that cancel", plain(a * x + b, "u") | plain(a * x + b + c, "v"), ["v"]),
    ("the symbol on both sides", plain(a * x, "u") | plain(b + c / x, "v"), ["v", "u"]),
    ("a minimum inside", plain(a * sp.Min(x, b, evaluate=False)) | plain(a * b * 2, "cap"), None),
    ("three at one point", plain(x, "u") | plain(1, "v") | plain(1 / x, "w"), ["w", "u"]),
    ("only other symbols", plain(a, "u") | plain(2 * a, "v") | plain(x - x + a, "w"), None),
]


@pytest.mark.parametrize("cost, binds", [e[1:] for e in EDGES], ids=[e[0] for e in EDGES])
@settings(max_examples=some(30))
@given(values=points((a, b, c)))
def test_edges(cost, binds, values):
    if x not in cost.free_symbols:
        with pytest.raises(SymroofError, match="does not occur"):
            regimes(cost, along=x)
        return
    found = regimes(cost, along=x, dominance=False)
    if binds is not None:
        assert [r.binds for r in found] == binds
    check(cost, found, {s: v for s, v in values.items() if s in cost.free_symbols})


def test_without_a_closed_form_numbers_remain():
    cost = plain(sp.exp(x), "growth") | plain(a * x + 3, "line")
    found = regimes(cost, along=x)
    assert "no closed form" in found.reason
    with pytest.raises(SymroofError, match="closed form"):
        found.breakpoints
    decided = found.at(a=1)
    assert [r.binds for r in decided] == ["line", "growth"]
    assert float(decided.breakpoints[0]) == pytest.approx(1.50524, rel=1e-5)  # exp(x) = x + 3


def test_questions_without_sense():
    with pytest.raises(SymroofError, match="along"):
        regimes(decode.step())
    with pytest.raises(SymroofError, match="does not occur"):
        regimes(decode.step(), along=Y)
    with pytest.raises(SymroofError, match="no cost"):
        regimes(3, along=B)
    with pytest.raises(SymroofError, match="no symbol"):
        regimes(decode.step(), along="B")
    with pytest.raises(SymroofError, match="contradict"):
        regimes(decode.step(), along=B, given=[S >= 2 * T_, S <= T_])
    with pytest.raises(SymroofError, match="depends on"):
        regimes(decode.step(), along=B).breakpoints
    with pytest.raises(SymroofError, match="array"):
        regimes(decode.step(), along=B).at(S=[1, 2])


T_ = symbol("T_ref", "token")


def test_it_looks_like_a_table():
    text = repr(regimes(decode.step(), along=B))
    assert text.count("when") == 2
    assert "MLP: weights" in text
    tex = regimes(decode.step(), along=B).latex()
    assert tex.count("{") == tex.count("}")
    assert tex.count(r"\text{when }") == 2 and tex.count("MLP: math") == 3
    assert Q(1) in regimes(decode.step()["MLP"], along=B).at(n=1, P=1, C=1, W_hbm=1, p_w=2).regimes[0]
