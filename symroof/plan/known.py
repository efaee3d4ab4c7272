"""What is known when a question is asked: a chip and a slice, a model, formats, letters with a value; all of it optional.

A letter that is asked for is left free, whatever sheet gives it: then ``W_hbm`` is the bandwidth that an otherwise given
chip would need.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, TypeVar

import sympy as sp

from symroof.algebra.check import check
from symroof.algebra.claims import NONE, Claims, reworded, thresholds
from symroof.algebra.condition import Condition
from symroof.algebra.cost import Cost
from symroof.algebra.operands import rational
from symroof.algebra.symbols import C_FORMAT, DERATES, C, H, K, L, N, P, Symbol, n, n_axes, p, p_a, p_kv, p_w, price, symbol
from symroof.errors import InputError, UnknownName, nearest
from symroof.plan.formulas import Asked, alphabet, letter
from symroof.sheets.chips import Chip, chip
from symroof.sheets.dtypes import dtype
from symroof.sheets.llms import Llm, llm
from symroof.sheets.sheet import Sheet
from symroof.transformer.stack import MLP

_Formula = TypeVar("_Formula", Cost, Condition)
_LEVELS = 4  # C stands for C_bf16, and that is a number
#: Options, the letter that means the same, and what that is.
_TWICE = (
    ("--slice", n, "the number of chips"),
    ("--formats", p_w, "the bytes of a weight"),
    ("--kv", p_kv, "the bytes of an element of the KV cache"),
    ("--math", C, "the FLOP/s of a chip"),
)


@dataclass(frozen=True)
class Known:
    """The sheets of a question; ``letters`` are texts by name and win over them, ``formats`` are weights, KV, arithmetic."""

    chip: Chip | None = None
    shape: str = ""
    model: Llm | None = None
    formats: tuple[str, str, str] = ("", "", "")
    letters: Mapping[str, str] = field(default_factory=dict)
    exact: bool = False  # the model's own formulas, if the book has one for it too

    @staticmethod
    def of(on: str, shape: str, model: str, formats: tuple[str, str, str], letters: Mapping[str, str], exact: bool = False) -> Known:
        """From names, an empty one for nothing.

        Raises UnknownName with the nearest name.
        """
        if shape and not on:
            raise InputError("a slice needs a chip; add e.g. --on tpu-v5e")
        for (option, s, meaning), given in zip(_TWICE, (shape, *formats), strict=True):
            if given and s.name in letters:
                raise InputError(f"{option} and --set {s} both give {meaning}; give one")
        where = chip(on) if on else None
        rate = C_FORMAT.get(formats[2])
        if where and rate and rate not in where.values:
            raise InputError(f"{where.name} does no arithmetic in {formats[2]}; it has {', '.join(where.formats)}")
        if exact and not model:
            raise InputError("--exact takes a model's own formulas; add e.g. --model llama3-70b")
        return Known(where, shape, llm(model) if model else None, formats, letters, exact)

    @property
    def m(self) -> Llm | None:
        """The model whose formulas hold; None for the book's, which are those of a dense model."""
        return self.model if self.model and (self.exact or not self.model.stack.dense) else None

    @property
    def called(self) -> str:
        """The sheets and letters, on one line."""
        weights, kv, math = self.formats
        words = [
            f"{self.chip.name} {self.chip.slice(self.shape).name}" if self.chip and self.shape else self.chip.name if self.chip else "",
            self.model.name if self.model else "",
            weights,
            f"KV {kv}" if kv else "",
            f"arithmetic in {math}" if math else "",
            *[f"{name} = {text}" for name, text in self.letters.items()],
        ]
        return ", ".join(w for w in words if w)

    def derated(self, cost: Cost, asked: Iterable[str] = ()) -> Cost:
        """A cost whose rates carry the efficiencies that are given, or asked for: with eta_hbm, W_hbm is eta_hbm*W_hbm."""
        said = {*self.letters, *asked}
        scaled = {r: eta * r for eta, rates in DERATES.items() if eta.name in said for r in rates}
        return _replaced(cost, scaled) if scaled else cost

    @staticmethod
    def written_out(of: _Formula, names: Iterable[str]) -> _Formula:
        """A cost or a condition with the aggregates of a model written out that some letters are part of."""
        letters = [alphabet()[name.strip()] for name in names if name.strip() in alphabet()]
        return of.expand(*letters) if letters else of

    def stands_on(self, free: Iterable[sp.Symbol]) -> list[str]:
        """What numbers in these letters assume, a sentence each: formula, arithmetic, price."""
        symbols, said = set(free), []
        if self.model and self.model.stack.dense and not self.exact and symbols & {P, K, N, H, L}:
            said.append(f"{self.model.name} is dense: the book's formulas, approximations; --exact takes the model's own.")
        if self.chip and symbols & {C, *C_FORMAT.values()} and C.name not in self.letters:
            arithmetic = self.formats[2] or self.chip.arithmetic
            said.append(f"Arithmetic in {arithmetic}.")
        if self.chip and price in symbols and price in self.chip.values and price.name not in self.letters:
            said.append(f"Price of a chip {self.chip.priced}.")
        return said

    def one_mlp(self) -> None:
        """Refuse a model where an MLP layer of width F is drawn and its F is that of other layers."""
        if self.model and self.model.stack.refuses(frozenset({MLP})):
            raise InputError(
                f"what is drawn is one MLP of width F, and {self.model.name} has none; leave --model out and give --set D=... --set F=..."
            )

    def condition(self, asked: Asked, also: Iterable[str] = ()) -> Asked:
        """A condition with the efficiencies on both sides."""
        return replace(asked, left=self.derated(asked.left, also), right=self.derated(asked.right, also))

    def sheet(self, free: Iterable[sp.Symbol], asked: Iterable[sp.Symbol] = (), also: Iterable[sp.Symbol] = (), of: Claims = NONE) -> Sheet:
        """Everything that is known of the ``free`` symbols of a formula, less what is ``asked`` for, or what it was solved for.

        Raises UnknownName for a letter that neither the formula nor what is asked ``also`` has, InputError for a sheet that gives
        nothing of them, and for a letter that is asked for as well.
        """
        free = set(free)
        gone = thresholds(of).keys() - free
        asked = {*asked, *gone}
        known = dict(self._tables())
        reach = self._reach(free | set(also), known)
        self._refuse_idle(reach)
        given = self._given(reach)
        for s in given:
            if s in asked:
                why = "follows from the other values, for the formula was solved for it" if s in gone else "is asked for and given"
                raise InputError(f"{s} {why}; drop --set {s}=...")
        if self.model:  # what follows from a letter of the model follows from the one that is given
            for s in asked:
                self.model.stack.alone(s, given)
            own = {s: v for s, v in given.items() if s in self.model.values}
            known |= self.model.but(own).values if own else {}
        known |= given
        kept = {s: v for s, v in known.items() if s not in asked}
        found = {s: _number(s, kept) for s in free - asked if s in kept}
        derived: Mapping[Symbol, sp.Expr] = self.model.definitions if self.model else {}
        moving = {s: derived[s] for s in derived.keys() - given.keys() if asked & _behind(s, derived)}  # with what is asked for
        fixed = {x: rational(v) for x, v in kept.items() if isinstance(v, Fraction) and x not in moving}
        found |= {s: _put(moving[s], moving).xreplace(fixed) for s in found.keys() & moving.keys()}
        behind = {x for v in found.values() if isinstance(v, sp.Expr) for x in v.free_symbols if x in kept and x not in asked}
        found |= {x: _number(x, kept) for x in behind}
        return Sheet(self.called or "nothing", "", {s: v for s, v in found.items() if v != s})

    def _tables(self) -> dict[Symbol, Any]:
        held: Sheet | None = self.chip.on(self.shape) if self.chip and self.shape else self.chip
        sheets = [s for s in (held, self.model, self._format()) if s is not None]
        return {k: v for table in ([s.defaults for s in sheets], [s.values for s in sheets]) for t in table for k, v in t.items()}

    def _format(self) -> Sheet | None:
        """The bytes per element that the named formats give, and what C stands for."""
        weights, kv, math = self.formats
        if not any(self.formats):
            return None
        arithmetic = math or (self.chip.arithmetic if self.chip else "")
        whole = dtype(weights or kv or arithmetic, kv=kv, activations=arithmetic, math=arithmetic)
        without = {s for s, name in ((p, weights), (p_w, weights), (p_kv, weights or kv), (p_a, arithmetic), (C, math)) if not name}
        return Sheet(whole.name, "", {s: v for s, v in whole.values.items() if s not in without})

    def _reach(self, free: set[sp.Symbol], known: Mapping[Symbol, Any]) -> set[sp.Symbol]:
        """The letters of a formula, what they stand for, and what defines them."""
        reach = free | {x for s in free for x in _defining(s, known)}
        if self.model:
            reach |= {x for s in free for x in _behind(s, self.model.definitions)}
        return reach | {x for s in reach for x in _defining(s, known)}

    def _given(self, reach: set[sp.Symbol]) -> dict[Symbol, Any]:
        """The letters that were given, checked; each must occur in the formula, or define one that does."""
        names = {s.name: s for s in reach}
        found = {}
        for name, text in self.letters.items():
            if name not in names:
                letter(name)
                raise UnknownName(f"{name} does not occur in the question; {nearest(name, names)}")
            found[names[name]] = check(names[name], text)
        return found

    def _refuse_idle(self, reach: set[sp.Symbol]) -> None:
        """Refuse an option that says nothing of the letters of a question."""
        for option, gives in self._gives():
            if not reach & gives:
                raise InputError(f"{option} changes nothing: the question has no letter that it gives; leave it out")

    def _gives(self) -> Iterator[tuple[str, set[sp.Symbol]]]:
        """Every option that is given, and the letters it has a say in."""
        weights, kv, math = self.formats
        if self.chip:
            yield "--on", {*self.chip.values, *self.chip.defaults, n, n_axes}
        if self.chip and self.shape:
            held = self.chip.on(self.shape).values
            yield "--slice", {s for s in {*held, *self.chip.values} if held.get(s) != self.chip.values.get(s)}
        if self.model:
            yield "--model", {*self.model.values, *self.model.defaults}
        if weights:
            yield "--formats", {p, p_w} if kv else {p, p_w, p_kv}
        if kv:
            yield "--kv", {p_kv}
        if math:
            yield "--math", {C, p_a, *C_FORMAT.values()}


