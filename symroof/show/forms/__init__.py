"""The forms in which anything can be seen: one file each, with a function ``render(document)`` that returns a text.

A form is found by its file; the command line has an option of its name.
"""

from __future__ import annotations

import pkgutil
from functools import lru_cache
from importlib import import_module

from symroof.errors import UnknownName, nearest
from symroof.show.document import Document


@lru_cache(maxsize=1)
def forms() -> tuple[str, ...]:
    """The names of all forms."""
    return tuple(sorted(found.name for found in pkgutil.iter_modules(__path__)))


def render(document: Document, form: str = "text") -> str:
    """A document in a form.

    Raises UnknownName with the nearest form.
    """
    if form not in forms():
        raise UnknownName(f"there is no form {form!r}; {nearest(form, forms())}")
    made: str = import_module(f"{__name__}.{form}").render(document)
    return made
