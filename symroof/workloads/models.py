"""The model that a formula is asked for: an ``llm(...)``, a Stack, or nothing for the book's dense model.

Aggregates (``P_mm``, ``kv``, ``f_att``, see :mod:`symroof.transformer.aggregates`) as costs, and the book's model in letters.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy as sp

from symroof.algebra.claims import Claims
from symroof.algebra.cost import Cost, quantity
from symroof.algebra.operands import plain
from symroof.algebra.symbols import B, D, L, P, P_mm, P_read, S, V
from symroof.algebra.units import Unit
from symroof.errors import InputError, short
from symroof.solver.limits import Limit
from symroof.transformer.attention import Attention
from symroof.transformer.embedding import Embedding, Unembedding
from symroof.transformer.kind import Pass, Size
from symroof.transformer.mlp import Mlp
from symroof.transformer.stack import DENSE, GATED, MLP, Layer, Stack

#: A model as a sheet with a stack, a stack, or None for the book's.
Model = Any
_ONE = sp.Integer(1)
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


def summed(terms: Iterable[Any], unit: str, claims: Claims, name: str = "") -> Cost:
    """Terms as one expression in a unit, with what it assumes of the model."""
    return quantity(sp.Add(*[plain(t) for t in terms]), Unit.of(unit), name).claiming(claims)


def sum_of_times(costs: list[Cost]) -> Cost:
    """Times one after the other; none at all is 0."""
    return sum(costs[1:], costs[0]) if costs else Cost(0, "s")


def kept(m: Model, context: Any = S) -> Cost:
    """Bytes that a sequence keeps at a context: kv S, of windows no more than they see, and states [byte]."""
    own, at = stack_of(m).aggregates, Pass(new=1, context=context)
    terms: list[Any] = [r.cache * at.held(r.window) for r in own.reaches if r.cache is not None]
    return summed([*terms, own.state or 0], "byte", stack_of(m).in_aggregates)


def cached(m: Model, context: Any = S) -> Cost:
    """The same without the states [byte]."""
    own, at = stack_of(m).aggregates, Pass(new=1, context=context)
    return summed([r.cache * at.held(r.window) for r in own.reaches if r.cache is not None], "byte", stack_of(m).in_aggregates)


def seen(m: Model, at: Pass) -> Cost:
    """FLOPs of attention of a pass, for one sequence [FLOP]."""
    own = stack_of(m).aggregates
    letters = [(r.pair if at.decoding else r.prompt, r.window) for r in own.reaches]
    return summed([s * at.pairs(window) for s, window in letters if s is not None], "FLOP", stack_of(m).in_aggregates)


def states(m: Model, at: Pass) -> Cost:
    """FLOPs of the states of a pass, for one sequence [FLOP]."""
    letter = stack_of(m).aggregates.scan[0 if at.decoding else 1]
    return summed([letter * plain(at.new)] if letter is not None else [], "FLOP", stack_of(m).in_aggregates)


def has_states(m: Model) -> bool:
    """Whether a model keeps states."""
    return stack_of(m).aggregates.state is not None


def read(m: Model, spread: Size = 1, tokens: Any = None) -> Cost:
    """Parameters that a pass reads: P_read + E_hit P_exp, experts ``spread`` over so many groups [param].

    ``tokens``: how many tokens choose experts, where they are not the batch of a decode step.
    """
    stack = stack_of(m)
    own = stack.aggregates
    hits = {hit: hit if tokens is None else own.definitions[hit].xreplace({B: plain(tokens)}) for hit, _, _ in own.routed}
    return summed([P_read, *(hits[hit] * each / spread for hit, each, _ in own.routed)], "param", stack.in_aggregates)


def held(m: Model, spread: Size = 1) -> Cost:
    """All parameters, routed experts spread over so many groups [param]."""
    stack = stack_of(m)
    own = stack.aggregates
    routed = sum((experts * each for _, each, experts in own.routed), sp.Integer(0))
    claims = frozenset() if spread == 1 else stack.in_aggregates
    return summed([P] if spread == 1 or not own.routed else [P - routed, routed / spread], "param", claims)


def multiplied(m: Model, new: Any = 1, last: bool = False) -> Cost:
    """FLOPs of the products with weights of ``new`` tokens of a sequence: 2 P_mm each; of a prompt the logits of the ``last`` only."""
    tokens = plain(new)
    if not last:
        return summed([2 * P_mm * tokens], "FLOP", stack_of(m).in_aggregates)
    return summed([2 * P_mm * tokens, -2 * D * V * (tokens - 1)], "FLOP", stack_of(m).in_aggregates)


def approximated(book: Cost, own: Cost, m: Model) -> Limit:
    """A formula of the book beside the model's own.

    Raises InputError for a model that the book's formula does not belong to.
    """
    refused = stack_of(m).refuses(book.of)
    if refused:
        raise InputError(refused)
    return Limit(book, own, ())
