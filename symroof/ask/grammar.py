"""The one grammar of what is asked: formulas and parts by name, letters, quantities, arithmetic, conditions.

    condition   sum REL sum                 REL is one of <= >= < > = (an equation), or the word divides
    sum         product {+ product | - product}
    product     power {* power | / power}
    power       item [^ whole number]
    item        FORMULA[(OPTION=VALUE, ...)]{/PART} | LETTER | NUMBER [UNIT] | max(sum, ...) | min(sum, ...) | (sum) | - item

``decode.step/MLP/math``, ``deployment.step(overlap=no) - decode.weight_time <= 1 ms``, ``n/X^2``. A slash behind a formula is its part
where it has one of that name; the unit of a number reaches as far as it can be read. A text is only ever looked up, never executed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, NoReturn

import sympy as sp

from symroof.algebra.cost import Condition, Cost, quantity
from symroof.algebra.operands import full_unit, plain, rational
from symroof.algebra.quantity import parse_quantity
from symroof.algebra.symbols import ALPHABET
from symroof.algebra.units import ONE, PREFIXES, parse_unit
from symroof.ask.letters import letter
from symroof.ask.names import named, options, takes_cost
from symroof.errors import InputError, UnitError, short
from symroof.solver.bound import Bound

LONGEST = 400
_DEEPEST = 40  # brackets in brackets
_LARGEST_POWER = 99
_EXAMPLE = "write e.g. 'decode.step <= 15 ms', 'decode.step/attention >= 0.5*decode.step' or 'B <= 64'"

_RELATION = re.compile(r"<=|>=|==|=|<|>|≤|≥|divides\b")
_SPELT = {"≤": "<=", "≥": ">=", "==": "="}
_MIRRORED = {"<=": ">=", ">=": "<=", "<": ">", ">": "<", "=": "="}
_OPERATOR = re.compile(r"\*\*|[-+*/^]")
_POWER = 3
_BINDS = {"+": 1, "-": 1, "*": 2, "/": 2, "^": _POWER, "**": _POWER}
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)
_NUMBER = re.compile(r"\$?\s*(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d[\d_]*)?(?:\.\d*)?(?:[eE][+-]?\d+)?", re.ASCII)
_EQUALS = re.compile(r"=(?!=)")
_VALUE = re.compile(r"\"[^\"]*\"|'[^']*'|[^,()=<>]+")
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
_UNIT = re.compile(r"\s*([A-Za-zµμ]+|%)(?:\^-?\d)?")
_MORE = re.compile(r"[*·/](?:[A-Za-zµμ$]+(?:\^-?\d)?|\([A-Za-zµμ$*·/^\d-]+\))")


@dataclass(frozen=True)
class Asked:
    """A condition as it was written, and what it means: a Condition, or an equation."""

    text: str
    left: Cost
    relation: str
    right: Cost

    @property
    def condition(self) -> Condition:
        """For ``solve``.

        Raises InputError for an equation, which has no side on which it holds.
        """
        if self.relation == "=":
            raise InputError(f"{short(self.text)} is an equation; ask from where on it holds, with <= or >=")
        return Condition(self.left, self.relation, self.right)

    @property
    def constraint(self) -> Any:
        """For ``subject_to``: a Condition or a sympy equation."""
        return sp.Eq(self.left.expr, self.right.expr, evaluate=False) if self.relation == "=" else self.condition


def read(text: str, m: Any = None) -> Cost | Bound | Asked:
    """What a text asks about: a formula or a threshold by name, an expression of formulas and letters, or a condition.

    Raises InputError naming the place that cannot be read, UnknownName with the nearest name, UnitError for what cannot be
    added or compared.
    """
    if len(text) > LONGEST:
        raise InputError(f"a question of {len(text)} characters is too long; {_EXAMPLE}")
    if not text.strip():
        raise InputError(f"an empty text is no condition and no formula; {_EXAMPLE}")
    return _Reader(text, m).whole()


def asked(text: str, m: Any = None) -> Asked:
    """Read a condition.

    >>> asked("decode.step/attention >= 0.5*decode.weight_time").condition
    2*B*H*K*L*S*p_kv/(W_hbm*n) >= P*p_w/(2*W_hbm*n)
    >>> asked("decode.step - decode.weight_time <= 1 ms").condition.right
    1/1000  [s]

    Raises InputError for what is no condition, and otherwise as ``read`` does.
    """
    found = read(text, m)
    if not isinstance(found, Asked):
        raise InputError(f"{short(text)} is no condition: it needs one of <= >= < > = between two sides; {_EXAMPLE}")
    return found


def formula(text: str, m: Any = None) -> Cost:
    """A formula by name, a part of one, or an expression of them.

    >>> formula("decode.step/MLP/math")
    2*B*P/(C*n)  [s]
    >>> formula("2*decode.weight_time")
    2*P*p_w/(W_hbm*n)  [s]

    Raises InputError for a condition or a threshold, and otherwise as ``read`` does.
    """
    found = read(text, m)
    if isinstance(found, Asked):
        raise InputError(f"{short(text)} is a condition, not a formula; write e.g. decode.step")
    if isinstance(found, Bound):
        raise InputError(_solved(text.strip()))
    return found


# -- the parser: what binds stronger is read first
class _Reader:
    """A text, and how far it is read; values are plain sympy (numbers and letters), a Cost, or the text of a quantity."""

    def __init__(self, text: str, m: Any) -> None:
        self.text, self.place, self.depth, self.m = text, 0, 0, m
        self.letters = ALPHABET if m is None else {**ALPHABET, **{s.name: s for s in (*m.values, *m.defaults)}}

    def whole(self) -> Cost | Bound | Asked:
        """The whole text."""
        left = self._sum()
        relation = self._take(_RELATION)
        right = self._sum() if relation else None
        if self._peek(_RELATION):
            raise InputError(f"{short(self.text)} is no condition: it needs one of <= >= < > = between two sides; {_EXAMPLE}")
        if self.place < len(self.text):
            self._refuse("an operator is missing")
        if relation:
            return self._related(left, _SPELT.get(relation, relation), right)
        if isinstance(left, Bound):
            return left
        if not isinstance(left, Cost) and not _free(left):
            raise InputError(f"{short(self.text)} is a number; one asks about a formula or a letter: {_EXAMPLE}")
        return _cost(left)

    def _related(self, left: Any, relation: str, right: Any) -> Asked:
        if relation == "divides":
            share = _cost(_over(right, left))
            return Asked(self.text.strip(), share, "<=", share.map(sp.floor))
        if not _free(left):
            left, right, relation = right, left, _MIRRORED[relation]
        if not _free(left):
            raise InputError(f"{short(self.text)} compares two numbers; one side must be a formula or a letter: {_EXAMPLE}")
        made = _alike(left, right)
        return Asked(self.text.strip(), made.left, relation, made.right)

    # -- expressions
    def _sum(self, binds: int = 0) -> Any:
        left = self._item()
        while (operator := self._peek(_OPERATOR)) and _BINDS[operator] > binds:
            self._take(_OPERATOR)
            if _BINDS[operator] == _POWER:
                left = _held(_factor(left) ** self._exponent())
            else:
                left = _ARITHMETIC[operator](left, self._sum(_BINDS[operator]))
        return left

    def _exponent(self) -> int:
        found = self._peek(_WHOLE)
        if found is None or int(found) > _LARGEST_POWER:
            self._refuse(f"a power is a whole number up to {_LARGEST_POWER}")
        return int(self._take(_WHOLE) or 0)

    def _item(self) -> Any:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise InputError(f"{short(self.text)} has brackets too deep to read; write it simpler")
        found: Any
        if self._mark("-"):
            found = -_factor(self._sum(_BINDS["*"]))
        elif self._mark("("):
            found = self._closed(self._sum())
        elif self.text[self.place : self.place + 1] in tuple("0123456789.$"):
            found = self._quantity()
        else:
            found = self._named(self._take(_NAME) or self._refuse("a formula, a letter or a number is missing"))
        self.depth -= 1
        return found

    def _named(self, name: str) -> Any:
        if name in _FUNCTIONS and self._mark("("):
            found = [self._sum()]
            while self._mark(","):
                found.append(self._sum())
            return self._closed(reduce(_FUNCTIONS[name], found))
        if "." not in name:
            return letter(name, self.letters)
        start = self.place - len(name)
        cost = named(name, self.m, self._told(name) if self._mark("(") else {})
        if isinstance(cost, Bound) and (self.text[:start].strip() or self.place < len(self.text)):
            raise InputError(_solved(name))
        return self._part(cost) if isinstance(cost, Cost) else cost

    def _told(self, name: str) -> dict[str, Any]:
        """The options of a formula behind a bracket: ``direction=backward, overlap=no``; of those that are formulas, a formula."""
        found: dict[str, Any] = {}
        takes = options(name)
        while not self._mark(")"):
            word, equals = self._take(_NAME), self._take(_EQUALS)
            if word is None or equals is None:
                self._refuse(f"an option is missing, write e.g. {name}({next(iter(takes), 'option')}=...)")
            if word in found:
                raise InputError(f"{name} is told {word} twice; say it once")
            if word in takes and takes_cost(takes[word]):
                found[word] = _cost(self._sum())
            else:
                found[word] = (self._take(_VALUE) or "").strip().strip("\"'")
            if not self._mark(",") and self._peek(_VALUE):
                self._refuse("a comma is missing")
        return found

    def _part(self, cost: Cost) -> Cost:
        """The part of a formula that follows behind slashes, if it has one of that name."""
        while cost.parts and self.text[self.place : self.place + 1] == "/":
            rest = self.text[self.place + 1 :].lstrip()
            names = sorted((p.name for p in cost.parts if p.name), key=len, reverse=True)
            part = next((p for p in names if re.match(re.escape(p) + r"(?!\w)", rest)), None)
            if part is None:
                word = _NAME.match(rest)
                if word is None or "." in word[0] or word[0] in self.letters or word[0] in _FUNCTIONS:
                    break  # it is divided by that
                part = word[0]  # there is none, which the lookup says
            cost = cost[part]
            self.place = len(self.text) - len(rest) + len(part)
            self._skip()
        return cost

    def _quantity(self) -> Any:
        """A number, with a unit that reaches as far as it can be read."""
        start, dollars = self.place, self.text[self.place] == "$"
        number = _NUMBER.match(self.text, start)
        end = number.end() if number else start
        unit = None if dollars else _UNIT.match(self.text, end)
        if unit and unit[1] != "divides":
            if unit[0][0].isspace() and unit[1] in self.letters and not _is_unit(unit[1]):
                self.place = end
                self._refuse(f"an operator is missing, write {self.text[start:end]}*{unit[1]}")
            end = unit.end()
        while (unit or dollars) and (more := _MORE.match(self.text, end)) and self._reaches(more[0]):
            end = more.end()
        found, self.place = self.text[start:end].strip(), end
        self._skip()
        worth, of = parse_quantity(found)
        return rational(worth) if of == ONE else found

    def _reaches(self, more: str) -> bool:
        """Whether what follows a unit is a part of it: a letter behind a star is not."""
        return _is_unit(more[1:].strip("()")) and (more[0] == "/" or more[1:] not in self.letters)

    def _closed(self, found: Any) -> Any:
        return found if self._mark(")") else self._refuse("a bracket is not closed")

    # -- the text
    def _skip(self) -> None:
        while self.text[self.place : self.place + 1].isspace():
            self.place += 1

    def _mark(self, mark: str) -> bool:
        self._skip()
        found = self.text.startswith(mark, self.place)
        self.place += found
        self._skip()
        return found

    def _peek(self, pattern: re.Pattern[str]) -> str | None:
        self._skip()
        match = pattern.match(self.text, self.place)
        return match[0] if match else None

    def _take(self, pattern: re.Pattern[str]) -> str | None:
        found = self._peek(pattern)
        self.place += len(found or "")
        self._skip()
        return found

    def _refuse(self, why: str) -> NoReturn:
        rest = self.text[self.place :].strip()
        where = f"cannot be read from {short(rest, 20)} on" if rest else "ends too early"
        raise InputError(f"{short(self.text)} {where}: {why}; {_EXAMPLE}")


# -- arithmetic on plain sympy, costs and texts of quantities
def _cost(side: Any) -> Cost:
    if isinstance(side, str):
        number, unit = parse_quantity(side)
        return quantity(rational(number), unit)
    return side if isinstance(side, Cost) else quantity(side, full_unit(side))


def _factor(side: Any) -> Any:
    return _cost(side) if isinstance(side, str) else side


def _alike(a: Any, b: Any) -> Condition:
    """Two sides as costs of one unit: letters and quantities count what the formula on the other side counts.

    Raises UnitError if they cannot be added or compared.
    """
    made: Condition = _cost(a) >= b if _leads(a) >= _leads(b) else _cost(b) >= a
    return made if _leads(a) >= _leads(b) else Condition(made.right, made.relation, made.left)


def _leads(side: Any) -> int:
    return 2 if isinstance(side, Cost) else 0 if isinstance(side, str) else 1


def _added(a: Any, b: Any) -> Any:
    return a + b if _plain(a, b) else _alike(a, b).left + _alike(a, b).right


def _less(a: Any, b: Any) -> Any:
    return a - b if _plain(a, b) else _alike(a, b).left - _alike(a, b).right


def _over(a: Any, b: Any) -> Any:
    if plain(_factor(b)).is_zero:
        raise InputError(f"nothing is divided by {b}, which is zero")
    return _held(_factor(a) / _factor(b))


def _larger(a: Any, b: Any) -> Any:
    return sp.Max(a, b) if _plain(a, b) else _alike(a, b).left | _alike(a, b).right


def _smaller(a: Any, b: Any) -> Any:
    if _plain(a, b):
        return sp.Min(a, b)
    both = _alike(a, b)
    return quantity(sp.Min(both.left.expr, both.right.expr), both.left.unit).claiming(both.of)


_FUNCTIONS: Mapping[str, Callable[[Any, Any], Any]] = {"max": _larger, "min": _smaller}
_ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": _added,
    "-": _less,
    "*": lambda a, b: _held(_factor(a) * _factor(b)),
    "/": _over,
}


def _plain(a: Any, b: Any) -> bool:
    return isinstance(a, sp.Expr) and isinstance(b, sp.Expr)


def _held(found: Any) -> Any:
    """A result, unless it is a number beyond what a float64 can hold."""
    if isinstance(found, sp.Rational) and found and not sp.Rational(1, 10**308) < abs(found) < 10**308:
        raise InputError("a number here is beyond what a float64 can hold (about 1.8e308)")
    return found


def _free(side: Any) -> bool:
    return not isinstance(side, str) and bool(side.free_symbols)


def _is_unit(word: str) -> bool:
    try:
        parse_unit(word)
    except UnitError:
        return word == "%" or (word in PREFIXES and word.endswith("i"))
    return bool(word)


def _solved(name: str) -> str:
    return f"{name} is a threshold that is solved already; compare formulas: `symroof formulas` lists them"
