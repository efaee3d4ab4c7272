"""``explain``: how far one measurement is from its bound, which term weighs most, and which letter alone would explain the gap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symroof.algebra import show
from symroof.algebra.bind import bind
from symroof.algebra.quantity import parse_quantity
from symroof.algebra.spread import Uncertain
from symroof.algebra.symbols import FRACTIONS, UNLESS, Symbol
from symroof.algebra.units import Unit
from symroof.algebra.value import Value, paths
from symroof.errors import InputError, short
from symroof.fitting.curve import Curve, Formula, curve, formula_of, ideal
from symroof.fitting.table import Row
from symroof.sheets.llms import Llm
from symroof.sheets.sheet import Sheet

_STEPS = 200


@dataclass(frozen=True)
class Alone:
    """A letter that would explain the gap by itself, and its value; None if no value of it would."""

    symbol: Symbol
    value: float | None


@dataclass(frozen=True, repr=False)
class Explanation(show.Shown):
    """One measurement beside its bound: the formula there, the term that weighs most, and each letter that would explain it alone.

    ``estimate`` is what a calibration among the sheets foresees; None without one.
    """

    measured: Value
    bound: Value
    term: str
    alone: tuple[Alone, ...]
    estimate: Value | None = None

    @property
    def ratio(self) -> float:
        """Measured over bound."""
        return float(self.measured) / float(self.bound)


def explain(value: Any, formula: Formula, *sheets: Any, **values: Any) -> Explanation:
    """A measurement, for example "11.2 ms", of a formula at sheets and values.

    >>> from symroof import chip, dtype, llm
    >>> m = llm("llama2-7b")
    >>> found = explain("9.533 ms", "decode.estimate", chip("a100-80").on(1), m, dtype("bf16"), B=1, S=5)
    >>> found.term, round(found.ratio, 2), [(a.symbol.name, round(a.value, 3)) for a in found.alone if a.symbol.name == "eta_hbm"]
    ('MLP/weights', 1.47, [('eta_hbm', 0.68)])

    Raises InputError or UnitError for what is no measurement of the formula, or where the formula lacks a value.
    """
    sure = tuple(s for s in sheets if not isinstance(s, Uncertain))
    model = next((s for s in sure if isinstance(s, Llm)), None)
    number, unit = _measured(value)
    row = Row("the measurement", number, unit, (*sure, *_named(values)), {}, model)
    cost = formula_of(formula, row)
    letters = sorted(cost.free_symbols & UNLESS.keys(), key=lambda s: (s not in FRACTIONS, s.name))
    firm = [s for s in letters if UNLESS[s].is_number]
    one = curve(row, cost, firm)
    of = {s: one if s in firm else curve(row, cost, [*firm, s]) for s in letters if s in firm or s in FRACTIONS}
    known = bind(cost.free_symbols, row.sheets, {}, cost.of)
    found = cost.put(known)
    if not isinstance(found, Value):
        raise InputError(f"{cost.name or 'the formula'} needs {', '.join(sorted(s.name for s in found.free_symbols))}; give each a value")
    alone = tuple(Alone(s, _alone(c, s)) for s, c in of.items() if s in c.letters)
    uncertain = [s for s in sheets if isinstance(s, Uncertain)]
    estimate = cost.at(*row.sheets, *uncertain) if uncertain else None
    least = Value(Fraction(repr(one.least)), cost.unit, cost.name)
    return Explanation(
        Value(number, cost.unit, "measured"), least, _heaviest(found), tuple(a for a in alone if a.value is not None), estimate
    )


def _named(values: dict[str, Any]) -> Iterable[Any]:
    from symroof.sheets.sheet import sheet

    return [sheet("values", **values)] if values else [Sheet("values")]


def _measured(value: Any) -> tuple[Fraction, Unit]:
    if isinstance(value, Value):
        return Fraction(value.number), value.unit
    number, unit = parse_quantity(str(value))
    if number <= 0 or unit == Unit():
        raise InputError(f"{short(str(value))} is no measurement; give a positive quantity with its unit, e.g. '11.2 ms'")
    return number, unit


def _heaviest(value: Value) -> str:
    """The way to the part that weighs most, at every level."""
    leaves = [(where, part) for where, part in paths(value) if not part.parts]
    counted = [(where, part) for where, part in leaves if _counts(value, where)]
    return max(counted or [(value.name, value)], key=lambda pair: pair[1].number)[0]


def _counts(value: Value, where: str) -> bool:
    """Whether a part counts, and is not the smaller of a maximum."""
    node = value
    for word in where.split("/"):
        inner = next(part for part in node.parts if part.name == word)
        if node.join == "max" and not node.binds(inner):
            return False
        node = inner
    return True


def _alone(c: Curve, s: Symbol) -> float | None:
    """The value of one letter, all others ideal, at which the formula gives what was measured."""
    rest, wanted = {x: ideal(x) for x in c.letters}, float(c.row.measured)
    if s in FRACTIONS:
        low, high = 1e-6, 1.0
        if not c({**rest, s: high}) <= wanted <= c({**rest, s: low}) or c({**rest, s: low}) == c({**rest, s: high}):
            return None
        for _ in range(_STEPS):
            middle = (low * high) ** 0.5
            low, high = (middle, high) if c({**rest, s: middle}) > wanted else (low, middle)
        return float(f"{high:.8g}")
    base, slope = float(c(rest)), float(c({**rest, s: rest[s] + 1.0})) - float(c(rest))
    return None if slope <= 0 or wanted < base else float(f"{rest[s] + (wanted - base) / slope:.8g}")
