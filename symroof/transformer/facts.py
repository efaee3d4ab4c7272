"""What follows from the text of a layer, by walking its program: parameters, FLOPs, what is read, what a sequence keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy as sp

from symroof.algebra.symbols import B, T
from symroof.program.program import Program
from symroof.program.tensor import Tensor
from symroof.transformer.kind import Kind, Pass

#: Stands for the pairs of a new token and a token it sees, and for the tokens that are cached, while FLOPs are taken apart.
PAIRS, HELD = sp.Symbol("pairs", positive=True), sp.Symbol("held", positive=True)


@dataclass(frozen=True)
class Opaque(Pass):
    """A pass whose pairs and cached tokens are symbols, so that what grows with them can be told apart."""

    def held(self, window: object = None) -> sp.Expr:
        """One symbol, whatever the window."""
        return HELD

    def pairs(self, window: object = None) -> sp.Expr:
        """One symbol, whatever the window."""
        return PAIRS


@dataclass(frozen=True)
class LayerFacts:
    """Of one layer. ``seen`` is the window, None for the whole context; FLOPs are a token's, or a token's and one it sees."""

    stored: Mapping[str, sp.Expr]  # parameters by class
    buffers: sp.Expr  # numbers that are stored, but no parameters
    active: sp.Expr  # parameters that a decoding token is multiplied with
    always: sp.Expr  # parameters that every step reads
    routed: Mapping[sp.Expr, sp.Expr]  # by what is hit (E_hit): parameters of each
    rows: sp.Expr  # parameters that are looked up, for each token
    cache: sp.Expr  # elements that a token adds, or that a window holds of it
    state: sp.Expr  # bytes of a sequence
    pair: tuple[sp.Expr, sp.Expr]  # FLOPs for a token and a token it sees: decoding, reading prompts
    scan: tuple[sp.Expr, sp.Expr]  # FLOPs of states for a token: decoding, reading prompts


@lru_cache(maxsize=512)
def facts(kind: Kind) -> LayerFacts:
    """What one layer of a kind comes to."""
    step = kind.program(at=Opaque(new=1))
    always, routed, rows = _read(step)
    stored: dict[str, sp.Expr] = {}
    for t in _having(step, "weight"):
        of = step.role(t.name).of
        stored[of] = stored.get(of, sp.Integer(0)) + t.elements
    cached = sp.Add(*[t.elements for t in _having(step, "cache")]) / (B * HELD)
    anew = {s.out.name for s in step.statements}
    state = sp.Add(*[t.elements * t.width for t in _having(step, "state", "tail") if t.name not in anew]) / B
    active, *decoding = _work(step, 1)
    alike = cached == 0 and state == 0  # nothing of another token is seen: a token costs the same in every pass
    _, *reading = (active, *decoding) if alike else _work(kind.program(at=Opaque(context=HELD)), T)
    pair, scan = zip(decoding, reading, strict=True)
    return LayerFacts(
        stored={of: sp.expand(count) for of, count in stored.items()},
        buffers=sp.Add(*[t.elements for t in _having(step, "buffer")]),
        active=active,
        always=always,
        routed=routed,
        rows=rows,
        cache=sp.expand(cached),
        state=sp.expand(state),
        pair=pair,
        scan=scan,
    )


def _having(program: Program, *words: str) -> list[Tensor]:
    known = program.tensors
    return [known[name] for name in program.having(*words)]


def _read(program: Program) -> tuple[sp.Expr, dict[sp.Expr, sp.Expr], sp.Expr]:
    """Parameters that a step reads: always, for each expert that is hit, and for each token that looks rows up."""
    always, rows = sp.Integer(0), sp.Integer(0)
    routed: dict[sp.Expr, sp.Expr] = {}
    for t in _having(program, "weight", "shared"):
        touched = [d for d in t.dims if d.touched is not None]
        if not touched:
            always += t.elements
        elif touched[0].touched == B:
            rows += t.touched / B
        else:
            hit = touched[0].touched
            routed[hit] = routed.get(hit, sp.Integer(0)) + t.touched / hit
    return sp.expand(always), {hit: sp.expand(of) for hit, of in routed.items()}, sp.expand(rows)


def _work(program: Program, new: Any) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """FLOPs of a new token: half those of its products with weights, those for a token it sees, those of states."""
    weights = set(program.having("weight", "shared"))
    products, pairs, rest = [], [], []
    for s in program.statements:
        work = s.flops.expr
        if s.mark == "vector" or work == 0:
            continue
        if weights & {t.name for t in s.operands}:
            products.append(work.xreplace({HELD: new}) / (2 * B * new))
        elif work.has(PAIRS):
            pairs.append(work / (B * PAIRS))
        else:
            rest.append(work / (B * new))
    return sp.expand(sp.Add(*products)), sp.expand(sp.Add(*pairs)), sp.expand(sp.Add(*rest))
