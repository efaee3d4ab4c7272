"""What is known when a question is asked: a chip and a slice, a model, formats, letters with a value; all of it optional.

Letters win over sheets, and an option that means the same as a letter is given instead of it, not beside it. A letter that is
asked for is left free, whatever sheet gives it: then ``W_hbm`` is the bandwidth that an otherwise given chip would need.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import sympy as sp

from symroof.algebra.bind import check
from symroof.algebra.claims import NONE, Claims, reworded, thresholds
from symroof.algebra.cost import Cost
from symroof.algebra.operands import rational
from symroof.algebra.quantity import show_number, show_quantity
from symroof.algebra.symbols import ALPHABET, C_FORMAT, UNLESS, C, H, K, L, N, P, Symbol, n, n_axes, p, p_a, p_kv, p_w, price, symbol
from symroof.ask.grammar import Asked
from symroof.ask.letters import assigned, letter, reach, refuse_unused, said, scaled
from symroof.errors import InputError, short
from symroof.sheets.calibrations import Calibration
from symroof.sheets.chips import Chip, chip
from symroof.sheets.dtypes import dtype
from symroof.sheets.llms import Llm, llm
from symroof.sheets.sheet import Sheet
from symroof.transformer.stack import MLP, Stack

#: The formats that a model's file says it is stored in.
STORED = "as stored"
_LEVELS = 4  # C stands for C_bf16, and that is a number


def by_class(weights: str) -> bool:
    """Whether the format of the weights is one for each class of them."""
    return weights == STORED or "=" in weights or ";" in weights


@dataclass(frozen=True)
class Known:
    """The sheets of a question; ``letters`` are values by name and win over them, ``formats`` are weights, KV, arithmetic.

    The format of the weights may be one for each class of them, ``bf16; experts=mxfp4``, or those of the model's file, ``as stored``.
    """

    chip: Chip | None = None
    shape: str = ""
    model: Llm | None = None
    formats: tuple[str, str, str] = ("", "", "")
    letters: Mapping[str, Any] = field(default_factory=dict)
    exact: bool = False  # the model's own formulas, if the book has one for it too
    calibration: Calibration | None = None  # for estimates

    @staticmethod
    def of(
        on: str = "",
        shape: str = "",
        model: str = "",
        formats: tuple[str, str, str] = ("", "", ""),
        letters: Mapping[str, Any] | None = None,
        exact: bool = False,
        **options: Any,
    ) -> Known:
        """From names, an empty one for nothing; ``options`` are others that mean a letter, such as ``context``.

        Raises UnknownName with the nearest name, InputError for an option and a letter that give the same.
        """
        weights, kv, math = formats
        found = said(letters or {}, {"slice": shape, "formats": weights, "kv": kv, "math": math, **options})
        if shape and not on:
            raise InputError("a slice needs a chip; add e.g. --on tpu-v5e")
        if exact and not model:
            raise InputError("--exact takes a model's own formulas; add e.g. --model llama3-70b")
        known = Known(chip(on) if on else None, shape, llm(model) if model else None, formats, found, exact).dressed()
        if math in C_FORMAT:
            known.refuse_arithmetic()
        return known

    def dressed(self) -> Known:
        """The same with the model in the formats of its classes, where the format of the weights is that: ``as stored``, or a format
        for each class, ``bf16; experts=mxfp4``.

        Raises InputError for classes without a model, or what is no format of one.
        """
        weights, kv, _ = self.formats
        if not by_class(weights):
            return self
        if self.model is None:
            raise InputError(
                f"formats by class are those of a model's weights; add one, e.g. --model gpt-oss-120b, or leave {short(weights)} out"
            )
        if weights == STORED:
            return replace(self, model=self.model.as_stored)
        first, *rest = (part.strip() for part in weights.split(";"))
        base, classes = ("bf16", [first, *rest]) if "=" in first else (first, rest)
        return replace(
            self,
            model=self.model.in_formats(
                base, kv, **{k.replace(" ", "_"): v for k, v in assigned(classes, "--formats", "experts=mxfp4").items()}
            ),
        )

    def refuse_arithmetic(self) -> None:
        """Raise InputError if the chip has no rate for the arithmetic."""
        if self.chip and C_FORMAT.get(self.arithmetic) not in self.chip.values:
            raise InputError(
                f"{self.chip.name} does no arithmetic in {short(self.arithmetic).strip(chr(39))}; it has {', '.join(self.chip.formats)}"
            )

    @property
    def m(self) -> Llm | None:
        """The model whose formulas hold; None for the book's, which are those of a dense model."""
        return self.model if self.model and (self.exact or self.stored or not self.model.stack.dense) else None

    @property
    def stored(self) -> Stack | None:
        """The layers of a model whose weights are in formats of their classes, so that they are counted in bytes, not as P p_w."""
        return self.model.stack if self.model and self.model.stack.widths else None

    @property
    def arithmetic(self) -> str:
        """The format of the arithmetic: the one that is named, or the chip's own."""
        return self.formats[2] or (self.chip.arithmetic if self.chip else "")

    @property
    def priced(self) -> str:
        """The price of a chip, its own or one that is given, and who says so; empty without one."""
        if price.name in self.letters:
            return f"${show_number(float(self.given[price]) * 3600)}/h, as given"
        return self.chip.priced if self.chip and price in self.chip.values else ""

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

    # -- formulas
    def derated(self, cost: Cost, asked: Iterable[str] = ()) -> Cost:
        """A cost whose rates carry the efficiencies that are given, or asked for: with eta_hbm, W_hbm is eta_hbm*W_hbm."""
        put = scaled({*self.letters, *asked} - {s.name for s in cost.free_symbols}, self.arithmetic)
        return _replaced(cost, put) if put else cost

    def put(self, of: Cost, asked: Iterable[str] = ()) -> Cost:
        """A cost as it is asked about: with the efficiencies, and the aggregates that letters ``asked`` for are part of written out."""
        return self.written_out(self.derated(of, asked), asked)

    def put_in(self, of: Asked, asked: Iterable[str] = ()) -> Asked:
        """A condition as it is asked about, on both sides."""
        return replace(of, left=self.put(of.left, asked), right=self.put(of.right, asked))

    @staticmethod
    def written_out(of: Cost, names: Iterable[str]) -> Cost:
        """A cost with the aggregates of a model written out that some letters are part of."""
        letters = [ALPHABET[name.strip()] for name in names if name.strip() in ALPHABET]
        return of.expand(*letters) if letters else of

    def stands_on(self, free: Iterable[sp.Symbol]) -> list[str]:
        """What numbers in these letters assume, a sentence each: formula, arithmetic, price."""
        symbols, found = set(free), []
        if self.m is None and self.model and symbols & {P, K, N, H, L}:
            found.append(f"{self.model.name} is dense: the book's formulas, approximations; --exact takes the model's own.")
        if self.chip and symbols & {C, *C_FORMAT.values()} and C.name not in self.letters:
            found.append(f"Arithmetic in {self.arithmetic}.")
        if self.priced and price in symbols and price.name not in self.letters:
            found.append(f"Price of a chip {self.priced}.")
        return found

    def one_mlp(self) -> None:
        """Refuse a model where an MLP layer of width F is drawn and its F is that of other layers."""
        if self.model and self.model.stack.refuses(frozenset({MLP})):
            raise InputError(
                f"what is drawn is one MLP of width F, and {self.model.name} has none; leave --model out and give --set D=... --set F=..."
            )

    # -- values
    @cached_property
    def given(self) -> dict[Symbol, Any]:
        """The letters that are given, checked.

        Raises UnknownName for one that neither the alphabet nor the model has, InputError for what cannot be its value.
        """
        own = {s.name: s for s in (*self.model.values, *self.model.defaults)} if self.model else {}
        found = {letter(name, {**ALPHABET, **own}): value for name, value in self.letters.items()}
        return {s: check(s, value) for s, value in found.items()}

    def but(self, **letters: Any) -> Known:
        """The same with other values for letters."""
        return replace(self, letters={**self.letters, **letters})

    def each(self, weights: Iterable[str], caches: Iterable[str] = ()) -> list[Known]:
        """What is known in each format of the weights, and in each of the KV cache; a choice that a letter takes away is there once."""
        found: dict[str, Known] = {}
        for one in weights:
            for kv in tuple(caches) or (self.formats[1],):
                here = replace(self, formats=(one, kv, self.formats[2])).dressed()
                found.setdefault(here.format, here)
        return list(found.values())

    @property
    def format(self) -> str:
        """The format of the weights, and of the KV cache if it is another; of weights the bytes that are given instead."""
        weights, kv, _ = self.formats
        first = self.worth(p_w) if p_w in self.given else weights if by_class(weights) else dtype(weights).name
        same = p_kv in self.given or (p_w not in self.given and kv in ("", weights))
        return first if same else f"{first}, KV {kv or weights}"

    def worth(self, s: Symbol) -> str:
        """A letter that is given with its value: ``p_w = 0.5 B``."""
        return f"{s} = {show_quantity(float(self.given[s]), s.unit)}"

    @cached_property
    def held(self) -> Any:
        """The chip, on its slice, in which the letters win; None without one."""
        return None if self.chip is None else _over(self.chip.on(self.shape) if self.shape else self.chip, self.given)

    @cached_property
    def own(self) -> Any:
        """The model in which the letters win, with what follows from them; None without one."""
        given = {s: v for s, v in self.given.items() if self.model and s in self.model.values}
        return self.model.but(given) if self.model and given else self.model

    @cached_property
    def sheets(self) -> tuple[Sheet, ...]:
        """Chip, model, format and letters, as far as there are any; the letters win."""
        format = self._format()
        if format:
            format = replace(format, values={s: v for s, v in format.values.items() if s not in self.given})
        found: list[Sheet] = [sheet for sheet in (self.held, self.own, format) if sheet is not None]
        taken = {s for sheet in found for s in sheet.values}
        return (*found, Sheet("letters", "", {s: v for s, v in self.given.items() if s not in taken}))

    def sheet(self, free: Iterable[sp.Symbol], asked: Iterable[sp.Symbol] = (), also: Iterable[sp.Symbol] = (), of: Claims = NONE) -> Sheet:
        """Everything that is known of the ``free`` symbols of a formula, less what is ``asked`` for, or what it was solved for.

        Raises UnknownName for a letter that neither the formula nor what is asked ``also`` has, InputError for a sheet that gives
        nothing of them, and for a letter that is asked for as well.
        """
        free = set(free)
        gone = thresholds(of).keys() - free
        asked = {*asked, *gone}
        reached = reach(free | set(also), self.sheets)
        self._refuse_idle(reached)
        refuse_unused(self.given, reached, "does not occur in the question")
        for s in self.given:
            if s in asked:
                why = "follows from the other values, for the formula was solved for it" if s in gone else "is asked for and given"
                raise InputError(f"{s} {why}; drop --set {s}=...")
        if self.model:
            for s in asked:
                self.model.stack.alone(s, self.given)
        tables = [*(sheet.defaults for sheet in self.sheets), *(sheet.values for sheet in self.sheets)]
        kept = {s: v for t in tables for s, v in t.items() if s not in asked}
        found = {s: _number(s, kept) for s in free - asked if s in kept}
        derived: Mapping[Symbol, sp.Expr] = self.model.definitions if self.model else {}
        moving = {s: derived[s] for s in derived.keys() - self.given.keys() if asked & _behind(s, derived)}  # with what is asked for
        fixed = {x: rational(v) for x, v in kept.items() if isinstance(v, Fraction) and x not in moving}
        found |= {s: _put(moving[s], moving).xreplace(fixed) for s in found.keys() & moving.keys()}
        behind = {x for v in found.values() if isinstance(v, sp.Expr) for x in v.free_symbols if x in kept and x not in asked}
        found |= {x: _number(x, kept) for x in behind}
        return Sheet(self.called or "nothing", "", {s: v for s, v in found.items() if v != s})

    def _format(self) -> Sheet | None:
        """The bytes per element that the named formats give, and what C stands for."""
        weights, kv, math = self.formats
        arithmetic = self.arithmetic
        if not any(self.formats) or (by_class(weights) and not (kv or arithmetic)):
            return None
        weights = "" if by_class(weights) else weights
        whole = dtype(weights or kv or arithmetic, kv=kv, activations=arithmetic, math=arithmetic)
        without = {s for s, name in ((p, weights), (p_w, weights), (p_kv, weights or kv), (p_a, arithmetic), (C, math)) if not name}
        return Sheet(whole.name, "", {s: v for s, v in whole.values.items() if s not in without})

    def _refuse_idle(self, reached: set[sp.Symbol]) -> None:
        """Refuse an option that says nothing of the letters of a question."""
        for option, gives in self._gives():
            if not reached & gives:
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
        if by_class(weights) and self.model:
            yield "--formats", {*self.model.values.keys(), p_kv}
        elif weights:
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
    there = Known.of(name.strip(), shape.strip(), math=math)
    called = re.sub(r"\W+", "_", there.chip.name if there.chip else "")[:20]
    tables = {s: v for t in ("defaults", "values") for sheet in there.sheets for s, v in getattr(sheet, t).items() if s != p_a}
    own = {s: symbol(f"{s.name}_{called}", s.unit, f"{s.meaning}, of {name}") for s in cost.free_symbols if s in tables}
    if not own:
        raise InputError(f"nothing on the right side is of the chip, so {other} changes nothing; put a formula there")
    values = {new: _number(s, tables) for s, new in own.items()}
    return _replaced(cost, own), Sheet(other, "", {s: v for s, v in values.items() if not isinstance(v, sp.Symbol)})


