"""A model's layers as the text of a data file of ours, which reads back as the same model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from symroof.sheets.config import Config
from symroof.sheets.dtypes import format_of
from symroof.sheets.stored import Formats
from symroof.transformer.kind import Kind


def written(name: str, of: Config, origin: str, formats: Formats, apart: Mapping[str, int]) -> str:
    """The TOML of a model: ``[model]``, ``[formats]``, ``[beside]``, a table for every layer, and the blocks they stand in."""
    around, names = of.around, _names([*(kind for _, kinds in of.groups for kind in kinds), *of.around.before, *of.around.after])
    lines = [
        f"# From {origin}.",
        f'name = "{name}"',
        "",
        "[model]",
        f"L = {sum(count for count, _ in of.groups)}",
        f"D = {of.width}",
        f"V = {around.V}",
        f"tied = {_value(around.tied)}",
    ]
    lines += [f"{key} = {_value(value)}" for key, value in _given(around) if key not in ("V", "tied", "before", "after")]
    for key, beside in (("before", around.before), ("after", around.after)):
        lines += [f"{key} = {_listed([names[kind] for kind in beside])}"] if beside else []
    lines += _formats(formats)
    lines += ["", "[beside]", *(f"{_key(word)} = {count}" for word, count in apart.items())] if apart else []
    for kind, called in names.items():
        lines += ["", f"[layers.{called}]", f'kind = "{kind.word}"', *(f"{key} = {_value(value)}" for key, value in _given(kind))]
    for count, kinds in of.groups:
        lines += ["", "[[blocks]]", f"count = {count}", f"layers = {_listed([names[kind] for kind in kinds])}"]
    return "\n".join(lines) + "\n"


def _formats(of: Formats) -> list[str]:
    """Every class with its format, or with bytes of an element where that is a mean."""
    if of.trouble:
        return ["", f"# No [formats]: {of.trouble}."]
    lines = ["", "[formats]"]
    for word, each in of.classes.items():
        plain = len(each.formats) == 1 and format_of(each.formats[0].split(" ")[0]).number == each.width
        found, said = (str(each), "") if plain and " " not in str(each) else (f"{each.width} B", f"  # {each}")
        lines += [f'{_key(word)} = "{found}"{said}'] if each.elements else []
    lines += [f'cache = "{of.kv.name}"']
    lines += [f'rotations = "{of.rotations} byte"'] if of.rotations else []
    return lines + ([f'state = "{of.state.name}"'] if of.state else [])


def _key(word: str) -> str:
    return f'"{word}"' if " " in word else word


def _names(kinds: Sequence[Kind]) -> dict[Kind, str]:
    """Every kind once, called by its word, numbered where there are several."""
    found: dict[Kind, str] = {}
    for kind in dict.fromkeys(kinds):
        word = kind.word.replace(" ", "-")
        others = sum(each.word == kind.word for each in found)
        found[kind] = f"{word}-{others + 1}" if others else word
    return found


def _given(of: Any) -> list[tuple[str, Any]]:
    """The fields that are not as they are by default."""
    usual = {f.name: f.default for f in fields(of)} | ({"norms": 0 if of.beside() else of.usual_norms} if isinstance(of, Kind) else {})
    follows = of.follows if isinstance(of, Kind) else ()
    given = {f.name: getattr(of, f.name) for f in fields(of) if f.name not in follows}
    given |= {key: 0 for key, value in given.items() if value is None and usual[key] is not None}  # a size that is left out
    return [(key, value) for key, value in given.items() if value is not None and value != usual[key] and value != ()]


def _value(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def _listed(names: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"
