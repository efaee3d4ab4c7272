"""``llm("llama3-70b")``: a language model as a Sheet; its parameter count is derived from its dimensions."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import sympy as sp

from symroof.algebra.symbols import (
    D,
    E,
    E_sh,
    F,
    F_dense,
    H,
    H_nope,
    H_rope,
    H_v,
    K,
    L,
    L_dense,
    L_full,
    L_win,
    N,
    P,
    P_act,
    R_kv,
    R_q,
    S_win,
    Symbol,
    V,
    k,
)
from symroof.errors import SheetError, UnknownName, short
from symroof.sheets.chips import cited
from symroof.sheets.files import listed, read, resolve, value
from symroof.sheets.schema import LlmFile
from symroof.sheets.sheet import Sheet
from symroof.transformer.architecture import DENSE, Architecture
from symroof.transformer.parameters import active_parameters, parameters


@dataclass(frozen=True, repr=False)
class Llm(Sheet):
    """A language model: its dimensions, ``P`` derived from them, and which formulas hold (``architecture``)."""

    architecture: Architecture = DENSE
    published: Fraction = Fraction(0)
    published_active: Fraction | None = None
    note: str = field(default="", repr=False)


def llm(name: str) -> Llm:
    """A language model by name, alias or path of a TOML file.

    >>> from symroof.symbols import P
    >>> int(llm("llama3-70b")[P])
    70552387584

    Raises UnknownName with the nearest name, SheetError naming file and key if the file is wrong.
    """
    if not isinstance(name, str):
        raise UnknownName(f"{short(name)} is no name of a language model; write e.g. llm('llama3-70b')")
    return _load(resolve("llms", name))


def llms() -> tuple[str, ...]:
    """The names of all language models."""
    return tuple(sorted(listed("llms")))


def _load(path: Path) -> Llm:
    file = read(path, LlmFile)
    dims, moe, mla, window = file.dims, file.moe, file.mla, file.window
    arch = Architecture(
        gated=dims.gated,
        tied=dims.tied,
        experts=moe is not None,
        shared=bool(moe and moe.shared),
        dense_layers=bool(moe and moe.dense_layers),
        latent=mla is not None,
        windowed=window is not None,
        full_layers=not (window and window.layers >= dims.L),
    )
    values: dict[Symbol, Fraction | sp.Expr] = {}
    sources: dict[Symbol, str] = {}

    def put(table: str, source: str, entries: dict[Symbol, int]) -> None:
        for s, number in entries.items():
            if number:
                values[s] = value(path, f"{table}.{s.name}", s, number)
                sources[s] = cited(path, table, source, file.sources)

    put("dims", dims.source, {L: dims.L, D: dims.D, F: dims.F, N: dims.N, K: dims.K, H: dims.H, V: dims.V})
    if moe:
        dense = {L_dense: moe.dense_layers, F_dense: dims.F if moe.dense_layers else 0}
        put("moe", moe.source, {E: moe.E, k: moe.k, F: moe.F, E_sh: moe.shared, **dense})
    if mla:
        put("mla", mla.source, {R_q: mla.q_rank, R_kv: mla.kv_rank, H_nope: mla.nope, H_rope: mla.rope, H_v: mla.v})
    if window:
        put("window", window.source, {S_win: window.size, L_win: window.layers, L_full: max(dims.L - window.layers, 0)})
    for s, count in ((P, parameters(arch)), (P_act, active_parameters(arch))):
        values[s] = Fraction(count.at(values).number)
        sources[s] = f"derived from the dimensions: {count.expr}"
    for number, what, most, of in (
        (dims.K, "dims.K", dims.N, "query heads dims.N"),
        (moe.k if moe else 0, "moe.k", moe.E if moe else 0, "experts moe.E"),
        (moe.dense_layers if moe else 0, "moe.dense_layers", dims.L, "layers dims.L"),
        (window.layers if window else 0, "window.layers", dims.L, "layers dims.L"),
    ):
        if number > most:
            raise SheetError(f"{path.name}: key {what!r} is {number}, more than the {most} {of}")
    published = file.published
    total = value(path, "published.total.value", P, published.total.value)
    cited(path, "published.total", published.total.source, file.sources)
    active = None
    if published.active:
        cited(path, "published.active", published.active.source, file.sources)
        active = value(path, "published.active.value", P, published.active.value)
    return Llm(file.name, file.title, values, {}, sources, arch, total, active, published.note)
