"""A Value is as handy as a number: it calculates like a fraction, keeps its unit and its parts, and refuses what does not fit."""

import copy
import math
import operator
import pickle
from fractions import Fraction as Q

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given
from hypothesis import strategies as st
from second_opinion import costs, points, positives

from symroof import Cost, SymroofError, UnitError, chip, decode, dtype, llm, symbol
from symroof.algebra.units import ONE, Unit
from symroof.algebra.value import Value
from symroof.errors import InputError
from symroof.symbols import B, C, D, F, S, W_hbm, p, t_hop

NAMES = ("s", "byte", "FLOP/s", "token", "byte/s", "USD/s", "1", "token/s/chip")
numbers = st.fractions(-1000, 1000, max_denominator=60)
signless = st.fractions(Q(1, 60), 1000, max_denominator=60)
units = st.sampled_from(NAMES).map(Unit.of)
values = st.builds(Value, numbers, units)
SECOND, BYTE, TOKEN = Unit.of("s"), Unit.of("byte"), Unit.of("token")
SHEETS = (chip("tpu-v5e").on("4x4"), llm("llama3-70b"), dtype("int8", math="bf16"))
STEP = decode.step().at(*SHEETS, B=32, S=8192)
MANY = decode.step().at(*SHEETS, B=[8, 64, 512], S=8192)


def seconds(number):
    return Value(Q(number), SECOND)


# -- like a fraction
ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, divmod]


def tried(f, *args):
    try:
        return f(*args)
    except (ZeroDivisionError, InputError):
        return None


def numbers_of(found):
    return tuple(map(numbers_of, found)) if isinstance(found, tuple) else found.number if isinstance(found, Value) else found


@pytest.mark.parametrize("f", ARITHMETIC, ids=lambda f: f.__name__)
@given(a=numbers, b=numbers, unit=units)
def test_two_of_one_unit_calculate_like_fractions(f, a, b, unit):
    found = tried(f, Value(a, unit), Value(b, unit))
    assert numbers_of(found) == tried(f, a, b)
    if f in (operator.add, operator.sub):
        assert found.unit == unit
    if f is operator.truediv and found is not None:
        assert found.unit == ONE


@pytest.mark.parametrize("f", ARITHMETIC[2:4], ids=lambda f: f.__name__)
@given(a=values, b=numbers)
def test_a_plain_number_scales(f, a, b):
    for plain in (b, Value(b, ONE), sp.Rational(b.numerator, b.denominator)):
        found = tried(f, a, plain)
        assert numbers_of(found) == tried(f, a.number, b)
        assert found is None or found.unit == a.unit
    assert numbers_of(b * a) == b * a.number
    if a.number:
        assert numbers_of(b / a) == b / a.number
        assert (b / a).unit == ONE / a.unit


@given(values, values)
def test_units_multiply(a, b):
    assert ((a * b).number, (a * b).unit) == (a.number * b.number, a.unit * b.unit)
    if b.number and a.unit != Unit.of("byte") and b.unit != Unit.of("FLOP/s"):
        assert ((a / b).number, (a / b).unit) == (a.number / b.number, a.unit / b.unit)


@given(signless, units, st.integers(-5, 5))
def test_powers(number, unit, power):
    found = Value(number, unit) ** power
    assert (found.number, found.unit) == (number**power, unit**power)
    assert (Value(number**2, unit**2) ** Q(1, 2)).number == number
    assert (Value(number**2, unit**2) ** 0.5).unit == unit


@given(values)
def test_one_alone(a):
    assert ((-a).number, (+a).number, abs(a).number) == (-a.number, a.number, abs(a.number))
    assert (-a).unit == (+a).unit == abs(a).unit == a.unit
    assert (int(a), math.trunc(a)) == (int(a.number), math.trunc(a.number))
    assert (math.floor(a), math.ceil(a), round(a)) == (math.floor(a.number), math.ceil(a.number), round(a.number))
    assert (round(a, 2).number, round(a, 2).unit) == (round(a.number, 2), a.unit)
    assert float(a) == float(a.number)
    assert bool(a) == bool(a.number)
    assert f"{a:.3e}" == f"{float(a.number):.3e}"


@given(st.lists(numbers, min_size=1, max_size=6), units)
def test_several(several, unit):
    made = [Value(n, unit) for n in several]
    assert sum(made) == Value(sum(several), unit)
    assert [v.number for v in sorted(made)] == sorted(several)
    assert (min(made).number, max(made).number) == (min(several), max(several))
    assert sum(made).unit == unit


