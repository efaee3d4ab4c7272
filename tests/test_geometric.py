"""Geometric programs: certified optima against random search, closed forms and enumeration; refusals are sentences."""

import re
import sys
from fractions import Fraction as Q
from itertools import product
from math import exp, prod

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from second_opinion import some

from symroof import Cost, minimize, symbol
from symroof.errors import InputError, SolveError
from symroof.geometric.optimum import geometric, integers
from symroof.geometric.posynomial import posynomial, program
from symroof.geometric.whole import NoValues, numbers, winner

x, y, z, w = XS = tuple(symbol(s) for s in "xyzw")
Max, Min, Eq = sp.Max, sp.Min, sp.Eq
ROOT = sp.sqrt


# -- random programs: their own representation, evaluated by numpy and not by the code under test
exponents = st.sampled_from([Q(e) for e in ("0", "0", "1", "1", "-1", "-1", "2", "-2", "1/2", "-1/2", "-3/2")])
coefficients = st.builds(lambda m, e: Q(m) * Q(10) ** e, st.integers(1, 99), st.integers(-9, 12))


def sums(unknowns, least, most):
    term = st.tuples(coefficients, st.tuples(*[exponents] * unknowns))
    return st.lists(term, min_size=least, max_size=most)


def expression(terms, symbols):
    fraction = lambda q: sp.Rational(q.numerator, q.denominator)  # noqa: E731
    return sp.Add(*[fraction(c) * sp.Mul(*[s ** fraction(a) for s, a in zip(symbols, row, strict=True)]) for c, row in terms])


def log_value(terms, logs):
    """The log of a sum of monomials at many points at once."""
    A = np.array([[float(a) for a in row] for _, row in terms])
    b = np.array([np.log(float(c)) for c, _ in terms])
    return np.logaddexp.reduce(logs @ A.T + b, axis=1)


@st.composite
def programs(draw):
    """Two to four unknowns between 1e-6 and 1e9, an objective, and limits that some point satisfies."""
    unknowns = draw(st.integers(2, 4))
    parts = [draw(sums(unknowns, 1, 4)) for _ in range(draw(st.integers(1, 2)))]
    inside = np.array([[draw(st.floats(-9, 16)) for _ in range(unknowns)]])
    limits = []
    for terms in draw(st.lists(sums(unknowns, 1, 4), max_size=3)):
        at = exp(float(log_value(terms, inside)[0])) * draw(st.sampled_from([1.0001, 1.5, 100.0]))
        limits.append((terms, Q(at)))
    return unknowns, parts, limits, inside


LOW, HIGH = Q(1, 10**6), Q(10**9)


def relations(unknowns, limits):
    symbols = XS[:unknowns]
    found = [expression(terms, symbols) <= sp.Rational(at.numerator, at.denominator) for terms, at in limits]
    return [*found, *(s >= sp.Rational(1, 10**6) for s in symbols), *(s <= 10**9 for s in symbols)]


def search(unknowns, parts, limits, start):
    """The best feasible point that a random search finds, narrowing around the best so far."""
    rng = np.random.default_rng(7)
    low, high = np.log(float(LOW)), np.log(float(HIGH))
    best, value = start[0], max(float(log_value(p, start)[0]) for p in parts)
    for scale in np.geomspace(10, 1e-4, 16):
        tries = np.clip(best + scale * rng.normal(size=(400, unknowns)) * rng.integers(0, 2, (400, unknowns)), low, high)
        values = np.max([log_value(p, tries) for p in parts], axis=0)
        for terms, at in limits:
            values[log_value(terms, tries) > np.log(float(at))] = np.inf
        i = int(np.argmin(values))
        if values[i] < value:
            best, value = tries[i], float(values[i])
    return best, value


@settings(max_examples=some(150))
@given(programs())
def test_nothing_is_found_below_the_certified_bound(case):
    unknowns, parts, limits, inside = case
    symbols = XS[:unknowns]
    goals = [expression(p, symbols) for p in parts]
    goal = Max(*goals) if len(goals) > 1 else goals[0]
    found = geometric(goal, symbols, relations(unknowns, limits))
    logs = np.log([[found.point[s] for s in symbols]])
    value = max(float(log_value(p, logs)[0]) for p in parts)
    assert np.log(found.value) == pytest.approx(value, abs=1e-11)
    assert -1e-8 < found.gap <= 1e-6
    assert found.lower <= found.value * (1 + 1e-8)
    for terms, at in limits:
        assert float(log_value(terms, logs)[0]) <= np.log(float(at)) + 1e-8
    for start in (inside, logs):
        feasible = all(float(log_value(t, start)[0]) <= np.log(float(at)) for t, at in limits)
        if feasible:
            _, best = search(unknowns, parts, limits, start)
            assert best >= np.log(found.lower) - 1e-11
            assert value <= best + 1e-6


