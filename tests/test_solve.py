"""Thresholds: the condition, evaluated by our own evaluator, flips just below and above each, and never holds elsewhere."""

from decimal import Decimal
from fractions import Fraction as Q

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from second_opinion import close, coefficients, costs, decimal, holds, points, positives, some, worth

from symroof import Bound, Cost, Span, SymroofError, Value, chip, dtype, llm, matmul, roofline, solve, symbol
from symroof.symbols import B, C, D, F, L, W_hbm, Y, n, p, p_w, t_hop, t_lim

x, a, b, c, d = (symbol(s) for s in "xabcd")
RELATIONS = (">=", ">", "<=", "<")
ROOF = roofline(matmul(B, D, F))
MATH, HBM = ROOF["math"], ROOF["hbm"]


def plain(expr, name=""):
    return Cost(sp.sympify(expr), "1", name)


def condition(left, relation, right):
    return {">=": left >= right, ">": left > right, "<=": left <= right, "<": left < right}[relation]


def intervals(bound: Bound, values: dict) -> list[tuple[Decimal, Decimal]]:
    """Where the bound says that the condition holds, by our own evaluator."""
    found = []
    for piece in bound.pieces:
        if all(holds(w.rel_op, worth(w.lhs, values), worth(w.rhs, values)) for w in piece.when):
            low, high = (None if e is None else worth(e, values) for e in (piece.low, piece.high))
            found.append((Decimal(0) if low is None else low, Decimal("inf") if high is None else high))
    return found


def thresholds(bound: Bound, values: dict) -> list[Decimal]:
    """The positive ends of the pieces that count."""
    return sorted({e for interval in intervals(bound, values) for e in interval if 0 < e < Decimal("inf")})


def check_flips(bound: Bound, asked, values: dict) -> None:
    """Just below and just above every threshold, and at many other places, the bound says what the condition says."""
    where, ends = intervals(bound, values), thresholds(bound, values)
    tries = [e * (1 + s * Decimal("1e-9")) for e in ends for s in (-1, 1)] + [Decimal(10) ** e for e in range(-12, 13, 2)]
    for at in tries:
        if any(abs(at / e - 1) < Decimal("1e-10") for e in ends):
            continue
        full = {**values, bound.symbol: at}
        left, right = worth(asked.left.expr, full), worth(asked.right.expr, full)
        if abs(left - right) < Decimal("1e-60") * abs(left):
            continue  # an identity such as a <= a, up to the hundredth digit
        assert any(low <= at <= high for low, high in where) == holds(asked.relation, left, right), (asked, bound, at, values)


def check_at(bound: Bound, asked, values: dict) -> None:
    """``.at`` gives the thresholds that the pieces do."""
    got = bound.at(values)
    spans = got.intervals if isinstance(got, Span) else None
    for e in range(-12, 13, 3):
        at = Decimal(10) ** e * Decimal("1.0371")
        if spans is None:
            continue
        full = {**values, bound.symbol: at}
        left, right = worth(asked.left.expr, full), worth(asked.right.expr, full)
        assert any(decimal(low) <= at <= (decimal(high) if high != float("inf") else at) for low, high in spans) == holds(
            asked.relation, left, right
        )
    if spans is None and 0 < float(got) < float("inf"):
        assert any(close(e, float(got), 1e-9) for e in thresholds(bound, values))


# -- the laws, on costs of a machine
@settings(max_examples=some(120))
@given(costs(), costs(), st.sampled_from(RELATIONS), st.sampled_from((B, D, C, W_hbm, p, t_hop)), points())
def test_a_threshold_of_costs_flips(left, right, relation, unknown, values):
    asked = condition(left, relation, right)
    assume(unknown in asked.free_symbols)
    bound = solve(asked, unknown)
    values = {s: v for s, v in values.items() if s in asked.free_symbols and s != unknown}
    if bound.closed:
        check_flips(bound, asked, values)
        check_at(bound, asked, values)
        if len(relation) == 2:  # at an identity such as a > a the two differ; see test_always_and_never_say_why
            assert bound.verify(20), bound.verify(20)


