"""Quantities as texts: ``"810 GB/s"``, ``"16 GiB"``, ``"$1.2/h"``, ``"1.97e14 FLOP/s"``, ``"19.5 ms"``, ``"54 d"``, ``"40%"``.

They are read into exact fractions in SI units (GB = 10^9, GiB = 2^30), and rounded only when shown.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from symroof.algebra.units import LONGEST, ONE, PREFIXES, Unit, parse_unit
from symroof.errors import UnitError, short

_NUMBER = re.compile(r"(?=[+-]?\.?\d)[+-]?(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d[\d_]*)?(?:\.\d+|\.)?(?:[eE][+-]?\d+)?(?:/\d+)?")
_LARGEST = Fraction(179, 100) * 10**308
#: What is counted in thousands, millions, billions and trillions, not in powers of two: ``"13B"`` parameters, ``"$40M"``.
_MANY = {"param": "kKMBT", "token": "BT", "USD": "kKMBT"}
_SIZES = {"k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
TIMES = (("d", 86400.0), ("h", 3600.0), ("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9))
_TENS = (("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3), ("", 1.0))
_IN_FULL = 1e15  # dollars up to which all zeros are written
_MANY_OR_BINARY = re.compile(r"[kKmMGTgbt](?:\s+tokens?)?")
_SIZE = re.compile(r"([kKMBT])(?:\s+([A-Za-z]+)|(?=/)|$)")


@lru_cache(maxsize=4096)
def parse_quantity(text: str, near: Unit = ONE) -> tuple[Fraction, Unit]:
    """A text such as ``"810 GB/s"`` as an exact SI number and its unit.

    >>> parse_quantity("810 GB/s")
    (Fraction(810000000000, 1), Unit('byte/s'))
    >>> parse_quantity("8 Ki")
    (Fraction(8192, 1), Unit('1'))
    >>> parse_quantity("13B", Unit.of("param"))
    (Fraction(13000000000, 1), Unit('param'))

    ``near`` is the unit it is read for, whose words it may use. Raises UnitError for anything else, in one sentence.
    """
    text = text.strip() if len(text) <= LONGEST else text
    if len(text) > LONGEST:
        raise UnitError(f"a text of {len(text)} characters is no quantity: {short(text, 24)}; write e.g. '810 GB/s'")
    dollars = text.startswith(("$", "-$"))
    body = text.replace("$", "", 1) if dollars else text
    match = _NUMBER.match(body := body.lstrip())
    if not match or not match.group().strip("+-."):
        raise UnitError(f"{short(text)} is no quantity; write a number and a unit, e.g. '810 GB/s', '16 GiB' or '19.5 ms'")
    number = parse_number(match.group())
    many, rest = _many(body[match.end() :].strip(), "USD" if dollars else str(near))
    number *= many
    if dollars:
        if rest and not rest.startswith("/"):
            raise UnitError(f"{short(text)} is no price; write e.g. '$1.2/h'")
        rest = f"USD{rest}"
    if _MANY_OR_BINARY.fullmatch(rest):
        raise UnitError(_ambiguous(match.group(), rest[0], text))
    if rest[:1] in ("*", "·", "(", ")"):
        raise UnitError(f"{short(text)} is no quantity but a formula; write a number and a unit, e.g. '810 GB/s'")
    if rest == "%":
        return number / 100, ONE
    if rest in PREFIXES and rest.endswith("i"):
        return number * PREFIXES[rest], ONE
    scale, unit = parse_unit(rest, near=near) if rest else (Fraction(1), ONE)
    return number * scale, unit


def _many(rest: str, near: str) -> tuple[int, str]:
    """How many are meant, and the unit behind: of ``B params`` 10^9 and ``params``; 1 where that is not said, or may be bytes."""
    size = _SIZE.match(rest)
    if not size:
        return 1, rest
    counted = parse_unit(size[2], new=True)[1] if size[2] else near
    if size[1] not in _MANY.get(str(counted), ""):
        return 1, rest
    return _SIZES[size[1]], rest[1:].strip() or ("" if near == "USD" else near)


def parse_number(text: str) -> Fraction:
    """A decimal text (``"1.97e14"``, ``"1/2"``, ``"8_192"``) as an exact fraction within the range of a float64."""
    if len(text) > LONGEST or not _NUMBER.fullmatch(text.strip()):
        raise UnitError(f"{short(text)} is no number; write e.g. '8192', '0.4' or '1.97e14'")
    clean = text.strip().replace("_", "").replace(",", "")
    head, _, bottom = clean.partition("/")
    _, _, exponent = head.lower().partition("e")
    if exponent and abs(int(exponent)) > 400:
        raise UnitError(f"{short(text)} is beyond what a float64 can hold (about 1.8e308)")
    if bottom and not int(bottom):
        raise UnitError(f"{short(text)} divides by zero")
    value = Fraction(head) / (int(bottom) if bottom else 1)
    if value and not 1 / _LARGEST <= abs(value) <= _LARGEST:
        raise UnitError(f"{short(text)} is beyond what a float64 can hold (about 1.8e308)")
    return value


def show_number(value: float, digits: int = 4) -> str:
    """A number to four significant digits, without a trailing zero."""
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    text = f"{value:.{digits}g}"
    mantissa, e, exponent = text.partition("e")
    if e:
        return f"{mantissa}e{int(exponent)}"
    return mantissa


def percent(fraction: float) -> str:
    """``0.0234`` as ``2.3 %``."""
    return f"{100 * fraction:.0f} %" if abs(fraction) >= 0.995 else f"{show_number(100 * fraction, 2)} %"


def show_quantity(value: float, unit: Unit, digits: int = 4) -> str:
    """A value with the prefix a reader expects: ``587 us``, ``16 GB``, ``243.2 tokens``, ``$0.4/Mtoken``."""
    powers = dict(unit.powers)
    if value != value or abs(value) == float("inf"):
        return f"{value} {unit}".removesuffix(" 1")
    if unit == ONE:
        return _counted(value, digits)
    if powers.get("USD") == 1:
        return _dollars(value, unit, digits)
    if powers == {"s": 1}:
        return _prefixed(value, "", digits, TIMES)
    if powers == {"s": -1} and 1e6 <= value < 1e12:
        return _prefixed(value, "Hz", digits, _TENS)  # a clock; what happens less often is counted
    lead = next((b for b, p in unit.powers if p == 1 and b in ("byte", "FLOP", "J")), None)
    if lead is None or {"byte", "FLOP"} <= powers.keys():
        plural = powers[unit.powers[0][0]] == 1 and len(powers) == 1 and value != 1
        word = str(unit)
        return f"{_counted(value, digits)} {_plural(word) if plural else word}"
    short_name = "B" if lead == "byte" else lead
    rest = "W" if powers == {"J": 1, "s": -1} else str(unit).replace(lead, short_name, 1)
    if abs(value) >= 1e19:
        return f"{show_number(value, digits)} {rest}"
    return _prefixed(value, rest, digits, _TENS)


def _dollars(value: float, unit: Unit, digits: int) -> str:
    """Dollars in full, with commas; what costs little per second, token or joule, per hour, million tokens, or kWh."""
    rest = str(unit / Unit.of("USD")).removeprefix("1")
    if rest == "/s" or rest.startswith("/s/"):
        value, rest = value * 3600, rest.replace("/s", "/h", 1)
    elif rest == "/token":
        value, rest = value * 1e6, "/Mtoken"
    elif rest == "/J":
        value, rest = value * 3.6e6, "/kWh"
    sign, shown = "-" * (value < 0), show_number(abs(value), digits)
    rounded = float(shown)
    whole, point, broken = shown.partition(".")
    full = f"{rounded:,.0f}" if "e" in shown else f"{int(whole):,}{point}{broken}"
    return f"{sign}${full if 1e3 <= rounded < _IN_FULL else shown}{rest}"


def _counted(value: float, digits: int) -> str:
    """Counts below a billion in full (rounded to the digits), the rest in scientific notation."""
    if value == int(value) and abs(value) < 1e9:
        return str(int(value))
    if 10**digits <= abs(value) < 1e9:
        return str(round(value))
    return show_number(value, digits)


def _prefixed(value: float, word: str, digits: int, steps: tuple[tuple[str, float], ...]) -> str:
    large = (step for step in steps if abs(value or 1) >= step[1] * (1 - 0.5 * 10.0**-digits))
    prefix, size = next(large, steps[-1])
    return f"{show_number(value / size, digits)} {prefix}{word}"


def _plural(word: str) -> str:
    return word[:-1] + "ies" if word.endswith("y") else word if word in ("FLOP", "s") else word + "s"


def _ambiguous(number: str, rest: str, text: str) -> str:
    big = {"k": ("000", "Ki"), "m": ("000000", "Mi"), "g": ("e9", "Gi"), "t": ("e12", "Ti"), "b": ("e9", "Gi")}
    zeros, binary = big[rest.lower()]
    thousand = f"{number}{zeros}" if re.fullmatch(r"\d+", number) else f"{number}e3"
    unit = "" if "token" in text else ", or add a unit"
    return f"{short(text)} can be read two ways: write {thousand!r} or '{number} {binary}' (a power of two){unit}"
