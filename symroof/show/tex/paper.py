"""A whole document of text, formulas and tables, ready for ``pdflatex``, and the nomenclature of what is in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import Given, bind
from symroof.algebra.claims import together as agreed
from symroof.algebra.units import ONE
from symroof.algebra.value import Value
from symroof.errors import InputError, short
from symroof.show.bounds import derived
from symroof.show.document import Document, Formula
from symroof.show.forms.latex import fragment as written
from symroof.show.maths import Math
from symroof.show.tex.tabular import Fragment, Source, Tex, below, breakable, tabular, together
from symroof.show.tex.writer import unit, write
from symroof.show.views import see
from symroof.solver.bound import Bound

HEAD = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{lmodern}
\usepackage[margin=2.5cm]{geometry}
"""
_SETTINGS = r"""\allowdisplaybreaks
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.5\baselineskip}
\emergencystretch=2em
"""


class Paper(Source):
    """A LaTeX document: ``str`` of it is its source, ``.save("step.tex")`` writes it."""


def fragment(of: Any, steps: bool = False) -> Fragment:
    r"""Any result, or an expression, as LaTeX; with ``steps`` a bound comes with its derivation.

    What does not fit on a line of an article is split. Raises InputError for what cannot be shown.
    """
    if isinstance(of, Fragment):
        return of
    if isinstance(of, Math):
        return written(Document((Formula(of),)))
    return written(derived(of) if steps and isinstance(of, Bound) else see(of))


def document(*pieces: Any, title: str | Sequence[str | sp.Symbol] = "") -> Paper:
    """An article of pieces: a text is a paragraph (and escaped), :func:`section` a heading, anything else its fragment.

    Raises InputError for what has no LaTeX.
    """
    front = [Fragment(r"\maketitle", ())] if title else []
    made = together([Fragment(""), *front, *(_paragraphs(p) if isinstance(p, str) else fragment(p) for p in pieces)])
    head = [HEAD.rstrip(), *(rf"\usepackage{{{package}}}" for package in made.needs), _SETTINGS.rstrip()]
    if title:
        head.append(rf"\title{{{_headed([title] if isinstance(title, str) else title)}}}" + "\n\\date{}")
    return Paper("\n".join([*head, "", r"\begin{document}", made.code, r"\end{document}", ""]))


def _paragraphs(text: str) -> Fragment:
    """A text as paragraphs, everything in it printed as it is; an empty line begins another one."""
    parts = [breakable(" ".join(part.split())) for part in text.split("\n\n")]
    return Fragment("\n\n".join(filter(None, parts)), ())


def section(*title: str | sp.Symbol) -> Fragment:
    """A heading of texts and letters; what follows it begins on the same page."""
    room = r"\ifdim\dimexpr\pagegoal-\pagetotal\relax<8\baselineskip\newpage\fi"
    return Fragment(f"{room}\n\\section*{{{_headed(title)}}}", ())


def _headed(title: Iterable[str | sp.Symbol]) -> str:
    """Texts as they are printed, letters as formulas."""
    return "".join(breakable(re.sub(r"\s+", " ", p)) if isinstance(p, str) else f"${show.latex(p)}$" for p in title)


# -- the nomenclature
def nomenclature(*objects: Any, sheets: Iterable[Any] = (), **values: Any) -> Fragment:
    """The letters of costs, conditions, bounds and expressions as a ``longtable``; with sheets also value and source.

    Raises InputError for what has no letters.
    """
    letters = sorted({s for o in objects for s in _used(o)}, key=lambda s: (s.name.lower(), s.name, write(s)))
    head, widths, sheets = ["symbol", "unit", "meaning"], ["", "", r"p{0.55\linewidth}"], tuple(sheets)
    rows: list[list[str]] = []
    for s in letters:
        shown = getattr(s, "unit", ONE)
        rows.append([Tex(write(s)), Tex(unit(shown)) if shown.powers else "", str(getattr(s, "meaning", ""))])
    sources: dict[str, int] = {}
    if sheets or values:
        claims = agreed(*(o.of for o in objects if isinstance(getattr(o, "of", None), frozenset)))
        given = bind(set(letters), sheets, values, claims)
        head, widths = [*head, "value", ""], ["", "", r"p{0.32\linewidth}"]
        for row, s in zip(rows, letters, strict=True):
            known = s in given.numbers or s in given.exprs
            source = "" if not known else "given" if s.name in values else _source(s, sheets)
            row += [_worth(s, given), Tex(f"^{{{sources.setdefault(source, len(sources) + 1)}}}") if source else ""]
    return below(tabular(head, rows, widths, long=True), sources)


def _used(of: Any) -> set[Any]:
    """The letters of an object; of a bound the unknown, and those of its ends and domain."""
    match of:
        case Bound():
            shown = [e for p in of.pieces for e in (p.low, p.high, *p.when) if e is not None] or [of.condition]
            return {of.symbol, *(s for s, _ in of.weights)}.union(*(e.free_symbols for e in shown))
        case object(problem=asked, free_symbols=free):
            return {*asked.asked.free_symbols, *asked.over, *free}
        case object(free_symbols=free) | object(cost=object(free_symbols=free)):
            return set(free)
    raise InputError(f"{short(of)} has no letters; give costs, bounds, conditions or expressions")


def _worth(s: Any, given: Given) -> str:
    """The value of a letter, where it has one."""
    if s in given.exprs:
        return Tex(write(given.exprs[s]))
    value = Value(given.numbers.get(s), s.unit)
    return "" if value.number is None else "array" if value.is_array else value.shown


def _source(s: Any, sheets: Iterable[Any]) -> str:
    """Who says so: what the sheet cites, or its name."""
    for sheet in sheets:
        match sheet:
            case object(values=Mapping() as values, defaults=Mapping() as defaults, sources=Mapping() as sources, name=name) if (
                s in values or s in defaults
            ):
                other = {**defaults, **values}[s]
                said = sources.get(other if isinstance(other, sp.Symbol) and other in values else s, "")
                return f"{name}: {said}" if name and said and said not in ("given", name) else said or name
    return ""