# -- the laws, with half-integer exponents
halves = st.sampled_from([sp.Rational(i, 2) for i in (-2, -1, 0, 0, 1, 2, 3, 4)])
monomials = st.builds(lambda k, e, f, g: k * x**e * a**f * b**g, coefficients, halves, halves, halves)
sides = st.recursive(
    monomials.map(plain), lambda s: st.builds(lambda i, j, o: (i | j) if o else (i + j), s, s, st.booleans()), max_leaves=3
)


@settings(max_examples=some(150))
@given(sides, sides, st.sampled_from(RELATIONS), st.lists(st.tuples(positives, positives), min_size=2, max_size=2))
def test_a_threshold_with_half_exponents_flips(left, right, relation, rows):
    asked = condition(left, relation, right)
    assume(x in asked.free_symbols)
    bound = solve(asked, x)
    if bound.closed:
        for row in rows:
            values = {s: v for s, v in zip((a, b), row, strict=True) if s in asked.free_symbols}
            check_flips(bound, asked, values)
            check_at(bound, asked, values)
        if len(relation) == 2:  # at an identity such as a > a the two differ; see test_always_and_never_say_why
            assert bound.verify(20), bound.verify(20)


@settings(max_examples=some(60))
@given(sides, sides, st.lists(st.tuples(positives, positives), min_size=2, max_size=2))
def test_the_other_way_round_is_the_same_question(left, right, rows):
    assume(x in (left >= right).free_symbols)
    for row in rows:
        values = {s: v for s, v in zip((a, b), row, strict=True) if s in (left >= right).free_symbols}
        answers = [solve(q, x).at(dict(values)) for q in (left >= right, right <= left, 3 * left >= 3 * right)]
        assert len({repr(v) for v in answers}) == 1


# -- maxima are taken apart
MAXIMA = [
    ("max on the larger side", (plain(x) | plain(a)) >= plain(b)),
    ("max on the smaller side", plain(x) >= (plain(a) | plain(b))),
    ("max on both", (plain(x) | plain(a * x**2)) >= (plain(b) | plain(c * x))),
    ("max inside a sum", (plain(a * x) | plain(b)) + plain(c) <= plain(d)),
    ("sum of two maxima", (plain(a * x) | plain(b)) + (plain(c * x) | plain(d)) <= plain(a + b)),
    ("nested", ((plain(x) | plain(a)) + plain(b) | plain(c * x)) >= plain(d)),
    ("a window", plain(a + b * sp.Min(x, c, evaluate=False)) <= plain(d)),
    ("roofline under a limit", (plain(a * x) | plain(b + c * x)) <= plain(d)),
    ("a scaled max", plain(2) * (plain(x) | plain(a)) <= plain(b)),
    ("max over x", (plain(a / x) | plain(b)) <= plain(c)),
]


@pytest.mark.parametrize("asked", [m[1] for m in MAXIMA], ids=[m[0] for m in MAXIMA])
@settings(max_examples=some(40))
@given(values=points((a, b, c, d)))
def test_maxima_give_unions_and_intersections(asked, values):
    bound = solve(asked, x)
    values = {s: v for s, v in values.items() if s in asked.free_symbols}
    assert bound.closed
    check_flips(bound, asked, values)
    assert bound.verify(40)


# -- polynomials
POLYNOMIALS = [
    ("linear", plain(a * x) >= plain(b), {"a": 2, "b": 6}, [3]),
    ("linear, falling", plain(a / x) >= plain(b), {"a": 6, "b": 2}, [3]),
    ("square", plain(a * x**2) >= plain(b), {"a": 2, "b": 18}, [3]),
    ("root", plain(a * sp.sqrt(x)) >= plain(b), {"a": 2, "b": 6}, [9]),
    ("between two roots", plain(5 * x) >= plain(x**2 + 6), {}, [2, 3]),
    ("outside two roots", plain(x**2 + 6) >= plain(5 * x), {}, [2, 3]),
    ("two roots, symbols", plain(b * x) >= plain(a * x**2 + c), {"a": 1, "b": 5, "c": 6}, [2, 3]),
    ("one positive root", plain(x**2) >= plain(x + 6), {}, [3]),
    ("one positive root, symbols", plain(a * x**2) >= plain(b * x + c), {"a": 1, "b": 1, "c": 6}, [3]),
    ("cubic", plain(a * x**3 + b * x) >= plain(c), {"a": 1, "b": 1, "c": 30}, [3]),
    ("full cubic", plain(a * x**3 + b * x**2) >= plain(c * x + d), {"a": 1, "b": 1, "c": 1, "d": 33}, [3]),
    ("degree five", plain(a * x**5 + b * x) >= plain(c), {"a": 1, "b": 1, "c": 246}, [3]),
    ("degree five, falling", plain(a * x**5 + b * x) <= plain(c), {"a": 1, "b": 1, "c": 246}, [3]),
    ("half powers", plain(a * x + b * sp.sqrt(x)) >= plain(c), {"a": 1, "b": 1, "c": 12}, [9]),
    ("factored degree four", plain(x**4 + 36) >= plain(13 * x**2), {}, [2, 3]),
]


