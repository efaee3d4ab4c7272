"""A stack from blocks of layers with numbers: every number gets its letter, and a letter of its own where layers differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from symroof.algebra.symbols import ALPHABET, D, L, Symbol
from symroof.errors import InputError, short
from symroof.transformer.embedding import Embedding, Norm, Unembedding
from symroof.transformer.kind import Kind
from symroof.transformer.stack import Layer, Stack

#: How often a group of sublayers repeats, and the sublayers.
Group = tuple[int, Sequence[Kind]]
_ONE = sp.Integer(1)
_EXAMPLE = "[layers.Attention(N=32, K=8, H=128), layers.Mlp(F=14336)]"


@dataclass(frozen=True)
class Around:
    """What stands around the layers: vocabulary, tied or not, learned positions, the norm before the unembedding."""

    V: int
    tied: bool = False
    positions: int | None = None
    norm: bool = True
    layer_norm: bool = False

    def kinds(self) -> tuple[list[Kind], list[Kind]]:
        """The kinds before and after the layers."""
        after: list[Kind] = [Norm(self.layer_norm)] if self.norm else []
        return [Embedding(self.V, self.positions)], [*after, Unembedding(self.V, self.tied)]


def stack(name: str, width: int, groups: Iterable[Group], around: Around) -> Stack:
    """The stack of a model of width D.

    Raises InputError for a count of 0, a group that is empty, a second unembedding, or sizes that contradict each other.
    """
    listed = list(groups)
    counted = _counted(listed)
    before, after = around.kinds()
    for kind, _ in counted:
        if isinstance(kind, Unembedding):
            has = "is tied to the embedding" if around.tied else "has one"
            raise InputError(f"{name} {has} already; leave the second unembedding out")
        if isinstance(kind, Embedding):
            raise InputError(f"{name} has an embedding already; leave the second one out, and give its size as V")
    total = sum(n for n, _ in listed)
    layers = [*((kind, 1) for kind in before), *counted, *((kind, 1) for kind in after)]
    labels = _labels([kind for kind, _ in layers])
    values: dict[Symbol, int] = {L: total, D: width}
    lettered = _lettered(layers, labels, values)
    found = []
    for (kind, count), label, new in zip(layers, labels, lettered, strict=True):
        letter = _ONE if (kind in before or kind in after) else _count_letter(count, total, label, values)
        found.append(Layer(_called(kind, label, [k for k, _ in layers]), new, letter))
    return Stack(name, tuple(found), values)


def _counted(groups: Iterable[Group]) -> list[tuple[Kind, int]]:
    """Every kind once, with how often it stands in all groups."""
    found: dict[Kind, int] = {}
    for group in groups:
        count, kinds = group if isinstance(group, tuple) and len(group) == 2 else (None, ())
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            cure = "write how often it repeats, at least once, and its layers: (32, [...])"
            raise InputError(f"{short(group)} is no group of layers; {cure}")
        if not isinstance(kinds, Sequence) or not kinds or not all(isinstance(kind, Kind) for kind in kinds):
            raise InputError(f"a group of {count} layers needs layers, e.g. ({count}, {_EXAMPLE})")
        for kind in kinds:
            found[kind] = found.get(kind, 0) + count
    if not found:
        raise InputError(f"a model needs layers, e.g. [(32, {_EXAMPLE})]")
    return list(found.items())


def _labels(kinds: Sequence[Kind]) -> list[str]:
    """What marks letters that differ: the layer's own name, else that of its kind, numbered where two have the same."""
    found: list[str] = []
    for kind in kinds:
        windowed = getattr(kind, "window", None) is not None
        label = kind.name or ("win" if windowed else kind.label)
        same = sum(1 for other in found if label and (other == label or other.rstrip("0123456789") == label))
        if kind.name and same:
            raise InputError(f"two layers are called {short(kind.name)}; give each a name of its own")
        found.append(f"{label}{same + 1}" if same else label)
    return found


def _lettered(layers: Sequence[tuple[Kind, int]], labels: Sequence[str], values: dict[Symbol, int]) -> list[Kind]:
    """The kinds with letters for numbers; of layers that differ the most frequent keeps the plain letter."""
    uses: dict[Symbol, dict[int, int]] = {}
    for kind, count in layers:
        for field, size in kind.numbers().items():
            if isinstance(size, int):
                by = uses.setdefault(_letter(kind, field), {})
                by[size] = by.get(size, 0) + count
    plain = {letter: max(by, key=lambda size: by[size]) for letter, by in uses.items()}
    found = []
    for (kind, _), label in zip(layers, labels, strict=True):
        new: dict[str, Any] = {"name": ""}
        for field, size in kind.numbers().items():
            letter = _letter(kind, field)
            if isinstance(size, int):
                own = letter if plain[letter] == size else _marked(letter, label)
                values[own] = size
                new[field] = own
            elif field == "hit" and any(getattr(kind, f) != plain.get(ALPHABET[f], getattr(kind, f)) for f in ("E", "k")):
                new[field] = _marked(letter, label)
        found.append(replace(kind, **new))
    return found


def _letter(kind: Kind, field: str) -> Symbol:
    return kind.letters.get(field) or ALPHABET[field]


def _marked(letter: Symbol, label: str) -> Symbol:
    name = f"{letter.name}_{label}"
    known = ALPHABET.get(name)
    return known if known is not None else Symbol(name, letter.unit, f"{letter.meaning}, {label} layers")


def _count_letter(count: int, total: int, label: str, values: dict[Symbol, int]) -> Symbol:
    letter = L if count == total else _marked(L, label)
    values[letter] = count
    return letter


def _called(kind: Kind, label: str, among: Sequence[Kind]) -> str:
    """What to call a layer: its own name, or its kind, with its mark where there are two of it."""
    if kind.name:
        return kind.name
    if getattr(kind, "window", None) is not None:
        return "windowed attention"
    alike = [k for k in among if k.word == kind.word and not k.name and getattr(k, "window", None) is None]
    return kind.word if len(alike) < 2 else f"{kind.word} {label}"
