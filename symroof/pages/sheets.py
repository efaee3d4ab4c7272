"""``symroof chips``, ``llms`` and ``show NAME``: the data, with sources."""

from __future__ import annotations

from typing import Any

from symroof.algebra.symbols import ALPHABET, C_FORMAT, M_hbm, P, P_mm, Symbol, W_hbm, W_ici, price
from symroof.errors import UnknownName, nearest, short
from symroof.present.derivation import percent
from symroof.present.tables import as_json, latex_table, printed
from symroof.sheets.chips import Chip, chip, chips
from symroof.sheets.dtypes import dtype
from symroof.sheets.files import aliases
from symroof.sheets.llms import Llm, llm, llms
from symroof.sheets.sheet import Sheet, shown


def chips_table(form: str) -> None:
    """All chips."""
    found = [chip(name) for name in chips()]
    rates = [f for f in ("bf16", "fp8", "int8", "fp4") if any(C_FORMAT[f] in c.values for c in found)]
    head = ["chip", "", *[f"{f} FLOP/s" for f in rates], "HBM", "bandwidth", "W_ici", "links", "price"]
    rows = [
        [
            c.name,
            c.title,
            *[_cell(c, C_FORMAT[f]).removesuffix("FLOP/s") for f in rates],
            *[_cell(c, s) for s in (M_hbm, W_hbm, W_ici)],
            c.links,
            _cell(c, price),
        ]
        for c in found
    ]
    _out(
        form,
        "Chips: dense FLOP/s, W_ici both directions of one axis (GPU: all links one way)",
        head,
        rows,
        [_record(c) for c in found],
        left=2,
    )


def llms_table(form: str) -> None:
    """All language models."""
    found = [llm(name) for name in llms()]
    letters = [ALPHABET[name] for name in ("L", "D", "F", "N", "K", "H", "V", "E", "k")]
    head = ["model", *[s.name for s in letters], "parameters", "published", "off by", "active"]
    rows = [
        [
            m.name,
            *[_cell(m, s) for s in letters],
            _billions(m[P]),
            _billions(m.published) if m.published else "-",
            percent(float(m[P]) / float(m.published) - 1) if m.published else "-",
            _billions(m[P_mm]),
        ]
        for m in found
    ]
    _out(form, "Language models: parameters derived from the layers", head, rows, [_record(m) for m in found])


def sheet(name: str, form: str) -> None:
    """One chip, model or number format with the source of every value.

    Raises UnknownName with the nearest of all names.
    """
    found = _find(name)
    rows = [list(row) for row in found.rows()]
    extra = _extra(found)
    _out(form, f"{found.name}: {found.title}", ["letter", "value", "meaning", "source"], rows, _record(found))
    if form == "text":
        for line in extra:
            print(line)


def _find(name: str) -> Sheet:
    known = {**dict.fromkeys(chips(), chip), **dict.fromkeys(llms(), llm), **dict.fromkeys(C_FORMAT, dtype)}
    for load in (chip, llm, dtype):
        try:
            return load(name)
        except UnknownName:
            continue
        except ValueError:
            if not name.endswith(".toml") or load is not chip:
                raise  # the file says itself what is wrong with it
            if _is_model(name):
                return llm(name)
            raise
    words = [*known, *aliases("chips"), *aliases("llms")]
    raise UnknownName(f"there is no chip, model or format {short(name)}; {nearest(name, words)}")


def _is_model(path: str) -> bool:
    import tomllib

    try:
        with open(path, "rb") as file:
            return bool({"dims", "model", "layers"} & tomllib.load(file).keys())
    except (OSError, ValueError):
        return False


def _extra(found: Sheet) -> list[str]:
    if isinstance(found, Chip):
        slices = ", ".join(f"{s.name}{'' if s.wrapped else '*'}" for s in found.slices)
        return [
            f"Slices: {slices}" + ("   (* not every axis wraps around)" if "*" in slices else ""),
            f"One host: {found.host}. Links: {found.links}.",
        ]
    if isinstance(found, Llm):
        layers = f"Layers: {found.stack!r}"
        if not found.published:
            return [layers]
        off = percent(float(found[P]) / float(found.published) - 1)
        return [layers, f"Published: {_billions(found.published)}, derived {_billions(found[P])} ({off} off). {found.note}".rstrip()]
    return []


def _cell(found: Sheet, symbol: Symbol) -> str:
    return shown(symbol, found.values[symbol]) if symbol in found.values else "-"


def _billions(count: Any) -> str:
    return f"{float(count) / 1e9:.2f}e9"


def _record(found: Sheet) -> dict[str, Any]:
    values = {
        s.name: {"value": _number(v), "unit": str(s.unit), "source": found.sources.get(s, "")}
        for s, v in {**found.values, **found.defaults}.items()
    }
    record: dict[str, Any] = {"name": found.name, "title": found.title, "values": values}
    if isinstance(found, Chip):
        record |= {"kind": found.kind, "slices": [{"name": s.name, "chips": s.chips, "wrap_around": s.wrapped} for s in found.slices]}
    if isinstance(found, Llm):
        record |= {"published": found.published, "published_active": found.published_active, "note": found.note}
    return record


def _number(value: Any) -> Any:
    return str(value) if hasattr(value, "free_symbols") else value


def _out(form: str, title: str, head: list[str], rows: list[list[str]], record: Any, left: int = 1) -> None:
    if form == "json":
        print(as_json(record))
    elif form == "latex":
        print(latex_table(head, rows))
    else:
        printed(title, head, rows, left=left)
