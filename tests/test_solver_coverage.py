"""What is solved in closed form: functions undone from the outside in, cubics and windows by their signs, numbers first."""

import random
from decimal import Decimal
from fractions import Fraction as Q

import pytest
import sympy as sp
from hypothesis import assume, given, settings
from second_opinion import decimal, holds, points, worth

from symroof import Cost, Span, solve, symbol
from symroof.algebra.cost import Condition

x, a, b, c, d = (symbol(s) for s in "xabcd")
R = sp.Rational


def asks(left, relation, right) -> Condition:
    return Condition(Cost(sp.sympify(left), "1"), relation, Cost(sp.sympify(right), "1"))


def ends_of(bound, values) -> list[Decimal]:
    return sorted({e for low, high in where(bound, values) for e in (low, high) if 0 < e < Decimal("inf")})


def where(bound, values) -> list[tuple[Decimal, Decimal]]:
    """Where the bound says that the condition holds, by the evaluator of the tests."""
    found = []
    for piece in bound.pieces:
        if all(holds(w.rel_op, worth(w.lhs, values), worth(w.rhs, values)) for w in piece.when):
            low, high = (None if e is None else worth(e, values) for e in (piece.low, piece.high))
            found.append((Decimal(0) if low is None else low, Decimal("inf") if high is None else high))
    return found


def check(asked, bound, values) -> None:
    """The condition holds exactly where the bound says so, just below and above its ends and far from them."""
    intervals, ends = where(bound, values), ends_of(bound, values)
    tries = [e * (1 + s * Decimal("1e-9")) for e in ends for s in (-1, 1)] + [Decimal(10) ** R(e, 2).p for e in range(-6, 5)]
    for at in tries:
        if any(abs(at / e - 1) < Decimal("1e-10") for e in ends):
            continue
        full = {**values, x: at}
        left, right = worth(asked.left.expr, full), worth(asked.right.expr, full)
        if abs(left - right) > Decimal("1e-60") * abs(left):
            assert any(low <= at <= high for low, high in intervals) == holds(asked.relation, left, right), (asked, bound, at, values)


def same(found, expected) -> bool:
    return sp.simplify(sp.expand_log(found - expected, force=True)) == 0


# -- one function of the unknown: the closed form and the domain by hand
INVERTED = [  # condition, relation of the answer, threshold, domain
    ((sp.exp(a * x), ">=", b), ">=", sp.log(b) / a, ()),
    ((sp.exp(a * x), "<=", b), "<=", sp.log(b) / a, (b > 1,)),
    ((c * sp.exp(-a * x), "<=", b), ">=", sp.log(c / b) / a, ()),
    ((c * sp.exp(-a * x), ">=", b), "<=", sp.log(c / b) / a, (c > b,)),
    ((sp.exp(a * x) + b, "<=", c), "<=", sp.log(c - b) / a, (c > b, c > b + 1)),
    ((sp.Integer(2) ** x, ">=", a), ">=", sp.log(a) / sp.log(2), ()),
    ((R(1, 2) ** (x / b), "<=", a), ">=", -b * sp.log(a) / sp.log(2), ()),
    ((sp.log(1 + x), "<=", a), "<=", sp.exp(a) - 1, ()),
    ((a * sp.log(1 + x) + b, "<=", c), "<=", sp.exp((c - b) / a) - 1, (c > b,)),
    ((a * sp.log(x), ">=", b), ">=", sp.exp(b / a), ()),
    ((b, ">=", c + a * sp.log(x)), "<=", sp.exp((b - c) / a), ()),
    ((x**a, ">=", b), ">=", b ** (1 / a), ()),
    ((c * x ** (-a), ">=", b), "<=", (c / b) ** (1 / a), ()),
    ((sp.sqrt(a + x), "<=", c), "<=", c**2 - a, (c**2 > a,)),
    ((d * (a + b * x) ** R(2, 3), ">=", c), ">=", ((c / d) ** R(3, 2) - a) / b, ()),
    ((sp.exp(a + b * x), ">=", c), ">=", (sp.log(c) - a) / b, ()),
    ((sp.sqrt(1 + sp.sqrt(a * x)), "<=", b), "<=", (b**2 - 1) ** 2 / a, (b**2 > 1,)),
    ((a * x ** (2 * b), "<=", c), "<=", (c / a) ** (1 / (2 * b)), ()),
    ((a * sp.log(x), ">=", sp.Integer(0)), ">=", sp.Integer(1), ()),  # nothing stands beside the function
    ((a * sp.log(x / b), "<=", sp.Integer(0)), "<=", b, ()),
    ((sp.exp(x - a), ">=", sp.Integer(1)), ">=", a, ()),  # and its logarithm is zero
]