def beside(cost: Cost, other: str, math: str = "") -> tuple[Cost, Sheet]:
    """A cost on another chip, written ``CHIP`` or ``CHIP:SLICE``: its chip's letters get the chip's name, and values.

    ``W_hbm`` becomes ``W_hbm_tpu_v5e``; everything else stays what it is on this chip, and free if it is asked for.
    """
    name, _, shape = other.partition(":")
    there = Known.of(name.strip(), shape.strip(), "", ("", "", math), {})
    called = re.sub(r"\W+", "_", there.chip.name if there.chip else "")[:20]
    tables = {s: v for s, v in there._tables().items() if s != p_a}
    own = {s: symbol(f"{s.name}_{called}", s.unit, f"{s.meaning}, of {name}") for s in cost.free_symbols if s in tables}
    if not own:
        raise InputError(f"nothing on the right side is of the chip, so {other} changes nothing; put a formula there")
    values = {new: _number(s, tables) for s, new in own.items()}
    return _replaced(cost, own), Sheet(other, "", {s: v for s, v in values.items() if not isinstance(v, sp.Symbol)})


def _replaced(cost: Cost, put: Mapping[Any, sp.Expr]) -> Cost:
    """A cost with letters replaced, in the conditions that were solved for it too."""

    def replaced(side: Cost) -> Cost:
        return side.map(lambda e: e.xreplace(dict(put)))

    found, claims = replaced(cost), reworded(cost.of, lambda c: c.between(replaced(c.left), replaced(c.right)))
    return found if claims == cost.of else found.claiming(claims)


