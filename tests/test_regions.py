"""Regions of a plane: what is said to bind is what brute force finds at random places; polygons hold it and cover the window."""

import sys
from decimal import Decimal
from fractions import Fraction as Q
from math import exp, log

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from second_opinion import coefficients, costs, points, positives, some, worth

from symroof import Cost, SymroofError, chip, decode, dtype, llm, matmul, regimes, roofline, sharding, symbol
from symroof.plane.sides import witness
from symroof.plane.tracing import ACCURACY
from symroof.symbols import B, C, D, F, H, K, L, P, S, W_hbm, W_ici, Y, n_axes, p, p_a, p_kv, p_w, t_hop

x, y, a, b, c = (symbol(s) for s in "xyabc")
CLOSE = Decimal("1e-9")
DUST = Decimal("1e-60")


def plain(expr, name=""):
    return Cost(sp.sympify(expr), "1", name)


def ratios(region, values):
    """For every boundary, how far it holds."""
    return [worth(edge.above, values) / worth(edge.below, values) for edge in region.boundaries]


def check(found, cost, values):
    """The region at a place is the only one there, its cost is the cost, and what it calls heaviest is."""
    held = [(min(ratios(r, values), default=Decimal(9)), r) for r in found]
    here = [r for least, r in held if least >= 1 - CLOSE]
    assert here, "every place lies in a region"
    if any(abs(least - 1) <= CLOSE for least, _ in held):
        return  # on an edge
    assert len(here) == 1, "and in one only"
    truth, said = worth(cost.expr, values), worth(here[0].cost.expr, values)
    assert not here[0].cost.expr.has(sp.Max, sp.Min)
    assert abs(truth - said) <= DUST * abs(truth)
    if here[0].dominant and here[0].cost.join == "sum":
        most = max(worth(part.expr, values) for part in here[0].cost.parts)
        named = [worth(part.expr, values) for part in here[0].cost.parts if here[0].dominant in (part.name, str(part.expr))]
        assert not named or max(named) >= most * (1 - DUST)


pairs = st.lists(st.sampled_from((B, D, C, W_hbm, p, t_hop)), min_size=2, max_size=2, unique=True)


@settings(max_examples=some(60))
@given(costs(max_leaves=4), pairs, st.lists(points(), min_size=3, max_size=3))
def test_the_winner_is_the_largest(cost, over, places):
    assume(set(over) <= cost.free_symbols)
    found = regimes(cost, over=tuple(over))
    for values in places:
        check(found, cost, values)


thirds = st.sampled_from([sp.Rational(i, 6) for i in (-12, -6, -3, -2, 0, 0, 2, 3, 4, 6, 9)])
monomials = st.builds(lambda k, e, f, g: k * x**e * y**f * a**g, coefficients, thirds, thirds, thirds)
sums = st.builds(lambda m, o: plain(m + o, "sum"), monomials, monomials)
maxima = st.lists(st.one_of(monomials.map(plain), sums), min_size=2, max_size=3).map(
    lambda ms: ms[0] | ms[1] if len(ms) == 2 else ms[0] | ms[1] | ms[2]
)
minima = st.builds(lambda m, o, q: plain(sp.Min(m, sp.Max(o, q))), monomials, monomials, monomials)
trees = st.one_of(
    maxima,
    st.builds(lambda m, o: m + plain(o, "other"), maxima, monomials),
    st.builds(lambda m, o: m | o, minima, minima),
    st.builds(lambda m, o: m + o, minima, maxima),
)


@settings(max_examples=some(30))
@given(trees, st.booleans(), st.lists(st.tuples(positives, positives, positives), min_size=3, max_size=3))
def test_with_rational_exponents_sums_and_minima(cost, dominance, places):
    assume({x, y} <= cost.free_symbols)
    found = regimes(cost, over=(x, y), dominance=dominance)
    for row in places:
        check(found, cost, dict(zip((x, y, a), row, strict=True)))


@settings(max_examples=some(20))
@given(trees, positives, st.lists(st.tuples(positives, positives), min_size=4, max_size=4))
def test_values_leave_the_regions_they_should(cost, value, places):
    assume({x, y} <= cost.free_symbols)
    found = regimes(cost, over=(x, y), dominance=False)
    decided = found.at({a: value}) if a in cost.free_symbols else found
    whole = found.cost.map(lambda e: e.subs(a, sp.Rational(value.numerator, value.denominator)))
    for u, v in places:
        check(decided, whole, {x: u, y: v})
        truth = worth(whole.expr, {x: u, y: v})
        said = worth(decided.which(x=u, y=v).cost.expr, {x: u, y: v})
        assert abs(truth - said) <= CLOSE * truth
    names = decided.which(x=np.array([float(u) for u, _ in places]), y=np.array([float(v) for _, v in places]))
    alone = [decided.which(x=float(u), y=float(v)).name for u, v in places]
    assert [str(name) for name in names] == alone


