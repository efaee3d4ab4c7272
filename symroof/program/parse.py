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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import sympy as sp

from symroof.algebra.operands import plain
from symroof.algebra.symbols import ALPHABET, symbol
from symroof.errors import ProgramError, nearest, short
from symroof.program.roles import Role, is_header, read_header, widths
from symroof.program.tensor import Dim, Tensor

#: Marks that every program knows: FLOPs beside the matmuls, and rows that are taken without a product.
MARKS = ("vector", "lookup")
WIDTHS = {"fp32": 4, "bf16": 2, "fp16": 2, "fp8": 1, "int8": 1, "fp4": Fraction(1, 2), "int4": Fraction(1, 2)}
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


def axis_size(name: str) -> sp.Symbol:
    """The symbol for the size of a mesh axis: X, Y, Z of the alphabet, or a symbol of that letter."""
    return ALPHABET[name] if name in "XYZ" else symbol(name, "1", f"size of mesh axis {name}")


class _Reader:
    """Reads one line, token by token, remembering columns."""

    def __init__(self, number: int, line: str, scope: Scope) -> None:
        self.number, self.line, self.scope = number, line, scope
        self.tokens = list(self._tokens())
        self.place = 0

    def _tokens(self) -> Iterator[tuple[str, int]]:
        position = 0
        while position < len(self.line.rstrip()):
            match = _TOKEN.match(self.line, position)
            if not match:
                start = position + len(self.line[position:]) - len(self.line[position:].lstrip())
                raise self.error(f"{short(self.line[start], 10)} has no place here", start)
            yield match.group().strip(), match.end() - len(match.group().strip())
            position = match.end()

    def error(self, what: str, column: int | None = None) -> ProgramError:
        """A sentence with line, column, and the line with a mark under the column."""
        return located(what, self.number, self.line, self.column() if column is None else column)

    def peek(self) -> str:
        return self.tokens[self.place][0] if self.place < len(self.tokens) else ""

    def ahead(self) -> str:
        return self.tokens[self.place + 1][0] if self.place + 1 < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        if wanted and token != wanted:
            raise self.error(f"expected {wanted!r}, found {short(token) if token else 'the end of the line'}")
        self.place += 1
        return token

    def statement(self) -> Sentence:
        columns = [self.column()]
        operands = [self.tensor()]
        if not self.peek():
            return Sentence(self.number, tuple(operands), None, self.line, tuple(columns))
        while self.peek() != "->":
            if not self.peek():
                raise self.error("a statement ends with '-> Out[...]'")
            columns.append(self.column())
            operands.append(self.tensor())
        self.take("->")
        columns.append(self.column())
        out = self.tensor()
        mark = self.mark()
        if self.peek():
            raise self.error("one statement a line, with one result")
        return Sentence(self.number, tuple(operands), out, self.line, tuple(columns), mark)

    def mark(self) -> str:
        """``{causal}`` behind a statement; empty if there is none."""
        if self.peek() != "{":
            return ""
        self.take("{")
        name = self.word("a mark such as {vector}")
        known = (*MARKS, *self.scope.marks)
        if name not in known:
            self.place -= 1
            raise self.error(f"{name!r} is no mark; {nearest(name, known)}, or bind it: program(..., marks={{{name!r}: factor}})")
        self.take("}")
        return name

    def column(self) -> int:
        return self.tokens[self.place][1] if self.place < len(self.tokens) else len(self.line.rstrip())

    def tensor(self) -> Tensor:
        start = self.place
        name, width = self.word("a tensor such as In[B, D]"), None
        if name in WIDTHS and self.peek() not in ("[", ""):
            width = plain(WIDTHS[name])
            name = self.word("a tensor such as In[B, D]")
        self.take("[")
        dims = [self.dim()]
        while self.peek() == ",":
            self.take(",")
            dims.append(self.dim())
        self.take("]")
        partial: tuple[str, ...] = ()
        if self.peek() == "{" and ("_" in self.ahead() or self.ahead() == "U") and self.ahead() not in self.scope.marks:
            self.take("{")
            head, _, axes = self.word("U_X").partition("_")
            if head != "U" or not axes:
                self.place -= 1
                raise self.error("partial sums are written {U_X}")
            partial = self.axes(axes, self.place - 1)
            self.take("}")
        width = width if width is not None else plain(self.scope.widths.get(name, self.scope.width))
        tensor = Tensor(name, tuple(dims), width, partial)
        self.check(tensor, start)
        return tensor

    def word(self, what: str) -> str:
        token = self.peek()
        if not token or not token[0].isalpha():
            raise self.error(f"expected {what}, found {short(token) if token else 'the end of the line'}")
        return self.take()

    def dim(self) -> Dim:
        token = self.word("a dimension such as D or F_Y")
        name, _, axes = (token, "", "") if token in self.scope.sizes else token.partition("_")
        found = Dim(name, self.size(name, "dimension", 4096), self.axes(axes, self.place - 1))
        if self.peek() != ":":
            return found
        self.take(":")
        mark = self.word("what is touched, e.g. E:hit")
        return replace(found, touched=self.size(mark, "size", 8), mark=mark)

    def size(self, name: str, what: str, example: int) -> sp.Expr:
        """What a name means: what the user bound it to, or a letter of the alphabet."""
        if name in self.scope.sizes or name in ALPHABET:
            return plain(self.scope.sizes.get(name, ALPHABET.get(name)))
        self.place -= 1
        cure = nearest(name, [*self.scope.sizes, *(a for a in ALPHABET if len(a) == 1)])
        raise self.error(f"{name!r} is no {what}; {cure}, or bind it: program(..., {name}={example})")

    def axes(self, letters: str, place: int) -> tuple[str, ...]:
        for letter in letters:
            if not ("A" <= letter <= "Z") or (letter in ALPHABET and letter not in "XYZ"):
                self.place = place
                raise self.error(f"{letter!r} is no mesh axis; name axes X, Y, Z or another capital that is no dimension")
        return tuple(letters)

    def check(self, tensor: Tensor, start: int) -> None:
        """Refuse an axis or a dimension that stands twice in one tensor."""
        self.place, back = start, self.place
        for axis in (*tensor.axes, *tensor.partial):
            if (*tensor.axes, *tensor.partial).count(axis) > 1:
                raise self.error(
                    f"axis {axis} shards {tensor} twice, so one chip would need two slices at once;"
                    f" gather one dimension first, e.g. drop one _{axis}"
                )
        for name in tensor.names:
            if tensor.names.count(name) > 1:
                raise self.error(f"dimension {name} stands twice in {tensor}; bind another name, e.g. program(..., {name}2={name})")
        self.place = back
