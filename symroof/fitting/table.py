"""Records of measurements as a table: settings in columns, and what was measured with its unit.

A column is a letter (``B``, ``S``) or its word (``batch``, ``context``, ``prompt``, ``generated``, ``chips``), the name of a sheet
(``chip``, ``model``, ``format`` with ``weights``, ``kv`` and ``math``), ``measured`` (a quantity, or a number beside a column ``unit``),
``name``; any other column is a label that letters and groups may differ by.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from symroof.algebra.bind import check
from symroof.algebra.quantity import parse_quantity
from symroof.algebra.symbols import ALPHABET, B, G, S, Symbol, T, n
from symroof.algebra.units import Unit
from symroof.errors import InputError, SymroofError, short
from symroof.sheets.calibrations import settings
from symroof.sheets.chips import chip
from symroof.sheets.dtypes import dtype
from symroof.sheets.llms import Llm, llm
from symroof.sheets.sheet import Sheet

WORDS: Mapping[str, Symbol] = {"batch": B, "context": S, "prompt": T, "generated": G, "chips": n}
_OWN = ("measured", "unit", "name", "id", "chip", "model", "format", "weights", "kv", "math")
_MOST = 100_000


@dataclass(frozen=True)
class Row:
    """One measurement [SI] in its unit, the sheets it was made at, and what its columns say of it."""

    name: str
    measured: Fraction
    unit: Unit
    sheets: tuple[Any, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    model: Llm | None = None


def table(records: Any) -> tuple[Row, ...]:
    """Records as rows: the path of a CSV, JSON or YAML file, a list of mappings, or a DataFrame.

    Raises InputError naming the record for a column that is missing, a value that is none, or a measurement without a unit.
    """
    found = list(_mappings(records))
    if not found:
        raise InputError("there are no records; give at least one, e.g. [{'B': 1, 'measured': '12 ms'}]")
    if len(found) > _MOST:
        raise InputError(f"{len(found)} records are more than {_MOST}; give fewer")
    rows = []
    for i, given in enumerate(found, start=1):
        name = short(str(given.get("name") or given.get("id") or f"record {i}"), 80).strip("'")
        try:
            rows.append(_row(name, given))
        except SymroofError as problem:
            raise InputError(f"{name}: {problem}") from None
    return tuple(rows)


def _mappings(records: Any) -> Iterable[Mapping[str, Any]]:
    if isinstance(records, (str, Path)):
        return _read(Path(records))
    if hasattr(records, "to_dict") and hasattr(records, "columns"):
        found: list[Mapping[str, Any]] = records.to_dict("records")
        return [{str(k): v for k, v in row.items() if v == v} for row in found]
    if isinstance(records, Mapping):
        return [records]
    listed = list(records) if isinstance(records, Iterable) else [records]
    if not all(isinstance(row, Mapping) for row in listed):
        raise InputError(
            f"{short(records)} are no records; give a list of mappings, a DataFrame, or the path of a .csv, .json or .yaml file"
        )
    return listed


def _read(path: Path) -> list[Mapping[str, Any]]:
    """The records of a file."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError):
        raise InputError(f"{short(str(path))} cannot be read; give the path of a .csv, .json or .yaml file") from None
    kind = path.suffix.lower()
    try:
        if kind == ".csv":
            return [{k.strip(): v for k, v in row.items() if k and v not in (None, "")} for row in csv.DictReader(text.splitlines())]
        if kind == ".json":
            given = json.loads(text)
        elif kind in (".yaml", ".yml"):
            given = _yaml(text)
        else:
            raise InputError(f"{path.name} is neither .csv, .json nor .yaml; name it after what it is")
    except (ValueError, RecursionError, csv.Error) as problem:
        raise InputError(f"{path.name} cannot be read: {short(problem, 100)}") from None
    given = given.get("records", given) if isinstance(given, dict) else given
    if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
        raise InputError(f"{path.name} holds no list of records; write a list of mappings, each with 'measured'")
    return given


def _yaml(text: str) -> Any:
    try:
        import yaml
    except ImportError:
        raise InputError('YAML is read by PyYAML: pip install "symroof[calibrate]", or give CSV or JSON') from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as problem:
        raise ValueError(problem) from None


def _row(name: str, given: Mapping[str, Any]) -> Row:
    if given.get("measured") in (None, ""):
        raise InputError(f"there is no column 'measured'; it has {', '.join(map(str, list(given)[:8]))}; add measured='12 ms'")
    number, unit = _measured(given)
    known, labels = dict[Symbol, Any](), dict[str, str]()
    for key, value in given.items():
        s = WORDS.get(str(key)) or ALPHABET.get(str(key))
        if s is not None:
            known[s] = check(s, value)
        elif key not in _OWN or key in ("chip", "model", "weights", "math"):
            labels[str(key)] = str(value)
    model = llm(str(given["model"])) if given.get("model") else None
    sheets: list[Any] = [_chip(str(given["chip"]), known.get(n))] if given.get("chip") else []
    sheets += [model] if model is not None else []
    if given.get("format"):
        words = {key: str(given[key]) for key in ("weights", "kv", "math") if given.get(key)}
        sheets.append(dtype(str(given["format"]), **words))
    held = {s for sheet in sheets for s in sheet.values}
    sheets = [_without(sheet, known) for sheet in sheets] if held & known.keys() else sheets
    sheets.append(Sheet(name, "", known))
    return Row(name, number, unit, tuple(sheets), {**labels, **settings(sheets)}, model)


def _chip(name: str, chips: Any) -> Sheet:
    found = chip(name)
    return found.on(int(chips)) if chips is not None and chips > 1 and not hasattr(chips, "shape") else found


def _without(sheet: Any, known: Mapping[Symbol, Any]) -> Any:
    """A sheet without the letters that a record says itself; a model as it is, whose letters go together."""
    if isinstance(sheet, Llm) or not known.keys() & sheet.values.keys():
        return sheet
    return Sheet(sheet.name, sheet.title, {s: v for s, v in sheet.values.items() if s not in known}, sheet.defaults, sheet.sources)


def _measured(given: Mapping[str, Any]) -> tuple[Fraction, Unit]:
    value, unit = given["measured"], str(given.get("unit") or "").strip()
    text = f"{value} {unit}".strip()
    number, of = parse_quantity(text)
    if not number > 0:
        raise InputError(f"measured {short(text)} is not positive; give what was measured, e.g. '12 ms'")
    if of == Unit():
        raise InputError(f"measured {short(text)} has no unit; write e.g. '{value} ms', or add a column unit")
    return number, of
