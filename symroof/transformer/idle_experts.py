"""Experts of which some compute nothing (LongCat-Flash): how much a token takes is up to the router."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from symroof.algebra.operands import plain
from symroof.algebra.symbols import E_idle
from symroof.transformer.experts import Experts
from symroof.transformer.kind import Pass, Sharding, Size


@dataclass(frozen=True)
class IdleExperts(Experts):
    """Experts, and E_idle more that give a token back as it is: under even routing k E/(E + E_idle) of its k compute.

    Router [D, E + E_idle]; a step reads E(1-(1-k/(E+E_idle))^B) of the experts on average. All else is as in Experts.

    >>> IdleExperts().program(at=Pass(new=1)).flops
    6*B*D*E*F*k/(E + E_idle) + 2*B*D*(E + E_idle)  [FLOP]

    Source: arXiv:2509.01322, section 2.1.
    """

    idle: Size = E_idle

    word = "idle experts"
    orders = (("k", "E"), ("hit", "E"))

    @property
    def ways(self) -> sp.Expr:
        """What a router chooses among."""
        return plain(self.E) + plain(self.idle)

    def text(self, at: Pass, how: Sharding) -> str:
        """The router, and what it adds, know of the idle ones."""
        text = super().text(at, how)
        for narrow in ("W_r[D, E]", "Router[A~d, E]", " b_r[E]", " b_e[E]", " s_e[E]"):
            text = text.replace(narrow, narrow.replace("E]", "Ways]"))
        return text

    def sizes(self, at: Pass) -> dict[str, Any]:
        """Fewer tokens go to an expert."""
        return {**super().sizes(at), "Ways": self.ways, "C": at.tokens * plain(self.k) / self.ways}
