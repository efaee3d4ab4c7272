"""What a user gives to ``.at()`` (sheets, numbers, texts, arrays, expressions) as one checked value per symbol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

import sympy as sp

from symroof.algebra.balance import measured_unit
from symroof.algebra.evaluate import tape
from symroof.algebra.operands import unreal
from symroof.algebra.quantity import parse_quantity
from symroof.algebra.symbols import DERATES, Symbol
from symroof.algebra.units import ONE, Unit
from symroof.errors import InputError, SymroofError, UnitError, UnknownName, nearest, short

_LARGEST = 17 * 10**307
_DOLLARS_PER_TIME = Unit.of("USD/s")


class Sheet(Protocol):
    """Symbols with values and, where nothing else gives one, defaults; a chip, a model and a format are sheets."""

    @property
    def name(self) -> str:
        """What to call the sheet in a message."""
        ...

    @property
    def values(self) -> Mapping[Symbol, Fraction | sp.Expr]:
        """What the sheet says."""
        ...

    @property
    def defaults(self) -> Mapping[Symbol, Fraction | sp.Expr]:
        """What holds unless another sheet says otherwise."""
        ...


@dataclass(frozen=True)
class Given:
    """Numbers (exact fractions, floats, arrays) and expressions, by symbol; ``sheets`` are the names they came from."""

    numbers: Mapping[Symbol, Any] = field(default_factory=dict)
    exprs: Mapping[Symbol, sp.Expr] = field(default_factory=dict)
    sheets: tuple[str, ...] = ()


def bind(free: Iterable[sp.Symbol], sheets: Iterable[Any], named: Mapping[str, Any]) -> Given:
    """Values for the free symbols of a formula; keywords win over sheets, sheets over their defaults.

    A keyword that names no symbol of the formula is an error with the nearest name, a value that two sheets give
    differently is an error with both. ``eta_...`` scales its rates.
    """
    wanted = {s for s in free if isinstance(s, sp.Symbol)}
    sheets = tuple(sheets)
    raw, origin, defaults = _from_sheets(sheets)
    reachable = wanted | _reachable(wanted, {**defaults, **raw})
    for name, value in named.items():
        raw[_find(name, reachable)] = value
    chosen = {**defaults, **raw}
    needed = _reachable(wanted, chosen) | wanted | {eta for eta in DERATES if eta in chosen}
    checked = {s: check(s, v) for s, v in chosen.items() if s in needed}
    exprs = {s: v for s, v in checked.items() if isinstance(v, sp.Expr)}
    numbers = {s: v for s, v in checked.items() if not isinstance(v, sp.Expr)}
    _settle(exprs, numbers)
    _refuse_missing(wanted, exprs, raw, origin)
    _derate(wanted, exprs, numbers)
    for eta in wanted & set(DERATES):
        numbers.setdefault(eta, Fraction(1))
    names = tuple(dict.fromkeys(origin.get(s, "") for s in needed if origin.get(s)))
    return Given({s: v for s, v in numbers.items() if s in wanted or exprs}, exprs, names)


def check(symbol: sp.Symbol, value: Any) -> Any:
    """One value for one symbol: an exact fraction, an array of float64, or an expression.

    Raises InputError or UnitError naming the symbol: not a number, NaN, not positive, too large, of another unit.
    """
    unit: Unit = symbol.unit if isinstance(symbol, Symbol) else ONE
    if isinstance(value, str):
        return _positive(symbol, _from_text(symbol, unit, value))
    if hasattr(value, "unit") and hasattr(value, "number"):  # a Value
        _same_unit(symbol, unit, value.unit)
        value = value.number
    elif hasattr(value, "unit") and hasattr(value, "expr"):  # a Cost
        value = value.expr
    if isinstance(value, sp.Expr) and not value.is_Rational:
        return _expression(symbol, unit, value)
    if unit.measured == _DOLLARS_PER_TIME and not isinstance(value, Fraction):
        raise UnitError(f"{symbol} is in USD/s, which nobody means by {short(value, 20)}; write {symbol}='$1.2/h'")
    if isinstance(value, (list, tuple, range)) or hasattr(value, "__array__"):
        return _array(symbol, value)
    return _positive(symbol, _scalar(symbol, value))


def _from_sheets(sheets: tuple[Any, ...]) -> tuple[dict[Symbol, Any], dict[Symbol, str], dict[Symbol, Any]]:
    raw: dict[Symbol, Any] = {}
    origin: dict[Symbol, str] = {}
    defaults: dict[Symbol, Any] = {}
    for sheet in sheets:
        if isinstance(sheet, Mapping):
            values, name = sheet, "the mapping"
        elif hasattr(sheet, "values") and hasattr(sheet, "defaults"):
            values, name = sheet.values, sheet.name
            defaults.update(sheet.defaults)
        else:
            raise InputError(f"{short(sheet)} is no sheet; write e.g. chip('tpu-v5e'), llm('llama3-70b'), dtype('bf16') or B=64")
        for s, value in values.items():
            if not isinstance(s, sp.Symbol):
                raise InputError(f"{short(s)} in {name} is no symbol; write {{B: 64}} with the symbol B, or B=64")
            if s in raw and not _equal(raw[s], value):
                raise InputError(f"{origin[s]} and {name} both give {s}, and differ; give one of them, or write {s}=...")
            raw[s], origin[s] = value, name
    return raw, origin, defaults


def _equal(a: Any, b: Any) -> bool:
    same = a is b or a == b
    return bool(same.all()) if hasattr(same, "all") else bool(same)


def _reachable(wanted: set[sp.Symbol], chosen: Mapping[Symbol, Any]) -> set[sp.Symbol]:
    """The symbols that the wanted ones are defined by, at any depth."""
    found: set[sp.Symbol] = set()
    front = set(wanted)
    while front:
        values = [chosen[s] for s in front if s in chosen]
        front = {x for v in values if isinstance(v, sp.Expr) for x in v.free_symbols} - found - wanted
        found |= front
    return found


def _find(name: str, among: set[sp.Symbol]) -> Symbol:
    fitting = [s for s in among if s.name == name] or [eta for eta, rates in DERATES.items() if eta.name == name and among & set(rates)]
    if len(fitting) == 1:
        found: Symbol = fitting[0]
        return found
    if fitting:
        listed = " and ".join(sorted(f"{name} [{getattr(s, 'unit', '1')}]" for s in fitting))
        raise InputError(f"there is more than one {name}: {listed}; pass {{symbol: value}} instead of the keyword")
    raise UnknownName(f"{short(name)} is not a symbol of this formula; {nearest(name, [s.name for s in among])}")


def _settle(exprs: dict[Symbol, sp.Expr], numbers: dict[Symbol, Any]) -> None:
    """Turn expressions whose symbols all have numbers into numbers; refuse a symbol defined by itself."""
    for _ in range(len(exprs) + 1):
        ready = [s for s, e in exprs.items() if e.free_symbols <= numbers.keys()]
        for s in ready:
            compiled = tape(exprs.pop(s))
            numbers[s] = compiled.run([numbers[i] for i in compiled.inputs])[compiled.slots[0]]
        if not ready:
            break
    for s, e in list(exprs.items()):
        if s in _reachable({x for x in e.free_symbols if x in exprs}, exprs) | e.free_symbols:
            raise InputError(f"{s} = {short(e)} defines {s} by itself; give it a number or another symbol")
    for s in list(exprs):
        while exprs[s].free_symbols & exprs.keys():
            exprs[s] = exprs[s].xreplace(exprs)


def _refuse_missing(
    wanted: set[sp.Symbol], exprs: Mapping[Symbol, sp.Expr], raw: Mapping[Symbol, Any], origin: Mapping[Symbol, str]
) -> None:
    """Refuse the FLOP/s of a format that the given chip does not have, when it has those of others."""
    for s, e in exprs.items():
        for lacking in e.free_symbols - wanted:
            family = lacking.name.partition("_")[0] + "_"
            others = [t for t in raw if t.name.startswith(family) and getattr(t, "unit", None) == getattr(lacking, "unit", ONE)]
            if others:
                have = ", ".join(sorted(t.name for t in others))
                cure = f"say what the arithmetic is done in, e.g. math={others[0].name.removeprefix(family)!r}"
                raise InputError(f"{s} stands for {lacking} here, but {origin.get(others[0], 'the sheet')} only gives {have}; {cure}")


def _derate(wanted: set[sp.Symbol], exprs: dict[Symbol, sp.Expr], numbers: dict[Symbol, Any]) -> None:
    for eta, rates in DERATES.items():
        if eta in wanted or eta not in numbers:
            continue
        factor = numbers.pop(eta)
        for rate in rates:
            if rate in numbers:
                numbers[rate] = numbers[rate] * factor
            elif rate in wanted and not hasattr(factor, "shape"):
                exprs[rate] = exprs.get(rate, rate) * sp.Rational(factor.numerator, factor.denominator)


def _from_text(symbol: sp.Symbol, unit: Unit, text: str) -> Fraction:
    try:
        number, given = parse_quantity(text)
    except UnitError as problem:
        raise UnitError(f"{symbol}: {problem}") from None
    if given == ONE and unit.measured == ONE:
        return number
    _same_unit(symbol, unit, given)
    return number


def _same_unit(symbol: sp.Symbol, unit: Unit, given: Unit) -> None:
    per_chip = given * Unit.of("chip")
    if given != unit and per_chip != unit and not (given.measured == unit.measured and given.counted == ONE):
        said = f", not in {given}" if given != ONE else " and a bare number has no unit"
        cure = {
            "s": "'15 ms'",
            "byte/s": "'810 GB/s'",
            "byte": "'2 byte' or '16 GB'",
            "FLOP/s": "'1.97e14 FLOP/s'",
            "USD/s": "'$1.2/h'",
            "1": "a plain number",
        }
        raise UnitError(f"{symbol} is in {unit}{said}; write {cure.get(str(unit), f'a number of {unit}')}")


def _expression(symbol: sp.Symbol, unit: Unit, value: sp.Expr) -> sp.Expr:
    if unreal(value) or value.is_positive is False or value.could_extract_minus_sign():
        raise InputError(f"{symbol} = {short(value)} is no positive real quantity; give a number or a positive expression")
    if value.is_number:
        return _positive(symbol, Fraction(repr(float(value))))
    try:
        measured = measured_unit(value)
    except SymroofError as problem:
        raise UnitError(f"{symbol}: {problem}") from None
    if measured != unit.measured:
        raise UnitError(f"{symbol} is in {unit} but {short(value)} is in {measured or ONE}; give it an expression of its own unit")
    return value


def _scalar(symbol: sp.Symbol, value: Any) -> Fraction:
    """Exact: a float counts as the decimal it prints as, so 0.4 is 2/5."""
    try:
        if isinstance(value, (bool, bytes, bytearray)) or value is None:
            raise TypeError
        if isinstance(value, (int, Fraction)):
            return Fraction(value)
        if isinstance(value, sp.Rational):
            return Fraction(int(value.p), int(value.q))
        number = float(value)
        if number != number:
            raise InputError(f"{symbol} is NaN; give a positive number")
        return Fraction(repr(number))
    except (TypeError, ValueError, OverflowError) as problem:
        if isinstance(problem, SymroofError):
            raise
        raise InputError(
            f"{symbol} = {short(value)} cannot be used; give a positive number below 1e308, a text such as '8192', or an array"
        ) from None


def _positive(symbol: sp.Symbol, value: Fraction) -> Fraction:
    if value and not 1 / Fraction(_LARGEST) <= abs(value) <= _LARGEST:
        raise InputError(f"{symbol} is beyond what a float64 can hold (about 1.8e308); give a smaller number")
    if value <= 0:
        raise InputError(f"{symbol} = {float(value):.6g} must be positive; for a limit at zero use sympy.limit(cost, {symbol}, 0)")
    if symbol in DERATES and value > 1:
        raise InputError(f"{symbol} = {float(value):.6g} is above 1; it is the fraction of a peak rate that is reached, e.g. 0.8")
    return value


def _array(symbol: sp.Symbol, value: Any) -> Any:
    import numpy as np

    try:
        raw = np.asarray(value)
        if raw.dtype.kind not in "iuf":
            raise ValueError
    except ValueError:
        raise InputError(f"{symbol} holds something that is no number; give an array of positive numbers") from None
    if raw.ndim == 0:
        return _positive(symbol, _scalar(symbol, raw.item()))
    if raw.dtype.kind in "iu" and raw.size and int(raw.max()) > 2**53:
        raise InputError(f"{symbol} holds an integer beyond 2^53, which float64 rounds; divide it first, or give floats")
    array = raw.astype(np.float64)
    bad = ~(np.isfinite(array) & (array > 0) & (array <= (1 if symbol in DERATES else np.inf)))
    if bad.any():
        place = int(np.flatnonzero(bad.ravel())[0])
        raise InputError(f"{symbol} must be positive and finite{' and at most 1' if symbol in DERATES else ''} everywhere; element {place} is {array.ravel()[place]:.6g}")
    return array
