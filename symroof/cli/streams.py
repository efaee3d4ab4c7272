"""What a terminal, a pipe or a device does to an answer: a closed pipe is no failure, a full device or a closed output one sentence."""

from __future__ import annotations

import codecs
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from typing import Any

import click

_PLAIN = {"─": "-", "·": "*", "×": "x", "≥": ">=", "≤": "<=", "µ": "u", "μ": "u", "…": "...", "→": "->", "\u2003": " "}
_LONG = re.compile(r"(\S{60})\S{20,}")  # what is no word, of which a message repeats the beginning
FAILED, STOPPED = 2, 130


class Enough(Exception):
    """A reader has closed its pipe: it has read what it wanted."""


@contextmanager
def reading() -> Iterator[None]:
    """What writes in here may find that nobody reads on, of which click would make a failure."""
    try:
        yield
    except BrokenPipeError:
        raise Enough from None


def _spelt(problem: UnicodeError) -> tuple[str, int]:
    """What an encoding has not, in letters that every one has."""
    if not isinstance(problem, UnicodeEncodeError):
        raise problem
    lacking = problem.object[problem.start : problem.end]
    return "".join(_PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in lacking), problem.end


codecs.register_error("symroof", _spelt)


def outcome(run: Callable[[], Any]) -> int:
    """The exit code of a command: 2 with a sentence for an output that fails, 130 where a user stops it, 0 if a reader has enough."""
    closed = sys.stdout is None
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - as long as the process
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="symroof")
    try:
        code = _run(run)
        sys.stdout.flush()
    except (Enough, BrokenPipeError):
        _silence()
        return 0
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _said("stopped", STOPPED)
    except RecursionError:
        return _said("what was given is nested too deep; write it with fewer brackets", FAILED)
    except OSError as problem:
        _silence()
        return _said(f"the answer cannot be written: {problem.strerror or problem}", FAILED)
    return _said("the answer cannot be written: the output is closed", FAILED) if closed and not code else code


def _run(run: Callable[[], Any]) -> int:
    try:
        code = run()
    except click.ClickException as problem:
        said = StringIO()
        problem.show(said)
        said.write(_example(problem))
        click.echo(_LONG.sub(r"\1…", "".join(c if c.isprintable() or c == "\n" else "?" for c in said.getvalue())), err=True, nl=False)
        return problem.exit_code
    except SystemExit as problem:
        code = problem.code
    return code if isinstance(code, int) else 0


def _example(problem: click.ClickException) -> str:
    """A line that works, for what lacks something."""
    ctx = getattr(problem, "ctx", None)
    if ctx is None or not (isinstance(problem, click.MissingParameter) or isinstance(ctx.command, click.Group)):
        return ""
    found = None if "did you mean" in problem.format_message() else re.search(r"^\s*(symroof \S.*)$", ctx.command.help or "", re.MULTILINE)
    return f"Write e.g. {found[1]}\n" if found else ""


def _said(what: str, code: int) -> int:
    with suppress(OSError):
        click.echo(f"symroof: {what}", err=True)
    return code


def _silence() -> None:
    """Nothing more is written, by nobody at the end either."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):  # a stream without a file, such as that of a test
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