@pytest.mark.parametrize("asked, values, roots", [q[1:] for q in POLYNOMIALS], ids=[q[0] for q in POLYNOMIALS])
def test_roots(asked, values, roots):
    bound = solve(asked, x)
    assert bound.closed
    at = {s: Q(values[s.name]) for s in bound.free_symbols}
    assert sorted(map(float, thresholds(bound, at))) == pytest.approx(roots, rel=1e-12)
    check_flips(bound, asked, at)
    check_at(bound, asked, at)
    assert bound.verify()
    got = bound.at(**values) if values else bound.at()
    if len(roots) == 1:
        assert float(got) == pytest.approx(roots[0], rel=1e-12)
    else:
        assert isinstance(got, Span)
        assert 2.5 in got or 1 in got


def test_two_roots_need_a_domain():
    bound = solve(plain(b * x) >= plain(a * x**2 + c), x)
    never = bound.at(a=1, b=1, c=6)  # the discriminant is negative
    assert not isinstance(never, Span)
    assert repr(never).startswith("never")
    check_flips(bound, bound.condition, {a: Q(1), b: Q(1), c: Q(6)})


EDGES = [  # values at which a leading coefficient or a discriminant is zero: the same answer, by hand
    (plain(a * x + c) >= plain(b * x), {"a": 1, "b": 1, "c": 1}, "always"),
    (plain(a * x) >= plain(b * x + c), {"a": 1, "b": 1, "c": 1}, "never"),
    (plain(a * x**2 + c) >= plain(b * x), {"a": 1, "b": 2, "c": 1}, "always"),  # (x - 1)^2 >= 0
    (plain(a * x**2 + c * x) >= plain(b * x**2 + d), {"a": 1, "b": 1, "c": 1, "d": 3}, 3.0),
    (plain(a * x**2 + d) >= plain(b * x**2 + c), {"a": 1, "b": 1, "c": 1, "d": 3}, "always"),
    (plain(a * x**2 + x + d) >= plain(c), {"a": 1, "c": 2, "d": 2}, "always"),
    (plain(a * x**3 + c) >= plain(b * x**3 + d), {"a": 1, "b": 1, "c": 2, "d": 1}, "always"),
]


@pytest.mark.parametrize("asked, values, answer", EDGES, ids=lambda v: repr(v)[:40])
def test_where_a_coefficient_vanishes(asked, values, answer):
    got = solve(asked, x).at(**values)
    if isinstance(answer, str):
        assert repr(got).startswith(answer)
    else:
        assert float(got) == pytest.approx(answer)


@pytest.mark.parametrize("wide", [1, 10**3, 10**6, 10**8, 10**10, 10**15])
def test_a_root_loses_no_digits(wide):
    square = solve(plain(a * x**2 + b * x) >= plain(c), x)
    assert float(square.at(a=1, b=wide, c=1)) == pytest.approx(float(worth(square.expr, {a: Q(1), b: Q(wide), c: Q(1)})), rel=1e-9)
    assert float(square.at(a=[1.0], b=wide, c=1).number[0]) == pytest.approx(
        float(worth(square.expr, {a: Q(1), b: Q(wide), c: Q(1)})), rel=1e-9
    )
    cubic = solve(plain(a * x**3 + b * x) >= plain(c), x)
    assert float(cubic.at(a=1, b=wide, c=1)) == pytest.approx(float(worth(cubic.expr, {a: Q(1), b: Q(wide), c: Q(1)})), rel=1e-9)


