"""Around the statements: the head of a function with its documentation, what it imports, and the helpers it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from symroof.algebra.units import ONE
from symroof.export.helpers import HELPERS
from symroof.export.languages import Dialect
from symroof.export.names import comment
from symroof.export.statements import Statements

_IMPORTS = {
    "numpy": "import numpy as np\n\n\n",
    "python": "import math\n\n\n",
    "javascript": '"use strict";\n\n',
    "c": "#include <math.h>\n\n",
}
_MOST_LINES = 40


@dataclass(frozen=True)
class Head:
    """What stands before the body: the name, the lines of documentation, what C returns and declares."""

    name: str
    about: Sequence[str]
    returns: str = "double"
    declares: str = ""


def helper_names(dialect: Dialect) -> list[str]:
    """The names of all helpers, which no argument may have."""
    return [dialect.prefix + helper for helper, language in HELPERS if language == dialect.name] + [f"{dialect.prefix}polynomial"]


def function(head: Head, lines: Statements) -> str:
    """The whole file: imports, helpers, and one function around the statements."""
    language = lines.dialect.name
    helpers = [HELPERS[helper, language] for helper in sorted(lines.helpers)]
    between = "\n\n" if lines.dialect.pythonic else "\n"
    whole = between.join([*helpers, head.declares + _whole(head, lines)])
    used = language != "python" or "math." in whole
    tail = f'\nif (typeof module !== "undefined") module.exports = {{ {head.name} }};\n' if language == "javascript" else ""
    return (_IMPORTS[language] if used else "") + whole + tail


def _whole(head: Head, lines: Statements) -> str:
    d, arguments = lines.dialect, list(lines.arguments.values())
    documented = _documented(head, lines)
    body = "\n".join(lines.written)
    if d.pythonic:
        doc = "\n".join(f"    {text}".rstrip() for text in documented)
        return f'def {head.name}({", ".join(arguments)}):\n    """{doc.strip()}\n    """\n{body}\n'
    doc = "/*\n" + "\n".join(f" * {text}".rstrip() for text in documented) + "\n */\n"
    if d.name == "javascript":
        return f"{doc}function {head.name}({', '.join(arguments)}) {{\n{body}\n}}\n"
    listed = ", ".join(f"double {a}" for a in arguments) or "void"
    return f"{doc}{head.returns} {head.name}({listed}) {{\n{body}\n}}\n"


def _documented(head: Head, lines: Statements) -> list[str]:
    """The documentation, safe inside a comment: what it is, and what each argument means."""
    about = [*head.about[:_MOST_LINES], *(["..."] if len(head.about) > _MOST_LINES else [])]
    text = [_indented(a, lines.dialect) for a in about]
    if lines.arguments:
        width = max(map(len, lines.arguments.values()))
        kind = "numbers or arrays that broadcast" if lines.dialect.name == "numpy" else "numbers"
        text += ["", f"Arguments, positive {kind} in SI units:"]
        text += [_indented(f"  {name:{width}}  {_meant(s)}", lines.dialect) for s, name in lines.arguments.items()]
    return text


def _indented(text: str, dialect: Dialect) -> str:
    spaces = len(text) - len(text.lstrip(" "))
    return " " * spaces + comment(text, dialect.name) if spaces < len(text) else ""


def _meant(s: sp.Symbol) -> str:
    meaning = getattr(s, "meaning", "")
    return f"[{getattr(s, 'unit', ONE)}]" + (f" {meaning}" if meaning else "")