@settings(max_examples=some(40))
@given(costs(max_leaves=4), points())
def test_a_row_of_the_plane_is_the_line(cost, values):
    assume({B, D} <= cost.free_symbols)
    others = {s: v for s, v in values.items() if s in cost.free_symbols - {B, D}}
    plane = regimes(cost, over=(B, D), dominance=False).at(others)
    line = regimes(cost, along=B, dominance=False).at({**others, D: values[D]})
    here = {B: values[B], D: values[D]}
    mine, theirs = worth(plane.which(B=values[B], D=values[D]).cost.expr, here), worth(line.of(values[B]).cost.expr, here)
    assert abs(mine - theirs) <= CLOSE * mine


# -- polygons
def inside(ring, u, v):
    """Whether a point lies in a ring: how often a ray to the right crosses it."""
    hits = 0
    for (u0, v0), (u1, v1) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (v0 > v) != (v1 > v) and u < u0 + (v - v0) * (u1 - u0) / (v1 - v0):
            hits += 1
    return hits % 2 == 1


def logs(polygon):
    return [(log(u), log(v)) for u, v in polygon.vertices]


def check_polygons(found, window, places):
    """They cover the window once, their vertices satisfy their boundaries, and a point lies in that of its winner."""
    (x0, x1), (y0, y1) = window
    first, second = found.symbols
    cut = found.polygons(**{first.name: window[0], second.name: window[1]})
    whole = (log(x1) - log(x0)) * (log(y1) - log(y0))
    assert abs(sum(g.area for g in cut) - whole) <= 1e-7 * whole
    for g in cut:
        assert g.exact == all(edge.line for edge in g.region.boundaries)
        for u, v in g.vertices:
            assert x0 * (1 - 1e-12) <= u <= x1 * (1 + 1e-12)
            assert y0 * (1 - 1e-12) <= v <= y1 * (1 + 1e-12)
            held = ratios(g.region, {first: u, second: v})
            assert all(r >= 1 - Decimal("1e-6") for r in held)  # where a curve is nearly upright, a rounding of x is that much of y
            on_edge = u in (x0, x1) or v in (y0, y1) or any(abs(r - 1) <= Decimal("1e-8") for r in held)
            assert on_edge
    for s, t in places:
        u, v = log(x0) + s * (log(x1) - log(x0)), log(y0) + t * (log(y1) - log(y0))
        region = found.which(**{first.name: exp(u), second.name: exp(v)})
        if min(ratios(region, {first: exp(u), second: exp(v)}), default=2) > 1 + 30 * ACCURACY:
            assert any(inside(logs(g), u, v) for g in cut if g.region == region)
            assert not any(inside(logs(g), u, v) for g in cut if g.region != region)
    return cut


unit = st.floats(0.003, 0.997)


@settings(max_examples=some(40))
@given(costs(max_leaves=4), points(), st.lists(st.tuples(unit, unit), min_size=6, max_size=6))
def test_polygons_of_a_machine(cost, values, places):
    assume({B, D} <= cost.free_symbols)
    found = regimes(cost, over=(B, D)).at({s: v for s, v in values.items() if s in cost.free_symbols - {B, D}})
    check_polygons(found, ((1e-3, 1e4), (0.5, 1e6)), places)


@settings(max_examples=some(20))
@given(trees, positives, st.booleans(), st.lists(st.tuples(unit, unit), min_size=6, max_size=6))
def test_polygons_with_curves(cost, value, dominance, places):
    assume({x, y} <= cost.free_symbols)
    found = regimes(cost, over=(x, y), dominance=dominance)
    found = found.at({a: value}) if a in cost.free_symbols else found
    check_polygons(found, ((1e-3, 1e4), (0.01, 1e5)), places)


