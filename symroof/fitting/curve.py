"""A formula at a record as a function of the letters that are fitted, ready to be run on many values at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from symroof.algebra.bind import bind
from symroof.algebra.cost import Cost
from symroof.algebra.evaluate import Tape, tape
from symroof.algebra.symbols import DERATES, ETA_FORMAT, FORMAT_OF, FRACTIONS, UNLESS, C, Symbol
from symroof.ask.names import named
from symroof.errors import InputError, UnitError, short
from symroof.fitting.table import Row

#: What is fitted: a formula, a function of a record's model that gives one, or the name of one.
Formula = Cost | Callable[[Any], Cost] | str


@dataclass(frozen=True)
class Curve:
    """One record: ``curve({letter: values})`` is what the formula is worth there, other letters at what the record says."""

    row: Row
    cost: Cost
    tape: Tape
    values: tuple[Any, ...]
    letters: frozenset[Symbol]

    def __call__(self, at: Mapping[Symbol, Any]) -> Any:
        """What the formula is worth at values of its letters."""
        values = [at[s] if s in self.letters else v for s, v in zip(self.tape.inputs, self.values, strict=True)]
        return self.tape.run(values, strict=False)[self.tape.slots[0]]

    @property
    def least(self) -> float:
        """What it is worth if nothing is lost: its bound."""
        return float(self({s: ideal(s) for s in self.letters}))


@dataclass(frozen=True)
class Bunch:
    """Records with one formula and one set of letters, in an ``order``: run on all of them at once."""

    tape: Tape
    order: tuple[Symbol, ...]
    values: tuple[Any, ...]

    def __call__(self, at: Any) -> Any:
        """What the formula is worth: an array (record, case, letter) as one of (record, case)."""
        import numpy as np

        places = {s: i for i, s in enumerate(self.order)}
        values = [at[:, :, places[s]] if v is None else v for s, v in zip(self.tape.inputs, self.values, strict=True)]
        found = self.tape.run(values, strict=False)[self.tape.slots[0]]
        return np.broadcast_to(np.asarray(found, dtype=float), at.shape[:2])


def bunches(curves: Sequence[Curve], order: Iterable[Symbol]) -> list[tuple[Bunch, list[int]]]:
    """Curves in bunches, each with the places of its records."""
    import numpy as np

    alike: dict[Any, list[int]] = {}
    for i, c in enumerate(curves):
        alike.setdefault((id(c.tape), c.letters), []).append(i)
    found = []
    for rows in alike.values():
        of = [curves[i] for i in rows]
        values = tuple(None if s in of[0].letters else np.array([[c.values[j]] for c in of]) for j, s in enumerate(of[0].tape.inputs))
        found.append((Bunch(of[0].tape, tuple(s for s in order if s in of[0].letters), values), rows))
    return found


def ideal(s: Symbol) -> float:
    """What a letter is in a bound: all of a rate, nothing added."""
    usual = UNLESS.get(s)
    return 1.0 if s in FRACTIONS else float(usual) if usual is not None and usual.is_number else 0.0


def formula_of(formula: Any, row: Row) -> Cost:
    """The formula of a record.

    Raises InputError for what is none, UnitError if it is in another unit than what was measured.
    """
    if isinstance(formula, str):
        cost = named(formula, row.model)
    elif isinstance(formula, Cost):
        cost = formula
    elif callable(formula):
        cost = formula(row.model)
    else:
        raise InputError(f"{short(formula)} is no formula; give a Cost, a function of the model, or a name such as 'decode.estimate'")
    if not isinstance(cost, Cost):
        raise InputError(f"{row.name}: the formula gives {short(cost)}, which is no Cost")
    if row.unit != cost.unit and row.unit.measured != cost.unit.measured:
        raise UnitError(f"{row.name}: measured is in {row.unit} but {cost.name or 'the formula'} is in {cost.unit}; give it in {cost.unit}")
    return cost


def curve(row: Row, cost: Cost, letters: Iterable[Symbol]) -> Curve:
    """A record's formula in the letters that are fitted.

    Raises InputError if a letter of the formula has no value in the record.
    """
    wanted = frozenset(letters)
    said = {s for sheet in row.sheets for s in sheet.values}
    put = {s: e for s, e in UNLESS.items() if s not in wanted | said and not e.is_number and s in cost.free_symbols}
    cost = cost.map(lambda e: e.xreplace(put)) if put else cost
    own = [s.values[C] for s in row.sheets if s.values.get(C) in FORMAT_OF] if wanted & {*ETA_FORMAT.values()} else []
    cost = _derated(cost.map(lambda e: e.xreplace({C: own[-1]})) if own else cost, wanted)
    cost = cost.at(*[_one(row)]) if _one(row) else cost
    free = cost.free_symbols
    mine = wanted & free
    given = bind(free, row.sheets, {}, cost.of, tuple(mine))
    if given.exprs:
        cost = cost.map(lambda e: e.xreplace(dict(given.exprs)))
    missing = sorted(s.name for s in cost.free_symbols - given.numbers.keys() - mine)
    if missing:
        raise InputError(f"{row.name}: {cost.name or 'the formula'} needs {', '.join(missing)}; add a column for each")
    compiled = tape(cost.shape)
    values = tuple(None if s in mine else _float(given.numbers[s]) for s in compiled.inputs)
    return Curve(row, cost, compiled, values, mine)


def _derated(cost: Cost, etas: Iterable[Symbol]) -> Cost:
    """A cost whose rates carry the efficiencies that are fitted, where it has none of them itself."""
    put: dict[Any, Any] = {}
    for eta in {*etas} & DERATES.keys() - cost.free_symbols:
        for rate in DERATES[eta] & cost.free_symbols:
            put[rate] = put.get(rate, rate) * eta
    return cost.map(lambda e: e.xreplace(put)) if put else cost


def _one(row: Row) -> dict[Any, Any]:
    """What a record says that makes terms vanish: one chip, which needs no links."""
    return {s: v for sheet in row.sheets[-1:] for s, v in sheet.values.items() if s.name == "n" and v == 1}


def _float(value: Any) -> float:
    if hasattr(value, "shape"):
        raise InputError("a record holds one value in each column, not an array")
    return float(Fraction(value) if isinstance(value, (int, sp.Integer)) else value)
