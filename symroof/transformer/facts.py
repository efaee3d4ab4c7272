"""What follows from the text of a layer, by walking its program: parameters, FLOPs, what is read, what a sequence keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import sympy as sp

from symroof.algebra.symbols import B, T
from symroof.program.program import Program
from symroof.transformer.kind import Kind, Pass
from symroof.transformer.view import ALL, View


@lru_cache(maxsize=256)
def _stands(view: View) -> tuple[sp.Symbol, sp.Symbol]:
    """What stands for the entries that are read of a view, and for its pairs, while costs are taken apart."""
    return sp.Dummy(f"read_{view.letter or 'all'}", positive=True), sp.Dummy(f"pairs_{view.letter or 'all'}", positive=True)


def concrete(expr: sp.Expr, kind: Kind, count: Callable[[View], sp.Expr]) -> sp.Expr:
    """A cost of an opaque pass with the entries of every view put in."""
    return expr.xreplace({_stands(view)[0]: count(view) for view in kind.views()})


@dataclass(frozen=True)
class Opaque(Pass):
    """A pass whose pairs and entries are symbols, so that what grows with them can be told apart."""

    def read(self, view: View = ALL) -> sp.Expr:
        """One symbol for a view."""
        return _stands(view)[0]

    def pairs(self, view: View = ALL) -> sp.Expr:
        """One symbol for a view."""
        return _stands(view)[1]


@dataclass(frozen=True)
class LayerFacts:
    """Of one layer; FLOPs are a token's, or a token's and an entry it sees, by view."""

    stored: Mapping[str, sp.Expr]  # parameters by class
    buffers: sp.Expr  # numbers that are stored, but no parameters
    active: sp.Expr  # parameters that a decoding token is multiplied with
    steady: Mapping[str, sp.Expr]  # parameters that every step reads, by class
    hits: Mapping[sp.Expr, Mapping[str, sp.Expr]]  # by what is hit (E_hit): parameters of each, by class
    rows: sp.Expr  # parameters that are looked up, for each token
    cache: Mapping[View, sp.Expr]  # elements of an entry that is kept
    lent: Mapping[View, sp.Expr]  # elements of an entry that another layer keeps, and this one reads
    state: sp.Expr  # bytes of a sequence
    pending: sp.Expr  # bytes of a sequence that a step leaves alone
    pair: Mapping[View, tuple[sp.Expr, sp.Expr]]  # FLOPs for a token and an entry it sees: decoding, reading prompts
    scan: tuple[sp.Expr, sp.Expr]  # FLOPs of states for a token: decoding, reading prompts

    @cached_property
    def always(self) -> sp.Expr:
        """Parameters that every step reads."""
        return sp.Add(*self.steady.values())

    @cached_property
    def routed(self) -> Mapping[sp.Expr, sp.Expr]:
        """By what is hit: parameters of each."""
        return {hit: sp.Add(*by.values()) for hit, by in self.hits.items()}

    @cached_property
    def touched(self) -> Mapping[str, sp.Expr]:
        """Parameters that a step reads, by class: each once, of experts those that are hit."""
        found = dict(self.steady)
        for hit, by in self.hits.items():
            for of, e in by.items():
                found[of] = found.get(of, sp.Integer(0)) + hit * e
        return found


@lru_cache(maxsize=512)
def facts(kind: Kind) -> LayerFacts:
    """What one layer of a kind comes to."""
    step = kind.program(at=Opaque(new=1))
    known = step.tensors
    words = (("weight",), ("shared",), ("buffer",), ("pending",), ("state", "tail"))
    weights, shared, buffers, pending, states = ([known[name] for name in step.having(*word)] for word in words)
    stored: dict[str, list[sp.Expr]] = {}
    for t in weights:
        stored.setdefault(step.role(t.name).of, []).append(t.elements)
    rows, steady, hits = [], dict[str, list[sp.Expr]](), dict[sp.Expr, dict[str, list[sp.Expr]]]()
    for t in (*weights, *shared):
        touched, of = next((d.touched for d in t.dims if d.touched is not None), None), step.role(t.name).of
        if touched is None:
            steady.setdefault(of, []).append(t.elements)
        elif touched == B:  # rows that are looked up
            rows.append(t.touched / B)
        else:
            hits.setdefault(touched, {}).setdefault(of, []).append(t.touched / touched)
    cache, lent = (_entries(kind, step, word) for word in ("cache", "lent"))
    anew = {s.out.name for s in step.statements}
    state = _sum([t.elements * t.width for t in states if t.name not in anew]) / B
    active, *decoding = _work(kind, step, 1)
    alike = not cache and not lent and state == 0  # nothing of another token is seen: a token costs the same in every pass
    reading = decoding if alike else _work(kind, kind.program(at=Opaque()), T)[1:]
    pairs = {view: (decoding[0][view], reading[0][view]) for view in kind.views()}
    return LayerFacts(
        stored={of: _sum(counts) for of, counts in stored.items()},
        buffers=_sum([t.elements for t in buffers]),
        active=active,
        steady={of: _sum(counts) for of, counts in steady.items()},
        hits={hit: {of: _sum(counts) for of, counts in by.items()} for hit, by in hits.items()},
        rows=_sum(rows),
        cache=cache,
        lent=lent,
        state=sp.expand(state),
        pending=_sum([t.elements * t.width for t in pending]) / B,
        pair={view: both for view, both in pairs.items() if both != (0, 0)},
        scan=(decoding[1], reading[1]),
    )


def _sum(terms: list[sp.Expr]) -> sp.Expr:
    return sp.expand(sp.Add(*terms))


def _entries(kind: Kind, program: Program, word: str) -> dict[View, sp.Expr]:
    """The elements of an entry of what is cached, by view."""
    found: dict[View, sp.Expr] = {}
    for name in program.having(word):
        each = sp.expand(program.tensors[name].elements / B)
        view = next(view for view in kind.views() if each.has(_stands(view)[0]))
        found[view] = found.get(view, sp.Integer(0)) + sp.cancel(each / _stands(view)[0])
    return found


def _work(kind: Kind, program: Program, new: Any) -> tuple[sp.Expr, dict[View, sp.Expr], sp.Expr]:
    """FLOPs of a new token: half those of its products with weights, those for an entry it sees by view, those of states."""
    weights = set(program.having("weight", "shared"))
    products, rest = [], []
    pairs: dict[View, list[sp.Expr]] = {view: [] for view in kind.views()}
    for s in program.statements:
        work = s.flops.expr
        if s.mark == "vector" or work == 0:
            continue
        view = next((view for view in pairs if work.has(_stands(view)[1])), None)
        if weights & {t.name for t in s.operands}:
            products.append(work.xreplace({_stands(v)[0]: new for v in pairs}) / (2 * B * new))
        elif view is not None:
            pairs[view].append(work / (B * _stands(view)[1]))
        else:
            rest.append(work / (B * new))
    return _sum(products), {view: _sum(each) for view, each in pairs.items()}, _sum(rest)
