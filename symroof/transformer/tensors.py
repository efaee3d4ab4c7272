"""The weights of a layer one by one: of which class each is, and of a matrix its inputs and outputs, which scales go by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import prod

import sympy as sp

from symroof.program.infer import Statement
from symroof.program.tensor import Tensor
from symroof.transformer.facts import Opaque
from symroof.transformer.kind import Kind

_ONE = sp.Integer(1)


@dataclass(frozen=True)
class Weight:
    """``count`` matrices [inputs, outputs] under one name, or as many numbers that are no matrix: a norm, a bias, a convolution."""

    name: str
    of: str
    matrix: bool
    count: sp.Expr
    inputs: sp.Expr = _ONE
    outputs: sp.Expr = _ONE

    @property
    def elements(self) -> sp.Expr:
        """How many parameters it has."""
        return self.count * self.inputs * self.outputs


@lru_cache(maxsize=512)
def weights(kind: Kind) -> tuple[Weight, ...]:
    """Every weight that a layer stores, one that is tied to another layer's left out.

    >>> from symroof.transformer.layers import Experts
    >>> next(w for w in weights(Experts()) if w.name == "W_out")
    Weight(name='W_out', of='experts', matrix=True, count=E, inputs=F, outputs=D)
    """
    step = kind.program(at=Opaque())
    return tuple(_weight(step.tensors[name], step.role(name).of, step.statements) for name in step.having("weight"))


def _weight(tensor: Tensor, of: str, statements: Iterable[Statement]) -> Weight:
    """A matrix is what a product or a lookup uses; what both sides and the result have counts matrices."""
    for s in statements:
        if s.mark != "vector" and any(t.name == tensor.name for t in s.operands) and len(tensor.dims) > 1:
            others = {name for t in s.operands if t.name != tensor.name for name in t.names}
            sizes = {d.name: d.size for d in tensor.dims}
            both = [sizes[name] for name in sizes if name in others and name in s.out.names]
            ins = [sizes[name] for name in sizes if name in others and name not in s.out.names]
            outs = [sizes[name] for name in sizes if name not in others]
            return Weight(tensor.name, of, True, *(prod(each, start=_ONE) for each in (both, ins, outs)))
    return Weight(tensor.name, of, False, tensor.elements)
