"""The text of a program, read by a small parser that points at the column of what it does not understand.

    roles      :=  role ":" NAME ("," NAME)* (";" role ":" NAME ("," NAME)*)*       see symroof.program.roles
    statement  :=  tensor tensor* "->" tensor [ "{" MARK "}" ]  |  tensor            a tensor alone is only stored
    tensor     :=  [format] NAME "[" dim ("," dim)* "]" [ "{U_" AXES "}" ]
    dim        :=  NAME [ "_" AXES ] [ ":" NAME ]    AXES: one upper-case letter per mesh axis, e.g. F_YZ; E:hit: so much is touched

One statement a line; ``#`` starts a comment. A mark scales the FLOPs of its statement (``{causal}``: bound by the caller);
``{vector}`` keeps them out of the matmul FLOPs, ``{lookup}`` takes rows and multiplies nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from symroof.algebra.operands import plain
from symroof.algebra.symbols import ALPHABET
from symroof.errors import ProgramError, nearest, short
from symroof.machine.roofline import WIDTHS
from symroof.program.roles import Role, is_header, read_header, widths
from symroof.program.tensor import Dim, Tensor

#: Marks that every program knows: FLOPs beside the matmuls, and rows that are taken without a product.
MARKS = ("vector", "lookup")
_TOKEN = re.compile(r"\s*(?:(->)|([A-Za-z][A-Za-z0-9']*(?:_[A-Za-z0-9]+)?)|([\[\],{}:]))")
_LONGEST = 20_000


@dataclass(frozen=True)
class Sentence:
    """The tensors of one statement, its mark, and the columns where they stand in its text; ``out`` is None if it only stores."""

    number: int
    operands: tuple[Tensor, ...]
    out: Tensor | None
    text: str
    columns: tuple[int, ...]
    mark: str = ""

    def error(self, what: str, tensor: int = -1) -> ProgramError:
        """A sentence with line and column, the line, and a mark under one of its tensors; by default the result."""
        return located(what, self.number, self.text, self.columns[tensor])


def located(what: str, number: int, line: str, column: int) -> ProgramError:
    """An error with line, column, the line and a mark under the column."""
    mark = " " * min(column, 120)
    return ProgramError(f"line {number}, column {column + 1}: {what}\n    {line.rstrip()[:120]}\n    {mark}^")


@dataclass(frozen=True)
class Scope:
    """What names mean: sizes of dimensions, bytes per element of tensors, and of the rest; what marks scale by."""

    sizes: Mapping[str, Any]
    widths: Mapping[str, Any]
    width: sp.Expr
    marks: Mapping[str, Any]


def parse(text: str, scope: Scope) -> tuple[list[Sentence], dict[str, Role]]:
    """All statements of a program, and the roles it declares.

    Raises ProgramError with line, column and the nearest right answer.
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise ProgramError(f"a program is a text of at most {_LONGEST} characters, not {short(text)}")
    written = [(number, line.split("#")[0]) for number, line in enumerate(text.splitlines(), 1) if line.split("#")[0].strip()]
    roles: dict[str, Role] = {}
    for number, line in written:
        if is_header(line):
            found = read_header(number, line)
            for name in found.keys() & roles.keys():
                raise ProgramError(f"line {number}: {name} has a role already; give it one")
            roles.update(found)
    scope = replace(scope, widths={**widths(roles), **scope.widths})
    lines = [_Reader(number, line, scope).statement() for number, line in written if not is_header(line)]
    if not lines:
        raise ProgramError("the program is empty; write e.g. 'In[B_X, D] W[D, F_Y] -> Out[B_X, F_Y]'")
    return lines, roles