def test_an_island_is_found_and_a_curve_is_followed():
    bowl = plain(x + 1 / x + 5 * y + 1 / (5 * y), "bowl")
    found = regimes(bowl | plain(sp.Rational(4001, 1000), "lid"), over=(x, y), dominance=False)
    cut = check_polygons(found, ((1e-6, 1e7), (1e-6, 1e6)), [])
    (lid,) = [g for g in cut if g.region.binds == "lid"]
    # 2cosh(u) + 2cosh(w) <= 4.001 is u^2 + w^2 <= 0.001 up to a 1e-4 part: a disc
    assert lid.area == pytest.approx(np.pi * 0.001, rel=0.02)
    assert not lid.exact
    none = regimes(bowl | plain(sp.Rational(3999, 1000), "lid"), over=(x, y), dominance=False)
    assert (len(none), none.never) == (1, ("lid",))


def test_a_chord_is_never_far_from_its_curve():
    found = regimes(roofline(matmul(B, D, F)), over=(B, D), dominance=False).at(chip("tpu-v5e"), dtype("bf16"), F=28672)
    (math,) = [g for g in found.polygons(B=(1, 4096), D=(128, 1e6)) if g.region.binds == "math"]
    (edge,) = math.region.boundaries
    ring, on_curve = logs(math), 0
    for (u0, v0), (u1, v1) in zip(ring, [*ring[1:], ring[0]], strict=True):
        ends = [ratios(math.region, {B: exp(u), D: exp(v)})[0] for u, v in ((u0, v0), (u1, v1))]
        if all(abs(r - 1) < CLOSE for r in ends):
            on_curve += 1
            (middle,) = ratios(math.region, {B: exp((u0 + u1) / 2), D: exp((v0 + v1) / 2)})
            assert abs(middle - 1) <= 2 * ACCURACY
    assert on_curve > 20
    assert not edge.line


def test_without_contourpy_lines_are_drawn_and_curves_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "contourpy", None)
    assert len(NUMBERS.polygons(B=(1, 4096), S=(128, 1e6))) == 4
    curved = regimes(roofline(matmul(B, D, F)), over=(B, D)).at(chip("tpu-v5e"), dtype("bf16"), F=28672)
    with pytest.raises(SymroofError, match=r"pip install 'symroof\[figures\]'"):
        curved.polygons(B=(1, 4096), D=(128, 1e6))


# -- corners
@settings(max_examples=some(40))
@given(costs(max_leaves=4), points())
def test_corners_lie_on_two_boundaries_and_inside_the_others(cost, values):
    assume({B, D} <= cost.free_symbols)
    for region in regimes(cost, over=(B, D)):
        for at_x, at_y in region.corners:
            place = {**values, B: worth(at_x, values), D: worth(at_y, values)}
            held = ratios(region, place)
            assert sum(abs(r - 1) <= DUST for r in held) >= 2
            assert all(r >= 1 - DUST for r in held)


def test_lines_have_their_slopes():
    found = regimes(decode.step(), over=(B, S))
    slopes = {edge.text: edge.slope for region in found for edge in region.boundaries}
    assert slopes["S >= P*p_w/(2*B*H*K*L*p_kv)"] == -1
    assert slopes["S >= P*W_hbm/(C*H*K*L*p_kv)"] == 0
    assert slopes["B >= C*p_w/(2*W_hbm)"] is sp.zoo
    third = regimes(plain(x ** sp.Rational(2, 3) * a, "up") | plain(y**2, "down"), over=(x, y))
    assert {edge.slope for r in third for edge in r.boundaries} == {sp.Rational(1, 3)}
    assert {edge.text for r in third for edge in r.boundaries} == {"y <= sqrt(a)*x**(1/3)", "y >= sqrt(a)*x**(1/3)"}


# -- costs that an expert can review
def table(found):
    return [(r.binds, r.dominant, [(edge.text, edge.rival) for edge in r.boundaries]) for r in found]


def test_a_decode_step():
    found = regimes(decode.step(), over=(B, S))
    batch, context, both = C * p_w / (2 * W_hbm), P * W_hbm / (C * H * K * L * p_kv), "P*p_w/(2*B*H*K*L*p_kv)"
    assert table(found) == [
        ("MLP: math", "attention", [(f"B >= {batch}", "MLP: weights"), (f"S >= {context}", "MLP: math")]),
        ("MLP: math", "MLP: math", [(f"B >= {batch}", "MLP: weights"), (f"S <= {context}", "attention")]),
        ("MLP: weights", "attention", [(f"B <= {batch}", "MLP: math"), (f"S >= {both}", "MLP: weights")]),
        ("MLP: weights", "MLP: weights", [(f"B <= {batch}", "MLP: math"), (f"S <= {both}", "attention")]),
    ]
    assert found.corners == ((batch, context),)
    assert found.never == ()
    assert sp.simplify(found.corners[0][1] - P * p_w / (2 * found.corners[0][0] * H * K * L * p_kv)) == 0


