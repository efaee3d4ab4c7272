"""How often each layer stands in each group of a model, and what the counts of layers keep to for it: L = L_full + L_win."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy as sp

from symroof.algebra.symbols import Symbol
from symroof.errors import InputError


@dataclass(frozen=True)
class Pattern:
    """``rows``: every count letter, and how often what it counts stands in a group, a number for each group."""

    rows: tuple[tuple[sp.Expr, tuple[int, ...]], ...] = ()

    def relations(self, *without: sp.Symbol) -> tuple[sp.Expr, ...]:
        """What counts keep to however often a group repeats, as expressions that are zero: -L + L_full + L_win. None where all are L."""
        return _relations(tuple((letter, counts) for letter, counts in self.rows if letter not in without))

    def sum(self, letter: sp.Symbol) -> sp.Expr | None:
        """A count letter in the others, None if they do not say: L = L_full + L_moe + L_ssm."""
        return next((sp.expand(letter - e / e.coeff(letter)) for e in self.relations() if e.has(letter)), None)

    def check(self, name: str, values: Mapping[Symbol, Any], own: Mapping[Symbol, int], *without: sp.Symbol) -> None:
        """Raise InputError for values of count letters that do not add up; of the model of a name, whose own they are not.

        A letter without a number is not checked; a number may be an array.
        """
        for relation in self.relations(*without):
            letters = sorted(relation.free_symbols, key=lambda s: (len(s.name), s.name))
            known: list[Any] = [values.get(s) for s in letters]
            if any(v is None or isinstance(v, sp.Basic) for v in known):
                continue
            times = [relation.coeff(s) for s in letters]
            numbers = _where_off([int(t) for t in times], known)
            if numbers is None:
                continue
            given = ", ".join(f"{s} = {float(v):g}" for s, v in zip(letters, numbers, strict=True))
            names = [s.name for s in letters]
            together = f"give {', '.join(names[:-1])} and {names[-1]} together{_scaled(letters, [own.get(s, 0) for s in letters], numbers)}"
            raise InputError(f"{given} do not add up: in {name} {self.said(relation)}; {together}")

    @staticmethod
    def said(relation: sp.Expr) -> str:
        """A relation as an equation: ``L = L_full + L_win``."""
        first, *_ = sorted(relation.free_symbols, key=lambda s: (len(s.name), s.name))
        sign = sp.sign(relation.coeff(first))
        sides = [
            sp.Add(*[abs(t) * s for s, t in relation.as_coefficients_dict().items() if (t * sign > 0) == left]) for left in (True, False)
        ]
        return f"{sides[0]} = {sides[1]}"


@lru_cache(maxsize=256)
def _relations(rows: tuple[tuple[sp.Expr, tuple[int, ...]], ...]) -> tuple[sp.Expr, ...]:
    found = []
    for solution in sp.Matrix([counts for _, counts in rows]).T.nullspace() if rows else ():
        whole = solution * sp.ilcm(*[x.q for x in solution])
        found.append(sp.expand(sp.Add(*[times * letter for times, (letter, _) in zip(whole, rows, strict=True)])))
    return tuple(dict.fromkeys(e for e in found if e != 0))


def _where_off(times: list[int], numbers: list[Any]) -> list[Any] | None:
    """The numbers if so many times each of them do not make zero, of arrays the first that do not; None if they do."""
    off: Any = sum(t * v for t, v in zip(times, numbers, strict=True))
    if not hasattr(off, "shape"):
        return numbers if off else None
    import numpy as np

    bad = np.flatnonzero(off)
    return [np.broadcast_to(np.asarray(v, float), off.shape).ravel()[bad[0]] for v in numbers] if bad.size else None


def _scaled(letters: list[Any], own: list[int], numbers: list[Any]) -> str:
    """An example that fits the first number that is another: the model's own counts, its groups repeated more or less often."""
    more = next((Fraction(v) / n for n, v in zip(own, numbers, strict=True) if n and v != n), None)
    fitting = [] if more is None else [n * more for n in own]
    whole = fitting and all(n.denominator == 1 for n in fitting)
    return f", e.g. {', '.join(f'{s}={n}' for s, n in zip(letters, fitting, strict=True))}" if whole else ""
