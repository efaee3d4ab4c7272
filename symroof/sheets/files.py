"""Find the data files, read them, and say in one sentence what is wrong with one: file, key, nearest right answer."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from symroof.algebra.bind import check
from symroof.algebra.symbols import Symbol
from symroof.errors import SheetError, SymroofError, UnknownName, nearest, short
from symroof.sheets.schema import Quantity, Source

_T = TypeVar("_T")
_LARGEST = 1 << 20
_GOT = {"array": "a list", "str": "a text", "int": "a number", "float": "a number", "bool": "true or false"}


def folders() -> list[Path]:
    """Where data files are looked for: $SYMROOF_MODELS first, then beside the package (checkout) or inside it (wheel)."""
    package = Path(__file__).resolve().parent.parent
    own = os.environ.get("SYMROOF_MODELS", "")
    candidates = [Path(p) for p in own.split(os.pathsep) if p] + [package.parent / "models", package / "_data" / "models"]
    found = [p for p in candidates if p.is_dir()]
    return found[: len([p for p in own.split(os.pathsep) if p]) + 1]


def listed(kind: str) -> dict[str, Path]:
    """The files of one kind ("chips" or "llms") by name; your own folder wins over the one that ships."""
    return {p.stem: p for folder in reversed(folders()) for p in sorted((folder / kind).glob("*.toml"))}


def read(path: Path, schema: type[_T]) -> _T:
    """A TOML file as an instance of its schema.

    Raises SheetError naming file and key for anything that does not follow it, an unknown key included.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise SheetError(f"{path.name} is larger than 1 MiB; a data file is a page of TOML, see models/README.md")
        with path.open("rb") as file:
            return msgspec.convert(tomllib.load(file), schema)
    except OSError as problem:
        raise SheetError(f"{_called(path)} cannot be read: {problem.strerror or problem}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise SheetError(f"{path.name} is not TOML: {short(problem, 120)}") from None
    except msgspec.ValidationError as problem:
        raise SheetError(f"{path.name}: {_explained(str(problem), schema)}") from None
    except SheetError:
        raise
    except ValueError:
        raise SheetError(f"{_called(path)} is no name of a file") from None


def _called(path: Path) -> str:
    """A path for a message; of a long one the end."""
    text = str(path)
    return repr(text if len(text) <= 100 else f"…{text[-99:]}")


def _explained(message: str, schema: type) -> str:
    """msgspec's message with the key in front and the nearest right key behind."""
    text, _, place = message.partition(" - at `$")
    where = place.rstrip("`").removeprefix(".").replace("[...]", ".*")
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", text, re.DOTALL)
    if unknown:
        key = f"{where}.{unknown[1]}" if where else unknown[1]
        return f"unknown key {short(key)}; {nearest(unknown[1], _keys(schema, where))}"
    missing = re.fullmatch(r"Object missing required field `(.*)`", text)
    if missing:
        return f"key {f'{where}.{missing[1]}' if where else missing[1]!r} is missing; see models/README.md"
    wrong = re.fullmatch(r"Expected `([^`]*)`, got `([^`]*)`(.*)", text, re.DOTALL)
    if wrong:
        wanted, got, more = wrong[1].replace(" | null", ""), wrong[2], wrong[3]
        table = re.sub(r"\[\d+\]", "", where).replace(".*", ".NAME")
        said = _GOT.get(got, f"`{got}`")
        if wanted == "object":
            return f"[{table}] is one table, not {said}; write [{table}], once, and its keys below it"
        if wanted == "array" and got == "object":
            return f"[[{table}]] are tables in a list, not one table; write [[{table}]] in double brackets"
        if wanted == "array":
            return f"key {where!r} is a list, not {said}; write it in brackets"
        text = f"expected `{wanted}`, got `{got}`{more}"
    return f"key {where!r}: {text[0].lower()}{text[1:]}" if where else text


def _keys(schema: type, where: str) -> list[str]:
    """The keys that are right at a place such as ``hbm.size``."""
    for part in re.sub(r"\[\d+\]", "", where).split(".") if where else []:
        fields = {f.name: f.type for f in msgspec.structs.fields(schema)} if hasattr(schema, "__struct_fields__") else {}
        inner = fields.get(part, schema)
        options = [a for a in (inner, *getattr(inner, "__args__", ())) if hasattr(a, "__struct_fields__")]
        schema = options[-1] if options else schema
    return [f.encode_name for f in msgspec.structs.fields(schema)] if hasattr(schema, "__struct_fields__") else []


def value(path: Path, key: str, symbol: Symbol, text: Any) -> Any:
    """A quantity of a file, checked against the unit of its symbol.

    Raises SheetError naming file and key.
    """
    try:
        return check(symbol, text)
    except SymroofError as problem:
        raise SheetError(f"{path.name}: key {key!r}: {problem}") from None


def entry(path: Path, key: str, symbol: Symbol, quantity: Quantity, sources: Mapping[str, Source]) -> tuple[Any, str]:
    """The value of a quantity of a file, and its source as text.

    Raises SheetError naming file and key.
    """
    return value(path, f"{key}.value", symbol, quantity.value), cited(path, key, quantity.source, sources)


def cited(path: Path, key: str, source: str, sources: Mapping[str, Source]) -> str:
    """A source as text.

    Raises SheetError if the file does not list it.
    """
    if source not in sources:
        raise SheetError(f"{path.name}: key '{key}.source': there is no [sources.{source}]; {nearest(source, sources)}")
    found = sources[source]
    note = f" ({found.note})" if found.note else ""
    return f"{found.title}{note} ({found.date}), {found.url}"


def resolve(kind: str, name: str) -> Path:
    """The file of a name, an alias or a path that ends in ``.toml``.

    Raises UnknownName with the nearest name.
    """
    if name.endswith(".toml"):
        return Path(name)
    files = listed(kind)
    wanted = name.strip().lower()
    if wanted in files:
        return files[wanted]
    others = aliases(kind)
    if wanted in others:
        return others[wanted]
    word = {"chips": "chip", "llms": "language model"}[kind]
    raise UnknownName(f"there is no {word} {short(name)}; {nearest(name, [*files, *others] if len(name) < 60 else files)}")


def aliases(kind: str) -> dict[str, Path]:
    """The files of one kind by their other names."""
    return {alias: path for path in listed(kind).values() for alias in _aliases(path)}


@lru_cache(maxsize=256)
def _aliases(path: Path) -> tuple[str, ...]:
    try:
        with path.open("rb") as file:
            return tuple(str(a).lower() for a in tomllib.load(file).get("aliases", ()))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError):
        return ()  # the file itself says what is wrong with it when it is asked for
