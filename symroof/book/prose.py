"""Prose in LaTeX: every character that means something there is escaped, and what pdflatex has no glyph for gets a name."""

from __future__ import annotations

import unicodedata

_SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "`": "'", '"': "''", "/": r"/\allowbreak{}"}
_MATH = {
    **dict(zip("<>|−²³", ("<", ">", "|", "-", "^2", "^3"), strict=True)),
    **dict(zip("×·≥≤≈→√∞°", ("times", "cdot", "ge", "le", "approx", "to", "surd", "infty", "circ"), strict=True)),
    **dict(zip("µμαβγδητ", ("mu", "mu", "alpha", "beta", "gamma", "delta", "eta", "tau"), strict=True)),
}
_QUOTES = dict(zip("–—…’‘“”\u00a0", ("--", "---", r"\ldots{}", "'", "`", "``", "''", "~"), strict=True))
_MARKS = {c: f"\\{c}" for c in "{}$&#_%"} | {c: f"$\\{m}$" if m.isalpha() else f"${m}$" for c, m in _MATH.items()} | _SPECIAL | _QUOTES
_LATIN = range(0xC0, 0x180)


def tex(text: str) -> str:
    """A text as LaTeX prose; a character that pdflatex cannot set becomes its code, as in ``U+4E2D``."""
    return "".join(_mark(c) for c in " ".join(text.split()))


def _mark(c: str) -> str:
    if c in _MARKS:
        return _MARKS[c]
    if c.isascii():
        return c if c.isprintable() else ""
    if ord(c) in _LATIN and c not in "×÷":
        base = unicodedata.normalize("NFD", c)[0]
        return c if ord(c) < 0x100 else base if base.isascii() else f"U+{ord(c):04X}"
    return f"U+{ord(c):04X}"


def headed(text: str) -> str:
    """A title with its first letter large, unless it begins with a name such as ``d_ff`` or ``pJ``."""
    first = text.split(" ", 1)[0]
    word = len(first) > 1 and first.rstrip(":,").isalpha() and first.islower()
    return text[:1].upper() + text[1:] if word or first == "a" else text
