"""A sheet that is uncertain, and the interval that a value has because of it.

A calibration knows its letters within a spread, and its form leaves a scatter. What a letter's spread does to a value is found
where the value is: the letter is moved by its standard error either way, which is its elasticity over that stretch, so that a
maximum that changes sides counts as what it is. Source: propagation of errors by derivatives, in the logarithm.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from symroof.algebra.symbols import FRACTIONS, UNLESS, Symbol
from symroof.algebra.value import Value


@dataclass(frozen=True)
class Known:
    """What an uncertain sheet gives beside certain others.

    ``errors`` are those of the logarithm of its letters, ``covariance`` their covariance in the same order; ``own`` is the variance of
    the logarithm that no letter explains, ``width`` how many standard deviations the interval reaches. ``all_of`` are letters
    without which a formula is no estimate of the kind that was fitted.
    """

    sheet: Any
    errors: Mapping[Symbol, float]
    covariance: tuple[tuple[float, ...], ...]
    own: float
    width: float
    all_of: frozenset[Symbol] = frozenset()


class Uncertain(ABC):
    """A sheet that is known within a spread."""

    @abstractmethod
    def beside(self, others: tuple[Any, ...]) -> Known:
        """What it gives beside these sheets."""


@dataclass(frozen=True)
class Settled(Uncertain):
    """An uncertain sheet as it was beside other sheets, whatever it stands beside now."""

    known: Known

    def beside(self, others: tuple[Any, ...]) -> Known:
        """What it gave there."""
        return self.known


def certain(sheets: Iterable[Any]) -> tuple[Any, ...]:
    """Sheets with the values that uncertain ones have beside the others."""
    given = tuple(sheets)
    others = tuple(s for s in given if not isinstance(s, Uncertain))
    return tuple(s.beside(others).sheet if isinstance(s, Uncertain) else s for s in given)


def spread(at: Callable[..., Any], free: set[Any], sheets: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    """The value of a cost at sheets of which one is uncertain, with its interval; whatever else it is as it is.

    The interval never goes beyond what the value is with all of every rate and no overhead: below it of a time, above it of a rate.
    """
    others = tuple(s for s in sheets if not isinstance(s, Uncertain))
    found = [s.beside(others) for s in sheets if isinstance(s, Uncertain)]
    value = at(*others, *(k.sheet for k in found), **named)
    if not isinstance(value, Value) or value.note:
        return value
    import numpy as np

    variance, reach, least, most = 0.0, 0.0, np.asarray(-np.inf), np.asarray(np.inf)
    middle = np.log(np.asarray(value, dtype=float))
    for known in found:
        letters = [s for s in known.errors if s.name not in named]
        if not letters or not known.all_of <= free:
            continue
        rows = _moved(known, letters, middle.ndim)
        sheet = replace(known.sheet, values={s: v for s, v in known.sheet.values.items() if s not in letters})
        beside = [k.sheet for k in found if k is not known]
        moved = np.log(np.asarray(at(*others, *beside, sheet, rows, **named), dtype=float))
        if moved.shape[:1] != (2 * len(letters) + 1,):
            continue  # none of its letters is in the formula
        slopes = (moved[1 : len(letters) + 1] - moved[len(letters) + 1 :]) / 2
        if not np.abs(slopes).max() > 0:
            continue
        index = [list(known.errors).index(s) for s in letters]
        errors = np.array([known.errors[s] or 1.0 for s in letters])
        tied = np.asarray(known.covariance)[np.ix_(index, index)] / np.outer(errors, errors)
        variance = variance + np.einsum("i...,ij,j...->...", slopes, tied, slopes) + known.own
        reach = max(reach, known.width)
        least = np.maximum(least, np.where(moved[0] <= middle, moved[0], -np.inf))
        most = np.minimum(most, np.where(moved[0] > middle, moved[0], np.inf))
    if not reach:
        return value
    half = reach * np.sqrt(variance)
    low, high = np.exp(np.maximum(middle - half, least)), np.exp(np.minimum(middle + half, most))
    return replace(value, interval=(low, high) if middle.ndim else (float(low), float(high)))


def _moved(known: Known, letters: list[Symbol], beyond: int) -> dict[Symbol, Any]:
    """Values of letters along a new axis: none of them lost anything, then each a standard error up, and each one down."""
    import numpy as np

    found = {}
    for i, s in enumerate(letters):
        base = float(known.sheet.values[s])
        column = np.full(2 * len(letters) + 1, base)
        column[0] = 1.0 if s in FRACTIONS else float(Fraction(UNLESS[s])) if s in UNLESS and UNLESS[s].is_number else base
        column[1 + i], column[1 + len(letters) + i] = base * np.exp(known.errors[s]), base * np.exp(-known.errors[s])
        found[s] = (np.minimum(column, 1.0) if s in FRACTIONS else column).reshape(-1, *[1] * beyond)
    return found
