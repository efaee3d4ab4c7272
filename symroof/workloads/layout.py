"""How a training run is laid out, in words: one frozen :class:`Layout`. How many ways there are of each kind is a letter of its formulas.

=========================  ==========  ===============================================================================
ways                       letter      what they share
=========================  ==========  ===============================================================================
data parallelism           X           the batch; by its scheme the optimizer, gradients and weights too
copies                     n_rep       the batch; nodes, or slices that a network joins, that only add up gradients
experts                    n_exp       the batch, and the experts of a layer, each chip others
context parallelism        n_ctx       the tokens of a sequence; the state too, as X does
tensor parallelism         Y           heads and widths of a layer
pipeline                   Z           the layers; n_virt parts of them a stage if it is interleaved
=========================  ==========  ===============================================================================

Weights are gathered, and gradients scattered, by the scheme of data parallelism:

==================  =========  =========  =========  ==================================  =======================
scheme              optimizer  gradients  weights    weights are gathered                gradients are reduced
==================  =========  =========  =========  ==================================  =======================
DP                  whole      whole      whole      never; gradients are, once a step   once a step
ZeRO-1              sharded    whole      whole      once a step                         once a step
ZeRO-2              sharded    sharded    whole      once a step                         every microbatch
FSDP kept           sharded    sharded    sharded    once in every microbatch            every microbatch
FSDP (ZeRO-3)       sharded    sharded    sharded    forward and backward of each        every microbatch
==================  =========  =========  =========  ==================================  =======================

Source: arXiv:1910.02054 (ZeRO), 2304.11277 (FSDP), 2104.04473 and 2205.05198 (Megatron), 2310.01889 (rings), 2407.21783 (Llama 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias

import sympy as sp

from symroof.algebra.symbols import C_FORMAT, C, X, Y, Z, n_ctx, n_exp, n_rep, symbol
from symroof.errors import InputError, nearest, short
from symroof.program.backward import REMATS, Remat
from symroof.transformer.experts import Experts
from symroof.transformer.kind import Kind, Pass, Sharding
from symroof.transformer.mlp import Mlp
from symroof.transformer.stack import Stack

#: The mesh axes of the programs, a letter each: data, copies, experts, context, tensor; and what their sizes are called in formulas.
NAMED = {symbol(axis): size for axis, size in (("R", n_rep), ("J", n_exp), ("Q", n_ctx))}


@dataclass(frozen=True)
class Scheme:
    """Who synchronises when: weights are gathered so often in a ``microbatch`` and a ``step``, gradients reduced in every
    microbatch or once; ``sharded`` is what a chip has only its share of, of "optimizer", "gradients" and "weights".
    """

    microbatch: int
    step: int
    every: bool
    sharded: tuple[str, ...]


SCHEMES: Mapping[str, Scheme] = {
    "DP": Scheme(0, 0, False, ()),
    "ZeRO-1": Scheme(0, 1, False, ("optimizer",)),
    "ZeRO-2": Scheme(0, 1, True, ("optimizer", "gradients")),
    "FSDP kept": Scheme(1, 0, True, ("optimizer", "gradients", "weights")),
    "FSDP": Scheme(2, 0, True, ("optimizer", "gradients", "weights")),
}
WORDS: Mapping[str, tuple[str, ...]] = {
    "data": tuple(SCHEMES),
    "context": ("", "ring", "gather"),
    "chunks": ("paired", "contiguous"),
    "experts": ("data", "group", ""),
    "pipeline": ("1F1B", "interleaved", "GPipe", "zero bubble"),
    "stages": ("balanced", "equal", "given"),
    "kernel": ("", "flash", "unfused"),
    "wide": ("", *C_FORMAT),
}


@dataclass(frozen=True)
class Layout:
    """How a training run is laid out; what is not said costs least.

    ``data``: the scheme of data parallelism, "DP", "ZeRO-1", "ZeRO-2", "FSDP kept" (gathered weights stay until the backward
    pass) or "FSDP". ``copies``: the sharded state is there n_rep times (hybrid sharding, slices over the data-centre network).
    ``sequence``: between matmuls tensor parallelism shards the tokens, else every chip has all of them.
    ``context``: keys and values go round a "ring", or "gather" brings all of them to every chip; "paired" ``chunks`` of a causal
    sequence are the first and the last, so that all chips see as much, "contiguous" ones are not.
    ``experts`` are spread over X ("data"), over n_exp of the data ways, the others sharding them ("group"), or gathered as other
    weights are (""). ``pipeline``: "1F1B", "interleaved" (n_virt parts a stage), "GPipe" or "zero bubble". Its ``stages`` are
    "balanced", so that none is longer than the layers ask; "equal" in layers, the unembedding in the last one beside them; or
    "given", with L_first and L_last layers at its ends.
    ``remat``: a policy ("none", "attention", "matmuls", "needed", "block"), or the results that are kept, by name ("Que", or
    "mlp.Up" of one kind only). Those in ``offload`` are kept on the host ("In": what a layer begins with).
    ``kernel``: attention that is "flash" multiplies its scores once more, "unfused" it takes the whole square through HBM; without,
    every score is made once and stays on chip. ``wide``: the format in which attention and the unembedding are computed, where C
    is the rate of another. ``dropout`` behind attention and MLP keeps its masks.

    Raises InputError for a word there is not, and for an option that changes nothing beside the others.
    """

    data: str = "FSDP"
    copies: bool = False
    sequence: bool = True
    context: str = ""
    chunks: str = "paired"
    experts: str = "data"
    pipeline: str = "1F1B"
    stages: str = "balanced"
    remat: Remat = "block"
    offload: tuple[str, ...] = ()
    kernel: str = ""
    causal: bool = True
    wide: str = ""
    dropout: bool = False

    def __post_init__(self) -> None:
        for name, words in WORDS.items():
            given = getattr(self, name)
            if not isinstance(given, str) or given not in words:
                raise InputError(f"{name} = {short(given)} is no word for it; {nearest(str(given)[:99], [w for w in words if w])}")
        for f in fields(self):
            if isinstance(f.default, bool) and not isinstance(getattr(self, f.name), bool):
                raise InputError(f"{f.name} = {short(getattr(self, f.name))} is neither true nor false")
        for name in ("remat", "offload"):
            names = getattr(self, name)
            if not isinstance(names, str):
                object.__setattr__(self, name, _names(name, names))
            elif name == "offload":
                raise InputError(f"offload = {short(names)} is one word; give a list of names, e.g. offload=('In', 'Que')")
        if isinstance(self.remat, str) and self.remat not in REMATS:
            raise InputError(
                f"remat = {short(self.remat)} is no policy; {nearest(self.remat[:99], REMATS)}, or names of results to be kept"
            )
        if self.chunks == "contiguous" and not (self.context and self.causal):
            raise InputError("chunks = 'contiguous' changes nothing without causal attention over a context that is split; leave it out")

    # -- what follows
    @property
    def scheme(self) -> Scheme:
        """Who synchronises when."""
        return SCHEMES[self.data]

    @property
    def rate(self) -> sp.Expr:
        """The FLOP/s of attention and of the unembedding."""
        return C_FORMAT[self.wide] if self.wide else C

    @property
    def ways(self) -> sp.Expr:
        """The chips that share a batch and its sequences: all but those of tensor parallelism and of the pipeline."""
        return X * (n_exp if self.experts == "group" else 1) * (n_ctx if self.context else 1) * (n_rep if self.copies else 1)

    @property
    def shards(self) -> sp.Expr:
        """The chips that share the state that is sharded."""
        return self.ways / (n_rep if self.copies else 1)

    @property
    def chips(self) -> sp.Expr:
        """All chips."""
        return self.ways * Y * Z

    @property
    def every(self) -> bool:
        """Whether nothing that layers make is kept but what is named."""
        return not isinstance(self.remat, str) or self.remat in ("block", "needed")

    @property
    def halved(self) -> bool:
        """Whether what MLPs and experts begin with is kept by itself, so that what stands before them need not be made again."""
        named = {*(() if isinstance(self.remat, str) else self.remat), *self.offload}
        return bool(named & {"In", *(f"{kind.word}.In" for kind in (Mlp, Experts))})

    def kept(self, kind: Kind) -> Remat:
        """The policy for one kind, or the names of its results that are kept, on the chip or on the host; of layers only."""
        if kind.around:
            return "none"
        if isinstance(self.remat, str) and not (self.offload and self.every):
            return self.remat
        named = (*(() if isinstance(self.remat, str) else self.remat), *self.offload)
        return tuple(dict.fromkeys(own(kind, name) for name in named if own(kind, name)))

    def sharding(self, kind: Kind) -> Sharding:
        """How one kind of layer lies on the mesh axes: X, R, J, Q for data, copies, experts and context, Y for tensors."""
        grouped, context = self.experts == "group", "Q" if self.context else ""
        data = "X" + "J" * grouped + "R" * self.copies
        state = "X" + "J" * grouped + context
        if isinstance(kind, Experts) and self.experts:
            spread = "J" if grouped else "X"
            rest = "".join(axis for axis in state if axis not in spread)
            return Sharding(data=data + context, model="Y", fsdp=rest, experts=spread)
        if kind.split == "attention":
            return Sharding(data=data, model="Y", fsdp=state, context=context)
        return Sharding(data=data + context, model="Y", fsdp=state)

    def check(self, stack: Stack) -> None:
        """Raise InputError for an option that a model has no use for, or that its layers cannot follow."""
        kinds = [kind for kind, _ in stack.structure]
        if self.experts == "group" and not any(isinstance(kind, Experts) for kind in kinds):
            raise InputError(f"experts = 'group' changes nothing: {stack.name} has no experts; leave it out")
        for kind in kinds if self.context else ():
            text = kind.text(Pass(), Sharding())
            if "B~d" in text and "~t" not in text:
                raise InputError(
                    f"{stack.name} has {kind.word} layers, which hand a state from token to token; context parallelism is that of"
                    f" attention here, so leave context={self.context!r} out"
                )
        if self.kernel and not any("{seen}" in kind.text(Pass(), Sharding()) for kind in kinds):
            raise InputError(f"kernel = {self.kernel!r} changes nothing: {stack.name} has no attention; leave it out")
        made = {name for kind in kinds for name in (*results(kind), *(f"{kind.word}.{name}" for name in results(kind)))}
        for name in (*(() if isinstance(self.remat, str) else self.remat), *self.offload):
            if name not in made:
                raise InputError(f"no layer of {stack.name} makes {short(name)}; {nearest(name[:99], sorted(made))}")


def results(kind: Kind) -> tuple[str, ...]:
    """What a layer makes, by name, and "In", with which it begins."""
    program = kind.program(at=Pass())
    return ("In", *dict.fromkeys(s.out.name for s in program.statements)) if not kind.around else ()


def own(kind: Kind, name: str) -> str:
    """A name as one kind of layer knows it; empty if it is of another kind."""
    of, dot, result = name.rpartition(".")
    return "" if dot and of != kind.word else result


#: What a function of a training run takes for a layout: one, or only its policy of rematerialization.
Laid: TypeAlias = "Layout | str | tuple[str, ...]"


def laid(given: Any) -> Layout:
    """A layout; of a policy by itself the one that has it.

    Raises InputError for what is neither.
    """
    if isinstance(given, Layout):
        return given
    if isinstance(given, (str, tuple, list, frozenset, set)):
        return replace(Layout(), remat=given if isinstance(given, str) else tuple(given))
    raise InputError(f"{short(given)} is no layout; write e.g. Layout(data='ZeRO-1', remat='none'), or only a policy such as 'block'")


def ends(kind: Kind) -> bool:
    """Whether a layer is the second half of one, behind attention or a state: an MLP or experts."""
    return isinstance(kind, (Mlp, Experts))


def _names(option: str, given: Any) -> tuple[str, ...]:
    try:
        names = tuple(given)
    except TypeError:
        names = (None,)
    if not all(isinstance(name, str) and name for name in names):
        raise InputError(f"{option} = {short(given)} is no list of names; write e.g. {option}=('Que', 'Att', 'mlp.Up')")
    return tuple(dict.fromkeys(names))
