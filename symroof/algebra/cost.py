"""A Cost: a sympy expression with a unit, a name, parts and a source; closed under ``+`` (then) and ``|`` (meanwhile).

``a + b`` is one after the other, ``a | b`` overlapped (the maximum), ``2*a`` scales every part, ``a >= b`` is a
Condition for :func:`symroof.solve`. ``.expr`` is plain sympy, and sympy functions take a Cost as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, reduce
from typing import Any, ClassVar

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import Given, bind
from symroof.algebra.claims import CANCELLED, NONE, Claim, Claims, after, filled, lasting, reworded, together, written_out
from symroof.algebra.condition import Condition as Condition
from symroof.algebra.evaluate import Shape, named_slots, tape
from symroof.algebra.operands import beside, called, factor, measured_unit, plain, rational, right_rate, same_unit
from symroof.algebra.operators import lifts
from symroof.algebra.ready import compiled, remembered
from symroof.algebra.spread import Uncertain, spread
from symroof.algebra.units import Unit
from symroof.algebra.value import Value, find_part
from symroof.errors import InputError, UnitError, short


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Cost(show.Shown):
    """An expression with a unit; or, with ``join`` "sum" or "max", what its parts make together.

    ``Cost(2*K*H*L*p_kv, "byte/token", "KV per token")`` is checked at once: its measured dimensions must balance
    and agree with the unit. Raises UnitError naming the smallest sub-expression that does not.
    """

    leaf: sp.Expr | None
    unit: Unit
    name: str
    parts: tuple[Cost, ...]
    join: str
    source: str
    claims: Claims  # of a leaf: what it assumes of the model

    _op_priority: ClassVar[float] = 20.0  # sympy leaves the operation to us
    __array_ufunc__: ClassVar[None] = None  # and so does NumPy

    def __init__(self, expr: Any, unit: str | Unit, name: str = "", source: str = "") -> None:
        leaf = plain(expr)
        self.__dict__.update(leaf=leaf, unit=Unit.of(unit), name=name, parts=(), join="", source=source, claims=NONE)
        measured = None if leaf.is_number else measured_unit(leaf)
        if measured is not None and measured != self.unit.measured:
            raise UnitError(
                f"{called(self)} is declared in {self.unit} but works out in {measured};"
                " look for bytes per element that are missing or a rate that does not fit"
            )

    def __getstate__(self) -> dict[str, Any]:
        return {f: self.__dict__[f] for f in _FIELDS}  # without what was computed from them

    # -- looking at it
    @cached_property
    def expr(self) -> sp.Expr:
        """The whole as plain sympy; a maximum is an unevaluated ``sympy.Max``."""
        if self.leaf is not None:
            return self.leaf
        if self.join == "sum":
            return sp.Add(*[part.expr for part in self.parts])
        return sp.Max(*{part.expr for part in self.parts}, evaluate=False)

    @property
    def of(self) -> Claims:
        """What the cost assumes of the model; see :mod:`symroof.algebra.claims`."""
        return self.claims if self.leaf is not None else together(*(p.of for p in self.parts))

    def claiming(self, claims: Claims) -> Cost:
        """The same cost with other claims, on every part."""
        if self.leaf is not None:
            return changed(self, claims=claims)
        return changed(self, parts=tuple(p.claiming(claims) for p in self.parts))

    def expand(self, *letters: sp.Symbol) -> Cost:
        """The cost of a model with its aggregate letters written out, down to those of the layers.

        With ``letters`` only those aggregates are written out that they are part of.

        >>> from symroof import decode, llm
        >>> decode.step(llm("llama3-8b"))["attention/cache"].expand()
        2*B*H*K*L*S*p_kv/(W_hbm*n)  [s]
        """
        put = written_out(self.of, letters)
        if not self.free_symbols & put.keys():
            return self
        left = self.map(lambda e: e.xreplace(put))
        return left.claiming(reworded(after(self.of, left.free_symbols), lambda c: c.expand(*letters)))

    @property
    def shape(self) -> Shape:
        """What the evaluator compiles: the expression, or the join and the shapes of the parts."""
        return self.leaf if self.leaf is not None else (self.join, tuple(p.shape for p in self.parts))

    @property
    def free_symbols(self) -> set[sp.Symbol]:
        """The symbols that need a value."""
        return set().union(*(p.free_symbols for p in self.parts)) if self.leaf is None else self.leaf.free_symbols

    def __getitem__(self, name: str) -> Cost:
        part: Cost = find_part(self, name)
        return part

    def _sympy_(self) -> sp.Expr:
        return self.expr

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cost) and self.unit == other.unit and self.expr == other.expr

    def __hash__(self) -> int:
        return hash((self.unit, self.expr))

    # -- saying more about it
    def named(self, name: str, source: str = "") -> Cost:
        """The same cost under a name (and a source); a named sum stays one part inside a larger one."""
        return changed(self, name=name, source=source or self.source)

    def declare(self, unit: str | Unit) -> Cost:
        """The same cost, counted in another unit (``"token/s/chip"``); its measured dimensions must agree."""
        unit = Unit.of(unit)
        if unit.measured != self.unit.measured:
            raise UnitError(f"{called(self)} is in {self.unit} and cannot be declared in {unit}; only what is counted can be declared")
        return self.map(lambda e: e, unit)

    def map(self, f: Callable[[sp.Expr], sp.Expr], unit: Unit | None = None) -> Cost:
        """Every part's expression through ``f``."""
        unit = self.unit if unit is None else unit
        if self.leaf is not None:
            return changed(self, leaf=f(self.leaf), unit=unit)
        return changed(self, parts=tuple(p.map(f, unit) for p in self.parts), unit=unit)

    # -- joining
    def __add__(self, other: Any) -> Cost:
        if isinstance(other, (int, float)) and other == 0:
            return self  # so that sum(costs) works
        return _joined("sum", self, self._beside(other))

    def __radd__(self, other: Any) -> Cost:
        return self if isinstance(other, (int, float)) and other == 0 else _joined("sum", self._beside(other), self)

    def __neg__(self) -> Cost:
        return changed(self, leaf=-self.expr, parts=(), join="", claims=self.of)

    def __sub__(self, other: Any) -> Cost:
        return _joined("sum", self, -self._beside(other))

    def __rsub__(self, other: Any) -> Cost:
        return _joined("sum", self._beside(other), -self)

    def __or__(self, other: Any) -> Cost:
        return _joined("max", self, self._beside(other))

    def __ror__(self, other: Any) -> Cost:
        return _joined("max", self._beside(other), self)

    def _beside(self, other: Any) -> Cost:
        other = lifted(other)
        return other if isinstance(other, Cost) else quantity(*beside(other, self.unit, called(self)))

    # -- scaling
    def __mul__(self, other: Any) -> Cost:
        other = lifted(other)
        if isinstance(other, Cost):
            return self._times(other, self.unit * other.unit)
        expr, unit = factor(other, called(self))
        return self._times(quantity(expr, unit), self.unit.scaled(unit))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Cost:
        other = lifted(other)
        if isinstance(other, Cost):
            right_rate(self, other.unit, called(other))
            return self._times(quantity(1 / other.expr, other.unit**-1).claiming(other.of), self.unit / other.unit)
        expr, unit = factor(other, called(self))
        right_rate(self, unit, show.text(expr))
        return self._times(quantity(1 / expr, unit**-1), self.unit.scaled(unit**-1))

    def __rtruediv__(self, other: Any) -> Cost:
        other = lifted(other)
        return (other if isinstance(other, Cost) else quantity(*factor(other, called(self)))) / self

    def __pow__(self, power: Any) -> Cost:
        exponent = plain(power)
        if not exponent.is_Rational:
            raise InputError(f"{called(self)} cannot be raised to {short(power)}; use a whole number or a fraction")
        return quantity(self.expr**exponent, self.unit ** Fraction(int(exponent.p), int(exponent.q))).claiming(self.of)

    def _times(self, by: Cost, unit: Unit) -> Cost:
        of = together(self.of, by.of)
        if by.join and not self.join:
            return changed(by.map(lambda e: e * self.leaf, unit).claiming(of), name=self.name or by.name)
        if self.join == "max" and not by.expr.is_positive:
            return changed(self, leaf=self.expr * by.expr, unit=unit, parts=(), join="", claims=of)
        found = self.map(lambda e: e * by.expr, unit)
        gone = {s for s in by.expr.free_symbols if s in self.free_symbols} - found.free_symbols
        return found.claiming(of).cancelling(*gone) if of != self.of else found.cancelling(*gone)

    def cancelling(self, *letters: sp.Symbol) -> Cost:
        """The same cost, of which some letters are said to have cancelled: a value of one is accepted, and changes nothing."""
        gone = {Claim(CANCELLED, s) for s in letters if s not in self.free_symbols}
        return self.claiming(self.of | gone) if gone else self

    # -- comparing
    def __ge__(self, other: Any) -> Condition:
        return Condition(self, ">=", self._beside(other))

    def __gt__(self, other: Any) -> Condition:
        return Condition(self, ">", self._beside(other))

    def __le__(self, other: Any) -> Condition:
        return Condition(self, "<=", self._beside(other))

    def __lt__(self, other: Any) -> Condition:
        return Condition(self, "<", self._beside(other))

    # -- evaluating
    def at(self, *sheets: Any, **values: Any) -> Any:
        """The Value at these sheets and values; a Cost again as long as symbols are left.

        Values are numbers, texts with a unit (``"15 ms"``), arrays (which broadcast) or expressions in symbols.
        """
        known = remembered(self, sheets, values)
        if isinstance(known, Value):
            return known
        if any(isinstance(sheet, Uncertain) for sheet in sheets):
            return spread(self.at, self.free_symbols, sheets, values)
        found = self.put(known if known is not None else bind(self.free_symbols, sheets, values, self.of))
        if isinstance(found, Cost) and sheets:
            found.__dict__["_lacking"] = True  # which its text says
        return found

    @property
    def lacking(self) -> str:
        """Of a cost that was put at sheets: the letters that are still free, and what would give each a value."""
        return show.lacking(self.free_symbols) if "_lacking" in self.__dict__ else ""

    def __float__(self) -> float:
        free = self.free_symbols
        if free:
            raise InputError(f"{called(self)} is no number yet; {show.lacking(free)}")
        return float(self.at())

    def compile(self, *given: Any, **values: Any) -> Callable[..., Any]:
        """A function of some letters, of floats or arrays in SI units: ``step = cost.compile(B, S, v5e, llama, int8)``.

        Letters are its arguments, in their order; sheets and other values are bound once. It refuses what ``.at`` refuses, takes
        texts with a unit too, and gives a float (of arrays an array), without parts.

        >>> from symroof import chip, decode, dtype, llm
        >>> from symroof.symbols import B, S
        >>> step = decode.step().compile(B, S, chip("tpu-v5e").on("4x4"), llm("llama3-70b"), dtype("int8", math="bf16"))
        >>> round(1e3 * step(32, 8192), 3)
        8.758

        Raises InputError naming the letters that still need a value, UnknownName for one that the cost does not have.
        """
        return compiled(self, given, values)

    def page(self, *sheets: Any, **options: Any) -> Any:
        """An interactive page (one HTML file) on which symbols are moved and sheets chosen: ``symroof.page(cost, ...)``."""
        return show.pages[-1](self, *sheets, **options)

    def put(self, given: Given) -> Any:
        """The cost at checked values: a Value, or a Cost in the symbols that are left."""
        cost = self.map(lambda e: e.xreplace(dict(given.exprs))) if given.exprs else self
        cost = cost.claiming(lasting(cost.of)) if given.model and cost.of else cost
        free = cost.free_symbols
        missing = sorted(s.name for s in free - given.numbers.keys())
        if missing:
            arrays = sorted(s.name for s in free & given.numbers.keys() if hasattr(given.numbers[s], "shape"))
            if arrays:
                hints = show.lacking(free - given.numbers.keys())
                raise InputError(f"{arrays[0]} is an array, so every symbol needs a value; missing: {', '.join(missing)} ({hints})")
            exact = {s: rational(v) for s, v in given.numbers.items()}
            left = cost.map(lambda e: e.xreplace(exact))
            if not left.free_symbols:
                return left.put(Given())  # what had no value cancelled
            return left.claiming(reworded(filled(left.of, {**given.exprs, **exact}), lambda c: c.put(given)))
        compiled = tape(cost.shape)
        slots = named_slots(compiled, [given.numbers[s] for s in compiled.inputs])
        return replace(_value(cost, slots, compiled.slots), remark=given.remark)


