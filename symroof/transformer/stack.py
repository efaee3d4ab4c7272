"""A language model as a stack of layers: everything else about it follows from their texts.

>>> from symroof import llm
>>> llm("llama3-8b").stack
llama3-8b: 32 x [attention (N 32, K 8, H 128), mlp (F 14336, gated)], D 4096, embedding (V 128256), norm, unembedding (V 128256)
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import sympy as sp

from symroof.algebra.bind import check
from symroof.algebra.claims import Claim, Claims
from symroof.algebra.cost import Cost, quantity, total
from symroof.algebra.operands import plain, rational
from symroof.algebra.symbols import B, L, S, Symbol, T, p_kv, p_w
from symroof.algebra.units import Unit
from symroof.errors import InputError, short
from symroof.transformer.aggregates import Aggregates, Widths, aggregates
from symroof.transformer.blocks import BYTE, Block, Blocks
from symroof.transformer.facts import LayerFacts, facts
from symroof.transformer.kind import REPLICATED, Kind, Pass, Sharding
from symroof.transformer.mlp import Mlp
from symroof.transformer.pattern import Pattern
from symroof.transformer.view import View

#: What the book's formulas assume: every layer has full attention and one MLP, all parameters are read and multiplied.
DENSE = Claim("dense", "full attention and one MLP in every layer")
#: The same, and that its MLP has three matrices.
GATED = Claim("gated", "full attention and one gated MLP in every layer")
#: What a formula of an MLP of width F assumes: F is the width of no other layer.
MLP = Claim("mlp", "an MLP of width F")
#: Numbers from arrays are floats.
_ROUNDING = Fraction(1, 10**9)


@dataclass(frozen=True)
class Layer:
    """A kind with its sizes as letters, how often it stands in the model, and what to call it."""

    name: str
    kind: Kind
    count: sp.Expr


@dataclass(frozen=True, repr=False)
class Stack:
    """Layers in letters, and ``values``: what the letters are worth, empty for a model in letters only.

    Made by :func:`symroof.model` or read by :func:`symroof.llm`. Costs are in the letters of the layers; workload formulas such
    as ``decode.step(m)`` are in aggregates (see :mod:`symroof.transformer.aggregates`); ``cost.expand()`` puts their definitions in.
    """

    name: str
    layers: tuple[Layer, ...]
    values: Mapping[Symbol, int] = field(default_factory=dict, hash=False)
    pattern: Pattern = field(default_factory=Pattern)
    origin: str = ""  # the file it is read from
    widths: Widths = ()  # of weights as they are stored; without, every weight has p_w bytes

    # -- what formulas assume
    @cached_property
    def structure(self) -> tuple[tuple[Kind, sp.Expr], ...]:
        """The kinds and counts in letters: two models with one structure have the same formulas."""
        return tuple((layer.kind, layer.count) for layer in self.layers)

    @property
    def dense(self) -> bool:
        """Whether the book's formulas hold, as approximations: full attention and one MLP in every layer."""
        return not any(_odd(kind) for kind, _ in self.structure)

    @property
    def gated(self) -> bool:
        """Whether every MLP has three matrices."""
        return all(kind.gated for kind, _ in self.structure if isinstance(kind, Mlp))

    @cached_property
    def in_layers(self) -> Claims:
        """The claim of a formula in the letters of the layers."""
        return frozenset({Claim("layers", self.structure, self.name)})

    @cached_property
    def in_aggregates(self) -> Claims:
        """The claim of a formula in aggregates."""
        own = self.aggregates
        (layers,) = self.in_layers
        definitions = {s: e for s, e in own.definitions.items() if s not in own.hits}
        return frozenset({Claim("aggregates", own.letters, self.name, definitions, layers)})

    def refuses(self, claims: Claims) -> str:
        """Why a formula with these claims is none of this model, with the cure; empty if it is one."""
        for claim in claims:
            cure = f"write the formula of the model, e.g. decode.step(m) with m = {f'llm({self.name!r})' if self.origin else 'the model'}"
            if claim.kind == "dense" and not self.dense:
                return f"this is the formula of a dense model, and {self.name} has {self._peculiar()}; {cure}"
            if claim.kind == "gated" and not (self.dense and self.gated):
                return f"this is the formula of a dense model with a gated MLP, and {self.name} has {self._peculiar()}; {cure}"
            other = [kind.word for kind, _ in self.structure if claim.kind == "mlp" and "F" in kind.numbers() and kind.word != "mlp"]
            if other:
                return f"this is the formula of an MLP, and the width F of {self.name} is that of its {other[0]}; {cure}"
            if claim.kind == "aggregates" and ("M_w" in claim.what) != bool(self.widths):
                return (
                    f"this is a formula of weights {_kept(not self.widths)}, and those of {self.name} are {_kept(bool(self.widths))}; "
                    "write it and evaluate it with m.as_stored, or both with m"
                )
            own: dict[str, Hashable] = {"aggregates": self.aggregates.letters, "layers": self.structure}
            if claim.kind in own and claim.what != own[claim.kind]:
                if claim.model == self.name:
                    given = f"read from {self.origin}" if self.origin else "made by model()"
                    cure = f"give the one that you made a name of its own, e.g. model('my-{self.name}', ...)"
                    is_at = f"the one it is evaluated at is {given}, and has other layers"
                    return f"this is a formula of another model called {self.name}: {is_at}; {cure}"
                return f"this is a formula of {claim.model or 'another model'}, whose layers are not those of {self.name}; {cure}"
        return ""

    def _peculiar(self) -> str:
        odd = dict.fromkeys(f"{k.sight()} {k.word}".strip() if k.dense else k.word for k, _ in self.structure if _odd(k))
        return " and ".join(odd) or "an MLP of two matrices"

    @cached_property
    def letters(self) -> frozenset[sp.Symbol]:
        """The letters of the layers, how often they repeat and which experts are hit: what numbers can contradict each other in."""
        sizes = [plain(v) for kind, _ in self.structure for v in kind.numbers().values()]
        return frozenset(s for e in (*sizes, *(count for _, count in self.structure)) for s in e.free_symbols)

    @property
    def _follows(self) -> tuple[Symbol, ...]:
        """L, where no layer is counted by it."""
        return () if L in self.letters else (L,)

    def check(self, values: Mapping[Symbol, Any]) -> None:
        """Raise InputError for numbers that contradict each other in a layer, or counts of layers that do not add up.

        A letter without a number is not checked; a number may be an array. Where no layer is counted by L, L is not asked for.
        """
        self.pattern.check(self.name, values, self.values, *self._follows)
        for layer in self.layers:
            sizes = {f: values.get(s) for f, s in layer.kind.numbers().items() if isinstance(s, Symbol)}
            whole: dict[str, Any] = {f: int(v) for f, v in sizes.items() if isinstance(v, (int, Fraction)) and v == int(v)}
            replace(layer.kind, **whole)
            for less, more in layer.kind.orders:
                low, high = (sizes.get(f, getattr(layer.kind, f)) for f in (less, more))
                if isinstance(low, (int, Fraction, float)) and isinstance(high, (int, Fraction, float)) and low > high * (1 + _ROUNDING):
                    said = f"{getattr(layer.kind, less)} = {float(low):g} is beyond {getattr(layer.kind, more)} = {float(high):g}"
                    raise InputError(f"{layer.name}: {said}; give at most that")

    def alone(self, letter: sp.Symbol, given: Iterable[Any]) -> None:
        """Raise InputError for a count of layers that cannot be asked for alone: with others fixed it does not add up."""
        for relation in self.pattern.relations(*self._follows):
            others = sorted(s.name for s in relation.free_symbols - {letter} - set(given))
            if letter in relation.free_symbols and others:
                cure = f"give {' and '.join(others)} as expressions in {letter}, or ask for another letter"
                raise InputError(f"{letter} moves {' and '.join(others)} too: in {self.name} {self.pattern.said(relation)}; {cure}")

    def span(self, letter: sp.Symbol, values: Mapping[Symbol, Any]) -> tuple[Any, Any]:
        """The least and the largest number that a letter of the layers can be beside these values, 0 and inf where none is known."""
        lows, highs = [0], [float("inf")]
        for kind, _ in self.structure:
            for less, more in kind.orders:
                low, high = getattr(kind, less), getattr(kind, more)
                lows += [values[low]] * (letter == high and isinstance(values.get(low), (int, Fraction)))
                highs += [values[high]] * (letter == low and isinstance(values.get(high), (int, Fraction)))
        return max(lows), min(highs)

    # -- aggregates
    @cached_property
    def aggregates(self) -> Aggregates:
        """The letters that workload formulas are written in, with their definitions."""
        return aggregates(self.structure, self.widths)

    @property
    def definitions(self) -> Mapping[Symbol, sp.Expr]:
        """Every aggregate letter in the letters of the layers."""
        return self.aggregates.definitions

    # -- what the model is
    @property
    def parameters(self) -> Cost:
        """All parameters [param], parts by class of tensor; a tied matrix counts once, buffers do not."""
        found: dict[str, sp.Expr] = {}
        for layer in self.layers:
            for word, each in facts(layer.kind).stored.items():
                found[word] = found.get(word, sp.Integer(0)) + sp.expand(each * layer.count)
        return self._summed(found.items(), "param", "parameters")

    @property
    def active(self) -> Cost:
        """Parameters that a decoding token is multiplied with [param], parts by layer: no lookups, norms, biases, idle experts."""
        return self._by_layer(lambda f: f.active, "param", "active parameters")

    @property
    def buffers(self) -> Cost:
        """Numbers that a checkpoint stores beside the parameters [param]."""
        return self._by_layer(lambda f: f.buffers, "param", "buffers")

    def stored(self, widths: Mapping[str, Any] | None = None) -> Cost:
        """Bytes of the weights [byte], parts by class; ``widths`` are bytes an element by class, else as they are stored, or p_w.

        Raises InputError for a class that the model does not have, or for what is no width.
        """
        asked, known = {name: _width(width) for name, width in (widths or {}).items()}, self.parameters
        given = {of: rational(width) for of, width in self.widths} | asked
        classes = [part.name for part in known.parts]
        for name in asked:
            if name not in classes:
                raise InputError(f"{self.name} has no weights of class {short(name)}; it has {', '.join(classes)}")
        held = [quantity(part.expr * given.get(part.name, p_w), BYTE, part.name) for part in known.parts]
        return total(held, "byte").named("weights").claiming(self.in_layers)

    @property
    def cache(self) -> Cost:
        """Bytes that a token adds to the cache [byte/token], windowed layers left out."""
        return self._by_layer(_growth, "byte/token", "cache per token")

    def sequence(self, context: Any = S) -> Cost:
        """Bytes that a sequence keeps at a context [byte]: cache, windows no more than they see, and states; parts by layer."""
        at = Pass(new=1, context=context)
        return self._by_layer(lambda f: p_kv * _entries(f.cache, at.held) + f.state + f.pending, "byte", "cache of a sequence")

    @property
    def state(self) -> Cost:
        """Bytes that a sequence keeps whatever its context [byte]: states, and what entries of a cache are made of."""
        return self._by_layer(lambda f: f.state + f.pending, "byte", "state")

    # -- what a pass costs
    def flops(self, new: Any = T, context: Any = S, causal: bool = True, last: bool = False) -> Cost:
        """Matmul FLOPs of B sequences of new tokens over a context, the new ones among them [FLOP]; parts by layer."""
        return self.blocks(at=Pass(new, context, causal, last)).flops

    @property
    def reads(self) -> Cost:
        """Bytes that a decode step of B sequences reads, and writes of states [byte]: weights, lookups, cache, state.

        Each weight once, of an embedding B rows, of experts those that are hit.
        """
        at, wide = Pass(new=1), {of: rational(width) for of, width in self.widths}
        each: dict[str, tuple[sp.Expr, Callable[[LayerFacts], Any]]] = {
            "weights": (sp.Integer(1), lambda f: sum(e * wide.get(of, p_w) for of, e in f.touched.items())),
            "lookups": (wide.get("embedding", p_w) * B, lambda f: f.rows),
            "cache": (B * p_kv, lambda f: _entries(f.cache, at.read) + _entries(f.lent, at.read)),
            "state": (2 * B, lambda f: f.state),
        }
        parts = ((name, times * sum(of(facts(k)) * count for k, count in self.structure)) for name, (times, of) in each.items())
        return self._summed(parts, "byte", "bytes read")

    def blocks(self, sharding: Sharding | Mapping[str, Sharding] = REPLICATED, at: Pass | None = None) -> Blocks:
        """The layers as programs: one sharding for all, or one by ``Kind.split`` ("attention", "experts", "")."""
        how: Callable[[Kind], Any] = (lambda k: sharding[k.split]) if isinstance(sharding, Mapping) else lambda _: sharding
        found = [Block(layer.name, layer.kind, layer.kind.program(how(layer.kind), at), layer.count) for layer in self.layers]
        return Blocks(tuple(found), self.in_layers | (at or Pass()).claims)

    # -- helpers
    def _by_layer(self, of: Callable[[LayerFacts], Any], unit: str, name: str) -> Cost:
        return self._summed(((a.name, sp.expand(of(facts(a.kind)) * a.count)) for a in self.layers), unit, name)

    def _summed(self, terms: Iterable[tuple[str, sp.Expr]], unit: str, name: str) -> Cost:
        def one(e: sp.Expr, word: str) -> Cost:
            """A cost; widths that are numbers have no unit to be checked."""
            return quantity(e, Unit.of(unit), word) if self.widths else Cost(e, unit, word)

        return total((one(e, word) for word, e in terms if e != 0), unit).named(name).claiming(self.in_layers)

    def __repr__(self) -> str:
        values = {str(s): v for s, v in self.values.items()}
        total = values.get("L", 0)
        groups: dict[Any, list[str]] = {}
        for layer in self.layers:
            groups.setdefault(layer.count, []).append(_said(layer, self.values))
        around = groups.pop(sp.Integer(1), [])
        shown = [f"{self.values.get(n, n)} x [{', '.join(words)}]" for n, words in groups.items()]
        shown += [f"D {values['D']}"] * ("D" in values) + around
        return f"{self.name}: {', '.join(shown)}" + (f"; {total} layers" if len(groups) > 1 and total else "")


