"""Letters with a value: by name, as options that mean the same, and whether a formula needs them at all.

An option and a letter may mean the same: then one of them is given, and both are refused. A letter that no formula of an answer
needs is refused, not ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sympy as sp

from symroof.algebra.symbols import ALPHABET, C_FORMAT, DERATES, ETA_FORMAT, C, Symbol
from symroof.ask.names import formulas
from symroof.errors import InputError, UnknownName, nearest, short
from symroof.sheets.sheet import Sheet

#: Options by name: the letter that means the same, what that is, and whether a value of one is a value of the other.
MEANT: Mapping[str, tuple[str, str, bool]] = {
    "batch": ("B", "the batch", True),
    "context": ("S", "the context", True),
    "prompt": ("T", "the prompt", True),
    "generate": ("G", "the tokens that are generated", True),
    "mfu": ("MFU", "the MFU of prefill", True),
    "latency": ("t_lim", "the longest decode step", True),
    "tokens": ("D_tok", "the tokens of the run", True),
    "finish": ("t_run", "the longest run", True),
    "optimizer": ("p_opt", "the bytes of the optimizer", True),
    "slice": ("n", "the number of chips", False),
    "slices": ("n", "the number of chips", False),
    "chips": ("n", "the number of chips", False),
    "contexts": ("S", "the context", False),
    "formats": ("p_w", "the bytes of a weight", False),
    "format": ("p_w", "the bytes of a weight", False),
    "weights": ("p_w", "the bytes of a weight", False),
    "kv": ("p_kv", "the bytes of an element of the KV cache", False),
    "math": ("C", "the FLOP/s of a chip", False),
}


def flag(name: str) -> str:
    """How an option is written on the command line."""
    return "--" + name.replace("_", "-")


def word(name: str) -> str:
    """How an option is written in Python, where letters are given as ``letters={...}``."""
    return "the letter" if name == "set" else name


def said(letters: Mapping[str, Any], options: Mapping[str, Any], spelt: Callable[[str], str] = flag) -> dict[str, Any]:
    """The letters, with those that the ``options`` give; an empty option is not given.

    Raises InputError for an option and a letter that give the same.
    """
    found = dict(letters)
    for name, value in options.items():
        if name in MEANT and value not in (None, "", ()):
            of, meaning, same = MEANT[name]
            if of in letters:
                raise InputError(f"{spelt(name)} and {spelt('set')} {of} both give {meaning}; give one")
            found |= {of: value} if same else {}
    return found


def assigned(pairs: Iterable[str], option: str = "--set", example: str = "P=70e9") -> dict[str, str]:
    """``LETTER=VALUE`` texts by letter, each given once.

    Raises InputError for a text without "=", or a letter that is given twice.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not equals:
            raise InputError(f"{option} {short(pair, 40)} has no '='; write e.g. {option} {example}")
        if name in found:
            raise InputError(f"{option} gives {name[:40]} twice, {found[name][:40]} and {value[:40]}; give one")
        found[name] = value
    return found


def letter(name: str, letters: Mapping[str, sp.Symbol] | None = None) -> sp.Symbol:
    """A letter by name, of the alphabet or of ``letters``.

    Raises UnknownName with the nearest.
    """
    letters = ALPHABET if letters is None else letters
    if name.strip() in letters:
        return letters[name.strip()]
    same = [f for f in formulas() if f.endswith(f".{name.strip()}")]
    cure = f"did you mean the formula {same[0]!r}?" if same else nearest(name.strip(), letters)
    raise UnknownName(f"there is no letter {short(name.strip())} in the alphabet, and no formula; {cure}")


def find(name: str, free: Iterable[sp.Symbol]) -> sp.Symbol:
    """A letter of a question by name.

    Raises UnknownName with the nearest letter of the question.
    """
    names = {s.name: s for s in free}
    if name.strip() in names:
        return names[name.strip()]
    letter(name, {**names, **ALPHABET})
    raise UnknownName(f"{name.strip()} does not occur in the question; {nearest(name.strip(), names)}")


def reach(free: Iterable[sp.Symbol], sheets: Iterable[Sheet]) -> set[sp.Symbol]:
    """The letters that formulas depend on: their own, those that stand for them in sheets, and those of definitions."""
    found = set(free)
    tables = [t for sheet in sheets for t in (getattr(sheet, "definitions", {}), sheet.values, sheet.defaults)]
    front = found
    while front:
        values = (t[s] for s in front for t in tables if s in t)
        front = {x for v in values if isinstance(v, sp.Expr) for x in v.free_symbols} - found
        found = found | front
    return found | {eta for eta, rates in DERATES.items() if found & rates}


def scaled(names: Iterable[str], arithmetic: str = "") -> dict[sp.Symbol, sp.Expr]:
    """The rates that efficiencies of these names scale, each with them; what a format reaches is of C too if it is the arithmetic's."""
    found, own = dict[sp.Symbol, sp.Expr](), ETA_FORMAT.get(C_FORMAT.get(arithmetic, C))
    for eta, rates in DERATES.items():
        if eta.name in names:
            found |= {rate: found.get(rate, rate) * eta for rate in (rates | {C} if eta == own else rates)}
    return found


def refuse_unused(given: Iterable[Symbol], reached: Iterable[sp.Symbol], why: str = "changes nothing here") -> None:
    """Raise UnknownName for a letter that was given and that nothing depends on."""
    known = set(reached)
    for s in sorted(given, key=lambda s: s.name):
        if s not in known:
            names = [k.name for k in known if isinstance(k, Symbol)]
            raise UnknownName(f"{s.name} {why}; {nearest(s.name, names)}, or leave it out")
