"""HTML from templates, and data inside its scripts: whatever a text holds, it stays text."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

from symroof.errors import InputError


def environment(package: str) -> Any:
    """The jinja2 templates of a package, with everything escaped and nothing undefined.

    Raises InputError with the cure if jinja2 is not installed.
    """
    try:
        jinja = import_module("jinja2")
    except ImportError:
        raise InputError('pages are made from templates by jinja2; install it with pip install "symroof[pages]"') from None
    loader = jinja.PackageLoader(package)
    return jinja.Environment(loader=loader, autoescape=True, undefined=jinja.StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def script_json(data: Any) -> str:
    """Data as JSON inside a script: no text in it can end the element."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