# -- always and never
@pytest.mark.parametrize(
    "asked, kind",
    [
        (plain(x + a) >= plain(x), "always"),
        (plain(x) >= plain(x + a), "never"),
        (plain(2 * x) >= plain(x), "always"),
        (plain(x) > plain(2 * x), "never"),
        (plain(x) >= plain(x), "always"),
        (plain(x) > plain(x), "never"),
        (plain(x) < plain(x), "never"),
        (plain(x**2 + a) >= plain(0), "always"),
        (plain(x) <= plain(0), "never"),
        ((plain(x) | plain(a)) >= plain(x), "always"),
        (plain(x) >= (plain(x) + plain(a) | plain(b)), "never"),
        (Cost(p * D * F / W_hbm, "s") <= HBM, "always"),
    ],
    ids=repr,
)
def test_always_and_never_say_why(asked, kind):
    unknown = x if x in asked.free_symbols else B
    bound = solve(asked, unknown)
    assert bound.kind == kind
    assert bound.reason
    assert repr(bound).startswith(f"{kind}: ")
    assert bound.verify(20)
    with pytest.raises(SymroofError):
        bound.expr
    with pytest.raises(SymroofError):
        bound.relation
    value = bound.at()
    assert repr(value).startswith(kind)
    assert bound.latex()


def test_never_at_these_values_says_how_far_off_it_is():
    bound = solve(MATH >= HBM, B)
    never = bound.at(chip("v5e"), dtype("bf16"), D=100, F=100)
    assert float(never) == float("inf")
    assert repr(never).startswith("never: at tpu-v5e, bf16 ")  # in the order they were given
    assert "2*D*F*W_hbm > C*p*(D + F)" in repr(never)


# -- no closed form
NUMERIC = [
    ("inside exp", plain(sp.exp(x)) >= plain(a * x + 3), {"a": 1}),
    ("inside a ceiling", plain(sp.ceiling(x / 3)) >= plain(a), {"a": 2}),
    ("inside log", plain(sp.log(1 + x)) <= plain(a), {"a": 1}),
    ("exponent", plain(2**x) >= plain(a), {"a": 8}),
    ("three changes", plain(x**3 + 11 * x) >= plain(6 * x**2 + a), {"a": Q(6)}),
]


@pytest.mark.parametrize("asked, values", [q[1:] for q in NUMERIC], ids=[q[0] for q in NUMERIC])
def test_without_a_closed_form_numbers_remain(asked, values):
    bound = solve(asked, x)
    if bound.closed:
        check_flips(bound, asked, {a: Q(values["a"])})
        return
    assert bound.kind == "numeric"
    assert bound.reason
    assert "no closed form" in repr(bound)
    got = bound.at(**values)
    ends = [e for i in got.intervals for e in i if 0 < e < float("inf")] if isinstance(got, Span) else [float(got)]
    assert ends
    full = {a: Q(values["a"])}
    for end in ends:
        below, above = (
            holds(asked.relation, worth(asked.left.expr, {**full, x: at}), worth(asked.right.expr, {**full, x: at}))
            for at in (decimal(end) * (1 - Decimal("1e-7")), decimal(end) * (1 + Decimal("1e-7")))
        )
        assert below != above


def test_a_numeric_bound_refuses_arrays_and_waits_for_values():
    bound = solve(plain(sp.exp(x)) >= plain(a * x + 3), x)
    with pytest.raises(SymroofError):
        bound.at(a=[1, 2])
    assert isinstance(solve(plain(sp.exp(x)) >= plain(a * x + b), x).at(a=1), Bound)
    assert float(solve(plain(sp.exp(x)) >= plain(a * x + b), x).at(a=1).at(b=3)) == pytest.approx(1.5052, rel=1e-4)


# -- limits
LIMITS = [
    (MATH >= HBM, B, (D, F), C * p / (2 * W_hbm)),
    (MATH >= HBM, B, (F,), None),
    (MATH >= HBM, B, (D,), None),
    (MATH >= HBM, C, (B, D, F), None),
    (MATH >= HBM, W_hbm, (D, F), None),
    (plain(a * x) >= plain(b * x + c + d / x), x, (a,), None),
    (plain(a * x**2 + b * x) >= plain(c), x, (c,), None),
    (plain(a * x**2 + b * x) >= plain(c), x, (b,), None),
]


