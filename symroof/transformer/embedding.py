"""Embedding (a lookup) and unembedding (a matmul); tied, they are one matrix. And the norm before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from symroof.algebra.symbols import B, D_emb, S_pos, V
from symroof.errors import InputError
from symroof.transformer.kind import Kind, Pass, Sharding, Size

_NARROW = """
    weight embedding: W_e; weight embedding projection: W_p; on chip: Hot
    Hot[A~d, V] W_e[V:A, M] -> Low[A~d, M] {lookup}
    Low[A~d, M] W_p[M, D~m] -> Out[A~d, D~m]
"""


@dataclass(frozen=True)
class Embedding(Kind):
    """A table [V, D] of which a token reads one row and multiplies with none, and [S_pos, D] of learned ``positions``.

    With a ``width`` of its own it is [V, D_emb], and a matrix [D_emb, D] follows.

    Rows and columns are split over ``model`` axes by D, so that no collective is needed.
    """

    V: Size = V
    positions: Size | None = None
    width: Size | None = None

    word = "embedding"
    dense = around = True
    usual_norms = 0
    letters: ClassVar = {"positions": S_pos, "width": D_emb}

    def text(self, at: Pass, how: Sharding) -> str:
        """A lookup, and the positions."""
        text = """
            weight embedding: W_e; on chip: Hot
            Hot[A~d, V] W_e[V:A, D~m] -> Out[A~d, D~m] {lookup}
        """
        if self.width is not None:
            text = _NARROW
        return text + ("weight embedding: W_pos\n W_pos[Y:A, D~m]\n" if self.positions is not None else "")

    def sizes(self, at: Pass) -> dict[str, Any]:
        """Y positions; M is the width of the table."""
        own = {} if self.positions is None else {"Y": self.positions}
        return own if self.width is None else {**own, "M": self.width}


@dataclass(frozen=True)
class Unembedding(Kind):
    """``[B T, D] -> [B T, V]``: logits of all new tokens, of a prompt that is read only of the last; ``tied`` to the embedding.

    With a ``width`` of its own a matrix [D, D_emb] stands before [D_emb, V].

    >>> Unembedding().program(at=Pass(new=1)).flops
    2*B*D*V  [FLOP]
    """

    V: Size = V
    tied: bool = False
    bias: bool = False
    width: Size | None = None

    word = "unembedding"
    dense = around = True
    usual_norms = 0  # the one before it is a layer by itself
    letters: ClassVar = {"width": D_emb}

    def text(self, at: Pass, how: Sharding) -> str:
        """One matmul; a tied matrix is stored with the embedding."""
        role = "shared" if self.tied else "weight"
        text = f"{role} unembedding: W_u\n In[A~d, D~m] W_u[D~f, V~m] -> Logits[A~d, V~m]\n"
        if self.width is not None:
            narrow = "weight embedding projection: W_p\n In[A~d, D~m] W_p[D~f, M] -> Low[A~d, M]\n"
            text = narrow + text.replace("In[A~d, D~m] W_u[D~f", "Low[A~d, M] W_u[M")
        return text + ("weight unembedding: b_u\n b_u[V~m]\n" if self.bias else "")

    def sizes(self, at: Pass) -> dict[str, Any]:
        """A are the tokens that need logits; M is the width of the table."""
        return ({"A": B} if at.last else {}) | ({} if self.width is None else {"M": self.width})


@dataclass(frozen=True)
class Norm(Kind):
    """A norm by itself, such as the one before the unembedding: one vector of D, two of a layer norm.

    Raises InputError for none.
    """

    word = "norm"
    dense = around = True

    def text(self, at: Pass, how: Sharding) -> str:
        """Nothing but the norm that every kind can have."""
        return ""

    def check(self) -> None:
        """There is one."""
        if self.norms == 0:
            raise InputError("norm: norms = 0 leaves nothing of it; leave the layer out")
