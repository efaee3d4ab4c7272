"""A whole document of text, formulas and tables, ready for ``pdflatex``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.show.bounds import derived
from symroof.show.document import Document, Formula, Math
from symroof.show.forms.latex import fragment as written
from symroof.show.tex.piece import Fragment, one_after_another, write
from symroof.show.tex.tabular import breakable
from symroof.show.views import see
from symroof.solver.bound import Bound

_ALWAYS = ("amsmath",)
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


@dataclass(frozen=True, repr=False)
class Paper:
    """A LaTeX document: ``str`` of it is its source, ``.save("step.tex")`` writes it."""

    source: str

    def __str__(self) -> str:
        return self.source

    def __repr__(self) -> str:
        return self.source

    def save(self, path: str | Path) -> Path:
        """Write it to a file.

        Raises InputError if that is not possible.
        """
        return write(path, self.source)


def fragment(of: Any, steps: bool = False) -> Fragment:
    r"""Any result, or an expression, as LaTeX; with ``steps`` a bound comes with its derivation.

    What does not fit on a line of an article is split.

    >>> from symroof import decode
    >>> print(fragment(decode.weight_time()))
    \[
    \text{weights} = \frac{P p_w}{W_\text{hbm} n}
    \]

    Raises InputError for what cannot be shown.
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
    made = [paragraph(p) if isinstance(p, str) else fragment(p) for p in pieces]
    needs = dict.fromkeys([*_ALWAYS, *(package for m in made for package in m.needs)])
    head = [HEAD.rstrip(), *(rf"\usepackage{{{package}}}" for package in needs), _SETTINGS.rstrip()]
    if title:
        head.append(rf"\title{{{_headed([title] if isinstance(title, str) else title)}}}" + "\n\\date{}")
    body = one_after_another([*([r"\maketitle"] if title else []), *(m.code for m in made)])
    return Paper("\n".join([*head, "", r"\begin{document}", body, r"\end{document}", ""]))


def paragraph(text: str) -> Fragment:
    """A text as paragraphs, everything in it printed as it is; an empty line begins another one."""
    parts = [breakable(" ".join(part.split())) for part in text.split("\n\n")]
    return Fragment("\n\n".join(p for p in parts if p), ())


def section(*title: str | sp.Symbol) -> Fragment:
    """A heading of texts and letters; what follows it begins on the same page."""
    room = r"\ifdim\dimexpr\pagegoal-\pagetotal\relax<8\baselineskip\newpage\fi"
    return Fragment(f"{room}\n\\section*{{{_headed(title)}}}", ())


def _headed(title: Iterable[str | sp.Symbol]) -> str:
    """Texts as they are printed, letters as formulas."""
    return "".join(breakable(re.sub(r"\s+", " ", p)) if isinstance(p, str) else f"${show.latex(p)}$" for p in title)
