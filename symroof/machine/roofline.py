"""Work (FLOPs and bytes through HBM) and its roofline: ``flops/C | traffic/W_hbm``."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import check
from symroof.algebra.cost import Cost, quantity
from symroof.algebra.operands import plain, rational, size
from symroof.algebra.symbols import C, W_hbm, eta_hbm, eta_math, p, symbol, t_step
from symroof.algebra.units import Unit
from symroof.errors import InputError, nearest, short

#: Bytes per element of the formats that stand in texts.
WIDTHS = {"fp32": 4, "bf16": 2, "fp16": 2, "fp8": 1, "int8": 1, "fp4": Fraction(1, 2), "int4": Fraction(1, 2)}
_FLOP, _BYTE, _WIDTH = Unit.of("FLOP"), Unit.of("byte"), symbol("width", "byte", "bytes per element")


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
        if not isinstance(other, Work):
            raise InputError(f"{short(other)} is no work; add the work of a matmul or a program")
        flops, traffic = self.flops.expr + other.flops.expr, self.traffic.expr + other.traffic.expr
        return _work(f"{self.name} + {other.name}", flops, traffic)

    def __mul__(self, times: Any) -> Work:
        return _work(self.name, self.flops.expr * plain(times), self.traffic.expr * plain(times))

    __rmul__ = __mul__


def matmul(b: Any, d: Any, f: Any, weights: Any = p, activations: Any = p) -> Work:
    """``[b, d] · [d, f] -> [b, f]``: 2bdf FLOPs; every operand and the result cross HBM once.

    ``weights`` and ``activations`` are the bytes per element of the second operand and of the other two: letters, numbers or
    formats ("int8"). Source: How to Scale Your Model, part 1.

    >>> from symroof.symbols import B, D, F
    >>> matmul(B, D, F).traffic
    p*(B*D + B*F + D*F)  [byte]
    """
    b, d, f, w, a = *map(size, (b, d, f)), width(weights), width(activations)
    traffic = w * (b * d + b * f + d * f) if w == a else a * (b * d + b * f) + w * d * f
    return _work("matmul", 2 * b * d * f, traffic)


def width(given: Any) -> sp.Expr:
    """Bytes per element: of a format, a number, a text such as ``"17/16 byte"``, or an expression in bytes.

    >>> width("int8"), width(2), width(p)
    (1, 2, p)

    Raises InputError or UnitError for anything else.
    """
    if isinstance(given, str) and given.strip()[:1].isalpha():
        if given not in WIDTHS:
            raise InputError(f"{short(given)} is no format; {nearest(given, WIDTHS)}, or bytes per element")
        given = WIDTHS[given]
    found = check(_WIDTH, given)
    if not isinstance(found, (Fraction, sp.Expr)):
        raise InputError(f"width = {short(given)} is not one number; give bytes per element, e.g. 2, p or 'int8'")
    return rational(found) if isinstance(found, Fraction) else found


def roofline(work: Work) -> Cost:
    """The time of work on one chip [s] if arithmetic and memory traffic overlap fully: the larger of the two.

    ``max(flops/C, traffic/W_hbm)``, a lower bound; bind ``eta_math`` and ``eta_hbm`` for an estimate.
    Source: How to Scale Your Model, part 1.
    """
    if not isinstance(work, Work):
        raise InputError(f"{short(work)} is no work; give that of a matmul or a program, e.g. roofline(matmul(B, D, F))")
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
    return Work(name, quantity(plain(flops), _FLOP, "flops"), quantity(traffic, _BYTE, "traffic"))  # a width may be a number
