"""Limits are honest: what is dropped is measured against the exact answer, and said where it is more than 5 %."""

from fractions import Fraction as Q

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from second_opinion import close, coefficients, costs, decimal, points, some, worth

from symroof import Bound, Cost, Span, SymroofError, chip, decode, dtype, matmul, roofline, solve, symbol
from symroof.solver.limits import Limit, limit
from symroof.symbols import B, C, D, F, S, W_hbm, p, t_hop

x, a, b, c = (symbol(s) for s in "xabc")
V5E, BF16 = chip("tpu-v5e"), dtype("bf16")
MM = matmul(B, D, F)
ROOF = roofline(MM)
MATH, HBM = ROOF["math"], ROOF["hbm"]
RULE = solve(MATH >= HBM, B, large=(D, F))
INTENSITY = MM.flops / MM.traffic


def plain(expr):
    return Cost(sp.sympify(expr), "1")


# -- bounds
def test_the_error_of_the_textbook_rule():
    error = RULE.error(V5E, BF16, D=8192, F=28672)
    ratio = Q(197 * 10**12, 810 * 10**9)  # p*C/2W: by hand the exact bound is 1/(1/ratio - 1/D - 1/F)
    assert error.relative == ratio * (1 / ratio - Q(1, 8192) - Q(1, 28672)) - 1
    assert repr(error) == "3.8 % low at D = 8192, F = 28672"
    assert float(error) == pytest.approx(-0.03817, abs=1e-5)
    assert not error.matters


def test_a_value_says_when_its_limit_is_off_by_more_than_5_percent():
    assert repr(RULE.at(V5E, BF16)) == "243.2 tokens"
    assert RULE.at(V5E, BF16).error is None
    near = RULE.at(V5E, BF16, D=8192, F=28672)
    assert repr(near) == "243.2 tokens"
    assert near.error == RULE.error(V5E, BF16, D=8192, F=28672)
    far = RULE.at(V5E, BF16, D=4096, F=14336)
    assert repr(far) == "243.2 tokens   (7.6 % low: 263.3 tokens at D = 4096, F = 14336)"
    assert far.error.matters
    assert float(far.error.exact) == pytest.approx(float(RULE.exact.at(V5E, BF16, D=4096, F=14336)))
    assert RULE.exact.at(V5E, BF16, D=4096, F=14336).error is None


BOUNDS = [
    (MATH >= HBM, B, {"large": (D, F)}),
    (MATH >= HBM, B, {"large": (F,)}),
    (MATH <= HBM, B, {"large": (D, F)}),
    (MATH >= HBM, C, {"large": (B, D, F)}),
    (MATH >= HBM, W_hbm, {"large": (D, F)}),
    (plain(a * x**2 + b * x) >= plain(c), x, {"large": (c,)}),
    (plain(a * x**2 + b * x) <= plain(c), x, {"small": (b,)}),
    (plain(a * x) >= plain(b + c / a), x, {"large": (a,), "small": (c,)}),
]


@pytest.mark.parametrize("asked, unknown, how", BOUNDS, ids=lambda v: str(v)[:40])
@settings(max_examples=some(30))
@given(values=points((B, C, D, F, W_hbm, p, a, b, c)))
def test_the_error_is_the_ratio_of_the_two_answers(asked, unknown, how, values):
    rule, exact = solve(asked, unknown, **how), solve(asked, unknown)
    values = {s: v for s, v in values.items() if s in rule.free_symbols}
    error = rule.error(values)
    found = rule.at(values)
    assert found.error == error
    inside = all(worth(w.lhs, values) > worth(w.rhs, values) for p_ in exact.pieces for w in p_.when)
    if len(exact.pieces) == 1 and inside:
        ratio = worth(rule.expr, values) / worth(exact.expr, values) - 1
        assert error.relative is not None
        assert abs(decimal(error.relative) - ratio) <= abs(ratio) * decimal(1e-9) + decimal(1e-14)
        assert error.matters == (abs(ratio) > decimal(Q(1, 20)))
        assert (" low at " in repr(error)) == (ratio < 0)
        assert (" % " in repr(found)) == error.matters
    elif error.relative is None:
        assert "exact condition" in repr(error)
        assert repr(error)[:20] in repr(found)
    for s in how.get("large", ()) + how.get("small", ()):
        assert f"{s} = " in repr(error)


@pytest.mark.parametrize(
    "asked, how, values, words",
    [
        (MATH >= HBM, {"large": (D, F)}, {"D": 100, "F": 100}, "the exact condition never holds at D = 100, F = 100"),
        (MATH <= HBM, {"large": (D, F)}, {"D": 100, "F": 100}, "the exact condition always holds at D = 100, F = 100"),
    ],
    ids=str,
)
def test_where_the_exact_answer_has_no_threshold_words_say_so(asked, how, values, words):
    rule = solve(asked, B, **how)
    error = rule.error(V5E, BF16, **values)
    assert error.relative is None
    assert repr(error) == words
    assert repr(rule.at(V5E, BF16, **values)) == f"243.2 tokens   ({words})"
    with pytest.raises(SymroofError):
        float(error)


