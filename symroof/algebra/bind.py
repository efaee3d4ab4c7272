"""What a user gives to ``.at()`` (sheets, numbers, texts, arrays, expressions) as one checked value per symbol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import Any

import sympy as sp

from symroof.algebra.claims import NONE, ORDER, Claims, cancelled, hold, settled_at, stacks, thresholds
from symroof.algebra.evaluate import worth
from symroof.algebra.operands import measured_unit, unreal
from symroof.algebra.quantity import parse_quantity
from symroof.algebra.spread import certain
from symroof.algebra.symbols import DERATES, ETA_FORMAT, FORMAT_OF, FRACTIONS, NOTHING, UNLESS, Symbol
from symroof.algebra.units import ONE, Unit
from symroof.errors import InputError, SymroofError, UnitError, UnknownName, nearest, short

_LARGEST = 17 * 10**307
_DOLLARS_PER_TIME = Unit.of("USD/s")
_EXAMPLES = {
    "s": "'15 ms'",
    "byte/s": "'810 GB/s'",
    "byte": "'2 byte' or '16 GB'",
    "FLOP/s": "'1.97e14 FLOP/s'",
    "USD/s": "'$1.2/h'",
    "1": "a plain number",
}


def check(symbol: sp.Symbol, value: Any) -> Any:
    """One value for one symbol: an exact fraction, an array of float64, or an expression.

    Raises InputError or UnitError naming the symbol: not a number, NaN, not positive, too large, of another unit.
    """
    unit: Unit = symbol.unit if isinstance(symbol, Symbol) else ONE
    if isinstance(value, str):
        try:
            number, given = parse_quantity(value, unit)
        except UnitError as problem:
            raise UnitError(f"{symbol}: {problem}") from None
        if given != ONE or unit.measured != ONE:
            _same_unit(symbol, unit, given)
        return _positive(symbol, number)
    if hasattr(value, "unit") and hasattr(value, "number"):  # a Value
        if unit != ONE or value.unit.measured != ONE:  # a plain number may be what was counted: X = the chips of a slice
            _same_unit(symbol, unit, value.unit)
        return _array(symbol, value.number) if hasattr(value.number, "shape") else _positive(symbol, _scalar(symbol, value.number))
    if hasattr(value, "unit") and hasattr(value, "expr"):  # a Cost, whose number may have lost its unit
        if value.unit.measured != unit.measured:
            _same_unit(symbol, unit, value.unit)
        value = value.expr
    if isinstance(value, sp.Expr) and not value.is_Rational:
        return _expression(symbol, unit, value)
    if unit.measured == _DOLLARS_PER_TIME and not isinstance(value, Fraction):
        raise UnitError(f"{symbol} is in USD/s, which nobody means by {short(value, 20)}; write {symbol}='$1.2/h'")
    if isinstance(value, (list, tuple, range)) or hasattr(value, "__array__"):
        return _array(symbol, value)
    return _positive(symbol, _scalar(symbol, value))


def _same_unit(symbol: sp.Symbol, unit: Unit, given: Unit) -> None:
    per_chip = given * Unit.of("chip")
    if given != unit and per_chip != unit and not (given.measured == unit.measured and given.counted == ONE):
        said = f", not in {given}" if given != ONE else " and a bare number has no unit"
        cure = _EXAMPLES.get(str(unit), f"a number of {unit}")
        raise UnitError(f"{symbol} is in {unit}{said}; write {cure}")


def _expression(symbol: sp.Symbol, unit: Unit, value: sp.Expr) -> sp.Expr:
    if unreal(value) or value.is_positive is False or all(t.could_extract_minus_sign() for t in sp.Add.make_args(value)):
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
        if isinstance(value, (bool, bytes, bytearray)):
            raise TypeError
        number = Fraction(value) if isinstance(value, (int, Fraction, sp.Rational)) else float(value)
        if number == number:
            return Fraction(repr(number)) if isinstance(number, float) else number
    except (TypeError, ValueError, OverflowError):
        raise InputError(
            f"{symbol} = {short(value)} cannot be used; give a positive number below 1e308, a text such as '8192', or an array"
        ) from None
    raise InputError(f"{symbol} is NaN; give a positive number")


def _positive(symbol: sp.Symbol, value: Fraction) -> Fraction:
    if value and not 1 / Fraction(_LARGEST) <= abs(value) <= _LARGEST:
        raise InputError(f"{symbol} is beyond what a float64 can hold (about 1.8e308); give a smaller number")
    if value < 0 or (value == 0 and symbol not in NOTHING):
        raise InputError(f"{symbol} = {float(value):.6g} must be positive; ask for a limit where it goes to zero")
    if symbol.is_integer and value < 1:
        raise InputError(
            f"{symbol} = {float(value):.6g} is less than one, and it counts {getattr(symbol, 'meaning', '')}; give a whole number"
        )
    if symbol in FRACTIONS and value > 1:
        raise InputError(f"{symbol} = {float(value):.6g} is above 1, and it is a fraction; give e.g. 0.4 or '40%'")
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
    least = array >= 0 if symbol in NOTHING else array >= 1 if symbol.is_integer else array > 0
    bad = ~(np.isfinite(array) & least & (array <= (1 if symbol in FRACTIONS else np.inf)))
    if bad.any():
        place = int(np.flatnonzero(bad.ravel())[0])
        most = " and at most 1" if symbol in FRACTIONS else ""
        sign = "0 or more" if symbol in NOTHING else "1 or more" if symbol.is_integer else "positive"
        raise InputError(f"{symbol} must be {sign} and finite{most} everywhere; element {place} is {array.ravel()[place]:.6g}")
    return array


@dataclass(frozen=True)
class Given:
    """Numbers (exact fractions, floats, arrays) and expressions, by symbol; ``sheets`` are the names they came from.

    ``model``: a sheet with a model is among them, so that what a formula assumes of it holds. ``settled`` are the letters
    that a formula was solved for and that were found numerically, because another depends on them; ``idle`` are letters that were
    given by name and that cancelled in the formula.
    """

    numbers: Mapping[Symbol, Any] = field(default_factory=dict)
    exprs: Mapping[Symbol, sp.Expr] = field(default_factory=dict)
    sheets: tuple[str, ...] = ()
    model: bool = False
    settled: tuple[Symbol, ...] = ()
    idle: tuple[Symbol, ...] = ()

    @property
    def remark(self) -> str:
        """That letters which were given change nothing."""
        return f"{', '.join(sorted(s.name for s in self.idle))} {'cancels' if len(self.idle) == 1 else 'cancel'}" if self.idle else ""


def bind(free: Iterable[sp.Symbol], sheets: Iterable[Any], named: Mapping[str, Any], of: Claims = NONE, asked: Any = ()) -> Given:
    """Values for the free symbols of a formula; keywords win over sheets, sheets over their defaults, and those over ``UNLESS``.

    A keyword that names no symbol of the formula is an error with the nearest name, a value that two sheets give
    differently is an error with both. ``eta_...`` scales its rates. What the formula claims of its model must hold for the
    sheets. What a sheet derives from a letter that is ``asked`` for stays an expression in it; what one derives from a
    letter that the formula was solved for is found with it.
    """
    wanted = {s for s in free if isinstance(s, sp.Symbol)}
    sheets = certain(sheets)
    model = hold(of, sheets)
    raw, origin, defaults = _from_sheets(sheets)
    gone = thresholds(of)
    defined = _definitions(sheets) if named or asked or gone else {}
    reachable = wanted | _reachable(wanted, {**defaults, **raw}) | _reachable(wanted, defined)
    fixed = settled_at(of)
    idle = {s.name: s for s in (cancelled(of) | fixed.keys()) - reachable}
    idle = {name: s for name, s in idle.items() if name in named and all(r.name != name for r in reachable)}
    anew = {_find(name, reachable, {*asked, *gone} - wanted): value for name, value in named.items() if name not in idle}
    raw.update(anew)
    if defined:
        _follow(wanted.union(*(t.free_symbols for found in gone.values() for t in found)), defined, raw, anew.keys() | set(asked))
    chosen = {s: v for s, v in {**defaults, **raw}.items() if s not in asked or s in wanted}
    inner = set[sp.Symbol]().union(*(t.free_symbols for found in gone.values() for t in found)) - gone.keys()
    chosen |= _unless(wanted | inner, chosen, {*asked, *gone} - wanted)
    inside = _reachable(wanted, chosen) | wanted
    needed = inside | {eta for eta in DERATES if eta in chosen}
    checked = {s: check(s, v) for s, v in chosen.items() if s in needed}
    settled = tuple(x for x, found in gone.items() if _solve_for(x, found, wanted, chosen, checked))
    exprs = {s: v for s, v in checked.items() if isinstance(v, sp.Expr)}
    numbers = {s: v for s, v in checked.items() if not isinstance(v, sp.Expr)}
    _derate({*ETA_FORMAT.values()} - inside, wanted, exprs, numbers)  # while C still stands for the rate of a format
    _settle(exprs, numbers)
    _agree(of, sheets, {s: numbers[s] for s in anew if s in numbers}, numbers, asked)
    for stack, s in product(stacks(sheets), asked):
        stack.alone(s, anew)
    _refuse_missing(exprs, raw, origin)
    _derate(DERATES.keys() - inside, wanted, exprs, numbers)
    used = {origin[s] for s in needed if s in origin}
    names = tuple(name for name in dict.fromkeys(origin.values()) if name in used)
    for name, s in idle.items():
        check(s, named[name])
    for s, size in fixed.items():
        if s.name in named and check(s, named[s.name]) != Fraction(int(size)):
            raise InputError(f"{s} is {size} in this formula, as its mesh says; leave {s} out, or make the mesh with another number")
    return Given({s: v for s, v in numbers.items() if s in wanted or exprs}, exprs, names, model, settled, tuple(idle.values()))


def followed(free: Iterable[sp.Symbol], symbol: sp.Symbol, sheets: Iterable[Any], named: Mapping[str, Any]) -> dict[sp.Symbol, sp.Expr]:
    """What sheets derive from a symbol, of the letters that are ``free`` and not given: it moves with the symbol."""
    defined = _definitions(sheets)
    return {s: defined[s] for s in free if s != symbol and s in defined and s.name not in named and symbol in _reachable({s}, defined)}


def _definitions(sheets: Iterable[Any]) -> dict[sp.Symbol, sp.Expr]:
    return {s: e for sheet in sheets for s, e in getattr(sheet, "definitions", {}).items()}


def _from_sheets(sheets: tuple[Any, ...]) -> tuple[dict[Symbol, Any], dict[Symbol, str], dict[Symbol, Any]]:
    raw: dict[Symbol, Any] = {}
    origin: dict[Symbol, str] = {}
    defaults: dict[Symbol, Any] = {}
    for sheet in sheets:
        if isinstance(sheet, Mapping):
            values, name = sheet, "a value"
        elif hasattr(sheet, "values") and hasattr(sheet, "defaults"):
            values, name = sheet.values, sheet.name
            defaults.update(sheet.defaults)
        else:
            raise InputError(f"{short(sheet)} is no sheet; write e.g. chip('tpu-v5e'), llm('llama3-70b'), dtype('bf16') or B=64")
        for s, value in values.items():
            if not isinstance(s, sp.Symbol):
                raise InputError(f"{short(s)} in {name} is no symbol; write {{B: 64}} with the symbol B, or B=64")
            if s in raw and raw[s] is not value and _somewhere(raw[s] != value):
                raise InputError(f"{origin[s]} and {name} both give {s}, and differ; give one of them, or write {s}=...")
            raw[s], origin[s] = value, name
    return raw, origin, defaults


def _follow(wanted: set[sp.Symbol], defined: Mapping[Symbol, sp.Expr], raw: dict[Symbol, Any], given: set[Symbol]) -> None:
    """Where a letter is given anew, what a sheet derived from it is derived again."""
    for s in wanted | _reachable(wanted, defined):
        if s in defined and s not in given and given & ({*defined[s].free_symbols} | _reachable({s}, defined)):
            raw[s] = defined[s]


def _reachable(wanted: set[sp.Symbol], chosen: Mapping[Symbol, Any]) -> set[sp.Symbol]:
    """The symbols that the wanted ones are defined by, at any depth."""
    found: set[sp.Symbol] = set()
    front = set(wanted)
    while front:
        values = [chosen[s] for s in front if s in chosen]
        front = {x for v in values if isinstance(v, sp.Expr) for x in v.free_symbols} - found - wanted
        found |= front
    return found


def _unless(wanted: set[sp.Symbol], chosen: Mapping[Symbol, Any], asked: Any) -> dict[Symbol, Any]:
    """What letters are worth that nobody binds, where nothing else is open: as long as something is, they may still be bound."""
    usual = {s: v for s, v in UNLESS.items() if s not in chosen and s not in asked}
    free = (wanted | _reachable(wanted, {**chosen, **usual})) - set(asked)
    return {s: v for s, v in usual.items() if s in free} if free <= chosen.keys() | usual.keys() else {}


def _solve_for(x: Symbol, thresholds: list[Any], wanted: set[sp.Symbol], chosen: Mapping[Symbol, Any], checked: dict[Symbol, Any]) -> bool:
    """Where a value depends on the letter that the formula was solved for, find that letter with it; whether that was done.

    As long as it does not come out as a number, what depends on it stays a letter.
    """
    inside = [s for s, v in checked.items() if isinstance(v, sp.Expr) and x in v.free_symbols]
    if not inside:
        return False
    if x in wanted or len(thresholds) > 1:
        raise InputError(
            f"{inside[0]} depends on {x}, which is not the same in every part of this formula; evaluate the parts by themselves"
        )
    (threshold,) = thresholds
    scope = _reachable(threshold.free_symbols, chosen) | threshold.free_symbols | set(DERATES)
    found = threshold.settled({s: check(s, v) for s, v in chosen.items() if s in scope and s != x})
    if found is not None:
        checked[x] = found
    else:
        for s in inside:
            del checked[s]
    return found is not None


def _find(name: str, among: set[sp.Symbol], but: set[sp.Symbol]) -> Symbol:
    """The symbol of that name, none of those that ``but`` are solved for."""
    if any(s.name == name for s in among & but):
        raise UnknownName(f"{name} follows from the other values, for it is what is solved for; leave {name} out")
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
            expr = exprs.pop(s)
            numbers[s] = worth(expr, numbers)
            if _somewhere(numbers[s] < 0):
                parts = ", ".join(sorted(x.name for x in expr.free_symbols))
                raise InputError(f"{s} = {short(expr)} comes out negative at these values; correct one of {parts}")
        if not ready:
            break
    for s, e in list(exprs.items()):
        if s in _reachable({x for x in e.free_symbols if x in exprs}, exprs) | e.free_symbols:
            raise InputError(f"{s} = {short(e)} defines {s} by itself; give it a number or another symbol")
    for s in list(exprs):
        while exprs[s].free_symbols & exprs.keys():
            exprs[s] = exprs[s].xreplace(exprs)


def _somewhere(truth: Any) -> bool:
    return bool(truth.any() if hasattr(truth, "any") else truth)


def _agree(of: Claims, sheets: tuple[Any, ...], anew: Mapping[Symbol, Any], numbers: Mapping[Symbol, Any], asked: Any) -> None:
    """Refuse letters given beside a model that contradict it, such as heads that do not divide, and orders that a formula claims."""
    for less, more, *said in (claim.what for claim in of if claim.kind == ORDER):
        if less.free_symbols | more.free_symbols <= numbers.keys() and _somewhere(worth(less, numbers) > worth(more, numbers)):
            raise InputError(*said or [f"{less} is beyond {more} at these values, and is a part of it; give {less} at most {more}"])
    for model in (sheet for sheet in sheets if stacks([sheet])):
        new = {s: v for s, v in anew.items() if s in model.stack.letters}
        for case in _cases(new) if new else ():
            model.stack.check({**{s: v for s, v in model.values.items() if s not in asked}, **case})


def _cases(anew: Mapping[Symbol, Any]) -> Iterable[Mapping[Symbol, Any]]:
    """The values given, one after the other where they are arrays."""
    if not any(hasattr(v, "shape") for v in anew.values()):
        return [anew]
    import numpy as np

    numbers = [v if hasattr(v, "shape") else np.asarray(float(v)) for v in anew.values()]
    rows = np.stack([a.ravel() for a in np.broadcast_arrays(*numbers)])
    return [dict(zip(anew, map(Fraction, column), strict=True)) for column in np.unique(rows, axis=1).T.tolist()]


def _refuse_missing(exprs: Mapping[Symbol, sp.Expr], raw: Mapping[Symbol, Any], origin: Mapping[Symbol, str]) -> None:
    """Refuse the FLOP/s of a format that the given chip does not have, when it has those of others."""
    others = sorted((t for t in raw if t in FORMAT_OF), key=lambda t: str(t.name))
    for s, lacking in exprs.items():
        if others and lacking in FORMAT_OF.keys() - raw.keys():
            have = ", ".join(t.name for t in others)
            cure = f"say what the arithmetic is done in, e.g. math={FORMAT_OF[others[0]]!r}"
            raise InputError(f"{s} stands for {lacking} here, but {origin.get(others[0], 'the sheet')} only gives {have}; {cure}")


def _derate(etas: Iterable[Symbol], wanted: set[sp.Symbol], exprs: dict[Symbol, sp.Expr], numbers: dict[Symbol, Any]) -> None:
    """Scale the rates of efficiencies that are given, each once: as a number, or as a letter where it stands."""
    for eta in [eta for eta in etas if eta in numbers]:
        factor = numbers.pop(eta)
        known = DERATES[eta] & numbers.keys()
        numbers.update({rate: numbers[rate] * factor for rate in known})
        if hasattr(factor, "shape"):
            continue  # an array goes with numbers only
        exact = sp.Rational(factor.numerator, factor.denominator)
        scaled = {rate: rate * exact for rate in DERATES[eta] - known}
        own = {s: e if e.free_symbols & DERATES[eta] else e * exact for s, e in exprs.items() if s in scaled}
        free = {rate: rate for rate in (scaled.keys() & wanted) - own.keys()}
        exprs.update({s: e.xreplace(scaled) for s, e in {**exprs, **own, **free}.items()})