@given(st.floats(1e-3, 1e3), positives)
def test_a_float_counts_as_the_decimal_it_prints_as(x, number):
    assert (seconds(number) * x).number == number * Q(repr(x))
    assert (x * seconds(number)).number == number * Q(repr(x))


# -- like the costs it comes from
def tree(value):
    return (value.number, str(value.unit), value.name, value.join, tuple(map(tree, value.parts)))


@given(costs(), costs(), points(), signless)
def test_what_is_done_to_values_is_what_is_done_to_costs(a, b, at, k):
    def here(cost):
        return cost.at({s: v for s, v in at.items() if s in cost.free_symbols})

    x, y = here(a), here(b)
    for both in (operator.add, operator.or_):
        assert tree(here(both(a, b))) == tree(both(x, y))
    assert tree(here(k * a)) == tree(k * x)
    assert tree(here(a / k)) == tree(x / k)
    assert tree(here(a + "3 ms")) == tree(x + "3 ms")
    assert tree(here(a * "$2/h")) == tree(x * "$2/h")
    assert here(a - b) == x - y
    assert (here(a / b), here(a / b).unit) == (x / y, (x / y).unit)
    assert here(a**2) == x**2
    # a value beside a cost counts as a cost
    assert here(a + y) == here(y + a) == x + y
    assert here(a / y) == x / y
    assert here(y / a) == y / x
    assert here(a * y) == here(y * a) == x * y
    assert (a / y).unit == (x / y).unit


def test_a_value_beside_symbols_is_a_cost():
    limit = Value(Q(15, 1000), SECOND, "limit")
    for cost in (limit * B, B * limit, 2 * (B * limit) / 2):
        assert isinstance(cost, Cost)
        assert (cost.expr, str(cost.unit)) == (Q(15, 1000) * B, "s")
    assert (t_hop + limit).expr == t_hop + sp.Rational(15, 1000)
    assert ((limit - t_hop).expr, (limit / t_hop).unit) == (sp.Rational(15, 1000) - t_hop, ONE)
    assert repr(limit >= t_hop) == "3/200 >= t_hop"
    with pytest.raises(UnitError):
        limit + B
    with pytest.raises(UnitError):
        limit + W_hbm


def test_parts_stay_and_are_scaled():
    assert [part.name for part in (3 * STEP).parts] == ["attention", "MLP"]
    assert (3 * STEP)["MLP/weights"] == 3 * STEP["MLP/weights"]
    assert (STEP / 2).binding == STEP.binding
    both = STEP + STEP * 2
    assert [part.name for part in both.parts] == ["decode step", "decode step"]
    assert (STEP + "1 ms" + "2 ms").parts[0] == STEP
    assert not (STEP - "1 ms").parts
    assert not (STEP / STEP).parts
    assert not (-STEP).parts
    assert (STEP["attention"] | STEP["MLP"]).binding == "MLP"
    assert "8.758 ms" in repr(STEP + "1 ms")


# -- comparing
@pytest.mark.parametrize("f", [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne], ids=lambda f: f.__name__)
@given(a=numbers, b=numbers, unit=units)
def test_comparing_is_comparing_numbers(f, a, b, unit):
    assert f(Value(a, unit), Value(b, unit)) is f(a, b)
    assert f(Value(a, unit), b) is f(a, b)
    assert f(a, Value(b, unit)) is f(a, b)


@given(values, values)
def test_equal_values_have_equal_hashes(a, b):
    assert (a == b) == (b == a)
    assert (a != b) is not (a == b)
    if a == b:
        assert hash(a) == hash(b)
    assert hash(a) == hash(a.number)
    assert (a == b) == (
        a.number == b.number and (a.unit == b.unit or (a.unit.measured == b.unit.measured == ONE and ONE in (a.unit, b.unit)))
    )
    for again in (copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))):
        assert again(a) == a
        assert hash(again(a)) == hash(a)


def test_texts_are_compared_in_their_unit():
    assert STEP < "15 ms"
    assert STEP > "8 ms"
    assert seconds(86400) >= "1 day" >= seconds(86400)
    assert Value(Q(2, 5), ONE) <= "40%"
    assert Value(Q(13 * 10**9), Unit.of("param")) >= "13B"
    assert seconds(15) != "15 s"  # whose hash is another
    assert {seconds(1): "one"}[seconds(1)] == "one"
    assert seconds(1) != None  # noqa: E711
    assert seconds(1) not in ("x", [], object())


