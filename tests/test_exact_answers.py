"""Answers at values to the last digit: repeated roots, touches, ties, digits that cancel, roundings from jump to jump."""

from decimal import Decimal
from fractions import Fraction as Q

import numpy as np
import pytest
import sympy as sp
from second_opinion import decimal  # noqa: F401  (120 digits)

from symroof import Cost, Span, solve, symbol
from symroof.algebra.cost import Condition
from symroof.algebra.evaluate import compared, pinned, worth
from symroof.algebra.roots import PositiveRoot, PowerOfTwo

x, a, b, c = (symbol(s) for s in "xabc")
R = sp.Rational
INF = float("inf")


def asks(left, relation, right) -> Condition:
    return Condition(Cost(sp.sympify(left), "1"), relation, Cost(sp.sympify(right), "1"))


def intervals(found) -> list[tuple]:
    if isinstance(found, Span):
        return list(found.intervals)
    if found.note:
        return [(0, INF)] if found.always else []
    return [(0, found.number)] if found.round_down else [(found.number, INF)]


# -- by hand: the roots are known
BY_HAND = [
    ((16 * x**2 + 150, ">", x**3 + 85 * x), [(0, 5), (5, 6)]),  # (x - 5)^2 (6 - x) > 0
    ((16 * x**2 + 150, "<=", x**3 + 85 * x), [(5, 5), (6, INF)]),
    (((x - 2) ** 3 * (x - 7) ** 2, ">=", 0), [(2, INF)]),
    (((x - 2) ** 3 * (x - 7) ** 2, ">", 0), [(2, 7), (7, INF)]),
    (((x - 2) ** 2 * (x - 7) ** 2, "<=", 0), [(2, 2), (7, 7)]),
    ((x + 4, ">", 4 * sp.sqrt(x)), [(0, 4), (4, INF)]),  # (sqrt(x) - 2)^2
    ((x + 4, "<=", 4 * sp.sqrt(x)), [(4, 4)]),
    ((sp.exp(2 * x) + 4, "<=", 4 * sp.exp(x)), [(sp.log(2), sp.log(2))]),  # (exp(x) - 2)^2
    ((sp.exp(2 * x), ">", 3), [(sp.log(3) / 2, INF)]),
    ((x / 4, "<=", sp.Max(sp.sqrt(x), sp.log(x / 10 + 1))), [(0, 16)]),  # 4 <= 4
    ((x / 4, "<", sp.Max(sp.sqrt(x), sp.log(x / 10 + 1))), [(0, 16)]),
    ((x ** R(1, 3) + x ** R(2, 3), ">=", 6), [(8, INF)]),
    ((1 / (x - 5), ">=", 0), [(5, INF)]),
]


@pytest.mark.parametrize("asked, expected", BY_HAND, ids=lambda v: str(v)[:50])
def test_by_hand(asked, expected):
    found = intervals(solve(asks(*asked), x).at())
    assert [float(e) for pair in found for e in pair] == pytest.approx([float(e) for pair in expected for e in pair], rel=1e-12)


def test_the_whole_number_of_a_tie():
    assert solve(asks(x / 4, "<=", sp.Max(sp.sqrt(x), sp.log(x / 10 + 1))), x).at().whole == 16
    assert solve(asks(x / 4, "<", sp.Max(sp.sqrt(x), sp.log(x / 10 + 1))), x).at().whole == 15
    beside = Q(308000000) - Q(1, 10**12)  # the root lies just below a whole number that a float cannot tell it from
    assert solve(asks(x**3 + a * x, "<=", b * x**2 + c), x).at(a=1, b=beside, c=beside).whole == 307999999


CANCELLING = [("1e-18", "1", "0.1"), ("1", "1e6", "3"), ("1e-25", "1", "0.999999999999"), ("1", "1e15", "1"), ("1e-30", "7", "6")]


