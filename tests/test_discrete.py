"""Ceilings, floors and powers of two of the unknown: the answer agrees with exact fractions at, beside and between the jumps."""

import math
from fractions import Fraction as Q

import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from second_opinion import some

from symroof import Bound, Cost, Span, SymroofError, solve, symbol
from symroof.algebra.roots import PowerOfTwo

x, a, b, c = (symbol(s) for s in "xabc")
RELATIONS = (">=", ">", "<=", "<")
TINY = Q(1, 10**9)
INF = float("inf")


def plain(expr):
    return Cost(expr, "1")


def condition(left, relation, right):
    return {">=": left >= right, ">": left > right, "<=": left <= right, "<": left < right}[relation]


def exact(expr, values):
    """What an expression of rational operations is worth, as a fraction; independent of the evaluator."""
    if expr.is_Symbol:
        return Q(values[expr])
    if expr.is_Rational:
        return Q(int(expr.p), int(expr.q))
    args = [exact(e, values) for e in expr.args]
    return {
        "Add": lambda: sum(args),
        "Mul": lambda: math.prod(args),
        "Pow": lambda: args[0] ** int(args[1]),
        "Max": lambda: max(args),
        "Min": lambda: min(args),
        "ceiling": lambda: Q(math.ceil(args[0])),
        "floor": lambda: Q(math.floor(args[0])),
        "PowerOfTwo": lambda: next(Q(2) ** i for i in range(400) if Q(2) ** i >= args[0]),
    }[expr.func.__name__]()


def true(asked, values):
    """Whether the condition holds; a division by zero does not."""
    try:
        left, right = exact(asked.left.expr, values), exact(asked.right.expr, values)
    except ZeroDivisionError:
        return False
    return {">=": left >= right, ">": left > right, "<=": left <= right, "<": left < right}[asked.relation]


def says(found, at):
    """What an answer at values says of one x."""
    if isinstance(found, Span):
        return at in found
    if found.note:
        return found.note.startswith("always")
    if at == found.number:
        return not found.open
    return at < found.number if found.round_down else at > found.number


def ends(found):
    if isinstance(found, Span):
        return [e for interval in found.intervals for e in interval if 0 < e < INF]
    return [] if found.note else [found.number]


def places(found):
    """At every end that is known exactly, left and right of every end, at whole numbers, and far away."""
    for e in ends(found):
        if isinstance(e, Q):
            yield e
        yield from (Q(e) * (1 - TINY), Q(e) * (1 + TINY))
    yield from (Q(i) for i in range(1, 50))
    yield from (Q(i, 7) for i in range(1, 40, 2))
    yield from (Q(10) ** e for e in range(-6, 7, 2))


def check(asked, values):
    found = solve(asked, x).at({s: v for s, v in values.items() if s in asked.free_symbols})
    for at in places(found):
        said, truth = says(found, at), true(asked, {**values, x: at})
        assert said == truth or (found.doubt and not said), (asked, found, values, at)  # what is promised is true
    return found


small = st.fractions(min_value=Q(1, 6), max_value=20, max_denominator=6)
numbers = st.fixed_dictionaries({a: small, b: small, c: small})
factors = st.sampled_from([sp.Integer(1), sp.Rational(1, 3), sp.Rational(3, 2), sp.Integer(2), a, 1 / a])
powers = st.sampled_from([1, 1, 1, -1, 2])
arguments = st.builds(lambda k, e: k * x**e, factors, powers)
kinds = st.sampled_from([sp.ceiling, sp.floor, PowerOfTwo])
FORMS = [
    lambda r: (b * r, c),
    lambda r: (b * r + c, sp.Integer(9)),
    lambda r: (b * r, c * r + 4),
    lambda r: (b * r**2, c),
    lambda r: (b / r, c),
    lambda r: (b / r + r, c),
    lambda r: (sp.Max(b, 2 * r, evaluate=False), c),
    lambda r: (sp.Min(b, 2 * r, evaluate=False) + r, c + 1),
    lambda r: (r, sp.Rational(7, 2)),
]


# -- one rounded quantity: a closed form
@settings(max_examples=some(150))
@given(arguments, kinds, st.sampled_from(FORMS), st.sampled_from(RELATIONS), numbers)
def test_one_rounded_quantity_is_solved_exactly(u, kind, form, relation, values):
    left, right = form(kind(u))
    asked = condition(plain(left), relation, plain(right))
    bound = solve(asked, x)
    if left.has(1 / kind(u)) and kind is sp.floor:
        assert isinstance(bound, Bound)  # its values are checked below; where the floor is 0 nothing holds
    else:
        assert bound.closed
    check(asked, values)


