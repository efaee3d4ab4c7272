"""Aggregate letters: what formulas of a model are written in, each defined in the letters of its layers.

========  =====================================================  ==========================================
letter    what it is                                             LLaMA 3
========  =====================================================  ==========================================
P         parameters                                             L(2DNH + 2DKH + 3DF + 2D) + 2DV + D
P_mm      those that a decoding token is multiplied with         P less the embedding and the norms
P_read    those that every step reads                            P less the embedding (unless it is tied)
P_exp     those of one routed expert, over all layers            none
kv        bytes of cache that a token adds                       2KHL p_kv
kv_win    bytes of cache for a token that a window sees          none
M_st      bytes of state that a sequence keeps                   none
f_att     FLOPs of attention for a token and one it sees         4NHL
f_win     the same, of windowed layers                           none
f_st      FLOPs of states for a token                            none
f_pre     f_att while prompts are read, where it is another      none
f_scan    f_st while prompts are read, where it is another       none
========  =====================================================  ==========================================

Layers with another window, or other experts, have letters of their own (``kv_win_local``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import sympy as sp

from symroof.algebra.operands import plain
from symroof.algebra.symbols import E_hit, M_st, P, P_exp, P_mm, P_read, S_win, Symbol, f_att, f_pre, f_scan, f_st, f_win, kv, kv_win, p_kv
from symroof.transformer.facts import LayerFacts, facts
from symroof.transformer.kind import Kind

#: FLOPs of windowed attention while prompts are read, where they are others.
f_pre_win = Symbol("f_pre_win", f_pre.unit, f_pre.meaning + ", inside a window", r"f_\text{pre,win}")


@dataclass(frozen=True)
class Reach:
    """What grows with the tokens a layer sees: its window (None for all of them), and the letters for it.

    ``cache`` [byte/token], ``pair`` [FLOP/pair] while decoding and while prompts are read; 0 for nothing.
    """

    window: sp.Expr | None
    cache: sp.Expr
    pair: tuple[sp.Expr, sp.Expr]


@dataclass(frozen=True)
class Aggregates:
    """The letters that a stack has, and what each is defined as; 0 for what it has not."""

    definitions: Mapping[Symbol, sp.Expr] = field(hash=False)
    reaches: tuple[Reach, ...]
    routed: tuple[tuple[sp.Expr, Symbol, sp.Expr], ...]  # experts hit, parameters of one expert over all layers, experts there are
    state: sp.Expr
    scan: tuple[sp.Expr, sp.Expr]  # while decoding and while prompts are read
    multiplied: Symbol = P_mm
    read: Symbol = P_read

    @property
    def hits(self) -> frozenset[Any]:
        """The letters for experts that are hit; they stay letters, since how even routing is, is not known."""
        return frozenset(hit for hit, _, _ in self.routed)

    @property
    def letters(self) -> frozenset[str]:
        """The names of all of them: what a formula in aggregates needs."""
        return frozenset(s.name for s in self.definitions)


@lru_cache(maxsize=256)
def aggregates(layers: tuple[tuple[Kind, sp.Expr], ...]) -> Aggregates:
    """The aggregates of layers and their counts."""
    known = [(kind, count, facts(kind)) for kind, count in layers]
    found: dict[Symbol, sp.Expr] = {}
    for kind, _, _ in known:
        found.update(kind.defined())
    total = found[P] = _sum((sp.Add(*f.stored.values()), count) for _, count, f in known)
    routed = _routed(known, found)
    # less what is not counted, so that another P changes them too
    found[P_read] = P - sp.expand(total - _sum((f.always, count) for _, count, f in known))
    found[P_mm] = P - sp.expand(total - _sum((f.active, count) for _, count, f in known))
    windows = dict.fromkeys(kind.sees() for kind, _, f in known if f.cache != 0 or f.pair != (0, 0))
    reaches = tuple(_reach(window, known, found) for window in sorted(windows, key=lambda w: (w is not None, str(w))))
    state = _put(found, M_st, ((f.state, count) for _, count, f in known))
    scan = _both(found, (f_st, f_scan), [(f.scan, count) for _, count, f in known])
    return Aggregates(found, reaches, routed, state, scan)


def _sum(terms: Iterable[tuple[sp.Expr, sp.Expr]]) -> sp.Expr:
    return sp.Add(*[sp.expand(each * count) for each, count in terms])


def _put(found: dict[Symbol, sp.Expr], letter: Symbol, terms: Iterable[tuple[sp.Expr, sp.Expr]]) -> sp.Expr:
    """A letter for a sum; 0 where there is nothing."""
    definition = _sum(terms)
    if definition == 0:
        return definition
    found[letter] = definition
    return letter


def _both(found: dict[Symbol, sp.Expr], letters: tuple[Symbol, Symbol], terms: list[tuple[tuple[sp.Expr, sp.Expr], sp.Expr]]) -> Any:
    """The letters of a pair of sums, while decoding and while prompts are read; one letter where they are the same."""
    step, prompt = ([(each[i], count) for each, count in terms] for i in (0, 1))
    first = _put(found, letters[0], step)
    return first, first if _sum(step) == _sum(prompt) else _put(found, letters[1], prompt)


def _own(letter: Symbol, mark: sp.Expr, plain: Symbol) -> Symbol:
    """A letter for layers whose window or experts have a letter of their own: ``kv_win_local`` beside ``S_win_local``."""
    return letter if mark == plain or not isinstance(mark, Symbol) else letter.marked(mark.label or mark.name)


def _routed(known: list[tuple[Kind, sp.Expr, LayerFacts]], found: dict[Symbol, sp.Expr]) -> tuple[tuple[sp.Expr, Symbol, sp.Expr], ...]:
    rows = []
    for hit in dict.fromkeys(hit for _, _, f in known for hit in f.routed):
        letter = _own(P_exp, hit, E_hit)
        found[letter] = _sum((f.routed[hit], count) for _, count, f in known if hit in f.routed)
        experts = next(kind.part("experts") for kind, _, f in known if hit in f.routed)
        rows.append((hit, letter, plain(experts)))
    return tuple(rows)


def _reach(window: sp.Expr | None, known: list[tuple[Kind, sp.Expr, LayerFacts]], found: dict[Symbol, sp.Expr]) -> Reach:
    of = [(count, f) for kind, count, f in known if kind.sees() == window]
    names = (kv, f_att, f_pre) if window is None else tuple(_own(s, window, S_win) for s in (kv_win, f_win, f_pre_win))
    cache = _put(found, names[0], ((f.cache * p_kv, count) for count, f in of))
    return Reach(window, cache, _both(found, (names[1], names[2]), [(f.pair, count) for count, f in of]))
