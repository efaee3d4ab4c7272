"""A tape as a Python function: what depends on known values is worked out once, and the rest becomes one expression a step.

The function is built from syntax trees, node by node, out of the rows of the evaluator's table: no source is written, and no text,
whoever's it is, gets near it.
"""

from __future__ import annotations

import ast
import keyword
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from types import CodeType, FunctionType
from typing import Any

import sympy as sp

from symroof.algebra.evaluate import TABLE, Number, Tape
from symroof.algebra.roots import PowerOfTwo, power_of_two
from symroof.errors import InputError, short

Step = tuple[type, tuple[Any, ...]]

_JOINED: dict[type, ast.operator] = {sp.Add: ast.Add(), sp.Mul: ast.Mult()}
_COMMUTES = (sp.Add, sp.Mul, sp.Max, sp.Min)
_NOTHING: dict[type, int] = {sp.Add: 0, sp.Mul: 1}  # what changes nothing
_SMALL = 8  # exponent up to which the power of any fraction is exact
_EXACT = (*_COMMUTES, sp.ceiling, sp.floor, sp.Abs, PowerOfTwo)


# -- what is known
@dataclass(frozen=True)
class Known:
    """A tape with values put in: ``steps`` in order, each by its slot, and what is in the other slots: a number, or an input's place."""

    steps: Mapping[int, Step]
    slots: Mapping[int, Any]

    @staticmethod
    def of(tape: Tape, values: Mapping[sp.Symbol, Number], inputs: Sequence[sp.Symbol]) -> Known:
        """The tape at these values, a function of the ``inputs``, whatever is said of them.

        What is known of a sum or a product of fractions is put together, where everything stays exact; else every operation is done
        in its order, so that it gives the same bits.
        """
        slots: dict[int, Any] = {i: values[s] if s not in inputs else s for i, s in enumerate(tape.inputs)}
        slots |= {len(slots) + i: c for i, c in enumerate(tape.constants)}
        steps: dict[int, Step] = {}
        exact = all(stays_exact(kind, [slots.get(i) for i in places]) for kind, places in tape.steps)
        for slot, (kind, places) in enumerate(tape.steps, len(slots)):
            known = [slots[i] for i in places if _number(slots.get(i))]
            if len(known) == len(places):
                slots[slot] = TABLE[kind][0](*known)
                continue
            arguments: list[Any] = list(places)
            if exact and kind in _COMMUTES and known:
                together = TABLE[kind][0](*known) if len(known) > 1 else known[0]
                arguments = [] if together == _NOTHING.get(kind) else [together]
                arguments += [i for i in places if not _number(slots.get(i))]
                if kind is sp.Mul and together == 0:
                    slots[slot] = together
                    continue
            steps[slot] = kind, tuple(a if type(a) is int else _Constant(a) for a in arguments)
        return Known(steps, slots)

    def needed(self, roots: Iterable[int]) -> list[int]:
        """The steps that some slots need, in order."""
        found: set[int] = set()
        front = list(roots)
        while front:
            slot = front.pop()
            if slot in self.steps and slot not in found:
                found.add(slot)
                front += [a for a in self.steps[slot][1] if isinstance(a, int)]
        return sorted(found)


@dataclass(frozen=True)
class _Constant:
    """A number among the arguments of a step."""

    number: Number


def _number(held: Any) -> bool:
    return isinstance(held, (Fraction, float, int))


def stays_exact(kind: type, held: list[Any]) -> bool:
    """Whether an operation on fractions is exact, whatever they are."""
    if kind is sp.Pow:
        return isinstance(held[1], Fraction) and held[1].denominator == 1 and abs(held[1]) <= _SMALL
    return kind in _EXACT


# -- functions of numbers alone
def _whole(how: Callable[[float], int]) -> Callable[[float], float]:
    """Rounding that takes what is within a few bits of a whole number for it, as on arrays."""

    def rounded(x: float) -> float:
        nearest = round(x)
        return float(nearest if abs(x - nearest) <= min(8e-16 * abs(x), 0.1) else how(x))

    return rounded


_FLOATS: dict[type, Callable[..., Any]] = {
    sp.ceiling: _whole(math.ceil),
    sp.floor: _whole(math.floor),
    PowerOfTwo: lambda x: float(power_of_two(x)),
    sp.Pow: math.pow,
}


