"""The model that a formula is asked for: an ``llm(...)``, a Stack, or nothing for the book's dense model.

Aggregates (``P_mm``, ``kv``, ``f_att``, see :mod:`symroof.transformer.aggregates`) as costs, and the book's model in letters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sympy as sp

from symroof.algebra.claims import Claims
from symroof.algebra.cost import Cost, quantity, total
from symroof.algebra.operands import plain
from symroof.algebra.symbols import A_X, A_Z, W_X, W_Y, B, C, D, L, P, S, V, X, Y, Z, n, p_w
from symroof.algebra.units import Unit
from symroof.errors import InputError, short
from symroof.machine.collectives import exchange
from symroof.machine.links import Switch
from symroof.program.program import Program
from symroof.solver.limits import Limit
from symroof.transformer.aggregates import Aggregates, Reach
from symroof.transformer.attention import Attention
from symroof.transformer.blocks import Blocks
from symroof.transformer.embedding import Embedding, Unembedding
from symroof.transformer.kind import Pass, Sharding, Size
from symroof.transformer.mlp import Mlp
from symroof.transformer.stack import DENSE, GATED, MLP, Layer, Stack
from symroof.transformer.view import ALL

#: A model as a sheet with a stack, a stack, or None for the book's.
Model = Any
#: A step of decoding.
STEP = Pass(new=1)
_ONE = sp.Integer(1)
_WAYS = {"X": X, "Y": Y, "Z": Z}
#: The book's model in letters: full attention and a gated MLP; norms, below 0.01 % of any model, are left out.
BOOK = Stack(
    "the book's dense model",
    (
        Layer("attention", Attention(norms=0), L),
        Layer("MLP", Mlp(norms=0), L),
        Layer("embedding", Embedding(), _ONE),
        Layer("unembedding", Unembedding(), _ONE),
    ),
)
AS_DENSE: Claims = frozenset({DENSE})
AS_GATED: Claims = frozenset({GATED})
AS_MLP: Claims = frozenset({MLP})


def stack_of(m: Model) -> Stack:
    """The stack of a model.

    Raises InputError for what has none.
    """
    found = getattr(m, "stack", m)
    if not isinstance(found, Stack) or not found.layers:
        raise InputError(f"{short(m)} is no model; give e.g. llm('mixtral-8x7b'), or nothing for the book's dense model")
    return found


def beside_m(given: Any) -> str:
    """The end of a message about an option: that a model is given by name, if one stands in its place."""
    return ", and give a model as m=..." if hasattr(given, "stack") or isinstance(given, Stack) else ""


def checked(m: Model) -> Model:
    """A model, where a formula is the same for all of them.

    Raises InputError for what is none.
    """
    return m if m is None else stack_of(m)


def with_width(m: Model) -> list[Layer]:
    """The layers of a model that have a width F: MLPs and experts.

    Raises InputError for a model that has none.
    """
    stack = stack_of(m)
    found = [of for of in stack.layers if "F" in of.kind.numbers()]
    if not found:
        raise InputError(f"{stack.name} has neither MLPs nor experts, which this formula is about; give a model that has")
    return found


#: The book's model in the place of aggregates: all parameters are read and multiplied.
_BOOK = Aggregates({}, (), (), sp.Integer(0), sp.Integer(0), (0, 0), P, P)


def letters(m: Model) -> Aggregates:
    """The aggregate letters that a model's formulas are written in, but for those of what it caches."""
    return _BOOK if m is None else stack_of(m).aggregates


def reaches(m: Model) -> Sequence[Reach]:
    """The letters of what a model caches and sees; in the book attention only reads its cache."""
    return (Reach(ALL, BOOK.cache.expr, (0, 0), sp.Integer(0)),) if m is None else stack_of(m).aggregates.reaches


def summed(m: Model, terms: Iterable[Any], unit: str) -> Cost:
    """Terms in a model's letters as one expression in a unit, with what it assumes of the model."""
    claims = AS_DENSE if m is None else stack_of(m).in_aggregates
    return quantity(sp.Add(*[plain(t) for t in terms]), Unit.of(unit)).claiming(claims)


def present(m: Model, named: Mapping[str, Cost], join: Callable[[Iterable[Cost]], Cost] = total) -> Cost:
    """Those of several costs that are not zero in a model, added or overlapped under their names."""
    found = [cost.named(name) for name, cost in named.items() if cost.expr != 0]
    return join(found) if found else summed(m, [], str(next(iter(named.values())).unit))


def cached(m: Model, context: Any = S) -> Cost:
    """Bytes of cache that a sequence keeps at a context: kv S, of windows no more than they see [byte]."""
    return summed(m, [r.cache * Pass(1, context).held(r.view) for r in reaches(m)], "byte")


def looked_at(m: Model, context: Any = S) -> Cost:
    """Bytes of cache that a decode step reads at a context, those of other layers too [byte]."""
    return summed(m, [(r.cache + r.lent) * Pass(1, context).read(r.view) for r in reaches(m)], "byte")


