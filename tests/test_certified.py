"""Numeric thresholds are proven: every root is found, however close to another, and lies in its bracket."""

from fractions import Fraction as Q
from functools import reduce
from math import ceil

import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from second_opinion import decimal, holds, some, worth

from symroof import Cost, Span, SymroofError, solve, symbol
from symroof.algebra.evaluate import TABLE
from symroof.algebra.roots import Log1p, PositiveRoot, PowerOfTwo
from symroof.solver.numeric.boxes import INTERVALS, Box

x, a, b, c = (symbol(s) for s in "xabc")
RELATIONS = (">=", ">", "<=", "<")
INF = float("inf")


def plain(expr):
    return Cost(expr, "1")


def condition(left, relation, right):
    return {">=": left >= right, ">": left > right, "<=": left <= right, "<": left < right}[relation]


def brackets(found):
    """The brackets of all ends."""
    every = [e for pair in found.brackets for e in pair] if isinstance(found, Span) else [found.bracket]
    return [b for b in every if b is not None and b[0] > 0 and b[1] < INF]


def says(found, at):
    if isinstance(found, Span):
        return at in found
    if found.note:
        return found.note.startswith("always")
    if at == found.number:
        return not found.open
    return at < found.number if found.round_down else at > found.number


def true(asked, values):
    full = {**values}
    return holds(asked.relation, worth(asked.left.expr, full), worth(asked.right.expr, full))


# -- polynomials
def expanded(roots):
    """The coefficients of prod(y - root), the constant first."""
    return reduce(lambda cs, r: [p - r * q for p, q in zip([Q(0), *cs], [*cs, Q(0)], strict=True)], roots, [Q(1)])


def asked_about(roots, relation, power):
    """``prod(x**power - root) relation 0`` with positive terms on both sides and one coefficient a symbol; its value."""
    coeffs = expanded(roots)
    terms = [sp.Rational(v.numerator, v.denominator) * x ** (power * i) for i, v in enumerate(coeffs)]
    if coeffs[0] > 0:
        above, below = [a], []
    else:
        above, below = [], [a]
    for v, term in zip(coeffs[1:], terms[1:], strict=True):
        (above if v > 0 else below).append(term if v > 0 else -term)
    return condition(plain(sp.Add(*above)), relation, plain(sp.Add(*below))), {a: abs(coeffs[0])}


def sign_of(roots, at):
    value = Q(1)
    for r in roots:
        value *= at - r
    return value


base_roots = st.lists(st.fractions(min_value=Q(1, 50), max_value=50, max_denominator=50), min_size=1, max_size=3)
gaps = st.sampled_from([Q(1, 10), Q(1, 1000), Q(1, 10**6), Q(1, 10**9), Q(1, 10**14)])


@settings(max_examples=some(100))
@given(base_roots, gaps, st.sampled_from(RELATIONS), st.sampled_from([sp.Integer(1), sp.Rational(1, 2), sp.Integer(2), sp.Rational(2, 3)]))
def test_no_root_is_missed_however_close(bases, gap, relation, power):
    roots = sorted({r for base in bases for r in (base, base + gap)} | {bases[0] + 7})
    asked, values = asked_about(roots, relation, power)
    bound = solve(asked, x)
    found = bound.at(values)
    p = Q(int(power.p), int(power.q))
    between = [(s + t) / 2 for s, t in zip([Q(0), *roots], [*roots, roots[-1] * 2], strict=True)]
    if bound.closed:
        return
    for y in between:
        side = sign_of(roots, y)
        wanted = side > 0 if relation[0] == ">" else side < 0
        assert says(found, float(y) ** (1 / float(p)) if p != 1 else y) == wanted or (p != 1 and gap < Q(1, 10**8)), (found, y)
    assert len({low for low, _ in brackets(found)}) == len(roots)
    if p == 1:
        for root in roots:  # exactly there a >= holds, a > does not
            assert says(found, root) == (len(relation) == 2)
            assert any(low == high == root for low, high in brackets(found))


@settings(max_examples=some(100))
@given(
    st.lists(st.fractions(min_value=-20, max_value=20, max_denominator=9), min_size=4, max_size=6),
    st.sampled_from(RELATIONS),
    st.sampled_from([1, 2, 3]),
)
def test_irrational_roots_lie_in_their_brackets(coeffs, relation, q):
    assume(coeffs[0] and coeffs[-1])
    terms = [sp.Rational(v.numerator, v.denominator) * x ** sp.Rational(i, q) for i, v in enumerate(coeffs) if v]
    above = sp.Add(*[t for t in terms if not t.could_extract_minus_sign()], b)
    below = sp.Add(*[-t for t in terms if t.could_extract_minus_sign()], b)
    asked = condition(plain(above), relation, plain(below))
    assume(x in asked.free_symbols)
    found = solve(asked, x).at(b=1)
    poly = sp.Poly([sp.Rational(v.numerator, v.denominator) for v in coeffs[::-1]], sp.Symbol("y"), domain="QQ")

    def f(y):
        return sum((v * y**i for i, v in enumerate(coeffs)), Q(0))

    if (found.brackets if isinstance(found, Span) else found.bracket) is None:
        return  # solved in closed form, or always, or never
    changes = [r for r, n in poly.real_roots(multiple=False) if r > 0 and n % 2]
    assert len(brackets(found)) >= len(changes)
    for low, high in brackets(found):
        assert high - low <= low * Q(1, 10**12)
        if q == 1:
            assert f(low) == f(high) == 0 or f(low) * f(high) < 0
            assert low == high or ceil(low) == ceil(high)  # no whole number lies between: .whole is certain