def missing(free: Iterable[sp.Symbol], sheet: Sheet, asked: Iterable[sp.Symbol] = ()) -> list[str]:
    """The letters that are still without a value."""
    lacking = {*free, *_inside(sheet, free)} - set(asked) - set(sheet.values) - UNLESS.keys()
    return sorted(s.name for s in lacking)


def only(sheet: Sheet, free: Iterable[sp.Symbol]) -> Sheet:
    """What a sheet says of the ``free`` symbols, and of those that their values are written in."""
    kept = {*free, *_inside(sheet, free)}
    return Sheet(sheet.name, "", {s: v for s, v in sheet.values.items() if s in kept})


def numbers(sheet: Sheet) -> dict[sp.Symbol, sp.Expr]:
    """The values of a sheet as exact sympy numbers."""
    return {s: v if isinstance(v, sp.Expr) else rational(v) for s, v in sheet.values.items()}


# -- helpers
def _over(sheet: Sheet, given: Mapping[Symbol, Any]) -> Sheet:
    """A sheet in which letters win."""
    own = {s: v for s, v in given.items() if s in sheet.values}
    return replace(sheet, values={**sheet.values, **own}, sources={**sheet.sources, **dict.fromkeys(own, "given")}) if own else sheet


def _replaced(cost: Cost, put: Mapping[Any, sp.Expr]) -> Cost:
    """A cost with letters replaced, in the conditions that were solved for it too."""

    def replaced(side: Cost) -> Cost:
        return side.map(lambda e: e.xreplace(dict(put)))

    found, claims = replaced(cost), reworded(cost.of, lambda c: c.between(replaced(c.left), replaced(c.right)))
    return found if claims == cost.of else found.claiming(claims)


def _inside(sheet: Sheet, free: Iterable[sp.Symbol]) -> set[sp.Symbol]:
    """The symbols that the values of the ``free`` ones are written in."""
    return {x for s in set(free) & sheet.values.keys() if isinstance(v := sheet.values[s], sp.Expr) for x in v.free_symbols}


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
    return reach({s}, [Sheet("", values=definitions)]) - {s}