@dataclass
class Builder:
    """A function in the making: on exact fractions, or on floats; ``names`` are those of its arguments."""

    known: Known
    names: Mapping[sp.Symbol, str]
    exact: bool

    def __post_init__(self) -> None:
        self.outside: dict[str, Any] = {"__builtins__": {}, "_float": float, "_isinstance": isinstance, "_error": Exception}
        self.body: list[ast.stmt] = []

    def name(self, slot: int) -> ast.expr:
        """What is in a slot: an argument, a number, or what a step has made."""
        held = self.known.slots.get(slot)
        if isinstance(held, sp.Symbol):
            return _load(self.names[held])
        return _load(f"_t{slot}") if held is None else self.number(held)

    def number(self, value: Number) -> ast.expr:
        """A constant: a float in place, a fraction from outside."""
        if not self.exact:
            return ast.Constant(float(value))
        return self.kept(value)

    def kept(self, thing: Any) -> ast.expr:
        """Something that the function uses from outside."""
        name = next((n for n, held in self.outside.items() if held is thing), f"_k{len(self.outside)}")
        self.outside[name] = thing
        return _load(name)

    def step(self, slot: int) -> None:
        """The statements of one step."""
        kind, places = self.known.steps[slot]
        terms = [self.number(a.number) if isinstance(a, _Constant) else self.name(a) for a in places]
        self.body.append(_assign(f"_t{slot}", self.operation(kind, terms, places)))

    def operation(self, kind: type, terms: list[ast.expr], places: Sequence[Any]) -> ast.expr:
        """An operation as Python does it."""
        if kind in _JOINED:
            return reduce(lambda a, b: ast.BinOp(a, _JOINED[kind], b), terms)
        if kind in (sp.Max, sp.Min):
            return reduce(lambda a, b: self.chosen(kind, a, b), terms)
        if kind is sp.Pow and not self.exact:
            power = self.known.slots.get(places[1]) if isinstance(places[1], int) else places[1].number
            if power == -1:
                return ast.BinOp(ast.Constant(1.0), ast.Div(), terms[0])
            if power == Fraction(1, 2):
                return ast.Call(self.kept(math.sqrt), [terms[0]], [])
        function = _FLOATS.get(kind, TABLE[kind][0]) if not self.exact else TABLE[kind][0]
        return ast.Call(self.kept(function), terms, [])

    def chosen(self, kind: type, a: ast.expr, b: ast.expr) -> ast.expr:
        """The larger or the smaller of two; the first of equal ones."""
        names = []
        for term in (a, b):
            if not isinstance(term, (ast.Name, ast.Constant)):
                self.body.append(_assign(name := f"_m{len(self.body)}", term))
                term = _load(name)
            names.append(term)
        better = ast.Lt() if kind is sp.Max else ast.Gt()
        return ast.IfExp(ast.Compare(names[0], [better], [names[1]]), names[1], names[0])


def on_fractions(known: Known, inputs: Sequence[sp.Symbol], roots: Sequence[int]) -> Callable[..., tuple[Any, ...]]:
    """A function of exact fractions that gives what is in the root slots."""
    build = Builder(known, {s: f"x{i}" for i, s in enumerate(inputs)}, True)
    for slot in known.needed(roots):
        build.step(slot)
    build.body.append(ast.Return(ast.Tuple([build.name(slot) for slot in roots], ast.Load())))
    return _function("exactly", list(build.names.values()), build.body, build.outside)


@dataclass(frozen=True)
class Within:
    """What a function of floats takes: letters with a range each, and pairs of slots of which the first is at most the second."""

    ranges: Mapping[sp.Symbol, tuple[float, float, bool]]  # from, to, and whether the lower end is left out
    ordered: tuple[tuple[int, int], ...] = ()


def on_floats(known: Known, within: Within, root: int, otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """A function of floats that gives what is in the root slot; whatever it is not made for goes to ``otherwise``."""
    names = arguments(within.ranges)
    build = Builder(known, names, False)
    for slot in known.needed([root, *(i for pair in within.ordered for i in pair)]):
        build.step(slot)
    result = "_result"
    build.body.append(_assign(result, build.name(root)))
    fine = [ast.Call(_load("_isinstance"), [_load(result), _load("_float")], []), _chain(_load(result), ast.Lt(), ast.Constant(math.inf))]
    fine += [_chain(build.name(a), ast.LtE(), build.name(b)) for a, b in within.ordered]
    build.body.append(ast.If(_all(fine), [ast.Return(_load(result))], []))
    tests: list[ast.expr] = [
        ast.Compare(ast.Constant(low), [ast.Lt() if left_out else ast.LtE(), ast.LtE()], [_load(names[s]), ast.Constant(high)])
        for s, (low, high, left_out) in within.ranges.items()
    ]
    guarded: list[ast.stmt] = [ast.If(_all(tests), build.body, [])] if tests else build.body
    attempt = ast.Try(guarded, [ast.ExceptHandler(_load("_error"), None, [ast.Pass()])], [], [])
    last = ast.Return(ast.Call(_load("_otherwise"), [_load(name) for name in names.values()], []))
    return _function("cost", list(names.values()), [attempt, last], {**build.outside, "_otherwise": otherwise})


def arguments(symbols: Iterable[sp.Symbol]) -> dict[sp.Symbol, str]:
    """A name for every symbol, its own.

    Raises InputError for one that cannot be an argument of Python, and for two of one name.
    """
    found = {s: s.name for s in symbols}
    for name in found.values():
        if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name) or name.startswith("_"):
            raise InputError(f"{short(name)} cannot name an argument; declare the symbol with symbol(name, unit)")
    if len(set(found.values())) < len(found):
        raise InputError("two of the letters have one name; give one of them a name of its own")
    return found


# -- syntax trees
def _load(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def _assign(name: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(name, ast.Store())], value)


def _chain(a: ast.expr, operator: ast.cmpop, b: ast.expr) -> ast.expr:
    return ast.Compare(a, [operator], [b])


def _all(tests: list[ast.expr]) -> ast.expr:
    return tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)


def _function(name: str, takes: list[str], body: list[ast.stmt], outside: dict[str, Any]) -> Callable[..., Any]:
    """The function of a tree; it knows nothing but what is named ``outside``."""
    takes_all = ast.arguments([], [ast.arg(a) for a in takes], None, [], [], None, [])
    definition = ast.FunctionDef(name, takes_all, body, [], None)
    vars(definition)["type_params"] = []  # which Python has from 3.12 on
    code = compile(ast.fix_missing_locations(ast.Module([definition], [])), f"<symroof {name}>", "exec")
    inner = next(c for c in code.co_consts if isinstance(c, CodeType))
    return FunctionType(inner, outside)