class _Reader:
    """Reads one line, token by token, remembering columns."""

    def __init__(self, number: int, line: str, scope: Scope) -> None:
        self.number, self.line, self.scope = number, line.rstrip(), scope
        self.tokens, self.place = list(self._tokens()), 0

    def _tokens(self) -> Iterator[tuple[str, int]]:
        position = 0
        while position < len(self.line):
            match = _TOKEN.match(self.line, position)
            if not match:
                start = len(self.line) - len(self.line[position:].lstrip())
                raise located(f"{short(self.line[start], 10)} has no place here", self.number, self.line, start)
            yield match[match.lastindex or 0], match.start(match.lastindex or 0)
            position = match.end()

    def error(self, what: str, back: int = 0) -> ProgramError:
        """A sentence with line, column, and a mark under the next token, or under one further back."""
        return located(what, self.number, self.line, self.column(self.place - back))

    def column(self, place: int) -> int:
        return self.tokens[place][1] if place < len(self.tokens) else len(self.line)

    def peek(self, ahead: int = 0) -> str:
        return self.tokens[self.place + ahead][0] if self.place + ahead < len(self.tokens) else ""

    def take(self, wanted: str = "") -> bool:
        """Whether the next token is the one that is wanted; if so it is read."""
        taken = self.peek() == wanted
        self.place += taken
        return taken

    def need(self, wanted: str) -> None:
        if not self.take(wanted):
            raise self.error(f"expected {wanted!r}, found {self.found()}")

    def found(self) -> str:
        return short(self.peek()) if self.peek() else "the end of the line"

    def word(self, what: str) -> str:
        token = self.peek()
        if not token[:1].isalpha():
            raise self.error(f"expected {what}, found {self.found()}")
        self.place += 1
        return token

    def statement(self) -> Sentence:
        columns, operands = [self.column(0)], [self.tensor()]
        if not self.peek():
            return Sentence(self.number, tuple(operands), None, self.line, tuple(columns))
        while not self.take("->"):
            if not self.peek():
                raise self.error("a statement ends with '-> Out[...]'")
            columns.append(self.column(self.place))
            operands.append(self.tensor())
        columns.append(self.column(self.place))
        out, mark = self.tensor(), self.mark()
        if self.peek():
            raise self.error("one statement a line, with one result")
        return Sentence(self.number, tuple(operands), out, self.line, tuple(columns), mark)

    def mark(self) -> str:
        """``{causal}`` behind a statement; empty if there is none."""
        if not self.take("{"):
            return ""
        name, known = self.word("a mark such as {vector}"), (*MARKS, *self.scope.marks)
        if name not in known:
            cure = f"{nearest(name, known)}, or bind it: program(..., marks={{{name!r}: factor}})"
            raise self.error(f"{name!r} is no mark; {cure}", back=1)
        self.need("}")
        return name

    def tensor(self) -> Tensor:
        start = self.place
        name, width = self.word("a tensor such as In[B, D]"), None
        if name in WIDTHS and self.peek() not in ("[", ""):
            width = plain(WIDTHS[name])
            name = self.word("a tensor such as In[B, D]")
        self.need("[")
        dims = [self.dim()]
        while self.take(","):
            dims.append(self.dim())
        self.need("]")
        partial: tuple[str, ...] = ()
        if self.peek() == "{" and ("_" in self.peek(1) or self.peek(1) == "U") and self.peek(1) not in self.scope.marks:
            self.need("{")
            head, _, axes = self.word("U_X").partition("_")
            if head != "U" or not axes:
                raise self.error("partial sums are written {U_X}", back=1)
            partial = self.axes(axes)
            self.need("}")
        width = width if width is not None else plain(self.scope.widths.get(name, self.scope.width))
        tensor = Tensor(name, tuple(dims), width, partial)
        twice = next((a for a, times in Counter((*tensor.axes, *partial)).items() if times > 1), None)
        if twice is not None:
            cure = f"gather one dimension first, e.g. drop one _{twice}"
            raise self.error(f"axis {twice} shards {tensor} twice, so one chip would need two slices at once; {cure}", self.place - start)
        again = next((n for n, times in Counter(tensor.names).items() if times > 1), None)
        if again is not None:
            cure = f"bind another name, e.g. program(..., {again}2={again})"
            raise self.error(f"dimension {again} stands twice in {tensor}; {cure}", self.place - start)
        return tensor

    def dim(self) -> Dim:
        token = self.word("a dimension such as D or F_Y")
        name, _, axes = (token, "", "") if token in self.scope.sizes else token.partition("_")
        found = Dim(name, self.size(name, "dimension", 4096), self.axes(axes))
        if not self.take(":"):
            return found
        mark = self.word("what is touched, e.g. E:hit")
        return replace(found, touched=self.size(mark, "size", 8), mark=mark)

    def size(self, name: str, what: str, example: int) -> sp.Expr:
        """What the name that was read means: what the user bound it to, or a letter of the alphabet."""
        if name in self.scope.sizes or name in ALPHABET:
            return plain(self.scope.sizes.get(name, ALPHABET.get(name)))
        cure = nearest(name, [*self.scope.sizes, *(a for a in ALPHABET if len(a) == 1)])
        raise self.error(f"{name!r} is no {what}; {cure}, or bind it: program(..., {name}={example})", back=1)

    def axes(self, letters: str) -> tuple[str, ...]:
        """The mesh axes of the word that was read."""
        for letter in letters:
            if not ("A" <= letter <= "Z") or (letter in ALPHABET and letter not in "XYZ"):
                cure = "name axes X, Y, Z or another capital that is no dimension"
                raise self.error(f"{letter!r} is no mesh axis; {cure}", back=1)
        return tuple(letters)