@pytest.mark.parametrize("asked, unknown, large, known", LIMITS, ids=lambda v: str(v)[:40])
@settings(max_examples=some(25))
@given(values=points((B, C, D, F, W_hbm, p, a, b, c, d)))
def test_large_is_the_limit_of_the_exact_bound(asked, unknown, large, known, values):
    exact, rule = solve(asked, unknown), solve(asked, unknown, large=large)
    assert rule.large == large
    if known is not None:
        assert sp.simplify(rule.expr - known) == 0
    grown = {s: values[s] * (Q(10) ** 36 if s in large else 1) for s in exact.free_symbols}
    assert close(worth(rule.expr, grown), worth(exact.expr, grown), 1e-6)


@pytest.mark.parametrize("k, w, q", [(Q(197), Q(81, 10), 2), (Q(1, 3), Q(7, 2), 1), (Q(50), Q(1, 9), 4)])
def test_sympys_limit_agrees(k, w, q):
    numbers = {C: sp.Rational(k.numerator, k.denominator), W_hbm: sp.Rational(w.numerator, w.denominator), p: sp.Integer(q)}
    exact, rule = solve(MATH >= HBM, B), solve(MATH >= HBM, B, large=(D, F))
    one = sp.limit(exact.expr.subs(numbers), D, sp.oo)
    assert sp.limit(one, F, sp.oo) == rule.expr.subs(numbers)
    assert sp.limit(exact.expr.subs(numbers), D, sp.oo).equals(solve(MATH >= HBM, B, large=D).expr.subs(numbers))


def test_small_is_the_other_limit():
    rule = solve(plain(a * x + b * x**2) >= plain(c), x, small=(b,))
    assert rule.expr == c / a
    assert rule.small == (b,)
    assert repr(rule) == "x >= c/a   for small b"
    assert r"\text{for small } b" in rule.latex()


# -- the session of the design
def test_the_session():
    exact = solve(ROOF["math"] >= ROOF["hbm"], B)
    assert repr(exact) == "B >= C*D*F*p/(2*D*F*W_hbm - C*p*(D + F))   when 2*D*F*W_hbm > C*p*(D + F)"
    rule = solve(ROOF["math"] >= ROOF["hbm"], B, large=(D, F))
    assert repr(rule) == "B >= C*p/(2*W_hbm)   for large D, F"
    assert repr(rule.at(chip("tpu-v5e"), dtype("bf16"))) == "243.2 tokens"
    assert rule.at(chip("tpu-v5e"), dtype("bf16")).number == Q(197 * 10**12, 810 * 10**9)
    assert (exact.relation, exact.kind, str(exact.unit), str(exact.cost.unit)) == (">=", "bound", "token", "token")
    assert exact.domain == sp.And(sp.Gt(2 * D * F * W_hbm, C * p * (D + F), evaluate=False), evaluate=False)
    assert rule.domain == sp.true
    assert repr(solve(ROOF["math"] > ROOF["hbm"], B, large=(D, F))) == "B > C*p/(2*W_hbm)   for large D, F"
    assert repr(solve(ROOF["math"] <= ROOF["hbm"], B, large=(D, F))) == "B <= C*p/(2*W_hbm)   for large D, F"


@pytest.mark.parametrize("unknown", [B, D, F, C, W_hbm, p], ids=str)
def test_every_letter_is_a_legal_unknown(unknown):
    bound = solve(MATH >= HBM, unknown)
    assert bound.closed
    assert bound.pieces
    assert bound.verify(100)
    assert bound.free_symbols == {B, C, D, F, W_hbm, p} - {unknown}


# -- steps
STEPPED = [
    MATH >= HBM,
    MATH <= HBM,
    MATH > HBM,
    plain(a * x**2 + b * x) >= plain(c),
    plain(a * x**3 + b * x) <= plain(c),
    plain(a * sp.sqrt(x)) >= plain(b + c / sp.sqrt(x)),
]


