"""Formulas by name: ``decode.step``, a part ``decode.step/MLP/math``, and conditions such as ``decode.step <= 15 ms``.

The names are the workloads' functions that return a Cost. A text is only ever looked up, never executed: a condition is

    side REL side      REL is one of <= >= < > =
    side               [NUMBER *] FORMULA | NUMBER UNIT | product of numbers and letters: 0.5*B, X*Y, n/X^2
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from inspect import Parameter, getdoc, isfunction, signature
from typing import Any

import sympy as sp

from symroof.algebra.balance import full_unit
from symroof.algebra.condition import Condition
from symroof.algebra.cost import Cost, quantity
from symroof.algebra.operands import rational
from symroof.algebra.quantity import parse_number, parse_quantity
from symroof.algebra.symbols import ALPHABET, Symbol
from symroof.algebra.units import ONE
from symroof.errors import InputError, UnitError, UnknownName, nearest, short

MODULES = ("decode", "deployment", "memory", "prefill", "pretraining", "serving", "sharding", "training")
LONGEST = 400

_PLACE = "symroof.workloads"
_RELATION = re.compile(r"<=|>=|==|=|<|>|≤|≥")
_SPELT = {"≤": "<=", "≥": ">=", "==": "="}
_MIRRORED = {"<=": ">=", ">=": "<=", "<": ">", ">": "<", "=": "="}
_FORMULA = re.compile(r"(?:([\d.][^*/]*)\*\s*)?([A-Za-z_]\w*\.[A-Za-z_]\w*)\s*(?:/(.+))?", re.ASCII)
_FACTOR = re.compile(r"([A-Za-z]\w*|[\d.,]+(?:[eE][+-]?\d+)?)\s*(?:(?:\^|\*\*)\s*(\d{1,2}))?", re.ASCII)
_EXAMPLE = "write e.g. 'decode.step <= 15 ms', 'decode.step/attention >= 0.5*decode.step' or 'B <= 64'"


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


# -- the registry
@lru_cache(maxsize=1)
def formulas() -> Mapping[str, Callable[..., Cost]]:
    """Every formula by name, module by module."""
    return {f"{module}.{name}": f for module in MODULES for name, f in _functions(module) if _returns(f) == "Cost" and not _needs(f)}


def summary(name: str) -> str:
    """The first line of a formula's docstring, on one line."""
    return (getdoc(formulas()[name]) or "").partition("\n")[0]


def formula(path: str, m: Any = None) -> Cost:
    """A formula by name, or a part of it by path.

    >>> formula("decode.step/MLP/math")
    2*B*P/(C*n)  [s]

    Raises UnknownName with the nearest name or part.
    """
    match = _FORMULA.fullmatch(path.strip()[:LONGEST])
    if not match or match[1]:
        raise UnknownName(f"there is no formula {short(path.strip())}; {nearest(path.strip(), formulas())}")
    return _found(match[2], match[3], m)


def unit_of(name: str, m: Any = None) -> str:
    """The unit of a formula; "of a model" where it needs one that is not given."""
    return "of a model" if m is None and _wants_model(formulas()[name]) else str(formula(name, m).unit)


def _found(name: str, part: str | None, m: Any) -> Cost:
    if name not in formulas():
        raise UnknownName(_instead(name))
    f = formulas()[name]
    known = _arguments(m)
    if m is None and _wants_model(f):
        raise InputError(f"{name} needs a model; add e.g. --model mixtral-8x7b")
    found = f(**{p: known[p]() for p in signature(f).parameters if p in known})
    return found[part.strip()] if part else found


def _arguments(m: Any) -> dict[str, Callable[[], Any]]:
    """What a formula that is asked for by name is given: the model, and the times of a step and of a prefill."""
    from symroof.workloads import decode, prefill

    return {"m": lambda: m, "step_time": lambda: decode.step(m), "prefill": lambda: prefill.prefill_time(m)}


def _instead(name: str) -> str:
    module, _, word = name.partition(".")
    other = dict(_functions(module)).get(word) if module in MODULES else None
    if other is not None and _returns(other) == "Bound":
        return f"{name} is a threshold that is solved already; compare formulas: `symroof formulas` lists them"
    if other is not None:
        return f"{name} is no formula that can be asked for by name: it needs arguments; {nearest(name, formulas())}"
    return f"there is no formula {short(name)}; {nearest(name, formulas())}"


def _functions(module: str) -> list[tuple[str, Callable[..., Any]]]:
    """The public functions of a workload, but for those that another workload shows."""
    found = vars(import_module(f"{_PLACE}.{module}")).items()
    others = {f"{_PLACE}.{m}" for m in (*MODULES, "models") if m != module}
    return [(name, f) for name, f in found if isfunction(f) and name[0] != "_" and f.__module__ not in others]


def _returns(f: Callable[..., Any]) -> str:
    kind = signature(f).return_annotation
    return kind if isinstance(kind, str) else getattr(kind, "__name__", "")


