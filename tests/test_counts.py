"""Counts are whole numbers from 1 on: solver, regimes and optima use it, and answers hold for every such number; less is refused."""

import copy
import pickle
from fractions import Fraction as Q
from random import Random

import pytest
import sympy as sp
from exact_opinion import compare, holds, true, worth
from random_questions import asks, coefficient

from symroof import SymroofError, deployment, minimize, regimes, solve, symbol
from symroof.analysis.regimes import Regimes
from symroof.solver.facts import NOTHING
from symroof.solver.polynomial import sign_of_given
from symroof.symbols import B, D, K, L, N, X, Y, Z, e_G, microbatches, n, z

COUNTS = (X, Y, Z, n)
a, b, x = (symbol(s) for s in "abx")


def test_symbols_say_that_they_count():
    assert all(s.count and s.is_integer for s in (X, Y, Z, n, L, K, N, microbatches))
    assert not any(s.count for s in (B, D, e_G, z))  # means, sizes that may be nothing
    assert pickle.loads(pickle.dumps(X)).count
    assert copy.deepcopy(L).marked("wide").count
    assert symbol("racks", count=True).count
    assert sp.Max(1, X) == sp.ceiling(X) == sp.floor(X) == X


def test_less_than_one_is_refused():
    cost = deployment.step(overlap=False)
    for value in (0.5, "1/2", [1, 0.25]):
        with pytest.raises(SymroofError, match=r"Y .*(less than one|1 or more)"):
            cost.at(Y=value)


def test_a_deployment_has_one_largest_batch():
    found = solve(deployment.step(overlap=False) <= "15 ms", B)
    assert found.closed
    assert len(repr(found).splitlines()) == 1
    assert found.verify()


def polynomial(ch: Random) -> sp.Expr:
    """A difference of sums with counts in them, of the kind that collectives leave: ``a*(X*Y - 1) + b``."""
    terms = [coefficient(ch) * ch.choice((a, b, 1)) * sp.Mul(*[s ** ch.randint(0, 2) for s in ch.sample(COUNTS, 2)]) for _ in range(3)]
    less = [coefficient(ch) * ch.choice((a, b, 1)) * ch.choice((1, *COUNTS)) for _ in range(ch.randint(1, 2))]
    return sp.expand(sp.Add(*terms) - sp.Add(*less))


def values(ch: Random, *symbols: sp.Symbol) -> dict:
    """Counts from 1 on, often 1; anything positive for the others."""
    return {
        s: Q(ch.choice((1, 1, 2, 3, ch.randint(1, 900)))) if s.is_integer else Q(ch.randint(1, 999), 10 ** ch.randint(0, 5))
        for s in symbols
    }


def test_signs_that_counts_settle():
    assert sign_of_given(a * Y * Z - a + b) == 1
    assert sign_of_given(X - X * Y * Z - a) == -1
    assert sign_of_given(Y * Z - 1) is None  # 0 where both are 1
    assert sign_of_given(X - 2) is None
    assert sign_of_given(a * X - a * sp.Min(Y, b)) is None
    assert NOTHING.order(Y * Z, Z) == 1
    assert NOTHING.order(a * X, a) == 1
    assert NOTHING.order(a * X, b) is None
    settled = 0
    for seed in range(120):
        ch = Random(f"sign {seed}")
        expr = polynomial(ch)
        known = sign_of_given(expr)
        settled += known is not None and sp.Add.make_args(expr)[1:] != ()
        for _ in range(6 if known is not None else 0):
            at = worth(expr, values(ch, *expr.free_symbols))
            assert at * known > 0, f"{seed}: {expr}"
    assert settled > 10


def test_bounds_with_counts_hold():
    """In a condition on x with coefficients in which counts stand, at whole counts from 1 on."""
    for seed in range(60):
        ch = Random(f"counts {seed}")
        left, right = (sp.Add(*[coefficient(ch) * x**e * ch.choice((a, b, 1)) * ch.choice((1, *COUNTS)) for e in (0, 1)]) for _ in "lr")
        left += a * x * (Y * Z - 1)
        bound = solve(asks(left, "<=", right), x)
        at = values(ch, *sorted((left + right).free_symbols - {x}, key=str))
        found = bound.at({s: sp.Rational(v.numerator, v.denominator) for s, v in at.items()})
        ends = [found.number] if not hasattr(found, "ends") else [e for pair in found.intervals for e in pair]
        for end in ends:
            for beside in (Q(999999, 10**6), Q(1000001, 10**6)):
                if 0 < end < float("inf"):
                    place = Q(end) * beside
                    inside = place <= end if not hasattr(found, "ends") and found.round_down else place >= end
                    inside = place in found if hasattr(found, "ends") else inside
                    assert holds("<=", left, right, {**at, x: place}) == inside, f"{seed}: {bound!r}"


def cases(found, at: dict) -> list:
    return [case.result for case in found.cases if all(true(rel, at) for rel in case.when)]


def test_cases_with_counts_cover():
    """Exactly one case at whole counts, or neighbours that say the same: regimes and optima."""
    for seed in range(40):
        ch = Random(f"cases {seed}")
        parts = [coefficient(ch) * x ** ch.choice((-1, 0, 1, 2)) * ch.choice((1, X, Y, 1 / X, X * Y, a)) for _ in range(4)]
        cost = asks(sp.Max(*parts[:3]) + parts[3], ">=", 1).left
        if x not in cost.free_symbols:
            continue
        at = values(ch, *sorted(cost.free_symbols - {x}, key=str))
        for found in (regimes(cost, along=x, dominance=False), minimize(cost, over=x)):
            if not found.reason:
                said = {prices(cost, found, result, at) for result in cases(found, at)}
                assert len(said) == 1, f"{seed}: {found!r} at {at}"


def prices(cost, found, result, at: dict) -> str:
    """What a case says, in numbers: the cost at some places, or at the optimum."""
    if isinstance(found, Regimes):
        inside = [next(r for r in result if r.high is sp.oo or compare(worth(r.high, at), place) >= 0) for place in map(Q, (1, 10, 1000))]
        return str([float(worth(r.cost.expr, {**at, x: place})) for r, place in zip(inside, map(Q, (1, 10, 1000)), strict=True)])
    if result.kind in ("none", "impossible"):
        return result.kind
    return f"{float(worth(cost.expr, {**at, x: worth(result.until if result.x == 0 else result.x, at)})):.9e}"
