"""A page as one HTML text: templates, styles and scripts inside, and a policy that forbids every request.

The pages of a notebook share uPlot, which draws them: the first cell brings it, the others ask the cells around them.
"""

from __future__ import annotations

import sys
from base64 import b64encode
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from symroof.errors import InputError, short, told
from symroof.show.pages import environment, script_json
from symroof.web.compiled import SHOWN, compiled
from symroof.web.spec import Spec

_SCRIPTS = ("format.js", "engine.js", "chart.js", "plot.js", "tables.js", "library.js", "page.js")
#: The cells of this kernel's notebook that show a page, each with the execution that brought the library last.
_SHOWN_IN: dict[str, str] = {}


@dataclass(frozen=True, repr=False)
class Page:
    """An interactive page: ``.html`` is the whole file, ``.save(path)`` writes it, a notebook shows it."""

    title: str
    html: str
    borrowing: str = field(default="", compare=False)  # the same without the library, for a notebook that has it

    def save(self, path: str | Path) -> Path:
        """Write the file and return its path. Raises InputError if that is not possible; a directory is never overwritten."""
        target = Path(path)
        if target.is_dir():
            raise InputError(f"{short(target)} is a directory; give a file in it, e.g. {short(target / 'page.html')}")
        with told(target):
            target.write_text(self.html, encoding="utf-8", newline="\n")
        return target

    def __repr__(self) -> str:
        return f"page {self.title!r}, {len(self.html) / 1e6:.1f} MB; .save('page.html') writes it"

    def _repr_html_(self) -> str:
        text = self.html if _brings_library() or not self.borrowing else self.borrowing
        style = "width:100%;height:900px;border:0"
        return f'<iframe title="{escape(self.title)}" style="{style}" sandbox="allow-scripts" srcdoc="{escape(text)}"></iframe>'


def _brings_library() -> bool:
    """Whether what is shown now brings the library: in the first cell, in one that is run again, and where cells have no names.

    So a cell that cannot find it in the browser (the first one was deleted) has it when it is run again.
    """
    ipython: Any = sys.modules.get("IPython")
    message: Any = getattr(ipython.get_ipython() if ipython else None, "get_parent", dict)()
    cell, execution = message.get("metadata", {}).get("cellId", ""), message.get("header", {}).get("msg_id", "")
    brings = not cell or not _SHOWN_IN or _SHOWN_IN.get(cell, execution) != execution
    if cell and (brings or cell not in _SHOWN_IN):
        _SHOWN_IN[cell] = execution
    return brings


def render(spec: Spec) -> Page:
    """The page of a Spec: uPlot draws, the program around it is ours.

    Raises InputError with the cure if jinja2 is not installed, or if a letter has no value.
    """
    data, functions = compiled(spec)
    library = _source("uplot.js", "vendor")
    known = [f"const DATA = {script_json(_without(data, SHOWN))};", f"const LIBRARY = {script_json(_digest(library))};", functions]
    text = "\n".join(['"use strict";', *known, *map(_source, _SCRIPTS)])  # in a scope of its own, and nothing ends its element early
    program = "(function () {\n" + text.replace("</script", "<\\/script").replace("<!--", "<\\!--") + "\n})();\n"
    policy = (
        f"default-src 'none'; script-src {_digest(library)} {_digest(program)};"
        " style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    style = _source("uplot.css", "vendor") + "\n" + _source("style.css")
    template = environment("symroof.web").get_template("page.html")
    page = {"title": spec.called, "note": spec.note, "data": data, "style": style, "program": program, "policy": policy}
    return Page(spec.called, *(str(template.render(library=text, **page)) for text in (library, "")))


def _digest(script: str) -> str:
    """What a policy calls a script that it allows."""
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"


def _without(data: Any, names: tuple[str, ...]) -> Any:
    """Data without some keys, at any depth."""
    if isinstance(data, dict):
        return {name: _without(inside, names) for name, inside in data.items() if name not in names}
    return [_without(inside, names) for inside in data] if isinstance(data, list) else data


@cache
def _source(name: str, folder: str = "templates") -> str:
    return files("symroof.web").joinpath(folder, name).read_text("utf-8")
