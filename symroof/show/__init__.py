"""How everything looks: one list of blocks for every object, and one renderer for every form.

>>> from symroof import decode, show
>>> print(show.markdown(decode.weight_time().at(P=70e9, p_w=1, W_hbm="810 GB/s", n=16)))
**weights**: 5.401 ms

``show.text``, ``show.latex``, ``show.html``, ``show.markdown``, ``show.json`` and ``show.csv`` take any result of symroof;
``show.see`` gives the blocks themselves.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from symroof.show.document import Document, Formula, Title
from symroof.show.forms import forms, render
from symroof.show.views import see


def shown(thing: Any, form: str) -> str:
    """Anything that has a view in a form. Raises InputError for what has none, UnknownName for a form there is not."""
    return render(see(thing), form)


def __getattr__(name: str) -> Any:
    if name in forms():
        return partial(shown, form=name)
    raise AttributeError(f"symroof.show has no {name!r}; it has {', '.join(forms())}")


def rendered(thing: Any, form: str) -> str | None:
    """What an object asks for: itself as "text", "html", "latex" (math where it is a formula), or "derived" (a bound with its steps).

    "displayed" is what a notebook puts between dollars: nothing for tables.
    """
    if form == "derived":
        from symroof.show.bounds import derived

        return render(derived(thing), "latex")
    document = see(thing)
    if form in ("text", "html"):
        return render(document, form)
    math = _inline(document)
    if form == "displayed":
        return math and f"$\\displaystyle {math}$"
    return render(document, form) if math is None else math


def _inline(document: Document) -> str | None:
    """The LaTeX of a document that is one formula, without what is around it; None for anything else."""
    seen = [b for b in document if not isinstance(b, Title) and b.fold is None]
    return seen[0].math.tex if len(seen) == 1 and isinstance(seen[0], Formula) else None


__all__ = ["forms", "render", "see", "shown"]
