"""What the operations of the evaluator are called in each language; one row per language for every row of its table."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import sympy as sp

from symroof.algebra.roots import PositiveRoot, PowerOfTwo
from symroof.errors import InputError, UnknownName, nearest, short

SUM, PRODUCT, POWER, ATOM = range(4)
_EXACT = 2**53  # from here on a float64 rounds whole numbers


@dataclass(frozen=True)
class Term:
    """A piece of source, and how tightly it holds together: a sum, a product, a power, or an atom that needs no parentheses."""

    text: str
    rank: int = ATOM

    def within(self, rank: int) -> str:
        """The text for a place that needs at least this rank."""
        return self.text if self.rank >= rank else f"({self.text})"


@dataclass(frozen=True)
class Dialect:
    """How a language spells functions, statements and numbers; a helper stands as ``*ceil`` among its functions."""

    name: str
    functions: Mapping[type, str]
    pairs: bool  # whether a maximum takes two values at a time
    power: str
    root: str
    infinity: str
    prefix: str = "_"  # of helpers
    assign: str = "{name} = {value}"
    variable: str = "{name} = {value}"  # that is assigned again
    test: str = "if {test}:"
    end: str = ""
    stop: str = ""  # of a statement
    floats: bool = False  # whether whole numbers need a point
    indent: str = "    "

    @property
    def pythonic(self) -> bool:
        """Whether indentation makes the blocks."""
        return not self.end

    def call(self, kind: type, arguments: Sequence[str]) -> tuple[str, str]:
        """A call of one of the functions, and the helper that it needs (or nothing)."""
        if kind not in self.functions:
            raise InputError(f"{kind.__name__} has no counterpart in {self.name}; replace it, or evaluate with .at(...)")
        function = self.functions[kind]
        helper = function[1:] if function[0] == "*" else ""
        listed = ", ".join(arguments)
        if helper == "positive_root" and self.floats:
            listed = f"{len(arguments)}, (const double[]){{{listed}}}"
        return f"{self.prefix + helper if helper else function}({listed})", helper

    def number(self, value: Fraction | float) -> Term:
        """A number that reads back as what it is; a fraction as a ratio of whole numbers.

        Raises InputError for one that a float64 cannot hold.
        """
        if isinstance(value, Fraction) and max(abs(value.numerator), value.denominator) < _EXACT:
            top = f"{value.numerator}.0" if self.floats else f"{value.numerator}"
            if value.denominator != 1:
                return Term(f"{top} / {value.denominator}" + (".0" if self.floats else ""), PRODUCT)
            return Term(top, ATOM if value >= 0 else PRODUCT)
        try:
            number = float(value)
        except OverflowError:
            number = float("inf")
        if abs(number) == float("inf") or (value and abs(number) < sys.float_info.min):
            raise InputError(f"the number {short(value)} is beyond what a float64 can hold; scale it first")
        return Term(repr(number), ATOM if number >= 0 else PRODUCT)

    def raised(self, base: Term, exponent: Term, known: Fraction | float | None) -> Term:
        """A power; ``known`` is the exponent if it is a number."""
        if known == -1:
            return Term(f"{self.number(Fraction(1)).text} / {base.within(ATOM)}", PRODUCT)
        if known == Fraction(1, 2):
            return Term(f"{self.root}({base.text})")
        if self.pythonic and isinstance(known, Fraction) and known.denominator == 1 and abs(known) < _EXACT:
            whole = int(known)
            return Term(f"{base.within(ATOM)}**{whole}", POWER)
        return Term(f"{self.power}({base.text}, {exponent.text})")


def _rows(unary: str, maximum: str, minimum: str) -> dict[type, str]:
    """The functions of a language: Abs, log, exp, sinh and asinh in one text, and the helpers that all share."""
    names = dict(zip((sp.Abs, sp.log, sp.exp, sp.sinh, sp.asinh), unary.split(), strict=True))
    helpers = {sp.ceiling: "*ceil", sp.floor: "*floor", PositiveRoot: "*positive_root", PowerOfTwo: "*power_of_two"}
    return {sp.Max: maximum, sp.Min: minimum, **names, **helpers}


_NUMPY = _rows("np.abs np.log np.exp np.sinh np.arcsinh", "np.maximum", "np.minimum")
_PYTHON = _rows("abs math.log math.exp math.sinh math.asinh", "max", "min")
_JAVASCRIPT = _rows("Math.abs Math.log Math.exp Math.sinh Math.asinh", "Math.max", "Math.min")
_C = _rows("fabs log exp sinh asinh", "fmax", "fmin")
_PLAIN = Dialect("python", _PYTHON, False, "math.pow", "math.sqrt", "math.inf")
_BRACES = replace(_PLAIN, test="if ({test}) {{", end="}", stop=";", prefix="symroof_", indent="  ")
_LET, _DOUBLE = (replace(_BRACES, assign=f"const {kind}{{name}} = {{value}};") for kind in ("", "double "))

DIALECTS: dict[str, Dialect] = {
    "numpy": Dialect("numpy", _NUMPY, True, "np.power", "np.sqrt", "np.inf"),
    "python": _PLAIN,
    "javascript": replace(
        _LET,
        name="javascript",
        functions=_JAVASCRIPT,
        power="Math.pow",
        root="Math.sqrt",
        infinity="Infinity",
        variable="let {name} = {value};",
    ),
    "c": replace(
        _DOUBLE,
        name="c",
        functions=_C,
        pairs=True,
        power="pow",
        root="sqrt",
        infinity="INFINITY",
        floats=True,
        variable="double {name} = {value};",
    ),
}
_ALSO = {"py": "python", "np": "numpy", "js": "javascript"}


def dialect(name: str) -> Dialect:
    """A language by name.

    Raises UnknownName with the nearest.
    """
    wanted = str(name).strip().lower()
    wanted = _ALSO.get(wanted, wanted)
    if wanted not in DIALECTS:
        raise UnknownName(f"there is no export to {short(name)}; {nearest(wanted, DIALECTS)}")
    return DIALECTS[wanted]
