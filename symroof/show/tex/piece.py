"""A Fragment: LaTeX to ``\\input`` into a document, and the packages it needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from symroof.errors import InputError, short

DISPLAYS = (r"\[", r"\begin{align*}")


@dataclass(frozen=True, repr=False)
class Fragment:
    """LaTeX code and the packages that it needs; ``print`` it, ``.save`` it and ``\\input`` it, or put it into a document."""

    code: str
    needs: tuple[str, ...] = ("amsmath",)

    def __str__(self) -> str:
        return self.code

    def __repr__(self) -> str:
        return self.code

    def _repr_latex_(self) -> str | None:
        return self.code if self.code.startswith(DISPLAYS) else None  # a notebook shows formulas, no tables

    @property
    def file(self) -> str:
        """What a file to ``\\input`` holds: the packages in a comment, then the code."""
        used = " ".join(f"\\usepackage{{{package}}}" for package in self.needs)
        return (f"% needs {used}\n" if used else "") + self.code + "\n"

    def __add__(self, other: Fragment) -> Fragment:
        if not isinstance(other, Fragment):
            return NotImplemented
        return Fragment(one_after_another([self.code, other.code]), tuple(dict.fromkeys((*self.needs, *other.needs))))

    def save(self, path: str | Path) -> Path:
        """Write it to a file.

        Raises InputError if that is not possible.
        """
        return write(path, self.file)


def one_after_another(codes: Iterable[str]) -> str:
    """Pieces of LaTeX: an empty line between them, but none before a display, where it would leave a gap."""
    made = ""
    for code in filter(None, codes):
        made += ("\n" if code.startswith(DISPLAYS) else "\n\n") * bool(made) + code
    return made


def write(path: str | Path, text: str) -> Path:
    """Write LaTeX to a file. Raises InputError if that is not possible."""
    where = Path(path)
    try:
        where.write_text(text, encoding="utf-8", newline="\n")
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", "") or problem
        raise InputError(f"{short(path)} cannot be written: {why}; give another path") from None
    return where
