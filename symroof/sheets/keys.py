"""The keys of a ``config.json``, each remembered when it is read, so that what nobody understood can be named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symroof.errors import SheetError, misspelt, nearest, short
from symroof.sheets.architecture import Architecture
from symroof.sheets.spellings import ASLEEP, IGNORED, KEYS, ONLY, OTHER_TOWERS, TOWERS

_LARGEST = 2**40
#: Tables that other readers understand.
TABLES = (*TOWERS, *OTHER_TOWERS, "quantization_config", "compression_config", "quantization")
#: What 0 leaves out, and a null, though its class has another default.
_NONE = frozenset(["window", "chunk", "E", "n_shared", "F_shared", "latent", "dense_first", "shared_kv", "D_ple", "residuals", "drafts"])
#: What a null leaves out, and no 0.
_NULL = _NONE | {"K", "R_q"}


def whole(found: Any, key: str, least: int = 1) -> int:
    """A whole number that a key has.

    Raises SheetError for another value.
    """
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= _LARGEST:
        raise SheetError(f"key {key!r} is {short(found)}, no whole number from {least} on; correct it")
    return found


class Missing(SheetError):
    """A key that a file lacks; ``meaning`` says which, ``key`` how it is mostly spelt."""

    def __init__(self, meaning: str, key: str) -> None:
        others = KEYS.get(meaning, (meaning,))[1:]
        super().__init__(f"key {key!r} is missing" + (f" (or {', '.join(others)})" if others else "") + "; add it")
        self.meaning, self.key = meaning, key


class Keys:
    """One tower of a file and what stands around it; ``missing`` are the values of its class."""

    def __init__(self, tower: Mapping[str, Any], outer: Mapping[str, Any], of: Architecture) -> None:
        self.tower, self.outer, self.of = tower, outer, of
        self.read: set[str] = set()

    def has(self, meaning: str) -> bool:
        """Whether the file or its class says it."""
        return self.raw(meaning) is not None

    def raw(self, meaning: str, default: Any = None) -> Any:
        """The value of a meaning, whichever way it is spelt; a null is no value.

        Raises SheetError for two spellings with two values.
        """
        spellings = KEYS.get(meaning, (meaning,))
        self.read.update(spellings)
        given = {key: v for key in spellings if (v := self.tower.get(key)) is not None}
        found = next(iter(given.values()), None)
        other = next((key for key, v in given.items() if v is not found and v != found), None)
        if other is not None:
            first = next(iter(given))
            raise SheetError(f"keys {first!r} and {other!r} say the same twice, {short(found)} and {short(given[other])}; leave one")
        if self.tower is not self.outer and meaning == "tied":
            around = next((v for key in spellings if (v := self.outer.get(key)) is not None), None)
            if None not in (found, around) and found != around:
                said = f"{self.said(meaning)!r} is {short(found)} of the language model and {short(around)} of the file"
                raise SheetError(f"key {said}, and which of both holds is up to who loads it; leave one")
            found = around if found is None else found
        if found is None and not (meaning in _NULL and any(key in self.tower for key in spellings)):
            found = self.of.missing.get(meaning)
        found = self.of.fixed.get(meaning, found)
        return default if found is None else found

    def ignore(self, *meanings: str) -> None:
        """That a layer has no use for what other layers, or other classes, do."""
        self.read.update(key for meaning in meanings for key in KEYS.get(meaning, (meaning,)))

    def said(self, meaning: str) -> str:
        """The key of a meaning as the file spells it."""
        return next((key for key in KEYS.get(meaning, (meaning,)) if key in self.tower), KEYS.get(meaning, (meaning,))[0])

    def count(self, meaning: str, default: int | None = None, least: int = 1) -> int:
        """A whole number.

        Raises SheetError if there is none, or another value.
        """
        found = self.raw(meaning, default)
        if found is None:
            raise Missing(meaning, self.said(meaning))
        if isinstance(found, list) and meaning != "L" and len(found) == self.raw("L") and all(each == found[0] for each in found):
            found = found[0]  # the same in every layer
        return whole(found, self.said(meaning), least)

    def maybe(self, meaning: str) -> int | None:
        """A whole number from 1 on; None where nothing is said, or 0 of what can be none."""
        found = self.raw(meaning)
        return None if found is None or (meaning in _NONE and found == 0 and not isinstance(found, bool)) else self.count(meaning)

    def part(self, meaning: str, usual: float) -> float:
        """A factor of a size.

        Raises SheetError for what is no number above 0.
        """
        found = self.raw(meaning, usual)
        if not isinstance(found, (int, float)) or isinstance(found, bool) or not 0 < found < 1024:
            raise SheetError(f"key {self.said(meaning)!r} is {short(found)}, no number above 0; correct it")
        return found

    def flag(self, meaning: str | bool, default: bool = False) -> bool:
        """Whether something holds: a constant of the class, or what the file says.

        Raises SheetError for what is neither true nor false.
        """
        if isinstance(meaning, bool):
            return meaning
        found = self.raw(meaning, default)
        if not isinstance(found, bool):
            raise SheetError(f"key {self.said(meaning)!r} is {short(found)}, neither true nor false; correct it")
        return found

    def listed(self, key: str, length: int | None = None) -> Sequence[Any] | None:
        """A list with an entry for each layer; None if the file has none.

        Raises SheetError for another length.
        """
        self.read.add(key)
        found = self.tower.get(key)
        if found is None:
            return None
        if not isinstance(found, (list, tuple, str)):
            raise SheetError(f"key {key!r} is {short(found)}, no list with an entry for every layer; correct it")
        if length is not None and len(found) < length:
            raise SheetError(f"key {key!r} has {len(found)} entries, and the model {length} layers; correct one of them")
        return found

    def numbers(self, key: str, length: int | None = None) -> list[int] | None:
        """A list of whole numbers, with an entry for each of ``length`` layers; None if the file has none.

        Raises SheetError for another length, or another entry.
        """
        found = self.listed(key, length)
        return None if found is None else [whole(each, f"{key}[{i}]", 0) for i, each in enumerate(found)]

    def places(self, key: str, count: int, first: int = 0) -> set[int] | None:
        """A list of some of ``count`` layers, which count from ``first`` on; None if the file has none.

        Raises SheetError for a layer that there is not.
        """
        found = self.numbers(key)
        beyond = next((each for each in found or () if not first <= each < first + count), None)
        if beyond is not None:
            raise SheetError(f"key {key!r} names layer {beyond}, and the model has {first} to {first + count - 1}; correct it")
        return None if found is None else set(found)

    def table(self, key: str) -> Mapping[str, Any]:
        """A table of its own; empty if the file has none.

        Raises SheetError for what is no table.
        """
        self.read.add(key)
        found = self.tower.get(key)
        if found is None:
            return {}
        if not isinstance(found, Mapping):
            raise SheetError(f"key {key!r} is {short(found)}, no table; correct it")
        return found

    def refuse_unread(self) -> None:
        """Raise SheetError for a key that nobody read and that is not known to change nothing."""
        known = {*self.read, *self.of.ignores.split(), *IGNORED, *ONLY, *TABLES}
        for key in {} if self.tower is self.outer else self.outer:
            meant = None if key in known else misspelt(key, (*KEYS["tied"], *TABLES, "torch_dtype"))
            if meant:  # other keys around a language model are those of other towers
                raise SheetError(f"key {short(key)} is not understood; did you mean {meant!r}?")
        for key, value in self.tower.items():
            if key in ONLY and key not in self.read and value not in (None, *ONLY[key]):
                said = " and ".join(str(each) for each in ONLY[key])
                raise SheetError(f"key {short(key)} is {short(value)}, and only {said} is understood; correct it")
            asleep = key in ASLEEP and not self.tower.get(ASLEEP[key])
            off = value in (None, False, 0, "", [], {}) and not self._meant(key)
            if key in known or asleep or off or key.endswith(("_token_id", "_token_ids")):
                continue  # what is off changes nothing
            words = [spelt for row in KEYS.values() for spelt in row if spelt != key]
            cure = nearest(key, words) if nearest(key, words).startswith("did you mean") else "leave it out if it changes nothing"
            raise SheetError(f"key {short(key)} is not understood, and may change what the model stores or computes; {cure}")

    def _meant(self, key: str) -> bool:
        """Whether a key that nobody knows is spelt nearly as one that was looked for, and is not there."""
        return not any(key in row for row in KEYS.values()) and misspelt(key, self.read - {*self.tower}) is not None


def duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, each of whose keys stands there once.

    Raises SheetError for a key that stands there twice.
    """
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found and found[key] != value:
            raise SheetError(f"key {short(key)} stands there twice, with two values; leave one")
        found[key] = value
    return found
