"""A setting: which model, on which chip, in which formats, for which traffic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from symroof.algebra.check import check
from symroof.algebra.symbols import ALPHABET, C_FORMAT, MFU, B, G, S, Symbol, T, Y, n, p_kv, p_w, price, t_lim
from symroof.errors import InputError, UnknownName, nearest, short
from symroof.sheets.chips import Chip
from symroof.sheets.dtypes import dtype
from symroof.sheets.llms import Llm
from symroof.sheets.sheet import Sheet
from symroof.sheets.slices import Slice


@dataclass(frozen=True)
class Traffic:
    """Context S, prompt T, generated G [tokens]; the MFU of prefill; a batch and a latency limit if they are given."""

    context: Fraction
    prompt: Fraction
    generated: Fraction
    mfu: Fraction
    batch: Fraction | None = None
    latency: Fraction | None = None

    @staticmethod
    def of(
        context: Any = 8192, prompt: Any = None, generated: Any = 512, mfu: Any = "0.4", batch: Any = None, latency: Any = None
    ) -> Traffic:
        """Traffic from numbers or texts (``"8192"``, ``"8 Ki"``, ``"15 ms"``); the prompt is as long as the context by default.

        Raises InputError or UnitError naming the symbol.
        """
        held = check(S, context)
        rate = check(MFU, mfu)
        if batch is not None and check(B, batch) < 1:
            raise InputError(f"a batch of {short(batch)} is no number of sequences; give at least 1")
        return Traffic(
            held,
            held if prompt is None else check(T, prompt),
            check(G, generated),
            rate,
            None if batch is None else check(B, batch),
            None if latency is None else check(t_lim, latency),
        )


@dataclass(frozen=True)
class Setting:
    """A model on a chip in one choice of formats."""

    chip: Chip
    model: Llm
    formats: Sheet
    traffic: Traffic
    extra: Mapping[Symbol, Any] = field(default_factory=dict)
    given: frozenset[Symbol] = frozenset()

    @property
    def m(self) -> Llm | None:
        """The model whose formulas tell the story; None for the book's, which are those of a dense model."""
        return None if self.model.stack.dense else self.model

    @property
    def priced(self) -> bool:
        """Whether an hour of a chip has a price, its own or one that is given."""
        return price in self.chip.values or price in self.extra

    def at(self, formula: Any, where: Slice | None = None, **values: Any) -> Any:
        """A formula at this setting's sheets; on a slice, with its chips as the ways of model parallelism."""
        traffic = self.traffic
        known: dict[Symbol, Any] = {S: traffic.context, T: traffic.prompt, G: traffic.generated, MFU: traffic.mfu}
        known.update(self.extra)
        if self.traffic.latency is not None:
            known[t_lim] = self.traffic.latency
        if where is not None and n not in values:
            known[Y] = Fraction(where.chips)
        follows = self.given & self.model.definitions.keys() & formula.free_symbols  # a batch would derive the experts hit again
        given = {s.name: self.model.values[s] for s in follows}
        return formula.at(self.chip if where is None else self._on(where), self.model, self.formats, known, **given, **values)

    def _on(self, where: Slice) -> Sheet:
        """The chip on a slice; what is given of it wins over what the slice would say."""
        held = self.chip.on(where)
        given = {s: self.extra.get(s, self.chip.values.get(s)) for s in self.given if s in held.values}
        return replace(held, values={**held.values, **{s: v for s, v in given.items() if v is not None}})


def settings(
    chip: Chip, model: Llm, formats: list[str], traffic: Traffic, kv: str = "", math: str = "", override: Mapping[str, str] | None = None
) -> list[Setting]:
    """One setting for each format of weights (and KV cache, unless ``kv`` names another); arithmetic in ``math``, by default
    what the chip's C stands for.

    ``override`` gives letters of the alphabet other values than the sheets do, e.g. ``{"P": "70e9"}``.

    Raises UnknownName or UnitError naming the letter, InputError for one that traffic or the slice gives.
    """
    twice = next((s for s in (S, T, G, MFU, B, t_lim, n) if s.name in (override or {})), None)
    if twice is not None:
        raise InputError(f"{twice} is said by {'the slice' if twice is n else 'the traffic'} already; change it there, not beside it")
    math = math or chip.arithmetic
    given = {_letter(name): text for name, text in (override or {}).items()}
    values = {letter: check(letter, text) for letter, text in given.items()}
    of_model = {s: v for s, v in values.items() if s in model.values}
    of_chip = {s: v for s, v in values.items() if s in chip.values and s not in of_model}
    extra = {s: v for s, v in values.items() if s not in of_model and s not in of_chip}
    if of_model:
        model = model.but(of_model)
    if of_chip:
        chip = replace(chip, values={**chip.values, **of_chip}, sources={**chip.sources, **dict.fromkeys(of_chip, "given")})
    alone = p_w in extra and (p_kv in extra or bool(kv))  # then no column differs from the first
    found = [dtype(f, kv=kv, activations=math, math=math) for f in (formats[:1] if alone else formats)]
    kept = [replace(f, values={s: v for s, v in f.values.items() if s not in extra}) for f in found]
    return [Setting(chip, model, f, traffic, extra, frozenset(values)) for f in kept]


def _letter(name: str) -> Symbol:
    letters = {**ALPHABET, **{s.name: s for s in C_FORMAT.values()}}
    if name not in letters:
        raise UnknownName(f"{short(name)} is not in the alphabet; {nearest(name, letters)}")
    return letters[name]
