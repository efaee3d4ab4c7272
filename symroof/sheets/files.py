"""Find the data files, read them, and say in one sentence what is wrong with one: file, key, nearest right answer."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from symroof.algebra.bind import check
from symroof.algebra.symbols import Symbol
from symroof.errors import SheetError, SymroofError, UnknownName, nearest, short
from symroof.sheets.schema import Many, Quantity, Source

#: How files of weights end.
WEIGHTS = (".safetensors", ".gguf", ".bin", ".pt", ".pth", ".npz")
_T = TypeVar("_T")
_LARGEST = 1 << 20
_LACKING = " is missing; see models/README.md"


def folders() -> list[Path]:
    """Where data files are looked for: $SYMROOF_MODELS first, then beside the package (checkout) or inside it (wheel)."""
    package = Path(__file__).resolve().parent.parent
    own = os.environ.get("SYMROOF_MODELS", "")
    candidates = [Path(p) for p in own.split(os.pathsep) if p] + [package.parent / "models", package / "_data" / "models"]
    found = [p for p in candidates if p.is_dir()]
    return found[: len([p for p in own.split(os.pathsep) if p]) + 1]


def listed(kind: str) -> dict[str, Path]:
    """The files of one kind ("chips" or "llms") by name; your own folder wins over the one that ships."""
    return {p.stem: p for folder in reversed(folders()) for p in sorted((folder / kind).glob("*.toml")) if p.is_file()}


def read(path: Path, schema: type[_T]) -> _T:
    """A TOML file as an instance of its schema.

    Raises SheetError naming file and key for anything that does not follow it, an unknown key included.
    """
    return parsed(path, written_in(path), schema)


def parsed(path: Path, text: str, schema: type[_T]) -> _T:
    """What is written in a file as an instance of its schema, as ``read`` gives it."""
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise SheetError(f"{path.name} is not TOML: {short(problem, 120)}; texts and quantities stand in quotes, a key once") from None
    except RecursionError:
        raise SheetError(f"{path.name} is nested too deep to be a data file; see models/README.md") from None
    except ValueError as problem:  # a number of thousands of digits
        raise SheetError(f"{path.name} has what is no number: {short(problem, 80)}") from None
    try:
        return msgspec.convert(written, schema)
    except msgspec.ValidationError as problem:
        wrong, lacking = _wrong(written, schema), [*_missing(written, schema)]
        if len(lacking) > 1 and wrong.endswith(_LACKING):
            wrong = f"keys {', '.join(map(repr, lacking))} are missing; see models/README.md"
        raise SheetError(f"{path.name}: {wrong or problem}") from None


def written_in(path: Path) -> str:
    """What is written in a file, without a byte order mark; a pipe is not waited for."""
    try:
        about = path.stat()
        if not (path.is_file() or path.is_dir()):
            raise SheetError(f"{_called(path)} is no file that can be read; give the path of a TOML file")
        if about.st_size > _LARGEST:
            raise SheetError(f"{path.name} is larger than 1 MiB; a data file is a page of TOML, see models/README.md")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as problem:
        raise SheetError(f"{_called(path)} cannot be read: {problem.strerror or problem}") from None
    except UnicodeDecodeError as problem:
        raise SheetError(f"{path.name} is not TOML: {short(problem, 120)}") from None
    except SheetError:
        raise
    except ValueError:
        raise SheetError(f"{_called(path)} is no name of a file") from None


def _called(path: Path) -> str:
    """A path for a message; of a long one the end."""
    text = str(path)
    return repr(text if len(text) <= 100 else f"…{text[-99:]}")


def _wrong(given: Any, of: Any, where: str = "", table: str = "") -> str:
    """What is wrong with a value at a place of a file, by its schema; empty if nothing is. ``table`` is the place with any name as NAME."""
    of = _meant(given, of)
    inner: list[tuple[str, Any, Any, str]] = []  # its values: key, value, schema, place
    if isinstance(of, type) and issubclass(of, msgspec.Struct):
        known = {f.encode_name: f for f in msgspec.structs.fields(of)}
        if isinstance(given, dict):
            for key in (*given, *known):
                if key not in known:
                    return f"unknown key {short(f'{where}{key}')}; {nearest(key, known)}"
                if key not in given and known[key].required:
                    return f"key {f'{where}{key}'!r}{_LACKING}"
            inner = [(key, value, known[key].type, key) for key, value in given.items()]
    elif get_origin(of) is dict:
        name, each = get_args(of)
        if isinstance(given, dict):
            inner = [(key, *one) for key, value in given.items() for one in ((key, name, "NAME"), (value, each, "NAME"))]
    elif get_origin(of) in (list, tuple):
        each = get_args(of)[0]
        if isinstance(given, list) and get_origin(of) is tuple and len(given) != len(get_args(of)):
            return f"key {where[:-1]!r} is a list of {len(get_args(of))}, not of {len(given)}"
        if isinstance(given, list):
            return next(filter(None, (_wrong(x, each, f"{where[:-1]}[{i}].", table) for i, x in enumerate(given))), "")
        if isinstance(given, dict):
            return f"[[{table}]] are tables in a list, not one table; write [[{table}]] in double brackets"
        return f"key {where[:-1]!r} is a list, not {_said(given)}; write it in brackets"
    else:
        try:
            msgspec.convert(given, of)
        except msgspec.ValidationError as problem:
            return f"key {where[:-1]!r}: {_unlike(given, of) or str(problem)[:1].lower() + str(problem)[1:]}"
        return ""
    if not isinstance(given, dict):
        return f"[{table}] is one table, not {_said(given)}; write [{table}], once, and its keys below it"
    deeper = (_wrong(value, schema, f"{where}{key}.", f"{table}.{place}".lstrip(".")) for key, value, schema, place in inner)
    return next(filter(None, deeper), "")


def _unlike(given: Any, of: Any) -> str:
    """What a value is not, by its schema; empty where the schema does not say it in words."""
    if get_origin(of) is Literal:
        return f"{short(given)} is none of {', '.join(map(repr, get_args(of)))}"
    words = [about.description for about in getattr(of, "__metadata__", ()) if isinstance(about, msgspec.Meta) and about.description]
    if words:
        return f"{short(given)} is not {words[0]}"
    return f"{short(given)} is not a text; write it in quotes" if of is str and not isinstance(given, str) else ""


def _meant(given: Any, of: Any) -> Any:
    """Of several things that may stand at a place the one that is meant: a table if there is one, else what fits, or is of its type."""
    if get_origin(of) not in (Union, UnionType):
        return of
    several = [one for one in get_args(of) if one is not NoneType]
    tables = [one for one in several if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    fitting = tables if isinstance(given, dict) and tables else [one for one in several if one not in tables]
    alike = [one for one in fitting if _follows(given, one)] or [one for one in fitting if getattr(one, "__origin__", one) is type(given)]
    return alike[0] if alike else (fitting or several)[-1] if tables or len(several) == 1 else of


def _follows(given: Any, of: Any) -> bool:
    """Whether a value follows a schema."""
    try:
        msgspec.convert(given, of)
    except msgspec.ValidationError:
        return False
    return True


def _missing(given: Any, of: Any, where: str = "") -> Iterator[str]:
    """All keys that are missing in a file, in the tables that are there."""
    of = _meant(given, of)
    if isinstance(given, list) and get_origin(of) in (list, tuple):
        for i, each in enumerate(given):
            yield from _missing(each, get_args(of)[0], f"{where.removesuffix('.')}[{i}].")
    if not isinstance(given, dict):
        return
    if get_origin(of) is dict:
        for key, value in given.items():
            yield from _missing(value, get_args(of)[1], f"{where}{key}.")
    elif isinstance(of, type) and issubclass(of, msgspec.Struct):
        for f in msgspec.structs.fields(of):
            if f.encode_name in given:
                yield from _missing(given[f.encode_name], f.type, f"{where}{f.encode_name}.")
            elif f.required:
                yield f"{where}{f.encode_name}"


def _said(given: Any) -> str:
    words = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "true or false"}
    return words.get(type(given), f"`{type(given).__name__}`")


def entry(path: Path, key: str, symbol: Symbol, quantity: Many, sources: Mapping[str, Source]) -> tuple[Any, str]:
    """The value of a quantity of a file, checked against the unit of its symbol, and its source as text.

    Raises SheetError naming file and key.
    """
    given = quantity if isinstance(quantity, Quantity) else Quantity(str(quantity))
    try:
        return check(symbol, given.value), cited(path, key, given.source, sources) if given.source else path.name
    except SheetError:
        raise
    except SymroofError as problem:
        raise SheetError(f"{path.name}: key '{key}{'.value' if isinstance(quantity, Quantity) else ''}': {problem}") from None


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
    except (OSError, ValueError, RecursionError, TypeError):
        return ()  # the file itself says what is wrong with it when it is asked for
