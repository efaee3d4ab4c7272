"""A letter: a positive sympy symbol that knows its unit, its meaning and its LaTeX name.

A symbol is its name *and* its unit: two symbols with one name and different units are different symbols, through
pickling and deep copies too.
"""

from __future__ import annotations

import re
from typing import Any

import sympy as sp

from symroof.algebra.units import ONE, Unit
from symroof.errors import InputError, short

_TEX = re.compile(r"(?:[A-Za-z0-9 ,.:'*/+()|=<>_^{}-]|\\([A-Za-z]+)|\\[,;:! _%&#$])*", re.ASCII)
_LETTERS = (  # what the LaTeX of a symbol may use: letters, and what changes the looks of the letter behind it
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho varrho sigma varsigma tau"
    " upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell hbar nabla partial infty aleph"
    " prime star ast dagger circ bullet cdot times max min sup inf log parallel perp"
)
_LOOKS = (
    "dot ddot hat bar tilde vec check breve acute grave widehat widetilde overline underline boldsymbol operatorname"
    " text textrm textit textbf textsf texttt mathrm mathit mathbf mathsf mathtt mathcal"
)
_LETTER = r"(?:\\[A-Za-z]+(?: *(?:g|\\[A-Za-z]+))?|\\.|[^\\_^ {}])"
_SCRIPTS = re.compile(rf"(?:^ *[_^])|[_^](?! *{_LETTER})|_ *{_LETTER} *(?:\^ *{_LETTER} *)?_|\^ *{_LETTER} *(?:_ *{_LETTER} *)?\^")


def checked(tex: str) -> str:
    """LaTeX that prints a letter and does nothing else.

    Raises InputError with an example for anything else.
    """
    example = r"write e.g. r'\hat{B}_\text{max}'"
    if not isinstance(tex, str) or len(tex) > 80 or not _TEX.fullmatch(tex):
        raise InputError(f"{short(tex)} cannot be the LaTeX of a symbol; {example}")
    for command, behind in re.findall(r"\\([A-Za-z]+) *(.?)", tex):
        if command not in f"{_LETTERS} {_LOOKS}".split():
            raise InputError(f"the LaTeX of a symbol may not use \\{command[:20]}, only letters, accents and fonts; {example}")
        if command in _LOOKS.split() and not (behind == "{" or behind == "\\" or behind.isalnum()):
            raise InputError(f"\\{command} in {short(tex)} has nothing to stand on; {example}")
    inner, groups = re.sub(r"\\[_%&#$]", "u", tex), 1
    if re.search(r"\\text[a-z]* *(?:{[^{}]*[\\_^{]|[^{ ])", inner):
        raise InputError(f"inside the \\text of {short(tex)} only words can stand; {example}")
    while groups:  # the innermost group first
        if any(_SCRIPTS.search(group) for group in re.findall(r"{([^{}]*)}", inner)):
            break
        inner, groups = re.subn(r"{[^{}]*}", "g", inner)
    if groups or re.search("[{}]", inner) or _SCRIPTS.search(inner) or (tex and not inner.strip()):
        raise InputError(f"the braces or scripts of {short(tex)} do not match; {example}")
    return tex


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")


class Symbol(sp.Symbol):  # type: ignore[misc]
    """A positive real sympy symbol with a unit, a meaning and a LaTeX name; made by :func:`symbol`. A ``count`` is whole, from 1 on."""

    unit: Unit
    meaning: str
    tex: str
    label: str  # of a letter that stands for some layers only: which

    def __new__(cls, name: str, unit: Unit = ONE, meaning: str = "", tex: str = "", **more: Any) -> Symbol:
        """Built past sympy's cache, which would let a second symbol of this name overwrite the first one's unit."""
        whole = {"integer": True} if more.get("count") else {}
        new: Symbol = sp.Symbol.__xnew__(cls, name, positive=True, **whole)
        new.unit, new.meaning, new.tex, new.label = unit, meaning, tex or _tex_of(name), more.get("label", "")
        return new

    def __getnewargs_ex__(self) -> tuple[tuple[str, Unit, str, str], dict[str, Any]]:
        return (self.name, self.unit, self.meaning, self.tex), {"label": self.label, "count": self.count}

    @property
    def count(self) -> bool:
        """Whether it counts something there is at least one of: a whole number from 1 on."""
        return bool(self.is_integer)

    def _hashable_content(self) -> tuple[Any, ...]:
        return (self.name, self.unit.powers)

    def _latex(self, printer: object) -> str:
        return self.tex

    def marked(self, label: str) -> Symbol:
        """The letter for some layers only: ``F_wide`` beside F."""
        return Symbol(f"{self.name}_{label}", self.unit, f"{self.meaning}, {label} layers", label=label, count=self.count)

    @property
    def described(self) -> str:
        """``B [token], batch: tokens per step`` for messages and tables."""
        return f"{self.name} [{self.unit}]" + (f", {self.meaning}" if self.meaning else "")


def symbol(name: str, unit: str | Unit = "1", meaning: str = "", tex: str = "", count: bool = False) -> Symbol:
    """Declare a symbol: its name, its unit, what it means and, if it is not the name, its LaTeX; a ``count`` is whole, from 1 on.

    >>> Q = symbol("Q", "query/s", "queries per second")
    >>> Q.unit
    Unit('query/s')

    Raises InputError if the name is not a plain identifier, or its LaTeX is more than letters, accents and fonts;
    UnitError if the unit cannot be read.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InputError(f"{short(name)} cannot name a symbol; use letters, digits and underscores, e.g. 'W_hbm'")
    return Symbol(name, Unit.of(unit), meaning, checked(tex), count=count)


def _tex_of(name: str) -> str:
    """``W_hbm`` as ``W_\\text{hbm}``, ``eta`` as ``\\eta``, ``B`` as itself."""
    head, _, tail = name.partition("_")
    greek = {g: g for g in ("alpha", "beta", "gamma", "delta", "eta", "tau", "mu", "rho", "lambda")} | {"lam": "lambda"}
    head = f"\\{greek[head]}" if head in greek else head if len(head) == 1 else f"\\mathrm{{{head}}}"
    return f"{head}_\\text{{{tail}}}".replace("_", r"\_").replace(r"\_\text", r"_\text") if tail else head
