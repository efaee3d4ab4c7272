"""Costs that are evaluated again and again: what the sheets contribute is bound once, and what is left is a function of a few letters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from operator import itemgetter
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import Given, bind, check
from symroof.algebra.claims import ORDER, cancelled, stacks, thresholds
from symroof.algebra.evaluate import Tape, tape
from symroof.algebra.native import Known, Within, arguments, on_floats, on_fractions, stays_exact
from symroof.algebra.spread import Uncertain
from symroof.algebra.symbols import DERATES, FRACTIONS, NOTHING, Symbol
from symroof.algebra.units import ONE, Unit
from symroof.algebra.value import Value
from symroof.errors import InputError, SymroofError, UnknownName, nearest, short

_MOST = 16  # of what a cost remembers
_SMALL, _LARGE = 1e-300, 1e300
_HIGHEST = 1.7e308


# -- exact, for .at()
@dataclass(frozen=True)
class Ready:
    """A cost at sheets, as a function of letters: ``exactly`` gives what all nodes of its tree are worth at fractions."""

    letters: tuple[tuple[Symbol, bool], ...]  # each with whether any positive number will do
    known: Given
    exactly: Callable[..., tuple[Any, ...]]
    tree: Tree
    pairs: range  # of places of numbers, each of which is at most the next

    def at(self, values: Iterable[Any]) -> Value | Given | None:
        """The value; of arrays all that is known; None for what has to be looked at more closely."""
        exact, fractions = [], True
        for (letter, any_will_do), value in zip(self.letters, values):  # noqa: B905
            kind = type(value)
            if any_will_do and (kind is int or kind is float) and _SMALL < value < _LARGE:
                exact.append(_decimal(value))
            else:
                exact.append(found := check(letter, value))
                fractions = fractions and type(found) is Fraction
        if not fractions:
            return self._given(exact)
        try:
            numbers = self.exactly(*exact)
        except (ArithmeticError, ValueError):
            return None
        for i in self.pairs:
            if numbers[i] > numbers[i + 1]:
                return None
        return self.tree.grown(numbers)

    def _given(self, values: list[Any]) -> Given | None:
        if self.pairs or any(isinstance(x, sp.Expr) for x in values):
            return None
        letters = (letter for letter, _ in self.letters)
        return Given({**self.known.numbers, **dict(zip(letters, values, strict=True))}, model=self.known.model)


@lru_cache(maxsize=4096, typed=True)
def _decimal(number: float) -> Fraction:
    return Fraction(number) if isinstance(number, int) else Fraction(repr(number))


@dataclass(frozen=True)
class Tree:
    """All nodes of the tree of a cost, those below before those above: what each says beside its number, and which are its parts."""

    nodes: tuple[tuple[Mapping[str, Any], Callable[[list[Any]], Any] | None], ...]
    slots: tuple[int, ...]

    @staticmethod
    def of(cost: Any, where: Any) -> Tree:
        """The tree of a cost, whose numbers are in the slots ``where``."""
        nodes: list[Any] = []
        slots: list[int] = []

        def added(cost: Any, where: Any) -> int:
            below = [added(part, slot) for part, slot in zip(cost.parts, where[1], strict=True)]
            parts = (lambda made, i=below[0]: (made[i],)) if len(below) == 1 else itemgetter(*below) if below else None
            nodes.append(({"unit": cost.unit, "name": cost.name, "join": cost.join}, parts))
            slots.append(where[0])
            return len(nodes) - 1

        added(cost, where)
        return Tree(tuple(nodes), tuple(slots))

    def grown(self, numbers: Sequence[Any]) -> Value:
        """The value with those of its parts."""
        made: list[Any] = []
        for (said, parts), number in zip(self.nodes, numbers):  # noqa: B905
            value = _new(Value)
            whole = value.__dict__  # what it does not say is as by default
            whole.update(said)
            whole["number"] = number
            if parts is not None:
                whole["parts"] = parts(made)
            made.append(value)
        return value


_new = object.__new__


def ready(cost: Any, sheets: tuple[Any, ...], names: Iterable[str]) -> Ready | None:
    """A cost at sheets, ready for values of the letters of these names; None where a value says more than itself.

    That is so for letters that others are derived from, efficiencies, sizes of a model, and what was solved for.
    """
    free = cost.free_symbols
    letters = tuple(s for name in names for s in free if s.name == name)
    of = cost.of
    if len(letters) != len(tuple(names)) or set(letters) & DERATES.keys() or thresholds(of):
        return None
    if any(s in stack.letters for stack in stacks(sheets) for s in letters):
        return None
    try:
        given = bind(free, sheets, {}, of, letters)
        known = {s: v for s, v in given.numbers.items() if s not in letters}
        if given.exprs or free - known.keys() - set(letters) or any(hasattr(v, "shape") for v in known.values()):
            return None
        pairs = _pairs(of, known.keys() | set(letters))
        compiled = tape(("sum", (cost.shape, *(side for pair in pairs for side in pair))))
        if _rough(compiled).intersection(compiled.delicate):
            return None
        tree = Tree.of(cost, compiled.slots[1][0])
        roots = [*tree.slots, *(slot for slot, _ in compiled.slots[1][1:])]
        exactly = on_fractions(Known.of(compiled, known, letters), letters, roots)
    except (SymroofError, ArithmeticError, ValueError):
        return None  # which the long way says in words
    plain = [isinstance(s, Symbol) and s not in FRACTIONS and s.unit.measured != Unit.of("USD/s") for s in letters]
    takes = tuple(zip(letters, plain, strict=True))
    return Ready(takes, Given(known, model=given.model), exactly, tree, range(len(tree.slots), len(roots), 2))


def _rough(compiled: Tape) -> set[int]:
    """The slots that are rounded, even at fractions: where their last digits matter they are worked out to more."""
    held: dict[int, Any] = dict(enumerate(compiled.constants, len(compiled.inputs)))
    found = {slot for slot, constant in held.items() if not isinstance(constant, Fraction)}
    for slot, (kind, places) in enumerate(compiled.steps, len(compiled.inputs) + len(held)):
        if not found.isdisjoint(places) or not stays_exact(kind, [held.get(i) for i in places]):
            found.add(slot)
    return found


def _pairs(of: Any, have: Any) -> list[tuple[sp.Expr, sp.Expr]]:
    """What the cost says is at most something else, in letters that are there."""
    orders = (claim.what[:2] for claim in of if claim.kind == ORDER)
    return [(less, more) for less, more in orders if less.free_symbols | more.free_symbols <= have]


def remembered(cost: Any, sheets: tuple[Any, ...], values: Mapping[str, Any]) -> Value | Given | None:
    """What the cost is worth, if it was asked so before; the second time it makes itself ready."""
    whole = cost.__dict__
    kept: dict[Any, Any] = whole.get("_ready") or whole.setdefault("_ready", {})
    key = (*map(id, sheets), None, *values)
    held = kept.get(key)
    if held is None and any(isinstance(sheet, (Mapping, Uncertain)) for sheet in sheets):
        return None  # what may change, or depends on what it stands beside
    if held is None:
        if len(kept) >= _MOST:
            del kept[next(iter(kept))]
        kept[key] = (sheets, _AGAIN)  # which keeps the sheets, and so their identities
        return None
    found = held[1]
    if found is _AGAIN:
        kept[key] = sheets, found = sheets, ready(cost, sheets, tuple(values))
    made: Value | Given | None = None if found is None else found.at(values.values())
    return made


_AGAIN = object()


# -- on floats, for .compile()
def compiled(cost: Any, given: tuple[Any, ...], values: Mapping[str, Any]) -> Callable[..., Any]:
    """A function of the letters among what is given, at the sheets among it and the values; see ``Cost.compile``."""
    sheets = tuple(g for g in given if not isinstance(g, (sp.Symbol, str)))
    letters = tuple(_letter(cost, g) for g in given if isinstance(g, (sp.Symbol, str)))
    if len(set(letters)) < len(letters):
        raise InputError("a letter is given twice; give each argument once")
    names = arguments(letters)

    def otherwise(*numbers: Any) -> Any:
        worth = {names[s]: x if isinstance(x, str) else _in_unit(s, x) for s, x in zip(letters, numbers, strict=True)}
        found = cost.at(*sheets, **values, **worth)
        return found.number if found.is_array else float(found)

    made = _function(cost, letters, sheets, values, otherwise) or _plainly(names, otherwise)
    made.__doc__ = f"{cost.name or 'A cost'} [{cost.unit}] of {', '.join(getattr(s, 'described', s.name) for s in letters)}; in SI units."
    vars(made)["unit"] = cost.unit
    return made


def _letter(cost: Any, given: Any) -> sp.Symbol:
    known = {s.name: s for s in (*DERATES, *cancelled(cost.of), *cost.free_symbols)}
    if isinstance(given, sp.Symbol):
        return given
    if given not in known:
        raise UnknownName(f"{short(given)} is not a symbol of this formula; {nearest(given[:40], [s.name for s in cost.free_symbols])}")
    return known[given]


def _in_unit(s: sp.Symbol, number: Any) -> Any:
    """A number as one of a letter, in its SI unit; what is none is left to be refused."""
    array = hasattr(number, "__array__") and not hasattr(number, "unit")
    return Value(number, getattr(s, "unit", ONE)) if array or type(number) in (int, float, Fraction) else number


def _function(
    cost: Any, letters: tuple[sp.Symbol, ...], sheets: tuple[Any, ...], values: Mapping[str, Any], otherwise: Callable[..., Any]
) -> Callable[..., Any] | None:
    """The function of floats; None where a value says more than itself. Raises InputError naming the letters without a value."""
    scaled = {rate: eta * rate for eta in letters if eta in DERATES and eta not in cost.free_symbols for rate in DERATES[eta]}
    cost = cost.map(lambda e: e.xreplace(scaled)) if scaled else cost
    of, free = cost.of, cost.free_symbols
    given = bind(free, sheets, values, of, letters)
    put = cost.map(lambda e: e.xreplace(dict(given.exprs))) if given.exprs else cost
    free = put.free_symbols
    known = {s: v for s, v in given.numbers.items() if s not in letters}
    missing = free - known.keys() - set(letters)
    if missing:
        raise InputError(f"{cost.name or 'the cost'} needs more than {', '.join(s.name for s in letters)}: {show.lacking(missing)}")
    idle = [s for s in letters if s not in free and s not in cancelled(of)]
    if idle:
        raise UnknownName(f"{idle[0].name} is not a symbol of this formula; {nearest(idle[0].name, [s.name for s in free])}")
    sizes = {s for stack in stacks(sheets) for s in letters if s in stack.letters}
    if sizes or (thresholds(of) and given.exprs) or any(hasattr(v, "shape") for v in known.values()):
        return None
    pairs = _pairs(of, known.keys() | set(letters)) + [(sp.Integer(0), e) for e in given.exprs.values()]
    whole = tape(("sum", (put.shape, *(side for pair in pairs for side in pair))))
    root, *sides = (slot for slot, _ in whole.slots[1])
    ranges = {s: (0.0, 1.0 if s in FRACTIONS else _HIGHEST, s not in NOTHING) for s in letters}
    within = Within(ranges, tuple(zip(sides[::2], sides[1::2], strict=True)))
    return on_floats(Known.of(whole, known, letters), within, root, otherwise)


def _plainly(names: Mapping[sp.Symbol, str], otherwise: Callable[..., Any]) -> Callable[..., Any]:
    def cost(*numbers: Any, **named: Any) -> Any:
        left = list(names.values())[len(numbers) :]
        if named.keys() != set(left):
            raise InputError(f"this is a function of {', '.join(names.values())}; give each a number")
        return otherwise(*numbers, *(named[name] for name in left))

    return cost
