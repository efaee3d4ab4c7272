"""A page as one HTML text: templates, styles and scripts inside, and a policy that forbids every request."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from symroof.show.pages import environment, script_json
from symroof.web.compiled import SHOWN, compiled
from symroof.web.spec import Spec

_SCRIPTS = ("format.js", "engine.js", "chart.js", "plot.js", "tables.js", "page.js")


def render(spec: Spec) -> str:
    """The page: uPlot draws, the program around it is ours.

    Raises InputError with the cure if jinja2 is not installed, or if a letter has no value.
    """
    data, functions = compiled(spec)
    program = "\n".join(['"use strict";', f"const DATA = {script_json(_without(data, SHOWN))};", functions, *map(_source, _SCRIPTS)])
    scripts = [_source("uplot.js", "vendor"), _wrapped(program)]
    hashes = " ".join(f"'sha256-{b64encode(sha256(s.encode()).digest()).decode()}'" for s in scripts)
    policy = f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    page = environment("symroof.web").get_template("page.html")
    style = _source("uplot.css", "vendor") + "\n" + _source("style.css")
    return str(page.render(title=spec.called, note=spec.note, data=data, style=style, scripts=scripts, policy=policy))


def _without(data: Any, names: tuple[str, ...]) -> Any:
    """Data without some keys, at any depth."""
    if isinstance(data, dict):
        return {name: _without(inside, names) for name, inside in data.items() if name not in names}
    return [_without(inside, names) for inside in data] if isinstance(data, list) else data


def _wrapped(program: str) -> str:
    """A script of its own scope that cannot end its element early."""
    return "(function () {\n" + program.replace("</script", "<\\/script").replace("<!--", "<\\!--") + "\n})();\n"


@cache
def _source(name: str, folder: str = "templates") -> str:
    return files("symroof.web").joinpath(folder, name).read_text("utf-8")
