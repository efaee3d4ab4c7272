"""A ``config.json`` with what lies beside it: the stack of a checkpoint, what it is stored in, what it holds besides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from symroof.errors import SheetError, SymroofError
from symroof.sheets.apart import Beside
from symroof.sheets.beside import drafts
from symroof.sheets.config import Config, named, read_json, understood
from symroof.sheets.quantized import quantized
from symroof.sheets.stored import Formats
from symroof.sheets.written import written
from symroof.transformer.build import stack
from symroof.transformer.stack import Stack


class Checkpoint(NamedTuple):
    """What a checkpoint says of itself."""

    name: str
    stack: Stack
    formats: Formats
    beside: Mapping[str, Beside]


#: Formats of fewer than 16 bits, as names of checkpoints have them.
_NARROW = re.compile(r"(?:^|[-_.])(nvfp4|mxfp4|mxfp8|fp[48]|int[48]|awq|gptq|w[48]a(?:4|8|16))(?=$|[-_.])")


def checkpoint(path: Path) -> Checkpoint:
    """The checkpoint of a ``config.json``, or of a folder that holds one.

    Raises SheetError for what is not understood, naming file and key.
    """
    return _read(path, str(path))[1]


def imported(path: str) -> str:
    """A ``config.json`` as the text of a data file of ours, which evaluates to the same.

    Raises SheetError for what is not understood.
    """
    of, (name, _, formats, beside) = _read(Path(path))
    try:
        return written(name, of, f"config.json of {name}", formats, {word: int(each) for word, each in beside.items()})
    except SymroofError as problem:
        raise SheetError(f"{name}: {problem}") from None


def _read(path: Path, origin: str = "") -> tuple[Config, Checkpoint]:
    file = read_json(path)
    name = named(path)
    try:
        of = understood(file)
        found = stack(name, of.width, of.groups, of.around, origin=origin)
        formats = quantized(file, _quantization(path), of.width, of.layers, of.around)
        formats = replace(formats, doubt=_doubt((path if path.is_dir() else path.parent).resolve().name, formats))
    except SymroofError as problem:
        raise SheetError(f"{name}: {problem}") from None
    return of, Checkpoint(name, found, formats, _apart(of, found))


def _doubt(name: str, formats: Formats) -> str:
    """What the name of a folder says of formats, where no table says any."""
    found = _NARROW.search(name.lower())
    if not found or any(of.width < 2 for of in formats.classes.values()):
        return ""
    return f"though its name says {found[1]}: add its hf_quant_config.json, or give --formats"


def _apart(of: Config, made: Stack) -> dict[str, Beside]:
    """What a configuration has beside its language model, in the letters of the model where they are the same."""
    count, kinds = of.drafts
    own = dict.fromkeys(kind for _, group in of.groups for kind in group)
    lettered = dict(zip(own, (layer.kind for layer in made.layers[len(of.around.kinds()[0]) :]), strict=False))
    found = [drafts(count, (lettered.get(kind, kind) for kind in kinds), made.values)] if count else []
    return {each.name: each for each in (*found, of.vision) if each is not None}


def _quantization(path: Path) -> Mapping[str, Any] | None:
    """The ``hf_quant_config.json`` beside a ``config.json``, if there is one."""
    found = (path if path.is_dir() else path.parent) / "hf_quant_config.json"
    return read_json(found) if found.is_file() and path.name != found.name else None