@settings(max_examples=some(60))
@given(programs())
def test_a_multiplier_is_what_relaxing_brings(case):
    unknowns, parts, limits, _ = case
    symbols = XS[:unknowns]
    goal = expression(parts[0], symbols)
    found = geometric(goal, symbols, relations(unknowns, limits))
    assert all(m >= 0 for m in found.multipliers)
    for i, (terms, at) in enumerate(limits):
        for factor in (Q(11, 10), Q(10, 11)):  # the optimum is convex in the log of the limit, so its slope bounds it from below
            moved = [*limits[:i], (terms, at * factor), *limits[i + 1 :]]
            try:
                again = geometric(goal, symbols, relations(unknowns, moved))
            except NoValues:
                assert factor < 1
                continue
            assert np.log(again.value / found.value) >= -found.multipliers[i] * np.log(float(factor)) - 1e-6


# -- closed forms
@settings(max_examples=some(40))
@given(coefficients, coefficients, coefficients)
def test_the_inequality_of_means(a, b, c):
    found = geometric(expression([(a, (1, 0)), (b, (0, 1)), (c, (-1, -1))], (x, y)), (x, y))
    best = 3 * (float(a) * float(b) * float(c)) ** (1 / 3)
    assert found.value == pytest.approx(best, rel=1e-10) and found.lower <= best * (1 + 1e-12)
    assert found.point[x] == pytest.approx(best / 3 / float(a), rel=1e-5)


@pytest.mark.parametrize(
    ("goal", "conditions", "value", "multipliers"),
    [
        (1 / (x * y * z), [2 * (x * y + y * z + x * z) <= 600], 1e-3, [1.5]),  # the largest box of a given surface: a cube
        (1 / (x * y * z), [x * y + 2 * (y * z + x * z) <= 12], 1 / 4, [1.5]),  # without a lid: 2 x 2 x 1
        (x + 4 * y, [Eq(x * y, 10**30)], 4e15, [-0.5]),
        (1 / x + 1 / y, [x + y <= 4], 1.0, [1.0]),
        (1 / x + 1 / y, [x - 4 <= -y], 1.0, [1.0]),
        (1 / x + 1 / y, [x <= Min(2, 5 / y), y <= 2], 1.0, [0.5, 0.5]),
        (x + y, [1 / x + 1 / y <= 1], 4.0, [1.0]),
        (x * y, [1 / (x + y) >= Q(1, 4), x >= 1, y >= 1], 1.0, [0.0, 1.0, 1.0]),
        (Max(x, 1 / y, 3 * y / x), [], 3 ** (1 / 3), []),
        (Max(x, y) ** 2 + 8 / (x * y) ** ROOT(1), [], 4 * 2**0.5, []),
        (Max(4 / x, x) + Max(9 / y, y), [], 5.0, []),
        (ROOT(x + y) + 1 / ROOT(x * y), [], 2 ** (2 / 3) + 2 ** (-1 / 3), []),
        (x / (5 - y) + 1 / x + y, [y >= 1], 2.0, [0.5625]),
        (x + y, [x * y >= 10, x <= 5, x >= 5], 7.0, None),  # the limits leave one value of x
        (x + 1 / x, [y >= 3], 2.0, [0.0]),
        (Max(10 / w, x + 1 / x), [], 2.0, []),
        (x / y + y / x, [], 2.0, []),
    ],
)
def test_optima_known_in_closed_form(goal, conditions, value, multipliers):
    conditions = [c if not isinstance(c, bool) else sp.true for c in conditions]
    over = sorted(goal.free_symbols.union(*(c.free_symbols for c in conditions)), key=str)
    found = geometric(goal, over, conditions)
    assert found.value == pytest.approx(value, rel=3e-8) and found.lower <= value * (1 + 1e-12)
    assert abs(found.gap) <= 3e-8
    for c in conditions:
        assert c == sp.true or missed(c, found.point) <= 1e-8
    if multipliers is not None:
        assert found.multipliers == pytest.approx(multipliers, abs=1e-6)
        assert found.binds == tuple(abs(m) > 0 for m in multipliers) or found.free


