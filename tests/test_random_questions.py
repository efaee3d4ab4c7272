"""No answer to a random question is wrong: conditions, regimes and optima against exact arithmetic at places around every change.

``SYMROOF_TESTS=1`` asks 100,000 questions of every kind. A failure names its kind and seed: ``question(kind, Random(f"{kind} {seed}"))``.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
from fractions import Fraction as Q
from random import Random

import pytest
import sympy as sp
from exact_opinion import INF, compare, holds, mp, real, true, worth
from random_questions import CONDITIONS, COSTS, LETTERS, asks, limits, question, rational, x

from symroof import Cost, Span, SymroofError, minimize, regimes, solve, symbol

THOROUGH = float(os.environ.get("SYMROOF_TESTS", "0"))


def seeds(few: int) -> range:
    return range(round(100_000 * THOROUGH) or few)


def crossings(values: dict, *exprs: sp.Expr) -> set[Q]:
    """Places around all crossings of two monomials."""
    put, found = {s: rational(v) for s, v in values.items()}, set[tuple[float, float]]()
    for term in (t for e in exprs for t in sp.preorder_traversal(e)):
        if term.is_Mul or term.is_Pow or term.is_Rational or term.is_Symbol:
            factor, power = term.xreplace(put).as_coeff_exponent(x)
            if factor.is_Rational and factor > 0 and power.is_Rational:
                found.add((float(factor), float(power)))
    listed, places = sorted(found)[:12], set[Q]()
    for i, (one, e) in enumerate(listed):
        for other, f in listed[:i]:
            if e != f and 1e-250 < one / other < 1e250 and 1e-40 < (at := float(mp.mpf(one / other) ** (1 / (f - e)))) < 1e40:
                places |= {Q(at * k) for k in (0.5, 0.8, 0.95, 1, 1.05, 1.3, 2)}
    return places


# -- conditions
def ends_of(found) -> list[tuple]:
    """Intervals, each end with whether it is left out."""
    if isinstance(found, Span):
        return [(low.number, low.open, high.number, high.open) for low, high in found.ends]
    if found.never or found.always:
        return [(0, True, INF, True)] if found.always else []
    return [(0, True, found.number, found.open)] if found.round_down else [(found.number, found.open, INF, True)]


def says(ends, at: Q) -> bool | None:
    """Whether a place belongs to the answer; None within what an end is rounded by."""
    for end in (e for low, _, high, _ in ends for e in (low, high)):
        if not isinstance(end, (Q, int)) and 0 < end < INF and abs(at / Q(end) - 1) < Q(1, 10**11):
            return None
    return any((at > low or (at == low and not out)) and (at < high or (at == high and not off)) for low, out, high, off in ends)


def around(ends, places: set[Q]) -> list[Q]:
    """Places at, just beside and between the ends, and all along the line."""
    listed = sorted({Q(e) for low, _, high, _ in ends for e in (low, high) if 0 < e < INF})
    beside = {e * (1 + s * Q(1, k)) for e in listed for k in (10**5, 10**9) for s in (-1, 1)}
    exact = {Q(e) for low, _, high, _ in ends for e in (low, high) if isinstance(e, Q)}
    between = {(low + high) / 2 for low, high in zip([Q(0), *listed], listed, strict=False)}
    return [at for at in beside | exact | between | places | {Q(17, 10) * Q(10) ** k for k in range(-18, 28, 3)} if at > 0]


def check_condition(ch: Random, kind: str) -> None:
    left, rel, right, values, places = question(kind, ch)
    if x not in (left - right).free_symbols:
        return
    bound = solve(asks(left, rel, right), x)
    found = bound.at({s: rational(v) for s, v in values.items()})
    assert repr(bound)
    assert repr(found)
    ends = ends_of(found)
    near = {p * (1 + s * Q(1, 10**6)) for p in places for s in (-1, 0, 1)} | crossings(values, left, right)
    for at in around(ends, near):
        said = says(ends, at)
        if said is None or (found.doubt and (not said or at > 10**24)):
            continue
        assert holds(rel, left, right, {**values, x: at}) == said, f"at {float(at)}: {found!r}"
    check_pieces(bound, left, rel, right, values, around(ends, near))
    if not isinstance(found, Span) and found.number not in (0, INF) and not found.note and not found.doubt and float(found) < 1e15:
        whole, further = found.whole, found.whole + (1 if found.round_down else -1)
        assert whole <= 0 or holds(rel, left, right, {**values, x: Q(whole)}), f"whole {whole}: {found!r}"
        assert further <= 0 or not holds(rel, left, right, {**values, x: Q(further)}), f"whole {whole}, but {further} holds: {found!r}"
    if len(values) > 1 and ch.random() < 0.5:
        one = bound
        for s in ch.sample(list(values), len(values)):
            one = one.at({s: rational(values[s])}) if hasattr(one, "at") else one
        assert same(ends, ends_of(one)), f"one by one: {one!r}; at once: {found!r}"


def check_pieces(bound, left, rel, right, values: dict, places: list[Q]) -> None:
    """The closed form itself, with letters in it: it holds where a piece counts, and nowhere else; at values that no case turns at."""
    if not bound.closed or any(
        holds(">=", w.lhs, w.rhs, values) and holds("<=", w.lhs, w.rhs, values) for p in bound.pieces for w in p.when
    ):
        return
    ends = []
    for piece in bound.pieces:
        if all(true(w, values) for w in piece.when):
            low, high = (None if end is None else worth(end, values) for end in (piece.low, piece.high))
            out, off = piece.strict or (len(rel) == 1,) * 2
            ends.append((low, out, high, off))
    for at in places:
        close = any(
            end is not None and end != 0 and abs(real(at) / real(end) - 1) < 1e-11 for low, _, high, _ in ends for end in (low, high)
        )
        if not close:
            said = any((low is None or compare(low, at) < 0) and (high is None or compare(at, high) < 0) for low, _, high, _ in ends)
            assert holds(rel, left, right, {**values, x: at}) == said, f"at {float(at)} with {values}: {bound!r}"


def same(ours, theirs) -> bool:
    if len(ours) != len(theirs):
        return False
    pairs = [(u[i], v[i]) for u, v in zip(ours, theirs, strict=True) for i in (0, 2)]
    return all(p == q or abs(float(p) - float(q)) <= 1e-9 * abs(float(q)) for p, q in pairs)


def ask(check, kind: str, few: int) -> None:
    """Questions of a kind one by one; refusals are counted, and no more than a few."""
    refused = 0
    for seed in seeds(few):
        try:
            check(Random(f"{kind} {seed}"), kind)
        except SymroofError:
            refused += 1
        except Exception as problem:
            raise AssertionError(f"{kind} {seed}: {problem}") from problem
    assert refused <= 0.1 * len(seeds(few))


@pytest.mark.parametrize("kind", CONDITIONS)
def test_where_a_condition_holds(kind):
    ask(check_condition, kind, 120)


# -- regimes: one case holds, its intervals follow one another, and on each the cost is what it says
def cases_of(found, values: dict) -> list:
    fitting = [case.result for case in found.cases if all(true(rel, values) for rel in case.when)]
    assert fitting, f"no case holds: {[case.when for case in found.cases]}"
    return fitting


def check_rows(cost: Cost, rows, values: dict, places: set[Q]) -> None:
    edges = [(worth(r.low, values), None if r.high is sp.oo else worth(r.high, values), r) for r in rows]
    assert edges[0][0] == 0
    assert edges[-1][1] is None
    for _, high, _ in edges[:-1]:
        near = Q(mp.nstr(high, 40)) if not isinstance(high, Q) else high
        places = places | {near * (1 - Q(1, 10**6)), near * (1 + Q(1, 10**6))}
    for at in places:
        mine = [r for low, high, r in edges if compare(low, at) <= 0 and (high is None or compare(at, high) <= 0)]
        assert mine, f"nothing at {float(at)}: {rows}"
        least = real(worth(cost.expr, {**values, x: at}))
        for regime in mine:
            assert abs(real(worth(regime.cost.expr, {**values, x: at})) / least - 1) < 1e-12, f"at {float(at)}: {rows}"


def check_regimes(ch: Random, kind: str) -> None:
    cost, values = COSTS[kind](ch)
    if x not in cost.free_symbols:
        return
    numbers = {s: rational(v) for s, v in values.items()}
    found = regimes(cost, along=x)
    decided = found.at(numbers) if values else found
    assert repr(found)
    assert repr(decided)
    places = crossings(values, cost.expr) | {Q(13, 10) * Q(10) ** k for k in range(-12, 20, 4)}
    check_rows(decided.cost, decided.regimes, {}, places)
    for rows in () if found.reason else cases_of(found, values):  # two that hold both are neighbours, and say the same
        check_rows(cost, rows, values, places)
    if len(values) > 1 and ch.random() < 0.3:
        one = found
        for s in ch.sample(list(values), len(values)):
            one = one.at({s: numbers[s]})
        check_rows(one.cost, one.regimes, {}, places)


@pytest.mark.parametrize("kind", COSTS)
def test_regimes_are_those_of_brute_force(kind):
    ask(check_regimes, kind, 50)


# -- optima: nothing is better, and every case that holds says as much
def check_minimize(ch: Random, kind: str) -> None:
    cost, values = COSTS[kind](ch)
    if x not in cost.free_symbols:
        return
    within = limits(ch)
    found = minimize(cost, over=x, subject_to=[asks(*limit) for limit in within])
    assert repr(found)

    def possible(at) -> bool:
        return all(holds(rel, left, right, {**values, x: at}) for left, rel, right in within)

    def price(at):
        return real(worth(cost.expr, {**values, x: at}))

    places = crossings(values, cost.expr, *(e for left, _, right in within for e in (left, right)))
    places |= {Q(17, 10) * Q(10) ** k for k in range(-12, 20, 3)} | {Q(r) for r in range(1, 10)}
    tried = [at for at in places if possible(at)]
    try:
        best = found.at({s: rational(v) for s, v in values.items()})
    except SymroofError as problem:
        assert "without end" in str(problem) or not tried, f"{float(tried[0])} is possible: {problem}"
        return
    at, value = best.point[x].number, float(best.value)
    assert all(price(p) >= value * (1 - 1e-9) for p in tried), f"{float(min(tried, key=price))} is better: {best!r}"
    if 0 < at < INF:
        near = [Q(at) * (1 + s * Q(1, 10**7)) for s in (-1, 0, 1)]
        assert abs(price(Q(at)) / value - 1) < 1e-9, f"costs {price(Q(at))}: {best!r}"
        for left, rel, right in within:
            assert any(holds(rel[0] + "=", left, right, {**values, x: p}) for p in near), f"{left} {rel} {right} does not hold: {best!r}"
        check_whole(best, possible, price, range(max(1, math.floor(at) - 2), math.ceil(at) + 3))
    for result in () if found.reason else cases_of(found, values):
        assert result.kind not in ("none", "impossible"), f"a case says {result.kind}: {best!r}"
        where = worth(result.until if result.x == 0 else result.x, values)
        assert abs(price(where) / value - 1) < 1e-9, f"a case says {mp.nstr(where, 9)}: {best!r}"


def check_whole(best, possible, price, near: range) -> None:
    """The whole number is possible, and no other close by is better."""
    if best.whole is None:
        assert not any(map(possible, map(Q, near))), f"{best.why_whole}: {best!r}"
        return
    whole = Q(best.whole[x])
    assert possible(whole), f"whole {whole} is not possible: {best!r}"
    assert abs(float(best.whole_value) / float(price(whole)) - 1) < 1e-9
    others = {*near, *range(max(1, int(whole) - 3), int(whole) + 4)}
    assert all(price(Q(k)) >= price(whole) * (1 - mp.mpf(10) ** -12) for k in others if possible(Q(k))), f"another is better: {best!r}"


@pytest.mark.parametrize("kind", COSTS)
def test_nothing_is_better(kind):
    ask(check_minimize, kind, 50)


# -- by hand
def test_sides_that_touch_do_not_cross():
    touch = asks(x**2 + 1, "<=", 2 * x)
    both = Cost(x**2 + 1, "1") | Cost(2 * x, "1")
    assert [r.cost.expr for r in regimes(both, along=x, dominance=False)] == [x**2 + 1]
    assert float(minimize(both + Cost(3 / x, "1"), over=x).at().value) == pytest.approx(3 * Q(3, 2) ** Q(2, 3) + 1)
    a, b, *_ = LETTERS
    assert float(minimize(Cost(x, "1"), over=x, subject_to=touch).at().value) == 1
    with pytest.raises(SymroofError, match="no x satisfies"):
        minimize(Cost(x, "1"), over=x, subject_to=asks(x**2 + 1, "<", 2 * x)).at()
    largest = (Cost(b * x + x, "1") | Cost(x**2, "1")) | Cost(a / x, "1")
    assert float(minimize(largest, over=x).at(a=1000, b=1).value) == 100
    only = minimize((Cost(2 / x**2 + 36 * x, "1")) | (Cost(50 / x**2, "1") | Cost(10**6 / x, "1")), over=x).at()
    assert (float(only.value), float(only.point[x])) == pytest.approx((6000, 500 / 3))


# -- the same on every day: two processes with different hashes of strings
_SAID = """
from random import Random
from random_questions import CONDITIONS, COSTS, asks, question, x
from symroof import SymroofError, export, minimize, regimes, solve

