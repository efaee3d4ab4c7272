"""Roots: the one positive root of a polynomial, bracketed; powers of two; square roots that are multiplied, under one sign."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from math import ceil
from typing import Any

import sympy as sp
from mpmath import mp


class PositiveRoot(sp.Function):  # type: ignore[misc]
    """The only positive root of the polynomial with these coefficients, the highest power first; found numerically.

    It stands where no radical formula does: the signs of the coefficients change once, so by Descartes' rule there
    is exactly one positive root.
    """

    is_positive = True
    is_real = True

    def _eval_evalf(self, prec: int) -> Any:
        """So that sympy can compare it with numbers."""
        found = [c._eval_evalf(prec + 20) for c in self.args]
        if not all((c is not None and c.is_Float) or c.is_Rational for c in found):
            return None
        with mp.workprec(prec + 20):
            numbers = [mp.make_mpf(sp.Float(c if found[0] > 0 else -c, precision=prec + 20)._mpf_) for c in found]
        return sp.Float._new(close_root(numbers, prec)._mpf_, prec) if numbers[-1] < 0 < numbers[0] else None

    def _sympystr(self, printer: Any) -> str:
        return f"root({printer._print(self._polynomial())} = 0)"

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        shown = rf"\operatorname{{root}}\left({printer._print(self._polynomial())}\right)"
        return shown if exp is None else f"{shown}^{{{exp}}}"

    def _polynomial(self) -> sp.Expr:
        taken = {s.name for s in self.free_symbols}
        y = sp.Symbol(
            next(name for name in ("y", "z", "u", "v", *(f"y_{i}" for i in range(len(taken)))) if name not in taken), positive=True
        )
        return sp.Add(*[c * y ** (len(self.args) - 1 - i) for i, c in enumerate(self.args)])


class Log1p(sp.Function):  # type: ignore[misc]
    """``log(1 + u)``, to the last digit where u is small; a step of evaluation only, formulas say ``log``."""

    nargs = 1


class PowerOfTwo(sp.Function):  # type: ignore[misc]
    """The smallest power of two (1, 2, 4, ...) that is not below its argument."""

    nargs = 1
    is_positive = True
    is_integer = True

    def _eval_evalf(self, prec: int) -> Any:
        """So that sympy can compare it with numbers."""
        inside = self.args[0]._eval_evalf(prec)
        return None if inside is None or not inside.is_Float else sp.Float(int(power_of_two(Fraction(str(inside)))), precision=prec)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        shown = rf"2^{{\left\lceil \log_2 {printer._print(self.args[0])} \right\rceil}}"
        return shown if exp is None else rf"\left({shown}\right)^{{{exp}}}"


def power_of_two(x: Any) -> Any:
    """The smallest power of two not below a number or an array of them, exactly."""
    if hasattr(x, "shape"):
        import numpy as np

        mantissa, exponent = np.frexp(np.maximum(x, 1.0))  # x = mantissa * 2**exponent, 1/2 <= mantissa < 1
        return np.ldexp(1.0, exponent - (mantissa == 0.5))
    return Fraction(1 << max(ceil(x) - 1, 0).bit_length())


def positive_root(*coeffs: Any) -> Any:
    """The positive root, for numbers or arrays, to the last bit or two, by bisection of a bracket in log space."""
    if any(hasattr(c, "shape") for c in coeffs):
        import numpy as np

        spread = np.broadcast_arrays(*coeffs)
        rows = zip(*[a.ravel() for a in spread], strict=True)
        return np.array([positive_root(*map(float, row)) for row in rows]).reshape(spread[0].shape)
    floats = [float(c) for c in coeffs]
    rising = 1 if floats[0] > 0 else -1
    if rising * floats[-1] >= 0:  # rounding leaves nothing of it
        return 0.0

    def f(y: float) -> float:
        return rising * reduce(lambda total, c: total * y + c, floats, 0.0)

    low = high = 1.0
    while f(low) > 0:
        low /= 16
    while f(high) < 0:
        high *= 16
    return bisect(lambda y: f(y) >= 0, low, high)


def close_root(coeffs: Sequence[Any], bits: int) -> Any:
    """The positive root of a polynomial of binary numbers with one change of sign, the highest positive: halved, then Newton's steps.

    Such a root is never ill-conditioned: the slope weighs as much as all terms together.
    """
    slopes = [mp.fmul(c, len(coeffs) - 1 - i, exact=True) for i, c in enumerate(coeffs[:-1])]

    def at(y: Any, of: Sequence[Any]) -> Any:
        return reduce(lambda total, c: total * y + c, of, mp.mpf(0))

    with mp.workprec(60):
        low = high = mp.mpf(1)
        while at(low, coeffs) > 0:
            low /= 2**16
        while at(high, coeffs) < 0:
            high *= 2**16
        while high > low * (1 + 2.0**-30):
            middle = mp.sqrt(low * high)
            low, high = (low, middle) if at(middle, coeffs) >= 0 else (middle, high)
    y, known = high, 25
    while known < bits + 10:
        known = 2 * known - 8
        with mp.workprec(known + 30):
            y -= at(y, coeffs) / at(y, slopes)
    return y


def bisect(above: Callable[[float], bool], low: float, high: float) -> float:
    """The point between a place where ``above`` is false and one where it is true, to the last bits."""
    for _ in range(200):
        middle = (low * high) ** 0.5
        if not low < middle < high:
            break
        low, high = (low, middle) if above(middle) else (middle, high)
    return high


_HALF = sp.Rational(1, 2)


def under_one_root(expr: Any) -> Any:
    """Square roots that are multiplied, as one: ``sqrt(B*n/F)``, never ``sqrt(B)*sqrt(n)/sqrt(F)``."""
    if not isinstance(expr, sp.Basic) or not any(abs(power.exp) == _HALF for power in expr.atoms(sp.Pow)):
        return expr
    return expr.replace(lambda e: e.is_Mul, _one_root)


def _one_root(product: sp.Mul) -> sp.Expr:
    roots = [f for f in product.args if f.is_Pow and abs(f.exp) == _HALF]
    if len(roots) < 2:
        return product
    rest = [f for f in product.args if f not in roots]
    root = sp.Pow(sp.Mul(*[f.base ** (2 * f.exp) for f in roots]), _HALF, evaluate=False)
    return sp.Mul(*rest, root, evaluate=False) if rest else root