@pytest.mark.parametrize("values", CANCELLING, ids=str)
def test_no_digit_is_lost_where_they_cancel(values):
    found = solve(asks(a * x**2 + b * x, "<=", c * x + 1), x).at(**dict(zip("abc", values, strict=True)))
    one, two, three = map(Decimal, values)
    root = (three - two + ((three - two) ** 2 + 4 * one).sqrt()) / (2 * one)
    assert float(found) == pytest.approx(float(root), rel=1e-15)


# -- one by one, at once and as arrays: the same
def test_never_is_the_same_number_by_every_path():
    upper, lower = solve(asks(a * x, "<=", b - c), x), solve(asks((a - b) * x, ">=", c), x)
    for bound, values, number in ((upper, {"a": 1, "b": 2, "c": 3}, 0), (lower, {"a": 1, "b": 2, "c": 3}, INF)):
        at_once = bound.at(**values)
        one = bound
        for name in ("b", "a", "c"):
            one = one.at(**{name: values[name]})
        array = bound.at(**{name: np.array([float(v)]) for name, v in values.items()})
        assert at_once.never and one.never
        assert float(at_once) == float(one) == array.number[0] == number


# -- rounding beside the unknown
def test_from_jump_to_jump():
    found = solve(asks(8 * sp.ceiling(x / 8), "<=", R(1001, 1000) * x), x).at()
    assert len(found.intervals) == 1000
    assert found.intervals[0] == (Q(8000, 1001), 8) and found.intervals[-1] == (Q(8000 * 1000, 1001), INF)
    assert not found.doubt
    windows = solve(asks(20 * PowerOfTwo(x / 2) + 4, "<=", 17 * x), x).at()
    assert windows.intervals[:2] == ((Q(24, 17), 2), (Q(44, 17), 4))
    assert "1e+25" in windows.doubt


def test_what_suffices_is_said_where_the_jumps_are_too_many():
    found = solve(asks(8 * sp.ceiling(x / 8), "<=", (1 + R(1, 10**7)) * x), x).at()
    assert found.number == 80_000_000 and "not certified" in found.doubt


# -- evaluation
def test_scalars_and_arrays_know_logarithms_to_the_last_digit():
    steps = Cost(sp.floor(sp.log(x) / sp.log(2)), "1")
    assert [steps.at(x=2**i).number for i in range(1, 60)] == list(range(1, 60))
    assert steps.at(x=np.array([2.0**i for i in range(1, 60)])).number.tolist() == list(range(1, 60))
    close = Cost(sp.log(1 + a**2 / x), "1")
    assert float(close.at(a=1, x=10**15)) == pytest.approx(1e-15, rel=1e-14)
    assert close.at(a=1, x=np.array([1e15, 1.0])).number == pytest.approx([1e-15, np.log(2)], rel=1e-14)


@pytest.mark.parametrize(
    "expr, value",
    [
        (sp.sqrt(1 + x) - 1, R(1, 2 * 10**18)),
        (sp.ceiling(sp.sqrt(x * 10**18 + 4) * 3), 7),
        (PositiveRoot(1, 0, -x - 8) ** 2 - 8, R(1, 10**18)),
        (sp.floor((8 * 10**54 * x**3) ** R(1, 3)), 2),
    ],
    ids=str,
)
def test_roots_to_the_last_digit(expr, value):
    assert float(worth(expr, {x: Q(1, 10**18)})) == pytest.approx(float(value), rel=1e-12)


def test_equal_numbers_are_equal():
    two, three, six = sp.sqrt(2), sp.sqrt(3), sp.sqrt(6)
    assert compared(two + three, sp.sqrt(5 + 2 * six), {}) == 0
    assert compared(two + three, sp.sqrt(5 + 2 * six) + R(1, 10**100), {}) == -1
    assert pinned(PositiveRoot(1, 1, -2) + sp.root(x, 3), {x: Q(8, 27)}) == pytest.approx(5 / 3, rel=1e-15)
    assert pinned(PositiveRoot(1, 1, -2) + sp.root(x, 3), {x: Q(8)}) == 3