REFUSED = [  # what, and what its message has to say
    (lambda: STEP + 3, "'3 s'"),
    (lambda: 3 + STEP, "'3 s'"),
    (lambda: STEP - 1, "'3 s'"),
    (lambda: STEP + "3 GB", "byte"),
    (lambda: STEP < "3 GB", "compared"),
    (lambda: STEP + Value(Q(1), TOKEN), "token"),
    (lambda: Value(Q(1), Unit.of("chip")) + Value(Q(1), TOKEN), "token"),
    (lambda: Value(Q(1), Unit.of("chip")) < Value(Q(1), TOKEN), "token"),
    (lambda: STEP | "3 GB", "overlapped"),
    (lambda: STEP // "3 GB", "divided"),
    (lambda: 2**STEP, "exponent"),
    (lambda: STEP ** STEP["MLP"], "exponent"),
    (lambda: STEP + "3 parsecs", "parsecs"),
    (lambda: Value(Q(1), Unit.of("FLOP")) / Value(Q(1), Unit.of("byte/s")), "C"),
    (lambda: STEP.to("GB"), "never 'GB'"),
    (lambda: STEP.to("5"), "'5'"),
    (lambda: f"{STEP:.3g GB}", "never 'GB'"),
    (lambda: decode.throughput().at(*SHEETS, B=8, S=8).to("token/s"), "token/s/chip"),
    (lambda: np.log(MANY), "numpy.log"),
    (lambda: np.maximum(MANY, 3), "'3 s'"),
]


@pytest.mark.parametrize("what, said", REFUSED, ids=[said for _, said in REFUSED])
def test_what_does_not_fit_is_a_unit_error(what, said):
    with pytest.raises(UnitError) as caught:
        what()
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


IMPOSSIBLE = [
    lambda: STEP / 0,
    lambda: STEP % "0 s",
    lambda: STEP / (STEP - STEP),
    lambda: STEP * float("nan"),
    lambda: STEP**10**9,
    lambda: Value(1e300, ONE) * 1e300,
    lambda: Value(Q(10) ** 300, ONE) ** 10**7,
    lambda: Value(Q(-1), ONE) ** 0.5,
    lambda: Value(float("inf"), ONE) - Value(float("inf"), ONE),
    lambda: int(Value(float("inf"), ONE)),
    lambda: math.ceil(Value(float("inf"), ONE)),
    lambda: float(Value(Q(10) ** 400, ONE)),
    lambda: bool(MANY),
    lambda: float(MANY),
    lambda: round(MANY),
    lambda: MANY * B,
    lambda: MANY / 0,
    lambda: len(STEP),
    lambda: STEP[0],
    lambda: list(STEP),
    lambda: STEP * np.array(["a"]),
    lambda: f"{STEP:.3q}",
    lambda: f"{STEP:{'9' * 30}.3f}",
    lambda: np.add.accumulate(MANY),
    lambda: np.sqrt(MANY, out=np.zeros(3)),
]


@pytest.mark.parametrize("what", IMPOSSIBLE, ids=range(len(IMPOSSIBLE)))
def test_what_cannot_be_is_one_sentence(what):
    with pytest.raises(SymroofError) as caught:
        what()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("other", [None, [1], (1,), {}, object(), True], ids=lambda x: type(x).__name__)
def test_what_is_no_number_is_a_type_error_as_everywhere_in_python(other):
    for f in (operator.add, operator.sub, operator.mul, operator.truediv, operator.pow):
        with pytest.raises(TypeError):
            f(STEP, other)
        with pytest.raises(TypeError):
            f(other, STEP)


# -- arrays
def test_arrays_calculate_elementwise():
    plain = np.asarray(MANY)
    assert isinstance(MANY / STEP, Value)
    for f, expected in [
        (lambda v: v * 3, plain * 3),
        (lambda v: v + "3 ms", plain + 0.003),
        (lambda v: v / STEP, plain / float(STEP)),
        (lambda v: STEP / v, float(STEP) / plain),
        (lambda v: v - v, plain - plain),
        (lambda v: v**2, plain**2),
        (lambda v: np.array([1, 2, 3]) * v, plain * [1, 2, 3]),
        (lambda v: v * np.array([1.0, 2, 3]), plain * [1, 2, 3]),
        (lambda v: np.sqrt(v), np.sqrt(plain)),
        (lambda v: np.log(v / STEP), np.log(plain / float(STEP))),
        (lambda v: np.sum(v), plain.sum()),
        (lambda v: np.max(v), plain.max()),
        (lambda v: np.min(v), plain.min()),
        (lambda v: np.maximum(v, STEP), np.maximum(plain, float(STEP))),
        (lambda v: np.isfinite(v), [True] * 3),
        (lambda v: abs(-v), plain),
        (lambda v: round(v, 3), plain.round(3)),
        (lambda v: v // "1 ms", plain // 0.001),
        (lambda v: v.to("ms"), plain * 1e3),
    ]:
        np.testing.assert_allclose(np.asarray(f(MANY)), expected, rtol=1e-12)
    assert str((np.array([1, 2, 3]) * MANY).unit) == str(np.sum(MANY).unit) == str(np.maximum(MANY, STEP).unit) == "s"
    assert str(np.sqrt(MANY * MANY).unit) == "s"
    assert (MANY < "10 ms").tolist() == (plain < 0.01).tolist()
    assert (MANY == MANY).all()
    assert hash(MANY) == hash(MANY)


def test_a_place_of_an_array_has_its_parts():
    assert len(MANY) == 3
    for i, batch in enumerate((8, 64, 512)):
        alone = decode.step().at(*SHEETS, B=batch, S=8192)
        assert float(MANY[i]) == pytest.approx(float(alone), rel=1e-12)
        assert float(MANY[i]["MLP/weights"]) == pytest.approx(float(alone["MLP/weights"]), rel=1e-12)
        assert MANY[i].binding == alone.binding
    assert len(MANY[1:]) == 2
    assert [float(v) for v in MANY] == np.asarray(MANY).tolist()
    with pytest.raises(IndexError):
        MANY[3]


# -- shown
def test_a_number_in_another_unit():
    assert STEP.to("ms") == pytest.approx(8.757976809876543)
    assert seconds(86400 * 12).to("day") == 12.0
    assert Value(Q(2**31), BYTE).to("GiB") == 2.0
    assert Value(Q(2, 5), ONE).to("%") == 40.0
    assert Value(Q(13 * 10**9), Unit.of("param")).to("B") == 13.0
    assert Value(Q(1, 3600), Unit.of("USD/s")).to("$/h") == 1.0
    assert chip("h100")["power"].to("kW") == 0.7


@pytest.mark.parametrize(
    "spec, shown",
    [
        (".3g", "0.00876"),
        (".2f ms", "8.76 ms"),
        (".3g us", "8.76e+03 us"),
        ("ms", "8.758 ms"),
        ("us", "8758 us"),
        ("d", "1.014e-7 d"),
        ("e", "8.757977e-03"),
        (">12", "    8.758 ms"),
        ("<12", "8.758 ms    "),
    ],
)
def test_formats(spec, shown):
    assert format(STEP, spec) == shown


def test_formats_of_counts_and_fractions():
    assert f"{Value(Q(92), TOKEN):d}" == "92"
    assert f"{Value(Q(1234567), TOKEN):,d}" == "1,234,567"
    assert f"{Value(Q(2, 5), ONE):.1%}" == "40.0%"
    assert f"{Value(Q(2, 5), ONE):.0f %}" == "40%"
    assert f"{STEP}" == str(STEP)


@given(values, st.text(max_size=6))
def test_any_format_is_a_text_or_one_sentence(value, spec):
    try:
        assert isinstance(format(value, spec), str)
    except SymroofError as problem:
        assert "\n" not in str(problem) or "\n" in spec


@given(st.floats(1e-9, 1e9), st.sampled_from(["ms", "us", "h", "d", "min", "ns", "s"]))
def test_a_number_in_a_unit_reads_back(number, unit):
    assume(number)
    from symroof.algebra.quantity import parse_quantity

    worth = Value(Q(repr(number)), SECOND).to(unit)
    assert float(parse_quantity(f"{worth!r} {unit}")[0]) == pytest.approx(number, rel=1e-12)


def test_a_value_is_put_where_a_number_is():
    B_max = Value(Q(92), TOKEN)
    assert decode.step().at(*SHEETS, B=B_max, S=8192) == decode.step().at(*SHEETS, B=92, S=8192)
    assert list(range(3))[: int(B_max)] == [0, 1, 2]
    assert math.sqrt(Value(Q(4), ONE)) == 2
    assert symbol("Q", "query/s").unit == Unit.of("query/s")
    assert {C, D, F, S, p}  # letters are what they are
