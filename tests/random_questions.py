"""Random questions of the kinds that deceive a solver: exponents in thirds and sixths, coefficients over thirty decades, roots that
repeat or nearly do, sides that touch or tie, numbers and maxima inside maxima. A seed makes a question; nothing else does.
"""

from __future__ import annotations

from fractions import Fraction as Q
from random import Random

import sympy as sp

from symroof import Cost, symbol
from symroof.algebra.cost import Condition
from symroof.algebra.roots import PowerOfTwo

R = sp.Rational
x, a, b, c, d = (symbol(s) for s in "xabcd")
LETTERS = (a, b, c, d)
EXPONENTS = (
    (0, 1, 2),
    (0, 1, 2, 3),
    (-1, 0, 1),
    (0, R(1, 2), 1),
    (R(1, 3), R(2, 3), 1, 0),
    (R(1, 6), R(1, 2), R(5, 6), R(7, 6), 0),
    (-2, -1, 0, 1, 2),
    (0, 1, 3, 5),
    (R(-1, 3), R(1, 3), 2, 0),
)
RELATIONS = (">=", ">", "<=", "<")
#: Two sides, what is asked of them, values for the letters, and places that matter.
Question = tuple[sp.Expr, str, sp.Expr, dict[sp.Symbol, Q], list[Q]]


def plain(expr) -> Cost:
    return Cost(sp.sympify(expr), "1")


def asks(left, rel, right) -> Condition:
    return Condition(plain(left), rel, plain(right))


def rational(v: Q) -> sp.Rational:
    return R(v.numerator, v.denominator)


def coefficient(ch: Random, wide: bool = False) -> sp.Rational:
    number = R(ch.randint(1, 30), ch.choice((1, 1, 1, 2, 3, 7)))
    return number * R(10) ** ch.randint(-15, 15) if wide else number


def monomial(ch: Random, exponents, letters=(), wide: bool = False) -> sp.Expr:
    powers = [s ** ch.choice((1, 1, -1)) for s in letters if ch.random() < 0.35]
    return sp.Mul(coefficient(ch, wide), x ** ch.choice(exponents), *powers)


def total(ch: Random, exponents, letters=(), wide: bool = False, most: int = 3) -> sp.Expr:
    return sp.Add(*[monomial(ch, exponents, letters, wide) for _ in range(ch.randint(1, most))])


def side(ch: Random, exponents, letters, wide: bool) -> sp.Expr:
    """A sum, or a maximum or minimum of sums and numbers, and something beside it."""
    if ch.random() > 0.35:
        return total(ch, exponents, letters, wide)
    parts = [total(ch, exponents, letters, wide) for _ in range(ch.randint(2, 3))] + [coefficient(ch)] * (ch.random() < 0.3)
    found = (sp.Max if ch.random() < 0.75 else sp.Min)(*parts)
    return found + monomial(ch, exponents, letters, wide) if ch.random() < 0.3 else found


def values_of(ch: Random, *exprs: sp.Expr, ties: float = 0.3) -> dict[sp.Symbol, Q]:
    """A value for every letter: some the same, some over twenty decades."""
    pool = [Q(ch.randint(1, 12), ch.choice((1, 1, 2, 3))) for _ in range(2)]
    found: dict[sp.Symbol, Q] = {}
    for s in sorted(set().union(*(e.free_symbols for e in exprs)) - {x}, key=str):
        apart = Q(ch.randint(11, 989), 10 ** ch.randint(0, 4)) if ch.random() < 0.7 else Q(ch.randint(1, 99)) * Q(10) ** ch.randint(-9, 9)
        found[s] = ch.choice(pool) if ch.random() < ties else apart
    return found


# -- conditions
def numeric(ch: Random):
    return *(side(ch, ch.choice(EXPONENTS), (), ch.random() < 0.5) for _ in "lr"), {}, []


