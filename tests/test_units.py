"""Texts into exact quantities and back, and the algebra of units."""

import subprocess
import sys
from fractions import Fraction as Q

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symroof import UnitError
from symroof.algebra.quantity import parse_number, parse_quantity, show_quantity
from symroof.algebra.units import COUNTED, MEASURED, ONE, Unit

READ = [  # text, exact number in SI units, unit
    ("810 GB/s", 810 * 10**9, "byte/s"),
    ("3.35 TB/s", 335 * 10**10, "byte/s"),
    ("16 GB", 16 * 10**9, "byte"),
    ("16 GiB", 16 * 2**30, "byte"),
    ("16GiB", 16 * 2**30, "byte"),
    ("  16 GiB  ", 16 * 2**30, "byte"),
    ("5 kB", 5000, "byte"),
    ("5 KB", 5000, "byte"),
    ("5 KiB", 5120, "byte"),
    ("2 bytes", 2, "byte"),
    ("4 bits", Q(1, 2), "byte"),
    ("100 Gbit/s", Q(125, 10) * 10**9, "byte/s"),
    ("6.4 Tbit/s", 800 * 10**9, "byte/s"),
    ("$1.2/h", Q(12, 10) / 3600, "USD/s"),
    ("$ 1.2 / hour", Q(12, 10) / 3600, "USD/s"),
    ("1.2 USD/h", Q(12, 10) / 3600, "USD/s"),
    ("120 cents/h", Q(12, 10) / 3600, "USD/s"),
    ("$0.4/Mtoken", Q(4, 10**7), "USD/token"),
    ("$3", 3, "USD"),
    ("1.97e14 FLOP/s", 197 * 10**12, "FLOP/s"),
    ("197 TFLOP/s", 197 * 10**12, "FLOP/s"),
    ("2 PFLOP", 2 * 10**15, "FLOP"),
    ("240 FLOP/byte", 240, "FLOP/byte"),
    ("19.5 ms", Q(195, 10**4), "s"),
    ("1 us", Q(1, 10**6), "s"),
    ("1 µs", Q(1, 10**6), "s"),  # the micro sign
    ("1 μs", Q(1, 10**6), "s"),  # the Greek letter
    ("7 ns", Q(7, 10**9), "s"),
    ("1e-3 s", Q(1, 1000), "s"),
    ("1 min", 60, "s"),
    ("2 days", 172800, "s"),
    ("54 d", 54 * 86400, "s"),
    ("54d", 54 * 86400, "s"),
    ("2 weeks", 1209600, "s"),
    ("40%", Q(2, 5), "1"),
    ("12.5 %", Q(1, 8), "1"),
    ("1.5 GHz", 1_500_000_000, "1/s"),
    ("1.2 kW", 1200, "J/s"),
    ("3 kWh", 10_800_000, "J"),
    ("$0.1/kWh", Q(1, 36_000_000), "USD/J"),
    ("13B params", 13 * 10**9, "param"),
    ("70M params", 70 * 10**6, "param"),
    ("15T tokens", 15 * 10**12, "token"),
    ("2B tokens/s", 2 * 10**9, "token/s"),
    ("13B", 13, "byte"),
    ("$618,800", 618_800, "USD"),
    ("$40M", 40 * 10**6, "USD"),
    ("$1.5k/day", Q(1500, 86400), "USD/s"),
    ("-$3", -3, "USD"),
    ("700 J", 700, "J"),
    ("243 tokens", 243, "token"),
    ("1 token", 1, "token"),
    ("3 queries/s", 3, "query/s"),
    ("3 query/s/chip", 3, "query/s/chip"),
    ("3 query/(s*chip)", 3, "query/s/chip"),
    ("3 FLOP/(byte/(s)*token)", 3, "FLOP*s/byte/token"),
    ("70e9 params", 70 * 10**9, "param"),
    ("8 Ki", 8192, "1"),
    ("1 Mi", 2**20, "1"),
    ("8192", 8192, "1"),
    ("8_192", 8192, "1"),
    ("8,192", 8192, "1"),
    ("1,048,576 bytes", 2**20, "byte"),
    ("0.4", Q(2, 5), "1"),
    (".5 s", Q(1, 2), "s"),
    ("1/2", Q(1, 2), "1"),
    ("+3 s", 3, "s"),
    ("-3 s", -3, "s"),
]

