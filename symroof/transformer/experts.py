"""Mixture of experts: a router, E experts of which a token uses k, and a shared expert that every token uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import sympy as sp

from symroof.algebra.operands import plain
from symroof.algebra.symbols import B, D, D_lat, E, E_hit, F, F_sh, Symbol, V, k
from symroof.errors import InputError
from symroof.transformer.kind import Kind, Pass, Sharding, Size

_ROUTED = """
    weight router: W_r; on chip: Mixed
    In[A~d, D~m]        W_r[D, E]                 -> Router[A~d, E]
    Sent[E, C~u, M]                               -> Held[E~e, C~h, M]
"""
_GATED = """
    weight experts: W_in, W_gate, W_out
    Held[E~e, C~h, M]   W_in[E~e:Hit, M~f, F~m]   -> Up[E~e, C~h, F~m]
    Held[E~e, C~h, M]   W_gate[E~e:Hit, M~f, F~m] -> Gate[E~e, C~h, F~m]
    Up[E~e, C~h, F~m]   Gate[E~e, C~h, F~m]       -> Tmp[E~e, C~h, F~m] {vector}
"""
_UNGATED = """
    weight experts: W_in, W_out
    Held[E~e, C~h, M]   W_in[E~e:Hit, M~f, F~m]   -> Tmp[E~e, C~h, F~m]
"""
_BACK = """
    Tmp[E~e, C~h, F~m]  W_out[E~e:Hit, F~m, M~f]  -> Made[E~e, C~h, M]{U~m}
    Made[E~e, C~h, M]{U~m}                        -> Back[E, C~u, M]{U~m}
    Mixed[A~d, D]{U~m}                            -> Out[A~d, D~m]
"""
_SHARED = """
    weight shared: W_sin, W_sout
    In[A~d, D~m]   W_sin[D~f, J~m]   -> SUp[A~d, J~m]
    GATE
    SOURCE[A~d, J~m]  W_sout[J~m, D~f]  -> SOut[A~d, D]{U~m}
"""
_SHARED_GATE = """
    weight shared: W_sgate
    In[A~d, D~m]   W_sgate[D~f, J~m] -> SGate[A~d, J~m]
    SUp[A~d, J~m]  SGate[A~d, J~m]   -> STmp[A~d, J~m] {vector}
"""
#: Experts that work on a compressed token, which is what moves between chips.
_LATENT = """
    weight experts in: W_down, W_up; on chip: Few
    In[A~d, D~m]        W_down[D~f, M]            -> Low[A~d, M]
    Few[A~d, M]{U~m}    W_up[M, D~f]              -> Wide[A~d, D]{U~m}
"""


@dataclass(frozen=True)
class Experts(Kind):
    """B T tokens through k of E experts each of width F (two matrices, three if ``gated``), and a ``shared`` MLP of width F_sh.

    Router [D, E]; 2 (E D + k n D F + n D F_sh) FLOPs a token, n matrices. A step reads the experts that are hit, E_hit; under even
    routing E(1-(1-k/E)^B) on average, and never fewer than k. Over ``experts`` axes two AllToAlls move the tokens; with the
    same axes for ``data`` and ``experts`` the chips that split the batch hold different experts. Over ``model`` axes results
    stay partial sums until a token's k and shared results are one (``Mixed``), so that a layer has the collectives of one
    MLP. ``correction`` is a buffer [E] that routing adds, ``hashed`` one [V, k] of the experts of every word, ``bias`` a bias of the
    router and of every expert, ``scales`` one of every width and of every expert in the router, ``shared_gate`` a gate [D, 1] of the
    shared expert. With ``latent`` the experts work at a width D_lat, reached by [D, D_lat] and left by [D_lat, D] once a token (and
    normed, with ``latent_norm``); the router does not.

    >>> Experts().program(at=Pass(new=1)).flops
    2*B*D*E + 6*B*D*F*k  [FLOP]

    Raises InputError if k is more than E. Source: arXiv:2101.03961; arXiv:2412.19437, section 2.1.2.
    """

    E: Size = E
    k: Size = k
    F: Size = F
    shared: Size | None = None
    gated: bool = True
    bias: bool = False
    correction: bool = False
    hashed: Size | None = None
    scales: bool = False
    shared_gate: bool = False
    latent: Size | None = None
    latent_norm: bool = False
    hit: Size = E_hit

    word = "experts"
    label = "moe"
    split = "experts"
    letters: ClassVar = {"hashed": V, "shared": F_sh, "latent": D_lat}
    follows = ("hit",)
    parts: ClassVar = {"experts": "E"}
    widths = ("F", "shared")
    orders: ClassVar[tuple[tuple[str, str], ...]] = (("k", "E"), ("k", "hit"), ("hit", "E"))

    def text(self, at: Pass, how: Sharding) -> str:
        """Router, experts, shared expert; biases are stored."""
        text = _ROUTED + (_GATED if self.gated else _UNGATED) + _BACK
        if self.shared is not None:
            gate, source = (_SHARED_GATE, "STmp") if self.gated else ("", "SUp")
            text += _SHARED.replace("GATE", gate).replace("SOURCE", source)
        if self.bias:
            text += "weight router: b_r; weight experts: b_in, b_out\n b_r[E]\n b_in[E~e:Hit, I, F~m]\n b_out[E~e:Hit, M]\n"
        if self.correction:
            text += "buffer: b_e\n b_e[E]\n"
        if self.hashed is not None:
            text += "buffer: table\n table[Words, Each]\n"
        if self.scales:
            text += "weight router: s_d, s_e\n s_d[D]\n s_e[E]\n"
        if self.shared_gate:
            text += "weight shared: W_sg\n In[A~d, D~m] W_sg[D, One] -> Open[A~d, One]\n"
        if self.latent is not None:
            text += _LATENT + ("weight norm: g_l\n g_l[M]\n" if self.latent_norm else "")
        return text

    def sizes(self, at: Pass) -> dict[str, Any]:
        """C new tokens go to an expert, J is the width of the shared expert."""
        own = {"C": at.tokens * plain(self.k) / plain(self.E), "Hit": self.hit, "I": 2 if self.gated else 1}
        own |= {} if self.hashed is None else {"Words": self.hashed, "Each": self.k}
        return own | {"M": D if self.latent is None else self.latent, "One": 1} | ({} if self.shared is None else {"J": self.shared})

    @property
    def ways(self) -> sp.Expr:
        """What a router chooses among."""
        return plain(self.E)

    def defined(self) -> Mapping[Symbol, sp.Expr]:
        """E(1-(1-k/E)^B) experts are hit by B tokens, on average, if routing is even."""
        return {self.hit: experts_hit(self, B)} if isinstance(self.hit, Symbol) else {}

    def check(self) -> None:
        """A token uses at most all experts; a gate is that of a shared one, and a norm that of a latent width."""
        if self.shared_gate and self.shared is None:
            raise InputError("experts: shared_gate = True without a shared expert; give its width as shared, or leave the gate out")
        if self.latent_norm and self.latent is None:
            raise InputError("experts: latent_norm = True without a latent width; give it as latent, or leave the norm out")
        if isinstance(self.k, int) and isinstance(self.E, int) and self.k > self.E:
            raise InputError(f"experts: a token cannot use k = {self.k} of E = {self.E} experts; k is 1 to E")


def experts_hit(experts: Experts, tokens: Any) -> sp.Expr:
    """The experts that so many tokens hit, on average under even routing: E(1-(1-k/E)^tokens)."""
    return plain(experts.E) * (1 - (1 - plain(experts.k) / experts.ways) ** plain(tokens))
