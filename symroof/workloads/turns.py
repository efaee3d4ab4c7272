"""What one layer takes of a chip in one microbatch of training, all of it from its program: FLOPs, bytes, collectives, what it keeps.

A turn is the forward pass, what is computed again, and the backward pass. Collectives are told apart by what they move and over
which axes: activations over Y, the context or the experts; weights and their gradients over the data ways.
HBM traffic comes in two kinds. Operands and results of matmuls: in every pass (forward, again, gradients of activations, gradients
of weights) each tensor once. Elementwise work, each by itself: a norm reads 1 and writes 1, and 2 and 1 in the backward pass; a sum
into the residual stream 2 and 1, and 2 and 1; a rotation of queries and keys 1 and 1 each way; a gate what its statement says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache

import sympy as sp

from symroof.algebra.claims import Claims
from symroof.algebra.operands import plain
from symroof.algebra.symbols import A_X, W_X, W_Y, A_exp, B, L, S, W_ctx, W_rep, k_cap, microbatches, n_ctx, p_a, p_g, p_kv, p_mask, p_w
from symroof.machine.collectives import Collective
from symroof.machine.links import Switch
from symroof.program.backward import Remat
from symroof.program.infer import Statement
from symroof.program.program import Program
from symroof.program.tensor import Tensor, ways
from symroof.transformer.experts import Experts
from symroof.transformer.kind import Kind, Pass, Size
from symroof.transformer.mlp import Mlp
from symroof.transformer.stack import Stack
from symroof.workloads.layout import NAMED, Laid, Layout, ends, laid, own
from symroof.workloads.models import AS_GATED, BOOK, Model, stack_of

_ZERO = sp.Integer(0)
#: How often elementwise work reads or writes a tensor, forward and backward.
_NORM, _SUM, _TURNED, _ACTIVATED = (2, 3), (3, 3), (2, 2), (2, 3)


@dataclass(frozen=True)
class Turn:
    """One layer on one chip in one microbatch of B sequences of S tokens."""

    matmuls: sp.Expr = _ZERO  # [FLOP] products with weights
    gradients: sp.Expr = _ZERO  # [FLOP] those of them that make gradients of weights
    attention: sp.Expr = _ZERO  # [FLOP] products of activations
    vectors: sp.Expr = _ZERO  # [byte] elementwise work
    operands: sp.Expr = _ZERO  # [byte] of matmuls
    scores: sp.Expr = _ZERO  # [byte] that do not stay on chip
    reads: sp.Expr = _ZERO  # [byte] weights that are read and gradients that are written; of experts the fewest
    tensor: sp.Expr = _ZERO  # [s] activations over Y
    context: sp.Expr = _ZERO  # [s] keys and values over the context, and their gradients
    experts: sp.Expr = _ZERO  # [s] tokens to experts and back
    calls: sp.Expr = _ZERO  # collectives over Y
    gather: sp.Expr = _ZERO  # [s] its weights, once
    scatter: sp.Expr = _ZERO  # [s] its gradients, once
    spread: sp.Expr = _ZERO  # [s] its gradients back, once
    copies: sp.Expr = _ZERO  # [s] its gradients over the copies, once
    kept: sp.Expr = _ZERO  # [byte] for the backward pass, on the chip
    hosted: sp.Expr = _ZERO  # [byte] the same on the host
    remade: sp.Expr = _ZERO  # [byte] what is there again while gradients are made
    made: sp.Expr = _ZERO  # [byte] of all its results
    held: sp.Expr = _ZERO  # parameters of a chip that shares none with the data ways
    shared: sp.Expr = _ZERO  # parameters of a chip that does

    def __add__(self, other: Turn) -> Turn:
        return Turn(*[getattr(self, f.name) + getattr(other, f.name) for f in fields(self)])

    def __mul__(self, times: sp.Expr) -> Turn:
        return Turn(*[getattr(self, f.name) * times for f in fields(self)])

    def put(self, values: Mapping[sp.Symbol, sp.Expr]) -> Turn:
        """The same with expressions in the place of letters."""
        return Turn(*[getattr(self, f.name).xreplace(values) for f in fields(self)])


@lru_cache(maxsize=512)
def turn(kind: Kind, layout: Layout, paired: bool = True) -> Turn:
    """The turn of a layer; ``paired``: whether MLPs and experts stand behind another layer, in one with it."""
    forward = kind.program(layout.sharding(kind), Pass(new=S, context=S, causal=layout.causal and layout.kernel != "unfused"))
    found = _parameters(forward, layout.sharding(kind).fsdp)
    if forward.statements:
        of = _Passes.of(kind, layout, forward, paired)
        found |= {**_flops(of), **_traffic(of), **_comms(of), **_memory(of)}
    return Turn(**{name: e.xreplace({**NAMED, p_kv: p_a}) for name, e in found.items()})  # keys and values are activations here


@dataclass(frozen=True)
class Turns:
    """The turns of a model: all its ``layers`` together, its unembedding (``head``), and the embeddings and norms ``beside`` them."""

    layout: Layout
    layers: Turn
    head: Turn
    beside: Turn
    claims: Claims

    @property
    def whole(self) -> Turn:
        """All of it."""
        return self.layers + self.head + self.beside


def turns(m: Model = None, layout: Laid = "block") -> Turns:
    """What a model takes of a chip in one microbatch of B / microbatches sequences.

    Raises InputError for a layout that the model cannot follow.
    """
    stack, found = BOOK if m is None else stack_of(m), laid(layout)
    found.check(stack)
    parts = _turns(stack.structure, together(stack), found)
    return Turns(found, *parts, AS_GATED if m is None else stack.in_layers)


def together(stack: Stack) -> bool:
    """Whether MLPs and experts stand in one layer with attention or a state, and are no layers by themselves."""
    counts: dict[bool, set[sp.Expr]] = {True: set(), False: set()}
    for kind, count in stack.structure:
        if not (kind.around or kind.beside()):
            counts[ends(kind)].add(count)
    alone = stack.pattern.sum(L)
    return all(counts.values()) and (alone is None or not all(alone.free_symbols & one for one in counts.values()))


@lru_cache(maxsize=256)
def _turns(structure: tuple[tuple[Kind, sp.Expr], ...], joint: bool, layout: Layout) -> tuple[Turn, Turn, Turn]:
    parts = {"layers": Turn(), "head": Turn(), "beside": Turn()}
    for kind, count in structure:
        parts["layers" if not kind.around else "head" if kind.word == "unembedding" else "beside"] += turn(kind, layout, joint) * count
    layers, head, beside = (t.put({B: B / microbatches}) for t in parts.values())
    return layers, head, beside


@dataclass(frozen=True)
class _Passes:
    """The three passes; ``second``: the layer stands behind another, in one with it; ``scores`` are what attention makes on chip."""

    kind: Kind
    layout: Layout
    forward: Program
    again: Program
    backward: Program
    second: bool
    scores: frozenset[str]

    @staticmethod
    def of(kind: Kind, layout: Layout, forward: Program, paired: bool) -> _Passes:
        """The passes that follow from the forward one."""
        scores = frozenset(s.out.name for s in forward.statements if s.out.name in forward.on_chip)
        if layout.kernel == "unfused":
            forward = Program(forward.statements, forward.on_chip - scores, forward.roles, forward.stored, forward.of)
        again = forward.again(layout.kept(kind), result=paired and not ends(kind) and not layout.halved)
        lost = "Y" * layout.sequence + "Q" * (layout.context == "ring")
        second = paired and ends(kind) and not kind.beside()
        return _Passes(kind, layout, forward, again, forward.backward(lost, again), second, scores)

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """Those of all passes."""
        return (*self.forward.statements, *self.again.statements, *self.backward.statements)

    @cached_property
    def weights(self) -> frozenset[str]:
        """What it multiplies with, by name."""
        return frozenset(self.forward.weights)

    @cached_property
    def slopes(self) -> frozenset[str]:
        """The gradients of that."""
        return frozenset(f"d{name}" for name in self.weights)

    def weighed(self, s: Statement) -> set[str]:
        """The weights of a product and their gradients, by name."""
        return {t.name for t in (*s.operands, s.out)} & (self.weights | self.slopes)

    def products(self, program: Program) -> list[Statement]:
        """Its products with weights."""
        return [s for s in program.statements if self.weighed(s) and s.mark == ""]

    def crossing(self, s: Statement) -> list[tuple[str, sp.Expr]]:
        """What of a statement crosses HBM, by tensor [byte]; gradients of weights as wide as they are added up."""
        names = (*(t.name for t in s.operands), s.out.name)
        found = zip(names, (e.expr for e in s.traffic), strict=True)
        return [(n, e.xreplace({p_w: p_g}) if n in self.slopes else e) for n, e in found if n not in self.forward.on_chip]

    def bytes(self, t: Tensor) -> sp.Expr:
        """Bytes of an activation on a chip; what lies between layers is whole on every chip without ``sequence``."""
        shared = "Y" in t.axes_of("D") and not self.layout.sequence
        return t.bytes().expr * (ways("Y") if shared else 1)

    @property
    def entry(self) -> Tensor:
        """What it begins with, D for every token."""
        return self.forward.statements[0].operands[0]

    @cached_property
    def named(self) -> frozenset[str]:
        """What is kept by name where hardly anything is: the beginning of a layer, and the results that the layout names."""
        said, opens = self.layout.kept(self.kind), not (self.second or self.kind.beside())
        return frozenset({"In"} if opens else ()) | (frozenset() if isinstance(said, str) else {*said})


# -- arithmetic
def _flops(of: _Passes) -> dict[str, sp.Expr]:
    matmuls, gradients, attention = list[sp.Expr](), list[sp.Expr](), list[sp.Expr]()
    twice = [s for s in of.forward.statements if s.out.name in of.scores] if of.layout.kernel == "flash" else []
    last = 2 - 1 / n_ctx if of.layout.chunks == "contiguous" else sp.Integer(1)  # the last part of a causal sequence sees most
    for s in (*of.statements, *twice):
        names, work = of.weighed(s), s.flops.expr
        if s.mark == "vector" or work == 0:
            continue
        if not names:
            attention.append(work * last if s.mark == "seen" else work)
            continue
        routed = any(of.forward.role(n if n in of.weights else n[1:]).of == "experts" for n in names)
        matmuls.append(work * k_cap if routed else work)
        if s.out.name in names:
            gradients.append(matmuls[-1])
    return {"matmuls": sp.Add(*matmuls), "gradients": sp.Add(*gradients), "attention": sp.Add(*attention)}


# -- HBM
def _traffic(of: _Passes) -> dict[str, sp.Expr]:
    forward, again, back = (of.products(program) for program in (of.forward, of.again, of.backward))
    slopes = [s for s in back if s.out.name in of.slopes]
    phases = [dict(e for s in phase for e in of.crossing(s)) for phase in (forward, again, slopes, [s for s in back if s not in slopes])]
    reads = [e for s in (*forward, *again, *back) for name, e in of.crossing(s) if name in of.weights | of.slopes]
    every, fewest = ({of.kind.hit: plain(e)} if isinstance(of.kind, Experts) else {} for e in _used(of.kind))
    return {
        "operands": sp.Add(*[e for phase in phases for e in phase.values()]).xreplace(every),
        "reads": sp.Add(*reads).xreplace(fewest),
        "scores": sp.Add(*[of.forward[name].traffic[-1].expr for name in of.scores]) if of.layout.kernel == "unfused" else _ZERO,
        "vectors": _ZERO if of.kind.around else sp.Add(*_elementwise(of)),
    }


def _used(kind: Kind) -> tuple[Size, Size]:
    """The experts that tokens use: all where they are many, and the fewest."""
    return (kind.E, kind.k) if isinstance(kind, Experts) else (0, 0)


def _elementwise(of: _Passes) -> Iterator[sp.Expr]:
    """Norms and sums in D, rotations, activation functions and gates; the forward part once more where all is computed again."""
    forward = 2 if of.layout.every else 1

    def passes(counts: tuple[int, int]) -> int:
        return forward * counts[0] + counts[1]

    yield of.bytes(of.entry) * (plain(of.kind.norms or 0) * passes(_NORM) + passes(_SUM))
    turned = {t.name: t for s in of.forward.statements if s.out.name in of.scores for t in s.operands if t.name not in of.scores}
    yield sp.Add(*[t.bytes().expr for t in turned.values()]) * passes(_TURNED)
    if _activates(of.kind):
        yield of.forward["Tmp"].out.bytes().expr * passes(_ACTIVATED)
    for s in of.forward.statements:
        if s.mark == "vector":
            *operands, out = (e.expr for e in s.traffic)
            yield forward * sp.Add(*operands, out) + sp.Add(*operands, out, *operands)


def _activates(kind: Kind) -> bool:
    """Whether an activation function stands by itself between two matmuls; a gate is a statement of its own."""
    return isinstance(kind, (Mlp, Experts)) and not kind.gated


# -- collectives
def _comms(of: _Passes) -> dict[str, sp.Expr]:
    found = {name: list[sp.Expr]() for name in ("tensor", "context", "experts", "gather", "scatter", "copies")}
    whole = of.entry.name if not of.layout.sequence and "In" in of.named and of.layout.remat != "block" else ""
    for program in (of.forward, of.again, of.backward):
        for c in program.collectives:
            if program is of.again and c.tensor == whole:
                continue  # every chip has kept all of it
            if c.tensor in of.weights:  # what is computed again and the backward pass gather it together
                found["gather"] += [_time(c, W_X)] if program is of.forward else []
            elif c.tensor in of.slopes:
                alone = c.axes == ("R",)
                found["copies" if alone else "scatter"].append(_time(c, W_rep if alone else W_X).xreplace({p_w: p_g}))
            elif c.kind == "AllToAll":
                found["experts"].append(_time(c, A_X if of.layout.experts == "data" else A_exp))
            else:
                found["context" if "Q" in c.axes else "tensor"].append(_time(c, W_ctx if "Q" in c.axes else W_Y))
    summed = {name: sp.Add(*times) for name, times in found.items()}
    calls = sp.Integer(len(found["tensor"])) / (1 if of.layout.sequence else 2)  # without sequence two are one AllReduce
    return {**summed, "spread": summed["gather"].xreplace({p_w: p_g}), "calls": calls}


def _time(c: Collective, rate: sp.Symbol) -> sp.Expr:
    """What a collective takes [s]; what a chip keeps is not sent."""
    return Switch(bandwidth=rate).time(c.kind, c.volume, ways(c.axes), exact=True).expr


# -- memory
def _memory(of: _Passes) -> dict[str, sp.Expr]:
    """What is kept on the chip and on the host, and what is there again while a layer's gradients are made [byte]."""
    layout, everything = of.layout, _keeps(of, "none")
    kept = _keeps(of, layout.kept(of.kind))
    if layout.every and not of.kind.around:  # of a layer only its beginning, and what is named
        kept = {name: e for name, e in {**everything, **kept}.items() if name in of.named}
    hosted = {own(of.kind, name) for name in layout.offload} & kept.keys()
    return {
        "kept": sp.Add(*[e for name, e in kept.items() if name not in hosted]),
        "hosted": sp.Add(*[kept[name] for name in sorted(hosted)]),
        "remade": sp.Add(*[e for name, e in everything.items() if name not in kept or name in hosted]),
        "made": sp.Add(*[of.bytes(s.out) for s in of.forward.statements if s.out.name not in of.forward.on_chip]),
    }


