"""What the weights of a model are stored in, by class of tensor, and its KV cache and states: bytes to the last one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeAlias

import sympy as sp

from symroof.errors import InputError, SheetError, nearest, short
from symroof.sheets.dtypes import Format, format_of
from symroof.transformer.kind import Kind
from symroof.transformer.tensors import Weight, weights

#: A weight with numbers for its sizes: itself, count, inputs, outputs.
Sized: TypeAlias = tuple[Weight, int, int, int]


@dataclass(frozen=True)
class Stored:
    """One class of weights: in which formats it is, and bytes an element on average, scales and whole blocks included."""

    formats: tuple[str, ...]
    width: Fraction
    elements: int

    def __str__(self) -> str:
        return " and ".join(self.formats)


@dataclass(frozen=True)
class Formats:
    """What a model is stored in: its ``classes`` of weights (attention, experts, ...), the KV cache, its states.

    ``trouble`` says what of a file is not understood; then there are no classes. The order is that of size. ``doubt`` is what a name says
    and no table does.
    """

    classes: Mapping[str, Stored] = field(default_factory=dict, hash=False)
    kv: Format = field(default_factory=lambda: format_of("bf16"))
    state: Format | None = None
    trouble: str = ""
    rotations: int = 0  # bytes of the tables that a server loads beside
    doubt: str = ""  # what speaks against it

    @property
    def widths(self) -> tuple[tuple[str, Fraction], ...]:
        """Bytes an element of every class, the largest class first.

        Raises SheetError for a file that is not understood.
        """
        if self.trouble:
            raise SheetError(self.trouble)
        return tuple((of, each.width) for of, each in self.classes.items())

    @property
    def said(self) -> str:
        """The formats on one line: ``experts mxfp4; attention bf16; KV cache bf16``."""
        return self.trouble or f"{self.weights}; KV cache {self.kv.name}"

    @property
    def weights(self) -> str:
        """Those of the weights."""
        alike: dict[str, list[str]] = {}
        for of, each in self.classes.items():
            alike.setdefault(str(each), []).append(of)
        words = [f"all {next(iter(alike))}"] if len(alike) == 1 else [f"{', '.join(of)} {text}" for text, of in alike.items()]
        return "; ".join(words) + (f" ({self.doubt})" if self.doubt else "")


def sized(kind: Kind, values: Mapping[Any, Any]) -> list[Sized]:
    """The weights of a layer with numbers for the letters of their sizes."""
    put = {s: sp.Integer(int(v)) for s, v in values.items()}
    return [(w, int(w.count.xreplace(put)), int(w.inputs.xreplace(put)), int(w.outputs.xreplace(put))) for w in weights(kind)]


def tallied(rows: Iterable[tuple[Sized, Format, int]], tied: bool) -> dict[str, Stored]:
    """The classes of weights, each in a format and so many times; a tied unembedding is what the embedding is."""
    found: dict[str, dict[str, tuple[Fraction, int]]] = {}
    for (weight, count, inputs, outputs), form, times in rows:
        by = found.setdefault(weight.of, {})
        size, elements = by.get(form.name, (Fraction(0), 0))
        by[form.name] = (size + times * _bytes(weight, form, count, inputs, outputs), elements + times * count * inputs * outputs)
    classes = {of: _class(by) for of, by in found.items() if any(elements for _, elements in by.values())}
    if tied and "embedding" in classes:
        classes["unembedding"] = Stored(classes["embedding"].formats, classes["embedding"].width, 0)
    return dict(sorted(classes.items(), key=lambda each: -each[1].elements))


def _bytes(weight: Weight, form: Format, count: int, inputs: int, outputs: int) -> Fraction:
    return form.of(outputs, inputs, count) if weight.matrix else count * form.number


def _class(by: Mapping[str, tuple[Fraction, int]]) -> Stored:
    """The formats of a class, those first that most of it is in; what is below 2 % of it, such as its biases, is not named."""
    elements = sum(n for _, n in by.values())
    names = sorted((name for name in by if by[name][1] * 50 >= elements), key=lambda name: -by[name][1])
    return Stored(tuple(names), sum((size for size, _ in by.values()), Fraction(0)) / elements, elements)


def in_formats(
    layers: Iterable[tuple[Kind, int]], values: Mapping[Any, Any], base: Any, by_class: Mapping[str, Any], kv: Any, state: Any = ""
) -> Formats:
    """Layers in a ``base`` format, classes of them in others.

    What is no matrix (norms, biases) is in the format of its class if that has no scales, else in the base format without its scales.

    Raises InputError for a class that the model does not have, UnknownName for a format there is not.
    """
    chosen = {of: format_of(given) for of, given in by_class.items()}
    whole = format_of(base)
    rows = [(each, n) for kind, n in layers for each in sized(kind, values)]
    known = dict.fromkeys(each[0].of for each, _ in rows)
    for of in chosen:
        if of not in known:
            raise InputError(f"the model has no weights of class {short(of)}; {nearest(of, known)}")
    plain = Format(whole.name, whole.number)

    def pick(w: Weight) -> Format:
        found = chosen.get(w.of, whole)
        return found if w.matrix or not found.scale else plain

    kept = format_of(kv) if kv else Format(whole.name, whole.bytes)
    return Formats(
        tallied(((each, pick(each[0]), n) for each, n in rows), tied="unembedding" not in known), kept, format_of(state) if state else None
    )