def symbolic(ch: Random):
    exponents, letters = ch.choice(EXPONENTS), LETTERS[: ch.randint(1, 3)]
    left, right = (side(ch, exponents, letters, ch.random() < 0.25) for _ in "lr")
    return left, right, values_of(ch, left, right), []


def cancelling(ch: Random):
    """Letters alone before the powers, with values over many decades: digits cancel, and sides are the same."""
    exponents = ch.choice(EXPONENTS)
    left, right = (sp.Add(*[s * x**e for s, e in zip(ls, ch.sample(exponents, 2), strict=True)]) for ls in (LETTERS[:2], LETTERS[2:]))
    right += ch.randint(1, 5) if ch.random() < 0.5 else 0
    return left, right, values_of(ch, left, right, ties=0.6), []


def repeated(ch: Random):
    """A polynomial whose roots repeat, or all but do, its terms on the side where they are positive."""
    roots: list[sp.Rational] = []
    for _ in range(ch.randint(1, 3)):
        r = R(ch.randint(1, 40), ch.choice((1, 1, 2, 3)))
        roots += [r, r * (1 + R(1, 10 ** ch.choice((3, 6, 9, 12, 15))))] if ch.random() < 0.25 else [r] * ch.choice((1, 2, 2, 3))
    expr = sp.Mul(ch.choice((1, -1)), *[x - r for r in roots[:5]])
    if ch.random() < 0.3:
        expr *= x**2 + ch.randint(1, 5) * x + ch.randint(8, 30)
    power = ch.choice((1, 1, 1, 1, R(1, 2), R(1, 3)))
    terms = sp.Add.make_args(sp.expand(sp.expand(expr).subs(x, x**power)))
    above = sp.Add(*[t for t in terms if not t.could_extract_minus_sign()])
    below = sp.Add(*[-t for t in terms if t.could_extract_minus_sign()])
    scale = monomial(ch, (0, 1, 2)) if ch.random() < 0.25 else 1
    return sp.expand(above * scale), sp.expand(below * scale), {}, [Q(int(r.p), int(r.q)) ** int(1 / power) for r in roots]


def touching(ch: Random):
    """``a x^2k + b`` against ``c x^k`` where c is the middle one, to the last digit or to twelve."""
    k, p, q = ch.choice((1, 2, R(1, 2), R(1, 3))), Q(ch.randint(1, 9)), Q(ch.randint(1, 9))
    beside = ch.choice((0, 0, Q(1, 10**12), -Q(1, 10**12), Q(1, 10**20)))
    return a * x ** (2 * k) + b, c * x**k, {a: p * p, b: q * q, c: 2 * p * q * (1 + beside)}, []


def exponential(ch: Random):
    inner = sp.exp(coefficient(ch) * x / 10) if ch.random() < 0.5 else sp.log(1 + coefficient(ch) * x)
    f, kind = coefficient(ch) * inner, ch.randint(0, 2)
    if kind == 0:
        return f, coefficient(ch), {}, []
    if kind == 1:
        return f + coefficient(ch), coefficient(ch) * x ** ch.choice((1, R(1, 2), 2)), {}, []
    return sp.Max(f, coefficient(ch) * x), coefficient(ch) + coefficient(ch) * x ** R(1, 3), {}, []


def rounding(ch: Random):
    rounded = ch.choice((sp.ceiling, sp.floor, PowerOfTwo))(x / ch.choice((1, 2, 3, 8, 16, R(1, 2), R(7, 3))))
    left, kind = coefficient(ch) * rounded, ch.randint(0, 2)
    right = (coefficient(ch), coefficient(ch) * x, coefficient(ch) * x ** ch.choice((R(1, 2), 2)))[kind]
    return left + (coefficient(ch) if kind == 1 else 0), right, {}, []


CONDITIONS = {f.__name__: f for f in (numeric, symbolic, cancelling, repeated, touching, exponential, rounding)}


def question(kind: str, ch: Random) -> Question:
    """A condition of a kind, with one of the four relations, either way round."""
    left, right, values, places = CONDITIONS[kind](ch)
    if ch.random() < 0.2:
        left, right = right, left
    return left, ch.choice(RELATIONS), right, values, places


