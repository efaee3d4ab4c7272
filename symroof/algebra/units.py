"""Units: measured dimensions balance by themselves, counted ones are declared.

*Measured* dimensions (``s``, ``byte``, ``USD``, ``J``) must balance inside every expression. *Counted* ones (``FLOP``,
``token``, ``chip``, or any word a user invents) say what is counted: two costs with different counts are never added
or compared, but a plain factor only ever cancels a count (``flops/(n*C)`` is in seconds) and never adds one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from symroof.errors import UnitError, closest, nearest, short

MEASURED = ("s", "byte", "USD", "J")
COUNTED = ("FLOP", "token", "chip", "sequence", "query", "param", "step", "request", "element")

_ALIASES = {"B": "byte", "sec": "s", "second": "s", "dollar": "USD", "$": "USD", "joule": "J"}  # plurals in -s are understood by themselves
_ALIASES |= {"seq": "sequence", "queries": "query", "parameter": "param", "tok": "token"}
_SECONDS = {"min": 60, "minute": 60, "h": 3600, "hr": 3600, "hour": 3600, "d": 86400, "day": 86400, "week": 604800}
_SCALED = {  # units that are a number times a base unit
    **{word: (Fraction(seconds), "s") for word, seconds in _SECONDS.items()},
    "bit": (Fraction(1, 8), "byte"),
    "cent": (Fraction(1, 100), "USD"),
    "Wh": (Fraction(3600), "J"),
}
_RATES = {"W": (("J", Fraction(1)), ("s", Fraction(-1))), "Hz": (("s", Fraction(-1)),)}  # watt and hertz
_TENS = {"n": -9, "u": -6, "µ": -6, "μ": -6, "m": -3, "k": 3, "K": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_TWOS = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50}
PREFIXES = {p: Fraction(10) ** e for p, e in _TENS.items()} | {p: Fraction(2**e) for p, e in _TWOS.items()}
LONGEST = 120  # characters of a quantity; anything longer is not one
_TOKEN = re.compile(r"\s*(?:([A-Za-zµμ$]+)(?:\^(-?\d)(?!\d))?|([*·/()]))|\s+")


@dataclass(frozen=True)
class Unit:
    """A product of base units with rational exponents, e.g. byte/s; ``Unit.of("byte/s")`` parses one."""

    powers: tuple[tuple[str, Fraction], ...] = ()

    @staticmethod
    def of(text: str | Unit) -> Unit:
        """The unit a text names; its scale must be 1 (``byte/s``, not ``GB/s``)."""
        if isinstance(text, Unit):
            return text
        if not isinstance(text, str):
            raise UnitError(f"{short(text)} is no unit; write e.g. 'byte/s'")
        scale, unit = parse_unit(text, new=True)
        if scale != 1:
            said = f"write {str(unit)!r} here, and value.to({text.strip()!r}) to see a value in it"
            raise UnitError(f"{short(text)} is a multiple of a unit; {said}")
        return unit

    def __mul__(self, other: Unit) -> Unit:
        powers = dict(self.powers)
        for base, power in other.powers:
            powers[base] = powers.get(base, Fraction(0)) + power
        return _unit(powers)

    def __pow__(self, power: Fraction | int) -> Unit:
        return _unit({base: p * Fraction(power) for base, p in self.powers})

    def __truediv__(self, other: Unit) -> Unit:
        return self * other**-1

    @property
    def measured(self) -> Unit:
        """Only the dimensions that must balance inside every expression."""
        return Unit(tuple(item for item in self.powers if item[0] in MEASURED))

    @property
    def counted(self) -> Unit:
        """Only what is counted."""
        return Unit(tuple(item for item in self.powers if item[0] not in MEASURED))

    def scaled(self, factor: Unit) -> Unit:
        """The unit after multiplying by a plain factor: its counts cancel counts here but add none.

        >>> Unit.of("FLOP").scaled(Unit.of("s/FLOP") / Unit.of("chip"))
        Unit('s')
        """
        powers = dict((self.measured * factor.measured).powers)
        other = dict(factor.counted.powers)
        for base, power in self.counted.powers:
            change = other.get(base, Fraction(0))
            if change * power >= 0:
                powers[base] = power
            elif abs(change) < abs(power):
                powers[base] = power + change
        return _unit(powers)

    def __str__(self) -> str:
        above = [_factor(b, p) for b, p in self.powers if p > 0]
        below = [_factor(b, -p) for b, p in self.powers if p < 0]
        text = "*".join(above) or "1"
        return text + "".join(f"/{b}" for b in below)

    def __repr__(self) -> str:
        return f"Unit({str(self)!r})"


ONE = Unit()


def _unit(powers: dict[str, Fraction]) -> Unit:
    order = {name: i for i, name in enumerate(("USD", "FLOP", "byte", "J", "token", "query", "sequence", "s", "chip"))}
    kept = sorted((b for b, p in powers.items() if p), key=lambda b: (order.get(b, 4.5), b))
    return Unit(tuple((b, powers[b]) for b in kept))


def _factor(base: str, power: Fraction) -> str:
    return base if power == 1 else f"{base}^{power}" if power.denominator == 1 else f"{base}^({power})"


@lru_cache(maxsize=4096)
def parse_unit(text: str, new: bool = False, near: Unit = ONE) -> tuple[Fraction, Unit]:
    """``GB/s`` as (10**9, byte/s); with ``new`` an unknown word declares a new thing to count.

    Words of ``near``, the unit it is read for, are understood too: a user's ``frame`` in ``"6 MB/frame"``.

    Raises UnitError naming the word that is no unit and the nearest that is.
    """
    if len(text) > LONGEST:
        raise UnitError(f"a text of {len(text)} characters is no unit: {short(text, 24)}")
    if text.strip() in ("", "1"):
        return Fraction(1), ONE
    scale, unit, sign, groups, waiting = Fraction(1), ONE, 1, [1], True
    for word, power, mark in _tokens(text):
        if mark in ("*", "·", "/", ")") and waiting and not (mark == "/" and unit == ONE and len(groups) == 1 and sign > 0):
            raise UnitError(f"the unit {short(text)} has nothing before {mark!r}; write e.g. 'byte/s'")
        if mark == "/":
            sign = -1
        elif mark == "(":
            groups.append(groups[-1] * sign)
            sign = 1
        elif mark == ")":
            if len(groups) == 1:
                raise UnitError(f"the brackets of the unit {short(text)} do not match")
            groups.pop()
        elif word:
            size, base = _word(word, text, new, near)
            exponent = sign * groups[-1] * int(power or 1)
            scale, unit, sign = scale * size**exponent, unit * base**exponent, 1
        waiting = bool(mark) and mark != ")"
    if len(groups) > 1 or waiting:
        raise UnitError(f"the unit {short(text)} ends too early; write e.g. 'byte/s'")
    return scale, unit


def _tokens(text: str) -> Iterator[tuple[str, str, str]]:
    position = 1 if text.startswith("1/") else 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match:
            raise UnitError(f"the unit {short(text)} cannot be read from {short(text[position:], 20)} on; write e.g. 'byte/s'")
        position = match.end()
        if match.group().strip():
            yield match.group(1) or "", match.group(2) or "", match.group(3) or ""


def _word(word: str, text: str, new: bool, near: Unit) -> tuple[Fraction, Unit]:
    """One word of a unit: a base unit, a plural, an alias, a scaled unit, or any of these with a prefix."""
    own = tuple(base for base, _ in near.powers)
    found = _known(word, own)
    if found:
        return found
    for prefix in sorted(PREFIXES, key=len, reverse=True):
        if word.startswith(prefix) and len(word) > len(prefix):
            rest = _known(word[len(prefix) :], own)
            if rest and not (word[len(prefix) :] == "B" and prefix in ("n", "m", "u", "µ", "μ")):
                return PREFIXES[prefix] * rest[0], rest[1]
    if word.endswith("FLOPS") or word.lower().endswith("flops"):
        raise UnitError(f"{word!r} in {short(text)} is read both as FLOPs and as FLOP/s; write '{word[:-5]}FLOP' or '{word[:-5]}FLOP/s'")
    if word.lower() in ("gb", "mb", "kb", "tb", "b", "gbps", "mbps", "tbps"):
        raise UnitError(f"{word!r} in {short(text)} may mean bits or bytes; write e.g. 'GB/s' or 'Gbit/s'")
    names = (*own, *MEASURED, *COUNTED, *_SCALED, *_RATES)
    if new and closest(word, names, cutoff=0.75) is None:
        return Fraction(1), Unit(((word, Fraction(1)),))
    raise UnitError(f"unknown unit {word!r} in {short(text)}; {nearest(word, names)}")


def _known(word: str, own: tuple[str, ...]) -> tuple[Fraction, Unit] | None:
    stems = (word, word[:-1]) if word.endswith("s") and len(word) > 2 else (word,)
    for stem in stems:
        base = _ALIASES.get(stem, stem)
        if base in MEASURED or base in COUNTED or base in own:
            return Fraction(1), Unit(((base, Fraction(1)),))
        if stem in _SCALED:
            size, base = _SCALED[stem]
            return size, Unit(((base, Fraction(1)),))
        if stem in _RATES:
            return Fraction(1), Unit(_RATES[stem])
    return None
