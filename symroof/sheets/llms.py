"""``llm("llama3-70b")`` or, in Python, ``model("mine", ...)``: a Sheet with a ``stack``, from which every number about it follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from types import NoneType
from typing import Any

import sympy as sp

from symroof.algebra.bind import check
from symroof.algebra.evaluate import tape
from symroof.algebra.operands import rational
from symroof.algebra.symbols import L, M_exp, M_more, M_pend, M_read, M_st, M_w, P, P_mm, Symbol, p_conv, p_kv, p_st
from symroof.errors import InputError, SheetError, SymroofError, UnknownName, nearest, short
from symroof.sheets.apart import Beside, apart
from symroof.sheets.files import WEIGHTS, aliases, cited, entry, listed, parsed, resolve, written_in
from symroof.sheets.layers_of import in_short, written_out
from symroof.sheets.schema import LlmFile, ModelTable
from symroof.sheets.sheet import Sheet
from symroof.sheets.stored import Formats, in_formats
from symroof.transformer.build import Around, Group, layered, stack
from symroof.transformer.kind import counted
from symroof.transformer.stack import Stack

_EMPTY = Stack("nothing", ())
_LARGEST = 2**40
#: Bytes of states, where a sheet has no other.
_STATES: dict[Symbol, Fraction | sp.Expr] = {p_st: Fraction(4), p_conv: Fraction(2)}


@dataclass(frozen=True, repr=False)
class Llm(Sheet):
    """A language model: the sizes of its layers, and what follows from them (``stack``): P, P_mm, kv, f_att, ...

    ``m.stack`` gives parameters, bytes, FLOPs and programs as formulas; ``decode.step(m)`` and the like are its workloads.
    """

    stack: Stack = _EMPTY
    published: Fraction = Fraction(0)
    published_active: Fraction | None = None
    note: str = field(default="", repr=False)
    given: frozenset[Symbol] = field(default=frozenset(), repr=False)
    formats: Formats | None = field(default=None, repr=False)  # what its file says that it is stored in
    beside: Mapping[str, Beside] = field(default_factory=dict, repr=False)  # what its checkpoint holds besides, in no total

    @property
    def as_stored(self) -> Llm:
        """The model with its weights, cache and states in the formats of its file: bytes to the last one, and no p_w.

        Its formulas have M_w, M_read and M_exp in place of P p_w: write them with it and evaluate them at it.

        Raises SheetError for a file that says nothing of formats, or what is not understood.
        """
        if self.formats is None:
            raise SheetError(f"{self.name} does not say what it is stored in; give a format, or [formats] in its file")
        return self._stored(self.formats)

    def in_formats(self, base: Any = "bf16", kv: Any = "", **classes: Any) -> Llm:
        """The model as if it were stored in a ``base`` format, some ``classes`` of weights in others, and the KV cache in its own.

        >>> m = llm("gpt-oss-120b").in_formats("bf16", experts="mxfp4")
        >>> m.formats.said
        'experts mxfp4; attention, embedding, unembedding, router, norm bf16; KV cache bf16'

        Raises InputError for a class that the model does not have, UnknownName for a format there is not.
        """
        return self._stored(_in_formats(self, base, kv, {of.replace("_", " "): given for of, given in classes.items()}))

    def _stored(self, formats: Formats) -> Llm:
        """The same in formats of its classes."""
        made = replace(self.stack, widths=formats.widths)
        numbers = {s: v for s, v in self.values.items() if s not in self.stack.definitions or s in self.given}
        kept = {**self.defaults, p_kv: formats.kv.bytes} | ({p_st: formats.state.bytes} if formats.state and p_st in self.defaults else {})
        sources = {**self.sources, **dict.fromkeys((M_w, M_read, M_exp, p_kv), f"as stored: {formats.said}")}
        derived = _derived(made, numbers)
        return replace(self, values={**numbers, **derived}, defaults=kept, sources=sources, stack=made, formats=formats)

    def source(self, symbol: Symbol) -> str:
        """Who says what a letter is worth, or the formula by which it follows from the layers."""
        said, formula = super().source(symbol), self.stack.definitions.get(symbol)
        return said if said or formula is None else f"derived from the layers: {formula}"

    @property
    def definitions(self) -> Mapping[Symbol, sp.Expr]:
        """Every aggregate letter in the letters of the layers, less those that are given: what changes with them."""
        return {s: e for s, e in self.stack.definitions.items() if s not in self.given}

    def but(self, values: Mapping[Any, Any] | None = None, /, **named: Any) -> Llm:
        """The model with other values for letters, by symbol or name, and with everything that follows from them.

        >>> int(llm("mixtral-8x7b").but(k=4)[P_mm])
        24022876160

        What follows from the layers is not given but follows; of P and of the experts that are hit another number can be held
        against the layers, and what follows from it moves with it.

        Raises UnknownName for a letter that the model does not have, InputError for values that contradict each other: heads
        that do not divide, counts of layers that do not add up, fewer parameters than are looked up.
        """
        if not isinstance(values, (Mapping, NoneType)):
            raise InputError(f"{short(values)} gives no letter a value; write e.g. m.but(k=4)")
        given: dict[Symbol, Fraction] = {}
        for key, number in [*(values or {}).items(), *named.items()]:
            letter = self._letter(key)
            found = check(letter, number)
            if not isinstance(found, Fraction):
                raise InputError(f"{letter} = {short(number)} is not one number; a formula takes several: cost.at(m, {letter}=...)")
            if letter in self.stack.values and found.denominator != 1:
                raise InputError(f"{letter} = {short(number)} is no size of a layer and no count; give a whole number")
            if given.setdefault(letter, found) != found:
                raise InputError(f"{letter} is given twice, as {short(given[letter])} and {short(found)}; give it once")
        whole = {**self.values, **given}
        total = None if L in given or L in self.stack.letters else self.stack.pattern.sum(L)
        if total is not None:  # no layer is counted by L itself, so it follows
            whole[L] = Fraction(str(total.xreplace({s: rational(whole[s]) for s in total.free_symbols})))
        self.stack.pattern.check(self.name, whole, self.stack.values)
        self.stack.check(whole)
        numbers = {s: v for s, v in whole.items() if s not in self.definitions or s in given}
        derived = _derived(self.stack, numbers)
        less = next((s for s, v in derived.items() if isinstance(v, Fraction) and v <= 0), None)
        if less is not None:
            said = f"its layers leave {less} = {derived[less]}"
            raise InputError(f"P = {given.get(P)} is too few parameters for {self.name}: {said}; change the sizes of its layers")
        sources = {**self.sources, **dict.fromkeys(given, "given")}
        return replace(self, values={**numbers, **derived, **given}, sources=sources, given=self.given | given.keys())

    def _letter(self, key: Any) -> Symbol:
        """A letter of the model that may be given, from the symbol or its name."""
        known = {**dict.fromkeys(self.values), **dict.fromkeys(self.defaults)}
        known |= dict.fromkeys(f for e in self.definitions.values() for f in e.free_symbols)
        found = next((s for s in known if s == key or s.name == key), None)
        alike = next((s for s in known if s.name == str(key)), None)
        if found is None and alike is not None:
            raise InputError(f"{key} [{getattr(key, 'unit', '1')}] is not the {alike} [{alike.unit}] of {self.name}; write {alike}=...")
        if found is None:
            raise UnknownName(f"{short(key)} is no letter of {self.name}; {nearest(str(key), [s.name for s in known])}")
        if found in self.definitions and found != P and found not in self.stack.aggregates.hits:
            behind = sorted(s.name for s in self.definitions[found].free_symbols)
            raise InputError(f"{found} follows from the layers of {self.name}; give what it follows from: {', '.join(behind)}")
        return found


def llm(name: str) -> Llm:
    """A language model by name, alias, or path of a TOML file, a ``config.json`` or a folder that holds one.

    Raises UnknownName with the nearest name, SheetError naming file and key if the file is wrong.
    """
    if not isinstance(name, str):
        raise UnknownName(f"{short(name)} is no name of a language model; write e.g. llm('llama3-70b')")
    if is_config(name):
        return from_config(Path(name))
    path = resolve("llms", name)
    return _made(path, written_in(path))


@lru_cache(maxsize=128)
def _made(path: Path, text: str) -> Llm:
    return from_file(path, parsed(path, text, LlmFile))


def is_config(name: str) -> bool:
    """Whether a name is the path of a ``config.json``, or of a folder; a folder that is called like a model of ours is not meant."""
    if name.endswith((".json", ".toml", *WEIGHTS)) or "/" in name or name in (".", ".."):
        return not name.endswith(".toml")
    if len(name) > 255 or not (Path(name) / "config.json").is_file():  # no folder has a longer name
        return False
    return name.strip().lower() not in {**listed("llms"), **aliases("llms")}


def from_config(path: Path) -> Llm:
    """The model of a ``config.json``, or of a folder that holds one.

    Raises SheetError for what is not understood, naming file and key.
    """
    from symroof.sheets.checkpoint import checkpoint  # what reads them is loaded when one is read

    name, found, formats, beside = checkpoint(path)
    return replace(with_formats(_sheet(found, name, f"config.json of {name}"), formats), beside=beside)


def _in_formats(m: Llm, base: Any, kv: Any, classes: Mapping[str, Any], state: Any = "") -> Formats:
    """The formats of a model from those of its classes."""
    values = {s: v for s, v in m.values.items() if isinstance(v, Fraction)}
    layers = [(layer.kind, int(layer.count.xreplace({s: rational(v) for s, v in values.items()}))) for layer in m.stack.layers]
    return in_formats(layers, values, base, classes, kv, state)


def with_formats(m: Llm, formats: Formats) -> Llm:
    """A model that says what it is stored in; its states are in the format of the file whatever its weights are."""
    states = {p_st: formats.state.bytes} if formats.state and p_st in m.defaults else {}
    beside = {M_more: Fraction(formats.rotations)} if formats.rotations else {}
    sources = dict.fromkeys(beside, "tables of rotations: positions x rotated part of a head x 2 bytes")
    return replace(m, formats=formats, defaults={**m.defaults, **states, **beside}, sources={**m.sources, **sources})


def llms() -> tuple[str, ...]:
    """The names of all language models."""
    return tuple(sorted(listed("llms")))


def model(name: str, /, D: int, V: int, blocks: Iterable[Group], **around: Any) -> Llm:
    """A language model from its layers: groups of sublayers, each with how often it repeats.

    ``D`` is the width, ``V`` the vocabulary; ``tied`` embeddings, learned ``positions``, a final ``norm`` and whether it is a
    ``layer_norm`` are options. Two layers of a kind with other sizes are two entries; ``name`` tells their letters apart.

    >>> from symroof import layers
    >>> mlp = layers.Mlp(F=14336)
    >>> m = model("two heads", D=4096, V=32000, tied=True, blocks=[
    ...     (20, [layers.Attention(N=32, K=8, H=128), mlp]),
    ...     (4, [layers.Attention(N=32, K=8, H=256, name="wide"), mlp]),
    ... ])
    >>> m.stack.cache
    cache per token  [byte/token]  = sum of
      attention  2*H*K*L_full*p_kv
      wide       2*H_wide*K*L_wide*p_kv

    Raises InputError for sizes that contradict each other.
    """
    known = [f.name for f in fields(Around)]
    for key in around:
        if key not in known:
            raise InputError(f"there is no option {short(key)} of a model; {nearest(key, known)}")
    width, words = counted(D), counted(V)
    for key, size, count in (("D", D, width), ("V", V, words)):
        if count is None or count < 1:
            raise InputError(f"{key} = {short(size)} is no size; give a whole number, e.g. {key}=4096")
    return _sheet(stack(str(name), width or 0, layered(blocks), Around(words or 0, **around)), str(name), "given")


def _sheet(made: Stack, title: str, source: str) -> Llm:
    """A stack as a sheet: its numbers and what follows from them."""
    numbers: dict[Symbol, Fraction | sp.Expr] = {s: Fraction(n) for s, n in made.values.items()}
    said = {s: source for s in numbers if s not in made.definitions}
    states = _STATES if {M_st, M_pend} & made.definitions.keys() else {}
    return Llm(made.name, title, {**numbers, **_derived(made, numbers)}, states, said, made)


def _derived(made: Stack, numbers: Mapping[Symbol, Any]) -> dict[Symbol, Fraction | sp.Expr]:
    """Every aggregate, as a number or, where it depends on a format or a batch, as an expression with numbers put in."""
    exact = {s: v if isinstance(v, sp.Expr) else rational(v) for s, v in numbers.items()}
    found: dict[Symbol, Fraction | sp.Expr] = {}
    for s, definition in made.definitions.items():
        if s in numbers:
            continue
        if definition.free_symbols <= numbers.keys() | found.keys():
            compiled, known = tape(definition), {**found, **numbers}
            found[s] = compiled.run([known[i] for i in compiled.inputs])[compiled.slots[0]]
        else:
            put = exact | {t: rational(v) for t, v in found.items() if isinstance(v, Fraction)}
            found[s] = definition.xreplace(put)
    return found


# -- data files
def from_file(path: Path, file: LlmFile) -> Llm:
    """The model of a file that was read.

    Raises SheetError naming file and key.
    """
    try:
        table = file.model or file.dims
        if table is None or (file.model and file.dims):
            raise SheetError("give either [model], [layers] and [[blocks]], or the short form [dims]; see models/README.md")
        given = written_out(file, table) if isinstance(table, ModelTable) else in_short(file, table)
        found = stack(file.name, table.D, *given, origin=path.name)
        if table.L not in (None, found.values[L]):
            raise SheetError(f"the blocks have {found.values[L]} layers, but model.L is {table.L}; add the missing ones, or correct it")
    except SymroofError as problem:
        raise SheetError(f"{path.name}: {problem}") from None
    cite = cited(path, "model" if file.model else "dims", table.source, file.sources) if table.source else path.name
    others = {word: apart(word, sp.Integer(count), {}) for word, count in file.beside.items()}
    sheet = replace(_sheet(found, file.title or file.name, cite), beside=others)
    if file.formats:
        classes, base = dict(file.formats), file.formats.get("all", "bf16")
        beside = {key: classes.pop(key, "") for key in ("all", "cache", "state", "rotations")}
        try:
            formats = _in_formats(sheet, base, beside["cache"] or "bf16", classes, beside["state"])
            sheet = with_formats(sheet, replace(formats, rotations=int(check(M_more, beside["rotations"] or "0 byte"))))
        except SymroofError as problem:
            raise SheetError(f"{path.name}: key 'formats': {problem}") from None
    said = file.published
    if said is None:
        return sheet
    total, _ = entry(path, "published.total", P, said.total, file.sources)
    active = entry(path, "published.active", P_mm, said.active, file.sources)[0] if said.active else None
    return replace(sheet, published=total, published_active=active, note=said.note)
