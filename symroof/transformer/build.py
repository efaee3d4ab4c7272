"""A stack from blocks of layers with numbers: every number gets its letter, and a letter of its own where layers differ."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from symroof.algebra.symbols import ALPHABET, D, L, Symbol
from symroof.errors import InputError, short
from symroof.transformer.embedding import Embedding, Norm, Unembedding
from symroof.transformer.kind import Kind, counted
from symroof.transformer.pattern import Pattern
from symroof.transformer.stack import Layer, Stack

#: How often a group of sublayers repeats, and the sublayers.
Group = tuple[int, Sequence[Kind]]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{0,29}")
_MARKS = {"windowed": "win", "chunked": "chk", "sparse": "top"}
_EXAMPLE = "[layers.Attention(N=32, K=8, H=128), layers.Mlp(F=14336)]"


@dataclass(frozen=True)
class Around:
    """What stands around the layers: vocabulary, tied or not, learned positions, the norm before the unembedding."""

    V: int
    tied: bool = False
    positions: int | None = None
    norm: bool = True
    layer_norm: bool = False
    head_bias: bool = False
    D_emb: int | None = None
    before: tuple[Kind, ...] = ()
    after: tuple[Kind, ...] = ()

    def kinds(self) -> tuple[list[Kind], list[Kind]]:
        """The kinds before and after the layers."""
        after: list[Kind] = [Norm(layer_norm=self.layer_norm)] if self.norm else []
        last = Unembedding(self.V, self.tied, self.head_bias, self.D_emb)
        return [Embedding(self.V, self.positions, self.D_emb), *self.before], [*self.after, *after, last]


def stack(name: str, width: int, groups: Iterable[Group], around: Around, origin: str = "") -> Stack:
    """The stack of a model of width D; ``origin`` says which file it is of, if it is of one.

    Raises InputError for a count of 0, a group that is empty, a second unembedding, two layers of one name, an MLP that is
    parallel to nothing, or sizes that contradict each other.
    """
    listed = _groups(groups)
    if not listed:
        raise InputError(f"a model needs layers, e.g. [(32, {_EXAMPLE})]")
    own: dict[Kind, int] = {}  # every kind once, with how often it stands in all groups
    for count, kinds in listed:
        for kind in kinds:
            refuse_second(type(kind), name, around.tied)
            own[kind] = own.get(kind, 0) + count
    total = sum(n for n, _ in listed)
    before, after = around.kinds()
    layers = [*((kind, 1) for kind in before), *own.items(), *((kind, 1) for kind in after)]
    names, labels = zip(*_called([kind for kind, _ in layers]), strict=True)
    values: dict[Symbol, int] = {L: total, D: width}
    lettered = _lettered(layers, labels, values)
    counts: dict[Kind, sp.Expr] = {}
    for (kind, count), label in zip(own.items(), labels[len(before) :], strict=False):
        counts[kind] = letter = L if count == total else _marked(L, label)
        values[letter] = count
    letters = [*(sp.Integer(1) for _ in before), *counts.values(), *(sp.Integer(1) for _ in after)]
    found = tuple(Layer(*each) for each in zip(names, lettered, letters, strict=True))
    alike = list(dict.fromkeys(tuple(kinds) for _, kinds in listed))  # groups that are alike count once in the pattern
    rows = [(L, tuple(1 for _ in alike)), *((letter, tuple(kinds.count(kind) for kinds in alike)) for kind, letter in counts.items())]
    return Stack(name, found, values, Pattern(tuple(dict.fromkeys(rows))), origin)


def layered(groups: Iterable[Group]) -> list[Group]:
    """Groups that may be patterns of several layers as groups of one: each sublayer in which tokens meet, on a norm of its own, begins one.

    Raises InputError for what is no group.
    """
    found: list[Group] = []
    for count, kinds in _groups(groups):
        layer: list[Kind] = []
        for kind in kinds:
            if kind.meets and kind.norms and any(other.meets for other in layer):
                found.append((count, layer))
                layer = []
            layer.append(kind)
        found.append((count, layer))
    return found


def refuse_second(kind: type[Kind], name: str, tied: bool) -> None:
    """Raise InputError for a kind that every model has already, around its layers."""
    if issubclass(kind, Unembedding):
        raise InputError(f"{name} {'is tied to the embedding' if tied else 'has one'} already; leave the second unembedding out")
    if issubclass(kind, Embedding):
        raise InputError(f"{name} has an embedding already; leave the second one out, and give its size as V")


def _groups(groups: Any) -> list[Group]:
    """All groups as they were meant."""
    listed = groups if isinstance(groups, (list, tuple)) else list(groups) if isinstance(groups, Iterable) else [groups]
    return [_group(group) for group in listed]


def _group(group: Any) -> Group:
    """A group as it was meant: a count and its layers."""
    count, kinds = (counted(group[0]), group[1]) if isinstance(group, tuple) and len(group) == 2 else (None, ())
    if count is None or count < 1:
        cure = "write how often it repeats, at least once, and its layers: (32, [...])"
        raise InputError(f"{short(group)} is no group of layers; {cure}")
    if not isinstance(kinds, Sequence) or not kinds or not all(isinstance(kind, Kind) for kind in kinds):
        raise InputError(f"a group of {count} layers needs layers, e.g. ({count}, {_EXAMPLE})")
    for i, kind in enumerate(kinds):
        if kind.beside() and not any(other.split == "attention" for other in kinds[:i]):
            cure = "put attention before it in its group, or leave parallel out"
            raise InputError(f"{kind.name or kind.word}: parallel = True is beside attention, and none stands before it; {cure}")
    return count, kinds


def _called(kinds: Sequence[Kind]) -> list[tuple[str, str]]:
    """What to call every layer, and what marks its letters where layers differ.

    Both are its own name; else it is called by its kind, with its mark where there are two of one, and marked with the label of its
    kind, numbered where two have the same.

    Raises InputError for a name that is none, or that another layer has.
    """
    own = [kind.name for kind in kinds if kind.name]
    for name in own:
        if not _NAME.fullmatch(name):
            raise InputError(f"{short(name)} cannot mark the letters of a layer; use letters and digits, e.g. name='wide'")
        if own.count(name) > 1:
            raise InputError(f"two layers are called {short(name)}; give each a name of its own")
    words = ["" if k.name else f"{k.sight()} {k.word}".strip() for k in kinds]
    for name in own:
        if name in words:
            raise InputError(f"a layer is named {short(name)}, and another one is called that already; give it another name")
    found: dict[str, str] = {}  # label: name
    for kind, word in zip(kinds, words, strict=True):
        mark = _MARKS.get(kind.sight()) or kind.label or re.sub(r"\W+", "_", kind.word)
        numbered = (f"{mark}{i}" if i > 1 else mark for i in itertools.count(1))
        label = kind.name or next(each for each in numbered if each not in found and each not in own)
        found[label] = kind.name or (word if words.count(word) == 1 else label if mark == word else f"{word} {label}")
    return [(name, label) for label, name in found.items()]


def _lettered(layers: Sequence[tuple[Kind, int]], labels: Sequence[str], values: dict[Symbol, int]) -> list[Kind]:
    """The kinds with letters for numbers; of layers that differ the most frequent keeps the plain letter."""
    uses: dict[Symbol, dict[int, int]] = {}
    for kind, count in layers:
        for field, size in kind.numbers().items():
            if isinstance(size, int):
                by = uses.setdefault(kind.letter(field), {})
                by[size] = by.get(size, 0) + count
    plain = {letter: max(by, key=lambda size: by[size]) for letter, by in uses.items()}
    found = []
    for (kind, _), label in zip(layers, labels, strict=True):
        new: dict[str, Any] = {"name": ""}
        for field, size in kind.numbers().items():
            letter = kind.letter(field)
            if isinstance(size, int):
                own = letter if plain[letter] == size else _marked(letter, label)
                if values.setdefault(own, size) != size:
                    raise InputError(f"{own} would be {values[own]} and {size}; give the layer with {field} = {size} another name")
                new[field] = own
            elif field == "hit" and any(getattr(kind, f) != plain.get(ALPHABET[f], getattr(kind, f)) for f in ("E", "k")):
                new[field] = _marked(letter, label)
        found.append(replace(kind, **new))
    return found


def _marked(letter: Symbol, label: str) -> Symbol:
    return ALPHABET.get(f"{letter.name}_{label}") or letter.marked(label)