REFUSED = [  # text, what the message has to mention
    ("8k", "8k"),
    ("128K", "128K"),
    ("5 M", "5 M"),
    ("8k tokens", "8k tokens"),
    ("1e400", "1e400"),
    ("1e-400", "1e-400"),
    ("1e99999999999", "1e99999999999"),
    ("nan", "nan"),
    ("inf", "inf"),
    ("", "''"),
    ("   ", "''"),
    ("5 Gbps", "Gbps"),
    ("5 Gb", "Gb"),
    ("5 gb/s", "gb"),
    ("TFLOPS", "TFLOPS"),
    ("5 TFLOPS", "TFLOPS"),
    ("5 tflops", "tflops"),
    ("x" * 10_000_000, "10000000"),
    ("1" * 10_000_000, "10000000"),
    ("__import__('os').system('x')", "__import__"),
    ("5 __import__", "__import__"),
    ("1,5 ms", ",5 ms"),
    ("1.234,5 ms", ",5 ms"),
    ("12 GB//s", "GB//s"),
    ("12 GB/", "GB/"),
    ("12 (GB/s", "(GB/s"),
    ("12 GB)/s", "GB)"),
    ("12 GB/(s", "GB/(s"),
    ("1/0", "1/0"),
    ("0x10", "x"),
    ("--5 s", "--5 s"),
    ("5 furlongs", "furlongs"),
    ("5 s; ls", "s; ls"),
    ("five seconds", "five"),
    ("5\x00 s", "x00"),
    ("5 )s(", ")s("),
    ("5 s*/byte", "s*/byte"),
    ("$5 $", "$5 $"),
    ("2*B", "2*B"),  # a batch, or bytes?
]


@pytest.mark.parametrize("text, number, unit", READ, ids=[r[0].strip() for r in READ])
def test_a_text_is_read_exactly(text, number, unit):
    assert parse_quantity(text) == (Q(number), Unit.of(unit))


@pytest.mark.parametrize(
    "text, near, number",
    [("13B", "param", 13 * 10**9), ("7.5 B", "param", Q(75, 10) * 10**9), ("400k", "param", 400_000), ("15T", "token", 15 * 10**12)],
)
def test_what_is_counted_in_billions_is_read_so(text, near, number):
    assert parse_quantity(text, Unit.of(near)) == (number, Unit.of(near))


@pytest.mark.parametrize("text", ["8k", "128K", "1M"])
def test_tokens_that_may_be_a_power_of_two_are_not_guessed(text):
    with pytest.raises(UnitError, match="two ways"):
        parse_quantity(text, Unit.of("token"))


@pytest.mark.parametrize("text, offender", REFUSED, ids=[r[0].strip()[:24] or "blank" for r in REFUSED])
def test_a_text_is_refused_in_one_short_sentence(text, offender):
    with pytest.raises(UnitError) as caught:
        parse_quantity(text)
    message = str(caught.value)
    assert offender in message
    assert "\n" not in message
    assert len(message) <= 200