def test_a_decode_step_at_sheets():
    found = regimes(decode.step(), over=(B, S)).at(chip("tpu-v5e"), llm("llama-3-70b"), dtype("bf16"), n=16)
    ((batch, context),) = found.corners
    assert float(batch) == pytest.approx(1.97e14 / 8.1e11)
    cut = check_polygons(found, ((1, 4096), (128, 1e6)), [(0.1, 0.1), (0.9, 0.1), (0.1, 0.95), (0.9, 0.9)])
    assert len(cut) == 4
    assert all(g.exact and len(g.vertices) == 4 for g in cut)
    near = [min(abs(log(u / batch)) + abs(log(v / context)) for u, v in g.vertices) for g in cut]
    assert max(near) < 1e-12
    assert found.which(B=64, S=8192).name == "MLP: weights, mostly attention"
    assert found.which(B="1 Ki", S=200).name == "MLP: math, mostly MLP: math"
    names = found.which(B=np.array([[1], [1024]]), S=np.array([128, 8192, 1_000_000]))
    assert names.shape == (2, 3)
    assert list(names[:, 1]) == ["MLP: weights, mostly MLP: weights", "MLP: math, mostly attention"]
    assert (
        regimes(decode.step(), over=(B, S)).at(chip("tpu-v5e"), llm("llama-3-70b"), dtype("bf16"), n=16, B=64, S=8192).dominant
        == "attention"
    )


def test_a_matmul_against_its_traffic_is_a_curve():
    found = regimes(roofline(matmul(B, D, F)), over=(B, D), dominance=False)
    assert [r.binds for r in found] == ["math", "hbm"]
    (edge,) = found.regions[0].boundaries
    assert (edge.line, edge.slope, edge.rival) == (False, None, "hbm")
    assert edge.text == "D >= B*C*F*p/(2*B*F*W_hbm - C*p*(B + F)) when 2*B*F*W_hbm > C*p*(B + F)"
    assert edge.brief == "2*B*D*F*W_hbm >= C*p*(B*D + B*F + D*F)"
    heavy = regimes(roofline(matmul(B, D, F)), over=(B, D))
    assert [(r.binds, r.dominant) for r in heavy] == [("math", ""), *(("hbm", f"{t}*p/W_hbm") for t in ("B*D", "B*F", "D*F"))]


def test_a_sharded_matmul():
    found = regimes(sharding.sharded_matmul(), over=(B, Y))
    behind_hbm, behind_math = "F*W_ici*n_axes*p_w/(B*W_hbm*p_a)", "2*F*W_ici*n_axes/(C*p_a)"
    assert [(r.binds, r.where) for r in found] == [
        ("ici", f"Y >= {behind_hbm} and Y >= {behind_math}"),
        ("hbm", f"Y <= {behind_hbm} and B <= C*p_w/(2*W_hbm)"),
        ("math", f"Y <= {behind_math} and B >= C*p_w/(2*W_hbm)"),
    ]
    assert found.corners == ((C * p_w / (2 * W_hbm), 2 * F * W_ici * n_axes / (C * p_a)),)
    assert all(region.corners == found.corners for region in found)


def test_what_is_given_decides():
    found = regimes(decode.step(), over=(B, S), given=[2 * B * W_hbm >= C * p_w])
    assert {r.binds for r in found} == {"MLP: math"}
    assert found.never == ("MLP: weights",)
    assert [r.where for r in found] == ["S >= P*W_hbm/(C*H*K*L*p_kv)", "S <= P*W_hbm/(C*H*K*L*p_kv)"]


def test_equal_redundant_and_constant_parts():
    found = regimes(plain(x * y, "one") | plain(x * y, "uno") | plain(x * y / 2, "half") | plain(a, "rest"), over=(x, y))
    assert [r.binds for r in found] == ["one = uno", "rest"]
    assert found.never == ("half",)
    assert "never: half" in repr(found)
    alone = regimes(plain(x * y, "only"), over=(x, y))
    assert [(r.where, r.name) for r in alone] == [("everywhere", "everywhere")]
    assert alone.which(x=1, y=2) == alone.regions[0]
    (square,) = alone.polygons(x=(1, 10), y=(2, 30))
    assert set(square.vertices) == {(1, 2), (10, 2), (10, 30), (1, 30)}
    middle = regimes(plain(x**2, "left") | plain(x * y, "middle") | plain(y**2, "right"), over=(x, y))
    assert [r.binds for r in middle] == ["left", "right"]
    assert middle.never == ("middle",)


