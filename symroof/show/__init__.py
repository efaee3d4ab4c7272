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

from symroof.show.forms import forms, render
from symroof.show.views import see


def shown(thing: Any, form: str) -> str:
    """Anything that has a view in a form. Raises InputError for what has none, UnknownName for a form there is not."""
    return render(see(thing), form)


def __getattr__(name: str) -> Any:
    if name in forms():
        return partial(shown, form=name)
    raise AttributeError(f"symroof.show has no {name!r}; it has {', '.join(forms())}")


__all__ = ["forms", "render", "see", "shown"]