@pytest.mark.parametrize("asked", STEPPED, ids=repr)
@settings(max_examples=some(40))
@given(values=points((B, C, D, F, W_hbm, p, a, b, c, x)))
def test_each_step_follows_from_the_one_before(asked, values):
    unknown = x if x in asked.free_symbols else B
    bound = solve(asked, unknown)
    first = bound.steps[0]
    assert (first.left, first.relation, first.right) == (asked.left.expr, asked.relation, asked.right.expr)
    exact = [s for s in bound.steps if s.kind != "domain"]
    inside = all(holds(w.rel_op, worth(w.lhs, values), worth(w.rhs, values)) for piece in bound.pieces for w in piece.when)
    always = [s for s in exact if all(holds(w.rel_op, worth(w.lhs, values), worth(w.rhs, values)) for w in s.inside)]
    truth = [holds(s.relation, worth(s.left, values), worth(s.right, values)) for s in (exact if inside else always)]
    assert len(set(truth)) == 1, [str(s) for s in bound.steps]
    if len(bound.pieces) == 1 and not inside:
        assert not truth[0]  # outside of its domain the condition never holds
    assert all(s.why for s in bound.steps)


def test_steps_end_in_the_bound_and_its_domain():
    bound = solve(MATH >= HBM, B)
    *_, last, domain = bound.steps
    assert (last.left, last.relation, last.right) == (B, ">=", bound.expr)
    assert domain.kind == "domain"
    assert sp.And(sp.Rel(domain.left, domain.right, domain.relation, evaluate=False), evaluate=False) == bound.domain
    assert [s.kind for s in bound.steps] == ["start", "clear", "exact", "result", "domain"]
    limited = solve(MATH >= HBM, B, large=(D, F))
    assert [s.kind for s in limited.steps] == ["start", "clear", "exact", "limit", "result"]
    assert any("large D, F" in s.why for s in limited.steps)


@pytest.mark.parametrize("asked", [*STEPPED, *(m[1] for m in MAXIMA)], ids=repr)
def test_steps_in_latex(asked):
    bound = solve(asked, x if x in asked.free_symbols else B)
    tex = bound.latex(steps=True)
    assert tex.startswith("\\begin{align*}\n")
    assert tex.count("{") == tex.count("}")
    assert tex.count(r"\left") == tex.count(r"\right")
    assert tex.partition("\\end{align*}")[0].count("\\\\") >= len(bound.steps) - 1
    assert bound.latex().count("{") == bound.latex().count("}")
    assert bound._repr_latex_().startswith("$")


# -- wrong questions
TWIN = symbol("B", "1")
WRONG = {
    "not in the condition": (lambda: solve(MATH >= HBM, L), "L"),
    "a twin of another unit": (lambda: solve(MATH >= HBM, TWIN), "token"),
    "sympy's symbol": (lambda: solve(MATH >= HBM, sp.Symbol("B", positive=True)), "B"),
    "a cost": (lambda: solve(MATH, B), "condition"),
    "a truth": (lambda: solve(True, B), "condition"),
    "none": (lambda: solve(None, B), "condition"),
    "an equation": (lambda: solve(sp.Eq(B, D), B), "condition"),
    "a text": (lambda: solve("B >= 3", B), "condition"),
    "a long text": (lambda: solve("B" * 10**7, B), "condition"),
    "for a text": (lambda: solve(MATH >= HBM, "B"), "B"),
    "for a number": (lambda: solve(MATH >= HBM, 3), "3"),
    "for an expression": (lambda: solve(MATH >= HBM, B * D), "B*D"),
    "for a cost": (lambda: solve(MATH >= HBM, MATH), "symbol"),
    "large unknown": (lambda: solve(MATH >= HBM, B, large=(B,)), "B"),
    "small unknown": (lambda: solve(MATH >= HBM, B, small=B), "B"),
    "large and small": (lambda: solve(MATH >= HBM, B, large=(D,), small=(D,)), "D"),
    "large not there": (lambda: solve(MATH >= HBM, B, large=(L,)), "L"),
    "large is a number": (lambda: solve(MATH >= HBM, B, large=3), "3"),
    "large is an expression": (lambda: solve(MATH >= HBM, B, large=(D * F,)), "D*F"),
}


@pytest.mark.parametrize("ask, offender", WRONG.values(), ids=WRONG)
def test_a_wrong_question_gets_a_sentence(ask, offender):
    with pytest.raises(SymroofError) as caught:
        ask()
    message = str(caught.value)
    assert offender in message
    assert "\n" not in message
    assert len(message) < 400


# -- a bound at values
RULE = solve(MATH >= HBM, B, large=(D, F))
EXACT = solve(MATH >= HBM, B)