def _kept(stored: bool) -> str:
    return "as they are stored" if stored else "in one format"


def _width(given: Any) -> sp.Expr:
    """Bytes an element, a number or a formula."""
    found = check(p_w, given)
    if hasattr(found, "shape"):
        raise InputError(f"{short(given)} is not one width; give bytes an element, e.g. 2")
    return found if isinstance(found, sp.Expr) else rational(found)


def _entries(each: Mapping[View, sp.Expr], count: Callable[[View], sp.Expr]) -> sp.Expr:
    """Elements of all entries of a sequence."""
    return sp.Add(*[elements * count(view) for view, elements in each.items()])


def _growth(f: LayerFacts) -> Any:
    """Bytes that a token adds to the cache, for good."""
    return sum(elements * p_kv / plain(view.every) for view, elements in f.cache.items() if view.grows)


def _odd(kind: Kind) -> bool:
    return not kind.dense or not kind.sees().all


def _said(layer: Layer, values: Mapping[Symbol, int]) -> str:
    """``attention (N 32, K 8, H 128)``: a layer with its sizes and options."""
    known = {name: values.get(s, s) if isinstance(s, Symbol) else s for name, s in layer.kind.numbers().items() if name != "hit"}
    sizes = [f"{name} {size}" for name, size in known.items()]
    options = sorted((f.name for f in fields(layer.kind) if getattr(layer.kind, f.name) is True), key=lambda name: name == "layer_norm")
    return f"{layer.name} ({', '.join([*sizes, *options])})" if sizes or options else layer.name
