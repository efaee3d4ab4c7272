"""The LaTeX of a symbol: letters, accents and fonts, nothing that a document would execute."""

from __future__ import annotations

import re

from symroof.errors import InputError, short

_TEX = re.compile(r"(?:[A-Za-z0-9 ,.:'*/+()|=<>_^{}-]|\\([A-Za-z]+)|\\[,;:! _%&#$])*", re.ASCII)
_LETTERS = (  # what the LaTeX of a symbol may use: letters, and what changes the looks of the letter behind it
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho varrho sigma varsigma tau"
    " upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell hbar nabla partial infty aleph"
    " prime star ast dagger circ bullet cdot times max min sup inf log parallel perp"
)
_LOOKS = (
    "dot ddot hat bar tilde vec check breve acute grave widehat widetilde overline underline boldsymbol operatorname"
    " text textrm textit textbf textsf texttt mathrm mathit mathbf mathsf mathtt mathcal"
)
_LETTER = r"(?:\\[A-Za-z]+(?: *(?:g|\\[A-Za-z]+))?|\\.|[^\\_^ {}])"
_SCRIPTS = re.compile(rf"(?:^ *[_^])|[_^](?! *{_LETTER})|_ *{_LETTER} *(?:\^ *{_LETTER} *)?_|\^ *{_LETTER} *(?:_ *{_LETTER} *)?\^")


def checked(tex: str) -> str:
    """LaTeX that prints a letter and does nothing else.

    Raises InputError with an example for anything else.
    """
    example = r"write e.g. r'\hat{B}_\text{max}'"
    if not isinstance(tex, str) or len(tex) > 80 or not _TEX.fullmatch(tex):
        raise InputError(f"{short(tex)} cannot be the LaTeX of a symbol; {example}")
    for command, behind in re.findall(r"\\([A-Za-z]+) *(.?)", tex):
        if command not in f"{_LETTERS} {_LOOKS}".split():
            raise InputError(f"the LaTeX of a symbol may not use \\{command[:20]}, only letters, accents and fonts; {example}")
        if command in _LOOKS.split() and not (behind == "{" or behind == "\\" or behind.isalnum()):
            raise InputError(f"\\{command} in {short(tex)} has nothing to stand on; {example}")
    inner, groups = re.sub(r"\\[_%&#$]", "u", tex), 1
    if re.search(r"\\text[a-z]* *(?:{[^{}]*[\\_^{]|[^{ ])", inner):
        raise InputError(f"inside the \\text of {short(tex)} only words can stand; {example}")
    while groups:  # the innermost group first
        if any(_SCRIPTS.search(group) for group in re.findall(r"{([^{}]*)}", inner)):
            break
        inner, groups = re.subn(r"{[^{}]*}", "g", inner)
    if groups or re.search("[{}]", inner) or _SCRIPTS.search(inner) or (tex and not inner.strip()):
        raise InputError(f"the braces or scripts of {short(tex)} do not match; {example}")
    return tex