def kept(m: Model, context: Any = S) -> Cost:
    """The same and states [byte]."""
    return summed(m, [cached(m, context), letters(m).state, letters(m).pending], "byte")


def seen(m: Model, at: Pass) -> Cost:
    """FLOPs of attention of a pass, for one sequence [FLOP]; none in the book, where reading the cache takes longer."""
    return summed(m, [r.pair[not at.decoding] * at.pairs(r.view) for r in reaches(m)], "FLOP")


def seen_time(m: Model, at: Pass) -> Cost:
    """The time of the FLOPs of attention of a pass, for B sequences on n chips [s]."""
    return B * seen(m, at) / n / C


def states(m: Model, at: Pass) -> Cost:
    """FLOPs of the states of a pass, for one sequence [FLOP]."""
    return summed(m, [letters(m).scan[not at.decoding] * at.new], "FLOP")


def read(m: Model, spread: Size = 1, tokens: Any = None) -> Cost:
    """Parameters that a pass reads: P_read + E_hit P_exp, experts ``spread`` over so many groups [param]; P in the book.

    ``tokens``: how many tokens choose experts, where they are not the batch of a decode step.
    """
    own = letters(m)
    found = hits(own, tokens)
    return summed(m, [own.read, *(found[hit] * each / spread for hit, each, _ in own.routed)], "param")


def hits(own: Aggregates, tokens: Any) -> dict[sp.Expr, sp.Expr]:
    """The experts that are hit, or that so many tokens hit."""
    return {hit: hit if tokens is None else own.definitions[hit].xreplace({B: plain(tokens)}) for hit, _, _ in own.routed}


def held(m: Model, spread: Size = 1) -> Cost:
    """All parameters, routed experts spread over so many groups [param]."""
    routed = sum((experts * each for _, each, experts in letters(m).routed), sp.Integer(0))
    if spread == 1:
        return Cost(P, "param")
    return summed(m, [P - routed, routed / spread], "param")


def weights(m: Model, spread: Size = 1) -> Cost:
    """Bytes of all weights [byte], routed experts spread over so many groups: P p_w, or M_w of a model as it is stored."""
    own = letters(m)
    if own.weights is None:
        return (held(m, spread) * Cost(p_w, "byte/param")).declare("byte")
    routed = sum((experts * each for (_, _, experts), each in zip(own.routed, own.weighs, strict=True)), sp.Integer(0))
    return summed(m, [own.weights[0]] if spread == 1 else [own.weights[0] - routed, routed / spread], "byte")


def loaded(m: Model, spread: Size = 1, tokens: Any = None) -> Cost:
    """Bytes of the weights that a pass reads [byte], as ``read``: (P_read + E_hit P_exp) p_w, or M_read + E_hit M_exp as stored."""
    own = letters(m)
    if own.weights is None:
        return (read(m, spread, tokens) * Cost(p_w, "byte/param")).declare("byte")
    found = hits(own, tokens)
    routed = [found[hit] * each / spread for (hit, _, _), each in zip(own.routed, own.weighs, strict=True)]
    return summed(m, [own.weights[1], *routed], "byte")


def multiplied(m: Model, new: Any = 1, last: bool = False) -> Cost:
    """FLOPs of the products with weights of ``new`` tokens of a sequence: 2 P_mm each; of a prompt the logits of the ``last`` only."""
    tokens = plain(new)
    return summed(m, [2 * letters(m).multiplied * tokens, -2 * D * V * (tokens - 1) if last else 0], "FLOP")


def blocks_of(m: Model, sharding: Sharding | Mapping[str, Sharding], at: Pass, book: Claims = AS_DENSE) -> Blocks:
    """The layers of a model as programs; of the book's with what a formula assumes of it."""
    return Blocks(BOOK.blocks(sharding, at).blocks, book) if m is None else stack_of(m).blocks(sharding, at)


def waits(program: Program, times: sp.Expr = _ONE, over: str = "") -> Cost:
    """The collectives of a program that runs so many times on a mesh of X, Y and Z, or those over one axis, one after the other [s].

    What a chip keeps is not sent.
    """
    found = []
    for c in program.collectives:
        if not over or c.axes == (over,):
            rates = {"X": (W_X, A_X), "Z": (W_Y, A_Z)}.get("".join(c.axes), (W_Y, W_Y))
            link = Switch(bandwidth=rates[exchange(c.kind).by_pairs])
            found.append(link.time(c.kind, c.volume, sp.Mul(*[_WAYS[a] for a in c.axes]), exact=True).expr * times)
    return Cost(sp.Add(*found), "s")


def approximated(book: Cost, own: Cost, m: Model) -> Limit:
    """A formula of the book beside the model's own.

    Raises InputError for a model that the book's formula does not belong to.
    """
    refused = stack_of(m).refuses(book.of)
    if refused:
        raise InputError(refused)
    return Limit(book, own, ())