@pytest.mark.parametrize("relation, touching", [(">=", "always"), ("<=", "x = 1"), (">", "x < 1 or x > 1"), ("<", "never")])
def test_where_the_sides_touch(relation, touching):
    # (x - 1)^2 (x + 1)(x + a) against 0, one point in common
    poly = sp.Poly(sp.expand((x - 1) ** 2 * (x + 1) * (x + 5)), x)
    above = sum(v * x**i for (i,), v in poly.terms() if v > 0)
    below = sum(-v * x**i for (i,), v in poly.terms() if v < 0)
    asked = condition(plain(above - 5 + a), relation, plain(below))
    got = solve(asked, x).at(a=5)
    assert repr(got).startswith(touching)
    if isinstance(got, Span):
        assert (1 in got) == (len(relation) == 2)


def test_maxima_of_polynomials_are_exact():
    asked = plain(sp.Max(x**3 + 11 * x, a, evaluate=False)) >= plain(6 * x**2 + sp.Integer(6))
    found = solve(asked, x).at(a=30)
    for at in (Q(1, 2), Q(1), Q(3, 2), Q(199, 100), Q(2), Q(201, 100), Q(5, 2), Q(3), Q(4)):
        assert (at in found) == true(asked, {x: at, a: 30})


def test_far_beyond_any_grid():
    asked = plain(x**3 + a * x) >= plain(b * x**2 + c)
    low, mid, high = Q(1, 10**40), Q(1), Q(10) ** 40
    found = solve(asked, x).at(a=low * mid + mid * high + low * high, b=low + mid + high, c=low * mid * high)
    assert [[float(e) for e in ends] for ends in found.intervals] == [pytest.approx([float(low), 1.0]), [pytest.approx(1e40), INF]]


# -- functions: exp, log, powers of the unknown, sinh, several at once
FUNCTIONS = [
    (plain(sp.exp(x)) >= plain(a * x + 2), 1),
    (plain(sp.exp(x / 10)) <= plain(a * x), 2),
    (plain(sp.log(1 + x)) >= plain(a * x / 5), 1),
    (plain(sp.log(1 + a * x)) <= plain(b), 1),
    (plain(2**x) >= plain(a * x**2), 2),
    (plain(x * sp.exp(-x)) >= plain(a / 10), 2),
    (plain(x**2 * sp.exp(-x)) >= plain(a / 10), 2),
    (plain(sp.sinh(x)) >= plain(a * x + 1), 1),
    (plain(sp.asinh(x)) >= plain(a * sp.sqrt(x) / 10), 2),
    (plain(sp.exp(-x) + x) <= plain(a + 1), 1),
    (plain(sp.log(x) ** 2) <= plain(a), 2),
    (plain(sp.Max(sp.exp(x), a, evaluate=False)) <= plain(b * x + 8), 1),
    (plain(sp.Abs(sp.log(x)) + x) >= plain(a), 0),
]
small = st.fractions(min_value=Q(1, 4), max_value=4, max_denominator=8)


@pytest.mark.parametrize("asked", [f[0] for f in FUNCTIONS], ids=repr)
@settings(max_examples=some(8))
@given(small, small)
def test_functions_agree_with_120_digits(asked, first, second):
    values = {s: v for s, v in ((a, first), (b, second)) if s in asked.free_symbols}
    bound = solve(asked, x)
    found = bound.at(values)
    assert not found.doubt
    if bound.closed:  # a function that is undone
        for at in (Q(10) ** e * k for e in range(-9, 3) for k in (1, 2, 3, 5, 7)):
            assert says(found, at) == true(asked, {**values, x: decimal(at)}), (asked, found, at)
        return
    ends = brackets(found)
    for low, high in ends:
        assert 0 < high - low <= low * Q(1, 10**12)
        before, after = (true(asked, {**values, x: decimal(e)}) for e in (low, high))
        assert before != after
    tries = [Q(10) ** e * k for e in range(-9, 3) for k in (1, 2, 3, 5, 7)]
    tries += [end * (1 + s * Q(1, 10**9)) for pair in ends for end in pair for s in (-1, 1)]
    for at in tries:
        assert says(found, at) == true(asked, {**values, x: decimal(at)}), (asked, found, at)


