"""What pages are made with: templates that escape everything, data inside scripts that stays data, and the style of every output."""

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


#: Under one class, in the colours of the page around it: light or dark, JupyterLab, VS Code or none.
CSS = """
.symroof { --sr-hue: var(--jp-brand-color1, var(--vscode-charts-blue, #2f86c9)); line-height: 1.5; margin: .2em 0 .5em; max-width: 100%; }
.symroof .sr-title { margin: .1em 0 .3em; }
.symroof .sr-dim { margin-left: .6em; }
.symroof .sr-dim, .symroof .sr-note, .symroof th, .symroof summary { opacity: .72; }
.symroof .sr-note { margin: .2em 0; }
.symroof .sr-wide { overflow-x: auto; max-width: 100%; }
.symroof .sr-formula { margin: .35em 0 .45em 1em; overflow-x: auto; overflow-y: hidden; padding: .15em 0; }
.symroof .sr-big { font-size: 1.25em; font-weight: 600; font-variant-numeric: tabular-nums; }
.symroof table { border-collapse: collapse; border: 0; margin: .2em 0; width: auto; color: inherit; font-size: inherit; }
.symroof table tr, .symroof table tr:nth-child(n), .symroof table tr:hover { background: transparent !important; }
.symroof table td, .symroof table th { text-align: left; vertical-align: middle; padding: .18em .8em .18em .1em; border: 0;
  max-width: 46em; white-space: normal; }
.symroof table th { font-weight: 600; border-bottom: 1px solid; white-space: nowrap; }
.symroof table td { border-bottom: 1px solid rgba(128, 128, 128, .18); }
.symroof table .sr-n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.symroof td > div { padding: .15em 0; }
.symroof .sr-best td { font-weight: 650; }
.symroof .sr-mark { color: var(--sr-hue); font-weight: 650; white-space: nowrap; }
.symroof .sr-bar { position: relative; width: 15em; min-width: 8em; height: .85em; background: rgba(128, 128, 128, .13); border-radius: 2px;
  overflow: hidden; }
.symroof .sr-bar span { position: absolute; top: 0; bottom: 0; min-width: 1px; box-sizing: border-box; }
.symroof .sr-bar .sr-all, .symroof .sr-bar .sr-slack { background: var(--sr-hue); opacity: .38; }
.symroof .sr-bar .sr-all { opacity: .72; }
.symroof .sr-bar .sr-all + .sr-all { box-shadow: inset 2px 0 0 rgba(255, 255, 255, .8); }
.symroof .sr-bar .sr-bound { background: var(--sr-hue); }
.symroof details { margin: .25em 0; }
.symroof summary { cursor: pointer; width: max-content; }
.symroof details > div, .symroof details > ul { margin-left: 1em; }
.symroof .sr-heat td { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; padding: .2em .6em; border: 0; }
.symroof .sr-heat th { text-align: right; white-space: nowrap; padding: .2em .6em; border: 0; }
.symroof .sr-heat .sr-least { outline: 2px solid var(--sr-hue); outline-offset: -2px; font-weight: 650; }
.symroof .sr-words { display: inline-block; min-width: 13em; }
.symroof math { font-size: 1.06em; }
.symroof code, .symroof pre { background: transparent; color: inherit; font-size: .95em; }
.symroof a { color: inherit; text-decoration: underline; }
"""


def style() -> str:
    """The style element; the class stands twice in every rule, which makes it stronger than what JupyterLab says of tables."""
    return f"<style>{' '.join(CSS.split()).replace('.symroof', '.symroof.symroof')}</style>"