# -- costs
def layered(ch: Random, letters=()) -> tuple[Cost, dict[sp.Symbol, Q]]:
    """Sums and maxima of two to five sums."""
    exponents, wide = ch.choice(EXPONENTS), ch.random() < 0.3
    parts = [total(ch, exponents, letters, wide, 2) for _ in range(ch.randint(2, 5))] + [coefficient(ch)] * (ch.random() < 0.25)
    cost = plain(parts[0])
    for p in parts[1:]:
        cost = cost | plain(p) if ch.random() < 0.65 else cost + plain(p)
    return cost, values_of(ch, cost.expr, ties=0.4)


def tied(ch: Random) -> tuple[Cost, dict[sp.Symbol, Q]]:
    """Parts that touch, tie at one place, cross three times or have a triple crossing; in letters with values that make it so."""
    y = x ** ch.choice((1, 1, R(1, 2), 2, R(1, 3)))
    r, s, p, q = ch.randint(1, 9), ch.choice((1, 2, R(1, 2), 3)), ch.randint(1, 6), ch.randint(1, 6)
    beside = ch.choice((Q(1), Q(1), Q(10**9 + 1, 10**9), Q(10**9 - 1, 10**9)))
    parts, values = ch.choice(
        (
            ([s * (y**2 + r**2), 2 * r * s * y], {}),
            ([s * (y + R(r) ** 2 / y), sp.Integer(2 * r) * s], {}),
            ([s * (y / r) ** e for e in ch.sample((-2, -1, 0, 1, 2, 3), ch.randint(3, 5))], {}),
            ([a * y**2 + b, c * y], {a: Q(p * p), b: Q(q * q), c: 2 * p * q * beside}),
            ([s * (y**3 + 11 * y), s * (6 * y**2 + 6)], {}),
            ([y**3 + 3 * r**2 * y, 3 * r * y**2 + r**3], {}),
            ([a * y, b / y, c], {a: Q(r), b: Q(r), c: r * ch.choice((Q(1), Q(1), Q(2), Q(1, 2)))}),
        )
    )
    parts = [*parts, *(monomial(ch, (-1, 0, 1, 2)) for _ in range(ch.randint(0, 2)))]
    ch.shuffle(parts)
    if ch.random() < 0.3 and len(parts) > 2:
        i = ch.randint(1, len(parts) - 1)
        both = plain(sp.Max(*parts[:i])) + plain(sp.Max(*parts[i:]))
        cost = both if ch.random() < 0.6 else plain(sp.Max(sp.Min(*parts[:2]), *parts[2:]))
    else:
        cost = plain(parts[0])
        for part in parts[1:]:
            cost = cost | plain(part) if ch.random() < 0.85 else cost + plain(part)
    if ch.random() < 0.4:
        cost = cost + plain(monomial(ch, (-1, 1, 2)))
    return cost, {k: v for k, v in values.items() if k in cost.free_symbols}


COSTS = {
    "numbers": layered,
    "letters": lambda ch: layered(ch, LETTERS[: ch.randint(1, 3)]),
    "ties": tied,
}


def limits(ch: Random) -> list[tuple[sp.Expr, str, sp.Expr]]:
    """None to two limits, strict or not: of the unknown, of a sum, or of one that only touches."""
    found = []
    for _ in range(ch.choice((0, 0, 1, 1, 2))):
        kind, r = ch.random(), ch.randint(1, 9)
        if kind < 0.2:
            found.append((x + R(r) ** 2 / x, ch.choice(RELATIONS), sp.Integer(2 * r)))
        elif kind < 0.75:
            found.append((x * ch.choice((1, 1, 2, R(1, 2))), ch.choice(RELATIONS), coefficient(ch)))
        else:
            left = total(ch, ch.choice(EXPONENTS), (), False, 2)
            if x in left.free_symbols:
                found.append((left, ch.choice(RELATIONS), coefficient(ch)))
    return found
