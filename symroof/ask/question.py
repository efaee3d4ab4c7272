"""A question: a formula or a condition with what is known put in, the letters that it is asked for, and the values of all others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import sympy as sp

from symroof.algebra.claims import thresholds
from symroof.algebra.cost import Condition
from symroof.ask.grammar import Asked, asked, formula, read
from symroof.ask.known import Known, beside, missing
from symroof.ask.letters import find
from symroof.errors import InputError, short
from symroof.sheets.sheet import Sheet
from symroof.solver.bound import Bound


@dataclass(frozen=True)
class Question:
    """``of`` is a Cost or a Condition, ``xs`` are the letters it is asked for, ``under`` the conditions that hold."""

    text: str
    of: Any
    known: Known
    xs: tuple[sp.Symbol, ...] = ()
    under: tuple[Asked, ...] = ()
    there: Sheet = field(default_factory=lambda: Sheet("", "", {}))  # another chip, on which the right side is evaluated

    @staticmethod
    def about(path: str, known: Known, over: Sequence[str] = (), under: Iterable[str] = ()) -> Question:
        """A formula by name or in letters, asked for the letters ``over`` under conditions.

        Raises what ``formula``, ``asked`` and ``find`` raise.
        """
        cost = known.put(formula(path, known.m), over)
        question = Question(path, cost, known, under=tuple(known.put_in(asked(text, known.m), over) for text in under))
        return replace(question, xs=tuple(find(x, question.free) for x in over))

    @staticmethod
    def whether(text: str, known: Known, unknown: str, than: str = "") -> Question:
        """A condition, or a threshold by name, and the letter that it is solved for; ``than`` is another chip for the right side.

        Raises what ``asked`` and ``find`` raise, InputError for an equation, a condition without a letter, or a chip that changes nothing.
        """
        found = read(text, known.m)
        if isinstance(found, Bound):  # a threshold by name is its condition, solved
            unknown = unknown or found.symbol.name
            found = Asked(text.strip(), found.condition.left, found.condition.relation, found.condition.right)
        elif not isinstance(found, Asked):
            found = asked(text, known.m)  # which says what is missing
        if not unknown:
            raise InputError(f"{short(text)} is a condition; say for which letter it is solved, e.g. --for B")
        condition = known.put_in(found, [unknown]).condition
        right, there = beside(condition.right, than, known.formats[2]) if than else (condition.right, Sheet("", "", {}))
        condition = Condition(condition.left, condition.relation, right)
        return Question(text, condition, known, (find(unknown, condition.free_symbols),), there=there)

    @staticmethod
    def either(text: str, known: Known, unknown: str, how: str) -> Question:
        """A formula, or a condition that says for which letter it is solved; ``how`` tells how to say that.

        Raises InputError for a condition without a letter, or a formula with one.
        """
        is_condition = isinstance(read(text, known.m), Asked)
        if is_condition and not unknown:
            raise InputError(f"{short(text)} is a condition; say for which letter it is solved, e.g. {how}")
        if unknown and not is_condition:
            raise InputError(f"{short(text)} is a formula, and only a condition is solved for a letter, as {how} says; leave {unknown} out")
        return Question.whether(text, known, unknown) if is_condition else Question.about(text, known)

    @property
    def free(self) -> set[sp.Symbol]:
        """The letters of a question and of its conditions."""
        return set(self.of.free_symbols).union(*(a.left.free_symbols | a.right.free_symbols for a in self.under))

    @cached_property
    def sheet(self) -> Sheet:
        """The values of its letters but those it is asked for.

        Raises what ``Known.sheet`` raises.
        """
        return self.valued()

    def valued(self, also: Iterable[sp.Symbol] = ()) -> Sheet:
        """The same, where letters may be of what is asked beside it."""
        here = self.known.sheet(self.free, self.xs, also, self.of.of)
        return replace(here, values={**here.values, **self.there.values})

    def left(self, free: Iterable[sp.Symbol], sheet: Sheet | None = None) -> list[str]:
        """The letters among ``free`` without a value, but those that are asked for or that the formula was solved for."""
        return missing(free, sheet or self.sheet, (*self.xs, *thresholds(self.of.of)))

    def at(self, found: Any) -> Any:
        """An answer at the values; None where there are none."""
        return found.at(self.sheet) if self.sheet.values else None
