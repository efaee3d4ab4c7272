"""What a layer kind is: a text in the sharding notation, its letters, and what must hold of its sizes.

A kind is a frozen dataclass whose fields are its sizes (a number or a letter) and its options, with the text of a pass::

    R_low = symbol("R_low", "1", "rank of a layer in two matrices")

    @dataclass(frozen=True)
    class Ranked(Kind):
        \"\"\"Two matrices [D, R_low] and [R_low, D] in place of a sublayer.\"\"\"

        R_low: Size = R_low
        bias: bool = False

        word = "ranked"

        def text(self, at: Pass, how: Sharding) -> str:
            text = '''
                weight ranked: W_a, W_b
                In[B~d, T, D~m]  W_a[D~f, R~m] -> Low[B~d, T, R~m]
                Low[B~d, T, R~m] W_b[R~m, D~f] -> Out[B~d, T, D~m]
            '''
            return text + ("weight ranked: b\\n b[R]\\n" if self.bias else "")

        def sizes(self, at: Pass) -> dict[str, Any]:
            return {"R": self.R_low}

- In a text T are the new tokens, S those that are seen, A the new tokens of all sequences, and a size that is called by one capital is
  itself; ``sizes`` says what other capitals stand for, ``check`` what must hold.
- A field with a symbol as its default is a size, and the symbol its letter; so is one whose name is in the alphabet. A size that
  may be left out has None as its default, and its letter in ``letters`` unless it is named like it.
- A field that is true or false, or a word, is an option; one that is a number but no size is named in ``options``.
- ``parts`` names the sizes that a deployment asks for: the heads of queries and of the cache, the experts.
- ``sees`` says which tokens a token sees, if not all, and ``views`` all such choices where there are several.
- The norms around a layer are not part of its text: every kind has ``norms`` (``usual_norms`` unless told) and ``layer_norm``.

A line in ``symroof.transformer.layers`` makes it known by name. Everything else about it (parameters, FLOPs,
bytes, caches, collectives) is derived from the text; marks such as ``~m`` become the mesh axes of a :class:`Sharding`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from numbers import Integral
from typing import Any, ClassVar, TypeAlias

import sympy as sp

from symroof.algebra.claims import NONE, ORDER, Claim, Claims
from symroof.algebra.operands import plain
from symroof.algebra.symbols import ALPHABET, B, S, Symbol, T, p_a
from symroof.errors import InputError, ProgramError, short
from symroof.program.program import Program, program
from symroof.transformer.view import ALL, View

#: A size of a layer: a number, or a letter.
Size: TypeAlias = int | sp.Expr


@dataclass(frozen=True)
class Sharding:
    """The mesh axes of the batch, of heads and d_ff, of weights at rest, of experts, and of the KV cache beyond its heads.

    Each is a text such as "X" or "XZ"; ``cache`` axes shard its batch, ``sequence`` axes its context. ``context`` axes
    shard the new tokens and their keys and values (context parallelism), which are gathered for the scores.

    Raises ProgramError if more than one of ``cache``, ``sequence`` and ``context`` is given.
    """

    data: str = ""
    model: str = ""
    fsdp: str = ""
    experts: str = ""
    cache: str = ""
    sequence: str = ""
    context: str = ""

    def __post_init__(self) -> None:
        if sum(map(bool, (self.cache, self.sequence, self.context))) > 1:
            raise ProgramError(
                "the KV cache is sharded over its batch (cache=), its context (sequence=) or with the tokens (context=); give one"
            )

    def text(self, template: str) -> str:
        """A template with its marks (``~d`` for data, ``~m~c`` for model and cache) replaced by ``_X`` and the like.

        ``{U~m}`` are partial sums over the model axes, nothing if there are none.
        """
        axes = {"d": self.data, "m": self.model, "f": self.fsdp, "e": self.experts, "c": self.cache, "s": self.sequence}
        axes |= {"t": self.context, "h": "".join(a for a in self.data if a not in self.experts)}
        axes["u"] = axes["h"] + self.experts

        def subscript(match: re.Match[str]) -> str:
            letters = "".join(axes[mark] for mark in match.group().split("~")[1:])
            return f"_{letters}" if letters else ""

        return re.sub(r"(?:~[dmfecsthu])+", subscript, template).replace("{U}", "")


REPLICATED = Sharding()


@dataclass(frozen=True)
class Pass:
    """T ``new`` tokens of each of B sequences over a ``context`` of S tokens, the new ones among them; decoding is one new token.

    ``causal``: a token sees itself and those before it, so T tokens over S see T(S-T) + T(T+1)/2 pairs and not T S.
    ``last``: only the last token of a sequence needs logits (a prompt that is read). ``absorbed``: latent attention works on
    the latents themselves; by default when decoding.
    """

    new: Any = T
    context: Any = S
    causal: bool = True
    last: bool = False
    absorbed: bool | None = None

    def __post_init__(self) -> None:
        new, context = plain(self.new), plain(self.context)
        self.__dict__.update(new=new, context=context)
        if new.is_number and not new >= 1:
            raise InputError(f"a pass of new = {short(new)} tokens is none; give at least one, decoding is new=1")
        if new.is_number and context.is_number and new > context:
            raise InputError(f"{new} new tokens do not fit into a context of {context}; the context counts them too, so give {new} or more")

    @property
    def claims(self) -> Claims:
        """That new tokens are a part of their context, where letters leave it open."""
        return NONE if self.new in (self.context, 1) else frozenset({Claim(ORDER, (self.new, self.context))})

    @property
    def tokens(self) -> sp.Expr:
        """The new tokens of all sequences."""
        return B * self.new

    @property
    def decoding(self) -> bool:
        """Whether every sequence has one new token."""
        return bool(self.new == 1)

    @property
    def absorbs(self) -> bool:
        """Whether latent attention works on the latents."""
        return self.decoding if self.absorbed is None else self.absorbed

    def held(self, view: View = ALL) -> sp.Expr:
        """The entries of a sequence that are cached: S, or as many as a window sees."""
        return view.held(self.context)

    def read(self, view: View = ALL) -> sp.Expr:
        """The entries of a sequence that a pass reads: those that some new token sees, with the new ones."""
        if self.decoding:
            return view.seen(self.context)
        reach = view.window if view.chunk is None else view.chunk
        return self.context / plain(view.every) if reach is None else sp.Min(self.context, plain(reach) + self.new - 1, evaluate=False)

    def pairs(self, view: View = ALL) -> sp.Expr:
        """Pairs of a new token and an entry that it sees, of one sequence: T(S-T) + T(T+1)/2, of a window at most W each.

        >>> Pass(new=1).pairs()
        S
        """
        if self.decoding or not self.causal:
            return self.new * view.seen(self.context)
        before = self.context - self.new
        return view.together(self.context) - (view.together(before) if before != 0 else 0)


@dataclass(frozen=True)
class Kind:
    """A layer kind. ``word`` names it; ``split`` says how a deployment shards it: "attention", "experts" or "" for all others.

    ``name`` tells two layers of a kind in one model apart: letters that differ get it, as in ``F_dense``. ``norms`` of D stand
    around every layer, one unless told or the kind says otherwise, RMS norms or, with ``layer_norm``, of two vectors each.
    ``again``: its weights are those of a layer before it, norms included; they are read and multiplied again, and stored once.
    How a kind is written is told at the head of this module, ``help(symroof.transformer.kind)``.
    """

    name: str = field(default="", kw_only=True)
    norms: int | None = field(default=None, kw_only=True)
    layer_norm: bool = field(default=False, kw_only=True)
    again: bool = field(default=False, kw_only=True)

    word: ClassVar[str] = ""
    #: What letters that differ between layers are marked with, if the layer has no name.
    label: ClassVar[str] = ""
    split: ClassVar[str] = ""
    #: Whether tokens meet in it: it keeps a cache or a state, or reads another's.
    meets: ClassVar[bool] = False
    usual_norms: ClassVar[int] = 1
    #: Whether the book's dense model has such layers, and whether they stand around all others.
    dense: ClassVar[bool] = False
    around: ClassVar[bool] = False
    #: The letter of a size, where it is neither the default nor the name of the field.
    letters: ClassVar[Mapping[str, Symbol]] = {}
    #: The fields that are the heads of its "queries", which model parallelism splits, the "heads" of its cache, which it
    #: splits no finer and beyond them copies, and the "experts" that a token is routed among, which the chips that split the batch share.
    parts: ClassVar[Mapping[str, str]] = {}
    #: The widths that model parallelism splits evenly, beside D.
    widths: ClassVar[tuple[str, ...]] = ("F",)
    #: Sizes that follow from others and need not be given.
    follows: ClassVar[tuple[str, ...]] = ()
    #: Pairs of sizes of which the first is at most the second.
    orders: ClassVar[tuple[tuple[str, str], ...]] = ()
    #: Pairs of sizes of which the first divides the second, each with what it counts.
    shares: ClassVar[tuple[tuple[str, str, str, str], ...]] = ()
    #: Numbers among the fields that are options, not sizes.
    options: ClassVar[tuple[str, ...]] = ()
    #: Sizes that None leaves out, beside those that it leaves out by default.
    optional: ClassVar[tuple[str, ...]] = ()

    def text(self, at: Pass, how: Sharding) -> str:
        """The program of a pass, with marks for the mesh axes; ``how`` it is sharded may choose between two.

        Raises ProgramError for a kind that has none.
        """
        raise ProgramError(
            f"{type(self).__name__} has no text; write its program in the sharding notation, see help(symroof.transformer.kind)"
        )

    def sizes(self, at: Pass) -> dict[str, Any]:
        """What other dimensions of the text stand for."""
        return {}

    def marks(self, at: Pass) -> dict[str, Any]:
        """What the marks of the text scale FLOPs by, beside ``{seen}``: of T x S scores only those of tokens that are seen."""
        return {}

    def defined(self) -> Mapping[Symbol, sp.Expr]:
        """Letters that follow from others of this layer, such as the experts hit."""
        return {}

    def beside(self) -> bool:
        """Whether it is parallel to the attention before it."""
        return False

    def part(self, word: str) -> Size | None:
        """One of its ``parts``; None for a layer without."""
        found: Size | None = getattr(self, self.parts[word]) if word in self.parts else None
        return found

    def even(self) -> tuple[Size, ...]:
        """Its ``widths``, those that it has."""
        return tuple(size for name, size in self.numbers().items() if name in self.widths)

    def sees(self) -> View:
        """Which tokens of its context a token sees; of several views the one that names the layer."""
        return ALL

    def views(self) -> tuple[View, ...]:
        """All views that its caches and scores are of."""
        return (self.sees(),)

    def sight(self) -> str:
        """What its view adds to its name: ``windowed`` attention."""
        return self.sees().word

    def check(self) -> None:
        """Raise InputError for sizes that contradict each other, as far as they are numbers."""

    def numbers(self) -> dict[str, Size]:
        """The sizes that are given, by field: whole numbers and letters, options left out."""
        found, unsized = {f.name: getattr(self, f.name) for f in fields(self)}, ("norms", *self.options)
        return {n: v for n, v in found.items() if isinstance(v, (int, sp.Expr)) and not isinstance(v, bool) and n not in unsized}

    @classmethod
    def letter(cls, size: str) -> Symbol:
        """The letter of a size, by its field.

        Raises InputError for a field that has none.
        """
        default = next(f.default for f in fields(cls) if f.name == size)
        found = cls.letters.get(size) or (default if isinstance(default, Symbol) else ALPHABET.get(size))
        if found is None:
            raise InputError(f"{cls.word}: the size {size} has no letter; make a symbol its default, or name it in {cls.__name__}.letters")
        return found

    def __post_init__(self) -> None:
        if self.norms is None:
            object.__setattr__(self, "norms", 0 if self.beside() else self.usual_norms)
        for f in fields(self):
            if (count := counted(getattr(self, f.name))) is not None:  # NumPy's too
                object.__setattr__(self, f.name, count)
            cure = _cure(f.default, getattr(self, f.name), f.name in ("norms", *self.options), f.name in self.optional)
            if cure:
                raise InputError(f"{self.word}: {f.name} = {short(getattr(self, f.name))} {cure}")
        for less, more, parts, whole in self.shares:
            a, b = getattr(self, less), getattr(self, more)
            if isinstance(a, int) and isinstance(b, int) and b % a:
                raise InputError(f"{self.word}: {a} {parts} cannot share {b} {whole}; {less} must divide {more}")
        self.check()

    def program(self, sharding: Sharding = REPLICATED, at: Pass | None = None) -> Program:
        """The layer as a program under a sharding, for a pass (by default T new tokens over S)."""
        if not isinstance(sharding, Sharding):
            raise ProgramError(f"{short(sharding)} is no sharding; write e.g. Sharding(data='X', model='Y')")
        return _program(self, sharding, at or Pass())


#: The header of weights in a text.
_WEIGHT = re.compile(r"\bweight (?=[a-z ]+:)")


@lru_cache(maxsize=4096)
def _program(kind: Kind, sharding: Sharding, at: Pass) -> Program:
    vectors = (kind.norms or 0) * (2 if kind.layer_norm else 1)
    text, seen = kind.text(at, sharding), at.read(kind.sees())
    named = {size: value for size, value in kind.numbers().items() if len(size) == 1 and size.isupper()}
    sizes = {"T": at.new, "S": seen, "A": at.tokens, **named, **kind.sizes(at)}
    if vectors:
        text, sizes = f"{text}\n        weight norm: Norm\n        Norm[U{vectors}, D]\n", {**sizes, f"U{vectors}": vectors}
    if kind.again:
        text = _WEIGHT.sub("shared ", text)
    if not text.strip():
        return Program((), of=at.claims)
    marks = {"seen": at.pairs(kind.sees()) / (at.new * seen), **kind.marks(at)}
    return replace(program(sharding.text(text), width=p_a, marks=marks, **sizes), of=at.claims)


def counted(value: object) -> int | None:
    """A whole number of Python or NumPy; None for everything else."""
    return int(value) if isinstance(value, Integral) and not isinstance(value, (bool, sp.Basic)) else None


def _cure(default: Any, value: Any, option: bool, optional: bool) -> str:
    """What is wrong with the value of a field, judged by its default; empty if nothing is."""
    if isinstance(default, bool):
        return "" if isinstance(value, bool) else "is neither true nor false"
    if isinstance(default, str):
        return "" if isinstance(value, str) else "is no word"
    number = isinstance(value, int) and not isinstance(value, bool)
    if option:
        return "" if number and value >= 0 else "is no count; give a whole number"
    if value is None and (default is None or optional):
        return ""
    letter = isinstance(value, sp.Expr) and not value.is_number
    left_out = " from 1 on, or leave it out" if default is None else " or a letter"
    return "" if letter or (number and value >= 1) else f"is no size; give a whole number{left_out}"


def ratio(a: Size, b: Size) -> Any:
    """a/b, a whole number where both are."""
    return a // b if isinstance(a, int) and isinstance(b, int) else plain(a) / plain(b)
