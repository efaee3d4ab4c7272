"""``regimes(cost, along=B)`` and ``regimes(cost, over=(B, S))``: what binds where, along one symbol or over two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symroof.algebra.cost import Cost
from symroof.analysis.regimes import along_one, known_symbol
from symroof.errors import InputError, short
from symroof.plane.regions import over_two


def regimes(cost: Any, along: Any = None, over: Any = None, given: Sequence[Any] = (), dominance: bool = True) -> Any:
    """What binds where: along one symbol (breakpoints), or over two (polygons in log-log space).

    ``given`` are conditions that are known to hold; ``dominance=False`` leaves out which summand weighs most.

    >>> from symroof import decode
    >>> from symroof.symbols import B
    >>> regimes(decode.step()["MLP"], along=B)
    regimes of MLP along B
      B <= C*p_w/(2*W_hbm)   weights   P*p_w/(W_hbm*n)
      B >= C*p_w/(2*W_hbm)   math      2*B*P/(C*n)

    Raises InputError for what is no cost or no symbol of it, SolveError for conditions that contradict each other.
    """
    if not isinstance(cost, Cost):
        raise InputError(f"{short(cost)} is no cost; give e.g. decode.step()")
    if (along is None) == (over is None):
        raise InputError("say along which symbol, e.g. along=B, or over which two, e.g. over=(B, S)")
    cost = cost.expand(*(over if isinstance(over, (tuple, list)) else (along,)))
    if along is not None:
        return along_one(cost, known_symbol(cost, along), given, dominance)
    return over_two(cost, over, given, dominance)
