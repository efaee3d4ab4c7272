"""What follows from the text of a layer, by walking its program: parameters, FLOPs, what is read, what a sequence keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy as sp

from symroof.algebra.symbols import B, T
from symroof.program.program import Program
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
    known = step.tensors
    weights, shared, buffers, caches, states = (
        [known[name] for name in step.having(*words)] for words in (("weight",), ("shared",), ("buffer",), ("cache",), ("state", "tail"))
    )
    stored: dict[str, list[sp.Expr]] = {}
    for t in weights:
        stored.setdefault(step.role(t.name).of, []).append(t.elements)
    always, rows, routed = [], [], dict[sp.Expr, list[sp.Expr]]()
    for t in (*weights, *shared):
        touched = next((d.touched for d in t.dims if d.touched is not None), None)
        if touched is None:
            always.append(t.elements)
        elif touched == B:  # rows that are looked up
            rows.append(t.touched / B)
        else:
            routed.setdefault(touched, []).append(t.touched / touched)
    cache = _sum([t.elements for t in caches]) / (B * HELD)
    anew = {s.out.name for s in step.statements}
    state = _sum([t.elements * t.width for t in states if t.name not in anew]) / B
    active, *decoding = _work(step, 1)
    alike = cache == 0 and state == 0  # nothing of another token is seen: a token costs the same in every pass
    reading = decoding if alike else _work(kind.program(at=Opaque(context=HELD)), T)[1:]
    return LayerFacts(
        stored={of: _sum(counts) for of, counts in stored.items()},
        buffers=_sum([t.elements for t in buffers]),
        active=active,
        always=_sum(always),
        routed={hit: _sum(counts) for hit, counts in routed.items()},
        rows=_sum(rows),
        cache=sp.expand(cache),
        state=sp.expand(state),
        pair=(decoding[0], reading[0]),
        scan=(decoding[1], reading[1]),
    )


def _sum(terms: list[sp.Expr]) -> sp.Expr:
    return sp.expand(sp.Add(*terms))


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
    return _sum(products), _sum(pairs), _sum(rest)