def test_a_bound_at_arrays_is_a_loop():
    widths = [100, 1000, 8192]
    got = EXACT.at(chip("v5e"), dtype("bf16"), D=widths, F=4 * D)
    alone = [float(EXACT.at(chip("v5e"), dtype("bf16"), D=w, F=4 * w)) for w in widths]
    assert got.number.tolist() == pytest.approx(alone, rel=1e-12)
    assert alone[0] == float("inf")  # never: outside the domain
    assert EXACT.at(chip("v5e"), dtype("bf16"), D=[[100], [8192]], F=[1000, 2000, 28672]).number.shape == (2, 3)
    assert RULE.at(C="197 TFLOP/s", W_hbm=[8.1e11, 1.62e12], p=2).number.tolist() == pytest.approx([243.2099, 121.605], rel=1e-5)


def test_a_bound_at_some_values_is_a_bound():
    partly = EXACT.at(chip("v5e"), dtype("bf16"))
    assert isinstance(partly, Bound)
    assert partly.free_symbols == {D, F}
    assert partly.at(D=8192, F=28672).number == EXACT.at(chip("v5e"), dtype("bf16"), D=8192, F=28672).number
    assert EXACT.at(F=4 * D).free_symbols == {C, D, W_hbm, p}
    assert RULE.at(W_hbm="810 GB/s").large == (D, F)
    assert RULE.at(p=2).expr == C / W_hbm


@settings(max_examples=some(40))
@given(points((C, D, F, W_hbm, p)))
def test_binding_first_or_solving_first_is_one(values):
    rows = {s: values[s] for s in (C, W_hbm)}, {s: values[s] for s in (D, F, p)}
    one = EXACT.at(*rows)
    two = EXACT.at(rows[0]).at(rows[1])
    three = solve((MATH >= HBM).at(rows[0]), B).at(rows[1])
    assert repr(one).split(":")[0] == repr(two).split(":")[0] == repr(three).split(":")[0]
    assert float(one) == pytest.approx(float(two), rel=1e-12) == pytest.approx(float(three), rel=1e-12)


@pytest.mark.parametrize("named", [{"B": 3}, {"Dd": 3}, {"D": -1}, {"D": "x"}, {"D": None}, {"W_hbm": "3 s"}, {"D": [1, 0]}], ids=str)
def test_a_bound_refuses_what_a_cost_refuses(named):
    with pytest.raises(SymroofError) as caught:
        EXACT.at(**named)
    assert len(str(caught.value)) < 260


def test_a_bound_is_a_cost_again():
    over = solve(RULE.cost >= Cost(B, "token"), B)
    assert over.expr == RULE.expr
    assert isinstance(RULE.cost.at(chip("v5e"), dtype("bf16")), Value)


def test_a_bound_of_a_model():
    step = (
        Cost(B * p * D, "byte") / (n * W_hbm) + (Cost(2 * B * D * F, "FLOP") / (n * C) | Cost(p_w * D * F, "byte") / (n * W_hbm))
    ).named("step")
    limit = Cost(t_lim, "s")
    for unknown in (B, n, D, F, C, W_hbm, p, p_w, t_lim):
        bound = solve(step <= limit, unknown)
        assert bound.closed
        assert bound.verify(60), (unknown, bound.verify(60))


def test_model_parallelism_of_a_model():
    ici = Cost(B * D * p, "byte") / W_hbm
    bound = solve(ici <= Cost(2 * B * D * F, "FLOP") / (Y * C), Y)
    assert bound.relation == "<="
    assert float(bound.at(chip("v5e"), dtype("bf16"), llm("llama3-70b"))) == pytest.approx(28672 * 8.1e11 / 1.97e14, rel=1e-12)


@pytest.mark.parametrize("question", [MATH >= HBM, plain(b * x) >= plain(a * x**2 + c)], ids=repr)
def test_a_bound_is_frozen(question):
    bound = solve(question, B if B in question.free_symbols else x)
    for attribute in ("symbol", "pieces", "reason", "steps"):
        with pytest.raises(AttributeError):
            setattr(bound, attribute, None)


def test_arrays_of_two_ends_are_refused():
    with pytest.raises(SymroofError):
        solve(plain(b * x) >= plain(a * x**2 + c), x).at(a=[1, 2], b=5, c=6)
    assert np.isfinite(solve(plain(a * x**2) >= plain(b), x).at(a=[1.0, 4.0], b=16).number).all()