@pytest.mark.parametrize("text", ["5 GB^99999999", "5 GB^-99999999", "5 (((((((((GB", "1e308 GB^9999999", "9" * 60 + " Ti^9999999 byte"])
def test_a_hostile_power_costs_no_time(text):
    code = """
import sys
from symroof import UnitError
from symroof.algebra.quantity import parse_quantity
try: parse_quantity(sys.argv[1])
except UnitError: print("refused")
"""
    try:
        done = subprocess.run([sys.executable, "-c", code, text], capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        pytest.fail(f"{text!r} keeps the parser busy for more than a minute")
    assert done.stdout == "refused\n", done.stderr[-300:]


@pytest.mark.parametrize("text", ["k", "1e400", "1 2", "one", "1,5", "1e", "0x1", "1" * 200, "__import__('os')", "1/0"])
def test_a_number_is_refused(text):
    with pytest.raises(UnitError):
        parse_number(text)


@pytest.mark.parametrize("text, cure", [("8k", "8000"), ("8k", "8 Ki"), ("5 Gbps", "Gbit/s"), ("5 TFLOPS", "FLOP/s"), ("5 bytse", "byte")])
def test_the_message_says_what_to_type(text, cure):
    with pytest.raises(UnitError, match=cure):
        parse_quantity(text)


SHOWN = [
    "1",
    "s",
    "byte",
    "byte/s",
    "FLOP",
    "FLOP/s",
    "FLOP/byte",
    "token",
    "token/s/chip",
    "query/s",
    "USD",
    "USD/s",
    "USD/token",
    "J",
    "byte/token",
    "1/s",
    "chip",
]
SHOWN += ["USD/J", "J/s", "FLOP/USD", "USD/FLOP", "sequence", "param", "token/s"]


@given(unit=st.sampled_from(SHOWN), mantissa=st.floats(1, 9.9999), exponent=st.integers(-20, 20))
def test_what_is_shown_reads_back(unit, mantissa, exponent):
    value = mantissa * 10.0**exponent
    shown = show_quantity(value, Unit.of(unit))
    number, read = parse_quantity(shown)
    assert read == Unit.of(unit), shown
    assert abs(float(number) / value - 1) < 1e-3, shown


@pytest.mark.parametrize(
    "value, unit, shown",
    [
        (587e-6, "s", "587 us"),
        (0.0195, "s", "19.5 ms"),
        (9.99999e-4, "s", "1 ms"),
        (75.0, "s", "75 s"),
        (3599.99, "s", "1 h"),
        (5400.0, "s", "1.5 h"),
        (86_400.0, "s", "1 d"),
        (1.036e6, "s", "11.99 d"),
        (0.0, "s", "0 s"),
        (618_812.3, "USD", "$618,800"),
        (40e6, "USD", "$40,000,000"),
        (-5e6, "USD", "-$5,000,000"),
        (12.345, "USD", "$12.35"),
        (0.1 / 3.6e6, "USD/J", "$0.1/kWh"),
        (16e9, "byte", "16 GB"),
        (8.1e11, "byte/s", "810 GB/s"),
        (999.99e9, "byte/s", "1 TB/s"),
        (1.97e14, "FLOP/s", "197 TFLOP/s"),
        (243.21, "token", "243.2 tokens"),
        (1.0, "token", "1 token"),
        (16.0, "chip", "16 chips"),
        (1.2 / 3600, "USD/s", "$1.2/h"),
        (4e-7, "USD/token", "$0.4/Mtoken"),
        (8192.0, "1", "8192"),
        (float("inf"), "s", "inf s"),
    ],
)
def test_a_value_is_shown_as_a_reader_expects(value, unit, shown):
    assert show_quantity(value, Unit.of(unit)) == shown


# -- the algebra of units
powers = st.fractions(-3, 3, max_denominator=2)
units = st.dictionaries(st.sampled_from((*MEASURED, *COUNTED)), powers, max_size=4).map(
    lambda d: product_of([Unit.of(base) ** power for base, power in d.items()])
)


def product_of(factors):
    product = ONE
    for unit in factors:
        product = product * unit
    return product


@given(units, units, units)
def test_units_multiply_like_numbers(a, b, c):
    assert a * b == b * a
    assert (a * b) * c == a * (b * c)
    assert a * ONE == a
    assert a * b / b == a
    assert a / a == ONE
    assert (a * b) ** 2 == a**2 * b**2
    assert (a**2) ** Q(1, 2) == a
    assert a.measured * a.counted == a
    assert hash(a * b) == hash(b * a)


@given(units)
def test_a_unit_reads_back(unit):
    whole = unit**2  # a unit text has whole powers
    assert Unit.of(str(whole)) == whole


@given(units, units)
def test_a_factor_cancels_counts_and_never_adds_them(unit, factor):
    scaled, product = unit.scaled(factor), unit * factor
    assert scaled.measured == product.measured
    before, after, full = (dict(u.counted.powers) for u in (unit, scaled, product))
    assert set(after) <= set(before)
    for base, power in before.items():
        left, wanted = after.get(base, Q(0)), full.get(base, Q(0))
        if abs(wanted) > abs(power):
            assert left == power  # nothing is added
        elif wanted * power >= 0:
            assert left == wanted  # what cancels cancels
        else:
            assert left == 0  # and no more than is there


@pytest.mark.parametrize("text, cure", [("GB/s", "byte/s"), ("ms", "'s'"), ("TFLOP", "FLOP")])
def test_a_declared_unit_has_no_prefix(text, cure):
    with pytest.raises(UnitError, match=cure):
        Unit.of(text)


def test_a_user_may_count_anything():
    assert str(Unit.of("widget/s")) == "widget/s"
    assert Unit.of("widget").measured == ONE
    with pytest.raises(UnitError, match="byte"):
        Unit.of("bytse")  # too near to a unit to be a new word