def said(ask):
    try:
        return str(ask())
    except SymroofError as problem:
        return str(problem)

for kind in CONDITIONS:
    for seed in range(12):
        left, rel, right, *_ = question(kind, Random(f"{kind} {seed}"))
        bound = solve(asks(left, rel, right), x)
        print(kind, seed, repr(bound), said(lambda: export(bound, "python")))
for kind in COSTS:
    for seed in range(12):
        cost, _ = COSTS[kind](Random(f"{kind} {seed}"))
        if x in cost.free_symbols:
            print(kind, seed, said(lambda: repr(regimes(cost, along=x))), said(lambda: repr(minimize(cost, over=x))))
"""


def test_answers_cases_and_exports_do_not_depend_on_hashes():
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", _SAID],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(map(str, sys.path))},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    (one, wrong), (two, _) = (run.communicate() for run in runs)
    assert not wrong
    assert len(one) > 10_000
    assert one == two


def test_how_a_root_is_written():
    y = symbol("y")
    assert repr(solve(asks(y * x**5 + x, ">=", 3), x)) == "x >= root(y*z**5 + z - 3 = 0)"
    assert repr(solve(asks(x**7 + y * sp.sqrt(x), ">=", 2), x)) == "x >= root(y*z + z**14 - 2 = 0)**2"


def test_what_jumps_has_no_slope():
    rounded = Cost(sp.ceiling(LETTERS[0] / x) + x, "1")
    with pytest.raises(SymroofError, match="jumps along x"):
        minimize(rounded, over=x).at(a=10)