def test_where_the_limit_has_no_threshold_words_say_so():
    rule = solve(plain(a * x + b) >= plain(c), x, small=(b,))  # b >= c settles it for every x, which the limit cannot see
    assert repr(rule.error(a=1, b=2, c=1)) == "the exact condition always holds at b = 2"
    rule = solve(plain(a * x) >= plain(b * x + c), x, large=(b,))  # the limit never holds, the condition does
    assert repr(rule.error(a=5, b=1, c=8)) == "the exact condition has 2, the limit never holds at b = 1"
    assert repr(rule.error(a=1, b=5, c=8)) == "the limit and the exact condition both never hold at b = 5"


def test_no_error_where_there_is_no_single_number():
    assert RULE.at(V5E, BF16, D=[4096, 8192], F=28672).error is None
    span = solve(plain(b * x) >= plain(a * x**2 + c), x, small=(a,))
    assert isinstance(span.at(a=1, b=5, c=6), Span)
    for values in ({"D": 8192}, {"D": [4096, 8192], "F": 28672}, {"D": x, "F": 2}):
        with pytest.raises(SymroofError) as caught:
            RULE.error(V5E, BF16, **values)
        assert len(str(caught.value)) < 260
    with pytest.raises(SymroofError):
        RULE.exact.error(V5E, BF16, D=8192, F=28672)
    with pytest.raises(SymroofError):
        span.error(a=1, b=5, c=6)


def test_a_limit_bound_waits_for_values_as_before():
    assert isinstance(RULE.at(V5E), Bound)
    assert float(RULE.at(V5E).at(BF16)) == pytest.approx(float(RULE.at(V5E, BF16)))


# -- costs
LIMITS = [
    ("intensity", INTENSITY, {"large": (D, F)}, 2 * B / p),
    ("intensity, small batch", INTENSITY, {"small": B}, 2 * B / p),
    ("intensity, large batch", INTENSITY, {"large": B}, 2 * D * F / (p * (D + F))),
    ("fastest term", plain(a * x**2 + b * x + c), {"large": x}, a * x**2),
    ("slowest term", plain(a * x**2 + b * x + c), {"small": x}, c),
    ("half powers", plain(a * x + b * sp.sqrt(x)), {"small": x}, b * sp.sqrt(x)),
    ("a ratio", plain((a * x**2 + b) / (c * x + a)), {"large": x}, a * x / c),
    ("a root", plain(sp.sqrt(a * x**2 + b)), {"large": x}, sp.sqrt(a) * x),
    ("terms that cancel", plain(x - x**2 / (x + a)), {"large": x}, a),
    ("together", plain(a * b + a * c + b * c), {"large": (a, b)}, a * b),
    ("a maximum", plain(sp.Max(a * x, b * x**2, evaluate=False)), {"large": x}, b * x**2),
    ("a minimum", plain(sp.Min(a * x, b * x**2, evaluate=False)), {"large": x}, a * x),
    ("a ceiling", plain(sp.ceiling(x / a)), {"large": x}, x / a),
    ("a ceiling of nothing", plain(sp.ceiling(x / a)), {"small": x}, 1),
]


@pytest.mark.parametrize("cost, how, expected", [q[1:] for q in LIMITS], ids=[q[0] for q in LIMITS])
def test_the_limit_of_a_cost(cost, how, expected):
    found = limit(cost, **how)
    assert isinstance(found, Limit)
    assert sp.simplify(found.cost.expr - expected) == 0
    assert found.unit == cost.unit


@pytest.mark.parametrize("cost, how", [q[1:3] for q in LIMITS if "ceiling" not in q[0] and "imum" not in q[0]], ids=str)
def test_sympy_finds_the_ratio_to_the_exact_cost_to_be_one(cost, how):
    """For one symbol: by sympy's own limit of exact/limit."""
    named = [(s, sp.oo) for s in _each(how.get("large"))] + [(s, 0) for s in _each(how.get("small"))]
    if len(named) > 1:
        return
    (s, end) = named[0]
    numbers = {q: sp.Rational(i + 2, 3) for i, q in enumerate(sorted(cost.free_symbols - {s}, key=str))}
    plain_s = sp.Symbol("s", positive=True)
    ratio = (cost.expr / limit(cost, **how).cost.expr).subs(numbers).subs(s, plain_s)
    assert sp.limit(ratio, plain_s, end, "+") == 1


def _each(symbols):
    return () if symbols is None else symbols if isinstance(symbols, tuple) else (symbols,)


@settings(max_examples=some(120))
@given(costs(), st.sampled_from((("large", (B,)), ("large", (D, F)), ("small", (B,)), ("small", (C, t_hop)))), points())
def test_far_out_the_limit_is_the_cost(cost, how, values):
    word, symbols = how
    symbols = tuple(s for s in symbols if s in cost.free_symbols)
    if not symbols:
        return
    found = limit(cost, **{word: symbols})
    grown = {s: v * (Q(10) ** (36 if word == "large" else -36) if s in symbols else 1) for s, v in values.items()}
    assert close(worth(found.cost.expr, grown), worth(cost.expr, grown), 1e-6)


