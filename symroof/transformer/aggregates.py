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
M_w       bytes of the weights, where they are as stored         none: P p_w
M_read    bytes of weights that every step reads                 none: P_read p_w
M_exp     bytes of one routed expert, over all layers            none
========  =====================================================  ==========================================

Layers with another window, or other experts, have letters of their own (``kv_win_local``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import sympy as sp

from symroof.algebra.operands import plain, rational
from symroof.algebra.symbols import (
    E_hit,
    M_exp,
    M_pend,
    M_read,
    M_st,
    M_w,
    P,
    P_exp,
    P_mm,
    P_read,
    S_win,
    Symbol,
    f_att,
    f_pre,
    f_scan,
    f_st,
    f_win,
    kv,
    kv_lent,
    kv_win,
    p_kv,
)
from symroof.transformer.facts import LayerFacts, facts
from symroof.transformer.kind import Kind
from symroof.transformer.view import View

#: FLOPs of windowed attention while prompts are read, where they are others.
f_pre_win = Symbol("f_pre_win", f_pre.unit, f_pre.meaning + ", inside a window", r"f_\text{pre,win}")


#: Bytes of cache for an entry, of an own one and of one that another layer keeps; FLOPs decoding and while prompts are read.
_LETTERS = (kv, kv_lent, f_att, f_pre)
_WINDOWED = (kv_win, kv_lent.marked("win"), f_win, f_pre_win)


#: Bytes an element by class of weights, the class that has most of them first.
Widths: TypeAlias = tuple[tuple[str, Fraction], ...]


@dataclass(frozen=True)
class Reach:
    """What grows with the entries that layers see, of one view, and the letters for it.

    ``cache`` and ``lent`` [byte/token], ``pair`` [FLOP/pair] while decoding and while prompts are read; 0 for nothing.
    """

    view: View
    cache: sp.Expr
    pair: tuple[sp.Expr, sp.Expr]
    lent: sp.Expr


@dataclass(frozen=True)
class Aggregates:
    """The letters that a stack has, and what each is defined as; 0 for what it has not."""

    definitions: Mapping[Symbol, sp.Expr] = field(hash=False)
    reaches: tuple[Reach, ...]
    routed: tuple[tuple[sp.Expr, Symbol, sp.Expr], ...]  # experts hit, parameters of one expert over all layers, experts there are
    state: sp.Expr
    pending: sp.Expr
    scan: tuple[sp.Expr, sp.Expr]  # while decoding and while prompts are read
    multiplied: Symbol = P_mm
    read: Symbol = P_read
    weights: tuple[Symbol, Symbol] | None = None  # bytes as stored, of all and of what every step reads; None for P p_w
    weighs: tuple[sp.Expr, ...] = ()  # bytes of one expert as stored, for each of ``routed``

    @property
    def hits(self) -> frozenset[Any]:
        """The letters for experts that are hit; they stay letters, since how even routing is, is not known."""
        return frozenset(hit for hit, _, _ in self.routed)

    @property
    def letters(self) -> frozenset[str]:
        """The names of all of them: what a formula in aggregates needs."""
        return frozenset(s.name for s in self.definitions)


@lru_cache(maxsize=256)
def aggregates(layers: tuple[tuple[Kind, sp.Expr], ...], widths: Widths = ()) -> Aggregates:
    """The aggregates of layers and their counts; ``widths`` are those of weights as they are stored."""
    found: dict[Symbol, sp.Expr] = {}
    for kind, _ in layers:
        found.update(kind.defined())

    def summed(each: Callable[[LayerFacts], sp.Expr]) -> sp.Expr:
        """What layers come to together."""
        return sp.Add(*[sp.expand(each(facts(kind)) * count) for kind, count in layers])

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
    weights, weighs = _weighed(layers, widths, found, routed) if widths else (None, ())
    reaches = []
    views = dict.fromkeys(view for kind, _ in layers for of in (facts(kind).cache, facts(kind).lent, facts(kind).pair) for view in of)
    for view in sorted(views, key=lambda v: (not v.all, str(v.letter))):
        names = _LETTERS if view.all or view.letter is None else [_of_view(view.letter, *s) for s in zip(_LETTERS, _WINDOWED, strict=True)]
        cache, lent = (put(s, summed(of)) for s, of in ((names[0], _kept(view, "cache")), (names[1], _kept(view, "lent"))))
        reaches.append(Reach(view, cache, both(names[2], names[3], summed(_paired(view, 0)), summed(_paired(view, 1))), lent))
    pending = put(M_pend, summed(lambda f: f.pending))
    state = put(M_st, summed(lambda f: f.state))
    scan = both(f_st, f_scan, summed(lambda f: f.scan[0]), summed(lambda f: f.scan[1]))
    return Aggregates(found, tuple(reaches), tuple(routed), state, pending, scan, weights=weights, weighs=weighs)


def _weighed(
    layers: tuple[tuple[Kind, sp.Expr], ...],
    widths: Widths,
    found: dict[Symbol, sp.Expr],
    routed: Sequence[tuple[sp.Expr, Symbol, sp.Expr]],
) -> tuple[tuple[Symbol, Symbol], tuple[sp.Expr, ...]]:
    """The letters of weights in bytes: of all and of what every step reads, and of an expert; another P is one of the first class."""
    wide = {of: rational(width) for of, width in widths}
    most = rational(widths[0][1])

    def beyond(each: Iterable[tuple[Mapping[str, sp.Expr], sp.Expr]]) -> sp.Expr:
        """Bytes that classes have beyond those of as many parameters of the first class."""
        return sp.Add(*[sp.expand((wide[of] - most) * e * count) for found, count in each for of, e in found.items()])

    found[M_w] = most * P + beyond((facts(kind).stored, count) for kind, count in layers)
    found[M_read] = most * P_read + beyond((facts(kind).steady, count) for kind, count in layers)
    experts = []
    for hit, parameters, _ in routed:
        letter = _own(M_exp, hit, E_hit)
        found[letter] = most * parameters + beyond((facts(kind).hits.get(hit, {}), count) for kind, count in layers)
        experts.append(letter)
    return (M_w, M_read), tuple(experts)


def _own(letter: Symbol, mark: sp.Expr, plain: Symbol) -> Symbol:
    """A letter for layers whose window or experts have a letter of their own: ``kv_win_local`` beside ``S_win_local``."""
    return letter if mark == plain or not isinstance(mark, Symbol) else letter.marked(mark.label or mark.name)


def _of_view(mark: Symbol, whole: Symbol, windowed: Symbol) -> Symbol:
    """The letter of a view: ``kv_win`` of a window, ``kv_win_local`` of one with a letter of its own, ``kv_top`` of another view."""
    if mark.name.startswith(S_win.name):
        return _own(windowed, mark, S_win)
    return whole.marked(mark.name.removeprefix("S_"))


def _kept(view: View, where: Literal["cache", "lent"]) -> Callable[[LayerFacts], sp.Expr]:
    return lambda f: (f.cache if where == "cache" else f.lent).get(view, sp.Integer(0)) * p_kv


def _paired(view: View, phase: int) -> Callable[[LayerFacts], sp.Expr]:
    return lambda f: f.pair[view][phase] if view in f.pair else sp.Integer(0)