def _needs(f: Callable[..., Any]) -> bool:
    return any(p.default is Parameter.empty and p.name != "m" for p in signature(f).parameters.values())


def _wants_model(f: Callable[..., Any]) -> bool:
    return any(p.default is Parameter.empty for p in signature(f).parameters.values())


# -- the parser
def asked(text: str, m: Any = None) -> Asked:
    """Read a condition.

    >>> asked("decode.step/attention >= 0.5*decode.weight_time").condition
    2*B*H*K*L*S*p_kv/(W_hbm*n) >= P*p_w/(2*W_hbm*n)

    Raises InputError for what is no condition, UnknownName with the nearest formula or letter, UnitError for sides
    that cannot be compared.
    """
    if len(text) > LONGEST:
        raise InputError(f"a condition of {len(text)} characters is too long; {_EXAMPLE}")
    sides, relations = _RELATION.split(text), _RELATION.findall(text)
    if len(relations) != 1 or not all(side.strip() for side in sides):
        raise InputError(f"{short(text)} is no condition: it needs one of <= >= < > = between two sides; {_EXAMPLE}")
    relation = _SPELT.get(relations[0], relations[0])
    left, right = (_side(side.strip(), m) for side in sides)
    if isinstance(left, str) and not isinstance(right, str):
        left, right, relation = right, left, _MIRRORED[relation]
    if isinstance(left, str):
        raise InputError(f"{short(text)} compares two numbers; one side must be a formula or a letter: {_EXAMPLE}")
    return Asked(text.strip(), *_beside(left, right, relation))


def _side(text: str, m: Any) -> Any:
    """A Cost, a product of letters (powers by name), or the text of a quantity."""
    match = _FORMULA.fullmatch(text)
    if match:
        found = _found(match[2], match[3], m)
        return found * rational(parse_number(match[1].strip())) if match[1] else found
    factors = _factors(text)
    if factors is not None:
        return factors
    try:
        parse_quantity(text)
    except UnitError:
        if text[0].isdigit() or text[0] in ".$":
            raise
        raise UnknownName(f"{short(text)} is no formula, letter or quantity; {nearest(text, [*formulas(), *alphabet()])}") from None
    return text


def _factors(text: str) -> list[tuple[str, int]] | None:
    """A product of letters and numbers as factors with their powers; None if the text is none, or has no letter."""
    found, position, sign = [], 0, 1
    while True:
        match = _FACTOR.match(text, position)
        if not match:
            return None
        found.append((match[1], sign * int(match[2] or 1)))
        position = match.end()
        if position == len(text):
            return found if any(name[0].isalpha() for name, _ in found) else None
        rest = text[position:]
        if rest[0] not in "*/":
            return None
        sign = 1 if rest[0] == "*" else -1
        position += len(rest) - len(rest[1:].lstrip())


def _beside(left: Any, right: Any, relation: str) -> tuple[Cost, str, Cost]:
    """Both sides as costs; letters count what the other side counts."""
    free = {s for side in (left, right) if isinstance(side, Cost) for s in side.free_symbols}
    letters = {**alphabet(), **{s.name: s for s in free}}
    a, b = (_product(side, letters) if isinstance(side, list) else side for side in (left, right))
    if isinstance(b, str) and a.unit.measured != ONE and parse_quantity(b, a.unit)[1] == ONE:
        raise UnitError(f"{short(b)} has no unit, but the other side is in {a.unit}; write e.g. '{b} {a.unit}'")
    if isinstance(left, list) and isinstance(b, Cost) and a.unit.measured == b.unit.measured:
        a = a.declare(b.unit)
    elif isinstance(right, list) and a.unit.measured == b.unit.measured:
        b = b.declare(a.unit)
    made: Condition = a >= b
    return made.left, relation, made.right


def _product(factors: Iterable[tuple[str, int]], letters: Mapping[str, sp.Symbol]) -> Cost:
    found = [(letter(name, letters) if name[0].isalpha() else rational(parse_number(name)), power) for name, power in factors]
    expr = sp.Mul(*[base**power for base, power in found])
    return quantity(expr, full_unit(expr))


@lru_cache(maxsize=1)
def alphabet() -> Mapping[str, sp.Symbol]:
    """The alphabet and the letters that the workloads declare themselves, such as D_tok and t_run."""
    own = {s.name: s for m in MODULES for s in vars(import_module(f"{_PLACE}.{m}")).values() if isinstance(s, Symbol)}
    return {**own, **ALPHABET}


def letter(name: str, letters: Mapping[str, sp.Symbol] | None = None) -> sp.Symbol:
    """A letter by name, of the alphabet or of ``letters``.

    Raises UnknownName with the nearest.
    """
    letters = alphabet() if letters is None else letters
    if name.strip() in letters:
        return letters[name.strip()]
    same = [f for f in formulas() if f.endswith(f".{name.strip()}")]
    cure = f"did you mean the formula {same[0]!r}?" if same else nearest(name.strip(), letters)
    raise UnknownName(f"there is no letter {short(name.strip())}; {cure}")
