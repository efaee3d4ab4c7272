"""What would give a letter its value: a sheet that has it, or a value as one writes it, in Python and on the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from symroof.algebra.symbols import MFU, B, G, S, Symbol, T, p_a
from symroof.algebra.units import ONE
from symroof.sheets.chips import chip
from symroof.sheets.dtypes import dtype
from symroof.sheets.llms import llm
from symroof.sheets.servers import server
from symroof.sheets.sheet import Sheet, shown

_USUAL = {B: "32", S: "8192", T: "8192", G: "512", MFU: "0.4"}
_BY_UNIT = {"s": "15 ms", "byte": "16 GB", "byte/s": "100 GB/s", "FLOP/s": "1e15 FLOP/s", "USD/s": "$2/h", "param": "70B", "J/s": "700 W"}
_MOST = 6  # groups of letters that are told


@dataclass(frozen=True)
class _Way:
    """A sheet that gives letters, as it is written in Python and on the command line."""

    python: str
    command: str
    gives: Mapping[Any, Any]


@lru_cache(maxsize=1)
def _ways() -> tuple[_Way, ...]:
    """The first of those that give a letter is the one that is told."""
    one = chip("tpu-v5e")
    on = one.on("4x4")
    sheets: list[tuple[str, str, Sheet, Mapping[Any, Any]]] = [
        ('.on("4x4")', "--slice 4x4", on, {s: v for s, v in on.values.items() if s not in one.values}),
        ('chip("tpu-v5e")', "--on tpu-v5e", one, {}),
        ('llm("llama3-70b")', "--model llama3-70b", llm("llama3-70b"), {}),
        ("", "--math bf16", one, {p_a: dtype("bf16").values[p_a]}),
        ('dtype("int8")', "--formats int8", dtype("int8"), {}),
        ('server("vllm")', "", server("vllm"), {}),
    ]
    return tuple(_Way(python, command, only or {**sheet.defaults, **sheet.values}) for python, command, sheet, only in sheets)


def _example(s: Any, way: _Way | None) -> str:
    """A value of a letter: that of the sheet, or one of its unit."""
    unit = getattr(s, "unit", ONE)
    known: Any = way.gives[s] if way else None
    if s in _USUAL or way is None or hasattr(known, "free_symbols"):
        return _USUAL.get(s) or _BY_UNIT.get(str(unit)) or ("4" if unit.measured == ONE else f"2 {unit}")
    return shown(s, known) if unit.measured != ONE else f"{float(known):g}"


def _told(letters: Iterable[Any], how: Callable[[_Way | None], str], one: Callable[[Any, str], str]) -> str:
    """Letters by what gives them: ``H, K, L: say llm("llama3-70b"); n: say .on("4x4") or n=16``."""
    groups: dict[int, list[Any]] = {}
    ways: tuple[_Way | None, ...] = (*(way for way in _ways() if how(way)), None)
    for s in sorted(letters, key=lambda s: str(s.name)):
        place = next(i for i, way in enumerate(ways) if way is None or s in way.gives)
        groups.setdefault(place if ways[place] else len(ways) + len(groups), []).append(s)
    said = []
    for place, some in sorted(groups.items()):
        way = ways[place] if place < len(ways) else None
        by = [how(way)] if way else []
        by += [one(some[0], _example(some[0], way))] if len(some) == 1 else []
        said.append(f"{', '.join(s.name for s in some)}: say {' or '.join(by)}")
    more = f"; and {len(said) - _MOST} more" if len(said) > _MOST else ""
    return "; ".join(said[:_MOST]) + more


def in_python(letters: Iterable[Symbol]) -> str:
    """What would give letters a value in Python: ``n: say .on("4x4") or n=16``."""
    return _told(letters, lambda way: way.python if way else "", lambda s, x: f"{s.name}={x if _plain(x) else repr(x)}")


def on_command_line(letters: Iterable[Symbol]) -> str:
    """The same on the command line: ``n: say --slice 4x4 or --set n=16``."""
    return _told(
        letters, lambda way: way.command if way else "", lambda s, x: f"--set {s.name + '=' + x if _plain(x) else repr(s.name + '=' + x)}"
    )


def _plain(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()