@settings(max_examples=some(120))
@given(costs(), st.sampled_from(((B,), (D, F), (B, D, F))), points())
def test_the_error_of_a_limit_is_exact(cost, large, values):
    large = tuple(s for s in large if s in cost.free_symbols)
    if not large:
        return
    found = limit(cost, large=large)
    given_ = {s: v for s, v in values.items() if s in cost.free_symbols}
    error = found.error(given_)
    ratio = worth(found.cost.expr, values) / worth(cost.expr, values) - 1
    assert isinstance(error.relative, Q)
    assert abs(decimal(error.relative) - ratio) < decimal(1e-100) * max(1, abs(ratio))
    value = found.at(given_)
    assert value.error == error
    assert (" % " in repr(value)) == (abs(ratio) > decimal(Q(1, 20)))
    assert float(value) == pytest.approx(float(worth(found.cost.expr, values)))


def test_a_limit_keeps_parts_and_names():
    roof = limit(ROOF, large=(D, F))
    assert repr(roof) == "matmul  [s]  = max of\n  math  2*B*D*F/C\n  hbm   D*F*p/W_hbm\nfor large D, F"
    assert [part.name for part in roof.cost.parts] == ["math", "hbm"]
    step = limit(decode.step(), large=B)
    assert [part.name for part in step.cost.parts] == ["attention", "MLP"]
    assert step.cost["MLP"].expr == decode.step()["MLP"]["math"].expr  # the weights no longer bind
    context = limit(decode.step(), large=S)
    assert context.cost.name == "decode step"
    assert context.cost.expr == decode.step()["attention"].expr
    assert repr(limit(INTENSITY, large=(D, F))) == "2*B/p  [FLOP/byte]\nfor large D, F"
    assert limit(INTENSITY, large=D, small=B).latex().count(r"large } D \text{ and small } B")


def test_a_limit_at_values():
    found = limit(INTENSITY, large=(D, F))
    assert repr(found.error(BF16, B=240, D=8192, F=28672)) == "3.8 % high at D = 8192, F = 28672"
    assert repr(found.at(BF16, B=240, D=8192, F=28672)) == "240 FLOP/byte"
    assert repr(found.at(BF16, B=240, D=2048, F=8192)) == "240 FLOP/byte   (15 % high: 209.3 FLOP/byte at D = 2048, F = 8192)"
    assert found.at(BF16, B=240).error is None
    assert isinstance(found.at(D=8192), Limit)
    assert np.asarray(found.at(BF16, B=[120, 240], D=8192, F=8192)).tolist() == [120, 240]
    by_hand = 2 * Q(240) * 8192 * 28672 / (2 * (240 * 8192 + 8192 * 28672 + 240 * 28672))
    assert found.error(BF16, B=240, D=8192, F=28672).relative == 240 / by_hand - 1


NONE = [
    ("nothing grows", lambda: limit(INTENSITY)),
    ("not in it", lambda: limit(INTENSITY, large=S)),
    ("twice", lambda: limit(INTENSITY, large=D, small=D)),
    ("no symbol", lambda: limit(INTENSITY, large="D")),
    ("no cost", lambda: limit(MATH >= HBM, large=D)),
    ("a logarithm", lambda: limit(plain(sp.log(1 + x)), large=x)),
    ("an exponent", lambda: limit(plain(2**x), large=x)),
    ("a ceiling of what stays", lambda: limit(plain(sp.ceiling(x / (x + a))), large=x)),
    ("a floor of nothing", lambda: limit(plain(sp.floor(x / a)), small=x)),
    ("parts that may be negative", lambda: limit(plain(sp.Max(a - b * x, c, evaluate=False)), large=x)),
    ("parts that cancel", lambda: limit(plain(a * x) + plain(b) - plain(a * x), large=x)),
    ("no value", lambda: limit(INTENSITY, large=D).error(B=2)),
    ("arrays", lambda: limit(INTENSITY, large=D).error(B=[2, 3], D=1, F=1, p=2)),
    ("a letter that may be negative", lambda: limit(Cost(sp.Symbol("z") * x, "1"), large=x)),
]


@pytest.mark.parametrize("ask", [n[1] for n in NONE], ids=[n[0] for n in NONE])
def test_what_has_no_limit_is_refused_with_a_sentence(ask):
    with pytest.raises(SymroofError) as caught:
        ask()
    assert 20 < len(str(caught.value)) < 260


@given(st.tuples(coefficients, coefficients), st.integers(1, 6))
def test_the_error_is_shown_as_it_is(pair, power):
    k, m = pair
    grown = limit(plain(k * x + m), large=x)
    relative = grown.error(x=10**power).relative
    assert relative == Q(int(k.p), int(k.q)) * 10**power / (Q(int(k.p), int(k.q)) * 10**power + Q(int(m.p), int(m.q))) - 1
    shown = float(repr(grown.error(x=10**power)).split(" ")[0])
    assert shown == pytest.approx(abs(float(relative)) * 100, rel=0.06)