def missed(condition, point):
    """By what fraction of its sides a condition is missed."""
    left, right = (float(side.subs(point)) for side in (condition.lhs, condition.rhs))
    off = {"<": left - right, ">": right - left, "=": abs(left - right)}[condition.rel_op[0]]
    return off / max(abs(left), abs(right))


def test_what_is_not_decided_is_named_and_small():
    found = geometric(Max(10 / w, x + 1 / x), (x, w))
    assert found.free == (w,) and found.point[w] == pytest.approx(5, rel=1e-6)
    assert set(geometric(x / y + y / x, (x, y)).free) == {x, y}


# -- refusals
@pytest.mark.parametrize(
    ("goal", "conditions", "said"),
    [
        (x - y, [], "the term -y is negative on the smaller side"),
        (x + y, [x + y >= 1], "the larger side x \\+ y is a sum"),
        (x + Min(x, 1 / y), [], "Min\\(x, 1/y\\) stands on the smaller side"),
        (x + 1 / y, [y <= Max(3, x)], "Max\\(3, x\\) stands on the larger side"),
        (x + sp.ceiling(x / y), [], "ceiling\\(x/y\\) is no power"),
        (x + y, [Eq(x + y, 3)], "an equality of sums"),
        (x + z, [], "z in 'x \\+ z' has no value"),
        (1 / x + y, [], "falls without end as x grows and y shrinks"),
        (1 + 1 / x + y + 1 / y, [], "towards a value that it never reaches as x grows"),
        (
            x + y,
            [x * y >= 10, x + y <= 5],
            "no values satisfy x\\*y >= 10 and x \\+ y <= 5; the limits are off by a factor of at least 1.1",
        ),
        (x + y, [x >= 4, x <= 3, y >= 1], "no values satisfy x >= 4 and x <= 3; the limits are off by a factor of at least 1.15"),
        (x + y, [Eq(x * y, 64), Eq(x * y, 32)], "contradict each other by a factor of"),
        (x + y, ["x < 3"], "is no condition"),
        (sp.Integer(0), [], "zero everywhere"),
    ],
)
def test_what_has_no_answer_is_a_sentence(goal, conditions, said):
    with pytest.raises(SolveError, match=said):
        geometric(goal, (x, y), conditions)


@settings(max_examples=some(150))
@given(st.lists(st.tuples(coefficients, st.tuples(exponents, exponents)), min_size=1, max_size=4))
def test_falling_without_end_is_true(terms):
    """In the plane: an edge of the cone where no term rises is at a right angle to a term, or against the only one."""
    rows = [row for _, row in terms]
    edges = [(s * u, s * v) for a, b in rows for u, v in ((-b, a), (a, b)) for s in (1, -1)]
    slopes = [[a * u + b * v for a, b in rows] for u, v in edges]
    falling = [by for by in slopes if max(by) <= 0 and min(by) < 0]
    goal = expression(terms, (x, y))
    if falling:
        with pytest.raises(SolveError, match="falls"):
            geometric(goal, (x, y))
    else:
        found = geometric(goal, (x, y))
        boxed = geometric(goal, (x, y), [s >= sp.Rational(1, 10**80) for s in (x, y)] + [s <= 10**80 for s in (x, y)])
        assert found.value == pytest.approx(boxed.value, rel=1e-6) and 0 <= found.gap < 1e-8


def test_a_posynomial_is_its_terms():
    form = dict(posynomial((x + 2 * y) ** 2 / x, (x, y)))
    assert form == {(1, 0): 0.0, (0, 1): pytest.approx(np.log(4)), (-1, 2): pytest.approx(np.log(4))}
    with pytest.raises(SolveError, match="no positive coefficient"):
        posynomial(x - y, (x, y))
    assert len(program(Max(x, y) + 1 / Max(x, y) ** -2, (x, y)).variables) == 3  # one helper for both


# -- whole numbers
KINDS = {"any": range(1, 13), "powers of two": (1, 2, 4, 8, 16), 12: (1, 2, 3, 4, 6, 12), 30: (1, 2, 3, 5, 6, 10, 15, 30)}


