"""Square roots that are multiplied, under one sign: shorter to read, and exact where the product is a square."""

from __future__ import annotations

from typing import Any

import sympy as sp

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