@settings(max_examples=some(20))
@given(arguments, kinds, st.sampled_from(FORMS[:4]), st.sampled_from((">=", "<=")), numbers)
def test_the_bound_verifies_itself(u, kind, form, relation, values):
    left, right = form(kind(u))
    bound = solve(condition(plain(left), relation, plain(right)), x)
    assert bound.verify(10), (bound, bound.verify(10))


@settings(max_examples=some(150))
@given(st.sampled_from([x / 3, 2 * x, x / a]), kinds, st.sampled_from(FORMS[:3]), st.sampled_from(RELATIONS), numbers)
def test_the_whole_answer_is_the_last_one_that_holds(u, kind, form, relation, values):
    left, right = form(kind(u))
    asked = condition(plain(left), relation, plain(right))
    found = check(asked, values)
    if isinstance(found, Span) or found.note:
        return
    whole, beyond = found.whole, found.whole + (1 if found.round_down else -1)
    assert whole < 1 or true(asked, {**values, x: whole})
    assert beyond < 1 or not true(asked, {**values, x: beyond})


JUMPS = [
    (sp.ceiling(x / 3) <= a, {a: Q(5, 2)}, "x <= 3*floor(a)", "6", 6),
    (sp.ceiling(x / 3) >= a, {a: Q(5, 2)}, "x > 3*ceiling(a) - 3", "just above 6", 7),
    (sp.ceiling(x / 3) >= a, {a: 2}, "x > 3*ceiling(a) - 3", "just above 3", 4),
    (sp.ceiling(x / 3) > a, {a: 2}, "x > 3*floor(a)", "just above 6", 7),
    (sp.ceiling(x / 3) < a, {a: 2}, "x <= 3*ceiling(a) - 3", "3", 3),
    (sp.floor(x / 3) >= a, {a: Q(5, 2)}, "x >= 3*ceiling(a)", "9", 9),
    (sp.floor(x / 3) <= a, {a: 2}, "x < 3*floor(a) + 3", "just below 9", 8),
    (sp.floor(x / 3) < a, {a: 2}, "x < 3*ceiling(a)", "just below 6", 5),
    (PowerOfTwo(x) <= a, {a: 9}, "x <= PowerOfTwo(floor(a) + 1)/2   when a >= 1", "8", 8),
    (PowerOfTwo(x) <= a, {a: 8}, "x <= PowerOfTwo(floor(a) + 1)/2   when a >= 1", "8", 8),
]


@pytest.mark.parametrize("asked, values, text, number, whole", JUMPS, ids=lambda v: str(v)[:30])
def test_at_the_jumps(asked, values, text, number, whole):
    bound = solve(condition(plain(asked.lhs), asked.rel_op, plain(asked.rhs)), x)
    assert repr(bound) == text
    found = bound.at(values)
    assert repr(found) == number
    assert found.whole == whole


def test_steps_end_in_the_bound_and_are_proven():
    bound = solve(plain(b * sp.ceiling(x / 3)) <= plain(a), x)
    assert [str(s).split("   ")[0] for s in bound.steps] == ["b*ceiling(x/3) <= a", "ceiling(x/3) <= a/b", "x <= 3*floor(a/b)"]
    assert bound.latex(steps=True)


NEVER = [
    (plain(sp.ceiling(x / 3) + a) <= plain(1), {a: 2}, "1 > a"),
    (plain(a * sp.ceiling(x / 3)) <= plain(b), {a: 2, b: 1}, "ceiling(x/3) is at least 1"),
    (plain(a * sp.ceiling(x) + 1) <= plain(a * sp.ceiling(x)), {}, "for no x"),
    (plain(sp.floor(x) + b) < plain(b), {b: 1}, "floor(x)"),
]


@pytest.mark.parametrize("asked, values, why", NEVER, ids=repr)
def test_the_impossible_says_why(asked, values, why):
    bound = solve(asked, x)
    found = bound.at({**dict.fromkeys(bound.free_symbols, 1), **values})
    assert repr(found).startswith("never: ")
    assert why in repr(found)
    if found.round_down:
        assert found.whole == 0
    else:
        with pytest.raises(SymroofError):
            float(found.whole)


# -- several, or inside and outside
LARGER = [
    lambda u, v: (a * x + b * sp.ceiling(u), c * 10),
    lambda u, v: (a * x + b * sp.floor(u), c * 10),
    lambda u, v: (sp.ceiling(u) + b * sp.ceiling(v), c),
    lambda u, v: (sp.ceiling(u) + b * sp.floor(v), c),
    lambda u, v: (a * sp.ceiling(u) + b, c * x),
    lambda u, v: (a * x, b * sp.floor(u) + c),
    lambda u, v: (a * x + PowerOfTwo(u), c * 5),
    lambda u, v: (x * sp.ceiling(u), c * 5),
    lambda u, v: (x * sp.floor(u), c * 5),
    lambda u, v: (sp.Max(a * x, b * sp.ceiling(u), evaluate=False), c * 3),
    lambda u, v: (sp.ceiling(u) / x, c),
    lambda u, v: (x / sp.ceiling(u), c),
]
inner = st.sampled_from([x / 3, x / 2, 2 * x / 5, 3 * x])