@settings(max_examples=some(50))
@given(programs(), st.lists(st.sampled_from(list(KINDS)), min_size=2, max_size=2), st.integers(1, 300), st.booleans())
def test_the_best_whole_numbers_are_those_of_an_enumeration(case, kinds, most, product_fixed):
    _, parts, _, _ = case
    terms = [(c, row[:2]) for c, row in parts[0]] + [(Q(3), (Q(1), Q(0))), (Q(2), (Q(0), Q(1)))]
    terms = [(c if c < 1000 else Q(17, 3), row) for c, row in terms]
    goal, numbers = expression(terms, (x, y)), [KINDS[k] for k in kinds]
    conditions = [Eq(x * y, most)] if product_fixed else [x * y <= most]
    allowed = {s: tuple(KINDS[k]) if k == "any" or k == "powers of two" else k for s, k in zip((x, y), kinds, strict=True)}
    ok = [v for v in product(*numbers) if (prod(v) == most if product_fixed else prod(v) <= most)]
    if not ok:
        with pytest.raises(NoValues, match=r"no allowed whole numbers|no values"):
            integers(goal, (x, y), conditions, allowed)
        return
    logs = np.log(np.array(ok, dtype=float))
    found = integers(goal, (x, y), conditions, allowed)
    assert found.proven and tuple(found.point.values()) in ok
    assert np.log(float(found.value)) == pytest.approx(float(np.min(log_value(terms, logs))), abs=3e-9)
    assert found.lower <= float(found.value)


@pytest.mark.parametrize(("kind", "numbers"), [(None, range(1, 200)), ("powers of two", [2**i for i in range(12)])])
def test_unbounded_choices(kind, numbers):
    goal = 3 * x + 5 * y + sp.Rational(7001, 10) / (x * y)
    found = integers(goal, (x, y), [x >= 2 * y], {x: kind, y: kind})
    best = min(3 * a + 5 * b + Q(7001, 10) / (a * b) for a, b in product(numbers, repeat=2) if a >= 2 * b)
    assert found.proven and found.value == best


def test_a_cost_that_rounds_up_is_evaluated_as_it_is():
    real = {(a, b): -(-100 // a) + -(-40 // b) + 3 * a + 2 * b for a, b in product(range(1, 101), range(1, 41)) if (a + b) % 5}

    def bound(box):
        (a, b), (c, d) = box
        return 100 / b + 40 / d + 3 * a + 2 * c, ((a * b) ** 0.5, (c * d) ** 0.5)

    found = winner({x: range(1, 101), y: range(1, 41)}, bound, lambda at: real.get((at[x], at[y])))
    assert found.proven and found.value == min(real.values())


@settings(max_examples=some(60))
@given(st.integers(1, 60), st.floats(0.1, 70), st.sets(st.integers(1, 60)), st.sampled_from(list(KINDS)))
def test_one_unknown_in_one_valley(steep, best, forbidden, kind):
    """The same engine, told what a range is worth by the valley itself; some numbers are not possible."""
    value = lambda v: steep * (best / v - 1) if v < best else v / best - 1  # noqa: E731
    nearest = lambda box: min(max(best, box[0][0]), box[0][1])  # noqa: E731
    able = [v for v in KINDS[kind] if v not in forbidden]
    ask = (
        {x: numbers(KINDS[kind] if isinstance(kind, str) else kind, x)},
        lambda box: (value(nearest(box)), (nearest(box),)),
        lambda at: None if at[x] in forbidden else value(int(at[x])),
    )
    if not able:
        with pytest.raises(NoValues):
            winner(*ask)
        return
    found = winner(*ask)
    assert found.proven and found.value == min(map(value, able))


def test_without_the_solver_one_unknown_is_answered_and_several_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cvxpy", None)
    cost = Cost(2 * x + 50 / x, "1")
    assert minimize(cost, over=x).at().whole == {x: 5}
    with pytest.raises(InputError, match=re.escape('pip install "symroof[optimize]"')):
        minimize(cost + Cost(y + 1 / y, "1"), over=(x, y)).at()


def test_whole_numbers_that_cannot_be():
    with pytest.raises(NoValues, match="no allowed whole numbers satisfy"):
        integers(x + y, (x, y), [Eq(x * y, sp.Rational(15, 2))])
    with pytest.raises(SolveError, match="z is not minimized over"):
        integers(x + y, (x, y), allowed={z: 3})
    with pytest.raises(ValueError, match="list positive whole numbers"):
        integers(x + y, (x, y), allowed={x: (0, 1)})
    with pytest.raises(ValueError, match="write 'powers of two'"):
        integers(x + y, (x, y), allowed={x: "odd"})
