"""Formulas of a notebook: MathML, or their text where that cannot be made."""

from __future__ import annotations

from typing import Any

from symroof.algebra import show
from symroof.errors import InputError
from symroof.notebook.markup import tag, words
from symroof.present.mathml import mathml


def formula(expr: Any) -> str:
    """An expression or a relation as a ``<math>`` element."""
    return math(show.latex(expr), show.text(expr))


def math(latex: str, instead: str) -> str:
    """LaTeX as a ``<math>`` element; the text ``instead`` where latex2mathml is missing or cannot read it."""
    try:
        return mathml(latex)
    except InputError:
        return tag("code", words(instead))
