"""Everything symroof raises on purpose; each message is a sentence with its cure.

::

    SymroofError
    ├── UnitError      (ValueError)    units that do not balance, or a text that is no quantity
    ├── InputError     (ValueError)    a number or an argument that cannot be meant
    │   └── NothingFits                no point of a space fulfils the conditions of a search
    ├── UnknownName    (LookupError)   a symbol, sheet, part or question that does not exist
    ├── SheetError     (ValueError)    a data file that does not follow its schema
    ├── SolveError     (ValueError)    a question the solver cannot take
    │   └── NoClosedForm               a condition or a cost of which no closed form is known
    ├── ProgramError   (ValueError)    a program in the sharding notation that cannot be read or cannot be meant
    └── DerivationError (AssertionError) a derivation that contradicts itself
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class SymroofError(Exception):
    """Base of every error that symroof raises on purpose."""


class UnitError(SymroofError, ValueError):
    """Units do not balance, or a text cannot be read as a quantity."""


class InputError(SymroofError, ValueError):
    """A number or an argument that cannot be meant: negative, NaN, too large, of the wrong kind."""


class NothingFits(InputError):
    """No point of a space fulfils the conditions of a search.

    ``why`` names the condition in the way; the point ``at`` comes closest, if there is one, ``by`` the two sides there.
    """

    def __init__(self, message: str, why: str = "", at: Mapping[str, Any] | None = None, by: str = "") -> None:
        super().__init__(message)
        self.why, self.at, self.by = why, at or {}, by


class UnknownName(SymroofError, LookupError):
    """A name that does not exist, with the nearest that does."""


class SheetError(SymroofError, ValueError):
    """A data file that does not follow its schema; the message names file and key."""


class SolveError(SymroofError, ValueError):
    """A question the solver cannot take."""


class NoClosedForm(SolveError):
    """A condition or a cost of which no closed form is known; the message says why."""


class ProgramError(SymroofError, ValueError):
    """A program in the sharding notation that cannot be read, or cannot be meant; says line and column."""


class DerivationError(SymroofError, AssertionError):
    """A derivation whose number differs from print without a reason, or whose reason fails."""


def short(text: object, limit: int = 60) -> str:
    """The text for a message: quoted, on one line, never longer than ``limit``."""
    shown = str(text)[: limit + 1].replace("\n", " ")
    return repr(shown if len(shown) <= limit else shown[: limit - 1] + "…")


@contextmanager
def told(path: object, doing: str = "written", cure: str = "give another path") -> Iterator[None]:
    """What a file or a directory does not allow in here, told in a sentence: an InputError."""
    try:
        yield
    except SymroofError:
        raise
    except (OSError, ValueError) as problem:
        raise InputError(f"{short(path)} cannot be {doing}: {getattr(problem, 'strerror', '') or problem}; {cure}") from None


def closest(name: str, known: Iterable[str], cutoff: float = 0.55) -> str | None:
    """The name that another one is like, None if there is none."""
    from difflib import get_close_matches  # only a mistake pays for it

    lowered = {n.lower(): n for n in sorted(set(known), reverse=True)}
    close = get_close_matches(name[:80].lower(), lowered, n=1, cutoff=cutoff)
    return lowered[close[0]] if close else None


def misspelt(key: str, words: Iterable[str]) -> str | None:
    """The word that a key is nearly spelt as, whatever stands between its letters, None if there is none."""
    letters = {"".join(c for c in word.lower() if c.isalnum()): word for word in words}
    near = closest("".join(c for c in key.lower() if c.isalnum()), letters, cutoff=0.85)
    return None if near is None else letters[near]


def nearest(name: str, known: Iterable[str], among: int = 12) -> str:
    """The end of a lookup error: the nearest right answer, or what there is to choose from."""
    names = sorted(set(known))
    close = closest(name, names)
    if close is not None:
        return f"did you mean {close!r}?"
    listed = ", ".join(names[:among]) + (", …" if len(names) > among else "")
    return f"there is {listed}" if names else "there is none"