def changed(cost: Cost, **changes: Any) -> Cost:
    """A changed copy, its units known to balance: a number put in for W_hbm has no unit of its own any more."""
    new = object.__new__(Cost)
    new.__dict__.update({f: cost.__dict__[f] for f in _FIELDS} | changes)
    return new


def total(costs: Iterable[Cost], unit: str = "s") -> Cost:
    """Costs one after the other; none at all is zero of a unit."""
    found = tuple(costs)
    return reduce(Cost.__add__, found) if found else Cost(0, unit)


def largest(costs: Iterable[Cost]) -> Cost:
    """Costs overlapped, at least one."""
    return reduce(Cost.__or__, costs)


def quantity(expr: sp.Expr, unit: Unit, name: str = "") -> Cost:
    """An expression known to be in this unit, as a Cost."""
    return changed(_ONE, leaf=expr, unit=unit, name=name)


def _value(cost: Cost, slots: list[Any], where: Any) -> Value:
    parts = tuple(_value(part, slots, place) for part, place in zip(cost.parts, where[1], strict=True))
    return Value(slots[where[0]], cost.unit, cost.name, cost.join, parts)


def _joined(join: str, a: Cost, b: Cost) -> Cost:
    same_unit(a, b, "added" if join == "sum" else "overlapped")
    together(a.of, b.of)
    flat = [part for side in (a, b) for part in (side.parts if side.join == join and not side.name else (side,))]
    return changed(_ONE, leaf=None, unit=a.unit, parts=tuple(flat), join=join)


def lifted(value: Any) -> Any:
    """A Value as a Cost, to calculate with symbols; anything else as it is.

    Raises InputError for an array.
    """
    if not isinstance(value, Value):
        return value
    return quantity(rational(value.single("give its numbers to .at(...) instead, one array for each symbol")), value.unit, value.name)


lifts.append(lifted)
_FIELDS = ("leaf", "unit", "name", "parts", "join", "source", "claims")
_ONE = Cost(sp.Integer(1), Unit())
