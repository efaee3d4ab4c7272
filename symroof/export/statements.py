"""A tape as statements: what is used more than once, or has a name, is computed once; the rest stands where it is used.

The operations and their order are those of the evaluator, so that an exported function gives the same bits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from itertools import chain, count

import sympy as sp

from symroof.algebra.evaluate import Tape
from symroof.algebra.units import ONE
from symroof.errors import InputError, short
from symroof.export.helpers import HELPERS
from symroof.export.languages import IDENTIFIER, POWER, PRODUCT, SUM, Dialect, Term

_LONG = 60  # a longer expression gets a line of its own
_MOST = 12  # operands on one line
_DOCUMENTED = 40  # lines of documentation
_WITHOUT_TRAPS = (sp.Add, sp.Mul, sp.Max, sp.Min, sp.Abs, sp.ceiling, sp.floor)


class Names:
    """Identifiers of one function, each given once; a word of the language gets an underscore at its end."""

    def __init__(self, dialect: Dialect, *taken: str) -> None:
        self.dialect = dialect
        self.used = set(taken)
        self.last = 0

    def fresh(self, wanted: str) -> str:
        """The wanted name, with an underscore or a number behind it if it is taken."""
        first = wanted + "_" if self.dialect.reserved(wanted) else wanted
        tried = chain([first], (f"{wanted}_{i}" for i in count(2)))
        name = next(t for t in tried if t not in self.used and not self.dialect.reserved(t))
        self.used.add(name)
        return name

    def numbered(self, letter: str) -> str:
        """The letter with the next number that is free: ``t1``, ``t2``."""
        self.last = next(i for i in count(self.last + 1) if f"{letter}{i}" not in self.used)
        return self.fresh(f"{letter}{self.last}")

    def arguments(self, symbols: Sequence[sp.Symbol]) -> dict[sp.Symbol, str]:
        """A name for every symbol; those that are no word of the language keep their own.

        Raises InputError for a symbol that is no identifier, and for two symbols of one name.
        """
        for s in symbols:
            if not IDENTIFIER.fullmatch(s.name):
                raise InputError(f"{short(s.name)} cannot name an argument; declare the symbol with symbol(name, unit)")
            twins = [t for t in symbols if t.name == s.name]
            if len(twins) > 1:
                units = " and ".join(sorted(f"[{getattr(t, 'unit', '1')}]" for t in twins))
                raise InputError(f"there is more than one {s.name}: in {units}; give one of them a name of its own")
        named = {s: self.fresh(s.name) for s in sorted(symbols, key=lambda s: self.dialect.reserved(s.name))}
        return {s: named[s] for s in symbols}


class Statements:
    """A function in the making: ask for the ``term`` of a slot, and what it needs is written before it.

    ``roots`` are the slots that will be asked for, ``labels`` the names wanted for some, ``taken`` the names that are gone.
    """

    def __init__(
        self, tape: Tape, dialect: Dialect, roots: Iterable[int], labels: Mapping[int, str] | None = None, taken: Iterable[str] = ()
    ) -> None:
        self.tape, self.dialect, self.labels = tape, dialect, labels or {}
        self.names = Names(dialect, *taken, *(dialect.prefix + helper for helper, of in HELPERS if of == dialect.name))
        self.arguments = self.names.arguments(tape.inputs)
        self.terms = {i: Term(self.arguments[s]) for i, s in enumerate(tape.inputs)}
        self.terms |= {len(self.terms) + i: dialect.number(c) for i, c in enumerate(tape.constants)}
        self.first = len(self.terms)
        self.uses = Counter(roots := list(roots))  # of a slot, which says what gets a name
        for slot in self.below(roots):
            self.uses.update(set(self.step(slot)[1]))
        self.written: list[str] = []
        self.helpers: set[str] = set()
        self.depth = 1
        if dialect.arrays and self.arguments:
            listed = ", ".join(self.arguments.values()) + ("," if len(self.arguments) == 1 else "")
            self.write(f"{listed} = ({dialect.arrays}.asarray(x, dtype=float) for x in ({listed}))")

    def below(self, roots: Iterable[int]) -> set[int]:
        """The steps that the roots need, the roots among them."""
        found: set[int] = set()
        front = list(roots)
        while front:
            slot = front.pop()
            if slot >= self.first and slot not in found:
                found.add(slot)
                front += self.step(slot)[1]
        return found

    def step(self, slot: int) -> tuple[type, tuple[int, ...]]:
        """The operation that fills a slot."""
        return self.tape.steps[slot - self.first]

    # -- writing
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

    # -- terms
    def term(self, slot: int) -> Term:
        """The source of a slot; statements that it needs are written first."""
        if slot not in self.terms:
            kind, places = self.step(slot)
            self.terms[slot] = self._kept(slot, self._operation(kind, places))
        return self.terms[slot]

    def call(self, kind: type, arguments: Sequence[str]) -> str:
        """A call of one of the functions; the helper that it needs comes along."""
        text, helper = self.dialect.call(kind, arguments)
        self.helpers |= {helper} - {""}
        return text

    def safe(self, slot: int) -> bool:
        """Whether a slot can be worked out whatever the (positive) arguments, so that it may stand before a test."""
        if slot < self.first or self.positive(slot):
            return True
        kind, places = self.step(slot)
        return issubclass(kind, _WITHOUT_TRAPS) and all(self.safe(p) for p in places)

    def positive(self, slot: int) -> bool:
        """Whether a slot is a positive number for positive arguments, as far as its operations tell."""
        if slot < self.first:
            number = self._number(slot)
            return number is None or number > 0
        kind, places = self.step(slot)
        if kind is sp.Pow:
            return self.positive(places[0]) and self._number(places[1]) is not None
        return kind in (sp.Add, sp.Mul, sp.Max, sp.Min) and all(self.positive(p) for p in places)

    def _number(self, slot: int) -> Fraction | float | None:
        """The number in a slot; None for an argument or a step."""
        inputs = len(self.tape.inputs)
        return self.tape.constants[slot - inputs] if inputs <= slot < self.first else None

    def _operation(self, kind: type, places: tuple[int, ...]) -> Term:
        terms = [self.term(p) for p in places]
        if kind is sp.Pow:
            return self.dialect.raised(terms[0], terms[1], self._number(places[1]))
        if kind not in (sp.Add, sp.Mul) and not (kind in (sp.Max, sp.Min) and self.dialect.pairs):
            return Term(self.call(kind, [t.text for t in terms]))
        total = terms[0]
        for i, term in enumerate(terms[1:], 1):  # from left to right, a dozen operands to a line
            total = self.keep("", total.text) if i % _MOST == 0 else total
            total = _PAIRS[kind](total, term) if kind in _PAIRS else Term(self.call(kind, (total.text, term.text)))
        return total

    def _kept(self, slot: int, found: Term) -> Term:
        kind, places = self.step(slot)
        if slot in self.labels:
            return self.keep(self.labels[slot], found.text)
        if kind is sp.Pow and places[0] < len(self.tape.inputs) and self._number(places[1]) == -1:
            return self.keep(f"per_{self.arguments[self.tape.inputs[places[0]]]}", found.text)
        return self.keep("", found.text) if self.uses[slot] > 1 or len(found.text) > _LONG else found

    # -- the file
    def function(self, name: str, about: Sequence[str], returns: str = "double", declares: str = "") -> str:
        """The whole file: imports, helpers, and one function with its documentation around the statements.

        ``returns`` and ``declares`` are what C returns and declares before.
        """
        d = self.dialect
        arguments, body = list(self.arguments.values()), "\n".join(self.written)
        documented = [text.rstrip() for text in self._documented(about)]
        if d.pythonic:
            doc = "\n".join(f"    {text}".rstrip() for text in documented).strip()
            whole = f'def {name}({", ".join(arguments)}):\n    """{doc}\n    """\n{body}\n'
        else:
            doc = "\n".join(f" * {text}".rstrip() for text in documented)
            takes = ", ".join(f"double {a}" for a in arguments) or "void" if d.floats else ", ".join(arguments)
            kind = returns if d.floats else "function"
            whole = f"/*\n{doc}\n */\n{kind} {name}({takes}) {{\n{body}\n}}\n"
        text = ("\n\n" if d.pythonic else "\n").join([*(HELPERS[helper, d.name] for helper in sorted(self.helpers)), declares + whole])
        if d.name == "javascript":
            text += f'\nif (typeof module !== "undefined") module.exports = {{ {name} }};\n'
        return text if d.name == "python" and "math." not in text else d.head + text

    def _documented(self, about: Sequence[str]) -> Iterator[str]:
        """The documentation, safe inside a comment: what it is, and what each argument means."""
        lines = [*about[:_DOCUMENTED], *(["..."] if len(about) > _DOCUMENTED else [])]
        if self.arguments:
            width = max(map(len, self.arguments.values()))
            kind = "numbers or arrays that broadcast" if self.dialect.arrays else "numbers"
            lines += ["", f"Arguments, positive {kind} in SI units:"]
            lines += [f"  {name:{width}}  [{getattr(s, 'unit', ONE)}] {getattr(s, 'meaning', '')}" for s, name in self.arguments.items()]
        for text in lines:
            bare = text.lstrip(" ")
            yield " " * (len(text) - len(bare)) + self.dialect.comment(bare)


def _plus(a: Term, b: Term) -> Term:
    if b.text.startswith("-") and b.rank == PRODUCT:
        return Term(f"{a.text} - {b.text[1:]}", SUM)
    return Term(f"{a.text} + {b.within(PRODUCT)}", SUM)


def _times(a: Term, b: Term) -> Term:
    if a.text in ("-1", "-1.0"):
        return Term(f"-{b.within(POWER)}", PRODUCT)
    return Term(f"{a.within(PRODUCT)} * {b.within(POWER)}", PRODUCT)


_PAIRS = {sp.Add: _plus, sp.Mul: _times}