@settings(max_examples=some(120))
@given(inner, inner, st.sampled_from(LARGER), st.sampled_from(RELATIONS), numbers)
def test_between_a_necessary_and_a_sufficient_bound(u, v, form, relation, values):
    assume(u != v)
    left, right = form(u, v)
    asked = condition(plain(left), relation, plain(right))
    bound = solve(asked, x)
    values = {s: w for s, w in values.items() if s in asked.free_symbols}
    sides = []
    for side in (bound.necessary, bound.sufficient):
        if side is not None:
            assert side.closed
            sides.append(side.at({s: w for s, w in values.items() if s in side.free_symbols}))
    assert bound.kind != "numeric" or len(sides) == 2
    for at in [Q(i, 3) for i in range(1, 90)] + [Q(10) ** e for e in (-4, 3, 5)]:
        holds = true(asked, {**values, x: at})
        if bound.kind == "numeric":
            assert says(sides[0], at) or not holds, (asked, values, at)
            assert holds or not says(sides[1], at), (asked, values, at)
    if bound.kind == "numeric":
        assert repr(bound).count("(sufficient)") == repr(bound).count("(necessary)") == 1


@settings(max_examples=some(60))
@given(inner, inner, st.sampled_from(LARGER[:9]), st.sampled_from(RELATIONS), numbers)
def test_numbers_of_several_rounded_quantities(u, v, form, relation, values):
    left, right = form(u, v)
    asked = condition(plain(left), relation, plain(right))
    found = check(asked, values)
    if not isinstance(found, Span) and not found.note:
        whole, beyond = found.whole, found.whole + (1 if found.round_down else -1)
        assert whole < 1 or true(asked, {**values, x: whole})
        assert beyond < 1 or not true(asked, {**values, x: beyond})


def test_where_the_direction_is_not_known_the_reason_says_so():
    bound = solve(plain(sp.ceiling(x / 3) * x + a) >= plain(b * sp.ceiling(x / 3) + c), x)
    assert bound.necessary is None
    assert bound.sufficient is None
    assert "not known" in bound.reason
    check(bound.condition, {a: Q(1), b: Q(4), c: Q(2)})


# -- rounding of other symbols
OTHERS = [
    (plain(sp.ceiling(a / b) * x) <= plain(c), {}),
    (plain(sp.floor(a / b) * x) <= plain(c), {}),
    (plain(sp.floor(a / b) * x) >= plain(c), {}),
    (plain(sp.floor(a / b) * x + x) >= plain(c), {}),
    (plain(PowerOfTwo(a) * x + b) >= plain(c), {}),
    (plain(sp.ceiling(a) * sp.ceiling(x / 2)) <= plain(c), {}),
    (plain(sp.floor(a) * sp.ceiling(x / 2)) <= plain(c), {}),
    (plain(sp.ceiling(x / sp.ceiling(a))) <= plain(c), {}),
]


@pytest.mark.parametrize("asked", [o[0] for o in OTHERS], ids=repr)
@settings(max_examples=some(40))
@given(numbers)
def test_rounding_of_other_symbols(asked, values):
    assert solve(asked, x).closed
    check(asked, values)


def test_arrays_are_a_loop():
    bound = solve(plain(sp.ceiling(b / x)) <= plain(a), x)
    got = bound.at(a=[0.5, 1, 2.5, 7], b=10)
    assert got.number.tolist() == [INF, 10, 5, pytest.approx(10 / 7)]


def test_memory_of_a_sharded_cache():
    heads, ways, room = (symbol(s) for s in ("K", "Y", "M"))
    fits = plain(heads) * 4 + plain(sp.ceiling(heads / ways) * x * 2) <= plain(room)
    assert repr(solve(fits, x)) == "x <= (M - 4*K)/(2*ceiling(K/Y))   when M > 4*K"
    values = {heads: Q(8), ways: Q(3), room: Q(100)}
    ways_needed = solve(fits, ways)
    assert repr(ways_needed).startswith("Y >= K/floor((M - 4*K)/(2*x))")
    found = ways_needed.at({heads: 8, room: 100, x: 10})
    enough = [y for y in range(1, 20) if true(fits, {**values, ways: y, x: 10})]
    assert found.whole == min(enough)
