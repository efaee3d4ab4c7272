"""The questions of the solver's benchmark: those of the workloads, and random ones from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce

import sympy as sp

from symroof import Cost, decode, matmul, memory, roofline, serving, sharding, symbol, training
from symroof.algebra.cost import Condition
from symroof.symbols import B, D, F, t_lim
from symroof.workloads import training_memory

x, a, b, c = (symbol(s) for s in "xabc")
RELATIONS = (">=", ">", "<=", "<")


@dataclass(frozen=True)
class Question:
    """A condition and the symbol it is asked for."""

    kind: str
    condition: Condition
    unknown: sp.Symbol

    @property
    def extremes(self) -> bool:
        """Whether a maximum or minimum stands in it."""
        return any(s.expr.has(sp.Max, sp.Min) for s in (self.condition.left, self.condition.right))


def questions(seed: int = 0, each: int = 15) -> list[Question]:
    """Every question of the workloads, for every legal unknown, and ``each`` of every random kind."""
    chance = random.Random(seed)
    made = list(_workloads())
    for kind, make in RANDOM.items():
        found: dict[str, Question] = {}
        while len(found) < each:
            asked = make(chance)
            if x in asked.free_symbols:
                found.setdefault(repr(asked), Question(kind, asked, x))
        made += found.values()
    return made


# -- what the workloads ask
def _workloads() -> Iterator[Question]:
    for asked in dict.fromkeys(_asked()):
        for unknown in sorted(asked.free_symbols, key=str):
            q = Question("workloads", asked, unknown)
            yield Question("workloads, maxima", asked, unknown) if q.extremes else q


def _asked() -> Iterator[Condition]:
    t, step, tp = roofline(matmul(B, D, F)), decode.step(), sharding.sharded_matmul()
    limit = Cost(t_lim, "s")
    yield t["math"] >= t["hbm"]
    yield t <= limit
    yield step["math"] >= step["weights"]
    yield step["attention"] >= step["math"]
    yield step["attention"] >= step["MLP"]
    yield step <= limit
    yield decode.memory_bound_step() <= limit
    yield memory.memory() <= memory.capacity()
    yield memory.weight_memory() <= memory.capacity()
    yield tp["ici"] <= tp["math"]
    yield tp["ici"] <= tp["hbm"]
    yield tp["ici"] <= (tp["hbm"] | tp["math"])
    bounds = (
        *(serving.prefill_servers(), training.dp_threshold(), training.fsdp_threshold(), training.fsdp_limit(), training.tp_limit()),
        *(training.dcn_threshold(), training.optimal_fsdp(), training.mixed_threshold(), training.mixed_range()),
        *(training_memory.largest_model(), training_memory.fewest_chips(), training_memory.chips_to_finish()),
        training_memory.fewest_microbatches(),
    )
    yield from (bound.condition for bound in bounds)


# -- random questions
def _monomial(chance: random.Random, exponents: tuple[sp.Rational, ...], others: int = 2) -> sp.Expr:
    number = sp.Rational(chance.randint(1, 40), chance.choice((1, 1, 1, 2, 3)))
    letters = [s ** chance.choice((-1, 0, 0, 1, 1, 2)) for s in (a, b, c)[:others]]
    return number * sp.Mul(*letters) * x ** chance.choice(exponents)


def _sum(chance: random.Random, exponents: tuple[sp.Rational, ...], most: int = 4, others: int = 2) -> sp.Expr:
    return sp.Add(*[_monomial(chance, exponents, others) for _ in range(chance.randint(2, most))])


def _asks(chance: random.Random, left: sp.Expr, right: sp.Expr) -> Condition:
    return Condition(Cost(left, "1"), chance.choice(RELATIONS), Cost(right, "1"))


def _integers(*listed: int) -> tuple[sp.Rational, ...]:
    return tuple(sp.Integer(i) for i in listed)


def _sums(exponents: tuple[sp.Rational, ...], most: int, others: int = 2) -> Callable[[random.Random], Condition]:
    return lambda chance: _asks(chance, _sum(chance, exponents, most, others), _sum(chance, exponents, most, others))


def _cancelling(chance: random.Random) -> Condition:
    shared, one, two = (_sum(chance, _integers(-1, 0, 1, 2), 3) for _ in range(3))
    return _asks(chance, shared + one, shared + two)


def _equal(chance: random.Random) -> Condition:
    terms = [_monomial(chance, _integers(0, 1, 2)) for _ in range(3)]
    return _asks(chance, terms[0] + terms[1], 2 * terms[1] + terms[2])


def _numbers(chance: random.Random) -> Condition:
    roots = [sp.Rational(chance.randint(1, 30), chance.randint(1, 3)) for _ in range(chance.randint(2, 4))]
    whole = sp.expand(sp.Mul(*[x - r for r in roots]))
    plus = sp.Add(*[t for t in whole.args if t.is_positive])
    return _asks(chance, a * plus, sp.expand(a * (plus - whole)))


def _binomial(chance: random.Random) -> Condition:
    powers = sorted(chance.sample(range(1, 7), 2))
    low, middle, high = (_monomial(chance, _integers(p)) for p in (0, *powers))
    return _asks(chance, high + low, middle)


def _inside(chance: random.Random) -> Condition:
    u = chance.choice((a * x, x / a, a + x, a * x**2, a + b * x))
    f = chance.choice((sp.exp(u), sp.log(1 + u), sp.Integer(2) ** u, sp.sqrt(u + a), x**a, sp.exp(-u), (1 + u) ** sp.Rational(2, 3)))
    scale, offset, far = (_monomial(chance, _integers(0)) for _ in range(3))
    return _asks(chance, scale * f + chance.choice((0, offset)), far)


def _tree(chance: random.Random, depth: int) -> sp.Expr:
    if depth == 0 or chance.random() < 0.25:
        return _monomial(chance, _integers(-1, 0, 0, 1, 1))
    sides = [_tree(chance, depth - 1) for _ in range(chance.choice((2, 2, 3)))]
    if chance.random() < 0.3:  # a redundant one
        sides.append(sides[0] / chance.randint(2, 9))
    return chance.choice((sp.Add, sp.Max, sp.Max, sp.Min))(*sides, evaluate=False)


def _extreme(one: int, other: int) -> Callable[[random.Random], Condition]:
    def make(chance: random.Random) -> Condition:
        while True:
            left, right = _tree(chance, one), _tree(chance, other)
            if left.has(sp.Max, sp.Min) or right.has(sp.Max, sp.Min):
                return _asks(chance, left, right)

    return make


def _impossible(chance: random.Random) -> Condition:
    less = _sum(chance, _integers(-1, 0, 1, 2), 3)
    return Condition(Cost(less, "1"), ">", Cost(less + _sum(chance, _integers(-1, 0, 1, 2), 3), "1"))


def _certain(chance: random.Random) -> Condition:
    less = _sum(chance, _integers(-1, 0, 1, 2), 3)
    more = reduce(lambda u, v: u + v, [less, _sum(chance, _integers(-1, 0, 1), 3)])
    return Condition(Cost(more, "1"), ">=", Cost(less, "1"))


_HALVES = tuple(sp.Rational(i, 2) for i in (-2, -1, 0, 0, 1, 2, 3))
RANDOM: dict[str, Callable[[random.Random], Condition]] = {
    "linear and monomial": _sums(_integers(0, 0, 1, 1), 3),
    "quadratic": _sums(_integers(0, 1, 2), 4),
    "powers -1 to 2": _sums(_integers(-1, 0, 0, 1, 2), 3),
    "cubic": _sums(_integers(0, 1, 2, 3), 2),
    "rational exponents": _sums(_HALVES, 2),
    "terms that cancel": _cancelling,
    "equal terms": _equal,
    "products of (x - number)": _numbers,
    "three powers, a window": _binomial,
    "inside exp, log, a power": _inside,
    "maxima, one side": _extreme(2, 0),
    "maxima, both sides": _extreme(2, 1),
    "maxima, nested": _extreme(3, 1),
    "never true": _impossible,
    "always true": _certain,
}
