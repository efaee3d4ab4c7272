"""What a real server gives to the KV cache: of the HBM that it uses what weights, activations and its own buffers leave.

A chip is one of Y that share every layer, and of Z stages of a pipeline. A bound uses all of the HBM and nothing for the rest:
:func:`symroof.memory.kv_room`. A server uses a fraction ``u_hbm``, and runs the largest step it will ever take before it gives
away what is left. Its own numbers are data, ``server("vllm")``.
Source: the start-up of vLLM (docs.vllm.ai, conserving memory; hybrid KV cache manager).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import sympy as sp

from symroof.algebra.claims import ORDER, Claim
from symroof.algebra.cost import Cost, largest, quantity, total
from symroof.algebra.operands import plain, rational
from symroof.algebra.symbols import B, D, L, M_act, M_hbm, M_more, M_run, R_seq, S, T_step, V, Y, Z, p_a, p_kv, p_w, u_hbm
from symroof.algebra.units import Unit
from symroof.program.program import Program
from symroof.rooms import public
from symroof.transformer.facts import facts
from symroof.transformer.kind import Pass, Sharding
from symroof.transformer.stack import Layer, Stack
from symroof.transformer.view import View
from symroof.workloads.models import Model, stack_of

_BYTE = Unit.of("byte")
#: Beside 16-bit logits: 32-bit ones, and the 64-bit places of the sorted ones.
_SAMPLED = 4 + 8
_TENSOR = Sharding(model="Y")


def weights(m: Model, stages: bool = False) -> Cost:
    """Bytes of weights on a chip [byte]: what Y ways split, copies of the rest and of KV heads beyond K; parts by layer.

    With ``stages`` layers are spread over Z chips, ceil(L/Z) on the fullest, and the chip is the one that holds the larger of embedding
    and unembedding too.
    """
    stack = stack_of(m)
    inside: list[tuple[str, sp.Expr]] = []
    ends: list[tuple[str, sp.Expr]] = []
    for layer, each in _on_chip(stack):
        (ends if layer.kind.around else inside).append((layer.name, each * layer.count))
    parts = [quantity(e * _share(stages), _BYTE, name) for name, e in inside if e != 0]
    outer = [quantity(e, _BYTE, name) for name, e in ends if e != 0]
    if stages:
        outer = [largest(outer).named("embedding or unembedding")] if len(outer) > 1 else outer
    return total([*parts, *outer], "byte").named("weights").claiming(stack.in_layers)


def activations(m: Model, last: bool = True) -> Cost:
    """Bytes of activations that are alive at once on a chip [byte]: in a layer, or while tokens are sampled.

    T_step new tokens go through the layers; alive in a statement are its tensors, those of others that come later, and the residual
    stream. On the ``last`` stage R_seq sequences have logits, in p_a bytes and in 32 bits, and 8 bytes for the places of the
    sorted ones, beside the hidden state and the residual of all tokens.
    """
    stack = stack_of(m)
    residual = p_a * T_step * D
    found = []
    for layer in stack.layers:
        if not layer.kind.around:
            peaks = dict.fromkeys(_alive(layer.kind.program(_TENSOR, Pass(new=T_step, context=T_step))))
            found += [quantity(e + residual, _BYTE, layer.name) for e in peaks]
    if last:
        found.append(quantity(R_seq * V * (p_a + _SAMPLED) + 2 * residual, _BYTE, "sampling"))
    unlike = list({(c.name, c.expr): c for c in found}.values())
    return largest(unlike).named("activations").claiming(stack.in_layers)


def per_token(m: Model, full: bool = False, stages: bool = False) -> Cost:
    """Bytes of KV cache on a chip for a token of context [byte/token]: of layers that see all of it; KV heads beyond K are copies.

    ``full``: as a server counts what fits. Every layer that caches has a place for every token, those with a window and those with a
    state too, in groups of as many layers as the rarest kind has, each group filled up; a layer takes the page of the largest. Where all
    caches grow there is nothing to fill up.
    """
    stack, held = stack_of(m), sp.Integer(0)
    if full and (groups := _groups(stack)):
        held = sp.Max(*[g.elements for g in groups]) * sum(g.layers for g in groups)
    else:
        for layer, ways in _cached(stack):
            growing = [elements / plain(v.every) for v, elements in facts(layer.kind).cache.items() if v.grows]
            held += sp.Add(*growing) * ways * layer.count
    return quantity(held * p_kv * _share(stages), Unit.of("byte/token"), "KV cache of a token").claiming(stack.in_layers)


def per_sequence(m: Model, full: bool = False, stages: bool = False) -> Cost:
    """Bytes on a chip that a sequence with S tokens of context keeps [byte]: of windows no more than they see, and states.

    ``full``: as a server admits it. Layers stand in the same groups; those with a window or a chunk keep the new tokens of a step too, S at
    most, and those with a state one state. Pages are not rounded up.
    """
    stack, at, held = stack_of(m), Pass(new=1), sp.Integer(0)
    if full and (groups := _groups(stack)):
        held = sp.Add(*[g.layers * (g.elements * g.view.admitted(S, T_step) * p_kv if g.view else g.state) for g in groups])
    else:
        for layer, ways in _cached(stack):
            f = facts(layer.kind)
            entries = sp.Add(*[elements * at.held(view) for view, elements in f.cache.items()])
            held += (entries * p_kv * ways + (f.state + f.pending) / Y) * layer.count
    return quantity(held * _share(stages), _BYTE, "a sequence").claiming(stack.in_layers)


def cache(m: Model, stages: bool = False) -> Cost:
    """What a server gives to the KV cache of a chip [byte]: u_hbm M_hbm less weights, M_more, M_act and M_run.

    M_act is a letter; :func:`activations` says what it is for a model.
    """
    used = total([weights(m, stages), *(Cost(x, "byte", str(x)) for x in (M_more, M_act, M_run))])
    fits = f"the weights and what the server keeps are more than {u_hbm * M_hbm}; give more chips or fewer bytes a parameter"
    left = (Cost(u_hbm * M_hbm, "byte") - used).named("room for KV")
    return left.claiming(left.of | {Claim(ORDER, (used.expr, u_hbm * M_hbm, fits))})


# -- helpers
def _share(stages: bool) -> sp.Expr:
    """What the fullest of Z stages has of the layers: of L that Z does not divide, one more than others."""
    return sp.ceiling(L / Z) / L if stages else sp.Integer(1)


def _cached(stack: Stack) -> Iterator[tuple[Layer, sp.Expr]]:
    """Every layer with the share of its cache that a chip has: K / Y heads, of fewer heads than ways one, of latents all."""
    for layer in stack.layers:
        heads = layer.kind.part("heads")
        yield layer, sp.Integer(1) if heads is None else sp.Max(plain(heads), Y, evaluate=False) / (plain(heads) * Y)


@dataclass(frozen=True)
class _Group:
    """Layers that a server counts together: those of a view, or those with a state. For each: elements of a token, bytes of a state."""

    view: View | None
    layers: int
    elements: sp.Expr
    state: sp.Expr


def _groups(stack: Stack) -> list[_Group]:
    """Layers that cache, by what they see, their number filled up to whole groups of the rarest (to one of the most if it has less than
    half as many more).

    None where all caches grow with the context: those are no groups, and nothing is filled up.

    Source: github.com/vllm-project/vllm, pull request 36684 (March 2026); before it a quarter as many more.
    """
    found: dict[View | None, _Group] = {}
    numbers = {s: sp.Integer(n) for s, n in stack.values.items()}
    for layer, ways in _cached(stack):
        f = facts(layer.kind)
        kept: dict[View | None, tuple[sp.Expr, sp.Expr]]
        kept = {view: (elements / plain(view.every) * ways, sp.Integer(0)) for view, elements in f.cache.items()}
        if f.state != 0 and not kept:
            kept[None] = (sp.Integer(0), f.state / Y)
        for of, (elements, state) in kept.items():
            g, count = found.get(of, _Group(of, 0, elements, state)), int(layer.count.xreplace(numbers))
            found[of] = _Group(of, g.layers + count, sp.Max(g.elements, elements), sp.Max(g.state, state))
    if all(view is not None and view.grows for view in found):
        return []
    counts = [g.layers for g in found.values()]
    size = max(counts, default=1) if max(counts, default=1) < Fraction(3, 2) * min(counts, default=1) else min(counts)
    return [replace(g, layers=-(-g.layers // size) * size) for g in found.values()]


def _on_chip(stack: Stack) -> Iterator[tuple[Layer, sp.Expr]]:
    """Every layer with the bytes of its weights on a chip."""
    wide = {of: rational(width) for of, width in stack.widths}
    for layer in stack.layers:
        program = layer.kind.program(_TENSOR, Pass(new=1))
        held = sp.Integer(0)
        for name in program.having("weight"):
            t, heads = program.tensors[name], layer.kind.part("heads")
            copies = sp.Max(plain(heads), Y, evaluate=False) / plain(heads) if heads is not None and _of_keys(t.names) else 1
            split = Y if t.axes else 1
            held += t.elements * copies / split * wide.get(program.role(name).of, p_w)
        yield layer, held


def _of_keys(names: tuple[str, ...]) -> bool:
    """Whether a weight makes keys or values: it has their heads and not those of the queries that share them."""
    return "K" in names and "Q" not in names


def _alive(program: Program) -> Iterator[sp.Expr]:
    """Bytes of activations that are alive in each statement of one sequence."""
    skip = program.on_chip | set(program.having("weight", "shared", "buffer", "cache", "lent", "pending", "state", "tail"))
    kept = {name: t for name, t in program.tensors.items() if name not in skip}
    born, dies = dict.fromkeys(program.inputs, 0), dict[str, int]()
    for i, s in enumerate(program.statements):
        born.setdefault(s.out.name, i)
        for t in (*s.operands, s.out):
            dies[t.name] = i
    for i in range(len(program.statements)):
        alive = [t for name, t in kept.items() if born.get(name, 0) <= i <= dies.get(name, -1)]
        yield sp.expand(sp.Add(*[t.bytes().expr for t in alive]).xreplace({B: sp.Integer(1)}))


__all__ = public(globals())
