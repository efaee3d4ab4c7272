"""A tape as statements: what is used more than once, or has a name, is computed once; the rest stands where it is used.

The operations and their order are those of the evaluator, so that an exported function gives the same bits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction

import sympy as sp

from symroof.algebra.evaluate import Tape
from symroof.export.languages import POWER, PRODUCT, SUM, Dialect, Term
from symroof.export.names import Names

_LONG = 60  # a longer expression gets a line of its own
_MOST = 12  # operands on one line
_WITHOUT_TRAPS = (sp.Add, sp.Mul, sp.Max, sp.Min, sp.Abs, sp.ceiling, sp.floor)


@dataclass
class Statements:
    """Statements in the making: ask for the ``term`` of a slot, and what it needs is written before it."""

    tape: Tape
    dialect: Dialect
    names: Names
    arguments: Mapping[sp.Symbol, str]
    labels: Mapping[int, str] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    helpers: set[str] = field(default_factory=set)
    depth: int = 1

    def __post_init__(self) -> None:
        self.terms = {i: Term(self.arguments[s]) for i, s in enumerate(self.tape.inputs)}
        self.terms |= {len(self.terms) + i: self.dialect.number(c) for i, c in enumerate(self.tape.constants)}
        self.first = len(self.terms)
        self.uses: Counter[int] = Counter()

    def count(self, roots: Iterable[int]) -> None:
        """Count how often each slot is used below the roots, which says what gets a name."""
        for slot in (roots := list(roots)):
            self.uses[slot] += 1
        for slot in self.below(roots):
            self.uses.update(set(self.step(slot)[1]))

    def below(self, roots: Iterable[int]) -> set[int]:
        """The steps that the roots need, the roots among them."""
        found: set[int] = set()
        front = [r for r in roots if r >= self.first]
        while front:
            slot = front.pop()
            if slot not in found:
                found.add(slot)
                front += [p for p in self.step(slot)[1] if p >= self.first]
        return found

    def step(self, slot: int) -> tuple[type, tuple[int, ...]]:
        """The operation that fills a slot."""
        return self.tape.steps[slot - self.first]

    def write(self, statement: str) -> None:
        """One line of the body."""
        self.written.append(self.dialect.indent * self.depth + statement)

    def give(self, value: str) -> None:
        """The end of the function: what it returns."""
        self.write(f"return {value}{self.dialect.stop}")

    def keep(self, wanted: str, value: str) -> Term:
        """A value under the name that is wanted, or a number."""
        name = self.names.fresh(wanted) if wanted else self.names.numbered("t")
        self.write(self.dialect.assign.format(name=name, value=value))
        return Term(name)

    @contextmanager
    def inside(self, test: str) -> Iterator[None]:
        """What is written in here only happens if the test holds; names from in here are not known behind it."""
        self.write(self.dialect.test.format(test=test))
        known, self.depth = dict(self.terms), self.depth + 1
        yield
        self.terms, self.depth = known, self.depth - 1
        if self.dialect.end:
            self.write(self.dialect.end)

    def term(self, slot: int) -> Term:
        """The source of a slot; statements that it needs are written first."""
        if slot not in self.terms:
            kind, places = self.step(slot)
            found = self._operation(kind, places)
            self.terms[slot] = self._kept(slot, found)
        return self.terms[slot]

    def safe(self, slot: int) -> bool:
        """Whether a slot can be worked out whatever the (positive) arguments, so that it may stand before a test."""
        if slot < self.first or self.positive(slot):
            return True
        kind, places = self.step(slot)
        return issubclass(kind, _WITHOUT_TRAPS) and all(self.safe(p) for p in places)

    def positive(self, slot: int) -> bool:
        """Whether a slot is a positive number for positive arguments, as far as its operations tell."""
        if slot < self.first:
            return slot < len(self.tape.inputs) or self._number(slot) > 0
        kind, places = self.step(slot)
        if kind is sp.Pow:
            return self.positive(places[0]) and places[1] < self.first and self._is_number(places[1])
        return kind in (sp.Add, sp.Mul, sp.Max, sp.Min) and all(self.positive(p) for p in places)

    def _is_number(self, slot: int) -> bool:
        return len(self.tape.inputs) <= slot < self.first

    def _number(self, slot: int) -> Fraction | float:
        return self.tape.constants[slot - len(self.tape.inputs)]

    def _operation(self, kind: type, places: tuple[int, ...]) -> Term:
        terms = [self.term(p) for p in places]
        if kind is sp.Pow:
            return self.dialect.raised(terms[0], terms[1], self._number(places[1]) if self._is_number(places[1]) else None)
        if kind in (sp.Add, sp.Mul) or (kind in (sp.Max, sp.Min) and self.dialect.pairs):
            return self._folded(kind, terms)
        text, helper = self.dialect.call(kind, [t.text for t in terms])
        self.helpers |= {helper} - {""}
        return Term(text)

    def _folded(self, kind: type, terms: list[Term]) -> Term:
        """From left to right, a dozen operands to a line."""
        total = terms[0]
        for i, term in enumerate(terms[1:], 1):
            if i % _MOST == 0:
                total = self.keep("", total.text)
            total = _plus(total, term) if kind is sp.Add else _times(total, term) if kind is sp.Mul else self._extreme(kind, total, term)
        return total

    def _extreme(self, kind: type, a: Term, b: Term) -> Term:
        return Term(self.dialect.call(kind, (a.text, b.text))[0])

    def _kept(self, slot: int, found: Term) -> Term:
        kind, places = self.step(slot)
        inverse = kind is sp.Pow and places[0] < len(self.tape.inputs) and self._is_number(places[1]) and self._number(places[1]) == -1
        if slot in self.labels:
            return self.keep(self.labels[slot], found.text)
        if inverse:
            return self.keep(f"per_{self.arguments[self.tape.inputs[places[0]]]}", found.text)
        return self.keep("", found.text) if self.uses[slot] > 1 or len(found.text) > _LONG else found


def _plus(a: Term, b: Term) -> Term:
    if b.text.startswith("-") and b.rank == PRODUCT:
        return Term(f"{a.text} - {b.text[1:]}", SUM)
    return Term(f"{a.text} + {b.within(PRODUCT)}", SUM)


def _times(a: Term, b: Term) -> Term:
    if a.text in ("-1", "-1.0"):
        return Term(f"-{b.within(POWER)}", PRODUCT)
    return Term(f"{a.within(PRODUCT)} * {b.within(POWER)}", PRODUCT)