def test_what_decides_without_the_plane():
    found = regimes(plain(a * x * y, "a") | plain(b * x * y, "b"), over=(x, y))
    assert [r.where for r in found] == ["a >= b", "b >= a"]
    assert [r.binds for r in found.at(a=2, b=1)] == ["a"]
    assert found.at(a=2, b=1).never == ("b",)
    assert [r.where for r in found.at(a=2, b=2)] == ["everywhere"]


def test_a_minimum_takes_the_smaller():
    found = regimes(plain(sp.Min(x, a * y)), over=(x, y))
    assert [(r.binds, r.where) for r in found] == [("x", "y >= x/a"), ("a*y", "y <= x/a")]


def test_without_a_closed_form_values_answer_and_the_reason_is_said():
    left, right = plain(x**7 + a * y * x**2 + y**6, "left"), plain(a * x**6 + a * y**7 + a**2 * x * y**3, "right")
    found = regimes(left | right, over=(x, y), dominance=False)
    assert all("no closed form" in edge.reason for r in found for edge in r.boundaries)
    assert "by values: a polynomial of degree 7" in repr(found)
    check_polygons(found.at(a=2), ((0.01, 100), (0.01, 100)), [(0.1, 0.1), (0.9, 0.3), (0.3, 0.9)])


def test_a_ceiling_is_traced_by_values():
    found = regimes(plain(sp.ceiling(x / 8) * y, "steps") | plain(a * x, "plain"), over=(x, y)).at(a=2)
    assert found.which(x=9, y=8).binds == "plain"  # 2*8 against 2*9
    assert found.which(x=9, y=10).binds == "steps"
    cut = found.polygons(x=(1, 30), y=(1, 30))
    assert sum(g.area for g in cut) == pytest.approx(log(30) ** 2)


def test_experts_that_a_batch_hits_bend_a_border():
    """Another number on the side without the letters: (1 - k/E)^B is no monomial."""
    mixtral = llm("mixtral-8x7b")
    found = regimes(decode.step(mixtral), over=(B, S)).at(chip("h100").on(8), mixtral, dtype("bf16"))
    assert not all(edge.line for r in found for edge in r.boundaries)
    check_polygons(found, ((1, 4096), (128, 1e6)), [(0.1, 0.1), (0.9, 0.1), (0.1, 0.95), (0.9, 0.9)])


# -- how it reads
@pytest.mark.parametrize(
    "found",
    [
        regimes(decode.step(), over=(B, S)),
        regimes(roofline(matmul(B, D, F)), over=(B, D)),
        regimes(sharding.sharded_matmul(), over=(B, Y)),
        regimes(decode.step(), over=(B, S)).at(chip("tpu-v5e"), llm("llama-3-70b"), dtype("bf16"), n=16),
        regimes(plain(x * y, "only"), over=(x, y)),
    ],
    ids=["decode", "matmul", "sharded", "numbers", "one"],
)
def test_latex_is_whole_and_columns_are_aligned(found):
    latex = found.latex()
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") == latex.count(r"\right")
    assert all(region.binds in latex for region in found)
    assert found._repr_latex_() is None  # a table is no formula
    rows = [line for line in repr(found).split("\n")[1:] if "never" not in line]
    assert len(rows) == len(found)
    starts = {row.index(region.where) for row, region in zip(rows, found, strict=True)}
    assert len(starts) == 1
    assert all(row == row.rstrip() for row in rows)


def test_the_table_of_a_decode_step_in_numbers():
    found = regimes(decode.step(), over=(B, S)).at(chip("tpu-v5e"), llm("llama-3-70b"), dtype("bf16"), n=16)
    first, third = found.regions[0], found.regions[2]
    assert first.where == "B >= 243.2 tokens and S >= 1771 tokens"
    assert third.where == "B <= 243.2 tokens and S >= 4.306e+5/B"


