"""What objects ask for when they are shown: their text, HTML and LaTeX."""

from __future__ import annotations

from typing import Any

from symroof.show.bounds import derived
from symroof.show.document import Document, Formula, Title
from symroof.show.forms import render
from symroof.show.views import see


def rendered(thing: Any, form: str) -> str | None:
    """A thing as "text", "html", "latex" (math where it is a formula), "derived" (a bound with its steps), or "displayed".

    The last is what a notebook puts between dollars: nothing for tables.
    """
    document = derived(thing) if form == "derived" else see(thing)
    if form in ("text", "html"):
        return render(document, form)
    if form == "derived":
        return render(document, "latex")
    math = inline(document)
    if form == "displayed":
        return None if math is None else f"$\\displaystyle {math}$"
    return render(document, form) if math is None else math


def inline(document: Document) -> str | None:
    """The LaTeX of a document that is one formula, without what is around it; None for anything else."""
    seen = [b for b in document if not isinstance(b, Title) and b.fold is None]
    if len(seen) != 1 or not isinstance(seen[0], Formula):
        return None
    from symroof.show.tex.layout import cost_box

    only = seen[0]
    return cost_box(only.node).tex if only.node is not None and only.node.join else only.math.tex