def missing(free: Iterable[sp.Symbol], sheet: Sheet, asked: Iterable[sp.Symbol] = ()) -> list[str]:
    """The letters that are still without a value."""
    lacking = {*free, *_inside(sheet, free)} - set(asked) - set(sheet.values) - set(DERATES)
    return sorted(s.name for s in lacking)


def only(sheet: Sheet, free: Iterable[sp.Symbol]) -> Sheet:
    """What a sheet says of the ``free`` symbols, and of those that their values are written in."""
    kept = {*free, *_inside(sheet, free)}
    return Sheet(sheet.name, "", {s: v for s, v in sheet.values.items() if s in kept})


def _inside(sheet: Sheet, free: Iterable[sp.Symbol]) -> set[sp.Symbol]:
    """The symbols that the values of the ``free`` ones are written in."""
    return {x for s in set(free) & sheet.values.keys() if isinstance(v := sheet.values[s], sp.Expr) for x in v.free_symbols}


def numbers(sheet: Sheet) -> dict[sp.Symbol, sp.Expr]:
    """The values of a sheet as exact sympy numbers."""
    return {s: v if isinstance(v, sp.Expr) else rational(v) for s, v in sheet.values.items()}


def _number(s: Any, known: Mapping[Any, Any]) -> Any:
    """What a symbol is worth, through the symbols it stands for."""
    for _ in range(_LEVELS):
        if not isinstance(s, sp.Symbol) or s not in known:
            return s
        s = known[s]
    return s


def _put(expr: sp.Expr, definitions: Mapping[Any, sp.Expr]) -> sp.Expr:
    """An expression with definitions put in, at any depth."""
    while expr.free_symbols & definitions.keys():
        expr = expr.xreplace(dict(definitions))
    return expr


def _behind(s: sp.Symbol, definitions: Mapping[Any, sp.Expr]) -> set[sp.Symbol]:
    """The letters of the layers that an aggregate is made of."""
    found: set[sp.Symbol] = set()
    front = {s} & definitions.keys()
    while front:
        inside = set().union(*(definitions[x].free_symbols for x in front)) - found
        found |= inside
        front = inside & definitions.keys()
    return found


def _defining(s: sp.Symbol, known: Mapping[Any, Any]) -> set[sp.Symbol]:
    found: set[sp.Symbol] = set()
    while isinstance(known.get(s), sp.Symbol):
        s = known[s]
        found.add(s)
    return found