def test_a_narrow_window_between_two_thresholds_is_found():
    top = Q(3678794411, 10**10)  # just below 1/e, the maximum of x*exp(-x)
    found = solve(plain(x * sp.exp(-x)) >= plain(a), x).at(a=top)
    (low, high), *_ = found.intervals
    assert 0 < high - low < 1e-4
    assert 1 in found
    assert true(plain(x * sp.exp(-x)) >= plain(a), {a: top, x: 1})


def test_identities_and_impossible_questions_say_so():
    always = solve(plain(sp.exp(x)) >= plain(a + x), x).at(a=1)
    assert repr(always) == "always: every x between 1e-15 and 1e25 will do"
    never = solve(plain(sp.exp(x)) <= plain(a * x), x).at(a=1)
    assert repr(never).startswith("never: no x between 1e-15 and 1e25 will do; the side that has to be larger is at most about 0.368")
    cubic = solve(plain(a * x**2) >= plain(x**3 + x**2 + 1 + x), x).at(a=1)
    assert repr(cubic).startswith("never: ")
    with pytest.raises(SymroofError):
        float(never.whole)


def test_the_answer_says_that_it_is_bracketed():
    found = solve(plain(sp.exp(x)) >= plain(a * x + 3), x).at(a=1)
    assert repr(found) == "1.505   (numeric: bracketed within 1e-12)"
    low, high = found.bracket
    assert low <= found.number <= high
    assert (found.whole, found.open, found.doubt) == (2, False, "")
    exact = solve(plain(x**4 + 5 * x**2 + 5 * x) >= plain(5 * x**3 + a), x).at(a=6)  # (x - 1) (x - 2) (x - 3) (x + 1)
    assert repr(exact) == "1 <= x <= 2 or x >= 3   (numeric: exact)"
    assert exact.intervals == ((1, 2), (3, INF))


def test_what_is_not_proven_is_named():
    saw = solve(plain(sp.ceiling(x) - x + 1) >= plain(a), x).at(a=Q(3, 2))  # a jump at every whole number
    assert "not certified for x between" in repr(saw)
    for low, high in saw.intervals:  # what is promised is true
        middle = Q(low + min(high, low + 1)) / 2
        assert ceil(middle) - middle >= Q(1, 2)
    assert len(repr(saw)) < 900


@pytest.mark.parametrize("wide", [[1, 2]])
def test_arrays_are_refused(wide):
    with pytest.raises(SymroofError):
        solve(plain(sp.exp(x)) >= plain(a * x + 3), x).at(a=wide)


# -- intervals hold what they should
ROWS = {
    sp.Add: x + 3,
    sp.Mul: x * (x + 2),
    sp.Pow: x ** sp.Rational(5, 3) + 1 / x,
    sp.Max: sp.Max(x, 3, evaluate=False),
    sp.Min: sp.Min(x, 3, evaluate=False),
    sp.ceiling: sp.ceiling(x / 3),
    sp.floor: sp.floor(x / 3),
    sp.Abs: sp.Abs(x - 2),
    sp.log: sp.log(x),
    Log1p: sp.log(1 + x / 7),
    sp.exp: sp.exp(-x),
    sp.sinh: sp.sinh(x),
    sp.asinh: sp.asinh(x - 3),
    PositiveRoot: PositiveRoot(sp.Integer(1), x, -x - 2),
    PowerOfTwo: PowerOfTwo(x / 3),
}


def test_every_operation_has_a_row():
    assert set(INTERVALS) == set(TABLE) == set(ROWS)


@pytest.mark.parametrize("kind", ROWS, ids=lambda k: k.__name__)
@settings(max_examples=some(40))
@given(st.floats(0.01, 30), st.floats(1, 3), st.floats(0, 1), st.integers(-20, 60))
def test_an_interval_holds_every_value_in_it(kind, low, wide, part, target):
    """What is said of a whole interval is true at a point of it."""
    high = low * wide
    level = sp.Rational(target, 4)
    for relation in (">=", "<"):
        said = Box(*(ROWS[kind], level)[:: 1 if relation == ">=" else -1], relation == "<").holds(low, high)
        inside = decimal(Q(low) + (Q(high) - Q(low)) * Q(part))
        if said is not None:
            assert said == holds(relation, worth(ROWS[kind], {x: inside}), decimal(level)), (kind, low, high)


def test_a_point_of_rational_operations_is_decided_exactly():
    box = Box(sp.Integer(4), sp.ceiling(x / 3), strict=False)
    assert box.at(Q(12)) is True
    assert box.at(12 + Q(1, 10**40)) is False