def _keeps(of: _Passes, policy: Remat) -> dict[str, sp.Expr]:
    """What a policy keeps of a layer, by tensor [byte]: beside the program's what elementwise work keeps, under names of their own."""
    caches = {n for n in of.forward.having("cache", "lent", "state", "tail") if n in of.forward.inputs}
    found = {n: of.bytes(of.forward.tensors[n]) for n in of.forward.keeps(policy) if n not in caches}
    if of.entry.name in found:
        found["In"] = found.pop(of.entry.name)
    if of.layout.context == "gather":  # what was gathered stays
        gathered = [c for c in of.forward.collectives if c.tensor in caches and "Q" in c.axes]
        found |= {f"{c.tensor} of others": c.volume.expr * (1 - 1 / ways("Q")) for c in gathered}
    if of.kind.around or policy not in ("none", "attention"):
        return found
    stream = of.bytes(of.entry)
    found["inputs of norms"] = stream * plain(of.kind.norms or 0)
    if _activates(of.kind):
        found["input of the activation"] = of.bytes(of.forward["Tmp"].out)
    if of.layout.dropout:
        scores = [of.bytes(of.forward[n].out) for n in of.scores if n in of.forward.keeps(policy)]
        found["masks"] = (stream * p_mask + sp.Add(*scores) * (p_mask + p_a)) / p_a
    return found


def _parameters(forward: Program, state: str) -> dict[str, sp.Expr]:
    """The parameters of a chip, norms and biases included: as model and expert parallelism split them, and over the data ways too."""
    own = [forward.tensors[name] for name in forward.having("weight")]
    held = sp.Add(*[t.elements / ways(a for a in t.axes if a not in state) for t in own])
    return {"held": held, "shared": held / ways(state)}