@pytest.mark.parametrize("asked, relation, threshold, domain", INVERTED, ids=lambda v: str(v)[:40])
def test_a_function_is_undone(asked, relation, threshold, domain):
    bound = solve(asks(*asked), x)
    assert bound.closed
    ended = [p for p in bound.pieces if (p.low if relation == ">=" else p.high) is not None]
    assert len(ended) == 1
    assert same(ended[0].low if relation == ">=" else ended[0].high, threshold)
    chance = random.Random(str(asked))
    for _ in range(30):  # the domain by hand is that of the piece
        at = {s: Q(chance.randint(11, 989), 100) for s in (a, b, c, d)}
        truth = [all(holds(w.rel_op, worth(w.lhs, at), worth(w.rhs, at)) for w in rels) for rels in (domain, ended[0].when)]
        assert truth[0] == truth[1] or relation == ">=", (at, bound)
    assert bound.verify(40)
    assert bound.proof()


def test_a_function_that_is_always_beyond_one():
    for asked, kind in (
        ((sp.exp(a * x), ">=", R(1)), "always"),
        ((sp.exp(-a * x), ">=", R(1)), "never"),
        (((1 + a) ** x, "<=", R(1)), "never"),
    ):
        bound = solve(asks(*asked), x)
        assert bound.kind == kind and bound.verify(20) and bound.proof()


MANY = [
    ("base above or below one", asks(b**x, ">=", c)),
    ("a square in it", asks(b * sp.exp(2 * x) + c, ">=", a * sp.exp(x))),
    ("a window of an exponential", asks(a * sp.exp(x), ">=", b * sp.exp(2 * x) + c)),
    ("inside out", asks(sp.exp(sp.sqrt(1 + x)), "<=", a + b)),
    ("a difference below", asks(sp.sqrt(a + x) + b, ">=", c)),
    ("a power of either direction", asks((1 + x) ** (a - b), ">=", c)),
    ("a quadratic inside", asks(sp.exp(a * x**2 + b * x), ">=", c)),
    ("a maximum around it", asks(sp.Max(sp.exp(x), a * sp.exp(x) + b), ">=", c)),
]
CUBICS = [
    ("a window", asks(a * x**3 + b, ">=", c * x)),
    ("a window, inside", asks(a * x**3 + b, "<", c * x)),
    ("a window, full", asks(a * x**3 + d, ">=", b * x**2 + c * x)),
    ("a window, falling twice", asks(a * x**3 + c * x + d, "<=", b * x**2)),
    ("a window, late", asks(a * x**3 + b * x**2 + d, "<=", c * x)),
    ("one root or three", asks(a * x**3 + c * x, ">=", b * x**2 + d)),
    ("one root or three, falling", asks(a * x**3 + c * x, "<=", b * x**2 + d)),
    ("a sign that depends", asks(a * x**3 + b, ">=", c * x**2 + d * x**3)),
    ("two signs that depend", asks(a * x**3 + 2 * b, ">=", c * x**2 + d * x**3 + a)),
    ("a sign that does not matter", asks(a * x**3 + b * x**2, ">=", c * x**2 + d)),
    ("degree four", asks(x**4 + b, ">=", c * x)),
    ("degree four, four terms", asks(a * x**4 + b, "<=", c * x + d * x**2)),
    ("degree five", asks(a * x**5 + b * x, "<=", c * x**2)),
    ("degree six", asks(x**6 + a, "<=", b * x**4 + c * x)),
    ("roots of it", asks(a * x ** R(3, 2) + b, "<=", c * x)),
    ("half powers and fractions", asks(a * x + b / x, "<=", c + d / sp.sqrt(x))),
]


@pytest.mark.parametrize("asked", [q[1] for q in MANY + CUBICS], ids=[q[0] for q in MANY + CUBICS])
@settings(max_examples=12)
@given(values=points((a, b, c, d)))
def test_flips_where_it_says(asked, values):
    assume(len({*values.values(), 2 * values[b]}) == 5)  # where a coefficient vanishes .at solves again
    bound = solve(asked, x)
    assert bound.closed
    check(asked, bound, {s: v for s, v in values.items() if s in asked.free_symbols})


@pytest.mark.parametrize("asked", [q[1] for q in MANY + CUBICS], ids=[q[0] for q in MANY + CUBICS])
def test_flips_close_to_one(asked):
    """Values near each other, where windows open and close."""
    bound, chance = solve(asked, x), random.Random(1)
    for _ in range(12):
        check(asked, bound, {s: Q(chance.randint(60, 400), 100) for s in sorted(bound.free_symbols, key=str)})
    assert bound.verify(25)


BY_HAND = [  # values at which the roots are known: (x-1)(x-2)(x+3), (x-1)(x-2)(x-3), (x-1)(x-2)(x^2+3x+7), ...
    (asks(a * x**3 + b, ">=", c * x), (1, 6, 7), ((0, 1), (2, None))),
    (asks(a * x**3 + b, "<=", c * x), (1, 6, 7), ((1, 2),)),
    (asks(a * x**3 + 11 * x, ">=", b * x**2 + c), (1, 6, 6), ((1, 2), (3, None))),
    (asks(a * x**3 + 11 * x, "<=", b * x**2 + c), (1, 6, 6), ((0, 1), (2, 3))),
    (asks(a * x**4 + b, "<=", c * x), (1, 14, 15), ((1, 2),)),
    (asks(a * x**3 + b, "<=", c * x), (1, 6, 1), ()),
]


