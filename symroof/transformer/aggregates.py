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

from collections.abc import Callable, Mapping
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
    found: dict[Symbol, sp.Expr] = {}
    for kind, _ in layers:
        found.update(kind.defined())

    def summed(each: Callable[[LayerFacts], sp.Expr], window: Any = ()) -> sp.Expr:
        """What layers come to together: all of them, or those of a window."""
        of = [(kind, count) for kind, count in layers if window == () or kind.sees() == window]
        return sp.Add(*[sp.expand(each(facts(kind)) * count) for kind, count in of])

    def put(letter: Symbol, definition: sp.Expr) -> sp.Expr:
        """A letter for a sum; 0 where there is nothing."""
        if definition != 0:
            found[letter] = definition
        return letter if definition != 0 else definition

    def both(letter: Symbol, prompts: Symbol, step: sp.Expr, prompt: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
        """The letters of a sum while decoding and while prompts are read; one letter where they are the same."""
        first = put(letter, step)
        return first, first if step == prompt else put(prompts, prompt)

    total = found[P] = summed(lambda f: sp.Add(*f.stored.values()))
    routed = []
    for hit in dict.fromkeys(hit for kind, _ in layers for hit in facts(kind).routed):
        of = [(kind, count) for kind, count in layers if hit in facts(kind).routed]
        letter = put(_own(P_exp, hit, E_hit), sp.Add(*[sp.expand(facts(kind).routed[hit] * count) for kind, count in of]))
        routed.append((hit, letter, plain(of[0][0].part("experts"))))
    # less what is not counted, so that another P changes them too
    found[P_read] = P - sp.expand(total - summed(lambda f: f.always))
    found[P_mm] = P - sp.expand(total - summed(lambda f: f.active))
    reaches = []
    windows = dict.fromkeys(kind.sees() for kind, _ in layers if facts(kind).cache != 0 or facts(kind).pair != (0, 0))
    for w in sorted(windows, key=lambda w: (w is not None, str(w))):
        names = (kv, f_att, f_pre) if w is None else tuple(_own(s, w, S_win) for s in (kv_win, f_win, f_pre_win))
        cache = put(names[0], summed(lambda f: f.cache * p_kv, w))
        reaches.append(Reach(w, cache, both(names[1], names[2], summed(lambda f: f.pair[0], w), summed(lambda f: f.pair[1], w))))
    state = put(M_st, summed(lambda f: f.state))
    scan = both(f_st, f_scan, summed(lambda f: f.scan[0]), summed(lambda f: f.scan[1]))
    return Aggregates(found, tuple(reaches), tuple(routed), state, scan)


def _own(letter: Symbol, mark: sp.Expr, plain: Symbol) -> Symbol:
    """A letter for layers whose window or experts have a letter of their own: ``kv_win_local`` beside ``S_win_local``."""
    return letter if mark == plain or not isinstance(mark, Symbol) else letter.marked(mark.label or mark.name)
