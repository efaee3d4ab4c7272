"""Work (FLOPs and bytes through HBM) and its roofline: ``flops/C | traffic/W_hbm``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symroof.algebra import show
from symroof.algebra.cost import Cost
from symroof.algebra.operands import plain
from symroof.algebra.symbols import C, W_hbm, eta_hbm, eta_math, p, t_step


@dataclass(frozen=True, repr=False)
class Work(show.Shown):
    """What something asks of a chip: ``flops`` [FLOP] and ``traffic`` [byte] through HBM; ``+`` adds, ``*`` repeats."""

    name: str
    flops: Cost
    traffic: Cost

    @property
    def intensity(self) -> Cost:
        """Arithmetic intensity, FLOPs per byte of HBM traffic."""
        return (self.flops / self.traffic).named("intensity")

    def __add__(self, other: Work) -> Work:
        flops, traffic = self.flops.expr + other.flops.expr, self.traffic.expr + other.traffic.expr
        return _work(f"{self.name} + {other.name}", flops, traffic)

    def __mul__(self, times: Any) -> Work:
        return _work(self.name, self.flops.expr * plain(times), self.traffic.expr * plain(times))

    __rmul__ = __mul__


def matmul(b: Any, d: Any, f: Any, weights: Any = p, activations: Any = p) -> Work:
    """``[b, d] · [d, f] -> [b, f]``: 2bdf FLOPs; every operand and the result cross HBM once.

    ``weights`` and ``activations`` are the bytes per element of the second operand and of the other two.
    Source: How to Scale Your Model, part 1.

    >>> from symroof.symbols import B, D, F
    >>> matmul(B, D, F).traffic
    p*(B*D + B*F + D*F)  [byte]
    """
    b, d, f, w, a = map(plain, (b, d, f, weights, activations))
    traffic = w * (b * d + b * f + d * f) if w == a else a * (b * d + b * f) + w * d * f
    return _work("matmul", 2 * b * d * f, traffic)


def roofline(work: Work) -> Cost:
    """The time of work on one chip [s] if arithmetic and memory traffic overlap fully: the larger of the two.

    ``max(flops/C, traffic/W_hbm)``, a lower bound; bind ``eta_math`` and ``eta_hbm`` for an estimate.
    Source: How to Scale Your Model, part 1.
    """
    return ((work.flops / C).named("math") | (work.traffic / W_hbm).named("hbm")).named(work.name)


def kernel(work: Work) -> Cost:
    """The time of work on one chip as a program runs it [s]: its roofline at what is reached of the rates, and what a call takes beside.

    >>> from symroof.symbols import B, D, F
    >>> kernel(matmul(B, D, F))
    matmul  [s]  = sum of
      work  max of
        math  2*B*D*F/(C*eta_math)
        hbm   p*(B*D + B*F + D*F)/(W_hbm*eta_hbm)
      call  t_step
    """
    put = {C: C * eta_math, W_hbm: W_hbm * eta_hbm}
    return (roofline(work).map(lambda e: e.xreplace(put)).named("work") + Cost(t_step, "s", "call")).named(work.name)


def _work(name: str, flops: Any, traffic: Any) -> Work:
    return Work(name, Cost(flops, "FLOP", "flops"), Cost(traffic, "byte", "traffic"))
