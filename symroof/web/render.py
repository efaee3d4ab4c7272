"""A page as one HTML text: templates, styles and scripts inside, and a policy that forbids every request."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.resources import files

from symroof.errors import InputError
from symroof.present.templates import environment, script_json
from symroof.web.compiled import compiled
from symroof.web.spec import Spec

_CURE = 'interactive pages need plotly and jinja2; install them with pip install "symroof[pages]"'
_SCRIPTS = ("format.js", "engine.js", "plot.js", "tables.js", "page.js")


def render(spec: Spec) -> str:
    """The page.

    Raises InputError with the cure if plotly or jinja2 is not installed, or if a letter has no value.
    """
    data, functions = compiled(spec)
    program = "\n".join(['"use strict";', f"const DATA = {script_json(data)};", functions, *map(_source, _SCRIPTS)])
    scripts = [_plotly(), _wrapped(program)]
    hashes = " ".join(f"'sha256-{b64encode(sha256(s.encode()).digest()).decode()}'" for s in scripts)
    policy = f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    page = environment("symroof.web").get_template("page.html")
    return str(page.render(spec=spec, data=data, style=_source("style.css"), scripts=scripts, policy=policy))


def _wrapped(program: str) -> str:
    """A script of its own scope that cannot end its element early."""
    return "(function () {\n" + program.replace("</script", "<\\/script").replace("<!--", "<\\!--") + "\n})();\n"


@cache
def _plotly() -> str:
    try:
        source = import_module("plotly.offline").get_plotlyjs()
    except ImportError:
        raise InputError(_CURE) from None
    return str(source).replace("</script", "<\\/script").replace("<!--", "<\\!--").replace("\r\n", "\n")


@cache
def _source(name: str) -> str:
    return files("symroof.web").joinpath("templates", name).read_text("utf-8")