@pytest.mark.parametrize("asked, values, expected", BY_HAND, ids=lambda v: str(v)[:40])
def test_roots_by_hand(asked, values, expected):
    got = solve(asked, x).at(**dict(zip("abc", values, strict=True)))
    if not expected:
        assert repr(got).startswith("never")
        return
    assert isinstance(got, Span)
    for (low, high), (first, last) in zip(got.intervals, expected, strict=True):
        assert float(low) == pytest.approx(first, rel=1e-9)
        assert float(high) == (float("inf") if last is None else pytest.approx(last, rel=1e-9))


def test_the_domain_of_a_window_is_the_discriminant():
    assert solve(asks(a * x**3 + b, "<=", c * x), x).pieces[0].when[0] == sp.Gt(4 * c**3, 27 * a * b**2, evaluate=False)
    assert solve(asks(x**4 + b, "<=", c * x), x).pieces[0].when[0] == sp.Gt(27 * c**4, 256 * b**3, evaluate=False)


@pytest.mark.parametrize("gap", [Q(1, 10**4), Q(1, 10**8), Q(1, 10**12), Q(0), -Q(1, 10**12)])
def test_where_a_window_closes(gap):
    """x^3 + 2 <= 3x touches zero at 1: next to it the answer is the narrow window, or none."""
    bound = solve(asks(a * x**3 + b, "<=", c * x), x)
    got = bound.at(a=1, b=Q(2), c=3 + gap)
    if gap > 0:
        (low, high), width = got.intervals[0], float(gap / 3) ** 0.5
        assert float(low) == pytest.approx(1 - width, abs=width / 10 + 3e-8)
        assert float(high) == pytest.approx(1 + width, abs=width / 10 + 3e-8)
    elif gap < 0:
        assert repr(got).startswith("never")


# -- what stays numeric says why
NUMERIC = [
    (asks(sp.exp(x), ">=", a * x + 3), "exp(x)"),
    (asks(sp.sqrt(a + x), ">=", b + x), "sqrt(a + x)"),
    (asks(sp.exp(x), ">=", a + sp.log(x)), "exp(x)"),
    (asks(x**a, ">=", x**b + 1), "x**a"),
    (asks(a * x**4 + b * x**2 + c, ">=", d * x**3 + x), "4 times"),
    (asks(sp.log(x) ** 2, ">=", a), "log(x)"),
]


@pytest.mark.parametrize("asked, word", NUMERIC, ids=lambda v: str(v)[:40])
def test_what_stays_numeric_says_why(asked, word):
    bound = solve(asked, x)
    assert bound.kind == "numeric"
    assert word in bound.reason


# -- blemishes that are gone
@pytest.mark.parametrize(
    "asked, shown",
    [
        (asks(a * x + b, ">=", a * x + b), "always: both sides are the same"),
        (asks(a * x + b, ">", b + a * x), "never: both sides are the same, so neither is larger"),
        (asks(a * b * x, ">=", a * c + a * d), "x >= (c + d)/b"),
        (asks(16 * a * x, ">=", 8 * b * x + c), "x >= c/(8*(2*a - b))   when 2*a > b"),
    ],
    ids=lambda v: str(v)[:40],
)
def test_how_it_reads(asked, shown):
    assert repr(solve(asked, x)) == shown


# -- a sweep: nothing sympy has a formula for is left numeric
def _side(chance: random.Random, powers) -> sp.Expr:
    terms = [
        R(chance.randint(1, 30), chance.choice((1, 1, 2)))
        * a ** chance.choice((-1, 0, 1))
        * b ** chance.choice((0, 1))
        * x ** chance.choice(powers)
        for _ in range(chance.randint(1, 3))
    ]
    return sp.Add(*terms)


@pytest.mark.parametrize(
    "powers",
    [(0, 1), (0, 1, 2), (-1, 0, 1), (0, 2, 4), (0, R(1, 2), 1), (0, 1, 3), (0, 2, 3), (0, 3, 6)],
    ids=lambda p: ",".join(map(str, p)),
)
def test_a_sweep_is_closed_and_right(powers):
    chance = random.Random(str(powers))
    for _ in range(40):
        asked = asks(_side(chance, powers), chance.choice((">=", "<=")), _side(chance, powers))
        if x not in asked.free_symbols:
            continue
        bound = solve(asked, x)
        assert bound.closed, bound
        values = {s: Q(chance.randint(11, 500), 100) for s in sorted(bound.free_symbols, key=str)}
        check(asked, bound, values)
        got = bound.at(values)
        if not isinstance(got, Span) and 0 < float(got) < float("inf"):
            assert any(abs(decimal(float(got)) / e - 1) < Decimal("1e-7") for e in ends_of(bound, values))