STEP = regimes(decode.step(), over=(B, S))
NUMBERS = STEP.at(chip("tpu-v5e"), llm("llama-3-70b"), dtype("bf16"), n=16)


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: regimes(decode.step(), over=B), "no pair of symbols"),
        (lambda: regimes(decode.step(), over=(B, S, C)), "no pair of symbols"),
        (lambda: regimes(decode.step(), over=(B, B)), "given twice"),
        (lambda: regimes(decode.step(), over=(B, D)), "D does not occur"),
        (lambda: regimes(decode.step(), over=(B, "S")), "no symbol"),
        (lambda: regimes(decode.step(), over=(B, S), given=[B >= 2 * S, S >= 2 * B]), "contradict"),
        (lambda: STEP.which(B=1, S=1), "depends on C, H, K, L, P, W_hbm, p_kv, p_w; give values"),
        (lambda: STEP.polygons(B=(1, 2), S=(1, 2)), "give values to .at"),
        (lambda: STEP.at(C=1e14, B=64), "along=S"),
        (lambda: STEP.at(C=np.array([1e14, 2e14])), "is an array"),
        (lambda: STEP.at(Cc=1), "did you mean"),
        (lambda: NUMBERS.which(B=1), "for each of B and S, e.g. which(B=64, S=8192)"),
        (lambda: NUMBERS.which(B=1, D=2), "neither of the two symbols"),
        (lambda: NUMBERS.which(B=-1, S=2), "B"),
        (lambda: NUMBERS.polygons(B=(1, 2)), "for each of B and S"),
        (lambda: NUMBERS.polygons(B=(1, 2), T=(1, 2)), "neither of the two symbols"),
        (lambda: NUMBERS.polygons(B=(2, 1), S=(1, 2)), "lower end first"),
        (lambda: NUMBERS.polygons(B=3, S=(1, 2)), "no pair of ends"),
    ],
)
def test_errors_are_sentences(ask, says):
    with pytest.raises(SymroofError) as caught:
        ask()
    assert says in str(caught.value)


def test_too_many_ways_wait_for_values():
    letters = [symbol(f"q{i}") for i in range(9)]
    cost = sum((plain(x * s, f"x{i}") | plain(y / s, f"y{i}") for i, s in enumerate(letters[1:])), plain(letters[0], "rest"))
    found = regimes(cost, over=(x, y), dominance=False)
    assert "more than 128 ways" in found.reason
    assert "evaluated by .at" in repr(found)
    with pytest.raises(SymroofError, match="more than 128 ways"):
        found.which(x=1, y=1)


# -- the ground they stand on
@settings(max_examples=some(40))
@given(sums, sums, positives, unit)
def test_a_border_is_wherever_the_winner_changes(first, second, value, share):
    """Along a column of the window: where the polygons end is where another region begins to win."""
    number = {a: sp.Rational(value.numerator, value.denominator)}
    cost = (first | second).map(lambda e: e.subs(number))
    assume({x, y} <= cost.free_symbols)
    found = regimes(cost, over=(x, y), dominance=False)
    cut = found.polygons(x=(0.01, 100), y=(0.01, 100))
    u = log(0.01) + share * log(1e4)
    ends = []
    for g in cut:
        ring = logs(g)
        for (u0, v0), (u1, v1) in zip(ring, [*ring[1:], ring[0]], strict=True):
            if (u0 > u) != (u1 > u):
                ends.append(v0 + (u - u0) / (u1 - u0) * (v1 - v0))
    along = np.linspace(log(0.01), log(100), 401)
    names = found.which(x=np.full(401, exp(u)), y=np.exp(along))
    for low, high, before, after in zip(along, along[1:], names, names[1:], strict=False):
        if before != after:
            assert any(low - 3 * ACCURACY <= v <= high + 3 * ACCURACY for v in ends)


@settings(max_examples=some(20))
@given(sums, sums, sums, positives)
def test_a_witness_is_one_and_its_denial_is_true(first, second, third, value):
    number = {a: sp.Rational(value.numerator, value.denominator)}
    cost = (first | second | third).map(lambda e: e.subs(number))
    assume({x, y} <= cost.free_symbols)
    window = ((-7.0, -7.0), (9.0, 9.0))
    for region in regimes(cost, over=(x, y), dominance=False):
        found = witness(region.sides, window)
        if found is False:
            grid = np.linspace(-7, 9, 81)
            u, v = np.meshgrid(grid, grid)
            assert not np.all([h.value(u, v) > 1e-12 for h in region.sides], axis=0).any()
        elif found is not True:
            assert all(r > 1 - CLOSE for r in ratios(region, {x: exp(found[0]), y: exp(found[1])}))


def test_halves_are_exact_fractions_away_from_rounding():
    found = regimes(plain(x * Q(1, 3), "third") | plain(y / 7, "seventh"), over=(x, y))
    assert [edge.text for r in found for edge in r.boundaries] == ["y <= 7*x/3", "y >= 7*x/3"]
