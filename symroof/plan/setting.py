"""A setting: which model, on which chip, in which formats, for which traffic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, TypeVar

from symroof.algebra.check import check
from symroof.algebra.symbols import ALPHABET, MFU, B, C, G, S, Symbol, T, Y, n, t_lim
from symroof.errors import InputError, UnknownName, nearest, short
from symroof.sheets.chips import Chip
from symroof.sheets.dtypes import dtype
from symroof.sheets.llms import Llm
from symroof.sheets.sheet import Sheet
from symroof.sheets.slices import Slice
from symroof.transformer.architecture import Architecture

_Sheet = TypeVar("_Sheet", Chip, Llm)


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
        if rate > 1:
            raise InputError(f"MFU = {float(rate):.6g} is above 1; give the fraction of peak FLOP/s that prefill reaches, e.g. 0.4")
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

    @property
    def arch(self) -> Architecture:
        """Which formulas hold for the model."""
        return self.model.architecture

    def at(self, formula: Any, where: Slice | None = None, **values: Any) -> Any:
        """A formula at this setting's sheets; on a slice, with its chips as the ways of model parallelism."""
        traffic = self.traffic
        known: dict[Symbol, Any] = {S: traffic.context, T: traffic.prompt, G: traffic.generated, MFU: traffic.mfu}
        known.update(self.extra)
        if self.traffic.latency is not None:
            known[t_lim] = self.traffic.latency
        if where is not None and n not in values:
            known[Y] = Fraction(where.chips)
        chip = self.chip if where is None else self.chip.on(where)
        return formula.at(chip, self.model, self.formats, known, **values)


def settings(
    chip: Chip, model: Llm, formats: list[str], traffic: Traffic, kv: str = "", math: str = "", override: Mapping[str, str] | None = None
) -> list[Setting]:
    """One setting for each format of weights (and KV cache, unless ``kv`` names another); arithmetic in ``math``, by default
    what the chip's C stands for.

    ``override`` gives letters of the alphabet other values than the sheets do, e.g. ``{"P": "70e9"}``.

    Raises UnknownName or UnitError naming the letter.
    """
    math = math or str(chip.defaults[C]).removeprefix("C_")
    extra: dict[Symbol, Any] = {}
    for name, text in (override or {}).items():
        if name not in ALPHABET:
            raise UnknownName(f"{short(name)} is not in the alphabet; {nearest(name, ALPHABET)}")
        letter = ALPHABET[name]
        value = check(letter, text)
        if letter in chip.values:
            chip = _with(chip, letter, value)
        elif letter in model.values:
            model = _with(model, letter, value)
        else:
            extra[letter] = value
    return [Setting(chip, model, dtype(f, kv=kv, activations=math, math=math), traffic, extra) for f in formats]


def _with(sheet: _Sheet, letter: Symbol, value: Any) -> _Sheet:
    sources = {**sheet.sources, letter: "given on the command line"}
    return replace(sheet, values={**sheet.values, letter: value}, sources=sources)
