"""What is asked of a search for a deployment or a training run: traffic, limits, formats, and letters that win over sheets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from typing import Any, ClassVar, Self

from symroof.algebra.check import check
from symroof.algebra.symbols import C_FORMAT, B, Symbol, n, price, t_lim
from symroof.errors import InputError, SymroofError, nearest, short
from symroof.program.backward import REMATS
from symroof.sheets.chips import Chip, chip
from symroof.sheets.dtypes import dtype
from symroof.sheets.llms import Llm
from symroof.sheets.sheet import Sheet, sheet
from symroof.sheets.slices import Slice
from symroof.workloads.training_memory import D_tok, p_opt, t_run


@dataclass(frozen=True)
class Wishes:
    """What both have: the context, at most so many chips, the arithmetic, whether communication overlaps, ``letters``."""

    context: Any = 8192
    chips: Any = None
    math: str = ""
    overlap: bool = True
    letters: Mapping[str, Any] = field(default_factory=dict)
    checked: ClassVar[dict[str, Symbol]] = {"chips": n}
    meant: ClassVar[dict[str, str]] = {"context": "S"}  # wishes that a letter stands for: it alone is the wish
    instead: ClassVar[dict[str, str]] = {"math": "C"}  # wishes that a letter takes the place of
    chosen: ClassVar[dict[str, str]] = {}  # letters that have no value to be given, and why

    @classmethod
    def of(cls, **wishes: Any) -> Self:
        """The wishes, checked; what is not said has a default. A letter that means a wish is that wish.

        Raises InputError for a wish there is not, a wrong one, or one that a letter gives as well.
        """
        known = [f.name for f in fields(cls)]
        for name in wishes:
            if name not in known:
                raise InputError(f"there is no wish {short(name)}; {nearest(name, known)}")
        if isinstance(wishes.get("letters"), Mapping):
            wishes = cls._once(wishes)
        asked = cls(**wishes)
        for name, letter in cls.checked.items():
            if getattr(asked, name) is not None:
                asked._check(name, letter)
        if not isinstance(asked.letters, Mapping):
            raise InputError(f"letters are names and values, e.g. letters={{'P': '70e9'}}, not {short(asked.letters)}")
        return asked

    @classmethod
    def _once(cls, wishes: Mapping[str, Any]) -> dict[str, Any]:
        """The wishes with every quantity said once."""
        letters, found = dict(wishes["letters"]), dict(wishes)
        for letter, why in cls.chosen.items():
            if letter in letters:
                raise InputError(f"{letter} has no value to be given here: {why}")
        for name, letter in {**cls.meant, **cls.instead}.items():
            if letter not in letters:
                continue
            if found.get(name) not in (None, "", ()):
                raise InputError(f"{name} and the letter {letter} both give the same; give one")
            if name in cls.meant:
                found[name] = letters.pop(letter)
        return found | {"letters": letters}

    def _check(self, name: str, letter: Symbol) -> None:
        try:
            check(letter, getattr(self, name))
        except SymroofError as problem:  # it speaks of the letter; who asks, of the wish
            raise InputError(f"{name}: {problem}") from None

    @property
    def given(self) -> list[Symbol]:
        """The letters that were given.

        Raises UnknownName for one that is not in the alphabet.
        """
        return list(sheet("letters", **self.letters).values)

    def priced(self, where: Chip) -> bool:
        """Whether a chip has a price, its own or one that is given."""
        return price in where.values or price.name in self.letters

    def over(self, other: Any) -> Any:
        """A sheet in which the letters win; what follows from a letter of a model follows from the one that is given."""
        given = {s: check(s, self.letters[s.name]) for s in other.values if s.name in self.letters}
        if isinstance(other, Llm):
            return other.but(given) if given else other
        return replace(other, values={**other.values, **given}, sources={**other.sources, **dict.fromkeys(given, "given")})

    def arithmetic(self, where: Chip) -> str:
        """The format of the arithmetic on a chip.

        Raises InputError if the chip has no rate for it.
        """
        chosen = self.math or where.arithmetic
        if C_FORMAT.get(chosen) not in where.values:
            raise InputError(f"{where.name} does no arithmetic in {short(chosen)}; it has {', '.join(where.formats)}")
        return chosen

    def most_chips(self) -> Fraction | float:
        """The largest slice that is looked at."""
        return float("inf") if self.chips is None else check(n, self.chips)

    def sought(self) -> str:
        """Which slices are looked at, in words."""
        return "a slice" if self.chips is None else f"a slice of at most {self.chips} chips"

    def stands_on(self, chips: Iterable[Chip]) -> Iterator[str]:
        """What the numbers of an answer assume, a sentence each."""
        chips = list(chips)
        done = ", ".join(dict.fromkeys(self.arithmetic(c) for c in chips))
        fitted = ", ".join(f"{name} = {text}" for name, text in self.letters.items())
        overlap = "collectives overlapped with them" if self.overlap else "collectives added to them"
        yield (
            "At peak rates, everything evenly sharded, nothing else counted: a step is attention and then the matmuls,"
            f" in each memory and arithmetic overlapped, {overlap}."
        )
        yield f"Arithmetic in {done}; context {self.context} tokens" + (f"; given: {fitted}." if fitted else ".")
        prices = [f"{c.name} {self._price(c)}" for c in chips if self.priced(c)]
        if prices:
            yield f"Price of a chip: {', '.join(prices)}."

    def _price(self, where: Chip) -> str:
        if price.name in self.letters:
            return f"{self.letters[price.name]}, as given"
        return where.priced


@dataclass(frozen=True)
class Serving(Wishes):
    """Of a deployment: ``latency`` of a step, time to the ``first_token``, a ``batch`` it is at most, one ``slice``, formats."""

    prompt: Any = None
    latency: Any = None
    first_token: Any = None
    batch: Any = None
    slice: Any = None
    formats: Any = ("bf16", "int8")
    kv: Any = ()
    mfu: Any = "0.4"
    checked: ClassVar[dict[str, Symbol]] = {"chips": n, "latency": t_lim, "first_token": t_lim, "batch": B}
    meant: ClassVar[dict[str, str]] = {"context": "S", "prompt": "T", "batch": "B", "mfu": "MFU", "latency": "t_lim"}
    instead: ClassVar[dict[str, str]] = {"math": "C", "formats": "p_w", "kv": "p_kv"}
    chosen: ClassVar[dict[str, str]] = {
        "n": "the search chooses the slice; limit it with chips",
        **dict.fromkeys(("X", "Y", "Z"), "the search chooses the mesh; leave it out"),
    }

    def slices(self, where: Chip) -> tuple[Slice, ...]:
        """The slices of a chip that are looked at.

        Raises UnknownName for a slice that it does not have.
        """
        if self.slice is not None:
            return (where.slice(self.slice),)
        return tuple(s for s in where.slices if s.chips <= self.most_chips())

    @property
    def traffic(self) -> Sheet:
        """Context, prompt, the MFU of prefill, and all letters."""
        said = {"S": self.context, "T": self.context if self.prompt is None else self.prompt, "MFU": self.mfu}
        return sheet("traffic", **{**said, **self.letters})

    def sheets(self, arithmetic: str) -> Iterator[tuple[str, Sheet]]:
        """Every choice of formats: its name, and its sheet."""
        given = {x: f"{x} = {self.letters[x]}" for x in ("p_w", "p_kv") if x in self.letters}
        found: dict[str, Sheet] = {}
        for weights in words(self.formats):
            for cache in words(self.kv) or (weights,):
                named = given.get("p_w", weights), given.get("p_kv", f"KV {cache}")
                name = weights if not given and cache == weights else ", ".join(named)
                found.setdefault(name, self.over(dtype(weights, kv=cache, activations=arithmetic, math=arithmetic)))
        yield from found.items()


@dataclass(frozen=True)
class Training(Wishes):
    """Of a run: the ``batch`` and all ``tokens``, when it must ``finish``, ``remat`` policies, bytes of the ``optimizer`` a parameter."""

    batch: Any = 2**22
    tokens: Any = None
    finish: Any = None
    format: str = "bf16"
    optimizer: Any = 8
    remat: Any = ("none", "matmuls", "block")
    checked: ClassVar[dict[str, Symbol]] = {"chips": n, "batch": B, "tokens": D_tok, "finish": t_run, "optimizer": p_opt, "context": B}
    meant: ClassVar[dict[str, str]] = {"context": "S", "tokens": "D_tok", "finish": "t_run", "optimizer": "p_opt"}
    instead: ClassVar[dict[str, str]] = {"math": "C", "format": "p_w"}
    chosen: ClassVar[dict[str, str]] = {
        "n": "the search chooses the slice; limit it with chips",
        "B": "the sequences of a step follow from its tokens and the context; give batch and context",
        **dict.fromkeys(("X", "Y", "Z"), "the search chooses the mesh; leave it out"),
    }

    @property
    def sequences(self) -> int:
        """Sequences of a batch.

        Raises InputError unless the batch is a multiple of the context.
        """
        count = check(B, self.batch) / check(B, self.context)
        if count.denominator != 1 or count < 1:
            raise InputError(f"a batch of {short(self.batch)} tokens is no whole number of sequences of {short(self.context)}; change one")
        return int(count)

    @property
    def policies(self) -> tuple[str, ...]:
        """What may be computed again.

        Raises InputError for another policy.
        """
        for policy in words(self.remat):
            if policy not in REMATS:
                raise InputError(f"{short(policy)} is no policy of rematerialization; {nearest(policy, REMATS)}")
        return words(self.remat)

    @property
    def traffic(self) -> Sheet:
        """Sequences, their length, and all letters."""
        return sheet("run", **{"S": self.context, "B": self.sequences, **self.letters})


def listed(on: Any) -> list[Chip]:
    """Chips by name, several with commas, or as sheets."""
    several = words(on) if isinstance(on, str) else (on,) if isinstance(on, Chip) else tuple(on)
    if not several:
        raise InputError("a search needs a chip; give e.g. on='tpu-v5e'")
    return [c if isinstance(c, Chip) else chip(c) for c in several]


def words(text: str | Iterable[str]) -> tuple[str, ...]:
    """``"bf16, int8"``, or several texts, as texts."""
    return tuple(w.strip() for w in (text.split(",") if isinstance(text, str) else text) if w.strip())
