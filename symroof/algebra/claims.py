"""What a formula assumes of the model it is evaluated for: a claim that stays with it through every sum, product and threshold.

A formula of a mixture of experts is wrong for a dense model, and silently so, since both have the same letters. So a cost
carries claims, and a sheet that has a ``stack`` is asked whether they hold before any of its numbers are put in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sympy as sp

from symroof.errors import InputError

#: The kind of a claim that one letter is at most another: new tokens are at most the context they stand in. What is claimed are
#: the two, and a sentence for numbers that are not so, if there is a better one than that.
ORDER = "order"
#: The kind of a claim that a formula is a threshold: that one of its letters is gone, because a condition was solved for it.
SOLVED = "solved"
#: The kind of a claim that a letter cancelled, so that whatever it is worth changes nothing: the batch in the price of a run.
CANCELLED = "cancelled"
#: The kind of a claim that an expression is a count, which letters stand for in part: n/X, the ways of what is beside X.
WHOLE = "whole"
#: The kind of a claim that a letter has a number already, which is in the formula: the chips along an axis of a mesh.
SETTLED = "settled"


@dataclass(frozen=True)
class Claim:
    """``kind`` of assumption and ``what`` is assumed; ``model`` is the name of the model a formula was written for.

    ``definitions`` are those of the aggregate letters it is written in, ``expanded`` is the claim with them put in.
    ``threshold`` is the bound whose symbol the formula was solved for: a letter that depends on that symbol is no letter to put in.
    """

    kind: str
    what: Any
    model: str = field(default="", compare=False)
    definitions: Mapping[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    expanded: Claim | None = field(default=None, compare=False, repr=False)
    threshold: Any = field(default=None, compare=False, repr=False)


Claims = frozenset[Claim]
NONE: Claims = frozenset()


def together(*sides: Claims) -> Claims:
    """The claims of costs that are joined.

    Raises InputError where they are formulas of two models: one letter would stand for two numbers.
    """
    found: dict[Claim, Claim] = {}
    for claim in (c for side in sides for c in side):
        found.setdefault(claim, claim)
    own = [c for c in found if c.model]
    other = next((c for c in own if c.kind == own[0].kind and c != own[0]), None)
    if other is not None:
        raise InputError(
            f"one side is a formula of {own[0].model}, the other of {other.model}, and their letters mean different things;"
            " evaluate each at its own model first: cost.at(m)"
        )
    return frozenset(found)


def written_out(claims: Claims, letters: Iterable[Any] = ()) -> dict[Any, Any]:
    """What aggregates are in the letters of the layers: all of them, or those that some letters are part of."""
    asked = tuple(letters)
    wanted = {s for s in asked if isinstance(s, sp.Symbol)}
    whole = {s: e for claim in claims for s, e in claim.definitions.items() if s not in wanted}
    found = {}
    for s, expr in whole.items():
        for _ in whole:
            expr = expr.xreplace(whole)
        if not asked or expr.free_symbols & wanted:
            found[s] = expr
    return found


def after(claims: Claims, free: Iterable[Any]) -> Claims:
    """The claims of a formula in which aggregates were written out, of those that are ``free`` still the aggregates' own."""
    left = set(free)
    every = claims | {c.expanded for c in claims if c.expanded is not None}
    return frozenset(c for c in every if c.expanded is None or left & c.definitions.keys())


def lasting(claims: Claims) -> Claims:
    """What is left to claim once the model is put in: what is said of letters, not of models."""
    return frozenset(c for c in claims if c.kind in (ORDER, SOLVED, CANCELLED, WHOLE, SETTLED))


def cancelled(claims: Claims) -> set[Any]:
    """The letters that a formula had and that are gone by themselves."""
    return {c.what for c in claims if c.kind == CANCELLED}


def wholes(claims: Claims) -> tuple[sp.Expr, ...]:
    """The expressions that are counts."""
    return tuple(c.what for c in claims if c.kind == WHOLE)


def settled_at(claims: Claims) -> dict[Any, sp.Expr]:
    """The letters that have a number already, of several the last."""
    return dict(c.what for c in claims if c.kind == SETTLED)


def filled(claims: Claims, values: Mapping[Any, sp.Expr]) -> Claims:
    """The claims with values put into what is claimed to be a count; one of numbers alone, or of formulas, claims nothing."""
    if all(c.kind != WHOLE for c in claims):
        return claims
    formulas = {s for s, value in values.items() if value.free_symbols}
    new = (replace(c, what=c.what.xreplace(dict(values))) for c in claims if c.kind == WHOLE and not c.what.free_symbols & formulas)
    return frozenset((*(c for c in claims if c.kind != WHOLE), *(c for c in new if c.what.free_symbols)))


def thresholds(claims: Claims) -> dict[Any, list[Any]]:
    """The symbols that a formula was solved for, each with its thresholds: more than one where such formulas are joined."""
    found: dict[Any, list[Any]] = {}
    for threshold in (c.threshold for c in claims if c.threshold is not None):
        found.setdefault(threshold.symbol, []).append(threshold)
    return found


def reworded(claims: Claims, change: Callable[[Any], Any]) -> Claims:
    """The claims with the conditions that were solved changed as the formula is."""
    if all(c.threshold is None for c in claims):
        return claims
    return frozenset(c if c.threshold is None else solved(c.threshold.of_condition(change(c.threshold.condition))) for c in claims)


def solved(threshold: Any) -> Claim:
    """The claim of a threshold that is used as a formula."""
    return Claim(SOLVED, (threshold.symbol, threshold.condition.expr), threshold=threshold)


def hold(claims: Claims, sheets: Iterable[Any]) -> bool:
    """Whether a sheet with a model is given, for which the claims hold; False if there is none.

    Raises InputError with the cure if they do not hold for it.
    """
    models = stacks(sheets)
    for refused in filter(None, (stack.refuses(claims) for stack in models)):
        raise InputError(refused)
    return bool(models)


def stacks(sheets: Iterable[Any]) -> list[Any]:
    """The layers of the models among sheets."""
    return [sheet.stack for sheet in sheets if getattr(sheet, "stack", None) is not None]
